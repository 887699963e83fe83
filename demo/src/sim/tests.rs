#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
//! The cluster keeps its own rules, whatever happens and for however long.

use proptest::prelude::*;

use super::drbd::mirror::Mirror;
use super::instance::Template;
use super::node::{Outage, Role};
use super::opcode::Opcode;
use super::*;

const DAY: u64 = 24 * 3_600_000;

fn options(nodes: usize, instances: usize, seed: u64) -> Options {
    Options {
        nodes,
        instances,
        seed,
        ..Options::default()
    }
}

/// The first rule that the cluster breaks.
fn broken(cluster: &Cluster) -> Option<String> {
    for (id, instance) in &cluster.instances {
        let name = &instance.name;
        let homes = cluster.nodes.iter().filter(|n| n.primaries.contains(id));
        if homes.count() != 1 || !cluster.nodes[instance.primary].primaries.contains(id) {
            return Some(format!("{name} is not at home on its primary alone"));
        }
        let standbys = cluster.nodes.iter().filter(|n| n.secondaries.contains(id));
        if standbys.count() != usize::from(instance.secondary.is_some()) {
            return Some(format!("{name} is not in its secondary's book alone"));
        }
        if instance.secondary == Some(instance.primary) {
            return Some(format!("{name} has one node twice"));
        }
        if let Some(node) = instance.secondary
            && cluster.nodes[node].group != cluster.nodes[instance.primary].group
        {
            return Some(format!("{name} is in two groups"));
        }
        if (instance.template == Template::Drbd) != instance.secondary.is_some() {
            return Some(format!("{name} is mirrored without a mirror"));
        }
        if instance.template != Template::Drbd && instance.mirror != Mirror::InStep {
            return Some(format!("{name} resyncs nothing"));
        }
    }
    for (id, node) in cluster.nodes.iter().enumerate() {
        let promised: u64 = cluster.guests(id).map(|(_, i)| i.memory).sum();
        if node.own_memory + promised > node.memory {
            return Some(format!("{} promises memory that it has not", node.name));
        }
        let sample = cluster.sample(id);
        let memory = sample.memory.unwrap();
        let held: u64 = sample.guests.unwrap().list.iter().map(|g| g.rss).sum();
        if memory.free + memory.node + held != memory.total {
            return Some(format!("the memory of {} does not add up", node.name));
        }
        if node
            .outage
            .is_some_and(|(outage, _)| outage == Outage::Power)
            && cluster.guests(id).any(|(_, i)| i.primary == id)
        {
            return Some(format!("something runs on {}, which is off", node.name));
        }
    }
    let masters = cluster.nodes.iter().filter(|n| n.role == Role::Master);
    if masters.count() != 1 {
        return Some("there is not one master".to_owned());
    }
    let jobs = cluster.queue.jobs.values();
    for job in jobs {
        let facts = &job.facts;
        let over = matches!(facts.status.as_str(), "success" | "error" | "canceled");
        if over != facts.ended.is_some() || (over && facts.ended < facts.started) {
            return Some(format!("job {} ended before it began", facts.id));
        }
        let serials = job.log.iter().map(|line| line.serial);
        if !serials.eq(1..=job.log.len() as u64) {
            return Some(format!("the log of job {} has gaps", facts.id));
        }
    }
    let held: Vec<_> = cluster.queue.claims().filter(|claim| claim.1).collect();
    for (n, one) in held.iter().enumerate() {
        if let Some(two) = held[..n]
            .iter()
            .find(|two| two.0 != one.0 && !one.2.agrees_with(two.2))
        {
            return Some(format!(
                "jobs {} and {} both hold {}",
                one.0, two.0, one.2.lock
            ));
        }
    }
    let over = cluster.queue.jobs.len() - cluster.queue.unfinished().count();
    (over > 500).then(|| "the queue grows without end".to_owned())
}

#[test]
fn the_same_seed_gives_the_same_days_however_time_is_cut() {
    let mut whole = Cluster::new(options(9, 40, 5));
    let mut pieces = whole.clone();
    let mut other = Cluster::new(options(9, 40, 6));
    let end = whole.now + 3 * 3_600_000;
    whole.advance(end);
    other.advance(end);
    while pieces.now < end {
        pieces.advance((pieces.now + 777).min(end));
    }
    assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
    assert_ne!(format!("{whole:?}"), format!("{other:?}"));
}

#[test]
fn a_week_passes_without_drift() {
    let mut cluster = Cluster::new(options(12, 60, 3));
    let end = cluster.now + 7 * DAY;
    while cluster.now < end {
        cluster.advance(cluster.now + 613_000);
        assert_eq!(broken(&cluster), None, "after {} ms", cluster.now);
    }
    let count = cluster.instances.len();
    assert!((60..=66).contains(&count), "{count} instances");
    let running = cluster.instances.values().filter(|i| i.runs()).count();
    assert!(
        running * 10 > count * 7,
        "only {running} of {count} still run"
    );
    let errors = cluster
        .queue
        .jobs
        .values()
        .filter(|j| j.facts.status == "error");
    assert!(errors.count() * 4 < cluster.queue.jobs.len());
    let drained = cluster.nodes.iter().filter(|n| n.role == Role::Drained);
    assert!(drained.count() <= 3);
}

#[test]
fn a_newcomer_sees_the_story() {
    for seed in 1..=12 {
        sees_the_story(options(12, 60, seed));
    }
}

