//! What this console asked for: what became of each change, and of the job that it is.

use gantry_wire::act::{Act, ActId, Acted, Outcome};
use gantry_wire::job::Job;
use sha2::{Digest, Sha256};

use crate::action::runbook::Fate;
use crate::model::family::{Family, over};
use crate::model::job::failure;
use crate::model::words::duration;
use crate::model::{Cluster, Time};

/// So many are kept; the oldest that are settled go first.
const KEPT: usize = 1_000;

/// Whoever has not answered for so long, milliseconds, may have done it or not.
const LONG: u64 = 30_000;

/// One change.
#[derive(Clone, Debug)]
pub struct Affair {
    /// Its id.
    pub id: ActId,
    /// What it is, as the confirmation said it: `fail over web7`.
    pub title: String,
    /// When it was asked for.
    pub asked: Time,
    /// What became of it, as far as that is known.
    pub outcome: Option<Outcome>,
    /// It was said how it ended.
    told: bool,
    /// It was asked for together with others: the title of all, and the id of the first.
    bound: Option<(String, ActId)>,
    /// Only that it failed is worth a word.
    quiet: bool,
}

impl Affair {
    /// Its job, once it is one.
    pub fn job(&self) -> Option<u64> {
        match self.outcome {
            Some(Outcome::Submitted { job }) => Some(job),
            _ => None,
        }
    }
}

/// All changes that were asked for, in their order.
#[derive(Clone, Debug, Default)]
pub struct Affairs {
    list: Vec<Affair>,
    /// Random bits that only this console knows.
    secret: u128,
    made: u128,
}

/// Something to tell the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// In one line.
    pub text: String,
    /// It is over, for good or ill: the bell rings once.
    pub over: bool,
    /// The job that it has become just now.
    pub job: Option<u64>,
}

impl Affairs {
    /// With random bits that nobody else knows.
    pub fn new(secret: u128) -> Affairs {
        Affairs {
            secret,
            ..Affairs::default()
        }
    }

    /// An id that nobody ever had. Jobs show theirs to everybody: whoever has seen some can tell
    /// no other, as each is a digest of the secret.
    pub fn id(&mut self) -> ActId {
        self.made += 1;
        let digest = Sha256::new()
            .chain_update(self.secret.to_ne_bytes())
            .chain_update(self.made.to_ne_bytes())
            .finalize();
        let bits = digest.iter().take(16);
        ActId::new(bits.fold(0, |all, byte| all << 8 | u128::from(*byte)))
    }

    /// Something is asked for now.
    pub fn asked(&mut self, act: &Act, title: String, asked: Time) {
        let settled = |it: &Affair| it.told;
        if self.list.len() >= KEPT
            && let Some(at) = self.list.iter().position(settled)
        {
            self.list.remove(at);
        }
        self.list.push(Affair {
            id: act.id.clone(),
            title,
            asked,
            outcome: None,
            told: false,
            bound: None,
            quiet: false,
        });
    }

    /// The last so many were asked for together: their end is told as one, when all have ended.
    pub fn bind(&mut self, count: usize, title: &str) {
        let from = self.list.len().saturating_sub(count);
        let Some((first, _)) = self.list.get(from..).and_then(<[Affair]>::split_first) else {
            return;
        };
        let bound = (title.to_owned(), first.id.clone());
        for affair in self.list.iter_mut().skip(from) {
            affair.bound = Some(bound.clone());
        }
    }

    /// Something that serves a larger whole is asked for now: only its failure is told.
    pub fn asked_quietly(&mut self, act: &Act, title: String, asked: Time) {
        self.asked(act, title, asked);
        if let Some(affair) = self.list.last_mut() {
            affair.quiet = true;
        }
    }

    /// What became of one.
    pub fn fate(&self, id: &ActId, cluster: &Cluster) -> Fate {
        let Some(affair) = self.list.iter().find(|it| it.id == *id) else {
            return Fate::Bad(None, "it is not remembered what became of it".to_owned());
        };
        match &affair.outcome {
            None => Fate::Open(None, "asked for".to_owned()),
            Some(Outcome::Waiting { why }) => Fate::Open(None, why.clone()),
            Some(Outcome::Unknown { why }) => Fate::Open(None, format!("unknown: {why}")),
            Some(Outcome::Running { line }) => Fate::Open(None, format!("under way: {line}")),
            Some(Outcome::Done { .. }) => Fate::Well(None),
            Some(Outcome::Failed { words }) => Fate::Bad(None, format!("FAILED: {words}")),
            Some(Outcome::Refused { words, .. }) => Fate::Bad(None, format!("refused: {words}")),
            Some(Outcome::Void {}) => {
                Fate::Bad(None, "it was not begun, nothing was done".to_owned())
            }
            Some(Outcome::Submitted { job }) => of_job(*job, cluster),
        }
    }

