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
        self.find_set_up(subjects, 0, mono_ms)
    }

    fn find_set_up(&mut self, subjects: Vec<Subject>, set_up: u64, mono_ms: u64) -> String {
        let log = self.script.beside("drbdsetup.log");
        let _ = std::fs::remove_file(&log);
        self.worker.order(Order {
            subjects,
            set_up,
            node: "node2".into(),
            ssconf: Some(ssconf()),
            now: at(mono_ms),
            boot: BOOT,
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

    fn is_due(&self, subjects: &[Subject], mono_ms: u64) -> bool {
        self.worker.is_due(subjects, 0, BOOT, at(mono_ms))
    }
}

const BOOT: f64 = 1_790_000_000.0;

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
        life: 1,
        connection: connection.into(),
        disk: "UpToDate".into(),
        role: "Primary".into(),
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
fn what_the_log_told_moves_with_the_clock() {
    let mut bench = Bench::new("clock-set");
    let subjects = vec![subject(1, "StandAlone")];
    let mut split_brain = |mono_ms, boot| {
        bench.worker.order(Order {
            subjects: subjects.clone(),
            set_up: 0,
            node: "node2".into(),
            ssconf: None,
            now: at(mono_ms),
            boot,
        });
        until(&bench.waker, || bench.worker.receive());
        bench.worker.latest().devices[&1].split_brain_at
    };
    assert_eq!(split_brain(0, BOOT), Some(1_790_001_814.726));
    assert_eq!(split_brain(2000, BOOT + 60.0), Some(1_790_001_874.726));
}

#[test]
fn commands_run_only_after_a_change() {
    let mut bench = Bench::new("changes");
    let both = |second: &str| vec![subject(0, "Connected"), subject(1, second)];
    assert_eq!(bench.find(both("Connected"), 0), "show, ");
    assert!(!bench.is_due(&both("Connected"), 59_999));
    assert!(bench.is_due(&both("Connected"), 60_000));
    assert!(!bench.is_due(&both("WFConnection"), 1999));
    assert!(bench.is_due(&both("WFConnection"), 2000));
    let later = |set_up, boot| {
        let subjects = both("Connected");
        bench.worker.is_due(&subjects, set_up, boot, at(2000))
    };
    assert!(!later(0, BOOT) && later(1, BOOT), "it was set up otherwise");
    assert!(later(0, BOOT + 60.0), "the clock was set");
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
    assert_eq!(bench.find(both("SyncSource"), 136_000), "show, ");
    assert_eq!(bench.worker.latest().devices[&1].generation, None);
}

#[test]
fn what_is_shown_is_read_seldom_and_no_change_is_lost() {
    let mut bench = Bench::new("shown");
    let both = |second: &str| vec![subject(0, "Connected"), subject(1, second)];
    assert_eq!(bench.find(both("Connected"), 0), "show, ");
    assert_eq!(bench.find(both("SyncTarget"), 2000), "", "too soon");
    // It is as it was, but may have been something else between.
    assert_eq!(bench.find_set_up(both("Connected"), 1, 4000), "");
    let due = |bench: &Bench, mono_ms| {
        let subjects = both("Connected");
        bench.worker.is_due(&subjects, 1, BOOT, at(mono_ms))
    };
    assert!(!due(&bench, 9999) && due(&bench, 10_000), "read at its end");
    let text = samples::captured("drbdsetup-show.txt").replace("192.0.2.13", "192.0.2.99");
    std::fs::write(bench.script.beside("drbdsetup.show"), text).unwrap();
    assert_eq!(bench.find_set_up(both("Connected"), 1, 10_000), "show, ");
    assert_eq!(bench.worker.latest().devices[&1].peer, "192.0.2.99");
    assert!(!due(&bench, 69_999) && due(&bench, 70_000));
    let mut detached = both("Connected");
    detached[1].disk = "Diskless".into();
    assert_eq!(bench.find_set_up(detached.clone(), 1, 21_000), "show, ");
    assert_eq!(bench.find_set_up(detached.clone(), 1, 81_000), "");
    assert_eq!(bench.find_set_up(detached, 1, 621_000), "show, ");
}

#[test]
fn nothing_is_shown_that_could_not_be_had_again() {
    let mut bench = Bench::new("no-show");
    bench.find(vec![subject(1, "Connected")], 0);
    assert_eq!(bench.worker.latest().devices[&1].shown.port, 11003);
    std::fs::write(bench.script.beside("drbdsetup.does"), "kill -SEGV $$").unwrap();
    bench.find(vec![subject(1, "StandAlone")], 20_000);
    let facts = bench.worker.latest().clone();
    assert!(facts.trouble.unwrap().contains("drbdsetup show"));
    assert_eq!(facts.devices[&1].shown, Shown::default());
    assert_eq!(facts.devices[&1].instance, "web1");
    std::fs::write(bench.script.beside("drbdsetup.does"), DRBDSETUP).unwrap();
    let ran = bench.find(vec![subject(1, "StandAlone")], 80_000);
    assert_eq!(ran, "show, get-gi 1, ");
    assert_eq!(bench.worker.latest().trouble, None);
    assert_eq!(bench.worker.latest().devices[&1].shown.port, 11003);
}

#[test]
fn a_device_wears_nothing_of_another_one_or_of_another_state() {
    let owner = Owner {
        instance: "web1".into(),
        ..Owner::default()
    };
    let before = subject(1, "StandAlone");
    let generation = Some(Generation::default());
    let fact = Fact {
        generation: generation.clone(),
        peer_generation: generation.clone(),
        ..Fact::of(&before, owner, Shown::default(), None, None)
    };
    let dressed = |change: &dyn Fn(&mut Subject)| {
        let mut now = before.clone();
        change(&mut now);
        let mut device = Device::default();
        dress(&mut device, &now, &fact);
        device
    };
    let same = dressed(&|_| {});
    assert_eq!(same.instance, "web1");
    assert_eq!(same.generation, generation);
    let changes: [&dyn Fn(&mut Subject); 4] = [
        &|now| now.connection = "WFConnection".into(),
        &|now| now.disk = "Failed".into(),
        &|now| now.role = "Secondary".into(),
        &|now| now.differs = true,
    ];
    for change in changes {
        let device = dressed(change);
        assert_eq!(device.instance, "web1", "it is the same disk");
        assert_eq!((device.generation, device.peer_generation), (None, None));
    }
    let another = dressed(&|now| now.life = 2);
    assert_eq!(another, Device::default());
}

#[test]
fn generations_are_asked_anew_when_the_role_changes() {
    let mut bench = Bench::new("roles");
    let mut one = subject(1, "StandAlone");
    assert_eq!(bench.find(vec![one.clone()], 0), "show, get-gi 1, ");
    one.role = "Secondary".into();
    assert!(bench.is_due(std::slice::from_ref(&one), 2000));
    assert_eq!(bench.find(vec![one.clone()], 2000), "get-gi 1, ");
    let many: Vec<_> = (0..150).map(|minor| subject(minor, "StandAlone")).collect();
    let ran = bench.find(many.clone(), 20_000);
    assert_eq!(ran.matches("get-gi").count(), 100);
    assert!(bench.is_due(&many, 22_000), "the others soon");
    let ran = bench.find(many, 22_000);
    assert_eq!(ran.matches("get-gi").count(), 50);
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
        set_up: 0,
        node: String::new(),
        ssconf: None,
        now: at(0),
        boot: BOOT,
    });
    assert!(!worker.hangs(at(30_000)) && worker.hangs(at(30_001)));
    let again = worker.is_due(&[], 0, BOOT, at(90_000));
    assert!(!again, "no second one beside it");
}
