//! A plan to balance a group: its moves as a table, and the cluster after each of them.

mod above;
mod after;
pub mod cost;

use std::borrow::Cow;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::{Id, SortKey};
use crate::model::Name;
use crate::planner::replica::Redundancy;
use crate::planner::think::balance::{Kind, Move};

pub use above::above;
pub use after::{after, whole};
use cost::Resync;

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::number(Col::Step, "MOVE", 4, 0).smallest_first(),
    Column::text(Col::Name, "INSTANCE", 10, 1)
        .growing(36)
        .apart(),
    Column::text(Col::From, "FROM", 12, 2).growing(34),
    Column::text(Col::To, "TO", 12, 2).growing(34),
    Column::number(Col::Gain, "GAIN", 7, 3),
    Column::number(Col::Score, "SCORE", 8, 7).smallest_first(),
    Column::number(Col::Copy, "COPY", 7, 4),
    Column::number(Col::Time, "TIME", 7, 5),
    Column::number(Col::Set, "SET", 3, 6).smallest_first(),
    Column::text(Col::How, "HOW", 11, 8).growing(17).apart(),
    Column::text(Col::Locks, "LOCKS", 20, 9).growing(50),
];

/// Moves of the plan that is shown, in their order.
pub fn ids(facts: &Facts) -> Vec<Id> {
    (0..moves(facts).len()).map(Id::Move).collect()
}

fn moves(facts: &Facts) -> &[Move] {
    let shown = facts.plans.shown();
    shown.map_or(&[], |(_, _, offer)| &offer.found().moves)
}

/// A move.
pub fn row(facts: &Facts, at: usize) -> Option<&Move> {
    moves(facts).get(at)
}

/// What a plan is called.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::CostAware => "cost-aware",
        Kind::Hbal => "hbal's own",
    }
}

/// The page's name with the group, the plan that is shown, and how it was asked for.
pub fn title(facts: &Facts, word: &str) -> String {
    let Some((plan, shown, offer)) = facts.plans.shown() else {
        return word.to_owned();
    };
    let mut title = format!("{word} {}: {} plan", plan.start.group, kind(shown));
    let changes = offer.changes();
    if !changes.is_empty() {
        title += &format!(" ({changes})");
    }
    for option in crate::app::options::of_balance(&facts.plans.balance.ask, &facts.names) {
        title += &format!(", {option}");
    }
    title
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
        Col::Time => SortKey::Number(it.copy as f64),
        Col::Set => SortKey::number(it.set.map(|set| set as f64)),
        col => SortKey::Text(text(facts, at, col)?.into_owned()),
    })
}

/// `node1:node2`, as hbal has it.
pub fn place(facts: &Facts, (primary, secondary): &(Name, Option<Name>)) -> String {
    let primary = facts.names.short(primary);
    match secondary {
        Some(secondary) => format!("{primary}:{}", facts.names.short(secondary)),
        None => primary.to_owned(),
    }
}

/// How long its data is copied, `-` if it copies none.
pub fn time(facts: &Facts, it: &Move) -> String {
    match it.copy {
        0 => "-".to_owned(),
        mib => Resync::of(facts).time(mib),
    }
}

fn locks(facts: &Facts, it: &Move) -> String {
    let locks = it.locks.iter().map(|node| facts.names.short(node));
    locks.collect::<Vec<_>>().join(" ")
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
