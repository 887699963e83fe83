//! What both plans come to, above the moves of the one that is shown.

use crate::app::facts::Facts;
use crate::app::plans::balance::{Balance, Offer};
use crate::app::plans::{Held, Progress};
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::Tone;
use crate::app::view::plan;
use crate::model::Cluster;
use crate::planner::htools::score::COMPONENTS;
use crate::planner::n1::words::size;
use crate::planner::think::balance::{Ask, Kind};

use super::cost::Resync;
use super::{kind, unsafe_now};

/// What the plan comes to, above its moves.
pub fn above(cluster: &Cluster, facts: &Facts, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let held = &facts.plans.balance;
    let Some((plan, shown, offer)) = facts.plans.shown() else {
        plan::without(&mut sheet, &held.progress, cluster);
        return sheet;
    };
    let (text, tone) = verdict(plan, offer, &held.progress);
    let (more, matters) = comparison(facts, held, plan, shown);
    let tone = matters.unwrap_or(tone);
    let whole = format!("{text} {more}");
    // How the plans compare stands below too: it is worth no second line.
    let fits = matters.is_some() || whole.chars().count() <= usize::from(width);
    let text = if fits { whole.trim_end() } else { &text };
    sheet.wrapped(text, tone, 0);
    if !plan.hbal.found().moves.is_empty() || plan.cheap.is_some() {
        both(&mut sheet, facts, plan, shown);
    }
    let wait = (0..offer.found().moves.len()).filter(|at| unsafe_now(facts, *at).is_some());
    match wait.count() {
        0 => {}
        1 => sheet.wrapped("1 move should wait: its disks are not well.", Tone::Warn, 0),
        n => sheet.wrapped(
            &format!("{n} moves should wait: their disks are not well."),
            Tone::Warn,
            0,
        ),
    }
    if let Some(gone) = gone(facts, offer) {
        sheet.wrapped(&gone, Tone::Warn, 0);
    }
    let start = &plan.start;
    let group = match (start.groups.len(), &held.ask.group) {
        (0 | 1, _) => start.group.clone(),
        (n, Some(_)) => format!("{}, one of {n}", start.group),
        (n, None) => format!("{}, the worst of {n}", start.group),
    };
    let resync = Resync::of(facts).words();
    plan::options(&mut sheet, &[("group", group), ("resync", resync)]);
    plan::age(&mut sheet, cluster, held);
    sheet
}

/// What went with the moves that were dropped.
fn gone(facts: &Facts, offer: &Offer) -> Option<String> {
    let last = offer.gone().last()?;
    let name = facts.names.short(&last.instance);
    let more = match offer.gone().len() - 1 {
        0 => String::new(),
        n => format!(" {n} more: Enter names them."),
    };
    let text = format!("Gone with what was dropped: {name}, {}.{more}", last.why);
    Some(facts.names.shorten(&text))
}

