//! A plan for reboots: which nodes go together, what leaves them first, and whether that is safe now.

use std::borrow::Cow;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::plans::Progress;
use crate::app::rows::{Id, SortKey};
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::Tone;
use crate::model::Cluster;
use crate::planner::n1::words::size;
use crate::planner::replica::{Pair, State};
use crate::planner::think::rolling::{Guest, Plan, Step, Way};

use super::{drbd, plan};

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::number(Col::Step, "STEP", 4, 0).smallest_first(),
    Column::number(Col::Nodes, "NODES", 5, 4).apart(),
    Column::text(Col::Reboot, "REBOOT TOGETHER", 20, 1)
        .growing(70)
        .apart(),
    Column::text(Col::First, "FIRST", 19, 3).growing(40),
    Column::text(Col::Text, "SAFE NOW", 22, 2).growing(90),
];

/// Steps in their order.
pub fn ids(facts: &Facts) -> Vec<Id> {
    let steps = plan_of(facts).map_or(0, |plan| plan.steps.len());
    (0..steps).map(Id::Reboot).collect()
}

fn plan_of(facts: &Facts) -> Option<&Plan> {
    facts.plans.rolling.plan.as_ref()
}

/// A step.
pub fn row(facts: &Facts, at: usize) -> Option<&Step> {
    plan_of(facts)?.steps.get(at)
}

/// What a filter searches.
pub fn words(facts: &Facts, at: usize) -> Option<Vec<String>> {
    let step = row(facts, at)?;
    let mut words = vec![names(facts, step), first(step), verdict(facts, step).0];
    let guests = step.guests.iter();
    words.extend(guests.map(|it| facts.names.short(&it.instance).to_owned()));
    Some(words)
}

/// The text of a column that grows.
pub fn text(facts: &Facts, at: usize, col: Col) -> Option<Cow<'_, str>> {
    let step = row(facts, at)?;
    Some(Cow::Owned(match col {
        Col::Step => (at + 1).to_string(),
        Col::Nodes => step.nodes.len().to_string(),
        Col::Reboot => names(facts, step),
        Col::First => first(step),
        Col::Text => verdict(facts, step).0,
        _ => return None,
    }))
}

/// A step's place in the order of a column.
pub fn sort_key(facts: &Facts, at: usize, col: Col) -> Option<SortKey> {
    let step = row(facts, at)?;
    Some(match col {
        Col::Nodes => SortKey::Number(step.nodes.len() as f64),
        Col::First => SortKey::Number(step.guests.len() as f64),
        col => SortKey::Text(text(facts, at, col)?.into_owned()),
    })
}

fn names(facts: &Facts, step: &Step) -> String {
    let nodes = step.nodes.iter().map(|node| facts.names.short(node));
    nodes.collect::<Vec<_>>().join(" ")
}

/// `migrate 12, down 1`
fn first(step: &Step) -> String {
    let words = [
        (Way::Migrate, "migrate"),
        (Way::Elsewhere, "elsewhere"),
        (Way::Move, "move"),
        (Way::Down, "down"),
    ];
    let parts = words.iter().filter_map(|(way, word)| {
        let count = step.guests.iter().filter(|it| it.way == *way).count();
        (count > 0).then(|| format!("{word} {count}"))
    });
    let text = parts.collect::<Vec<_>>().join(", ");
    if text.is_empty() {
        "nothing".to_owned()
    } else {
        text
    }
}

/// Disks with a half on these nodes that do not have two good copies now, the worst first, and those of which that is
/// not known.
fn pairs<'a>(facts: &'a Facts, step: &'a Step) -> (Vec<&'a Pair>, Vec<&'a Pair>) {
    let here = |pair: &&Pair| {
        let mut halves = [&pair.primary, &pair.secondary].into_iter();
        halves.any(|half| step.nodes.contains(&half.node))
    };
    let sick =
        |pair: &&Pair| !matches!(pair.state, State::Healthy | State::Down | State::Verifying);
    let all = facts.pairs.iter().filter(here).filter(sick);
    all.partition(|pair| pair.state != State::Unknown)
}

