//! Commands that a node runs itself. The console says which and with what parameters; the words of
//! the command line are from here alone.
//!
//! A command outlives its agent: it has a process group of its own, and leaves what it said and how
//! it ended in files beside its record, so that whoever asks later finds out.

use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use gantry_wire::act::{Act, ActId, Expect, Outcome, Refusal};
use gantry_wire::operation::NodeCommand;

use super::deed::{Progress, Tools, refused};
use super::record::{Record, State};
use super::recovery::Recovery;
use crate::place::Place;
use crate::probe::command::PATH;

/// What is looked at of what a command said, bytes from its end.
const SAID: u64 = 4096;
/// The longest line that is told, characters.
const LINE: usize = 300;
/// How many of its last lines tell why a command failed.
const LINES: usize = 3;

/// `sh` runs the command and notes how it ended. Its arguments: where, and the command's own.
const SCRIPT: &str = r#"at=$1; shift
"$@" >"$at.out" 2>&1 </dev/null
echo $? >"$at.new" && mv "$at.new" "$at.status""#;

/// How far a command is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Course {
    /// Nothing was started.
    NotBegun,
    /// It runs.
    Runs {
        /// Its last line.
        line: String,
    },
    /// It has ended.
    Ended {
        /// Its exit status; none if it was ended from outside and nobody noted how.
        status: Option<i32>,
        /// Its last lines.
        said: String,
    },
}

/// What a node can do by itself, or what simulates it.
pub trait Commands {
    /// This node's name.
    fn node(&self) -> String;

    /// The master's name, by this node's own files.
    fn master(&self) -> Option<String>;

    /// Whether this node is a master candidate, by its own files.
    fn is_candidate(&self) -> bool;

    /// Starts a command for the change with this id.
    ///
    /// # Errors
    /// In words; it was not started then.
    fn start(&mut self, id: &ActId, command: NodeCommand) -> Result<(), String>;

    /// How far the command of the change with this id is.
    fn course(&mut self, id: &ActId) -> Course;
}

/// The command line.
fn words(command: NodeCommand) -> &'static [&'static str] {
    match command {
        NodeCommand::MasterFailover { no_voting: false } => &["gnt-cluster", "master-failover"],
        // It would ask, and there is nobody to answer: the console has asked already.
        NodeCommand::MasterFailover { no_voting: true } => &[
            "gnt-cluster",
            "master-failover",
            "--no-voting",
            "--yes-do-it",
        ],
    }
}

impl Tools<'_> {
    /// Begins a change that is a command of this node's, or says why not.
    pub(super) fn perform_here(
        &mut self,
        act: &Act,
        command: NodeCommand,
    ) -> Result<Progress, Outcome> {
        self.may_begin(act)?;
        let mut record = Record {
            owner: self.records.myself(),
            at_ms: (self.now)().wall_ms,
            above: 0,
            operation: Some(act.operation.clone()),
            expect: Some(act.expect.clone()),
            state: State::Begun {},
        };
        let in_record = |why| refused(Refusal::Record, why);
        if !self.is_known(act, &record)? {
            let begun = self.begin(act, command, &mut record);
            if let Err(outcome) = begun {
                record.state = State::Over {
                    outcome: outcome.clone(),
                };
                self.records.write(&act.id, &record).map_err(in_record)?;
                return Err(outcome);
            }
        }
        Ok(Progress::Open(Recovery::new(act.id.clone())))
    }

    /// Looks whether this is the node, and all as the operator saw it.
    fn may_begin(&self, act: &Act) -> Result<(), Outcome> {
        let not_so = |words: String| Err(refused(Refusal::Expect, words));
        let node = self.commands.node();
        if act.operation.own_node() != Some(&node) {
            return not_so(format!("this is {node}"));
        }
        let Some(master) = self.commands.master() else {
            return not_so(format!("{node} does not know who the master is"));
        };
        match &act.expect {
            Expect::Master { master: seen } if *seen != master => {
                not_so(format!("{master} is the master for {node}, not {seen}"))
            }
            _ if master == node => not_so(format!("{node} is the master already")),
            _ if !self.commands.is_candidate() => {
                not_so(format!("{node} is no master candidate by its own files"))
            }
            _ => Ok(()),
        }
    }

    fn begin(
        &mut self,
        act: &Act,
        command: NodeCommand,
        record: &mut Record,
    ) -> Result<(), Outcome> {
        if !(self.is_heard)() {
            let words = "the console fell silent before it was this one's turn";
            return Err(refused(Refusal::Late, words));
        }
        record.state = State::Sent {};
        let noted = self.records.write(&act.id, record);
        noted.map_err(|why| refused(Refusal::Record, why))?;
        let started = self.commands.start(&act.id, command);
        started.map_err(|why| refused(Refusal::Command, why))
    }

    /// What became of a command that has ended.
    pub(super) fn verdict(&self, command: NodeCommand, status: Option<i32>, said: &str) -> Outcome {
        let NodeCommand::MasterFailover { .. } = command;
        let node = self.commands.node();
        let master = self.commands.master();
        if master.as_ref() == Some(&node) && status.is_none_or(|status| status == 0) {
            let words = format!("{node} is the master now");
            return Outcome::Done { words };
        }
        let ended = match status {
            Some(status) => format!("it ended with status {status}"),
            None => "it was ended and left no word how".to_owned(),
        };
        let colon = if said.is_empty() { "" } else { ": " };
        let master = master.unwrap_or_else(|| "nobody".to_owned());
        Outcome::Failed {
            words: format!("{ended}{colon}{said}; {master} is the master by the files of {node}"),
        }
    }
}

