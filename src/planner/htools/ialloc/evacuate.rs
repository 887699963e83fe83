//! Instances whose nodes are left: to other nodes of their group, or to another group.

use std::collections::BTreeSet;

use super::allocate::{Search, used_groups};
use super::answer::{Answer, Found, Moved};
use super::request::Mode;
use super::{Ways, show};
use crate::planner::htools::alloc::Newcomer;
use crate::planner::htools::balance::Scope;
use crate::planner::htools::board::Board;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::moves::{Move, Outcome};
use crate::planner::htools::node::Refusal;
use crate::planner::htools::policy::Mirror;

/// Another node instead of one.
pub fn relocate(
    cluster: &mut Cluster,
    at: usize,
    from: &[usize],
    wanted: i64,
    ways: &Ways,
) -> Answer {
    let Some(instance) = cluster.instances.get(at) else {
        return Answer::failed("Instance is not in the cluster");
    };
    if wanted != 1 {
        return Answer::failed(format!("Exchange {wanted} nodes mode is not implemented"));
    }
    let (role, own, mode) = match instance.mirror {
        Mirror::None => return Answer::failed("Can't relocate non-mirrored instances"),
        Mirror::Internal => ("secondary", instance.secondary, Mode::Secondary),
        Mirror::External => ("primary", Some(instance.primary), Mode::Primary),
    };
    if own.is_none_or(|own| from != [own]) {
        let own = own.map_or("-1".to_owned(), |own| own.to_string());
        let from: Vec<String> = from.iter().map(ToString::to_string).collect();
        let from = from.join(",");
        return Answer::failed(format!(
            "Unsupported request: excluded nodes not equal to instance's {role}({own} versus [{from}])"
        ));
    }
    let group = cluster.nodes.get(instance.primary).map_or(0, |it| it.group);
    let left: BTreeSet<usize> = from.iter().copied().collect();
    let way = Way {
        group,
        targets: targets(cluster, group, at, &left),
        mode,
        ways,
    };
    match way.evacuate(cluster, at) {
        Ok(moved) => {
            let nodes = match mode {
                Mode::Secondary => moved.nodes.get(1),
                Mode::Primary | Mode::All => moved.nodes.first(),
            };
            Answer::of(
                "success",
                Found::Nodes(nodes.copied().into_iter().collect()),
            )
        }
        Err(why) => Answer::failed(why),
    }
}

/// Other nodes of the groups that the instances are in.
pub fn nodes(cluster: &mut Cluster, instances: &[usize], mode: Mode, ways: &Ways) -> Answer {
    let own = instances.iter().filter_map(|at| cluster.instances.get(*at));
    let left = own.flat_map(|it| {
        let secondary = it.secondary.filter(|_| it.has_secondary);
        let (primary, secondary) = match mode {
            Mode::Primary => (Some(it.primary), None),
            Mode::Secondary => (None, secondary),
            Mode::All => (Some(it.primary), secondary),
        };
        primary.into_iter().chain(secondary)
    });
    let left: BTreeSet<usize> = left.collect();
    all(instances, |at| {
        let primary = cluster.instances.get(at).map_or(0, |it| it.primary);
        let group = cluster.nodes.get(primary).map_or(0, |it| it.group);
        let way = Way {
            group,
            targets: targets(cluster, group, at, &left),
            mode,
            ways,
        };
        way.evacuate(cluster, at)
    })
}

/// Other groups: one of these, or any.
pub fn groups(cluster: &mut Cluster, instances: &[usize], wanted: &[usize], ways: &Ways) -> Answer {
    let group = |node: usize| cluster.nodes.get(node).map(|it| it.group);
    let own = instances.iter().filter_map(|at| cluster.instances.get(*at));
    let own: BTreeSet<usize> = own.flat_map(|it| it.nodes()).filter_map(group).collect();
    let asked = match wanted {
        [] => used_groups(cluster),
        wanted => wanted.to_vec(),
    };
    let allowed: Vec<usize> = asked.into_iter().filter(|at| !own.contains(at)).collect();
    all(instances, |at| change_group(cluster, at, &allowed, ways))
}

