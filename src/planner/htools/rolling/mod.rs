//! Rolling maintenance as hroller plans it: groups of nodes that can be rebooted together.

pub mod graph;
mod trial;

use std::collections::BTreeSet;

use super::cluster::Cluster;
use graph::{Graph, Order};
use trial::{Place, Trial};

/// What is asked. hroller's options have the same names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Only nodes of this group, by index.
    pub group: Option<usize>,
    /// Only nodes with one of these tags.
    pub tags: Option<Vec<String>>,
    /// All instances are down meanwhile.
    pub offline_maintenance: bool,
    /// Leave out nodes with a primary that has no secondary.
    pub skip_non_redundant: bool,
    /// As if all instances had a secondary.
    pub ignore_non_redundant: bool,
    /// Leave nothing on the nodes.
    pub full_evacuation: bool,
}

/// An instance that is elsewhere afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Index of the instance.
    pub instance: usize,
    /// Its primary then.
    pub primary: usize,
    /// Its secondary then, if its template has one.
    pub secondary: Option<usize>,
}

/// Nodes that go together, by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Nodes, in the order to be told.
    pub nodes: Vec<usize>,
    /// What has to move first, beside swapped primaries and secondaries.
    pub moves: Vec<Moved>,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Parts in their order, the master's last.
    pub parts: Vec<Part>,
    /// Every colouring that was tried.
    pub colourings: Vec<(Order, Vec<Vec<usize>>)>,
}

/// Why there is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stuck {
    /// No node is left to plan for.
    NoNodes,
    /// Instances without a secondary fit nowhere.
    NonRedundant,
    /// Primaries cannot go to their secondaries.
    Primaries,
    /// Secondaries fit nowhere.
    Secondaries,
}

impl std::fmt::Display for Stuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Stuck::NoNodes => "Cannot create node graph",
            Stuck::NonRedundant => "Not enough capacity to move non-redundant instances",
            Stuck::Primaries => "Failed to migrate instances off nodes",
            Stuck::Secondaries => "Not enough capacity to move secondaries",
        })
    }
}

/// Who must not go together.
///
/// # Errors
/// If no node is left.
pub fn graph(cluster: &Cluster, options: &Options) -> Result<Graph, Stuck> {
    let considered = considered(cluster, options);
    let graph = Graph::new(cluster, &considered, options.offline_maintenance);
    graph.ok_or(Stuck::NoNodes)
}

/// Plans, given who must not go together.
///
/// # Errors
/// Why that cannot be.
pub fn plan(cluster: &Cluster, options: &Options, graph: &Graph) -> Result<Plan, Stuck> {
    let considered = considered(cluster, options);
    let colourings = Order::ALL.map(|order| (order, order.colour(graph)));
    let fewest = colourings.iter().min_by_key(|(_, classes)| classes.len());
    let classes = fewest.map(|(_, classes)| classes.as_slice());
    let online: Vec<usize> = (0..cluster.nodes.len())
        .filter(|at| cluster.nodes.get(*at).is_some_and(|it| !it.offline))
        .collect();
    let start = Trial::new(cluster);
    let mut parts: Vec<(Vec<usize>, Trial<'_>)> = Vec::new();
    for class in classes.unwrap_or_default() {
        if options.ignore_non_redundant {
            parts.push((class.clone(), start.clone()));
            continue;
        }
        let split = split(class, &online, &start, leave_non_redundant);
        parts.extend(split.ok_or(Stuck::NonRedundant)?);
    }
    if options.full_evacuation {
        parts = evacuated(parts, &online)?;
    }
    let mut parts: Vec<Part> = parts
        .into_iter()
        .map(|(nodes, trial)| Part {
            nodes: nodes
                .into_iter()
                .filter(|it| considered.contains(it))
                .collect(),
            moves: moved(cluster, &trial.places),
        })
        .collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.nodes.len()));
    let master = |at: &usize| cluster.data.nodes.get(*at).is_some_and(|it| it.master);
    parts.sort_by_key(|part| part.nodes.iter().any(master));
    for part in &mut parts {
        part.nodes.sort_by_key(master);
    }
    Ok(Plan {
        parts,
        colourings: colourings.into(),
    })
}

