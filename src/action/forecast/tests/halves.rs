use crate::action::Kind::{Failover, Migrate, Start};
use crate::action::fixture::{Told, Town};
use crate::action::{Tone, World, forecast};
use crate::planner::fixture::at;

/// The half on node5 is as these words say, and node3 counts so many KiB that differ.
fn apart(connection: &str, oos_kib: u64) -> Town {
    let mut town = Town::new();
    at(&mut town.cluster, 1_100);
    let words = |role: &str, disks: &str| format!("{connection} {role}/Unknown {disks}");
    town.half("node3", 14, &words("Primary", "UpToDate/DUnknown"), oos_kib);
    town.half("node5", 14, &words("Secondary", "UpToDate/DUnknown"), 0);
    at(&mut town.cluster, 1_100 + 720);
    town
}

#[test]
fn what_was_written_since_the_halves_parted_is_not_there() {
    let town = apart("StandAlone", 1_258_291);
    let told = town.of(Failover, "web7", &[]);
    told.refused("disk 0 on node5 is StandAlone for 12m 00s: Ganeti calls that degraded");
    let forced = town.of(Failover, "web7", &[("ignore_consistency", "yes")]);
    forced.goes();
    forced.says("disk 0 on node5: UpToDate, but StandAlone for 12m 00s: 1.2G written on node3 since NOT there", Tone::Bad);
    forced.says("goes on even if it cannot be shut down on node3", Tone::Bad);
    assert!(forced.0.loses_data);
    town.of(Migrate, "web7", &[]).refused("degraded");
}

#[test]
fn nothing_is_lost_where_nothing_was_written() {
    let town = apart("WFConnection", 0);
    let forced = town.of(Failover, "web7", &[("ignore_consistency", "yes")]);
    forced
        .goes()
        .says("nothing written on node3 since", Tone::Warn);
    assert!(!forced.0.loses_data);
}

#[test]
fn a_half_that_is_not_whole_is_refused_unless_forced() {
    for (disk, words) in [
        ("Outdated", "Outdated: it knows itself that it misses data"),
        ("Inconsistent", "Inconsistent: a part of its data is older"),
        ("Diskless", "Diskless: it has lost its disk"),
    ] {
        let mut town = Town::new();
        let there = format!("Connected Primary/Secondary UpToDate/{disk}");
        let here = format!("Connected Secondary/Primary {disk}/UpToDate");
        town.half("node3", 14, &there, 10);
        town.half("node5", 14, &here, 10);
        town.of(Failover, "web7", &[])
            .refused(words)
            .says(words, Tone::Bad);
        let forced = town.of(Failover, "web7", &[("ignore_consistency", "yes")]);
        forced.goes().says(words, Tone::Bad);
        assert!(forced.0.loses_data);
        // Where node5 is silent its peer's word counts.
        town.lose("node5", 1);
        town.of(Failover, "web7", &[]).refused(words);
    }
}

#[test]
fn a_resync_under_way_is_told_with_its_end() {
    let mut town = Town::new();
    for (seconds, left) in [(1_100, 8_000_000), (1_110, 7_000_000), (1_120, 6_000_000)] {
        at(&mut town.cluster, seconds);
        town.half(
            "node3",
            14,
            "SyncSource Primary/Secondary UpToDate/Inconsistent",
            left,
        );
        town.half(
            "node5",
            14,
            "SyncTarget Secondary/Primary Inconsistent/UpToDate",
            left,
        );
    }
    let told = town.of(Failover, "web7", &[]);
    told.refused("its resync is at")
        .refused("done in about 1m 00s");
}

#[test]
fn a_dead_primary_that_lives_is_found_out() {
    let mut town = Town::new();
    town.role("node3", "O");
    town.of(Failover, "web7", &[])
        .refused("node3 is alive: web7 runs there, and would run twice");
    town.guests("node3", &[]);
    town.of(Failover, "web7", &[])
        .goes()
        .says("up by its own word, and it does not run there", Tone::Plain);
    town.lose("node3", 60);
    town.of(Failover, "web7", &[])
        .refused("node3 is alive: DRBD on node5 is connected to it");
    let mut town = apart("WFConnection", 0);
    town.role("node3", "O");
    town.lose("node3", 60);
    let told = town.of(Failover, "web7", &[]);
    told.goes().says(
        "node3: marked offline: be sure that its power is off",
        Tone::Warn,
    );
    told.says("UpToDate, but WFConnection for", Tone::Warn);
}