/// Moves one after another, each where those before have gone.
fn all(instances: &[usize], mut go: impl FnMut(usize) -> Result<Moved, String>) -> Answer {
    let (mut moved, mut failed) = (Vec::new(), Vec::new());
    for at in instances {
        match go(*at) {
            Ok(it) => moved.push(it),
            Err(why) => failed.push((*at, why)),
        }
    }
    let (bad, good) = (failed.len(), moved.len());
    Answer::of(
        format!("{bad} instances failed to move and {good} were moved successfully"),
        Found::Moved { moved, failed },
    )
}

fn change_group(
    cluster: &mut Cluster,
    at: usize,
    allowed: &[usize],
    ways: &Ways,
) -> Result<Moved, String> {
    let used = used_groups(cluster);
    let choice: Vec<usize> = used
        .iter()
        .copied()
        .filter(|group| allowed.contains(group))
        .collect();
    if choice.is_empty() {
        let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        let groups: Vec<String> = used
            .iter()
            .filter_map(|at| Some(show::group(*at, cluster.data.groups.get(*at)?)))
            .collect();
        return Err(format!(
            "no groups for evacuation: allowed groups was Just [{}], all groups: [{}]",
            allowed.join(","),
            groups.join(",")
        ));
    }
    let loaded = cluster.data.instances.get(at).cloned();
    let loaded = loaded.ok_or("Instance is not in the cluster")?;
    let load = cluster.instances.get(at).map_or([0.0; 4], |it| it.load);
    let internal = loaded.template.mirror() == Mirror::Internal;
    let newcomer = Newcomer::new(cluster, loaded, load);
    let search = Search {
        newcomer: &newcomer,
        wanted: if internal { 2 } else { 1 },
        networks: ways.networks.get(at).map_or(&[], Vec::as_slice),
        only: None,
        ways,
        dedicated: false,
    };
    let (best, said) = search.best(cluster, &choice);
    let (group, _) = best.ok_or_else(|| said.join(", "))?;
    let way = Way {
        group,
        targets: targets(cluster, group, at, &BTreeSet::new()),
        mode: Mode::All,
        ways,
    };
    way.evacuate(cluster, at)
}

/// Online nodes of a group that an instance can go to.
fn targets(cluster: &Cluster, group: usize, at: usize, left: &BTreeSet<usize>) -> Vec<usize> {
    let primary = cluster.instances.get(at).map(|it| it.primary);
    let mut online = Scope::group(cluster, group).online(cluster);
    online.retain(|node| !left.contains(node) && Some(*node) != primary);
    online
}

/// How one instance leaves its nodes.
struct Way<'a> {
    group: usize,
    targets: Vec<usize>,
    mode: Mode,
    ways: &'a Ways,
}

