#![allow(clippy::unwrap_used)]
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

const UNITS: Units = Units {
    ticks: 100,
    page: 4096,
};

/// A node's files, made for one test.
struct Files(PathBuf);

impl Files {
    fn new(test: &str) -> Files {
        let name = format!("gantry-guests-{test}-{}", std::process::id());
        let files = Files(std::env::temp_dir().join(name));
        for directory in ["ctrl", "pid", "nic"] {
            let path = files
                .0
                .join("var/run/ganeti/kvm-hypervisor")
                .join(directory);
            fs::create_dir_all(path).unwrap();
        }
        files
    }

    fn place(&self) -> Place {
        let mut place = Place::new(self.0.clone(), None);
        place.proc = self.0.join("proc");
        place
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn kvm(&self, path: &str, text: &str) {
        self.write(&format!("var/run/ganeti/kvm-hypervisor/{path}"), text);
    }

    /// A guest as Ganeti 3.0 starts it.
    fn guest(&self, name: &str, pid: u32, ticks: u64, start: u64) {
        self.kvm(&format!("pid/{name}"), &format!("{pid}\n"));
        let arguments = format!(
            "/usr/bin/qemu-system-x86_64\0-name\0{name}\0-m\0128\0-smp\02,sockets=1\0-daemonize\0"
        );
        self.write(&format!("proc/{pid}/cmdline"), &arguments);
        self.ran(pid, ticks, start);
    }

    fn ran(&self, pid: u32, ticks: u64, start: u64) {
        let stat = format!(
            "{pid} (qemu-system-x86) S 1 {pid} {pid} 0 -1 4194624 5 0 0 0 {ticks} 0 0 0 20 0 4 0 {start} 900 25600 1 2\n"
        );
        self.write(&format!("proc/{pid}/stat"), &stat);
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn at(mono_ms: u64) -> Moment {
    Moment {
        mono_ms,
        wall_ms: 0,
    }
}

fn read(probe: &mut Probe, files: &Files, now: u64, traffic: &HashMap<String, Traffic>) -> Guests {
    probe
        .read(&files.place(), at(now), UNITS, 1_790_000_000, traffic)
        .unwrap()
}

#[test]
fn a_guest_is_measured_by_its_process_and_taps() {
    let files = Files::new("measured");
    files.guest("web1.example.test", 937, 1000, 5000);
    files.write("proc/937/io", "read_bytes: 1000\nwrite_bytes: 0\n");
    files.kvm("nic/web1.example.test/0", "tap0");
    files.kvm("nic/web1.example.test/1", "tap1");
    let tap = |rx, tx| Traffic { rx, tx };
    let mut traffic: HashMap<_, _> = [
        ("tap0".to_owned(), tap(10, 20)),
        ("tap1".to_owned(), tap(1, 2)),
    ]
    .into();
    let mut probe = Probe::default();
    let first = read(&mut probe, &files, 1000, &traffic);
    assert_eq!(first.hypervisors, ["kvm"]);
    let expected = Guest {
        name: "web1.example.test".into(),
        hypervisor: "kvm".into(),
        pid: 937,
        vcpus: 2,
        memory: 128,
        rss: 100,
        started: 1_790_000_050,
        read: Some(0),
        write: Some(0),
        rx: Some(0),
        tx: Some(0),
        ..Guest::default()
    };
    assert_eq!(first.list, [expected]);

    files.ran(937, 1100, 5000);
    files.write("proc/937/io", "read_bytes: 5000\nwrite_bytes: 0\n");
    traffic.insert("tap0".to_owned(), tap(110, 4020));
    let second = read(&mut probe, &files, 3000, &traffic);
    let guest = &second.list[0];
    assert_eq!(guest.cpu, 500);
    assert_eq!((guest.read, guest.write), (Some(2000), Some(0)));
    assert_eq!((guest.rx, guest.tx), (Some(2000), Some(50)));
}

#[test]
fn what_needs_root_is_absent_and_not_zero() {
    let files = Files::new("unprivileged");
    files.guest("web1", 7, 0, 0);
    let guests = read(&mut Probe::default(), &files, 1000, &HashMap::new());
    let guest = &guests.list[0];
    assert_eq!((guest.read, guest.rx), (None, None));
}

#[test]
fn a_process_that_took_over_the_number_is_no_guest() {
    let files = Files::new("reused");
    files.guest("web1", 7, 0, 0);
    files.guest("web2", 8, 0, 0);
    files.write("proc/8/cmdline", "/usr/sbin/cron\0-f\0");
    files.kvm("pid/web3", "9");
    files.kvm("pid/web4", "what?");
    let guests = read(&mut Probe::default(), &files, 1000, &HashMap::new());
    assert_eq!(guests.list.len(), 1);
    assert_eq!(guests.list[0].name, "web1");
}

#[test]
fn a_restarted_guest_begins_anew() {
    let files = Files::new("restarted");
    files.guest("web1", 7, 90_000, 100);
    let mut probe = Probe::default();
    read(&mut probe, &files, 1000, &HashMap::new());
    files.guest("web1", 7, 50, 900);
    let guests = read(&mut probe, &files, 2000, &HashMap::new());
    assert_eq!(guests.list[0].cpu, 0);
    files.ran(7, 150, 900);
    let guests = read(&mut probe, &files, 3000, &HashMap::new());
    assert_eq!(guests.list[0].cpu, 1000);
}

#[test]
fn a_guest_that_shut_itself_down_is_told_from_one_that_runs() {
    let files = Files::new("shutdown");
    files.guest("web1", 7, 0, 0);
    files.kvm("ctrl/web1.shutdown", "");
    files.kvm("ctrl/web2.shutdown", "");
    files.kvm("ctrl/web2.qmp", "");
    let guests = read(&mut Probe::default(), &files, 1000, &HashMap::new());
    let seen: Vec<_> = guests
        .list
        .iter()
        .map(|guest| (guest.name.as_str(), guest.shut_down))
        .collect();
    assert_eq!(seen, [("web1", false), ("web2", true)]);
}

#[test]
fn real_arguments_are_understood() {
    let captured = include_str!("../../tests/data/kvm-runtime.json");
    let runtime: serde_json::Value = serde_json::from_str(captured).unwrap();
    let arguments: Vec<String> = runtime[0]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        })
        .collect();
    let expected = Given {
        vcpus: 1,
        memory: 128,
    };
    assert_eq!(given(&arguments, "web1.example.test"), Some(expected));
    assert_eq!(given(&arguments, "web1"), None);
}

proptest! {
    #[test]
    fn no_arguments_make_it_panic(arguments in proptest::collection::vec("-?[a-z0-9,]{0,6}", 0..6)) {
        given(&arguments, "x");
    }
}
