//! Who holds locks and who waits for them: chains that end at the job that moves.

use std::collections::{BTreeMap, BTreeSet};

use gantry_wire::job::Lock;

use crate::model::Cluster;
use crate::model::job::finished;

/// Somebody who holds a lock or waits for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A job.
    Job(u64),
    /// Something else, as Ganeti names it.
    Other(String),
}

/// One place in a chain. It waits for the nearest one above it that is less deep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Who.
    pub who: Who,
    /// How many stand above it; 0 for one that waits for nobody.
    pub depth: usize,
    /// What it waits for.
    pub wants: Option<Want>,
    /// Locks that it holds, with the mode, those that somebody waits for first.
    pub holds: Vec<(String, String)>,
}

/// A lock that is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// `node/node1`; empty while it is not known which.
    pub lock: String,
    /// `exclusive` or `shared`, as it is wanted.
    pub mode: String,
    /// As it is held.
    pub held: String,
    /// How many more locks it waits for.
    pub more: usize,
    /// How many others hold these locks besides the one above.
    pub others: usize,
}

/// All chains, those first in which most wait; after them who holds locks for which nobody waits.
pub fn chains(cluster: &Cluster) -> Vec<Link> {
    let locks = &cluster.locks;
    let mut wants: BTreeMap<Who, (Want, Option<Who>)> = BTreeMap::new();
    for job in waiting(cluster) {
        wants.insert(Who::Job(job), wanted(job, locks));
    }
    let mut below: BTreeMap<Who, Vec<Who>> = BTreeMap::new();
    for (who, (_, above)) in &wants {
        if let Some(above) = above {
            below.entry(above.clone()).or_default().push(who.clone());
        }
    }
    let mut all: BTreeSet<Who> = wants.keys().cloned().collect();
    all.extend(locks.iter().flat_map(holders));
    let is_top = |who: &&Who| wants.get(*who).is_none_or(|(_, above)| above.is_none());
    let (mut tops, rest): (Vec<&Who>, Vec<&Who>) = all.iter().partition(is_top);
    let mut counts: BTreeMap<&Who, usize> = BTreeMap::new();
    for top in &tops {
        counts.insert(top, count(top, &below, &mut BTreeSet::new()));
    }
    tops.sort_by_key(|top| (std::cmp::Reverse(counts.get(top).copied()), (*top).clone()));
    let mut chains = Chains {
        locks,
        wants: &wants,
        below: &below,
        links: Vec::new(),
        seen: BTreeSet::new(),
    };
    // Those that wait for each other in a ring stand below nobody.
    for who in tops.into_iter().chain(rest) {
        chains.add(who, 0);
    }
    chains.links
}

/// Jobs that wait for locks.
fn waiting(cluster: &Cluster) -> BTreeSet<u64> {
    let pending = cluster.locks.iter().flat_map(|lock| &lock.pending);
    let pending = pending.flat_map(|want| want.jobs.iter().copied());
    let jobs = cluster.jobs.values().filter(|job| job.status == "waiting");
    let all = pending.chain(jobs.map(|job| job.id));
    // The locks may be told of before the end of a job.
    let over = |id: &u64| {
        cluster
            .jobs
            .get(id)
            .is_some_and(|job| finished(&job.status))
    };
    all.filter(|id| !over(id)).collect()
}

fn holders(lock: &Lock) -> Vec<Who> {
    let jobs = lock.owners.iter().map(|id| Who::Job(*id));
    jobs.chain(lock.others.iter().cloned().map(Who::Other))
        .collect()
}

/// What a job waits for, and the first of those that hold it.
fn wanted(job: u64, locks: &[Lock]) -> (Want, Option<Who>) {
    let wants = |lock: &&Lock| lock.pending.iter().any(|want| want.jobs.contains(&job));
    let wanted: Vec<&Lock> = locks.iter().filter(wants).collect();
    let own = Who::Job(job);
    let blocking: BTreeSet<Who> = wanted
        .iter()
        .flat_map(|lock| holders(lock))
        .filter(|who| *who != own)
        .collect();
    let held = |lock: &&&Lock| holders(lock).iter().any(|who| *who != own);
    let first = wanted.iter().find(held).or(wanted.first());
    let Some(first) = first else {
        let want = Want {
            lock: String::new(),
            mode: String::new(),
            held: String::new(),
            more: 0,
            others: 0,
        };
        return (want, None);
    };
    let pending = first.pending.iter().find(|want| want.jobs.contains(&job));
    let want = Want {
        lock: first.name.clone(),
        mode: pending.map(|want| want.mode.clone()).unwrap_or_default(),
        held: first.mode.clone(),
        more: wanted.len().saturating_sub(1),
        others: blocking.len().saturating_sub(1),
    };
    let above = holders(first).into_iter().find(|who| *who != own);
    (want, above)
}

