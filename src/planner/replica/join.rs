//! Finds both halves of each disk: by the configuration, and where that does not say where a disk
//! lies, by what the nodes say of their own devices.

use std::collections::HashMap;

use gantry_wire::config;
use gantry_wire::drbd::Device;

use crate::model::node::NEW_FOR;
use crate::model::{Cluster, Instance, Name, Node};
use crate::planner::Severity;
use crate::planner::work::Work;

use super::judge::{Case, judge};
use super::{Half, Key, Pair, Seen, State};

/// Every pair there is, in no order.
pub(super) fn join(cluster: &Cluster) -> Vec<Pair> {
    let work = Work::of(cluster);
    let (claims, mut strays) = claims(cluster);
    let mut pairs = Vec::with_capacity(cluster.instances.len());
    for instance in cluster.instances.values() {
        for (index, disk) in (0..).zip(&instance.conf.disks) {
            if is_drbd(instance, disk) {
                let (primary, secondary) = ends(instance, index, disk, &claims);
                let halves = [half(cluster, primary), half(cluster, secondary)];
                let key = Key::Disk(instance.name.clone(), index);
                pairs.push(pair(cluster, &work, key, Some((instance, disk)), halves));
            }
        }
    }
    if cluster.conf_seen.is_none() {
        unconfigured(cluster, &work, &claims, &mut strays, &mut pairs);
    }
    pairs.extend(strays.iter().map(|stray| stray.pair(cluster, &work)));
    pairs
}

/// The disk is replicated by DRBD.
fn is_drbd(instance: &Instance, disk: &config::Disk) -> bool {
    let ends = disk.layout.as_ref().is_some_and(|it| !it.ends.is_empty());
    ends || instance.template_of(disk) == "drbd"
}

/// One end of a disk: node and minor.
type End<'a> = Option<(&'a str, Option<u32>)>;

/// The primary's and the secondary's end.
fn ends<'a>(
    instance: &'a Instance,
    index: u32,
    disk: &'a config::Disk,
    claims: &Claims,
) -> (End<'a>, End<'a>) {
    let conf = &instance.conf;
    let ends = disk.layout.as_ref().map(|layout| layout.ends.as_slice());
    if let Some(ends @ [first, ..]) = ends {
        let primary = ends.iter().position(|end| end.node == conf.primary);
        let primary = primary.unwrap_or_default();
        let secondary = (0..ends.len()).find(|at| *at != primary);
        let end = |end: &'a config::DrbdEnd| (end.node.as_str(), Some(end.minor));
        return (
            ends.get(primary).or(Some(first)).map(end),
            secondary.and_then(|at| ends.get(at)).map(end),
        );
    }
    let of_disk = claims.get(&(&*instance.name, index));
    let minor = |node: &str| {
        let claim = of_disk?.iter().find(|(on, _)| *on.name == *node)?;
        Some(claim.1.minor)
    };
    let end = |node: &'a str| (node, minor(node));
    (
        Some(end(&conf.primary)).filter(|(node, _)| !node.is_empty()),
        conf.secondaries.first().map(|node| end(node)),
    )
}

/// What is known of one end.
fn half(cluster: &Cluster, end: End) -> Half {
    let Some((name, minor)) = end else {
        return Half::default();
    };
    let Some(node) = cluster.nodes.get(name) else {
        return Half {
            node: Name::from(name),
            minor,
            ..Half::default()
        };
    };
    let told = told(node);
    let device = minor
        .and_then(|minor| node.courses.get(minor)?.device.as_ref())
        .filter(|device| device.connection != "Unconfigured");
    let seen = match node.heard {
        _ if node.offline() => Seen::Offline,
        Some(_) if node.fresh() && told => match device {
            Some(_) => Seen::Now,
            None => Seen::Absent,
        },
        Some(heard) if device.is_some() => Seen::Was(heard),
        _ => Seen::Unknown,
    };
    Half {
        node: node.name.clone(),
        minor,
        device: device.cloned(),
        seen,
    }
}

/// The node told its devices: without a version there are none, or they could not be read.
pub(crate) fn told(node: &Node) -> bool {
    let drbd = node.facts.drbd.as_ref();
    drbd.is_some_and(|drbd| !drbd.version.is_empty() || node.missing("drbd").is_none())
}

/// Both halves together; `disk` is the configuration's, with its instance.
fn pair(
    cluster: &Cluster,
    work: &Work,
    key: Key,
    disk: Option<(&Instance, &config::Disk)>,
    halves: [Half; 2],
) -> Pair {
    let (instance, disk) = disk.unzip();
    let size = disk.map(|disk| disk.size);
    let case = Case::of(cluster, instance, work, &halves, size.unwrap_or_default());
    let verdict = judge(&case);
    let going = case.going(&verdict);
    let layout = disk.and_then(|disk| disk.layout.as_ref());
    let devices = || halves.iter().filter_map(|half| half.device.as_ref());
    let ports = layout.map(|layout| layout.port).into_iter();
    let port = ports
        .chain(devices().map(|device| device.port))
        .find(|port| *port != 0);
    let oos = halves.iter().filter_map(Half::now).map(|it| it.oos_kib);
    // What a secondary noted says nothing of what was written on a primary that is not heard.
    let deaf = matches!(halves[0].seen, Seen::Was(_) | Seen::Offline | Seen::Unknown);
    let oos_kib = oos.flatten().max().filter(|_| !deaf);
    let [primary, secondary] = halves;
    Pair {
        key,
        size,
        port,
        primary,
        secondary,
        state: verdict.state,
        severity: verdict.severity,
        text: verdict.text,
        going,
        oos_kib,
        since: verdict.since,
    }
}

