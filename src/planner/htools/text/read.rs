//! Text to data.

use std::collections::HashMap;

use super::fields::{Line, list, parts};
use super::policy::{self, invalid};
use crate::planner::htools::data::{AllocPolicy, Data, Group, Instance, Node, Status};
use crate::planner::htools::policy::{Policy, Template};

/// Reads a whole file.
///
/// # Errors
/// In the htools' words, with line and field: what is wrong first.
pub fn read(text: &str) -> Result<Data, String> {
    let sections = sections(text);
    let [groups, nodes, instances, tags, rest @ ..] = sections.as_slice() else {
        let found = sections.len();
        return Err(format!(
            "Invalid format of the input file: {found} sections instead of 4 or more"
        ));
    };
    let mut groups = each(groups, group)?;
    let group_index: HashMap<String, usize> = index(groups.iter().map(|it| &it.uuid));
    let nodes = each(nodes, |line| node(line, &group_index))?;
    let node_index: HashMap<String, usize> = index(nodes.iter().map(|it| &it.name));
    let instances = each(instances, |line| instance(line, &node_index))?;
    let tags = tags.iter().map(|(_, line)| (*line).to_owned()).collect();
    let mut cluster_policy = Policy::default();
    for (number, text) in rest.first().into_iter().flatten() {
        let line = line(*number, text);
        let (owner, policy) = (line.get(0), policy::read(&line)?);
        if owner.is_empty() {
            cluster_policy = policy;
            continue;
        }
        let mut owners = groups
            .iter_mut()
            .filter(|group| group.name == owner || group.uuid == owner);
        match (owners.next(), owners.next()) {
            (Some(group), None) => group.policy = policy,
            _ => {
                let what = format!("Wrong number of elems found with name {owner}");
                return Err(line.wrong(0, "owner", what));
            }
        }
    }
    Ok(Data {
        groups,
        nodes,
        instances: instances.into(),
        tags,
        policy: cluster_policy,
    })
}

/// Lines with their numbers, cut at empty ones.
fn sections(text: &str) -> Vec<Vec<(usize, &str)>> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut out = vec![Vec::new()];
    let text = text.strip_suffix('\n').unwrap_or(text);
    for (at, line) in text.split('\n').enumerate() {
        if line.is_empty() {
            out.push(Vec::new());
        } else if let Some(section) = out.last_mut() {
            section.push((at + 1, line));
        }
    }
    out
}

fn line<'a>(number: usize, text: &'a str) -> Line<'a> {
    Line {
        number,
        fields: parts(text, '|'),
    }
}

fn each<T>(
    section: &[(usize, &str)],
    mut read: impl FnMut(&Line<'_>) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    section
        .iter()
        .map(|(number, text)| read(&line(*number, text)))
        .collect()
}

/// Where each name stands; the last of equal ones counts.
fn index<'a>(names: impl Iterator<Item = &'a String>) -> HashMap<String, usize> {
    names.enumerate().map(|(at, it)| (it.clone(), at)).collect()
}

fn group(line: &Line<'_>) -> Result<Group, String> {
    if !line.has(3) {
        return Err(line.broken("Invalid/incomplete group data"));
    }
    let word = line.get(2);
    let alloc_policy = AllocPolicy::ALL.into_iter().find(|it| it.word() == word);
    let what = || invalid("AllocPolicy", word);
    Ok(Group {
        name: line.get(0).to_owned(),
        uuid: line.get(1).to_owned(),
        alloc_policy: alloc_policy.ok_or_else(|| line.wrong(2, "alloc_policy", what()))?,
        tags: list(line.get(3)),
        networks: list(line.get(4)),
        policy: Policy::default(),
    })
}

