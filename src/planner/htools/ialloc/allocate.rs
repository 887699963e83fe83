//! Places for new instances: in each group the best one, and of these the best.

use std::cmp::Ordering;

use super::answer::{Answer, Found};
use super::read::nobody;
use super::request::Allocation;
use super::{Ways, dedicated};
use crate::planner::htools::alloc::{Failures, Judge, Newcomer, Solution, Targets, reason};
use crate::planner::htools::balance::Scope;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::data::{AllocPolicy, Group};
use crate::planner::htools::moves::Outcome;
use crate::planner::htools::node::Refusal;
use crate::planner::htools::print::number::fixed;

/// How good a place is.
#[derive(Clone, Debug, PartialEq)]
pub enum Worth {
    /// The score of the cluster then.
    Score(f64),
    /// How many instances of each size there is room for no longer, and the disk that is left, MiB.
    Lost(Vec<i64>, i64),
}

impl Worth {
    /// Whether this is better than the other.
    pub fn better(&self, other: &Worth) -> bool {
        self.against(other) == Some(Ordering::Less)
    }

    fn against(&self, other: &Worth) -> Option<Ordering> {
        match (self, other) {
            (Worth::Score(a), Worth::Score(b)) => a.partial_cmp(b),
            (Worth::Lost(a, left), Worth::Lost(b, right)) => Some((a, left).cmp(&(b, right))),
            _ => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Worth::Score(score) => fixed(*score, 8),
            Worth::Lost(lost, disk) => {
                let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
                format!("([{}],{disk})", lost.join(","))
            }
        }
    }
}

/// What was found among some nodes.
#[derive(Clone, Debug)]
pub struct Place {
    /// What failed.
    pub failures: Failures,
    /// How many places there were.
    pub successes: usize,
    /// The best.
    pub chosen: Option<(Outcome, Worth)>,
}

impl Place {
    /// What a judge found. Places that would harm redundancy are none.
    pub fn of(solution: Solution) -> Place {
        let harmful = solution.failures.of(Refusal::N1);
        let chosen = solution.chosen;
        Place {
            failures: solution.failures,
            successes: solution.successes.saturating_sub(harmful),
            chosen: chosen.map(|it| (it.outcome, Worth::Score(it.score))),
        }
    }

    /// In words.
    pub fn words(&self, cluster: &Cluster) -> String {
        let counts = Refusal::ALL.into_iter().filter_map(|refusal| {
            let count = self.failures.of(refusal);
            (count > 0).then(|| format!("{}: {count}", refusal.word()))
        });
        let counts: Vec<String> = counts.collect();
        let counts = counts.join(", ");
        let Some((outcome, worth)) = &self.chosen else {
            let counts = if counts.is_empty() {
                "unknown reasons"
            } else {
                &counts
            };
            return format!("No valid allocation solutions, failure reasons: {counts}");
        };
        let nodes: Vec<&str> = nodes(outcome)
            .into_iter()
            .filter_map(|at| cluster.data.nodes.get(at).map(|it| it.name.as_str()))
            .collect();
        format!(
            "score: {}, successes {}, failures {} ({counts}) for node(s) {}",
            worth.text(),
            self.successes,
            self.failures.total(),
            nodes.join("/")
        )
    }
}

/// The nodes of a place.
pub fn nodes(outcome: &Outcome) -> Vec<usize> {
    let secondary = outcome.secondary;
    std::iter::once(outcome.primary).chain(secondary).collect()
}

/// A search for one instance.
pub struct Search<'a> {
    /// The instance.
    pub newcomer: &'a Newcomer,
    /// How many nodes it needs.
    pub wanted: i64,
    /// Networks that it needs.
    pub networks: &'a [String],
    /// The only nodes, by name.
    pub only: Option<&'a [String]>,
    /// How places are judged.
    pub ways: &'a Ways,
    /// All nodes have disks of their own.
    pub dedicated: bool,
}

impl<'a> Search<'a> {
    /// For an instance that is to be made.
    fn of(newcomer: &'a Newcomer, wanted: &'a Allocation, ways: &'a Ways, dedicated: bool) -> Self {
        Search {
            newcomer,
            wanted: wanted.wanted,
            networks: &wanted.networks,
            only: ways.only.as_deref().or(wanted.nodes.as_deref()),
            ways,
            dedicated,
        }
    }

