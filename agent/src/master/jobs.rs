//! The jobs: which there are, which changed, and their logs. luxid reads a file for each job that
//! it is asked about, so only those are asked about whose file changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use gantry_wire::job::{Job, JobLog, JobsPart, LogLine, Op};
use serde_json::{Value, json};

use super::job::{self, is_over};
use crate::luxi::{Client, Error};
use crate::place::{Place, Stamp};
use crate::session::Moment;

/// Changes are asked for at most this often, milliseconds.
const INTERVAL_MS: u64 = 2_000;
/// How many of the newest jobs are followed, besides all that are not over.
const NEWEST: usize = 200;
/// Jobs asked about in one call: one whose text is broken spoils the answer for all.
const TOGETHER: usize = 50;
/// In each round so many jobs are asked who wanted them.
const REASONS: usize = 5;

/// What there is to say of the jobs.
#[derive(Debug, Default)]
pub struct News {
    /// Jobs that are new, changed or gone.
    pub jobs: Option<JobsPart>,
    /// Lines of the jobs whose log is followed.
    pub logs: Vec<JobLog>,
}

/// Follows the queue.
#[derive(Debug)]
pub struct Follower {
    queue: PathBuf,
    directory: Option<Stamp>,
    not_before_ms: u64,
    /// Something could not be asked in the round before.
    unfinished: bool,
    told: bool,
    jobs: BTreeMap<u64, Known>,
    /// Of each job whose log is followed the last serial that was told.
    followed: HashMap<u64, u64>,
    /// Jobs whose file changed, so that their log may have as well.
    touched: BTreeSet<u64>,
    /// Not told yet, for an exception of Ganeti's may come between.
    changed: BTreeSet<u64>,
    gone: Vec<u64>,
    logs: Vec<JobLog>,
}

#[derive(Debug, Default)]
struct Known {
    job: Job,
    file: Stamp,
    /// Its reason was asked for.
    asked_reason: bool,
}

impl Follower {
    /// One that knows of no job yet.
    pub fn new(place: &Place) -> Follower {
        Follower {
            queue: place.data("queue"),
            directory: None,
            not_before_ms: 0,
            unfinished: false,
            told: false,
            jobs: BTreeMap::new(),
            followed: HashMap::new(),
            touched: BTreeSet::new(),
            changed: BTreeSet::new(),
            gone: Vec::new(),
            logs: Vec::new(),
        }
    }

    /// Whether a job waits for its locks.
    pub fn any_waits(&self) -> bool {
        self.jobs
            .values()
            .any(|known| known.job.status == "waiting")
    }

    /// What changed since the call before; everything the first time. `follow` are the jobs whose
    /// log is wanted.
    ///
    /// # Errors
    /// Any of LUXI's; what could not be asked is asked again.
    pub fn refresh(
        &mut self,
        client: &mut Client,
        follow: &[u64],
        now: Moment,
    ) -> Result<News, Error> {
        self.followed.retain(|id, _| follow.contains(id));
        let newly_followed = follow.iter().any(|id| !self.followed.contains_key(id));
        let directory = Some(Stamp::of(&self.queue));
        let queue_changed = directory != self.directory;
        let due = now.mono_ms >= self.not_before_ms;
        if !(newly_followed || due && (queue_changed || self.unfinished)) {
            return Ok(News::default());
        }
        self.not_before_ms = now.mono_ms + INTERVAL_MS;
        self.unfinished = true;
        if queue_changed {
            self.look(client)?;
            self.directory = directory;
        }
        self.read_logs(client, follow)?;
        self.unfinished = self.ask_reasons(client)?;
        Ok(self.news(now))
    }

    /// What was found and not told yet.
    fn news(&mut self, now: Moment) -> News {
        let whole = !std::mem::replace(&mut self.told, true);
        let changed = std::mem::take(&mut self.changed);
        let gone = std::mem::take(&mut self.gone);
        let jobs = (whole || !changed.is_empty() || !gone.is_empty()).then(|| JobsPart {
            whole,
            at: now.wall_ms as f64 / 1000.0,
            jobs: changed
                .iter()
                .filter_map(|id| Some(self.jobs.get(id)?.job.clone()))
                .collect(),
            gone,
        });
        News {
            jobs,
            logs: std::mem::take(&mut self.logs),
        }
    }

