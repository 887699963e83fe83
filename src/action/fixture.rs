#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
//! A small cluster for the tests of this room: two DRBD instances on node3 and node5, one of them
//! each way round, one on shared and one on plain storage, and one that is down. All is well.

use std::collections::BTreeMap;

use gantry_wire::config::{
    self, ConfigPart, Disk, DrbdEnd, Group, Instance, Layout, Node, Source, Volume,
};
use gantry_wire::drbd::Device;
use gantry_wire::guest::{Guest, Guests};
use gantry_wire::job::{Job, JobsPart, LogLine, Op, QueueState};
use gantry_wire::node::{Memory, Sample, System};
use gantry_wire::report::{Hello, MasterState, Report};
use gantry_wire::storage::Storage;
use serde_json::json;

use crate::model::{Cluster, Reach};
use crate::planner::Present;
use crate::planner::fixture::{at, devices, sample, vg};
use crate::planner::replica::pairs;

use super::forecast::{Forecast, Line, Tone, World, forecast};
use super::{Form, Kind, Object};

/// Its nodes; the last one is alone in group `small`.
pub const NODES: [&str; 5] = ["node1", "node3", "node5", "node7", "node9"];

/// Every instance: name, template, nodes, memory, state.
const INSTANCES: [(&str, &str, &[&str], u64, &str); 5] = [
    ("web7", "drbd", &["node3", "node5"], 4_096, "up"),
    ("db2", "drbd", &["node5", "node3"], 8_192, "up"),
    ("old1", "plain", &["node7"], 2_048, "up"),
    ("pool1", "rbd", &["node7"], 2_048, "up"),
    ("off1", "drbd", &["node3", "node7"], 2_048, "down"),
];

/// A cluster that can be made worse.
pub struct Town {
    /// Its facts.
    pub cluster: Cluster,
    /// DRBD devices by node, as they were told last.
    told: BTreeMap<&'static str, Vec<Device>>,
}

impl Town {
    /// All is well.
    pub fn new() -> Town {
        let mut cluster = Cluster::new("there");
        at(&mut cluster, 1_000);
        for name in NODES {
            let since = cluster.now.at;
            cluster.linked(name, Reach::Up { since });
            cluster.report(name, Report::Hello(Hello::default()));
        }
        cluster.report("node1", Report::Master(MasterState::Serving));
        cluster.report("node1", Report::Queue(QueueState::default()));
        configure(&mut cluster);
        let mut town = Town {
            cluster,
            told: BTreeMap::new(),
        };
        town.jobs(Vec::new());
        for name in NODES {
            town.figures(name, 50_000, 51_200);
        }
        for (minor, instance) in [(14, "web7"), (20, "db2")] {
            let words = match instance {
                "web7" => ["Primary/Secondary", "Secondary/Primary"],
                _ => ["Secondary/Primary", "Primary/Secondary"],
            };
            for (node, role) in ["node3", "node5"].into_iter().zip(words) {
                let words = format!("Connected {role} UpToDate/UpToDate");
                town.half(node, minor, &words, 0);
            }
        }
        for node in ["node1", "node7", "node9"] {
            devices(&mut town.cluster, node, Vec::new());
        }
        town.guests("node3", &["web7"]);
        town.guests("node5", &["db2"]);
        town.guests("node7", &["old1", "pool1"]);
        town.guests("node1", &[]);
        town.guests("node9", &[]);
        at(&mut town.cluster, 1_060);
        town
    }

    /// A node tells of its memory and volume group, MiB free.
    pub fn figures(&mut self, node: &str, memory: u64, disk: u64) {
        let memory = Memory {
            total: 65_536,
            free: memory,
            node: 2_048,
            available: memory,
            ..Memory::default()
        };
        let system = System {
            cpus: 16,
            ..System::default()
        };
        let storage = Storage {
            vgs: vec![vg(102_400, disk)],
            ..Storage::default()
        };
        let told = Sample {
            memory: Some(memory),
            system: Some(system),
            storage: Some(storage),
            ..Sample::default()
        };
        sample(&mut self.cluster, node, told);
    }

    /// A node tells of the device with this minor: `connection role/peer_role disk/peer_disk`, and
    /// KiB that differ.
    pub fn half(&mut self, node: &'static str, minor: u32, words: &str, oos_kib: u64) {
        let mut parts = words.split([' ', '/']).map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        let device = Device {
            minor,
            connection: next(),
            role: next(),
            peer_role: next(),
            disk: next(),
            peer_disk: next(),
            oos_kib: Some(oos_kib),
            ..Device::default()
        };
        let all = self.told.entry(node).or_default();
        all.retain(|it| it.minor != minor);
        all.push(device);
        all.sort_by_key(|it| it.minor);
        let all = all.clone();
        devices(&mut self.cluster, node, all);
    }

