//! What the agents of a cluster with real DRBD said, as `tests/lab/record` wrote it down, told to the model
//! again: what it makes of a resync, a split brain, a lost node. See `tests/lab/scenes`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use gantry::model::time::Now;
use gantry::model::{Cluster, Reach, Time};
use gantry::planner::replica::{self, Going, Key, Pair, State};
use gantry::planner::{Severity, findings};
use gantry_wire::frame;
use serde_json::Value;

/// How long an emulated node may take between two commands, milliseconds.
const SLOW_MS: u64 = 1_500;

/// One line of a transcript.
struct Line {
    ms: u64,
    node: String,
    kind: String,
    content: Value,
}

/// A transcript that is being told.
struct Play {
    cluster: Cluster,
    /// The console's wall clock when the transcript begins, seconds since the epoch.
    begun: f64,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

fn lines(scene: &str) -> Vec<Line> {
    let path = folder().join(scene).with_extension("jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let line = |line: &str| {
        let (ms, node, kind, content) = serde_json::from_str(line).unwrap();
        Line {
            ms,
            node,
            kind,
            content,
        }
    };
    let mut lines: Vec<Line> = text.lines().map(line).collect();
    // Under the names that the cluster gives them, as their agents say.
    let named = |line: &Line| {
        let name = line.content["hello"]["node"].as_str()?;
        Some((line.node.clone(), name.to_owned()))
    };
    let names: BTreeMap<String, String> = lines.iter().filter_map(named).collect();
    for line in &mut lines {
        if let Some(name) = names.get(&line.node) {
            line.node.clone_from(name);
        }
    }
    lines
}

impl Play {
    fn new(lines: &[Line]) -> Play {
        let wall = |line: &Line| {
            let ms = line.content["sample"]["wall_ms"].as_f64()?;
            Some((ms - line.ms as f64) / 1e3)
        };
        Play {
            cluster: Cluster::new("lab"),
            begun: lines.iter().find_map(wall).unwrap(),
        }
    }

    fn tell(&mut self, line: &Line) {
        self.cluster.tick(Now {
            at: Time(line.ms),
            wall: self.begun + line.ms as f64 / 1e3,
        });
        match line.kind.as_str() {
            "frame" => {
                let report = frame::report(line.content.to_string().as_bytes()).unwrap();
                let up = Reach::Up {
                    since: Time(line.ms),
                };
                if line.content.get("hello").is_some() {
                    self.cluster.linked(&line.node, up);
                }
                self.cluster.report(&line.node, report.unwrap());
            }
            "mark" if !line.node.is_empty() => self.lose(&line.node, line.ms),
            _ => {}
        }
    }

    fn lose(&mut self, node: &str, ms: u64) {
        let lost = Reach::Waiting {
            until: Time(ms + 5_000),
            attempts: 1,
            why: "the connection was closed".into(),
            host_answers: false,
        };
        self.cluster.linked(node, lost);
    }

