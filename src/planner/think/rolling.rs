//! A plan for reboots: which nodes go together, and what must leave them first.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::used_groups;
use crate::model::Name;
use crate::planner::htools::Cluster;
use crate::planner::htools::policy::Mirror;
use crate::planner::htools::rolling::{self, Options, Part, Stuck};

/// What is asked. hroller's options have the same names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// All instances are down meanwhile.
    pub offline_maintenance: bool,
    /// Instances without a second copy go down with their node.
    pub ignore_non_redundant: bool,
    /// Only nodes of this group.
    pub group: Option<String>,
    /// Only nodes with this tag.
    pub tag: Option<String>,
}

/// A plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// All groups that have nodes.
    pub groups: Vec<String>,
    /// All tags of nodes.
    pub tags: Vec<String>,
    /// What is done, one step after the other.
    pub steps: Vec<Step>,
    /// Nodes that were asked for and take no part: offline, drained, or not known.
    pub left_out: Vec<Name>,
    /// Why there are none.
    pub why: Option<String>,
    /// That is so for instances without a second copy, which find no other node.
    pub non_redundant: bool,
}

/// Nodes that are rebooted together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The nodes.
    pub nodes: Vec<Name>,
    /// The master is one of them.
    pub master: bool,
    /// What becomes of the instances that run there.
    pub guests: Vec<Guest>,
    /// Nodes that have not the memory for what comes, and how much is missing, MiB.
    pub short: Vec<(Name, i64)>,
    /// Nodes that take nothing, as they are offline, drained, or not known, and how many instances would go there.
    pub closed: Vec<(Name, usize)>,
}

/// What becomes of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The instance.
    pub instance: Name,
    /// Where it runs.
    pub from: Name,
    /// Where it goes.
    pub to: Option<Name>,
    /// How.
    pub way: Way,
}

/// How an instance gets out of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Migrated to its secondary.
    Migrate,
    /// Migrated over shared storage.
    Elsewhere,
    /// Its disks are moved while it is down.
    Move,
    /// It goes down with its node.
    Down,
}

/// Plans.
///
/// # Errors
/// What is wrong with the cluster.
pub fn think(cluster: &Cluster, ask: &Ask) -> Result<Plan, String> {
    if cluster.data.nodes.iter().filter(|it| it.master).count() > 1 {
        return Err("more than one node is the master".to_owned());
    }
    let groups = used_groups(cluster);
    let mut tags: Vec<String> = cluster
        .data
        .nodes
        .iter()
        .flat_map(|it| it.tags.clone())
        .collect();
    tags.sort();
    tags.dedup();
    let group = groups
        .iter()
        .find(|(_, name)| Some(name) == ask.group.as_ref());
    if let (Some(wanted), None) = (&ask.group, group) {
        return Err(format!("there is no group {wanted} with nodes"));
    }
    let options = Options {
        group: group.map(|(at, _)| *at),
        tags: ask.tag.clone().map(|tag| vec![tag]),
        offline_maintenance: ask.offline_maintenance,
        ignore_non_redundant: ask.ignore_non_redundant || ask.offline_maintenance,
        ..Options::default()
    };
    let plan = rolling::graph(cluster, &options);
    let plan = plan.and_then(|graph| rolling::plan(cluster, &options, &graph));
    let nodes = cluster.data.nodes.iter().zip(&cluster.nodes);
    let left_out = nodes.filter(|(loaded, node)| {
        let grouped = options.group.is_none_or(|group| node.group == group);
        let tagged = ask.tag.as_ref().is_none_or(|tag| loaded.tags.contains(tag));
        node.offline && grouped && tagged
    });
    let left_out = left_out.map(|(loaded, _)| Arc::from(loaded.name.as_str()));
    let non_redundant = plan.as_ref().err() == Some(&Stuck::NonRedundant);
    let (steps, why) = match plan {
        Ok(plan) => {
            let parts = plan.parts.iter().filter(|part| !part.nodes.is_empty());
            let steps = parts.map(|part| step(cluster, ask, part));
            (steps.collect(), None)
        }
        Err(stuck) => (Vec::new(), Some(stuck.to_string())),
    };
    Ok(Plan {
        groups: groups.into_iter().map(|(_, name)| name).collect(),
        tags,
        steps,
        left_out: left_out.collect(),
        why,
        non_redundant,
    })
}

