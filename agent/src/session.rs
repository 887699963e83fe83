//! One console's conversation with one node, without any input or output of its own: bytes and
//! the time go in, bytes come out. The real agent and the demo's simulated nodes both run it.

use gantry_wire::act::{Act, ActId, Acted, Outcome, Recover, Refusal};
use gantry_wire::drbd::Drbd;
use gantry_wire::frame::{self, Lines};
use gantry_wire::node::{Missing, Sample};
use gantry_wire::report::{Answer, AnswerBody, Hello, Pong, Problem};
use gantry_wire::request::{Question, Watch};
use gantry_wire::ssconf::Ssconf;
use gantry_wire::{PROTOCOL, Report, Request};

use crate::drbd_news::DrbdNews;
use crate::pieces;

/// Silence of the console after which a session ends, milliseconds.
pub const SILENCE_MS: u64 = 30_000;
/// A sample that carries only its times is sent after this long without a change, milliseconds.
pub const HEARTBEAT_MS: u64 = 5_000;
/// How often ssconf is looked at, milliseconds.
const SSCONF_MS: u64 = 1_000;
/// A node is not asked for anything while more than this waits to be sent, bytes.
const FULL: usize = frame::PIECE;

/// A point in time as the node's two clocks have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Monotonic clock, milliseconds.
    pub mono_ms: u64,
    /// Wall clock, milliseconds since the epoch.
    pub wall_ms: u64,
}

/// What a session tells about: the machine it runs on, or a simulated one. Nothing here blocks.
pub trait Node {
    /// Who this is. The session sets the protocol's version.
    fn hello(&mut self) -> Hello;

    /// What this node knows of its cluster: on the first call, and again once it changed.
    fn ssconf(&mut self, now: Moment) -> Option<Ssconf>;

    /// All parts that can be had, and what is missing. Rates are over the time since the call
    /// before. The session sets the number and the times, and leaves out what did not change.
    fn sample(&mut self, now: Moment) -> Sample;

    /// DRBD as it is, all of it, if it was looked at anew since the call before. Called on every
    /// tick and before a sample, so that changes are told as they happen and the sample can say
    /// what is missing; the session sends what changed.
    fn drbd(&mut self, now: Moment) -> Option<Drbd> {
        let _ = now;
        None
    }

    /// News since the call before, the master's side: `Master`, `Config`, `Jobs`, `Logs`, `Queue`,
    /// `Locks`, `Live`, late `Answer`s and `Problem`s. Called on every tick.
    fn poll(&mut self, watch: &Watch, now: Moment) -> Vec<Report>;

    /// Answers a question; `None` if the answer comes later, through [`Node::poll`].
    fn ask(&mut self, id: u64, question: &Question, now: Moment) -> Option<AnswerBody>;

    /// Changes something, or says what became of it; `None` if that comes later, through
    /// [`Node::poll`].
    fn act(&mut self, wish: Wish, now: Moment) -> Option<Outcome> {
        let _ = (wish, now);
        Some(Outcome::Refused {
            kind: Refusal::Permission,
            words: "nothing can be changed through this node".into(),
        })
    }

    /// A change was asked for in a way that is not understood, and nothing of it is done.
    fn misread(&mut self, id: &str, outcome: &Outcome, now: Moment) {
        let _ = (id, outcome, now);
    }

    /// Something came from the console.
    fn heard(&mut self, now: Moment) {
        let _ = now;
    }
}

/// What a console wants of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// That it is made.
    Act(Box<Act>),
    /// To know what became of it; if it was not begun it never must be.
    Recover(Recover),
}

/// Why a session is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing came from the console for [`SILENCE_MS`].
    Silence,
    /// The console speaks this other version of the protocol.
    Protocol(u32),
    /// What came was no frame, or not in its place.
    Malformed(String),
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ended::Silence => write!(f, "nothing heard from the console for 30 s"),
            Ended::Protocol(theirs) => write!(
                f,
                "the console speaks protocol {theirs}, this agent {PROTOCOL}: install the agent \
                 that came with the console"
            ),
            Ended::Malformed(why) => write!(f, "not understood: {why}"),
        }
    }
}

