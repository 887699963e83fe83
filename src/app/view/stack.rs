//! An instance's disks with all that they are made of: volumes on both nodes, DRBD above them.

use gantry_wire::config::{Disk, Layout, Volume};

use crate::app::facts::Facts;
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::Tone;
use crate::model::words::mib;
use crate::model::{Cluster, Instance, Name};
use crate::planner::replica::{Key, Pair};

use super::drbd;

/// One column for each node that a disk lies on, the primary first.
pub fn disks(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, instance: &Instance) {
    sheet.heading("Disks");
    if instance.conf.disks.is_empty() {
        sheet.wrapped("none", Tone::Dim, 0);
        return;
    }
    let mut nodes = vec![instance.conf.primary.as_str()];
    nodes.extend(instance.conf.secondaries.iter().map(String::as_str));
    let mut rows = Vec::new();
    for (index, disk) in (0..).zip(&instance.conf.disks) {
        let key = Key::Disk(instance.name.clone(), index);
        let stack = Stack {
            cluster,
            nodes: &nodes,
            disk,
            pair: facts.pair(&key),
        };
        stack.rows(index, &mut rows);
    }
    let shown = nodes.iter().map(|node| facts.names.short(node));
    let titles: Vec<&str> = ["DISK", ""].into_iter().chain(shown).chain([""]).collect();
    sheet.table(&titles, rows);
    let unknown = instance.conf.disks.iter().any(|disk| disk.layout.is_none());
    if unknown && !["diskless", "ext"].contains(&instance.conf.disk_template.as_str()) {
        let why =
            "Where they lie is not known: only root on the master or a candidate may read it.";
        sheet.wrapped(why, Tone::Stale, 0);
    }
}

struct Stack<'a> {
    cluster: &'a Cluster,
    nodes: &'a [&'a str],
    disk: &'a Disk,
    pair: Option<&'a Pair>,
}

impl Stack<'_> {
    fn rows(&self, index: u32, rows: &mut Vec<Vec<Span>>) {
        let disk = self.disk;
        let plain = |text: String| Span::new(text, Tone::Plain);
        let template = match disk.template.as_str() {
            "" => "?",
            template => template,
        };
        let layout = disk.layout.as_deref();
        let port = layout.map_or(0, |layout| layout.port);
        let first = match self.pair {
            Some(pair) => {
                let done = pair.going.as_ref();
                let done = done.map(|going| format!("{:.1}% ", going.percent));
                let text = done.unwrap_or_default() + &drbd::state(pair);
                Span::new(text, drbd::state_tone(pair))
            }
            None => plain(disk.name.clone()),
        };
        let minors = self.nodes.iter().map(|node| self.minor(layout, node));
        let head = [
            plain(format!("disk/{index}")),
            plain(format!("{template} {}", mib(disk.size))),
        ];
        rows.push(head.into_iter().chain(minors).chain([first]).collect());
        if let Some(pair) = self.pair {
            for (word, of) in [
                (
                    "connection",
                    (|it| it.connection.as_str()) as fn(&gantry_wire::drbd::Device) -> &str,
                ),
                ("disk state", |it| it.disk.as_str()),
            ] {
                let halves = [&pair.primary, &pair.secondary].map(|half| {
                    let good = half.seen == crate::planner::replica::Seen::Now;
                    let tone = if good { Tone::Plain } else { Tone::Lost };
                    Span::new(drbd::word(half, of), tone)
                });
                self.row(rows, word, halves.into(), String::new());
            }
        }
        if let Some(layout) = layout {
            for (word, volume) in [("data LV", &layout.data), ("meta LV", &layout.meta)] {
                let Some(volume) = volume else { continue };
                let sizes = self
                    .nodes
                    .iter()
                    .map(|node| found(self.cluster, node, volume));
                let name = format!("{}/{}", volume.vg, volume.name);
                self.row(rows, word, sizes.collect(), name);
            }
            if port > 0 {
                self.row(rows, "port", Vec::new(), port.to_string());
            }
            if !layout.path.is_empty() {
                self.row(rows, "path", Vec::new(), layout.path.clone());
            }
        }
        if self.pair.is_some() && !disk.name.is_empty() {
            self.row(rows, "name", Vec::new(), disk.name.clone());
        }
        self.row(rows, "uuid", Vec::new(), disk.uuid.clone());
    }

    fn row(&self, rows: &mut Vec<Vec<Span>>, word: &str, mut cells: Vec<Span>, note: String) {
        cells.resize_with(self.nodes.len(), || Span::new("", Tone::Plain));
        let mut row = vec![Span::new("", Tone::Plain), Span::new(word, Tone::Dim)];
        row.extend(cells);
        row.push(Span::new(note, Tone::Dim));
        rows.push(row);
    }

    fn minor(&self, layout: Option<&Layout>, node: &str) -> Span {
        let halves = self
            .pair
            .into_iter()
            .flat_map(|pair| [&pair.primary, &pair.secondary]);
        let mut of_pair = halves.filter(|half| *half.node == *node);
        let said = of_pair.next().and_then(|half| half.minor);
        let ends = layout.into_iter().flat_map(|layout| &layout.ends);
        let mut wanted = ends.filter(|end| end.node == node);
        let minor = said.or_else(|| wanted.next().map(|end| end.minor));
        let text = minor.map_or_else(String::new, |minor| format!("minor {minor}"));
        Span::new(text, Tone::Plain)
    }
}

/// The size of a volume as a node has it: marked if it is missing, or smaller than it should be.
fn found(cluster: &Cluster, node: &str, volume: &Volume) -> Span {
    let Some(node) = cluster.nodes.get(node) else {
        return Span::new("?", Tone::Lost);
    };
    if node.offline() {
        return Span::new("*", Tone::Dim);
    }
    let Some(lvm) = &node.facts.lvm else {
        return Span::new("?", Tone::Lost);
    };
    let mut same = lvm
        .lvs
        .iter()
        .filter(|lv| lv.name == volume.name && lv.vg == volume.vg);
    let found = same.next().map(|lv| lv.bytes >> 20);
    match found {
        _ if !node.fresh() => {
            let was = found.map_or_else(|| "missing".to_owned(), mib);
            Span::new(format!("({was})"), Tone::Lost)
        }
        None => Span::new("MISSING", Tone::Critical),
        Some(size) if size < volume.size => {
            let text = format!("{}, {} short", mib(size), mib(volume.size - size));
            Span::new(text, Tone::Warn)
        }
        Some(size) => Span::new(mib(size), Tone::Plain),
    }
}

/// The sizes of data and metadata of one half of a pair.
pub fn sizes(cluster: &Cluster, key: &Key, node: &Name) -> (Span, Span) {
    let layout = match key {
        Key::Disk(instance, index) => cluster
            .instances
            .get(instance)
            .and_then(|instance| instance.conf.disks.get(usize::try_from(*index).ok()?))
            .and_then(|disk| disk.layout.as_deref()),
        Key::Stray(..) => None,
    };
    let of = |volume: Option<&Volume>| match volume {
        Some(volume) => found(cluster, node, volume),
        None => Span::new("?", Tone::Lost),
    };
    (
        of(layout.and_then(|layout| layout.data.as_ref())),
        of(layout.and_then(|layout| layout.meta.as_ref())),
    )
}
