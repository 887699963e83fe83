#![allow(clippy::unwrap_used)]
use super::super::samples::{self, Script, until};
use super::*;

/// Tells what there is, and a change when something is written to its pipe.
const DRBDSETUP: &str = r#"
case $1 in
events2) echo 'exists -'; while read line < $0.go; do echo "$line"; done ;;
show) cat $0.show ;;
esac"#;

struct Bench {
    script: Script,
    waker: Waker,
    place: Place,
    probe: Probe,
}

impl Bench {
    fn new(test: &str, body: &str, root: bool) -> Bench {
        let script = Script::new(test, body);
        let go = script.beside("drbdsetup.go");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(go)
                .status()
                .unwrap()
                .success()
        );
        let shown = samples::captured("drbdsetup-show.txt");
        std::fs::write(script.beside("drbdsetup.show"), shown).unwrap();
        let mut place = Place::new(script.beside(""), None);
        place.proc = script.beside("proc");
        std::fs::create_dir(&place.proc).unwrap();
        let waker = Waker::new().unwrap();
        let kmsg = "/nonexistent/kmsg".into();
        let probe = Probe::with(script.path(), kmsg, root, waker.clone());
        Bench {
            script,
            waker,
            place,
            probe,
        }
    }

    fn kernel_says(&self, name: &str) {
        let text = samples::captured(&format!("proc-drbd-{name}.txt"));
        std::fs::write(self.place.proc.join("drbd"), text).unwrap();
    }

    fn read(&mut self, mono_ms: u64) -> Option<Drbd> {
        let now = Moment {
            mono_ms,
            wall_ms: 1_790_000_000_000 + mono_ms,
        };
        self.probe.read(&self.place, None, || "node2".into(), now)
    }

    fn sampled(&mut self, mono_ms: u64) -> Option<Drbd> {
        self.probe.sampled();
        self.read(mono_ms)
    }

    /// Reads at one moment until something holds of the news.
    fn read_until(&mut self, mono_ms: u64, holds: impl Fn(&Drbd) -> bool) -> Drbd {
        let mut found = None;
        let waker = self.waker.clone();
        until(&waker, || {
            found = self
                .read(mono_ms)
                .filter(|drbd| holds(drbd))
                .or(found.take());
            found.is_some()
        });
        found.unwrap()
    }

    fn missing(&self) -> String {
        let mut missing = Vec::new();
        self.probe.missing(Moment::default(), &mut missing);
        missing
            .into_iter()
            .map(|missing| missing.why)
            .collect::<Vec<_>>()
            .join("; ")
    }
}

fn connection(drbd: &Drbd, minor: u32) -> &str {
    &drbd.device(minor).unwrap().connection
}

#[test]
fn a_node_without_drbd_says_so_once() {
    let mut bench = Bench::new("none", DRBDSETUP, true);
    let drbd = bench.read(0).unwrap();
    assert!(drbd.whole && drbd.version.is_empty() && drbd.devices.is_empty());
    assert_eq!(bench.sampled(1000), None);
    assert_eq!(bench.missing(), "");
    bench.kernel_says("connected");
    assert_eq!(bench.sampled(2000).unwrap().devices.len(), 2);
}

#[test]
fn a_change_is_read_when_it_is_told_and_not_with_the_sample() {
    let mut bench = Bench::new("pushed", DRBDSETUP, true);
    bench.kernel_says("connected");
    let first = bench.read_until(0, |drbd| {
        drbd.pushed && !drbd.devices[1].data_dev.is_empty()
    });
    assert_eq!(connection(&first, 1), "Connected");
    assert_eq!(
        (first.devices[1].port, first.devices[1].peer.as_str()),
        (11003, "192.0.2.13")
    );
    assert_eq!(first.devices[1].changed_at, None);
    // What it said when it began is news as well.
    bench.read(0);
    bench.kernel_says("wfconnection");
    assert_eq!(
        bench.sampled(1000),
        None,
        "nobody said that anything changed"
    );
    std::fs::write(
        bench.script.beside("drbdsetup.go"),
        "change device name:resource1 volume:0\n",
    )
    .unwrap();
    let told = bench.read_until(1500, |drbd| connection(drbd, 1) == "WFConnection");
    assert_eq!(told.devices[1].changed_at, Some(1_790_000_001.5));
    assert_eq!(told.devices[0].changed_at, None);
    bench.kernel_says("connected");
    let later = bench.sampled(11_500).unwrap();
    assert_eq!(
        connection(&later, 1),
        "Connected",
        "it is looked at all the same"
    );
}

#[test]
fn what_is_synchronised_is_read_with_every_sample() {
    let mut bench = Bench::new("sync", DRBDSETUP, true);
    bench.kernel_says("syncsource");
    bench.read_until(0, |drbd| {
        drbd.pushed && !drbd.devices[1].data_dev.is_empty()
    });
    bench.read(0);
    bench.kernel_says("resync-slow-source");
    assert_eq!(bench.read(500), None, "no sample");
    let drbd = bench.sampled(1000).unwrap();
    assert_eq!(drbd.devices[1].progress.as_ref().unwrap().percent, 4.7);
    assert_eq!(bench.sampled(2000), None, "nothing moved");
}

#[test]
fn without_events_it_is_read_with_every_sample() {
    let mut bench = Bench::new("polled", "exit 1", true);
    bench.kernel_says("connected");
    assert!(!bench.read(0).unwrap().pushed);
    let waker = bench.waker.clone();
    until(&waker, || {
        bench.read(0);
        bench.missing().contains("ended")
    });
    bench.kernel_says("diskless");
    let drbd = bench.sampled(1000).unwrap();
    assert_eq!(drbd.devices[0].disk, "Diskless");
    assert!(!drbd.pushed);
}

