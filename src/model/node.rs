//! A node: what it is configured to be, and what it says of itself.

use std::collections::{HashMap, HashSet};

use gantry_wire::node::{Missing, Sample};
use gantry_wire::storage::{LogicalVolume, Lvm};
use gantry_wire::{config, live, report, ssconf};

use super::drbd::Courses;
use super::history::History;
use super::space::Spaces;
use super::{Name, Reach, Time};

/// Everything known of one node.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Name.
    pub name: Name,
    /// As the cluster's configuration has it; absent while only ssconf is known.
    pub conf: Option<config::Node>,
    /// As ssconf lists it.
    pub ss: Option<ssconf::SsNode>,
    /// Instances it is the primary of, in Ganeti's order.
    pub primaries: Vec<Name>,
    /// Instances it is a secondary of.
    pub secondaries: Vec<Name>,
    /// The link to its agent.
    pub reach: Reach,
    /// Why there is no link, kept while it is tried again; nothing once it is up.
    pub trouble: Option<String>,
    /// The agent's greeting, kept after the link is lost.
    pub agent: Option<report::Hello>,
    /// Its own facts, folded from all samples.
    pub facts: Sample,
    /// When its agent was last heard.
    pub heard: Option<Time>,
    /// Whom its ssconf calls the master.
    pub says_master: Option<Name>,
    /// How far its wall clock is ahead of the console's, seconds.
    pub clock_ahead: Option<f64>,
    /// What the master's noded calls said of it, and when that came.
    pub live: Option<(Time, live::LiveNode)>,
    /// What its agent could not do, by part.
    pub problems: std::collections::BTreeMap<String, String>,
    /// Numbers over the last hour.
    pub past: Past,
    /// What was seen of its DRBD devices since it booted.
    pub courses: Courses,
    /// What it told beyond what is kept.
    pub beyond: super::merge::bounds::Beyond,
    /// Logical volumes that came of late, by group and name; absent until it first told them.
    pub lately: Option<Lately>,
    /// How the free space of its places for disks went.
    pub spaces: Spaces,
}

/// Logical volumes that were not there when a node told them before.
#[derive(Clone, Debug, Default)]
pub struct Lately(HashMap<(String, String), Time>);

/// For so many milliseconds a volume may be known to nobody: the configuration is written after
/// its volumes are made.
pub const NEW_FOR: u64 = 30_000;

impl Lately {
    /// Notes what is new in a list against the one before it.
    pub(super) fn told(&mut self, before: &Lvm, lvm: &Lvm, now: Time) {
        let old: HashSet<(&str, &str)> = before.lvs.iter().map(at).collect();
        self.0.retain(|_, came| now.since(*came) < NEW_FOR);
        let new = lvm.lvs.iter().filter(|lv| !old.contains(&at(lv)));
        let new = new.map(|lv| ((lv.vg.clone(), lv.name.clone()), now));
        self.0.extend(new);
    }

    /// It came so lately that it may be known soon.
    pub fn has(&self, lv: &LogicalVolume, now: Time) -> bool {
        // Made without a copy of the names only where there is anything.
        !self.0.is_empty()
            && self
                .0
                .get(&(lv.vg.clone(), lv.name.clone()))
                .is_some_and(|came| now.since(*came) < NEW_FOR)
    }
}

fn at(lv: &LogicalVolume) -> (&str, &str) {
    (&lv.vg, &lv.name)
}

/// A node's numbers over time.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Busy processor time, percent of all processors.
    pub cpu: History,
    /// Memory in use, percent.
    pub memory: History,
    /// Load over one minute.
    pub load: History,
    /// Bytes a second over all physical interfaces, both ways.
    pub net: History,
    /// Bytes a second read from and written to its disks.
    pub disk: History,
}

/// A node's memory in MiB as shown: from its agent, or else from LUXI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryFigures {
    /// `mtotal`.
    pub total: u64,
    /// `mfree`.
    pub free: u64,
    /// `mnode`.
    pub node: u64,
}

