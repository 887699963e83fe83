//! Jobs that are followed: those that make others, those that are on their way, those that failed, and locks.

use gantry_wire::job::{Job, JobLog, JobsPart, Lock, LogLine, Made, Op, Pending};
use gantry_wire::node::{NetRate, Sample};
use gantry_wire::report::Report;

use super::Screen;
use super::fake::{START, Size, bad_night, healthy, node};
use crate::app::acting::Open;
use crate::model::Cluster;

fn small() -> Cluster {
    healthy(Size {
        nodes: 4,
        instances: 12,
    })
}

fn job(id: u64, summary: &str, status: &str, ago: f64) -> Job {
    let op = Op {
        summary: summary.into(),
        status: status.into(),
        started: Some(START - ago),
        executed: Some(START - ago),
        ..Op::default()
    };
    let ended = matches!(status, "success" | "error" | "canceled").then_some(START - ago + 20.0);
    Job {
        id,
        status: status.into(),
        ops: vec![Op { ended, ..op }],
        received: Some(START - ago - 1.0),
        started: (status != "queued").then_some(START - ago),
        ended,
        reason: "gantry: operator:anna".into(),
        ..Job::default()
    }
}

fn told(cluster: &mut Cluster, jobs: Vec<Job>) {
    let part = JobsPart {
        jobs,
        ..JobsPart::default()
    };
    cluster.report(&node(1), Report::Jobs(part));
}

fn logged(cluster: &mut Cluster, id: u64, lines: &[&str]) {
    let line = |(n, text): (usize, &&str)| LogLine {
        serial: n as u64 + 1,
        at: START - 60.0 + n as f64 * 4.0,
        op: 0,
        kind: "message".into(),
        text: (*text).to_owned(),
    };
    let lines = lines.iter().enumerate().map(line).collect();
    cluster.report(&node(1), Report::Logs(vec![JobLog { job: id, lines }]));
}

/// An evacuation whose jobs go on, wait and fail.
fn evacuation() -> Cluster {
    let mut cluster = small();
    let mut parent = job(4_800, "NODE_EVACUATE(node2.example.com)", "success", 80.0);
    parent.ops[0].made = (4_801..=4_805).map(Made::Job).collect();
    let mut failed = job(4_802, "INSTANCE_MIGRATE(db1.example.com)", "error", 60.0);
    failed.ops[0].error =
        "Can't migrate: node3.example.com has not enough memory (insufficient_resources)".into();
    let mut runs = job(4_803, "INSTANCE_MIGRATE(web2.example.com)", "running", 40.0);
    runs.last_line = Some(LogLine {
        text: "* memory transfer progress: 40.50 %".into(),
        ..LogLine::default()
    });
    let jobs = vec![
        parent,
        job(4_801, "INSTANCE_MIGRATE(web1.example.com)", "success", 70.0),
        failed,
        runs,
        job(4_804, "INSTANCE_MIGRATE(web4.example.com)", "queued", 30.0),
        job(4_805, "INSTANCE_MIGRATE(web5.example.com)", "queued", 30.0),
    ];
    told(&mut cluster, jobs);
    cluster
}

#[test]
fn a_job_that_makes_others_lists_them_and_how_they_fare() {
    let mut screen = Screen::new(evacuation(), 120, 40);
    insta::assert_snapshot!("family-job", screen.go("job 4800").text());
    let mut screen = Screen::new(evacuation(), 80, 24);
    insta::assert_snapshot!("family-jobs-80", screen.press("4").text());
}

const MIGRATION: &[&str] = &[
    "Migrating instance web1.example.com",
    "* checking disk consistency between source and target",
    "* closing instance disks on node node2.example.com",
    "* changing into standalone mode",
    "* changing disks into dual-master mode",
    "* wait until resync is done",
    "* preparing node2.example.com to accept the instance",
    "* migrating instance to node2.example.com",
    "* starting memory transfer",
    "* memory transfer progress: 88.00 %",
    "* memory transfer progress: 104.25 %",
];

fn first_drbd(cluster: &Cluster) -> String {
    let mut names: Vec<String> = cluster
        .instances
        .values()
        .filter(|instance| instance.conf.disk_template == "drbd")
        .map(|instance| instance.name.to_string())
        .collect();
    names.sort();
    names.swap_remove(0)
}

