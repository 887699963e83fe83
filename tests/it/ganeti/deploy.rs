//! How the agent gets to nodes that have none.

use super::lab::Lab;

#[test]
#[ignore = "needs tests/lab"]
fn nodes_without_an_agent_get_one_when_asked() {
    let lab = Lab::without_agents();
    let refused = lab.gantry(&["nodes", "node1", "--no-deploy"]);
    assert_eq!(refused.status.code(), Some(3));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("agent"), "{said}");

    let deployed = lab.gantry(&["nodes", "node1", "--deploy"]);
    assert!(
        deployed.status.success(),
        "{}",
        String::from_utf8_lossy(&deployed.stderr)
    );
    // The second time it is there already.
    let again = lab.json_with("nodes", "node3", &["--no-deploy"]).unwrap();
    assert!(
        again.iter().all(|node| node["agent"].is_string()),
        "{again:?}"
    );
}