/// Whether a step could be made now, in a few words.
pub fn verdict(facts: &Facts, step: &Step) -> (String, Tone) {
    let (bad, unknown) = pairs(facts, step);
    let mut parts = Vec::new();
    let mut tone = Tone::Warn;
    match bad.as_slice() {
        [] => {}
        [pair] => parts.push(format!(
            "{} {}",
            drbd::name(facts, &pair.key),
            drbd::state_word(pair.state)
        )),
        [pair, more @ ..] => parts.push(format!(
            "{} {} and {} more",
            drbd::name(facts, &pair.key),
            drbd::state_word(pair.state),
            more.len()
        )),
    }
    if let Some((node, count)) = step.closed.first() {
        let node = facts.names.short(node);
        parts.push(format!("{node} is off and cannot take {count}"));
    }
    if let Some((node, missing)) = step.short.first() {
        let node = facts.names.short(node);
        parts.push(format!("{node} lacks {} of memory", size(*missing)));
    }
    if !parts.is_empty() {
        return (format!("NO: {}", parts.join(", ")), tone);
    }
    if !unknown.is_empty() {
        tone = Tone::Stale;
        let text = match unknown.len() {
            1 => "? of 1 disk nothing is known".to_owned(),
            n => format!("? of {n} disks nothing is known"),
        };
        return (text, tone);
    }
    if step.master {
        return ("yes, once another node is master".to_owned(), Tone::Plain);
    }
    ("yes".to_owned(), Tone::Plain)
}

/// What the plan comes to, above its steps.
pub fn above(cluster: &Cluster, facts: &Facts, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let held = &facts.plans.rolling;
    let Some(plan) = &held.plan else {
        plan::without(&mut sheet, &held.progress, cluster);
        return sheet;
    };
    let (text, tone) = sum(facts, plan, &held.progress);
    sheet.wrapped(&text, tone, 0);
    let all = || "all".to_owned();
    plan::options(
        &mut sheet,
        &[
            ("group", held.ask.group.clone().unwrap_or_else(all)),
            ("tag", held.ask.tag.clone().unwrap_or_else(all)),
            (
                "all instances down",
                plan::yes(held.ask.offline_maintenance),
            ),
            (
                "leave non-redundant",
                plan::yes(held.ask.ignore_non_redundant),
            ),
        ],
    );
    plan::age(&mut sheet, cluster, held);
    sheet
}

fn sum(facts: &Facts, plan: &Plan, progress: &Progress) -> (String, Tone) {
    if let Progress::Thinking(_) = progress {
        return ("Thinking...".to_owned(), Tone::Progress);
    }
    if let Some(why) = &plan.why {
        let text = match facts.plans.rolling.ask.ignore_non_redundant {
            false if plan.non_redundant => {
                format!(
                    "There is no plan: {why}. With i they are left and go down with their node."
                )
            }
            _ => format!("There is no plan: {why}."),
        };
        return (text, Tone::Warn);
    }
    let nodes: usize = plan.steps.iter().map(|step| step.nodes.len()).sum();
    let steps = plan.steps.len();
    let bad = |step: &&Step| verdict(facts, step).1 != Tone::Plain;
    let unsafe_now = plan.steps.iter().filter(bad).count();
    let s = |n: usize| if n == 1 { "" } else { "s" };
    let left_out = match plan.left_out.as_slice() {
        [] => String::new(),
        [node] => format!(
            " Without {}, which is off or unknown.",
            facts.names.short(node)
        ),
        nodes => format!(" Without {} that are off or unknown.", nodes.len()),
    };
    let text = format!(
        "{nodes} node{} can be rebooted in {steps} step{}.{left_out}",
        s(nodes),
        s(steps)
    );
    match unsafe_now {
        0 => (text, Tone::Plain),
        n if n == steps => (format!("{text} None of them is safe now."), Tone::Warn),
        1 => (format!("{text} One of them is not safe now."), Tone::Warn),
        n => (format!("{text} {n} of them are not safe now."), Tone::Warn),
    }
}

/// One step: what to do before it, and after.
pub fn step(cluster: &Cluster, facts: &Facts, at: usize, width: u16, whole: bool) -> Sheet {
    let mut sheet = Sheet::new(width);
    let (Some(plan), Some(step)) = (plan_of(facts), row(facts, at)) else {
        let text = "The plan has no such step any more.";
        sheet.wrapped(text, Tone::Lost, 0);
        return sheet;
    };
    let text = format!(
        "Step {} of {}: {}",
        at + 1,
        plan.steps.len(),
        names(facts, step)
    );
    sheet.wrapped(&text, Tone::Heading, 0);
    if whole {
        plan::age(&mut sheet, cluster, &facts.plans.rolling);
    }
    dangers(&mut sheet, facts, step);
    if !whole {
        guests(&mut sheet, facts, step);
        return sheet;
    }
    sheet.heading("First");
    commands(&mut sheet, facts, step);
    sheet.heading("Then");
    let nodes = match step.nodes.len() {
        1 => "Reboot it.",
        _ => "Reboot them, all at once if you like.",
    };
    sheet.wrapped_after("  ", nodes);
    let back = match step.guests.iter().any(|it| it.to.is_some()) {
        true => ", and bring everything back to where it was: the next step counts on it",
        false => "",
    };
    sheet.wrapped_after("  ", &format!("Wait until :drbd is well again{back}."));
    sheet
}

