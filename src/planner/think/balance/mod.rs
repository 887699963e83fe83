//! A plan to balance a group: hbal's own, move by move as it is found, and then the cost-aware one.

mod ask;
pub mod edit;
mod told;

pub use ask::{Ask, WHOLE};
pub use edit::{Edit, Edited, Gone};
pub use told::{Found, Move, Planned, Room, Teller, node_name, room};

use super::{Part, used_groups};
use crate::model::Name;
use crate::planner::htools::Cluster;
use crate::planner::htools::balance::Scope;
use crate::planner::htools::balance::candidates::Kinds;
use crate::planner::htools::balance::cheap::{self, Costs, Progress};
use crate::planner::htools::n1::{against_policy, bad_nodes};
use crate::planner::htools::score::{Score, score};

/// Whose plan it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The one that reaches hbal's score with less data to copy.
    #[default]
    CostAware,
    /// hbal's own: each move the one that lowers the score most.
    Hbal,
}

/// The group before anything has moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Its name.
    pub group: String,
    /// All groups that have nodes, with their scores.
    pub groups: Vec<(String, f64)>,
    /// Its score.
    pub score: Score,
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// How many of its nodes fail N+1.
    pub bad_nodes: usize,
    /// How many of its nodes are against their policy, which forbids moves to and fro.
    pub against_policy: usize,
    /// How many instances it has.
    pub instances: usize,
    /// How many of them have any move at all, as asked.
    pub movable: usize,
}

/// A node before anything has moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: Name,
    /// It is offline or drained, or nothing is known of it.
    pub offline: bool,
    /// All its memory, MiB.
    pub memory: f64,
    /// All its disk, MiB.
    pub disk: f64,
    /// What is free.
    pub room: Room,
}

/// Plans, hbal's moves one by one.
pub fn think(cluster: Cluster, ask: &Ask, tell: &mut dyn FnMut(Part) -> bool) {
    let (group, start) = match begin(&cluster, ask) {
        Ok(begun) => begun,
        Err(why) => {
            tell(Part::Failed(why));
            return;
        }
    };
    let scope = Scope::group(&cluster, group);
    let before = start.score.total();
    if !tell(Part::Start(Box::new(start))) {
        return;
    }
    let teller = Teller::of(&cluster, &scope);
    let costs = Costs {
        percent: f64::from(ask.stop_at),
        ..Costs::default()
    };
    let (mut moves, mut last, mut tried) = (Vec::new(), before, 0_usize);
    let mut go_on = |progress: Progress<'_>| match progress {
        Progress::Hbal(step, balancer) => {
            let gain = last - step.score;
            last = step.score;
            let told = teller.told(balancer.cluster(), step, gain, balancer.score());
            moves.push(told.clone());
            tell(Part::Move(Box::new(told)))
        }
        Progress::Hbals(steps) => {
            moves.truncate(steps.len());
            let hbals = Found::of(&cluster, before, steps, std::mem::take(&mut moves));
            tell(Part::Found(Kind::Hbal, Box::new(hbals)))
        }
        Progress::Cheap(_) => {
            tried = tried.saturating_add(1);
            tell(Part::Seeking(tried))
        }
    };
    let Some(plans) = cheap::plan(&cluster, &scope, &ask.options(), &costs, &mut go_on) else {
        return;
    };
    let planned = plans.cheap.steps.iter().map(|it| Planned {
        instance: it.step.instance,
        to: it.step.to,
        before: it.step.before,
    });
    let planned: Vec<(usize, Planned)> = (1..).zip(planned).collect();
    let mut after = cluster.clone();
    let (steps, moves) = teller.replay(
        &mut after,
        ask.ignore_soft_errors,
        &planned,
        &mut Vec::new(),
    );
    let found = Found::of(&cluster, before, &steps, moves);
    tell(Part::Found(Kind::CostAware, Box::new(found)));
}

/// The group that is asked for, and how it is now.
fn begin(cluster: &Cluster, ask: &Ask) -> Result<(usize, Start), String> {
    let groups: Vec<(usize, String, f64)> = used_groups(cluster)
        .into_iter()
        .map(|(at, name)| {
            let nodes = Scope::group(cluster, at).nodes;
            (at, name, score(cluster, &nodes).total())
        })
        .collect();
    let group = match &ask.group {
        Some(wanted) => {
            let found = groups.iter().find(|(_, name, _)| name == wanted);
            found.ok_or_else(|| format!("there is no group {wanted} with nodes"))?
        }
        None => {
            let worst = groups.iter().max_by(|a, b| a.2.total_cmp(&b.2));
            worst.ok_or("there are no nodes")?
        }
    };
    let scope = Scope::group(cluster, group.0);
    let start = Start {
        movable: movable(cluster, &scope, ask),
        ..start(cluster, &scope, group.0, &groups)
    };
    Ok((group.0, start))
}

