//! New instances.

use super::{Act, Step, act, both, memory, say};
use crate::sim::Cluster;
use crate::sim::instance::{Instance, Template};

/// `OP_INSTANCE_CREATE`
pub fn create(cluster: &mut Cluster, made: &Instance) -> Result<Vec<Step>, String> {
    let name = &made.name;
    if cluster.instances.values().any(|i| i.name == *name) {
        return Err(format!(
            "Instance '{name}' is already in the cluster (already_exists)"
        ));
    }
    memory(
        cluster,
        made.primary,
        &format!("creating instance {name}"),
        made.minmem,
    )?;
    let needed = made.volume_size();
    for node in made.nodes() {
        let free = cluster.disk_free(node);
        if free < needed {
            return Err(format!(
                "Not enough disk space on target node {} vg xenvg: required {needed} MiB, \
                 available {free} MiB (insufficient_resources)",
                cluster.node_name(node)
            ));
        }
    }
    let id = cluster.next_instance;
    cluster.next_instance += 1;
    let mut steps = Vec::new();
    if !made.disks.is_empty() {
        steps.push(say(2500, "* creating instance disks..."));
    }
    steps.push(both(
        6000,
        format!("adding instance {name} to cluster config"),
        Act::Add(id, Box::new(made.clone())),
    ));
    if !made.disks.is_empty() {
        steps.push(say(900, "adding disks to cluster config"));
    }
    if made.template == Template::Drbd {
        steps.push(say(700, "* checking mirrors status"));
        steps.push(say(900, "* pausing disk sync to install instance OS"));
    }
    if !made.disks.is_empty() {
        steps.push(say(800, "* running the instance OS create scripts..."));
    }
    if made.template == Template::Drbd {
        steps.push(say(9000, "* resuming disk sync"));
    }
    steps.push(both(4000, "* starting instance...", Act::None));
    steps.push(act(2500, Act::Start(id)));
    Ok(steps)
}
