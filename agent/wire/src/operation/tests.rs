#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

const V30: Version = Version { major: 3, minor: 0 };
const V31: Version = Version { major: 3, minor: 1 };

/// The opcodes that 3.0 and 3.1 are told, of operations that become jobs.
fn opcodes(operation: &Operation) -> [Value; 2] {
    [V30, V31].map(|version| match operation.carriage(version) {
        Ok(Carriage::Job(opcode)) => opcode,
        other => unreachable!("{other:?}"),
    })
}

#[test]
fn each_operation_goes_over_the_wire_under_its_own_name_and_comes_back() {
    for operation in samples::all() {
        let json = serde_json::to_value(&operation).unwrap();
        let names: Vec<_> = json.as_object().unwrap().keys().collect();
        assert_eq!(names, [operation.name()]);
        assert_eq!(
            serde_json::from_value::<Operation>(json).unwrap(),
            operation
        );
        assert_eq!(operation.check(), Ok(()), "{operation:?}");
    }
}

#[test]
fn one_more_field_anywhere_is_refused() {
    for operation in samples::all() {
        let mut json = serde_json::to_value(&operation).unwrap();
        json[operation.name()]["new"] = json!(1);
        let error = serde_json::from_value::<Operation>(json).unwrap_err();
        assert!(error.to_string().contains("new"), "{operation:?}: {error}");
    }
    let odd = json!({"modify": {"instance": "web1", "backend": {"memory": 1}}});
    assert!(serde_json::from_value::<Operation>(odd).is_err());
}

#[test]
fn permissions_are_the_operations_names_and_those_of_forced_variants() {
    let wanted: BTreeSet<_> = samples::all().iter().map(Operation::permission).collect();
    assert_eq!(wanted, Permission::all().collect());
    assert_eq!(
        Permission::all().count(),
        wanted.len(),
        "one is there twice"
    );
    for operation in samples::all() {
        let permission = operation.permission();
        assert_eq!(Permission::named(permission.word()), Some(permission));
        let forced = permission.word() != operation.name();
        let loud = format!("{operation:?}");
        let says = [
            "ignore_consistency: true",
            "force: true",
            "ignore_failures: true",
            "no_voting: true",
            "ignore_secondaries: true",
            // A migration that may become a failover wants that one's.
            "allow_failover: true",
        ];
        assert_eq!(
            forced,
            says.iter().any(|word| loud.contains(word)),
            "{loud}"
        );
    }
    assert_eq!(Permission::named("dance"), None);
}

#[test]
fn the_samples_have_every_operation() {
    let named: BTreeSet<_> = samples::all().iter().map(Operation::name).collect();
    let permitted = Permission::all().map(Permission::word);
    let plain: BTreeSet<_> = permitted
        .filter(|word| {
            ![
                "-force",
                "-ignore-consistency",
                "-ignore-failures",
                "-no-voting",
            ]
            .iter()
            .any(|end| word.ends_with(end))
        })
        .collect();
    assert_eq!(named, plain);
}

