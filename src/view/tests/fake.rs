//! Clusters for pictures, made of what agents would report.

pub mod disks;
pub mod n1;

use gantry_wire::config::{self, ConfigPart, Disk, Nic, Source};
use gantry_wire::guest::{Guest, Guests};
use gantry_wire::job::{Filter, Job, JobLog, JobsPart, Lock, LogLine, Op, Pending, QueueState};
use gantry_wire::node::{Cpu, Daemon, DiskRate, Load, Memory, Missing, NetRate, Sample, System};
use gantry_wire::operation::Permission;
use gantry_wire::report::{Hello, MasterState, Problem, Report};
use gantry_wire::ssconf::{SsNode, Ssconf};
use gantry_wire::storage::{Space, Storage, VolumeGroup};

use crate::model::time::Now;
use crate::model::{Cluster, Reach, Time};

/// The wall clock at the console's start, seconds since the epoch.
pub const START: f64 = 1_790_000_000.0;

/// The domain of everything.
const DOMAIN: &str = "example.com";

pub fn node(n: usize) -> String {
    format!("node{n}.{DOMAIN}")
}

pub fn at(cluster: &mut Cluster, ms: u64) {
    cluster.tick(Now {
        at: Time(ms),
        wall: START + ms as f64 / 1e3,
    });
}

/// A number that looks like chance and is always the same.
fn some(seed: usize, below: usize) -> usize {
    (seed.wrapping_mul(2_654_435_761) >> 7) % below.max(1)
}

/// How large a cluster is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub nodes: usize,
    pub instances: usize,
}

/// All well: every node answers, every instance runs, a few minutes of history.
pub fn healthy(size: Size) -> Cluster {
    let mut cluster = Cluster::new("root@prod");
    at(&mut cluster, 1_000);
    for n in 1..=size.nodes {
        cluster.linked(&node(n), Reach::Up { since: Time(900) });
        cluster.report(&node(n), Report::Hello(hello(n)));
        cluster.report(&node(n), Report::Ssconf(Box::new(ssconf(size))));
        let state = if n == 1 {
            MasterState::Serving
        } else {
            MasterState::NotMaster { ask: node(1) }
        };
        cluster.report(&node(n), Report::Master(state));
    }
    cluster.report(&node(1), Report::Config(Box::new(configuration(size))));
    cluster.report(&node(1), Report::Queue(QueueState::default()));
    cluster.report(&node(1), Report::Jobs(jobs(false)));
    for step in 0..14 {
        at(&mut cluster, 2_000 + step * 10_000);
        for n in 1..=size.nodes {
            let sample = sample(size, n, step as usize, cluster.now.wall);
            cluster.report(&node(n), Report::Sample(Box::new(sample)));
        }
    }
    at(&mut cluster, 133_000);
    cluster
}

