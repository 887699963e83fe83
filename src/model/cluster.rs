//! One cluster: everything that is known of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use gantry_wire::{config, job, report::MasterState, ssconf::Ssconf};

use super::time::Now;
use super::{Instance, Name, Node, Reach, Time};

/// Jobs kept, the newest and all that are unfinished.
pub const JOBS_KEPT: usize = 2_000;

/// Log lines kept of one job.
pub const LOG_KEPT: usize = 5_000;

/// Everything known of one cluster.
#[derive(Debug, Default)]
pub struct Cluster {
    /// Counts up with every change, so that what is worked out from it knows when it is old.
    pub revision: u64,
    /// Counts up when the set of objects or a status word changed, but not with mere numbers.
    pub shape: u64,
    /// Counts up when a node's DRBD devices or its link are not as they were, but not with mere
    /// counters of traffic.
    pub drbd: u64,
    /// Counts up when a node's storage or its link is not as it was.
    pub storage: u64,
    /// The present moment, as last told.
    pub now: Now,
    /// What the user called it on the command line, until its name is known.
    pub destination: String,
    /// How the first link fares, while nothing else is known.
    pub first_reach: Reach,
    /// Why the first link is not there, kept while it is tried again.
    pub first_trouble: Option<String>,
    /// Newest ssconf that any node sent.
    pub ssconf: Option<Ssconf>,
    /// The cluster's own settings.
    pub conf: Option<config::Cluster>,
    /// Where the configuration came from and when.
    pub conf_seen: Option<ConfSeen>,
    /// Nodes by name.
    pub nodes: HashMap<Name, Node>,
    /// Instances by name.
    pub instances: HashMap<Name, Instance>,
    /// Groups by name.
    pub groups: BTreeMap<Name, config::Group>,
    /// Networks by name.
    pub networks: BTreeMap<Name, config::Network>,
    /// Jobs by id.
    pub jobs: BTreeMap<u64, job::Job>,
    /// When the jobs were last told of.
    pub jobs_at: Option<Time>,
    /// Logs of the jobs that were looked at, by id.
    pub logs: BTreeMap<u64, Vec<job::LogLine>>,
    /// Queue and watcher.
    pub queue: Option<job::QueueState>,
    /// Locks held and waited for, while a job waits.
    pub locks: Vec<job::Lock>,
    /// Each node's word on whether it can speak for the cluster.
    pub masters: BTreeMap<Name, MasterState>,
    /// The last time that LUXI's live query answered for instances.
    pub live_at: Option<Time>,
    /// Which nodes' agents found a guest of that name running.
    pub(super) found: HashMap<Name, Vec<Name>>,
    /// Whose the minors of each node are, by the configuration: instance and index of the disk.
    pub minors: HashMap<Name, HashMap<u32, (Name, u32)>>,
    /// A configuration whose pieces are still coming, and from whom.
    pub(super) coming: Option<(Name, config::ConfigPart)>,
}

/// Where the configuration came from.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfSeen {
    /// The node that told.
    pub by: Name,
    /// LUXI or a file.
    pub source: config::Source,
    /// When it was read or written, seconds since the epoch by that node's clock.
    pub written: f64,
    /// When it came.
    pub at: Time,
}

impl Cluster {
    /// A cluster of which only the destination is known.
    pub fn new(destination: &str) -> Cluster {
        Cluster {
            destination: destination.to_owned(),
            ..Cluster::default()
        }
    }

    /// Its name, or what the user called it.
    pub fn name(&self) -> &str {
        let conf = self.conf.as_ref().map(|conf| conf.name.as_str());
        let ssconf = self
            .ssconf
            .as_ref()
            .map(|ssconf| ssconf.cluster_name.as_str());
        conf.or(ssconf)
            .filter(|name| !name.is_empty())
            .unwrap_or(&self.destination)
    }

    /// The node that most call the master, or else the one that serves, or else the one of the
    /// newest ssconf; empty if nobody says. A vote comes first: a node that was the master and is
    /// not asked any more takes nothing back.
    pub fn master(&self) -> &str {
        let serving = || {
            self.masters.iter().find_map(|(name, state)| match state {
                MasterState::Serving => Some(&**name),
                _ => None,
            })
        };
        let ssconf = || self.ssconf.as_ref().map(|it| it.master_node.as_str());
        self.elected()
            .filter(|name| !name.is_empty())
            .or_else(serving)
            .or_else(ssconf)
            .unwrap_or_default()
    }

    /// LUXI answers somewhere, over a link that is up.
    pub fn master_serves(&self) -> bool {
        self.masters.iter().any(|(name, state)| {
            *state == MasterState::Serving && self.nodes.get(name).is_some_and(|n| n.reach.is_up())
        })
    }

    /// Nodes in Ganeti's order.
    pub fn nodes_sorted(&self) -> Vec<&Node> {
        let mut nodes: Vec<_> = self.nodes.values().collect();
        nodes.sort_by(|a, b| super::natural::compare(&a.name, &b.name));
        nodes
    }

    /// Instances in Ganeti's order.
    pub fn instances_sorted(&self) -> Vec<&Instance> {
        self.instances_sorted_after(std::iter::empty())
    }

    /// The same where they were sorted before, by their names then: sorting what is nearly sorted costs little.
    pub fn instances_sorted_after<'a>(
        &self,
        before: impl Iterator<Item = &'a str>,
    ) -> Vec<&Instance> {
        let mut known = HashSet::new();
        let mut instances: Vec<&Instance> = before
            .filter_map(|name| self.instances.get(name))
            .filter(|it| known.insert(&it.name))
            .collect();
        if instances.len() < self.instances.len() {
            let new = self.instances.values();
            instances.extend(new.filter(|it| !known.contains(&it.name)));
        }
        instances.sort_by(|a, b| super::natural::compare(&a.name, &b.name));
        instances
    }

    /// The guest that an instance's primary found running, if its agent speaks now.
    pub fn guest(&self, instance: &Instance) -> Option<&gantry_wire::guest::Guest> {
        let node = self
            .nodes
            .get(instance.conf.primary.as_str())
            .filter(|node| node.fresh())?;
        let guests = node.facts.guests.as_ref()?;
        guests
            .list
            .iter()
            .find(|guest| *guest.name == *instance.name)
    }

    /// Seconds since a moment by the console's wall clock; 0 if that lies ahead.
    pub fn seconds_since(&self, wall: f64) -> f64 {
        (self.now.wall - wall).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_order_of_instances_is_kept_up() {
        let mut cluster = Cluster::new("test");
        for name in ["vm10", "vm9", "vm2", "web"] {
            let name: Name = name.into();
            let instance = Instance {
                name: name.clone(),
                ..Instance::default()
            };
            cluster.instances.insert(name, instance);
        }
        let wanted = ["vm2", "vm9", "vm10", "web"];
        for before in [
            &[][..],
            &["vm2", "vm9", "vm10", "web"],
            &["vm2", "vm10"],
            &["web", "gone", "vm2", "web", "vm9", "vm10"],
        ] {
            let sorted = cluster.instances_sorted_after(before.iter().copied());
            let names: Vec<&str> = sorted.iter().map(|it| &*it.name).collect();
            assert_eq!(names, wanted, "{before:?}");
        }
    }
}
