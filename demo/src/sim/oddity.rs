//! What is strange about the storage of some nodes from the beginning, and volumes that no disk has.

use super::Options;
use super::chance::mix;
use super::instance::{Admin, Instance, InstanceId, META};
use super::node::{Node, NodeId, Role};

/// What is strange about the storage of some nodes from the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// A node with volumes that are in no configuration.
    pub orphans: Option<NodeId>,
    /// A node whose volume group misses a physical volume.
    pub missing_pv: Option<NodeId>,
    /// A node whose volume group fills.
    pub fills: Option<NodeId>,
    /// A node with a disk that foretells its end.
    pub failing: Option<NodeId>,
    /// A node on which a volume is missing, and whose first disk it was.
    pub missing_lv: Option<(NodeId, InstanceId)>,
}

impl Oddities {
    /// Those of a cluster: each on another node as long as there are enough.
    pub fn of(options: &Options, nodes: &[Node]) -> Oddities {
        let fit: Vec<NodeId> = (0..nodes.len())
            .filter(|&node| nodes[node].role != Role::Offline)
            .collect();
        let first = mix(options.seed ^ 0x006f_6464) as usize;
        let nth = |n: usize| fit.get((first.wrapping_add(n)) % fit.len().max(1)).copied();
        // A plain disk that is not in use may miss its volume unnoticed.
        Oddities {
            orphans: nth(0),
            missing_pv: nth(1),
            fills: nth(2),
            failing: nth(3),
            missing_lv: None,
        }
    }

    /// Picks the disk whose volume is missing: that of an instance that does not run.
    pub fn lose_volume<'a>(
        &mut self,
        instances: impl IntoIterator<Item = (&'a InstanceId, &'a Instance)>,
    ) {
        self.missing_lv = instances
            .into_iter()
            .filter(|(_, i)| i.admin != Admin::Up && i.volume_size() > 0)
            // One that is meant to be offline is started least of all.
            .min_by_key(|(id, i)| (i.admin != Admin::Offline, **id))
            .map(|(id, i)| (i.secondary.unwrap_or(i.primary), *id));
    }
}

/// A logical volume that no disk of an instance has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// Where.
    pub node: NodeId,
    /// Name in the instances' volume group.
    pub name: String,
    /// Size, MiB.
    pub mib: u64,
    /// The instance whose job will remove it; an orphan without one.
    pub job_of: Option<InstanceId>,
    /// The instance that its tag names; empty without a tag.
    pub origin: String,
}

/// The first orphans of a node.
pub fn orphans(node: NodeId, seed: u64) -> Vec<Stray> {
    let orphan = |name: String, gib: u64, origin: &str| Stray {
        node,
        name,
        mib: gib * 1024,
        job_of: None,
        origin: origin.to_owned(),
    };
    let id = super::layout::volume_id(seed, 77);
    let gone = "legacy3.example.test";
    vec![
        orphan(format!("{id}.disk0_data"), 20, gone),
        Stray {
            mib: META,
            ..orphan(format!("{id}.disk0_meta"), 0, gone)
        },
        orphan("restore-test".to_owned(), 15, ""),
    ]
}
