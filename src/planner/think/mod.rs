//! Thinking that takes longer than a frame: what is asked of a snapshot of the cluster, and what comes of it, part by
//! part. Whoever runs it can stop it between two parts.

pub mod balance;
pub mod capacity;
pub mod mend;
pub mod placing;
pub mod rolling;
pub mod snapshot;

use std::sync::Arc;

use super::htools::{Cluster, Setup};
use super::n1::N1;
pub use snapshot::Snapshot;

/// A plan that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Balance a group.
    Balance(balance::Ask),
    /// Make some of its moves in another order, as far as that is possible.
    Edit(balance::Edit),
    /// Reboot nodes, one group of them after the other.
    Rolling(rolling::Ask),
    /// Fill groups with more instances.
    Capacity(capacity::Ask),
    /// Find nodes for a new instance.
    Placing(placing::Ask),
    /// Find what lets a node die.
    Mend(mend::Ask),
}

/// Something to think about.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Tells its answers from those of tasks before it.
    pub number: u64,
    /// What is wanted.
    pub ask: Ask,
    /// Of which cluster.
    pub snapshot: Arc<Snapshot>,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// The cluster before anything has moved.
    Start(Box<balance::Start>),
    /// The next move of hbal's plan.
    Move(Box<balance::Move>),
    /// A whole plan to balance.
    Found(balance::Kind, Box<balance::Found>),
    /// So many moves were tried so far.
    Seeking(usize),
    /// What is left of a plan.
    Edited(Box<balance::Edited>),
    /// A whole plan for reboots.
    Rolling(Box<rolling::Plan>),
    /// How many more instances of a shape fit into a group.
    Room(Box<capacity::Room>),
    /// Every shape and group is told.
    Filled,
    /// Where a new instance would go.
    Placing(Box<placing::Placing>),
    /// What lets a node die.
    Mend(Box<mend::Mend>),
    /// There is no plan, and why.
    Failed(String),
}

/// What came of a task since it was last asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Thought {
    /// Of which task.
    pub number: u64,
    /// In their order.
    pub parts: Vec<Part>,
}

/// Works on a task. Every part goes to `tell`, which says whether to go on.
pub fn think(task: &Task, tell: &mut dyn FnMut(Part) -> bool) {
    let snapshot = &task.snapshot;
    if let Ask::Mend(ask) = &task.ask {
        let (data, ground) = (snapshot.data.clone(), snapshot.ground.clone());
        match N1::told(data, ground, &snapshot.unknown) {
            Ok(n1) => mend::think(n1, ask, tell),
            Err(why) => {
                tell(Part::Failed(why));
            }
        }
        return;
    }
    let setup = match &task.ask {
        Ask::Balance(ask) => ask.setup(&snapshot.data, snapshot.rule),
        Ask::Edit(edit) => edit.ask.setup(&snapshot.data, snapshot.rule),
        _ => Ok(Setup {
            n1: snapshot.rule,
            ..Setup::default()
        }),
    };
    let cluster = setup.and_then(|setup| Cluster::new(snapshot.data.clone(), &setup));
    let cluster = match cluster {
        Ok(cluster) => cluster,
        Err(why) => {
            tell(Part::Failed(why));
            return;
        }
    };
    match &task.ask {
        Ask::Balance(ask) => balance::think(cluster, ask, tell),
        Ask::Edit(edit) => balance::edit::think(cluster, edit, tell),
        Ask::Capacity(ask) => capacity::think(&cluster, ask, tell),
        Ask::Placing(ask) => placing::think(&cluster, ask, tell),
        Ask::Rolling(ask) => {
            tell(match rolling::think(&cluster, ask) {
                Ok(plan) => Part::Rolling(Box::new(plan)),
                Err(why) => Part::Failed(why),
            });
        }
        // Thought through above.
        Ask::Mend(_) => {}
    }
}

/// Names of the groups that have nodes, with their index.
fn used_groups(cluster: &Cluster) -> Vec<(usize, String)> {
    let groups = cluster.data.groups.iter().enumerate();
    let used = |at: usize| cluster.nodes.iter().any(|node| node.group == at);
    groups
        .filter(|(at, _)| used(*at))
        .map(|(at, group)| (at, group.name.clone()))
        .collect()
}
