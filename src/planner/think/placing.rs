//! Where a new instance would go: the nodes that hail would choose, and why each other one is not taken.

use std::sync::Arc;

use super::Part;
use crate::model::Name;
use crate::planner::htools::Cluster;
use crate::planner::htools::alloc::{Newcomer, Refused, Targets, reason};
use crate::planner::htools::balance::Scope;
use crate::planner::htools::capacity::{Size, required_nodes};
use crate::planner::htools::data::{AllocPolicy, Instance};
use crate::planner::htools::ialloc::{Allocation, Found, Request, Ways, answer};
use crate::planner::htools::policy::Template;

use super::balance::{Room, node_name, room};

/// What it is called while it is not there.
const NAME: &str = "new-instance";

/// Loads of a new instance, as hail has them.
const LOAD: [f64; 4] = [1.0; 4];

/// MiB that DRBD adds to each disk for its metadata.
const DRBD_METADATA: i64 = 128;

/// The instance that is asked for. What is not said is as the cluster's policy has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Memory, MiB.
    pub memory: Option<i64>,
    /// Size of each disk, MiB.
    pub disks: Vec<i64>,
    /// Virtual processors.
    pub cpus: Option<i64>,
    /// Disk template.
    pub template: Option<Template>,
    /// Only this group.
    pub group: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

/// An instance of which everything is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Memory, MiB.
    pub memory: i64,
    /// Size of each disk, MiB.
    pub disks: Vec<i64>,
    /// Virtual processors.
    pub cpus: i64,
    /// Disk template.
    pub template: Template,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Placing {
    /// The instance.
    pub shape: Shape,
    /// The group and the nodes that hail would choose, primary first.
    pub chosen: Option<(Name, Vec<Name>)>,
    /// hail takes no place, since N+1 would not hold; these are the nodes it would choose if it did not look at that.
    pub despite_n1: bool,
    /// hail's own words.
    pub said: String,
    /// All nodes: the chosen ones, those that would do, those that refuse.
    pub seats: Vec<Seat>,
}

/// What a node says.
#[derive(Clone, Debug, PartialEq)]
pub struct Seat {
    /// The node.
    pub node: Name,
    /// Its group.
    pub group: Name,
    /// What comes of it.
    pub verdict: Verdict,
    /// What it has free now; none if it takes no part.
    pub room: Option<Room>,
    /// What it has free then, if it is chosen.
    pub then: Option<Room>,
}

/// What comes of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It becomes the primary.
    Primary,
    /// It becomes the secondary.
    Secondary,
    /// It would do, but another place is better.
    WouldDo,
    /// It is refused in one role or in both, and why, in words.
    Refused {
        /// The role in which it would do, if there is one.
        only: Option<&'static str>,
        /// Why.
        why: String,
    },
}

impl Verdict {
    fn rank(&self) -> u8 {
        match self {
            Verdict::Primary => 0,
            Verdict::Secondary => 1,
            Verdict::WouldDo => 2,
            Verdict::Refused { only: Some(_), .. } => 3,
            Verdict::Refused { .. } => 4,
        }
    }
}

/// Asks hail, and every node.
pub fn think(cluster: &Cluster, ask: &Ask, tell: &mut dyn FnMut(Part) -> bool) {
    let (shape, instance) = wanted(cluster, ask);
    let needs = required_nodes(shape.template);
    let request = Request::Allocate(Box::new(Allocation {
        instance: instance.clone(),
        networks: Vec::new(),
        shown: String::new(),
        wanted: needs,
        group: ask.group.clone(),
        nodes: None,
    }));
    let (said, mut chosen, mut after) = hails(cluster, &request, &Ways::default());
    let mut despite_n1 = false;
    if chosen.is_empty() {
        let ways = Ways {
            no_capacity_checks: true,
            ..Ways::default()
        };
        let (_, nodes, then) = hails(cluster, &request, &ways);
        (despite_n1, chosen, after) = (!nodes.is_empty(), nodes, then);
    }
    let refusals = refusals(cluster, instance, needs);
    let group = |at: usize| {
        let group = cluster.nodes.get(at).map(|it| it.group);
        group.and_then(|it| cluster.data.groups.get(it))
    };
    let name = |at: usize| -> Name { Arc::from(group(at).map_or("", |it| it.name.as_str())) };
    let seat = |at: usize| {
        let verdict = match chosen.iter().position(|it| *it == at) {
            Some(0) => Verdict::Primary,
            Some(_) => Verdict::Secondary,
            None => refusals.verdict(cluster, ask, at),
        };
        let told = cluster.nodes.get(at).is_some_and(|it| !it.offline);
        Seat {
            node: node_name(cluster, at),
            group: name(at),
            then: chosen.contains(&at).then(|| room(&after, at)).flatten(),
            room: told.then(|| room(cluster, at)).flatten(),
            verdict,
        }
    };
    let mut seats: Vec<Seat> = (0..cluster.nodes.len()).map(seat).collect();
    // Nodes come in Ganeti's order, and stay so among equals.
    seats.sort_by_key(|it| it.verdict.rank());
    let names = chosen.iter().map(|at| node_name(cluster, *at)).collect();
    tell(Part::Placing(Box::new(Placing {
        chosen: chosen.first().map(|at| (name(*at), names)),
        despite_n1,
        said,
        shape,
        seats,
    })));
}

