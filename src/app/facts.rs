//! What is worked out from the cluster for the screen, a few times a second at most.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::Arc;

use crate::action::form::Object;
use crate::model::history::STEP;
use crate::model::totals::{Totals, totals};
use crate::model::{Cluster, Name, Time, natural};
use crate::planner::findings::findings_with;
use crate::planner::locks::{Link, chains};
use crate::planner::n1::Report;
use crate::planner::n1::report::Fall;
use crate::planner::replica::{
    Key, Pair, Redundancy, Summary, moves_with_time, pairs, redundancy, summary,
};
use crate::planner::storage::{Place, places};
use crate::planner::think::Snapshot;
use crate::planner::{Finding, Present, Severity, Subject};

use super::disks::DiskIndex;
use super::inbox::Inbox;
use super::names::Names;
use super::plans::Plans;
use super::runbooks::RunRow;
use super::view::nodes::tells;

/// Milliseconds for which sums and findings hold while only numbers change.
const HOLDS: u64 = 500;

/// The same for N+1.
const N1_HOLDS: u64 = 2_000;

/// Instances from which on it holds as long although more has changed: to load so many takes milliseconds.
const LARGE: usize = 1_500;

/// What is worked out from the cluster.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Counts up when any of this changed.
    pub revision: u64,
    /// Sums for the header.
    pub totals: Totals,
    /// Nodes of which the figures are known now, of those that are not marked offline.
    pub telling: (usize, usize),
    /// Memory in use, percent; moves by whole points.
    pub memory_used: Option<u8>,
    /// Disk space in use, percent.
    pub disk_used: Option<u8>,
    /// What is wrong, worst first, with names as they are shown.
    pub findings: Vec<Finding>,
    /// How names are shortened.
    pub names: Names,
    /// Nodes in Ganeti's order.
    pub nodes: Vec<Name>,
    /// Instances in Ganeti's order.
    pub instances: Vec<Name>,
    /// Sums of each group.
    pub groups: BTreeMap<Name, GroupSums>,
    /// All DRBD disks, worst first, with names in the texts as they are shown.
    pub pairs: Vec<Pair>,
    /// All of them together.
    pub replication: Summary,
    /// How fast a resync was when one was last seen to move, MiB a second; moves when that changes much.
    pub resync_speed: Option<f64>,
    /// How well each instance's disks would survive the loss of a node.
    pub redundancy: HashMap<Name, Redundancy>,
    /// All places for disks, by node.
    pub places: Vec<Place>,
    /// N+1: what if a node dies.
    pub n1: Report,
    /// The death of the node that is looked at.
    pub fall: Option<Fall>,
    /// Counts up when what is said of N+1 changed.
    pub n1_revision: u64,
    /// Changes asked for from here of which nobody knows whether they were made.
    pub open_ends: Vec<String>,
    /// Runbooks that are under way, here and elsewhere.
    pub runs: Vec<RunRow>,
    /// Counts up when what is said of them changed.
    pub runs_revision: u64,
    /// Plans that were asked for.
    pub plans: Plans,
    /// Who holds locks and who waits for them.
    pub chains: Vec<Link>,
    /// What verifies found.
    pub inbox: Inbox,
    /// Where disks, places and volumes stand in the lists.
    pub index: DiskIndex,
    made: Option<(u64, Time)>,
    pairs_made: Option<Made>,
    places_made: Option<Made>,
    n1_made: Option<(u64, Time)>,
    present: Option<Present>,
    /// Whose death was worked out, and of when that is.
    fall_of: Option<(Name, Time)>,
}

/// What pairs or places were made of.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    shape: u64,
    news: u64,
    /// Trends and counters of traffic move in steps.
    step: u64,
}

impl Made {
    fn of(cluster: &Cluster, news: u64) -> Option<Made> {
        let step = cluster.now.at.0 / STEP;
        let shape = cluster.shape;
        Some(Made { shape, news, step })
    }
}

/// Sums over a group. Of memory and disk only what nodes told is counted; none if no node did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupSums {
    /// Nodes.
    pub nodes: usize,
    /// Nodes whose agent answers.
    pub nodes_up: usize,
    /// Nodes marked offline.
    pub nodes_offline: usize,
    /// Instances whose primary is here.
    pub instances: usize,
    /// Of those, running.
    pub running: usize,
    /// Total and free memory, MiB.
    pub memory: Option<(u64, u64)>,
    /// Total and free disk space, MiB.
    pub disk: Option<(u64, u64)>,
}