/// One conversation. The owner feeds it with [`Session::receive`], calls [`Session::tick`] at
/// [`Session::next_wake`] and whenever its node has news, and sends [`Session::take_output`]
/// once all that it took before is on its way.
pub struct Session<N> {
    node: N,
    lines: Lines,
    output: Vec<u8>,
    /// The output holds a sample: no other joins it.
    sample_waits: bool,
    greeted: bool,
    watch: Watch,
    heard_ms: u64,
    ssconf_ms: u64,
    sample_due_ms: u64,
    sample_sent_ms: u64,
    /// DRBD was not looked at because of a sample that waited.
    drbd_missed: bool,
    drbd: DrbdNews,
    /// All parts as the console knows them, without DRBD.
    known: Sample,
    /// Parts of those that it does not know, as no frame was long enough.
    left_out: Vec<Missing>,
    ended: Option<Ended>,
}

impl<N: Node> Session<N> {
    /// A session that waits for the console's hello.
    pub fn new(node: N, now: Moment) -> Self {
        Session {
            node,
            lines: Lines::default(),
            output: Vec::new(),
            sample_waits: false,
            greeted: false,
            watch: Watch::default(),
            heard_ms: now.mono_ms,
            ssconf_ms: now.mono_ms,
            sample_due_ms: now.mono_ms,
            sample_sent_ms: now.mono_ms,
            drbd_missed: false,
            drbd: DrbdNews::default(),
            known: Sample::default(),
            left_out: Vec::new(),
            ended: None,
        }
    }

    /// The node it tells about.
    pub fn node(&mut self) -> &mut N {
        &mut self.node
    }

    /// Why it is over, once it is. What it still has to say should be sent.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// Bytes that wait to be taken.
    pub fn pending_bytes(&self) -> usize {
        self.output.len()
    }

    /// Takes all bytes to be sent.
    pub fn take_output(&mut self) -> Vec<u8> {
        self.sample_waits = false;
        std::mem::take(&mut self.output)
    }

    /// Takes bytes as they came from the console, cut anywhere. After a silence that is too long
    /// they are not looked at: nobody knows how long they lay somewhere.
    pub fn receive(&mut self, bytes: &[u8], now: Moment) {
        if self.ended.is_some() {
            return;
        }
        if now.mono_ms.saturating_sub(self.heard_ms) >= SILENCE_MS {
            self.end(Ended::Silence);
            return;
        }
        let mut lines = std::mem::take(&mut self.lines);
        lines.push(bytes);
        while self.ended.is_none() {
            match lines.next_line() {
                Ok(Some(line)) => match frame::request(line) {
                    Ok(Some(request)) => self.request(request, now),
                    Ok(None) => self.heard(now),
                    Err(frame::Error::NotActed { id, recovers, why }) if self.greeted => {
                        self.heard(now);
                        self.not_acted(id, recovers, why, now);
                    }
                    Err(error) => self.end(Ended::Malformed(error.to_string())),
                },
                Ok(None) => break,
                Err(error) => self.end(Ended::Malformed(error.to_string())),
            }
        }
        self.lines = lines;
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Moment) {
        if self.ended.is_some() {
            return;
        }
        if now.mono_ms.saturating_sub(self.heard_ms) >= SILENCE_MS {
            self.end(Ended::Silence);
            return;
        }
        if !self.greeted || self.output.len() > FULL {
            return;
        }
        // A little early is as good: so ssconf is looked at together with a sample.
        if now.mono_ms.saturating_sub(self.ssconf_ms) >= SSCONF_MS * 9 / 10 {
            self.look_at_ssconf(now);
        }
        if self.watch.sample_ms > 0 {
            self.look_at_node(now);
        }
        for report in self.node.poll(&self.watch, now) {
            pieces::append(&mut self.output, report);
        }
    }

