//! What the operator sees of the object of an operation: the agent does nothing if it is not so any
//! more.

use gantry_wire::act::Expect;
use gantry_wire::operation::{Operation, Subject};

use crate::model::Cluster;

/// What is seen of an operation's subject.
///
/// # Errors
/// If the subject is not known.
pub fn expect(operation: &Operation, cluster: &Cluster) -> Result<Expect, String> {
    if let Operation::MasterFailover(_) = operation {
        return Ok(expect_master(cluster));
    }
    match operation.subject() {
        Subject::Instance(name) => expect_instance(name, cluster),
        Subject::Node(name) => expect_node(name, cluster),
        Subject::Cluster
        | Subject::Group(_)
        | Subject::Job(_)
        | Subject::Queue
        | Subject::Watcher => Ok(Expect::Nothing {}),
    }
}

/// Who is seen as the master.
pub(super) fn expect_master(cluster: &Cluster) -> Expect {
    Expect::Master {
        master: cluster.master().to_owned(),
    }
}

/// What is seen of an instance.
///
/// # Errors
/// If it is not known.
pub(super) fn expect_instance(name: &str, cluster: &Cluster) -> Result<Expect, String> {
    let Some(instance) = cluster.instances.get(name) else {
        return Err(format!("there is no instance {name}"));
    };
    Ok(Expect::Instance {
        primary: instance.conf.primary.clone(),
        secondaries: instance.conf.secondaries.clone(),
        admin_state: instance.conf.admin_state.clone(),
    })
}

/// What is seen of a node.
///
/// # Errors
/// If it or its flags are not known.
pub(super) fn expect_node(name: &str, cluster: &Cluster) -> Result<Expect, String> {
    let Some(node) = cluster.nodes.get(name) else {
        return Err(format!("there is no node {name}"));
    };
    let Some(conf) = &node.conf else {
        return Err(format!("the configuration of {name} is not known"));
    };
    Ok(Expect::Node {
        offline: conf.role == "O",
        drained: conf.role == "D",
        // The master is one of the candidates.
        master_candidate: matches!(conf.role.as_str(), "C" | "M"),
    })
}
