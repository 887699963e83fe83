//! The planner's cluster: built from data once, changed by moves.

use std::collections::{BTreeSet, HashMap};

use super::data::{Data, Instances};
use super::instance::Instance;
use super::names::{self, Lookup};
use super::node::{Figures, Node};
use super::operations::Arrival;
use super::peers::Peers;
use super::tags::Tags;
use super::text::utilisation::Load;

/// Which nodes fail N+1 before anything has moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum N1Rule {
    /// Ganeti 3.0: reported free memory is less than what is reserved.
    #[default]
    Reported,
    /// Ganeti 3.1: unallocated memory is at most what is reserved.
    Recorded,
}

/// What loading a cluster depends on besides its data.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// More prefixes of exclusion tags, without their colon.
    pub exclusion_tags: Vec<String>,
    /// Only these instances may move; all if empty.
    pub selected: Vec<String>,
    /// These instances may not move.
    pub excluded: Vec<String>,
    /// Loads of instances; 1 where nothing is said.
    pub loads: Vec<Load>,
    /// Loads count nothing.
    pub ignore_loads: bool,
    /// Nodes to be taken as offline.
    pub offline: Vec<String>,
    /// Virtual processors for each physical one, instead of the policies'.
    pub max_cpu: Option<f64>,
    /// Part of the disk to be left free.
    pub min_disk: f64,
    /// Which nodes fail N+1.
    pub n1: N1Rule,
}

/// The planner's cluster. All indices are those of the data.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// As loaded.
    pub data: Data,
    /// Common end of all names that tables leave out.
    pub suffix: String,
    /// What is fixed of the nodes.
    pub nodes: Vec<Node>,
    /// What moves change of them.
    pub figures: Vec<Figures>,
    /// Real primaries of each node, newest first.
    pub primaries: Vec<Vec<usize>>,
    /// Real secondaries of each node, newest first.
    pub secondaries: Vec<Vec<usize>>,
    /// Memory reserved on each node for each other.
    pub peers: Peers,
    /// Tags.
    pub tags: Tags,
    /// Instances.
    pub instances: Vec<Instance>,
}

impl Cluster {
    /// Builds a cluster.
    ///
    /// # Errors
    /// Names of instances in the setup that are not there.
    pub fn new(data: Data, setup: &Setup) -> Result<Cluster, String> {
        let known: Vec<&str> = data.instances.iter().map(|it| it.name.as_str()).collect();
        let selected = names::instances(&known, &setup.selected)?;
        let excluded = names::instances(&known, &setup.excluded)?;
        let all = data.nodes.iter().map(|it| it.name.as_str());
        let suffix = names::common_suffix(all.chain(known.iter().copied()));
        let mut cluster = Cluster::empty(&data, setup, &suffix);
        for (at, instance) in cluster.instances.iter_mut().enumerate() {
            let chosen = setup.selected.is_empty() || selected.contains(&at);
            instance.movable &= chosen && !excluded.contains(&at);
        }
        for at in 0..cluster.instances.len() {
            cluster.place(at);
        }
        for (node, now) in cluster.nodes.iter_mut().zip(&mut cluster.figures) {
            let recorded = node.total_memory as i64 - node.node_memory - now.instance_memory;
            node.missing_memory = recorded - node.free_memory;
            now.unallocated = node.unallocated(now.instance_memory);
        }
        for (at, now) in cluster.figures.iter_mut().enumerate() {
            now.reserved = cluster.peers.most(at);
            now.fails_n1 = match (setup.n1, cluster.nodes.get(at)) {
                (N1Rule::Reported, Some(node)) => node.free_memory < now.reserved,
                _ => now.unallocated <= now.reserved,
            };
        }
        cluster.data = data;
        cluster.suffix = suffix;
        Ok(cluster)
    }

