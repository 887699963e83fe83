//! The cluster as it stands on its first day: nodes, groups, instances and where they are.
//!
//! Instances come first and are spread a little unevenly, so that there is something to balance;
//! then each group gets machines that just hold them, one group a size too small for comfort, so
//! that there is an N+1 failure to find.

use std::collections::{BTreeMap, BTreeSet};

use super::chance::{Chance, mix};
use super::drbd::mirror::Mirror;
use super::drbd::tally::Tally;
use super::instance::{Admin, Disk, Guest, Instance, InstanceId, Template};
use super::node::{Node, NodeId, Role};
use super::{Group, Options, layout};

/// How many candidates a demo cluster wants besides its master.
pub const CANDIDATE_POOL: usize = 5;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// What instances of one name are like.
struct Kind {
    /// What the name begins with.
    name: &'static str,
    /// How many of a hundred instances are of this kind.
    share: u64,
    vcpus: &'static [u32],
    /// GiB.
    memory: &'static [u64],
    /// GiB, one for each disk.
    disks: &'static [u64],
    template: Template,
    os: &'static str,
    tags: &'static [&'static str],
}

const DEBIAN: &str = "debootstrap+bookworm";
const UBUNTU: &str = "image+noble";
const WINDOWS: &str = "image+windows-2022";

#[rustfmt::skip]
const KINDS: &[Kind] = &[
    Kind { name: "web",   share: 22, vcpus: &[2, 4],    memory: &[2, 4],     disks: &[20],      template: Template::Drbd,     os: DEBIAN,  tags: &["service:web"] },
    Kind { name: "app",   share: 16, vcpus: &[2, 4, 8], memory: &[4, 8],     disks: &[30],      template: Template::Drbd,     os: UBUNTU,  tags: &["service:app"] },
    Kind { name: "db",    share: 10, vcpus: &[4, 8],    memory: &[8, 16],    disks: &[20, 100], template: Template::Drbd,     os: DEBIAN,  tags: &["service:db", "backup:daily"] },
    Kind { name: "mail",  share: 7,  vcpus: &[2, 4],    memory: &[4, 8],     disks: &[120],     template: Template::Drbd,     os: DEBIAN,  tags: &["service:mail", "backup:daily"] },
    Kind { name: "cache", share: 7,  vcpus: &[2],       memory: &[8, 16],    disks: &[10],      template: Template::Plain,    os: DEBIAN,  tags: &["service:web"] },
    Kind { name: "build", share: 8,  vcpus: &[4, 8],    memory: &[4, 8],     disks: &[40],      template: Template::Plain,    os: UBUNTU,  tags: &["ci"] },
    Kind { name: "proxy", share: 5,  vcpus: &[2],       memory: &[2],        disks: &[10],      template: Template::Drbd,     os: DEBIAN,  tags: &["service:web"] },
    Kind { name: "git",   share: 4,  vcpus: &[4],       memory: &[8],        disks: &[20, 60],  template: Template::Drbd,     os: DEBIAN,  tags: &["backup:daily"] },
    Kind { name: "dns",   share: 4,  vcpus: &[1],       memory: &[1],        disks: &[5],       template: Template::Drbd,     os: DEBIAN,  tags: &[] },
    Kind { name: "wiki",  share: 4,  vcpus: &[2],       memory: &[2, 4],     disks: &[20],      template: Template::Drbd,     os: UBUNTU,  tags: &["backup:weekly"] },
    Kind { name: "win",   share: 4,  vcpus: &[4],       memory: &[8, 16],    disks: &[80],      template: Template::Drbd,     os: WINDOWS, tags: &["licence:windows"] },
    Kind { name: "test",  share: 5,  vcpus: &[1, 2],    memory: &[1, 2],     disks: &[10],      template: Template::File,     os: UBUNTU,  tags: &["ci"] },
    Kind { name: "pxe",   share: 4,  vcpus: &[1],       memory: &[1],        disks: &[],        template: Template::Diskless, os: DEBIAN,  tags: &[] },
];

