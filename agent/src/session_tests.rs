#![allow(clippy::unwrap_used, clippy::panic)]
use gantry_wire::config::{ConfigPart, Instance};
use gantry_wire::node::{Load, Memory, Missing};
use gantry_wire::request::{self, Ask, Ping};
use gantry_wire::storage::DiskHealth;
use proptest::prelude::*;

use super::*;

#[path = "session_act_tests.rs"]
mod act;
#[path = "session_drbd_tests.rs"]
mod drbd;

/// A node that has what a test puts into it.
#[derive(Default)]
struct Still {
    ssconf: Option<Ssconf>,
    sample: Sample,
    sampled: u32,
    news: Vec<Report>,
    asked: Vec<u64>,
    drbd: Option<Drbd>,
    /// What is found to be missing when DRBD is looked at.
    lacks: Option<Vec<Missing>>,
    wishes: Vec<Wish>,
    /// What becomes of wishes at once.
    outcome: Option<Outcome>,
    misread: Vec<String>,
    heard_ms: u64,
}

impl Node for Still {
    fn hello(&mut self) -> Hello {
        Hello {
            node: "node1.example.com".into(),
            ..Hello::default()
        }
    }
    fn ssconf(&mut self, _: Moment) -> Option<Ssconf> {
        self.ssconf.take()
    }
    fn sample(&mut self, _: Moment) -> Sample {
        self.sampled += 1;
        self.sample.clone()
    }
    fn drbd(&mut self, _: Moment) -> Option<Drbd> {
        if let Some(lacks) = self.lacks.take() {
            self.sample.missing = Some(lacks);
        }
        self.drbd.take()
    }
    fn poll(&mut self, _: &Watch, _: Moment) -> Vec<Report> {
        std::mem::take(&mut self.news)
    }
    fn ask(&mut self, id: u64, question: &Question, _: Moment) -> Option<AnswerBody> {
        self.asked.push(id);
        (*question == Question::KnownHosts).then(|| AnswerBody::KnownHosts("keys".into()))
    }
    fn act(&mut self, wish: Wish, _: Moment) -> Option<Outcome> {
        self.wishes.push(wish);
        self.outcome.clone()
    }
    fn misread(&mut self, id: &str, _: &Outcome, _: Moment) {
        self.misread.push(id.into());
    }
    fn heard(&mut self, now: Moment) {
        self.heard_ms = now.mono_ms;
    }
}

fn at(mono_ms: u64) -> Moment {
    Moment {
        mono_ms,
        wall_ms: 1_790_000_000_000 + mono_ms,
    }
}

fn said(session: &mut Session<Still>) -> Vec<Report> {
    session
        .take_output()
        .split(|&b| b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| frame::report(line).unwrap().unwrap())
        .collect()
}

fn tell(session: &mut Session<Still>, request: &Request, now: u64) {
    session.receive(&frame::encode(request), at(now));
}

fn hello(protocol: u32) -> Request {
    Request::Hello(request::Hello {
        protocol,
        version: String::new(),
    })
}

fn watch(sample_ms: u32) -> Request {
    Request::Watch(Watch {
        sample_ms,
        ..Watch::default()
    })
}

/// A session that was greeted and asked for a sample each second, at 0 ms.
fn watching(node: Still) -> Session<Still> {
    let mut session = Session::new(node, at(0));
    tell(&mut session, &hello(PROTOCOL), 0);
    tell(&mut session, &watch(1000), 0);
    session
}

/// Lets time pass as an owner does, with a ping every 5 s, and gives all that was said.
fn live_through(session: &mut Session<Still>, from: u64, to: u64) -> Vec<(u64, Report)> {
    let mut all = Vec::new();
    let mut now = from;
    while session.ended().is_none() {
        now += session.next_wake(at(now)).max(1);
        if now > to {
            break;
        }
        if now / 5000 != (now - 1) / 5000 {
            tell(session, &Request::Ping(Ping { n: now }), now);
        }
        session.tick(at(now));
        all.extend(said(session).into_iter().map(|report| (now, report)));
    }
    all.retain(|(_, report)| !matches!(report, Report::Pong(_)));
    all
}

#[test]
fn greets_with_hello_then_ssconf() {
    let mut session = Session::new(
        Still {
            ssconf: Some(Ssconf::default()),
            ..Still::default()
        },
        at(0),
    );
    session.tick(at(0));
    assert_eq!(session.pending_bytes(), 0);
    tell(&mut session, &hello(PROTOCOL), 5);
    let said = said(&mut session);
    let [Report::Hello(hello), Report::Ssconf(_)] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!(hello.protocol, PROTOCOL);
    assert_eq!(hello.node, "node1.example.com");
}

#[test]
fn another_protocol_is_told_ours_and_why() {
    let mut session = Session::new(Still::default(), at(0));
    tell(&mut session, &hello(99), 0);
    assert_eq!(session.ended(), Some(&Ended::Protocol(99)));
    let said = said(&mut session);
    let [Report::Hello(hello), Report::Problem(problem)] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!(hello.protocol, PROTOCOL);
    assert!(problem.text.contains("protocol 99"));
}

