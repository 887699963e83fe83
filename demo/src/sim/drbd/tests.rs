#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
//! Halves agree unless a fault says otherwise, stories reach their state and heal.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::sim::Options;
use crate::sim::instance::InstanceId;
use crate::sim::node::Outage;
use crate::sim::trouble::Story;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;

fn told(story: Story, seed: u64) -> Cluster {
    Cluster::new(Options {
        story: Some(story),
        seed,
        ..Options::default()
    })
}

/// Every half with its node.
fn halves(cluster: &Cluster) -> Vec<(NodeId, Device)> {
    (0..cluster.nodes.len())
        .filter(|&node| cluster.is_reachable(node))
        .flat_map(|node| {
            let devices = cluster.drbd(node).devices;
            devices.into_iter().map(move |device| (node, device))
        })
        .collect()
}

/// What the two halves of one disk contradict each other in, if they are connected, or how they
/// are connected and apart at once.
pub fn contradiction(one: &Device, other: &Device) -> Option<String> {
    let partner = |connection: &str| match connection {
        "SyncSource" => "SyncTarget",
        "PausedSyncS" => "PausedSyncT",
        "VerifyS" => "VerifyT",
        "Connected" => "Connected",
        _ => "",
    };
    let apart = |device: &Device| matches!(&*device.connection, "StandAlone" | "WFConnection");
    let name = format!("{}/{:?}", one.instance, one.disk_index);
    if apart(one) || apart(other) {
        let fits = |d: &Device| {
            d.peer_role == "Unknown"
                && d.peer_disk == "DUnknown"
                && d.generation.is_some()
                && d.progress.is_none()
        };
        let fine = apart(one) && apart(other) && fits(one) && fits(other);
        return (!fine).then(|| format!("{name} is connected on one side"));
    }
    let pair = [&one.connection, &other.connection];
    if partner(pair[0]) != pair[1] && partner(pair[1]) != pair[0] {
        return Some(format!("{name}: {pair:?}"));
    }
    if (&one.role, &one.disk) != (&other.peer_role, &other.peer_disk)
        || (&other.role, &other.disk) != (&one.peer_role, &one.peer_disk)
    {
        return Some(format!("{name}: one sees the other otherwise than it is"));
    }
    let left = |device: &Device| device.progress.as_ref().map(|p| (p.left_kib, p.total_kib));
    if one.oos_kib != other.oos_kib || left(one) != left(other) || one.port != other.port {
        return Some(format!("{name}: they count differently"));
    }
    if (one.role == "Primary") == (other.role == "Primary") && one.role != "Primary" {
        return Some(format!("{name}: nobody is primary"));
    }
    None
}

/// The first pair that contradicts itself.
fn broken(cluster: &Cluster) -> Option<String> {
    let mut halves = halves(cluster);
    let disk = |half: &(NodeId, Device)| (half.1.instance.clone(), half.1.disk_index);
    halves.sort_by_cached_key(disk);
    halves
        .windows(2)
        .filter(|pair| {
            let (one, other) = (&pair[0].1, &pair[1].1);
            one.instance == other.instance && one.disk_index == other.disk_index
        })
        .find_map(|pair| contradiction(&pair[0].1, &pair[1].1))
}

fn states(cluster: &Cluster) -> Vec<String> {
    let mut list: Vec<String> = halves(cluster)
        .into_iter()
        .map(|(_, device)| {
            let (connection, disk) = (device.connection, device.disk);
            format!("{connection}/{}/{disk} {}", device.role, device.flags)
        })
        .filter(|state| {
            !matches!(
                state.as_str(),
                "Connected/Primary/UpToDate r-----" | "Connected/Secondary/UpToDate r-----"
            )
        })
        .collect();
    list.sort();
    list.dedup();
    list
}

