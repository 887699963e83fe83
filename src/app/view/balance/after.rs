//! The cluster after a move of the plan that is shown.

use crate::app::facts::Facts;
use crate::app::plans::balance::{Balance, Offer};
use crate::app::sheet::{Piece, Sheet, Span};
use crate::app::tone::Tone;
use crate::app::view::plan;
use crate::model::Cluster;
use crate::planner::htools::score::{COMPONENTS, Score};
use crate::planner::n1::words::size;
use crate::planner::think::balance::{Kind, Move, Room};

use super::{locks, moves, row, time, unsafe_now};

/// From this width on there is room for what the table says too.
const ROOMY: u16 = 60;

/// Nodes that the pane shows at most.
const SHOWN: usize = 14;

/// The cluster after a move, in short.
pub fn after(facts: &Facts, at: usize, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    if let (Some((plan, ..)), Some(it)) = (facts.plans.shown(), row(facts, at)) {
        head(&mut sheet, facts, at, it);
        nodes(&mut sheet, facts, plan, at, SHOWN);
        components(&mut sheet, facts, plan, at, false);
    }
    sheet
}

/// The cluster after a move, and the whole plan as commands.
pub fn whole(cluster: &Cluster, facts: &Facts, at: usize, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let (Some((plan, shown, offer)), Some(it)) = (facts.plans.shown(), row(facts, at)) else {
        let text = "The plan has no such move any more.";
        sheet.wrapped(text, Tone::Lost, 0);
        return sheet;
    };
    head(&mut sheet, facts, at, it);
    plan::age(&mut sheet, cluster, &facts.plans.balance);
    nodes(&mut sheet, facts, plan, at, usize::MAX);
    components(&mut sheet, facts, plan, at, true);
    gone(&mut sheet, facts, offer);
    let which = match shown {
        Kind::CostAware => "The cost-aware plan",
        Kind::Hbal => "hbal's own plan",
    };
    sheet.heading(&format!("{which} as commands"));
    let mut before = None;
    for it in moves(facts) {
        if let Some(set) = it.set.filter(|_| it.set != before) {
            sheet.wrapped(&format!("# job set {set}"), Tone::Dim, 0);
        }
        before = it.set;
        for command in &it.commands {
            sheet.wrapped(command, Tone::Plain, 0);
        }
    }
    sheet
}

/// Moves that could not be made any more after a change.
fn gone(sheet: &mut Sheet, facts: &Facts, offer: &Offer) {
    if offer.gone().is_empty() {
        return;
    }
    sheet.heading("Gone with what was dropped");
    for it in offer.gone() {
        let name = facts.names.short(&it.instance);
        let text = format!("{name} (move {} then): {}", it.number, it.why);
        sheet.wrapped_after("  ", &facts.names.shorten(&text));
    }
}

fn head(sheet: &mut Sheet, facts: &Facts, at: usize, it: &Move) {
    let before = it.score.total() + it.gain;
    let mut spans = vec![
        Span::new(
            format!("After move {} of {}  ", at + 1, moves(facts).len()),
            Tone::Heading,
        ),
        Span::new("score ", Tone::Dim),
        Span::new(format!("{:.4}", it.score.total()), Tone::Plain),
    ];
    if sheet.width() >= ROOMY {
        spans.push(Span::new(format!(", was {before:.4}"), Tone::Dim));
    }
    sheet.spans(spans);
    if let Some(why) = unsafe_now(facts, at) {
        let text = format!("{}: {why}", facts.names.short(&it.instance));
        sheet.wrapped(&text, Tone::Warn, 0);
    }
    for command in &it.commands {
        sheet.wrapped_after("  ", command);
    }
    let copies = match it.copy {
        0 => "copies no disk".to_owned(),
        mib => format!("copies {} in {}", size(mib), time(facts, it)),
    };
    let text = format!("gains {:.4}, {copies}, locks {}", it.gain, locks(facts, it));
    sheet.wrapped(&text, Tone::Dim, 2);
}

