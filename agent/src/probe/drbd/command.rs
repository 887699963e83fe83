//! Runs `drbdsetup`: one at a time, each with a limit, and never one beside another that hangs.

use std::ffi::OsStr;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// More output than this is not waited for, bytes: thousands of devices have less.
const OUTPUT: usize = 16 * 1024 * 1024;

/// The program, found as root would find it.
#[derive(Clone, Debug)]
pub struct Drbdsetup {
    program: PathBuf,
    /// Arguments that come before all others.
    before: Vec<PathBuf>,
}

impl Default for Drbdsetup {
    fn default() -> Drbdsetup {
        Drbdsetup {
            program: "drbdsetup".into(),
            before: Vec::new(),
        }
    }
}

impl Drbdsetup {
    /// A script of the shell in its place.
    #[cfg(test)]
    pub fn script(path: PathBuf) -> Drbdsetup {
        Drbdsetup {
            program: "sh".into(),
            before: vec![path],
        }
    }

    /// None that is there.
    #[cfg(test)]
    pub fn nowhere() -> Drbdsetup {
        Drbdsetup {
            program: "/nonexistent/drbdsetup".into(),
            before: Vec::new(),
        }
    }

    /// The command with these arguments; its output is to be read.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.before)
            .args(arguments)
            // Who is not root may not have it in their path.
            .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }
}

/// The process that runs now, so that it can be ended from outside; 0 if none does.
#[derive(Clone, Debug, Default)]
pub struct Running(Arc<AtomicI32>);

impl Running {
    /// Notes a child.
    pub fn set(&self, child: &Child) {
        let pid = i32::try_from(child.id()).unwrap_or(0);
        self.0.store(pid, Ordering::SeqCst);
    }

    /// It has ended.
    pub fn clear(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// Ends it, if there is one. It may just have ended by itself.
    pub fn kill(&self) {
        if let Some(pid) = Pid::from_raw(self.0.swap(0, Ordering::SeqCst)) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Runs commands one after the other.
#[derive(Debug)]
pub struct Runner {
    drbdsetup: Drbdsetup,
    running: Running,
    /// One that could not even be killed.
    hangs: Option<Child>,
}

impl Runner {
    /// Runs this program; `running` has what runs.
    pub fn new(drbdsetup: Drbdsetup, running: Running) -> Runner {
        Runner {
            drbdsetup,
            running,
            hangs: None,
        }
    }

    /// What it prints within the limit.
    ///
    /// # Errors
    /// In words. It is killed if it does not end in time.
    pub fn run(&mut self, arguments: &[&str], limit: Duration) -> Result<String, String> {
        if let Some(child) = &mut self.hangs {
            match child.try_wait() {
                Ok(None) => return Err("the one before still hangs".into()),
                _ => self.hangs = None,
            }
        }
        let what = arguments.first().copied().unwrap_or_default();
        let text = self.output(arguments, limit);
        text.map_err(|why| format!("drbdsetup {what}: {why}"))
    }

    fn output(&mut self, arguments: &[&str], limit: Duration) -> Result<String, String> {
        let words = |error: std::io::Error| error.to_string();
        let end = Instant::now() + limit;
        let mut child = self.drbdsetup.command(arguments).spawn().map_err(words)?;
        self.running.set(&child);
        let output = read(&mut child, end);
        if !matches!(output, Ok(Some(_))) {
            // An error means that it has ended by itself meanwhile.
            let _ = child.kill();
        }
        while child.try_wait().map_err(words)?.is_none() {
            if Instant::now() > end + Duration::from_secs(1) {
                let _ = child.kill();
                self.hangs = Some(child);
                return Err("it does not answer and cannot be killed".into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.running.clear();
        match output.map_err(words)? {
            Some(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            None => Err("killed, it did not answer in time".into()),
        }
    }
}

/// All that it prints; `None` if it did not end in time.
fn read(child: &mut Child, end: Instant) -> std::io::Result<Option<Vec<u8>>> {
    let mut output = Vec::new();
    let Some(stdout) = &mut child.stdout else {
        return Ok(Some(output));
    };
    let mut buffer = [0; 16 * 1024];
    while super::super::readable(stdout, end)? {
        match stdout.read(&mut buffer)? {
            0 => return Ok(Some(output)),
            n => output.extend_from_slice(buffer.get(..n).unwrap_or_default()),
        }
        if output.len() > OUTPUT {
            break;
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::samples::Script;
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_command_is_read_to_its_end_or_says_why_not() {
        let script = Script::new("command", "echo \"$1 $2 $LC_ALL\"");
        let mut runner = Runner::new(script.drbdsetup(), Running::default());
        assert_eq!(runner.run(&["get-gi", "7"], LONG).unwrap(), "get-gi 7 C\n");
        let mut runner = Runner::new(Drbdsetup::nowhere(), Running::default());
        let error = runner.run(&["show"], LONG).unwrap_err();
        assert!(error.starts_with("drbdsetup show: "), "{error}");
    }

    #[test]
    fn one_that_hangs_is_killed() {
        let script = Script::new("hangs", "exec sleep 600");
        let mut runner = Runner::new(script.drbdsetup(), Running::default());
        let error = runner
            .run(&["show"], Duration::from_millis(30))
            .unwrap_err();
        assert!(error.contains("in time"), "{error}");
        assert!(runner.hangs.is_none());
    }
}
