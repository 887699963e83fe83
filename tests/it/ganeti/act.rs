//! Changes asked for over the wire, checked with Ganeti's own commands.

use std::io::Write;
use std::time::{Duration, SystemTime};

use gantry_wire::act::{Act, Expect, Outcome, Recover, Refusal};
use gantry_wire::operation::{
    ActivateDisks, AddTags, Backend, Chosen, DeactivateDisks, Evacuated, Failover, GrowDisk,
    JobArchive, JobCancel, JobPriority, Kill, Migrate, MigrationMode, Modify, Move, NodeDemote,
    NodeDrain, NodeEvacuate, NodeOffline, NodeOnline, NodePromote, NodeUndrain, Operation, Reboot,
    RebootType, RecreateDisks, RemoveTags, Rename, ReplaceDisks, ReplaceMode, Shutdown, Start,
    TagsOf, Verify, VerifyDisks, WatcherPause,
};
use gantry_wire::{Request, frame};

use super::actor::{Actor, PATIENCE, ended, id, instance, node, seen};
use super::lab::Lab;
use crate::harness::wait;

fn a_group(lab: &Lab) -> String {
    let groups = lab.gnt("gnt-group list --no-headers -o name");
    groups.lines().next().unwrap().trim().to_owned()
}

fn start(name: &str) -> Operation {
    Operation::Start(Start {
        instance: name.into(),
        force: false,
    })
}

#[test]
#[ignore = "needs tests/lab"]
fn an_instance_is_stopped_killed_started_and_rebooted() {
    let lab = Lab::open();
    let mut actor = Actor::new(&lab, "node1", &[]);
    let admin = || instance(&lab, "instance4", "admin_state,status").join(" ");
    actor.job(Operation::Shutdown(Shutdown {
        instance: "instance4".into(),
        timeout: Some(10),
        ignore_offline_nodes: false,
    }));
    assert_eq!(admin(), "down ADMIN_down");
    let job = actor.job(start("instance4"));
    assert_eq!(admin(), "up running");
    // Whose job it is stands in the queue for everybody.
    let info = lab.gnt(&format!("gnt-job info {job}"));
    assert!(info.contains("operator:tester id:"), "{info}");
    assert!(info.contains("to see whether it works"), "{info}");
    actor.job(Operation::Kill(Kill {
        instance: "instance4".into(),
    }));
    assert_eq!(admin(), "down ADMIN_down");
    actor.job(Operation::Start(Start {
        instance: "instance4".into(),
        force: true,
    }));
    for reboot_type in [RebootType::Soft, RebootType::Hard, RebootType::Full] {
        actor.job(Operation::Reboot(Reboot {
            instance: "instance4".into(),
            reboot_type,
            shutdown_timeout: Some(10),
            ignore_secondaries: false,
        }));
    }
    assert_eq!(admin(), "up running");
}

#[test]
#[ignore = "needs tests/lab"]
fn an_instance_moves_to_the_node_that_was_chosen_and_back() {
    let lab = Lab::open();
    let mut actor = Actor::new(&lab, "node1", &[]);
    let home = || instance(&lab, "instance3", "pnode").remove(0);
    let first = home();
    let others = ["node1", "node2", "node3"].into_iter();
    let other = others.into_iter().find(|node| **node != *first).unwrap();
    let migrate = |to: &str, mode| {
        Operation::Migrate(Migrate {
            instance: "instance3".into(),
            mode,
            target_node: Some(to.into()),
            ..Migrate::default()
        })
    };
    actor.job(migrate(other, None));
    assert_eq!(home(), other);
    actor.job(migrate(&first, Some(MigrationMode::NonLive)));
    assert_eq!(home(), first);
    let failover = |to: &str, ignore_consistency| {
        Operation::Failover(Failover {
            instance: "instance3".into(),
            ignore_consistency,
            target_node: Some(to.into()),
            shutdown_timeout: Some(10),
            ..Failover::default()
        })
    };
    actor.job(failover(other, false));
    assert_eq!(home(), other);
    actor.job(failover(&first, true));
    assert_eq!(home(), first);
}

