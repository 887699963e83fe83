//! Runs other programs so that none of them can hold up the agent: each has a time limit and may
//! print so much, and none is started beside one that cannot even be killed.

use std::ffi::OsString;
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::serve::now;
use crate::session::Moment;

/// Where programs are looked for: who is not root may not have `sbin` in their path.
pub const PATH: &str = "/usr/sbin:/sbin:/usr/bin:/bin";
/// The most that a program may print, bytes: `lvs` of ten thousand volumes has a fifth of it.
const STDOUT_LIMIT: usize = 16 * 1024 * 1024;
/// What is kept of its complaints, bytes.
const STDERR_LIMIT: usize = 64 * 1024;
/// How long a killed program may take to be gone.
const DYING: Duration = Duration::from_secs(1);

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this status.
    Exited(i32),
    /// By a signal that was not ours.
    Signal(i32),
    /// Killed because it did not answer in time.
    Killed,
    /// Killed because it printed too much.
    TooLong,
    /// There is no such program.
    NotInstalled,
    /// It could not be started, in the system's words.
    NotStarted(String),
    /// Not even killing it helped; or it was not started because the one before still hangs so.
    Hangs,
}

impl End {
    /// It was asked and did not answer.
    pub fn is_silence(&self) -> bool {
        matches!(self, End::Killed | End::Hangs)
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            End::Exited(status) => write!(f, "ended with status {status}"),
            End::Signal(signal) => write!(f, "ended by signal {signal}"),
            End::Killed => write!(f, "did not answer in time"),
            End::TooLong => write!(f, "printed more than {} MiB", STDOUT_LIMIT >> 20),
            End::NotInstalled => write!(f, "is not installed"),
            End::NotStarted(why) => write!(f, "cannot be started: {why}"),
            End::Hangs => write!(f, "hangs and cannot be killed"),
        }
    }
}

/// What a program left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub end: End,
    /// What it printed, if it ended by itself.
    pub stdout: String,
    /// What it complained.
    pub stderr: String,
}

impl Output {
    fn nothing(end: End) -> Output {
        Output {
            end,
            stdout: String::new(),
            stderr: String::new(),
        }
    }

    /// Why there is no answer in it, in words: its own first complaint, if it had any.
    pub fn why(&self) -> String {
        let complaint = self.stderr.lines().find(|line| !line.trim().is_empty());
        match (&self.end, complaint) {
            (End::Exited(_), Some(line)) => line.trim().chars().take(200).collect(),
            (end, _) => end.to_string(),
        }
    }
}

/// What a runner and its keeper share.
#[derive(Debug, Default)]
struct Leash {
    child: Option<Child>,
    /// The program that runs, and when it was started.
    under_way: Option<(String, Moment)>,
    closed: bool,
}

impl Leash {
    /// Ends the program and all that it started. It may just have ended by itself.
    fn kill(&mut self) {
        if let Some(child) = &mut self.child {
            // It is waited for only here and with the leash in hand, so the number is its own.
            let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
            let _ = child.kill();
        }
    }
}

fn hold(leash: &Mutex<Leash>) -> MutexGuard<'_, Leash> {
    leash.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs one program after the other, for a thread that may wait.
#[derive(Debug)]
pub struct Runner {
    path: OsString,
    leash: Arc<Mutex<Leash>>,
}

/// The other end of a runner: sees what is under way, and ends it when it is dropped itself.
#[derive(Debug)]
pub struct Keeper(Arc<Mutex<Leash>>);

impl Keeper {
    /// The program that runs, and since when.
    pub fn under_way(&self) -> Option<(String, Moment)> {
        hold(&self.0).under_way.clone()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Nothing is left behind.
        let mut leash = hold(&self.0);
        leash.closed = true;
        leash.kill();
    }
}

impl Runner {
    /// A runner of programs in the directories of `path`, and its keeper.
    pub fn new(path: impl Into<OsString>) -> (Runner, Keeper) {
        let leash = Arc::<Mutex<Leash>>::default();
        let runner = Runner {
            path: path.into(),
            leash: leash.clone(),
        };
        (runner, Keeper(leash))
    }

    /// Whether there is such a program.
    pub fn finds(&self, program: &str) -> bool {
        std::env::split_paths(&self.path).any(|directory| directory.join(program).is_file())
    }

