//! One job: its opcodes, what it waits for, the jobs that it made, and its log as it is written.

mod after;
mod children;
mod way;

use gantry_wire::job::{Job, LogLine};

use crate::app::facts::Facts;
use crate::app::sheet::{Pair, Sheet, Span};
use crate::app::tone::{self, Tone};
use crate::model::job::{finished, summary, waits_for};
use crate::model::words::{ago, duration};
use crate::model::{Cluster, job};

use super::jobs;
use super::node::known;

/// Opcodes shown in the pane.
const FEW_OPS: usize = 4;

/// Log lines shown in the pane.
const FEW_LINES: usize = 60;

/// What matters most, for the pane.
pub fn brief(cluster: &Cluster, facts: &Facts, id: u64, width: u16) -> Sheet {
    sheet(cluster, facts, id, width, false)
}

/// Everything.
pub fn whole(cluster: &Cluster, facts: &Facts, id: u64, width: u16) -> Sheet {
    sheet(cluster, facts, id, width, true)
}

fn sheet(cluster: &Cluster, facts: &Facts, id: u64, width: u16, whole: bool) -> Sheet {
    let mut sheet = Sheet::new(width);
    let Some(job) = cluster.jobs.get(&id) else {
        let text = format!("Job {id} is not known: it was archived, or never was.");
        sheet.wrapped(&text, Tone::Lost, 0);
        return sheet;
    };
    if whole {
        sheet.pairs(pairs(cluster, job));
        // Alone, as it may be long.
        let reason = if job.reason.is_empty() {
            "-"
        } else {
            &job.reason
        };
        sheet.pairs(vec![Pair::new("asked by", reason)]);
    }
    waits(&mut sheet, cluster, facts, job);
    ops(&mut sheet, cluster, facts, job, whole);
    children::add(&mut sheet, cluster, facts, job, whole);
    log(&mut sheet, cluster, facts, job, whole);
    // Last, as the end of the text is what stays in sight.
    way::add(&mut sheet, cluster, facts, job, whole);
    after::add(&mut sheet, cluster, facts, job, whole);
    sheet
}

fn pairs(cluster: &Cluster, job: &Job) -> Vec<Pair> {
    let since =
        |at: Option<f64>| at.map_or_else(|| "-".to_owned(), |at| ago(cluster.seconds_since(at)));
    vec![
        Pair::toned(
            "status",
            jobs::status(job, cluster),
            tone::of_job(job, cluster),
        ),
        Pair::new("received", since(job.received)),
        Pair::new("started", since(job.started)),
        Pair::new("ended", since(job.ended)),
        Pair::new(
            "took",
            jobs::took(job, cluster).map_or_else(|| "-".to_owned(), duration),
        ),
        Pair::new("priority", job.priority.to_string()),
    ]
}

fn waits(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, job: &Job) {
    let waits = waits_for(job.id, &cluster.locks);
    if finished(&job.status) {
        return;
    }
    if waits.is_empty() {
        if let Some(text) = jobs::waits(job, cluster) {
            sheet.wrapped(&text, Tone::Warn, 0);
        }
        return;
    }
    for (lock, holders) in waits {
        let lock_name = facts.names.shorten(&lock.name);
        let mut text = format!("waits for {lock_name}");
        let job = |id: u64| match cluster.jobs.get(&id) {
            None => format!("job {id}"),
            Some(job) => {
                let took = known(jobs::took(job, cluster).map(duration));
                let summary = facts.names.shorten(&summary(job));
                format!("job {id} ({summary}, running {took})")
            }
        };
        let holders = holders.into_iter().map(job);
        let holders: Vec<String> = holders.chain(lock.others.iter().cloned()).collect();
        if !holders.is_empty() {
            text += &format!(", held {} by {}", lock.mode, holders.join(" and "));
        }
        sheet.wrapped(&text, Tone::Warn, 0);
    }
}

fn ops(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, job: &Job, whole: bool) {
    if whole {
        sheet.heading("Opcodes");
    }
    // In the pane the few around the one that it has got to.
    let first = match whole {
        true => 0,
        false => job::current_op(job)
            .saturating_sub(1)
            .min(job.ops.len().saturating_sub(FEW_OPS)),
    };
    let shown = if whole { job.ops.len() } else { FEW_OPS };
    for (index, op) in job.ops.iter().enumerate().skip(first).take(shown) {
        let took = op.started.map(|started| {
            let until = op.ended.unwrap_or(cluster.now.wall);
            duration((until - started).max(0.0))
        });
        let tone = match tone::of_job(job, cluster) {
            Tone::Lost => Tone::Lost,
            _ => tone::of_job_status(&op.status),
        };
        sheet.spans(vec![
            Span::new(format!("{:>3} ", index + 1), Tone::Dim),
            Span::new(format!("{:<9} ", op.status), tone),
            Span::new(
                format!("{:>8}  ", took.as_deref().unwrap_or("-")),
                Tone::Dim,
            ),
            Span::new(facts.names.shorten(&op.summary), Tone::Plain),
        ]);
        if !op.error.is_empty() {
            sheet.wrapped(op.error.trim(), Tone::Critical, 4);
        }
    }
}

fn log(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, job: &Job, whole: bool) {
    let known = cluster.logs.get(&job.id).map_or(&[][..], Vec::as_slice);
    if whole {
        sheet.heading("Log");
    } else if !known.is_empty() || job.last_line.is_some() {
        sheet.blank();
    }
    if known.is_empty() {
        match &job.last_line {
            Some(line) => log_line(sheet, job, facts, line),
            None if whole => {
                let ended = finished(&job.status);
                let yet = if ended { "" } else { " yet" };
                sheet.wrapped(&format!("nothing was written{yet}"), Tone::Dim, 0);
            }
            None => {}
        }
        return;
    }
    let skipped = if whole {
        0
    } else {
        known.len().saturating_sub(FEW_LINES)
    };
    for line in &known[skipped..] {
        log_line(sheet, job, facts, line);
    }
}

/// One line, with the seconds since the job began, as it is a log of what took how long.
fn log_line(sheet: &mut Sheet, job: &Job, facts: &Facts, line: &LogLine) {
    let since = job
        .started
        .or(job.received)
        .map_or(0.0, |start| (line.at - start).max(0.0));
    let text = facts.names.shorten(line.text.trim_end());
    sheet.wrapped_after(&format!("{:>8}  ", duration(since)), &text);
}