    /// Milliseconds from now until [`Session::tick`] is wanted, if nothing comes before.
    pub fn next_wake(&self, now: Moment) -> u64 {
        let mut due = self.heard_ms + SILENCE_MS;
        // With a full output nothing is done until it was taken.
        if self.greeted && self.output.len() <= FULL {
            due = due.min(self.ssconf_ms + SSCONF_MS);
            if self.watch.sample_ms > 0 {
                due = due.min(self.sample_due_ms);
                if self.drbd_missed && !self.sample_waits {
                    due = now.mono_ms;
                }
            }
        }
        due.saturating_sub(now.mono_ms)
    }

    fn say(&mut self, report: Report) {
        pieces::append(&mut self.output, report);
    }

    fn end(&mut self, why: Ended) {
        if why != Ended::Silence {
            self.say(Report::Problem(Problem {
                about: "link".into(),
                text: why.to_string(),
            }));
        }
        self.ended = Some(why);
    }

    fn heard(&mut self, now: Moment) {
        self.heard_ms = now.mono_ms;
        self.node.heard(now);
    }

    fn request(&mut self, request: Request, now: Moment) {
        self.heard(now);
        match request {
            Request::Hello(hello) => self.greet(hello.protocol, now),
            _ if !self.greeted => self.end(Ended::Malformed("no hello came first".into())),
            Request::Watch(watch) => self.watch(watch, now),
            Request::Ping(ping) => self.say(Report::Pong(Pong { n: ping.n })),
            Request::Ask(ask) => {
                if let Some(answer) = self.node.ask(ask.id, &ask.question, now) {
                    self.say(Report::Answer(Answer { id: ask.id, answer }));
                }
            }
            Request::Act(act) => self.act(act.id.clone(), Wish::Act(act), now),
            Request::Recover(it) => self.act(it.id.clone(), Wish::Recover(it), now),
        }
    }

    fn act(&mut self, id: ActId, wish: Wish, now: Moment) {
        if let Some(outcome) = self.node.act(wish, now) {
            let id = id.into();
            self.say(Report::Acted(Acted { id, outcome }));
        }
    }

    /// A question that is not understood says nothing of the change that it is about.
    fn not_acted(&mut self, id: String, recovers: bool, why: String, now: Moment) {
        let kind = Refusal::Field;
        let outcome = match recovers {
            true => Outcome::Unknown { why },
            false => Outcome::Refused { kind, words: why },
        };
        self.node.misread(&id, &outcome, now);
        self.say(Report::Acted(Acted { id, outcome }));
    }

    fn greet(&mut self, protocol: u32, now: Moment) {
        let hello = Hello {
            protocol: PROTOCOL,
            ..self.node.hello()
        };
        self.say(Report::Hello(hello));
        if protocol != PROTOCOL {
            self.end(Ended::Protocol(protocol));
        } else if !self.greeted {
            self.greeted = true;
            self.look_at_ssconf(now);
        }
    }

    fn watch(&mut self, mut watch: Watch, now: Moment) {
        if watch.sample_ms > 0 {
            watch.sample_ms = watch.sample_ms.clamp(200, 60_000);
        }
        if watch.sample_ms != self.watch.sample_ms {
            self.sample_due_ms = now.mono_ms;
            // So that both come due together from now on.
            self.look_at_ssconf(now);
        }
        self.watch = watch;
        self.tick(now);
    }

    fn look_at_ssconf(&mut self, now: Moment) {
        self.ssconf_ms = now.mono_ms;
        if let Some(ssconf) = self.node.ssconf(now) {
            self.say(Report::Ssconf(Box::new(ssconf)));
        }
    }

