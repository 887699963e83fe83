//! Data to text.

use super::policy;
use crate::planner::htools::data::{Data, Instance, Node};
use crate::planner::htools::print::number::{fixed, shortest};

/// Writes a whole file, with every column there is.
pub fn write(data: &Data) -> String {
    let mut out = String::new();
    for group in &data.groups {
        out += &format!(
            "{}|{}|{}|{}|{}\n",
            group.name,
            group.uuid,
            group.alloc_policy.word(),
            group.tags.join(","),
            group.networks.join(",")
        );
    }
    out.push('\n');
    for node in &data.nodes {
        out += &node_line(data, node);
    }
    out.push('\n');
    for instance in &data.instances {
        out += &instance_line(data, instance);
    }
    out.push('\n');
    for tag in &data.tags {
        out += tag;
        out.push('\n');
    }
    out.push('\n');
    let cluster = std::iter::once(("", &data.policy));
    let groups = data.groups.iter().map(|it| (it.name.as_str(), &it.policy));
    for (owner, policy) in cluster.chain(groups) {
        out += &policy::write(owner, policy, shortest);
        out.push('\n');
    }
    out
}

fn node_line(data: &Data, node: &Node) -> String {
    let group = data.groups.get(node.group);
    let fields = [
        node.name.clone(),
        fixed(node.total_memory, 0),
        node.node_memory.to_string(),
        node.free_memory.to_string(),
        fixed(node.total_disk, 0),
        node.free_disk.to_string(),
        fixed(node.total_cpus, 0),
        match (node.offline, node.master) {
            (true, _) => "Y",
            (false, true) => "M",
            (false, false) => "N",
        }
        .to_owned(),
        group.map(|group| group.uuid.clone()).unwrap_or_default(),
        node.spindles.to_string(),
        node.tags.join(","),
        yes(node.exclusive_storage).to_owned(),
        node.free_spindles.to_string(),
        node.node_cpus.to_string(),
        shortest(node.cpu_speed),
    ];
    fields.join("|") + "\n"
}

fn instance_line(data: &Data, instance: &Instance) -> String {
    let node = |at: usize| data.nodes.get(at).map(|node| node.name.clone());
    let secondary = instance.secondary.and_then(node);
    let spindles = instance.spindles.map(|it| it.to_string());
    let fields = [
        instance.name.clone(),
        instance.memory.to_string(),
        instance.disk.to_string(),
        instance.vcpus.to_string(),
        instance.status.word().to_owned(),
        yes(instance.auto_balance).to_owned(),
        node(instance.primary).unwrap_or_default(),
        secondary.unwrap_or_default(),
        instance.template.word().to_owned(),
        instance.tags.join(","),
        instance.spindle_use.to_string(),
        spindles.unwrap_or_else(|| "-".to_owned()),
        yes(instance.forthcoming).to_owned(),
    ];
    fields.join("|") + "\n"
}

fn yes(it: bool) -> &'static str {
    if it { "Y" } else { "N" }
}