    /// Nodes without instances.
    fn empty(data: &Data, setup: &Setup, suffix: &str) -> Cluster {
        let alias = |name: &str| name.strip_suffix(suffix).unwrap_or(name).to_owned();
        let default = if setup.ignore_loads { 0.0 } else { 1.0 };
        let mut loads: HashMap<&str, [f64; 4]> = HashMap::new();
        for (name, load) in &setup.loads {
            if !setup.ignore_loads {
                loads.insert(name, *load);
            }
        }
        let mut instances: Vec<Instance> = data
            .instances
            .iter()
            .map(|it| {
                let load = loads.get(it.name.as_str()).copied();
                Instance::new(it, alias(&it.name), load.unwrap_or([default; 4]))
            })
            .collect();
        let tags = Tags::new(data, &mut instances, &setup.exclusion_tags);
        let fallback = super::policy::Policy::default();
        let nodes: Vec<Node> = data
            .nodes
            .iter()
            .map(|it| {
                let policy = data.groups.get(it.group).map(|group| &group.policy);
                Node::new(it, policy.unwrap_or(&fallback), alias(&it.name))
            })
            .collect();
        let count = nodes.len();
        Cluster {
            data: Data {
                groups: Vec::new(),
                nodes: Vec::new(),
                instances: Instances::default(),
                tags: Vec::new(),
                policy: fallback,
            },
            suffix: String::new(),
            figures: data.nodes.iter().map(Figures::new).collect(),
            primaries: vec![Vec::new(); count],
            secondaries: vec![Vec::new(); count],
            peers: Peers::new(count),
            nodes,
            tags,
            instances,
        }
    }

    /// Puts a loaded instance onto its nodes. What it takes of memory and disk is in the nodes' figures already,
    /// unless it is forthcoming or down.
    fn place(&mut self, at: usize) {
        let Some(instance) = self.instances.get_mut(at) else {
            return;
        };
        let (primary, secondary) = (instance.primary, instance.secondary);
        instance.location = secondary.map_or(0, |it| self.tags.common(primary, it));
        let groups = |it: usize| self.nodes.get(it).map(|node| node.group);
        if secondary.is_some_and(|it| groups(it) != groups(primary)) {
            instance.movable = false;
        }
        let (conflicts, _) = self.tags.coming(primary, instance);
        self.tags.came(primary, instance);
        let wishes = self.tags.wishes(primary, instance);
        if let (Some(node), Some(now)) = (self.nodes.get(primary), self.figures.get_mut(primary)) {
            now.conflicts += conflicts;
            now.arrive(node, instance, true);
            if instance.online {
                now.vcpus_later += instance.vcpus;
            }
            if !instance.uses_memory {
                now.free_memory_later -= instance.memory;
            }
            if !instance.forthcoming {
                if instance.online {
                    now.vcpus += instance.vcpus;
                }
                if instance.uses_memory {
                    now.instance_memory += instance.memory;
                }
                for (sum, load) in now.load.iter_mut().zip(instance.load) {
                    *sum += load;
                }
                now.location += instance.location + wishes;
                now.primaries += 1;
                if let Some(list) = self.primaries.get_mut(primary) {
                    list.insert(0, at);
                }
            }
        }
        let Some(secondary) = secondary else {
            return;
        };
        let node = self.nodes.get(secondary);
        if let (Some(node), Some(now)) = (node, self.figures.get_mut(secondary)) {
            now.arrive(node, instance, false);
            if !instance.forthcoming {
                now.load[2] += instance.load[2];
                now.secondaries += 1;
                if let Some(list) = self.secondaries.get_mut(secondary) {
                    list.insert(0, at);
                }
                let needed = instance.needed_on_secondary();
                self.peers.load(secondary, primary, needed);
            }
        }
    }

    /// Takes nodes as offline and sets the limits of the setup.
    ///
    /// # Errors
    /// Names of nodes that are not there.
    pub fn limit(&mut self, setup: &Setup) -> Result<(), String> {
        let known: Vec<&str> = self.data.nodes.iter().map(|it| it.name.as_str()).collect();
        let mut wrong = Vec::new();
        for name in &setup.offline {
            match names::find(&known, name) {
                Lookup::One(at) => {
                    if let Some(node) = self.nodes.get_mut(at) {
                        node.offline = true;
                    }
                }
                Lookup::None | Lookup::Many => wrong.push(name.as_str()),
            }
        }
        if !wrong.is_empty() {
            let wrong = wrong.join(",");
            return Err(format!("wrong node name(s) set as offline: {wrong}\n"));
        }
        for node in &mut self.nodes {
            if let Some(ratio) = setup.max_cpu {
                node.set_cpu_ratio(ratio);
            }
            node.least_disk = (setup.min_disk * node.total_disk).floor() as i64;
        }
        Ok(())
    }