    /// A node has no device with this minor any more.
    pub fn no_half(&mut self, node: &'static str, minor: u32) {
        let all = self.told.entry(node).or_default();
        all.retain(|it| it.minor != minor);
        let all = all.clone();
        devices(&mut self.cluster, node, all);
    }

    /// A node finds these running.
    pub fn guests(&mut self, node: &str, names: &[&str]) {
        let guest = |name: &&str| Guest {
            name: (*name).into(),
            hypervisor: "kvm".into(),
            ..Guest::default()
        };
        let guests = Guests {
            hypervisors: vec!["kvm".into()],
            list: names.iter().map(guest).collect(),
        };
        let told = Sample {
            guests: Some(guests),
            ..Sample::default()
        };
        sample(&mut self.cluster, node, told);
    }

    /// These jobs and no others.
    pub fn jobs(&mut self, jobs: Vec<Job>) {
        let part = JobsPart {
            whole: true,
            jobs,
            ..JobsPart::default()
        };
        self.cluster.report("node1", Report::Jobs(part));
    }

    /// The configuration of an instance, to be changed.
    pub fn conf(&mut self, name: &str) -> &mut Instance {
        &mut self.cluster.instances.get_mut(name).unwrap().conf
    }

    /// A node's role becomes another one.
    pub fn role(&mut self, name: &str, role: &str) {
        let node = self.cluster.nodes.get_mut(name).unwrap();
        node.conf.as_mut().unwrap().role = role.into();
    }

    /// The link to a node is lost, so and so many seconds ago.
    pub fn lose(&mut self, name: &str, seconds: u64) {
        crate::planner::fixture::lose(&mut self.cluster, name);
        let now = self.cluster.now.at.0 / 1_000;
        at(&mut self.cluster, now + seconds);
    }

    /// What would come of it.
    pub fn forecast(&self, operations: &[gantry_wire::operation::Operation]) -> Told {
        let pairs = pairs(&self.cluster);
        let present = Present::of(&self.cluster);
        let world = World {
            cluster: &self.cluster,
            present: present.as_ref().ok(),
            pairs: &pairs,
        };
        Told(forecast(operations, &world))
    }

    /// The form of something done to an instance.
    pub fn form(&self, kind: Kind, name: &str) -> Form {
        Form::new(kind, Object::Instance(name.into()), &self.cluster).unwrap()
    }

    /// What would come of what is done to an instance, with these fields set.
    pub fn of(&self, kind: Kind, name: &str, set: &[(&str, &str)]) -> Told {
        self.of_object(kind, Object::Instance(name.into()), set)
    }

    /// The same of a node.
    pub fn of_node(&self, kind: Kind, name: &str, set: &[(&str, &str)]) -> Told {
        self.of_object(kind, Object::Node(name.into()), set)
    }

    /// The same of anything.
    pub fn of_object(&self, kind: Kind, object: Object, set: &[(&str, &str)]) -> Told {
        let mut form = Form::new(kind, object, &self.cluster).unwrap();
        for (name, text) in set {
            form.set(name, text).unwrap();
        }
        self.forecast(&[form.operation().unwrap()])
    }
}

/// A job with one opcode.
pub fn job(id: u64, status: &str, summary: &str) -> Job {
    let op = Op {
        summary: summary.into(),
        status: status.into(),
        ..Op::default()
    };
    let line = LogLine {
        text: "syncing 34%".into(),
        ..LogLine::default()
    };
    Job {
        id,
        status: status.into(),
        ops: vec![op],
        last_line: (status == "running").then_some(line),
        ..Job::default()
    }
}

/// A forecast that is looked at.
pub struct Told(pub Forecast);

impl Told {
    /// The first line that has these words in it.
    pub fn line(&self, words: &str) -> Option<&Line> {
        let text = |line: &Line| format!("{}: {}", line.label, line.text);
        self.0.lines.iter().find(|line| text(line).contains(words))
    }

    /// It says these words in this tone.
    #[track_caller]
    pub fn says(&self, words: &str, tone: Tone) -> &Told {
        match self.line(words) {
            Some(line) => assert_eq!(line.tone, tone, "{line:?}"),
            None => panic!("{words:?} is not in {:#?}", self.0),
        }
        self
    }

    /// It does not say these words.
    #[track_caller]
    pub fn says_not(&self, words: &str) -> &Told {
        assert_eq!(self.line(words), None, "{:#?}", self.0);
        self
    }

