//! How the rows of each page look.

mod alerts;
mod balance;
mod capacity;
mod drbd;
mod groups;
mod instances;
mod jobs;
mod locks;
mod maintenance;
mod n1;
mod nodes;
mod runbooks;
mod storage;
mod verify;
mod volumes;

use crate::app::columns::Col;
use crate::app::rows::Id;
use crate::app::view::Kind;
use crate::app::{State, Tone};
use crate::model::Cluster;

use super::table::Cell;

/// The tone of a row as a whole.
pub fn row(state: &State, cluster: &Cluster, id: &Id) -> Tone {
    match id {
        Id::Node(name) => nodes::row(cluster, name),
        Id::Instance(name) => instances::row(cluster, name),
        Id::Job(job) => jobs::row(cluster, *job),
        Id::Run(id) => runbooks::worst(state, id),
        Id::Alert(..) => alerts::row(state, id),
        Id::Pair(key) => drbd::row(state, key),
        Id::Fall(node) => n1::row(state, node),
        Id::Place(node, nth) => storage::row(state, node, *nth),
        Id::Volume(..) => volumes::row(state, id),
        Id::Cause(key) => verify::row(state, key),
        Id::Group(_) | Id::Move(_) | Id::Reboot(_) | Id::Room(_) | Id::Holder(_) => Tone::Plain,
    }
}

/// The tone of the worst thing in a row, for the sign before it.
pub fn worst(state: &State, cluster: &Cluster, id: &Id) -> Tone {
    match id {
        Id::Node(name) => nodes::worst(state, cluster, name),
        Id::Instance(name) => instances::worst(cluster, name),
        Id::Job(job) => jobs::worst(cluster, *job),
        Id::Pair(key) => drbd::worst(state, key),
        Id::Fall(node) => n1::worst(state, node),
        Id::Place(node, nth) => storage::worst(state, node, *nth),
        Id::Volume(..) => volumes::worst(state, id),
        Id::Group(name) => groups::worst(state, name),
        Id::Move(at) => balance::worst(state, *at),
        Id::Reboot(at) => maintenance::worst(state, *at),
        Id::Room(at) => capacity::worst(state, *at),
        Id::Run(id) => runbooks::worst(state, id),
        Id::Alert(..) => alerts::row(state, id),
        Id::Cause(key) => verify::worst(state, key),
        Id::Holder(_) => Tone::Plain,
    }
}

/// A cell.
pub fn cell<'a>(
    kind: Kind,
    state: &'a State,
    cluster: &'a Cluster,
    id: &'a Id,
    col: Col,
) -> Cell<'a> {
    let cell = match (kind, id) {
        (Kind::Nodes, Id::Node(name)) => nodes::cell(state, cluster, id, name, col),
        (Kind::Instances, Id::Instance(name)) => instances::cell(state, cluster, id, name, col),
        (Kind::Groups, Id::Group(name)) => groups::cell(state, cluster, name, col),
        (Kind::Jobs, Id::Job(job)) => jobs::cell(state, cluster, *job, col),
        (Kind::Drbd, Id::Pair(key)) => drbd::cell(state, cluster, id, key, col),
        (Kind::Storage, Id::Place(node, nth)) => storage::cell(state, node, *nth, col),
        (Kind::N1, Id::Fall(node)) => n1::cell(state, node, col),
        (Kind::Balance, Id::Move(at)) => balance::cell(state, *at, col),
        (Kind::Maintenance, Id::Reboot(at)) => maintenance::cell(state, *at, col),
        (Kind::Capacity, Id::Room(at)) => capacity::cell(state, *at, col),
        (Kind::Volumes, id) => volumes::cell(state, id, col),
        (Kind::Locks, id) => locks::cell(state, cluster, id, col),
        (Kind::Verify, Id::Cause(key)) => verify::cell(state, cluster, key, col),
        (Kind::Alerts, id) => alerts::cell(state, id, col),
        (Kind::Runbooks, Id::Run(id)) => runbooks::cell(state, cluster, id, col),
        _ => None,
    };
    cell.unwrap_or(Cell::toned("?", Tone::Lost))
}