/// A bad night: a lost node, one without noded, one offline, one without an agent, jobs that wait
/// and fail, a paused watcher.
pub fn bad_night() -> Cluster {
    let size = Size {
        nodes: 8,
        instances: 24,
    };
    let mut cluster = healthy(size);
    let mut part = configuration(size);
    part.nodes[6].role = "O".into();
    part.nodes[5].role = "D".into();
    part.revision = 2;
    cluster.report(&node(1), Report::Config(Box::new(part)));
    let noded_dead = Sample {
        daemons: Some(daemons(false)),
        ..sample(size, 3, 20, cluster.now.wall)
    };
    cluster.report(&node(3), Report::Sample(Box::new(noded_dead)));
    let lost = Reach::Waiting {
        until: Time(200_000),
        attempts: 4,
        why: "no answer within 10 s".into(),
        host_answers: false,
    };
    cluster.linked(&node(4), lost.clone());
    cluster.linked(&node(7), lost);
    let no_agent = Reach::NoAgent {
        why: "there is no gantry-agent".into(),
    };
    cluster.linked(&node(8), no_agent);
    let problem = Problem {
        about: "storage".into(),
        text: "vgs took longer than 30 s".into(),
    };
    cluster.report(&node(2), Report::Problem(problem));
    cluster.report(&node(1), Report::Jobs(jobs(true)));
    cluster.report(&node(1), Report::Locks(locks()));
    cluster.report(&node(1), Report::Logs(vec![log()]));
    let queue = QueueState {
        drained: false,
        watcher_paused_until: Some(cluster.now.wall + 1_500.0),
        filters: vec![Filter::default()],
    };
    cluster.report(&node(1), Report::Queue(queue));
    // Without one of its guests, which therefore is down.
    let mut guests = guests(size, 2, 20, cluster.now.wall);
    guests.list.remove(0);
    let sample = Sample {
        guests: Some(guests),
        ..sample(size, 2, 20, cluster.now.wall)
    };
    cluster.report(&node(2), Report::Sample(Box::new(sample)));
    at(&mut cluster, 133_000 + 190_000);
    for n in [1, 2, 3, 5, 6] {
        cluster.report(&node(n), Report::Pong(gantry_wire::report::Pong { n: 1 }));
    }
    at(&mut cluster, 133_000 + 191_000);
    cluster
}

/// Every link is lost, for some minutes.
pub fn no_contact() -> Cluster {
    let mut cluster = bad_night();
    for n in 1..=8 {
        let waiting = Reach::Waiting {
            until: Time(400_000),
            attempts: 3,
            why: "connection timed out".into(),
            host_answers: false,
        };
        cluster.linked(&node(n), waiting);
    }
    at(&mut cluster, 390_000);
    cluster
}

/// The master is lost, and a candidate tells the configuration from its file.
pub fn no_master() -> Cluster {
    let size = Size {
        nodes: 4,
        instances: 9,
    };
    let mut cluster = healthy(size);
    let waiting = Reach::Waiting {
        until: Time(140_000),
        attempts: 1,
        why: "connection timed out".into(),
        host_answers: false,
    };
    cluster.linked(&node(1), waiting);
    let written = cluster.now.wall - 700.0;
    cluster.report(&node(2), Report::Master(MasterState::Candidate { written }));
    let part = ConfigPart {
        source: Source::File,
        at: written,
        ..configuration(size)
    };
    cluster.report(&node(2), Report::Config(Box::new(part)));
    at(&mut cluster, 136_000);
    cluster
}

fn hello(n: usize) -> Hello {
    Hello {
        protocol: 1,
        version: "0.1.0".into(),
        node: node(n),
        ganeti: true,
        root: true,
        boot_id: "boot".into(),
        permits: Permission::all().map(|it| it.word().to_owned()).collect(),
        ..Hello::default()
    }
}

fn ssconf(size: Size) -> Ssconf {
    let listed = |n: usize| SsNode {
        name: node(n),
        primary_ip: format!("192.0.2.{n}"),
        secondary_ip: format!("198.51.100.{n}"),
        ssh_port: 22,
        offline: false,
    };
    Ssconf {
        cluster_name: format!("prod.{DOMAIN}"),
        master_node: node(1),
        nodes: (1..=size.nodes).map(listed).collect(),
        written: 1,
        ..Ssconf::default()
    }
}

fn configuration(size: Size) -> ConfigPart {
    let cluster = config::Cluster {
        name: format!("prod.{DOMAIN}"),
        master: node(1),
        software_version: "3.0.2".into(),
        hypervisors: vec!["kvm".into()],
        disk_templates: vec!["drbd".into(), "plain".into()],
        volume_group: "xenvg".into(),
        candidate_pool_size: 3,
        ..config::Cluster::default()
    };
    let groups = ["rack1", "rack2"].map(|name| config::Group {
        name: name.into(),
        uuid: format!("{name}-uuid"),
        alloc_policy: "preferred".into(),
        ipolicy: serde_json::json!({"vcpu-ratio": 4.0, "minmax": [{"min": {"memory-size": 128}}]}),
        tags: Vec::new(),
    });
    ConfigPart {
        revision: 1,
        source: Source::Luxi,
        at: START,
        whole: true,
        last: true,
        cluster: Some(Box::new(cluster)),
        groups: groups.into(),
        nodes: (1..=size.nodes).map(node_conf).collect(),
        instances: (1..=size.instances).map(|i| instance(size, i)).collect(),
        ..ConfigPart::default()
    }
}

