//! What a step asks for as the cluster is now.

mod instance;
mod node;

use crate::action::forecast::World;
use crate::action::form::{Kind, Object};
use crate::model::{Instance, Name};

use super::run::Run;
use super::step::Step;

/// What a step asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Due {
    /// Operations, to be confirmed.
    Ask(Wanted),
    /// Something that the operator does: sentences on what.
    Hand(Vec<String>),
    /// A half to be kept: what is known of the primary's and of the secondary's.
    Choose([String; 2]),
    /// That something becomes so.
    Wait(String),
    /// Nothing: it is so, or there is nothing to be done.
    So(String),
    /// It cannot be done as things are, and why.
    Stuck(String),
}

/// Operations of one kind on one object or more.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Which.
    pub kind: Kind,
    /// On what; there is at least one.
    pub objects: Vec<Object>,
    /// Parameters that are not at their defaults, where an operation has them.
    pub set: Vec<(&'static str, String)>,
    /// The operator has to say first that this node is powered off.
    pub proof: Option<Name>,
}

/// What a step asks for.
pub fn due(step: Step, run: &Run, world: &World) -> Due {
    let cluster = world.cluster;
    if cluster.conf_seen.is_none() {
        return Due::Wait("the configuration is not known yet".to_owned());
    }
    match &run.subject {
        Object::Node(name) => match cluster.nodes.get(name).filter(|it| it.conf.is_some()) {
            Some(node) => node::of_node(step, run, node, world),
            None if step == Step::RemoveNode => Due::So(format!("{name} is gone")),
            None => Due::Stuck(format!("there is no node {name} any more")),
        },
        Object::Instance(name) => match cluster.instances.get(name) {
            Some(instance) => instance::of_instance(step, run, instance, world),
            None => Due::Stuck(format!("there is no instance {name} any more")),
        },
        _ => Due::Stuck("it is about nothing that has steps".to_owned()),
    }
}

fn ask(kind: Kind, objects: Vec<Object>, set: Vec<(&'static str, String)>) -> Due {
    Due::Ask(Wanted {
        kind,
        objects,
        set,
        proof: None,
    })
}

/// The same done to each of these, if there are any.
fn some(instances: Vec<&Instance>, kind: Kind, none: &str) -> Due {
    if instances.is_empty() {
        return Due::So(none.to_owned());
    }
    let objects = instances.iter().map(|it| Object::Instance(it.name.clone()));
    ask(kind, objects.collect(), Vec::new())
}

fn gated(gate: Result<String, String>) -> Due {
    match gate {
        Ok(so) => Due::So(so),
        Err(waits) => Due::Wait(waits),
    }
}
