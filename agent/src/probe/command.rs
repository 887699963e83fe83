//! Runs other programs so that none of them can hold up the agent: each has a time limit and may
//! print so much, and none is started beside one that cannot even be killed. Nor does any outlive
//! the agent, even one that was killed itself.

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
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
        find(&self.path, program).is_some()
    }

    /// Runs a program in the C locale and waits for its end, which comes after `limit` at the
    /// latest.
    pub fn run(&mut self, program: &str, args: &[&str], limit: Duration) -> Output {
        self.attend(program, |runner| {
            let end = Instant::now() + limit;
            let mut stdout = Vec::new();
            let mut keep = |bytes: &[u8]| {
                stdout.extend_from_slice(bytes);
                (stdout.len() > STDOUT_LIMIT).then_some(End::TooLong)
            };
            let mut stderr = Vec::new();
            let cut = match runner.start(program, args) {
                Ok(pipes) => read(pipes, Some(end), &mut keep, &mut stderr),
                Err(end) => return Output::nothing(end),
            };
            runner.reap(cut, end, stdout, &stderr)
        })
    }

    /// Runs a program that goes on telling, without a limit: `hear` gets what it prints as it
    /// comes. Comes back once the program is gone, and never before.
    pub fn follow(&mut self, program: &str, args: &[&str], mut hear: impl FnMut(&[u8])) -> Output {
        self.attend(program, |runner| {
            let mut stderr = Vec::new();
            let mut hear = |bytes: &[u8]| {
                hear(bytes);
                None
            };
            let mut cut = match runner.start(program, args) {
                Ok(pipes) => read(pipes, None, &mut hear, &mut stderr),
                Err(end) => return Output::nothing(end),
            };
            loop {
                let output = runner.reap(cut, Instant::now() + DYING, Vec::new(), &stderr);
                if output.end != End::Hangs {
                    return output;
                }
                cut = Some(End::Killed);
            }
        })
    }

    /// Does that if nothing runs, and notes what does meanwhile.
    fn attend(&mut self, program: &str, run: impl FnOnce(&Runner) -> Output) -> Output {
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
        let output = run(self);
        if output.end != End::Hangs {
            let mut leash = hold(&self.leash);
            leash.under_way = None;
            leash.child = None;
        }
        output
    }

    fn start(&self, program: &str, args: &[&str]) -> Result<(ChildStdout, ChildStderr), End> {
        let path = find(&self.path, program).ok_or(End::NotInstalled)?;
        let child = mortal(&path)
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
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(End::NotInstalled),
            Err(error) => return Err(End::NotStarted(error.to_string())),
        };
        let pipes = (child.stdout.take(), child.stderr.take());
        let mut leash = hold(&self.leash);
        leash.child = Some(child);
        if leash.closed {
            leash.kill();
        }
        match pipes {
            (Some(stdout), Some(stderr)) => Ok((stdout, stderr)),
            // They were asked for.
            _ => {
                leash.kill();
                Err(End::Hangs)
            }
        }
    }

    /// Waits for the end of the program, after killing it if it has to be.
    fn reap(&self, cut: Option<End>, end: Instant, stdout: Vec<u8>, stderr: &[u8]) -> Output {
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
        let stderr = String::from_utf8_lossy(stderr).into_owned();
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
            stdout: text(stdout),
            stderr,
        }
    }
}

/// A program in the directories of `path`.
fn find(path: &OsStr, program: &str) -> Option<PathBuf> {
    let mut places = std::env::split_paths(path).map(|directory| directory.join(program));
    places.find(|place| place.is_file())
}

/// A command that the kernel kills when the thread that starts it is gone, and so with the agent
/// however that ends. Only what has not yet become the program can say so of itself, so that
/// `setpriv` does, which comes with every Linux; without it, or with one from before 2018, the
/// program notices only that nobody reads what it prints.
fn mortal(program: &Path) -> Command {
    static SETPRIV: OnceLock<Option<PathBuf>> = OnceLock::new();
    const ARGS: [&str; 2] = ["--pdeathsig", "KILL"];
    let setpriv = SETPRIV.get_or_init(|| {
        let setpriv = find(OsStr::new(PATH), "setpriv")?;
        let mut attempt = Command::new(&setpriv);
        attempt.args(ARGS).arg(find(OsStr::new(PATH), "true")?);
        attempt.stdin(Stdio::null()).stdout(Stdio::null());
        let status = attempt.stderr(Stdio::null()).status().ok()?;
        status.success().then_some(setpriv)
    });
    let Some(setpriv) = setpriv else {
        return Command::new(program);
    };
    let mut command = Command::new(setpriv);
    command.args(ARGS).arg(program);
    command
}

/// Reads a program's two outputs to their ends, the first in pieces to `hear`; otherwise says why
/// the program has to be killed.
fn read(
    (stdout, stderr): (ChildStdout, ChildStderr),
    end: Option<Instant>,
    hear: &mut dyn FnMut(&[u8]) -> Option<End>,
    complaints: &mut Vec<u8>,
) -> Option<End> {
    let mut buffer = [0; 8192];
    let (mut stdout, mut stderr) = (Some(stdout), Some(stderr));
    while stdout.is_some() || stderr.is_some() {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let timeout = left.map(|left| Timespec::try_from(left).unwrap_or_default());
        let ready = |open: bool, fds: &[PollFd<'_>], at: usize| {
            open && fds.get(at).is_some_and(|fd| !fd.revents().is_empty())
        };
        let (out_ready, err_ready) = {
            let mut fds = Vec::with_capacity(2);
            fds.extend(stdout.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
            fds.extend(stderr.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
            match poll(&mut fds, timeout.as_ref()) {
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
        if out_ready && let Some(end) = hear(take(&mut stdout, &mut buffer)) {
            return Some(end);
        }
        if err_ready {
            let read = take(&mut stderr, &mut buffer);
            let room = STDERR_LIMIT.saturating_sub(complaints.len());
            complaints.extend(read.iter().take(room));
        }
    }
    None
}

/// Reads once what is ready; closes at the end.
fn take<'a, R: Read>(from: &mut Option<R>, buffer: &'a mut [u8]) -> &'a [u8] {
    let read = from.as_mut().map(|pipe| pipe.read(buffer));
    match read {
        Some(Ok(n)) if n > 0 => buffer.get(..n).unwrap_or_default(),
        Some(Err(error)) if error.kind() == ErrorKind::Interrupted => &[],
        _ => {
            *from = None;
            &[]
        }
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