    /// Takes a sample if one is due, and whatever changed of DRBD at any time.
    fn look_at_node(&mut self, now: Moment) {
        let due = now.mono_ms >= self.sample_due_ms;
        if due {
            let interval = u64::from(self.watch.sample_ms);
            self.sample_due_ms += interval;
            if self.sample_due_ms <= now.mono_ms {
                self.sample_due_ms = now.mono_ms + interval;
            }
        }
        self.drbd_missed = self.sample_waits;
        if self.sample_waits {
            return;
        }
        // Before the sample: its `missing` says why devices cannot be had any more, and no console
        // sees them go without it.
        let drbd = self.node.drbd(now);
        let drbd = drbd.and_then(|drbd| self.drbd.told(drbd, now));
        let lost = drbd.as_ref().is_some_and(loses_devices);
        if drbd.is_some() {
            self.left_out.retain(|missing| missing.part != "drbd");
        }
        let (mut news, mut changed) = if due || lost {
            self.changes(now)
        } else {
            (Sample::default(), false)
        };
        changed |= drbd.is_some();
        news.drbd = drbd;
        let beat = due && now.mono_ms.saturating_sub(self.sample_sent_ms) >= HEARTBEAT_MS;
        if changed || beat || self.known.seq == 0 {
            self.sample_sent_ms = now.mono_ms;
            self.sample_waits = true;
            let left_out = self.say_sample(news, now);
            if left_out.is_empty() {
                return;
            }
            if left_out.iter().any(|missing| missing.part == "drbd") {
                self.drbd = DrbdNews::default();
            }
            let missing = self.known.missing.get_or_insert_default();
            missing.extend(left_out.iter().cloned());
            let news = Sample {
                missing: Some(missing.clone()),
                ..Sample::default()
            };
            self.left_out.extend(left_out);
            self.say_sample(news, now);
        }
    }

    /// Says the next sample; what of it was left out.
    fn say_sample(&mut self, sample: Sample, now: Moment) -> Vec<Missing> {
        self.known.seq += 1;
        let sample = Sample {
            seq: self.known.seq,
            mono_ms: now.mono_ms,
            wall_ms: now.wall_ms,
            ..sample
        };
        pieces::append(&mut self.output, Report::Sample(Box::new(sample)))
    }

    /// Forgets what was left out of parts that are sent now or are there no more.
    fn keep_left_out(&mut self, news: &Sample) {
        let known = &self.known;
        macro_rules! is_left_out {
            ($name:expr; $($part:ident),*) => {
                match $name {
                    $( stringify!($part) => known.$part.is_some() && news.$part.is_none(), )*
                    // Its news are told apart from the sample's.
                    part => part == "drbd",
                }
            };
        }
        self.left_out.retain(|missing| {
            is_left_out!(
                missing.part.as_str();
                cpu, memory, load, system, net, disks, storage, lvm, health, guests, daemons
            )
        });
    }

    /// The parts that the console does not know yet, and whether there are any.
    fn changes(&mut self, now: Moment) -> (Sample, bool) {
        let mut news = self.node.sample(now);
        let mut changed = false;
        macro_rules! keep_changed {
            ($($part:ident),*) => { $(
                if news.$part == self.known.$part {
                    news.$part = None;
                } else {
                    // A part that cannot be had any more is forgotten, so that it is sent anew.
                    self.known.$part.clone_from(&news.$part);
                    changed |= news.$part.is_some();
                }
            )* };
        }
        keep_changed!(
            cpu, memory, load, system, net, disks, storage, lvm, health, guests, daemons
        );
        self.keep_left_out(&news);
        if !self.left_out.is_empty() {
            let missing = news.missing.get_or_insert_default();
            missing.extend(self.left_out.iter().cloned());
        }
        keep_changed!(missing);
        (news, changed)
    }
}

/// Whether devices that a console may know are not in it any more, or there are none.
fn loses_devices(news: &Drbd) -> bool {
    !news.gone.is_empty() || news.whole && news.devices.is_empty()
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