fn reaches_and_heals(story: Story, wanted: &[&str]) {
    for seed in 1..=4 {
        let mut cluster = told(story, seed);
        assert_eq!(states(&cluster), wanted, "seed {seed}: {story:?}");
        assert_eq!(broken(&cluster), None, "seed {seed}");
        let end = cluster.now + 120 * MINUTE;
        while !states(&cluster).is_empty() {
            cluster.advance(cluster.now + 15 * SECOND);
            assert_eq!(broken(&cluster), None, "seed {seed}");
            assert!(cluster.now < end, "seed {seed}: {:?}", states(&cluster));
        }
        // The job that waited for it tidies up.
        cluster.advance(cluster.now + MINUTE);
        assert!(cluster.strays.iter().all(|stray| stray.job_of.is_none()));
    }
}

#[test]
fn a_resync_is_seen_and_ends() {
    let source = "SyncSource/Primary/UpToDate r-----";
    let target = "SyncTarget/Secondary/Inconsistent r-----";
    reaches_and_heals(Story::Resync, &[source, target]);
    reaches_and_heals(Story::Stall, &[source, target]);
}

#[test]
fn a_pause_is_seen_and_ends() {
    let source = "PausedSyncS/Primary/UpToDate r--u--";
    let target = "PausedSyncT/Secondary/Inconsistent r-p---";
    reaches_and_heals(Story::Pause, &[source, target]);
}

#[test]
fn one_resync_waits_for_another() {
    let wanted = [
        "PausedSyncS/Primary/UpToDate r-p---",
        "PausedSyncT/Secondary/Inconsistent ra----",
        "SyncSource/Primary/UpToDate r-----",
        "SyncTarget/Secondary/Inconsistent r-----",
    ];
    reaches_and_heals(Story::Dependency, &wanted);
}

#[test]
fn a_verify_is_seen_and_ends() {
    let source = "VerifyS/Primary/UpToDate r-----";
    let target = "VerifyT/Secondary/UpToDate r-----";
    reaches_and_heals(Story::Verify, &[source, target]);
}

#[test]
fn a_split_brain_is_seen_and_mended() {
    let wanted = [
        "StandAlone/Primary/UpToDate r-----",
        "StandAlone/Secondary/UpToDate r-----",
    ];
    reaches_and_heals(Story::SplitBrain, &wanted);
    let cluster = told(Story::SplitBrain, 1);
    let halves = halves(&cluster);
    let (of, apart): (Vec<_>, Vec<_>) = halves
        .iter()
        .filter(|(_, device)| device.connection == "StandAlone")
        .filter(|(_, device)| device.disk_index == Some(0))
        .map(|(_, device)| (device.role.as_str(), device))
        .unzip();
    assert_eq!(of.len(), 2);
    let generations: Vec<_> = apart
        .iter()
        .map(|d| d.generation.clone().unwrap())
        .collect();
    assert_ne!(generations[0].current, generations[1].current);
    assert_eq!(generations[0].bitmap, generations[1].bitmap);
    for device in apart {
        assert!(device.oos_kib > Some(0) && device.split_brain_at.is_some());
        assert_eq!(device.protocol, "");
    }
}

#[test]
fn one_that_stands_alone_is_seen_and_mended() {
    let wanted = [
        "StandAlone/Primary/UpToDate r-----",
        "WFConnection/Secondary/UpToDate r-----",
    ];
    reaches_and_heals(Story::StandAlone, &wanted);
}

#[test]
fn a_half_without_its_disk_is_seen_and_replaced() {
    reaches_and_heals(Story::Diskless, &["Connected/Secondary/Diskless r-----"]);
}

#[test]
fn a_node_dies_and_comes_back_with_its_resyncs() {
    let wanted = [
        "WFConnection/Primary/UpToDate r-----",
        "WFConnection/Secondary/UpToDate r-----",
    ];
    reaches_and_heals(Story::NodeDeath, &wanted);
    let mut cluster = told(Story::NodeDeath, 1);
    let resyncs = |cluster: &Cluster| {
        let halves = halves(cluster);
        halves
            .iter()
            .filter(|(_, d)| d.connection == "SyncTarget")
            .count()
    };
    assert_eq!(resyncs(&cluster), 0);
    let mut most = 0;
    for _ in 0..900 {
        cluster.advance(cluster.now + SECOND);
        most = most.max(resyncs(&cluster));
    }
    assert!(most > 1, "only {most} at once");
}

