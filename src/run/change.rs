//! `gantry do`: one change, or the same one on several objects.

use std::io::Write;

use gantry_wire::act::{Acted, Outcome, Refusal};
use gantry_wire::job::Job;
use gantry_wire::operation::{BadField, Operation};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, timeout};

use super::list::printable;
use super::once::{Watcher, fold, now};
use super::status::look;
use super::whoami;
use crate::action::command::command_at;
use crate::action::forecast::{Forecast, World, forecast};
use crate::action::form::{Form, Kind, is_short_for, named};
use crate::action::guard::{Guard, Request};
use crate::action::words::{Danger, summary, title};
use crate::app::affairs::{Affair, Affairs};
use crate::config::Do;
use crate::model::family::{Family, made_ids, over};
use crate::model::job::failure;
use crate::model::{Cluster, job};
use crate::planner::Present;
use crate::planner::replica::pairs;

/// What became of a change is waited for no longer than this.
const ANSWER: Duration = Duration::from_secs(400);

/// How it ended, as the exit status says. The worst of several counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done, or submitted where its end is not waited for.
    Done = 0,
    /// The job failed or was canceled.
    Failed = 1,
    /// Refused beforehand, or asked for in a way that makes no sense.
    Refused = 2,
    /// Nobody could be asked.
    Unreachable = 3,
    /// The agent refused it.
    Agent = 4,
    /// Not known whether it was done.
    Unknown = 5,
}

/// A change that is not asked for, and why.
struct Not(Exit, String);

fn refused(why: impl ToString) -> Not {
    Not(Exit::Refused, why.to_string())
}

impl Watcher {
    /// Does it. Returns the exit status.
    pub async fn change(mut self, change: &Do, read_only: bool) -> u8 {
        let mut whole = json!({});
        let exit = match self.try_change(change, read_only, &mut whole).await {
            Ok(exit) => exit,
            Err(Not(exit, why)) => {
                eprintln!("gantry: {}", printable(&why));
                whole["error"] = json!(why);
                exit
            }
        };
        if change.json {
            say(&whole.to_string());
        }
        exit as u8
    }

    async fn try_change(
        &mut self,
        change: &Do,
        read_only: bool,
        whole: &mut Value,
    ) -> Result<Exit, Not> {
        // What needs no cluster is looked at first.
        let kind = Kind::named(&change.operation).ok_or_else(|| unknown(&change.operation))?;
        self.settle(&["drbd", "lvm"]).await;
        if self.cluster.conf.is_none() {
            let told = look(&self.cluster, false).text;
            return Err(Not(Exit::Unreachable, told.trim_end().replace('\n', "; ")));
        }
        let forms = forms(kind, change, &self.cluster)?;
        let operations: Result<Vec<Operation>, BadField> =
            forms.iter().map(Form::operation).collect();
        let operations = operations.map_err(refused)?;
        let told = self.forecast(&operations);
        let version = self.cluster.conf.as_ref();
        let version =
            version.and_then(|conf| gantry_wire::operation::Version::parse(&conf.software_version));
        let commands: Vec<String> = operations
            .iter()
            .map(|it| command_at(it, version))
            .collect();
        whole["forecast"] = as_json(&told);
        whole["commands"] = json!(commands);
        if !change.json {
            print_forecast(&operations, &told, &commands);
        }
        let guard = Guard::of(read_only, &self.cluster);
        let permits: Result<Vec<_>, _> = operations
            .iter()
            .map(|it| guard.asked_for(it, &self.cluster).permit(it))
            .collect();
        let wanted = told.danger(&operations);
        let alive = told.unproven.iter().find(|node| {
            let named = |word: &String| is_short_for(word, node);
            !change.powered_off.iter().any(named)
        });
        match (&told.refused, permits) {
            (Some(why), _) => Err(refused(why)),
            (None, _) if change.dry_run => Ok(Exit::Done),
            (None, Err(denied)) if read_only => Err(refused(denied)),
            (None, Err(denied)) if self.nobody_answers(&operations) => {
                Err(Not(Exit::Unreachable, denied.to_string()))
            }
            (None, Err(denied)) => Err(Not(Exit::Agent, denied.to_string())),
            (None, Ok(_)) if wanted > Danger::Harmless && !change.yes => {
                Err(refused("this is not done without --yes"))
            }
            (None, Ok(_)) if alive.is_some() => Err(refused(format!(
                "nobody knows that {0} is off; whoever has made sure of it says so with --powered-off {0}",
                alive.map_or("", String::as_str)
            ))),
            (None, Ok(permits)) => {
                let mut affairs = Affairs::new(whoami::random().map_err(refused)?);
                let operator = whoami::operator();
                let mut requests = Vec::new();
                for ((form, operation), permit) in forms.iter().zip(&operations).zip(permits) {
                    let expect = form.expect(&self.cluster);
                    let (id, own) = (affairs.id(), operation.clone());
                    let request = Request::new(permit, id, own, expect, &change.reason, &operator)
                        .map_err(refused)?;
                    requests.push((title(operation), request));
                }
                // All or none: nothing goes wrong between the first and the last.
                for (title, request) in requests {
                    affairs.asked(request.act(), title, self.cluster.now.at);
                    self.links.fleet.act(request.act().clone());
                }
                Ok(self.follow(&mut affairs, change, whole).await)
            }
        }
    }