fn migration(status: &str, error: &str) -> Cluster {
    let mut cluster = small();
    let name = first_drbd(&cluster);
    let mut moves = job(4_810, &format!("INSTANCE_MIGRATE({name})"), status, 62.0);
    moves.ops[0].error = error.into();
    if status == "error" {
        moves.ops[0].ended = Some(START - 5.0);
        moves.ended = Some(START - 5.0);
    }
    told(&mut cluster, vec![moves]);
    logged(&mut cluster, 4_810, MIGRATION);
    let primary = cluster
        .instances
        .values()
        .find(|it| *it.name == *name)
        .unwrap()
        .conf
        .primary
        .clone();
    let net = vec![
        NetRate {
            name: "eth0".into(),
            rx: 900_000,
            tx: 117_000_000,
        },
        NetRate {
            name: "br0".into(),
            rx: 900_000,
            tx: 116_000_000,
        },
    ];
    let sample = Sample {
        wall_ms: (cluster.now.wall * 1_000.0) as u64,
        net: Some(net),
        ..Sample::default()
    };
    cluster.report(&primary, Report::Sample(Box::new(sample)));
    cluster
}

#[test]
fn a_migration_shows_its_steps_and_that_it_does_not_converge() {
    let mut screen = Screen::new(migration("running", ""), 120, 45);
    insta::assert_snapshot!("way-migrate", screen.go("job 4810").text());
    let mut screen = Screen::new(migration("running", ""), 80, 24);
    insta::assert_snapshot!("way-migrate-80", screen.go("job 4810").text());
}

#[test]
fn a_failed_migration_says_how_things_are_and_a_key_opens_what_mends_it() {
    let error = "Could not migrate instance: hypervisor returned failure";
    let mut screen = Screen::new(migration("error", error), 120, 45);
    insta::assert_snapshot!("way-failed", screen.go("job 4810").text());
    screen.press("m");
    let Some(Open::Form(form)) = &screen.state.acting.open else {
        panic!("no form")
    };
    let operation = serde_json::to_value(&form.operations[0]).unwrap();
    assert_eq!(operation["migrate"]["cleanup"], true);
}

#[test]
fn where_nothing_has_to_be_mended_no_form_opens() {
    let mut screen = Screen::new(evacuation(), 120, 40);
    screen.go("job 4801").press("m");
    assert!(screen.state.acting.open.is_none());
    assert!(screen.text().contains("no operation that would mend this"));
}

fn chain() -> Cluster {
    let mut cluster = bad_night();
    let lock = |name: &str, mode: &str, owners: &[u64], pending: &[u64]| Lock {
        name: name.into(),
        mode: mode.into(),
        owners: owners.into(),
        others: Vec::new(),
        pending: pending
            .iter()
            .map(|job| Pending {
                mode: "exclusive".into(),
                jobs: vec![*job],
            })
            .collect(),
    };
    let mut last = lock("nodegroup/rack1-uuid", "shared", &[], &[4_714]);
    last.others.push("luxid-ThreadId 5".into());
    let locks = vec![
        lock("instance/web8.example.com", "exclusive", &[4_712], &[4_713]),
        lock("node/node5.example.com", "exclusive", &[4_711], &[4_712]),
        last,
    ];
    let waits = |id, summary: &str| job(id, summary, "waiting", 20.0);
    told(
        &mut cluster,
        vec![
            waits(4_713, "INSTANCE_SET_PARAMS(web8.example.com)"),
            waits(4_714, "GROUP_EVACUATE(rack1-uuid)"),
        ],
    );
    cluster.report(&node(1), Report::Locks(locks));
    cluster
}

#[test]
fn locks_are_a_chain_down_to_the_job_that_moves() {
    let mut screen = Screen::new(chain(), 160, 45);
    insta::assert_snapshot!("locks-160x45", screen.go("locks").text());
    let mut screen = Screen::new(chain(), 80, 24);
    insta::assert_snapshot!("locks-80x24", screen.go("locks").text());
    screen.press("j Enter");
    assert!(screen.text().contains("job 4712"), "Enter goes to the job");
}

#[test]
fn without_a_job_that_waits_the_locks_say_why_they_are_not_known() {
    let mut screen = Screen::new(small(), 80, 24);
    insta::assert_snapshot!("locks-none", screen.go("locks").text());
}