impl Way<'_> {
    /// Moves it.
    fn evacuate(&self, cluster: &mut Cluster, at: usize) -> Result<Moved, String> {
        let (Some(instance), Some(loaded)) =
            (cluster.instances.get(at), cluster.data.instances.get(at))
        else {
            return Err("Instance is not in the cluster".to_owned());
        };
        let template = loaded.template.word();
        let moves = match (instance.mirror, self.mode) {
            (Mirror::None, _) => {
                return Err(format!("Instances of type {template} cannot be relocated"));
            }
            (Mirror::External, Mode::Secondary) => {
                return Err(format!(
                    "Instances with disk template '{template}' can't execute change secondary"
                ));
            }
            (Mirror::External, _) => vec![self.best(cluster, at, Move::FailoverToAny)?],
            (Mirror::Internal, Mode::Primary) => vec![Move::Failover],
            (Mirror::Internal, Mode::Secondary) => {
                vec![self.best(cluster, at, Move::ReplaceSecondary)?]
            }
            (Mirror::Internal, Mode::All) => self.both(cluster, at)?,
        };
        let moves = self.make(cluster, at, &moves)?;
        let instance = cluster.instances.get(at);
        let nodes = instance.map(|it| it.nodes().collect()).unwrap_or_default();
        Ok(Moved {
            instance: at,
            group: self.group,
            nodes,
            moves,
        })
    }

    fn outcome(&self, cluster: &Cluster, at: usize, to: Move) -> Result<Outcome, Refusal> {
        cluster.outcome(at, to, self.ways.ignore_soft_errors)
    }

    fn make(&self, cluster: &mut Cluster, at: usize, moves: &[Move]) -> Result<Vec<Move>, String> {
        for to in moves {
            let outcome = self.outcome(cluster, at, *to);
            let outcome = outcome.map_err(|refusal| refusal.word().to_owned())?;
            cluster.make(at, &outcome);
        }
        Ok(moves.to_vec())
    }

    /// The move to the target that leaves the group with the lowest score; of equal ones the last.
    fn best(
        &self,
        cluster: &Cluster,
        at: usize,
        to: impl Fn(usize) -> Move,
    ) -> Result<Move, String> {
        let mut board = Board::new(cluster, &Scope::group(cluster, self.group).nodes);
        let mut best: Option<(f64, Move)> = None;
        let mut failed = String::new();
        for node in &self.targets {
            let score = match self.outcome(cluster, at, to(*node)) {
                Ok(outcome) => match cluster.instances.get(at) {
                    Some(instance) => board.score_with(cluster, instance, &outcome),
                    None => continue,
                },
                Err(refusal) => {
                    let name = cluster.data.nodes.get(*node).map(|it| it.name.as_str());
                    let (name, word) = (name.unwrap_or_default(), refusal.word());
                    failed += &format!(" Node {name} failed: {word};");
                    continue;
                }
            };
            if best.is_none_or(|(least, _)| score <= least) {
                best = Some((score, to(*node)));
            }
        }
        let (_, to) = best.ok_or_else(|| format!("Can't find any good node: {failed}"))?;
        Ok(to)
    }

    /// Both nodes of a DRBD instance are left: of all pairs of targets the best.
    fn both(&self, cluster: &Cluster, at: usize) -> Result<Vec<Move>, String> {
        let mut best: Option<(f64, Vec<Move>)> = None;
        let mut failed = None;
        for first in &self.targets {
            let mut state = cluster.clone();
            let way = self.way_to(&mut state, at, *first);
            let mut board = Board::new(&state, &Scope::group(&state, self.group).nodes);
            for second in self.targets.iter().filter(|it| *it != first) {
                let found = way.clone().and_then(|moves| {
                    let to = Move::ReplaceSecondary(*second);
                    let step = "Changing secondary to final secondary";
                    let outcome = self.outcome(&state, at, to);
                    Ok((moves, to, outcome.map_err(|why| (step, why))?))
                });
                let (mut moves, to, outcome) = match found {
                    Ok(found) => found,
                    Err((step, refusal)) => {
                        failed = Some(format!("Allocation failed: {step}: {}", refusal.word()));
                        continue;
                    }
                };
                let Some(instance) = state.instances.get(at) else {
                    continue;
                };
                let score = board.score_with(&state, instance, &outcome);
                if best.as_ref().is_none_or(|(least, _)| score <= *least) {
                    moves.push(to);
                    best = Some((score, moves));
                }
            }
        }
        best.map(|(_, moves)| moves).ok_or_else(|| {
            let why = failed.unwrap_or_else(|| "no nodes available".to_owned());
            format!("Can't find any good nodes for relocation: {why}")
        })
    }

    /// The moves that make a node the primary.
    fn way_to(
        &self,
        cluster: &mut Cluster,
        at: usize,
        node: usize,
    ) -> Result<Vec<Move>, (&'static str, Refusal)> {
        let primary = cluster.instances.get(at).map(|it| it.primary);
        let dead = primary
            .and_then(|it| cluster.nodes.get(it))
            .is_some_and(|it| it.offline);
        let steps = [
            ("Failing over to the secondary", Move::Failover),
            (
                "Changing secondary to new primary",
                Move::ReplaceSecondary(node),
            ),
            ("Failing over to new primary", Move::Failover),
        ];
        let mut moves = Vec::new();
        for (words, to) in steps.into_iter().skip(usize::from(!dead)) {
            let outcome = self.outcome(cluster, at, to).map_err(|why| (words, why))?;
            cluster.make(at, &outcome);
            moves.push(to);
        }
        Ok(moves)
    }
}
