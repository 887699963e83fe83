//! A Ganeti cluster that exists only as numbers.
//!
//! Pure and repeatable: no clock, no threads, no I/O. Time is the cluster's own wall clock in
//! milliseconds since the epoch and moves only in [`Cluster::advance`]; the same [`Options`] give
//! the same days, however time is cut into steps.

mod asked;
mod build;
pub mod chance;
pub mod drbd;
mod effect;
pub mod facts;
pub mod instance;
pub mod job;
mod layout;
mod life;
pub mod load;
pub mod luxi;
pub mod node;
mod oddity;
pub mod opcode;
mod script;
pub mod storage;
mod story;
#[cfg(test)]
mod tests;
pub mod trouble;
mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use chance::Chance;
use drbd::mirror::Hold;
use instance::{Instance, InstanceId};
use job::Queue;
use life::Kind;
use node::{Node, NodeId, Role};
use oddity::{Oddities, Stray};
use trouble::{LEAD, LONG, Story};

/// How long the cluster has lived before anybody looks, ms: its queue then has a past.
const PRELUDE: u64 = 3_600_000;

/// What cluster to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many nodes; at least one.
    pub nodes: usize,
    /// How many instances.
    pub instances: usize,
    /// Another seed, another cluster and other days.
    pub seed: u64,
    /// Nothing happens by itself: no jobs, no accidents. Loads still move.
    pub calm: bool,
    /// This happens and nothing else, and has begun when somebody first looks.
    pub story: Option<Story>,
    /// The cluster's clock when somebody first looks, ms since the epoch.
    pub epoch_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            nodes: 12,
            instances: 60,
            seed: 1,
            calm: false,
            story: None,
            epoch_ms: 1_790_000_000_000,
        }
    }
}

/// A node group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Name.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Revision of the configuration in which it last changed.
    pub changed: u64,
}

/// Something that is due at a certain time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    /// Jobs may have their turn.
    Pick,
    /// A running job's next step.
    Step(u64),
    /// A resync may be over.
    Synced(InstanceId),
    /// A resync stands still, held back or not.
    Halt(InstanceId, Option<Hold>),
    /// Somebody puts a mirror right.
    Mend(InstanceId),
    /// A story begins that was asked for.
    Begin(Story),
    /// LVM's programs answer again on a node.
    VgsBack(NodeId),
    /// The watcher runs.
    Watcher,
    /// A beat of the story that a newcomer sees.
    Story(story::Beat),
    /// Something that happens now and then.
    Life(Kind),
    /// A lost node comes back.
    Back(NodeId),
    /// An operator sees that a node stays away.
    GiveUp(NodeId),
    /// Work on a drained node is over.
    Undrain(NodeId),
}

/// The simulated cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// What was asked for.
    pub options: Options,
    /// The cluster's clock, ms since the epoch.
    pub now: u64,
    /// Name.
    pub name: String,
    /// UUID.
    pub uuid: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Revision of the configuration in which they last changed.
    pub tags_changed: u64,
    /// Node groups.
    pub groups: Vec<Group>,
    /// Nodes.
    pub nodes: Vec<Node>,
    /// Instances.
    pub instances: BTreeMap<InstanceId, Instance>,
    /// Jobs.
    pub queue: Queue,
    /// Until when the watcher does nothing, cluster's clock, ms.
    pub watcher_paused_until: Option<u64>,
    /// Counts up with each change of the configuration.
    pub revision: u64,
    /// When the configuration was last written, cluster's clock, ms.
    pub config_written: u64,
    /// When ssconf was last written, cluster's clock, ms.
    pub ssconf_written: u64,
    /// Where each node's sshd listens; empty outside of a server.
    pub addresses: Vec<SocketAddr>,
    /// Instances whose serial consoles are open: each serves one at a time.
    pub consoles: BTreeSet<String>,
    /// What is strange about the storage of some nodes.
    oddities: Oddities,
    /// Logical volumes that no disk has.
    strays: Vec<Stray>,
    /// Names of instances that were removed.
    removed: BTreeMap<InstanceId, String>,
    next_instance: InstanceId,
    watcher_runs: u64,
    due: BTreeMap<(u64, u64), Event>,
    events: u64,
    chance: Chance,
}

