//! Each runbook from step to step.

use gantry_wire::drbd::Device;

use super::*;
use crate::model::status::{Status, Word};
use crate::planner::fixture::{EPOCH, devices};

#[test]
fn maintenance_goes_from_drain_to_bringing_back() {
    let mut desk = Desk::new(Town::new(), Book::Maintenance, node("node3"));
    // node3 is one of two candidates of three wanted: another has to become one.
    let wanted = desk.wanted(Kind::NodeDrain, &["node3"]);
    assert_eq!(wanted.set, [("auto_promote", "yes".to_owned())]);
    desk.go(|town| town.role("node3", "D"));
    // off1 is down and stays.
    desk.wanted(Kind::Migrate, &["web7"]);
    desk.go(|town| {
        town.conf("web7").primary = "node5".into();
        town.conf("web7").secondaries = vec!["node3".into()];
        town.cluster
            .nodes
            .get_mut("node3")
            .unwrap()
            .primaries
            .retain(|it| **it != *"web7");
        town.half(
            "node3",
            14,
            "Connected Secondary/Primary UpToDate/UpToDate",
            0,
        );
        town.half(
            "node5",
            14,
            "Connected Primary/Secondary UpToDate/UpToDate",
            0,
        );
        town.guests("node3", &[]);
        town.guests("node5", &["web7", "db2"]);
    });
    assert_eq!(desk.step(), "reboot");
    let Due::Hand(words) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(words[0].starts_with("Nothing runs on node3"), "{words:?}");
    desk.with(|run, world, _| run.by_hand(world));
    desk.look();
    assert_eq!(desk.step(), "answers", "its noded was not told of");
    let daemon = gantry_wire::node::Daemon {
        name: "ganeti-noded".into(),
        runs: true,
        answers: Some(true),
    };
    let told = gantry_wire::node::Sample {
        daemons: Some(vec![daemon]),
        ..gantry_wire::node::Sample::default()
    };
    crate::planner::fixture::sample(&mut desk.town.cluster, "node3", told);
    desk.look();
    desk.wanted(Kind::NodeUndrain, &["node3"]);
    desk.go(|town| town.role("node3", "C"));
    // Nothing was shut down; web7 comes back.
    let wanted = desk.wanted(Kind::Migrate, &["web7"]);
    assert_eq!(wanted.set, [("to", "node3".to_owned())]);
    desk.go(|town| town.conf("web7").primary = "node3".into());
    assert_eq!(
        (desk.step(), desk.run.end.clone()),
        ("over", Some(End::Finished))
    );
    let events: Vec<Event> = desk.notes.iter().map(|note| note.event).collect();
    assert_eq!(
        (events[0], events.last()),
        (Event::Begun, Some(&Event::Finished))
    );
    let asked = desk.notes.iter().filter(|note| note.event == Event::Asked);
    assert_eq!(asked.count(), 4);
    let jobs = desk
        .notes
        .iter()
        .filter(|note| note.event == Event::Done)
        .flat_map(|note| &note.changes);
    assert!(
        jobs.clone().count() == 4
            && jobs
                .clone()
                .all(|it| it.job.is_some() && it.outcome.as_deref() == Some("done"))
    );
}

#[test]
fn what_cannot_leave_is_shut_down_and_started_again() {
    let mut desk = Desk::new(Town::new(), Book::Maintenance, node("node7"));
    desk.go(|town| town.role("node7", "D"));
    desk.wanted(Kind::Migrate, &["pool1"]);
    desk.go(|town| {
        town.conf("pool1").primary = "node5".into();
        town.cluster
            .nodes
            .get_mut("node7")
            .unwrap()
            .primaries
            .retain(|it| **it != *"pool1");
    });
    desk.wanted(Kind::Shutdown, &["old1"]);
    desk.go(|town| {
        town.conf("old1").admin_state = "down".into();
        town.guests("node7", &[]);
    });
    assert_eq!(desk.step(), "reboot");
    // A minute ago it still ran, says LUXI: what counts is that it is to be down.
    let old1 = desk.town.cluster.instances.get_mut("old1").unwrap();
    old1.status = Status::Asked(Word::ErrorUp, desk.town.cluster.now.at);
    for _ in ["reboot", "answers", "in-sync", "undrain"] {
        desk.with(|run, world, _| run.skip(world));
        desk.look();
        if desk.step() == "start" {
            break;
        }
    }
    desk.wanted(Kind::Start, &["old1"]);
}