impl Facts {
    /// Works it out anew if the cluster's shape changed or some time went by.
    pub fn refresh(&mut self, cluster: &Cluster) {
        if let Some((shape, at)) = self.made {
            let same_shape = shape == cluster.shape;
            if same_shape && cluster.now.at.since(at) < HOLDS && at <= cluster.now.at {
                return;
            }
            if !same_shape {
                self.reshape(cluster);
            }
        } else {
            self.reshape(cluster);
        }
        self.made = Some((cluster.shape, cluster.now.at));
        self.totals = totals(cluster);
        let sums = &self.totals;
        let telling = cluster.nodes.values().filter(|node| tells(node)).count();
        self.telling = (telling, sums.nodes - sums.nodes_offline);
        self.memory_used = percent(self.memory_used, sums.memory_total, sums.memory_free);
        self.disk_used = percent(self.disk_used, sums.disk_total, sums.disk_free);
        self.groups = group_sums(cluster);
        self.disks(cluster);
        self.chains = chains(cluster);
        self.renew_n1(cluster);
        let mut found = findings_with(cluster, &self.pairs, &self.places, &self.n1);
        let open = self.open_ends.iter().map(|text| Finding {
            severity: Severity::Critical,
            subject: Subject::Cluster,
            text: text.clone(),
        });
        found.splice(0..0, open);
        found.extend(self.runs.iter().filter(|run| run.going).map(under_way));
        for finding in &mut found {
            finding.text = self.names.shorten(&finding.text);
        }
        if found != self.findings {
            self.findings = found;
            self.revision += 1;
        }
    }

    /// N+1 anew where anything but numbers changed, or those have moved for a while.
    fn renew_n1(&mut self, cluster: &Cluster) {
        let now = cluster.now.at;
        let loaded = match cluster.instances.len() {
            LARGE.. => N1_HOLDS,
            _ => 0,
        };
        let holds = self.n1_made.is_some_and(|(shape, at)| {
            let hold = if shape == cluster.shape {
                N1_HOLDS
            } else {
                loaded
            };
            at <= now && now.since(at) < hold
        });
        if holds {
            return;
        }
        self.n1_made = Some((cluster.shape, now));
        let present = match self.present.take() {
            Some(mut present) => present.keep_up(cluster).map(|()| present),
            None => Present::of(cluster),
        };
        let report = match present {
            Ok(mut present) => {
                let report = Report::made(&mut present.n1);
                self.present = Some(present);
                report
            }
            Err(why) => Report::without(why),
        };
        if !report.is_like(&self.n1) || self.n1_revision == 0 {
            self.n1 = report;
            self.n1_revision += 1;
        }
    }

    /// The cluster as the planner reckons with it, if enough is known.
    pub fn present(&self) -> Option<&Present> {
        self.present.as_ref()
    }

    /// The cluster as plans are made for it, if enough is known.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        Some(self.present.as_ref()?.snapshot.clone())
    }

    /// Works out the death of the node that is looked at, if any.
    pub fn look_at_fall(&mut self, node: Option<&Name>) {
        let of = node.cloned().zip(self.n1_made.map(|(_, at)| at));
        if of == self.fall_of {
            return;
        }
        self.fall = node.and_then(|node| self.present.as_mut()?.n1.fall(node));
        self.fall_of = of;
    }

    /// What is worked out of DRBD and of storage, where there is news of it or it moves with time.
    fn disks(&mut self, cluster: &Cluster) {
        let made = Made::of(cluster, cluster.storage);
        let mut differs = false;
        if made != self.places_made {
            self.places_made = made;
            let places = places(cluster);
            differs = places != self.places;
            self.places = places;
        }
        let made = Made::of(cluster, cluster.drbd);
        if made != self.pairs_made || moves_with_time(cluster, &self.pairs) {
            self.pairs_made = made;
            differs |= self.renew_pairs(cluster);
        }
        if differs {
            self.revision += 1;
            self.index_disks();
        }
    }

    /// Makes the pairs anew, and what is summed up of them; says whether anything differs.
    fn renew_pairs(&mut self, cluster: &Cluster) -> bool {
        let mut pairs = pairs(cluster);
        for pair in pairs.iter_mut().filter(|pair| !pair.text.is_empty()) {
            pair.text = self.names.shorten(&pair.text);
        }
        let mut of_instance: HashMap<&Name, Vec<&Pair>> = HashMap::new();
        for pair in &pairs {
            if let Key::Disk(instance, _) = &pair.key {
                of_instance.entry(instance).or_default().push(pair);
            }
        }
        let marks = cluster.instances.values().map(|instance| {
            let of_it = of_instance.get(&instance.name);
            let of_it = of_it.into_iter().flatten().copied();
            let mark = redundancy(&instance.conf.disk_template, of_it);
            (instance.name.clone(), mark)
        });
        let marks = marks.collect();
        let summary = summary(cluster, &pairs);
        self.resync_speed = speed(self.resync_speed, &summary);
        let same = pairs == self.pairs && summary == self.replication && marks == self.redundancy;
        if !same {
            self.pairs = pairs;
            self.replication = summary;
            self.redundancy = marks;
        }
        !same
    }

    fn reshape(&mut self, cluster: &Cluster) {
        self.names = Names::of(cluster);
        keep_sorted(&mut self.nodes, &cluster.nodes);
        keep_sorted(&mut self.instances, &cluster.instances);
        self.revision += 1;
    }
}