impl Cluster {
    /// The cluster at the moment when somebody first looks.
    pub fn new(options: Options) -> Self {
        let options = Options {
            nodes: options.nodes.max(1),
            ..options
        };
        let mut chance = Chance::new(options.seed);
        let groups = build::groups(options.nodes, &mut chance);
        let mut nodes = build::nodes(&options, groups.len(), &mut chance);
        let instances = build::instances(&options, &mut nodes, &mut chance);
        build::equip(&mut nodes, &instances, groups.len());
        let mut oddities = Oddities::of(&options, &nodes);
        oddities.lose_volume(&instances);
        let strays = oddities
            .orphans
            .map(|node| oddity::orphans(node, options.seed));
        let started = options.epoch_ms.saturating_sub(PRELUDE);
        let mut cluster = Cluster {
            now: started,
            name: "demo.example.test".to_owned(),
            uuid: chance.uuid(),
            tags: vec!["demo".to_owned()],
            tags_changed: 0,
            groups,
            nodes,
            next_instance: instances.len() as InstanceId,
            instances,
            queue: Queue::default(),
            watcher_paused_until: None,
            revision: 1,
            config_written: started,
            ssconf_written: started,
            consoles: BTreeSet::new(),
            addresses: Vec::new(),
            oddities,
            strays: strays.unwrap_or_default(),
            removed: BTreeMap::new(),
            watcher_runs: 0,
            due: BTreeMap::new(),
            events: 0,
            chance,
            options,
        };
        if let Some(story) = cluster.options.story {
            cluster.begin_watch();
            cluster.after(PRELUDE - LEAD, Event::Begin(story));
        } else if !cluster.options.calm {
            cluster.begin_life();
            cluster.begin_story();
        }
        cluster.advance(cluster.options.epoch_ms);
        cluster
    }