    /// Nodes of a group that the instance may go to.
    fn targets(&self, cluster: &Cluster, group: usize) -> Result<Targets, String> {
        let allowed = |at: &usize| {
            let name = cluster.data.nodes.get(*at).map(|it| &it.name);
            self.only
                .is_none_or(|only| name.is_some_and(|name| only.contains(name)))
        };
        let mut online = Scope::group(cluster, group).online(cluster);
        online.retain(allowed);
        Targets::new(cluster, &online, self.wanted)
    }

    /// Whether a group has the networks.
    fn connected(&self, cluster: &Cluster, group: usize) -> Result<(), String> {
        let Some(group) = cluster.data.groups.get(group) else {
            return Ok(());
        };
        if self.networks.iter().all(|it| group.networks.contains(it)) {
            return Ok(());
        }
        let (group, instance) = (&group.name, &self.newcomer.loaded.name);
        Err(format!(
            "group {group} is not connected to a network required by instance {instance}"
        ))
    }

    /// The best place in a group; `scored` are the nodes that are scored and stay redundant.
    fn place(
        &self,
        cluster: &mut Cluster,
        group: usize,
        scored: &[usize],
    ) -> Result<Place, String> {
        self.connected(cluster, group)
            .map_err(|why| format!("The {why}"))?;
        let targets = self.targets(cluster, group)?;
        let soft = self.ways.ignore_soft_errors;
        if self.dedicated {
            return Ok(dedicated::allocate(cluster, self.newcomer, &targets, soft));
        }
        let mut redundancy = self.ways.redundancy();
        let mut judge = Judge {
            nodes: scored,
            ignore_soft_errors: soft,
            redundancy: redundancy.as_mut(),
        };
        let solution = judge.allocate(cluster, self.newcomer, &targets);
        Ok(Place::of(solution))
    }

    /// The best place in some groups, and what there is to say of each.
    pub fn best(
        &self,
        cluster: &mut Cluster,
        groups: &[usize],
    ) -> (Option<(usize, Outcome)>, Vec<String>) {
        let all = Scope::all(cluster).nodes;
        let mut said = Vec::new();
        let mut fit = Vec::new();
        for at in groups {
            match self.connected(cluster, *at) {
                Err(why) if !self.dedicated => said.push(why),
                _ => fit.push(*at),
            }
        }
        let mut best: Option<(usize, AllocPolicy, Outcome, Worth)> = None;
        for at in fit {
            let Some((name, policy)) = group_name(cluster, at) else {
                continue;
            };
            let place = match self.place(cluster, at, &all) {
                Ok(place) => place,
                Err(why) => {
                    said.push(format!("Group {name}: error {why}"));
                    continue;
                }
            };
            let words = place.words(cluster);
            said.push(format!("Group {name} ({}): {words}", policy.word()));
            let chosen = place.chosen.filter(|_| policy != AllocPolicy::Unallocable);
            let Some((outcome, worth)) = chosen else {
                continue;
            };
            let taken = best.as_ref().is_none_or(|(_, other, _, least)| {
                policy < *other || (policy == *other && !least.better(&worth))
            });
            if taken {
                best = Some((at, policy, outcome, worth));
            }
        }
        (best.map(|(at, _, outcome, _)| (at, outcome)), said)
    }
}

fn group_name(cluster: &Cluster, at: usize) -> Option<(String, AllocPolicy)> {
    let group = cluster.data.groups.get(at)?;
    Some((group.name.clone(), group.alloc_policy))
}

/// Groups that have nodes.
pub fn used_groups(cluster: &Cluster) -> Vec<usize> {
    let used = |at: &usize| cluster.nodes.iter().any(|node| node.group == *at);
    (0..cluster.data.groups.len()).filter(used).collect()
}

/// Whether a new instance is judged by the room it leaves: in its group, or wherever instances may go, all nodes have
/// disks of their own.
pub fn by_room(cluster: &Cluster, group: Option<&str>) -> bool {
    match group {
        // The real tool knows a group by its name only here.
        Some(name) => dedicated(cluster, |group| group.name == name),
        None => dedicated(cluster, |group| {
            group.alloc_policy != AllocPolicy::Unallocable
        }),
    }
}