#[test]
fn both_halves_are_primary_while_a_guest_migrates() {
    for seed in 1..=6 {
        let mut both = 0;
        let mut cluster = Cluster::new(Options {
            calm: true,
            seed,
            ..Options::default()
        });
        cluster.tell(Story::Migration, 0);
        for _ in 0..600 {
            cluster.advance(cluster.now + SECOND);
            let primaries = halves(&cluster)
                .iter()
                .filter(|(_, d)| d.role == "Primary" && d.peer_role == "Primary")
                .count();
            both = both.max(primaries);
        }
        assert!(both >= 2, "seed {seed}");
        assert_eq!(states(&cluster), [""; 0], "seed {seed}");
    }
}

#[test]
fn volume_groups_do_not_answer_for_a_while() {
    let mut cluster = told(Story::VgsHang, 1);
    let hangs = |cluster: &Cluster| {
        (0..cluster.nodes.len())
            .map(|node| cluster.sample(node))
            .filter(|sample| sample.missing.iter().flatten().any(|part| part.hangs))
            .count()
    };
    assert_eq!(hangs(&cluster), 1);
    cluster.advance(cluster.now + 10 * MINUTE);
    assert_eq!(hangs(&cluster), 0);
}

#[test]
fn a_stopped_instance_has_no_devices() {
    let mut cluster = Cluster::new(Options {
        calm: true,
        ..Options::default()
    });
    let find = |cluster: &Cluster| -> InstanceId {
        let found = cluster
            .instances
            .iter()
            .find(|(_, i)| i.runs() && i.in_step());
        *found.unwrap().0
    };
    let instance = find(&cluster);
    let name = cluster.instance_name(instance).to_owned();
    let count = |cluster: &Cluster| {
        let halves = halves(cluster);
        halves.iter().filter(|(_, d)| d.instance == name).count()
    };
    let disks = cluster.instances[&instance].disks.len();
    assert_eq!(count(&cluster), 2 * disks);
    let stop = crate::sim::opcode::Opcode::Shutdown {
        instance,
        by_user: false,
    };
    cluster.submit(vec![stop], "test").unwrap();
    cluster.advance(cluster.now + MINUTE);
    assert_eq!(count(&cluster), 0);
    let start = crate::sim::opcode::Opcode::Startup(instance);
    cluster.submit(vec![start], "test").unwrap();
    cluster.advance(cluster.now + MINUTE);
    assert_eq!(count(&cluster), 2 * disks);
    assert_eq!(broken(&cluster), None);
}

