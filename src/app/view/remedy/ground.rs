//! What advice about a disk stands on: which half is known to be good, and whether both ends are heard.

use gantry_wire::drbd::Device;

use crate::app::facts::Facts;
use crate::model::drbd::connected;
use crate::model::words::kib;
use crate::model::{Cluster, Name};
use crate::planner::replica::generations::{Generations, compare};
use crate::planner::replica::{Half, Key, Pair, Seen};

/// A disk that is not well, and what is known around it.
pub struct Ground<'a> {
    pub cluster: &'a Cluster,
    pub facts: &'a Facts,
    pub pair: &'a Pair,
    pub instance: &'a Name,
    pub index: u32,
}

impl<'a> Ground<'a> {
    /// The instance, as commands name it.
    pub fn name(&self) -> &'a str {
        self.facts.names.short(self.instance)
    }

    /// A half's node, as commands and sentences name it.
    pub fn node(&self, half: &'a Half) -> &'a str {
        match self.facts.names.short(&half.node) {
            "" => "?",
            name => name,
        }
    }

    /// What both ends say now, the primary's first.
    pub fn both(&self) -> Option<[&'a Device; 2]> {
        Some([self.pair.primary.now()?, self.pair.secondary.now()?])
    }

    /// Both ends are heard and neither talks to the other.
    pub fn apart(&self) -> Option<[&'a Device; 2]> {
        let parted = |it: &&Device| matches!(it.connection.as_str(), "StandAlone" | "WFConnection");
        self.both().filter(|both| both.iter().all(parted))
    }

    /// Both ends are heard and talk to each other.
    pub fn joined(&self) -> Option<[&'a Device; 2]> {
        let talks = |it: &&Device| connected(&it.connection);
        self.both().filter(|both| both.iter().all(talks))
    }

    /// What the ends' data generations say of each other, the primary's first.
    pub fn generations(&self) -> Generations {
        match self.both() {
            Some([primary, secondary]) => compare(primary, secondary),
            None => Generations::Unknown,
        }
    }

    /// The half on the instance's own node is heard, up to date and written to: it is surely the one to keep.
    pub fn primary_counts(&self) -> bool {
        let counts = |device: &Device| device.role == "Primary" && device.disk == "UpToDate";
        self.pair.primary.now().is_some_and(counts)
    }

    /// The ends that hold writes back.
    pub fn suspended(&self) -> Vec<&'a str> {
        let halves = [&self.pair.primary, &self.pair.secondary].into_iter();
        let held = halves.filter(|half| half.now().is_some_and(|it| it.io_suspended));
        held.map(|half| self.node(half)).collect()
    }

    /// All disks of the instance.
    pub fn siblings(&self) -> impl Iterator<Item = (u32, &'a Pair)> + use<'a> {
        let instance = self.instance;
        let of_it = self
            .facts
            .pairs
            .iter()
            .filter_map(move |pair| match &pair.key {
                Key::Disk(name, index) if name == instance => Some((*index, pair)),
                _ => None,
            });
        of_it
            .filter({
                let own = &self.pair.key;
                move |(_, pair)| pair.key != *own
            })
            .chain(std::iter::once((self.index, self.pair)))
    }

    pub fn activate(&self) -> String {
        format!("$ gnt-instance activate-disks {}", self.name())
    }

    /// The secondary's half made anew where it is.
    pub fn anew(&self) -> String {
        let (index, name) = (self.index, self.name());
        format!("$ gnt-instance replace-disks -s --disks={index} {name}")
    }

    /// Of every disk of the instance the half on one of its nodes is heard and up to date: what acts on all of them
    /// needs that.
    pub fn all_good(&self, half: impl Fn(&Pair) -> &Half) -> bool {
        let mut disks = self.siblings();
        disks.all(|(_, pair)| half(pair).now().is_some_and(|it| it.disk == "UpToDate"))
    }

    /// The secondary's halves made anew on a third node, if there is one.
    pub fn elsewhere(&self) -> Option<String> {
        if !self.all_good(|pair| &pair.primary) {
            return None;
        }
        let ours = [&self.pair.primary.node, &self.pair.secondary.node];
        let third = |name: &&Name| {
            let node = self.cluster.nodes.get(*name);
            !ours.contains(name) && node.is_some_and(|node| !node.offline())
        };
        self.cluster.nodes.keys().find(third)?;
        Some(format!(
            "$ gnt-instance replace-disks -n NEWNODE {}",
            self.name()
        ))
    }
}

/// A half is heard.
pub fn heard(half: &Half) -> bool {
    half.seen == Seen::Now
}

/// What a half counts as differing from the other: `1.2G`.
pub fn noted(device: &Device) -> Option<String> {
    device.oos_kib.filter(|it| *it > 0).map(kib)
}