/// Whether all nodes of some groups have disks of their own.
fn dedicated(cluster: &Cluster, counts: impl Fn(&Group) -> bool) -> bool {
    cluster.nodes.iter().all(|node| {
        let group = cluster.data.groups.get(node.group);
        node.exclusive || !group.is_some_and(&counts)
    })
}

/// Loads of a new instance.
const LOAD: [f64; 4] = [1.0; 4];

/// A place for one instance.
pub fn one(cluster: &mut Cluster, wanted: &Allocation, ways: &Ways) -> Answer {
    let newcomer = Newcomer::new(cluster, wanted.instance.clone(), LOAD);
    let found = find(cluster, &newcomer, wanted, ways);
    match found {
        Ok((outcome, info)) => {
            cluster.admit(&newcomer, &outcome);
            Answer::of(info, Found::Nodes(nodes(&outcome)))
        }
        Err(info) => Answer {
            refused: vec![(
                wanted.instance.name.clone(),
                refusals(cluster, &newcomer, wanted, ways),
            )],
            ..Answer::failed(info)
        },
    }
}

/// Places for several, or for none if there is not one for each.
pub fn several(cluster: &mut Cluster, wanted: &[Allocation], ways: &Ways) -> Answer {
    let mut placed = Vec::new();
    let before = cluster.clone();
    for wanted in wanted {
        let newcomer = Newcomer::new(cluster, wanted.instance.clone(), LOAD);
        match find(cluster, &newcomer, wanted, ways) {
            Ok((outcome, _)) => {
                cluster.admit(&newcomer, &outcome);
                placed.push((wanted.instance.name.clone(), nodes(&outcome)));
            }
            Err(info) => {
                let name = wanted.instance.name.clone();
                let refused = refusals(cluster, &newcomer, wanted, ways);
                *cluster = before;
                return Answer {
                    refused: vec![(name, refused)],
                    ..Answer::failed(info)
                };
            }
        }
    }
    let count = placed.len();
    Answer::of(
        format!("0 instances failed to allocate and {count} were allocated successfully"),
        Found::Placed(placed),
    )
}

/// The place and what there is to say of it, or why there is none.
fn find(
    cluster: &mut Cluster,
    newcomer: &Newcomer,
    wanted: &Allocation,
    ways: &Ways,
) -> Result<(Outcome, String), String> {
    let dedicated = by_room(cluster, wanted.group.as_deref());
    let search = Search::of(newcomer, wanted, ways, dedicated);
    if let Some(name) = &wanted.group {
        let group = named(cluster, name)?;
        let scored = Scope::group(cluster, group).nodes;
        let place = search.place(cluster, group, &scored)?;
        let words = place.words(cluster);
        let info = match group_name(cluster, group) {
            Some((name, policy)) => format!("Group {name} ({}): {words}", policy.word()),
            None => words,
        };
        return match place.chosen {
            Some((outcome, _)) => Ok((outcome, info)),
            None => Err(info),
        };
    }
    let (best, mut said) = search.best(cluster, &used_groups(cluster));
    match best {
        Some((group, outcome)) => {
            let name = group_name(cluster, group).map_or(String::new(), |(name, _)| name);
            said.insert(0, format!("Selected group: {name}"));
            Ok((outcome, said.join(", ")))
        }
        None => Err(said.join(", ")),
    }
}

/// Why the nodes of the groups in question refuse an instance.
fn refusals(
    cluster: &Cluster,
    newcomer: &Newcomer,
    wanted: &Allocation,
    ways: &Ways,
) -> Vec<reason::Refused> {
    let search = Search::of(newcomer, wanted, ways, false);
    let groups = match &wanted.group {
        Some(name) => named(cluster, name).into_iter().collect(),
        None => used_groups(cluster),
    };
    let targets = groups
        .into_iter()
        .filter_map(|at| search.targets(cluster, at).ok());
    targets
        .flat_map(|targets| reason::refusals(cluster, newcomer, &targets))
        .collect()
}

/// The group of this name or UUID.
fn named(cluster: &Cluster, name: &str) -> Result<usize, String> {
    let groups = cluster.data.groups.iter().enumerate();
    let mut found = groups.filter(|(_, it)| it.name == name || it.uuid == name);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        _ => Err(nobody(name)),
    }
}
