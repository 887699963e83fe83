#![allow(clippy::unwrap_used)]
use std::path::{Path, PathBuf};

use super::*;
use crate::probe::command::PATH;

/// A directory with programs that print, or do what they are told.
struct Programs(PathBuf);

const VGS_TEXT: &str = include_str!("../../../tests/data/lvm/vgs-all.json");
const LVS_TEXT: &str = include_str!("../../../tests/data/lvm/lvs-all.json");

impl Programs {
    fn new(name: &str) -> Programs {
        let root = std::env::temp_dir().join(format!("gantry-{name}-{}", std::process::id()));
        std::fs::create_dir_all(root.join("sys/devices/virtual/block")).unwrap();
        let programs = Programs(root);
        programs.prints("vgs", VGS_TEXT);
        programs.prints(
            "pvs",
            r#"{"report": [{"pv": [{"pv_name": "/dev/sda", "vg_name": "xenvg"}]}]}"#,
        );
        programs.prints("lvs", LVS_TEXT);
        programs
    }

    /// The programs are links to one that nobody writes: a file that is open for writing anywhere
    /// cannot be run.
    fn does(&self, name: &str, script: &str) {
        let ran = self.0.join("ran");
        let script = format!("echo {name} >>{}\n{script}\n", ran.display());
        std::fs::write(self.0.join(format!("{name}.does")), script).unwrap();
        let stand_in = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/stand-in");
        let _ = std::os::unix::fs::symlink(stand_in, self.0.join(name));
    }