#[test]
fn pings_are_answered_and_unknown_kinds_are_not_an_end() {
    let mut session = watching(Still::default());
    said(&mut session);
    session.receive(b"{\"dance\":{}}\n{\"ping\":{\"n\":7}}\n", at(1));
    assert_eq!(said(&mut session), [Report::Pong(Pong { n: 7 })]);
    assert_eq!(session.ended(), None);
}

#[test]
fn what_is_no_frame_or_comes_before_hello_ends_it() {
    for bytes in [
        &b"ls -l\n"[..],
        b"{\"ping\":{\"n\":1}}\n",
        b"{\"hello\":7}\n",
    ] {
        let mut session = Session::new(Still::default(), at(0));
        session.receive(bytes, at(0));
        assert!(matches!(session.ended(), Some(Ended::Malformed(_))));
        let said = said(&mut session);
        assert!(
            matches!(said.as_slice(), [Report::Problem(_)]),
            "{said:?} after {bytes:?}"
        );
        session.receive(b"{\"hello\":{\"protocol\":1}}\n", at(1));
        session.tick(at(2));
        assert_eq!(session.pending_bytes(), 0, "it is over");
    }
}

#[test]
fn silence_ends_it_and_any_frame_prevents_that() {
    let mut session = watching(Still::default());
    tell(&mut session, &Request::Ping(Ping { n: 1 }), 29_000);
    session.tick(at(58_999));
    assert_eq!(session.ended(), None);
    session.tick(at(59_000));
    assert_eq!(session.ended(), Some(&Ended::Silence));
}

#[test]
fn silence_before_hello_ends_it_too() {
    let mut session = Session::new(Still::default(), at(7));
    assert_eq!(session.next_wake(at(7)), SILENCE_MS);
    session.tick(at(7 + SILENCE_MS));
    assert_eq!(session.ended(), Some(&Ended::Silence));
}

#[test]
fn a_sample_carries_what_changed_and_a_heartbeat_only_times() {
    let memory = Memory {
        total: 64,
        ..Memory::default()
    };
    let load = Load::default();
    let mut session = watching(Still {
        sample: Sample {
            memory: Some(memory.clone()),
            load: Some(load),
            ..Sample::default()
        },
        ..Still::default()
    });
    let first = said(&mut session);
    let [Report::Hello(_), Report::Sample(sample)] = first.as_slice() else {
        panic!("{first:?}")
    };
    assert_eq!((sample.seq, sample.mono_ms), (1, 0));
    assert_eq!(sample.memory, Some(memory.clone()));

    let quiet = live_through(&mut session, 0, 10_500);
    let beats: Vec<_> = quiet.iter().map(|(when, _)| *when).collect();
    assert_eq!(beats, [5000, 10_000]);
    let Report::Sample(beat) = &quiet[0].1 else {
        panic!()
    };
    let only_times = Sample {
        seq: 2,
        mono_ms: 5000,
        wall_ms: 1_790_000_005_000,
        ..Sample::default()
    };
    assert_eq!(**beat, only_times);
    assert_eq!(session.node().sampled, 11);

    session.node().sample.memory = Some(Memory { free: 3, ..memory });
    let changed = live_through(&mut session, 10_500, 11_500);
    let [(11_000, Report::Sample(sample))] = changed.as_slice() else {
        panic!("{changed:?}")
    };
    assert!(sample.memory.is_some() && sample.load.is_none());
}

#[test]
fn a_part_that_was_lost_is_sent_again_when_it_is_back() {
    let load = Some(Load::default());
    let mut session = watching(Still {
        sample: Sample {
            load: load.clone(),
            ..Sample::default()
        },
        ..Still::default()
    });
    session.node().sample.load = None;
    live_through(&mut session, 0, 2000);
    session.node().sample.load.clone_from(&load);
    let back = live_through(&mut session, 2000, 3000);
    let [(3000, Report::Sample(sample))] = back.as_slice() else {
        panic!("{back:?}")
    };
    assert_eq!(sample.load, load);
}

#[test]
fn a_console_that_does_not_read_gets_the_newest_sample_and_not_all() {
    let mut session = watching(Still::default());
    said(&mut session);
    for second in 1..20 {
        session.node().sample.load = Some(Load {
            one: second,
            ..Load::default()
        });
        session.tick(at(u64::from(second) * 1000));
    }
    assert_eq!(
        session.node().sampled,
        2,
        "the first, and the one that waits"
    );
    assert_eq!(said(&mut session).len(), 1);
    session.tick(at(20_000));
    let after = said(&mut session);
    let [Report::Sample(sample)] = after.as_slice() else {
        panic!("{after:?}")
    };
    assert_eq!(sample.load.as_ref().map(|l| l.one), Some(19));
}

