//! What is wrong with a cluster, worst first, one finding a cause.

mod contact;
mod drbd;
mod instances;
mod jobs;
mod storage;

use crate::model::{Cluster, Name};

use super::n1::{Kind, Report};
use super::replica::{Pair, pairs};
use super::storage::{Place, places};
use super::work::Work;

/// How much it matters. The exit status of `gantry status` is made of the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; somebody wanted it so.
    Note,
    /// Will be trouble if it stays.
    Warning,
    /// Is trouble now.
    Critical,
}

/// What a finding is about, so that a key can lead there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The cluster as a whole.
    Cluster,
    /// A node.
    Node(Name),
    /// What lies on a node's storage.
    Storage(Name),
    /// What its death would strand.
    Fall(Name),
    /// An instance.
    Instance(Name),
    /// A disk of an instance, by index.
    Disk(Name, u32),
    /// A job.
    Job(u64),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// In words, short enough for a line.
    pub text: String,
}

/// Named one by one up to this many of a kind; more are counted.
const NAMED: usize = 3;

/// Everything that is wrong, worst first.
pub fn findings(cluster: &Cluster) -> Vec<Finding> {
    let (n1, _) = Report::of(cluster);
    findings_with(cluster, &pairs(cluster), &places(cluster), &n1)
}

/// The same, where the DRBD disks, the places for disks and N+1 are worked out already.
pub fn findings_with(
    cluster: &Cluster,
    pairs: &[Pair],
    places: &[Place],
    n1: &Report,
) -> Vec<Finding> {
    let mut found = Found::default();
    contact::contact(cluster, &mut found);
    // Early among its like: what somebody switched off is easily forgotten.
    jobs::queue(cluster, &mut found);
    contact::nodes(cluster, &mut found);
    drbd::drbd(cluster, pairs, &mut found);
    storage::storage(cluster, places, &mut found);
    contact::clocks(cluster, &mut found);
    instances::instances(cluster, &mut found);
    jobs::jobs(cluster, &mut found);
    // Trouble that is still to come is said after what is.
    for row in n1.bad() {
        let subject = Subject::Fall(row.node.clone());
        // What has no second node is lost with its own, whatever room there is elsewhere.
        let by_design = row.kind == Kind::Global && row.at_risk <= row.alone;
        let severity = if by_design {
            Severity::Note
        } else {
            Severity::Warning
        };
        found.add(severity, subject, row.alert.clone());
    }
    found
        .0
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found.0
}

#[derive(Default)]
struct Found(Vec<Finding>);

impl Found {
    fn add(&mut self, severity: Severity, subject: Subject, text: String) {
        self.0.push(Finding {
            severity,
            subject,
            text,
        });
    }
}

/// A job that runs is starting, stopping or moving this instance.
pub fn worked_on(cluster: &Cluster, instance: &str) -> bool {
    Work::of(cluster).moves(instance)
}

/// `1 node`, `3 nodes`.
fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
