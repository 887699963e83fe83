//! Values as the real tool's library shows them, in answers and in what `-v` tells.

use std::collections::BTreeSet;

use crate::planner::htools::data::{AllocPolicy, Group, Instance, Status};
use crate::planner::htools::print::number::shortest;
use crate::planner::htools::print::policy::policy;
use crate::planner::htools::text::{quoted, shown};

/// A group.
pub fn group(at: usize, group: &Group) -> String {
    let alloc_policy = match group.alloc_policy {
        AllocPolicy::Preferred => "AllocPreferred",
        AllocPolicy::LastResort => "AllocLastResort",
        AllocPolicy::Unallocable => "AllocUnallocable",
    };
    format!(
        "Group {{name = {}, uuid = {}, idx = {at}, allocPolicy = {alloc_policy}, networks = {}, iPolicy = {}, \
         allTags = {}}}",
        quoted(&group.name),
        quoted(&group.uuid),
        list(&group.networks),
        policy(&group.policy),
        list(&group.tags)
    )
}

/// A list of texts.
pub fn list(texts: &[String]) -> String {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    shown(&texts)
}

/// A network interface.
#[derive(Clone, Debug)]
pub struct Nic {
    pub mac: Option<String>,
    pub ip: Option<String>,
    /// In the real tool's word.
    pub mode: Option<&'static str>,
    pub link: Option<String>,
    pub bridge: Option<String>,
    pub network: Option<String>,
}

impl Nic {
    fn text(&self) -> String {
        let maybe = |text: &Option<String>| match text {
            Some(text) => format!("Just {}", quoted(text)),
            None => "Nothing".to_owned(),
        };
        let mode = self.mode.map(|mode| format!("Just {mode}"));
        format!(
            "Nic {{mac = {}, ip = {}, mode = {}, link = {}, bridge = {}, network = {}}}",
            maybe(&self.mac),
            maybe(&self.ip),
            mode.unwrap_or_else(|| "Nothing".to_owned()),
            maybe(&self.link),
            maybe(&self.bridge),
            maybe(&self.network)
        )
    }
}

/// What an instance is made of.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Each disk: its size, and its spindles where they are known.
    pub disks: Vec<(i64, Option<i64>)>,
    /// Network interfaces.
    pub nics: Vec<Nic>,
}

impl Parts {
    /// Networks that the interfaces need.
    pub fn networks(&self) -> Vec<String> {
        let nics = self.nics.iter();
        nics.filter_map(|it| it.network.clone()).collect()
    }
}

/// Where an instance is, and what its tags mean.
pub struct Place<'a> {
    pub alias: &'a str,
    pub at: i64,
    pub nodes: (i64, i64),
    pub load: [f64; 4],
    pub movable: bool,
    pub exclusion: Vec<&'a str>,
    pub desired: BTreeSet<&'a str>,
    pub location: i64,
}

/// An instance that is not in the cluster yet; the cluster's tags say what its own mean.
pub fn newcomer(it: &Instance, parts: &Parts, cluster: &[String]) -> String {
    let chosen = |what: &str| {
        let prefixes = cluster.iter().filter_map(|tag| tag.strip_prefix(what));
        let prefixes: Vec<&str> = prefixes.filter(|it| !it.is_empty()).collect();
        let tags = it.tags.iter().map(String::as_str);
        let tags = tags.filter(move |tag| prefixes.iter().any(|prefix| tag.starts_with(prefix)));
        tags.collect::<Vec<&str>>()
    };
    let place = Place {
        alias: &it.name,
        at: -1,
        nodes: (0, 0),
        load: [1.0; 4],
        movable: it.template.movable(),
        exclusion: chosen("htools:iextags:"),
        desired: chosen("htools:desiredlocation:").into_iter().collect(),
        location: 0,
    };
    instance(it, parts, &place)
}

/// An instance.
pub fn instance(it: &Instance, parts: &Parts, place: &Place<'_>) -> String {
    let disks: Vec<String> = parts
        .disks
        .iter()
        .map(|(size, spindles)| {
            let spindles = match spindles {
                None => "Nothing".to_owned(),
                Some(spindles @ 0..) => format!("Just {spindles}"),
                Some(spindles) => format!("Just ({spindles})"),
            };
            format!("Disk {{dskSize = {size}, dskSpindles = {spindles}}}")
        })
        .collect();
    let nics: Vec<String> = parts.nics.iter().map(Nic::text).collect();
    let desired: Vec<&str> = place.desired.iter().copied().collect();
    format!(
        "Instance {{name = {}, alias = {}, mem = {}, dsk = {}, disks = [{}], vcpus = {}, runSt = {}, pNode = {}, \
         sNode = {}, idx = {}, util = {}, movable = {}, autoBalance = {}, diskTemplate = {}, spindleUse = {}, \
         allTags = {}, exclTags = {}, dsrdLocTags = fromList {}, locationScore = {}, arPolicy = ArNotEnabled, \
         nics = [{}], forthcoming = {}}}",
        quoted(&it.name),
        quoted(place.alias),
        it.memory,
        it.disk,
        disks.join(","),
        it.vcpus,
        state(it.status),
        place.nodes.0,
        place.nodes.1,
        place.at,
        load(place.load),
        truth(place.movable),
        truth(it.auto_balance),
        it.template.constructor(),
        it.spindle_use,
        list(&it.tags),
        shown(&place.exclusion),
        shown(&desired),
        place.location,
        nics.join(","),
        truth(it.forthcoming)
    )
}

/// Loads, or how much of each there may be.
pub fn load([cpu, memory, disk, net]: [f64; 4]) -> String {
    format!(
        "DynUtil {{cpuWeight = {}, memWeight = {}, dskWeight = {}, netWeight = {}}}",
        shortest(cpu),
        shortest(memory),
        shortest(disk),
        shortest(net)
    )
}

/// Yes or no.
pub fn truth(it: bool) -> &'static str {
    if it { "True" } else { "False" }
}

fn state(status: Status) -> &'static str {
    match status {
        Status::Running => "Running",
        Status::AdminDown => "StatusDown",
        Status::AdminOffline => "StatusOffline",
        Status::UserDown => "UserDown",
        Status::ErrorUp => "ErrorUp",
        Status::ErrorDown => "ErrorDown",
        Status::ErrorNodeDown => "NodeDown",
        Status::ErrorNodeOffline => "NodeOffline",
        Status::ErrorWrongNode => "WrongNode",
    }
}
