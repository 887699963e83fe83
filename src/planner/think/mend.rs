//! What would mend a node whose death strands instances: a few moves by hbal's own checks, or what is missing.

use super::Part;
use super::balance::{Found, Move, Planned, Teller};
use crate::model::Name;
use crate::planner::htools::balance::candidates::Kinds;
use crate::planner::htools::balance::cheap::copied;
use crate::planner::htools::balance::{Balancer, Options, Scope};
use crate::planner::htools::moves::{Move as To, Outcome};
use crate::planner::htools::n1::evacuation::Lack;
use crate::planner::htools::score::score;
use crate::planner::n1::words::lack;
use crate::planner::n1::{N1, Verdict};

/// Moves that are still few.
const FEW: usize = 6;

/// Moves of a balance plan that are looked at where no few moves were found.
const BALANCED: usize = 60;

/// Targets that are tried for each instance: those with most memory to spare.
const TARGETS: usize = 8;

/// MiB that each move counts for beside its data, so that a failover is not for nothing.
const EACH: i64 = 2_048;

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The node.
    pub node: Name,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mend {
    /// The node.
    pub node: Name,
    /// Nothing is to be mended any more.
    pub holds: bool,
    /// Moves after which it may die, none if there are none.
    pub found: Option<Found>,
    /// Without them: what is missing where, in words; each node once.
    pub lacks: Vec<(Option<Name>, String)>,
}

/// How bad it is, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Need {
    fails: bool,
    stranded: usize,
    /// Memory and disk that is missing, MiB.
    short: i64,
}

/// Looks for moves.
pub fn think(mut n1: N1, ask: &Ask, tell: &mut dyn FnMut(Part) -> bool) {
    let nodes = &n1.cluster().data.nodes;
    let Some(node) = nodes.iter().position(|it| *it.name == *ask.node) else {
        tell(Part::Failed(format!("{} is not known", ask.node)));
        return;
    };
    let mut mend = Mend {
        node: ask.node.clone(),
        holds: n1.verdict(node) != Verdict::Fails,
        found: None,
        lacks: Vec::new(),
    };
    if !mend.holds {
        mend.lacks = lacks(&mut n1, node);
        let Some(search) = Search::new(&n1, node) else {
            tell(Part::Failed("its group is not known".to_owned()));
            return;
        };
        let mut tried = 0_usize;
        let mut go_on = || {
            tried = tried.saturating_add(1);
            tell(Part::Seeking(tried))
        };
        let Some(found) = search.find(&mut go_on) else {
            return;
        };
        mend.found = found;
    }
    tell(Part::Mend(Box::new(mend)));
}

/// What is missing, node by node.
fn lacks(n1: &mut N1, node: usize) -> Vec<(Option<Name>, String)> {
    let mut out: Vec<(Option<usize>, Lack)> = Vec::new();
    for it in n1.stranded(node) {
        let (at, missing) = (it.obstacle.node, it.obstacle.lack);
        let size = |lack: &Lack| match lack {
            Lack::Memory(mib) => Some((0, *mib)),
            Lack::Disk(mib) => Some((1, *mib)),
            _ => None,
        };
        // All three may name the same node: the largest counts.
        let same = |(other, known): &&mut (Option<usize>, Lack)| {
            let kind = |lack: &Lack| size(lack).map(|it| it.0);
            *other == at
                && (*known == missing || (kind(known).is_some() && kind(known) == kind(&missing)))
        };
        match out.iter_mut().find(same) {
            Some((_, known)) if size(known) < size(&missing) => *known = missing,
            Some(_) => {}
            None => out.push((at, missing)),
        }
    }
    if out.is_empty() {
        let name = Name::from(n1.node(node));
        return vec![(Some(name), "no memory is left of its own".to_owned())];
    }
    let named = out.into_iter().map(|(at, missing)| {
        let name = at.map(|at| Name::from(n1.node(at)));
        (name, lack(&missing))
    });
    named.collect()
}

