//! The only door to a change: whoever wants one asks the guard for a permit, and without a permit
//! there is no request that could be sent.
//!
//! The agent checks every request itself. The guard is here so that what would be refused is shown
//! as such beforehand, and so that a console that was told to read only cannot even ask.

use gantry_wire::act::{Act, ActId, Expect};
use gantry_wire::operation::{BadField, Operation, Permission};
use gantry_wire::report::Hello;

use crate::model::Cluster;

/// Knows what may be asked for: by the console's own flag and by the word of the agent that is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    read_only: bool,
    agent: Option<Agent>,
    /// Not the master is asked, but this node.
    own_node: Option<String>,
}

/// What the agent on the master said of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Agent {
    node: String,
    version: String,
    name: String,
    read_only: bool,
    permits: Vec<String>,
}

impl Guard {
    /// With the console's own flag, and the greeting of the agent on the master if there is one.
    pub fn new(read_only: bool, master: Option<&Hello>) -> Guard {
        let agent = master.map(|hello| Agent {
            node: hello.node.clone(),
            version: hello.version.clone(),
            name: hello.name.clone(),
            read_only: hello.read_only,
            permits: hello.permits.clone(),
        });
        Guard {
            read_only,
            agent,
            own_node: None,
        }
    }

    /// The same of a cluster's present master.
    pub fn of(read_only: bool, cluster: &Cluster) -> Guard {
        let master = cluster.nodes.get(cluster.master());
        let master = master.filter(|node| cluster.master_serves() && node.reach.is_up());
        Guard::new(read_only, master.and_then(|node| node.agent.as_ref()))
    }

    /// Knows what may be asked for of whoever is asked for this: a node's own agent, or the master's.
    pub fn asked_for(&self, operation: &Operation, cluster: &Cluster) -> Guard {
        let Some(name) = operation.own_node() else {
            return self.clone();
        };
        let node = cluster.nodes.get(name).filter(|node| node.reach.is_up());
        Guard {
            own_node: Some(name.to_owned()),
            ..Guard::new(self.read_only, node.and_then(|node| node.agent.as_ref()))
        }
    }

    /// Nothing may be asked for from this console.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Gives out a permit for one request.
    ///
    /// # Errors
    /// Why it may not be asked for.
    pub fn permit(&self, operation: &Operation) -> Result<Permit, Denied> {
        let permission = operation.permission();
        self.may(permission)?;
        Ok(Permit { permission })
    }

    /// Whether something may be asked for, so that a menu can say why not.
    ///
    /// # Errors
    /// Why not.
    pub fn may(&self, permission: Permission) -> Result<(), Denied> {
        self.may_any()?;
        let Some(agent) = &self.agent else {
            return Ok(());
        };
        let given = agent.permits.iter().any(|word| word == permission.word());
        if given {
            return Ok(());
        }
        let whose = match agent.name.as_str() {
            "" => "this key".to_owned(),
            name => format!("this key (as {name:?})"),
        };
        let node = &agent.node;
        Err(Denied(format!(
            "{whose} is not permitted {permission} on {node}"
        )))
    }

    /// Whether anything at all may be asked for.
    ///
    /// # Errors
    /// Why not.
    pub fn may_any(&self) -> Result<(), Denied> {
        if self.read_only {
            let why = "this console was started read-only (--read-only)";
            return Err(Denied(why.to_owned()));
        }
        let Some(agent) = &self.agent else {
            return Err(Denied(match &self.own_node {
                Some(node) => format!("no agent on {node} answers, and it does this itself"),
                None => {
                    let why = "no agent on the master answers, and only the master takes changes";
                    why.to_owned()
                }
            }));
        };
        let node = &agent.node;
        if agent.read_only {
            let why = match agent.name.as_str() {
                "" => format!("the agent on {node} lets this key read only"),
                name => format!("the agent on {node} lets this key read only (as {name:?})"),
            };
            return Err(Denied(why));
        }
        if agent.permits.is_empty() {
            let version = &agent.version;
            let why = format!("the agent on {node} (version {version}) permits no change at all");
            return Err(Denied(why));
        }
        Ok(())
    }
}

/// Leave to ask for one change. Only the guard makes one, and a request uses it up.
#[derive(Debug)]
pub struct Permit {
    permission: Permission,
}

/// Why something may not be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied(String);

impl std::fmt::Display for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Denied {}

/// A change as it may be sent. There is no other way to one than [`Request::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request(Act);

impl Request {
    /// Makes a request of it, with all fields looked at.
    ///
    /// # Errors
    /// The first field that cannot be so, or that the permit was given for something else.
    pub fn new(
        permit: Permit,
        id: ActId,
        operation: Operation,
        expect: Expect,
        reason: &str,
        operator: &str,
    ) -> Result<Request, BadField> {
        let wanted = operation.permission();
        let Permit { permission } = permit;
        if permission != wanted {
            let why = format!("wants the permission {wanted}, and {permission} was given");
            return Err(BadField::new("operation", why));
        }
        let act = Act {
            id,
            operation,
            expect,
            reason: reason.trim().to_owned(),
            operator: operator.to_owned(),
        };
        act.check()?;
        Ok(Request(act))
    }

    /// What is asked for.
    pub fn act(&self) -> &Act {
        &self.0
    }
}

#[cfg(test)]
mod tests;
