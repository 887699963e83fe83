//! Space for instances' disks: LVM's volume groups by `vgs`, directories by statvfs. Both may
//! hang, so they run in threads of their own.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use gantry_wire::node::Missing;
use gantry_wire::storage::{Space, Storage, VolumeGroup};
use serde_json::Value;

use super::background::Background;
use crate::place::Place;
use crate::session::Moment;
use crate::waker::Waker;

/// How often space is looked at, milliseconds: `vgs` reads every disk's label.
const INTERVAL_MS: u64 = 60_000;
/// After this long without an answer the reason is said, milliseconds.
const PATIENCE_MS: u64 = 10_000;
/// `vgs` is killed after this long.
const VGS_LIMIT: Duration = Duration::from_secs(20);

/// Both threads, and what each said last.
#[derive(Debug)]
pub struct Probe {
    vgs: Background<Result<Vec<VolumeGroup>, String>>,
    dirs: Background<Result<Vec<Space>, String>>,
    /// The directories that the thread was started for.
    looked_at: Vec<String>,
    running: Running,
}

/// The process id of the `vgs` that runs, 0 if none does.
type Running = Arc<AtomicI32>;

impl Drop for Probe {
    fn drop(&mut self) {
        // Nothing is left behind. It may just have ended by itself.
        if let Some(pid) = rustix::process::Pid::from_raw(self.running.swap(0, Ordering::SeqCst)) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

impl Probe {
    /// Starts the threads.
    ///
    /// # Errors
    /// In words, if there can be no more threads.
    pub fn start(place: &Place, directories: &[String], waker: &Waker) -> Result<Probe, String> {
        let failed = |error: std::io::Error| format!("no thread: {error}");
        let running = Running::default();
        let mut vgs = Vgs {
            running: running.clone(),
            hangs: None,
        };
        let tell = waker.clone();
        let vgs = Background::start("vgs", INTERVAL_MS, move || vgs.run(), move || tell.wake())
            .map_err(failed)?;
        let (place, paths) = (place.clone(), directories.to_vec());
        let tell = waker.clone();
        let look = move || spaces(&place, &paths);
        let dirs =
            Background::start("statvfs", INTERVAL_MS, look, move || tell.wake()).map_err(failed)?;
        Ok(Probe {
            vgs,
            dirs,
            looked_at: directories.to_vec(),
            running,
        })
    }

    /// The directories that it looks at.
    pub fn directories(&self) -> &[String] {
        &self.looked_at
    }

    /// What is known of the space; whatever cannot be had is added to `missing`.
    pub fn read(&mut self, now: Moment, missing: &mut Vec<Missing>) -> Option<Storage> {
        let vgs = part(&mut self.vgs, "vgs", now, missing);
        let dirs = part(&mut self.dirs, "file storage", now, missing);
        Some(Storage {
            vgs: vgs?,
            dirs: dirs?,
            pools: Vec::new(),
        })
    }
}

/// The latest answer, or none while there cannot have been one.
fn part<T: Clone + Send + 'static>(
    background: &mut Background<Result<Vec<T>, String>>,
    what: &str,
    now: Moment,
    missing: &mut Vec<Missing>,
) -> Option<Vec<T>> {
    let (why, hangs) = match background.read(now, PATIENCE_MS) {
        Ok(None) => return None,
        Ok(Some(Ok(spaces))) => return Some(spaces.clone()),
        Ok(Some(Err(why))) => (format!("{what}: {why}"), false),
        Err(_) => (format!("{what} does not answer"), true),
    };
    missing.push(Missing {
        part: "storage".into(),
        why,
        hangs,
    });
    Some(Vec::new())
}

/// Runs `vgs`, and remembers one that could not even be killed.
#[derive(Debug)]
struct Vgs {
    running: Running,
    hangs: Option<Child>,
}

impl Vgs {
    fn run(&mut self) -> Result<Vec<VolumeGroup>, String> {
        if let Some(child) = &mut self.hangs {
            match child.try_wait() {
                Ok(None) => return Err("the one before still hangs".into()),
                _ => self.hangs = None,
            }
        }
        let mut command = Command::new("vgs");
        command
            .args(["--reportformat", "json", "--units", "m", "--nosuffix"])
            .args(["-o", "vg_name,vg_size,vg_free"])
            // Who is not root may not have it in their path.
            .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
            .env("LC_ALL", "C")
            .env("LVM_SUPPRESS_FD_WARNINGS", "1")
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let (child, output) = match run(command, VGS_LIMIT, &self.running) {
            Ok(ended) => ended,
            // A node without LVM has no volume groups, and that is all.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.to_string()),
        };
        self.hangs = child;
        if !rustix::process::geteuid().is_root() {
            // It ran, so there is LVM, but it cannot have seen anything.
            return Err("needs root".into());
        }
        parse_vgs(&output.ok_or("killed, it did not answer in time")?)
    }
}

/// Runs a command and reads what it prints. No text if it had to be killed, and the child itself
/// if even that did not end it.
fn run(
    mut command: Command,
    limit: Duration,
    running: &AtomicI32,
) -> std::io::Result<(Option<Child>, Option<String>)> {
    let end = Instant::now() + limit;
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    running.store(i32::try_from(child.id()).unwrap_or(0), Ordering::SeqCst);
    let mut output = Vec::new();
    let mut answered = false;
    if let Some(mut stdout) = child.stdout.take() {
        let mut buffer = [0; 4096];
        while super::readable(&stdout, end)? {
            match stdout.read(&mut buffer)? {
                0 => {
                    answered = true;
                    break;
                }
                n => output.extend_from_slice(&buffer[..n]),
            }
        }
    }
    if !answered {
        // An error means that it has ended by itself meanwhile.
        let _ = child.kill();
    }
    while child.try_wait()?.is_none() {
        if Instant::now() > end + Duration::from_secs(1) {
            let _ = child.kill();
            return Ok((Some(child), None));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    running.store(0, Ordering::SeqCst);
    Ok((
        None,
        answered.then(|| String::from_utf8_lossy(&output).into_owned()),
    ))
}

fn parse_vgs(text: &str) -> Result<Vec<VolumeGroup>, String> {
    let report: Value =
        serde_json::from_str(text).map_err(|error| format!("not understood: {error}"))?;
    let number = |vg: &Value, field: &str| {
        let words = vg[field].as_str().unwrap_or_default();
        let mib = words.trim_start_matches('<').parse::<f64>().unwrap_or(0.0);
        // As Ganeti rounds; a float beyond the range of the integer becomes its nearest.
        mib.round() as u64
    };
    let groups = report["report"][0]["vg"]
        .as_array()
        .ok_or("no volume groups in the report")?;
    Ok(groups
        .iter()
        .map(|vg| VolumeGroup {
            name: vg["vg_name"].as_str().unwrap_or_default().to_owned(),
            total: number(vg, "vg_size"),
            free: number(vg, "vg_free"),
            ..VolumeGroup::default()
        })
        .collect())
}

/// The file systems of those directories that exist.
fn spaces(place: &Place, directories: &[String]) -> Result<Vec<Space>, String> {
    const MIB: u64 = 1024 * 1024;
    let mut spaces = Vec::new();
    for directory in directories {
        let path = place.prefixed(directory);
        match rustix::fs::statvfs(&path) {
            Ok(stat) => spaces.push(Space {
                name: directory.clone(),
                total: stat.f_blocks.saturating_mul(stat.f_frsize) / MIB,
                free: stat.f_bavail.saturating_mul(stat.f_frsize) / MIB,
                ..Space::default()
            }),
            // ssconf names directories that a cluster without file disks never makes.
            Err(rustix::io::Errno::NOENT) => {}
            Err(error) => return Err(format!("{directory}: {error}")),
        }
    }
    Ok(spaces)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn volume_groups_are_read_in_mib() {
        let text = r#"{"report": [{"vg": [
            {"vg_name":"xenvg", "vg_size":"24572.00", "vg_free":"21371.60"},
            {"vg_name":"other", "vg_size":"<10.00", "vg_free":"0"}]}]}"#;
        let vgs = parse_vgs(text).unwrap();
        let of = |name: &str, total, free| VolumeGroup {
            name: name.into(),
            total,
            free,
            ..VolumeGroup::default()
        };
        assert_eq!(vgs, [of("xenvg", 24572, 21372), of("other", 10, 0)]);
        assert!(parse_vgs("  Volume group not found").is_err());
        assert!(parse_vgs("{}").is_err());
        let odd = r#"{"report":[{"vg":[{"vg_name":7,"vg_size":"nan","vg_free":"-1"}]}]}"#;
        assert_eq!(parse_vgs(odd).unwrap(), [of("", 0, 0)]);
    }

    #[test]
    fn a_command_is_read_to_its_end() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two"]);
        let (child, output) = run(command, Duration::from_secs(20), &AtomicI32::new(0)).unwrap();
        assert!(child.is_none());
        assert_eq!(output.as_deref(), Some("one\ntwo\n"));
    }

    #[test]
    fn a_command_that_hangs_is_killed() {
        let mut command = Command::new("sleep");
        command.arg("600");
        let (child, output) = run(command, Duration::from_millis(50), &AtomicI32::new(0)).unwrap();
        assert!(child.is_none() && output.is_none());
    }

    #[test]
    fn directories_that_are_not_there_are_not_counted() {
        let place = Place::new("/".into(), None);
        let paths = ["/".to_owned(), "/nonexistent/storage".to_owned()];
        let spaces = spaces(&place, &paths).unwrap();
        assert_eq!(spaces.len(), 1);
        assert!(spaces[0].total > 0);
    }
}