fn considered(cluster: &Cluster, options: &Options) -> BTreeSet<usize> {
    let redundant = |at: usize| {
        let primaries = cluster.primaries.get(at).into_iter().flatten();
        let mut primaries = primaries.filter_map(|it| cluster.instances.get(*it));
        primaries.all(|it| it.has_secondary)
    };
    let tagged = |at: usize| {
        let Some(wanted) = &options.tags else {
            return true;
        };
        let tags = cluster.data.nodes.get(at).map(|it| it.tags.as_slice());
        let mut tags = tags.unwrap_or_default().iter();
        tags.any(|tag| wanted.contains(tag))
    };
    let nodes = cluster.nodes.iter().enumerate();
    nodes
        .filter(|(_, node)| !node.offline)
        .filter(|(_, node)| options.group.is_none_or(|group| node.group == group))
        .map(|(at, _)| at)
        .filter(|at| tagged(*at) && (!options.skip_non_redundant || redundant(*at)))
        .collect()
}

/// Empties a node onto these others, or says nothing.
type Leave = fn(&mut Trial<'_>, usize, &[usize]) -> Option<()>;

/// Nodes that go together, and where instances are then.
type Together<'a> = Vec<(Vec<usize>, Trial<'a>)>;

/// Cuts a class into parts whose nodes can be emptied one after the other onto other nodes of their group; each part
/// starts anew. Nothing if a part would be empty.
fn split<'a>(
    class: &[usize],
    online: &[usize],
    start: &Trial<'a>,
    leave: Leave,
) -> Option<Together<'a>> {
    let mut rest = class.to_vec();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let mut trial = start.clone();
        let mut targets = online.to_vec();
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for node in rest {
            let group = trial.group(node);
            let others: Vec<usize> = targets
                .iter()
                .copied()
                .filter(|at| *at != node && trial.group(*at) == group)
                .collect();
            let mut after = trial.clone();
            if leave(&mut after, node, &others).is_some() {
                trial = after;
                targets.retain(|at| *at != node);
                taken.push(node);
            } else {
                left.push(node);
            }
        }
        if taken.is_empty() {
            return None;
        }
        parts.push((taken, trial));
        rest = left;
    }
    Some(parts)
}

fn leave_non_redundant(trial: &mut Trial<'_>, node: usize, targets: &[usize]) -> Option<()> {
    for instance in trial.primaries(node, false) {
        let mut to = targets.iter();
        to.find_map(|to| trial.move_primary(instance, *to))?;
    }
    Some(())
}

fn leave_secondaries(trial: &mut Trial<'_>, node: usize, targets: &[usize]) -> Option<()> {
    for instance in trial.secondaries(node) {
        let primary = trial.places.get(instance).map(|place| place.0);
        let mut to = targets.iter().filter(|to| Some(**to) != primary);
        to.find_map(|to| trial.move_secondary(instance, *to))?;
    }
    Some(())
}

/// Moves primaries to their secondaries, and cuts parts so that all secondaries find another node.
fn evacuated<'a>(parts: Together<'a>, online: &[usize]) -> Result<Together<'a>, Stuck> {
    let mut emptied = Vec::new();
    for (nodes, mut trial) in parts {
        for node in &nodes {
            for instance in trial.primaries(*node, true) {
                trial.fail_over(instance).ok_or(Stuck::Primaries)?;
            }
        }
        emptied.push((nodes, trial));
    }
    let mut out = Vec::new();
    for (nodes, trial) in emptied {
        let split = split(&nodes, online, &trial, leave_secondaries);
        out.extend(split.ok_or(Stuck::Secondaries)?);
    }
    Ok(out)
}

/// Instances whose nodes are not the same two as before.
fn moved(cluster: &Cluster, places: &[Place]) -> Vec<Moved> {
    let all = cluster.instances.iter().zip(places).enumerate();
    all.filter_map(|(at, (before, (primary, secondary)))| {
        let secondary = secondary.filter(|_| before.has_secondary);
        let old = before.secondary.filter(|_| before.has_secondary);
        let same = (*primary, secondary) == (before.primary, old);
        let swapped = Some(*primary) == old && secondary == Some(before.primary);
        (!same && !swapped).then_some(Moved {
            instance: at,
            primary: *primary,
            secondary,
        })
    })
    .collect()
}
