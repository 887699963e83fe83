use crate::action::Kind::{Failover, Migrate, Move};
use crate::action::Tone;
use crate::action::fixture::{Town, job};

#[test]
fn a_failover_says_where_to_and_what_it_costs() {
    let town = Town::new();
    town.of(Failover, "web7", &[])
        .goes()
        .says("node3 -> node5: the guest is shut down first (at most 2m 00s); down until it has booted there", Tone::Warn)
        .says("node3 memory free: 48.8G -> 52.8G", Tone::Plain)
        .says("node5 memory free: 48.8G -> 44.8G", Tone::Plain)
        .says("disk 0 on node5: UpToDate, Connected", Tone::Good)
        .says("N+1: holds, before and after", Tone::Good);
}

#[test]
fn the_last_one_tells_how_long_it_takes() {
    let mut town = Town::new();
    let done = |id, name: &str, seconds: f64| {
        let mut job = job(id, "success", &format!("INSTANCE_FAILOVER({name})"));
        job.ops[0].executed = Some(1_000.0);
        job.ops[0].ended = Some(1_000.0 + seconds);
        job
    };
    let jobs = vec![done(5, "web7", 38.0), done(6, "db2", 70.0)];
    town.jobs(jobs);
    town.of(Failover, "web7", &[])
        .says("last time: it took 38s in all", Tone::Plain);
    town.of(Failover, "pool1", &[])
        .says("last time: it took 1m 10s in all, for db2", Tone::Plain);
}

#[test]
fn where_a_node_may_not_take_it_it_is_refused() {
    for (role, why) in [("O", "node5 is marked offline"), ("D", "node5 is drained")] {
        let mut town = Town::new();
        town.role("node5", role);
        town.of(Failover, "web7", &[]).refused(why);
        town.of(Migrate, "web7", &[]).refused(why);
    }
    let mut town = Town::new();
    town.figures("node5", 1_000, 51_200);
    let told = town.of(Failover, "web7", &[]);
    told.refused("node5 has 1000M of memory free, and 2.0G (its minmem) are needed");
    town.conf("web7").secondaries = vec!["node99".into()];
    town.of(Failover, "web7", &[])
        .refused("there is no node node99");
}

#[test]
fn what_a_silent_node_said_refuses_nothing_but_is_told() {
    let mut town = Town::new();
    town.figures("node5", 1_000, 51_200);
    town.lose("node5", 300);
    town.of(Failover, "web7", &[])
        .goes()
        .says("node5 has 1000M of memory free", Tone::Warn)
        .says("node5 has been silent for 5m 00s: it would fail", Tone::Bad)
        .says("facts: node5 has been silent for 5m 00s", Tone::Warn);
}

#[test]
fn only_what_runs_is_migrated() {
    let mut town = Town::new();
    town.of(Migrate, "web7", &[])
        .goes()
        .says("node3 -> node5: runs on, but for a pause", Tone::Good)
        .says(
            "4.0G to copy, about 2m 08s at 32M/s (Ganeti's usual migration_bandwidth, assumed",
            Tone::Plain,
        );
    town.of(Migrate, "web7", &[("mode", "non-live")])
        .says("paused while its memory is moved", Tone::Warn);
    town.of(Migrate, "off1", &[])
        .refused("marked down, and only what runs is migrated");
    town.of(Migrate, "off1", &[("allow_failover", "yes")])
        .goes()
        .says("it does not run, so it is failed over", Tone::Warn);
    town.guests("node3", &[]);
    town.of(Migrate, "web7", &[]).refused("web7 does not run");
    town.guests("node3", &["web7"]);
    town.conf("web7").always_failover = true;
    town.of(Migrate, "web7", &[])
        .goes()
        .says("always_failover", Tone::Warn)
        .says("down until it has booted there", Tone::Warn);
    town.role("node3", "O");
    town.conf("web7").always_failover = false;
    town.of(Migrate, "web7", &[])
        .refused("node3 is marked offline");
}

#[test]
fn what_runs_elsewhere_is_cleaned_up_first() {
    let mut town = Town::new();
    town.guests("node3", &[]);
    town.guests("node5", &["db2", "web7"]);
    town.of(Migrate, "web7", &[])
        .refused("runs on another node than node3, its primary");
    town.of(Migrate, "web7", &[("cleanup", "yes")]).goes();
}

#[test]
fn a_clean_up_moves_nothing() {
    let told = Town::new().of(Migrate, "web7", &[("cleanup", "yes")]);
    told.goes().says(
        "moves nothing: looks whether it runs on node3 or on node5",
        Tone::Plain,
    );
    told.says_not("N+1").says_not("memory");
}

#[test]
fn shared_storage_goes_to_a_node_or_wherever_somebody_says() {
    let town = Town::new();
    town.of(Failover, "pool1", &[])
        .goes()
        .says("node7 -> ? (hail chooses)", Tone::Warn)
        .says(
            "N+1: afterwards: not known, where pool1 goes is for an iallocator to choose",
            Tone::Warn,
        );
    town.of(Failover, "pool1", &[("to", "node1")])
        .goes()
        .says("node7 -> node1", Tone::Warn)
        .says("node1 memory free: 48.8G -> 46.8G", Tone::Plain)
        .says("N+1: holds", Tone::Good);
}

#[test]
fn a_drbd_instance_has_no_choice() {
    use gantry_wire::operation::{Failover, Operation};
    let town = Town::new();
    let to = |node: &str| {
        town.forecast(&[Operation::Failover(Failover {
            instance: "web7".into(),
            target_node: Some(node.into()),
            ..Failover::default()
        })])
    };
    to("node7").refused("DRBD disks are on node5 only");
    to("node5").goes();
}

