//! What this console asked for: what became of each change, and of the job that it is.

use gantry_wire::act::{Act, ActId, Acted, Outcome};

use crate::action::runbook::Fate;
use crate::model::job::finished;
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
    /// Random bits of this console, so that no id was ever used before.
    seed: u128,
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
    /// With random bits of this console's own.
    pub fn new(seed: u128) -> Affairs {
        Affairs {
            seed,
            ..Affairs::default()
        }
    }

    /// An id that nobody ever had.
    pub fn id(&mut self) -> ActId {
        self.made += 1;
        ActId::new(self.seed.wrapping_add(self.made))
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
            quiet: false,
        });
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
            Some(Outcome::Done { .. }) => Fate::Well(None),
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
            Outcome::Waiting { why } => (format!("{title}: {why}"), false, None),
            Outcome::Unknown { why } => (format!("{title}: unknown: {why}"), false, None),
        };
        let failed = matches!(acted.outcome, Outcome::Refused { .. } | Outcome::Void {});
        affair.told = over;
        affair.outcome = Some(acted.outcome);
        let silent = affair.quiet && !failed;
        (!silent).then_some(News { text, over, job })
    }

    /// Jobs of these changes that have ended since the last look; what is to be told of each.
    pub fn ended(&mut self, cluster: &Cluster) -> Vec<News> {
        let mut news = Vec::new();
        for affair in self.list.iter_mut().filter(|it| !it.told) {
            let job = affair.job().and_then(|id| cluster.jobs.get(&id));
            let Some(job) = job.filter(|job| finished(&job.status)) else {
                continue;
            };
            affair.told = true;
            if affair.quiet && job.status == "success" {
                continue;
            }
            let took = match (job.started, job.ended) {
                (Some(from), Some(to)) => format!(" after {}", duration((to - from).max(0.0))),
                _ => String::new(),
            };
            let error = job.ops.iter().rfind(|op| !op.error.is_empty());
            let error = error.map_or(String::new(), |op| format!(": {}", op.error.trim()));
            let text = format!(
                "{}: job {} {}{took}{error}",
                affair.title,
                job.id,
                outcome(&job.status)
            );
            news.push(News {
                text,
                over: true,
                job: None,
            });
        }
        news
    }
}

/// What became of a job.
fn of_job(id: u64, cluster: &Cluster) -> Fate {
    let Some(job) = cluster.jobs.get(&id) else {
        return Fate::Open(Some(id), "not told of yet".to_owned());
    };
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::act::{Expect, Refusal};
    use gantry_wire::job::{Job, Op};
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
    fn ids_are_never_the_same() {
        let mut affairs = Affairs::new(u128::MAX);
        assert_ne!(affairs.id(), affairs.id());
        assert_ne!(Affairs::new(1).id(), Affairs::new(9).id());
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
