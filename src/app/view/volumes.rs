//! What lies on one node's storage: its logical volumes as a table, and a text with the places,
//! physical volumes and the disks' own health.

use std::borrow::Cow;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::{Id, SortKey};
use crate::app::sheet::{Pair, Sheet, Span};
use crate::app::tone::Tone;
use crate::model::words::{age, mib, rate};
use crate::model::{Cluster, Name, Node};
use crate::planner::storage::{Owner, Place, PlaceKind, Volume, physical};

use super::node::listed;
use super::storage;

/// From this width on what a place is used for is told.
const WIDE: u16 = 150;

/// From this width on what is wrong with a place stands beside it.
const BESIDE: u16 = 100;

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Label, "VOLUME", 24, 0).growing(60),
    Column::text(Col::VolumeGroup, "VG", 8, 5).growing(20),
    Column::number(Col::Size, "SIZE", 7, 2),
    Column::number(Col::Wanted, "WANTED", 7, 6),
    Column::text(Col::Owner, "WHOSE", 16, 1).growing(40).apart(),
    Column::text(Col::Text, "WHAT IS WRONG", 19, 3)
        .growing(80)
        .largest_first(),
    Column::text(Col::Attributes, "ATTR", 10, 7),
    Column::text(Col::LiesOn, "ON", 10, 8).growing(40),
];

/// Volumes in the order of their names.
pub fn ids(facts: &Facts, node: &Name) -> Vec<Id> {
    let mut volumes: Vec<&Volume> = facts.volumes(node).iter().collect();
    volumes.sort_by(|a, b| crate::model::natural::compare(&a.name, &b.name));
    let id = |volume: &Volume| Id::Volume(node.clone(), volume.vg.clone(), volume.name.clone());
    volumes.into_iter().map(id).collect()
}

/// What a filter searches.
pub fn words(facts: &Facts, id: &Id) -> Option<Vec<String>> {
    let (_, volume) = facts.volume(id)?;
    Some(vec![
        volume.name.clone(),
        volume.vg.clone(),
        owner(facts, volume),
        volume.text.clone(),
    ])
}

/// The text of a column that grows.
pub fn text<'a>(facts: &'a Facts, id: &Id, col: Col) -> Option<Cow<'a, str>> {
    let (_, volume) = facts.volume(id)?;
    Some(match col {
        Col::Label => Cow::Borrowed(&volume.name),
        Col::VolumeGroup => Cow::Borrowed(&volume.vg),
        Col::Owner => Cow::Owned(owner(facts, volume)),
        Col::Text => Cow::Owned(facts.names.shorten(&volume.text)),
        Col::LiesOn => Cow::Owned(
            volume
                .found
                .as_ref()
                .map_or_else(|| "-".to_owned(), |lv| lv.pvs.join(",")),
        ),
        _ => return None,
    })
}

/// A volume's place in the order of a column.
pub fn sort_key(facts: &Facts, id: &Id, col: Col) -> Option<SortKey> {
    let (rank, volume) = facts.volume(id)?;
    Some(match col {
        // The planner has the wrong ones first.
        Col::Text => SortKey::Number(-(rank as f64)),
        Col::Size => SortKey::size(volume.found.as_ref().map(|lv| lv.bytes)),
        Col::Wanted => SortKey::size(volume.wanted),
        Col::Attributes => SortKey::Text(volume.found.as_ref()?.attr.clone()),
        col => SortKey::Text(text(facts, id, col)?.into_owned()),
    })
}

/// Whose it is, in words: `web7/0`, `web7/0 meta`, `nobody's`.
pub fn owner(facts: &Facts, volume: &Volume) -> String {
    match &volume.owner {
        Owner::Data(instance, index) => format!("{}/{index}", facts.names.short(instance)),
        Owner::Meta(instance, index) => {
            format!("{}/{index} meta", facts.names.short(instance))
        }
        Owner::Job(id) => format!("job {id}"),
        Owner::Reserved => "reserved".to_owned(),
        Owner::NotGanetis => "not Ganeti's".to_owned(),
        Owner::Orphan => "nobody: orphan".to_owned(),
        Owner::Unknown => "?".to_owned(),
    }
}

/// What it means.
pub fn tone(volume: &Volume) -> Tone {
    match (&volume.found, &volume.owner) {
        (None, _) => Tone::Critical,
        (Some(_), Owner::Orphan) => Tone::Warn,
        (Some(_), _) if !volume.text.is_empty() => Tone::Warn,
        (Some(_), Owner::Job(_)) => Tone::Progress,
        (Some(_), Owner::Reserved | Owner::NotGanetis) => Tone::Dim,
        (Some(_), Owner::Unknown) => Tone::Lost,
        (Some(_), Owner::Data(..) | Owner::Meta(..)) => Tone::Plain,
    }
}

