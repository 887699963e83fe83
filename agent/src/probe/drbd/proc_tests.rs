#![allow(clippy::unwrap_used, clippy::panic)]
use proptest::prelude::*;

use super::super::samples;
use super::*;

fn read(text: &str) -> Seen {
    parse(text.as_bytes(), "/proc/drbd")
}

fn captured(name: &str) -> Seen {
    let seen = read(&samples::captured(&format!("proc-drbd-{name}.txt")));
    assert_eq!(seen.unread, Vec::<String>::new(), "{name}");
    assert_eq!(seen.version, "8.4.11");
    seen
}

fn words(device: &Device) -> [&str; 7] {
    [
        &device.connection,
        &device.role,
        &device.peer_role,
        &device.disk,
        &device.peer_disk,
        &device.protocol,
        &device.flags,
    ]
    .map(String::as_str)
}

#[test]
fn captured_devices_have_their_states() {
    let expected = [
        (
            "connected",
            0,
            "Connected Secondary Primary UpToDate UpToDate C r-----",
        ),
        (
            "diskless",
            0,
            "Connected Secondary Primary Diskless UpToDate C r-----",
        ),
        (
            "diskless",
            3,
            "Connected Secondary Primary UpToDate UpToDate C r-----",
        ),
        (
            "paused-sync",
            1,
            "PausedSyncS Primary Secondary UpToDate Inconsistent C r--u--",
        ),
        (
            "peer-killed",
            1,
            "WFConnection Secondary Unknown UpToDate DUnknown C r-----",
        ),
        (
            "peer-killed",
            4,
            "Connected Secondary Primary UpToDate UpToDate C r-----",
        ),
        (
            "split-brain",
            1,
            "StandAlone Primary Unknown UpToDate DUnknown  r-----",
        ),
        (
            "syncsource",
            1,
            "SyncSource Primary Secondary UpToDate Inconsistent C r-----",
        ),
        (
            "synctarget",
            1,
            "SyncTarget Secondary Primary Inconsistent UpToDate C r-----",
        ),
        (
            "verify-source",
            1,
            "VerifyS Primary Secondary UpToDate UpToDate C r-----",
        ),
        (
            "wfconnection",
            1,
            "WFConnection Primary Unknown UpToDate DUnknown C r-----",
        ),
    ];
    for (name, minor, states) in expected {
        let seen = captured(name);
        let device = seen.devices.iter().find(|it| it.minor == minor).unwrap();
        assert_eq!(words(device).join(" "), states, "{name}");
    }
}

#[test]
fn counters_and_progress_are_as_printed() {
    let device = captured("synctarget").devices.remove(1);
    let expected = Counters {
        received: 58_368,
        written: 58_368,
        al: 8,
        lo: 1,
        pe: 4,
        ep: Some(1),
        wo: "f".into(),
        ..Counters::default()
    };
    assert_eq!(device.counters, expected);
    assert_eq!(device.oos_kib, Some(203_776));
    let expected = Progress {
        percent: 24.7,
        left_kib: 203_776,
        total_kib: 262_144,
        eta_s: Some(3),
        speed_kib: Some(58_368),
        mean_kib: Some(58_368),
        want_kib: Some(36_720),
        ..Progress::default()
    };
    assert_eq!(device.progress, Some(expected));
    let verify = captured("verify-source")
        .devices
        .remove(1)
        .progress
        .unwrap();
    assert!(verify.verify && verify.percent == 28.0 && verify.eta_s == Some(114));
    let paused = captured("paused-sync").devices.remove(1);
    assert_eq!(
        (paused.paused_by, paused.progress),
        (vec!["user".into()], None)
    );
}

#[test]
fn flags_mean_something_by_their_place_only() {
    let flags = |text: &str| {
        let seen = read(&format!(
            " 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C {text}\n"
        ));
        assert_eq!(seen.unread, Vec::<String>::new(), "{text}");
        let device = seen.devices.first().unwrap();
        (device.paused_by.join(" "), device.io_suspended)
    };
    assert_eq!(flags("ra----"), ("dependency".into(), false));
    assert_eq!(flags("rapu--"), ("dependency peer user".into(), false));
    assert_eq!(flags("s---"), (String::new(), true));
    assert_eq!(
        flags("r---as"),
        (String::new(), false),
        "congested, activity log suspended"
    );
    assert_eq!(flags("r---\0"), (String::new(), false));
}