    /// Those of which it is not known what became of them, with their ids.
    pub fn open(&self) -> impl Iterator<Item = &Affair> {
        let open = |it: &&Affair| it.outcome.as_ref().is_none_or(|it| !it.is_final());
        self.list.iter().filter(open)
    }

    /// All of them, the oldest first.
    pub fn all(&self) -> &[Affair] {
        &self.list
    }

    /// Those of which nobody knows whether they were made, in sentences.
    pub fn unknown(&self, now: Time) -> Vec<String> {
        let why = |it: &Affair| {
            let late = now.since(it.asked) > LONG;
            let why = match &it.outcome {
                Some(Outcome::Unknown { why }) => why,
                Some(Outcome::Waiting { why }) if late => why,
                None if late => "the agent has not answered yet",
                _ => return None,
            };
            Some(format!("{}: unknown whether it was done: {why}", it.title))
        };
        self.list.iter().filter_map(why).collect()
    }

    /// Takes in what became of one; what is to be told of it.
    pub fn take(&mut self, acted: Acted) -> Option<News> {
        let mut open = self.list.iter_mut().rev();
        let affair = open.find(|it| it.id.as_str() == acted.id)?;
        if affair.outcome.as_ref() == Some(&acted.outcome) {
            return None;
        }
        let title = &affair.title;
        let (text, over, job) = match &acted.outcome {
            Outcome::Submitted { job } => (format!("{title}: job {job}"), false, Some(*job)),
            Outcome::Done { words } => (format!("{title}: {words}"), true, None),
            Outcome::Refused { words, .. } => (format!("{title}: refused: {words}"), true, None),
            Outcome::Void {} => (
                format!("{title}: it was not begun and will not be; nothing was done"),
                true,
                None,
            ),
            Outcome::Failed { words } => (format!("{title}: FAILED: {words}"), true, None),
            Outcome::Running { line } if line.is_empty() => {
                (format!("{title}: under way"), false, None)
            }
            Outcome::Running { line } => (format!("{title}: under way: {line}"), false, None),
            Outcome::Waiting { why } => (format!("{title}: {why}"), false, None),
            Outcome::Unknown { why } => (format!("{title}: unknown: {why}"), false, None),
        };
        let failed = matches!(acted.outcome, Outcome::Refused { .. } | Outcome::Void {});
        affair.told = over;
        affair.outcome = Some(acted.outcome);
        let silent = affair.quiet && !failed;
        (!silent).then_some(News { text, over, job })
    }

    /// Jobs of these changes that have ended since the last look, with all that they made; what is to be told of each.
    pub fn ended(&mut self, cluster: &Cluster) -> Vec<News> {
        let mut news = Vec::new();
        let mut together: Vec<(String, ActId)> = Vec::new();
        for affair in self.list.iter_mut().filter(|it| !it.told) {
            let job = affair.job().and_then(|id| cluster.jobs.get(&id));
            let Some(job) = job.filter(|job| over(job, cluster)) else {
                continue;
            };
            if affair.quiet
                && !Family::of(job, cluster).map_or(job.status != "success", |it| it.has_failed())
            {
                affair.told = true;
                continue;
            }
            match &affair.bound {
                Some(bound) if !together.contains(bound) => together.push(bound.clone()),
                Some(_) => {}
                None => {
                    affair.told = true;
                    news.push(format!("{}: {}", affair.title, end(job, cluster)));
                }
            }
        }
        for bound in together {
            news.extend(self.ended_together(&bound, cluster));
        }
        let over = |text| News {
            text,
            over: true,
            job: None,
        };
        news.into_iter().map(over).collect()
    }

    /// How those ended that were asked for together; none while one has not.
    fn ended_together(&mut self, bound: &(String, ActId), cluster: &Cluster) -> Option<String> {
        let mut jobs = Vec::new();
        let of_it = |it: &&mut Affair| it.bound.as_ref() == Some(bound);
        for affair in self
            .list
            .iter()
            .filter(|it| it.bound.as_ref() == Some(bound))
        {
            match &affair.outcome {
                None | Some(Outcome::Waiting { .. }) => return None,
                // Of one of which it is not known there is an alarm.
                Some(_) => jobs.extend(affair.job()),
            }
        }
        let family = Family::together(jobs.into_iter(), cluster);
        if !family.is_over() || !family.children.iter().all(|job| over(job, cluster)) {
            return None;
        }
        let told = self
            .list
            .iter_mut()
            .filter(of_it)
            .filter(|it| it.job().is_some());
        told.for_each(|affair| affair.told = true);
        Some(format!("{}: {}", bound.0, family.sentence()))
    }
}