/// Memory that machines come with, GiB.
const MEMORY: &[u64] = &[32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048];
/// Processors that machines come with.
const CPUS: &[u64] = &[8, 16, 24, 32, 48, 64, 96, 128, 192, 256];

/// The groups of a cluster of this many nodes.
pub fn groups(nodes: usize, chance: &mut Chance) -> Vec<Group> {
    let count = match nodes {
        0..=3 => 1,
        4..=8 => 2,
        _ => 3,
    };
    (0..count)
        .map(|n| Group {
            tags: Vec::new(),
            changed: 0,
            name: match count {
                1 => "default".to_owned(),
                _ => format!("rack{}", n + 1),
            },
            uuid: chance.uuid(),
        })
        .collect()
}

/// The nodes, without any memory or disk yet.
pub fn nodes(options: &Options, groups: usize, chance: &mut Chance) -> Vec<Node> {
    let count = options.nodes;
    (0..count)
        .map(|index| {
            let role = match index {
                0 => Role::Master,
                _ if count >= 8 && index == count - 1 => Role::Offline,
                _ if count >= 6 && index == count - 2 => Role::Drained,
                1..=CANDIDATE_POOL => Role::Candidate,
                _ => Role::Regular,
            };
            Node {
                name: format!("node{}.example.test", index + 1),
                uuid: chance.uuid(),
                group: index * groups / count,
                role,
                role_before: Role::Regular,
                outage: None,
                booted: options
                    .epoch_ms
                    .saturating_sub(chance.between(2 * DAY, 90 * DAY)),
                boot_id: chance.uuid(),
                memory: 0,
                own_memory: chance.between(1400, 2600),
                cpus: 0,
                disk: 0,
                dir: 0,
                primaries: BTreeSet::new(),
                secondaries: BTreeSet::new(),
                tags: match role {
                    Role::Drained => vec!["maintenance:firmware".to_owned()],
                    _ => Vec::new(),
                },
                changed: 1,
                stopped: BTreeSet::new(),
                stir: 0,
                vgs_hang: false,
                seed: chance.draw(),
            }
        })
        .collect()
}

/// The instances, each at home on a node.
pub fn instances(
    options: &Options,
    nodes: &mut [Node],
    chance: &mut Chance,
) -> BTreeMap<InstanceId, Instance> {
    let mut placed = Spread::new(nodes);
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut instances = BTreeMap::new();
    for id in 0..options.instances as InstanceId {
        let kind = kind(id, options.instances, chance);
        let number = numbers.entry(kind.name).or_default();
        *number += 1;
        let mut instance = instance(kind, *number, id, options.epoch_ms, chance);
        placed.settle(&mut instance, nodes, chance);
        let (primary, secondary) = (instance.primary, instance.secondary);
        if let Some(node) = nodes.get_mut(primary) {
            node.primaries.insert(id);
        }
        if let Some(node) = secondary.and_then(|node| nodes.get_mut(node)) {
            node.secondaries.insert(id);
        }
        instances.insert(id, instance);
    }
    layout::lay_out(&mut instances, nodes.len());
    instances
}

/// A passing instance such as people create to try something.
pub fn passing(number: u32, now: u64, chance: &mut Chance) -> Instance {
    let kinds: Vec<&Kind> = KINDS.iter().filter(|k| k.share <= 8).collect();
    let kind = chance.pick(&kinds).copied().unwrap_or(&KINDS[0]);
    let mut made = instance(kind, number, number, now, chance);
    made.name = format!("try{number}.example.test");
    made.created = now;
    made.modified = now;
    made.admin = Admin::Up;
    made.by_user = false;
    made.guest = Guest::Stopped;
    made.passing = true;
    made
}

fn kind(id: InstanceId, count: usize, chance: &mut Chance) -> &'static Kind {
    // One of each to begin with, so that a small cluster shows every template.
    if (id as usize) < KINDS.len() && count >= 2 * KINDS.len() {
        return &KINDS[id as usize];
    }
    let mut ticket = chance.below(KINDS.iter().map(|kind| kind.share).sum());
    for kind in KINDS {
        match ticket.checked_sub(kind.share) {
            Some(rest) => ticket = rest,
            None => return kind,
        }
    }
    &KINDS[0]
}

