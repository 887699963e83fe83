//! What is wrong with a cluster, worst first, one finding a cause.

use gantry_wire::config::Source;
use gantry_wire::report::MasterState;

use crate::model::job::finished;
use crate::model::status::Word;
use crate::model::words::{age, ago, duration};
use crate::model::{Cluster, Instance, Name, Node, Reach, job, natural};

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
    /// An instance.
    Instance(Name),
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

/// Failed jobs are news for this long, seconds.
const FAILED_IS_NEWS: f64 = 3_600.0;

/// Ganeti calls a clock wrong from this many seconds on (`ENODETIME`).
const CLOCK_SKEW: f64 = 150.0;

/// Everything that is wrong, worst first.
pub fn findings(cluster: &Cluster) -> Vec<Finding> {
    let mut found = Found::default();
    contact(cluster, &mut found);
    // Early among its like: what somebody switched off is easily forgotten.
    queue(cluster, &mut found);
    nodes(cluster, &mut found);
    clocks(cluster, &mut found);
    instances(cluster, &mut found);
    jobs(cluster, &mut found);
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

/// Whether anybody answers, and whether that is the master.
fn contact(cluster: &Cluster, found: &mut Found) {
    let up = cluster
        .nodes
        .values()
        .filter(|node| node.reach.is_up())
        .count();
    if up == 0 {
        let troubled = || {
            cluster
                .nodes
                .values()
                .find_map(|node| node.trouble.as_ref())
        };
        let why = cluster.first_trouble.as_ref().or_else(troubled);
        if let Some(why) = why {
            found.add(
                Severity::Critical,
                Subject::Cluster,
                format!("no contact: {why}"),
            );
        }
        return;
    }
    if cluster.master_serves() {
        return;
    }
    let silent = cluster
        .masters
        .iter()
        .find_map(|(name, state)| match state {
            MasterState::Silent { why } => Some((name, why)),
            _ => None,
        });
    let from_file = cluster
        .conf_seen
        .as_ref()
        .filter(|seen| seen.source == Source::File);
    if let Some(seen) = from_file {
        let written = ago(cluster.seconds_since(seen.written));
        let text = format!("no master: configuration of {written} from {}", seen.by);
        found.add(Severity::Critical, Subject::Cluster, text);
    } else if cluster.conf_seen.is_some()
        || silent.is_none() && up == cluster.nodes.len() && !cluster.masters.is_empty()
    {
        let text =
            "no master answers: what is shown of the configuration and the jobs is old".to_owned();
        found.add(Severity::Critical, Subject::Cluster, text);
    }
    if let Some((name, why)) = silent {
        found.add(
            Severity::Critical,
            Subject::Node(name.clone()),
            format!("{name} is the master, but LUXI does not answer: {why}"),
        );
    }
}

fn nodes(cluster: &Cluster, found: &mut Found) {
    let mut without_agent = 0;
    for node in cluster
        .nodes_sorted()
        .into_iter()
        .filter(|node| !node.offline())
    {
        let name = &node.name;
        let subject = Subject::Node(name.clone());
        match &node.reach {
            Reach::Waiting { .. } | Reach::Connecting(_) => {
                let Some(why) = &node.trouble else { continue };
                let text = match node.heard {
                    Some(heard) => {
                        let ago = ago(cluster.now.at.since(heard) as f64 / 1e3);
                        format!("{name} lost {ago}: {why}")
                    }
                    None => format!("{name} not reached: {why}"),
                };
                found.add(Severity::Critical, subject, text);
            }
            Reach::Refused { why } => {
                found.add(Severity::Warning, subject, format!("{name}: {why}"))
            }
            Reach::NoAgent { .. } => without_agent += 1,
            Reach::Up { .. } if node.noded() == Some(false) => {
                found.add(
                    Severity::Critical,
                    subject,
                    format!("{name}: ganeti-noded does not answer"),
                );
            }
            Reach::Idle | Reach::Up { .. } => {}
        }
    }
    if without_agent > 0 {
        let text = format!("no agent on {}", count(without_agent, "node"));
        found.add(Severity::Note, Subject::Cluster, text);
    }
    candidates(cluster, found);
}

/// Fewer master candidates than wanted, though there are nodes for it.
fn candidates(cluster: &Cluster, found: &mut Found) {
    let Some(conf) = &cluster.conf else { return };
    let roles = |letters: &str| {
        let has = |node: &&Node| letters.contains(node.role());
        cluster
            .nodes
            .values()
            .filter(has)
            .filter(|node| node.conf.as_ref().is_some_and(|c| c.master_capable))
            .count()
    };
    let (have, could) = (roles("MC"), roles("MCR"));
    let want = (conf.candidate_pool_size as usize).min(could);
    if have < want {
        let text = format!("{} of {want} wanted", count(have, "master candidate"));
        found.add(Severity::Warning, Subject::Cluster, text);
    }
}

/// Clocks that are off against most of the others.
fn clocks(cluster: &Cluster, found: &mut Found) {
    let fresh = || cluster.nodes.values().filter(|node| node.fresh());
    let mut ahead: Vec<f64> = fresh().filter_map(|node| node.clock_ahead).collect();
    ahead.sort_by(f64::total_cmp);
    let Some(&median) = ahead.get(ahead.len() / 2) else {
        return;
    };
    for node in fresh() {
        let off = node.clock_ahead.unwrap_or(median) - median;
        if off.abs() > CLOCK_SKEW {
            let way = if off > 0.0 { "ahead" } else { "behind" };
            let text = format!("{}: clock {} {way}", node.name, duration(off.abs()));
            found.add(Severity::Warning, Subject::Node(node.name.clone()), text);
        }
    }
}

fn instances(cluster: &Cluster, found: &mut Found) {
    const ERRORS: [Word; 5] = [
        Word::ErrorNodeDown,
        Word::ErrorNodeOffline,
        Word::ErrorDown,
        Word::ErrorWrongNode,
        Word::ErrorUp,
    ];
    let work = Work::of(cluster);
    for word in ERRORS {
        // A start shows ERROR_down and a stop ERROR_up for as long as its job runs.
        let passing = matches!(word, Word::ErrorDown | Word::ErrorUp);
        let has = |instance: &&Instance| {
            instance.status.word() == Some(word) && !(passing && work.moves(&instance.name))
        };
        let mut names: Vec<&Name> = cluster
            .instances
            .values()
            .filter(has)
            .map(|i| &i.name)
            .collect();
        names.sort_by(|a, b| natural::compare(a, b));
        if names.len() > NAMED {
            let text = format!("{} {}", count(names.len(), "instance"), word.text());
            found.add(
                Severity::Critical,
                Subject::Instance(names[0].clone()),
                text,
            );
        } else {
            for name in names {
                let node = &cluster.instances[name].conf.primary;
                let text = format!("{name} {} (primary {node})", word.text());
                found.add(Severity::Critical, Subject::Instance(name.clone()), text);
            }
        }
    }
    strangers(cluster, &work, found);
}

/// Guests that run twice, or that the configuration does not know. While a job works on an instance
/// neither means anything: a migration has its guest on both nodes, a creation runs first.
fn strangers(cluster: &Cluster, work: &Work, found: &mut Found) {
    if cluster.conf_seen.is_none() {
        return;
    }
    for node in cluster
        .nodes_sorted()
        .into_iter()
        .filter(|node| node.fresh())
    {
        let guests = node.facts.guests.iter().flat_map(|guests| &guests.list);
        for guest in guests.filter(|guest| !guest.shut_down) {
            let (severity, text) = match cluster.instances.get(guest.name.as_str()) {
                None => {
                    let text = format!(
                        "{} runs {}, which the configuration does not know",
                        node.name, guest.name
                    );
                    (Severity::Warning, text)
                }
                Some(instance)
                    if instance.conf.primary != *node.name && cluster.guest(instance).is_some() =>
                {
                    let text = format!(
                        "{} runs on {} and on {}",
                        guest.name, instance.conf.primary, node.name
                    );
                    (Severity::Critical, text)
                }
                Some(_) => continue,
            };
            if !work.moves(&guest.name) {
                found.add(severity, Subject::Node(node.name.clone()), text);
            }
        }
    }
}

/// A job that runs is starting, stopping or moving this instance.
pub fn worked_on(cluster: &Cluster, instance: &str) -> bool {
    Work::of(cluster).moves(instance)
}

fn jobs(cluster: &Cluster, found: &mut Found) {
    let news = |ended: f64| cluster.seconds_since(ended) < FAILED_IS_NEWS;
    let failed: Vec<_> = cluster
        .jobs
        .values()
        .rev()
        .filter(|job| job.status == "error" && job.ended.is_some_and(news))
        .collect();
    if let [newest, ..] = failed.as_slice() {
        let what = job::summary(newest);
        let text = match failed.len() {
            1 => format!("job {} failed: {what}", newest.id),
            n => format!(
                "{n} jobs failed in the last hour, the newest: {} {what}",
                newest.id
            ),
        };
        found.add(Severity::Warning, Subject::Job(newest.id), text);
    }
}

fn queue(cluster: &Cluster, found: &mut Found) {
    let Some(queue) = &cluster.queue else { return };
    if queue.drained {
        let text = "the job queue is drained: new jobs are refused".to_owned();
        found.add(Severity::Warning, Subject::Cluster, text);
    }
    if let Some(until) = queue
        .watcher_paused_until
        .filter(|until| *until > cluster.now.wall)
    {
        let text = format!("watcher paused {} more", age(until - cluster.now.wall));
        found.add(Severity::Note, Subject::Cluster, text);
    }
    if !queue.filters.is_empty() {
        let waiting = cluster
            .jobs
            .values()
            .filter(|job| !finished(&job.status))
            .count();
        let text = format!(
            "{} in force, {}",
            count(queue.filters.len(), "job filter"),
            count(waiting, "unfinished job")
        );
        found.add(Severity::Note, Subject::Cluster, text);
    }
}

/// `1 node`, `3 nodes`.
fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
