//! How long N+1 takes: from scratch, after one move and after one report, on clusters of three kinds of storage.
//!
//! `cargo bench --bench n1`

use divan::{AllocProfiler, Bencher, black_box};
use gantry::model::{self, Cluster, Node, Reach, Time};
use gantry::planner::Present;
use gantry::planner::htools::N1Rule;
use gantry::planner::htools::data::{self, AllocPolicy, Data, Group, Instance, Instances, Status};
use gantry::planner::htools::moves::Move;
use gantry::planner::htools::policy::{Policy, Template};
use gantry::planner::n1::{N1, Report};
use gantry_wire::config;
use gantry_wire::node::{Memory, System};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

/// Nodes, and instances on each.
const SIZES: [(usize, usize); 4] = [(40, 10), (80, 12), (200, 20), (400, 20)];

/// Where disks are, and how much of the memory is in use.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Drbd,
    Shared,
    /// So full that hcheck's trial decides.
    SharedAndFull,
    Plain,
}

const KINDS: [Kind; 4] = [Kind::Drbd, Kind::Shared, Kind::SharedAndFull, Kind::Plain];

fn all() -> Vec<(Kind, (usize, usize))> {
    let kinds = KINDS.into_iter();
    kinds
        .flat_map(|kind| SIZES.map(|size| (kind, size)))
        .collect()
}

fn main() {
    divan::main();
}

/// A number that looks like chance and is always the same.
fn some(seed: usize, below: usize) -> usize {
    (seed.wrapping_mul(2_654_435_761) >> 7) % below.max(1)
}

fn data(kind: Kind, (nodes, each): (usize, usize)) -> Data {
    let full = matches!(kind, Kind::SharedAndFull);
    let node = |at: usize| data::Node {
        name: format!("node{at}"),
        total_memory: 131_072.0,
        node_memory: 4_096,
        free_memory: 126_976,
        total_disk: 4_000_000.0,
        free_disk: 2_000_000,
        total_cpus: 64.0,
        offline: false,
        master: at == 0,
        group: 0,
        spindles: 12,
        tags: Vec::new(),
        exclusive_storage: false,
        free_spindles: 0,
        node_cpus: 1,
        cpu_speed: 1.0,
    };
    let mut data = Data {
        groups: vec![Group {
            name: "default".to_owned(),
            uuid: "uuid".to_owned(),
            alloc_policy: AllocPolicy::Preferred,
            tags: Vec::new(),
            networks: Vec::new(),
            policy: Policy::default(),
        }],
        nodes: (0..nodes).map(node).collect(),
        instances: Instances::default(),
        tags: Vec::new(),
        policy: Policy::default(),
    };
    for at in 0..nodes * each {
        let primary = at % nodes;
        let other = (primary + 1 + some(at, nodes - 1)) % nodes;
        let memory = if full {
            126_000 / each as i64
        } else {
            512 << some(at, 4)
        };
        let (template, secondary) = match kind {
            Kind::Drbd => (Template::Drbd, Some(other)),
            Kind::Shared | Kind::SharedAndFull => (Template::Rbd, None),
            Kind::Plain => (Template::Plain, None),
        };
        if let Some(node) = data.nodes.get_mut(primary) {
            node.free_memory -= memory;
        }
        data.instances.push(Instance {
            name: format!("instance{at}"),
            memory,
            disk: 10_240,
            disks: vec![10_240],
            vcpus: 2,
            status: Status::Running,
            auto_balance: true,
            primary,
            secondary,
            template,
            tags: Vec::new(),
            spindle_use: 1,
            spindles: None,
            forthcoming: false,
        });
    }
    if full {
        // Room for what a node has, and hardly more, in pieces.
        let room = 126_000 / each as i64;
        for node in data.nodes.iter_mut().take(each + 2) {
            node.total_memory += (room + room / 8) as f64;
            node.free_memory += room + room / 8;
        }
    }
    data
}

fn n1(kind: Kind, size: (usize, usize)) -> N1 {
    let made = N1::of(data(kind, size), N1Rule::Reported);
    made.unwrap_or_else(|why| unreachable!("{why}"))
}

#[divan::bench(args = all(), sample_count = 20)]
fn from_scratch(bencher: Bencher, (kind, size): (Kind, (usize, usize))) {
    let mut n1 = n1(kind, size);
    bencher.bench_local(|| n1.look_anew());
}

#[divan::bench(args = all(), sample_count = 20)]
fn loaded_and_from_scratch(bencher: Bencher, (kind, size): (Kind, (usize, usize))) {
    let inputs = bencher.with_inputs(|| data(kind, size));
    inputs.bench_local_values(|data| N1::of(data, N1Rule::Reported));
}