/// The group's score now and with the plan that is shown.
fn verdict(plan: &Balance, offer: &Offer, progress: &Progress) -> (String, Tone) {
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
    let moves = &offer.found().moves;
    let Some(last) = moves.last() else {
        return match progress {
            Progress::Thinking(_) => (format!("Score {now:.4}."), Tone::Progress),
            Progress::Stopped => (
                format!("Score {now:.4}. Stopped: r plans anew."),
                Tone::Stale,
            ),
            _ if !offer.changes().is_empty() => (
                format!("Score {now:.4}. Every move is dropped: u takes that back."),
                Tone::Plain,
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
    let count = moves.len();
    let s = if count == 1 { "" } else { "s" };
    let change = if now > 0.0 {
        let percent = (1.0 - after / now) * 100.0;
        match percent < 0.0 {
            true => format!(", {:.0}% HIGHER", -percent),
            false => format!(", {percent:.0}% lower"),
        }
    } else {
        String::new()
    };
    let tone = if after > now { Tone::Warn } else { Tone::Plain };
    let n1 = match (plan.start.bad_nodes, last.bad_nodes) {
        (0, 0) => String::new(),
        (before, 0) => format!(" N+1 fails on {before} of its nodes now and on none then."),
        (before, after) => {
            format!(" N+1 fails on {before} of its nodes now, on {after} then.")
        }
    };
    (
        format!("Score {now:.4} now, {after:.4} after {count} move{s}{change}.{n1}"),
        tone,
    )
}

/// How the plans stand to each other, or what is still awaited; that has a tone of its own.
fn comparison(
    facts: &Facts,
    held: &Held<Ask, Balance>,
    plan: &Balance,
    shown: Kind,
) -> (String, Option<Tone>) {
    let progress = |text: &str| (text.to_owned(), Some(Tone::Progress));
    if facts.plans.checks() {
        return progress("Checking what is left of the plan...");
    }
    let any = !plan.hbal.found().moves.is_empty();
    let Some(cheap) = &plan.cheap else {
        return match (&held.progress, plan.whole, any) {
            (Progress::Thinking(_), false, false) => progress("Looking for the first move..."),
            (Progress::Thinking(_), false, true) => progress("Looking for the next move..."),
            (Progress::Thinking(_), true, _) => progress("One that copies less is still sought..."),
            (Progress::Stopped, _, true) => {
                ("Stopped here: r plans anew.".to_owned(), Some(Tone::Stale))
            }
            _ => (String::new(), None),
        };
    };
    let changed = !cheap.changes().is_empty() || !plan.hbal.changes().is_empty();
    let (own, less) = (plan.hbal.found().copy(), cheap.found().copy());
    if changed || own == 0 {
        return (String::new(), None);
    }
    let part = less as f64 / own as f64 * 100.0;
    let text = match shown {
        Kind::CostAware if less < own => {
            format!("It copies {part:.0}% of what hbal's own plan copies.")
        }
        Kind::Hbal if less < own => format!("The cost-aware plan copies {part:.0}% of that."),
        Kind::CostAware => "Nothing was found that copies less than hbal's own plan.".to_owned(),
        Kind::Hbal => "The cost-aware plan copies no less.".to_owned(),
    };
    (text, None)
}

/// A line for each plan, so that one sees why one is better.
fn both(sheet: &mut Sheet, facts: &Facts, plan: &Balance, shown: Kind) {
    let resync = Resync::of(facts);
    let rows = [Kind::CostAware, Kind::Hbal].map(|which| {
        let (mark, tone) = match which == shown {
            true => ("> ", Tone::Plain),
            false => ("  ", Tone::Dim),
        };
        let name = Span::new(format!("{mark}{}", kind(which)), tone);
        let cells = match plan.offer(which) {
            Some(offer) => line(plan, offer, which, resync),
            None => [
                awaited(plan, &facts.plans.balance.progress),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ],
        };
        let cells = cells.into_iter().map(|text| Span::new(text, tone));
        std::iter::once(name).chain(cells).collect::<Vec<Span>>()
    });
    let titles = ["  PLAN", "SCORE", "MOVES", "COPY", "TIME", "JOB SETS", ""];
    sheet.table_of(&titles, &[1, 2, 3, 4, 5], rows.into());
}

/// What stands in place of the plan that is not there.
fn awaited(plan: &Balance, progress: &Progress) -> String {
    match progress {
        Progress::Thinking(_) if plan.tried > 0 => format!("{} tried", plan.tried),
        Progress::Thinking(_) => "sought".to_owned(),
        _ => "stopped".to_owned(),
    }
}

/// Score, moves, data, time, job sets, and what the operator made of it.
fn line(plan: &Balance, offer: &Offer, which: Kind, resync: Resync) -> [String; 6] {
    let found = offer.found();
    let after = found.moves.last().map_or(&plan.start.score, |it| &it.score);
    let so_far = which == Kind::Hbal && !plan.whole && offer.changes().is_empty();
    let sets = match (found.sets(), so_far) {
        (_, true) => "?".to_owned(),
        (sets, false) => sets.to_string(),
    };
    let time = match (so_far, found.copy()) {
        (true, _) => "?".to_owned(),
        (false, 0) => "-".to_owned(),
        (false, _) => resync.time(found.in_line),
    };
    [
        format!("{:.4}", after.total()),
        found.moves.len().to_string(),
        match found.copy() {
            0 => "-".to_owned(),
            mib => size(mib),
        },
        time,
        sets,
        match so_far {
            true => "so far".to_owned(),
            false => offer.changes(),
        },
    ]
}
