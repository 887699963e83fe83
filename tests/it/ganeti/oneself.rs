//! The lab itself: if this fails, the other failures say nothing about gantry.

use super::lab::Lab;

#[test]
#[ignore = "needs tests/lab"]
fn the_lab_is_a_healthy_cluster() {
    let lab = Lab::open();
    let roles = lab.table("gnt-node list --no-headers --separator=| -o name,role,group");
    assert_eq!(
        roles,
        [
            ["node1", "M", "rack1"],
            ["node2", "C", "rack1"],
            ["node3", "C", "rack2"]
        ]
    );
    let instances = lab.table("gnt-instance list --no-headers --separator=| -o name,status");
    assert_eq!(instances.len(), 9);
    assert!(
        instances
            .iter()
            .all(|row| row[1] == "running" || row[1] == "ADMIN_down"),
        "{instances:?}"
    );
}
