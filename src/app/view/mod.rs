//! How each page behaves: its columns, order and words, or its text.

pub mod alerts;
pub mod balance;
pub mod capacity;
pub mod drbd;
mod ends;
pub mod group;
pub mod groups;
pub mod help;
pub mod instance;
pub mod instances;
pub mod job;
pub mod jobs;
pub mod locks;
pub mod maintenance;
mod mend;
pub mod n1;
pub mod node;
pub mod nodes;
pub mod pair;
pub mod placing;
pub mod plan;
mod remedy;
pub mod runbook;
mod stack;
pub mod storage;
pub mod verify;
pub mod volumes;

use std::borrow::Cow;

use crate::model::Cluster;
use crate::planner::replica::Key;

use super::columns::{Col, Column};
use super::facts::Facts;
use super::filter::TAGS;
use super::rows::{Id, Scope, Sort, SortKey};
use super::steady::Reading;

/// What a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nodes.
    Nodes,
    /// Instances.
    Instances,
    /// Groups.
    Groups,
    /// Jobs.
    Jobs,
    /// DRBD disks.
    Drbd,
    /// Places for disks.
    Storage,
    /// Nodes that may die.
    N1,
    /// Moves of a plan.
    Balance,
    /// Steps of a plan for reboots.
    Maintenance,
    /// Shapes of instances in groups.
    Capacity,
    /// Logical volumes of a node.
    Volumes,
    /// Chains of locks.
    Locks,
    /// What verifies found.
    Verify,
    /// Findings.
    Alerts,
    /// Runbooks.
    Runbooks,
}

