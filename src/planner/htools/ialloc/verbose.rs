//! The whole cluster as the real tool tells it when asked to be very verbose.

use std::collections::{BTreeMap, BTreeSet};

use super::read::Message;
use super::show::{self, Parts, Place, group, truth};
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::data;
use crate::planner::htools::node::{Figures, Node};
use crate::planner::htools::print::number::shortest;
use crate::planner::htools::print::policy::policy;
use crate::planner::htools::tags::migration;
use crate::planner::htools::text::{quoted, shown};

/// The cluster; `message` is where it was read, if it was not read as text.
pub fn cluster(cluster: &Cluster, message: Option<&Message>) -> String {
    let hypervisor = message.and_then(|it| it.hypervisor).map(constructor);
    let hypervisor = hypervisor.map_or("Nothing".to_owned(), |it| format!("Just {it}"));
    let groups = cluster.data.groups.iter().enumerate();
    let groups = groups.map(|(at, it)| group(at, it));
    let migration = migration(&cluster.data);
    let nodes = cluster.data.nodes.iter().zip(&cluster.nodes);
    let nodes = nodes.zip(&cluster.figures).zip(&migration).enumerate();
    let nodes = nodes.map(|(at, (((loaded, node), now), tags))| {
        let all = One {
            cluster,
            at,
            loaded,
            node,
            now,
        };
        all.text(tags, &hypervisor)
    });
    let instances = cluster.data.instances.iter().enumerate();
    let instances = instances.map(|(at, it)| instance(cluster, message, at, it));
    format!(
        "ClusterData {{cdGroups = {}, cdNodes = {}, cdInstances = {}, cdTags = {}, cdIPolicy = {}}}",
        numbered(groups),
        numbered(nodes),
        numbered(instances),
        show::list(&cluster.data.tags),
        policy(&cluster.data.policy)
    )
}

fn constructor(hypervisor: &'static str) -> &'static str {
    match hypervisor {
        "kvm" => "Kvm",
        "xen-pvm" => "XenPvm",
        "chroot" => "Chroot",
        "xen-hvm" => "XenHvm",
        "lxc" => "Lxc",
        _ => "Fake",
    }
}

fn numbered(all: impl Iterator<Item = String>) -> String {
    let all = all.enumerate().map(|(at, it)| format!("({at},{it})"));
    format!("fromList [{}]", all.collect::<Vec<String>>().join(","))
}

fn instance(
    cluster: &Cluster,
    message: Option<&Message>,
    at: usize,
    loaded: &data::Instance,
) -> String {
    let Some(it) = cluster.instances.get(at) else {
        return String::new();
    };
    let text = || Parts {
        disks: vec![(loaded.disk, loaded.spindles)],
        nics: Vec::new(),
    };
    let parts = message.and_then(|message| message.parts.get(at)).cloned();
    let place = Place {
        alias: &it.alias,
        at: at as i64,
        nodes: (
            it.primary as i64,
            it.secondary.map_or(-1, |node| node as i64),
        ),
        load: it.load,
        movable: it.movable,
        exclusion: cluster.tags.texts(&it.exclusion).collect(),
        desired: cluster.tags.texts(&it.desired).collect(),
        location: it.location,
    };
    show::instance(loaded, &parts.unwrap_or_else(text), &place)
}

/// A node from all sides.
struct One<'a> {
    cluster: &'a Cluster,
    at: usize,
    loaded: &'a data::Node,
    node: &'a Node,
    now: &'a Figures,
}