fn instance(kind: &Kind, number: u32, id: InstanceId, now: u64, chance: &mut Chance) -> Instance {
    let memory = 1024 * chance.pick(kind.memory).copied().unwrap_or(1);
    let created = now.saturating_sub(chance.between(DAY, 700 * DAY));
    // A few that do not run, spread so that every cluster of some size has them.
    let (admin, by_user) = match id % 61 {
        17 | 38 | 52 => (Admin::Down, false),
        29 => (Admin::Down, true),
        44 => (Admin::Offline, false),
        _ => (Admin::Up, false),
    };
    let started = now.saturating_sub(chance.between(HOUR, 40 * DAY));
    let seed = chance.draw();
    Instance {
        name: format!("{}{number}.example.test", kind.name),
        uuid: chance.uuid(),
        primary: 0,
        secondary: None,
        template: kind.template,
        disks: kind
            .disks
            .iter()
            .enumerate()
            .map(|(index, gib)| Disk {
                size: gib * 1024,
                uuid: chance.uuid(),
                volume: layout::volume_id(seed, index),
                port: 0,
                ends: None,
            })
            .collect(),
        memory,
        minmem: memory,
        vcpus: chance.pick(kind.vcpus).copied().unwrap_or(1),
        os: kind.os.to_owned(),
        tags: kind.tags.iter().map(|&tag| tag.to_owned()).collect(),
        admin,
        by_user,
        guest: match admin {
            Admin::Up => Guest::Running {
                started: started.max(created),
                pid: pid(seed),
            },
            _ => Guest::Stopped,
        },
        incoming: None,
        mirror: Mirror::InStep,
        active: admin == Admin::Up,
        configured: now,
        mirror_changed: None,
        tally: Tally::first(seed, now),
        auto_balance: !chance.one_in(40),
        mac: format!(
            "aa:00:00:{:02x}:{:02x}:{:02x}",
            (id >> 16) & 0xff,
            (id >> 8) & 0xff,
            id & 0xff
        ),
        ip: format!("10.{}.{}.{}", 80 + (id >> 16), (id >> 8) & 0xff, id & 0xff),
        port: 0,
        created,
        modified: created.max(now.saturating_sub(chance.between(HOUR, 300 * DAY))),
        changed: 1,
        seed,
        tries: 0,
        passing: false,
    }
}

/// A process id for a guest that starts.
pub fn pid(seed: u64) -> u32 {
    2000 + (mix(seed) % 4_000_000) as u32
}

/// Spreads instances over the nodes of each group by what they need.
struct Spread {
    /// Nodes of each group that take instances.
    groups: Vec<Vec<NodeId>>,
    /// Memory given to each node so far, MiB.
    load: Vec<u64>,
}

impl Spread {
    fn new(nodes: &[Node]) -> Self {
        let mut groups: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
        for (id, node) in nodes.iter().enumerate() {
            if node.role != Role::Offline {
                groups.entry(node.group).or_default().push(id);
            }
        }
        Spread {
            groups: groups.into_values().collect(),
            load: vec![0; nodes.len()],
        }
    }

    fn settle(&mut self, instance: &mut Instance, nodes: &[Node], chance: &mut Chance) {
        let all: Vec<NodeId> = self.groups.concat();
        let Some(&any) = chance.pick(&all) else {
            return;
        };
        let homes: Vec<NodeId> = self
            .groups
            .iter()
            .find(|group| group.contains(&any))
            .into_iter()
            .flatten()
            .copied()
            // A drained node keeps a few of its instances only.
            .filter(|&node| nodes[node].role != Role::Drained || chance.one_in(4))
            .collect();
        let primary = self.lighter(&homes, None, chance).unwrap_or(any);
        instance.primary = primary;
        self.load[primary] += instance.memory;
        if instance.template == Template::Drbd {
            instance.secondary = self.lighter(&homes, Some(primary), chance);
            match instance.secondary {
                Some(node) => self.load[node] += instance.memory / 4,
                None => instance.template = Template::Plain,
            }
        }
    }

