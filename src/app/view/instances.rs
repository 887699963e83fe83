//! The instances table.

use std::borrow::Cow;

use gantry_wire::guest::Guest;

use crate::app::columns::{Col, Column};
use crate::app::facts::Facts;
use crate::app::rows::{Id, Scope, SortKey};
use crate::app::steady::{Meter, Reading};
use crate::app::tone::Tone;
use crate::model::words::age;
use crate::model::{Cluster, Instance, Name, Status};
use crate::planner::replica::Redundancy;

/// Its columns.
pub const COLUMNS: &[Column] = &[
    Column::text(Col::Name, "INSTANCE", 14, 0).growing(40),
    Column::text(Col::Status, "STATUS", 17, 1).growing(26),
    Column::text(Col::Primary, "PRIMARY", 8, 2).growing(24),
    Column::text(Col::Secondary, "SECONDARY", 9, 6).growing(24),
    Column::text(Col::Template, "TEMPLATE", 8, 8),
    Column::text(Col::Redundancy, "REDUND", 8, 5),
    Column::number(Col::Vcpus, "VCPUS", 5, 7),
    Column::number(Col::Memory, "MEMORY", 7, 4),
    Column::number(Col::DiskSize, "DISK", 7, 9),
    Column::number(Col::Cpu, "CPU", 6, 3).live(),
    Column::number(Col::CpuPast, "2 MIN", 12, 13).live(),
    Column::number(Col::Read, "READ", 6, 10).live(),
    Column::number(Col::Write, "WRITE", 6, 10).live(),
    Column::number(Col::Net, "NET", 6, 11).live(),
    Column::text(Col::Os, "OS", 10, 12).growing(28).apart(),
    Column::number(Col::Uptime, "UP", 5, 5),
];

/// Instances in Ganeti's order.
pub fn ids(cluster: &Cluster, facts: &Facts, scope: &Scope) -> Vec<Id> {
    let names: Vec<&Name> = match scope {
        Scope::Node(node) => {
            let node = cluster.nodes.get(node);
            node.map_or_else(Vec::new, |node| {
                node.primaries.iter().chain(&node.secondaries).collect()
            })
        }
        Scope::All | Scope::Group(_) => facts.instances.iter().collect(),
    };
    names
        .into_iter()
        .map(|name| Id::Instance(name.clone()))
        .collect()
}

/// What a filter searches.
pub fn words(cluster: &Cluster, facts: &Facts, name: &Name) -> Option<Vec<String>> {
    let conf = &cluster.instances.get(name)?.conf;
    Some(vec![
        facts.names.short(name).to_owned(),
        name.to_string(),
        text(cluster, facts, name, Col::Status)?.into_owned(),
        facts.names.short(&conf.primary).to_owned(),
        secondaries(facts, &conf.secondaries).into_owned(),
        conf.disk_template.clone(),
        conf.os.clone(),
        redundancy(facts, name),
    ])
}

/// How well its disks would survive the loss of a node, in a word.
pub fn redundancy(facts: &Facts, name: &Name) -> String {
    let word = match facts.redundancy.get(name) {
        Some(Redundancy::Redundant) => "yes",
        // It is not whole before it is done.
        Some(Redundancy::Resyncing(percent)) => {
            return format!("{:.0}%", percent.floor().clamp(0.0, 99.0));
        }
        Some(Redundancy::Degraded) => "degraded",
        Some(Redundancy::None) => "none",
        Some(Redundancy::Lost) => "LOST",
        Some(Redundancy::Unknown) | None => "?",
    };
    word.to_owned()
}

/// What that means.
pub fn redundancy_tone(facts: &Facts, name: &Name) -> Tone {
    match facts.redundancy.get(name) {
        Some(Redundancy::Redundant) => Tone::Plain,
        Some(Redundancy::Resyncing(_)) => Tone::Progress,
        Some(Redundancy::Degraded) => Tone::Warn,
        Some(Redundancy::Lost) => Tone::Critical,
        Some(Redundancy::None | Redundancy::Unknown) | None => Tone::Dim,
    }
}

/// The text of a column that grows.
pub fn text<'a>(
    cluster: &'a Cluster,
    facts: &'a Facts,
    name: &'a Name,
    col: Col,
) -> Option<Cow<'a, str>> {
    let instance = cluster.instances.get(name)?;
    let conf = &instance.conf;
    Some(match col {
        Col::Name => Cow::Borrowed(facts.names.short(name)),
        Col::Status => status(instance, cluster),
        Col::Primary => Cow::Borrowed(facts.names.short(&conf.primary)),
        Col::Secondary => secondaries(facts, &conf.secondaries),
        Col::Os => Cow::Borrowed(&conf.os),
        _ => return None,
    })
}