/// From what nodes told to what the screen says.
#[divan::bench(args = SIZES, sample_count = 20)]
fn from_the_live_cluster(bencher: Bencher, size: (usize, usize)) {
    let cluster = live(size);
    bencher.bench_local(|| Report::of(&cluster));
}

/// The same while nothing but the free memory of every node is another.
#[divan::bench(args = SIZES, sample_count = 20)]
fn kept_up_with_every_node(bencher: Bencher, size: (usize, usize)) {
    let mut cluster = live(size);
    let present = Present::of(&cluster);
    let mut present = present.unwrap_or_else(|why| unreachable!("{why}"));
    bencher.bench_local(|| {
        for memory in cluster
            .nodes
            .values_mut()
            .filter_map(|it| it.facts.memory.as_mut())
        {
            memory.free -= 1;
        }
        let _ = black_box(present.keep_up(&cluster));
        Report::made(&mut present.n1)
    });
}

/// The same when something of an instance is another, so that all is loaded again.
#[divan::bench(args = SIZES, sample_count = 20)]
fn kept_up_with_another_shape(bencher: Bencher, size: (usize, usize)) {
    let mut cluster = live(size);
    let present = Present::of(&cluster);
    let mut present = present.unwrap_or_else(|why| unreachable!("{why}"));
    bencher.bench_local(|| {
        cluster.shape += 1;
        let _ = black_box(present.keep_up(&cluster));
        Report::made(&mut present.n1)
    });
}

/// The same cluster as agents tell of it.
fn live(size: (usize, usize)) -> Cluster {
    let data = data(Kind::Drbd, size);
    let mut cluster = Cluster::new("bench");
    cluster.conf = Some(config::Cluster {
        software_version: "3.0.2".to_owned(),
        hypervisors: vec!["kvm".to_owned()],
        ..config::Cluster::default()
    });
    let group = config::Group {
        name: "default".to_owned(),
        ..config::Group::default()
    };
    cluster.groups.insert("default".into(), group);
    for node in &data.nodes {
        let mut told = Node::new(node.name.as_str().into());
        told.conf = Some(config::Node {
            name: node.name.clone(),
            group: "default".to_owned(),
            role: "C".to_owned(),
            vm_capable: true,
            ..config::Node::default()
        });
        told.reach = Reach::Up { since: Time(1) };
        told.heard = Some(Time(1));
        told.facts.memory = Some(Memory {
            total: 131_072,
            free: node.free_memory.unsigned_abs(),
            node: 4_096,
            ..Memory::default()
        });
        told.facts.system = Some(System {
            cpus: 64,
            ..System::default()
        });
        cluster.nodes.insert(told.name.clone(), told);
    }
    let name = |at: usize| {
        data.nodes
            .get(at)
            .map(|it| it.name.clone())
            .unwrap_or_default()
    };
    for instance in &data.instances {
        let told = model::Instance {
            name: instance.name.as_str().into(),
            conf: config::Instance {
                name: instance.name.clone(),
                primary: name(instance.primary),
                secondaries: instance.secondary.map(name).into_iter().collect(),
                disk_template: "drbd".to_owned(),
                minmem: instance.memory.unsigned_abs(),
                maxmem: instance.memory.unsigned_abs(),
                auto_balance: true,
                ..config::Instance::default()
            },
            ..model::Instance::default()
        };
        cluster.instances.insert(told.name.clone(), told);
    }
    cluster
}

#[divan::bench(args = all(), sample_count = 100)]
fn after_a_report(bencher: Bencher, (kind, size): (Kind, (usize, usize))) {
    let mut n1 = n1(kind, size);
    let mut step = 0;
    bencher.bench_local(|| {
        step += 1;
        let at = some(step, size.0);
        let free = n1.ground().free.get(at).copied().unwrap_or(0);
        n1.report(at, black_box(free - 1));
    });
}

#[divan::bench(args = all(), sample_count = 100)]
fn after_a_move(bencher: Bencher, (kind, size): (Kind, (usize, usize))) {
    let mut n1 = n1(kind, size);
    let mut step = 0;
    bencher.bench_local(|| {
        step += 1;
        let at = some(step, size.0 * size.1);
        let to = match kind {
            Kind::Drbd => Move::Failover,
            _ => Move::FailoverToAny(some(step + 1, size.0)),
        };
        if let Ok(outcome) = n1.cluster().outcome(at, to, true) {
            n1.make(at, black_box(&outcome));
        }
    });
}
