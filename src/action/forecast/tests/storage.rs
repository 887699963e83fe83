use crate::action::Kind::{
    ActivateDisks, DeactivateDisks, GrowDisk, RecreateDisks, Remove, ReplaceDisks,
};
use crate::action::Tone;
use crate::action::fixture::Town;
use crate::planner::fixture::at;

const NEW: [(&str, &str); 2] = [("mode", "new-secondary"), ("to", "node7")];

#[test]
fn a_new_secondary_copies_everything_and_changes_two_nodes() {
    let town = Town::new();
    town.of(ReplaceDisks, "web7", &NEW)
        .goes()
        .says("node5 -> node7: 10.0G to copy, about 2m 50s at 60.0M/s (Ganeti's usual resync-rate, assumed); no downtime", Tone::Plain)
        .says("node7 disk free: 50.0G -> 39.9G (xenvg)", Tone::Plain)
        .says("node5 disk free: 50.0G -> 60.1G (xenvg)", Tone::Plain)
        .says("disk 0 on node3: UpToDate: copied from", Tone::Good)
        .says("one whole half only, on node3", Tone::Warn)
        .says("N+1: holds", Tone::Good);
    town.of(ReplaceDisks, "web7", &[("mode", "new-secondary")])
        .goes()
        .says("node5 -> ? (hail chooses)", Tone::Plain)
        .says("N+1: afterwards: not known", Tone::Warn);
}

#[test]
fn a_measured_speed_counts_more_than_an_assumed_one() {
    let mut town = Town::new();
    for (seconds, left) in [(1_100, 8_000_000), (1_110, 7_000_000), (1_120, 6_000_000)] {
        at(&mut town.cluster, seconds);
        town.half(
            "node3",
            20,
            "SyncTarget Secondary/Primary Inconsistent/UpToDate",
            left,
        );
        town.half(
            "node5",
            20,
            "SyncSource Primary/Secondary UpToDate/Inconsistent",
            left,
        );
    }
    town.of(ReplaceDisks, "web7", &NEW)
        .says("at 97.7M/s (as a resync there makes now)", Tone::Plain);
}

#[test]
fn a_new_secondary_must_be_another_node_with_room() {
    use gantry_wire::operation::{Chosen, Operation, ReplaceDisks as Replace, ReplaceMode};
    let mut town = Town::new();
    let to = |town: &Town, node: &str| {
        town.forecast(&[Operation::ReplaceDisks(Replace {
            instance: "web7".into(),
            mode: ReplaceMode::NewSecondary(Chosen::Node(node.into())),
            disks: Vec::new(),
            early_release: false,
            ignore_ipolicy: false,
        })])
    };
    to(&town, "node3").refused("node3 is its primary node already");
    to(&town, "node5").refused("node5 is its secondary node already");
    to(&town, "node99").refused("no node node99");
    town.figures("node7", 50_000, 9_000);
    to(&town, "node7").refused("node7 has 8.8G free in xenvg, and 10.1G are needed");
    town.role("node7", "D");
    to(&town, "node7").refused("node7 is drained");
    town.half(
        "node3",
        14,
        "Connected Primary/Secondary Diskless/UpToDate",
        0,
    );
    to(&town, "node1").refused("disk 0 on node3 is Diskless: nothing can be copied from it");
    town.role("node5", "O");
    town.half(
        "node3",
        14,
        "WFConnection Primary/Unknown UpToDate/DUnknown",
        0,
    );
    to(&town, "node1")
        .goes()
        .says("its old half is left there", Tone::Warn);
}

#[test]
fn the_same_node_needs_room_for_both() {
    let mut town = Town::new();
    town.of(ReplaceDisks, "web7", &[("mode", "on-secondary")])
        .goes()
        .says("node3 -> node5: 10.0G to copy", Tone::Plain)
        .says("holds the old half besides", Tone::Plain);
    town.of(ReplaceDisks, "web7", &[("mode", "on-primary")])
        .goes()
        .says("node5 -> node3", Tone::Plain)
        .says("the guest reads over the network from node5", Tone::Warn);
    town.figures("node5", 50_000, 9_000);
    town.of(ReplaceDisks, "web7", &[("mode", "on-secondary")])
        .refused("8.8G free in xenvg");
    town.of(ReplaceDisks, "web7", &[("disks", "3")])
        .refused("web7 has no disk 3");
    town.half(
        "node5",
        14,
        "Connected Secondary/Primary Inconsistent/UpToDate",
        0,
    );
    town.of(ReplaceDisks, "web7", &[("mode", "on-primary")])
        .refused("nothing can be copied from it");
    town.role("node5", "O");
    town.of(ReplaceDisks, "web7", &[("mode", "on-secondary")])
        .refused("node5 is marked offline");
}

#[test]
fn auto_finds_the_faulty_half() {
    let auto = |town: &Town| town.of(ReplaceDisks, "web7", &[("mode", "auto")]);
    let mut town = Town::new();
    auto(&town).idle("neither half is faulty");
    town.half(
        "node5",
        14,
        "Connected Secondary/Primary Diskless/UpToDate",
        0,
    );
    town.half(
        "node3",
        14,
        "Connected Primary/Secondary UpToDate/Diskless",
        0,
    );
    auto(&town)
        .goes()
        .says("node3 -> node5: 10.0G to copy", Tone::Plain);
    town.half(
        "node3",
        14,
        "Connected Primary/Secondary Diskless/Diskless",
        0,
    );
    auto(&town).refused("faulty on both nodes");
    town.no_half("node5", 14);
    auto(&town).refused("activate the disks first");
    let mut town = Town::new();
    town.lose("node5", 60);
    auto(&town).says("not known which halves are faulty", Tone::Warn);
}

