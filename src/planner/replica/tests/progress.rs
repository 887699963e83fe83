//! Resyncs: how they go, stand still and are held back.

use super::*;

fn syncs(node: &str, left: u64) -> Device {
    let words = match node {
        "node3" => "SyncSource Primary/Secondary UpToDate/Inconsistent",
        _ => "SyncTarget Secondary/Primary Inconsistent/UpToDate",
    };
    Device {
        oos_kib: Some(left),
        progress: Some(Progress {
            percent: 100.0 - left as f64 / 10_000.0,
            left_kib: left,
            total_kib: 1_000_000,
            eta_s: Some(999),
            speed_kib: Some(123),
            ..Progress::default()
        }),
        ..device(node, words)
    }
}

#[test]
fn a_resync_moves_stalls_and_ends() {
    let mut cluster = cluster();
    let mut left = 1_000_000;
    for second in 1_060..1_100 {
        at(&mut cluster, second);
        both(&mut cluster, syncs("node3", left), syncs("node5", left));
        // In bursts: every other second nothing comes.
        left -= if second % 2 == 0 { 20_000 } else { 0 };
    }
    let one_pair = |cluster: &Cluster| pairs(cluster).remove(0);
    let pair = one_pair(&cluster);
    assert_eq!(
        (pair.state, pair.severity),
        (State::Resyncing, Some(Severity::Note))
    );
    let going = pair.going.clone().unwrap_or_else(|| panic!("{pair:?}"));
    let speed = going.speed_kib.unwrap_or_default();
    assert!((9_000.0..11_000.0).contains(&speed), "{speed}");
    let eta = going.eta_s.unwrap_or_default();
    assert!((50.0..75.0).contains(&eta), "{eta}");
    assert!(matches!(redundancy("drbd", [&pair]), Redundancy::Resyncing(p) if p > 35.0));
    let sums = summary(&cluster, &[pair]);
    assert_eq!((sums.degraded, sums.moving, sums.resyncing), (0, 1, 1));
    assert!(sums.eta_s.is_some() && sums.last_done.is_none());

    // The nodes are heard, and nothing moves.
    at(&mut cluster, 1_100 + 240);
    sample(&mut cluster, "node3", Sample::default());
    sample(&mut cluster, "node5", Sample::default());
    let pair = one_pair(&cluster);
    assert_eq!(
        (pair.state, pair.text.as_str()),
        (State::Stalled, "stalled 4m")
    );
    assert_eq!(
        pair.going.map(|going| (going.eta_s, going.speed_kib)),
        Some((None, Some(0.0)))
    );

    at(&mut cluster, 1_400);
    well(&mut cluster);
    let pairs = pairs(&cluster);
    assert_eq!(pairs[0].state, State::Healthy);
    let done = summary(&cluster, &pairs).last_done;
    assert_eq!(done, Some((Key::Disk("web7".into(), 0), EPOCH + 1_400.0)));
}

#[test]
fn nodes_that_are_not_heard_do_not_make_a_resync_stall() {
    let mut cluster = cluster();
    both(&mut cluster, syncs("node3", 500), syncs("node5", 500));
    silent_at(&mut cluster, 2_000);
    assert_eq!(one(&cluster).0, State::Resyncing);
}

#[test]
fn at_first_sight_the_kernels_own_figures_count() {
    let mut cluster = cluster();
    both(
        &mut cluster,
        syncs("node3", 123_000),
        syncs("node5", 123_000),
    );
    let going = pairs(&cluster).remove(0).going;
    let figures = going.map(|going| (going.speed_kib, going.eta_s));
    assert_eq!(figures, Some((Some(123.0), Some(1_000.0))));
}

#[test]
fn a_paused_resync_says_by_whom() {
    let mut cluster = cluster();
    let paused = |node: &str, words, by: &str| Device {
        paused_by: vec![by.into()],
        oos_kib: Some(5 << 20),
        ..device(node, words)
    };
    let on_3 = paused(
        "node3",
        "PausedSyncS Primary/Secondary UpToDate/Inconsistent",
        "peer",
    );
    let on_5 = "PausedSyncT Secondary/Primary Inconsistent/UpToDate";
    both(&mut cluster, on_3.clone(), paused("node5", on_5, "user"));
    assert_eq!(
        one(&cluster),
        note(State::Paused, "paused by user on node5")
    );
    at(&mut cluster, 1_060 + 900);
    assert_eq!(
        one(&cluster),
        warn(State::Paused, "paused by user on node5 15m")
    );
    let going = pairs(&cluster).remove(0).going.unwrap_or_else(|| panic!());
    assert_eq!((going.paused_by.as_str(), going.eta_s), ("peer,user", None));
    assert_eq!(going.percent, 50.0);
    lose(&mut cluster, "node5");
    assert_eq!(one(&cluster).2, "paused by node5 15m");
    let waits = Device {
        paused_by: vec!["dependency".into()],
        ..on_3
    };
    devices(&mut cluster, "node3", vec![waits]);
    assert_eq!(
        one(&cluster),
        note(State::Paused, "waits for another resync 15m")
    );
}