    /// Runs a program in the C locale and waits for its end, which comes after `limit` at the
    /// latest.
    pub fn run(&mut self, program: &str, args: &[&str], limit: Duration) -> Output {
        {
            let mut leash = hold(&self.leash);
            if leash.closed {
                return Output::nothing(End::Killed);
            }
            if let Some(child) = &mut leash.child {
                if matches!(child.try_wait(), Ok(None)) {
                    return Output::nothing(End::Hangs);
                }
                leash.child = None;
            }
            // Even starting it may take long, on the disk that it is read from.
            leash.under_way = Some((program.to_owned(), now()));
        }
        let output = self.start(program, args, limit);
        if output.end != End::Hangs {
            let mut leash = hold(&self.leash);
            leash.under_way = None;
            leash.child = None;
        }
        output
    }

    fn start(&self, program: &str, args: &[&str], limit: Duration) -> Output {
        let end = Instant::now() + limit;
        let child = Command::new(program)
            .args(args)
            .env("PATH", &self.path)
            .env("LC_ALL", "C")
            .env("LVM_SUPPRESS_FD_WARNINGS", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // So that what it starts can be ended with it.
            .process_group(0)
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Output::nothing(End::NotInstalled);
            }
            Err(error) => return Output::nothing(End::NotStarted(error.to_string())),
        };
        let pipes = (child.stdout.take(), child.stderr.take());
        {
            let mut leash = hold(&self.leash);
            leash.child = Some(child);
            if leash.closed {
                leash.kill();
            }
        }
        let (Some(stdout), Some(stderr)) = pipes else {
            return self.reap(Some(End::Killed), end, Texts::default());
        };
        let mut texts = Texts::default();
        let cut = texts.read(stdout, stderr, end);
        self.reap(cut, end, texts)
    }

    /// Waits for the end of the program, after killing it if it has to be.
    fn reap(&self, cut: Option<End>, end: Instant, texts: Texts) -> Output {
        let mut killed = cut;
        let mut until = end;
        if killed.is_some() {
            hold(&self.leash).kill();
            until = Instant::now() + DYING;
        }
        let status = loop {
            let mut leash = hold(&self.leash);
            let Some(child) = &mut leash.child else {
                return Output::nothing(End::Killed);
            };
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) => {}
                Err(error) => return Output::nothing(End::NotStarted(error.to_string())),
            }
            if Instant::now() >= until {
                if killed.is_some() {
                    return Output::nothing(End::Hangs);
                }
                killed = Some(End::Killed);
                leash.kill();
                until = Instant::now() + DYING;
            }
            drop(leash);
            std::thread::sleep(Duration::from_millis(5));
        };
        let stderr = text(texts.stderr);
        if let Some(end) = killed {
            return Output {
                stderr,
                ..Output::nothing(end)
            };
        }
        Output {
            end: match (status.code(), status.signal()) {
                (Some(status), _) => End::Exited(status),
                (None, signal) => End::Signal(signal.unwrap_or_default()),
            },
            stdout: text(texts.stdout),
            stderr,
        }
    }
}

