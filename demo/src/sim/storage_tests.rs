#![allow(clippy::unwrap_used)]
//! Sizes add up, and nothing is counted twice.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::sim::{Options, layout};

/// The first thing on a node's storage that does not add up.
pub fn odd(cluster: &Cluster, node: NodeId) -> Option<String> {
    let (storage, lvm) = (cluster.storage(node), cluster.lvm(node));
    let name = cluster.node_name(node);
    for vg in &storage.vgs {
        let lvs = lvm.lvs.iter().filter(|lv| lv.vg == vg.name);
        let used: u64 = lvs.clone().map(|lv| lv.bytes >> 20).sum();
        if used + vg.free != vg.total {
            return Some(format!("{name}: {} is not the sum of its volumes", vg.name));
        }
        if lvs.count() != vg.lvs as usize {
            return Some(format!("{name}: {} counts its volumes wrong", vg.name));
        }
        let pvs = lvm.pvs.iter().filter(|pv| pv.vg == vg.name);
        let (total, free) = pvs.clone().fold((0, 0), |(total, free), pv| {
            (total + pv.total, free + pv.free)
        });
        if (total, free) != (vg.total, vg.free) {
            return Some(format!("{name}: {} is not the sum of its PVs", vg.name));
        }
        if pvs.clone().count() != vg.pvs as usize
            || pvs.filter(|pv| pv.missing).count() != vg.missing_pvs as usize
        {
            return Some(format!("{name}: {} counts its PVs wrong", vg.name));
        }
    }
    let names: BTreeSet<_> = lvm.lvs.iter().map(|lv| (&lv.vg, &lv.name)).collect();
    (names.len() != lvm.lvs.len()).then(|| format!("{name}: two volumes of one name"))
}

/// The first minor of a node or port of the cluster that two disks have.
pub fn twice(cluster: &Cluster) -> Option<String> {
    let mut ports = BTreeSet::new();
    let mut minors = BTreeSet::new();
    for instance in cluster.instances.values() {
        for port in layout::ports(instance) {
            if !ports.insert(port) {
                return Some(format!("port {port} of {} is another's", instance.name));
            }
        }
        for disk in &instance.disks {
            let nodes: Option<Vec<NodeId>> = disk.ends.map(|ends| ends.map(|e| e.node).into());
            let homes = nodes.unwrap_or_default();
            if disk.ends.is_some() != (instance.template == Template::Drbd)
                || !instance
                    .nodes()
                    .all(|n| homes.is_empty() || homes.contains(&n))
            {
                return Some(format!("a disk of {} is not at home", instance.name));
            }
            for end in disk.ends.iter().flatten() {
                if !minors.insert((end.node, end.minor)) {
                    return Some(format!("{end:?} of {} is another's", instance.name));
                }
            }
        }
    }
    None
}

#[test]
fn a_fresh_cluster_has_each_oddity_once() {
    let cluster = Cluster::new(Options {
        calm: true,
        ..Options::default()
    });
    let nodes = 0..cluster.nodes.len();
    let vgs: Vec<_> = nodes
        .clone()
        .map(|node| cluster.storage(node).vgs)
        .collect();
    let partial = vgs.iter().filter(|vgs| vgs[0].attr == "wz-pn-");
    assert_eq!(partial.count(), 1);
    let lvms: Vec<_> = nodes.clone().map(|node| cluster.lvm(node)).collect();
    let has = |name: &str| {
        let named = |lvm: &&Lvm| lvm.lvs.iter().any(|lv| lv.name.starts_with(name));
        lvms.iter().filter(named).count()
    };
    assert_eq!((has("restore-test"), has("scratch-")), (1, 1));
    assert!(has("root") > 0 && has("root") < cluster.nodes.len());
    let failing = nodes.clone().flat_map(|node| cluster.disk_health(node));
    assert_eq!(failing.filter(|disk| disk.passed == Some(false)).count(), 1);
    let missing = nodes.filter_map(|node| cluster.missing_volume(node));
    assert_eq!(missing.count(), 1);
}

#[test]
fn a_group_fills_and_is_emptied() {
    let mut cluster = Cluster::new(Options {
        calm: true,
        ..Options::default()
    });
    let node = cluster.oddities.fills.unwrap();
    let mut last = cluster.disk_free(node);
    let (mut less, mut more) = (0, 0);
    for _ in 0..400 {
        cluster.advance(cluster.now + SCRATCH_STEP.0);
        let free = cluster.disk_free(node);
        less += u32::from(free < last);
        more += u32::from(free > last);
        last = free;
    }
    assert!(less > 300, "only {less} times less");
    assert!((1..=2).contains(&more), "{more} times more");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn sizes_add_up_and_numbers_are_unique(
        nodes in 1usize..16,
        instances in 0usize..120,
        seed: u64,
        hours in 0u64..16,
    ) {
        let mut cluster = Cluster::new(Options { nodes, instances, seed, ..Options::default() });
        for _ in 0..hours {
            cluster.advance(cluster.now + 1_111_000);
            prop_assert_eq!(twice(&cluster), None);
            for node in 0..nodes {
                prop_assert_eq!(odd(&cluster, node), None);
            }
        }
    }
}