#[test]
fn progress_is_read_wherever_its_lines_are_broken() {
    let of = |lines: &str| {
        let text = format!(
            " 0: cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent C r-----\n    ns:1 nr:0 dw:0 dr:1 al:0 bm:0 lo:0 pe:2 ua:1 ap:0 ep:1 wo:f oos:1649980\n{lines}"
        );
        let mut seen = read(&text);
        assert_eq!(seen.unread, Vec::<String>::new(), "{lines}");
        seen.devices.remove(0).progress.unwrap()
    };
    let expected = Progress {
        percent: 65.5,
        left_kib: 1608 * 1024,
        total_kib: 4652 * 1024,
        eta_s: Some(308),
        speed_kib: Some(5328),
        mean_kib: Some(5056),
        ..Progress::default()
    };
    for lines in [
        "\t[====>...] sync'ed: 65.5% (1608/4652)M\n\tfinish: 0:05:08 speed: 5,328 (5,056) K/sec\n",
        "\t[====>...] sync'ed: 65.5% (1608/4652)Mfinish: 0:05:08 speed: 5,328 (5,056) K/sec\n",
        "\t[====>...] sync'ed: 65.5% (1608/4652) finish: 0:05:08 speed: 5,328 (5,056) K/sec\n",
        "\t[====>...] sync'ed:65.5% (1608/4652)M\nfinish:\n0:05:08 speed: 5,328\n(5,056) K/sec",
    ] {
        assert_eq!(of(lines), expected, "{lines}");
    }
    let stalled = of(
        "\t[>...] sync'ed: 22.6% (31744/40960)M\n\tfinish: 277:46:40 speed: 0 (1,024) want: 250,000 K/sec (stalled)\n\t 12% sector pos: 5/99\n",
    );
    assert!(
        stalled.stalled && stalled.eta_s == Some(1_000_000) && stalled.want_kib == Some(250_000)
    );
    assert!(of("\t[>] sync'ed:100.0% (52/52)K\n\tstalled\n").stalled);
}

#[test]
fn what_is_not_understood_is_named_and_the_rest_kept() {
    let seen = read(
        "version: 8.4.99 (api:1/proto:86-101)\n 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n    ns:7 nr:x zz:5 ap:-1 oos:3\n what\n 1: cs:Unconfigured\n",
    );
    assert_eq!(
        seen.unread,
        [
            "/proc/drbd line 3: not understood: nr:x",
            "/proc/drbd line 3: not understood: zz:5",
            "/proc/drbd line 3: not understood: ap:-1",
            "/proc/drbd line 4: not understood: what",
        ]
    );
    assert_eq!(
        (seen.devices[0].counters.sent, seen.devices[0].oos_kib),
        (7, Some(3))
    );
    assert_eq!(seen.devices[1].connection, "Unconfigured");
    let seen = read("garbage\n1: cs:A\n1: cs:B\n");
    assert_eq!(seen.devices.len(), 1);
    assert_eq!(seen.unread.len(), 2, "{:?}", seen.unread);
    assert!(read(&"?\n".repeat(9999)).unread.len() < 30);
}

#[test]
fn a_state_that_was_cut_off_is_none() {
    let seen = read(" 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDa");
    assert_eq!(words(&seen.devices[0])[3..5], ["UpToDate", ""]);
    assert_eq!(
        seen.unread,
        ["/proc/drbd: ends within a word: ds:UpToDate/UpToDa"]
    );
    assert_eq!(
        read("\n 3: cs:Unconfigured").devices[0].connection,
        "Unconfigured"
    );
}

#[test]
fn version_9_has_no_devices_here() {
    let seen = read(
        "version: 9.1.4 (api:2/proto:110-121)\nGIT-hash: 1 build by x, 2021\nTransports (api:17): tcp (9.1.4)\n",
    );
    assert_eq!(seen.version, "9.1.4");
    assert!(seen.devices.is_empty() && seen.unread.is_empty());
}