/// A runbook that is under way, for everybody who looks after the cluster.
fn under_way(run: &RunRow) -> Finding {
    let text = match run.step {
        "" => format!("runbook: {}", run.title),
        step => format!("runbook: {}, step {}: {step}", run.title, run.place),
    };
    Finding {
        severity: Severity::Note,
        subject: match &run.subject {
            Object::Node(name) => Subject::Node(name.clone()),
            Object::Instance(name) => Subject::Instance(name.clone()),
            _ => Subject::Cluster,
        },
        text,
    }
}

/// Brings a sorted list of names up to date. Sorting what is nearly sorted costs little.
fn keep_sorted<V>(names: &mut Vec<Name>, now: &HashMap<Name, V>)
where
    Name: Hash + Eq,
{
    names.retain(|name| now.contains_key(name));
    if names.len() == now.len() {
        return;
    }
    let known: std::collections::HashSet<Name> = names.iter().cloned().collect();
    let mut new: Vec<Name> = now
        .keys()
        .filter(|name| !known.contains(*name))
        .cloned()
        .collect();
    new.sort_by(|a, b| natural::compare(a, b));
    names.extend(new);
    names.sort_by(|a, b| natural::compare(a, b));
}

/// Percent in use, held unless it moved by more than half a point past a border.
fn percent(held: Option<u8>, total: u64, free: u64) -> Option<u8> {
    if total == 0 {
        return None;
    }
    let used = total.saturating_sub(free) as f64 * 100.0 / total as f64;
    match held {
        Some(held) if (used - f64::from(held)).abs() < 1.0 => Some(held),
        _ => Some(used.round() as u8),
    }
}

/// MiB a second of one resync, held unless it changed by more than a tenth, and while none moves.
fn speed(held: Option<f64>, summary: &Summary) -> Option<f64> {
    let now = summary.speed_kib / 1_024.0 / summary.moving.max(1) as f64;
    match held {
        _ if now.is_nan() || now < 1.0 => held,
        Some(held) if (now - held).abs() <= held / 10.0 => Some(held),
        _ => Some(now),
    }
}

fn group_sums(cluster: &Cluster) -> BTreeMap<Name, GroupSums> {
    let mut groups: BTreeMap<Name, GroupSums> = cluster
        .groups
        .keys()
        .map(|name| (name.clone(), GroupSums::default()))
        .collect();
    let add = |sum: &mut Option<(u64, u64)>, (total, free): (u64, u64)| {
        let (t, f) = sum.unwrap_or_default();
        *sum = Some((t.saturating_add(total), f.saturating_add(free)));
    };
    for node in cluster.nodes.values() {
        let Some(sums) = groups.get_mut(node.group()) else {
            continue;
        };
        sums.nodes += 1;
        sums.nodes_up += usize::from(node.fresh());
        sums.nodes_offline += usize::from(node.offline());
        sums.instances += node.primaries.len();
        let runs = |name: &&Name| {
            let word = cluster.instances.get(*name).and_then(|i| i.status.word());
            word.is_some_and(|word| word.is_up())
        };
        sums.running += node.primaries.iter().filter(runs).count();
        if node.offline() {
            continue;
        }
        if let Some(memory) = node.memory() {
            add(&mut sums.memory, (memory.total, memory.free));
        }
        if let Some(disk) = node.disk(cluster.conf.as_ref()) {
            add(&mut sums.disk, disk);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speed_of_a_resync_is_held_until_it_changes_much_and_after_it_ended() {
        let summary = |moving: usize, mib: f64| Summary {
            moving,
            speed_kib: mib * 1_024.0,
            ..Summary::default()
        };
        assert_eq!(speed(None, &summary(0, 0.0)), None);
        assert_eq!(speed(None, &summary(2, 200.0)), Some(100.0));
        assert_eq!(speed(Some(100.0), &summary(1, 95.0)), Some(100.0));
        assert_eq!(speed(Some(100.0), &summary(1, 50.0)), Some(50.0));
        assert_eq!(speed(Some(100.0), &summary(0, 0.0)), Some(100.0));
        assert_eq!(speed(Some(100.0), &summary(1, f64::NAN)), Some(100.0));
    }

    #[test]
    fn a_percentage_is_held_until_it_moved() {
        assert_eq!(percent(None, 0, 0), None);
        assert_eq!(percent(None, 1000, 394), Some(61));
        assert_eq!(percent(Some(61), 1000, 381), Some(61));
        assert_eq!(percent(Some(61), 1000, 380), Some(62));
    }
}