/// The configuration of such a cluster in which most instances of a group have the same two nodes, and perhaps one node
/// is marked offline.
pub fn crowded(size: Size, offline: Option<usize>) -> ConfigPart {
    let mut part = configuration(size);
    part.revision = 2;
    for group in &mut part.groups {
        group.ipolicy = serde_json::json!({
            "vcpu-ratio": 4.0, "spindle-ratio": 32.0, "disk-templates": ["drbd", "plain"], "minmax": [],
            "std": {
                "memory-size": 128, "cpu-count": 1, "disk-size": 1_024, "disk-count": 1, "nic-count": 1, "spindle-use": 1,
            },
        });
    }
    for (n, conf) in (1..).zip(&mut part.nodes) {
        conf.spindle_count = 1;
        if offline == Some(n) {
            conf.role = "O".into();
        }
    }
    for (i, conf) in (1..).zip(&mut part.instances) {
        conf.spindle_use = 1;
        if !conf.secondaries.is_empty() {
            // Nodes with an odd number are one group, the others the other.
            let first = if i % 2 == 1 { 1 } else { 2 };
            let (primary, secondary) = match i % 6 {
                0 | 1 => (first + 2, first + 4),
                _ => (first, first + 2),
            };
            conf.primary = node(primary);
            conf.secondaries = vec![node(secondary)];
        }
    }
    part
}

fn node_conf(n: usize) -> config::Node {
    let role = match n {
        1 => "M",
        2 | 3 => "C",
        _ => "R",
    };
    config::Node {
        name: node(n),
        uuid: format!("node{n}-uuid"),
        group: if n % 2 == 1 { "rack1" } else { "rack2" }.into(),
        role: role.into(),
        master_capable: true,
        vm_capable: true,
        primary_ip: format!("192.0.2.{n}"),
        secondary_ip: format!("198.51.100.{n}"),
        ssh_port: 22,
        cpu_speed: 1.0,
        ..config::Node::default()
    }
}

/// The node that an instance is on.
fn home(size: Size, i: usize) -> usize {
    i % size.nodes + 1
}

fn name(i: usize) -> String {
    let kinds = ["web", "db", "mail", "build"];
    format!("{}{i}.{DOMAIN}", kinds[i % kinds.len()])
}

fn instance(size: Size, i: usize) -> config::Instance {
    let home = home(size, i);
    let drbd = !i.is_multiple_of(5);
    let secondary = home % size.nodes + 1;
    let down = i.is_multiple_of(11);
    config::Instance {
        name: name(i),
        uuid: format!("instance{i}-uuid"),
        primary: node(home),
        secondaries: if drbd {
            vec![node(secondary)]
        } else {
            Vec::new()
        },
        admin_state: if down { "down" } else { "up" }.into(),
        admin_state_source: "admin".into(),
        hypervisor: "kvm".into(),
        os: "debootstrap+default".into(),
        disk_template: if drbd { "drbd" } else { "plain" }.into(),
        disks: vec![Disk {
            size: 10_240 * (1 + some(i, 8) as u64),
            uuid: format!("disk{i}-uuid"),
            template: if drbd { "drbd" } else { "plain" }.into(),
            ..Disk::default()
        }],
        nics: vec![Nic {
            mac: format!("aa:00:00:00:00:{i:02x}"),
            ip: String::new(),
            mode: "bridged".into(),
            link: "br0".into(),
            ..Nic::default()
        }],
        vcpus: 1 + (some(i, 4) as u32),
        minmem: 1_024 << some(i, 3),
        maxmem: 1_024 << some(i, 3),
        auto_balance: true,
        disks_active: !down,
        ctime: START - 8e6,
        mtime: START - 4e5,
        ..config::Instance::default()
    }
}