#[test]
fn a_reboot_is_seen_by_the_boot_that_is_another() {
    let mut town = Town::new();
    town.role("node3", "D");
    town.guests("node3", &[]);
    let boot = |town: &mut Town, id: &str| {
        let agent = &mut town.cluster.nodes.get_mut("node3").unwrap().agent;
        agent.as_mut().unwrap().boot_id = id.into();
    };
    boot(&mut town, "first");
    let mut desk = Desk::new(town, Book::Maintenance, node("node3"));
    assert_eq!(desk.step(), "reboot", "{:?}", desk.run);
    desk.later(60);
    assert_eq!(desk.step(), "reboot");
    boot(&mut desk.town, "second");
    desk.look();
    assert_eq!(desk.step(), "answers");
}

#[test]
fn a_node_that_lives_is_not_failed_over_and_a_silent_one_has_to_be_said_to_be_off() {
    let town = Town::new();
    let alive = Book::Died.fits(&node("node3"), &town.cluster).unwrap_err();
    assert!(alive.contains("its agent answers"), "{alive}");
    let mut town = Town::new();
    town.lose("node3", 60);
    assert_eq!(Book::Died.fits(&node("node3"), &town.cluster), Ok(()));
    // DRBD on node5 still talks to it.
    let mut desk = Desk::new(town, Book::Died, node("node3"));
    let Due::Stuck(why) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(why.contains("DRBD on node5 is connected"), "{why}");
    for minor in [14, 20] {
        let role = if minor == 14 { "Secondary" } else { "Primary" };
        let words = format!("WFConnection {role}/Unknown UpToDate/DUnknown");
        desk.town.half("node5", minor, &words, 0);
    }
    let wanted = desk.wanted(Kind::NodeOffline, &["node3"]);
    assert_eq!(wanted.proof.as_deref(), Some("node3"));
    desk.go(|town| town.role("node3", "O"));
    desk.run.memory.dead = true;
    desk.wanted(Kind::Failover, &["off1", "web7"]);
    desk.go(|town| {
        for (name, secondary) in [("web7", "node5"), ("off1", "node7")] {
            town.conf(name).primary = secondary.into();
            town.conf(name).secondaries = vec!["node3".into()];
        }
        let node = town.cluster.nodes.get_mut("node3").unwrap();
        node.secondaries = ["db2", "off1", "web7"].map(Into::into).into();
        node.primaries.clear();
    });
    let Due::Wait(why) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(why.contains("web7") && !why.contains("off1"), "{why}");
    desk.town.guests("node5", &["db2", "web7"]);
    desk.look();
    let wanted = desk.wanted(Kind::ReplaceDisks, &["db2", "off1", "web7"]);
    assert_eq!(wanted.set, [("mode", "new-secondary".to_owned())]);
}

#[test]
fn the_master_is_another_runbook_first() {
    let mut town = Town::new();
    town.lose("node1", 60);
    for book in [Book::Died, Book::Maintenance, Book::Remove] {
        let why = book.fits(&node("node1"), &town.cluster).unwrap_err();
        assert!(why.contains("master-failover"), "{why}");
    }
}

#[test]
fn a_node_that_comes_back_is_looked_through_before_ganeti_talks_to_it() {
    let mut town = Town::new();
    town.role("node3", "O");
    town.conf("web7").primary = "node5".into();
    let mut desk = Desk::new(town, Book::Returns, node("node3"));
    let Due::Wait(why) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(why.contains("web7"), "{why}");
    desk.town.guests("node3", &[]);
    desk.look();
    desk.wanted(Kind::NodeOnline, &["node3"]);
    // Without its word it is for the operator to look.
    let mut town = Town::new();
    town.role("node3", "O");
    town.lose("node3", 9);
    let mut desk = Desk::new(town, Book::Returns, node("node3"));
    assert!(matches!(desk.due(), Due::Hand(_)), "{:?}", desk.run);
}

#[test]
fn a_node_is_evacuated_in_two_jobs_and_ends_with_the_command_that_removes_it() {
    let mut desk = Desk::new(Town::new(), Book::Remove, node("node5"));
    desk.go(|town| town.role("node5", "D"));
    let wanted = desk.wanted(Kind::NodeEvacuate, &["node5"]);
    assert_eq!(wanted.set, [("mode", "primary-only".to_owned())]);
    // Its job makes others: the node is empty only later.
    desk.go(|_| {}).later(9);
    let Due::Wait(why) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(why.contains("db2"), "{why}");
    // They failed: the step before is tried again.
    desk.with(|run, world, _| run.again(world)).unwrap();
    desk.wanted(Kind::NodeEvacuate, &["node5"]);
    desk.go(|town| {
        town.cluster
            .nodes
            .get_mut("node5")
            .unwrap()
            .primaries
            .clear()
    });
    let wanted = desk.wanted(Kind::NodeEvacuate, &["node5"]);
    assert_eq!(wanted.set, [("mode", "secondary-only".to_owned())]);
    desk.go(|town| {
        town.cluster
            .nodes
            .get_mut("node5")
            .unwrap()
            .secondaries
            .clear()
    });
    let Due::Hand(words) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(words[0].contains("gnt-node remove node5"), "{words:?}");
    desk.town.cluster.nodes.remove("node5");
    desk.look();
    assert_eq!(desk.run.end, Some(End::Finished));
}