    /// The lighter of two nodes taken at random.
    fn lighter(
        &self,
        homes: &[NodeId],
        but: Option<NodeId>,
        chance: &mut Chance,
    ) -> Option<NodeId> {
        let homes: Vec<NodeId> = homes.iter().copied().filter(|&n| Some(n) != but).collect();
        let one = *chance.pick(&homes)?;
        let other = *chance.pick(&homes)?;
        Some(if self.load[one] <= self.load[other] {
            one
        } else {
            other
        })
    }
}

/// Gives each group machines that hold what is on them.
pub fn equip(nodes: &mut [Node], instances: &BTreeMap<InstanceId, Instance>, groups: usize) {
    for group in 0..groups {
        let mut need = Need::default();
        for node in nodes.iter().filter(|node| node.group == group) {
            need.widen(&Need::of(node, instances));
        }
        let memory = match group {
            0 => tight(nodes, instances, need.memory),
            _ => size_up(MEMORY, need.memory * 10 / 6 / 1024 + 1) * 1024,
        };
        let cpus = size_up(CPUS, need.vcpus / 2 + 1);
        for node in nodes.iter_mut().filter(|node| node.group == group) {
            // What the kernel and the firmware keep is missing from the round figure.
            node.memory = memory - memory / 64;
            node.cpus = cpus as u32;
            node.disk = round_up(need.disk * 10 / 6, 512 * 1024);
            node.dir = round_up(need.files * 2, 64 * 1024);
        }
    }
}

/// Memory for the tight group, MiB: every node holds its own instances, but the one that would
/// need most could not take over after another's failure.
fn tight(nodes: &[Node], instances: &BTreeMap<InstanceId, Instance>, fullest: u64) -> u64 {
    let after_failure = |node: &Node| {
        let mut takes_over: BTreeMap<NodeId, u64> = BTreeMap::new();
        for instance in node.secondaries.iter().filter_map(|id| instances.get(id)) {
            *takes_over.entry(instance.primary).or_default() += instance.minmem;
        }
        // Guests hold a little less than they were given.
        let holds = Need::of(node, instances).memory * 9 / 10;
        holds + takes_over.into_values().max().unwrap_or(0)
    };
    let group = nodes.iter().filter(|node| node.group == 0);
    let enough = group.map(after_failure).max().unwrap_or(0);
    let short = enough.saturating_sub(6 * 1024);
    round_up(short.max(fullest * 100 / 93), 1024)
}

/// What the instances on a node need, MiB and processors.
#[derive(Default)]
struct Need {
    memory: u64,
    vcpus: u64,
    disk: u64,
    files: u64,
}

impl Need {
    fn of(node: &Node, instances: &BTreeMap<InstanceId, Instance>) -> Need {
        let mut need = Need {
            memory: node.own_memory,
            ..Need::default()
        };
        for instance in node.primaries.iter().filter_map(|id| instances.get(id)) {
            need.memory += instance.memory;
            need.vcpus += u64::from(instance.vcpus);
            need.disk += instance.volume_size();
            if instance.template == Template::File {
                need.files += instance.disk_size();
            }
        }
        for instance in node.secondaries.iter().filter_map(|id| instances.get(id)) {
            need.disk += instance.volume_size();
        }
        need
    }

    fn widen(&mut self, other: &Need) {
        self.memory = self.memory.max(other.memory);
        self.vcpus = self.vcpus.max(other.vcpus);
        self.disk = self.disk.max(other.disk);
        self.files = self.files.max(other.files);
    }
}

/// The smallest size that is enough; beyond the largest, just what is needed.
fn size_up(sizes: &[u64], need: u64) -> u64 {
    sizes
        .iter()
        .copied()
        .find(|&size| size >= need)
        .unwrap_or(need)
}

fn round_up(value: u64, step: u64) -> u64 {
    value.div_ceil(step).max(1) * step
}