/// One volume, for the pane.
pub fn one(facts: &Facts, id: &Id, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let Some((_, volume)) = facts.volume(id) else {
        return sheet;
    };
    if !volume.text.is_empty() {
        sheet.wrapped(&facts.names.shorten(&volume.text), tone(volume), 0);
        sheet.blank();
    }
    let size = |size: Option<u64>| size.map_or_else(|| "-".to_owned(), mib);
    let found = volume.found.as_ref();
    let said = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    sheet.pairs(vec![
        Pair::new("whose", owner(facts, volume)),
        Pair::new("group", &volume.vg),
        Pair::new("size", size(found.map(|lv| lv.bytes >> 20))),
        Pair::new("wanted", size(volume.wanted)),
        Pair::new("attributes", said(found.map(|lv| lv.attr.clone()))),
        Pair::new("lies on", said(found.map(|lv| listed(&lv.pvs)))),
        Pair::new("tags", said(found.map(|lv| listed(&lv.tags)))),
    ]);
    // Alone, as they are long.
    sheet.pairs(vec![
        Pair::new("name", &volume.name),
        Pair::new("uuid", said(found.map(|lv| lv.uuid.clone()))),
    ]);
    sheet
}

/// The node's places and what is wrong with its storage, for the top of its page and the pane.
pub fn brief(cluster: &Cluster, facts: &Facts, name: &Name, width: u16) -> Sheet {
    let mut sheet = Sheet::new(width);
    let Some(node) = cluster.nodes.get(name) else {
        sheet.wrapped(&format!("There is no node {name} any more."), Tone::Lost, 0);
        return sheet;
    };
    if !node.fresh() {
        let was = match node.heard {
            Some(heard) => {
                let ago = crate::model::words::ago(cluster.now.at.since(heard) as f64 / 1e3);
                format!("The node does not answer: this is what it said {ago}.")
            }
            None => "The node has said nothing of its storage yet.".to_owned(),
        };
        sheet.wrapped(&was, Tone::Lost, 0);
    }
    places(&mut sheet, facts, name);
    troubles(&mut sheet, node);
    sheet
}

/// Everything but the volumes.
pub fn whole(cluster: &Cluster, facts: &Facts, name: &Name, width: u16) -> Sheet {
    let mut sheet = brief(cluster, facts, name, width);
    let Some(node) = cluster.nodes.get(name) else {
        return sheet;
    };
    physical_volumes(&mut sheet, cluster, name);
    health(&mut sheet, node);
    rates(&mut sheet, node);
    if let Some(lvm) = node.facts.lvm.as_ref().filter(|l| !l.complaints.is_empty()) {
        sheet.heading("What LVM complains about");
        for line in &lvm.complaints {
            sheet.wrapped(line, Tone::Warn, 0);
        }
    }
    sheet
}

/// Its places, one line each.
pub fn places(sheet: &mut Sheet, facts: &Facts, node: &Name) {
    let places: Vec<_> = facts.places.iter().filter(|it| it.node == *node).collect();
    if places.is_empty() {
        sheet.wrapped("No places for disks are known.", Tone::Dim, 0);
        return;
    }
    let size = |size: Option<u64>, stand_in: &str| match size {
        Some(0) => "-".to_owned(),
        size => size.map_or_else(|| stand_in.to_owned(), mib),
    };
    let wide = sheet.width() >= WIDE;
    let beside = sheet.width() >= BESIDE;
    let rows = places.iter().map(|place| {
        let plain = if place.fresh { Tone::Plain } else { Tone::Lost };
        let cell = |text: String| Span::new(text, plain);
        let used = storage::used(place).map(|used| format!("{:.0}%", used * 100.0));
        let mut row = vec![
            cell(storage::kind(place).to_owned()),
            cell(place.name.clone()),
            cell(used.unwrap_or_else(|| "?".to_owned())),
            cell(size(place.total, "?")),
            cell(size(place.free, "?")),
        ];
        if wide {
            // Of a directory nobody counts it.
            let stand_in = match place.kind {
                PlaceKind::VolumeGroup => "?",
                PlaceKind::Directory | PlaceKind::Pool => "-",
            };
            let parts = [
                place.instances,
                place.metadata,
                place.others,
                place.promised,
            ];
            row.extend(parts.map(|part| cell(size(part, stand_in))));
        }
        if beside {
            row.push(Span::new(wrong(facts, place), storage::worst(place)));
        }
        row
    });
    let mut titles = vec!["KIND", "NAME", "USED", "TOTAL", "FREE"];
    if wide {
        titles.extend(["INSTANCES", "META", "OTHERS", "PROMISED"]);
    }
    let numbers: Vec<usize> = (2..titles.len()).collect();
    if beside {
        titles.push("");
    }
    sheet.table_of(&titles, &numbers, rows.collect());
    for place in places.iter().filter(|_| !beside) {
        let wrong = wrong(facts, place);
        if !wrong.is_empty() {
            let text = format!("{}: {wrong}", place.name);
            sheet.wrapped(&text, storage::worst(place), 0);
        }
    }
}