#[test]
fn degraded_disks_are_connected_and_made_anew_only_from_a_half_that_is_whole() {
    let web7 = || Object::Instance("web7".into());
    let parted = |town: &mut Town, disk: &str| {
        town.half(
            "node3",
            14,
            &format!("StandAlone Primary/Unknown {disk}/DUnknown"),
            0,
        );
        town.no_half("node5", 14);
    };
    let mut town = Town::new();
    parted(&mut town, "UpToDate");
    let mut desk = Desk::new(town, Book::Degraded, web7());
    desk.wanted(Kind::ActivateDisks, &["web7"]);
    desk.go(|_| {}).later(9);
    let wanted = desk.wanted(Kind::ReplaceDisks, &["web7"]);
    assert_eq!(wanted.set, [("mode", "on-secondary".to_owned())]);
    parted(&mut desk.town, "Inconsistent");
    let Due::Stuck(why) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(why.contains("the only copy"), "{why}");
    let mut desk = Desk::new(Town::new(), Book::Degraded, web7());
    assert_eq!(desk.look().run.end, Some(End::Finished), "all is well");
}

#[test]
fn of_a_split_brain_the_half_that_is_kept_is_chosen_and_nothing_goes_on_before() {
    let split = |town: &mut Town| {
        for (node, role) in [("node3", "Primary"), ("node5", "Secondary")] {
            let device = Device {
                minor: 14,
                connection: "StandAlone".into(),
                role: role.into(),
                disk: "UpToDate".into(),
                oos_kib: Some(2_048),
                split_brain_at: Some(EPOCH + 1_060.0),
                ..Device::default()
            };
            devices(&mut town.cluster, node, vec![device]);
        }
    };
    let mut town = Town::new();
    split(&mut town);
    let mut desk = Desk::new(town, Book::SplitBrain, Object::Instance("web7".into()));
    let Due::Choose([primary, secondary]) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(primary.starts_with("node3: Primary, UpToDate"), "{primary}");
    assert!(secondary.starts_with("node5: Secondary"), "{secondary}");
    let halves = desk
        .with(|run, world, _| run.halves(world.cluster))
        .unwrap();
    assert_eq!(halves, ["node3", "node5"]);
    desk.with(|run, world, _| run.choose("node5", world));
    desk.look();
    let wanted = desk.wanted(Kind::Failover, &["web7"]);
    assert_eq!(wanted.set, [("ignore_consistency", "yes".to_owned())]);
    // The other way round nothing moves: the other half is made anew on a third node.
    let mut town = Town::new();
    split(&mut town);
    let mut desk = Desk::new(town, Book::SplitBrain, Object::Instance("web7".into()));
    desk.with(|run, world, _| run.choose("node3", world));
    desk.look();
    let wanted = desk.wanted(Kind::ReplaceDisks, &["web7"]);
    assert_eq!(wanted.set, [("mode", "new-secondary".to_owned())]);
}

#[test]
fn lost_halves_of_a_failed_disk_are_made_anew_on_the_side_that_they_are_on() {
    let mut town = Town::new();
    town.half(
        "node3",
        14,
        "Connected Primary/Secondary Diskless/UpToDate",
        0,
    );
    town.half(
        "node3",
        20,
        "Connected Secondary/Primary Diskless/UpToDate",
        0,
    );
    let mut desk = Desk::new(town, Book::FailedDisk, node("node3"));
    let Due::Hand(words) = desk.due() else {
        panic!("{:?}", desk.run)
    };
    assert!(
        words[1].contains("gnt-node repair-storage node3 lvm-vg xenvg"),
        "{words:?}"
    );
    desk.with(|run, world, _| run.by_hand(world));
    desk.look();
    let wanted = desk.wanted(Kind::ReplaceDisks, &["web7"]);
    assert_eq!(wanted.set, [("mode", "on-primary".to_owned())]);
    desk.with(|run, world, _| run.skip(world));
    desk.look();
    let wanted = desk.wanted(Kind::ReplaceDisks, &["db2"]);
    assert_eq!(wanted.set, [("mode", "on-secondary".to_owned())]);
}
