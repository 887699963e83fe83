#![allow(clippy::unwrap_used)]
use gantry_wire::ssconf::SsNode;

use super::super::samples::{self, Script, until};
use super::*;

/// Prints what a real one does, and notes what it was asked.
const DRBDSETUP: &str = r#"
echo "$*" >> $0.log
case $1 in
show) cat $0.show ;;
get-gi) echo 337326D5B2384A9F:5C8893D971508EE7:E8AEB504E0795C44:A04F730652E0C363:1:1:1:0:0:0:0 ;;
esac"#;

const KMSG: &str =
    "6,1,1814726182,-;block drbd1: Split-Brain detected but unresolved, dropping connection!";

struct Bench {
    script: Script,
    waker: Waker,
    worker: Worker,
}

impl Bench {
    fn new(test: &str) -> Bench {
        let script = Script::new(test, DRBDSETUP);
        let shown = samples::captured("drbdsetup-show.txt");
        std::fs::write(script.beside("drbdsetup.show"), shown).unwrap();
        let run = script.beside("var/run/ganeti/bdev-cache");
        std::fs::create_dir_all(&run).unwrap();
        std::fs::write(run.join("bdev_drbd1"), "web1 primary disk/0\n").unwrap();
        let kmsg = script.beside("kmsg");
        std::fs::write(&kmsg, KMSG).unwrap();
        let place = Place::new(script.beside(""), None);
        let waker = Waker::new().unwrap();
        let worker = Worker::start(&place, &script.path(), kmsg, true, &waker).unwrap();
        Bench {
            script,
            waker,
            worker,
        }
    }

    /// Orders, waits for the answer and says what was run for it.
    fn find(&mut self, subjects: Vec<Subject>, mono_ms: u64) -> String {
        let log = self.script.beside("drbdsetup.log");
        let _ = std::fs::remove_file(&log);
        self.worker.order(Order {
            subjects,
            node: "node2".into(),
            ssconf: Some(ssconf()),
            now: at(mono_ms),
        });
        let worker = &mut self.worker;
        until(&self.waker, || {
            worker.receive();
            !worker.waits
        });
        std::fs::read_to_string(log)
            .unwrap_or_default()
            .replace('\n', ", ")
    }
}

fn at(mono_ms: u64) -> Moment {
    Moment {
        mono_ms,
        wall_ms: 1_790_000_000_000 + mono_ms,
    }
}

fn ssconf() -> Ssconf {
    Ssconf {
        nodes: vec![SsNode {
            name: "node3".into(),
            secondary_ip: "192.0.2.13".into(),
            ..SsNode::default()
        }],
        ..Ssconf::default()
    }
}

fn subject(minor: u32, connection: &str) -> Subject {
    Subject {
        minor,
        connection: connection.into(),
        disk: "UpToDate".into(),
        differs: false,
    }
}

#[test]
fn everything_is_found_out_about_a_device_that_stands_alone() {
    let mut bench = Bench::new("facts");
    let subjects = vec![subject(0, "Connected"), subject(1, "StandAlone")];
    assert_eq!(bench.find(subjects, 0), "show, get-gi 1, ");
    let facts = bench.worker.latest();
    assert_eq!(facts.trouble, None);
    assert_eq!(
        facts.devices[&0].peer, "192.0.2.11",
        "no node of that address"
    );
    let fact = &facts.devices[&1];
    assert_eq!(
        (fact.instance.as_str(), fact.disk_index, fact.peer.as_str()),
        ("web1", Some(0), "node3")
    );
    assert_eq!((fact.shown.port, fact.shown.rate_kib), (11003, 61_440));
    assert_eq!(
        fact.generation.as_ref().unwrap().flags,
        ["consistent", "was-up-to-date", "primary"]
    );
    assert_eq!(fact.split_brain_at, Some(1_790_001_814.726));
}

#[test]
fn commands_run_only_after_a_change() {
    let mut bench = Bench::new("changes");
    let both = |second: &str| vec![subject(0, "Connected"), subject(1, second)];
    assert_eq!(bench.find(both("Connected"), 0), "show, ");
    assert!(!bench.worker.is_due(&both("Connected"), at(59_999)));
    assert!(bench.worker.is_due(&both("Connected"), at(60_000)));
    assert!(!bench.worker.is_due(&both("WFConnection"), at(1999)));
    assert!(bench.worker.is_due(&both("WFConnection"), at(2000)));
    assert_eq!(bench.find(both("Connected"), 60_000), "");
    assert_eq!(bench.find(both("WFConnection"), 62_000), "show, get-gi 1, ");
    assert_eq!(bench.find(both("WFConnection"), 122_000), "");
    let mut written = both("WFConnection");
    written[1].differs = true;
    assert_eq!(
        bench.find(written, 124_000),
        "get-gi 1, ",
        "a write makes a new generation"
    );
    assert_eq!(bench.find(both("SyncSource"), 126_000), "show, ");
    assert_eq!(bench.worker.latest().devices[&1].generation, None);
}

#[test]
fn without_the_program_the_owners_are_known_all_the_same() {
    let mut bench = Bench::new("nowhere");
    let place = Place::new(bench.script.beside(""), None);
    let kmsg = PathBuf::from("/nonexistent/kmsg");
    bench.worker = Worker::start(&place, "/nonexistent", kmsg, true, &bench.waker).unwrap();
    bench.find(vec![subject(1, "StandAlone")], 0);
    let facts = bench.worker.latest();
    assert!(facts.trouble.as_ref().unwrap().contains("drbdsetup show"));
    assert_eq!(facts.devices[&1].instance, "web1");
}

#[test]
fn a_thread_that_does_not_answer_is_said_to_hang() {
    let script = Script::new("slow", "exec sleep 600");
    let waker = Waker::new().unwrap();
    let place = Place::new(script.beside(""), None);
    let kmsg = PathBuf::from("/nonexistent/kmsg");
    let mut worker = Worker::start(&place, &script.path(), kmsg, true, &waker).unwrap();
    worker.order(Order {
        subjects: vec![subject(1, "Connected")],
        node: String::new(),
        ssconf: None,
        now: at(0),
    });
    assert!(!worker.hangs(at(30_000)) && worker.hangs(at(30_001)));
    assert!(!worker.is_due(&[], at(90_000)), "no second one beside it");
}
