#![allow(clippy::unwrap_used)]
use std::fs;

use gantry_wire::act::ActId;

use super::*;
use crate::luxi::fake::{FakeLuxid, Reply};

struct Bench {
    fake: FakeLuxid,
    place: Place,
}

impl Bench {
    /// node1, with all hypervisors and a chroot of web1's.
    fn new() -> Bench {
        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let data = fake.root().join("var/lib/ganeti");
        fs::create_dir_all(&data).unwrap();
        let all = "kvm\nxen-pvm\nchroot\nfake\n";
        fs::write(data.join("ssconf_hypervisor_list"), all).unwrap();
        fs::create_dir_all(fake.root().join("var/run/ganeti/chroot-hypervisor/web1")).unwrap();
        let place = Place::new(fake.root().to_owned(), Some("node1".into()));
        Bench { fake, place }
    }

    fn open(&self, act: &Act) -> Result<Opened, String> {
        self.open_by(act, &Serve::default())
    }

    fn open_by(&self, act: &Act, serve: &Serve) -> Result<Opened, String> {
        let permits = Permits::of(serve, None);
        let opened = open(&self.place, &permits, &Who::new("ops", None), act);
        opened.map_err(|outcome| match outcome {
            Outcome::Refused { words, .. } => words,
            other => unreachable!("{other:?}"),
        })
    }
}

fn console(instance: &str, node: &str, hypervisor: &str) -> Act {
    Act {
        id: ActId::new(1),
        operation: Operation::Console(Console {
            instance: instance.into(),
            node: node.into(),
            hypervisor: hypervisor.into(),
        }),
        expect: Expect::Instance {
            primary: node.into(),
            secondaries: Vec::new(),
            admin_state: "up".into(),
        },
        reason: String::new(),
        operator: "alice".into(),
    }
}

#[test]
fn a_console_is_opened_once_and_then_it_is_said_who_has_it() {
    let bench = Bench::new();
    let act = console("web1", "node1", "chroot");
    let opened = bench.open(&act).unwrap();
    let [program, directory] = &opened.argv[..] else {
        unreachable!("{:?}", opened.argv)
    };
    assert!(program.ends_with("/chroot"), "{program}");
    let own = bench
        .fake
        .root()
        .join("var/run/ganeti/chroot-hypervisor/web1");
    assert_eq!(*directory, own.display().to_string());
    let why = bench.open(&act).err().unwrap();
    let by = "the console of web1 is held by alice (as=\"ops\" key=unknown) since ";
    assert!(why.starts_with(by), "{why}");
    let pid = format!("process {}", std::process::id());
    assert!(why.contains(&pid), "{why}");
    // It ends with whoever holds it.
    drop(opened);
    assert!(bench.open(&act).is_ok());
}

#[test]
fn what_cannot_be_is_refused_in_plain_words() {
    let bench = Bench::new();
    for (act, words) in [
        (console("web1", "node2", "chroot"), "this is node1"),
        (console("../web1", "node1", "chroot"), "is no name"),
        (console(".ssh", "node1", "chroot"), "is no name"),
        (console("web2", "node1", "chroot"), "does not run here"),
        (console("web1", "node1", "kvm"), "no serial console here"),
        (console("web1", "node1", "lxc"), "lxc is not enabled here"),
        (console("web1", "node1", "fake"), "has no consoles"),
    ] {
        let why = bench.open(&act).err().unwrap();
        assert!(why.contains(words), "{act:?}: {why}");
    }
    let mut moved = console("web1", "node1", "chroot");
    moved.expect = Expect::Instance {
        primary: "node2".into(),
        secondaries: Vec::new(),
        admin_state: "up".into(),
    };
    assert!(
        bench
            .open(&moved)
            .err()
            .unwrap()
            .contains("not the primary")
    );
    let mut other = console("web1", "node1", "chroot");
    other.operation = Operation::QueueDrain {};
    other.expect = Expect::Nothing {};
    assert!(
        bench
            .open(&other)
            .err()
            .unwrap()
            .contains("not done on a terminal")
    );
}

#[test]
fn who_may_only_read_gets_no_console_and_the_same_is_never_given_twice() {
    let bench = Bench::new();
    let act = console("web1", "node1", "chroot");
    let wall = Serve {
        read_only: true,
        ..Serve::default()
    };
    let why = bench.open_by(&act, &wall).err().unwrap();
    assert!(why.contains("may only read"), "{why}");
    let start = Serve {
        allow: Some(vec!["start".into()]),
        ..Serve::default()
    };
    assert!(bench.open_by(&act, &start).is_err());
    let done = Outcome::Done {
        words: "open".into(),
    };
    assert_eq!(noted(&bench.place, &act, &done), Ok(()));
    assert!(noted(&bench.place, &act, &done).is_err());
}