    fn pairs(&self) -> BTreeMap<Key, Pair> {
        let pairs = replica::pairs(&self.cluster).into_iter();
        pairs.map(|pair| (pair.key.clone(), pair)).collect()
    }
}

fn disk(instance: &str) -> Key {
    Key::Disk(format!("{instance}.example.test").as_str().into(), 0)
}

/// The states that a disk goes through, with the words of each and the marks between them.
fn story(scene: &str, key: &Key) -> (Vec<State>, String) {
    let lines = lines(scene);
    let mut play = Play::new(&lines);
    let (mut states, mut told) = (Vec::new(), String::new());
    for line in &lines {
        play.tell(line);
        if line.kind == "mark" && line.node.is_empty() {
            writeln!(told, "-- {}", line.content.as_str().unwrap()).unwrap();
        }
        let Some(pair) = play.pairs().remove(key) else {
            continue;
        };
        if states.last() != Some(&pair.state) {
            states.push(pair.state);
            let word = |half: &replica::Half| {
                let said = half
                    .now()
                    .map(|it| format!("{} {}", it.connection, it.disk));
                said.unwrap_or_else(|| "?".into())
            };
            let (primary, secondary) = (word(&pair.primary), word(&pair.secondary));
            let state = pair.state;
            let text = &pair.text;
            writeln!(told, "{state:?}: {primary} / {secondary}: {text}").unwrap();
        }
    }
    (states, told)
}

/// All alarms that were raised of a severity, each once, without its figures.
fn alarms(scene: &str, least: Severity) -> Vec<String> {
    let lines = lines(scene);
    let mut play = Play::new(&lines);
    let mut all: Vec<String> = Vec::new();
    for line in &lines {
        play.tell(line);
        for finding in findings(&play.cluster) {
            let text: String = finding.text.replace(".example.test", "");
            if finding.severity >= least && !all.contains(&text) {
                all.push(text);
            }
        }
    }
    all
}

fn saw(scene: &str, least: Severity, words: &[&str]) {
    let alarms = alarms(scene, least);
    let has = |alarm: &String| words.iter().all(|word| alarm.contains(word));
    assert!(alarms.iter().any(has), "{scene}: {words:?} in {alarms:#?}");
}

/// What the kernel printed of a resync of one minor: percent, and seconds to its end.
fn printed(text: &str, minor: u32) -> Option<(f64, f64)> {
    let start = text.find(&format!(" {minor}: cs:"))?;
    let rest = &text[start + 1..];
    let block = &rest[..rest.find(" cs:Connected").unwrap_or(rest.len())];
    let after = |key: &str| block.split(key).nth(1)?.split_whitespace().next();
    let percent = after("sync'ed:")?.trim_end_matches('%').parse().ok()?;
    let parts = after("finish:")?.split(':').map(str::parse::<f64>);
    let parts: Vec<f64> = parts.collect::<Result<_, _>>().ok()?;
    Some((percent, parts[0] * 3_600.0 + parts[1] * 60.0 + parts[2]))
}

#[test]
fn a_resync_is_followed_as_the_kernel_counts_it() {
    let lines = lines("resync");
    let mut play = Play::new(&lines);
    // What the model says of it by the node's clock, and what the kernel printed.
    let mut said: Vec<(u64, Going)> = Vec::new();
    let mut kernel: Vec<(u64, f64, f64)> = Vec::new();
    for line in &lines {
        play.tell(line);
        let pair = play.pairs().remove(&disk("web1"));
        let Some(pair) = pair.filter(|pair| *pair.primary.node == *line.node) else {
            continue;
        };
        let minor = pair.primary.minor.unwrap();
        if line.kind == "proc" {
            let text = line.content["text"].as_str().unwrap();
            let at = line.content["mono_ms"].as_u64().unwrap();
            kernel.extend(printed(text, minor).map(|(percent, eta)| (at, percent, eta)));
        } else if let (Some(going), Some(at)) =
            (pair.going, line.content["sample"]["mono_ms"].as_u64())
        {
            said.push((at, going));
        }
    }
    assert!(
        kernel.len() >= 5 && said.len() >= 20,
        "{} {}",
        kernel.len(),
        said.len()
    );
    let mut ratios = Vec::new();
    for (at, percent, eta) in &kernel {
        let before = said.iter().rev().find(|(mono, _)| mono <= at);
        // The node read its clock a moment before it read the file.
        let after = said.iter().find(|(mono, _)| *mono >= at + SLOW_MS);
        let (Some((_, before)), Some((_, after))) = (before, after) else {
            continue;
        };
        let within = before.percent - 1.0..=after.percent + 1.0;
        assert!(within.contains(percent), "{percent} is not in {within:?}");
        ratios.extend(before.eta_s.filter(|_| *eta > 5.0).map(|ours| ours / eta));
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    assert!((0.6..1.6).contains(&median), "{ratios:?}");
    let (first, last) = (&said[0].1, &said[said.len() - 1].1);
    assert!(
        first.percent < 10.0 && last.percent > 90.0,
        "{first:?} {last:?}"
    );
    let end = &play.pairs()[&disk("web1")];
    assert_eq!((end.state, end.severity), (State::Healthy, None));
    let summary = replica::summary(&play.cluster, &replica::pairs(&play.cluster));
    assert_eq!(summary.last_done.unwrap().0, disk("web1"));
}

/// The states that `web1`'s disk went through, and the words of the alarms, as the scenes were played.
#[test]
fn each_scene_has_its_states_and_its_alarms() {
    use State::{Connecting, Degraded, Disagrees, Diskless, Healthy, Paused, Resyncing};
    use State::{SplitBrain, StandAlone, Verifying};
    let goes_through = |scene: &str, key: &Key, wanted: &[State]| {
        let (states, told) = story(scene, key);
        let mut rest = states.iter();
        let in_order = wanted.iter().all(|state| rest.any(|it| it == state));
        assert!(in_order, "{scene}: {wanted:?} in\n{told}");
        assert_eq!(states.last(), wanted.last(), "{scene}\n{told}");
    };
    let web1 = disk("web1");
    goes_through("split-brain", &web1, &[Healthy, StandAlone, SplitBrain]);
    saw(
        "split-brain",
        Severity::Critical,
        &["web1/0", "split brain", "both wrote"],
    );
    goes_through(
        "standalone",
        &web1,
        &[Healthy, StandAlone, Resyncing, Healthy],
    );
    saw(
        "standalone",
        Severity::Critical,
        &["web1/0 StandAlone on node2, node1 waits"],
    );
    goes_through("diskless", &web1, &[Healthy, Diskless]);
    saw("diskless", Severity::Warning, &["web1/0 Diskless on node2"]);
    goes_through(
        "paused",
        &web1,
        &[Resyncing, Paused, Resyncing, Degraded, Resyncing, Healthy],
    );
    goes_through("verify", &web1, &[Healthy, Verifying, Healthy, Disagrees]);
    saw("verify", Severity::Warning, &["web1/0 4M differ"]);
    goes_through("replace", &web1, &[Healthy, Degraded, Resyncing, Healthy]);
    goes_through("migrate", &web1, &[Healthy, Connecting, Resyncing, Healthy]);
    let migrated = alarms("migrate", Severity::Critical);
    assert!(
        !migrated.iter().any(|it| it.contains("web1/0")),
        "{migrated:#?}"
    );
    goes_through("power-loss", &disk("web2"), &[Healthy, Degraded]);
    let lost = alarms("power-loss", Severity::Note);
    assert!(!lost.iter().any(|it| it.contains("disagree")), "{lost:#?}");
}

#[test]
fn a_pause_says_who_holds_it() {
    let (_, told) = story("paused", &disk("web1"));
    assert!(told.contains("paused by user on node2"), "{told}");
}

#[test]
fn what_a_job_makes_and_removes_is_nobodys_for_no_moment() {
    for scene in ["replace", "migrate"] {
        for alarm in alarms(scene, Severity::Warning) {
            for word in ["orphan", "belongs to no", "claims", "missing"] {
                assert!(!alarm.contains(word), "{scene}: {alarm}");
            }
        }
    }
}
