//! Instances that start, stop and are installed anew.

use super::{Act, Step, act, known, memory, say};
use crate::sim::Cluster;
use crate::sim::instance::{Admin, InstanceId};

/// `OP_INSTANCE_STARTUP`
pub fn startup(cluster: &Cluster, id: InstanceId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    let name = &instance.name;
    if instance.admin == Admin::Offline {
        return Err(format!(
            "Instance \"{name}\" is marked to be offline, cannot start (wrong_state)"
        ));
    }
    if !instance.runs() {
        let what = format!("starting instance {name}");
        memory(cluster, instance.primary, &what, instance.minmem)?;
    }
    Ok(vec![
        act(600, Act::Admin(id, Admin::Up, false)),
        act(1400, Act::Connect(id)),
        act(2200, Act::Start(id)),
    ])
}

/// `OP_INSTANCE_SHUTDOWN`
pub fn shutdown(cluster: &Cluster, id: InstanceId, by_user: bool) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    // A guest that is asked takes a while; one that is down already does not.
    let takes = if instance.runs() { 9000 } else { 400 };
    Ok(vec![
        act(500, Act::Admin(id, Admin::Down, by_user)),
        act(takes, Act::Stop(id)),
        act(1500, Act::Deactivate(id)),
    ])
}

/// `OP_INSTANCE_REBOOT`
pub fn reboot(cluster: &Cluster, id: InstanceId) -> Result<Vec<Step>, String> {
    known(cluster, id)?;
    Ok(vec![act(7000, Act::Stop(id)), act(2500, Act::Start(id))])
}

/// `OP_INSTANCE_REINSTALL`
pub fn reinstall(cluster: &Cluster, id: InstanceId) -> Result<Vec<Step>, String> {
    let instance = known(cluster, id)?;
    if instance.admin == Admin::Up {
        return Err(format!(
            "Instance \"{}\" is marked to be up, cannot reinstall (wrong_state)",
            instance.name
        ));
    }
    Ok(vec![
        say(1500, "Running the instance OS create scripts..."),
        act(25_000, Act::None),
    ])
}