/// How a job ended, and those that it made, in a line.
fn end(job: &Job, cluster: &Cluster) -> String {
    let family = Family::of(job, cluster);
    let children = family.iter().flat_map(|it| &it.children);
    let ended = children
        .filter_map(|child| child.ended)
        .fold(job.ended, |last, ended| {
            Some(last.map_or(ended, |last| last.max(ended)))
        });
    let took = match (job.started, ended) {
        (Some(from), Some(to)) => format!(" after {}", duration((to - from).max(0.0))),
        _ => String::new(),
    };
    let (how, what) = match &family {
        None => (outcome(&job.status), failure(job).map(str::to_owned)),
        Some(family) => (family_outcome(family), Some(family.sentence())),
    };
    let what = what.map_or(String::new(), |what| format!(": {what}"));
    format!("job {} {how}{took}{what}", job.id)
}

/// What became of a job.
fn of_job(id: u64, cluster: &Cluster) -> Fate {
    let Some(job) = cluster.jobs.get(&id) else {
        return Fate::Open(Some(id), "not told of yet".to_owned());
    };
    // One that made others is as they are.
    if let Some(family) = Family::of(job, cluster) {
        return match over(job, cluster) {
            false => Fate::Open(Some(id), family.sentence()),
            true if family.has_failed() => Fate::Bad(Some(id), family.sentence()),
            true => Fate::Well(Some(id)),
        };
    }
    match job.status.as_str() {
        "success" => Fate::Well(Some(id)),
        "error" | "canceled" => {
            let error = job.ops.iter().rfind(|op| !op.error.is_empty());
            let error = error.map_or(outcome(&job.status), |op| op.error.trim());
            Fate::Bad(Some(id), error.to_owned())
        }
        status => {
            let line = job
                .last_line
                .as_ref()
                .map(|line| format!("{status}: {}", line.text));
            Fate::Open(Some(id), line.unwrap_or_else(|| status.to_owned()))
        }
    }
}

/// How a job ended, in a word that is true for each status that is an end.
fn outcome(status: &str) -> &str {
    match status {
        "success" => "succeeded",
        "error" => "FAILED",
        "canceled" => "was canceled",
        other => other,
    }
}