/// The node that this agent runs on.
#[derive(Debug)]
pub struct Here {
    place: Place,
    node: String,
    /// Where programs are looked for.
    path: String,
    /// Those that this process started, to be waited for.
    children: Vec<(ActId, Child)>,
}

impl Here {
    /// The node with this name, whose files are at `place`.
    pub fn new(place: Place, node: String) -> Here {
        Here::with_path(place, node, PATH.to_owned())
    }

    /// With programs elsewhere, as `PATH` has it.
    pub(super) fn with_path(place: Place, node: String, path: String) -> Here {
        Here {
            place,
            node,
            path,
            children: Vec::new(),
        }
    }

    /// One of a change's files.
    fn file(&self, id: &ActId, end: &str) -> PathBuf {
        self.place.prefixed(&format!("/run/gantry/op/{id}{end}"))
    }

    fn text(&self, id: &ActId, end: &str) -> Option<String> {
        let text = self.place.text(&self.file(id, end)).ok()?;
        Some(text.trim().to_owned())
    }

    /// Whether `sh` is there that runs a change's command: where it notes things is among its
    /// arguments. A process that has ended and is not waited for has none.
    fn runs(&self, id: &ActId) -> bool {
        let at = self.file(id, "").display().to_string();
        let names = self.place.names(&self.place.proc).into_iter();
        let mut pids = names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
        pids.any(|pid| {
            let file = self.place.proc.join(pid).join("cmdline");
            let command = self.place.text(&file).unwrap_or_default();
            command.split('\0').any(|argument| argument == at)
        })
    }

    /// The last lines of what a command said.
    fn said(&self, id: &ActId, lines: usize) -> String {
        let tail = || -> std::io::Result<Vec<u8>> {
            let mut file = std::fs::File::open(self.file(id, ".out"))?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(SAID)))?;
            let mut bytes = Vec::new();
            file.take(SAID).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        last_lines(&tail().unwrap_or_default(), lines)
    }
}

/// The last lines that say something, as one.
fn last_lines(bytes: &[u8], count: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split(['\n', '\r']).map(str::trim);
    let mut last: Vec<&str> = lines
        .rev()
        .filter(|line| !line.is_empty())
        .take(count)
        .collect();
    last.reverse();
    let printable = |c: char| if c.is_control() { '?' } else { c };
    last.join("; ").chars().map(printable).take(LINE).collect()
}

impl Commands for Here {
    fn node(&self) -> String {
        self.node.clone()
    }

    fn master(&self) -> Option<String> {
        let text = self
            .place
            .text(&self.place.data("ssconf_master_node"))
            .ok()?;
        Some(text.trim().to_owned()).filter(|name| !name.is_empty())
    }

    fn is_candidate(&self) -> bool {
        let list = self.place.data("ssconf_master_candidates");
        let text = self.place.text(&list).unwrap_or_default();
        text.lines().any(|line| line.trim() == self.node)
    }

    fn start(&mut self, id: &ActId, command: NodeCommand) -> Result<(), String> {
        let mut sh = Command::new("/bin/sh");
        sh.args(["-c", SCRIPT, "sh"]).arg(self.file(id, ""));
        sh.args(words(command)).env("PATH", &self.path);
        sh.stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        sh.current_dir("/").process_group(0);
        let child = sh.spawn().map_err(|error| format!("/bin/sh: {error}"))?;
        self.children.push((id.clone(), child));
        Ok(())
    }

    fn course(&mut self, id: &ActId) -> Course {
        self.children
            .retain_mut(|(_, child)| matches!(child.try_wait(), Ok(None)));
        // One that has only just been started has no arguments yet.
        let own = self.children.iter().any(|(of, _)| of == id);
        let runs = own || self.runs(id);
        // After that, so that one that ends meanwhile is not taken for one that left no status.
        let status = self.text(id, ".status");
        match status {
            Some(status) => Course::Ended {
                status: status.parse().ok(),
                said: self.said(id, LINES),
            },
            None if runs => Course::Runs {
                line: self.said(id, 1),
            },
            None if self.file(id, ".out").exists() => Course::Ended {
                status: None,
                said: self.said(id, LINES),
            },
            None => Course::NotBegun,
        }
    }
}