#[test]
fn a_part_that_no_frame_can_carry_is_missing_until_it_is_shorter() {
    let disks = |length: usize| {
        Some(vec![DiskHealth {
            why: "x".repeat(length),
            ..DiskHealth::default()
        }])
    };
    let mut session = watching(Still {
        sample: Sample {
            health: disks(frame::LIMIT),
            load: Some(Load::default()),
            missing: Some(Vec::new()),
            ..Sample::default()
        },
        ..Still::default()
    });
    let first = said(&mut session);
    let [Report::Hello(_), Report::Sample(most), Report::Sample(then)] = first.as_slice() else {
        panic!("{} frames", first.len())
    };
    assert!(most.load.is_some() && most.health.is_none());
    let missing = then.missing.as_ref().unwrap();
    assert_eq!((missing.len(), missing[0].part.as_str()), (1, "health"));
    assert_eq!((most.seq, then.seq), (1, 2));
    session.tick(at(1000));
    assert_eq!(session.pending_bytes(), 0, "it is known");
    session.node().sample.missing = Some(vec![Missing::default()]);
    session.tick(at(2000));
    let [Report::Sample(sample)] = &said(&mut session)[..] else {
        panic!()
    };
    assert_eq!(sample.missing.as_ref().map(Vec::len), Some(2), "still so");
    session.node().sample.health = disks(7);
    session.tick(at(3000));
    let [Report::Sample(sample)] = &said(&mut session)[..] else {
        panic!()
    };
    assert_eq!(sample.health, disks(7));
    assert_eq!(sample.missing, Some(vec![Missing::default()]));
}

#[test]
fn a_full_output_asks_the_node_for_nothing_more() {
    let mut session = watching(Still::default());
    let instances = vec![
        Instance {
            name: "i".repeat(1000),
            ..Instance::default()
        };
        1000
    ];
    let part = ConfigPart {
        instances,
        ..ConfigPart::default()
    };
    session.node().news = vec![Report::Config(Box::new(part))];
    session.tick(at(1000));
    let pending = session.pending_bytes();
    assert!(pending > FULL);
    session.node().news = vec![Report::Locks(Vec::new())];
    session.tick(at(2000));
    assert_eq!(session.pending_bytes(), pending);
    assert_eq!(session.next_wake(at(2000)), SILENCE_MS - 2000);
    said(&mut session);
    assert_eq!(session.next_wake(at(2000)), 0);
    session.tick(at(3000));
    assert!(said(&mut session).contains(&Report::Locks(Vec::new())));
}

#[test]
fn a_late_owner_is_not_flooded_with_the_samples_it_missed() {
    let mut session = watching(Still::default());
    said(&mut session);
    live_through(&mut session, 0, 1000);
    session.tick(at(9_500));
    assert_eq!(session.node().sampled, 3);
    assert_eq!(session.next_wake(at(9_500)), 1000);
}

#[test]
fn sampling_and_looking_at_ssconf_wake_together() {
    let mut session = Session::new(Still::default(), at(0));
    tell(&mut session, &hello(PROTOCOL), 0);
    tell(&mut session, &watch(1000), 340);
    let mut now = 340;
    for _ in 0..5 {
        let wait = session.next_wake(at(now));
        assert_eq!(wait, 1000);
        now += wait;
        session.tick(at(now));
    }
}

#[test]
fn intervals_are_held_to_what_is_sane() {
    let mut session = watching(Still::default());
    tell(&mut session, &watch(1), 100);
    assert_eq!(session.next_wake(at(100)), 200);
    tell(&mut session, &watch(0), 100);
    said(&mut session);
    let sampled = session.node().sampled;
    live_through(&mut session, 100, 8000);
    assert_eq!(session.node().sampled, sampled);
}

#[test]
fn questions_are_answered_at_once_or_later() {
    let mut session = watching(Still::default());
    said(&mut session);
    let ask = |id, question| Request::Ask(Ask { id, question });
    tell(&mut session, &ask(1, Question::KnownHosts), 1);
    tell(
        &mut session,
        &ask(2, Question::JobLog { job: 9, after: 0 }),
        1,
    );
    let keys = Answer {
        id: 1,
        answer: AnswerBody::KnownHosts("keys".into()),
    };
    assert_eq!(said(&mut session), [Report::Answer(keys)]);
    assert_eq!(session.node().asked, [1, 2]);
    let late = Report::Answer(Answer {
        id: 2,
        answer: AnswerBody::Failed("no such job".into()),
    });
    session.node().news = vec![late.clone()];
    session.tick(at(2));
    assert_eq!(said(&mut session), [late]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(pieces in proptest::collection::vec(
        proptest::collection::vec(any::<u8>(), 0..60), 0..20)) {
        let mut session = watching(Still::default());
        for (i, piece) in pieces.iter().enumerate() {
            session.receive(piece, at(i as u64));
            session.tick(at(i as u64));
        }
    }

    #[test]
    fn it_matters_not_where_the_stream_is_cut(cut in 1usize..40) {
        let mut stream = frame::encode(&hello(PROTOCOL));
        stream.extend(frame::encode(&Request::Ping(Ping { n: 1 })));
        stream.extend(frame::encode(&Request::Ping(Ping { n: 2 })));
        let mut session = Session::new(Still::default(), at(0));
        for piece in stream.chunks(cut) {
            session.receive(piece, at(0));
        }
        let said = said(&mut session);
        prop_assert_eq!(&said[1..], &[Report::Pong(Pong { n: 1 }), Report::Pong(Pong { n: 2 })]);
    }
}