/// The same of one that made others: it ended as they did.
fn family_outcome(family: &Family) -> &'static str {
    if family.has_failed() {
        "FAILED"
    } else if family.against().next().is_some() {
        "found errors"
    } else if family.gone.is_empty() {
        "succeeded"
    } else {
        "ended"
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::act::{Expect, Refusal};
    use gantry_wire::job::{Made, Op};
    use gantry_wire::operation::Operation;

    use super::*;

    fn affairs() -> (Affairs, ActId) {
        let mut affairs = Affairs::new(1 << 100);
        let act = Act {
            id: affairs.id(),
            operation: Operation::QueueDrain {},
            expect: Expect::Nothing {},
            reason: String::new(),
            operator: "anna".into(),
        };
        affairs.asked(&act, "drain the queue".into(), Time(5));
        (affairs, act.id)
    }

    fn acted(id: &ActId, outcome: Outcome) -> Acted {
        Acted {
            id: id.to_string(),
            outcome,
        }
    }

    #[test]
    fn no_id_tells_another() {
        let mut affairs = Affairs::new(u128::MAX);
        let mut digits = Vec::new();
        for _ in 0..100 {
            let id = affairs.id();
            digits.push(u128::from_str_radix(id.as_str(), 16).unwrap());
        }
        digits.push(u128::from_str_radix(Affairs::new(1).id().as_str(), 16).unwrap());
        digits.sort_unstable();
        // Of random bits two are as near as this once in a trillion years.
        let mut gaps = digits.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(gaps.all(|gap| gap > 1 << 64), "{digits:x?}");
    }

    #[test]
    fn a_job_is_told_of_when_it_is_made_and_when_it_ends_each_once() {
        let (mut affairs, id) = affairs();
        let submitted = acted(&id, Outcome::Submitted { job: 7 });
        let news = affairs.take(submitted.clone()).unwrap();
        assert_eq!((news.job, news.over), (Some(7), false));
        assert_eq!(affairs.take(submitted), None);
        let mut cluster = Cluster::default();
        assert_eq!(affairs.ended(&cluster), []);
        let op = Op {
            error: "no such node".into(),
            ..Op::default()
        };
        let job = Job {
            id: 7,
            status: "error".into(),
            ops: vec![op],
            started: Some(10.0),
            ended: Some(22.0),
            ..Job::default()
        };
        cluster.jobs.insert(7, job);
        let [ended] = &affairs.ended(&cluster)[..] else {
            unreachable!("one")
        };
        assert_eq!(
            ended.text,
            "drain the queue: job 7 FAILED after 12s: no such node"
        );
        assert!(ended.over);
        assert_eq!(affairs.ended(&cluster), []);
    }

    #[test]
    fn a_job_that_makes_others_has_ended_with_the_last_of_them() {
        let (mut affairs, id) = affairs();
        affairs
            .take(acted(&id, Outcome::Submitted { job: 7 }))
            .unwrap();
        let job = |id, status: &str, op: Op| Job {
            id,
            status: status.into(),
            ops: vec![op],
            started: Some(10.0),
            ended: Some(12.0 + id as f64),
            ..Job::default()
        };
        let made = Op {
            made: vec![Made::Job(8), Made::Job(9)],
            ..Op::default()
        };
        let mut cluster = Cluster::default();
        cluster.jobs.insert(7, job(7, "success", made));
        assert_eq!(affairs.ended(&cluster), [], "8 and 9 are not even told of");
        cluster.jobs.insert(8, job(8, "running", Op::default()));
        cluster.jobs.insert(9, job(9, "success", Op::default()));
        assert_eq!(affairs.ended(&cluster), []);
        let broken = Op {
            summary: "INSTANCE_MIGRATE(web1)".into(),
            error: "no memory".into(),
            ..Op::default()
        };
        cluster.jobs.insert(8, job(8, "error", broken));
        let [ended] = &affairs.ended(&cluster)[..] else {
            unreachable!("one")
        };
        assert_eq!(
            ended.text,
            "drain the queue: job 7 FAILED after 11s: 1 of 2 done, 1 failed: 8 INSTANCE_MIGRATE(web1): no memory"
        );
        assert!(ended.over && affairs.ended(&cluster).is_empty());
    }

    #[test]
    fn what_was_asked_for_together_is_told_of_together() {
        let mut affairs = Affairs::new(1);
        let ids: Vec<ActId> = (1..=3)
            .map(|n| {
                let act = Act {
                    id: affairs.id(),
                    operation: Operation::QueueDrain {},
                    expect: Expect::Nothing {},
                    reason: String::new(),
                    operator: "anna".into(),
                };
                affairs.asked(&act, format!("migrate web{n}"), Time(5));
                act.id
            })
            .collect();
        affairs.bind(3, "migrate 3 instances");
        let mut cluster = Cluster::default();
        for (n, id) in ids.iter().enumerate() {
            let job = 7 + n as u64;
            affairs.take(acted(id, Outcome::Submitted { job })).unwrap();
            let status = if n == 1 { "running" } else { "success" };
            let job = Job {
                id: job,
                status: status.into(),
                ..Job::default()
            };
            cluster.jobs.insert(job.id, job);
        }
        assert_eq!(affairs.ended(&cluster), [], "one has not ended");
        cluster.jobs.get_mut(&8).unwrap().status = "canceled".into();
        let [ended] = &affairs.ended(&cluster)[..] else {
            unreachable!("one for all")
        };
        assert_eq!(ended.text, "migrate 3 instances: 2 of 3 done, 1 canceled");
        assert_eq!(affairs.ended(&cluster), []);
    }

    #[test]
    fn unknown_stays_open_until_it_is_known() {
        let (mut affairs, id) = affairs();
        let why = "node1 is lost".to_owned();
        let news = affairs.take(acted(&id, Outcome::Unknown { why })).unwrap();
        assert!(!news.over);
        assert_eq!(
            affairs.unknown(Time(6)),
            ["drain the queue: unknown whether it was done: node1 is lost"]
        );
        let words = "no".to_owned();
        let kind = Refusal::Drained;
        let news = affairs
            .take(acted(&id, Outcome::Refused { kind, words }))
            .unwrap();
        assert!(news.over && affairs.unknown(Time(6)).is_empty());
    }

    #[test]
    fn who_does_not_answer_for_long_is_an_alarm() {
        let (affairs, _) = affairs();
        assert!(affairs.unknown(Time(10_000)).is_empty());
        assert_eq!(affairs.unknown(Time(60_000)).len(), 1);
        assert_eq!(affairs.open().count(), 1);
    }

    #[test]
    fn what_somebody_else_asked_for_is_not_told() {
        let (mut affairs, _) = affairs();
        assert_eq!(affairs.take(acted(&ActId::new(3), Outcome::Void {})), None);
    }
}
