use gantry_wire::job::{Filter, Lock, Pending, QueueState};
use gantry_wire::report::{MasterState, Report};

use crate::action::Kind::{Failover, JobCancel, NodeOffline, QueueUndrain, Shutdown, Start};
use crate::action::fixture::{Town, job};
use crate::action::{Object, Tone};
use crate::planner::fixture::lose;

#[test]
fn without_a_master_nothing_can_be_submitted() {
    let mut town = Town::new();
    let silent = MasterState::Silent {
        why: "no socket".into(),
    };
    town.cluster.report("node1", Report::Master(silent));
    town.of(Start, "off1", &[])
        .refused("LUXI does not answer there (no socket)");
    let mut town = Town::new();
    lose(&mut town.cluster, "node1");
    town.of(Start, "off1", &[])
        .refused("the master node1 cannot be reached");
}

#[test]
fn a_drained_queue_takes_no_jobs_but_can_be_undrained() {
    let mut town = Town::new();
    town.jobs(vec![job(7, "queued", "TEST_DELAY")]);
    let drained = QueueState {
        drained: true,
        filters: vec![Filter {
            action: "PAUSE".into(),
            predicates: "[]".into(),
            ..Filter::default()
        }],
        ..QueueState::default()
    };
    town.cluster.report("node1", Report::Queue(drained));
    town.of(Start, "off1", &[])
        .refused("the queue is drained")
        .says("job filter: PAUSE is in force", Tone::Warn);
    town.of_object(QueueUndrain, Object::Cluster, &[]).goes();
    town.of_object(JobCancel, Object::Job(7), &[]).goes();
    town.cluster.queue = None;
    town.of(Start, "off1", &[])
        .goes()
        .says("queue: not known whether it is drained", Tone::Warn);
}

#[test]
fn jobs_on_the_same_object_are_named() {
    let mut town = Town::new();
    town.jobs(vec![
        job(4_710, "success", "INSTANCE_STARTUP(web7)"),
        job(4_711, "running", "INSTANCE_REPLACE_DISKS(web7)"),
        job(4_712, "queued", "INSTANCE_STARTUP(db2)"),
    ]);
    let told = town.of(Shutdown, "web7", &[]);
    told.goes();
    told.says("waits behind: job 4711 (INSTANCE_REPLACE_DISKS(web7)), which is for the same, at \"syncing 34%\"", Tone::Warn);
    assert_eq!(told.0.behind, [4_711]);
}

#[test]
fn locks_that_are_held_are_waited_for() {
    let mut town = Town::new();
    town.jobs(vec![
        job(4_711, "running", "INSTANCE_REPLACE_DISKS(db2)"),
        job(4_712, "waiting", "NODE_SET_PARAMS(node5)"),
    ]);
    let lock = |name: &str, mode: &str, waiting: &[u64]| Lock {
        name: name.into(),
        mode: mode.into(),
        owners: vec![4_711],
        pending: vec![Pending {
            mode: "exclusive".into(),
            jobs: waiting.to_vec(),
        }],
        ..Lock::default()
    };
    let locks = vec![
        lock("node/node5", "exclusive", &[4_712]),
        lock("instance/db2", "exclusive", &[]),
    ];
    town.cluster.report("node1", Report::Locks(locks));
    let told = town.of(Failover, "web7", &[]);
    told.says(
        "job 4711 (INSTANCE_REPLACE_DISKS(db2)) for the lock on node5, at \"syncing 34%\"",
        Tone::Warn,
    );
    assert_eq!(told.0.behind, [4_711, 4_712]);
    // A shutdown locks no node.
    assert!(town.of(Shutdown, "web7", &[]).0.behind.is_empty());
}

#[test]
fn where_locks_are_not_told_running_jobs_on_the_same_nodes_are() {
    let mut town = Town::new();
    town.jobs(vec![
        job(4_711, "running", "INSTANCE_REPLACE_DISKS(db2)"),
        job(4_712, "running", "INSTANCE_SHUTDOWN(pool1)"),
        job(4_713, "running", "NODE_SET_PARAMS(node3)"),
    ]);
    let told = town.of(Failover, "web7", &[]);
    told.says(
        "job 4711 (INSTANCE_REPLACE_DISKS(db2)), which works on one of its nodes",
        Tone::Warn,
    );
    assert_eq!(told.0.behind, [4_711, 4_713]);
    let offline = town.of_node(NodeOffline, "node7", &[]);
    assert!(offline.0.behind.is_empty(), "{:#?}", offline.0);
}

#[test]
fn no_more_run_at_once_than_may() {
    let mut town = Town::new();
    town.cluster.conf.as_mut().unwrap().max_running_jobs = 1;
    town.jobs(vec![job(7, "running", "TEST_DELAY")]);
    town.of(Start, "off1", &[])
        .says("1 jobs run, and no more than 1 may at once", Tone::Warn);
}
