//! N+1: what if a node dies. A table of all nodes, worst first, and the death of one.

use std::borrow::Cow;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::{Id, SortKey};
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::Tone;
use crate::app::view::mend;
use crate::model::{Cluster, Name};
use crate::planner::htools::n1::evacuation::Way;
use crate::planner::n1::report::{Course, Fall, Row};
use crate::planner::n1::words::size;
use crate::planner::n1::{Kind, Verdict};

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Name, "NODE", 8, 0).growing(32),
    Column::text(Col::AtRisk, "IF IT DIES", 20, 1)
        .growing(26)
        .largest_first(),
    Column::number(Col::Lacks, "LACKS", 7, 3),
    Column::text(Col::Verify, "VERIFY", 6, 4).apart(),
    Column::text(Col::FailN1, "FAIL_N1", 7, 5),
    Column::text(Col::Global, "GN1", 5, 6),
    Column::text(Col::RestartsOn, "RESTART ON", 16, 7).growing(48),
    Column::text(Col::Text, "WHY NOT", 34, 2).growing(84),
];

/// Columns of the screen from which on the header names the node, and below which it has hardly any room.
const ROOMY: u16 = 140;
const TIGHT: u16 = 60;

/// Nodes that are named in a cell; more are counted.
const NAMED: usize = 6;

/// Nodes in Ganeti's order.
pub fn ids(facts: &Facts) -> Vec<Id> {
    let known = facts.nodes.iter().filter(|node| row(facts, node).is_some());
    known.map(|node| Id::Fall(node.clone())).collect()
}

/// What is said of a node.
pub fn row<'a>(facts: &'a Facts, node: &str) -> Option<&'a Row> {
    facts.n1.rows.iter().find(|row| *row.node == *node)
}

/// What a filter searches.
pub fn words(facts: &Facts, node: &Name) -> Option<Vec<String>> {
    let row = row(facts, node)?;
    let mut words = vec![
        facts.names.short(node).to_owned(),
        node.to_string(),
        fate(row),
    ];
    words.extend(row.stranded.iter().map(|it| it.instance.to_string()));
    words.push(why(facts, row));
    Some(words)
}

/// The text of a column that grows.
pub fn text<'a>(facts: &'a Facts, node: &'a Name, col: Col) -> Option<Cow<'a, str>> {
    let row = row(facts, node)?;
    Some(match col {
        Col::Name => Cow::Borrowed(facts.names.short(node)),
        Col::AtRisk => Cow::Owned(fate(row)),
        Col::RestartsOn => Cow::Owned(restarts_on(facts, row)),
        Col::Text => Cow::Owned(why(facts, row)),
        _ => return None,
    })
}

/// A node's place in the order of a column.
pub fn sort_key(facts: &Facts, node: &Name, col: Col) -> Option<SortKey> {
    let row = row(facts, node)?;
    let kind = |kind: Kind| {
        SortKey::Number(
            row.kinds
                .get(kind as usize)
                .map_or(0.0, |it| *it as u8 as f64),
        )
    };
    Some(match col {
        Col::AtRisk => SortKey::Number(match (row.offline, row.verdict) {
            (true, _) => -1.0,
            (_, Verdict::Holds) => 0.0,
            (_, Verdict::Unknown) => 1.0,
            // What is missing counts among as many.
            (_, Verdict::Fails) => {
                2.0 + row.at_risk as f64 + row.missing.clamp(0, 1 << 40) as f64 / 1e13
            }
        }),
        Col::Lacks => SortKey::Number(row.missing as f64),
        Col::Verify => kind(Kind::Verify),
        Col::FailN1 => kind(Kind::FailN1),
        Col::Global => kind(Kind::Global),
        Col::RestartsOn | Col::Text => SortKey::Text(text(facts, node, col)?.into_owned()),
        _ => return None,
    })
}

/// What happens, in a few words.
pub fn fate(row: &Row) -> String {
    match (row.verdict, row.instances) {
        _ if row.offline => "is offline".to_owned(),
        (Verdict::Fails, _) if row.at_risk == 0 => "has no memory left".to_owned(),
        (Verdict::Fails, all) => format!("{} of {all} cannot start", row.at_risk),
        (Verdict::Unknown, _) => "not known".to_owned(),
        (Verdict::Holds, 0) => "nothing runs there".to_owned(),
        (Verdict::Holds, 1) => "its instance restarts".to_owned(),
        (Verdict::Holds, all) => format!("all {all} restart"),
    }
}

