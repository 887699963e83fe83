#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;

const SATA: &str = r#"{"json_format_version":[1,0],
"smartctl":{"version":[7,3],"exit_status":0},"device":{"name":"/dev/sda","type":"sat"},
"model_family":"A Family","model_name":"DISK 4000","smart_status":{"passed":true},"user_capacity":{"blocks":1}}"#;

const OLD: &str = "smartctl 6.6 2017-11-05 r4594 [x86_64-linux-5.10] (local build)
Copyright (C) 2002-17, Bruce Allen, Christian Franke, www.smartmontools.org

=== START OF INFORMATION SECTION ===
Device Model:     DISK 4000
=== START OF READ SMART DATA SECTION ===
SMART overall-health self-assessment test result: FAILED!
Drive failure expected in less than 24 hours. SAVE ALL DATA.
";

fn health(passed: Option<bool>, model: &str, why: &str) -> DiskHealth {
    DiskHealth {
        name: String::new(),
        model: model.into(),
        passed,
        why: why.into(),
    }
}

#[test]
fn the_overall_word_is_read_as_json_and_in_words() {
    assert_eq!(parse(SATA), health(Some(true), "DISK 4000", ""));
    let failed = SATA
        .replace("true", "false")
        .replace("model_name", "scsi_model_name");
    assert_eq!(parse(&failed), health(Some(false), "DISK 4000", ""));
    assert_eq!(parse(OLD), health(Some(false), "DISK 4000", ""));
    let scsi = "Product:   SAS 900\nSMART Health Status: OK\n";
    assert_eq!(parse(scsi), health(Some(true), "SAS 900", ""));
}

#[test]
fn a_disk_without_a_word_says_why() {
    let asleep = r#"{"smartctl":{"messages":[{"string":"Device is in STANDBY mode, exit(2)"}],"exit_status":2}}"#;
    assert_eq!(parse(asleep), health(None, "", ASLEEP));
    let none = r#"{"smartctl":{"messages":[{"string":"/dev/sda: Unable to detect device type"}]}}"#;
    assert_eq!(parse(none).why, "/dev/sda: Unable to detect device type");
    assert_eq!(parse("{}").why, "says nothing of its health");
    let words = "smartctl 6.6\nCopyright (C)\n\nDevice is in SLEEP mode, exit(2)\n";
    assert_eq!(parse(words).why, ASLEEP);
    assert_eq!(parse("").why, "says nothing of its health");
}

#[test]
fn a_sleeping_disk_keeps_its_word_and_an_old_program_is_asked_in_words() {
    let root = std::env::temp_dir().join(format!("gantry-health-{}", std::process::id()));
    std::fs::create_dir_all(&root).unwrap();
    let stand_in = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/stand-in");
    std::os::unix::fs::symlink(stand_in, root.join("smartctl")).unwrap();
    let does = |script: &str| std::fs::write(root.join("smartctl.does"), script).unwrap();
    let mut asker = Asker {
        path: format!("{}:{PATH}", root.display()),
        keepers: Arc::default(),
        runners: HashMap::new(),
        words: HashMap::new(),
    };
    let disks = ["sda".to_owned()];
    let mut ask = || asker.ask(&disks).remove(0);
    does("echo 'Device is in STANDBY mode, exit(2)'; exit 2");
    assert_eq!(ask().0.why, ASLEEP);
    does("case $5 in --json=c) echo '=======> UNRECOGNIZED OPTION: json=c'; exit 1;; esac
          echo \"Device Model: $5\"; echo 'SMART overall-health self-assessment test result: PASSED'");
    let awake = DiskHealth {
        name: "sda".into(),
        ..health(Some(true), "/dev/sda", "")
    };
    assert_eq!(ask(), (awake.clone(), false));
    does("echo 'Device is in STANDBY mode, exit(2)'; exit 2");
    assert_eq!(ask(), (awake, false));
    does("kill -SEGV $$");
    assert_eq!(ask().0.why, "smartctl ended by signal 11");
    // Disks come and go, and only those that are there are remembered.
    for disk in 0..5 {
        asker.ask(&["sda".to_owned(), format!("sdb{disk}")]);
    }
    asker.ask(&disks);
    let names = |map: &HashMap<String, Keeper>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&asker.keepers.lock().unwrap()), ["sda"]);
    assert_eq!((asker.runners.len(), asker.words.len()), (1, 1));
    std::fs::remove_dir_all(root).unwrap();
}

fn with_work(work: impl FnMut() -> Vec<(DiskHealth, bool)> + Send + 'static) -> Probe {
    Probe {
        background: Background::start("test", 1, work, || {}).unwrap(),
        disks: Arc::default(),
        _keepers: Arc::default(),
        root: true,
    }
}

#[test]
fn a_round_that_does_not_end_is_said() {
    let (_go, gate) = std::sync::mpsc::channel::<()>();
    let mut probe = with_work(move || {
        let _ = gate.recv();
        Vec::new()
    });
    let mut read = |mono_ms| {
        let now = Moment {
            mono_ms,
            wall_ms: mono_ms,
        };
        let mut missing = Vec::new();
        probe.read(vec!["sda".into(), "sdb".into()], now, &mut missing);
        missing.pop()
    };
    assert_eq!((read(0), read(135_000)), (None, None));
    let missing = read(135_001).unwrap();
    assert_eq!(missing.why, "smartctl does not answer since 00:00:00 UTC");
    assert!(missing.hangs);
}

#[test]
fn a_thread_that_has_ended_is_said() {
    let mut probe = with_work(|| unreachable!());
    let mut missing = Vec::new();
    while missing.is_empty() {
        let disks = vec!["sda".to_owned()];
        assert_eq!(probe.read(disks, Moment::default(), &mut missing), None);
    }
    assert_eq!(missing[0].why, "the thread that asks the disks has ended");
}

#[test]
fn a_message_that_says_nothing_is_no_reason() {
    let messages =
        |words: &str| format!(r#"{{"smartctl":{{"messages":[{{"string":"{words}"}}]}}}}"#);
    for text in [&messages(""), &messages("  "), "[[[[]]]]"] {
        assert_eq!(parse(text).why, "says nothing of its health", "{text}");
    }
    let two = r#"{"smartctl":{"messages":[{},{"string":" No such device "}]}}"#;
    assert_eq!(parse(two).why, "No such device");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,300}", at in 0..SATA.len(), byte: u8) {
        parse(&text);
        let mut bytes = SATA.as_bytes().to_vec();
        bytes[at] = byte;
        parse(&String::from_utf8_lossy(&bytes));
    }
}