#[test]
fn opcodes_have_what_differs_from_the_defaults_and_nothing_else() {
    let web = "web1.example.com";
    let node = "node2.example.com";
    let op = |id: &str, name: &str, more: Value| {
        let mut opcode = json!({ "OP_ID": id });
        if id.starts_with("OP_INSTANCE") {
            opcode["instance_name"] = json!(name);
        } else if id.starts_with("OP_NODE") {
            opcode["node_name"] = json!(name);
        }
        let more = more.as_object().unwrap().clone();
        opcode.as_object_mut().unwrap().extend(more);
        opcode
    };
    let i = |id: &str, more: Value| op(&format!("OP_INSTANCE_{id}"), web, more);
    let n = |id: &str, more: Value| op(&format!("OP_NODE_{id}"), node, more);
    let c = |id: &str, more: Value| op(&format!("OP_{id}"), "", more);
    let expected = [
        i("MIGRATE", json!({})),
        i(
            "MIGRATE",
            json!({"mode": "non-live", "cleanup": true, "allow_failover": true,
                   "target_node": node, "ignore_ipolicy": true}),
        ),
        i("FAILOVER", json!({})),
        i(
            "FAILOVER",
            json!({"ignore_consistency": true, "iallocator": ".", "shutdown_timeout": 10,
                   "ignore_ipolicy": true}),
        ),
        i(
            "REPLACE_DISKS",
            json!({"mode": "replace_on_primary", "disks": [0, 2]}),
        ),
        i(
            "REPLACE_DISKS",
            json!({"mode": "replace_on_secondary", "early_release": true}),
        ),
        i(
            "REPLACE_DISKS",
            json!({"mode": "replace_auto", "early_release": true}),
        ),
        i(
            "REPLACE_DISKS",
            json!({"mode": "replace_new_secondary", "remote_node": node, "early_release": true}),
        ),
        i(
            "REPLACE_DISKS",
            json!({"mode": "replace_new_secondary", "iallocator": "hail", "early_release": true}),
        ),
        i(
            "ACTIVATE_DISKS",
            json!({"ignore_size": true, "wait_for_sync": true}),
        ),
        i("DEACTIVATE_DISKS", json!({})),
        i("DEACTIVATE_DISKS", json!({"force": true})),
        i("STARTUP", json!({})),
        i("STARTUP", json!({"force": true})),
        i(
            "SHUTDOWN",
            json!({"timeout": 30, "ignore_offline_nodes": true}),
        ),
        i("SHUTDOWN", json!({"timeout": 0})),
        i("REBOOT", json!({"reboot_type": "hard"})),
        i(
            "REBOOT",
            json!({"reboot_type": "full", "shutdown_timeout": 60, "ignore_secondaries": true}),
        ),
        i(
            "GROW_DISK",
            json!({"disk": 1, "amount": 1024, "absolute": true, "wait_for_sync": false,
                   "ignore_ipolicy": true}),
        ),
        i("MOVE", json!({"target_node": node})),
        i(
            "MOVE",
            json!({"target_node": node, "shutdown_timeout": 15, "ignore_consistency": true,
                   "ignore_ipolicy": true}),
        ),
        i("RECREATE_DISKS", json!({"disks": [1]})),
        i(
            "RECREATE_DISKS",
            json!({"nodes": ["node1.example.com", node]}),
        ),
        i(
            "SET_PARAMS",
            json!({"beparams": {"vcpus": 2, "maxmem": 2048, "minmem": 1024,
                   "auto_balance": false, "always_failover": true, "spindle_use": 3},
                   "ignore_ipolicy": true}),
        ),
        // As 3.1 has it.
        i(
            "RENAME",
            json!({"new_name": "web2.example.com", "name_check": true}),
        ),
        i("REMOVE", json!({})),
        i(
            "REMOVE",
            json!({"shutdown_timeout": 5, "ignore_failures": true}),
        ),
        n("SET_PARAMS", json!({"drained": true, "auto_promote": true})),
        n("SET_PARAMS", json!({"drained": false})),
        n("SET_PARAMS", json!({"offline": true})),
        n("SET_PARAMS", json!({"offline": false})),
        n("SET_PARAMS", json!({"master_candidate": true})),
        n("SET_PARAMS", json!({"master_candidate": false})),
        n(
            "EVACUATE",
            json!({"mode": "primary-only", "ignore_soft_errors": true}),
        ),
        n(
            "EVACUATE",
            json!({"mode": "secondary-only", "remote_node": "node3.example.com",
                   "early_release": true}),
        ),
        n("POWERCYCLE", json!({})),
        c("CLUSTER_VERIFY", json!({"error_codes": true})),
        c(
            "CLUSTER_VERIFY",
            json!({"error_codes": true, "group_name": "rack1"}),
        ),
        c("CLUSTER_VERIFY_DISKS", json!({})),
        c("CLUSTER_VERIFY_DISKS", json!({"group_name": "rack1"})),
        c(
            "TAGS_SET",
            json!({"kind": "cluster", "tags": ["hotspare", "rack:7"]}),
        ),
        c(
            "TAGS_SET",
            json!({"kind": "nodegroup", "name": "rack1", "tags": ["hotspare", "rack:7"]}),
        ),
        c(
            "TAGS_DEL",
            json!({"kind": "node", "name": node, "tags": ["hotspare", "rack:7"]}),
        ),
        c(
            "TAGS_DEL",
            json!({"kind": "instance", "name": web, "tags": ["hotspare", "rack:7"]}),
        ),
    ];
    let jobs: Vec<_> = samples::all()
        .into_iter()
        .filter(Operation::is_job)
        .collect();
    assert_eq!(jobs.len(), expected.len());
    for (operation, expected) in jobs.iter().zip(expected) {
        let [old, new] = opcodes(operation);
        assert_eq!(new, expected, "{operation:?}");
        if operation.name() != "rename" {
            assert_eq!(old, expected, "{operation:?}");
        }
    }
}