    fn prints(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(format!("{name}.text")), text).unwrap();
        self.does(
            name,
            &format!("cat {}", self.0.join(format!("{name}.text")).display()),
        );
    }

    fn place(&self) -> Place {
        let mut place = Place::new(self.0.clone(), None);
        place.sys = self.0.join("sys");
        place.backup = self.0.join("backup");
        place
    }

    fn asker(&self) -> (Asker, Keeper) {
        let (runner, keeper) = Runner::new(path(&self.0));
        let asker = Asker {
            runner,
            root: true,
            signature: 0,
            lists_at: None,
        };
        (asker, keeper)
    }

    /// What ran since the call before.
    fn ran(&self) -> Vec<String> {
        let path = self.0.join("ran");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let _ = std::fs::remove_file(path);
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn path(directory: &Path) -> String {
    format!("{}:{PATH}", directory.display())
}

fn at(mono_ms: u64) -> Moment {
    Moment {
        mono_ms,
        wall_ms: mono_ms,
    }
}

fn look(asker: &mut Asker, mono_ms: u64, lists: bool) -> Vec<Answer> {
    let mut answers = Vec::new();
    asker.round(
        Ask {
            at: at(mono_ms),
            lists,
        },
        &mut |answer| answers.push(answer),
    );
    answers
}

#[test]
fn the_lists_are_read_at_first_after_a_change_and_seldom() {
    let programs = Programs::new("lvm-lists");
    let (mut asker, _keeper) = programs.asker();
    look(&mut asker, 0, false);
    assert_eq!(programs.ran(), ["vgs", "pvs", "lvs"]);
    look(&mut asker, 60_000, false);
    assert_eq!(programs.ran(), ["vgs"]);
    programs.prints("vgs", &VGS_TEXT.replace("wz--n-", "wz-pn-"));
    look(&mut asker, 120_000, false);
    assert_eq!(
        programs.ran(),
        ["vgs", "pvs", "lvs"],
        "vgs says something else"
    );
    look(&mut asker, 180_000, true);
    assert_eq!(
        programs.ran(),
        ["vgs", "pvs", "lvs"],
        "something else says so"
    );
    look(&mut asker, 240_000, false);
    assert_eq!(programs.ran(), ["vgs"]);
    look(&mut asker, 780_000, false);
    assert_eq!(programs.ran(), ["vgs", "pvs", "lvs"], "ten minutes later");
}

#[test]
fn what_the_programs_complain_about_is_told_beside_what_they_print() {
    let programs = Programs::new("lvm-words");
    programs.does(
        "pvs",
        "echo '  WARNING: a disk is gone' >&2; echo '{\"report\":[{\"pv\":[]}]}'; exit 5",
    );
    let (mut asker, _keeper) = programs.asker();
    let answers = look(&mut asker, 0, false);
    let [
        Answer::Groups(_, Ok(groups)),
        Answer::Lists(Ok(lvm)),
        Answer::Done,
    ] = &answers[..]
    else {
        unreachable!("{answers:?}")
    };
    assert_eq!((groups.len(), lvm.lvs.len()), (1, 2));
    assert_eq!(lvm.complaints, ["WARNING: a disk is gone"]);
    programs.does("lvs", "echo '  No such thing' >&2; exit 3");
    let answers = look(&mut asker, 1000, true);
    let [_, Answer::Lists(Err(trouble)), _] = &answers[..] else {
        unreachable!("{answers:?}")
    };
    assert_eq!(trouble.missing().why, "lvs: No such thing");
    programs.does("vgs", "kill -SEGV $$");
    let answers = look(&mut asker, 2000, false);
    let [Answer::Groups(_, Err(trouble)), _] = &answers[..] else {
        unreachable!("{answers:?}")
    };
    assert_eq!(trouble.missing().why, "vgs: ended by signal 11");
}

#[test]
fn without_lvm_there_are_no_groups_and_without_root_it_is_said() {
    let programs = Programs::new("lvm-none");
    let (mut asker, _keeper) = programs.asker();
    asker.root = false;
    let answers = look(&mut asker, 0, false);
    let [Answer::Groups(_, Err(trouble)), _] = &answers[..] else {
        unreachable!("{answers:?}")
    };
    assert_eq!(trouble.missing().why, "vgs: needs root");
    assert_eq!(programs.ran(), [""; 0]);
    (asker.runner, _) = Runner::new("/nonexistent");
    let answers = look(&mut asker, 0, false);
    let [Answer::Groups(_, Ok(groups)), Answer::Lists(Ok(lvm)), _] = &answers[..] else {
        unreachable!("{answers:?}")
    };
    assert!(groups.is_empty() && *lvm == Lvm::default());
}

/// Reads until it is as wanted.
fn until(
    probe: &mut Probe,
    place: &Place,
    now: Moment,
    wanted: impl Fn(&Seen, &[Missing]) -> bool,
) -> Seen {
    loop {
        let mut missing = Vec::new();
        let seen = probe.read(place, now, &mut missing);
        if wanted(&seen, &missing) {
            return seen;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_change_of_the_devices_asks_at_once_but_not_all_the_time() {
    let programs = Programs::new("lvm-signs");
    let place = programs.place();
    let waker = Waker::new().unwrap();
    let mut probe = Probe::start(&path(&programs.0), true, &waker).unwrap();
    let mut read = |now| {
        until(&mut probe, &place, at(now), |seen, _| seen.lvm.is_some());
        // Until it may be asked again.
        while probe.waits {
            probe.listen();
            std::thread::yield_now();
        }
        programs.ran()
    };
    read(0);
    read(1000);
    assert_eq!(read(59_000), [""; 0]);
    std::fs::create_dir(place.sys.join("devices/virtual/block/dm-7")).unwrap();
    assert_eq!(read(59_500), ["vgs", "pvs", "lvs"]);
    std::fs::create_dir(&place.backup).unwrap();
    assert_eq!(read(62_000), [""; 0], "too soon");
    assert_eq!(read(64_500), ["vgs", "pvs", "lvs"]);
    assert_eq!(read(124_500), ["vgs"]);
}

#[test]
fn a_program_that_hangs_costs_its_own_answer_only() {
    let programs = Programs::new("lvm-hangs");
    let place = programs.place();
    programs.does("lvs", "exec sleep 600");
    let waker = Waker::new().unwrap();
    let now = crate::serve::now();
    let later = |ms| Moment {
        mono_ms: now.mono_ms + ms,
        wall_ms: now.wall_ms + ms,
    };
    let mut probe = Probe::start(&path(&programs.0), true, &waker).unwrap();
    let seen = until(&mut probe, &place, now, |seen, _| {
        seen.groups.is_some() && programs.0.join("ran").exists()
    });
    assert_eq!(seen.groups.map(|groups| groups.len()), Some(1));
    until(&mut probe, &place, now, |_, _| {
        std::fs::read_to_string(programs.0.join("ran")).is_ok_and(|ran| ran.ends_with("lvs\n"))
    });
    let mut missing = Vec::new();
    let seen = probe.read(&place, later(15_000), &mut missing);
    let Missing {
        part,
        why: words,
        hangs,
    } = missing.remove(0);
    assert!(
        part == "lvm" && hangs && words.starts_with("lvs does not answer since "),
        "{words}"
    );
    assert_eq!(
        (seen.groups.map(|list| list.len()), seen.lvm),
        (Some(1), None)
    );
    // The groups are not known any more once they should have been asked for again.
    let mut missing = Vec::new();
    let seen = probe.read(&place, later(75_000), &mut missing);
    assert_eq!(seen.groups, Some(Vec::new()));
    assert_eq!(
        missing.first().map(|it| &it.why),
        Some(&words),
        "since the same time"
    );
}

/// A probe whose thread is what the test makes of it.
fn with_thread(waits: bool) -> (Probe, Receiver<Ask>, SyncSender<Answer>) {
    let (ask, asked) = sync_channel(1);
    let (answer, answers) = sync_channel(3);
    let probe = Probe {
        keeper: Runner::new(PATH).1,
        ask,
        answers,
        asked: None,
        waits,
        signs: None,
        changed: false,
        groups: None,
        lists: None,
    };
    (probe, asked, answer)
}

#[test]
fn a_round_that_does_not_end_is_said_though_no_program_runs() {
    let place = Place::new("/nonexistent".into(), None);
    let (mut probe, asked, answer) = with_thread(false);
    let mut read = |mono_ms| {
        let mut missing = Vec::new();
        probe.read(&place, at(mono_ms), &mut missing);
        missing.pop()
    };
    assert_eq!(read(1000), None);
    assert!(asked.recv().is_ok());
    answer
        .send(Answer::Groups(at(1000), Ok(Vec::new())))
        .unwrap();
    assert_eq!(read(71_000), None);
    let missing = read(71_001).unwrap();
    assert_eq!(missing.why, "LVM does not answer since 00:00:01 UTC");
    assert!(missing.hangs && missing.part == "lvm");
    assert_eq!(read(500_000), Some(missing), "since the same time");
    answer.send(Answer::Done).unwrap();
    assert_eq!(read(500_001), None);
}

#[test]
fn a_thread_that_has_ended_is_said() {
    let place = Place::new("/nonexistent".into(), None);
    let (mut probe, asked, answer) = with_thread(true);
    drop((asked, answer));
    for mono_ms in [0, 500_000] {
        let mut missing = Vec::new();
        probe.read(&place, at(mono_ms), &mut missing);
        assert_eq!(missing[0].why, "agent: the thread that asks LVM has ended");
        assert!(!missing[0].hangs);
    }
}
