//! A plan to balance a group: its moves as a table, and the cluster after each of them.

use std::borrow::Cow;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::plans::{Balance, Progress};
use crate::app::rows::{Id, SortKey};
use crate::app::sheet::{Piece, Sheet, Span};
use crate::app::tone::Tone;
use crate::model::{Cluster, Name};
use crate::planner::htools::score::{COMPONENTS, Score};
use crate::planner::n1::words::size;
use crate::planner::replica::Redundancy;
use crate::planner::think::balance::{Move, Room};

use super::plan;

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::number(Col::Step, "MOVE", 4, 0).smallest_first(),
    Column::text(Col::Name, "INSTANCE", 10, 1)
        .growing(36)
        .apart(),
    Column::text(Col::From, "FROM", 12, 2).growing(34),
    Column::text(Col::To, "TO", 12, 2).growing(34),
    Column::number(Col::Gain, "GAIN", 7, 3),
    Column::number(Col::Score, "SCORE", 8, 6).smallest_first(),
    Column::number(Col::Copy, "COPY", 7, 4),
    Column::number(Col::Set, "SET", 3, 5).smallest_first(),
    Column::text(Col::How, "HOW", 11, 7).growing(17).apart(),
    Column::text(Col::Locks, "LOCKS", 20, 8).growing(50),
];

/// Moves in their order.
pub fn ids(facts: &Facts) -> Vec<Id> {
    let moves = plan_of(facts).map_or(0, |plan| plan.moves.len());
    (0..moves).map(Id::Move).collect()
}

fn plan_of(facts: &Facts) -> Option<&Balance> {
    facts.plans.balance.plan.as_ref()
}

/// A move.
pub fn row(facts: &Facts, at: usize) -> Option<&Move> {
    plan_of(facts)?.moves.get(at)
}

/// The job set of a move, once that is known.
pub fn set(facts: &Facts, at: usize) -> Option<usize> {
    plan_of(facts)?.sets.get(at).copied()
}

/// What a filter searches.
pub fn words(facts: &Facts, at: usize) -> Option<Vec<String>> {
    let it = row(facts, at)?;
    let mut words = vec![facts.names.short(&it.instance).to_owned()];
    words.extend([place(facts, &it.before), place(facts, &it.after)]);
    words.push(it.how.to_owned());
    Some(words)
}

/// The text of a column that grows.
pub fn text(facts: &Facts, at: usize, col: Col) -> Option<Cow<'_, str>> {
    let it = row(facts, at)?;
    Some(match col {
        Col::Step => Cow::Owned((at + 1).to_string()),
        Col::Name => Cow::Borrowed(facts.names.short(&it.instance)),
        Col::From => Cow::Owned(place(facts, &it.before)),
        Col::To => Cow::Owned(place(facts, &it.after)),
        Col::How => Cow::Borrowed(it.how),
        Col::Locks => Cow::Owned(locks(facts, it)),
        _ => return None,
    })
}

/// A move's place in the order of a column.
pub fn sort_key(facts: &Facts, at: usize, col: Col) -> Option<SortKey> {
    let it = row(facts, at)?;
    Some(match col {
        Col::Gain => SortKey::Number(it.gain),
        Col::Score => SortKey::Number(it.score.total()),
        Col::Copy => SortKey::Number(it.copy as f64),
        Col::Set => SortKey::number(set(facts, at).map(|set| set as f64)),
        col => SortKey::Text(text(facts, at, col)?.into_owned()),
    })
}

/// `node1:node2`, as hbal has it.
fn place(facts: &Facts, (primary, secondary): &(Name, Option<Name>)) -> String {
    let primary = facts.names.short(primary);
    match secondary {
        Some(secondary) => format!("{primary}:{}", facts.names.short(secondary)),
        None => primary.to_owned(),
    }
}

/// Why a move should not be made now: its disks do not have two good copies.
pub fn unsafe_now(facts: &Facts, at: usize) -> Option<String> {
    let it = row(facts, at)?;
    match facts.redundancy.get(&it.instance)? {
        Redundancy::Redundant | Redundancy::None | Redundancy::Unknown => None,
        Redundancy::Resyncing(percent) => Some(format!(
            "wait: its disks are being resynced, {percent:.0}% done"
        )),
        Redundancy::Degraded => Some("mend its disks first: they have one good copy".to_owned()),
        Redundancy::Lost => Some("its disks have no good copy".to_owned()),
    }
}

/// What the plan comes to, above its moves.
pub fn above(cluster: &Cluster, facts: &Facts, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let held = &facts.plans.balance;
    let Some(plan) = &held.plan else {
        plan::without(&mut sheet, &held.progress, cluster);
        return sheet;
    };
    let (text, tone) = verdict(plan, &held.progress);
    sheet.wrapped(&text, tone, 0);
    let wait = (0..plan.moves.len()).filter(|at| unsafe_now(facts, *at).is_some());
    match wait.count() {
        0 => {}
        1 => sheet.wrapped("1 move should wait: its disks are not well.", Tone::Warn, 0),
        n => sheet.wrapped(
            &format!("{n} moves should wait: their disks are not well."),
            Tone::Warn,
            0,
        ),
    }
    let start = &plan.start;
    let group = match start.groups.len() {
        0 | 1 => start.group.clone(),
        n => format!("{}, one of {n}", start.group),
    };
    plan::options(
        &mut sheet,
        &[
            ("group", group),
            ("move disks", plan::yes(held.ask.disk_moves)),
            ("evacuate only", plan::yes(held.ask.evacuate)),
        ],
    );
    plan::age(&mut sheet, cluster, held);
    sheet
}