fn guests(size: Size, n: usize, step: usize, wall: f64) -> Guests {
    let here = (1..=size.instances).filter(|i| home(size, *i) == n && !i.is_multiple_of(11));
    let guest = |i: usize| Guest {
        name: name(i),
        hypervisor: "kvm".into(),
        vcpus: 1 + (some(i, 4) as u32),
        memory: 1_024 << some(i, 3),
        rss: (900 << some(i, 3)) as u64,
        cpu: (some(i, 700) + some(i + step, 60)) as u32,
        started: (wall - 3_600.0 * (1 + some(i, 400)) as f64) as u64,
        read: Some(some(i + step, 3_000_000) as u64),
        write: Some(some(i, 9_000_000) as u64),
        rx: Some(some(i, 2_000_000) as u64),
        tx: Some(some(i, 5_000_000) as u64),
        ..Guest::default()
    };
    Guests {
        hypervisors: vec!["kvm".into()],
        list: here.map(guest).collect(),
    }
}

fn daemons(noded: bool) -> Vec<Daemon> {
    ["ganeti-noded", "ganeti-confd", "ganeti-mond"]
        .map(|name| Daemon {
            name: name.into(),
            runs: true,
            answers: (name == "ganeti-noded").then_some(noded),
        })
        .into()
}

/// One sample of a node.
pub fn sample(size: Size, n: usize, step: usize, wall: f64) -> Sample {
    let busy = 100 + some(n, 500) as u16 + some(n * 31 + step, 80) as u16;
    let total = 262_144;
    Sample {
        wall_ms: (wall * 1e3) as u64,
        cpu: Some(Cpu {
            busy,
            user: busy / 2,
            system: busy / 4,
            cores: vec![busy; 16],
            ..Cpu::default()
        }),
        memory: Some(Memory {
            total,
            free: total / 10 + some(n, 150_000) as u64,
            node: 4_096,
            available: total / 8 + some(n, 150_000) as u64,
            swap_total: 8_192,
            swap_free: 8_000,
        }),
        load: Some(Load {
            one: u32::from(busy),
            five: u32::from(busy) + 7,
            fifteen: u32::from(busy) - 9,
        }),
        system: Some(System {
            booted: (wall - 86_400.0 * (3 + some(n, 60)) as f64) as u64,
            kernel: "6.12.9-amd64".into(),
            cpus: 16,
            cpu_model: "AMD EPYC 7313 16-Core Processor".into(),
            boot_id: "boot".into(),
        }),
        net: Some(vec![NetRate {
            name: "eth0".into(),
            rx: some(n + step, 30_000_000) as u64,
            tx: some(n, 9_000_000) as u64,
        }]),
        disks: Some(vec![DiskRate {
            name: "nvme0n1".into(),
            read: some(n, 90_000_000) as u64,
            write: some(n + step, 50_000_000) as u64,
            busy: 120,
        }]),
        storage: Some(Storage {
            vgs: vec![VolumeGroup {
                name: "xenvg".into(),
                total: 3_600_000,
                free: 400_000 + some(n, 2_000_000) as u64,
                ..VolumeGroup::default()
            }],
            ..Storage::default()
        }),
        guests: Some(guests(size, n, step, wall)),
        daemons: Some(daemons(true)),
        missing: Some(vec![Missing {
            part: "guests.rx".into(),
            why: "needs root".into(),
            hangs: false,
        }]),
        ..Sample::default()
    }
}