#[test]
fn a_resync_goes_from_first_to_last_percent_as_its_job_says() {
    let mut cluster = told(Story::Resync, 3);
    let target = |cluster: &Cluster| {
        let halves = halves(cluster);
        let target = |half: &&(NodeId, Device)| half.1.connection == "SyncTarget";
        halves.iter().find(target).map(|half| half.1.clone())
    };
    let first = target(&cluster).unwrap();
    let of = |cluster: &Cluster| {
        let mut all = cluster.instances.values();
        all.find(|i| i.name == first.instance).unwrap().clone()
    };
    let resync = *of(&cluster).mirror.going().unwrap();
    let mut last = first.progress.clone().unwrap();
    while let Some(device) = target(&cluster) {
        let progress = device.progress.clone().unwrap();
        assert!(progress.percent >= last.percent && progress.left_kib <= last.left_kib);
        assert_eq!(progress.total_kib, last.total_kib);
        assert!(device.oos_kib.unwrap().abs_diff(progress.left_kib) <= 4);
        let percent = resync.percent(cluster.now);
        assert!((progress.percent - percent).abs() < 0.11, "{progress:?}");
        last = progress;
        cluster.advance(cluster.now + SECOND);
    }
    assert!(last.percent > 99.0, "{last:?}");
    assert!(of(&cluster).in_step());
    let lines = cluster.queue.jobs.values().flat_map(|job| &job.log);
    let said: Vec<_> = lines.filter(|line| line.text.contains("% done")).collect();
    assert!(said.len() > 5, "only {} lines", said.len());
    for line in said {
        let percent = resync.percent((line.at * 1000.0).round() as u64);
        let (before, _) = line.text.split_once("% done").unwrap();
        let said: f64 = before.rsplit(' ').next().unwrap().parse().unwrap();
        // The lines of several disks are written one after the other.
        assert!((said - percent).abs() < 0.05, "{} at {percent}", line.text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn halves_agree_and_count_on_whatever_happens(
        nodes in 2usize..12,
        instances in 1usize..80,
        seed: u64,
        faults in proptest::collection::vec((0usize..12, any::<bool>(), 0usize..11), 0..6),
    ) {
        let mut cluster = Cluster::new(Options { nodes, instances, seed, ..Options::default() });
        let mut before = halves(&cluster);
        for (node, power, story) in faults {
            cluster.tell(Story::ALL[story].1, 40_000);
            let outage = if power { Outage::Power } else { Outage::Network };
            cluster.lose(node % nodes, outage);
            for _ in 0..40 {
                cluster.advance(cluster.now + 5_100);
                prop_assert_eq!(broken(&cluster), None);
                let now = halves(&cluster);
                for (at, device) in &now {
                    let was = before.iter().find(|(n, d)| {
                        n == at && d.minor == device.minor && d.port == device.port
                    });
                    // A device that was set up anew counts from nothing.
                    let told = device.counters.sent + device.counters.received;
                    let grows = was.is_none_or(|(_, was)| {
                        told >= was.counters.sent + was.counters.received || told < 1_000_000
                    });
                    prop_assert!(grows, "{}", device.instance);
                }
                before = now;
            }
            cluster.regain(node % nodes);
        }
    }
}

#[test]
fn all_of_it_happens_within_the_first_quarter_of_an_hour() {
    for seed in 1..=3 {
        let mut cluster = Cluster::new(Options {
            seed,
            ..Options::default()
        });
        let mut seen = BTreeSet::new();
        let mut percents = BTreeSet::new();
        for second in 0..900 {
            cluster.advance(cluster.now + SECOND);
            assert_eq!(broken(&cluster), None, "seed {seed}");
            for (_, device) in halves(&cluster) {
                if let Some(progress) = device.progress {
                    let still = progress.speed_kib == Some(0);
                    seen.insert(if still { "still" } else { "moves" }.to_owned());
                    if second < 120 && !progress.verify {
                        percents.insert(progress.percent as u64);
                    }
                }
                seen.extend([device.connection, device.disk]);
                seen.extend(device.paused_by);
            }
            let strays = cluster.strays.iter();
            let names: Vec<&str> = strays.map(|stray| stray.name.as_str()).collect();
            if names.iter().any(|name| name.contains("_replaced-")) {
                seen.insert("_replaced-".to_owned());
            }
            if cluster.nodes.iter().any(|node| node.vgs_hang) {
                seen.insert("hangs".to_owned());
            }
        }
        let missing: Vec<&str> = "_replaced- hangs moves still user peer dependency SyncSource \
            SyncTarget PausedSyncS VerifyT StandAlone WFConnection Diskless Inconsistent"
            .split_whitespace()
            .filter(|word| !seen.contains(*word))
            .collect();
        assert_eq!(missing, [""; 0], "seed {seed}");
        assert!(percents.len() > 20, "seed {seed}: {percents:?}");
    }
}
