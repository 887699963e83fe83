//! Ceph's pools, which RBD disks are in.

use std::time::Duration;

use gantry_wire::node::Missing;
use gantry_wire::storage::Space;
use serde::Deserialize;

use super::background::Background;
use super::clock;
use super::command::{End, Keeper, PATH, Runner};
use crate::place::Place;
use crate::session::Moment;
use crate::waker::Waker;

/// How often it is asked, milliseconds: the whole cluster has the same answer on every node.
const INTERVAL_MS: u64 = 300_000;
/// After this long without an answer it is said, milliseconds.
const PATIENCE_MS: u64 = 15_000;
/// It is killed after this long.
const LIMIT: Duration = Duration::from_secs(30);

/// The thread that asks.
#[derive(Debug)]
pub struct Probe {
    background: Background<Result<Vec<Space>, Trouble>>,
    /// Ends the program with the probe.
    _keeper: Keeper,
}

#[derive(Clone, Debug)]
struct Trouble {
    why: String,
    silent_since: Option<Moment>,
}

impl Probe {
    /// Starts the thread where this node knows a Ceph cluster: it has its configuration.
    ///
    /// # Errors
    /// In words, if there can be no more threads.
    pub fn start(place: &Place, waker: &Waker) -> Result<Option<Probe>, String> {
        let (mut runner, keeper) = Runner::new(PATH);
        if !place.prefixed("/etc/ceph/ceph.conf").is_file() || !runner.finds("ceph") {
            return Ok(None);
        }
        let waker = waker.clone();
        let work = move || ask(&mut runner);
        let background = Background::start("ceph", INTERVAL_MS, work, move || waker.wake());
        let background = background.map_err(|error| format!("no thread: {error}"))?;
        Ok(Some(Probe {
            background,
            _keeper: keeper,
        }))
    }

    /// The pools; whatever cannot be had is added to `missing`. `None` before the first answer.
    pub fn read(&mut self, now: Moment, missing: &mut Vec<Missing>) -> Option<Vec<Space>> {
        let (why, since) = match self.background.read(now, PATIENCE_MS) {
            Ok(None) => return None,
            Ok(Some(Ok(pools))) => return Some(pools.clone()),
            Ok(Some(Err(trouble))) => (trouble.why.clone(), trouble.silent_since),
            Err(_) => (String::new(), self.background.asked()),
        };
        missing.push(Missing {
            part: "storage".into(),
            why: match since {
                Some(since) => format!("ceph does not answer since {}", clock(since)),
                None => format!("ceph: {why}"),
            },
            hangs: since.is_some(),
        });
        Some(Vec::new())
    }
}

fn ask(runner: &mut Runner) -> Result<Vec<Space>, Trouble> {
    let began = crate::serve::now();
    let args = ["--connect-timeout", "10", "df", "--format", "json"];
    let output = runner.run("ceph", &args, LIMIT);
    let trouble = |why| Trouble {
        why,
        silent_since: output.end.is_silence().then_some(began),
    };
    match output.end {
        End::Exited(0) => parse(&output.stdout).map_err(trouble),
        _ => Err(trouble(output.why())),
    }
}

#[derive(Debug, Deserialize)]
struct Df {
    pools: Vec<Pool>,
}

#[derive(Debug, Deserialize)]
struct Pool {
    name: String,
    stats: Stats,
}

/// Bytes. What may still be stored is after replication, and so is what is stored; older
/// versions have it under the other name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stats {
    stored: Option<u64>,
    bytes_used: u64,
    max_avail: u64,
}

/// Reads what `ceph df --format json` printed. It may say something else before.
///
/// # Errors
/// In words, if it is not that.
pub fn parse(text: &str) -> Result<Vec<Space>, String> {
    const MIB: u64 = 1024 * 1024;
    let start = text.find('{').unwrap_or(0);
    let df: Df = serde_json::from_str(text.get(start..).unwrap_or_default())
        .map_err(|error| format!("not understood: {error}"))?;
    let pools = df.pools.into_iter().map(|pool| {
        let used = pool.stats.stored.unwrap_or(pool.stats.bytes_used);
        Space {
            name: pool.name,
            template: "rbd".into(),
            total: used.saturating_add(pool.stats.max_avail) / MIB,
            free: pool.stats.max_avail / MIB,
            why: String::new(),
        }
    });
    Ok(pools.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pools_have_what_can_be_stored_in_them() {
        let text = r#"
{"stats":{"total_bytes":32212254720},"pools":[
 {"name":"rbd","id":1,"stats":{"stored":1073741824,"objects":9,"bytes_used":3221225472,"max_avail":9663676416}},
 {"name":"old","id":2,"stats":{"kb_used":1024,"bytes_used":1048576,"max_avail":1048576,"objects":1}}]}"#;
        let pools = parse(text).unwrap();
        let seen: Vec<_> = pools
            .iter()
            .map(|pool| (pool.name.as_str(), pool.total, pool.free))
            .collect();
        assert_eq!(seen, [("rbd", 10_240, 9216), ("old", 2, 1)]);
        assert!(parse("").is_err() && parse("{}").is_err() && parse("unable to connect").is_err());
    }

    #[test]
    fn a_node_without_ceph_is_not_asked() {
        let place = Place::new("/nonexistent".into(), None);
        assert!(
            Probe::start(&place, &Waker::new().unwrap())
                .unwrap()
                .is_none()
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,200}") {
            let _ = parse(&text);
        }
    }
}
