//! What `gnt-cluster verify` finds in the simulated cluster, in Ganeti's words.

use super::Cluster;
use super::instance::{Admin, InstanceId, Template};
use super::node::{NodeId, Role};
use super::opcode::Opcode;
use super::script::{Act, Step, act, say};

/// `CLUSTER_VERIFY` only submits the others.
pub fn cluster(cluster: &Cluster) -> Vec<Step> {
    let mut jobs = vec![vec![Opcode::ClusterVerifyConfig]];
    jobs.extend((0..cluster.groups.len()).map(|group| vec![Opcode::GroupVerify(group)]));
    vec![act(700, Act::Submit(jobs))]
}

/// `CLUSTER_VERIFY_CONFIG`
pub fn config(_: &Cluster) -> Vec<Step> {
    [
        "* Verifying cluster config",
        "* Verifying cluster certificate files",
        "* Verifying hypervisor parameters",
        "* Verifying all nodes belong to an existing group",
    ]
    .map(|line| say(350, line))
    .into()
}

/// `CLUSTER_VERIFY_GROUP`
pub fn group(cluster: &Cluster, group: usize) -> Vec<Step> {
    let nodes: Vec<NodeId> = (0..cluster.nodes.len())
        .filter(|&node| cluster.nodes[node].group == group)
        .collect();
    let count = nodes.len();
    let mut lines = vec![
        format!("* Verifying group '{}'", cluster.group_name(group)),
        format!("* Gathering data ({count} nodes)"),
        format!("* Gathering information about nodes ({count} nodes)"),
        format!("* Gathering disk information ({count} nodes)"),
        "* Verifying configuration file consistency".to_owned(),
        "* Verifying node status".to_owned(),
    ];
    lines.extend(silent_nodes(cluster, &nodes));
    lines.push("* Verifying instance status".to_owned());
    lines.extend(instances(cluster, &nodes));
    lines.push("* Verifying orphan volumes".to_owned());
    lines.push("* Verifying N+1 Memory redundancy".to_owned());
    lines.extend(nodes.iter().flat_map(|&node| shortages(cluster, node)));
    lines.push("* Other Notes".to_owned());
    lines.extend(notes(cluster, &nodes));
    lines.push("* Hooks Results".to_owned());
    lines
        .into_iter()
        .map(|line| {
            // Asking all nodes is what takes time.
            let slow = line.starts_with("* Gathering disk") || line.starts_with("* Verifying node");
            say(if slow { 2500 } else { 120 }, line)
        })
        .collect()
}

/// The same lines with error codes.
pub fn coded(steps: Vec<Step>) -> Vec<Step> {
    let line = |line: String| with_code(&line).unwrap_or(line);
    let step = |step: Step| Step {
        line: step.line.map(line),
        ..step
    };
    steps.into_iter().map(step).collect()
}

/// `  - ERROR: node n1: text` with its code; `None` for what has none.
fn with_code(line: &str) -> Option<String> {
    let (level, rest) = line.strip_prefix("  - ")?.split_once(": ")?;
    let (object, text) = rest.split_once(": ")?;
    let (kind, name) = object.split_once(' ')?;
    let code = match (kind, text) {
        ("node", text) if text.starts_with("not enough memory") => "ENODEN1",
        ("node", _) => "ENODERPC",
        ("instance", text) if text.contains("not running") => "EINSTANCEDOWN",
        ("instance", _) => "EINSTANCEFAULTYDISK",
        _ => return None,
    };
    Some(format!("  - {level}:{code}:{kind}:{name}:{text}"))
}

fn silent_nodes(cluster: &Cluster, nodes: &[NodeId]) -> Vec<String> {
    let silent = |node: &&NodeId| {
        cluster.nodes[**node].role != Role::Offline && !cluster.nodes[**node].answers()
    };
    nodes
        .iter()
        .filter(silent)
        .map(|&node| {
            format!(
                "  - ERROR: node {}: while contacting node: Error 28: Connection timed out",
                cluster.node_name(node)
            )
        })
        .collect()
}

fn instances(cluster: &Cluster, nodes: &[NodeId]) -> Vec<String> {
    let mut lines = Vec::new();
    for (_, instance) in on(cluster, nodes) {
        let node = cluster.node_name(instance.primary);
        if instance.admin == Admin::Up && !instance.runs() {
            let name = &instance.name;
            lines.push(format!(
                "  - ERROR: instance {name}: instance not running on its primary node {node}"
            ));
        }
        if !instance.mirror.is_whole() {
            lines.push(format!(
                "  - WARNING: instance {}: disk/0 on {node} is degraded; local disk state is 'ok'",
                instance.name
            ));
        }
    }
    lines
}

/// The instances whose primary is among these nodes.
fn on<'a>(
    cluster: &'a Cluster,
    nodes: &'a [NodeId],
) -> impl Iterator<Item = (InstanceId, &'a super::instance::Instance)> {
    nodes
        .iter()
        .flat_map(|&node| cluster.nodes[node].primaries.iter())
        .filter_map(|id| cluster.instances.get(id).map(|instance| (*id, instance)))
}

/// Whose failure this node could not take over, by Ganeti's rule: `minmem` of all auto-balanced
/// instances of one primary against the free memory of this node.
pub fn shortages(cluster: &Cluster, node: NodeId) -> Vec<String> {
    if cluster.nodes[node].role == Role::Offline {
        return Vec::new();
    }
    let free = cluster.memory_free(node);
    let mut needed = vec![0; cluster.nodes.len()];
    for id in &cluster.nodes[node].secondaries {
        if let Some(instance) = cluster.instances.get(id).filter(|i| i.auto_balance) {
            needed[instance.primary] += instance.minmem;
        }
    }
    needed
        .into_iter()
        .enumerate()
        .filter(|(_, needed)| *needed > free)
        .map(|(other, needed)| {
            format!(
                "  - ERROR: node {}: not enough memory to accomodate instance failovers should \
                 node {} fail ({needed}MiB needed, {free}MiB available)",
                cluster.node_name(node),
                cluster.node_name(other)
            )
        })
        .collect()
}

fn notes(cluster: &Cluster, nodes: &[NodeId]) -> Vec<String> {
    let count = |wanted: &dyn Fn(&super::instance::Instance) -> bool| {
        on(cluster, nodes).filter(|(_, i)| wanted(i)).count()
    };
    let role = |role| {
        let has = |node: &&NodeId| cluster.nodes[**node].role == role;
        nodes.iter().filter(has).count()
    };
    [
        (
            count(&|i| i.template != Template::Drbd),
            "non-redundant instance(s)",
        ),
        (count(&|i| !i.auto_balance), "non-auto-balanced instance(s)"),
        (count(&|i| i.admin == Admin::Offline), "offline instance(s)"),
        (role(Role::Offline), "offline node(s)"),
        (role(Role::Drained), "drained node(s)"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("  - NOTICE: {count} {what} found."))
    .collect()
}
