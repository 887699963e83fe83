//! Acting on the simulated cluster, through the agent's own code.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use gantry_agent::act::command::{Commands, Course};
use gantry_agent::act::deed::{Progress, Tools};
use gantry_agent::act::luxid::{Luxid, Search};
use gantry_agent::act::permits::Permits;
use gantry_agent::act::record::{Owner, Record, Records};
use gantry_agent::luxi::Error;
use gantry_agent::session::{Moment, Wish};
use gantry_wire::act::{ActId, Outcome};
use gantry_wire::operation::NodeCommand;
use serde_json::Value;

use crate::sim::node::{NodeId, Role};
use crate::world::World;

/// What the nodes have recorded of changes.
pub type Book = BTreeMap<(NodeId, ActId), Record>;

/// Does what a console wants on a node, at once.
pub fn grant(
    world: &Arc<World>,
    node: NodeId,
    permits: &Permits,
    wish: Wish,
    now: Moment,
) -> Outcome {
    // Jobs and pauses are dated by the cluster's own clock.
    let now = Moment {
        wall_ms: world.cluster().now,
        ..now
    };
    let mut tools = Tools {
        luxid: &mut Simulated {
            world: Arc::clone(world),
            node,
        },
        commands: &mut Alone {
            world: Arc::clone(world),
            node,
        },
        records: &mut Page {
            world: Arc::clone(world),
            node,
        },
        permits,
        now: &|| now,
        is_heard: &|| true,
        // luxid does at once what it is told.
        pause: &|_| (),
    };
    let progress = match wish {
        Wish::Act(act) => tools.perform(&act),
        Wish::Recover(asked) => Progress::Open(tools.recover(&asked)),
    };
    match progress {
        Progress::Over(outcome) => outcome,
        Progress::Open(mut recovery) => recovery.look(&mut tools),
    }
}

/// luxid as a node reaches it.
struct Simulated {
    world: Arc<World>,
    node: NodeId,
}

impl Luxid for Simulated {
    fn ask(&mut self, method: &str, arguments: &Value) -> Result<Value, Error> {
        self.connect()?;
        self.tell(method, arguments)
    }

    fn connect(&mut self) -> Result<(), Error> {
        let cluster = self.world.cluster();
        if cluster.master() == self.node && cluster.master_answers() {
            Ok(())
        } else {
            Err(Error::Absent("Connection refused (os error 111)".into()))
        }
    }

    fn tell(&mut self, method: &str, arguments: &Value) -> Result<Value, Error> {
        self.world.change(|cluster| cluster.luxi(method, arguments))
    }

    fn highest_job(&mut self) -> Result<u64, String> {
        Ok(self.world.cluster().queue.last_id())
    }

    fn find_job(&mut self, id: &ActId, above: Option<u64>) -> Result<Search, String> {
        let lowest = above.map_or(0, |above| above.saturating_add(1));
        let cluster = self.world.cluster();
        let mut jobs = cluster.queue.jobs.range(lowest..);
        let job = jobs.find(|(_, job)| job.facts.reason.contains(id.as_str()));
        Ok(Search {
            job: job.map(|(id, _)| *id),
            ..Search::default()
        })
    }

    fn queue_since(&mut self) -> Option<u64> {
        // It was always there.
        Some(0)
    }

    fn elsewhere(&mut self) -> Option<String> {
        let cluster = self.world.cluster();
        let master = cluster.master();
        (master != self.node).then(|| cluster.node_name(master).to_owned())
    }
}

/// What a node does by itself: at once.
struct Alone {
    world: Arc<World>,
    node: NodeId,
}

impl Commands for Alone {
    fn node(&self) -> String {
        self.world.cluster().node_name(self.node).to_owned()
    }

    fn master(&self) -> Option<String> {
        let cluster = self.world.cluster();
        Some(cluster.node_name(cluster.master()).to_owned())
    }

    fn is_candidate(&self) -> bool {
        let cluster = self.world.cluster();
        let node = cluster.nodes.get(self.node);
        node.is_some_and(|node| node.role == Role::Candidate)
    }

    fn start(&mut self, _: &ActId, command: NodeCommand) -> Result<(), String> {
        let NodeCommand::MasterFailover { .. } = command;
        let node = self.node;
        self.world.change(|cluster| cluster.master_failover(node));
        Ok(())
    }

    fn course(&mut self, _: &ActId) -> Course {
        Course::Ended {
            status: Some(0),
            said: String::new(),
        }
    }
}

/// One node's records.
struct Page {
    world: Arc<World>,
    node: NodeId,
}

impl Page {
    fn book(&self) -> MutexGuard<'_, Book> {
        let book = self.world.book.lock();
        book.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records for Page {
    fn create(&mut self, id: &ActId, record: &Record) -> Result<Option<Record>, String> {
        let mut book = self.book();
        let key = (self.node, id.clone());
        if let Some(known) = book.get(&key) {
            return Ok(Some(known.clone()));
        }
        book.insert(key, record.clone());
        Ok(None)
    }

    fn read(&mut self, id: &ActId) -> Result<Option<Record>, String> {
        Ok(self.book().get(&(self.node, id.clone())).cloned())
    }

    fn write(&mut self, id: &ActId, record: &Record) -> Result<(), String> {
        let key = (self.node, id.clone());
        self.book().insert(key, record.clone());
        Ok(())
    }

    fn myself(&self) -> Owner {
        Owner {
            pid: 0,
            started: 0,
            boot: String::new(),
        }
    }

    /// What is begun here is over before anybody can ask.
    fn runs(&self, _: &Owner) -> bool {
        false
    }
}

#[cfg(test)]
#[path = "act_tests.rs"]
mod tests;