fn sees_the_story(options: Options) {
    let seed = options.seed;
    let mut cluster = Cluster::new(options);
    let start = cluster.now;
    let statuses = |cluster: &Cluster, wanted: &str| {
        let ids = cluster.instances.keys();
        ids.filter(|id| cluster.status(**id) == wanted).count()
    };
    let unfinished = |cluster: &Cluster, what: &str| {
        let jobs = cluster
            .queue
            .unfinished()
            .filter_map(|id| cluster.queue.jobs.get(&id));
        let found: Vec<String> = jobs
            .filter(|job| job.facts.ops[0].summary.starts_with(what))
            .map(|job| job.facts.status.clone())
            .collect();
        found
    };
    for (what, status) in [
        ("INSTANCE_REPLACE_DISKS", "running"),
        ("INSTANCE_MIGRATE", "running"),
        ("BACKUP_EXPORT", "waiting"),
    ] {
        let jobs = unfinished(&cluster, what);
        assert!(jobs.iter().any(|job| job == status), "seed {seed}: {what}");
    }
    assert!(!cluster.lock_facts().is_empty(), "seed {seed}");
    let resyncing = |i: &Instance| matches!(i.mirror, Mirror::Resync(_));
    assert!(cluster.instances.values().any(resyncing), "seed {seed}");
    assert_eq!(statuses(&cluster, "ERROR_down"), 0, "seed {seed}");
    cluster.advance(start + 10_500);
    assert_eq!(statuses(&cluster, "ERROR_down"), 1, "seed {seed}");
    cluster.advance(start + 16_500);
    assert_eq!(
        unfinished(&cluster, "INSTANCE_STARTUP").len(),
        1,
        "seed {seed}"
    );
    cluster.advance(start + 24_500);
    assert_eq!(statuses(&cluster, "ERROR_down"), 0, "seed {seed}");
    let failed =
        |job: &job::Job| job.facts.status == "error" && job.facts.received > Some(seconds(start));
    cluster.advance(start + 24_900);
    assert!(cluster.queue.jobs.values().any(failed), "seed {seed}");
    cluster.advance(start + 26_000);
    assert!(statuses(&cluster, "ERROR_nodedown") > 0, "seed {seed}");
    cluster.advance(start + 50_200);
    assert_eq!(statuses(&cluster, "ERROR_nodedown"), 0, "seed {seed}");
    assert!(
        cluster.instances.values().filter(|i| resyncing(i)).count() > 1,
        "seed {seed}"
    );
}

#[test]
fn some_node_is_short_of_memory_for_a_failover() {
    let short = |seed: &u64| {
        let cluster = Cluster::new(options(12, 60, *seed));
        (0..12).any(|node| !verify::shortages(&cluster, node).is_empty())
    };
    // People move instances about before anybody looks: most seeds will do.
    let short = (1..=12).filter(short).count();
    assert!(short >= 9, "only {short} of 12");
}

#[test]
fn a_calm_cluster_does_nothing() {
    let mut cluster = Cluster::new(Options {
        calm: true,
        ..Options::default()
    });
    let (revision, jobs) = (cluster.revision, cluster.queue.revision);
    cluster.advance(cluster.now + DAY);
    assert_eq!((cluster.revision, cluster.queue.revision), (revision, jobs));
}

#[test]
fn a_cluster_without_a_master_takes_no_jobs_until_another_takes_over() {
    let mut cluster = Cluster::new(Options {
        calm: true,
        ..Options::default()
    });
    let id = cluster.submit(vec![Opcode::ClusterVerify], "test").unwrap();
    cluster.advance(cluster.now + 2000);
    cluster.lose(0, Outage::Power);
    assert!(cluster.submit(vec![Opcode::ClusterVerify], "test").is_err());
    cluster.master_failover(1);
    assert_eq!(cluster.ssconf().master_node, "node2.example.test");
    assert!(cluster.submit(vec![Opcode::ClusterVerify], "test").is_ok());
    let status = &cluster.queue.jobs[&id].facts.status;
    assert!(status == "error" || status == "success", "{status}");
}

#[test]
fn what_cannot_be_done_is_refused_in_ganetis_words() {
    let mut cluster = Cluster::new(Options {
        calm: true,
        ..Options::default()
    });
    let plain = cluster
        .instances
        .iter()
        .find(|(_, i)| i.template == Template::Plain && i.runs());
    let id = *plain.unwrap().0;
    let job = cluster.submit(vec![Opcode::Migrate(id)], "test").unwrap();
    cluster.advance(cluster.now + 60_000);
    let op = &cluster.queue.jobs[&job].facts.ops[0];
    assert_eq!(op.status, "error");
    assert!(
        op.error.starts_with("Instance's disk layout 'plain'"),
        "{}",
        op.error
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_cluster_keeps_the_rules(
        nodes in 1usize..24,
        instances in 0usize..120,
        seed: u64,
        faults in proptest::collection::vec((0usize..24, any::<bool>(), 1000u64..900_000), 0..12),
    ) {
        let mut cluster = Cluster::new(options(nodes, instances, seed));
        prop_assert_eq!(broken(&cluster), None);
        for (node, power, wait) in faults {
            let outage = if power { Outage::Power } else { Outage::Network };
            cluster.lose(node % nodes, outage);
            prop_assert_eq!(broken(&cluster), None);
            cluster.advance(cluster.now + wait);
            prop_assert_eq!(broken(&cluster), None);
            cluster.regain(node % nodes);
            cluster.advance(cluster.now + wait);
            prop_assert_eq!(broken(&cluster), None);
        }
    }
}
