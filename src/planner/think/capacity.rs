//! How many more instances of some shapes each group takes, and what runs out first.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Part, used_groups};
use crate::model::Name;
use crate::planner::htools::Cluster;
use crate::planner::htools::alloc::Refused;
use crate::planner::htools::capacity::{Ask as Wanted, Size, Space};
use crate::planner::htools::data::AllocPolicy;
use crate::planner::htools::policy::Template;

/// Shapes in use that are looked at, the most frequent ones.
const SHAPES: usize = 5;

/// Instances after which it is enough to know that so many fit.
pub const MOST: usize = 1_000;

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Only this group.
    pub group: Option<String>,
}

/// A shape of instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// It is the standard of the cluster's policy.
    pub standard: bool,
    /// Disk template.
    pub template: Template,
    /// Memory, MiB.
    pub memory: i64,
    /// Disk that it takes on each of its nodes, MiB.
    pub disk: i64,
    /// Virtual processors.
    pub vcpus: i64,
    /// Use of spindles.
    pub spindle_use: i64,
}

/// How many more of a shape a group takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// The group.
    pub group: Name,
    /// The shape.
    pub shape: Shape,
    /// How many of them there are in the whole cluster.
    pub in_use: usize,
    /// How many more fit; [`MOST`] stands for as many or more.
    pub fits: usize,
    /// What is wrong already and should be mended first; `fits` counts as if that did not matter, while hspace says 0.
    pub broken: Option<String>,
    /// What runs out first, in words.
    pub out: String,
    /// Each node with what it lacks for one more.
    pub nodes: Vec<(Name, String)>,
}

/// Fills group after group with shape after shape.
pub fn think(cluster: &Cluster, ask: &Ask, tell: &mut dyn FnMut(Part) -> bool) {
    for (shape, in_use) in shapes(cluster) {
        let wanted = |name: &str| ask.group.as_deref().is_none_or(|it| it == name);
        let groups = used_groups(cluster).into_iter();
        for (at, group) in groups.filter(|(_, name)| wanted(name)) {
            let mut count = 0;
            let mut wanted = true;
            let mut go_on = || {
                count += 1;
                wanted = wanted && tell(Part::Seeking(count));
                wanted
            };
            let room = fill(cluster, at, &group, shape, in_use, &mut go_on);
            if !wanted || !tell(Part::Room(Box::new(room))) {
                return;
            }
        }
    }
    tell(Part::Filled);
}

/// The standard of the policy, and the most frequent shapes in use.
fn shapes(cluster: &Cluster) -> Vec<(Shape, usize)> {
    let mut used: BTreeMap<Shape, usize> = BTreeMap::new();
    for it in &cluster.data.instances {
        let shape = Shape {
            standard: false,
            template: it.template,
            memory: it.memory,
            disk: it.disk,
            vcpus: it.vcpus,
            spindle_use: it.spindle_use,
        };
        *used.entry(shape).or_default() += 1;
    }
    let policy = &cluster.data.policy;
    let size = Size::of(&policy.standard);
    let standard = Shape {
        standard: true,
        template: match policy.templates.first() {
            // What most clusters are for, where everything is allowed.
            _ if policy.templates.contains(&Template::Drbd) => Template::Drbd,
            first => first.copied().unwrap_or(Template::Drbd),
        },
        memory: size.memory,
        disk: size.disk,
        vcpus: size.cpus,
        spindle_use: size.spindles,
    };
    let mut used: Vec<(Shape, usize)> = used.into_iter().collect();
    used.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    used.truncate(SHAPES);
    let same = |it: &Shape| {
        Shape {
            standard: true,
            ..*it
        } == standard
    };
    let count = used.iter().find(|(it, _)| same(it)).map_or(0, |it| it.1);
    used.retain(|(it, _)| !same(it));
    used.insert(0, (standard, count));
    used
}

fn fill(
    cluster: &Cluster,
    at: usize,
    group: &str,
    shape: Shape,
    in_use: usize,
    go_on: &mut dyn FnMut() -> bool,
) -> Room {
    let mut cluster = cluster.clone();
    let mut closed = false;
    for (other, it) in cluster.data.groups.iter_mut().enumerate() {
        if other == at {
            closed = it.alloc_policy == AllocPolicy::Unallocable;
        } else {
            it.alloc_policy = AllocPolicy::Unallocable;
        }
    }
    let mut room = Room {
        group: Arc::from(group),
        shape,
        in_use,
        fits: 0,
        broken: None,
        out: String::new(),
        nodes: Vec::new(),
    };
    if closed {
        room.out = "the group takes no new instances".to_owned();
        return room;
    }
    let wanted = |accept_existing: bool| Wanted {
        template: shape.template,
        spindle_use: shape.spindle_use,
        independent_groups: !accept_existing,
        accept_existing,
        // N+1 fails already, and would let nothing in.
        no_capacity_checks: accept_existing,
    };
    let size = Size {
        memory: shape.memory,
        disk: shape.disk,
        cpus: shape.vcpus,
        spindles: shape.spindle_use,
    };
    let mut space = Space::new(cluster.clone(), wanted(false));
    room.broken = broken(&space, at);
    if room.broken.is_some() {
        space = Space::new(cluster, wanted(true));
    }
    if let Err(why) = &space.targets {
        room.out = why.to_lowercase();
        return room;
    }
    let limit = i64::try_from(MOST).ok();
    let found = match space.fill_while(size, limit, go_on) {
        Ok(found) => found,
        Err(why) => {
            room.out = why;
            return room;
        }
    };
    room.fits = space.count();
    if room.fits < MOST {
        let refused = space.refusals(size);
        let by_n1 = found
            .counted()
            .first()
            .is_some_and(|(mode, _)| *mode == "FailN1");
        room.out = match by_n1 && refused.is_empty() {
            true => "N+1: no place leaves every node able to die".to_owned(),
            false => runs_out(&refused),
        };
        for it in &refused {
            let told = (Arc::from(it.name.as_str()), it.reason.to_string());
            if !room.nodes.contains(&told) {
                room.nodes.push(told);
            }
        }
    }
    room
}

