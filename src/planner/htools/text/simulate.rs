//! Clusters that are not there (`--simulate`): a group of equal nodes for each description.

use super::{number, units};
use crate::planner::htools::data::{AllocPolicy, Data, Group, Instances, Node};
use crate::planner::htools::policy::Policy;

/// Most nodes of one description.
const MOST_NODES: i64 = 10_000;

/// Makes a cluster of descriptions `policy,nodes,disk,ram,cpus[,spindles[,exclusive]]`.
///
/// # Errors
/// In the htools' words.
pub fn simulate(specs: &[String]) -> Result<Data, String> {
    let mut data = Data {
        groups: Vec::new(),
        nodes: Vec::new(),
        instances: Instances::default(),
        tags: Vec::new(),
        policy: Policy::default(),
    };
    // The real tools take the last one first.
    for (at, spec) in specs.iter().rev().enumerate() {
        add(&mut data, at, spec)?;
    }
    if let Some(first) = data.nodes.first_mut() {
        first.master = true;
    }
    Ok(data)
}

fn add(data: &mut Data, at: usize, spec: &str) -> Result<(), String> {
    let fields: Vec<&str> = spec.split(',').collect();
    let (policy, count, disk, memory, cpus, rest) = match fields.as_slice() {
        [policy, count, disk, memory, cpus, rest @ ..] if rest.len() <= 2 => {
            (policy, count, disk, memory, cpus, rest)
        }
        _ => {
            return Err(format!(
                "Invalid cluster specification, expected 6 comma-separated sections (allocation policy, \
                 node count, disk size, memory size, number of CPUs, spindles) but got {}: '{spec}'",
                fields.len()
            ));
        }
    };
    let alloc_policy = alloc_policy(policy)?;
    let integer =
        |what: &str, text: &str| number::integer(text).map_err(|why| format!("{what}: {why}"));
    let count = integer("node count", count)?;
    if count > MOST_NODES {
        return Err(format!("node count: '{count}' is out of range"));
    }
    let disk = units::size("disk size", disk)?;
    let memory = units::size("memory size", memory)?;
    let cpus = integer("cpu count", cpus)?;
    let spindles = match rest.first() {
        Some(text) => integer("spindles", text)?,
        None => 1,
    };
    let exclusive_storage = match rest.get(1).copied() {
        None | Some("False") => false,
        Some("True") => true,
        Some(other) => return Err(format!("exclusive storage: cannot parse string '{other}'")),
    };
    let number = at + 1;
    for node in 1..=count {
        data.nodes.push(Node {
            name: format!("node-{number:02}-{node:03}"),
            total_memory: memory as f64,
            node_memory: 0,
            free_memory: memory,
            total_disk: disk as f64,
            free_disk: disk,
            total_cpus: cpus as f64,
            offline: false,
            master: false,
            group: at,
            spindles,
            tags: Vec::new(),
            exclusive_storage,
            free_spindles: 0,
            node_cpus: 1,
            cpu_speed: 1.0,
        });
    }
    data.groups.push(Group {
        name: format!("group-{number:02}"),
        uuid: format!("fake-uuid-{number:02}"),
        alloc_policy,
        tags: Vec::new(),
        networks: Vec::new(),
        policy: Policy::default(),
    });
    Ok(())
}

fn alloc_policy(word: &str) -> Result<AllocPolicy, String> {
    let named = AllocPolicy::ALL.into_iter().find(|it| it.word() == word);
    let short = match word {
        "p" => Some(AllocPolicy::Preferred),
        "a" => Some(AllocPolicy::LastResort),
        "u" => Some(AllocPolicy::Unallocable),
        _ => None,
    };
    named.or(short).ok_or_else(|| {
        format!(
            "Invalid string value for type AllocPolicy: {}; Cannot parse AllocPolicy abbreviation '{word}'",
            super::quoted(word)
        )
    })
}
