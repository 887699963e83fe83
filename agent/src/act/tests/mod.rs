#![allow(clippy::unwrap_used, clippy::panic)]
mod commands;
mod cuts;
mod link;
mod methods;
mod recoveries;
mod refusals;
mod small;

use std::cell::Cell;

use gantry_wire::act::{Act, ActId, Expect, Outcome, Recover};
use gantry_wire::operation::{Operation, Start};

use super::*;
use crate::luxi::fake::FakeLuxid;
use record::{Owner, Record, State};
use small::Small;

/// A node with a small Ganeti, seen by agents that may end at any time.
struct Bench {
    small: Small,
    fake: FakeLuxid,
    place: Place,
    now_ms: Cell<u64>,
}

/// One agent's own process.
struct Agent<'a> {
    bench: &'a Bench,
    luxid: Door,
    commands: Here,
    records: Process,
    permits: Permits,
    heard: bool,
}

/// Records as one process sees them.
struct Process {
    files: Files,
    me: Owner,
    /// Numbers of the processes that run.
    running: Vec<u32>,
    /// It ends before this write to a record, counted from 1.
    dies_at: Option<u32>,
    writes: u32,
}

impl Process {
    fn write_or_die(&mut self) {
        self.writes += 1;
        if self.dies_at == Some(self.writes) {
            // Without the hook and its words: it is on purpose, and a thousand times.
            std::panic::resume_unwind(Box::new("it dies here"));
        }
    }
}

impl Records for Process {
    fn create(&mut self, id: &ActId, record: &Record) -> Result<Option<Record>, String> {
        self.write_or_die();
        self.files.create(id, record)
    }

    fn read(&mut self, id: &ActId) -> Result<Option<Record>, String> {
        self.files.read(id)
    }

    fn write(&mut self, id: &ActId, record: &Record) -> Result<(), String> {
        self.write_or_die();
        self.files.write(id, record)
    }

    fn myself(&self) -> Owner {
        self.me.clone()
    }

    fn runs(&self, owner: &Owner) -> bool {
        self.running.contains(&owner.pid)
    }
}

impl Bench {
    fn new() -> Bench {
        let (small, fake) = Small::start();
        let place = Place::new(fake.root().to_owned(), Some("node1.example.com".into()));
        Bench {
            small,
            fake,
            place,
            now_ms: Cell::new(1_000_000),
        }
    }

    fn agent(&self, pid: u32) -> Agent<'_> {
        Agent {
            bench: self,
            luxid: Door::new(self.place.clone(), "node1.example.com".into()),
            commands: Here::with_path(
                self.place.clone(),
                "node1.example.com".into(),
                format!("{}/programs:/usr/bin:/bin", self.fake.root().display()),
            ),
            records: Process {
                files: Files::new(self.place.clone()),
                me: Owner {
                    pid,
                    started: 1,
                    boot: "boot".into(),
                },
                running: vec![pid],
                dies_at: None,
                writes: 0,
            },
            permits: Permits::of(&Serve::default(), None),
            heard: true,
        }
    }
}

impl Agent<'_> {
    fn with_tools<T>(&mut self, work: impl FnOnce(&mut Tools<'_>) -> T) -> T {
        let bench = self.bench;
        // Each look at the clock is a little later.
        let now = || {
            bench.now_ms.set(bench.now_ms.get() + 100);
            Moment {
                mono_ms: bench.now_ms.get(),
                wall_ms: 1_790_000_000_000 + bench.now_ms.get(),
            }
        };
        let heard = self.heard;
        work(&mut Tools {
            luxid: &mut self.luxid,
            commands: &mut self.commands,
            records: &mut self.records,
            permits: &self.permits,
            now: &now,
            is_heard: &|| heard,
            pause: &|_| (),
        })
    }

    /// Acts and looks until there is an outcome other than waiting.
    fn act(&mut self, act: &Act) -> Outcome {
        match self.with_tools(|tools| tools.perform(act)) {
            Progress::Over(outcome) => outcome,
            Progress::Open(recovery) => self.look(recovery),
        }
    }

    fn recover(&mut self, id: &ActId) -> Outcome {
        self.recover_old(id, None)
    }

    /// Of one that was asked for so many seconds ago.
    fn recover_old(&mut self, id: &ActId, age_s: Option<u64>) -> Outcome {
        let asked = Recover {
            id: id.clone(),
            age_s,
        };
        let recovery = self.with_tools(|tools| tools.recover(&asked));
        self.look(recovery)
    }

    fn look(&mut self, mut recovery: Recovery) -> Outcome {
        loop {
            match self.with_tools(|tools| recovery.look(tools)) {
                followed if followed.is_followed() => {
                    self.bench.now_ms.set(self.bench.now_ms.get() + 5_000)
                }
                outcome => return outcome,
            }
        }
    }

    /// Notes that it sends something now, and dies of it.
    fn die_after_sending(&mut self, act: &Act) {
        let record = Record {
            owner: self.records.me.clone(),
            at_ms: 1_790_000_000_000 + self.bench.now_ms.get(),
            above: self.luxid.highest_job().unwrap(),
            operation: Some(act.operation.clone()),
            expect: Some(act.expect.clone()),
            state: State::Sent {},
        };
        self.records.files.create(&act.id, &record).unwrap();
    }

    /// Acts, and dies at the write that was set.
    fn act_and_die(&mut self, act: &Act) {
        let died = catch_unwind(AssertUnwindSafe(|| self.act(act)));
        assert!(died.is_err());
    }
}

/// An act on the instance or node that the small Ganeti has.
fn act(id: u128, operation: Operation) -> Act {
    use gantry_wire::operation::Subject;
    let expect = match operation.subject() {
        Subject::Instance(_) => Expect::Instance {
            primary: "node1.example.com".into(),
            secondaries: vec!["node2.example.com".into()],
            admin_state: "up".into(),
        },
        Subject::Node(_) => Expect::Node {
            offline: false,
            drained: false,
            master_candidate: true,
        },
        _ => Expect::Nothing {},
    };
    Act {
        id: ActId::new(id),
        operation,
        expect,
        reason: "why not".into(),
        operator: "alice".into(),
    }
}

fn start() -> Operation {
    Operation::Start(Start {
        instance: "web1.example.com".into(),
        force: false,
    })
}
