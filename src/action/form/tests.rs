#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
use std::collections::HashSet;

use gantry_wire::operation::{Chosen, Permission, ReplaceMode};
use proptest::prelude::*;

use super::*;
use crate::action::fixture::{Town, job};

/// Something of each menu that everything in it can be tried with.
fn objects() -> Vec<Object> {
    let instances = ["web7", "db2", "old1", "pool1", "off1"];
    let mut all: Vec<Object> = instances.map(|it| Object::Instance(it.into())).into();
    all.push(Object::Pair("web7".into(), 0));
    all.extend(["node1", "node3", "node9"].map(|it| Object::Node(it.into())));
    all.extend([
        Object::Group("default".into()),
        Object::Job(7),
        Object::Cluster,
    ]);
    all
}

fn town() -> Town {
    let mut town = Town::new();
    town.jobs(vec![job(7, "queued", "TEST_DELAY")]);
    town
}

#[test]
fn every_letter_is_once_in_its_menu_and_every_kind_in_some() {
    for menu in Menu::ALL {
        let letters: Vec<char> = menu.kinds().map(Kind::letter).collect();
        let unique: HashSet<&char> = letters.iter().collect();
        assert_eq!(unique.len(), letters.len(), "{menu:?}: {letters:?}");
    }
    for kind in Kind::all() {
        assert!(!kind.applies_to().is_empty(), "{kind:?}");
        assert_eq!(Kind::named(kind.name()), Some(kind));
        assert!(Permission::named(kind.name()).is_some(), "{}", kind.name());
        assert!(kind.what().ends_with('.'), "{kind:?}");
    }
    assert_eq!(Kind::all().count(), 35);
}

#[test]
fn a_form_makes_the_operation_of_its_name() {
    let town = town();
    let mut made = HashSet::new();
    for object in objects() {
        for kind in object.menu().kinds() {
            let Ok(mut form) = Form::new(kind, object.clone(), &town.cluster) else {
                continue;
            };
            for (name, text) in [
                ("amount", "1024"),
                ("new_name", "web8"),
                ("tags", "a b"),
                ("priority", "5"),
                ("vcpus", "2"),
            ] {
                if form.field(name).is_some() {
                    form.set(name, text).unwrap();
                }
            }
            let operation = form.operation().unwrap();
            assert_eq!(operation.name(), kind.name());
            assert_eq!(operation.check(), Ok(()));
            let expect = form.expect(&town.cluster);
            assert_eq!(super::super::expect(&operation, &town.cluster), Ok(expect));
            made.insert(kind);
        }
    }
    assert_eq!(made.len(), Kind::all().count());
}

#[test]
fn what_can_never_be_is_told_before_there_is_a_form() {
    let town = town();
    let why = |kind, object| Form::new(kind, object, &town.cluster).unwrap_err();
    let instance = |name: &str| Object::Instance(name.into());
    let node = |name: &str| Object::Node(name.into());
    assert!(why(Kind::Migrate, instance("old1")).contains("on node7 only (template plain)"));
    assert!(why(Kind::Failover, instance("old1")).contains("move copies them"));
    assert!(why(Kind::ReplaceDisks, instance("pool1")).contains("its template is rbd"));
    assert!(why(Kind::Move, instance("web7")).contains("has drbd"));
    assert!(why(Kind::NodeDrain, node("node1")).contains("is the master"));
    assert!(why(Kind::NodePowercycle, node("node1")).contains("is the master"));
    assert!(why(Kind::Start, instance("web99")).contains("no instance web99"));
    assert!(why(Kind::NodeDrain, node("node99")).contains("no node node99"));
    assert!(why(Kind::JobCancel, Object::Job(99)).contains("job 99"));
    assert!(why(Kind::Verify, Object::Group("x".into())).contains("no group x"));
    assert_eq!(why(Kind::Start, node("node3")), "start is not for a node");
}

