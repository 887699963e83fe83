use crate::action::Kind::{
    NodeDemote, NodeDrain, NodeEvacuate, NodeOffline, NodeOnline, NodePowercycle, NodePromote,
    NodeUndrain,
};
use crate::action::Tone;
use crate::action::fixture::Town;

#[test]
fn what_a_node_is_already_would_do_nothing() {
    let mut town = Town::new();
    town.of_node(NodeUndrain, "node3", &[])
        .idle("node3 is not drained");
    town.of_node(NodeOnline, "node3", &[])
        .idle("not marked offline");
    town.of_node(NodePromote, "node3", &[])
        .idle("a master candidate already");
    town.of_node(NodeDemote, "node7", &[])
        .idle("no master candidate");
    town.of_node(NodeEvacuate, "node1", &[])
        .idle("node1 has no primary instances");
    town.role("node3", "D");
    town.of_node(NodeDrain, "node3", &[])
        .idle("drained already");
    town.role("node3", "O");
    town.of_node(NodeOffline, "node3", &[])
        .idle("offline already");
}

#[test]
fn a_drain_keeps_secondaries_from_failing_over_to_it() {
    let mut town = Town::new();
    town.cluster.conf.as_mut().unwrap().candidate_pool_size = 2;
    town.of_node(NodeDrain, "node3", &[])
        .goes()
        .says("primaries: stay: off1, web7", Tone::Plain)
        .says(
            "cannot be failed over or migrated to it while it is drained: db2",
            Tone::Warn,
        )
        .says("candidates: 2 remain, 2 are wanted", Tone::Plain);
}

#[test]
fn nothing_but_node_online_brings_an_offline_node_back() {
    let mut town = Town::new();
    town.role("node7", "O");
    for kind in [NodeDrain, NodePromote] {
        town.of_node(kind, "node7", &[])
            .refused("it has to be brought online first");
    }
}

#[test]
fn an_evacuation_off_an_offline_node_wants_proof_that_it_is_dead() {
    let mut town = Town::new();
    town.role("node3", "O");
    town.half(
        "node5",
        14,
        "WFConnection Secondary/Unknown UpToDate/DUnknown",
        0,
    );
    town.lose("node3", 60);
    let told = town.of_node(NodeEvacuate, "node3", &[("mode", "primary-only")]);
    told.says("all are failed over", Tone::Warn);
    assert_eq!(told.0.unproven, ["node3"]);
    let mut town = Town::new();
    town.role("node3", "O");
    town.of_node(NodeEvacuate, "node3", &[("mode", "primary-only")])
        .refused("node3 is alive");
}

#[test]
fn candidates_may_not_become_too_few() {
    let town = Town::new();
    for kind in [NodeDrain, NodeOffline, NodeDemote] {
        town.of_node(kind, "node3", &[])
            .refused("2 master candidates would remain of 3 wanted");
        town.of_node(kind, "node3", &[("auto_promote", "yes")])
            .goes()
            .says("another node becomes one", Tone::Plain);
    }
}

#[test]
fn an_offline_node_with_guests_on_it_is_shouted_about() {
    let mut town = Town::new();
    let auto = [("auto_promote", "yes")];
    town.of_node(NodeOffline, "node3", &auto)
        .goes()
        .says("Ganeti will not see them any more: web7", Tone::Bad)
        .says("it is up: power it off first", Tone::Warn)
        .says("have one half of their disks only: db2", Tone::Warn)
        .says("N+1", Tone::Bad);
    town.cluster.conf.as_mut().unwrap().maintain_node_health = true;
    town.of_node(NodeOffline, "node3", &auto)
        .says("maintain_node_health", Tone::Bad);
    town.lose("node3", 720);
    town.of_node(NodeOffline, "node3", &auto).says(
        "node3 has been silent for 12m 00s, which is no proof",
        Tone::Warn,
    );
}

#[test]
fn a_node_that_comes_back_may_bring_guests_along() {
    let mut town = Town::new();
    town.role("node5", "O");
    town.conf("db2").primary = "node3".into();
    town.of_node(NodeOnline, "node5", &[])
        .goes()
        .says(
            "run there although their primary is elsewhere: db2",
            Tone::Bad,
        )
        .says("gnt-node add --readd", Tone::Warn);
}

#[test]
fn who_may_not_be_a_master_becomes_no_candidate() {
    let mut town = Town::new();
    town.of_node(NodePromote, "node7", &[])
        .goes()
        .says("a copy of the configuration", Tone::Plain);
    let node = town.cluster.nodes.get_mut("node7").unwrap();
    node.conf.as_mut().unwrap().master_capable = false;
    town.of_node(NodePromote, "node7", &[])
        .refused("master_capable");
}

#[test]
fn a_powercycle_kills_what_runs_there() {
    let told = Town::new().of_node(NodePowercycle, "node3", &[]);
    told.goes().says("as if its power was cut", Tone::Bad);
    told.says(
        "start again only when the watcher starts them: web7",
        Tone::Bad,
    );
    assert!(told.0.loses_data);
}

#[test]
fn an_evacuation_names_who_leaves_and_where_to() {
    let mut town = Town::new();
    let secondaries = [("mode", "secondary-only"), ("to", "node7")];
    town.of_node(NodeEvacuate, "node5", &secondaries)
        .goes()
        .says("1 secondary instance: web7", Tone::Plain)
        .says("whereto: all to node7", Tone::Plain)
        .says("node7 disk free: 50.0G -> 39.9G", Tone::Plain)
        .says("10.0G to copy", Tone::Plain)
        .says("N+1: holds", Tone::Good);
    town.of_node(NodeEvacuate, "node7", &[])
        .goes()
        .says("2 primary instances: old1, pool1", Tone::Plain)
        .says(
            "have their disks there only, and the job may fail for them: old1",
            Tone::Bad,
        )
        .says(
            "N+1: afterwards: not known, where they go is for hail to choose",
            Tone::Warn,
        );
    town.of_node(
        NodeEvacuate,
        "node5",
        &[("mode", "secondary-only"), ("to", "node3")],
    )
    .refused("node3 is the primary node of web7");
    town.figures("node7", 50_000, 9_000);
    town.of_node(NodeEvacuate, "node5", &secondaries)
        .refused("free in xenvg");
    town.lose("node7", 60);
    town.of_node(NodeEvacuate, "node7", &[]).says(
        "nothing can be migrated off a node that does not answer",
        Tone::Bad,
    );
}