/// How many wait for one, at first or second hand.
fn count<'a>(
    who: &'a Who,
    below: &'a BTreeMap<Who, Vec<Who>>,
    seen: &mut BTreeSet<&'a Who>,
) -> usize {
    let mut open = vec![who];
    let mut found = 0;
    while let Some(who) = open.pop() {
        for waiter in below.get(who).into_iter().flatten() {
            if seen.insert(waiter) {
                found += 1;
                open.push(waiter);
            }
        }
    }
    found
}

struct Chains<'a> {
    locks: &'a [Lock],
    wants: &'a BTreeMap<Who, (Want, Option<Who>)>,
    below: &'a BTreeMap<Who, Vec<Who>>,
    links: Vec<Link>,
    seen: BTreeSet<&'a Who>,
}

impl<'a> Chains<'a> {
    /// Adds one and all that wait for it, each once.
    fn add(&mut self, top: &'a Who, depth: usize) {
        let mut open = vec![(top, depth)];
        while let Some((who, depth)) = open.pop() {
            if !self.seen.insert(who) {
                continue;
            }
            let link = Link {
                who: who.clone(),
                depth,
                wants: self.wants.get(who).map(|(want, _)| want.clone()),
                holds: self.held_by(who),
            };
            self.links.push(link);
            let waiters = self.below.get(who).into_iter().flatten().rev();
            open.extend(waiters.map(|waiter| (waiter, depth + 1)));
        }
    }

    fn held_by(&self, who: &Who) -> Vec<(String, String)> {
        let held = self.locks.iter().filter(|lock| holders(lock).contains(who));
        let (wanted, rest): (Vec<&Lock>, Vec<&Lock>) =
            held.partition(|lock| !lock.pending.is_empty());
        let all = wanted.into_iter().chain(rest);
        all.map(|lock| (lock.name.clone(), lock.mode.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use gantry_wire::job::{Job, Pending};

    use super::*;

    fn lock(name: &str, owners: &[u64], pending: &[u64]) -> Lock {
        let pending = pending.iter().map(|job| Pending {
            mode: "shared".into(),
            jobs: vec![*job],
        });
        Lock {
            name: name.into(),
            mode: "exclusive".into(),
            owners: owners.into(),
            others: Vec::new(),
            pending: pending.collect(),
        }
    }

    fn cluster(locks: Vec<Lock>) -> Cluster {
        let mut cluster = Cluster::default();
        cluster.locks = locks;
        cluster
    }

    fn told(cluster: &Cluster) -> Vec<(u64, usize, String)> {
        let links = chains(cluster).into_iter().map(|link| {
            let job = match link.who {
                Who::Job(id) => id,
                Who::Other(_) => 0,
            };
            (
                job,
                link.depth,
                link.wants.map(|want| want.lock).unwrap_or_default(),
            )
        });
        links.collect()
    }

    #[test]
    fn a_chain_leads_down_from_the_job_that_moves() {
        let locks = vec![
            lock("instance/web1", &[2], &[3]),
            lock("node/node1", &[1], &[2, 4]),
            lock("node/node9", &[7], &[]),
        ];
        assert_eq!(
            told(&cluster(locks)),
            [
                (1, 0, String::new()),
                (2, 1, "node/node1".into()),
                (3, 2, "instance/web1".into()),
                (4, 1, "node/node1".into()),
                (7, 0, String::new()),
            ]
        );
    }

    #[test]
    fn what_somebody_waits_for_is_named_first_of_what_one_holds() {
        let locks = vec![lock("a/quiet", &[1], &[]), lock("node/node1", &[1], &[2])];
        let links = chains(&cluster(locks));
        let held = links
            .first()
            .map(|link| link.holds.clone())
            .unwrap_or_default();
        let names: Vec<&str> = held.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["node/node1", "a/quiet"]);
    }

    #[test]
    fn a_ring_and_one_that_waits_for_what_nobody_holds_are_shown_once() {
        let locks = vec![
            lock("a", &[1], &[2]),
            lock("b", &[2], &[1]),
            lock("c", &[], &[5]),
        ];
        let mut jobs: Vec<u64> = told(&cluster(locks)).iter().map(|it| it.0).collect();
        jobs.sort_unstable();
        assert_eq!(jobs, [1, 2, 5]);
    }

    #[test]
    fn a_holder_that_is_no_job_has_its_place() {
        let mut held = lock("node/node1", &[], &[2]);
        held.others.push("luxid-ThreadId 5".into());
        let links = chains(&cluster(vec![held]));
        let who: Vec<&Who> = links.iter().map(|link| &link.who).collect();
        assert_eq!(who, [&Who::Other("luxid-ThreadId 5".into()), &Who::Job(2)]);
    }

    #[test]
    fn a_job_that_waits_is_shown_before_its_locks_are_told_and_not_after_its_end() {
        let mut cluster = cluster(vec![lock("a", &[1], &[3])]);
        for (id, status) in [(2, "waiting"), (3, "canceled")] {
            let job = Job {
                id,
                status: status.into(),
                ..Job::default()
            };
            cluster.jobs.insert(id, job);
        }
        assert_eq!(
            told(&cluster),
            [(1, 0, String::new()), (2, 0, String::new())]
        );
    }
}
