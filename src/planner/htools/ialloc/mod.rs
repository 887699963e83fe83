//! Ganeti's allocator protocol, as hail answers it: where a new instance goes, and where one goes whose node is left.

mod allocate;
mod answer;
mod dedicated;
mod evacuate;
mod fields;
mod json;
mod read;
mod request;
mod secondary;
mod show;
mod verbose;

pub use allocate::by_room;
pub use answer::{Answer, Found, Moved};
pub use read::{Message, read};
pub use verbose::cluster as verbose;

pub use request::{Allocation, Mode, Request};

use super::cluster::Cluster;
use super::n1::redundancy::Redundancy;

/// How requests are answered.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// Leave out the soft checks.
    pub ignore_soft_errors: bool,
    /// Leave out global N+1.
    pub no_capacity_checks: bool,
    /// New instances may go to these nodes only, whatever the request says.
    pub only: Option<Vec<String>>,
    /// Networks that the instances of the cluster need, where they are known.
    pub networks: Vec<Vec<String>>,
}

impl Ways {
    /// What has to stay redundant.
    fn redundancy(&self) -> Option<Redundancy> {
        (!self.no_capacity_checks).then(Redundancy::default)
    }
}

/// Answers a request; the cluster is afterwards as the answer has it.
pub fn answer(cluster: &mut Cluster, request: &Request, ways: &Ways) -> Answer {
    match request {
        Request::Allocate(wanted) => allocate::one(cluster, wanted, ways),
        Request::MultiAllocate(wanted) => allocate::several(cluster, wanted, ways),
        Request::AllocateSecondary(at) => secondary::find(cluster, *at, ways),
        Request::Relocate {
            instance,
            from,
            wanted,
        } => evacuate::relocate(cluster, *instance, from, *wanted, ways),
        Request::NodeEvacuate(instances, mode) => evacuate::nodes(cluster, instances, *mode, ways),
        Request::ChangeGroup(instances, targets) => {
            evacuate::groups(cluster, instances, targets, ways)
        }
    }
}
