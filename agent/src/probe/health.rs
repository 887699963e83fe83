//! What disks say of their own health (SMART), where `smartctl` is installed. One is asked after
//! the other, seldom, and one that sleeps is let sleep.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gantry_wire::node::Missing;
use gantry_wire::storage::DiskHealth;
use serde::Deserialize;

use super::background::Background;
use super::clock;
use super::command::{End, Keeper, PATH, Runner};
use crate::session::Moment;
use crate::waker::Waker;

/// How often they are asked, milliseconds.
const INTERVAL_MS: u64 = 900_000;
/// A disk's answer is waited for this long.
const LIMIT: Duration = Duration::from_secs(20);
/// A round takes no longer than this for each disk, which may be asked twice, milliseconds.
const ROUND_MS: u64 = 45_000;

/// The thread that asks, and what it has to know.
#[derive(Debug)]
pub struct Probe {
    background: Background<Vec<(DiskHealth, bool)>>,
    /// Names of the disks that are to be asked.
    disks: Arc<Mutex<Vec<String>>>,
    /// Of the programs that run, by disk; they end with the probe.
    _keepers: Keepers,
    root: bool,
}

type Keepers = Arc<Mutex<HashMap<String, Keeper>>>;

impl Probe {
    /// Starts the thread, where there is `smartctl`.
    ///
    /// # Errors
    /// In words, if there can be no more threads.
    pub fn start(waker: &Waker) -> Result<Option<Probe>, String> {
        if !Runner::new(PATH).0.finds("smartctl") {
            return Ok(None);
        }
        let disks = Arc::<Mutex<Vec<String>>>::default();
        let keepers = Keepers::default();
        let mut asker = Asker {
            path: PATH.into(),
            keepers: keepers.clone(),
            runners: HashMap::new(),
            words: HashMap::new(),
        };
        let (names, waker) = (disks.clone(), waker.clone());
        let work = move || {
            let names = names.lock().unwrap_or_else(PoisonError::into_inner).clone();
            asker.ask(&names)
        };
        let background = Background::start("smartctl", INTERVAL_MS, work, move || waker.wake());
        let background = background.map_err(|error| format!("no thread: {error}"))?;
        Ok(Some(Probe {
            background,
            disks,
            _keepers: keepers,
            root: rustix::process::geteuid().is_root(),
        }))
    }

    /// What these disks said last; one that does not answer is added to `missing`. `None` before
    /// the first answer.
    pub fn read(
        &mut self,
        disks: Vec<String>,
        now: Moment,
        missing: &mut Vec<Missing>,
    ) -> Option<Vec<DiskHealth>> {
        let mut miss = |why, hangs| {
            missing.push(Missing {
                part: "health".into(),
                why,
                hangs,
            });
        };
        if !self.root {
            miss("needs root".into(), false);
            return None;
        }
        if disks.is_empty() {
            // Not known yet, or there are none.
            return None;
        }
        let count = u64::try_from(disks.len()).unwrap_or(u64::MAX);
        *self.disks.lock().unwrap_or_else(PoisonError::into_inner) = disks;
        // A round is as long as its disks need, and each has its limit.
        let patience_ms = count.saturating_add(1).saturating_mul(ROUND_MS);
        let answers = match self.background.read(now, patience_ms) {
            Ok(answers) => answers.cloned(),
            Err(_) => {
                let since = clock(self.background.asked().unwrap_or(now));
                miss(format!("smartctl does not answer since {since}"), true);
                return None;
            }
        };
        if self.background.ended() {
            miss("the thread that asks the disks has ended".into(), false);
        }
        let answers = answers?;
        for (disk, _) in answers.iter().filter(|(_, hangs)| *hangs) {
            miss(format!("{}: {}", disk.name, disk.why), true);
        }
        Some(answers.into_iter().map(|(disk, _)| disk).collect())
    }
}

/// Runs in the thread.
#[derive(Debug)]
struct Asker {
    path: String,
    keepers: Keepers,
    /// One for each disk, so that one that hangs is not asked again while the others are.
    runners: HashMap<String, Runner>,
    /// What each said last, for those that sleep.
    words: HashMap<String, DiskHealth>,
}

