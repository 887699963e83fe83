//! `gantry status`: one look, in the manner of monitoring plugins.

use serde_json::{Value, json};

use super::list::printable;
use crate::model::totals::totals;
use crate::model::words::mib;
use crate::model::{Cluster, totals::Totals};
use crate::planner::findings::findings_with;
use crate::planner::n1::Report;
use crate::planner::replica::{State, Summary, pairs, summary};
use crate::planner::storage::places;
use crate::planner::{Finding, Severity, Subject};

/// Exit status when nothing could be learned, or the command line made no sense.
pub const UNKNOWN: u8 = 3;

/// What a look found.
pub struct Look {
    /// 0 healthy, 1 warnings, 2 critical, 3 nothing known.
    pub exit: u8,
    /// What to print.
    pub text: String,
}

/// Looks at a cluster.
pub fn look(cluster: &Cluster, as_json: bool) -> Look {
    let pairs = pairs(cluster);
    let (n1, _) = Report::of(cluster);
    let found = findings_with(cluster, &pairs, &places(cluster), &n1);
    let known = cluster.conf_seen.is_some();
    let exit = match found.iter().map(|finding| finding.severity).max() {
        _ if !known => UNKNOWN,
        Some(Severity::Critical) => 2,
        Some(Severity::Warning) => 1,
        Some(Severity::Note) | None => 0,
    };
    let sums = totals(cluster);
    // Of disks of which no node says anything nothing is counted.
    let disks_known = pairs.iter().any(|pair| pair.state != State::Unknown);
    let disks = (disks_known || pairs.is_empty()).then(|| summary(cluster, &pairs));
    let text = if as_json {
        json(cluster, &sums, disks.as_ref(), &found, exit)
    } else {
        plain(cluster, &sums, &found, exit)
    };
    Look { exit, text }
}

fn word(exit: u8) -> &'static str {
    match exit {
        0 => "OK",
        1 => "WARNING",
        2 => "CRITICAL",
        _ => "UNKNOWN",
    }
}

/// The first line says it all; one line a finding follows.
fn plain(cluster: &Cluster, sums: &Totals, found: &[Finding], exit: u8) -> String {
    let mut out = format!("{} - {}", word(exit), printable(cluster.name()));
    if cluster.conf_seen.is_some() {
        let up = |n: usize, of: usize, what: &str| format!(", {n}/{of} {what}");
        out += &up(sums.nodes_up, sums.nodes - sums.nodes_offline, "nodes up");
        out += &up(sums.running, sums.instances, "instances running");
        if sums.unknown > 0 {
            out += &format!(" ({} not known)", sums.unknown);
        }
        if sums.memory_total > 0 {
            out += &format!(
                ", memory {} of {} free",
                mib(sums.memory_free),
                mib(sums.memory_total)
            );
        }
    }
    out.push('\n');
    for finding in found {
        let severity = match finding.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        out += &format!("{severity}: {}\n", printable(&finding.text));
    }
    out
}

fn json(
    cluster: &Cluster,
    sums: &Totals,
    disks: Option<&Summary>,
    found: &[Finding],
    exit: u8,
) -> String {
    let finding = |finding: &Finding| {
        let severity = format!("{:?}", finding.severity).to_lowercase();
        let (kind, name) = match &finding.subject {
            Subject::Cluster => ("cluster", cluster.name().to_owned()),
            Subject::Node(name) | Subject::Storage(name) | Subject::Fall(name) => {
                ("node", name.to_string())
            }
            Subject::Instance(name) => ("instance", name.to_string()),
            Subject::Disk(name, index) => ("disk", format!("{name}/{index}")),
            Subject::Job(id) => ("job", id.to_string()),
        };
        json!({"severity": severity, "kind": kind, "name": name, "text": finding.text})
    };
    let conf = cluster.conf.as_ref();
    let seen = cluster.conf_seen.as_ref();
    let queue = cluster.queue.as_ref();
    let known = |n: u64, total: u64| (total > 0).then_some(n);
    let told = |n: usize| seen.map(|_| n);
    let value: Value = json!({
        "status": word(exit),
        "exit": exit,
        "cluster": cluster.name(),
        "master": Some(cluster.master()).filter(|name| !name.is_empty()),
        "master_serves": cluster.master_serves(),
        "ganeti": conf.map(|conf| &conf.software_version),
        "configuration_from": seen.map(|seen| &*seen.by),
        "configuration_age_s": seen.map(|seen| age_of(cluster, seen.written)),
        "nodes": told(sums.nodes),
        "nodes_up": told(sums.nodes_up),
        "nodes_offline": told(sums.nodes_offline),
        "instances": told(sums.instances),
        "instances_running": told(sums.running),
        "instances_error": told(sums.errors),
        "instances_unknown": told(sums.unknown),
        "memory_total": known(sums.memory_total, sums.memory_total),
        "memory_free": known(sums.memory_free, sums.memory_total),
        "disk_total": known(sums.disk_total, sums.disk_total),
        "disk_free": known(sums.disk_free, sums.disk_total),
        "disks_degraded": disks.and_then(|disks| told(disks.degraded)),
        "disks_unknown": disks.and_then(|disks| told(disks.unknown)),
        "disks_resyncing": disks.and_then(|disks| told(disks.resyncing)),
        "jobs_running": cluster.jobs_at.map(|_| sums.jobs_running),
        "jobs_waiting": cluster.jobs_at.map(|_| sums.jobs_waiting),
        "jobs_failed": cluster.jobs_at.map(|_| cluster.jobs.values().filter(|job| job.status == "error").count()),
        "queue_drained": queue.map(|queue| queue.drained),
        "watcher_paused_until": queue.and_then(|queue| queue.watcher_paused_until),
        "job_filters": queue.map(|queue| queue.filters.len()),
        "findings": found.iter().map(finding).collect::<Vec<_>>(),
    });
    value.to_string() + "\n"
}

fn age_of(cluster: &Cluster, wall: f64) -> u64 {
    cluster.seconds_since(wall) as u64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::Reach;

    #[test]
    fn nothing_known_is_unknown_and_says_why() {
        let mut cluster = Cluster::new("there");
        cluster.first_linked(Reach::Refused {
            why: "key refused".into(),
        });
        let look = look(&cluster, false);
        assert_eq!(look.exit, UNKNOWN);
        assert_eq!(
            look.text,
            "UNKNOWN - there\ncritical: no contact: key refused\n"
        );
    }

    #[test]
    fn every_field_is_described_in_the_readme() {
        let readme = include_str!("../../README.md");
        let value: Value = serde_json::from_str(&look(&Cluster::new("there"), true).text).unwrap();
        for field in value.as_object().unwrap().keys() {
            assert!(readme.contains(&format!("`{field}`")), "{field}");
        }
    }

    #[test]
    fn json_holds_null_for_what_is_not_known() {
        let look = look(&Cluster::new("there"), true);
        let value: Value = serde_json::from_str(&look.text).unwrap();
        for field in [
            "memory_free",
            "nodes",
            "nodes_up",
            "instances",
            "jobs_running",
            "disks_degraded",
        ] {
            assert_eq!(value[field], Value::Null, "{field}");
        }
        assert_eq!(value["exit"], 3);
    }
}