/// What is wrong with a group already, so that hspace adds nothing.
fn broken(space: &Space, group: usize) -> Option<String> {
    let here = |node: &&usize| {
        let node = space.cluster.nodes.get(**node);
        node.is_some_and(|it| it.group == group)
    };
    match space.bad_nodes.iter().filter(here).count() {
        0 if space.bad_groups.contains(&group) => Some("N+1 fails for the group".to_owned()),
        0 => None,
        1 => Some("N+1 fails on 1 of its nodes".to_owned()),
        n => Some(format!("N+1 fails on {n} of its nodes")),
    }
}

/// `memory on 7 nodes, disk on 2 nodes`
fn runs_out(refused: &[Refused]) -> String {
    let mut words: Vec<(String, Vec<usize>)> = Vec::new();
    for it in refused {
        let word = match it.reason.word() {
            "memory_reserve" => "memory for N+1".to_owned(),
            "disk_reserve" => "disk to be left free".to_owned(),
            "spindle_use" => "spindles".to_owned(),
            "vcpus" => "processors".to_owned(),
            word => word.replace('_', " "),
        };
        match words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, nodes)) if nodes.contains(&it.node) => {}
            Some((_, nodes)) => nodes.push(it.node),
            None => words.push((word, vec![it.node])),
        }
    }
    words.sort_by_key(|(_, nodes)| std::cmp::Reverse(nodes.len()));
    let told = words.iter().map(|(word, nodes)| match nodes.len() {
        1 => format!("{word} on 1 node"),
        n => format!("{word} on {n} nodes"),
    });
    match told.collect::<Vec<_>>().join(", ") {
        text if text.is_empty() => "no pair of nodes takes one more".to_owned(),
        text => text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::planner::htools::Setup;
    use crate::planner::n1::tests::{nodes, put};

    fn rooms(cluster: &Cluster) -> Vec<Room> {
        let mut rooms = Vec::new();
        think(cluster, &Ask::default(), &mut |part| {
            if let Part::Room(room) = part {
                rooms.push(*room);
            }
            true
        });
        rooms
    }

    #[test]
    fn what_is_in_use_is_counted_and_what_runs_out_is_named() {
        let mut data = nodes(3);
        for _ in 0..2 {
            put(&mut data, 3_000, 0, Some(1));
        }
        let cluster = Cluster::new(data, &Setup::default()).unwrap();
        let rooms = rooms(&cluster);
        assert!(rooms[0].shape.standard);
        let used = rooms.iter().find(|it| it.in_use == 2).unwrap();
        assert_eq!(used.shape.memory, 3_000);
        assert!(used.fits > 0 && used.fits < MOST, "{used:?}");
        assert!(used.out.contains("memory"), "{used:?}");
        assert!(!used.nodes.is_empty());
    }

    #[test]
    fn what_is_wrong_already_is_said_and_the_rest_counted_all_the_same() {
        let mut data = nodes(3);
        put(&mut data, 10_000, 0, Some(1));
        put(&mut data, 8_000, 1, Some(0));
        let cluster = Cluster::new(data, &Setup::default()).unwrap();
        let rooms = rooms(&cluster);
        assert!(rooms[0].broken.is_some(), "{:?}", rooms[0]);
        assert!(rooms[0].fits > 0, "{:?}", rooms[0]);
    }

    #[test]
    fn one_that_is_not_wanted_any_more_stops_between_two_instances() {
        let cluster = Cluster::new(nodes(3), &Setup::default()).unwrap();
        let mut parts = 0;
        think(&cluster, &Ask::default(), &mut |part| {
            parts += 1;
            assert!(matches!(part, Part::Seeking(_)), "{part:?}");
            parts < 3
        });
        assert_eq!(parts, 3);
    }

    #[test]
    fn what_fails_already_keeps_nothing_out_of_shapes_without_a_secondary_either() {
        let mut data = nodes(3);
        put(&mut data, 10_000, 0, Some(1));
        put(&mut data, 8_000, 1, Some(0));
        put(&mut data, 500, 2, None);
        let cluster = Cluster::new(data, &Setup::default()).unwrap();
        let rooms = rooms(&cluster);
        let single = rooms.iter().find(|it| it.shape.template == Template::Rbd);
        let single = single.unwrap();
        assert!(single.broken.is_some() && single.fits > 0, "{single:?}");
    }

    #[test]
    fn a_group_that_takes_nothing_says_so() {
        let mut data = nodes(3);
        data.groups[0].alloc_policy = AllocPolicy::Unallocable;
        let cluster = Cluster::new(data, &Setup::default()).unwrap();
        let rooms = rooms(&cluster);
        assert_eq!(rooms[0].fits, 0);
        assert_eq!(rooms[0].out, "the group takes no new instances");
    }
}