#[test]
fn only_what_is_on_shared_storage_has_a_choice_of_nodes() {
    let town = town();
    assert!(town.form(Kind::Migrate, "web7").field("to").is_none());
    let mut form = town.form(Kind::Failover, "pool1");
    let Some(Value::Pick { options, at: 0 }) = form.field("to").map(|it| &it.value) else {
        panic!("{form:?}")
    };
    // node9 is of another group: those of its own come first.
    let wanted = ["iallocator hail", "node1", "node3", "node5", "node9"];
    assert_eq!(options, &wanted);
    let Ok(Operation::Failover(it)) = form.operation() else {
        panic!("{form:?}")
    };
    assert_eq!(
        (it.target_node, it.iallocator.as_deref()),
        (None, Some("hail"))
    );
    form.set("to", "node5").unwrap();
    let Ok(Operation::Failover(it)) = form.operation() else {
        panic!("{form:?}")
    };
    assert_eq!(
        (it.target_node.as_deref(), it.iallocator),
        (Some("node5"), None)
    );
}

#[test]
fn a_new_secondary_is_a_node_or_an_iallocators_choice() {
    let town = town();
    let mut form = Form::new(
        Kind::ReplaceDisks,
        Object::Pair("web7".into(), 0),
        &town.cluster,
    )
    .unwrap();
    let mode = |form: &Form| match form.operation().unwrap() {
        Operation::ReplaceDisks(it) => (it.mode, it.disks),
        other => panic!("{other:?}"),
    };
    assert_eq!(mode(&form), (ReplaceMode::OnSecondary, vec![0]));
    form.set("mode", "new-secondary").unwrap();
    assert_eq!(form.operation().unwrap_err().field, "disks");
    form.set("disks", "").unwrap();
    let hail = Chosen::Iallocator("hail".into());
    assert_eq!(mode(&form), (ReplaceMode::NewSecondary(hail), vec![]));
    form.set("to", "node7").unwrap();
    let node = Chosen::Node("node7".into());
    assert_eq!(mode(&form), (ReplaceMode::NewSecondary(node), vec![]));
    form.set("mode", "auto").unwrap();
    assert_eq!(form.operation().unwrap_err().field, "to");
}

#[test]
fn a_marked_set_has_the_same_parameters() {
    let town = town();
    let mut form = town.form(Kind::Shutdown, "web7");
    form.set("timeout", "30").unwrap();
    let other = form.for_another(Object::Instance("db2".into()), &town.cluster);
    let Ok(Operation::Shutdown(it)) = other.unwrap().operation() else {
        panic!("{form:?}")
    };
    assert_eq!((it.instance.as_str(), it.timeout), ("db2", Some(30)));
    let mut form = town.form(Kind::ReplaceDisks, "web7");
    form.set("mode", "new-secondary").unwrap();
    form.set("to", "node7").unwrap();
    let other = form.for_another(Object::Instance("off1".into()), &town.cluster);
    assert_eq!(other.unwrap_err(), "off1: new secondary cannot be node7");
    let other = form.for_another(Object::Instance("old1".into()), &town.cluster);
    assert!(other.unwrap_err().contains("old1 has no DRBD disks"));
}

#[test]
fn a_soft_reboot_is_called_what_it_is_on_kvm() {
    let mut town = town();
    let soft = |town: &Town| match &town
        .form(Kind::Reboot, "web7")
        .field("reboot_type")
        .unwrap()
        .value
    {
        Value::Pick { options, .. } => options[2].clone(),
        other => panic!("{other:?}"),
    };
    assert!(soft(&town).contains("on KVM a hard reset"));
    town.conf("web7").hypervisor = "xen-pvm".into();
    assert_eq!(soft(&town), "soft (by the hypervisor)");
}