    /// Somebody who is to be asked for one of these is not there.
    fn nobody_answers(&self, operations: &[Operation]) -> bool {
        let up = |node: &str| {
            let node = self.cluster.nodes.get(node);
            node.is_some_and(|node| node.reach.is_up())
        };
        let mut operations = operations.iter();
        operations.any(|it| match it.own_node() {
            Some(node) => !up(node),
            None => !self.cluster.master_serves(),
        })
    }

    fn forecast(&self, operations: &[Operation]) -> Forecast {
        let present = Present::of(&self.cluster).ok();
        let pairs = pairs(&self.cluster);
        let world = World {
            cluster: &self.cluster,
            present: present.as_ref(),
            pairs: &pairs,
        };
        forecast(operations, &world)
    }

    /// The jobs of these changes and those that they made.
    fn jobs_of(&self, affairs: &Affairs) -> Vec<u64> {
        let own = affairs.all().iter().filter_map(Affair::job);
        let with_made = |id: u64| {
            let job = self.cluster.jobs.get(&id);
            std::iter::once(id).chain(job.into_iter().flat_map(made_ids))
        };
        own.flat_map(with_made).collect()
    }

    /// Waits for what becomes of all changes and, if wanted, for the ends of their jobs.
    async fn follow(&mut self, affairs: &mut Affairs, change: &Do, whole: &mut Value) -> Exit {
        let begun = Instant::now();
        let mut printed = std::collections::HashMap::new();
        loop {
            let jobs = self.jobs_of(affairs);
            self.links.fleet.follow(jobs.clone());
            let open = |it: &Affair| match &it.outcome {
                None | Some(Outcome::Waiting { .. } | Outcome::Unknown { .. }) => {
                    begun.elapsed() < ANSWER
                }
                Some(Outcome::Running { .. }) => change.wait || begun.elapsed() < ANSWER,
                Some(Outcome::Submitted { job }) => {
                    let job = self.cluster.jobs.get(job);
                    let gone = job.is_none() && begun.elapsed() > ANSWER;
                    change.wait && !gone && job.is_none_or(|job| !over(job, &self.cluster))
                }
                Some(_) => false,
            };
            if !affairs.all().iter().any(open) {
                break;
            }
            let wait = Duration::from_secs(1);
            let Ok(events) = timeout(wait, self.links.inbox.recv()).await else {
                continue;
            };
            let heard = fold(&mut self.cluster, events, now(self.links.clock));
            for acted in heard.acted {
                tell(affairs, acted, change.json);
            }
            self.answer(heard.asks).await;
            if change.wait && !change.json {
                print_logs(&self.cluster, &jobs, &mut printed);
            }
        }
        for news in affairs.ended(&self.cluster) {
            if !change.json {
                say(&printable(&news.text));
            }
        }
        if change.json {
            let all: Vec<Value> = affairs
                .all()
                .iter()
                .map(|it| affair(it, &self.cluster))
                .collect();
            whole["changes"] = json!(all);
        }
        for it in affairs.open() {
            let title = printable(&it.title);
            eprintln!(
                "gantry: {title}: not known what became of it (id {} in the job's reason)",
                it.id
            );
        }
        let wait = change.wait;
        let exits = affairs.all().iter().map(|it| exit(it, &self.cluster, wait));
        exits.max().unwrap_or(Exit::Done)
    }
}

/// A line for whoever reads; that nobody does is no reason to stop following a change.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn unknown(operation: &str) -> Not {
    let names: Vec<&str> = Kind::all().map(Kind::name).collect();
    refused(format!(
        "there is no operation {operation:?}: one of {}",
        names.join(", ")
    ))
}

