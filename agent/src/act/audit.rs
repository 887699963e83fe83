//! A line in the node's syslog for each change that was asked for.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use gantry_wire::act::{Act, Outcome};

use super::who::Who;

/// Facility `authpriv`, severity `notice`.
const PRIORITY: u32 = (10 << 3) | 5;
/// The longest line, bytes: syslog daemons cut at 8 KiB and later.
const LONGEST: usize = 4096;

/// The door to syslog, for one console.
#[derive(Clone, Debug)]
pub struct Audit {
    socket: PathBuf,
    who: Who,
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
        Audit { socket, who }
    }

    /// Writes what became of something.
    ///
    /// # Errors
    /// In words, if syslog takes no line.
    pub fn note(&self, about: About<'_>, outcome: &Outcome) -> Result<(), String> {
        let mut line = format!(
            "<{PRIORITY}>gantry-agent[{}]: {}",
            std::process::id(),
            words(&self.who, about, outcome)
        );
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
        About::Act(act) => {
            let operation = serde_json::to_string(&act.operation).unwrap_or_default();
            format!(
                "act id={} permission={} operation={operation} operator-claimed={:?} reason={:?}",
                act.id,
                act.operation.permission(),
                act.operator,
                act.reason
            )
        }
        About::Recover(id) => format!("recover id={id}"),
        About::Misread(id) => format!("act id={id:?} not understood"),
    };
    let became = match outcome {
        Outcome::Submitted { job } => format!("allowed job={job}"),
        Outcome::Done { words } => format!("allowed done={words:?}"),
        Outcome::Failed { words } => format!("allowed failed={words:?}"),
        Outcome::Running { line } => format!("allowed running={line:?}"),
        Outcome::Refused { kind, words } => {
            format!("refused kind={} why={words:?}", String::from(*kind))
        }
        Outcome::Void {} => "void".to_owned(),
        Outcome::Waiting { why } => format!("allowed waiting={why:?}"),
        Outcome::Unknown { why } => format!("unknown why={why:?}"),
    };
    format!("{what} {became} {who}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::act::{ActId, Expect, Refusal};
    use gantry_wire::operation::Operation;

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
             operation={\"queue-drain\":{}} operator-claimed=\"alice\" \
             reason=\"it \\\"is\\\" time\\nact id=\" refused kind=permission why=\"no\" \
             as=\"wall\" key=unknown"
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
    fn no_syslog_is_said() {
        let audit = Audit::new("/nonexistent/log".into(), Who::default());
        let error = audit
            .note(About::Recover("7"), &Outcome::Void {})
            .unwrap_err();
        assert!(error.contains("/nonexistent/log"), "{error}");
    }
}