#[test]
fn a_rename_says_what_differs_from_that_versions_default() {
    let rename = |name_check, ip_check| {
        opcodes(&Operation::Rename(Rename {
            instance: "a".into(),
            new_name: "b".into(),
            name_check,
            ip_check,
        }))
    };
    let with = |more: Value| {
        let mut opcode =
            json!({"OP_ID": "OP_INSTANCE_RENAME", "instance_name": "a", "new_name": "b"});
        let more = more.as_object().unwrap().clone();
        opcode.as_object_mut().unwrap().extend(more);
        opcode
    };
    let both = |check| with(json!({"name_check": check, "ip_check": check}));
    assert_eq!(rename(false, false), [both(false), with(json!({}))]);
    assert_eq!(rename(true, true), [with(json!({})), both(true)]);
}

#[test]
fn what_an_older_ganeti_has_not_is_said() {
    let old = Version::parse("2.15.2").unwrap();
    let one = Operation::VerifyDisks(VerifyDisks {
        group: Some("rack1".into()),
    });
    assert!(one.carriage(old).unwrap_err().contains("2.15"));
    assert!(
        Operation::VerifyDisks(VerifyDisks::default())
            .carriage(old)
            .is_ok()
    );
}

#[test]
fn versions_are_read_as_ganeti_writes_them() {
    assert_eq!(Version::parse("3.1.0~rc2"), Some(V31));
    assert_eq!(Version::parse("3.0.2"), Some(V30));
    assert!(V31.is_since(3, 1) && V31.is_since(2, 16) && !V30.is_since(3, 1));
    for odd in ["", "3", "x.y", "3.", "-1.2"] {
        assert_eq!(Version::parse(odd), None, "{odd}");
    }
}

#[test]
fn methods_change_what_is_no_job() {
    for operation in samples::all() {
        let carriage = operation.carriage(V31).unwrap();
        assert_eq!(matches!(carriage, Carriage::Job(_)), operation.is_job());
    }
}

