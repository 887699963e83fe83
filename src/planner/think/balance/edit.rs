//! A plan that the operator changed: whether what is left of it still works.

use super::{Ask, Found, Planned, Teller, begin};
use crate::model::Name;
use crate::planner::htools::Cluster;
use crate::planner::htools::balance::Scope;
use crate::planner::think::Part;

/// Moves to be made instead, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// How the plan was asked for; its group has a name.
    pub ask: Ask,
    /// The moves, each with its number in the plan before.
    pub moves: Vec<(usize, Planned)>,
}

/// What is left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edited {
    /// The moves that can be made.
    pub found: Found,
    /// Those that cannot.
    pub gone: Vec<Gone>,
}

/// A move that cannot be made any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Its number in the plan before, from 1 on.
    pub number: usize,
    /// The instance.
    pub instance: Name,
    /// Why, in words.
    pub why: String,
}

/// Makes the moves again, each as planned and by hbal's own checks.
pub fn think(mut cluster: Cluster, edit: &Edit, tell: &mut dyn FnMut(Part) -> bool) {
    let (group, start) = match begin(&cluster, &edit.ask) {
        Ok(begun) => begun,
        Err(why) => {
            tell(Part::Failed(why));
            return;
        }
    };
    let scope = Scope::group(&cluster, group);
    let teller = Teller::of(&cluster, &scope);
    let unmoved = cluster.clone();
    let mut gone = Vec::new();
    let (steps, moves) = teller.replay(&mut cluster, &edit.moves, &mut gone);
    let gone = gone.into_iter().map(|(number, it, why)| Gone {
        number,
        instance: teller.instance(it.instance),
        why,
    });
    let edited = Edited {
        gone: gone.collect(),
        found: Found::of(&unmoved, start.score.total(), &steps, moves),
    };
    tell(Part::Edited(Box::new(edited)));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use proptest::prelude::*;

    use super::*;
    use crate::planner::htools::tests::{cluster as any_cluster, shape};
    use crate::planner::htools::{N1Rule, Setup};
    use crate::planner::n1::tests::{nodes, put};
    use crate::planner::think::balance::{Kind, think as plan};

    fn hbals(cluster: &Cluster) -> (Ask, Found) {
        let mut found = Found::default();
        let mut ask = Ask::default();
        plan(cluster.clone(), &ask.clone(), &mut |part| {
            match part {
                Part::Start(start) => ask.group = Some(start.group.clone()),
                Part::Found(Kind::Hbal, it) => found = *it,
                _ => {}
            }
            true
        });
        (ask, found)
    }

    fn edited(cluster: &Cluster, ask: &Ask, moves: Vec<(usize, Planned)>) -> Edited {
        let edit = Edit {
            ask: ask.clone(),
            moves,
        };
        let mut out = None;
        think(cluster.clone(), &edit, &mut |part| {
            if let Part::Edited(it) = part {
                out = Some(*it);
            }
            true
        });
        out.unwrap()
    }

    fn numbered(found: &Found) -> Vec<(usize, Planned)> {
        (1..).zip(found.moves.iter().map(|it| it.planned)).collect()
    }

    #[test]
    fn what_went_on_from_a_dropped_move_is_dropped_and_says_so() {
        let mut data = nodes(4);
        put(&mut data, 1_000, 0, Some(1));
        let cluster = Cluster::new(data, &Setup::default()).unwrap();
        let ask = Ask {
            group: Some(cluster.data.groups[0].name.clone()),
            ..Ask::default()
        };
        use crate::planner::htools::moves::Move;
        let planned = |to, before| Planned {
            instance: 0,
            to,
            before,
        };
        let first = planned(Move::ReplaceSecondary(2), (0, Some(1)));
        let second = planned(Move::Failover, (0, Some(2)));
        let both = edited(&cluster, &ask, vec![(1, first), (2, second)]);
        assert_eq!((both.found.moves.len(), both.gone.len()), (2, 0));
        let second = edited(&cluster, &ask, vec![(2, second)]);
        assert_eq!(second.found.moves.len(), 0);
        assert_eq!(second.gone[0].number, 2);
        assert_eq!(
            second.gone[0].why,
            "it went on from a move that is not made"
        );
    }

    #[test]
    fn what_has_no_room_any_more_is_dropped_and_names_the_node() {
        let mut data = nodes(3);
        // Only after the first has left is there room for the second.
        put(&mut data, 9_000, 1, Some(2));
        put(&mut data, 9_000, 0, Some(1));
        let cluster = Cluster::new(
            data,
            &Setup {
                n1: N1Rule::Recorded,
                ..Setup::default()
            },
        )
        .unwrap();
        let ask = Ask {
            group: Some(cluster.data.groups[0].name.clone()),
            ..Ask::default()
        };
        use crate::planner::htools::moves::Move;
        let second = Planned {
            instance: 1,
            to: Move::Failover,
            before: (0, Some(1)),
        };
        let out = edited(&cluster, &ask, vec![(2, second)]);
        let why = &out.gone[0].why;
        assert!(
            why.contains(&cluster.data.nodes[1].name) && why.contains("memory"),
            "{why}"
        );
    }

    proptest! {
        #[test]
        fn a_whole_plan_is_itself_again(data in shape().prop_flat_map(any_cluster)) {
            let cluster = Cluster::new(data, &Setup::default()).unwrap();
            let (ask, found) = hbals(&cluster);
            let again = edited(&cluster, &ask, numbered(&found));
            prop_assert_eq!(&again.gone, &vec![]);
            prop_assert_eq!(again.found.moves.len(), found.moves.len());
            for (a, b) in again.found.moves.iter().zip(&found.moves) {
                prop_assert_eq!((&a.rooms, a.set, a.planned), (&b.rooms, b.set, b.planned));
                prop_assert!((a.score.total() - b.score.total()).abs() < 1e-9);
            }
        }

        #[test]
        fn whatever_is_dropped_the_rest_is_accounted_for(data in shape().prop_flat_map(any_cluster), keep: u64) {
            let cluster = Cluster::new(data, &Setup::default()).unwrap();
            let (ask, found) = hbals(&cluster);
            let mut kept = numbered(&found);
            kept.retain(|(number, _)| keep >> (number % 64) & 1 == 1);
            let wanted = kept.len();
            let out = edited(&cluster, &ask, kept);
            prop_assert_eq!(out.found.moves.len() + out.gone.len(), wanted);
            // The gains add up to what the plan brings.
            let gains: f64 = out.found.moves.iter().map(|it| it.gain).sum();
            let before = hbals(&cluster).1.moves.first().map(|it| it.score.total() + it.gain);
            if let (Some(before), Some(last)) = (before, out.found.moves.last()) {
                prop_assert!((before - gains - last.score.total()).abs() < 1e-9);
            }
        }
    }
}
