//! The storage table: every place for disks on every node.

use std::borrow::Cow;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::{Id, SortKey};
use crate::app::tone::Tone;
use crate::model::Name;
use crate::planner::storage::{Place, PlaceKind};

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Name, "NODE", 8, 0).growing(32),
    Column::text(Col::PlaceKind, "KIND", 4, 8),
    Column::text(Col::Label, "NAME", 10, 2).growing(40),
    Column::number(Col::DiskBar, "USED", 12, 7).live(),
    Column::number(Col::DiskTotal, "TOTAL", 7, 6),
    Column::number(Col::DiskFree, "FREE", 7, 1),
    Column::number(Col::Instances, "INSTANCES", 9, 10),
    Column::number(Col::Metadata, "META", 7, 13),
    Column::number(Col::Others, "OTHERS", 7, 11),
    Column::number(Col::Promised, "PROMISED", 8, 12),
    Column::number(Col::MissingPvs, "PV GONE", 7, 4),
    Column::number(Col::Missing, "LV GONE", 7, 3),
    Column::number(Col::Orphans, "ORPHANS", 7, 5),
    Column::number(Col::FullIn, "FULL IN", 7, 9),
    Column::text(Col::Note, "NOTE", 12, 14).growing(80).apart(),
];

/// A share in use from which on a place is nearly full.
pub const NEARLY_FULL: f64 = 0.9;

/// Seconds from which on a place that fills is no trouble of today.
const SOON: f64 = 7.0 * 86_400.0;

/// Places in the order of their nodes.
pub fn ids(facts: &Facts) -> Vec<Id> {
    let mut ids: Vec<Id> = Vec::with_capacity(facts.places.len());
    let mut before: Option<(&Name, usize)> = None;
    for place in &facts.places {
        let nth = match before {
            Some((node, nth)) if *node == place.node => nth + 1,
            _ => 0,
        };
        before = Some((&place.node, nth));
        ids.push(Id::Place(place.node.clone(), nth));
    }
    ids
}

/// What a filter searches.
pub fn words(facts: &Facts, node: &Name, nth: usize) -> Option<Vec<String>> {
    let place = facts.place(node, nth)?;
    Some(vec![
        facts.names.short(node).to_owned(),
        node.to_string(),
        place.name.clone(),
        kind(place).to_owned(),
        note(facts, place),
    ])
}

/// The text of a column that grows.
pub fn text<'a>(facts: &'a Facts, node: &'a Name, nth: usize, col: Col) -> Option<Cow<'a, str>> {
    let place = facts.place(node, nth)?;
    Some(match col {
        Col::Name => Cow::Borrowed(facts.names.short(node)),
        Col::Label => Cow::Borrowed(&place.name),
        Col::Note => Cow::Owned(note(facts, place)),
        _ => return None,
    })
}

/// A place's place in the order of a column.
pub fn sort_key(facts: &Facts, node: &Name, nth: usize, col: Col) -> Option<SortKey> {
    let place = facts.place(node, nth)?;
    Some(match col {
        Col::PlaceKind => SortKey::Text(kind(place).to_owned()),
        Col::Label => SortKey::Text(place.name.clone()),
        Col::DiskBar => SortKey::number(used(place)),
        Col::DiskTotal => SortKey::size(place.total),
        Col::DiskFree => SortKey::size(place.free),
        Col::Instances => SortKey::size(place.instances),
        Col::Metadata => SortKey::size(place.metadata),
        Col::Others => SortKey::size(place.others),
        Col::Promised => SortKey::size(place.promised),
        Col::MissingPvs => SortKey::Number(f64::from(place.missing_pvs)),
        Col::Orphans => SortKey::Number(place.orphans as f64),
        Col::Missing => SortKey::Number(place.missing as f64),
        Col::FullIn => SortKey::number(place.full_in_s),
        Col::Note => SortKey::Text(note(facts, place)),
        _ => return None,
    })
}

/// Kind in a word.
pub fn kind(place: &Place) -> &'static str {
    match place.kind {
        PlaceKind::VolumeGroup => "vg",
        PlaceKind::Directory => "dir",
        PlaceKind::Pool => "pool",
    }
}

/// Share of it that is in use.
pub fn used(place: &Place) -> Option<f64> {
    let total = place.total.filter(|total| *total > 0)?;
    let used = total.saturating_sub(place.free?);
    Some(used as f64 / total as f64)
}

/// What there is to say of it: what is wrong, or why it is not known.
pub fn note(facts: &Facts, place: &Place) -> String {
    let mut notes = Vec::new();
    if !place.why.is_empty() {
        notes.push(facts.names.shorten(&place.why));
    }
    match (place.promised, place.total) {
        (Some(promised), Some(total)) if promised > total => {
            notes.push("more promised than there is".to_owned());
        }
        _ => {}
    }
    if place.kind == PlaceKind::VolumeGroup && !place.is_ganetis {
        notes.push("not for instances".to_owned());
    }
    notes.join("; ")
}

/// What the worst thing about it means.
pub fn worst(place: &Place) -> Tone {
    let nearly_full = used(place).is_some_and(|used| used >= NEARLY_FULL) && place.is_ganetis;
    let soon = place.full_in_s.is_some_and(|seconds| seconds < SOON);
    if !place.fresh {
        Tone::Lost
    } else if place.missing_pvs > 0 || place.missing > 0 {
        Tone::Critical
    } else if nearly_full || soon || place.orphans > 0 {
        Tone::Warn
    } else {
        Tone::Plain
    }
}

/// Of the time until it is full.
pub fn full_tone(seconds: f64) -> Tone {
    if seconds < SOON {
        Tone::Warn
    } else {
        Tone::Plain
    }
}
