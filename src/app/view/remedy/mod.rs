//! What to do about a DRBD disk that is not well: sentences, and commands after `$ `. Operators type them at night, so
//! that each is said only where it is certain what it does, and none against the only good half.

mod apart;
mod diskless;
mod ground;
mod held;
mod split;

use crate::app::facts::Facts;
use crate::model::Cluster;
use crate::planner::replica::{Key, Pair, State};

use ground::Ground;

/// The next steps; none if all is well.
pub fn remedy(cluster: &Cluster, facts: &Facts, pair: &Pair) -> Vec<String> {
    let Key::Disk(instance, index) = &pair.key else {
        return stray(pair);
    };
    let ground = Ground {
        cluster,
        facts,
        pair,
        instance,
        index: *index,
    };
    let suspended = ground.suspended();
    if !suspended.is_empty() {
        return held::suspended(&suspended);
    }
    match pair.state {
        State::Healthy | State::Down | State::Verifying | State::Resyncing => Vec::new(),
        State::SplitBrain => split::split_brain(&ground),
        State::StandAlone | State::Degraded | State::Connecting | State::Disagrees => {
            apart::apart(&ground)
        }
        State::Diskless => diskless::diskless(&ground),
        State::Paused => held::paused(&ground),
        State::Stalled => held::stalled(&ground),
        State::Unknown => vec!["Nobody says how it is: see why its nodes are silent.".to_owned()],
    }
}

fn stray(pair: &Pair) -> Vec<String> {
    if pair.state == State::Healthy && pair.severity.is_none() {
        return Vec::new();
    }
    vec![
        "The configuration knows no disk with this device. It may be left over from a removed \
         instance or a failed job; a running job may be about to take it away."
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests;