#[test]
fn silence_is_no_proof() {
    let mut town = Town::new();
    town.lose("node3", 60);
    at(&mut town.cluster, 1_150);
    town.half(
        "node5",
        14,
        "WFConnection Secondary/Unknown UpToDate/DUnknown",
        0,
    );
    at(&mut town.cluster, 1_200);
    let forced = town.of(Failover, "web7", &[("ignore_consistency", "yes")]);
    forced.goes();
    forced.says(
        "node3 has been silent for 2m 20s, which is no proof that it is down",
        Tone::Bad,
    );
    forced.says(
        "if node3 stopped at that moment nothing is missing",
        Tone::Warn,
    );
    assert_eq!(forced.0.unproven, ["node3"]);
    let plain = town.of(Failover, "web7", &[]);
    plain
        .refused("WFConnection")
        .says("the shutdown there would fail", Tone::Bad);
}

#[test]
fn a_split_brain_is_never_whole() {
    let mut town = Town::new();
    let split = |town: &mut Town, node, minor, role: &str| {
        town.half(
            node,
            minor,
            &format!("StandAlone {role}/Unknown UpToDate/DUnknown"),
            512,
        );
    };
    split(&mut town, "node3", 14, "Primary");
    split(&mut town, "node5", 14, "Primary");
    let told = town.of(Failover, "web7", &[]);
    assert!(told.0.refused.is_some(), "{:#?}", told.0);
}

#[test]
fn what_is_not_known_is_said_so() {
    let mut town = Town::new();
    town.lose("node5", 90);
    town.half(
        "node3",
        14,
        "WFConnection Primary/Unknown UpToDate/DUnknown",
        5,
    );
    town.of(Failover, "web7", &[]).says(
        "disk 0 on node5: not known how it is: node5 last spoke 1m ago",
        Tone::Warn,
    );
    town.of(Failover, "web7", &[("ignore_consistency", "yes")])
        .says("not known how it is", Tone::Bad);
    let mut town = Town::new();
    let failover = town.form(Failover, "web7").operation().unwrap();
    let world = World {
        cluster: &town.cluster,
        present: None,
        pairs: &[],
    };
    Told(forecast(&[failover], &world))
        .says("nothing is known of all or some of its halves", Tone::Warn);
    // A disk that is configured and on neither node.
    town.conf("web7").disks.push(Default::default());
    town.of(Failover, "web7", &[])
        .refused("disk 1 on node5 is not whole: not active there");
}

#[test]
fn an_instance_that_is_down_has_no_active_halves() {
    Town::new()
        .of(Failover, "off1", &[])
        .goes()
        .says(
            "node3 -> node7: it is down: nothing stops, and it is not started there",
            Tone::Plain,
        )
        .says(
            "disk 0 on node7: not active, as the instance is down",
            Tone::Warn,
        )
        .says_not("memory free");
}

#[test]
fn a_start_looks_at_both_halves() {
    let mut town = Town::new();
    town.guests("node3", &[]);
    town.half(
        "node3",
        14,
        "Connected Secondary/Secondary Inconsistent/UpToDate",
        9,
    );
    town.of(Start, "web7", &[]).goes().says(
        "disk 0 on node3: Inconsistent: read over the network from node5",
        Tone::Warn,
    );
    town.half(
        "node3",
        14,
        "WFConnection Secondary/Unknown Outdated/DUnknown",
        9,
    );
    town.of(Start, "web7", &[])
        .says("Outdated, and node5 cannot stand in", Tone::Bad);
    town.lose("node5", 60);
    town.of(Start, "web7", &[])
        .says("the start, unless forced, would fail", Tone::Warn);
    town.of(Start, "web7", &[("force", "yes")])
        .says("one half of its disks only", Tone::Warn);
    town.role("node5", "O");
    town.of(Start, "web7", &[])
        .says("no second half until it is back", Tone::Warn);
}