impl One<'_> {
    /// Its instances, newest first: real ones, and those with the forthcoming ones.
    fn lists(&self, lists: &[Vec<usize>], own: impl Fn(usize) -> bool) -> (String, String) {
        let text = |list: Vec<usize>| {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            format!("[{}]", list.join(","))
        };
        let real = lists.get(self.at).cloned().unwrap_or_default();
        let all = (0..self.cluster.instances.len()).rev();
        (text(real), text(all.filter(|it| own(*it)).collect()))
    }

    /// Loads of its real instances, and of all.
    fn loads(&self) -> ([f64; 4], [f64; 4]) {
        let mut all = self.now.load;
        for it in self.cluster.instances.iter().filter(|it| it.forthcoming) {
            if it.primary == self.at {
                for (sum, load) in all.iter_mut().zip(it.load) {
                    *sum += load;
                }
            }
            if it.secondary == Some(self.at) {
                all[2] += it.load[2];
            }
        }
        (self.now.load, all)
    }

    fn text(&self, tags: &(BTreeSet<&str>, BTreeSet<&str>), hypervisor: &str) -> String {
        let (cluster, loaded, node, now) = (self.cluster, self.loaded, self.node, self.now);
        let instances = &cluster.instances;
        let (primaries, primaries_later) = self.lists(&cluster.primaries, |at| {
            instances.get(at).is_some_and(|it| it.primary == self.at)
        });
        let (secondaries, secondaries_later) = self.lists(&cluster.secondaries, |at| {
            let it = instances.get(at);
            it.is_some_and(|it| it.secondary == Some(self.at))
        });
        let peers = cluster.peers.sorted(self.at).into_iter();
        let peers: Vec<String> = peers.map(|(node, mib)| format!("({node},{mib})")).collect();
        let set = |tags: &BTreeSet<&str>| {
            let tags: Vec<&str> = tags.iter().copied().collect();
            format!("fromList {}", shown(&tags))
        };
        let locations: BTreeSet<&str> =
            cluster.tags.texts(cluster.tags.location(self.at)).collect();
        let exclusion: BTreeMap<&str, i64> = cluster.tags.named_exclusion(self.at).collect();
        let exclusion = exclusion.iter();
        let exclusion = exclusion.map(|(tag, count)| format!("({},{count})", quoted(tag)));
        let exclusion: Vec<String> = exclusion.collect();
        let real: Vec<(u32, i64)> = cluster.tags.real_exclusion(self.at).collect();
        let shared: BTreeMap<(&str, &str), i64> = locations
            .iter()
            .flat_map(|location| {
                let tags = real.iter().flat_map(|(tag, count)| {
                    let numbers = std::slice::from_ref(tag);
                    cluster.tags.texts(numbers).map(move |tag| (tag, *count))
                });
                tags.map(move |(tag, count)| ((*location, tag), count))
            })
            .collect();
        let shared = shared
            .iter()
            .map(|((place, tag), count)| format!("(({},{}),{count})", quoted(place), quoted(tag)));
        let shared: Vec<String> = shared.collect();
        let (load, load_later) = self.loads();
        let group = cluster.data.groups.get(node.group);
        let members: Vec<(&str, String)> = vec![
            ("name", quoted(&loaded.name)),
            ("alias", quoted(&node.alias)),
            ("tMem", shortest(node.total_memory)),
            ("nMem", node.node_memory.to_string()),
            ("iMem", now.instance_memory.to_string()),
            ("fMem", node.free_memory.to_string()),
            ("fMemForth", now.free_memory_later.to_string()),
            ("xMem", node.missing_memory.to_string()),
            ("tDsk", shortest(node.total_disk)),
            ("fDsk", now.free_disk.to_string()),
            ("fDskForth", now.free_disk_later.to_string()),
            ("tCpu", shortest(node.cpus)),
            ("tCpuSpeed", shortest(node.speed)),
            ("nCpu", loaded.node_cpus.to_string()),
            ("uCpu", now.vcpus.to_string()),
            ("uCpuForth", now.vcpus_later.to_string()),
            ("tSpindles", node.spindles.to_string()),
            ("fSpindles", now.free_spindles.to_string()),
            ("fSpindlesForth", now.free_spindles_later.to_string()),
            ("pList", primaries),
            ("pListForth", primaries_later),
            ("sList", secondaries),
            ("sListForth", secondaries_later),
            ("idx", self.at.to_string()),
            ("peers", format!("[{}]", peers.join(","))),
            ("failN1", truth(now.fails_n1).to_owned()),
            // The real tool leaves these three as they are at first.
            ("failN1Forth", truth(true).to_owned()),
            ("rMem", now.reserved.to_string()),
            ("rMemForth", "0".to_owned()),
            ("pMem", shortest(now.memory_part(node))),
            ("pMemForth", shortest(now.memory_part_later(node))),
            ("pDsk", shortest(now.disk_part(node))),
            ("pDskForth", shortest(now.disk_part_later(node))),
            ("pRem", shortest(now.reserved_part(node))),
            ("pRemForth", shortest(0.0)),
            ("pCpu", shortest(now.cpu_part(node))),
            ("pCpuForth", shortest(now.cpu_part_later(node))),
            ("mDsk", shortest(0.0)),
            ("loDsk", node.least_disk.to_string()),
            (
                "hiCpu",
                ((node.cpu_ratio * node.cpus).floor() as i64).to_string(),
            ),
            ("hiSpindles", shortest(node.most_spindle_use)),
            ("instSpindles", shortest(now.spindle_use as f64)),
            ("instSpindlesForth", shortest(now.spindle_use_later as f64)),
            ("offline", truth(node.offline).to_owned()),
            ("isMaster", truth(loaded.master).to_owned()),
            ("nTags", show::list(&loaded.tags)),
            ("utilPool", show::load([1.0; 4])),
            ("utilLoad", show::load(load)),
            ("utilLoadForth", show::load(load_later)),
            ("pTags", format!("fromList [{}]", exclusion.join(","))),
            ("group", node.group.to_string()),
            (
                "iPolicy",
                group.map_or(String::new(), |it| policy(&it.policy)),
            ),
            ("exclStorage", truth(node.exclusive).to_owned()),
            ("migTags", set(&tags.0)),
            ("rmigTags", set(&tags.1)),
            ("locationTags", set(&locations)),
            ("locationScore", now.location.to_string()),
            ("instanceMap", format!("fromList [{}]", shared.join(","))),
            ("hypervisor", hypervisor.to_owned()),
        ];
        let members = members
            .iter()
            .map(|(name, value)| format!("{name} = {value}"));
        format!("Node {{{}}}", members.collect::<Vec<String>>().join(", "))
    }
}
