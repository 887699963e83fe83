//! What would mend a node that must not die: a few moves, or what is missing.

use crate::app::facts::Facts;
use crate::app::plans::Progress;
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::Tone;
use crate::model::{Cluster, Name};
use crate::planner::n1::words::size;
use crate::planner::think::balance::Found;
use crate::planner::think::mend::Mend;

use super::balance::cost::Resync;
use super::balance::place;
use super::plan;

/// The part of a node's page that says so.
pub fn section(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, node: &Name) {
    sheet.heading("What would mend it");
    let held = &facts.plans.mend;
    let mend = held.plan.as_ref().filter(|it| it.node == *node);
    let Some(mend) = mend else {
        let (text, tone) = match &held.progress {
            Progress::Failed(why) => (format!("Not known: {why}."), Tone::Warn),
            _ => (
                "Looking for moves that mend it...".to_owned(),
                Tone::Progress,
            ),
        };
        sheet.wrapped(&text, tone, 0);
        return;
    };
    match &mend.found {
        _ if mend.holds => sheet.wrapped("It is mended by now.", Tone::Plain, 0),
        Some(found) => moves(sheet, facts, mend, found),
        None => lacks(sheet, facts, mend),
    }
    plan::age(sheet, cluster, held);
}

fn moves(sheet: &mut Sheet, facts: &Facts, mend: &Mend, found: &Found) {
    let count = found.moves.len();
    let s = if count == 1 { "" } else { "s" };
    let copy = match found.copy() {
        0 => "no disk is copied".to_owned(),
        mib => format!(
            "{} to copy, {}",
            size(mib),
            Resync::of(facts).time(found.in_line)
        ),
    };
    let node = facts.names.short(&mend.node);
    let text =
        format!("{count} move{s}, {copy}: then {node} may die, and no other node is worse off.");
    sheet.wrapped(&text, Tone::Plain, 0);
    let rows = found.moves.iter().map(|it| {
        vec![
            Span::new(facts.names.short(&it.instance), Tone::Plain),
            Span::new(place(facts, &it.before), Tone::Dim),
            Span::new(place(facts, &it.after), Tone::Plain),
            Span::new(it.how, Tone::Plain),
            match it.copy {
                0 => Span::new("-", Tone::Dim),
                mib => Span::new(size(mib), Tone::Plain),
            },
        ]
    });
    let titles = ["INSTANCE", "FROM", "TO", "HOW", "COPY"];
    sheet.table_of(&titles, &[4], rows.collect());
    for command in found.moves.iter().flat_map(|it| &it.commands) {
        sheet.wrapped_after("  ", command);
    }
}

fn lacks(sheet: &mut Sheet, facts: &Facts, mend: &Mend) {
    let text = "No few moves mend it that pass hbal's checks. What is missing:";
    sheet.wrapped(text, Tone::Warn, 0);
    for (node, what) in &mend.lacks {
        let text = match node {
            Some(node) => format!("{}: {what}", facts.names.short(node)),
            None => what.clone(),
        };
        sheet.wrapped_after("  ", &text);
    }
    let text = "Stop or shrink instances there, or add memory; :balance evac-mode moves what is on offline nodes.";
    sheet.wrapped(text, Tone::Dim, 0);
}
