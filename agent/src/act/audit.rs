//! A line in the node's syslog for each change that was asked for.
//!
//! Who, what and whether come first and have their limits: nothing that a console says can push
//! them out of the line. What it says is ASCII, whatever it was.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use gantry_wire::act::{Act, Outcome};

use super::who::Who;
use crate::serve::now;

/// Facility `authpriv`, severity `notice`.
const PRIORITY: u32 = (10 << 3) | 5;
/// The longest line, bytes: syslog daemons cut at 8 KiB and later.
const LONGEST: usize = 4096;
/// The most of an id that is none, and of a name, bytes.
const NAME: usize = 80;
/// The most of a reason, and of what was said to it, bytes.
const WORDS: usize = 600;
/// The most of an operation, bytes.
const OPERATION: usize = 2_000;
/// So many lines a second about what changed nothing; a console that makes more loses nobody a line
/// about what did.
const IDLE: u32 = 20;

/// The door to syslog, for one console.
#[derive(Clone, Debug)]
pub struct Audit {
    socket: PathBuf,
    who: Who,
    idle: Arc<Mutex<Idle>>,
}

/// Counts lines about what changed nothing.
#[derive(Debug, Default)]
struct Idle {
    /// Which second it is.
    second: u64,
    /// Lines within it.
    lines: u32,
    /// Lines that were left out since the last one.
    left_out: u64,
}

impl Idle {
    /// Whether one more line may be written.
    fn may(&mut self, second: u64) -> bool {
        if second != self.second {
            (self.second, self.lines) = (second, 0);
        }
        self.lines = self.lines.saturating_add(1);
        let may = self.lines <= IDLE;
        self.left_out = self.left_out.saturating_add(u64::from(!may));
        may
    }
}