/// Everything that is wrong with a place.
fn wrong(facts: &Facts, place: &Place) -> String {
    let counts = [
        (place.missing_pvs as usize, "PV gone", "PVs gone"),
        (place.missing, "LV gone", "LVs gone"),
        (place.orphans, "orphan", "orphans"),
    ];
    let mut wrong: Vec<String> = counts
        .into_iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, one, more)| format!("{n} {}", if n == 1 { one } else { more }))
        .collect();
    if let Some(seconds) = place.full_in_s {
        wrong.push(format!("full in {}", age(seconds)));
    }
    let note = storage::note(facts, place);
    if !note.is_empty() {
        wrong.push(note);
    }
    wrong.join(", ")
}

/// What hangs, what fails, and what cannot be had of storage.
pub fn troubles(sheet: &mut Sheet, node: &Node) {
    if !node.fresh() {
        return;
    }
    for disk in node.facts.health.iter().flatten() {
        if disk.passed == Some(false) {
            let text = format!("{} ({}): SMART says it is failing", disk.name, disk.model);
            sheet.wrapped(&text, Tone::Critical, 0);
        }
    }
    for part in node.facts.missing.iter().flatten() {
        let about_disks = ["lvm", "storage", "health", "drbd", "disks"];
        let root = part.part.split(['.', ' ']).next().unwrap_or_default();
        if !about_disks.contains(&root) {
            continue;
        }
        if part.hangs {
            let text = format!("{} hangs: {}", part.part, part.why);
            sheet.wrapped(&text, Tone::Critical, 0);
        } else {
            sheet.wrapped(&format!("{}: {}", part.part, part.why), Tone::Stale, 0);
        }
    }
}

/// Physical volumes, those that are missing marked.
pub fn physical_volumes(sheet: &mut Sheet, cluster: &Cluster, name: &Name) {
    let Some(pvs) = physical(cluster, name) else {
        return;
    };
    sheet.heading("Physical volumes");
    if pvs.is_empty() {
        sheet.wrapped("none", Tone::Dim, 0);
        return;
    }
    let mut pvs: Vec<_> = pvs.iter().collect();
    pvs.sort_by(|a, b| (!a.missing, &a.vg, &a.name).cmp(&(!b.missing, &b.vg, &b.name)));
    let rows = pvs.into_iter().map(|pv| {
        let tone = if pv.missing {
            Tone::Critical
        } else {
            Tone::Plain
        };
        let word = match (pv.missing, pv.vg.is_empty()) {
            (true, _) => "missing",
            (false, true) => "in no volume group",
            (false, false) => "",
        };
        let cells = [
            pv.name.clone(),
            pv.vg.clone(),
            mib(pv.total),
            mib(pv.free),
            pv.attr.clone(),
            word.to_owned(),
        ];
        cells.map(|text| Span::new(text, tone)).into()
    });
    let titles = ["PV", "VG", "TOTAL", "FREE", "ATTR", ""];
    sheet.table_of(&titles, &[2, 3], rows.collect());
}

/// What the disks say of their own health.
pub fn health(sheet: &mut Sheet, node: &Node) {
    let Some(disks) = node.facts.health.as_ref().filter(|list| !list.is_empty()) else {
        return;
    };
    sheet.heading("Health of the disks");
    let rows = disks.iter().map(|disk| {
        let (word, tone) = match disk.passed {
            _ if !node.fresh() => ("?", Tone::Lost),
            Some(true) => ("passed", Tone::Plain),
            Some(false) => ("FAILING", Tone::Critical),
            None => (disk.why.as_str(), Tone::Dim),
        };
        vec![
            Span::new(&disk.name, Tone::Plain),
            Span::new(&disk.model, Tone::Plain),
            Span::new(word, tone),
        ]
    });
    sheet.table(&["DISK", "MODEL", "SMART"], rows.collect());
}

/// What goes to and from the disks.
pub fn rates(sheet: &mut Sheet, node: &Node) {
    let disks = node.facts.disks.as_ref().filter(|disks| !disks.is_empty());
    let Some(disks) = disks.filter(|_| node.fresh()) else {
        return;
    };
    sheet.heading("Disks, bytes a second");
    let rows = disks.iter().map(|disk| {
        let cells = [
            disk.name.clone(),
            rate(disk.read),
            rate(disk.write),
            format!("{:.0}%", f64::from(disk.busy) / 10.0),
        ];
        cells.map(|text| Span::new(text, Tone::Plain)).into()
    });
    let titles = ["DISK", "READ", "WRITTEN", "BUSY"];
    sheet.table_of(&titles, &[1, 2, 3], rows.collect());
}
