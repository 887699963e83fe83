//! What verifies found.

use gantry_wire::job::{Job, JobLog, JobsPart, LogLine, Op};
use gantry_wire::report::Report;

use super::Screen;
use super::fake::{START, Size, at, healthy, node};
use crate::app::acting::Open;
use crate::app::{Effect, Msg};
use crate::model::Cluster;

const RACK1: &[&str] = &[
    "* Verifying group 'rack1'",
    "  - ERROR:ENODERPC:node:node3.example.com:while contacting node: Error 28: Connection timed out",
    "  - ERROR:ENODESSH:node:node1.example.com:ssh communication with node 'node3.example.com': timed out",
    "  - ERROR:ENODENET:node:node1.example.com:tcp communication with node 'node3.example.com': failure using the primary interface(s)",
    "  - ERROR:ENODEHV:node:node3.example.com:hypervisor kvm verify failure: no answer",
    "  - WARNING:EINSTANCEPOLICY:instance:web1.example.com:Disk template drbd is not allowed (allowed templates: plain)",
    "  - ERROR:EINSTANCEDOWN:instance:db1.example.com:instance not running on its primary node node1.example.com",
    "  - ERROR:ENODEN1:node:node2.example.com:not enough memory to accomodate instance failovers should node node1.example.com fail (30000MiB needed, 18902MiB available)",
    "  - NOTICE: 2 non-redundant instance(s) found.",
];

fn verified(
    cluster: &mut Cluster,
    id: u64,
    summary: &str,
    ago: f64,
    verdict: bool,
    lines: &[&str],
) {
    let op = Op {
        summary: summary.into(),
        status: "success".into(),
        verdict: Some(verdict),
        ..Op::default()
    };
    let job = Job {
        id,
        status: "success".into(),
        ops: vec![op],
        ended: Some(START - ago),
        ..Job::default()
    };
    let part = JobsPart {
        jobs: vec![job],
        ..JobsPart::default()
    };
    cluster.report(&node(1), Report::Jobs(part));
    let line = |(n, text): (usize, &&str)| LogLine {
        serial: n as u64 + 1,
        kind: "message".into(),
        text: (*text).to_owned(),
        ..LogLine::default()
    };
    let lines = lines.iter().enumerate().map(line).collect();
    cluster.report(&node(1), Report::Logs(vec![JobLog { job: id, lines }]));
}

fn found() -> Cluster {
    let mut cluster = healthy(Size {
        nodes: 4,
        instances: 12,
    });
    verified(
        &mut cluster,
        4_900,
        "CLUSTER_VERIFY_CONFIG",
        7_400.0,
        true,
        &["* Verifying cluster config"],
    );
    verified(
        &mut cluster,
        4_901,
        "CLUSTER_VERIFY_GROUP(rack1)",
        7_350.0,
        false,
        RACK1,
    );
    verified(
        &mut cluster,
        4_902,
        "CLUSTER_VERIFY_GROUP(rack2)",
        7_300.0,
        true,
        &[],
    );
    cluster
}

#[test]
fn findings_are_an_inbox() {
    let mut screen = Screen::new(found(), 160, 45);
    insta::assert_snapshot!("verify-160x45", screen.go("verify").text());
    let mut screen = Screen::new(found(), 80, 24);
    insta::assert_snapshot!("verify-80x24", screen.go("verify").styled());
}

#[test]
fn without_a_verify_the_inbox_says_so_and_enter_asks_for_one() {
    let mut screen = Screen::new(
        healthy(Size {
            nodes: 4,
            instances: 12,
        }),
        80,
        24,
    );
    // The log of the one that is among the jobs was not answered yet.
    insta::assert_snapshot!("verify-none", screen.go("verify").text());
    screen.press("Enter");
    assert!(matches!(&screen.state.acting.open, Some(Open::Form(_))));
}

#[test]
fn what_is_acknowledged_is_dim_and_kept_and_what_is_new_is_told() {
    let mut screen = Screen::new(found(), 160, 45);
    let name = "prod.example.com".to_owned();
    assert!(screen.effects.contains(&Effect::Recall(name.clone())));
    screen.send(Msg::Recalled {
        cluster: name,
        text: None,
        place: String::new(),
    });
    screen.go("verify");
    screen.effects.clear();
    screen.press("x");
    assert!(matches!(screen.effects.as_slice(), [Effect::Keep { .. }]));
    let lines: Vec<String> = RACK1
        .iter()
        .map(|line| line.replace("db1", "db5"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    verified(
        &mut screen.cluster,
        4_911,
        "CLUSTER_VERIFY_GROUP(rack1)",
        10.0,
        false,
        &lines,
    );
    let now = screen.cluster.now.at.0;
    at(&mut screen.cluster, now + 1_000);
    screen.send(Msg::Data);
    insta::assert_snapshot!("verify-new-and-known", screen.press("Home").text());
}

#[test]
fn a_key_opens_the_form_of_what_mends_a_finding() {
    let mut screen = Screen::new(found(), 160, 45);
    screen
        .go("verify")
        .press("/")
        .type_in("db1")
        .press("Enter m");
    let Some(Open::Form(form)) = &screen.state.acting.open else {
        panic!("no form:\n{}", screen.text())
    };
    assert_eq!(form.title(), "start db1.example.com");
    screen.press("Esc Enter");
    assert!(screen.text().contains("db1"), "its subject opens");
}