impl Asker {
    /// Each disk's answer, and whether it hangs.
    fn ask(&mut self, disks: &[String]) -> Vec<(DiskHealth, bool)> {
        self.forget_all_but(disks);
        disks.iter().map(|disk| self.ask_one(disk)).collect()
    }

    /// Forgets disks that went, but not one whose program still hangs: it may come back, and must not
    /// hang twice.
    fn forget_all_but(&mut self, disks: &[String]) {
        let mut keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        keepers.retain(|disk, keeper| disks.contains(disk) || keeper.under_way().is_some());
        self.runners.retain(|disk, _| keepers.contains_key(disk));
        self.words.retain(|disk, _| disks.contains(disk));
    }

    fn ask_one(&mut self, disk: &str) -> (DiskHealth, bool) {
        let runner = self.runners.entry(disk.to_owned()).or_insert_with(|| {
            let (runner, keeper) = Runner::new(self.path.as_str());
            self.keepers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(disk.to_owned(), keeper);
            runner
        });
        let device = format!("/dev/{disk}");
        let args = ["-n", "standby", "-H", "-i", "--json=c", device.as_str()];
        let mut output = runner.run("smartctl", &args, LIMIT);
        if output.stdout.contains("UNRECOGNIZED OPTION") {
            // Before version 7 it had only words.
            let args = ["-n", "standby", "-H", "-i", device.as_str()];
            output = runner.run("smartctl", &args, LIMIT);
        }
        let mut health = match output.end {
            End::Exited(_) => parse(&output.stdout),
            _ => DiskHealth {
                why: format!("smartctl {}", output.end),
                ..DiskHealth::default()
            },
        };
        health.name = disk.to_owned();
        if health.why == ASLEEP {
            // What it said before it fell asleep holds.
            if let Some(before) = self.words.get(disk) {
                health = before.clone();
            }
        } else {
            self.words.insert(disk.to_owned(), health.clone());
        }
        (health, output.end.is_silence())
    }
}

const ASLEEP: &str = "asleep, and not woken";

/// What of the JSON is used.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Report {
    smartctl: Smartctl,
    model_name: String,
    scsi_model_name: String,
    smart_status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Smartctl {
    messages: Vec<Message>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    string: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    passed: Option<bool>,
}

/// Reads what `smartctl -H -i` printed, as JSON or in words; the disk's name is not set.
pub fn parse(text: &str) -> DiskHealth {
    let (model, passed, messages) = match serde_json::from_str::<Report>(text) {
        Ok(report) => {
            let model = match report.model_name.as_str() {
                "" => report.scsi_model_name,
                _ => report.model_name,
            };
            let messages = report.smartctl.messages.into_iter();
            (
                model,
                report.smart_status.passed,
                messages.map(|it| it.string).collect(),
            )
        }
        Err(_) => words(text),
    };
    let why = match passed {
        Some(_) => String::new(),
        None if messages.iter().any(|line| line.contains(" mode, exit(")) => ASLEEP.into(),
        None => messages
            .iter()
            .map(|line| line.trim())
            .find(|line| !line.is_empty())
            .unwrap_or("says nothing of its health")
            .into(),
    };
    DiskHealth {
        name: String::new(),
        model,
        passed,
        why: why.chars().take(200).collect(),
    }
}

/// The same from words: model, health and what else may say why there is none.
fn words(text: &str) -> (String, Option<bool>, Vec<String>) {
    let value = |keys: &[&str]| {
        let fields = text.lines().filter_map(|line| line.split_once(':'));
        let mut found = fields.filter(|(key, _)| keys.contains(&key.trim()));
        found.next().map(|(_, value)| value.trim().to_owned())
    };
    let model = value(&["Device Model", "Model Number", "Product"]).unwrap_or_default();
    let health = value(&[
        "SMART overall-health self-assessment test result",
        "SMART Health Status",
    ]);
    let passed = health.map(|word| word == "PASSED" || word == "OK");
    // After its name, its version and whose it is.
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let said =
        lines.filter(|line| !line.starts_with("smartctl ") && !line.starts_with("Copyright"));
    (model, passed, said.map(str::to_owned).collect())
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