fn op(summary: &str, status: &str, started: Option<f64>, ended: Option<f64>) -> Op {
    Op {
        summary: summary.into(),
        status: status.into(),
        started,
        executed: started,
        ended,
        ..Op::default()
    }
}

fn job(id: u64, ops: Vec<Op>, status: &str, ago: f64, took: Option<f64>) -> Job {
    let start = START - ago;
    Job {
        id,
        status: status.into(),
        received: Some(start - 1.0),
        started: ops[0].started,
        ended: took.map(|took| start + took),
        ops,
        reason: "gnt:client:gnt-instance".into(),
        ..Job::default()
    }
}

/// The jobs of a quiet day, or those of a bad night.
pub fn jobs(bad: bool) -> JobsPart {
    let done = |id, summary: &str, ago: f64, took: f64| {
        let start = START - ago;
        let op = op(summary, "success", Some(start), Some(start + took));
        job(id, vec![op], "success", ago, Some(took))
    };
    let mut jobs = vec![
        done(4_701, "CLUSTER_VERIFY_GROUP(rack1)", 11_000.0, 61.0),
        done(4_702, "GROUP_VERIFY_DISKS(rack1)", 300.0, 4.0),
        done(4_703, "INSTANCE_STARTUP(web4.example.com)", 200.0, 7.0),
    ];
    if bad {
        let error = Op {
            error: "Disk consistency error: disk 0 on node5.example.com is degraded".into(),
            ..op(
                "INSTANCE_FAILOVER(db9.example.com)",
                "error",
                Some(START - 90.0),
                Some(START - 80.0),
            )
        };
        jobs.push(job(4_710, vec![error], "error", 90.0, Some(10.0)));
        let ops = vec![
            op(
                "INSTANCE_REPLACE_DISKS(db1.example.com)",
                "success",
                Some(START - 60.0),
                Some(START - 10.0),
            ),
            op(
                "INSTANCE_REPLACE_DISKS(db5.example.com)",
                "running",
                Some(START - 10.0),
                None,
            ),
            op(
                "INSTANCE_REPLACE_DISKS(db13.example.com)",
                "queued",
                None,
                None,
            ),
        ];
        let mut running = job(4_711, ops, "running", 60.0, None);
        running.last_line = log().lines.last().cloned();
        jobs.push(running);
        let wants = op(
            "INSTANCE_MIGRATE(web8.example.com)",
            "waiting",
            Some(START + 20.0),
            None,
        );
        jobs.push(job(4_712, vec![wants], "waiting", -20.0, None));
        let queued = op("NODE_EVACUATE(node6.example.com)", "queued", None, None);
        jobs.push(job(4_713, vec![queued], "queued", -30.0, None));
    }
    JobsPart {
        whole: true,
        at: START,
        jobs,
        gone: Vec::new(),
    }
}

fn locks() -> Vec<Lock> {
    vec![Lock {
        name: "node/node5.example.com".into(),
        mode: "exclusive".into(),
        owners: vec![4_711],
        others: Vec::new(),
        pending: vec![Pending {
            mode: "shared".into(),
            jobs: vec![4_712],
        }],
    }]
}

fn log() -> JobLog {
    let lines = [
        "Replacing disk(s) 0 for instance 'db5.example.com'",
        "Current primary node: node6.example.com",
        "Current secondary node: node7.example.com",
        "STEP 1/6 Check device existence",
        " - INFO: Checking disk/0 on node6.example.com",
        "STEP 5/6 Sync devices",
        " - INFO: Waiting for instance db5.example.com to sync disks",
        " - INFO: - device disk/0: 34.20% done, 4m 12s remaining (estimated)",
    ];
    JobLog {
        job: 4_711,
        lines: (1..)
            .zip(lines)
            .map(|(serial, text)| LogLine {
                serial,
                at: START - 60.0 + serial as f64 * 9.0,
                op: 1,
                kind: "message".into(),
                text: text.into(),
            })
            .collect(),
    }
}