    /// Finds out which jobs there are and asks about those that may have changed.
    fn look(&mut self, client: &mut Client) -> Result<(), Error> {
        let mut ids = BTreeSet::new();
        // This reads the directory and no file.
        client.query("job", &["id"], &Value::Null, |row| {
            ids.extend(row.number::<u64>("id"));
        })?;
        let newest: BTreeSet<u64> = ids.iter().rev().take(NEWEST).copied().collect();
        let oldest = newest.first().copied().unwrap_or(0);
        let mut wanted = newest;
        if self.told {
            let unfinished = self.jobs.iter().filter(|(_, known)| !is_over(&known.job));
            wanted.extend(unfinished.map(|(id, _)| *id).filter(|id| ids.contains(id)));
        } else {
            wanted.extend(old_unfinished(client, oldest)?);
        }
        let gone = self.jobs.keys().filter(|id| !wanted.contains(id));
        self.gone.extend(gone);
        self.jobs.retain(|id, _| wanted.contains(id));
        let mut ask = Vec::new();
        for id in wanted {
            let file = Stamp::of(&self.queue.join(format!("job-{id}")));
            let known = self.jobs.get(&id);
            // A file that this user cannot see has no stamp and tells nothing.
            let same = known.is_some_and(|known| {
                is_over(&known.job) || (known.file == file && file != Stamp::default())
            });
            if !same {
                ask.push((id, file));
            }
        }
        for together in ask.chunks(TOGETHER) {
            for job in jobs(client, together)? {
                let Some((id, file)) = together.iter().find(|(id, _)| *id == job.id) else {
                    continue;
                };
                self.touched.insert(*id);
                self.learn(client, job, *file)?;
            }
        }
        Ok(())
    }

    /// Keeps what was answered about one job.
    fn learn(&mut self, client: &mut Client, job: Job, file: Stamp) -> Result<(), Error> {
        let known = self.jobs.entry(job.id).or_default();
        let mut job = Job {
            reason: known.job.reason.clone(),
            last_line: known.job.last_line.clone(),
            ..job
        };
        add_results(client, &mut job)?;
        known.file = file;
        // Its file is also written for what is not asked here.
        if known.job != job {
            self.changed.insert(job.id);
            known.job = job;
        }
        Ok(())
    }

    /// Reads the logs of jobs that run and changed, for their last line, and of those that are
    /// followed.
    fn read_logs(&mut self, client: &mut Client, follow: &[u64]) -> Result<(), Error> {
        let newly = follow.iter().filter(|id| !self.followed.contains_key(id));
        let mut ask: BTreeSet<u64> = newly.copied().collect();
        let runs = |known: &Known| matches!(known.job.status.as_str(), "running" | "canceling");
        for id in &self.touched {
            if follow.contains(id) || self.jobs.get(id).is_some_and(runs) {
                ask.insert(*id);
            }
        }
        for id in ask {
            let lines = log(client, id)?.unwrap_or_default();
            if let Some(known) = self.jobs.get_mut(&id)
                && known.job.last_line.as_ref() != lines.last()
            {
                known.job.last_line = lines.last().cloned();
                self.changed.insert(id);
            }
            if follow.contains(&id) {
                let told = self.followed.entry(id).or_insert(0);
                let new = lines.into_iter().filter(|line| line.serial > *told);
                let lines: Vec<LogLine> = new.collect();
                if let Some(last) = lines.last() {
                    *told = last.serial;
                    self.logs.push(JobLog { job: id, lines });
                }
            }
        }
        self.touched.clear();
        Ok(())
    }

    /// Asks a few jobs who wanted them, the newest first; `true` if there are more to be asked.
    fn ask_reasons(&mut self, client: &mut Client) -> Result<bool, Error> {
        let unknown = self.jobs.iter_mut().rev();
        let mut unknown = unknown.filter(|(_, known)| !known.asked_reason);
        for (id, known) in unknown.by_ref().take(REASONS) {
            let ops = field(client, *id, "ops")?;
            known.asked_reason = true;
            known.job.reason = job::reason(&ops.unwrap_or_default());
            if !known.job.reason.is_empty() {
                self.changed.insert(*id);
            }
        }
        Ok(unknown.next().is_some())
    }
}