/// A form for each subject, filled in alike.
fn forms(kind: Kind, change: &Do, cluster: &Cluster) -> Result<Vec<Form>, Not> {
    let mut forms = Vec::new();
    for object in named(kind, &change.subjects, cluster).map_err(refused)? {
        let name = object.name();
        let mut form =
            Form::new(kind, object, cluster).map_err(|why| refused(format!("{name}: {why}")))?;
        for (field, value) in &change.fields {
            form.set(field, value).map_err(refused)?;
        }
        forms.push(form);
    }
    Ok(forms)
}

fn print_forecast(operations: &[Operation], told: &Forecast, commands: &[String]) {
    say(&printable(&summary(operations)));
    for line in &told.lines {
        say(&format!(
            "  {:<22} {}",
            printable(&line.label),
            printable(&line.text)
        ));
    }
    if let Some(nothing) = &told.nothing {
        say(&format!("  {:<22} {}", "does nothing", printable(nothing)));
    }
    for command in commands {
        say(&format!("  {:<22} {}", "command", printable(command)));
    }
}

fn as_json(told: &Forecast) -> Value {
    let line = |it: &crate::action::forecast::Line| json!({ "label": it.label, "text": it.text, "tone": format!("{:?}", it.tone).to_lowercase() });
    let lines: Vec<Value> = told.lines.iter().map(line).collect();
    json!({
        "lines": lines,
        "refused": told.refused,
        "nothing": told.nothing,
        "loses_data": told.loses_data,
        "behind": told.behind,
    })
}

fn tell(affairs: &mut Affairs, acted: Acted, quiet: bool) {
    if let Some(news) = affairs.take(acted)
        && !quiet
    {
        say(&printable(&news.text));
    }
}

/// New lines of the logs of these jobs.
fn print_logs(cluster: &Cluster, jobs: &[u64], printed: &mut std::collections::HashMap<u64, u64>) {
    for job in jobs {
        let last = printed.entry(*job).or_insert(0);
        let lines = cluster.logs.get(job).into_iter().flatten();
        for line in lines.filter(|line| line.serial > *last).collect::<Vec<_>>() {
            say(&format!("  {job}: {}", printable(&line.text)));
            *last = line.serial;
        }
    }
}

fn affair(it: &Affair, cluster: &Cluster) -> Value {
    let job = it.job().and_then(|id| cluster.jobs.get(&id));
    let family = job.and_then(|job| Family::of(job, cluster));
    json!({
        "id": it.id.as_str(),
        "title": it.title,
        "outcome": it.outcome,
        "job": it.job(),
        "status": job.map(|job| job.status.clone()),
        "error": job.and_then(failure),
        "made": family.map(|family| made(&family)),
    })
}

/// What became of the jobs that a job made.
fn made(family: &Family) -> Vec<Value> {
    let child = |job: &&Job| {
        let verdict = job.ops.iter().find_map(|op| op.verdict);
        json!({
            "job": job.id,
            "summary": job::summary(job),
            "status": job.status,
            "error": failure(job),
            "verdict": verdict,
        })
    };
    let unknown = family.gone.iter().chain(&family.coming);
    let refused = family.refused.iter();
    let children = family.children.iter().map(child);
    children
        .chain(unknown.map(|id| json!({ "job": id, "status": null })))
        .chain(refused.map(|why| json!({ "job": null, "error": why })))
        .collect()
}

fn exit(it: &Affair, cluster: &Cluster, wait: bool) -> Exit {
    match &it.outcome {
        None
        | Some(Outcome::Waiting { .. } | Outcome::Running { .. } | Outcome::Unknown { .. }) => {
            Exit::Unknown
        }
        Some(Outcome::Failed { .. }) => Exit::Failed,
        Some(Outcome::Done { .. }) => Exit::Done,
        Some(Outcome::Void {}) => Exit::Unreachable,
        Some(Outcome::Refused { kind, .. }) => match kind {
            Refusal::NotMaster | Refusal::Luxid => Exit::Unreachable,
            _ => Exit::Agent,
        },
        Some(Outcome::Submitted { job }) => {
            let Some(job) = cluster.jobs.get(job) else {
                // It was put away before its end was seen.
                return if wait { Exit::Unknown } else { Exit::Done };
            };
            let own = match job.status.as_str() {
                "error" | "canceled" => Exit::Failed,
                _ => Exit::Done,
            };
            let family = Family::of(job, cluster).filter(|_| wait);
            family.map_or(own, |family| own.max(of_family(&family)))
        }
    }
}

/// How the jobs ended that a job made. A verify that found errors has failed, whatever its jobs' status.
fn of_family(family: &Family) -> Exit {
    if !family.gone.is_empty() {
        Exit::Unknown
    } else if family.has_failed() || family.against().next().is_some() {
        Exit::Failed
    } else {
        Exit::Done
    }
}
