#![allow(clippy::unwrap_used)]
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn of(operation: Value) -> String {
    command(&serde_json::from_value(operation).unwrap())
}

#[test]
fn every_operation_has_its_line() {
    let cases = [
        (
            json!({"master-failover": {"node": "node3", "no_voting": true}}),
            "gnt-cluster master-failover --no-voting  # on node3",
        ),
        (
            json!({"migrate": {"instance": "web7"}}),
            "gnt-instance migrate web7",
        ),
        (
            json!({"migrate": {"instance": "web7", "mode": "non-live", "cleanup": true, "allow_failover": true,
                   "target_node": "node3", "ignore_ipolicy": true}}),
            "gnt-instance migrate --migration-mode=non-live --cleanup --allow-failover \
             --target-node=node3 --ignore-ipolicy web7",
        ),
        (
            json!({"failover": {"instance": "web7", "ignore_consistency": true}}),
            "gnt-instance failover --ignore-consistency web7",
        ),
        (
            json!({"failover": {"instance": "web7", "iallocator": "hail", "shutdown_timeout": 5}}),
            "gnt-instance failover --iallocator=hail --shutdown-timeout=5 web7",
        ),
        (
            json!({"replace-disks": {"instance": "web7", "mode": "on-primary", "disks": [0, 2]}}),
            "gnt-instance replace-disks --on-primary --disks=0,2 web7",
        ),
        (
            json!({"replace-disks": {"instance": "web7", "mode": "on-secondary"}}),
            "gnt-instance replace-disks --on-secondary web7",
        ),
        (
            json!({"replace-disks": {"instance": "web7", "mode": "auto"}}),
            "gnt-instance replace-disks --auto web7",
        ),
        (
            json!({"replace-disks": {"instance": "web7", "mode": {"new-secondary": {"node": "node7"}},
                   "early_release": true}}),
            "gnt-instance replace-disks --new-secondary=node7 --early-release web7",
        ),
        (
            json!({"replace-disks": {"instance": "web7", "mode": {"new-secondary": {"iallocator": "."}}}}),
            "gnt-instance replace-disks --iallocator=. web7",
        ),
        (
            json!({"activate-disks": {"instance": "web7", "ignore_size": true, "wait_for_sync": true}}),
            "gnt-instance activate-disks --ignore-size --wait-for-sync web7",
        ),
        (
            json!({"deactivate-disks": {"instance": "web7", "force": true}}),
            "gnt-instance deactivate-disks --force web7",
        ),
        (
            json!({"start": {"instance": "web7"}}),
            "gnt-instance startup web7",
        ),
        (
            json!({"start": {"instance": "web7", "force": true}}),
            "gnt-instance startup --force web7",
        ),
        (
            json!({"shutdown": {"instance": "web7", "timeout": 30, "ignore_offline_nodes": true}}),
            "gnt-instance shutdown --timeout=30 --ignore-offline web7",
        ),
        (
            json!({"kill": {"instance": "web7"}}),
            "gnt-instance shutdown --timeout=0 web7",
        ),
        (
            json!({"reboot": {"instance": "web7", "reboot_type": "full", "ignore_secondaries": true}}),
            "gnt-instance reboot --type=full --ignore-secondaries web7",
        ),
        (
            json!({"grow-disk": {"instance": "web7", "disk": 1, "amount": 1024, "absolute": true,
                   "no_wait_for_sync": true}}),
            "gnt-instance grow-disk --absolute --no-wait-for-sync web7 1 1024m",
        ),
        (
            json!({"move": {"instance": "old1", "target_node": "node3", "ignore_consistency": true}}),
            "gnt-instance move --node=node3 --ignore-consistency old1",
        ),
        (
            json!({"recreate-disks": {"instance": "web7", "disks": [0, 1]}}),
            "gnt-instance recreate-disks --disk=0 --disk=1 web7",
        ),
        (
            json!({"recreate-disks": {"instance": "web7", "nodes": ["node1", "node7"]}}),
            "gnt-instance recreate-disks --node=node1:node7 web7",
        ),
        (
            json!({"modify": {"instance": "web7", "backend": {"vcpus": 2, "maxmem": 2048, "auto_balance": false}}}),
            "gnt-instance modify --backend-parameters=vcpus=2,maxmem=2048,auto_balance=false web7",
        ),
        (
            json!({"remove": {"instance": "web7", "shutdown_timeout": 5, "ignore_failures": true}}),
            "gnt-instance remove --shutdown-timeout=5 --ignore-failures web7",
        ),
        (
            json!({"node-drain": {"node": "node3", "auto_promote": true}}),
            "gnt-node modify --drained=yes --auto-promote node3",
        ),
        (
            json!({"node-undrain": {"node": "node3"}}),
            "gnt-node modify --drained=no node3",
        ),
        (
            json!({"node-offline": {"node": "node3"}}),
            "gnt-node modify --offline=yes node3",
        ),
        (
            json!({"node-online": {"node": "node3"}}),
            "gnt-node modify --offline=no node3",
        ),
        (
            json!({"node-promote": {"node": "node3"}}),
            "gnt-node modify --master-candidate=yes node3",
        ),
        (
            json!({"node-demote": {"node": "node3"}}),
            "gnt-node modify --master-candidate=no node3",
        ),
        (
            json!({"node-evacuate": {"node": "node3", "mode": "primary-only", "ignore_soft_errors": true}}),
            "gnt-node evacuate --primary-only --ignore-soft-errors node3",
        ),
        (
            json!({"node-evacuate": {"node": "node3", "mode": "secondary-only", "to": {"node": "node7"},
                   "early_release": true}}),
            "gnt-node evacuate --secondary-only --new-secondary=node7 --early-release node3",
        ),
        (
            json!({"node-powercycle": {"node": "node3"}}),
            "gnt-node powercycle node3",
        ),
        (json!({"verify": {}}), "gnt-cluster verify --error-codes"),
        (
            json!({"verify": {"group": "rack 1"}}),
            "gnt-cluster verify --error-codes '--node-group=rack 1'",
        ),
        (json!({"verify-disks": {}}), "gnt-cluster verify-disks"),
        (
            json!({"add-tags": {"of": "cluster", "tags": ["a", "b"]}}),
            "gnt-cluster add-tags a b",
        ),
        (
            json!({"add-tags": {"of": {"group": "rack1"}, "tags": ["-a"]}}),
            "gnt-group add-tags -- rack1 -a",
        ),
        (
            json!({"remove-tags": {"of": {"node": "node3"}, "tags": ["a"]}}),
            "gnt-node remove-tags node3 a",
        ),
        (
            json!({"remove-tags": {"of": {"instance": "web7"}, "tags": ["a*b"]}}),
            "gnt-instance remove-tags web7 'a*b'",
        ),
        (json!({"job-cancel": {"job": 4711}}), "gnt-job cancel 4711"),
        (
            json!({"job-priority": {"job": 4711, "priority": -10}}),
            "gnt-job change-priority --priority=high 4711",
        ),
        (
            json!({"job-archive": {"job": 4711}}),
            "gnt-job archive 4711",
        ),
        (json!({"queue-drain": {}}), "gnt-cluster queue drain"),
        (json!({"queue-undrain": {}}), "gnt-cluster queue undrain"),
        (
            json!({"watcher-pause": {"seconds": 5400}}),
            "gnt-cluster watcher pause 90m",
        ),
        (
            json!({"watcher-pause": {"seconds": 7}}),
            "gnt-cluster watcher pause 7s",
        ),
        (
            json!({"watcher-continue": {}}),
            "gnt-cluster watcher continue",
        ),
    ];
    for (operation, line) in cases {
        assert_eq!(of(operation), line);
    }
    let odd = of(json!({"job-priority": {"job": 4711, "priority": -20}}));
    assert!(
        odd.starts_with("a LUXI call, ChangeJobPriority(4711, -20)"),
        "{odd}"
    );
}