fn verdict(plan: &Balance, progress: &Progress) -> (String, Tone) {
    let now = plan.start.score.total();
    if now.is_nan() {
        let values = plan.start.score.0.unwrap_or_default();
        let wrong = COMPONENTS.iter().zip(values).filter(|it| it.1.is_nan());
        let wrong: Vec<&str> = wrong.map(|((name, _), _)| *name).collect();
        let text = format!(
            "There is no score, and hbal finds no move either: {} cannot be reckoned. A node says nothing of what it \
             is made of.",
            wrong.join(", ")
        );
        return (text, Tone::Warn);
    }
    let Some(last) = plan.moves.last() else {
        return match progress {
            Progress::Thinking(_) => (
                format!("Score {now:.4}. Looking for the first move..."),
                Tone::Progress,
            ),
            Progress::Stopped => (
                format!("Score {now:.4}. Stopped: r plans anew."),
                Tone::Stale,
            ),
            _ if plan.start.bad_nodes > 0 => (
                format!(
                    "Score {now:.4}. {} of its nodes fail N+1, and no move that is allowed makes it better.",
                    plan.start.bad_nodes
                ),
                Tone::Warn,
            ),
            _ => (
                format!("Score {now:.4}. It is balanced: no move gains enough."),
                Tone::Plain,
            ),
        };
    };
    let after = last.score.total();
    let count = plan.moves.len();
    let moves = if count == 1 { "move" } else { "moves" };
    let copy = plan.moves.iter().map(|it| it.copy);
    let copy = copy.fold(0, i64::saturating_add);
    let lower = if now > 0.0 {
        format!(", {:.0}% lower", (1.0 - after / now) * 100.0)
    } else {
        String::new()
    };
    let text = format!("Score {now:.4} now, {after:.4} after {count} {moves}{lower}. ");
    let copied = match copy {
        0 => "No disk is copied".to_owned(),
        _ => format!("{} of disk to copy", size(copy)),
    };
    match progress {
        Progress::Thinking(_) => (
            format!("{text}{copied} so far; looking for the next move..."),
            Tone::Progress,
        ),
        Progress::Stopped => (
            format!("{text}{copied}. Stopped here: r plans anew."),
            Tone::Stale,
        ),
        _ => {
            let sets = plan.sets.last().copied().unwrap_or_default();
            let s = if sets == 1 { "" } else { "s" };
            let n1 = match (plan.start.bad_nodes, last.bad_nodes) {
                (0, 0) => String::new(),
                (before, 0) => format!(" N+1 fails on {before} of its nodes now and on none then."),
                (before, after) => {
                    format!(" N+1 fails on {before} of its nodes now, on {after} then.")
                }
            };
            (
                format!("{text}{copied}, in {sets} job set{s}.{n1}"),
                Tone::Plain,
            )
        }
    }
}

/// From this width on there is room for what the table says too.
const ROOMY: u16 = 60;

/// Nodes that the pane shows at most.
const SHOWN: usize = 14;

/// The cluster after a move, in short.
pub fn after(facts: &Facts, at: usize, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    if let (Some(plan), Some(it)) = (plan_of(facts), row(facts, at)) {
        head(&mut sheet, facts, plan, at, it);
        nodes(&mut sheet, facts, plan, at, SHOWN);
        components(&mut sheet, plan, at, false);
    }
    sheet
}

/// The cluster after a move, and the whole plan as commands.
pub fn whole(cluster: &Cluster, facts: &Facts, at: usize, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let (Some(plan), Some(it)) = (plan_of(facts), row(facts, at)) else {
        let text = "The plan has no such move any more.";
        sheet.wrapped(text, Tone::Lost, 0);
        return sheet;
    };
    head(&mut sheet, facts, plan, at, it);
    plan::age(&mut sheet, cluster, &facts.plans.balance);
    nodes(&mut sheet, facts, plan, at, usize::MAX);
    components(&mut sheet, plan, at, true);
    sheet.heading("The whole plan as commands");
    let mut before = None;
    for (at, it) in plan.moves.iter().enumerate() {
        let set = plan.sets.get(at).copied();
        if set.is_some() && set != before {
            let set = set.unwrap_or_default();
            sheet.wrapped(&format!("# job set {set}"), Tone::Dim, 0);
        }
        before = set;
        for command in &it.commands {
            sheet.wrapped(command, Tone::Plain, 0);
        }
    }
    sheet
}

fn head(sheet: &mut Sheet, facts: &Facts, plan: &Balance, at: usize, it: &Move) {
    let before = it.score.total() + it.gain;
    let mut spans = vec![
        Span::new(
            format!("After move {} of {}  ", at + 1, plan.moves.len()),
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
    sheet.wrapped(&format!("  locks {}", locks(facts, it)), Tone::Dim, 0);
}

fn locks(facts: &Facts, it: &Move) -> String {
    let locks = it.locks.iter().map(|node| facts.names.short(node));
    locks.collect::<Vec<_>>().join(" ")
}

/// Nodes with what they have in use: before anything has moved, and after this move.
fn nodes(sheet: &mut Sheet, facts: &Facts, plan: &Balance, at: usize, most: usize) {
    let all = &plan.start.nodes;
    let before: Vec<Room> = all.iter().map(|node| node.room).collect();
    let (mut now, mut largest) = (before.clone(), vec![0.0_f64; all.len()]);
    for (step, it) in plan.moves.iter().enumerate() {
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
fn components(sheet: &mut Sheet, plan: &Balance, at: usize, all: bool) {
    let values = |score: Option<&Score>| score.and_then(|it| it.0).unwrap_or_default();
    let now = values(Some(&plan.start.score));
    let here = values(plan.moves.get(at).map(|it| &it.score));
    let end = values(plan.moves.last().map(|it| &it.score));
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
