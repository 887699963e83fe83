//! What a piece of the screen means; the theme says what that looks like.

use gantry_wire::job::Job;

use crate::model::status::Word;
use crate::model::{Cluster, Node, Reach, Status};
use crate::planner::Severity;

use super::view::jobs;

/// A meaning. Healthy is plain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Well, and nothing more to say.
    #[default]
    Plain,
    /// Less important.
    Dim,
    /// Should be looked at.
    Warn,
    /// Is broken now.
    Critical,
    /// Cannot be reached: the last that was known.
    Lost,
    /// Older than it should be.
    Stale,
    /// Under way.
    Progress,
    /// A heading.
    Heading,
}

/// Of a finding.
pub fn of_severity(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Critical,
        Severity::Warning => Tone::Warn,
        Severity::Note => Tone::Dim,
    }
}

/// Of an instance's status.
pub fn of_status(status: Status) -> Tone {
    match status {
        Status::Unknown | Status::Was(..) => Tone::Lost,
        Status::Now(word) | Status::Asked(word, _) => match word {
            Word::Running => Tone::Plain,
            Word::AdminDown | Word::AdminOffline | Word::UserDown => Tone::Dim,
            Word::ErrorUp
            | Word::ErrorWrongNode
            | Word::ErrorDown
            | Word::ErrorNodeOffline
            | Word::ErrorNodeDown => Tone::Critical,
        },
    }
}

/// Of how far gantry gets to a node.
pub fn of_reach(node: &Node) -> Tone {
    match &node.reach {
        _ if node.offline() => Tone::Dim,
        Reach::Up { .. } if node.noded() == Some(false) => Tone::Critical,
        Reach::Up { .. } => Tone::Plain,
        Reach::NoAgent { .. } => Tone::Stale,
        Reach::Refused { .. } => Tone::Warn,
        Reach::Waiting { .. } => Tone::Critical,
        // Lost or not reached still, while it is tried again.
        Reach::Idle | Reach::Connecting(_) if node.heard.is_some() || node.trouble.is_some() => {
            Tone::Critical
        }
        Reach::Idle | Reach::Connecting(_) => Tone::Progress,
    }
}

/// Of a node's row as a whole: grey once it cannot be reached.
pub fn of_node(node: &Node) -> Tone {
    if node.offline() {
        Tone::Dim
    } else if node.lost() {
        Tone::Lost
    } else {
        Tone::Plain
    }
}

/// Of a job's or an opcode's status.
pub fn of_job_status(status: &str) -> Tone {
    match status {
        "running" | "canceling" => Tone::Progress,
        "waiting" => Tone::Warn,
        "error" => Tone::Critical,
        "queued" => Tone::Plain,
        _ => Tone::Dim,
    }
}

/// Of a job: unfinished ones without a master that tells of them are of the past.
pub fn of_job(job: &Job, cluster: &Cluster) -> Tone {
    if jobs::is_past(job, cluster) {
        return Tone::Lost;
    }
    of_job_status(&job.status)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::{Cluster, Time};

    #[test]
    fn an_alarm_stays_while_the_node_is_tried_again() {
        let mut cluster = Cluster::new("x");
        let tone = |cluster: &Cluster| of_reach(cluster.nodes.values().next().unwrap());
        cluster.linked("a", Reach::Connecting("connecting"));
        assert_eq!(tone(&cluster), Tone::Progress);
        let waiting = Reach::Waiting {
            until: Time(1),
            attempts: 1,
            why: "no route to host".into(),
            host_answers: false,
        };
        cluster.linked("a", waiting);
        cluster.linked("a", Reach::Connecting("connecting"));
        assert_eq!(tone(&cluster), Tone::Critical);
    }
}
