//! Whatever is missing, there is a forecast.

use gantry_wire::operation::{BadField, Operation};
use proptest::prelude::*;
use std::sync::LazyLock;

use crate::action::fixture::{NODES, Town, job};
use crate::action::{Form, Kind, Object};
use crate::model::Cluster;

static EVERYTHING: LazyLock<Vec<Operation>> = LazyLock::new(everything);

/// Everything that can be asked for of a cluster that is whole.
fn everything() -> Vec<Operation> {
    let mut town = Town::new();
    town.jobs(vec![job(7, "queued", "TEST_DELAY")]);
    let mut objects: Vec<Object> = town
        .cluster
        .instances
        .keys()
        .cloned()
        .map(Object::Instance)
        .collect();
    objects.sort_by_key(Object::name);
    objects.extend(NODES.map(|name| Object::Node(name.into())));
    objects.extend([
        Object::Group("default".into()),
        Object::Job(7),
        Object::Cluster,
    ]);
    let mut all = Vec::new();
    for object in objects {
        for kind in object.menu().kinds() {
            all.extend(made(&town.cluster, kind, &object).into_iter().flatten());
        }
    }
    all
}

/// The operation with its defaults, and with all flags and the last of all options.
fn made(cluster: &Cluster, kind: Kind, object: &Object) -> Vec<Result<Operation, BadField>> {
    let Ok(mut form) = Form::new(kind, object.clone(), cluster) else {
        return Vec::new();
    };
    for (name, text) in [
        ("amount", "1024"),
        ("new_name", "web8"),
        ("tags", "a"),
        ("vcpus", "64"),
        ("priority", "1"),
    ] {
        let _ = form.set(name, text);
    }
    let plain = form.operation();
    for field in &mut form.fields {
        match &mut field.value {
            crate::action::Value::Flag(flag) => *flag = true,
            crate::action::Value::Pick { options, at } => *at = options.len() - 1,
            _ => {}
        }
    }
    vec![plain, form.operation()]
}

/// Takes something away.
fn less(town: &mut Town, what: u8, which: usize) {
    let cluster = &mut town.cluster;
    let node = NODES[which % NODES.len()];
    let mut names: Vec<_> = cluster.instances.keys().cloned().collect();
    names.sort();
    let name = names.get(which % names.len().max(1)).cloned();
    match what {
        0 => drop(cluster.nodes.remove(node)),
        1 => cluster.conf = None,
        2 => cluster.groups.clear(),
        3 => town.lose(node, 30),
        4 => drop(name.and_then(|name| cluster.instances.remove(&name))),
        5 => cluster.queue = None,
        6 => {
            if let Some(it) = name.and_then(|name| cluster.instances.get_mut(&name)) {
                it.conf.secondaries.clear();
                it.conf.disks.clear();
            }
        }
        7 => {
            if let Some(it) = cluster.nodes.get_mut(node) {
                it.conf = None;
            }
        }
        8 => {
            if let Some(it) = cluster.nodes.get_mut(node) {
                it.facts = Default::default();
            }
        }
        9 => {
            if let Some(it) = name.and_then(|name| cluster.instances.get_mut(&name)) {
                (it.conf.maxmem, it.conf.minmem) = (u64::MAX, u64::MAX);
                it.conf
                    .disks
                    .iter_mut()
                    .for_each(|disk| disk.size = u64::MAX);
            }
        }
        _ => {
            if let Some(it) = name.and_then(|name| cluster.instances.get_mut(&name)) {
                it.conf.disk_template.clear();
                it.conf.primary = "node99".into();
            }
        }
    }
}

proptest! {
    #[test]
    fn there_is_a_forecast_whatever_is_missing(
        cuts in prop::collection::vec((0..11_u8, 0..8_usize), 0..5),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
    ) {
        let mut town = Town::new();
        for (what, which) in cuts {
            less(&mut town, what, which);
        }
        let operations: Vec<Operation> = picks.iter().map(|at| at.get(&EVERYTHING).clone()).collect();
        let told = town.forecast(&operations).0;
        for line in &told.lines {
            prop_assert!(!line.text.is_empty() && line.text.chars().all(|c| (' '..='~').contains(&c)), "{line:?}");
            prop_assert!(line.text.len() < 300, "{line:?}");
        }
        for (at, why) in told.refusals.iter().chain(&told.idle) {
            prop_assert!(*at < operations.len() && !why.is_empty());
        }
    }
}

#[test]
fn everything_is_told_of_a_cluster_that_is_well() {
    let town = Town::new();
    assert!(EVERYTHING.len() > 100, "{}", EVERYTHING.len());
    for operation in EVERYTHING.iter() {
        let told = town.forecast(std::slice::from_ref(operation)).0;
        let empty = told.lines.is_empty() && told.refused.is_none() && told.nothing.is_none();
        assert!(!empty, "{operation:?}");
    }
    let none = town.forecast(&[]).0;
    assert_eq!(none.nothing.as_deref(), Some("nothing was asked for"));
}