fn dangers(sheet: &mut Sheet, facts: &Facts, step: &Step) {
    let (bad, unknown) = pairs(facts, step);
    for pair in bad {
        let name = drbd::name(facts, &pair.key);
        let text = match drbd::state(pair) {
            state if state.is_empty() => drbd::state_word(pair.state).to_owned(),
            state => state.into_owned(),
        };
        let text = format!("NOT SAFE: {name} {text}");
        sheet.wrapped(&text, Tone::Warn, 0);
    }
    for (node, count) in &step.closed {
        let node = facts.names.short(node);
        let text = match count {
            1 => format!(
                "NOT SAFE: {node} is offline, drained or unknown, and 1 instance would go there"
            ),
            n => format!(
                "NOT SAFE: {node} is offline, drained or unknown, and {n} instances would go there"
            ),
        };
        sheet.wrapped(&text, Tone::Warn, 0);
    }
    for (node, missing) in &step.short {
        let text = format!(
            "NOT SAFE: {} has {} too little memory for all that would come",
            facts.names.short(node),
            size(*missing)
        );
        sheet.wrapped(&text, Tone::Warn, 0);
    }
    if !unknown.is_empty() {
        let names = unknown
            .iter()
            .take(6)
            .map(|pair| drbd::name(facts, &pair.key));
        let names = names.collect::<Vec<_>>().join(", ");
        let more = match unknown.len().saturating_sub(6) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        sheet.wrapped(
            &format!("Nothing is known of {names}{more}."),
            Tone::Stale,
            0,
        );
    }
}

/// What to do before the reboot.
fn commands(sheet: &mut Sheet, facts: &Facts, step: &Step) {
    if step.master {
        let text = "On another master candidate: gnt-cluster master-failover";
        sheet.wrapped_after("  ", text);
    }
    if step.guests.is_empty() {
        if !step.master {
            sheet.wrapped_after("  ", "Nothing: no instance runs there.");
        }
        return;
    }
    let rows = sorted(step).into_iter().map(|it| {
        let instance = facts.names.short(&it.instance);
        let to = it.to.as_deref().map_or("-", |to| facts.names.short(to));
        let command = match it.way {
            Way::Migrate => format!("gnt-instance migrate -f {instance}"),
            Way::Elsewhere => format!("gnt-instance migrate -f -n {to} {instance}"),
            Way::Move => format!("gnt-instance move -f -n {to} {instance}"),
            Way::Down => format!("gnt-instance shutdown {instance}"),
        };
        let from = facts.names.short(&it.from);
        vec![
            Span::new(format!("  {command}"), Tone::Plain),
            Span::new(format!("{from} to {to}"), Tone::Dim),
        ]
    });
    sheet.table(&["  COMMAND", "FROM"], rows.collect());
}

/// What becomes of each instance, in short.
fn guests(sheet: &mut Sheet, facts: &Facts, step: &Step) {
    sheet.blank();
    if step.guests.is_empty() {
        sheet.wrapped("No instance runs there.", Tone::Dim, 0);
        return;
    }
    let rows = sorted(step).into_iter().map(|it| {
        let how = match it.way {
            Way::Migrate | Way::Elsewhere => "migrates",
            Way::Move => "moves",
            Way::Down => "DOWN",
        };
        let to = it.to.as_deref().map_or("-", |to| facts.names.short(to));
        vec![
            Span::new(facts.names.short(&it.instance), Tone::Plain),
            Span::new(facts.names.short(&it.from), Tone::Dim),
            Span::new(how, Tone::Plain),
            Span::new(to, Tone::Plain),
        ]
    });
    sheet.table(&["INSTANCE", "ON", "", "TO"], rows.collect());
}

/// What goes down or moves for good comes first.
fn sorted(step: &Step) -> Vec<&Guest> {
    let mut guests: Vec<&Guest> = step.guests.iter().collect();
    guests.sort_by_key(|it| std::cmp::Reverse(it.way));
    guests
}