impl Node {
    /// A node of which only the name is known.
    pub fn new(name: Name) -> Node {
        Node {
            name,
            ..Node::default()
        }
    }

    /// Marked offline, by the configuration or else by ssconf.
    pub fn offline(&self) -> bool {
        match (&self.conf, &self.ss) {
            (Some(conf), _) => conf.role == "O",
            (None, Some(ss)) => ss.offline,
            (None, None) => false,
        }
    }

    /// The role letter that gnt-node prints, `?` if not known.
    pub fn role(&self) -> &str {
        match &self.conf {
            Some(conf) => &conf.role,
            None if self.offline() => "O",
            None => "?",
        }
    }

    /// Group's name, `?` if not known.
    pub fn group(&self) -> &str {
        self.conf.as_ref().map_or("?", |conf| &conf.group)
    }

    /// Its own facts are of now: the link is up. What the last samples said may be shown plainly.
    pub fn fresh(&self) -> bool {
        self.reach.is_up() && self.heard.is_some()
    }

    /// It has been heard before, but the link is lost.
    pub fn lost(&self) -> bool {
        !self.offline() && self.heard.is_some() && !self.reach.is_up()
    }

    /// Why a part of its own facts cannot be had.
    pub fn missing(&self, part: &str) -> Option<&Missing> {
        let mut missing = self.facts.missing.iter().flatten();
        missing.find(|it| it.part == part)
    }

    /// When the figures shown were taken: by its agent if that ever spoke, else by LUXI.
    pub fn figures_at(&self) -> Option<Time> {
        self.heard.or(self.live.as_ref().map(|(at, _)| *at))
    }

    /// Memory, from its agent or else from LUXI.
    pub fn memory(&self) -> Option<MemoryFigures> {
        if let Some(memory) = &self.facts.memory {
            return Some(MemoryFigures {
                total: memory.total,
                free: memory.free,
                node: memory.node,
            });
        }
        let (_, live) = self.live.as_ref()?;
        Some(MemoryFigures {
            total: live.memory_total?,
            free: live.memory_free?,
            node: live.memory_node?,
        })
    }

    /// Space for instances' disks as (total, free) in MiB: of the cluster's volume group if it
    /// has one, else of its file storage directory (Ganeti's `dtotal` and `dfree`).
    pub fn disk(&self, cluster: Option<&config::Cluster>) -> Option<(u64, u64)> {
        if let (Some(storage), Some(cluster)) = (&self.facts.storage, cluster) {
            let uses_lvm = |template: &String| template == "drbd" || template == "plain";
            let place = cluster.disk_templates.iter().find_map(|template| {
                if uses_lvm(template) && !cluster.volume_group.is_empty() {
                    storage
                        .vgs
                        .iter()
                        .find(|vg| vg.name == cluster.volume_group)
                        .map(|vg| (vg.total, vg.free))
                } else if template == "file" {
                    storage
                        .dirs
                        .iter()
                        .find(|dir| dir.name == cluster.file_storage_dir && dir.why.is_empty())
                        .map(|dir| (dir.total, dir.free))
                } else {
                    None
                }
            });
            if place.is_some() {
                return place;
            }
        }
        let (_, live) = self.live.as_ref()?;
        Some((live.disk_total?, live.disk_free?))
    }

    /// Processors that its kernel counts.
    pub fn cpus(&self) -> Option<u32> {
        let own = self.facts.system.as_ref().map(|system| system.cpus);
        own.or_else(|| self.live.as_ref().and_then(|(_, live)| live.cpus))
    }

    /// Whether `ganeti-noded` lives here, as far as anyone said.
    pub fn noded(&self) -> Option<bool> {
        if self.fresh()
            && let Some(daemons) = &self.facts.daemons
        {
            let noded = daemons
                .iter()
                .find(|daemon| daemon.name == "ganeti-noded")?;
            return Some(noded.runs && noded.answers != Some(false));
        }
        self.live.as_ref().map(|(_, live)| !live.failed)
    }
}
