//! hsqueeze: which nodes can be switched off and still leave room, or which must be switched on to have some.

use super::balance::{self, Balancer, Scope, Step};
use super::cluster::Cluster;
use super::data::{self, Status};
use super::instance::Instance;
use super::node::Node;
use super::operations::{Arrival, add_primary};
use super::policy::Template;

/// How a node's tags say that it may be switched on when needed.
pub const STANDBY: &str = "htools:standby:";

/// What shall be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Switch nodes on.
    Online,
    /// Switch nodes off, if any.
    Offline,
}

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Nodes that could be switched off, those with most primaries first.
    pub could_go: Vec<usize>,
    /// Nodes that could be switched on.
    pub could_come: Vec<usize>,
    /// What is done with the nodes.
    pub direction: Direction,
    /// Nodes to be switched.
    pub nodes: Vec<usize>,
    /// There is room enough afterwards.
    pub enough: bool,
    /// Moves, after nodes are switched on or before they are switched off.
    pub steps: Vec<Step>,
    /// The cluster afterwards.
    pub after: Cluster,
}

/// Plans. Each node is to have room for the cluster's usual instance, so many times as large: with less than `minimal`
/// nodes are switched on, and `target` stays when they are switched off.
pub fn plan(cluster: &Cluster, minimal: f64, target: f64) -> Plan {
    let (minimal, target) = (usual(cluster, minimal), usual(cluster, target));
    let all = cluster.nodes.iter().enumerate();
    let going = |(at, node): &(usize, &Node)| !node.offline && may_go(cluster, *at);
    let mut could_go: Vec<usize> = all.clone().filter(going).map(|(at, _)| at).collect();
    could_go.sort_by_key(|at| std::cmp::Reverse(cluster.primaries.get(*at).map_or(0, Vec::len)));
    let standby = |(at, node): &(usize, &Node)| {
        let tags = cluster.data.nodes.get(*at).map(|it| it.tags.as_slice());
        let mut tags = tags.unwrap_or_default().iter();
        node.offline && tags.any(|tag| tag.starts_with(STANDBY))
    };
    let could_come: Vec<usize> = all.filter(standby).map(|(at, _)| at).collect();
    let plan =
        |direction, nodes: &[usize], enough: bool, (after, steps): (Cluster, Vec<Step>)| Plan {
            could_go: could_go.clone(),
            could_come: could_come.clone(),
            direction,
            nodes: nodes.to_vec(),
            enough,
            steps,
            after,
        };
    if room(cluster, &minimal) {
        let (mut nodes, mut found) = (Vec::new(), (cluster.clone(), Vec::new()));
        for at in could_go.iter().rev() {
            let mut more = vec![*at];
            more.extend(&nodes);
            let switched = switched(cluster, &more, true);
            if fine(&switched.0, &target) {
                (nodes, found) = (more, switched);
            }
        }
        return plan(Direction::Offline, &nodes, true, found);
    }
    for count in 0..could_come.len() {
        let nodes = could_come.get(..count).unwrap_or_default();
        let switched = switched(cluster, nodes, false);
        if fine(&switched.0, &minimal) {
            return plan(Direction::Online, nodes, true, switched);
        }
    }
    let switched = switched(cluster, &could_come, false);
    let enough = fine(&switched.0, &minimal);
    plan(Direction::Online, &could_come, enough, switched)
}

/// No secondaries, and every primary can be moved without its disks; not the master.
fn may_go(cluster: &Cluster, at: usize) -> bool {
    let master = cluster.data.nodes.get(at).is_none_or(|it| it.master);
    let secondaries = cluster.secondaries.get(at).is_some_and(Vec::is_empty);
    let primaries = cluster.primaries.get(at).into_iter().flatten();
    let mut primaries = primaries.filter_map(|it| cluster.instances.get(*it));
    !master && secondaries && primaries.all(|it| !it.local)
}

/// The cluster with these nodes switched, and balanced.
fn switched(cluster: &Cluster, nodes: &[usize], offline: bool) -> (Cluster, Vec<Step>) {
    let mut after = cluster.clone();
    for at in nodes {
        if let Some(node) = after.nodes.get_mut(*at) {
            node.offline = offline;
        }
    }
    let scope = Scope::all(&after);
    let options = balance::Options {
        min_gain: 0.0,
        min_gain_limit: 0.0,
        min_score: f64::NEG_INFINITY,
        ..balance::Options::default()
    };
    let steps = Balancer::new(&mut after, &scope, &options).collect();
    (after, steps)
}

/// No primary is on an offline node, and there is room.
fn fine(cluster: &Cluster, wanted: &Instance) -> bool {
    let online = |it: &Instance| {
        cluster
            .nodes
            .get(it.primary)
            .is_some_and(|node| !node.offline)
    };
    cluster.instances.iter().all(online) && room(cluster, wanted)
}

/// Every node, offline ones too, takes one such instance.
fn room(cluster: &Cluster, wanted: &Instance) -> bool {
    let nodes = cluster.nodes.iter().zip(&cluster.figures);
    nodes
        .into_iter()
        .all(|(node, now)| add_primary(node, now, wanted, false, Arrival::default()).is_ok())
}

/// The cluster's usual instance, so many times as large, without disks.
fn usual(cluster: &Cluster, factor: f64) -> Instance {
    let usual = &cluster.data.policy.standard;
    // No factor, however odd, leads to an overflow.
    let most = (1_i64 << 40) as f64;
    let times = |size: i64| (size as f64 * factor).floor().clamp(-most, most) as i64;
    let instance = data::Instance {
        name: String::new(),
        memory: times(usual.memory),
        disk: 0,
        disks: Vec::new(),
        vcpus: times(usual.cpus),
        status: Status::Running,
        auto_balance: false,
        primary: usize::MAX,
        secondary: None,
        template: Template::Ext,
        tags: Vec::new(),
        spindle_use: times(usual.spindle_use),
        spindles: None,
        forthcoming: false,
    };
    Instance::new(&instance, String::new(), [0.0; 4])
}