/// What that means.
pub fn tone(row: &Row) -> Tone {
    match row.verdict {
        _ if row.offline => Tone::Dim,
        Verdict::Fails => Tone::Warn,
        Verdict::Unknown => Tone::Stale,
        Verdict::Holds => Tone::Plain,
    }
}

/// A verdict in a word, and what it means.
pub fn verdict(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Holds => ("ok", Tone::Dim),
        Verdict::Unknown => ("?", Tone::Stale),
        Verdict::Fails => ("FAILS", Tone::Warn),
    }
}

/// `node2 5, node7 2 of 4`: where its instances restart, those first where some do not.
fn restarts_on(facts: &Facts, row: &Row) -> String {
    let named = row.to.iter().take(NAMED).map(|(node, all, without)| {
        let node = facts.names.short(node);
        match without {
            0 => format!("{node} {all}"),
            n => format!("{node} {} of {all}", all.saturating_sub(*n)),
        }
    });
    let mut parts: Vec<String> = named.collect();
    if row.to.len() > NAMED {
        parts.push(format!("{} more nodes", row.to.len() - NAMED));
    }
    if row.alone > 0 {
        parts.push(format!("anywhere {}", row.alone));
    }
    parts.join(", ")
}

fn why(facts: &Facts, row: &Row) -> String {
    facts.names.shorten(&row.reason)
}

/// What the header says on a screen that is so wide.
pub fn in_short(facts: &Facts, width: u16) -> (String, Tone) {
    let (roomy, tight) = (width >= ROOMY, width < TIGHT);
    let n1 = &facts.n1;
    let worst = n1.worst();
    match (n1.verdict, worst) {
        (Verdict::Fails, Some(row)) if row.at_risk > 0 => {
            let text = format!("{} at risk", row.at_risk);
            let node = facts.names.short(&row.node);
            let text = match (roomy, tight) {
                (true, _) => format!("{text} if {node} dies"),
                (_, true) => format!("{}!", row.at_risk),
                _ => text,
            };
            (text, Tone::Warn)
        }
        (Verdict::Fails, Some(row)) => {
            (format!("{} full", facts.names.short(&row.node)), Tone::Warn)
        }
        (Verdict::Holds, _) if !n1.rows.is_empty() => ("ok".to_owned(), Tone::Plain),
        (Verdict::Unknown, _) if roomy && n1.unknown > 0 && n1.unknown < n1.rows.len() => {
            (format!("? {} unknown", n1.unknown), Tone::Stale)
        }
        _ => ("?".to_owned(), Tone::Stale),
    }
}

/// The verdict above the table.
pub fn above(cluster: &Cluster, facts: &Facts, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let n1 = &facts.n1;
    if n1.rows.is_empty() {
        return sheet;
    }
    let nodes = n1.rows.iter().filter(|row| !row.offline).count();
    let bad = n1.bad().count();
    let unknown = match n1.unknown {
        0 => String::new(),
        n => format!(" Not known of {n}."),
    };
    let (text, tone) = match n1.worst() {
        _ if nodes == 0 => (
            "No node takes part: all are marked offline.".to_owned(),
            Tone::Warn,
        ),
        Some(row) if row.at_risk > 0 => {
            let s = if row.at_risk == 1 { "" } else { "s" };
            let node = facts.names.short(&row.node);
            let text = format!(
                "If {node} dies, {} instance{s} cannot start. {bad} of {nodes} nodes must not die.",
                row.at_risk
            );
            (text + &unknown, Tone::Warn)
        }
        Some(row) => {
            let node = facts.names.short(&row.node);
            (format!("{node} has no memory left.{unknown}"), Tone::Warn)
        }
        None if n1.unknown > 0 => {
            let text = format!(
                "It is not known of {} of {nodes} nodes whether they may die.",
                n1.unknown
            );
            (text, Tone::Stale)
        }
        None => (
            "Any one node may die: everything restarts elsewhere.".to_owned(),
            Tone::Plain,
        ),
    };
    sheet.wrapped(&text, tone, 0);
    if !cluster.master_serves() {
        let text = "No master answers: instances may have moved since.";
        sheet.wrapped(text, Tone::Stale, 0);
    }
    sheet
}

/// A node of which the death strands instances, so that it is worth to look for what mends it.
pub fn must_not_die(facts: &Facts, node: &str) -> bool {
    row(facts, node).is_some_and(|row| row.verdict == Verdict::Fails && !row.offline)
}

