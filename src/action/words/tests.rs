#![allow(clippy::unwrap_used)]
use serde_json::{Value, json};

use super::*;

fn op(operation: Value) -> Operation {
    serde_json::from_value(operation).unwrap()
}

#[test]
fn titles_say_what_is_done_to_whom() {
    for (operation, words) in [
        (json!({"failover": {"instance": "web7"}}), "fail over web7"),
        (
            json!({"migrate": {"instance": "web7", "target_node": "node3"}}),
            "migrate web7 to node3",
        ),
        (json!({"node-drain": {"node": "node3"}}), "drain node3"),
        (json!({"verify": {}}), "verify the cluster"),
        (
            json!({"verify-disks": {"group": "rack1"}}),
            "verify the disks of group rack1",
        ),
        (json!({"job-cancel": {"job": 7}}), "cancel job 7"),
        (
            json!({"master-failover": {"node": "node3"}}),
            "move the master role to node3",
        ),
        (json!({"queue-drain": {}}), "drain the queue"),
        (
            json!({"watcher-pause": {"seconds": 3600}}),
            "pause the watcher for 1h 00m",
        ),
        (
            json!({"grow-disk": {"instance": "web7", "disk": 1, "amount": 1024}}),
            "grow disk 1 of web7 by 1.0G",
        ),
        (
            json!({"add-tags": {"of": {"instance": "web7"}, "tags": ["a", "b"]}}),
            "add tags a, b to web7",
        ),
        (
            json!({"modify": {"instance": "web7", "backend": {"vcpus": 2}}}),
            "modify web7: vcpus=2",
        ),
        (
            json!({"rename": {"instance": "web7", "new_name": "web8"}}),
            "rename web7 to web8",
        ),
        (
            json!({"replace-disks": {"instance": "web7", "mode": "on-secondary"}}),
            "replace the disks on the secondary of web7",
        ),
    ] {
        assert_eq!(title(&op(operation)), words);
    }
}

#[test]
fn a_marked_set_is_counted_and_named() {
    let start = |name: &str| op(json!({"start": {"instance": name}}));
    assert_eq!(summary(&[]), "do nothing");
    assert_eq!(summary(&[start("web1")]), "start web1");
    assert_eq!(
        summary(&[start("web1"), start("web2")]),
        "start 2 instances: web1, web2"
    );
    let mixed = [start("web1"), op(json!({"kill": {"instance": "web2"}}))];
    assert_eq!(summary(&mixed), "2 changes: start web1; kill web2");
    let tags = |of: Value| op(json!({"add-tags": {"of": of, "tags": ["a"]}}));
    let mixed = [tags(json!("cluster")), tags(json!({"node": "node3"}))];
    assert_eq!(summary(&mixed), "add tag a to 2 things: cluster, node3");
}

#[test]
fn whatever_overrules_ganeti_is_destructive() {
    use Danger::{Destructive, Disruptive, Harmless};
    for (operation, loud) in [
        (
            json!({"failover": {"instance": "a", "ignore_consistency": true}}),
            Destructive,
        ),
        (json!({"failover": {"instance": "a"}}), Disruptive),
        (json!({"migrate": {"instance": "a"}}), Disruptive),
        (
            json!({"deactivate-disks": {"instance": "a", "force": true}}),
            Destructive,
        ),
        (json!({"deactivate-disks": {"instance": "a"}}), Disruptive),
        (
            json!({"start": {"instance": "a", "force": true}}),
            Destructive,
        ),
        (json!({"start": {"instance": "a"}}), Harmless),
        (json!({"kill": {"instance": "a"}}), Destructive),
        (json!({"remove": {"instance": "a"}}), Destructive),
        (json!({"recreate-disks": {"instance": "a"}}), Destructive),
        (
            json!({"reboot": {"instance": "a", "reboot_type": "soft"}}),
            Destructive,
        ),
        (
            json!({"reboot": {"instance": "a", "reboot_type": "full"}}),
            Disruptive,
        ),
        (json!({"node-powercycle": {"node": "a"}}), Destructive),
        (json!({"node-offline": {"node": "a"}}), Disruptive),
        (json!({"node-undrain": {"node": "a"}}), Harmless),
        (json!({"activate-disks": {"instance": "a"}}), Harmless),
        (
            json!({"activate-disks": {"instance": "a", "ignore_size": true}}),
            Disruptive,
        ),
        (json!({"verify": {}}), Harmless),
        (json!({"job-cancel": {"job": 7}}), Disruptive),
    ] {
        let operation = op(operation);
        assert_eq!(danger(&operation), loud, "{operation:?}");
    }
}

#[test]
fn what_is_typed_is_the_bare_name() {
    for (operation, name) in [
        (
            json!({"kill": {"instance": "web7.example.com"}}),
            "web7.example.com",
        ),
        (json!({"node-powercycle": {"node": "node3"}}), "node3"),
        (json!({"job-cancel": {"job": 7}}), "7"),
        (json!({"queue-drain": {}}), "queue"),
        (json!({"watcher-continue": {}}), "watcher"),
        (json!({"verify": {}}), "cluster"),
    ] {
        assert_eq!(name_of(&op(operation)), name);
    }
}