/// What was read of a program's two outputs.
#[derive(Debug, Default)]
struct Texts {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Texts {
    /// Reads both to their ends; otherwise says why the program has to be killed.
    fn read(
        &mut self,
        stdout: impl Read + AsFd,
        stderr: impl Read + AsFd,
        end: Instant,
    ) -> Option<End> {
        let mut buffer = [0; 8192];
        let (mut stdout, mut stderr) = (Some(stdout), Some(stderr));
        while stdout.is_some() || stderr.is_some() {
            let left = end.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(left).unwrap_or_default();
            let ready = |open: bool, fds: &[PollFd<'_>], at: usize| {
                open && fds.get(at).is_some_and(|fd| !fd.revents().is_empty())
            };
            let (out_ready, err_ready) = {
                let mut fds = Vec::with_capacity(2);
                fds.extend(stdout.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
                fds.extend(stderr.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
                match poll(&mut fds, Some(&timeout)) {
                    Ok(0) => return Some(End::Killed),
                    Ok(_) => {}
                    Err(rustix::io::Errno::INTR) => continue,
                    Err(error) => return Some(End::NotStarted(error.to_string())),
                }
                let second = usize::from(stdout.is_some());
                (
                    ready(stdout.is_some(), &fds, 0),
                    ready(stderr.is_some(), &fds, second),
                )
            };
            if out_ready {
                take(&mut stdout, &mut buffer, &mut self.stdout, STDOUT_LIMIT + 1);
                if self.stdout.len() > STDOUT_LIMIT {
                    return Some(End::TooLong);
                }
            }
            if err_ready {
                take(&mut stderr, &mut buffer, &mut self.stderr, STDERR_LIMIT);
            }
        }
        None
    }
}

/// Reads once what is ready and keeps no more than `limit` of it all; closes at the end.
fn take<R: Read>(from: &mut Option<R>, buffer: &mut [u8], into: &mut Vec<u8>, limit: usize) {
    let read = match from {
        Some(pipe) => pipe.read(buffer),
        None => return,
    };
    match read {
        Ok(n) if n > 0 => {
            let room = limit.saturating_sub(into.len());
            into.extend(buffer.iter().take(n.min(room)));
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => {}
        _ => *from = None,
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any test takes.
    const LONG: Duration = Duration::from_secs(60);

    fn sh(script: &str, limit: Duration) -> Output {
        let (mut runner, _keeper) = Runner::new(PATH);
        runner.run("sh", &["-c", script], limit)
    }

    #[test]
    fn both_outputs_are_read_apart_to_their_ends() {
        let output = sh("echo one; echo oops >&2; echo $LC_ALL; exit 5", LONG);
        assert_eq!(output.end, End::Exited(5));
        assert_eq!(output.stdout, "one\nC\n");
        assert_eq!(output.stderr, "oops\n");
        assert_eq!(output.why(), "oops");
        assert_eq!(sh("exit 3", LONG).why(), "ended with status 3");
    }

    #[test]
    fn a_program_that_ends_by_a_signal_says_which() {
        let output = sh("kill -SEGV $$", LONG);
        assert_eq!(output.end, End::Signal(11));
        assert_eq!(output.why(), "ended by signal 11");
    }

    #[test]
    fn a_program_that_does_not_answer_is_killed_with_all_that_it_started() {
        // The second one holds the output open.
        let output = sh("sleep 600 & sleep 600", Duration::from_millis(50));
        assert_eq!(output.end, End::Killed);
        assert!(output.end.is_silence());
        // So is one that closes its outputs and goes on.
        let output = sh("exec >&- 2>&-; sleep 600", Duration::from_millis(50));
        assert_eq!(output.end, End::Killed);
    }

    #[test]
    fn a_program_that_prints_without_end_is_killed() {
        let output = sh("while :; do printf %8000d 0; done", LONG);
        assert_eq!(output.end, End::TooLong);
        assert_eq!(output.stdout, "");
        let output = sh("head -c 200000 /dev/zero >&2; echo done", LONG);
        assert_eq!(output.end, End::Exited(0), "complaints are only cut");
        assert_eq!(
            (output.stdout.as_str(), output.stderr.len()),
            ("done\n", STDERR_LIMIT)
        );
    }

    #[test]
    fn a_program_that_is_not_there_is_told_from_one_that_fails() {
        let (mut runner, _keeper) = Runner::new("/nonexistent");
        assert!(!runner.finds("sh"));
        assert_eq!(runner.run("sh", &[], LONG).end, End::NotInstalled);
        let (runner, _keeper) = Runner::new(PATH);
        assert!(runner.finds("sh") && !runner.finds("no-such-program"));
    }

    #[test]
    fn what_runs_is_seen_and_ended_with_its_keeper() {
        let (mut runner, keeper) = Runner::new(PATH);
        let thread = std::thread::spawn(move || {
            let first = runner.run("sleep", &["600"], LONG);
            (first.end, runner.run("sleep", &["600"], LONG).end)
        });
        while hold(&keeper.0).child.is_none() {
            std::thread::yield_now();
        }
        assert_eq!(
            keeper.under_way().map(|(program, _)| program),
            Some("sleep".into())
        );
        drop(keeper);
        assert_eq!(thread.join().ok(), Some((End::Signal(9), End::Killed)));
    }

    #[test]
    fn nothing_is_started_beside_one_that_hangs() {
        let (mut runner, keeper) = Runner::new(PATH);
        // As if it had not ended after it was killed.
        let child = Command::new("sleep").arg("600").process_group(0).spawn();
        hold(&keeper.0).child = child.ok();
        assert_eq!(runner.run("true", &[], LONG).end, End::Hangs);
        {
            let mut leash = hold(&keeper.0);
            leash.kill();
            let _ = leash.child.as_mut().map(Child::wait);
        }
        assert_eq!(runner.run("true", &[], LONG).end, End::Exited(0));
    }
}