/// What a line is about.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// A change.
    Act(&'a Act),
    /// What became of one with this id.
    Recover(&'a str),
    /// One with this id that was not understood.
    Misread(&'a str),
}

impl Audit {
    /// Lines about what `who` asks for.
    pub fn new(socket: PathBuf, who: Who) -> Audit {
        Audit {
            socket,
            who,
            idle: Arc::default(),
        }
    }

    /// Writes what became of something.
    ///
    /// # Errors
    /// In words, if syslog takes no line.
    pub fn note(&self, about: About<'_>, outcome: &Outcome) -> Result<(), String> {
        let changed = matches!(
            outcome,
            Outcome::Submitted { .. }
                | Outcome::Done { .. }
                | Outcome::Failed { .. }
                | Outcome::Running { .. }
        );
        let second = now().mono_ms / 1_000;
        if !changed && !self.idle().may(second) {
            return Ok(());
        }
        self.note_left_out()?;
        self.send(&words(&self.who, about, outcome))
    }

    /// Writes how many lines were left out, if any were.
    ///
    /// # Errors
    /// In words, if syslog takes no line.
    pub fn note_left_out(&self) -> Result<(), String> {
        match std::mem::take(&mut self.idle().left_out) {
            0 => Ok(()),
            count => self.send(&format!(
                "{count} lines about no change left out {}",
                self.who
            )),
        }
    }

    /// Whether syslog is there.
    ///
    /// # Errors
    /// In words, if it is not.
    pub fn is_heard(&self) -> Result<(), String> {
        let connect = || UnixDatagram::unbound()?.connect(&self.socket);
        connect().map_err(|error| format!("{}: {error}", self.socket.display()))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, words: &str) -> Result<(), String> {
        let pid = std::process::id();
        let mut line = format!("<{PRIORITY}>gantry-agent[{pid}]: {words}");
        let end = (0..=LONGEST.min(line.len()))
            .rev()
            .find(|&at| line.is_char_boundary(at));
        line.truncate(end.unwrap_or(0));
        let send = || -> std::io::Result<()> {
            let socket = UnixDatagram::unbound()?;
            // A syslog that reads nothing must not hold up what is audited.
            socket.set_nonblocking(true)?;
            socket.send_to(line.as_bytes(), &self.socket)?;
            Ok(())
        };
        send().map_err(|error| format!("{}: {error}", self.socket.display()))
    }
}

/// The line. Everything that a console can choose is quoted, so that no line looks like another.
fn words(who: &Who, about: About<'_>, outcome: &Outcome) -> String {
    let what = match about {
        About::Act(act) => format!(
            "act id={} permission={}",
            act.id,
            act.operation.permission()
        ),
        About::Recover(id) => format!("recover id={id}"),
        About::Misread(id) => format!("not understood id={}", quoted(id, NAME)),
    };
    let (became, said) = match outcome {
        Outcome::Submitted { job } => (format!("allowed job={job}"), None),
        Outcome::Done { words } => ("allowed done".to_owned(), Some(words)),
        Outcome::Failed { words } => ("allowed failed".to_owned(), Some(words)),
        Outcome::Running { line } => ("allowed running".to_owned(), Some(line)),
        Outcome::Refused { kind, words } => {
            (format!("refused kind={}", String::from(*kind)), Some(words))
        }
        Outcome::Void {} => ("void".to_owned(), None),
        Outcome::Waiting { why } => ("waiting".to_owned(), Some(why)),
        Outcome::Unknown { why } => ("unknown".to_owned(), Some(why)),
    };
    let mut line = format!("{what} {became} {who}");
    if let About::Act(act) = about {
        line += &format!(
            " operator-claimed={} reason={}",
            quoted(&act.operator, NAME),
            quoted(&act.reason, WORDS)
        );
    }
    if let Some(said) = said {
        line += &format!(" said={}", quoted(said, WORDS));
    }
    if let About::Act(act) = about {
        let operation = serde_json::to_string(&act.operation).unwrap_or_default();
        line += &format!(" operation={}", ascii(&operation, OPERATION));
    }
    line
}

/// A text in quotes, with nothing in it that ends them.
fn quoted(text: &str, longest: usize) -> String {
    let escaped = text
        .chars()
        .flat_map(char::escape_default)
        .collect::<String>();
    format!("\"{}\"", cut(&escaped, longest))
}

/// JSON in its own quotes; what is not ASCII in it is escaped.
fn ascii(json: &str, longest: usize) -> String {
    let mut escaped = String::new();
    for c in json.chars() {
        match c.is_ascii() && !c.is_ascii_control() {
            true => escaped.push(c),
            false => escaped.extend(c.escape_default()),
        }
    }
    cut(&escaped, longest)
}

/// The beginning of a text of ASCII alone, and whether there was more.
fn cut(text: &str, longest: usize) -> String {
    match text.get(..longest) {
        Some(begun) if text.len() > longest => format!("{begun}..."),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::act::{ActId, Expect, Refusal};
    use gantry_wire::operation::{Operation, Start};

    use super::*;
    use crate::luxi::fake::{FakeLuxid, Reply};

    #[test]
    fn a_line_says_what_who_and_whether() {
        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let socket = fake.root().join("log");
        let log = UnixDatagram::bind(&socket).unwrap();
        let audit = Audit::new(socket, Who::new("wall", None));
        let act = Act {
            id: ActId::new(7),
            operation: Operation::QueueDrain {},
            expect: Expect::Nothing {},
            reason: "it \"is\" time\nact id=".into(),
            operator: "alice".into(),
        };
        let refused = Outcome::Refused {
            kind: Refusal::Permission,
            words: "no".into(),
        };
        audit.note(About::Act(&act), &refused).unwrap();
        let mut bytes = [0; 8192];
        let line = |bytes: &mut [u8]| {
            let length = log.recv(bytes).unwrap();
            String::from_utf8(bytes[..length].to_vec()).unwrap()
        };
        let text = line(&mut bytes);
        assert!(text.starts_with("<85>gantry-agent["), "{text}");
        let rest = text.split_once("]: ").unwrap().1;
        assert_eq!(
            rest,
            "act id=00000000000000000000000000000007 permission=queue-drain \
             refused kind=permission as=\"wall\" key=unknown operator-claimed=\"alice\" \
             reason=\"it \\\"is\\\" time\\nact id=\" said=\"no\" \
             operation={\"queue-drain\":{}}"
        );
        audit
            .note(About::Misread(&"\u{e9}".repeat(5000)), &refused)
            .unwrap();
        assert!(line(&mut bytes).len() <= LONGEST);
        audit
            .note(About::Recover("7"), &Outcome::Submitted { job: 8 })
            .unwrap();
        assert!(line(&mut bytes).contains("recover id=7 allowed job=8"));
    }

    #[test]
    fn nothing_that_is_asked_for_hides_who_asked_and_what_became_of_it() {
        let who = Who::new("wall", Some("SHA256:x".into()));
        let odd = "\u{202e}\u{85}\"\\ \u{1f4a9}".repeat(10_000);
        let act = Act {
            id: ActId::new(7),
            operation: Operation::Start(Start {
                instance: odd.clone(),
                force: false,
            }),
            expect: Expect::Nothing {},
            reason: odd.clone(),
            operator: odd.clone(),
        };
        let refused = Outcome::Refused {
            kind: Refusal::Field,
            words: odd.clone(),
        };
        for about in [About::Act(&act), About::Misread(&odd)] {
            let line = words(&who, about, &refused);
            assert!(line.len() < LONGEST - 100, "{}", line.len());
            assert!(line.bytes().all(|b| (b' '..=b'~').contains(&b)), "{line}");
            let (before, after) = line.split_once(" refused kind=field ").unwrap();
            assert!(before.len() < 200);
            assert!(after.starts_with("as=\"wall\" key=SHA256:x"), "{line}");
        }
    }

    #[test]
    fn a_flood_of_refusals_is_counted_and_what_changes_something_is_always_noted() {
        let mut idle = Idle::default();
        let noted = (0..1_000).filter(|_| idle.may(5)).count();
        assert_eq!((noted, idle.left_out), (20, 980));
        assert!(idle.may(6));

        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let socket = fake.root().join("log");
        let log = UnixDatagram::bind(&socket).unwrap();
        let audit = Audit::new(socket, Who::default());
        audit.idle().left_out = 980;
        let done = Outcome::Submitted { job: 8 };
        audit.note(About::Recover("7"), &done).unwrap();
        let mut bytes = [0; 8192];
        let mut line = || {
            let length = log.recv(&mut bytes).unwrap();
            String::from_utf8(bytes[..length].to_vec()).unwrap()
        };
        assert!(line().contains(": 980 lines about no change left out"));
        assert!(line().contains("recover id=7 allowed job=8"));
        assert_eq!(audit.is_heard(), Ok(()));
    }

    #[test]
    fn no_syslog_is_said() {
        let audit = Audit::new("/nonexistent/log".into(), Who::default());
        let error = audit
            .note(About::Recover("7"), &Outcome::Void {})
            .unwrap_err();
        assert!(error.contains("/nonexistent/log"), "{error}");
        assert!(audit.is_heard().is_err());
    }
}
