//! LUXI's live queries, for what no agent can read. Each causes RPC to nodes and lasts as long as
//! the slowest of them: they have a thread and a connection of their own, and are asked one by one.

use std::time::Duration;

use gantry_wire::Report;
use gantry_wire::live::{Live, LiveInstance, LiveNode};
use serde_json::{Value, json};

use super::Order;
use super::problems::Problems;
use crate::luxi::row::status;
use crate::luxi::{Client, Error, Row};
use crate::place::Place;
use crate::probe::guests::KVM;
use crate::session::Moment;

/// From the end of a query of instances to the next, milliseconds.
const INSTANCES_MS: u64 = 30_000;
/// From the end of a query of nodes to the next, milliseconds.
const NODES_MS: u64 = 60_000;
/// RPC to a node that hangs takes luxid 60 s, and its own limit is 180 s.
const PATIENCE: Duration = Duration::from_secs(200);

const INSTANCE_FIELDS: &[&str] = &["name", "status", "oper_ram", "oper_vcpus"];
const NODE_FIELDS: &[&str] = &[
    "name", "mtotal", "mfree", "mnode", "dtotal", "dfree", "ctotal", "cnos", "sptotal", "spfree",
];

/// Asks when it is time.
#[derive(Debug)]
pub struct Asker {
    client: Client,
    instances_due_ms: u64,
    nodes_due_ms: u64,
    nodes_asked: Vec<String>,
    problems: Problems,
}

impl Asker {
    /// One that has asked nothing yet.
    pub fn new(place: &Place) -> Asker {
        Asker {
            client: Client::new(place.run("socket/ganeti-query"), PATIENCE),
            instances_due_ms: 0,
            nodes_due_ms: 0,
            nodes_asked: Vec::new(),
            problems: Problems::default(),
        }
    }

    /// Asks what is due; gives the answer and any trouble to `tell`. `clock` has the time
    /// whenever it is needed, for a query may take minutes.
    pub fn round(
        &mut self,
        order: &Order,
        clock: impl Fn() -> Moment,
        tell: &mut dyn FnMut(Report),
    ) {
        if !order.is_master() {
            self.client.close();
            return;
        }
        if order.wants_status() && clock().mono_ms >= self.instances_due_ms {
            let answer = instances(&mut self.client);
            self.report("status", answer, clock(), tell);
            self.instances_due_ms = clock().mono_ms + INSTANCES_MS;
        }
        if order.watch.live_nodes != self.nodes_asked {
            self.nodes_asked.clone_from(&order.watch.live_nodes);
            self.nodes_due_ms = 0;
        }
        if !self.nodes_asked.is_empty() && clock().mono_ms >= self.nodes_due_ms {
            let answer = nodes(&mut self.client, &self.nodes_asked);
            self.report("nodes", answer, clock(), tell);
            self.nodes_due_ms = clock().mono_ms + NODES_MS;
        }
    }

    fn report(
        &mut self,
        what: &str,
        answer: Result<Live, Error>,
        now: Moment,
        tell: &mut dyn FnMut(Report),
    ) {
        let about = format!("live {what}");
        let trouble = answer.as_ref().err().map(ToString::to_string);
        if let Some(problem) = self.problems.news(&about, trouble) {
            tell(problem);
        }
        if let Ok(live) = answer {
            tell(Report::Live(Box::new(Live {
                at: now.wall_ms as f64 / 1000.0,
                ..live
            })));
        }
    }
}

/// The state of all instances that no agent can read.
fn instances(client: &mut Client) -> Result<Live, Error> {
    let filter = json!(["!", ["=", "hypervisor", KVM]]);
    let mut live = Live::default();
    client.query("instance", INSTANCE_FIELDS, &filter, |row| {
        live.instances.push(instance(&row));
    })?;
    Ok(live)
}

fn instance(row: &Row<'_>) -> LiveInstance {
    LiveInstance {
        name: row.text("name"),
        status: row.text("status"),
        memory: row.number("oper_ram"),
        vcpus: row.number("oper_vcpus"),
    }
}

/// The figures of these nodes.
fn nodes(client: &mut Client, names: &[String]) -> Result<Live, Error> {
    let any: Vec<Value> = names
        .iter()
        .map(|name| json!(["=", "name", name]))
        .collect();
    let mut anyone = vec![json!("|")];
    anyone.extend(any);
    // Within an `&` a name that the cluster does not know is no error.
    let filter = json!(["&", anyone]);
    let mut live = Live::default();
    client.query("node", NODE_FIELDS, &filter, |row| {
        live.nodes.push(node(&row));
    })?;
    Ok(live)
}

fn node(row: &Row<'_>) -> LiveNode {
    LiveNode {
        name: row.text("name"),
        failed: row.status("mtotal") == status::NO_DATA,
        memory_total: row.number("mtotal"),
        memory_free: row.number("mfree"),
        memory_node: row.number("mnode"),
        disk_total: row.number("dtotal"),
        disk_free: row.number("dfree"),
        cpus: row.number("ctotal"),
        cpus_node: row.number("cnos"),
        spindles_total: row.number("sptotal"),
        spindles_free: row.number("spfree"),
    }
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
