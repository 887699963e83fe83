//! The simulated cluster as all sessions share it: behind a lock, with a clock and with faults.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use gantry_agent::session::Moment;
use tokio::sync::watch;

use crate::act::Book;
use crate::sim::Cluster;
use crate::sim::node::NodeId;

/// How a node's line to the world is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The node is off: connections are cut, new ones are refused.
    pub off: bool,
    /// The node is cut off: connections are cut, new ones get no answer.
    pub cut_off: bool,
    /// Nothing goes in or out, and nothing is cut: as when packets are lost.
    pub hangs: bool,
    /// Bytes a second that go out at most.
    pub bytes_per_second: Option<u64>,
    /// The agent writes what is no frame.
    pub garbage: bool,
    /// There is no agent on this node.
    pub no_agent: bool,
    /// The agent may not do what needs root.
    pub no_root: bool,
    /// The node's wall clock is ahead of the cluster's by so much, ms.
    pub clock_ahead_ms: i64,
}

impl Health {
    /// Whether connections to the node end.
    pub fn is_down(&self) -> bool {
        self.off || self.cut_off
    }
}

/// How time goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many times as fast as real time.
    Times(f64),
    /// It stands still, but for [`World::advance`].
    Frozen,
}

/// What all sessions share.
pub struct World {
    cluster: Mutex<Cluster>,
    began: Instant,
    pace: Pace,
    health: Vec<watch::Sender<Health>>,
    /// What the nodes have recorded of changes.
    pub(crate) book: Mutex<Book>,
    /// Agents that consoles copied to nodes.
    copies: Mutex<BTreeSet<(NodeId, String)>>,
    /// The cluster's `known_hosts`, as Ganeti keeps it.
    pub known_hosts: String,
}

impl World {
    /// A cluster whose time begins now.
    pub fn new(cluster: Cluster, pace: Pace, known_hosts: String) -> Arc<World> {
        let health = cluster.nodes.iter().map(|_| watch::Sender::default());
        let world = World {
            health: health.collect(),
            cluster: Mutex::new(cluster),
            began: Instant::now(),
            pace,
            book: Mutex::default(),
            copies: Mutex::default(),
            known_hosts,
        };
        world.look();
        Arc::new(world)
    }

    /// The cluster as it is this moment.
    pub fn cluster(&self) -> MutexGuard<'_, Cluster> {
        let mut cluster = self.lock();
        if let Pace::Times(speed) = self.pace {
            let passed = self.began.elapsed().as_millis() as f64 * speed;
            let now = cluster.options.epoch_ms + passed as u64;
            cluster.advance(now);
        }
        cluster
    }

    fn lock(&self) -> MutexGuard<'_, Cluster> {
        // A test that failed with the lock held shall not hide its reason behind others.
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This moment by a node's clocks: real time for what must keep to it, and the cluster's own
    /// wall clock, by which jobs and boots are dated.
    pub fn moment(&self, node: NodeId) -> Moment {
        let health = self.health.get(node).map(|health| *health.borrow());
        let ahead = health.unwrap_or_default().clock_ahead_ms;
        let wall_ms = match self.pace {
            Pace::Times(_) => self.cluster().now,
            Pace::Frozen => wall_clock_ms(),
        };
        Moment {
            mono_ms: self.began.elapsed().as_millis() as u64,
            wall_ms: wall_ms.saturating_add_signed(ahead),
        }
    }

    /// Whether time goes by itself.
    pub fn moves(&self) -> bool {
        self.pace != Pace::Frozen
    }

    /// Lets the cluster's time pass, for a frozen one.
    pub fn advance(&self, ms: u64) {
        {
            let mut cluster = self.lock();
            let to = cluster.now + ms;
            cluster.advance(to);
        }
        self.look();
    }

    /// Changes the cluster, and its nodes' lines as far as they depend on it.
    pub fn change<T>(&self, change: impl FnOnce(&mut Cluster) -> T) -> T {
        let answer = change(&mut self.cluster());
        self.look();
        answer
    }

    /// Makes the lines follow the cluster: a node that is lost in it is lost to its consoles.
    pub fn look(&self) {
        use crate::sim::node::Outage;
        let cluster = self.cluster();
        for (node, health) in cluster.nodes.iter().zip(&self.health) {
            let outage = node.outage.map(|(outage, _)| outage);
            let off = outage == Some(Outage::Power) || (outage.is_none() && !node.is_reachable());
            let cut_off = outage == Some(Outage::Network);
            health.send_if_modified(|health| {
                let changed = (health.off, health.cut_off) != (off, cut_off);
                (health.off, health.cut_off) = (off, cut_off);
                changed
            });
        }
    }

    /// Changes a node's line in other ways.
    pub fn set_health(&self, node: NodeId, change: impl FnOnce(&mut Health)) {
        if let Some(health) = self.health.get(node) {
            health.send_modify(change);
        }
    }

    /// An agent was copied to a node.
    pub fn keep_copy(&self, node: NodeId, place: String) {
        let copies = self.copies.lock();
        copies
            .unwrap_or_else(PoisonError::into_inner)
            .insert((node, place));
    }

    /// Whether an agent was copied to that place on a node.
    pub fn has_copy(&self, node: NodeId, place: &str) -> bool {
        let copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        copies.contains(&(node, place.to_owned()))
    }

    /// A node's line, to be watched; one that is off for a node that is not.
    pub fn health(&self, node: NodeId) -> watch::Receiver<Health> {
        match self.health.get(node) {
            Some(health) => health.subscribe(),
            None => watch::Sender::new(Health {
                off: true,
                ..Health::default()
            })
            .subscribe(),
        }
    }
}

/// Milliseconds since the epoch.
pub fn wall_clock_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
