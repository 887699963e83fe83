//! Where a new instance would go: the nodes that are chosen, and why each other one is not.

use crate::app::facts::Facts;
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::Tone;
use crate::model::Cluster;
use crate::planner::n1::words::size;
use crate::planner::think::balance::Room;
use crate::planner::think::placing::{Placing, Seat, Shape, Verdict};

use super::plan;

/// From this width on there is room for what each node has free.
const ROOMY: u16 = 100;

/// The page.
pub fn whole(cluster: &Cluster, facts: &Facts, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let held = &facts.plans.placing;
    let Some(it) = &held.plan else {
        plan::without(&mut sheet, &held.progress, cluster);
        return sheet;
    };
    sheet.wrapped(&shape(&it.shape), Tone::Plain, 0);
    let (text, tone) = verdict(facts, it);
    sheet.wrapped(&text, tone, 0);
    let group = held.ask.group.clone().unwrap_or_else(|| "any".to_owned());
    let mut options = vec![("group", group)];
    if !held.ask.tags.is_empty() {
        options.push(("tags", held.ask.tags.join(",")));
    }
    plan::options(&mut sheet, &options);
    plan::age(&mut sheet, cluster, held);
    sheet.blank();
    let first = it.seats.first().map(|seat| &seat.group);
    let shown = Shown {
        groups: it.seats.iter().any(|seat| Some(&seat.group) != first),
        rooms: width >= ROOMY,
    };
    let rows = it.seats.iter().flat_map(|seat| shown.rows(facts, seat));
    sheet.table(&shown.titles(), rows.collect());
    let would_do = |seat: &Seat| seat.verdict == Verdict::WouldDo;
    if it.seats.iter().any(would_do) {
        let text =
            "Nodes that would do have room for it, but with it there the score would be higher.";
        sheet.wrapped(text, Tone::Dim, 0);
    }
    sheet.blank();
    sheet.wrapped(
        &format!("hail: {}", facts.names.shorten(&it.said)),
        Tone::Dim,
        0,
    );
    sheet
}

/// `A drbd instance with 4.0G of memory, a disk of 50.0G and 2 vcpus`
fn shape(it: &Shape) -> String {
    let disks = match it.disks.as_slice() {
        [] => "no disk".to_owned(),
        [one] => format!("a disk of {}", size(*one)),
        all => {
            let all: Vec<String> = all.iter().map(|it| size(*it)).collect();
            format!("disks of {}", all.join(" and "))
        }
    };
    let s = if it.cpus == 1 { "" } else { "s" };
    format!(
        "A {} instance with {} of memory, {disks} and {} vcpu{s}.",
        it.template.word(),
        size(it.memory),
        it.cpus
    )
}

fn verdict(facts: &Facts, it: &Placing) -> (String, Tone) {
    if let Some((group, nodes)) = &it.chosen {
        let nodes: Vec<&str> = nodes.iter().map(|node| facts.names.short(node)).collect();
        let place = match nodes.as_slice() {
            [primary, secondary] => {
                format!("go to {primary}, with its secondary on {secondary}, in {group}")
            }
            _ => format!("go to {}, in {group}", nodes.join(", ")),
        };
        return match it.despite_n1 {
            false => (format!("It would {place}."), Tone::Plain),
            true => {
                let text = format!(
                    "hail takes no place now: N+1 would not hold, see :n1. Without that it would {place}."
                );
                (text, Tone::Warn)
            }
        };
    }
    let text = "It would go nowhere: every node refuses it.";
    (text.to_owned(), Tone::Warn)
}

/// Columns of the table for which there is need and room.
struct Shown {
    groups: bool,
    rooms: bool,
}

impl Shown {
    fn titles(&self) -> Vec<&'static str> {
        let titles = [
            (true, "NODE"),
            (self.groups, "GROUP"),
            (true, "AS"),
            (self.rooms, "MEMORY FREE"),
            (self.rooms, "DISK FREE"),
            (true, "WHY NOT"),
        ];
        let shown = titles.into_iter().filter(|(shown, _)| *shown);
        shown.map(|(_, title)| title).collect()
    }

    /// A row, and where there is little room another one for the second of two reasons.
    fn rows(&self, facts: &Facts, seat: &Seat) -> Vec<Vec<Span>> {
        let mut row = self.row(facts, seat);
        let two = row.last().and_then(|why| {
            let (first, second) = why.text.split_once("; ").filter(|_| !self.rooms)?;
            Some((first.to_owned(), second.to_owned(), why.tone))
        });
        let Some((first, second, tone)) = two else {
            return vec![row];
        };
        let mut below: Vec<Span> = row.iter().map(|_| Span::new("", Tone::Plain)).collect();
        below.pop();
        below.push(Span::new(second, tone));
        row.pop();
        row.push(Span::new(first, tone));
        vec![row, below]
    }

    fn row(&self, facts: &Facts, seat: &Seat) -> Vec<Span> {
        let (role, tone) = match &seat.verdict {
            Verdict::Primary => ("PRIMARY".to_owned(), Tone::Heading),
            Verdict::Secondary => ("SECONDARY".to_owned(), Tone::Heading),
            Verdict::WouldDo => ("would do".to_owned(), Tone::Plain),
            Verdict::Refused {
                only: Some(role), ..
            } => (format!("{role} only"), Tone::Plain),
            Verdict::Refused { .. } => ("refused".to_owned(), Tone::Dim),
        };
        let why = match &seat.verdict {
            Verdict::Refused { why, .. } => facts.names.shorten(why),
            _ if self.rooms => String::new(),
            _ => then(seat),
        };
        let free = |of: fn(&Room) -> i64| match &seat.room {
            Some(room) => change(of(room), seat.then.as_ref().map(of)),
            None => "*".to_owned(),
        };
        let cells = [
            (true, Span::new(facts.names.short(&seat.node), tone)),
            (self.groups, Span::new(&*seat.group, Tone::Dim)),
            (true, Span::new(role, tone)),
            (self.rooms, Span::new(free(|it| it.memory), tone)),
            (self.rooms, Span::new(free(|it| it.disk), tone)),
            (true, Span::new(why, tone)),
        ];
        let shown = cells.into_iter().filter(|(shown, _)| *shown);
        shown.map(|(_, cell)| cell).collect()
    }
}

/// `61.0G > 57.0G`
fn change(now: i64, then: Option<i64>) -> String {
    match then {
        Some(then) if then != now => format!("{} > {}", size(now), size(then)),
        _ => size(now),
    }
}

/// What is left on a chosen node, where there is no room for columns.
fn then(seat: &Seat) -> String {
    let (Some(now), Some(then)) = (seat.room, seat.then) else {
        return String::new();
    };
    format!(
        "memory free {}, disk {}",
        change(now.memory, Some(then.memory)),
        change(now.disk, Some(then.disk))
    )
}