/// Adds what came of its opcodes to a job that is over: why they failed, the jobs that they made,
/// what they found.
fn add_results(client: &mut Client, job: &mut Job) -> Result<(), Error> {
    let failed = matches!(job.status.as_str(), "error" | "canceled");
    let tells_more = |op: &Op| op.status == "success" && job::tells_more(&op.summary);
    if !is_over(job) || !(failed || job.ops.iter().any(tells_more)) {
        return Ok(());
    }
    let results = field(client, job.id, "opresult")?;
    for (n, op) in job.ops.iter_mut().enumerate() {
        let result = match &results {
            Some(results) => results.get(n).unwrap_or(&Value::Null),
            None if op.status == "success" => continue,
            None => {
                op.error = "its result cannot be read".into();
                continue;
            }
        };
        if op.status != "success" {
            op.error = job::failure(result);
        } else if job::tells_more(&op.summary) {
            op.made = job::made(result);
            op.verdict = job::verdict(&op.summary, result);
        }
    }
    Ok(())
}

/// All lines of one job's log; `None` if there is no such job.
///
/// # Errors
/// Any of LUXI's, but a log that cannot be read is one line that says so.
pub fn log(client: &mut Client, id: u64) -> Result<Option<Vec<LogLine>>, Error> {
    Ok(match field(client, id, "oplog")? {
        Some(Value::Null) => None,
        Some(oplog) => Some(job::log(&oplog)),
        None => Some(vec![LogLine {
            serial: 1,
            kind: "message".into(),
            text: "(Ganeti's answer about this log cannot be read)".into(),
            ..LogLine::default()
        }]),
    })
}

/// Jobs older than this one that are not over. luxid reads all their files for it: once.
fn old_unfinished(client: &mut Client, oldest: u64) -> Result<Vec<u64>, Error> {
    let is = |status| json!(["=", "status", status]);
    let filter = json!([
        "&",
        ["<", "id", oldest],
        ["!", ["|", is("success"), is("error"), is("canceled")]]
    ]);
    let mut ids = Vec::new();
    client.query("job", &["id"], &filter, |row| {
        ids.extend(row.number::<u64>("id"))
    })?;
    Ok(ids)
}

/// Asks about some jobs; one whose texts cannot be read comes without them.
fn jobs(client: &mut Client, wanted: &[(u64, Stamp)]) -> Result<Vec<Job>, Error> {
    let ids: Vec<u64> = wanted.iter().map(|(id, _)| *id).collect();
    match rows(client, &ids, job::FIELDS) {
        Ok(jobs) => return Ok(jobs),
        Err(Error::Garbled(_)) => {}
        Err(error) => return Err(error),
    }
    let mut jobs = Vec::new();
    for id in ids {
        match rows(client, &[id], job::FIELDS) {
            Ok(found) => jobs.extend(found),
            Err(Error::Garbled(_)) => jobs.extend(rows(client, &[id], job::SAFE_FIELDS)?),
            Err(error) => return Err(error),
        }
    }
    Ok(jobs)
}

fn rows(client: &mut Client, ids: &[u64], fields: &[&str]) -> Result<Vec<Job>, Error> {
    let rows = client.call("QueryJobs", &json!([ids, fields]))?;
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    let rows = rows.iter().filter_map(|row| row.as_array());
    Ok(rows.filter_map(|row| job::job(row)).collect())
}

/// One field of one job, null if there is no such job; `None` if it cannot be read.
fn field(client: &mut Client, id: u64, field: &str) -> Result<Option<Value>, Error> {
    match client.call("QueryJobs", &json!([[id], [field]])) {
        Ok(mut rows) => Ok(Some(
            rows.pointer_mut("/0/0")
                .map(Value::take)
                .unwrap_or_default(),
        )),
        Err(Error::Garbled(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[path = "jobs_tests.rs"]
mod tests;
