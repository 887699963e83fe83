//! The rule under the header, with the page's name and how much of it is on the screen.

use crate::app::State;
use crate::app::columns::place;
use crate::app::layout::{Layout, beside};
use crate::app::nav::Page;
use crate::app::rows::Id;
use crate::app::view::{alerts, balance, capacity, drbd};
use crate::model::Cluster;
use crate::theme::Role;

use super::pen::{Pen, columns};

/// Draws it, and the line between table and pane.
pub fn draw(pen: &mut Pen, layout: &Layout, state: &State, cluster: &Cluster) {
    let area = layout.rule;
    let title = title(state, cluster);
    let (mut right, hidden) = right(pen, layout, state);
    // Columns that there is no room for matter less than where one is.
    if columns(&title) + columns(&right) + columns(&hidden) + 8 <= area.width {
        right += &hidden;
    }
    line(pen, area.x, area.y, area.width, &title, &right);
    let divider = layout.divider;
    if beside(state.size, state.view()) {
        let (style, sign) = (pen.style(Role::Frame), pen.glyphs().lines.vertical);
        for y in divider.y..divider.y + divider.height {
            pen.sign(divider.x, y, sign, style);
        }
    } else if divider.height > 0 {
        let title = pane_title(state);
        line(pen, divider.x, divider.y, divider.width, &title, "");
    }
}

/// A rule with text at both ends.
fn line(pen: &mut Pen, x: u16, y: u16, width: u16, left: &str, right: &str) {
    let (frame, title, dim) = (
        pen.style(Role::Frame),
        pen.style(Role::Title),
        pen.style(Role::Dim),
    );
    pen.line(x, y, width, pen.glyphs().lines.horizontal, frame);
    let right_width = if right.is_empty() {
        0
    } else {
        columns(right) + 2
    };
    let room = width.saturating_sub(right_width + 6);
    if !left.is_empty() {
        pen.sign(x + 2, y, " ", title);
        let used = pen.put(x + 3, y, room, left, title);
        pen.sign(x + 3 + used, y, " ", title);
    }
    if right_width > 0 && right_width + 2 < width {
        let start = x + width - right_width - 2;
        pen.sign(start, y, " ", dim);
        pen.put(start + 1, y, right_width - 2, right, dim);
        pen.sign(start + right_width - 1, y, " ", dim);
    }
}

/// The page and its object, and what is filtered.
fn title(state: &State, cluster: &Cluster) -> String {
    let view = state.view();
    let word = view.page.word();
    let names = &state.facts.names;
    let mut title = match &view.page {
        Page::Node(name) | Page::Instance(name) | Page::Group(name) => {
            format!("{word} {}", names.short(name))
        }
        Page::Fall(name) => format!("{word} if {} dies", names.short(name)),
        Page::Move(at) => format!("{word}: after move {}", at + 1),
        Page::Reboot(at) => format!("{word}: step {}", at + 1),
        Page::Balance => balance::title(&state.facts, word),
        Page::Placing => format!("{word}: where would a VM go"),
        Page::Room(at) => match capacity::row(&state.facts, *at) {
            Some(room) => format!("{word} of {}", room.group),
            None => word.to_owned(),
        },
        Page::Runbook(id) => format!("{word} {id}"),
        Page::Volumes(name) => format!("{word} {}", names.short(name)),
        Page::Pair(key) => format!("{word} {}", drbd::name(&state.facts, key)),
        Page::Job(id) => {
            let job = cluster.jobs.get(id);
            let summary = job.map(crate::model::job::summary).unwrap_or_default();
            format!("{word} {id} {}", names.shorten(&summary))
        }
        _ => word.to_owned(),
    };
    if view.full {
        title += ": everything";
    }
    if let Some(table) = view.shown_table().filter(|table| !table.marks.is_empty()) {
        title += &format!(": {} marked", table.marks.len());
        match table.marks_hidden() {
            0 => {}
            hidden => title += &format!(", {hidden} of them not shown"),
        }
    }
    if let Some(table) = view.shown_table().filter(|table| !table.filter.is_empty()) {
        title += &format!(" /{}", table.filter.text());
        if table.fuzzy {
            title += " (only its letters)";
        }
    }
    title
}

fn pane_title(state: &State) -> String {
    let names = &state.facts.names;
    match state
        .view()
        .shown_table()
        .and_then(|table| table.selected())
    {
        Some(Id::Node(name) | Id::Instance(name) | Id::Group(name)) => names.short(name).to_owned(),
        Some(Id::Job(id)) => format!("job {id}"),
        Some(Id::Pair(key)) => drbd::name(&state.facts, key),
        Some(Id::Fall(node)) => format!("if {} dies", names.short(node)),
        Some(Id::Move(at)) => format!("after move {}", at + 1),
        Some(Id::Reboot(at)) => format!("step {}", at + 1),
        Some(Id::Room(at)) => {
            let room = capacity::row(&state.facts, *at);
            room.map_or_else(String::new, |room| room.group.to_string())
        }
        Some(Id::Place(node, _)) => format!("storage {}", names.short(node)),
        Some(Id::Volume(_, _, name)) => name.clone(),
        Some(Id::Holder(name)) => name.clone(),
        Some(Id::Cause(key)) => {
            let row = state.facts.inbox.row(key);
            row.map_or_else(String::new, |row| row.cause.entry.code.clone())
        }
        Some(Id::Run(id)) => id.clone(),
        Some(id @ Id::Alert(..)) => {
            let text = alerts::text(&state.facts, id, crate::app::columns::Col::Subject);
            text.unwrap_or_default().into_owned()
        }
        None => String::new(),
    }
}

/// How many rows or lines there are and which of them are in sight, and how many columns are not.
fn right(pen: &Pen, layout: &Layout, state: &State) -> (String, String) {
    let view = state.view();
    let Some(table) = view.shown_table() else {
        let lines = state.sheet.lines.len();
        let part = part(view.scroll, layout.sheet.height, lines, "lines");
        return (part, String::new());
    };
    let kind = table.kind;
    let width = layout.heading.width;
    let shown = place(kind.columns(), &table.wanted, table.shift, width).len();
    let sign = pen.glyphs().more_right;
    let hidden = match kind.columns().len() - shown {
        0 => String::new(),
        1 => format!(", 1 more column {sign}"),
        n => format!(", {n} more columns {sign}"),
    };
    let (rows, height) = (table.rows.len(), layout.rows.height);
    let rows = if rows < table.all {
        format!("{rows} of {} {}", table.all, kind.word())
    } else {
        part(table.offset, height, rows, kind.word())
    };
    (rows, hidden)
}

/// `1 node`, `2 nodes`.
fn count(n: usize, what: &str) -> String {
    let one = what.strip_suffix('s').filter(|_| n == 1);
    format!("{n} {}", one.unwrap_or(what))
}

fn part(first: usize, height: u16, all: usize, what: &str) -> String {
    let last = (first + usize::from(height)).min(all);
    if first == 0 && last == all {
        count(all, what)
    } else {
        format!("{}-{last} of {all} {what}", first + 1)
    }
}