#[test]
fn bad_input_names_the_field_as_it_is_here() {
    let town = town();
    let mut form = town.form(Kind::Modify, "web7");
    // It changes nothing.
    assert_eq!(form.operation().unwrap_err().field, "vcpus");
    form.set("vcpus", "-1").unwrap();
    assert_eq!(form.operation().unwrap_err().field, "vcpus");
    form.set("vcpus", "0").unwrap();
    assert_eq!(form.operation().unwrap_err().field, "vcpus");
    assert!(
        form.set("vcpus", "two")
            .unwrap_err()
            .why
            .contains("no number")
    );
    assert!(
        form.set("colour", "red")
            .unwrap_err()
            .why
            .contains("vcpus, maxmem")
    );
    assert!(
        form.set("auto_balance", "perhaps")
            .unwrap_err()
            .why
            .contains("unchanged; yes; no")
    );
    let mut form = Form::new(Kind::WatcherPause, Object::Cluster, &town.cluster).unwrap();
    assert!(form.operation().is_ok());
    for minutes in ["0", "99999999", ""] {
        form.set("minutes", minutes).unwrap();
        assert_eq!(form.operation().unwrap_err().field, "minutes", "{minutes}");
    }
    let mut form = town.form(Kind::AddTags, "web7");
    form.set("tags", "caf\u{e9}").unwrap();
    assert_eq!(form.operation().unwrap_err().field, "tags");
}

#[test]
fn what_is_gone_meanwhile_is_expected_as_it_was() {
    let mut town = town();
    let form = town.form(Kind::Start, "off1");
    let seen = form.expect(&town.cluster);
    town.conf("off1").admin_state = "up".into();
    assert_ne!(form.expect(&town.cluster), seen);
    town.cluster.instances.remove("off1");
    assert_eq!(form.expect(&town.cluster), seen);
}

proptest! {
    #[test]
    fn whatever_is_typed_is_an_operation_or_a_bad_field(
        which in any::<prop::sample::Index>(),
        texts in prop::collection::vec(("[a-z0-9, -]{0,12}|[0-9-]{1,21}|yes|\\PC{0,8}", any::<prop::sample::Index>()), 0..6),
    ) {
        let town = town();
        let all: Vec<(Kind, Object)> = objects()
            .into_iter()
            .flat_map(|object| object.menu().kinds().map(move |kind| (kind, object.clone())).collect::<Vec<_>>())
            .collect();
        let (kind, object) = which.get(&all).clone();
        let Ok(mut form) = Form::new(kind, object, &town.cluster) else { return Ok(()) };
        for (text, at) in texts {
            if form.fields.is_empty() {
                break;
            }
            let name = form.fields[at.index(form.fields.len())].name;
            if let Err(bad) = form.set(name, &text) {
                prop_assert_eq!(bad.field, name);
            }
        }
        match form.operation() {
            Ok(operation) => prop_assert_eq!(operation.name(), kind.name()),
            Err(bad) => prop_assert!(
                form.field(&bad.field).is_some(),
                "{bad:?} of {form:?}"
            ),
        }
    }
}

#[test]
fn a_node_is_named_whole_or_without_its_domain_and_never_by_its_beginning() {
    let options = [
        "any: hail chooses",
        "node1.example.com",
        "node10.example.com",
    ];
    let options = options.map(str::to_owned);
    assert_eq!(pick(&options, "node1"), Ok(1));
    assert_eq!(pick(&options, "any"), Ok(0));
    assert!(pick(&options[2..], "node1").is_err());
    assert!(pick(&options, "node").is_err());
}

#[test]
fn tags_of_the_cluster_are_asked_for_by_name() {
    let town = Town::new();
    let named = |kind, words: &[&str]| {
        let words: Vec<String> = words.iter().map(|it| (*it).to_owned()).collect();
        named(kind, &words, &town.cluster)
    };
    assert!(named(Kind::AddTags, &[]).is_err());
    assert_eq!(
        named(Kind::AddTags, &["cluster"]),
        Ok(vec![Object::Cluster])
    );
    assert_eq!(named(Kind::Verify, &[]), Ok(vec![Object::Cluster]));
    assert!(named(Kind::Failover, &["cluster"]).is_err());
    assert!(named(Kind::Failover, &["web7", "web7"]).is_err());
}
