//! How far a job is on its way: its steps, the memory that goes over, the disks that are copied.

use gantry_wire::job::Job;

use crate::action::mend::{disks_of, instance_of};
use crate::app::facts::Facts;
use crate::app::sheet::{Piece, Sheet, Span};
use crate::app::tone::Tone;
use crate::app::view::{drbd, jobs};
use crate::model::job::{current_op, finished};
use crate::model::words::{duration, rate};
use crate::model::{Cluster, Name};
use crate::planner::phases::{Phases, Step, Transfer};
use crate::planner::replica::Pair;

/// Columns of a bar.
const BAR: u16 = 20;

/// Columns of what stands before a bar.
const LABEL: usize = 10;

/// Adds it, if the job has steps that gantry knows and has begun.
pub fn add(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, job: &Job, whole: bool) {
    let lines = cluster.logs.get(&job.id).map_or(&[][..], Vec::as_slice);
    let op = job.ops.iter().find(|op| op.status == "error");
    let op = op.or_else(|| job.ops.get(current_op(job)));
    let name = op.and_then(|op| instance_of(&op.summary, cluster));
    let mirrored = name
        .and_then(|name| cluster.instances.get(name))
        .is_none_or(|instance| instance.conf.disk_template == "drbd");
    let phases = Phases::of(job, lines, mirrored);
    let Some(phases) = phases.filter(|_| !lines.is_empty()) else {
        return;
    };
    if whole {
        sheet.heading("Way");
    } else {
        sheet.blank();
    }
    if whole {
        for (at, step) in phases.steps.iter().enumerate() {
            one(sheet, cluster, job, &phases, at, step);
        }
    }
    bar(sheet, "way", phases.share(), all(&phases, job, cluster));
    if finished(&job.status) {
        return;
    }
    if let Some(transfer) = &phases.transfer {
        memory(sheet, cluster, facts, name, transfer);
    }
    let disks = || {
        name.into_iter()
            .flat_map(|name| disks_of(name, &facts.pairs))
    };
    let going: Vec<&Pair> = disks().filter(|pair| pair.going.is_some()).collect();
    for pair in &going {
        disk(sheet, facts, pair);
    }
    // Where no node tells of the disks the job itself does.
    for sync in phases.syncs.iter().filter(|_| going.is_empty()) {
        let left = match sync.left.as_str() {
            "" => format!("{:.1} %", sync.percent),
            left => format!("{:.1} %, {left} left by Ganeti's estimate", sync.percent),
        };
        let label = format!("disk/{}", sync.disk);
        bar(sheet, &label, sync.percent / 100.0, left);
    }
}

/// One step: done, under way, or to come.
fn one(sheet: &mut Sheet, cluster: &Cluster, job: &Job, phases: &Phases, at: usize, step: &Step) {
    let here = at == phases.at;
    let failed = job.status == "error" && here;
    let word = match at.cmp(&phases.at) {
        std::cmp::Ordering::Less if step.began.is_none() => "passed",
        std::cmp::Ordering::Less => "done",
        _ if failed => "failed",
        std::cmp::Ordering::Equal if !finished(&job.status) => "now",
        _ => "",
    };
    let tone = match word {
        "failed" => Tone::Critical,
        "now" => Tone::Progress,
        "done" => Tone::Plain,
        _ => Tone::Dim,
    };
    let until = step.ended.or(here.then_some(cluster.now.wall));
    let took = match (step.began, until) {
        (Some(from), Some(to)) => duration((to - from).max(0.0)),
        _ => String::new(),
    };
    sheet.spans(vec![
        Span::new(format!("{:>3} ", at + 1), Tone::Dim),
        Span::new(format!("{word:<9} "), tone),
        Span::new(format!("{took:>8}  "), Tone::Dim),
        Span::new(step.words, if here { tone } else { Tone::Plain }),
    ]);
}

/// The way as a whole, in words.
fn all(phases: &Phases, job: &Job, cluster: &Cluster) -> String {
    let count = phases.steps.len();
    let Some(step) = phases.step() else {
        return format!("all {count} steps are done");
    };
    let mut text = format!("step {} of {count}: {}", phases.at + 1, step.words);
    if job.status == "error" {
        text += ", where it failed";
    } else if let Some(took) = jobs::took(job, cluster) {
        text += &format!(", {} in all so far", duration(took));
    }
    text
}

/// The memory of a guest that goes over.
fn memory(
    sheet: &mut Sheet,
    cluster: &Cluster,
    facts: &Facts,
    name: Option<&Name>,
    transfer: &Transfer,
) {
    if transfer.complete {
        return;
    }
    let mut text = match transfer.percent {
        Some(percent) => format!("{percent:.1} %"),
        None => "begins".to_owned(),
    };
    if transfer.postcopy {
        text += ", runs there already and fetches the rest";
    }
    if let Some((node, sent)) = sent(cluster, name) {
        let node = facts.names.short(node);
        text += &format!(
            ", about {}/s (an estimate: all that {node} sends)",
            rate(sent)
        );
    }
    bar(
        sheet,
        "memory",
        transfer.percent.unwrap_or(0.0) / 100.0,
        text,
    );
    if let Some(trouble) = transfer.trouble {
        sheet.wrapped(trouble.words(), Tone::Warn, LABEL);
    }
}

/// What the node sends on which an instance runs, bytes a second, over the interface that sends most: a bridge and what
/// lies under it count the same bytes.
fn sent<'a>(cluster: &'a Cluster, name: Option<&Name>) -> Option<(&'a str, u64)> {
    let instance = cluster.instances.get(name?)?;
    let node = cluster.nodes.get(instance.conf.primary.as_str())?;
    let net = node.facts.net.as_ref().filter(|_| node.fresh())?;
    let most = net.iter().map(|interface| interface.tx).max()?;
    Some((&node.name, most))
}

/// A disk that is copied, as its nodes tell.
fn disk(sheet: &mut Sheet, facts: &Facts, pair: &Pair) {
    let Some(going) = &pair.going else { return };
    let mut text = format!("{:.1} %", going.percent);
    let beside = drbd::beside_bar(pair);
    if !beside.is_empty() {
        text += &format!(", {beside}");
    }
    let moves = going.still_s.is_none() && going.paused_by.is_empty();
    if let Some(speed) = going.speed_kib.filter(|_| moves) {
        text += &format!(", {}/s", drbd::speed(speed));
    }
    if let Some(left) = going.eta_s.filter(|_| moves) {
        text += &format!(", done in {}", drbd::time_left(left));
    }
    let name = drbd::name(facts, &pair.key);
    bar(sheet, &name, going.percent / 100.0, text);
}

fn bar(sheet: &mut Sheet, label: &str, share: f64, text: String) {
    let narrow = sheet.width() < 60;
    let piece = |text: String, tone| Piece::Span(Span::new(text, tone));
    sheet.pieces(vec![
        piece(format!("{label:<LABEL$}"), Tone::Dim),
        Piece::Bar {
            before: share,
            after: share,
            width: if narrow { BAR / 2 } else { BAR },
        },
        piece(format!(" {text}"), Tone::Plain),
    ]);
}