fn step(cluster: &Cluster, ask: &Ask, part: &Part) -> Step {
    let node = |at: usize| -> Name {
        let node = cluster.data.nodes.get(at);
        Arc::from(node.map_or("", |it| it.name.as_str()))
    };
    let mut guests = Vec::new();
    let mut arrivals: BTreeMap<usize, (i64, usize)> = BTreeMap::new();
    for from in &part.nodes {
        // The oldest first.
        let primaries = cluster.primaries.get(*from).into_iter().flatten().rev();
        for at in primaries {
            let Some(instance) = cluster.instances.get(*at).filter(|it| it.uses_memory) else {
                continue;
            };
            let moved = part.moves.iter().find(|it| it.instance == *at);
            let (way, to) = if ask.offline_maintenance {
                (Way::Down, None)
            } else if instance.has_secondary {
                (Way::Migrate, instance.secondary)
            } else {
                match moved {
                    Some(moved) if instance.mirror == Mirror::External => {
                        (Way::Elsewhere, Some(moved.primary))
                    }
                    Some(moved) => (Way::Move, Some(moved.primary)),
                    None => (Way::Down, None),
                }
            };
            if let Some(to) = to {
                let (sum, count) = arrivals.entry(to).or_default();
                *sum = sum.saturating_add(instance.memory);
                *count += 1;
            }
            let name = cluster.data.instances.get(*at);
            guests.push(Guest {
                instance: Arc::from(name.map_or("", |it| it.name.as_str())),
                from: node(*from),
                to: to.map(node),
                way,
            });
        }
    }
    let takes = |to: usize| cluster.nodes.get(to).is_some_and(|it| !it.offline);
    let closed = arrivals.iter().filter(|(to, _)| !takes(**to));
    let closed = closed.map(|(to, (_, count))| (node(*to), *count)).collect();
    let short = arrivals.into_iter().filter_map(|(to, (wanted, _))| {
        if !takes(to) {
            return None;
        }
        let free = cluster.figures.get(to)?.unallocated;
        let missing = wanted.saturating_sub(free);
        (missing > 0).then(|| (node(to), missing))
    });
    let master = |at: &usize| cluster.data.nodes.get(*at).is_some_and(|it| it.master);
    Step {
        nodes: part.nodes.iter().map(|at| node(*at)).collect(),
        master: part.nodes.iter().any(master),
        guests,
        short: short.collect(),
        closed,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::planner::htools::Setup;
    use crate::planner::htools::data::Data;
    use crate::planner::htools::policy::Template;
    use crate::planner::n1::tests::{nodes, put};

    fn plan(data: &Data, ask: &Ask) -> Plan {
        think(&Cluster::new(data.clone(), &Setup::default()).unwrap(), ask).unwrap()
    }

    fn ways(data: &Data, ask: &Ask) -> Vec<Way> {
        let plan = plan(data, ask);
        let guests = plan.steps.iter().flat_map(|it| &it.guests);
        guests.map(|it| it.way).collect()
    }

    #[test]
    fn the_two_nodes_of_an_instance_do_not_go_together() {
        let mut data = nodes(2);
        data.nodes[0].master = true;
        put(&mut data, 1_000, 0, Some(1));
        let plan = plan(&data, &Ask::default());
        assert_eq!(plan.steps.len(), 2);
        let last = &plan.steps[1];
        assert!(last.master && !plan.steps[0].master);
        assert_eq!(
            last.guests[0].to,
            Some(Arc::from(data.nodes[1].name.as_str()))
        );
        assert_eq!(last.guests[0].way, Way::Migrate);
    }

    #[test]
    fn a_secondary_without_the_memory_is_named_with_what_it_lacks() {
        let mut data = nodes(2);
        let free = data.nodes[1].free_memory;
        put(&mut data, free + 500, 0, Some(1));
        let plan = plan(&data, &Ask::default());
        let of_first = plan.steps.iter().find(|it| !it.guests.is_empty());
        let short = &of_first.unwrap().short;
        assert_eq!(&*short[0].0, data.nodes[1].name);
        assert!(short[0].1 > 0);
    }

    #[test]
    fn a_group_that_is_gone_is_not_taken_for_all_of_them() {
        let cluster = Cluster::new(nodes(2), &Setup::default()).unwrap();
        let ask = Ask {
            group: Some("gone".to_owned()),
            ..Ask::default()
        };
        let why = think(&cluster, &ask).unwrap_err();
        assert_eq!(why, "there is no group gone with nodes");
    }

    #[test]
    fn a_secondary_that_is_offline_takes_nothing() {
        let mut data = nodes(3);
        put(&mut data, 1_000, 0, Some(1));
        data.nodes[1].offline = true;
        let plan = plan(&data, &Ask::default());
        let step = plan.steps.iter().find(|it| !it.guests.is_empty());
        let name: Name = Arc::from(data.nodes[1].name.as_str());
        assert_eq!(step.unwrap().closed, [(name.clone(), 1)]);
        assert_eq!(plan.left_out, [name]);
    }

    #[test]
    fn what_is_not_redundant_moves_or_goes_down() {
        let mut data = nodes(3);
        put(&mut data, 1_000, 0, None);
        assert_eq!(ways(&data, &Ask::default()), [Way::Elsewhere]);
        data.instances[0].template = Template::Plain;
        let ways = |ask: &Ask| ways(&data, ask);
        assert_eq!(ways(&Ask::default()), [Way::Move]);
        let ignore = Ask {
            ignore_non_redundant: true,
            ..Ask::default()
        };
        assert_eq!(ways(&ignore), [Way::Down]);
        let offline = Ask {
            offline_maintenance: true,
            ..Ask::default()
        };
        assert_eq!(ways(&offline), [Way::Down]);
    }

    #[test]
    fn a_tag_that_no_node_has_leaves_nothing_to_do() {
        let ask = Ask {
            tag: Some("old".to_owned()),
            ..Ask::default()
        };
        let plan = plan(&nodes(2), &ask);
        assert!(plan.steps.is_empty() && plan.why.is_some());
    }
}