    /// It is refused, and these words are in why.
    #[track_caller]
    pub fn refused(&self, words: &str) -> &Told {
        let refused = self.0.refused.as_deref().unwrap_or("not refused");
        assert!(refused.contains(words), "{words:?} is not in {:#?}", self.0);
        self
    }

    /// It is not refused, and does something.
    #[track_caller]
    pub fn goes(&self) -> &Told {
        assert_eq!(
            (&self.0.refused, &self.0.nothing),
            (&None, &None),
            "{:#?}",
            self.0
        );
        self
    }

    /// It would do nothing, and these words are in why.
    #[track_caller]
    pub fn idle(&self, words: &str) -> &Told {
        let nothing = self.0.nothing.as_deref().unwrap_or("does something");
        assert!(nothing.contains(words), "{words:?} is not in {:#?}", self.0);
        self
    }
}

/// An instance policy as Ganeti writes it.
fn ipolicy(memory: u64) -> serde_json::Value {
    let spec = |memory: u64, n: u64| {
        json!({"memory-size": memory, "cpu-count": n, "disk-size": 1024 * n * n, "disk-count": n,
               "nic-count": n, "spindle-use": n})
    };
    let all = [
        "diskless",
        "file",
        "sharedfile",
        "plain",
        "blockdev",
        "drbd",
        "rbd",
        "ext",
    ];
    json!({"minmax": [{"min": spec(128, 1), "max": spec(memory, 16)}], "std": spec(128, 1),
           "disk-templates": all, "vcpu-ratio": 4.0, "spindle-ratio": 32.0})
}

fn configure(cluster: &mut Cluster) {
    let node = |name: &str| Node {
        name: name.into(),
        group: if name == "node9" { "small" } else { "default" }.into(),
        role: match name {
            "node1" => "M",
            "node7" | "node9" => "R",
            _ => "C",
        }
        .into(),
        master_capable: true,
        vm_capable: true,
        spindle_count: 1,
        cpu_speed: 1.0,
        tags: vec!["rack:1".into()],
        ..Node::default()
    };
    let group = |name: &str, memory: u64| Group {
        name: name.into(),
        uuid: format!("uuid-{name}"),
        alloc_policy: "preferred".into(),
        ipolicy: ipolicy(memory),
        tags: Vec::new(),
    };
    let conf = config::Cluster {
        name: "there".into(),
        software_version: "3.0.2".into(),
        hypervisors: vec!["kvm".into()],
        volume_group: "xenvg".into(),
        disk_templates: vec!["drbd".into(), "plain".into(), "rbd".into()],
        candidate_pool_size: 3,
        max_running_jobs: 20,
        default_iallocator: "hail".into(),
        ipolicy: ipolicy(32_768),
        ..config::Cluster::default()
    };
    let part = ConfigPart {
        whole: true,
        last: true,
        source: Source::Luxi,
        cluster: Some(Box::new(conf)),
        groups: vec![group("default", 32_768), group("small", 1_024)],
        nodes: NODES.map(node).into(),
        instances: INSTANCES.iter().map(instance).collect(),
        ..ConfigPart::default()
    };
    cluster.report("node1", Report::Config(Box::new(part)));
}

fn instance(row: &(&str, &str, &[&str], u64, &str)) -> Instance {
    let (name, template, nodes, memory, state) = *row;
    let minor = match name {
        "web7" => 14,
        "db2" => 20,
        _ => 30,
    };
    let volume = |kind: &str, size| Volume {
        vg: "xenvg".into(),
        name: format!("{name}.disk0_{kind}"),
        size,
    };
    let end = |node: &&str| DrbdEnd {
        node: (*node).into(),
        minor,
    };
    let layout = Layout {
        ends: nodes.iter().map(end).collect(),
        port: 11_000 + minor as u16,
        data: Some(volume("data", 10_240)),
        meta: Some(volume("meta", 128)),
        path: String::new(),
    };
    Instance {
        name: name.into(),
        primary: nodes[0].into(),
        secondaries: nodes[1..].iter().map(|it| (*it).into()).collect(),
        admin_state: state.into(),
        admin_state_source: "admin".into(),
        hypervisor: "kvm".into(),
        disk_template: template.into(),
        disks: vec![Disk {
            size: 10_240,
            template: template.into(),
            layout: (template == "drbd").then(|| Box::new(layout)),
            ..Disk::default()
        }],
        vcpus: 2,
        minmem: memory / 2,
        maxmem: memory,
        auto_balance: true,
        spindle_use: 1,
        disks_active: state == "up",
        ..Instance::default()
    }
}