/// The death of one node: who restarts where, who does not and why; and if `whole` what would mend it.
pub fn fall(cluster: &Cluster, facts: &Facts, name: &Name, width: u16, whole: bool) -> Sheet {
    let mut sheet = Sheet::new(width);
    let short = facts.names.short(name);
    let (Some(row), Some(fall)) = (row(facts, name), &facts.fall) else {
        let text = match &facts.n1.why {
            Some(why) => why.clone(),
            None => format!("Nothing is known of {short}."),
        };
        sheet.wrapped(&text, Tone::Lost, 0);
        return sheet;
    };
    let text = match row.verdict {
        Verdict::Unknown => format!("{short}: not known, {}", why(facts, row)),
        _ => format!("{short}: {}", fate(row)),
    };
    sheet.wrapped(&text, tone(row), 0);
    if !cluster.master_serves() {
        let text = "No master answers: instances may have moved since.";
        sheet.wrapped(text, Tone::Stale, 0);
    }
    // The table below says it of those that GN1 finds no place for.
    let by_kind = row.stranded.iter().filter(|it| it.kind == row.kind);
    for told in by_kind.filter(|it| it.kind != Kind::Global) {
        sheet.wrapped_after("  ", &facts.names.shorten(&told.text));
    }
    if must_not_die(facts, name) {
        match whole {
            true => mend::section(&mut sheet, cluster, facts, name),
            false => sheet.wrapped("Enter shows what would mend it.", Tone::Dim, 0),
        }
    }
    courses(&mut sheet, facts, fall);
    kinds(&mut sheet, facts, fall);
    sheet
}

fn courses(sheet: &mut Sheet, facts: &Facts, fall: &Fall) {
    sheet.heading("Its instances");
    if fall.courses.is_empty() {
        sheet.wrapped("none", Tone::Dim, 0);
        return;
    }
    let rows = fall.courses.iter().map(|it| course(facts, it));
    sheet.table_of(
        &["INSTANCE", "MEMORY", "DISKS", "RESTARTS ON", ""],
        &[1],
        rows.collect(),
    );
    if fall
        .courses
        .iter()
        .any(|it| it.way == Way::Anywhere && it.to.is_some())
    {
        let text = "On shared storage: the node that hcheck would take.";
        sheet.wrapped(text, Tone::Dim, 0);
    }
}

fn course(facts: &Facts, it: &Course) -> Vec<Span> {
    let (to, tone) = match &it.to {
        _ if it.unsure => ("?".to_owned(), Tone::Stale),
        Some(node) => (facts.names.short(node).to_owned(), Tone::Plain),
        None => ("NOWHERE".to_owned(), Tone::Warn),
    };
    let (least, most) = it.memory;
    let memory = match least == most {
        true => size(most),
        false => format!("{}-{}", size(least), size(most)),
    };
    let mut notes = Vec::new();
    if !it.note.is_empty() {
        notes.push(facts.names.shorten(&it.note));
    }
    if !it.runs {
        notes.push("is down".to_owned());
    }
    if !it.auto_balance {
        notes.push("no auto_balance".to_owned());
    }
    let note = if it.to.is_some() { Tone::Dim } else { tone };
    vec![
        Span::new(facts.names.short(&it.instance), tone),
        Span::new(memory, Tone::Plain),
        Span::new(it.template, Tone::Dim),
        Span::new(to, tone),
        Span::new(notes.join(", "), note),
    ]
}

fn kinds(sheet: &mut Sheet, facts: &Facts, fall: &Fall) {
    sheet.heading("What each N+1 says");
    let who = |kind: Kind| match kind {
        Kind::Verify => "gnt-cluster verify",
        Kind::FailN1 => "hbal, hcheck",
        Kind::Global => "hcheck, all instances",
    };
    let rows = fall.kinds.iter().map(|(kind, said, text)| {
        let (word, tone) = verdict(*said);
        vec![
            Span::new(kind.word(), Tone::Plain),
            Span::new(word, tone),
            Span::new(who(*kind), Tone::Dim),
            Span::new(facts.names.shorten(text), Tone::Plain),
        ]
    });
    sheet.table(&["N+1", "", "OF", ""], rows.collect());
    for why in &fall.differences {
        sheet.wrapped_after("  ", &facts.names.shorten(why));
    }
}
