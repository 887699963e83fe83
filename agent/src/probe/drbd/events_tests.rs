#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::super::samples;
use super::*;

fn captured(name: &str) -> Vec<Device> {
    let events = parse(
        &samples::captured(&format!("drbdsetup-events2-{name}.txt")),
        "events2",
    );
    assert!(events.complete(), "{name}");
    let seen = events.seen();
    assert_eq!(seen.unread, Vec::<String>::new(), "{name}");
    seen.devices
}

#[test]
fn devices_of_8_4_are_as_proc_has_them() {
    let devices = captured("now");
    let states: Vec<_> = devices
        .iter()
        .map(|it| {
            format!(
                "{} {} {}/{} {}/{}",
                it.minor, it.connection, it.role, it.peer_role, it.disk, it.peer_disk
            )
        })
        .collect();
    assert_eq!(
        states,
        [
            "0 Connected Secondary/Primary UpToDate/UpToDate",
            "1 Connected Primary/Secondary UpToDate/UpToDate",
        ]
    );
    assert!(
        devices
            .iter()
            .all(|it| it.peer.is_empty() && it.paused_by.is_empty())
    );
    let resync = &captured("resync")[0];
    assert_eq!(
        (resync.connection.as_str(), resync.oos_kib),
        ("SyncTarget", Some(484_976))
    );
    assert_eq!(
        (
            resync.counters.received,
            resync.counters.pe,
            resync.counters.al
        ),
        (563_604, 4, 8)
    );
    assert_eq!(resync.counters.wo, "f");
    assert_eq!(captured("verify")[0].connection, "VerifyS");
}

/// What a test of several events says at the end.
fn after(lines: &[&str]) -> Vec<Device> {
    let events = parse(&lines.join("\n"), "events2");
    let seen = events.seen();
    assert_eq!(seen.unread, Vec::<String>::new());
    seen.devices
}

const START: &[&str] = &[
    "exists resource name:r role:Primary suspended:no",
    "exists connection name:r peer-node-id:0 conn-name:peer connection:Connected role:Secondary",
    "exists device name:r volume:0 minor:7 disk:UpToDate",
    "exists peer-device name:r peer-node-id:0 conn-name:peer volume:0 replication:Established peer-disk:UpToDate resync-suspended:no",
    "exists -",
];

#[test]
fn changes_and_ends_are_followed() {
    let then = |more: &[&str]| after(&[START, more].concat());
    let sync = "change peer-device name:r peer-node-id:0 conn-name:peer volume:0 replication:PausedSyncS peer-disk:Inconsistent resync-suspended:user,peer done:37.50 eta:10 dbdt1:0.25";
    let device = &then(&[sync])[0];
    assert_eq!(
        (device.connection.as_str(), device.peer_disk.as_str()),
        ("PausedSyncS", "Inconsistent")
    );
    assert_eq!(device.paused_by, ["user", "peer"]);
    let progress = device.progress.as_ref().unwrap();
    assert_eq!(
        (progress.percent, progress.eta_s, progress.speed_kib),
        (37.5, Some(10), Some(256))
    );
    let over = "2026-11-20T13:23:12.868638+00:00 change peer-device name:r peer-node-id:0 conn-name:peer volume:0 replication:PausedSyncS->Established";
    assert_eq!(then(&[sync, over])[0].progress, None);
    let lost =
        "change connection name:r peer-node-id:0 conn-name:peer connection:Connecting role:Unknown";
    assert_eq!(then(&[sync, lost])[0].connection, "Connecting");
    let held = "change resource name:r suspended:no-data";
    assert!(then(&[held])[0].io_suspended);
    let gone = [
        "destroy peer-device name:r peer-node-id:0 conn-name:peer volume:0",
        "destroy connection name:r peer-node-id:0 conn-name:peer",
    ];
    let alone = &then(&gone)[0];
    assert_eq!(
        (alone.connection.as_str(), alone.peer_disk.as_str()),
        ("StandAlone", "DUnknown")
    );
    assert!(then(&["destroy device name:r volume:0"]).is_empty());
    assert!(then(&["destroy resource name:r", "destroy device name:r volume:0"]).is_empty());
    assert_eq!(
        then(&[
            "call helper name:r volume:0 helper:x",
            "rename resource name:r new_name:s"
        ])
        .len(),
        1
    );
}

#[test]
fn of_several_peers_the_worst_is_shown_and_named() {
    let devices = after(&[
        "create resource name:r role:Primary suspended:no",
        "create device name:r volume:0 minor:1000 disk:UpToDate",
        "create connection name:r peer-node-id:1 conn-name:beta connection:Connected role:Secondary",
        "create peer-device name:r peer-node-id:1 conn-name:beta volume:0 replication:Established peer-disk:UpToDate",
        "create connection name:r peer-node-id:2 conn-name:gamma connection:Connecting role:Unknown",
        "create peer-device name:r peer-node-id:2 conn-name:gamma volume:0 replication:Off peer-disk:DUnknown",
    ]);
    assert_eq!(
        (devices[0].peer.as_str(), devices[0].connection.as_str()),
        ("gamma", "Connecting")
    );
}

#[test]
fn what_is_not_understood_is_named_by_its_line() {
    let events = parse("exists -\nwhat is this\nchange device volume:0", "events2");
    assert_eq!(
        events.seen().unread,
        [
            "events2 line 2: not understood: what is this",
            "events2 line 3: not understood: change device volume:0",
        ]
    );
}

/// Other people's samples, read where they are. Tests of DRBD's own have a shell's lines between.
#[test]
fn every_reference_sample_is_read_without_loss() {
    let mut count = 0;
    for (name, bytes) in samples::reference("samples/drbd9") {
        if !name.starts_with("events2") {
            continue;
        }
        count += 1;
        let text: String = String::from_utf8(bytes)
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with('$') && line.trim() != "0")
            .map(|line| line.trim_start_matches("TIME ").to_owned() + "\n")
            .collect();
        let events = parse(&text, &name);
        let seen = events.seen();
        assert_eq!(seen.unread, Vec::<String>::new(), "{name}");
        assert_eq!(seen.devices.is_empty(), name.contains("destroy"), "{name}");
        if name.contains("2017") {
            assert_eq!(seen.devices[0].connection, "SyncSource");
            assert_eq!(seen.devices[0].oos_kib, Some(205_655_500));
        }
        if name == "events2-sync.statistics.txt" {
            let progress = seen.devices[0].progress.as_ref().unwrap();
            assert_eq!((progress.percent, progress.eta_s), (37.5, Some(10)));
            assert_eq!(seen.devices[0].peer, "some-peer");
        }
    }
    println!("{count} samples of events2 read");
    assert!(count == 0 || count >= 10, "{count}");
}

proptest! {
    #[test]
    fn no_line_makes_it_panic(lines in proptest::collection::vec(
        "(exists|change|destroy|create|x) (resource|device|connection|peer-device|-|y)( (name|volume|peer-node-id|minor|done|oos):[a-z0-9>.-]{0,4}){0,4}", 0..12)) {
        parse(&lines.join("\n"), "x").seen();
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,200}") {
        parse(&text, "x").seen();
    }
}
