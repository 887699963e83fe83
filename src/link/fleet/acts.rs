//! Changes that were asked for and of which it is not known yet what became of them. Each is asked for once; when the
//! link was cut in between, the node that was asked is asked again what became of it, never to do it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use gantry_wire::Request;
use gantry_wire::act::{Act, ActId, Acted, Outcome, Recover, Refusal};
use tokio::time::Instant;

/// What cannot be known yet is asked about again after so long.
const AGAIN: Duration = Duration::from_secs(10);

/// All that are open.
#[derive(Debug, Default)]
pub struct Acts(BTreeMap<ActId, Open>);

#[derive(Debug)]
struct Open {
    /// Who was asked, and alone may answer.
    node: String,
    /// When it is asked about again, should nothing have come by then.
    again: Option<Instant>,
    /// When it was asked for, by both clocks: one stands while this machine sleeps, the other may be set.
    sent: (Instant, SystemTime),
}

impl Open {
    /// How long ago it was asked for.
    fn age(&self) -> Duration {
        let by_wall = self.sent.1.elapsed().unwrap_or_default();
        self.sent.0.elapsed().max(by_wall)
    }
}

/// What the console is told of a change.
pub fn told(id: &ActId, outcome: Outcome) -> Acted {
    Acted {
        id: id.to_string(),
        outcome,
    }
}

/// Nobody could be asked.
pub fn nobody(act: &Act, why: &str) -> Acted {
    let outcome = Outcome::Refused {
        kind: Refusal::NotMaster,
        words: format!("{why}; nothing was sent"),
    };
    told(&act.id, outcome)
}

impl Acts {
    /// A change is about to be sent to a node.
    pub fn sent(&mut self, act: &Act, node: &str) {
        let open = Open {
            node: node.to_owned(),
            again: None,
            sent: (Instant::now(), SystemTime::now()),
        };
        self.0.insert(act.id.clone(), open);
    }

    /// A node's link was cut: what is told of the changes that it was asked for.
    pub fn cut(&mut self, node: &str) -> Vec<Acted> {
        let of_node = self.0.iter_mut().filter(|(_, open)| open.node == node);
        let cut = of_node.map(|(id, open)| {
            open.again = None;
            let why = format!("the link to {node} was lost: not known until {node} answers");
            told(id, Outcome::Unknown { why })
        });
        cut.collect()
    }

    /// A node's link is there again: what it is asked.
    pub fn back(&mut self, node: &str) -> Vec<Request> {
        let of_node = self.0.iter_mut().filter(|(_, open)| open.node == node);
        let asked = of_node.map(|(id, open)| {
            // Should the question be lost as well.
            open.again = Some(Instant::now() + AGAIN);
            recover(id, open)
        });
        asked.collect()
    }

    /// Whether a node owes an answer.
    pub fn concern(&self, node: &str) -> bool {
        self.0.values().any(|open| open.node == node)
    }

    /// A node answered. None if it is none of its business.
    pub fn answered(&mut self, node: &str, acted: Acted) -> Option<Acted> {
        let id = ActId::try_from(acted.id.clone()).ok()?;
        let open = self.0.get_mut(&id).filter(|open| open.node == node)?;
        match &acted.outcome {
            Outcome::Unknown { .. } => open.again = Some(Instant::now() + AGAIN),
            followed if followed.is_followed() => open.again = None,
            _ => {
                self.0.remove(&id);
            }
        }
        Some(acted)
    }

    /// When something is to be asked about again.
    pub fn deadline(&self) -> Option<Instant> {
        self.0.values().filter_map(|open| open.again).min()
    }

    /// What is due to be asked about again, and whom.
    pub fn due(&mut self) -> Vec<(String, Request)> {
        let now = Instant::now();
        let due = self
            .0
            .iter_mut()
            .filter(|(_, open)| open.again.is_some_and(|at| at <= now));
        let due = due.map(|(id, open)| {
            open.again = Some(now + AGAIN);
            (open.node.clone(), recover(id, open))
        });
        due.collect()
    }
}

fn recover(id: &ActId, open: &Open) -> Request {
    Request::Recover(Recover {
        id: id.clone(),
        age_s: Some(open.age().as_secs()),
    })
}

#[cfg(test)]
mod tests {
    use gantry_wire::act::Expect;
    use gantry_wire::operation::Operation;

    use super::*;

    fn open() -> Acts {
        let mut acts = Acts::default();
        let act = Act {
            id: ActId::new(1),
            operation: Operation::QueueDrain {},
            expect: Expect::Nothing {},
            reason: String::new(),
            operator: "anna".into(),
        };
        acts.sent(&act, "node1");
        acts
    }

    fn submitted(bits: u128) -> Acted {
        told(&ActId::new(bits), Outcome::Submitted { job: 3 })
    }

    #[test]
    fn only_who_was_asked_may_answer_and_only_once() {
        let mut acts = open();
        assert_eq!(acts.answered("node2", submitted(1)), None);
        assert_eq!(acts.answered("node1", submitted(2)), None);
        assert_eq!(acts.answered("node1", submitted(1)), Some(submitted(1)));
        assert_eq!(acts.answered("node1", submitted(1)), None);
        assert!(acts.cut("node1").is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_asked_what_became_of_it_is_told_how_old_it_is() {
        let mut acts = open();
        assert!(acts.concern("node1") && !acts.concern("node2"));
        tokio::time::advance(Duration::from_secs(90)).await;
        match &acts.back("node1")[..] {
            [Request::Recover(asked)] => assert_eq!(asked.age_s, Some(90)),
            other => unreachable!("{other:?}"),
        }
        acts.answered("node1", submitted(1));
        assert!(!acts.concern("node1"));
    }

    #[test]
    fn what_is_not_known_is_asked_about_again_and_a_cut_concerns_its_node_alone() {
        let mut acts = open();
        assert!(acts.cut("node2").is_empty() && acts.back("node2").is_empty());
        assert_eq!((acts.cut("node1").len(), acts.back("node1").len()), (1, 1));
        let why = "node1 looks".to_owned();
        acts.answered("node1", told(&ActId::new(1), Outcome::Unknown { why }));
        assert!(acts.deadline().is_some());
    }
}
