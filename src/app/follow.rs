//! Which jobs' logs are wanted.

use crate::model::Cluster;
use crate::model::job::finished;

use super::nav::Page;
use super::rows::{Id, Table};
use super::{Effect, State};

/// What was asked for so far.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    jobs: Vec<u64>,
    /// The job whose whole log was asked for, and whether it was finished then.
    asked: Option<(u64, bool)>,
}

/// Tells which logs are on the screen, and asks for the one that is shown whole.
pub fn follow(state: &mut State, cluster: &Cluster) -> Vec<Effect> {
    let mut effects = Vec::new();
    let job = match &state.view().page {
        Page::Job(id) => Some(*id),
        Page::Jobs | Page::Locks if state.view().pane => {
            match state.view().table.as_ref().and_then(Table::selected) {
                Some(Id::Job(id)) => Some(*id),
                _ => None,
            }
        }
        _ => None,
    };
    let known = job.and_then(|id| cluster.jobs.get(&id));
    let done = known.is_none_or(|job| finished(&job.status));
    let jobs: Vec<u64> = job.filter(|_| !done).into_iter().collect();
    if state.followed.jobs != jobs {
        state.followed.jobs.clone_from(&jobs);
        effects.push(Effect::Follow(jobs));
    }
    let whole = match state.view().page {
        Page::Job(id) if cluster.master_serves() => Some((id, done)),
        _ => None,
    };
    // Asked anew when it has ended: its last lines may not have been followed.
    if state.followed.asked != whole {
        state.followed.asked = whole;
        effects.extend(whole.map(|(job, _)| Effect::AskLog { job }));
    }
    effects
}