impl Kind {
    /// Its columns; the first one names the object, and rows come in its order.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Kind::Nodes => nodes::COLUMNS,
            Kind::Instances => instances::COLUMNS,
            Kind::Groups => groups::COLUMNS,
            Kind::Jobs => jobs::COLUMNS,
            Kind::Drbd => drbd::COLUMNS,
            Kind::Storage => storage::COLUMNS,
            Kind::N1 => n1::COLUMNS,
            Kind::Balance => balance::COLUMNS,
            Kind::Maintenance => maintenance::COLUMNS,
            Kind::Capacity => capacity::COLUMNS,
            Kind::Volumes => volumes::COLUMNS,
            Kind::Locks => locks::COLUMNS,
            Kind::Verify => verify::COLUMNS,
            Kind::Alerts => alerts::COLUMNS,
            Kind::Runbooks => runbook::COLUMNS,
        }
    }

    /// What its rows are called.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Nodes => "nodes",
            Kind::Instances => "instances",
            Kind::Groups => "groups",
            Kind::Jobs => "jobs",
            Kind::Drbd => "disks",
            Kind::Storage => "places",
            Kind::N1 => "nodes",
            Kind::Balance => "moves",
            Kind::Maintenance => "steps",
            Kind::Capacity => "rows",
            Kind::Volumes => "volumes",
            Kind::Locks => "jobs",
            Kind::Verify => "findings",
            Kind::Alerts => "alerts",
            Kind::Runbooks => "runbooks",
        }
    }

    /// The order at first: that of the first column, or worst first.
    pub fn first_sort(self) -> Sort {
        let worst = |col| Sort { col, reverse: true };
        match self {
            Kind::Drbd => worst(Col::State),
            Kind::Volumes => worst(Col::Text),
            Kind::N1 => worst(Col::AtRisk),
            _ => {
                let first = &self.columns()[0];
                Sort {
                    col: first.col,
                    reverse: first.largest_first,
                }
            }
        }
    }

    /// All rows there are, in the order of the first column.
    pub fn ids(self, cluster: &Cluster, facts: &Facts, scope: &Scope) -> Vec<Id> {
        match self {
            Kind::Nodes => nodes::ids(cluster, facts, scope),
            Kind::Instances => instances::ids(cluster, facts, scope),
            Kind::Groups => groups::ids(cluster),
            Kind::Jobs => jobs::ids(cluster),
            Kind::Drbd => drbd::ids(facts),
            Kind::Storage => storage::ids(facts),
            Kind::N1 => n1::ids(facts),
            Kind::Balance => balance::ids(facts),
            Kind::Maintenance => maintenance::ids(facts),
            Kind::Capacity => capacity::ids(facts),
            Kind::Volumes => match scope {
                Scope::Node(node) => volumes::ids(facts, node),
                Scope::All | Scope::Group(_) => Vec::new(),
            },
            Kind::Locks => locks::ids(facts),
            Kind::Verify => verify::ids(facts),
            Kind::Alerts => alerts::ids(facts),
            Kind::Runbooks => runbook::ids(facts),
        }
    }

    /// Its rows stand for objects that something can be done to, several at once.
    pub fn is_of_objects(self) -> bool {
        matches!(
            self,
            Kind::Nodes | Kind::Instances | Kind::Jobs | Kind::Drbd
        )
    }

    /// Everything that a filter searches in a row in lower case, the name first and the tags last.
    pub fn searched(self, cluster: &Cluster, facts: &Facts, id: &Id) -> String {
        let words = match (self, id) {
            (Kind::Nodes, Id::Node(name)) => nodes::words(cluster, facts, name),
            (Kind::Instances, Id::Instance(name)) => instances::words(cluster, facts, name),
            (Kind::Groups, Id::Group(name)) => groups::words(cluster, name),
            (Kind::Jobs, Id::Job(job)) => jobs::words(cluster, *job),
            (Kind::Drbd, Id::Pair(key)) => drbd::words(facts, key),
            (Kind::Storage, Id::Place(node, nth)) => storage::words(facts, node, *nth),
            (Kind::N1, Id::Fall(node)) => n1::words(facts, node),
            (Kind::Balance, Id::Move(at)) => balance::words(facts, *at),
            (Kind::Maintenance, Id::Reboot(at)) => maintenance::words(facts, *at),
            (Kind::Capacity, Id::Room(at)) => capacity::words(facts, *at),
            (Kind::Volumes, id) => volumes::words(facts, id),
            (Kind::Locks, id) => locks::words(cluster, facts, id),
            (Kind::Verify, Id::Cause(key)) => verify::words(facts, key),
            (Kind::Alerts, id) => alerts::words(facts, id),
            (Kind::Runbooks, Id::Run(id)) => runbook::words(facts, id),
            _ => None,
        };
        let tags = match id {
            Id::Node(name) | Id::Fall(name) => cluster
                .nodes
                .get(name)
                .and_then(|node| node.conf.as_ref())
                .map(|c| &c.tags),
            Id::Instance(name) => cluster
                .instances
                .get(name)
                .map(|instance| &instance.conf.tags),
            Id::Group(name) => cluster.groups.get(name).map(|group| &group.tags),
            Id::Pair(Key::Disk(name, _)) => cluster
                .instances
                .get(name)
                .map(|instance| &instance.conf.tags),
            Id::Job(_)
            | Id::Alert(..)
            | Id::Holder(_)
            | Id::Cause(_)
            | Id::Pair(_)
            | Id::Place(..)
            | Id::Volume(..)
            | Id::Move(_)
            | Id::Reboot(_)
            | Id::Room(_)
            | Id::Run(_) => None,
        };
        let mut searched = words.unwrap_or_default().join("\n");
        searched.push(TAGS);
        if let Some(tags) = tags {
            searched += &tags.join("\n");
        }
        searched.to_lowercase()
    }

    /// The text of a column that grows with its content.
    pub fn text<'a>(
        self,
        cluster: &'a Cluster,
        facts: &'a Facts,
        id: &'a Id,
        col: Col,
    ) -> Cow<'a, str> {
        let text = match (self, id) {
            (Kind::Nodes, Id::Node(name)) => nodes::text(cluster, facts, name, col),
            (Kind::Instances, Id::Instance(name)) => instances::text(cluster, facts, name, col),
            (Kind::Groups, Id::Group(name)) => Some(Cow::Borrowed(&**name)),
            (Kind::Jobs, Id::Job(job)) => jobs::text(cluster, facts, *job, col),
            (Kind::Drbd, Id::Pair(key)) => drbd::text(facts, key, col),
            (Kind::Storage, Id::Place(node, nth)) => storage::text(facts, node, *nth, col),
            (Kind::N1, Id::Fall(node)) => n1::text(facts, node, col),
            (Kind::Balance, Id::Move(at)) => balance::text(facts, *at, col),
            (Kind::Maintenance, Id::Reboot(at)) => maintenance::text(facts, *at, col),
            (Kind::Capacity, Id::Room(at)) => capacity::text(facts, *at, col),
            (Kind::Volumes, id) => volumes::text(facts, id, col),
            (Kind::Locks, id) => locks::text(cluster, facts, id, col),
            (Kind::Verify, Id::Cause(key)) => verify::text(cluster, facts, key, col),
            (Kind::Alerts, id) => alerts::text(facts, id, col),
            (Kind::Runbooks, Id::Run(id)) => runbook::text(facts, id, col),
            _ => None,
        };
        text.unwrap_or_default()
    }

    /// A row's place in the order of a column other than the first.
    pub fn sort_key(self, cluster: &Cluster, facts: &Facts, id: &Id, col: Col) -> SortKey {
        let key = match (self, id) {
            (Kind::Nodes, Id::Node(name)) => nodes::sort_key(cluster, facts, name, col),
            (Kind::Instances, Id::Instance(name)) => instances::sort_key(cluster, facts, name, col),
            (Kind::Groups, Id::Group(name)) => groups::sort_key(cluster, facts, name, col),
            (Kind::Jobs, Id::Job(job)) => jobs::sort_key(cluster, *job, col),
            (Kind::Drbd, Id::Pair(key)) => drbd::sort_key(cluster, facts, key, col),
            (Kind::Storage, Id::Place(node, nth)) => storage::sort_key(facts, node, *nth, col),
            (Kind::N1, Id::Fall(node)) => n1::sort_key(facts, node, col),
            (Kind::Balance, Id::Move(at)) => balance::sort_key(facts, *at, col),
            (Kind::Maintenance, Id::Reboot(at)) => maintenance::sort_key(facts, *at, col),
            (Kind::Capacity, Id::Room(at)) => capacity::sort_key(facts, *at, col),
            (Kind::Volumes, id) => volumes::sort_key(facts, id, col),
            (Kind::Locks, id) => locks::sort_key(cluster, facts, id, col),
            (Kind::Verify, Id::Cause(key)) => verify::sort_key(cluster, facts, key, col),
            (Kind::Runbooks, Id::Run(id)) => {
                runbook::text(facts, id, col).map(|text| SortKey::Text(text.into()))
            }
            (Kind::Alerts, id) => {
                alerts::text(facts, id, col).map(|text| SortKey::Text(text.into()))
            }
            _ => None,
        };
        key.unwrap_or(SortKey::Unknown)
    }

    /// The numbers of a row that are held steady.
    pub fn readings(self, cluster: &Cluster, facts: &Facts, id: &Id) -> Vec<Reading> {
        match (self, id) {
            (Kind::Nodes, Id::Node(name)) => nodes::readings(cluster, name),
            (Kind::Instances, Id::Instance(name)) => instances::readings(cluster, name),
            (Kind::Drbd, Id::Pair(key)) => drbd::readings(facts, key),
            _ => Vec::new(),
        }
    }
}
