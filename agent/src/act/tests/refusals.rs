use gantry_wire::act::Refusal;
use gantry_wire::operation::{Migrate, NodeDrain, Permission, VerifyDisks};
use serde_json::json;

use super::*;
use crate::args::Serve;

fn kind(outcome: &Outcome) -> (Refusal, &str) {
    match outcome {
        Outcome::Refused { kind, words } => (*kind, words),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_change_becomes_a_job_that_says_whose_it_is() {
    let bench = Bench::new();
    let outcome = bench.agent(1).act(&act(0xa, start()));
    assert_eq!(outcome, Outcome::Submitted { job: 7 });
    let job = bench.small.lock().jobs[&7].clone();
    assert_eq!(job[0]["OP_ID"], "OP_INSTANCE_STARTUP");
    let trail = &job[0]["reason"][0];
    assert_eq!(trail[0], "gantry");
    let text = format!("operator:alice id:{} why not", ActId::new(0xa));
    assert_eq!(trail[1], text);
    let ns = trail[2].as_u64().unwrap();
    assert!(ns > 1_790_000_000_000_000_000, "{ns}");
    let keys: Vec<_> = job[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["OP_ID", "instance_name", "reason"]);
}

#[test]
fn what_is_not_permitted_leaves_no_trace_at_luxid_or_on_disk() {
    let bench = Bench::new();
    let mut agent = bench.agent(1);
    let serve = Serve {
        read_only: true,
        ..Serve::default()
    };
    agent.permits = Permits::of(&serve, None);
    let acted = agent.act(&act(1, start()));
    assert_eq!(
        kind(&acted),
        (Refusal::Permission, "start: this key may only read")
    );
    let recovered = agent.recover(&ActId::new(1));
    assert!(matches!(recovered, Outcome::Unknown { .. }));
    assert_eq!(bench.fake.connected(), 0);
    assert!(!bench.fake.root().join("run").exists());
    let only = |words: &[&str]| Serve {
        allow: Some(words.iter().map(|word| (*word).to_owned()).collect()),
        ..Serve::default()
    };
    agent.permits = Permits::of(&only(&["kill", "start"]), None);
    assert_eq!(agent.act(&act(2, start())), Outcome::Submitted { job: 7 });
    let forced = Operation::Start(Start {
        instance: "web1.example.com".into(),
        force: true,
    });
    assert_eq!(
        forced.permission(),
        Permission::named("start-force").unwrap()
    );
    assert_eq!(kind(&agent.act(&act(3, forced))).0, Refusal::Permission);
}

#[test]
fn a_migration_that_would_be_a_failover_wants_that_permission() {
    let bench = Bench::new();
    bench.small.lock().instance["be/always_failover"] = json!(true);
    let migrate = Operation::Migrate(Migrate {
        instance: "web1.example.com".into(),
        ..Migrate::default()
    });
    let mut id = 0;
    let mut asked = |words: &[&str]| {
        let mut agent = bench.agent(1);
        let serve = Serve {
            allow: Some(words.iter().map(|word| (*word).to_owned()).collect()),
            ..Serve::default()
        };
        agent.permits = Permits::of(&serve, None);
        id += 1;
        agent.act(&act(id, migrate.clone()))
    };
    let outcome = asked(&["migrate"]);
    let (refusal, words) = kind(&outcome);
    assert_eq!(refusal, Refusal::Permission);
    assert!(
        words.contains("failover") && words.contains("always_failover"),
        "{words}"
    );
    let both = asked(&["migrate", "failover"]);
    assert_eq!(both, Outcome::Submitted { job: 7 });
    bench.small.lock().instance["be/always_failover"] = json!(false);
    assert_eq!(asked(&["migrate"]), Outcome::Submitted { job: 8 });
}

#[test]
fn fields_that_cannot_be_so_are_refused_here_too() {
    let bench = Bench::new();
    let mut bad = act(1, start());
    bad.reason = "rate-limit:1:x".into();
    let outcome = bench.agent(1).act(&bad);
    assert_eq!(kind(&outcome).0, Refusal::Field);
    bad = act(1, start());
    bad.operator = "caf\u{e9}".into();
    assert_eq!(kind(&bench.agent(1).act(&bad)).0, Refusal::Field);
    assert_eq!(bench.fake.connected(), 0);
}

#[test]
fn what_is_not_as_the_operator_saw_it_is_left_alone() {
    let bench = Bench::new();
    let mut id = 0;
    let mut refuse = |change: &dyn Fn(&mut small::State), operation: &Operation| {
        let before = {
            let mut state = bench.small.lock();
            let before = (state.instance.clone(), state.node.clone());
            change(&mut state);
            before
        };
        id += 1;
        let outcome = bench.agent(1).act(&act(id, operation.clone()));
        let mut state = bench.small.lock();
        (state.instance, state.node) = before;
        let (kind, words) = kind(&outcome);
        assert_eq!(kind, Refusal::Expect);
        words.to_owned()
    };
    let start = start();
    let words = refuse(
        &|state| state.instance["pnode"] = json!("node2.example.com"),
        &start,
    );
    assert_eq!(
        words,
        "primary node is node2.example.com, not node1.example.com"
    );
    let words = refuse(&|state| state.instance["snodes"] = json!([]), &start);
    assert_eq!(words, "secondary node is none, not node2.example.com");
    let words = refuse(
        &|state| state.instance["admin_state"] = json!("down"),
        &start,
    );
    assert_eq!(words, "admin state is down, not up");
    let words = refuse(
        &|state| state.instance["name"] = json!("web2.example.com"),
        &start,
    );
    assert_eq!(words, "there is no instance web1.example.com any more");
    let drain = Operation::NodeDrain(NodeDrain {
        node: "node2.example.com".into(),
        auto_promote: false,
    });
    let words = refuse(&|state| state.node["drained"] = json!(true), &drain);
    assert_eq!(words, "drained is yes, not no");
    assert!(bench.small.made().is_empty());
    assert_eq!(
        bench.agent(1).act(&act(99, drain)),
        Outcome::Submitted { job: 7 }
    );
}

#[test]
fn a_name_that_only_begins_like_an_instances_is_none() {
    let bench = Bench::new();
    bench.fake.answer({
        let small = bench.small.clone();
        move |method, arguments| {
            // luxid finds `web1` too, and answers with the whole name.
            let mut arguments = arguments.clone();
            if method == "Query" {
                arguments[2] = json!(["=", "name", "web1.example.com"]);
            }
            small.lock().reply(method, &arguments)
        }
    });
    let short = Operation::Start(Start {
        instance: "web1".into(),
        force: false,
    });
    let outcome = bench.agent(1).act(&act(1, short));
    assert_eq!(
        kind(&outcome),
        (Refusal::Expect, "name is web1.example.com, not web1")
    );
}

#[test]
fn a_drained_queue_is_said_before_and_after() {
    let bench = Bench::new();
    bench.small.lock().drained = true;
    let outcome = bench.agent(1).act(&act(1, start()));
    assert_eq!(kind(&outcome).0, Refusal::Drained);
    bench.small.lock().drained = false;
    // It was drained between the question and the job.
    let error = json!({"success": false, "result": ["GenericError", ["Queue drained"]]});
    bench.small.lock().says = Some((false, error));
    let outcome = bench.agent(1).act(&act(2, start()));
    assert_eq!(kind(&outcome).0, Refusal::Drained);
    assert_eq!(
        bench.agent(1).recover(&ActId::new(2)),
        outcome,
        "and it stays so"
    );
}

#[test]
fn ganetis_no_is_told_in_its_words_unless_it_made_the_job_after_all() {
    let bench = Bench::new();
    let error = json!({"success": false, "result": ["JobQueueFull", []]});
    bench.small.lock().says = Some((false, error.clone()));
    let outcome = bench.agent(1).act(&act(1, start()));
    assert_eq!(kind(&outcome), (Refusal::Ganeti, "the job queue is full"));
    bench.small.lock().says = Some((true, error));
    let outcome = bench.agent(1).act(&act(2, start()));
    assert_eq!(outcome, Outcome::Submitted { job: 7 });
    let words = json!({"success": false, "result": "Failed to parse request: key force"});
    bench.small.lock().says = Some((false, words));
    let outcome = bench.agent(1).act(&act(3, start()));
    assert!(kind(&outcome).1.contains("key force"));
}

#[test]
fn a_node_that_is_not_the_master_says_who_is() {
    let bench = Bench::new();
    std::fs::remove_file(bench.fake.socket()).unwrap();
    let outcome = bench.agent(1).act(&act(1, start()));
    assert_eq!(kind(&outcome).0, Refusal::Luxid);
    let ssconf = bench.fake.root().join("var/lib/ganeti/ssconf_master_node");
    std::fs::write(ssconf, "node3.example.com\n").unwrap();
    let outcome = bench.agent(1).act(&act(1, start()));
    let expected = (Refusal::NotMaster, "node3.example.com is the master");
    assert_eq!(kind(&outcome), expected);
}

#[test]
fn what_this_ganeti_has_not_is_said() {
    let bench = Bench::new();
    bench.small.lock().version = "2.15.2".into();
    let group = Some("rack1".to_owned());
    let outcome = bench
        .agent(1)
        .act(&act(1, Operation::VerifyDisks(VerifyDisks { group })));
    assert_eq!(kind(&outcome).0, Refusal::Version);
    bench.small.lock().version = "soon".into();
    let outcome = bench.agent(1).act(&act(1, start()));
    assert!(kind(&outcome).1.contains("soon"));
}

#[test]
fn an_act_for_a_console_that_fell_silent_is_not_done() {
    let bench = Bench::new();
    let mut agent = bench.agent(1);
    agent.heard = false;
    let outcome = agent.act(&act(1, start()));
    assert_eq!(kind(&outcome).0, Refusal::Late);
    assert!(bench.small.made().is_empty());
    assert_eq!(bench.agent(2).recover(&ActId::new(1)), outcome);
}

#[test]
fn without_a_record_nothing_is_sent() {
    let bench = Bench::new();
    // A file where the directory should be.
    std::fs::create_dir_all(bench.fake.root().join("run/gantry")).unwrap();
    std::fs::write(bench.fake.root().join("run/gantry/op"), "").unwrap();
    let outcome = bench.agent(1).act(&act(1, start()));
    assert_eq!(kind(&outcome).0, Refusal::Record);
    assert!(bench.small.made().is_empty());
    assert!(matches!(
        bench.agent(1).recover(&ActId::new(1)),
        Outcome::Unknown { .. }
    ));
}