/// How many instances have any move that is looked at.
fn movable(cluster: &Cluster, scope: &Scope, ask: &Ask) -> usize {
    let options = ask.options();
    let online = scope.online(cluster);
    let movable = |at: &&usize| {
        let inside = |node: usize| online.contains(&node);
        let instance = cluster.instances.get(**at);
        instance.is_some_and(|it| !Kinds::of(cluster, it, &options, inside).none())
    };
    scope.instances.iter().filter(movable).count()
}

fn start(cluster: &Cluster, scope: &Scope, group: usize, all: &[(usize, String, f64)]) -> Start {
    let name = cluster.data.groups.get(group).map(|it| it.name.clone());
    let node = |at: &usize| {
        let node = cluster.nodes.get(*at)?;
        Some(Node {
            name: node_name(cluster, *at),
            offline: node.offline,
            memory: node.total_memory,
            disk: node.total_disk,
            room: room(cluster, *at)?,
        })
    };
    Start {
        group: name.unwrap_or_default(),
        groups: all.iter().map(|it| (it.1.clone(), it.2)).collect(),
        score: score(cluster, &scope.nodes),
        nodes: scope.nodes.iter().filter_map(node).collect(),
        bad_nodes: bad_nodes(cluster, &scope.nodes).len(),
        against_policy: scope
            .nodes
            .iter()
            .filter(|at| against_policy(cluster, **at).is_some())
            .count(),
        instances: scope.instances.len(),
        movable: 0,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use proptest::prelude::*;

    use super::*;
    use crate::planner::htools::Setup;
    use crate::planner::htools::tests::{cluster as any_cluster, shape};
    use crate::planner::n1::tests::{nodes, put};

    fn parts(cluster: Cluster, ask: &Ask) -> Vec<Part> {
        let mut parts = Vec::new();
        think(cluster, ask, &mut |part| {
            parts.push(part);
            true
        });
        parts
    }

    fn lopsided() -> Cluster {
        let mut data = nodes(4);
        for _ in 0..6 {
            put(&mut data, 2_000, 0, Some(1));
        }
        Cluster::new(data, &Setup::default()).unwrap()
    }

    #[test]
    fn it_stops_when_it_is_told_to() {
        let mut told = 0;
        think(lopsided(), &Ask::default(), &mut |_| {
            told += 1;
            told < 3
        });
        assert_eq!(told, 3);
    }

    #[test]
    fn hbals_plan_is_looked_for_once_and_told_before_the_other_is_sought() {
        let parts = parts(lopsided(), &Ask::default());
        let at = |wanted: fn(&Part) -> bool| parts.iter().position(wanted).unwrap();
        let last = |wanted: fn(&Part) -> bool| parts.iter().rposition(wanted).unwrap();
        let whole = at(|it| matches!(it, Part::Found(Kind::Hbal, _)));
        assert!(last(|it| matches!(it, Part::Move(_))) < whole);
        assert!(whole < at(|it| matches!(it, Part::Seeking(_))));
        let told = parts.iter().filter(|it| matches!(it, Part::Move(_)));
        assert_eq!(told.count(), found(&parts, Kind::Hbal).moves.len());
    }

    /// What each kind of plan comes to.
    fn found(parts: &[Part], wanted: Kind) -> &Found {
        let mut found = parts.iter().filter_map(|part| match part {
            Part::Found(kind, found) if *kind == wanted => Some(&**found),
            _ => None,
        });
        found.next().unwrap()
    }

    #[test]
    fn without_disk_moves_nothing_is_copied() {
        let ask = Ask {
            disk_moves: false,
            ..Ask::default()
        };
        let with = parts(lopsided(), &Ask::default());
        assert!(found(&with, Kind::Hbal).copy() > 0);
        let without = parts(lopsided(), &ask);
        for kind in [Kind::Hbal, Kind::CostAware] {
            assert_eq!(found(&without, kind).copy(), 0);
        }
    }

    #[test]
    fn a_part_of_the_gain_takes_fewer_moves() {
        let ask = Ask {
            stop_at: 50,
            ..Ask::default()
        };
        let (whole, part) = (parts(lopsided(), &Ask::default()), parts(lopsided(), &ask));
        let Some(Part::Start(start)) = part.first() else {
            panic!("no start")
        };
        let before = start.score.total();
        let last = |found: &Found| found.moves.last().unwrap().score.total();
        let goal = (before + last(found(&whole, Kind::Hbal))) / 2.0;
        for kind in [Kind::Hbal, Kind::CostAware] {
            let it = found(&part, kind);
            assert!(it.moves.len() < found(&whole, kind).moves.len());
            assert!(last(it) <= goal + 1e-9);
        }
    }

    #[test]
    fn instances_that_no_move_is_for_are_counted_apart() {
        let mut data = nodes(3);
        put(&mut data, 1_000, 0, Some(1));
        put(&mut data, 1_000, 0, None);
        data.instances[1].template = crate::planner::htools::policy::Template::Plain;
        let cluster = Cluster::new(data, &Setup::default()).unwrap();
        let parts = parts(cluster, &Ask::default());
        let Some(Part::Start(start)) = parts.first() else {
            panic!("no start")
        };
        assert_eq!((start.movable, start.instances), (1, 2));
    }

    #[test]
    fn a_group_that_is_not_there_is_not_replaced_by_another() {
        let ask = Ask {
            group: Some("no-such".to_owned()),
            ..Ask::default()
        };
        let why = "there is no group no-such with nodes".to_owned();
        assert_eq!(parts(lopsided(), &ask), [Part::Failed(why)]);
    }

    #[test]
    fn an_instance_that_is_spared_stays() {
        let mut data = nodes(4);
        for _ in 0..6 {
            put(&mut data, 2_000, 0, Some(1));
        }
        data.instances[2].tags = vec!["stay".to_owned()];
        let ask = Ask {
            not_tag: Some("stay".to_owned()),
            ..Ask::default()
        };
        let setup = ask.setup(&data, Default::default()).unwrap();
        let parts = parts(Cluster::new(data, &setup).unwrap(), &ask);
        for kind in [Kind::Hbal, Kind::CostAware] {
            let moves = &found(&parts, kind).moves;
            assert!(!moves.is_empty());
            assert!(moves.iter().all(|it| it.planned.instance != 2));
        }
    }

    proptest! {
        #[test]
        fn the_rooms_of_the_moves_add_up_to_the_cluster_after_them(data in shape().prop_flat_map(any_cluster)) {
            let cluster = Cluster::new(data, &Setup::default()).unwrap();
            let parts = parts(cluster.clone(), &Ask::default());
            let Some(Part::Start(start)) = parts.first() else { panic!("no start") };
            let group = cluster.data.groups.iter().position(|it| it.name == start.group).unwrap();
            let scope = Scope::group(&cluster, group);
            let told = parts.iter().filter(|part| matches!(part, Part::Move(_))).count();
            prop_assert_eq!(found(&parts, Kind::Hbal).moves.len(), told);
            for kind in [Kind::Hbal, Kind::CostAware] {
                let mut cluster = cluster.clone();
                let mut rooms: Vec<Room> = start.nodes.iter().map(|node| node.room).collect();
                let mut total = start.score.total();
                let found = found(&parts, kind);
                for it in &found.moves {
                    for (place, room) in &it.rooms {
                        rooms[*place] = *room;
                    }
                    prop_assert!((total - it.gain - it.score.total()).abs() < 1e-9);
                    total = it.score.total();
                    let outcome = cluster.outcome(it.planned.instance, it.planned.to, false).unwrap();
                    cluster.make(it.planned.instance, &outcome);
                }
                prop_assert!(found.moves.iter().map(|it| it.set.unwrap()).is_sorted());
                prop_assert!(found.in_line <= found.copy());
                let after: Vec<Room> = scope.nodes.iter().filter_map(|at| room(&cluster, *at)).collect();
                prop_assert_eq!(rooms, after);
            }
            let last = |kind| found(&parts, kind).moves.last().map_or(start.score.total(), |it| it.score.total());
            prop_assert!(last(Kind::CostAware) <= last(Kind::Hbal) + 1e-9 || start.score.total().is_nan());
        }
    }
}
