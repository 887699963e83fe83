//! How long hbal's plan takes: the first step, the ones after it with what they allocate, and how soon the console has
//! the first move to show.
//!
//! `cargo bench --bench balance`

use std::cell::RefCell;
use std::sync::Arc;

use divan::{AllocProfiler, Bencher, black_box};
use gantry::model::Time;
use gantry::planner::htools::balance::{Balancer, Options, Scope};
use gantry::planner::htools::data::{self, AllocPolicy, Data, Group, Instance, Instances, Status};
use gantry::planner::htools::policy::{Policy, Template};
use gantry::planner::htools::{Cluster, N1Rule, Setup};
use gantry::planner::n1::Ground;
use gantry::planner::think::{Ask, Part, Snapshot, Task, think};

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

/// Nodes and instances.
const SIZES: [(usize, usize); 3] = [(40, 400), (80, 1_000), (200, 4_000)];

fn main() {
    divan::main();
}

/// A number that looks like chance and is always the same.
fn some(seed: usize, below: usize) -> usize {
    (seed.wrapping_mul(2_654_435_761) >> 7) % below.max(1)
}

/// DRBD on hosts of two sizes, the first of them fuller than the last.
fn data((nodes, instances): (usize, usize)) -> Data {
    let node = |at: usize| {
        let size = if at.is_multiple_of(3) { 2 } else { 1 };
        data::Node {
            name: format!("node{at}"),
            total_memory: (size * 131_072) as f64,
            node_memory: 4_096,
            free_memory: size * 131_072 - 4_096,
            total_disk: (size * 8_000_000) as f64,
            free_disk: size * 8_000_000,
            total_cpus: (size * 64) as f64,
            offline: false,
            master: at == 0,
            group: 0,
            spindles: 12,
            tags: Vec::new(),
            exclusive_storage: false,
            free_spindles: 0,
            node_cpus: 1,
            cpu_speed: 1.0,
        }
    };
    let mut nodes: Vec<data::Node> = (0..nodes).map(node).collect();
    let count = nodes.len();
    let instance = |at: usize| {
        let primary = some(at, count).min(some(at + 7, count));
        let secondary = (primary + 1 + some(at + 3, count - 1)) % count;
        let (memory, disk) = (1_024 << some(at, 3), 10_240 << some(at + 1, 4));
        for at in [primary, secondary] {
            if let Some(node) = nodes.get_mut(at) {
                node.free_disk -= disk;
            }
        }
        if let Some(node) = nodes.get_mut(primary) {
            node.free_memory -= memory;
        }
        Instance {
            name: format!("instance{at}"),
            memory,
            disk,
            disks: vec![disk],
            vcpus: 1 + some(at, 4) as i64,
            status: Status::Running,
            auto_balance: true,
            primary,
            secondary: Some(secondary),
            template: Template::Drbd,
            tags: Vec::new(),
            spindle_use: 1,
            spindles: None,
            forthcoming: false,
        }
    };
    let instances: Instances = (0..instances).map(instance).collect();
    Data {
        groups: vec![Group {
            name: "default".to_owned(),
            uuid: "uuid".to_owned(),
            alloc_policy: AllocPolicy::Preferred,
            tags: Vec::new(),
            networks: Vec::new(),
            policy: Policy::default(),
        }],
        nodes,
        instances,
        tags: Vec::new(),
        policy: Policy::default(),
    }
}

fn cluster(size: (usize, usize)) -> Cluster {
    let made = Cluster::new(data(size), &Setup::default());
    made.unwrap_or_else(|why| unreachable!("{why}"))
}

/// Beginning with nothing known of any move.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn first_step(bencher: Bencher, size: (usize, usize)) {
    let scope = Scope::all(&cluster(size));
    let inputs = bencher.with_inputs(|| cluster(size));
    inputs.bench_local_values(|mut cluster| {
        Balancer::new(&mut cluster, &scope, &Options::default()).next()
    });
}

/// A step after the first.
#[divan::bench(args = SIZES, sample_count = 50, sample_size = 1)]
fn next_step(bencher: Bencher, size: (usize, usize)) {
    let mut cluster = cluster(size);
    let scope = Scope::all(&cluster);
    let options = Options::default();
    let mut balancer = Balancer::new(&mut cluster, &scope, &options);
    black_box(balancer.next());
    let balancer = RefCell::new(balancer);
    bencher.bench_local(|| black_box(balancer.borrow_mut().next()).is_some());
}

/// From the question of the Balance screen to the first move that it can show: the budget is 200 ms.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn first_move_told(bencher: Bencher, size: (usize, usize)) {
    let data = data(size);
    let task = Task {
        number: 1,
        ask: Ask::Balance(Default::default()),
        snapshot: Arc::new(Snapshot {
            ground: Ground::of(&data, N1Rule::Reported),
            data,
            rule: N1Rule::Reported,
            unknown: Vec::new(),
            at: Time(0),
        }),
    };
    bencher.bench_local(|| {
        let mut told = false;
        think(&task, &mut |part| {
            told |= matches!(part, Part::Move(_));
            !told
        });
        assert!(told);
    });
}