#[test]
fn fields_that_cannot_be_so_are_named() {
    let refused = |json: Value| {
        let operation: Operation = serde_json::from_value(json).unwrap();
        operation.check().unwrap_err()
    };
    for (json, field, word) in [
        (json!({"start": {"instance": ""}}), "instance", "empty"),
        (json!({"start": {"instance": " "}}), "instance", "empty"),
        (
            json!({"start": {"instance": "caf\u{e9}"}}),
            "instance",
            "ASCII",
        ),
        (
            json!({"start": {"instance": "a\u{3}b"}}),
            "instance",
            "ASCII",
        ),
        (
            json!({"start": {"instance": "a".repeat(256)}}),
            "instance",
            "longer",
        ),
        (
            json!({"replace-disks": {"instance": "a", "mode": {"new-secondary": {"node": "\u{2603}"}}}}),
            "mode.new-secondary.node",
            "ASCII",
        ),
        (
            json!({"recreate-disks": {"instance": "a", "nodes": ["b", "\n"]}}),
            "nodes[1]",
            "empty",
        ),
        (
            json!({"add-tags": {"of": {"node": "\t"}, "tags": ["x"]}}),
            "of.node",
            "empty",
        ),
        (
            json!({"add-tags": {"of": "cluster", "tags": []}}),
            "tags",
            "none",
        ),
        (
            json!({"add-tags": {"of": "cluster", "tags": ["a b"]}}),
            "tags",
            "' '",
        ),
        (
            json!({"add-tags": {"of": "cluster", "tags": ["a".repeat(129)]}}),
            "tags",
            "longer",
        ),
        (
            json!({"shutdown": {"instance": "a", "timeout": 0}}),
            "timeout",
            "kills",
        ),
        (
            json!({"failover": {"instance": "a", "shutdown_timeout": 9}}),
            "shutdown_timeout",
            "kills",
        ),
        (
            json!({"move": {"instance": "a", "target_node": "b", "shutdown_timeout": 1}}),
            "shutdown_timeout",
            "kills",
        ),
        (
            json!({"reboot": {"instance": "a", "reboot_type": "soft", "ignore_secondaries": true}}),
            "ignore_secondaries",
            "soft",
        ),
        (
            json!({"migrate": {"instance": "a", "target_node": "b", "iallocator": "hail"}}),
            "iallocator",
            "target_node",
        ),
        (
            json!({"failover": {"instance": "a", "target_node": "b", "iallocator": "hail"}}),
            "iallocator",
            "target_node",
        ),
        (
            json!({"replace-disks": {"instance": "a", "mode": "auto", "disks": [0]}}),
            "disks",
            "same nodes",
        ),
        (
            json!({"replace-disks": {"instance": "a", "mode": "on-primary", "disks": [1, 1]}}),
            "disks",
            "twice",
        ),
        (
            json!({"replace-disks": {"instance": "a", "mode": "on-primary", "disks": [16]}}),
            "disks",
            "15",
        ),
        (
            json!({"grow-disk": {"instance": "a", "disk": 16, "amount": 1}}),
            "disk",
            "15",
        ),
        (
            json!({"grow-disk": {"instance": "a", "disk": 0, "amount": 0}}),
            "amount",
            "0 MiB",
        ),
        (
            json!({"grow-disk": {"instance": "a", "disk": 0, "amount": u64::MAX}}),
            "amount",
            "large",
        ),
        (
            json!({"recreate-disks": {"instance": "a", "disks": [0], "nodes": ["b"]}}),
            "disks",
            "all disks",
        ),
        (
            json!({"recreate-disks": {"instance": "a", "iallocator": "hail", "nodes": ["b"]}}),
            "iallocator",
            "nodes",
        ),
        (
            json!({"recreate-disks": {"instance": "a", "nodes": ["b", "b"]}}),
            "nodes",
            "same",
        ),
        (
            json!({"recreate-disks": {"instance": "a", "nodes": ["b", "c", "d"]}}),
            "nodes",
            "more than two",
        ),
        (json!({"modify": {"instance": "a"}}), "backend", "nothing"),
        (
            json!({"modify": {"instance": "a", "backend": {"minmem": 2, "maxmem": 1}}}),
            "backend.minmem",
            "maxmem",
        ),
        (
            json!({"modify": {"instance": "a", "backend": {"vcpus": 0}}}),
            "backend.vcpus",
            "1",
        ),
        (
            json!({"modify": {"instance": "a", "backend": {"minmem": 0}}}),
            "backend.minmem",
            "0",
        ),
        (
            json!({"modify": {"instance": "a", "backend": {"maxmem": 0}}}),
            "backend.maxmem",
            "0",
        ),
        (
            json!({"rename": {"instance": "a", "new_name": "a"}}),
            "new_name",
            "present",
        ),
        (
            json!({"rename": {"instance": "a", "new_name": "b", "ip_check": true}}),
            "ip_check",
            "name_check",
        ),
        (
            json!({"node-evacuate": {"node": "a", "mode": "primary-only", "to": {"node": "b"}}}),
            "to.node",
            "iallocator",
        ),
        (json!({"job-cancel": {"job": 0}}), "job", "id"),
        (json!({"job-archive": {"job": u64::MAX}}), "job", "id"),
        (
            json!({"job-priority": {"job": 7, "priority": 20}}),
            "priority",
            "19",
        ),
        (
            json!({"job-priority": {"job": 7, "priority": -21}}),
            "priority",
            "-20",
        ),
        (json!({"watcher-pause": {"seconds": 0}}), "seconds", "0"),
    ] {
        let error = refused(json.clone());
        assert_eq!(error.field, field, "{json}: {error}");
        assert!(error.why.contains(word), "{json}: {error}");
    }
}
