//! How many more instances fit: a row for each shape in each group.

use std::borrow::Cow;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::plans::Progress;
use crate::app::rows::{Id, SortKey};
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::Tone;
use crate::model::Cluster;
use crate::planner::n1::words::size;
use crate::planner::think::capacity::{MOST, Room, Shape};

use super::plan;

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Label, "SHAPE", 24, 0).growing(40),
    Column::text(Col::Group, "GROUP", 7, 2).growing(20),
    Column::text(Col::Template, "DISKS", 6, 4),
    Column::number(Col::Instances, "IN USE", 6, 5),
    Column::number(Col::Fits, "MORE FIT", 8, 1),
    Column::text(Col::Text, "RUNS OUT FIRST", 20, 3)
        .growing(80)
        .apart(),
];

/// Shapes in their order, each with all groups.
pub fn ids(facts: &Facts) -> Vec<Id> {
    let rooms = facts.plans.capacity.plan.as_ref().map_or(0, Vec::len);
    (0..rooms).map(Id::Room).collect()
}

/// A row.
pub fn row(facts: &Facts, at: usize) -> Option<&Room> {
    facts.plans.capacity.plan.as_ref()?.get(at)
}

/// What a filter searches.
pub fn words(facts: &Facts, at: usize) -> Option<Vec<String>> {
    let it = row(facts, at)?;
    let template = it.shape.template.word().to_owned();
    Some(vec![
        shape(&it.shape),
        it.group.to_string(),
        template,
        out(it),
    ])
}

/// The text of a column that grows.
pub fn text(facts: &Facts, at: usize, col: Col) -> Option<Cow<'_, str>> {
    let it = row(facts, at)?;
    Some(match col {
        Col::Label => Cow::Owned(shape(&it.shape)),
        Col::Group => Cow::Borrowed(&it.group),
        Col::Template => Cow::Borrowed(it.shape.template.word()),
        Col::Text => Cow::Owned(out(it)),
        _ => return None,
    })
}

/// A row's place in the order of a column.
pub fn sort_key(facts: &Facts, at: usize, col: Col) -> Option<SortKey> {
    let it = row(facts, at)?;
    Some(match col {
        Col::Instances => SortKey::Number(it.in_use as f64),
        Col::Fits => SortKey::Number(it.fits as f64),
        col => SortKey::Text(text(facts, at, col)?.into_owned()),
    })
}

/// `4.0G, disk 20.1G, 2 vcpus`
fn shape(it: &Shape) -> String {
    let vcpus = if it.vcpus == 1 { "vcpu" } else { "vcpus" };
    let text = format!(
        "{}, disk {}, {} {vcpus}",
        size(it.memory),
        size(it.disk),
        it.vcpus
    );
    if it.standard {
        format!("std {text}")
    } else {
        text
    }
}

/// What is in the way, and what runs out first.
fn out(it: &Room) -> String {
    match &it.broken {
        Some(_) => format!("N+1 FAILS; then {}", it.out),
        None => it.out.clone(),
    }
}

/// How many fit, in digits.
pub fn fits(it: &Room) -> String {
    match it.fits {
        MOST.. => format!("{MOST}+"),
        n => n.to_string(),
    }
}

/// How far it is, above the rows.
pub fn above(cluster: &Cluster, facts: &Facts, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let held = &facts.plans.capacity;
    if held.plan.is_none() {
        plan::without(&mut sheet, &held.progress, cluster);
        return sheet;
    }
    let (text, tone) = match held.progress {
        Progress::Thinking(_) => ("Filling group after group...", Tone::Progress),
        Progress::Stopped => ("Stopped here: r begins anew.", Tone::Stale),
        _ => (
            "How many more fit of each shape alone, with N+1 held: the standard, and the shapes most in use.",
            Tone::Plain,
        ),
    };
    sheet.wrapped(text, tone, 0);
    let group = held.ask.group.clone();
    let group = group.unwrap_or_else(|| "all".to_owned());
    plan::options(&mut sheet, &[("group", group)]);
    plan::age(&mut sheet, cluster, held);
    sheet
}

/// A shape in a group, and what each node lacks for one more.
pub fn detail(cluster: &Cluster, facts: &Facts, at: usize, width: u16, whole: bool) -> Sheet {
    let mut sheet = Sheet::new(width);
    let Some(it) = row(facts, at) else {
        sheet.wrapped("There is no such row any more.", Tone::Lost, 0);
        return sheet;
    };
    let text = format!("{} more fit into {}", fits(it), it.group);
    sheet.wrapped(&text, Tone::Heading, 0);
    sheet.wrapped(
        &format!("{} {}", it.shape.template.word(), shape(&it.shape)),
        Tone::Plain,
        0,
    );
    if whole {
        plan::age(&mut sheet, cluster, &facts.plans.capacity);
    }
    if let Some(why) = &it.broken {
        let text = format!("Not now: {why}, so hspace adds none. :n1 says why.");
        sheet.wrapped(&text, Tone::Warn, 0);
    }
    if !it.out.is_empty() {
        sheet.wrapped(&format!("Runs out: {}", it.out), Tone::Plain, 0);
    }
    if !it.nodes.is_empty() {
        sheet.heading("Then one more finds");
        let rows = it.nodes.iter().map(|(node, why)| {
            vec![
                Span::new(facts.names.short(node), Tone::Plain),
                Span::new(facts.names.shorten(why), Tone::Dim),
            ]
        });
        sheet.table(&["NODE", ""], rows.collect());
    }
    sheet
}