/// A status as it is shown: what the nodes see now is the plain word; LUXI's has its age, and what
/// was last known before the link was lost stands in brackets with its age.
pub fn status(instance: &Instance, cluster: &Cluster) -> Cow<'static, str> {
    let ago = |at| cluster.now.at.since(at) as f64 / 1e3;
    match instance.status {
        Status::Unknown => Cow::Borrowed("?"),
        Status::Now(word) => Cow::Borrowed(word.text()),
        // It comes every 30 s: within a minute its exact age says nothing.
        Status::Asked(word, at) if ago(at) < 60.0 => Cow::Owned(format!("{} <1m", word.text())),
        Status::Asked(word, at) => Cow::Owned(format!("{} {}", word.text(), age(ago(at)))),
        Status::Was(word, at) => Cow::Owned(format!("({}) {}", word.text(), age(ago(at)))),
    }
}

/// Secondary nodes as they are shown.
pub fn secondaries<'a>(facts: &Facts, names: &'a [String]) -> Cow<'a, str> {
    match names {
        [] => Cow::Borrowed("-"),
        [name] => Cow::Borrowed(facts.names.short(name)),
        names => {
            let short: Vec<&str> = names.iter().map(|name| facts.names.short(name)).collect();
            Cow::Owned(short.join(","))
        }
    }
}

/// An instance's place in the order of a column.
pub fn sort_key(cluster: &Cluster, facts: &Facts, name: &Name, col: Col) -> Option<SortKey> {
    let instance = cluster.instances.get(name)?;
    let conf = &instance.conf;
    let guest = || cluster.guest(instance);
    Some(match col {
        // Worst first.
        Col::Status => match instance.status.last_word() {
            Some(word) => SortKey::Number(-f64::from(word as u8)),
            None => SortKey::Unknown,
        },
        Col::Primary => SortKey::Text(conf.primary.clone()),
        Col::Secondary if conf.secondaries.is_empty() => SortKey::Unknown,
        Col::Secondary => SortKey::Text(conf.secondaries.join(",")),
        Col::Template => SortKey::Text(conf.disk_template.clone()),
        // Worst first; what has one copy by design is no trouble.
        Col::Redundancy => SortKey::number(match facts.redundancy.get(name)? {
            Redundancy::Lost => Some(0.0),
            Redundancy::Degraded => Some(1.0),
            Redundancy::Resyncing(percent) => Some(2.0 + percent / 100.0),
            Redundancy::Redundant => Some(4.0),
            Redundancy::None => Some(5.0),
            Redundancy::Unknown => None,
        }),
        Col::Vcpus => SortKey::Number(f64::from(conf.vcpus)),
        Col::Memory => SortKey::size(Some(conf.maxmem)),
        Col::DiskSize => SortKey::size(Some(instance.disk_size())),
        Col::Cpu | Col::CpuPast => SortKey::number(guest().map(|guest| guest.cpu)),
        Col::Read => SortKey::size(guest().and_then(|guest| guest.read)),
        Col::Write => SortKey::size(guest().and_then(|guest| guest.write)),
        Col::Net => SortKey::size(guest().and_then(net)),
        Col::Os => SortKey::Text(conf.os.clone()),
        Col::Uptime => SortKey::number(guest().and_then(|guest| uptime(cluster, instance, guest))),
        _ => return None,
    })
}

/// The numbers that are held steady.
pub fn readings(cluster: &Cluster, name: &Name) -> Vec<Reading> {
    let Some(instance) = cluster.instances.get(name) else {
        return Vec::new();
    };
    let guest = cluster.guest(instance);
    // Rates are shown with two digits or so: moves of less than a quarter are noise.
    let rate = |meter, value: Option<u64>| Reading {
        meter,
        value: value.map(|value| value as f64),
        step: value.unwrap_or(0) as f64 / 4.0 + 1_024.0,
    };
    let cpu = guest.map(|guest| (f64::from(guest.cpu) / 10.0).round());
    vec![
        Reading {
            meter: Meter::Cpu,
            value: cpu,
            step: (cpu.unwrap_or(0.0) / 20.0).max(2.0),
        },
        rate(Meter::Read, guest.and_then(|guest| guest.read)),
        rate(Meter::Write, guest.and_then(|guest| guest.write)),
        rate(Meter::Net, guest.and_then(net)),
    ]
}

/// Bytes a second over its network interfaces, both ways.
pub fn net(guest: &Guest) -> Option<u64> {
    Some(guest.rx?.saturating_add(guest.tx?))
}

/// Seconds since its process started.
pub fn uptime(cluster: &Cluster, instance: &Instance, guest: &Guest) -> Option<f64> {
    let node = cluster.nodes.get(instance.conf.primary.as_str())?;
    let started = guest.started as f64 - node.clock_ahead.unwrap_or(0.0);
    (guest.started > 0).then(|| cluster.seconds_since(started))
}

/// What stands for a number of a guest that is not known: `*` if its node is marked offline, `-` if
/// it does not run, `?` if nobody says.
pub fn stand_in(cluster: &Cluster, instance: &Instance) -> &'static str {
    let node = cluster.nodes.get(instance.conf.primary.as_str());
    if node.is_some_and(crate::model::Node::offline) {
        return "*";
    }
    match instance.status.word() {
        Some(word) if !word.is_up() => "-",
        _ => "?",
    }
}