/// Other people's samples, read where they are.
#[test]
fn every_reference_sample_is_read_without_loss() {
    let mut count = 0;
    let all = samples::reference("samples/drbd84")
        .into_iter()
        .chain(samples::reference("data"));
    for (name, bytes) in all {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if !text.contains("cs:") {
            continue;
        }
        count += 1;
        let seen = parse(&bytes, &name);
        let twice = |line: &String| line.contains("is there twice");
        let pair = name.contains("pair");
        assert!(
            seen.unread.iter().all(|line| pair && twice(line)),
            "{:?}",
            seen.unread
        );
        let printed = text.matches("cs:").count() - usize::from(pair);
        assert_eq!(seen.devices.len(), printed, "{name}");
        assert_eq!(
            seen.version.is_empty(),
            !text.contains("version:"),
            "{name}"
        );
        for device in &seen.devices {
            if device.connection == "Unconfigured" {
                continue;
            }
            assert!(
                !device.role.is_empty() && !device.disk.is_empty(),
                "{name} {device:?}"
            );
            let old = name.contains("drbd07");
            assert_eq!(device.flags.is_empty(), old, "{name} {device:?}");
        }
    }
    println!("{count} samples of /proc/drbd read");
    assert!(count == 0 || count >= 43, "{count}");
}

#[test]
fn reference_samples_have_their_figures() {
    let expected: &[(&str, u32, &str, f64, u64, u64)] = &[
        (
            "resync_source_78pct_M_nofinishbreak.txt",
            1,
            "SyncSource",
            78.3,
            74,
            4448 * 1024,
        ),
        (
            "resync_source_8.3.10_65pct_oneline.txt",
            0,
            "SyncSource",
            65.5,
            308,
            1608 * 1024,
        ),
        (
            "resync_source_8.4.5_3pct_M.txt",
            0,
            "SyncSource",
            3.6,
            10_986,
            459_876 * 1024,
        ),
        (
            "verify_target_running_K.txt",
            3,
            "VerifyT",
            62.5,
            7,
            786_432,
        ),
        (
            "suspended_io_congested_ahead_behind.txt",
            3,
            "SyncTarget",
            50.0,
            97,
            102_400 * 1024,
        ),
        (
            "proc_drbd83_sync_krnl2.6.39.txt",
            3,
            "SyncSource",
            2.4,
            248,
            14_996 * 1024,
        ),
    ];
    let files = samples::reference("samples/drbd84");
    for (name, minor, connection, percent, eta, left) in expected {
        let Some((_, bytes)) = files.iter().find(|(file, _)| file == name) else {
            continue;
        };
        let seen = parse(bytes, name);
        let device = seen.devices.iter().find(|it| it.minor == *minor).unwrap();
        let progress = device.progress.as_ref().unwrap();
        assert_eq!(device.connection, *connection);
        assert_eq!(
            (progress.percent, progress.eta_s, progress.left_kib),
            (*percent, Some(*eta), *left),
            "{name}"
        );
    }
}

#[test]
fn thousands_of_minors_are_read() {
    let text: String = (0..20_000)
        .rev()
        .map(|minor| format!("{minor:2}: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----\n    ns:{minor} nr:0 oos:0\n"))
        .collect();
    let seen = read(&text);
    assert_eq!(seen.devices.len(), 20_000);
    assert!(
        seen.devices
            .iter()
            .all(|device| device.counters.sent == u64::from(device.minor))
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        parse(&bytes, "x");
    }

    #[test]
    fn real_texts_that_were_damaged_do_not_make_it_panic(
        which in 0..samples::PROC.len(), cut in any::<prop::sample::Index>(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        swap in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let text = samples::captured(samples::PROC[which]);
        let mut lines: Vec<&str> = text.lines().collect();
        lines.swap(swap.0.index(text.lines().count()), swap.1.index(text.lines().count()));
        let mut bytes = lines.join("\n").into_bytes();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() + 1));
        let seen = parse(&bytes, "/proc/drbd");
        prop_assert!(seen.devices.len() <= 5);
        prop_assert!(seen.devices.is_sorted_by(|a, b| a.minor < b.minor));
    }

    /// Whatever is cut off at the end, devices before are as they were.
    #[test]
    fn a_cut_text_keeps_the_devices_before(cut in any::<prop::sample::Index>()) {
        let text = samples::captured("proc-drbd-peer-killed.txt");
        let whole = parse(text.as_bytes(), "x").devices;
        let cut = parse(&text.as_bytes()[..cut.index(text.len())], "x").devices;
        let sure = cut.len().saturating_sub(1);
        prop_assert_eq!(&cut[..sure], &whole[..sure]);
    }
}