fn node(line: &Line<'_>, groups: &HashMap<String, usize>) -> Result<Node, String> {
    if !line.has(8) {
        return Err(line.broken("Invalid/incomplete node data"));
    }
    let (name, uuid) = (line.get(0), line.get(8));
    let what = || format!("Unknown group '{uuid}' for node {name}");
    let group = groups.get(uuid).copied();
    let group = group.ok_or_else(|| line.wrong(8, "group", what()))?;
    let mut node = Node {
        name: name.to_owned(),
        total_memory: 0.0,
        node_memory: 0,
        free_memory: 0,
        total_disk: 0.0,
        free_disk: 0,
        total_cpus: 0.0,
        offline: true,
        master: line.get(7) == "M",
        group,
        spindles: 0,
        tags: Vec::new(),
        exclusive_storage: false,
        free_spindles: 0,
        node_cpus: 0,
        cpu_speed: 1.0,
    };
    if (1..=6).any(|column| line.get(column) == "?") {
        return Ok(node);
    }
    node.offline = line.get(7) == "Y";
    node.total_memory = line.real(name, 1, "total memory")?;
    node.node_memory = line.integer(name, 2, "node memory")?;
    node.free_memory = line.integer(name, 3, "free memory")?;
    node.total_disk = line.real(name, 4, "total disk")?;
    node.free_disk = line.integer(name, 5, "free disk")?;
    node.total_cpus = line.real(name, 6, "CPUs")?;
    node.spindles = if line.has(9) {
        line.integer(name, 9, "spindles")?
    } else {
        1
    };
    node.tags = list(line.get(10));
    if line.has(12) {
        node.free_spindles = line.integer(name, 12, "free spindles")?;
    }
    node.node_cpus = if line.has(13) {
        line.integer(name, 13, "node CPUs")?
    } else {
        1
    };
    if line.has(14) {
        node.cpu_speed = line.real(name, 14, "CPU speed")?;
    }
    let wrong = format!(
        "Invalid exclusive_storage value for node '{name}': {}",
        line.get(11)
    );
    node.exclusive_storage = line.has(11) && line.yes(11, "exclusive_storage", wrong)?;
    Ok(node)
}

fn instance(line: &Line<'_>, nodes: &HashMap<String, usize>) -> Result<Instance, String> {
    if !line.has(9) {
        return Err(line.broken("Invalid/incomplete instance data"));
    }
    let name = line.get(0);
    let find = |column: usize, field: &str| {
        let node = line.get(column);
        let what = || format!("Unknown node '{node}' for instance {name}");
        let found = nodes.get(node).copied();
        found.ok_or_else(|| line.wrong(column, field, what()))
    };
    let primary = find(6, "primary node")?;
    let secondary = match line.get(7) {
        "" => None,
        _ => Some(find(7, "secondary node")?),
    };
    let memory = line.integer(name, 1, "memory")?;
    let disk = line.integer(name, 2, "disk")?;
    let vcpus = line.integer(name, 3, "vcpus")?;
    let word = line.get(4);
    let status = Status::ALL.into_iter().find(|it| it.word() == word);
    let what = || invalid("InstanceStatus", word);
    let status = status.ok_or_else(|| line.wrong(4, "status", what()))?;
    let what = format!(
        "Invalid auto_balance value '{}' for instance {name}",
        line.get(5)
    );
    let auto_balance = line.yes(5, "auto_balance", what)?;
    let word = line.get(8);
    let what = || format!("Instance {name}: {}", invalid("DiskTemplate", word));
    let template = policy::template(word).ok_or_else(|| line.wrong(8, "disk template", what()))?;
    let spindle_use = if line.has(10) {
        line.integer(name, 10, "spindle use")?
    } else {
        1
    };
    let spindles = match line.get(11) {
        _ if !line.has(11) => None,
        "-" => None,
        _ => Some(line.integer(name, 11, "spindles")?),
    };
    let what = format!(
        "Invalid forthcoming value '{}' for instance {name}",
        line.get(12)
    );
    let forthcoming = line.has(12) && line.yes(12, "forthcoming", what)?;
    if template == Template::Drbd && secondary == Some(primary) {
        let what = format!(
            "Instance {name} has same primary and secondary node - {}",
            line.get(6)
        );
        return Err(line.wrong(7, "secondary node", what));
    }
    Ok(Instance {
        name: name.to_owned(),
        memory,
        disk,
        disks: vec![disk],
        vcpus,
        status,
        auto_balance,
        primary,
        secondary,
        template,
        tags: list(line.get(9)),
        spindle_use,
        spindles,
        forthcoming,
    })
}