#[test]
#[ignore = "needs tests/lab"]
fn an_instances_disks_parameters_and_name_change() {
    let lab = Lab::open();
    let mut actor = Actor::new(&lab, "node1", &[]);
    let name = || "instance5".to_owned();
    actor.job(Operation::ActivateDisks(ActivateDisks {
        instance: name(),
        ignore_size: true,
        wait_for_sync: true,
    }));
    for force in [false, true] {
        actor.job(Operation::DeactivateDisks(DeactivateDisks {
            instance: name(),
            force,
        }));
    }
    let cell = |field: &str| instance(&lab, "instance5", field).remove(0);
    let mib = |field: &str| cell(field).parse::<u64>().unwrap();
    let before = mib("disk.size/0");
    actor.job(Operation::GrowDisk(GrowDisk {
        instance: name(),
        amount: 16,
        no_wait_for_sync: true,
        ..GrowDisk::default()
    }));
    assert_eq!(mib("disk.size/0"), before + 16);
    let was = [mib("be/minmem"), mib("be/maxmem")];
    let mut memory = |minmem, maxmem| {
        actor.job(Operation::Modify(Modify {
            instance: name(),
            backend: Backend {
                minmem: Some(minmem),
                maxmem: Some(maxmem),
                ..Backend::default()
            },
            ignore_ipolicy: true,
        }));
        assert_eq!(mib("be/maxmem"), maxmem);
    };
    memory(40, 48);
    memory(was[0], was[1]);
    for (instance, new_name) in [("instance5", "instance55"), ("instance55", "instance5")] {
        let renamed = Operation::Rename(Rename {
            instance: instance.into(),
            new_name: new_name.into(),
            name_check: false,
            ip_check: false,
        });
        actor.job(renamed);
        lab.gnt(&format!(
            "gnt-instance list --no-headers -o name {new_name}"
        ));
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn a_nodes_flags_are_set_one_by_one() {
    let lab = Lab::open();
    let mut actor = Actor::new(&lab, "node1", &[]);
    let named = || "node3".to_owned();
    let role = || node(&lab, "node3", "role").remove(0);
    let before = role();
    for (operation, after) in [
        (
            Operation::NodeDrain(NodeDrain {
                node: named(),
                auto_promote: true,
            }),
            "D",
        ),
        (
            Operation::NodeUndrain(NodeUndrain { node: named() }),
            &*before,
        ),
        (
            Operation::NodeOffline(NodeOffline {
                node: named(),
                auto_promote: true,
            }),
            "O",
        ),
    ] {
        actor.job(operation.clone());
        // Ganeti makes a node that is well again a candidate as it likes.
        let fits = role() == after || ["C", "R"].contains(&after) && ["C", "R"].contains(&&*role());
        assert!(fits, "{operation:?}: {}", role());
    }
    actor.job(Operation::NodeOnline(NodeOnline { node: named() }));
    if role() == "C" {
        actor.job(Operation::NodeDemote(NodeDemote {
            node: named(),
            auto_promote: false,
        }));
        assert_eq!(role(), "R");
    }
    actor.job(Operation::NodePromote(NodePromote { node: named() }));
    assert_eq!(role(), "C");
    // Nothing here has its second half anywhere, so nothing moves.
    actor.job(Operation::NodeEvacuate(NodeEvacuate {
        node: named(),
        mode: Evacuated::SecondaryOnly,
        to: None,
        early_release: true,
        ignore_soft_errors: true,
    }));
}

#[test]
#[ignore = "needs tests/lab"]
fn tags_come_and_go_on_all_that_can_have_them() {
    let lab = Lab::open();
    let mut actor = Actor::new(&lab, "node1", &[]);
    let group = &a_group(&lab);
    for (of, command) in [
        (TagsOf::Cluster, "gnt-cluster list-tags".to_owned()),
        (
            TagsOf::Group(group.clone()),
            format!("gnt-group list-tags {group}"),
        ),
        (
            TagsOf::Node("node2".into()),
            "gnt-node list-tags node2".into(),
        ),
        (
            TagsOf::Instance("instance1".into()),
            "gnt-instance list-tags instance1".into(),
        ),
    ] {
        let tags = vec!["act:one".to_owned(), "act:two".to_owned()];
        let has = || lab.gnt(&command).contains("act:");
        actor.job(Operation::AddTags(AddTags {
            of: of.clone(),
            tags: tags.clone(),
        }));
        assert!(has(), "{command}");
        actor.job(Operation::RemoveTags(RemoveTags { of, tags }));
        assert!(!has(), "{command}");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn verify_says_its_codes_and_disks_are_verified() {
    let lab = Lab::open();
    let mut actor = Actor::new(&lab, "node1", &[]);
    for group in [None, Some(a_group(&lab))] {
        actor.job(Operation::Verify(Verify {
            group: group.clone(),
        }));
        actor.job(Operation::VerifyDisks(VerifyDisks { group }));
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn jobs_the_queue_and_the_watcher_are_changed_without_a_job() {
    let lab = Lab::open();
    let mut actor = Actor::new(&lab, "node1", &[]);
    let delay = |node: &str, seconds| {
        let line =
            format!("gnt-debug delay --submit --print-jobid --no-master -n {node} {seconds}");
        let said = lab.gnt(&line);
        let id = said.split(|c: char| !c.is_ascii_digit()).next();
        let id: u64 = id.and_then(|id| id.parse().ok()).unwrap();
        id
    };
    // Long enough for any machine; it is killed once it is not needed.
    let holder = delay("node1", 600);
    let waiter = delay("node1", 1);
    let status = |job: u64, wanted: &str| {
        wait::until(&format!("job {job} {wanted}"), PATIENCE, || {
            let status = lab.gnt(&format!("gnt-job list --no-headers -o status {job}"));
            match status.trim() == wanted {
                true => Ok(()),
                false => Err(status),
            }
        });
    };
    status(holder, "running");
    status(waiter, "waiting");
    let words = actor.done(Operation::JobPriority(JobPriority {
        job: waiter,
        priority: -10,
    }));
    assert_eq!(words, format!("job {waiter} has priority -10"));
    match actor.act(Operation::JobCancel(JobCancel { job: holder })) {
        Outcome::Refused { kind, words } => {
            assert_eq!(kind, Refusal::Ganeti);
            assert!(words.contains("no longer waiting"), "{words}");
        }
        other => panic!("{other:?}"),
    }
    actor.done(Operation::JobCancel(JobCancel { job: waiter }));
    assert_eq!(ended(&lab, waiter), "canceled");
    lab.gnt(&format!("gnt-job cancel --kill --yes-do-it {holder}"));
    assert_eq!(ended(&lab, holder), "error");
    actor.done(Operation::JobArchive(JobArchive { job: waiter }));
    assert!(
        !lab.gnt("gnt-job list --no-headers -o id")
            .lines()
            .any(|id| id.trim() == waiter.to_string())
    );

    actor.done(Operation::QueueDrain {});
    assert!(lab.gnt("gnt-cluster queue info").contains("is set"));
    match actor.act(start("instance1")) {
        Outcome::Refused { kind, .. } => assert_eq!(kind, Refusal::Drained),
        other => panic!("{other:?}"),
    }
    for _ in 0..2 {
        actor.done(Operation::QueueUndrain {});
        assert!(lab.gnt("gnt-cluster queue info").contains("is unset"));
    }
    actor.done(Operation::WatcherPause(WatcherPause { seconds: 3600 }));
    assert!(lab.gnt("gnt-cluster watcher info").contains("paused until"));
    actor.done(Operation::WatcherContinue {});
    assert!(lab.gnt("gnt-cluster watcher info").contains("not paused"));
}

#[test]
#[ignore = "needs tests/lab"]
fn what_may_not_be_done_or_is_not_so_any_more_is_not_done() {
    let lab = Lab::open();
    let jobs = || lab.gnt("gnt-job list --no-headers -o id");
    let before = jobs();
    let refused = |outcome: Outcome| match outcome {
        Outcome::Refused { kind, .. } => kind,
        other => panic!("{other:?}"),
    };
    for options in [&["--read-only"][..], &["--allow", "shutdown,migrate"]] {
        let mut actor = Actor::new(&lab, "node1", options);
        assert_eq!(refused(actor.act(start("instance5"))), Refusal::Permission);
    }
    let mut actor = Actor::new(&lab, "node1", &[]);
    let stale = Expect::Instance {
        primary: "node9".into(),
        secondaries: Vec::new(),
        admin_state: "down".into(),
    };
    let outcome = actor.expecting(start("instance5"), stale.clone());
    assert_eq!(refused(outcome), Refusal::Expect);
    let outcome = actor.expecting(start("instance99"), stale);
    assert_eq!(refused(outcome), Refusal::Expect);
    let expect = seen(&lab, &start("instance5"));
    let mut elsewhere = Actor::new(&lab, "node2", &[]);
    let outcome = elsewhere.expecting(start("instance5"), expect);
    assert_eq!(refused(outcome), Refusal::NotMaster);
    assert_eq!(jobs(), before);
}

#[test]
#[ignore = "needs tests/lab"]
fn a_link_that_is_cut_at_any_time_leaves_one_job_or_none_and_it_is_known() {
    let lab = Lab::open();
    let tag = |n: u32| {
        Operation::AddTags(AddTags {
            of: TagsOf::Cluster,
            tags: vec![format!("cut:{n}")],
        })
    };
    let mut made = Vec::new();
    for n in 0..100 {
        let act = Act {
            id: id(),
            operation: tag(n),
            expect: Expect::Nothing {},
            reason: String::new(),
            operator: "tester".into(),
        };
        let request = frame::encode(&Request::Act(Box::new(act.clone())));
        let mut cut = Actor::new(&lab, "node1", &[]);
        // Some of it, all of it, and then at once or after a while the end of the agent.
        let end = request.len().min(usize::try_from(n * 8).unwrap());
        let requests = cut.requests.as_mut().unwrap();
        requests.write_all(&request[..end]).unwrap();
        let patience = Duration::from_millis(u64::from(n.saturating_sub(50)));
        let told = SystemTime::now();
        while end == request.len() && told.elapsed().is_ok_and(|waited| waited < patience) {
            std::hint::spin_loop();
        }
        cut.agent.kill().unwrap();
        drop(cut);
        let mut actor = Actor::new(&lab, "node1", &[]);
        actor.say(&Request::Recover(Recover::new(act.id.clone())));
        match actor.outcome() {
            Outcome::Submitted { job } => made.push((job, n)),
            // The agent saw the end of the link in time.
            Outcome::Void {}
            | Outcome::Refused {
                kind: Refusal::Late,
                ..
            } => {}
            other => panic!("{n}: {other:?}"),
        }
        // And the other way round it is the same.
        actor.say(&Request::Act(Box::new(act)));
        match (actor.outcome(), made.last()) {
            (Outcome::Submitted { job }, Some((same, _))) => assert_eq!(job, *same),
            (
                Outcome::Void {}
                | Outcome::Refused {
                    kind: Refusal::Late,
                    ..
                },
                last,
            ) => assert!(last.is_none_or(|(_, other)| *other != n)),
            other => panic!("{n}: {other:?}"),
        }
    }
    for (job, _) in &made {
        assert_eq!(ended(&lab, *job), "success");
    }
    let wanted: Vec<String> = made.iter().map(|(_, n)| format!("cut:{n}")).collect();
    let mut tags: Vec<String> = lab
        .gnt("gnt-cluster list-tags")
        .lines()
        .filter(|tag| tag.starts_with("cut:"))
        .map(str::to_owned)
        .collect();
    tags.sort_by_key(|tag| tag[4..].parse::<u32>().unwrap());
    assert_eq!(tags, wanted);
    if !tags.is_empty() {
        lab.gnt(&format!("gnt-cluster remove-tags {}", tags.join(" ")));
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn what_this_cluster_cannot_do_is_understood_by_its_luxid_all_the_same() {
    let lab = Lab::open();
    let mut actor = Actor::new(&lab, "node1", &[]);
    let name = || "instance5".to_owned();
    let replace = |mode, disks: &[u8]| {
        Operation::ReplaceDisks(ReplaceDisks {
            instance: name(),
            mode,
            disks: disks.to_vec(),
            early_release: true,
            ignore_ipolicy: true,
        })
    };
    let to = |chosen| replace(ReplaceMode::NewSecondary(chosen), &[]);
    for operation in [
        replace(ReplaceMode::OnPrimary, &[0]),
        replace(ReplaceMode::OnSecondary, &[0]),
        replace(ReplaceMode::Auto, &[]),
        to(Chosen::Node("node3".into())),
        to(Chosen::Iallocator(".".into())),
        Operation::RecreateDisks(RecreateDisks {
            instance: name(),
            nodes: vec!["node1".into(), "node2".into()],
            ..RecreateDisks::default()
        }),
        Operation::Move(Move {
            instance: name(),
            target_node: "node2".into(),
            shutdown_timeout: Some(10),
            ignore_consistency: true,
            ignore_ipolicy: true,
        }),
        Operation::Migrate(Migrate {
            instance: name(),
            cleanup: true,
            ignore_ipolicy: true,
            ..Migrate::default()
        }),
    ] {
        let words = format!("{operation:?}");
        // A key that luxid does not know would have been refused at once.
        assert_eq!(actor.ended(operation).1, "error", "{words}");
    }
    assert_eq!(
        instance(&lab, "instance5", "pnode,admin_state").join(" "),
        "node2 down"
    );
}

#[test]
#[ignore = "needs tests/lab"]
fn from_scripts_a_verify_is_waited_for_with_all_that_it_makes() {
    let lab = Lab::open();
    let told = lab.gantry(&["do", "node1", "verify", "--wait", "--json"]);
    let text = String::from_utf8_lossy(&told.stdout);
    let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
    let made = whole["changes"][0]["made"].as_array().unwrap();
    let summaries: Vec<&str> = made
        .iter()
        .filter_map(|it| it["summary"].as_str())
        .collect();
    assert_eq!(summaries[0], "CLUSTER_VERIFY_CONFIG", "{text}");
    assert_eq!(made.len(), 3, "one for each group besides: {text}");
    assert!(made.iter().all(|it| it["status"] == "success"), "{text}");
    let well = made.iter().all(|it| it["verdict"] == true);
    assert_eq!(told.status.code(), Some(i32::from(!well)), "{text}");
}