    /// What the tags say of a node as an instance's new primary, with that other node as its secondary.
    pub fn arrival(&self, instance: &Instance, node: usize, other: Option<usize>) -> Arrival {
        let (conflicts, clash) = self.tags.coming(node, instance);
        Arrival {
            conflicts,
            clash,
            wishes: self.tags.wishes(node, instance),
            location: other.map_or(0, |other| self.tags.common(node, other)),
        }
    }

    /// The data with everything where it is now.
    pub fn moved_data(&self) -> Data {
        let all = |count| (0..count).collect::<Vec<_>>();
        self.moved_part(&all(self.nodes.len()), &all(self.instances.len()))
    }

    /// The data of some instances with everything where it is now: these nodes, and whatever other nodes the instances
    /// have, by index.
    pub fn moved_part(&self, nodes: &[usize], instances: &[usize]) -> Data {
        let kept = instances.iter().filter_map(|at| self.instances.get(*at));
        let others = kept.flat_map(|it| std::iter::once(it.primary).chain(it.secondary));
        let wanted: BTreeSet<usize> = nodes.iter().copied().chain(others).collect();
        let mut places = HashMap::new();
        let mut data = Data {
            nodes: Vec::new(),
            instances: Instances::default(),
            ..self.data.clone()
        };
        for at in wanted {
            let loaded = self.data.nodes.get(at).cloned();
            if let (Some(mut loaded), Some(node), Some(now)) =
                (loaded, self.nodes.get(at), self.figures.get(at))
            {
                loaded.offline = node.offline;
                loaded.free_disk = now.free_disk;
                loaded.free_spindles = now.free_spindles;
                places.insert(at, data.nodes.len());
                data.nodes.push(loaded);
            }
        }
        for at in instances {
            let (Some(loaded), Some(now)) = (self.data.instances.get(*at), self.instances.get(*at))
            else {
                continue;
            };
            let place = |node: &usize| places.get(node).copied();
            if let Some(primary) = place(&now.primary) {
                data.instances.push(super::data::Instance {
                    primary,
                    secondary: now.secondary.and_then(|it| place(&it)),
                    ..loaded.clone()
                });
            }
        }
        data
    }

    /// Instances whose two nodes are in different groups.
    pub fn split(&self) -> Vec<usize> {
        let group = |node: usize| self.nodes.get(node).map(|node| node.group);
        let apart = |it: &Instance| {
            it.secondary
                .is_some_and(|secondary| group(secondary) != group(it.primary))
        };
        let all = self.instances.iter().enumerate();
        all.filter(|(_, it)| apart(it)).map(|(at, _)| at).collect()
    }

    /// What is not accounted for: a line for each node, last first, where it is much.
    pub fn warnings(&self) -> Vec<String> {
        let mut out = Vec::new();
        for (at, node) in self.nodes.iter().enumerate().rev() {
            let Some(now) = self.figures.get(at) else {
                continue;
            };
            let lists = [&self.primaries, &self.secondaries];
            let there = lists.iter().filter_map(|it| it.get(at)).flatten();
            let disks = there
                .filter_map(|it| self.instances.get(*it))
                .map(|it| it.disk);
            let disk = node.total_disk as i64 - now.free_disk - disks.sum::<i64>();
            let memory = node.missing_memory;
            if memory > 512 || disk > 1024 {
                let name = self.data.nodes.get(at).map(|it| it.name.as_str());
                let (name, disk) = (name.unwrap_or_default(), disk.div_euclid(1024));
                out.push(format!(
                    "node {name} is missing {memory} MB ram and {disk} GB disk"
                ));
            }
        }
        out
    }
}