/// The search for one node.
struct Search<'a> {
    present: &'a N1,
    node: usize,
    scope: Scope,
    options: Options,
    /// Nodes that fail already.
    failing: Vec<usize>,
}

/// A move that was tried.
struct Tried {
    at: usize,
    to: To,
    outcome: Outcome,
    need: Need,
    mib: i64,
}

impl<'a> Search<'a> {
    fn new(present: &'a N1, node: usize) -> Option<Search<'a>> {
        let cluster = present.cluster();
        let group = cluster.nodes.get(node)?.group;
        Some(Search {
            node,
            scope: Scope::group(cluster, group),
            options: Options::default(),
            failing: failing(present),
            present,
        })
    }

    /// Few moves, or those of a balance plan that it takes. None if it shall not go on.
    fn find(&self, go_on: &mut dyn FnMut() -> bool) -> Option<Option<Found>> {
        let moves = match self.few(go_on)? {
            Some(moves) => moves,
            None => match self.balanced(go_on)? {
                Some(moves) => moves,
                None => return Some(None),
            },
        };
        Some(Some(self.told(&self.pruned(moves))))
    }

    /// Move after move, each the one that helps most for what it copies.
    fn few(&self, go_on: &mut dyn FnMut() -> bool) -> Option<Option<Vec<(usize, To)>>> {
        let mut n1 = self.present.clone();
        let mut moves = Vec::new();
        let mut need = self.need(&mut n1);
        while need.fails && moves.len() < FEW {
            let mut best: Option<Tried> = None;
            for (at, to) in self.candidates(&mut n1) {
                if !go_on() {
                    return None;
                }
                let Some(tried) = self.tried(&mut n1, at, to) else {
                    continue;
                };
                let better = |best: &Tried| worth(&tried, need) > worth(best, need);
                if tried.need < need && best.as_ref().is_none_or(better) {
                    best = Some(tried);
                }
            }
            let Some(best) = best else {
                return Some(None);
            };
            n1.make(best.at, &best.outcome);
            need = best.need;
            moves.push((best.at, best.to));
        }
        Some((!need.fails).then_some(moves))
    }

    /// The first moves of hbal's plan, up to the one that mends it.
    fn balanced(&self, go_on: &mut dyn FnMut() -> bool) -> Option<Option<Vec<(usize, To)>>> {
        let mut cluster = self.present.cluster().clone();
        let mut n1 = self.present.clone();
        let mut moves = Vec::new();
        for step in Balancer::new(&mut cluster, &self.scope, &self.options).take(BALANCED) {
            if !go_on() {
                return None;
            }
            let Ok(outcome) = n1.cluster().outcome(step.instance, step.to, false) else {
                break;
            };
            n1.make(step.instance, &outcome);
            moves.push((step.instance, step.to));
            if self.mended(&n1) {
                return Some(Some(moves));
            }
        }
        Some(None)
    }

    fn need(&self, n1: &mut N1) -> Need {
        let stranded = n1.stranded(self.node);
        let short = stranded.iter().filter_map(|it| match it.obstacle.lack {
            Lack::Memory(mib) | Lack::Disk(mib) => Some(mib),
            _ => None,
        });
        let mut short = short.fold(0, i64::saturating_add);
        if stranded.is_empty() {
            // What it lacks itself.
            let now = n1.cluster().figures.get(self.node);
            short = now.map_or(0, |it| it.reserved.saturating_sub(it.unallocated).max(0));
        }
        Need {
            fails: n1.verdict(self.node) == Verdict::Fails,
            stranded: stranded.len(),
            short,
        }
    }

    /// It may die, and nobody else must not who could before.
    fn mended(&self, n1: &N1) -> bool {
        n1.verdict(self.node) != Verdict::Fails && self.spares_others(n1)
    }

    fn spares_others(&self, n1: &N1) -> bool {
        let mut now = failing(n1).into_iter();
        now.all(|at| self.failing.contains(&at))
    }

    fn tried(&self, n1: &mut N1, at: usize, to: To) -> Option<Tried> {
        let outcome = n1.cluster().outcome(at, to, false).ok()?;
        let mib = n1
            .cluster()
            .instances
            .get(at)
            .map_or(0, |it| copied(it, to));
        let need = n1.trial(at, &outcome, |n1| {
            self.spares_others(n1).then(|| self.need(n1))
        })??;
        Some(Tried {
            at,
            to,
            outcome,
            need,
            mib,
        })
    }

    /// Moves of the node's own instances, and of what is on the nodes that could not take them.
    fn candidates(&self, n1: &mut N1) -> Vec<(usize, To)> {
        let mut crowded: Vec<usize> = n1
            .stranded(self.node)
            .iter()
            .filter_map(|it| it.obstacle.node)
            .collect();
        crowded.sort_unstable();
        crowded.dedup();
        let cluster = n1.cluster();
        let on = |lists: &[Vec<usize>], node: usize| lists.get(node).cloned().unwrap_or_default();
        let mut instances = on(&cluster.primaries, self.node);
        if crowded.is_empty() {
            instances.extend(on(&cluster.secondaries, self.node));
        }
        for node in &crowded {
            instances.extend(on(&cluster.primaries, *node));
            instances.extend(on(&cluster.secondaries, *node));
        }
        instances.sort_unstable();
        instances.dedup();
        let inside = |at: usize| self.scope.nodes.contains(&at);
        let online = |at: usize| {
            inside(at)
                && cluster.nodes.get(at).is_some_and(|it| !it.offline)
                && n1.ground().knows(at)
        };
        let spare = |at: &usize| {
            let now = cluster.figures.get(*at);
            now.map_or(0, |it| it.unallocated.saturating_sub(it.reserved))
        };
        let mut targets: Vec<usize> = self.scope.nodes.clone();
        targets.retain(|at| online(*at) && *at != self.node && n1.ground().knows_disk(*at));
        targets.sort_by_key(|at| std::cmp::Reverse(spare(at)));
        let mut out = Vec::new();
        for at in instances {
            let Some(instance) = cluster.instances.get(at) else {
                continue;
            };
            let kinds = Kinds::of(cluster, instance, &self.options, online);
            if kinds.failover {
                out.push((at, To::Failover));
            }
            let others = targets
                .iter()
                .filter(|to| instance.nodes().all(|own| own != **to));
            for target in others.take(TARGETS) {
                out.extend(kinds.to(*target).map(|to| (at, to)));
            }
        }
        out
    }

    /// Leaves out moves without which it is mended all the same, those that copy most first.
    fn pruned(&self, mut moves: Vec<(usize, To)>) -> Vec<(usize, To)> {
        let cost = |(at, to): &(usize, To)| {
            let instance = self.present.cluster().instances.get(*at);
            instance.map_or(0, |it| copied(it, *to))
        };
        let mut order = moves.clone();
        order.sort_by_key(|it| std::cmp::Reverse(cost(it)));
        for out in order {
            let rest: Vec<(usize, To)> = moves.iter().copied().filter(|it| *it != out).collect();
            let mut n1 = self.present.clone();
            let made = rest.iter().all(|(at, to)| {
                let outcome = n1.cluster().outcome(*at, *to, false);
                outcome.is_ok_and(|outcome| {
                    n1.make(*at, &outcome);
                    true
                })
            });
            if made && self.mended(&n1) {
                moves = rest;
            }
        }
        moves
    }

    fn told(&self, moves: &[(usize, To)]) -> Found {
        let mut cluster = self.present.cluster().clone();
        let teller = Teller::of(&cluster, &self.scope);
        let before = score(&cluster, &self.scope.nodes).total();
        let mut planned: Vec<(usize, Planned)> = Vec::new();
        for (at, to) in moves {
            let Some(instance) = cluster.instances.get(*at) else {
                continue;
            };
            let before = (instance.primary, instance.secondary);
            if let Ok(outcome) = cluster.outcome(*at, *to, false) {
                cluster.make(*at, &outcome);
            }
            let instance = *at;
            let to = *to;
            planned.push((
                planned.len() + 1,
                Planned {
                    instance,
                    to,
                    before,
                },
            ));
        }
        let mut cluster = self.present.cluster().clone();
        let (steps, moves): (_, Vec<Move>) = teller.replay(&mut cluster, &planned, &mut Vec::new());
        Found::of(self.present.cluster(), before, &steps, moves)
    }
}

/// What mends it comes first, then what helps most for what it copies.
fn worth(tried: &Tried, before: Need) -> (bool, f64) {
    let cost = tried.mib.saturating_add(EACH) as f64;
    if !tried.need.fails {
        return (true, 1.0 / cost);
    }
    let stranded = before.stranded.saturating_sub(tried.need.stranded) as f64;
    let short = before.short.saturating_sub(tried.need.short) as f64;
    (false, (stranded * 1_024.0 + short) / cost)
}

/// Nodes that must not die.
fn failing(n1: &N1) -> Vec<usize> {
    let nodes = 0..n1.cluster().nodes.len();
    let bad = |at: &usize| !n1.is_marked(*at) && n1.verdict(*at) == Verdict::Fails;
    nodes.filter(bad).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;
    use crate::planner::htools::N1Rule;
    use crate::planner::htools::tests::{cluster, shape};
    use crate::planner::n1::tests::{nodes, put};

    fn mend(n1: &N1, node: usize) -> Option<Mend> {
        let mut out = None;
        let ask = Ask {
            node: Name::from(n1.node(node)),
        };
        think(n1.clone(), &ask, &mut |part| {
            if let Part::Mend(it) = part {
                out = Some(*it);
            }
            true
        });
        out
    }

    #[test]
    fn a_few_moves_mend_it_and_the_cheapest_are_taken() {
        let mut data = nodes(3);
        put(&mut data, 10_000, 0, Some(1));
        put(&mut data, 8_000, 1, Some(0));
        let n1 = N1::of(data, N1Rule::Recorded).unwrap();
        assert_eq!(n1.verdict(0), Verdict::Fails);
        let mend = mend(&n1, 0).unwrap();
        let found = mend.found.unwrap();
        assert_eq!(found.moves.len(), 1);
        assert!(!found.moves[0].commands.is_empty());
        assert!(!mend.lacks.is_empty());
    }

    #[test]
    fn where_there_is_no_way_it_says_what_is_missing() {
        let mut data = nodes(2);
        put(&mut data, 10_000, 0, Some(1));
        put(&mut data, 10_000, 1, Some(0));
        let n1 = N1::of(data, N1Rule::Recorded).unwrap();
        let mend = mend(&n1, 0).unwrap();
        assert_eq!(mend.found, None);
        let (node, what) = &mend.lacks[0];
        assert_eq!(node.as_deref(), Some(n1.node(1)));
        assert!(what.contains("of memory are missing"), "{what}");
    }

    #[test]
    fn it_stops_when_it_is_told_to() {
        let mut data = nodes(3);
        put(&mut data, 10_000, 0, Some(1));
        put(&mut data, 8_000, 1, Some(0));
        let n1 = N1::of(data, N1Rule::Recorded).unwrap();
        let ask = Ask {
            node: Name::from(n1.node(0)),
        };
        let mut told = 0;
        think(n1, &ask, &mut |_| {
            told += 1;
            false
        });
        assert_eq!(told, 1);
    }

    proptest! {
        #[test]
        fn what_is_offered_mends_it_and_harms_nobody(data in shape().prop_flat_map(cluster)) {
            let n1 = N1::of(data, N1Rule::Reported).unwrap();
            let before = failing(&n1);
            for node in before.clone() {
                let Some(found) = mend(&n1, node).unwrap().found else { continue };
                let mut after = n1.clone();
                for it in &found.moves {
                    let outcome = after.cluster().outcome(it.planned.instance, it.planned.to, false).unwrap();
                    after.make(it.planned.instance, &outcome);
                }
                prop_assert!(!found.moves.is_empty());
                prop_assert_ne!(after.verdict(node), Verdict::Fails);
                prop_assert!(failing(&after).iter().all(|at| before.contains(at)));
            }
        }
    }
}