    /// Lets everything happen that is due up to this moment of the cluster's clock. Time does not
    /// run backwards: an earlier moment changes nothing.
    pub fn advance(&mut self, to_ms: u64) {
        while let Some((&(at, number), _)) = self.due.first_key_value() {
            if at > to_ms {
                break;
            }
            let Some(event) = self.due.remove(&(at, number)) else {
                break;
            };
            self.now = at;
            self.happen(event);
        }
        self.now = self.now.max(to_ms);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Pick => self.pick_jobs(),
            Event::Step(job) => self.step_job(job),
            Event::Synced(instance) => self.synced(instance),
            Event::Halt(instance, hold) => self.halt(instance, hold),
            Event::Mend(instance) => self.mend(instance),
            Event::Begin(story) => self.tell(story, LONG),
            Event::VgsBack(node) => self.set_vgs_hang(node, false),
            Event::Watcher => self.run_watcher(),
            Event::Story(beat) => self.play(beat),
            Event::Life(kind) => self.live(kind),
            Event::Back(node) => self.regain(node),
            Event::GiveUp(node) => self.give_up(node),
            Event::Undrain(node) => self.undrain(node),
        }
    }

    /// The configuration changes; the answer is its new revision.
    fn write_config(&mut self) -> u64 {
        self.revision += 1;
        self.config_written = self.now;
        self.revision
    }

    /// Something is due in so many ms. Events of one moment happen in the order in which they
    /// were asked for.
    fn after(&mut self, wait_ms: u64, event: Event) {
        self.events += 1;
        self.due.insert((self.now + wait_ms, self.events), event);
    }

    /// A node's full name.
    pub fn node_name(&self, node: NodeId) -> &str {
        self.nodes.get(node).map_or("?", |node| &node.name)
    }

    /// An instance's full name.
    pub fn instance_name(&self, instance: InstanceId) -> &str {
        self.instances.get(&instance).map_or("?", |i| &i.name)
    }

    /// The name that a removed instance had, while it is remembered.
    pub fn removed_name(&self, instance: InstanceId) -> Option<&str> {
        self.removed.get(&instance).map(String::as_str)
    }

    /// A group's name.
    pub fn group_name(&self, group: usize) -> &str {
        self.groups.get(group).map_or("?", |group| &group.name)
    }

    /// A group's UUID.
    pub fn group_uuid(&self, group: usize) -> &str {
        self.groups.get(group).map_or("?", |group| &group.uuid)
    }

    /// An instance's nodes, primary first.
    pub fn instance_nodes(&self, instance: InstanceId) -> Vec<NodeId> {
        let found = self.instances.get(&instance);
        found.map(|i| i.nodes().collect()).unwrap_or_default()
    }

    /// The master node.
    pub fn master(&self) -> NodeId {
        let master = |node: &Node| node.role == Role::Master;
        self.nodes.iter().position(master).unwrap_or(0)
    }

    /// Whether a node answers.
    pub fn answers(&self, node: NodeId) -> bool {
        self.nodes.get(node).is_some_and(Node::answers)
    }

    /// Whether a node can be reached.
    pub fn is_reachable(&self, node: NodeId) -> bool {
        self.nodes.get(node).is_some_and(Node::is_reachable)
    }

    /// Whether luxid can be reached.
    pub fn master_answers(&self) -> bool {
        let master = self.nodes.get(self.master());
        master.is_some_and(|node| node.is_reachable() && !node.stopped.contains("ganeti-luxid"))
    }

    /// The processes of guests on a node: the instances that run there, and those whose memory it
    /// receives.
    pub fn guests(&self, node: NodeId) -> impl Iterator<Item = (InstanceId, &Instance)> {
        let node_id = node;
        let node = self.nodes.get(node);
        let here = node.into_iter().flat_map(|node| &node.primaries);
        let to_come = node.into_iter().flat_map(|node| &node.secondaries);
        let get = |id: &InstanceId| self.instances.get(id).map(|instance| (*id, instance));
        here.filter_map(get)
            .filter(|(_, instance)| instance.runs())
            .chain(
                to_come
                    .filter_map(get)
                    .filter(move |(_, instance)| instance.incoming == Some(node_id)),
            )
    }

    /// Memory that is not promised to any guest on a node, MiB.
    pub fn uncommitted(&self, node: NodeId) -> u64 {
        let promised: u64 = self.guests(node).map(|(_, i)| i.memory).sum();
        self.nodes.get(node).map_or(0, |node| {
            node.memory.saturating_sub(node.own_memory + promised)
        })
    }

    /// Memory that would be left on a node if all its instances ran, MiB.
    pub fn room(&self, node: NodeId) -> u64 {
        let Some(found) = self.nodes.get(node) else {
            return 0;
        };
        let home = found
            .primaries
            .iter()
            .filter_map(|id| self.instances.get(id));
        let coming = self.guests(node).filter(|(_, i)| i.incoming == Some(node));
        let promised: u64 = home.map(|i| i.memory).sum::<u64>()
            + coming.map(|(_, instance)| instance.memory).sum::<u64>();
        found.memory.saturating_sub(found.own_memory + promised)
    }

    /// Makes another node the master, as `gnt-cluster master-failover` on it does.
    pub fn master_failover(&mut self, to: NodeId) {
        let old = self.master();
        if old != to && self.nodes.get(to).is_some() {
            self.jobs_die();
            self.set_role(old, Role::Candidate);
            self.set_role(to, Role::Master);
        }
    }

    /// Stops one of Ganeti's daemons on a node, or starts it again.
    pub fn set_daemon(&mut self, node: NodeId, daemon: &str, runs: bool) {
        let had_master = self.master_answers();
        if let Some(found) = self.nodes.get_mut(node) {
            match runs {
                true => found.stopped.remove(daemon),
                false => found.stopped.insert(daemon.to_owned()),
            };
        }
        if had_master && !self.master_answers() {
            self.jobs_die();
        }
    }
}

/// Seconds since the epoch, as LUXI writes times.
pub fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// The name without its domain.
pub fn short(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}