/// What hail says, the nodes it chooses, and the cluster then.
fn hails(cluster: &Cluster, request: &Request, ways: &Ways) -> (String, Vec<usize>, Cluster) {
    let mut after = cluster.clone();
    let answer = answer(&mut after, request, ways);
    let chosen = match &answer.found {
        Some(Found::Nodes(nodes)) => nodes.clone(),
        _ => Vec::new(),
    };
    (answer.said(), chosen, after)
}

/// The instance, as it would be made.
fn wanted(cluster: &Cluster, ask: &Ask) -> (Shape, Instance) {
    let policy = &cluster.data.policy;
    let standard = Size::of(&policy.standard);
    let template = ask
        .template
        .unwrap_or_else(|| match policy.templates.first() {
            // What most clusters are for, where it is allowed.
            _ if policy.templates.contains(&Template::Drbd) => Template::Drbd,
            first => first.copied().unwrap_or(Template::Drbd),
        });
    let mut disks = ask.disks.clone();
    if disks.is_empty() && template != Template::Diskless {
        disks.push(standard.disk);
    }
    let shape = Shape {
        memory: ask.memory.unwrap_or(standard.memory),
        cpus: ask.cpus.unwrap_or(standard.cpus),
        template,
        disks,
    };
    let size = Size {
        memory: shape.memory,
        cpus: shape.cpus,
        disk: taken(&shape),
        spindles: standard.spindles,
    };
    let mut instance = size.instance(NAME.to_owned(), template, standard.spindles.max(1));
    instance.disks.clone_from(&shape.disks);
    instance.tags.clone_from(&ask.tags);
    (shape, instance)
}

/// Disk that it takes on each of its nodes, MiB.
fn taken(shape: &Shape) -> i64 {
    let extra = if shape.template == Template::Drbd {
        DRBD_METADATA
    } else {
        0
    };
    let disks = shape.disks.iter().map(|it| it.saturating_add(extra));
    disks.fold(0, i64::saturating_add)
}

/// Why nodes refuse it, or why a whole group does.
struct Refusals {
    /// By the index of the group.
    groups: Vec<Result<Vec<Refused>, String>>,
    /// It needs two nodes.
    pairs: bool,
}

fn refusals(cluster: &Cluster, instance: Instance, needs: i64) -> Refusals {
    let mut cluster = cluster.clone();
    let newcomer = Newcomer::new(&mut cluster, instance, LOAD);
    let groups = (0..cluster.data.groups.len()).map(|at| {
        let online = Scope::group(&cluster, at).online(&cluster);
        let targets = Targets::new(&cluster, &online, needs)?;
        Ok(reason::refusals(&cluster, &newcomer, &targets))
    });
    Refusals {
        groups: groups.collect(),
        pairs: needs > 1,
    }
}

