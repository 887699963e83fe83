//! What can never be done to an object, as it is configured: told before there is any form.

use crate::model::{Cluster, Instance};

use super::forecast::can_be_master;
use super::form::{Kind, Object};

/// Disk templates whose disks are on no node, so that any node can take the instance over
/// (Ganeti's `DTS_EXT_MIRROR`).
const EXTERNAL: [&str; 6] = [
    "diskless",
    "sharedfile",
    "rbd",
    "gluster",
    "blockdev",
    "ext",
];

/// Disk templates whose disks Ganeti can copy (its `DTS_COPYABLE`).
const COPYABLE: [&str; 2] = ["plain", "file"];

/// Disk templates whose disks Ganeti cannot make larger.
const FIXED: [&str; 2] = ["diskless", "blockdev"];

/// How an instance's disks can be had on another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mirror {
    /// On its secondary, by DRBD.
    Drbd,
    /// On any node: they are outside, or there are none.
    External,
}

/// How an instance's disks can be had on another node.
///
/// # Errors
/// If they cannot, or it is not known.
pub fn mirror(instance: &Instance) -> Result<Mirror, String> {
    let (name, template) = (&instance.name, instance.conf.disk_template.as_str());
    match template {
        "drbd" if instance.conf.secondaries.is_empty() => {
            Err(format!("{name} has DRBD disks but no secondary node"))
        }
        "drbd" => Ok(Mirror::Drbd),
        "" => Err(format!("the disk template of {name} is not known")),
        template if EXTERNAL.contains(&template) => Ok(Mirror::External),
        "mixed" => Err(format!(
            "{name} has disks of several templates, which Ganeti does not move"
        )),
        _ => Err(format!(
            "the disks of {name} are on {} only (template {template}): move copies them",
            instance.conf.primary
        )),
    }
}

/// Whether all of its disks are DRBD's.
///
/// # Errors
/// If not.
pub fn drbd(instance: &Instance) -> Result<(), String> {
    match instance.conf.disk_template.as_str() {
        "drbd" => Ok(()),
        "" => Err(format!(
            "the disk template of {} is not known",
            instance.name
        )),
        template => Err(format!(
            "{} has no DRBD disks: its template is {template}",
            instance.name
        )),
    }
}

/// Whether its disks can be copied to another node.
///
/// # Errors
/// If not.
pub fn copyable(instance: &Instance) -> Result<(), String> {
    match instance.conf.disk_template.as_str() {
        template if COPYABLE.contains(&template) => Ok(()),
        "" => Err(format!(
            "the disk template of {} is not known",
            instance.name
        )),
        template => Err(format!(
            "only plain and file disks are copied by a move, and {} has {template}",
            instance.name
        )),
    }
}

/// Whether it has disks.
///
/// # Errors
/// If not.
pub fn has_disks(instance: &Instance) -> Result<(), String> {
    if instance.conf.disks.is_empty() {
        Err(format!("{} has no disks", instance.name))
    } else {
        Ok(())
    }
}

/// Whether its disks can be made larger.
///
/// # Errors
/// If not.
pub fn growable(instance: &Instance) -> Result<(), String> {
    has_disks(instance)?;
    let template = instance.conf.disk_template.as_str();
    if FIXED.contains(&template) {
        return Err(format!("Ganeti cannot grow disks of template {template}"));
    }
    Ok(())
}

/// Whether a node's flags can be changed at all.
///
/// # Errors
/// If it is the master.
pub fn not_master(node: &str, cluster: &Cluster) -> Result<(), String> {
    if cluster.master() == node {
        let why = "its flags change only with a master failover";
        return Err(format!("{node} is the master: {why}"));
    }
    Ok(())
}

/// Whether an operation can be done to an object as it is configured.
///
/// # Errors
/// Why it never can.
pub(super) fn fits(kind: Kind, object: &Object, cluster: &Cluster) -> Result<(), String> {
    match object {
        Object::Instance(name) | Object::Pair(name, _) => match cluster.instances.get(name) {
            Some(instance) => fits_instance(kind, instance),
            None => Err(format!("there is no instance {name}")),
        },
        Object::Node(name) => match kind {
            Kind::NodeDrain
            | Kind::NodeUndrain
            | Kind::NodeOffline
            | Kind::NodeOnline
            | Kind::NodePromote
            | Kind::NodeDemote => not_master(name, cluster),
            // Without force, which gantry does not send.
            Kind::NodePowercycle if cluster.master() == &**name => Err(format!(
                "{name} is the master: make another node the master first"
            )),
            _ => Ok(()),
        },
        Object::Cluster if kind == Kind::MasterFailover => {
            let mut nodes = cluster.nodes.values();
            match nodes.any(|node| can_be_master(node, cluster).is_ok()) {
                true => Ok(()),
                false => Err("no master candidate could take over now".to_owned()),
            }
        }
        Object::Group(_) | Object::Job(_) | Object::Cluster => Ok(()),
    }
}

fn fits_instance(kind: Kind, instance: &Instance) -> Result<(), String> {
    match kind {
        Kind::Migrate | Kind::Failover => mirror(instance).map(|_| ()),
        Kind::ReplaceDisks => drbd(instance).and_then(|()| has_disks(instance)),
        Kind::Move => copyable(instance),
        Kind::GrowDisk => growable(instance),
        Kind::ActivateDisks | Kind::DeactivateDisks | Kind::RecreateDisks => has_disks(instance),
        _ => Ok(()),
    }
}