/// Nodes with what they have in use: before anything has moved, and after this move.
fn nodes(sheet: &mut Sheet, facts: &Facts, plan: &Balance, at: usize, most: usize) {
    let all = &plan.start.nodes;
    let before: Vec<Room> = all.iter().map(|node| node.room).collect();
    let (mut now, mut largest) = (before.clone(), vec![0.0_f64; all.len()]);
    for (step, it) in moves(facts).iter().enumerate() {
        for (place, room) in &it.rooms {
            let (Some(node), Some(was)) = (all.get(*place), before.get(*place)) else {
                continue;
            };
            if let Some(largest) = largest.get_mut(*place) {
                let memory = used(node.memory, room.memory) - used(node.memory, was.memory);
                let disk = used(node.disk, room.disk) - used(node.disk, was.disk);
                *largest = largest.max(memory.abs()).max(disk.abs());
            }
            if let Some(now) = now.get_mut(*place).filter(|_| step <= at) {
                *now = *room;
            }
        }
    }
    // Those that the plan changes most, which stay the same while one goes through its moves.
    let mut shown: Vec<usize> = (0..all.len()).collect();
    let change = |place: &usize| largest.get(*place).copied().unwrap_or_default();
    shown.sort_by(|a, b| change(b).total_cmp(&change(a)));
    shown.truncate(most);
    shown.sort_unstable();
    let here = row(facts, at).map(|it| &it.rooms);
    let names = shown.iter().filter_map(|place| all.get(*place));
    let widest = names.map(|node| facts.names.short(&node.name).chars().count());
    let name_width = widest.max().unwrap_or_default().clamp(4, 16);
    let width = usize::from(sheet.width());
    // Two bars, each with its percentages behind it, and blanks between.
    let room = width.saturating_sub(name_width + 4 + 2 * (BEHIND + 1));
    let bar = (room / 2).clamp(4, 24);
    let cell = bar + 1 + BEHIND;
    sheet.blank();
    sheet.spans(vec![
        Span::new(format!("  {:name_width$} ", "NODE"), Tone::Dim),
        Span::new(format!("{:cell$} ", "MEMORY in use"), Tone::Dim),
        Span::new("DISK in use", Tone::Dim),
    ]);
    for place in &shown {
        let (Some(node), Some(was), Some(is)) =
            (all.get(*place), before.get(*place), now.get(*place))
        else {
            continue;
        };
        let touched = here.is_some_and(|rooms| rooms.iter().any(|(at, _)| at == place));
        let mut name = facts.names.short(&node.name).to_owned();
        if name.chars().count() > name_width {
            name = name.chars().take(name_width).collect();
        }
        let mark = if touched { "> " } else { "  " };
        let mut pieces = vec![Piece::Span(Span::new(
            format!("{mark}{name:name_width$} "),
            Tone::Plain,
        ))];
        if node.offline {
            pieces.push(Piece::Span(Span::new("* offline or drained", Tone::Dim)));
        } else {
            let memory = (used(node.memory, was.memory), used(node.memory, is.memory));
            let disk = (used(node.disk, was.disk), used(node.disk, is.disk));
            let width = u16::try_from(bar).unwrap_or_default();
            for (gap, (before, after)) in [("", memory), (" ", disk)] {
                pieces.push(Piece::Span(Span::new(gap, Tone::Plain)));
                pieces.push(Piece::Bar {
                    before,
                    after,
                    width,
                });
                let text = percent(before, after);
                pieces.push(Piece::Span(Span::new(
                    format!(" {text:>BEHIND$}"),
                    Tone::Plain,
                )));
            }
        }
        sheet.pieces(pieces);
    }
    if shown.len() < all.len() {
        let more = all.len() - shown.len();
        let text = format!("  {more} more nodes change less: Enter shows all");
        sheet.wrapped(&text, Tone::Dim, 0);
    }
}

/// Columns of the percentages behind a bar.
const BEHIND: usize = 7;

fn used(total: f64, free: i64) -> f64 {
    if total > 0.0 {
        1.0 - free as f64 / total
    } else {
        0.0
    }
}

fn percent(before: f64, after: f64) -> String {
    let (before, after) = (before * 100.0, after * 100.0);
    if format!("{before:.0}") == format!("{after:.0}") {
        format!("{after:.0}%")
    } else {
        format!("{before:.0}>{after:.0}%")
    }
}

/// Components that the pane shows at most.
const TOLD: usize = 8;

/// What the score is made of now and after this move: in the pane what counts most, else all, and in the end too.
fn components(sheet: &mut Sheet, facts: &Facts, plan: &Balance, at: usize, all: bool) {
    let values = |score: Option<&Score>| score.and_then(|it| it.0).unwrap_or_default();
    let now = values(Some(&plan.start.score));
    let here = values(row(facts, at).map(|it| &it.score));
    let end = values(moves(facts).last().map(|it| &it.score));
    let rows = COMPONENTS.iter().zip(now).zip(here.into_iter().zip(end));
    let mut rows: Vec<(f64, Vec<Span>)> = rows
        .map(|(((name, weight), now), (here, end))| {
            let counts = weight * now.abs().max(here.abs()).max(end.abs());
            let tone = if counts < 0.000_05 {
                Tone::Dim
            } else {
                Tone::Plain
            };
            let number = |value: f64| Span::new(format!("{value:.4}"), tone);
            let mut row = vec![
                Span::new(*name, Tone::Dim),
                Span::new(format!("x{weight}"), Tone::Dim),
                number(now),
                number(here),
            ];
            row.extend(all.then(|| number(end)));
            (counts, row)
        })
        .collect();
    sheet.blank();
    let mut titles = vec!["SCORE", "", "NOW", "THEN", "AT END"];
    if !all {
        titles.pop();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        rows.truncate(TOLD);
        rows.retain(|(counts, _)| *counts >= 0.000_05);
    }
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    sheet.table_of(&titles, &[1, 2, 3, 4], rows);
}