#[test]
fn another_groups_policy_is_asked() {
    use gantry_wire::operation::{Failover, Operation};
    let town = Town::new();
    let to_small = |ignore_ipolicy| {
        town.forecast(&[Operation::Failover(Failover {
            instance: "pool1".into(),
            target_node: Some("node9".into()),
            ignore_ipolicy,
            ..Failover::default()
        })])
    };
    let why = "the policy of group small wants at most 1024 of memory, and it has 2048";
    to_small(false).refused(why);
    to_small(true)
        .goes()
        .says(&format!("{why}; ignored"), Tone::Warn);
}

#[test]
fn a_move_copies_disks_while_the_guest_is_down() {
    let mut town = Town::new();
    town.of(Move, "old1", &[("target_node", "node5")])
        .goes()
        .says("node7 -> node5: down while it shuts down and is copied: 10.0G to copy, about 2m 50s at 60M/s (assumed)", Tone::Warn)
        .says("node5 disk free: 50.0G -> 40.0G (xenvg)", Tone::Plain)
        .says("node7 disk free: 50.0G -> 60.0G (xenvg)", Tone::Plain)
        .says("N+1", Tone::Good);
    town.figures("node5", 50_000, 5_000);
    town.of(Move, "old1", &[("target_node", "node5")])
        .refused("node5 has 4.9G free in xenvg, and 10.0G are needed");
    town.figures("node5", 1_500, 51_200);
    town.of(Move, "old1", &[("target_node", "node5")])
        .refused("2.0G (its maxmem) are needed");
    let forced = town.of(
        Move,
        "old1",
        &[("target_node", "node1"), ("ignore_consistency", "yes")],
    );
    forced.says("the copy may be torn", Tone::Bad);
    assert!(forced.0.loses_data);
    town.role("node7", "O");
    town.of(Move, "old1", &[("target_node", "node1")])
        .refused("its disks cannot be read");
}

#[test]
fn each_of_a_set_takes_room_from_the_next() {
    let mut town = Town::new();
    town.figures("node5", 6_500, 51_200);
    let mut twin = town.cluster.instances["web7"].clone();
    twin.name = "web8".into();
    twin.conf.name = "web8".into();
    twin.conf.minmem = 4_096;
    town.cluster.instances.insert("web8".into(), twin);
    let fail = |name: &str| town.form(Failover, name).operation().unwrap();
    town.forecast(&[fail("web8")]).goes();
    let told = town.forecast(&[fail("web7"), fail("web8")]);
    told.refused(
        "1 of 2 cannot be done: web8: node5 has 2.3G of memory free, and 4.0G (its minmem)",
    );
    assert_eq!(told.0.refusals.len(), 1);
    assert_eq!(told.0.refusals[0].0, 1);
    told.says(
        "web7: node3 -> node5: the guest is shut down first",
        Tone::Warn,
    );
    told.says("node5 memory free: 6.3G -> 2.3G", Tone::Plain);
    told.says_not("UpToDate, Connected");
}

#[test]
fn what_loses_data_is_confirmed_loudly_whatever_it_is() {
    use crate::action::Danger::{Destructive, Disruptive};
    let mut town = Town::new();
    let failover = [town.form(Failover, "web7").operation().unwrap()];
    let told = town.forecast(&failover);
    assert_eq!(told.0.danger(&failover), Disruptive);
    // Ganeti itself would not ask, as node3 is marked offline.
    town.half(
        "node5",
        14,
        "WFConnection Secondary/Unknown UpToDate/DUnknown",
        0,
    );
    town.role("node3", "O");
    town.lose("node3", 60);
    let told = town.forecast(&failover);
    told.goes();
    assert_eq!(told.0.unproven, ["node3"]);
    assert_eq!(told.0.danger(&failover), Destructive);
}

#[test]
fn a_node_without_noded_does_nothing_for_ganeti() {
    use gantry_wire::node::{Daemon, Sample};
    let mut town = Town::new();
    for node in ["node3", "node5"] {
        let noded = Daemon {
            name: "ganeti-noded".into(),
            ..Daemon::default()
        };
        let told = Sample {
            daemons: Some(vec![noded]),
            ..Sample::default()
        };
        crate::planner::fixture::sample(&mut town.cluster, node, told);
    }
    town.of(Failover, "web7", &[])
        .goes()
        .says("node5: its noded does not answer: it would fail", Tone::Bad)
        .says(
            "node3: its noded does not answer: the shutdown there",
            Tone::Bad,
        );
    town.of(Migrate, "web7", &[])
        .says("node3: its noded does not answer: the migration", Tone::Bad);
}

#[test]
fn a_guest_that_runs_on_another_node_is_left_alone_until_that_is_cleaned_up() {
    use crate::action::Kind::{Kill, Reboot, Remove, Shutdown};
    use crate::model::status::{Status, Word};
    let mut town = Town::new();
    let web7 = town.cluster.instances.get_mut("web7").unwrap();
    web7.status = Status::Now(Word::ErrorWrongNode);
    for kind in [Failover, Migrate, Shutdown, Kill, Reboot, Remove] {
        town.of(kind, "web7", &[]).refused("clean up first");
    }
    town.of(Migrate, "web7", &[("cleanup", "yes")]).goes();
}

#[test]
fn a_forced_move_wants_proof_and_an_offline_source_cannot_be_read() {
    let mut town = Town::new();
    town.lose("node7", 60);
    let forced = [("target_node", "node3"), ("ignore_consistency", "yes")];
    let told = town.of(Move, "old1", &forced);
    assert_eq!(told.0.unproven, ["node7"]);
    town.role("node7", "O");
    town.of(Move, "old1", &forced).refused("cannot be read");
}