/// What nodes say of devices that the configuration does not place: by instance and index, the
/// nodes that claim to have it.
type Claims<'a> = HashMap<(&'a str, u32), Vec<(&'a Node, &'a Device)>>;

/// A device that belongs to no known disk.
struct Stray<'a> {
    node: &'a Node,
    device: &'a Device,
    why: Why,
}

/// Why it belongs to no known disk.
enum Why {
    /// The configuration does not say where disks lie, and neither does the node.
    NotKnown,
    /// No disk of the configuration has this minor.
    Nobodys,
    /// It claims an instance that the configuration does not have.
    NoInstance,
    /// It claims a disk that lies elsewhere.
    Elsewhere,
}

/// Sorts what nodes say of devices that the configuration does not place: a node speaks only for
/// itself, and only for instances that live on it.
fn claims(cluster: &Cluster) -> (Claims<'_>, Vec<Stray<'_>>) {
    let mut claims = Claims::new();
    let mut strays = Vec::new();
    let all_placed = cluster.instances.values().all(|instance| {
        let mut disks = instance.conf.disks.iter();
        disks.all(|disk| !is_drbd(instance, disk) || disk.layout.is_some())
    });
    for node in cluster.nodes.values() {
        let placed = cluster.minors.get(&node.name);
        let devices = node.facts.drbd.iter().flat_map(|drbd| &drbd.devices);
        for device in devices.filter(|device| device.connection != "Unconfigured") {
            if placed.is_some_and(|placed| placed.contains_key(&device.minor)) {
                continue;
            }
            let why = match claim(cluster, node, device) {
                Ok((instance, index)) => {
                    let nodes = claims.entry((instance, index)).or_default();
                    if !nodes.iter().any(|(on, _)| on.name == node.name) {
                        nodes.push((node, device));
                        continue;
                    }
                    Why::Elsewhere
                }
                Err(Why::NotKnown) if all_placed && cluster.conf_seen.is_some() => Why::Nobodys,
                Err(why) => why,
            };
            strays.push(Stray { node, device, why });
        }
    }
    (claims, strays)
}

/// The disk that a device claims to be, where that may be.
fn claim<'a>(cluster: &'a Cluster, node: &Node, device: &'a Device) -> Result<(&'a str, u32), Why> {
    let (false, Some(index)) = (device.instance.is_empty(), device.disk_index) else {
        return Err(Why::NotKnown);
    };
    if cluster.conf_seen.is_none() {
        return Ok((&device.instance, index));
    }
    let Some(instance) = cluster.instances.get(device.instance.as_str()) else {
        return Err(Why::NoInstance);
    };
    let conf = &instance.conf;
    let disk = conf.disks.get(index as usize);
    let open = disk.is_some_and(|disk| is_drbd(instance, disk) && disk.layout.is_none());
    if instance.lives_on(&node.name) && open {
        Ok((&instance.name, index))
    } else {
        Err(Why::Elsewhere)
    }
}

/// Pairs while there is no configuration: what nodes say of themselves is all there is. A disk has
/// two halves: a third node that claims one is a stranger.
fn unconfigured<'a>(
    cluster: &'a Cluster,
    work: &Work,
    claims: &Claims<'a>,
    strays: &mut Vec<Stray<'a>>,
    pairs: &mut Vec<Pair>,
) {
    for ((instance, index), nodes) in claims {
        let mut nodes = nodes.clone();
        nodes.sort_by_key(|(node, device)| (device.role != "Primary", &node.name));
        strays.extend(
            nodes
                .drain(2.min(nodes.len())..)
                .map(|(node, device)| Stray {
                    node,
                    device,
                    why: Why::Elsewhere,
                }),
        );
        let mut ends = nodes.iter().map(|(node, it)| (&*node.name, Some(it.minor)));
        let first = ends.next();
        // One end alone names the other.
        let peer = nodes
            .first()
            .map(|(_, device)| (device.peer.as_str(), None));
        let second = ends.next().or(peer.filter(|(name, _)| !name.is_empty()));
        let halves = [half(cluster, first), half(cluster, second)];
        let key = Key::Disk(Name::from(*instance), *index);
        pairs.push(pair(cluster, work, key, None, halves));
    }
}

impl Stray<'_> {
    fn pair(&self, cluster: &Cluster, work: &Work) -> Pair {
        let Stray { node, device, why } = self;
        let end = Some((&*node.name, Some(device.minor)));
        let peer = Half {
            node: Name::from(device.peer.as_str()),
            ..Half::default()
        };
        let halves = [half(cluster, end), peer];
        let key = Key::Stray(node.name.clone(), device.minor);
        let mut pair = pair(cluster, work, key, None, halves);
        let claimed = match device.disk_index {
            Some(index) => format!("{}/{index}", device.instance),
            None => device.instance.clone(),
        };
        let text = match why {
            Why::NotKnown => {
                return pair;
            }
            Why::Nobodys => "belongs to no disk".to_owned(),
            Why::NoInstance => format!("claims {claimed}, which is not configured"),
            Why::Elsewhere => format!("claims {claimed}, which lies elsewhere"),
        };
        // A job makes devices before the configuration has them, and removes them after.
        let came = node.courses.get(device.minor).and_then(|it| it.came);
        let new = came.is_some_and(|came| cluster.now.at.since(came) < NEW_FOR);
        let passing = new || work.job(&device.instance).is_some() || !node.fresh();
        let severity = if passing {
            Severity::Note
        } else {
            Severity::Warning
        };
        pair.state = State::Disagrees;
        pair.severity = Some(severity);
        pair.text = text;
        pair
    }
}