#[test]
fn disks_that_are_well_need_no_activation() {
    let mut town = Town::new();
    town.of(ActivateDisks, "web7", &[])
        .idle("active and connected");
    town.half(
        "node3",
        14,
        "StandAlone Primary/Unknown UpToDate/DUnknown",
        2_048,
    );
    town.half(
        "node5",
        14,
        "WFConnection Secondary/Unknown UpToDate/DUnknown",
        0,
    );
    town.of(ActivateDisks, "web7", &[]).goes().says(
        "disk 0: connects its halves again, 2.0M to resync",
        Tone::Plain,
    );
    town.of(ActivateDisks, "off1", &[])
        .goes()
        .says("disk 0: not active now", Tone::Plain)
        .says("guest: stays down", Tone::Plain);
    town.of(ActivateDisks, "off1", &[("ignore_size", "yes")])
        .says("smaller than recorded", Tone::Bad);
    town.role("node3", "O");
    town.of(ActivateDisks, "off1", &[])
        .refused("node3 is marked offline");
}

#[test]
fn disks_in_use_are_not_taken_down() {
    let mut town = Town::new();
    town.of(DeactivateDisks, "web7", &[]).refused("web7 runs");
    town.of(DeactivateDisks, "web7", &[("force", "yes")])
        .goes()
        .says("what it writes is on one node only", Tone::Bad);
    town.of(DeactivateDisks, "off1", &[])
        .idle("none of its disks is active");
    town.guests("node3", &[]);
    town.of(DeactivateDisks, "web7", &[])
        .refused("web7 is marked up");
    town.conf("web7").admin_state = "down".into();
    town.of(DeactivateDisks, "web7", &[]).goes();
    town.lose("node3", 60);
    town.of(DeactivateDisks, "web7", &[])
        .goes()
        .says("not known whether it runs; Ganeti looks", Tone::Warn);
}

#[test]
fn a_disk_grows_on_both_nodes_or_not_at_all() {
    let mut town = Town::new();
    town.of(GrowDisk, "web7", &[("amount", "2048")])
        .goes()
        .says("disk 0: 10.0G -> 12.0G, for good", Tone::Plain)
        .says("node3 disk free: 50.0G -> 48.0G", Tone::Plain)
        .says("node5 disk free: 50.0G -> 48.0G", Tone::Plain)
        .says("new part: 2.0G to copy", Tone::Plain);
    let absolute = |size: &str| town.of(GrowDisk, "web7", &[("amount", size), ("absolute", "yes")]);
    absolute("1024").refused("disks never shrink");
    absolute("10240").idle("10.0G already");
    absolute("12288").goes();
    absolute("999424").refused("free in xenvg");
    town.figures("node3", 50_000, 2_000_000);
    town.figures("node5", 50_000, 2_000_000);
    town.of(GrowDisk, "web7", &[("amount", "999424")])
        .refused("at most 262144 of disk size");
    town.half(
        "node5",
        14,
        "WFConnection Secondary/Unknown UpToDate/DUnknown",
        0,
    );
    town.half(
        "node3",
        14,
        "WFConnection Primary/Unknown UpToDate/DUnknown",
        0,
    );
    town.of(GrowDisk, "web7", &[("amount", "2048")])
        .refused("one would grow and the other not");
}

#[test]
fn what_was_on_recreated_disks_is_lost() {
    let mut town = Town::new();
    town.of(RecreateDisks, "web7", &[]).refused("web7 is up");
    let told = town.of(RecreateDisks, "off1", &[]);
    told.goes().says(
        "10.0G made anew and empty: what was on them is lost",
        Tone::Bad,
    );
    assert!(told.0.loses_data);
    town.of(RecreateDisks, "off1", &[("nodes", "node1")])
        .refused("it is on 2 nodes, and 1 are given");
    town.of(RecreateDisks, "off1", &[("nodes", "node1 node5")])
        .goes()
        .says("node5 disk free: 50.0G -> 39.9G", Tone::Plain);
    // Ganeti asks a dead primary nothing where the disks are made elsewhere: who says that it is dead is asked here.
    town.role("node3", "O");
    town.of(RecreateDisks, "web7", &[]).refused("web7 is up");
    let elsewhere = [("nodes", "node1 node5")];
    town.of(RecreateDisks, "web7", &elsewhere)
        .refused("node3 is alive");
    town.half(
        "node5",
        14,
        "WFConnection Secondary/Unknown UpToDate/DUnknown",
        0,
    );
    town.lose("node3", 60);
    let told = town.of(RecreateDisks, "web7", &elsewhere);
    assert_eq!(told.goes().0.unproven, ["node3"]);
}

#[test]
fn a_removal_is_for_ever() {
    let mut town = Town::new();
    let told = town.of(Remove, "web7", &[]);
    told.goes()
        .says("node3: shut down first", Tone::Warn)
        .says("1 disk, 10.0G in all, gone for ever", Tone::Bad)
        .says("node5 disk free: 50.0G -> 60.1G", Tone::Plain);
    assert!(told.0.loses_data);
    // What is gone is not at risk any more.
    town.of(Remove, "old1", &[])
        .goes()
        .says("N+1: holds", Tone::Good);
    town.lose("node5", 60);
    town.of(Remove, "web7", &[])
        .says("it would fail if its noded does not answer", Tone::Bad);
    town.of(Remove, "web7", &[("ignore_failures", "yes")])
        .says("its volumes are left there", Tone::Warn);
}