#[test]
fn without_root_nothing_is_run_and_that_is_said() {
    let mut bench = Bench::new("user", "touch $0.ran", false);
    bench.kernel_says("connected");
    assert_eq!(bench.read(0).unwrap().devices.len(), 2);
    assert!(bench.missing().contains("needs root"));
    let waker = bench.waker.clone();
    until(&waker, || {
        bench.read(1);
        bench.probe.facts.as_ref().unwrap().latest().devices.len() == 2
    });
    assert!(!bench.script.beside("drbdsetup.ran").exists());
}

#[test]
fn version_9_has_devices_only_while_it_is_told_of_them() {
    let body = "[ $1 = events2 ] || exit 0; read go < $0.go; cat $0.nine; read go < $0.go";
    let mut bench = Bench::new("nine", body, true);
    let said = "exists resource name:r0 role:Primary suspended:no\nexists device name:r0 volume:0 minor:5 disk:UpToDate\n";
    std::fs::write(
        bench.script.beside("drbdsetup.nine"),
        format!("{said}exists -\n"),
    )
    .unwrap();
    std::fs::write(bench.place.proc.join("drbd"), "version: 9.2.8 (api:2)\n").unwrap();
    let first = bench.read(0).unwrap();
    assert_eq!((first.version.as_str(), first.devices.len()), ("9.2.8", 0));
    assert!(bench.missing().contains("none is known"));
    let go = bench.script.beside("drbdsetup.go");
    std::fs::write(&go, "go\n").unwrap();
    let told = bench.read_until(1000, |drbd| drbd.pushed);
    assert_eq!(told.devices[0].minor, 5);
    assert!(!bench.missing().contains("none is known"));
    std::fs::write(&go, "end\n").unwrap();
    let ended = bench.read_until(2000, |drbd| !drbd.pushed);
    assert_eq!(ended.devices, [], "they may be as they were or not");
    assert_eq!(ended.version, "9.2.8");
    let missing = bench.missing();
    assert!(missing.contains("events2 ended") && missing.contains("none is known"));
}

#[test]
fn a_minor_that_is_set_up_anew_is_whose_it_is_now() {
    let mut bench = Bench::new("anew", DRBDSETUP, true);
    let notes = bench.place.run("bdev-cache");
    std::fs::create_dir_all(&notes).unwrap();
    let note = |owner: &str| {
        std::fs::write(notes.join("bdev_drbd1"), format!("{owner} primary disk/0")).unwrap();
    };
    note("old");
    bench.kernel_says("connected");
    bench.read_until(0, |drbd| drbd.pushed && drbd.devices[1].instance == "old");
    bench.read(0);
    // It looks as before when it is seen again.
    note("new");
    std::fs::write(
        bench.script.beside("drbdsetup.go"),
        "destroy device name:resource1 volume:0 minor:1\ncreate device name:resource1 volume:0 minor:1\n",
    )
    .unwrap();
    let told = bench.read_until(1000, |_| true);
    assert_eq!(told.devices[1].instance, "", "not the one before");
    assert_eq!(told.devices[0].port, 11001, "the others keep what is known");
    let found = bench.read_until(3000, |drbd| !drbd.devices[1].instance.is_empty());
    assert_eq!(found.devices[1].instance, "new");
}

#[test]
fn a_clock_that_is_set_moves_what_was_seen_with_it() {
    let mut bench = Bench::new("clock", DRBDSETUP, false);
    bench.kernel_says("connected");
    bench.read(0);
    bench.kernel_says("wfconnection");
    let told = bench.sampled(5000).unwrap();
    assert_eq!(told.devices[1].changed_at, Some(1_790_000_005.0));
    let mut at = |wall_ms| {
        let now = Moment {
            mono_ms: 6000,
            wall_ms,
        };
        let name = || "node2".into();
        bench.probe.read(&bench.place, None, name, now);
        bench.probe.all().devices[1].changed_at
    };
    assert_eq!(
        at(1_790_000_006_900),
        Some(1_790_000_005.0),
        "it only drifts"
    );
    assert_eq!(at(1_790_003_606_000), Some(1_790_003_605.0));
}

#[test]
fn events_that_were_left_out_are_asked_for_anew() {
    let body = "[ $1 = events2 ] || exit 0; cat $0.nine; read go < $0.go; echo '- skipped 3'; exec sleep 600";
    let mut bench = Bench::new("skipped", body, true);
    let nine = bench.script.beside("drbdsetup.nine");
    let minor = |minor: u32| {
        let said = format!(
            "exists resource name:r0 role:Primary\nexists device name:r0 volume:0 minor:{minor} disk:UpToDate\nexists -\n"
        );
        std::fs::write(&nine, said).unwrap();
    };
    minor(5);
    std::fs::write(bench.place.proc.join("drbd"), "version: 9.2.8 (api:2)\n").unwrap();
    let told = bench.read_until(0, |drbd| drbd.pushed);
    assert_eq!(told.devices[0].minor, 5);
    minor(6);
    std::fs::write(bench.script.beside("drbdsetup.go"), "go\n").unwrap();
    let lost = bench.read_until(1000, |drbd| !drbd.pushed);
    assert_eq!(lost.devices, []);
    let told = bench.read_until(10_000, |drbd| drbd.pushed);
    assert_eq!(told.devices[0].minor, 6);
}