impl Refusals {
    /// What comes of a node that is not chosen.
    fn verdict(&self, cluster: &Cluster, ask: &Ask, at: usize) -> Verdict {
        let refused = |why: String| Verdict::Refused { only: None, why };
        let Some(node) = cluster.nodes.get(at).filter(|it| !it.offline) else {
            return refused("offline or drained, or nothing is known of it".to_owned());
        };
        let group = cluster.data.groups.get(node.group);
        match (&ask.group, group) {
            (Some(wanted), Some(own)) if own.name != *wanted => {
                return refused("not in the group that is asked for".to_owned());
            }
            (None, Some(own)) if own.alloc_policy == AllocPolicy::Unallocable => {
                return refused("its group takes no new instances".to_owned());
            }
            _ => {}
        }
        let own = match self.groups.get(node.group) {
            Some(Ok(own)) => own.iter().filter(|it| it.node == at),
            Some(Err(why)) => return refused(format!("its group: {}", why.to_lowercase())),
            None => return Verdict::WouldDo,
        };
        let (secondary, primary): (Vec<&Refused>, Vec<&Refused>) = own.partition(|it| it.secondary);
        let first = |all: &[&Refused]| {
            let it = all.first()?;
            let later = if it.later {
                ", with what is forthcoming"
            } else {
                ""
            };
            Some(format!("{}{later}", it.reason))
        };
        match (first(&primary), first(&secondary)) {
            (None, None) => Verdict::WouldDo,
            (Some(a), Some(b)) if a == b => refused(a),
            (Some(a), Some(b)) => refused(format!("{a}; as secondary {b}")),
            (Some(why), None) if !self.pairs => refused(why),
            (Some(why), None) => Verdict::Refused {
                only: Some("secondary"),
                why: format!("as primary {why}"),
            },
            (None, Some(why)) => Verdict::Refused {
                only: Some("primary"),
                why: format!("as secondary {why}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::planner::htools::Setup;
    use crate::planner::n1::tests::{nodes, put};

    fn placed(cluster: &Cluster, ask: &Ask) -> Placing {
        let mut out = None;
        think(cluster, ask, &mut |part| {
            if let Part::Placing(it) = part {
                out = Some(*it);
            }
            true
        });
        out.unwrap()
    }

    fn cluster() -> Cluster {
        let mut data = nodes(4);
        put(&mut data, 14_000, 0, Some(1));
        data.nodes[3].offline = true;
        Cluster::new(data, &Setup::default()).unwrap()
    }

    fn of(memory: i64, template: Template) -> Ask {
        Ask {
            memory: Some(memory),
            disks: vec![1_024],
            cpus: Some(1),
            template: Some(template),
            ..Ask::default()
        }
    }

    #[test]
    fn the_nodes_that_hail_chooses_come_first_and_say_what_is_left() {
        let cluster = cluster();
        let it = placed(&cluster, &of(1_000, Template::Plain));
        let (_, nodes) = it.chosen.unwrap();
        assert_eq!(nodes.len(), 1);
        assert_eq!(it.seats[0].node, nodes[0]);
        assert_eq!(it.seats[0].verdict, Verdict::Primary);
        let (now, then) = (it.seats[0].room.unwrap(), it.seats[0].then.unwrap());
        assert_eq!(
            (now.memory - then.memory, now.disk - then.disk),
            (1_000, 1_024)
        );
    }

    #[test]
    fn every_other_node_says_why_not() {
        let cluster = cluster();
        let it = placed(&cluster, &of(4_000, Template::Drbd));
        assert_eq!(it.seats.len(), 4);
        let why = |node: usize| {
            let name = node_name(&cluster, node);
            let seat = it.seats.iter().find(|it| it.node == name).unwrap();
            match &seat.verdict {
                Verdict::Refused { why, .. } => why.clone(),
                other => format!("{other:?}"),
            }
        };
        assert!(why(0).contains("of memory short"), "{}", why(0));
        assert!(why(3).contains("offline"), "{}", why(3));
    }

    #[test]
    fn where_n1_forbids_every_place_the_one_without_it_is_told() {
        let mut data = nodes(3);
        put(&mut data, 10_000, 0, Some(1));
        put(&mut data, 10_000, 1, Some(0));
        let cluster = Cluster::new(data, &Setup::default()).unwrap();
        let it = placed(&cluster, &of(200, Template::Plain));
        assert!(it.despite_n1, "{it:?}");
        assert!(it.said.starts_with("Request failed"), "{}", it.said);
        let (_, nodes) = it.chosen.unwrap();
        assert_eq!(nodes.len(), 1);
        assert_eq!(it.seats[0].verdict, Verdict::Primary);
    }

    #[test]
    fn what_is_not_said_is_as_the_policy_has_it() {
        let it = placed(&cluster(), &Ask::default());
        assert_eq!(it.shape.template, Template::Drbd);
        assert_eq!(it.shape.disks.len(), 1);
        assert!(it.shape.memory > 0 && it.shape.cpus > 0);
    }

    #[test]
    fn a_group_with_one_node_has_no_pair_and_says_so() {
        let mut data = nodes(2);
        data.nodes[1].offline = true;
        let cluster = Cluster::new(data, &Setup::default()).unwrap();
        let it = placed(&cluster, &of(100, Template::Drbd));
        assert_eq!(it.chosen, None);
        let Verdict::Refused { why, .. } = &it.seats[0].verdict else {
            unreachable!("{:?}", it.seats)
        };
        assert_eq!(why, "its group: not enough online nodes");
    }
}