#[test]
fn a_rename_is_spelt_as_each_version_does() {
    let rename = json!({"rename": {"instance": "web7", "new_name": "web8", "name_check": true}});
    let rename: Operation = serde_json::from_value(rename).unwrap();
    assert_eq!(
        command(&rename),
        "gnt-instance rename --no-ip-check web7 web8"
    );
    let at = |text| command_at(&rename, Version::parse(text));
    assert_eq!(at("3.0.2"), "gnt-instance rename --no-ip-check web7 web8");
    assert_eq!(at("3.1.0"), "gnt-instance rename --name-check web7 web8");
}

/// Splits a line into words as a shell does, as far as quoting goes; and what of it is not quoted.
fn shell(line: &str) -> (Vec<String>, String) {
    let (mut words, mut word, mut bare) = (Vec::new(), None::<String>, String::new());
    let (mut quoted, mut escaped) = (false, false);
    for c in line.chars() {
        match c {
            c if escaped => {
                word.get_or_insert_default().push(c);
                escaped = false;
            }
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if !quoted => escaped = true,
            ' ' if !quoted => words.extend(word.take()),
            c => {
                word.get_or_insert_default().push(c);
                if !quoted {
                    bare.push(c);
                }
            }
        }
    }
    words.extend(word);
    (words, bare)
}

proptest! {
    #[test]
    fn a_name_is_one_word_of_printable_text(name in any::<String>(), tag in any::<String>()) {
        let instance = name.clone();
        let start = command(&Operation::Start(gantry_wire::operation::Start { instance, force: false }));
        let tags = command(&Operation::AddTags(gantry_wire::operation::AddTags {
            of: TagsOf::Node(name.clone()),
            tags: vec![tag],
        }));
        for line in [&start, &tags] {
            prop_assert!(line.chars().all(|c| (' '..='~').contains(&c)), "{line:?}");
        }
        let shown: String = name.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }).collect();
        let (words, bare) = shell(&start);
        prop_assert_eq!(words.len(), if name.starts_with('-') { 4 } else { 3 });
        prop_assert_eq!(words.last(), Some(&shown));
        prop_assert!(shell(&tags).0.contains(&shown));
        // Nothing outside of quotes means anything to a shell.
        let special = ['$', '`', ';', '&', '|', '<', '>', '(', ')', '*', '?', '#', '~', '"'];
        prop_assert!(!bare.contains(special), "{start:?}");
    }
}
