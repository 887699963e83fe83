//! How old what is on the screen is.

use gantry_wire::config::Source;
use gantry_wire::job::Op;

use crate::model::{Cluster, Node};

/// Seconds up to which what a node says counts as of now: it says something every 5 s at least.
pub const LIVE_NOW: f64 = 10.0;

/// Seconds since each kind of fact was known to be true; none if it never was.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ages {
    /// The configuration.
    pub configuration: Option<f64>,
    /// What nodes say of themselves: the oldest of those that answer, or if none does, the newest.
    pub live: Option<f64>,
    /// What nodes say of their DRBD devices: the oldest of those that answer; none if none tells.
    pub drbd: Option<f64>,
    /// The last `gnt-cluster verify`.
    pub verify: Option<f64>,
}

/// Works them out.
pub fn ages(cluster: &Cluster) -> Ages {
    Ages {
        configuration: configuration(cluster),
        live: live(cluster),
        drbd: drbd(cluster),
        verify: verify(cluster),
    }
}

/// As long as the master answers it would tell of a change, so that what it told is true still.
fn configuration(cluster: &Cluster) -> Option<f64> {
    let seen = cluster.conf_seen.as_ref()?;
    match seen.source {
        Source::File => Some(cluster.seconds_since(seen.written)),
        Source::Luxi => {
            let teller = cluster.nodes.get(&seen.by);
            let heard = teller.and_then(|node| node.heard).unwrap_or(seen.at);
            Some(cluster.now.at.since(heard.max(seen.at)) as f64 / 1e3)
        }
    }
}

fn live(cluster: &Cluster) -> Option<f64> {
    let ago = |node: &Node| Some(cluster.now.at.since(node.heard?));
    let fresh = cluster.nodes.values().filter(|node| node.fresh());
    let oldest = fresh.filter_map(ago).max();
    let newest = || cluster.nodes.values().filter_map(ago).min();
    oldest.or_else(newest).map(|ms| ms as f64 / 1e3)
}

/// An agent tells of a change at once, so that what it told is true for as long as it speaks.
fn drbd(cluster: &Cluster) -> Option<f64> {
    let ago = |node: &Node| Some(cluster.now.at.since(node.heard?));
    let tells = |node: &&Node| node.facts.drbd.is_some() && !node.offline();
    let telling = || cluster.nodes.values().filter(tells);
    let oldest = telling().filter(|node| node.fresh()).filter_map(ago).max();
    let newest = || telling().filter_map(ago).min();
    oldest.or_else(newest).map(|ms| ms as f64 / 1e3)
}

/// `gnt-cluster verify` makes a job for the configuration and one for each group.
fn verify(cluster: &Cluster) -> Option<f64> {
    let verifies = |op: &Op| {
        let word = op.summary.split('(').next().unwrap_or_default();
        matches!(
            word,
            "CLUSTER_VERIFY" | "CLUSTER_VERIFY_CONFIG" | "CLUSTER_VERIFY_GROUP"
        )
    };
    let newest = cluster
        .jobs
        .values()
        .rev()
        .find(|job| job.ended.is_some() && job.ops.iter().any(verifies))?;
    newest.ended.map(|ended| cluster.seconds_since(ended))
}

#[cfg(test)]
mod tests {
    use gantry_wire::job::Job;

    use super::*;
    use crate::model::cluster::ConfSeen;
    use crate::model::time::Now;
    use crate::model::{Reach, Time};

    fn at(cluster: &mut Cluster, seconds: u64) {
        cluster.tick(Now {
            at: Time(seconds * 1_000),
            wall: 1e9 + seconds as f64,
        });
    }

    #[test]
    fn the_configuration_is_as_old_as_its_teller_is_silent() {
        let mut cluster = Cluster::new("x");
        assert_eq!(ages(&cluster), Ages::default());
        at(&mut cluster, 10);
        cluster.linked("a", Reach::Up { since: Time(0) });
        cluster.report(
            "a",
            gantry_wire::Report::Pong(gantry_wire::report::Pong { n: 1 }),
        );
        cluster.conf_seen = Some(ConfSeen {
            by: "a".into(),
            source: Source::Luxi,
            written: 1e9,
            at: Time(2_000),
        });
        at(&mut cluster, 13);
        assert_eq!(ages(&cluster).configuration, Some(3.0));
        assert_eq!(ages(&cluster).live, Some(3.0));
        if let Some(seen) = &mut cluster.conf_seen {
            seen.source = Source::File;
        }
        assert_eq!(ages(&cluster).configuration, Some(13.0));
    }

    #[test]
    fn a_look_at_disks_is_no_verify() {
        let mut cluster = Cluster::new("x");
        at(&mut cluster, 100);
        for (id, summary, ended) in [
            (1, "CLUSTER_VERIFY_GROUP(default)", 40.0),
            (2, "GROUP_VERIFY_DISKS(default)", 90.0),
        ] {
            let op = Op {
                summary: summary.into(),
                ..Op::default()
            };
            let job = Job {
                id,
                ops: vec![op],
                ended: Some(1e9 + ended),
                ..Job::default()
            };
            cluster.jobs.insert(id, job);
        }
        assert_eq!(ages(&cluster).verify, Some(60.0));
    }
}
