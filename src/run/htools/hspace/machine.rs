//! For shells.

use std::io;

use super::Filled;
use crate::planner::htools::capacity::Resources;
use crate::planner::htools::capacity::required_nodes;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::print::number::{fixed, shortest};
use crate::run::htools::keys::print_key;
use crate::run::htools::{Output, Stop};

fn key(output: &mut Output<'_>, key: &str, value: impl ToString) -> io::Result<()> {
    print_key(output, "HTS", key, &value.to_string())
}

/// What there is.
pub fn cluster(
    output: &mut Output<'_>,
    cluster: &Cluster,
    before: &Resources,
    score: f64,
) -> io::Result<()> {
    for (name, value) in [
        ("CLUSTER_MEM", fixed(before.total_memory, 0)),
        ("CLUSTER_DSK", fixed(before.total_disk, 0)),
        ("CLUSTER_CPU", fixed(before.total_cpus, 0)),
        ("CLUSTER_VCPU", before.most_vcpus.to_string()),
        ("CLUSTER_SPN", fixed(before.total_spindles, 0)),
        ("CLUSTER_NODES", cluster.nodes.len().to_string()),
    ] {
        key(output, name, value)?;
    }
    resources(output, "INI", before, score)
}

/// What tiered allocation found.
pub fn tiered(output: &mut Output<'_>, filled: &Filled, before: &Resources) -> io::Result<()> {
    spec(output, "TSPEC_INI", filled)?;
    let after = &filled.resources;
    resources(output, "TRL", after, filled.score.total())?;
    let runs: Vec<String> = filled
        .runs()
        .into_iter()
        .map(|(size, count)| {
            let (memory, disk) = (size.memory, size.disk);
            format!("{memory},{disk},{},{}={count}", size.cpus, size.spindles)
        })
        .collect();
    key(output, "TSPEC", runs.join(" "))?;
    let total = |value: f64| value as i64;
    for (name, used, whole) in [
        (
            "USED",
            [
                before.vcpus,
                before.instance_memory,
                before.used_disk,
                before.used_spindles,
            ],
            before.busy_cpus,
        ),
        (
            "POOL",
            [
                after.vcpus - before.vcpus,
                after.instance_memory - before.instance_memory,
                after.used_disk - before.used_disk,
                after.used_spindles - before.used_spindles,
            ],
            after.busy_cpus - before.busy_cpus,
        ),
        (
            "UNAV",
            [
                after.most_vcpus - after.vcpus,
                total(after.total_memory) - after.instance_memory,
                total(after.total_disk) - after.used_disk,
                total(after.total_spindles) - after.used_spindles,
            ],
            after.total_cpus - after.busy_cpus,
        ),
    ] {
        let [cpu, memory, disk, spindles] = used;
        key(output, &format!("KM_{name}_CPU"), cpu)?;
        key(output, &format!("KM_{name}_NPU"), shortest(whole))?;
        key(output, &format!("KM_{name}_MEM"), memory)?;
        key(output, &format!("KM_{name}_DSK"), disk)?;
        key(output, &format!("KM_{name}_SPN"), spindles)?;
    }
    Ok(())
}

/// What standard allocation found.
///
/// # Errors
/// As the real tool ends where there are forthcoming instances: they are not among those that it counts.
pub fn standard(output: &mut Output<'_>, filled: &Filled) -> Result<(), Stop> {
    spec(output, "SPEC", filled)?;
    let after = &filled.resources;
    let (all, counted) = (filled.space.cluster.instances.len(), after.instances);
    if all != counted {
        let why = format!("internal inconsistency, allocated ({all}) != counted ({counted})\n");
        return Err(why.into());
    }
    resources(output, "FIN", after, filled.score.total())?;
    let (initial, count) = (filled.space.before, filled.space.count());
    let usage = initial as f64 / (initial + count) as f64;
    key(output, "ALLOC_USAGE", fixed(usage, 8))?;
    key(output, "ALLOC_INSTANCES", count)?;
    key(output, "ALLOC_FAIL_REASON", filled.reason().to_uppercase())?;
    for (mode, count) in filled.found.counted() {
        key(output, &format!("ALLOC_{}_CNT", mode.to_uppercase()), count)?;
    }
    key(output, "OK", 1)?;
    Ok(())
}

fn spec(output: &mut Output<'_>, name: &str, filled: &Filled) -> io::Result<()> {
    let (size, template) = (filled.size, filled.space.ask.template);
    key(output, &format!("{name}_MEM"), size.memory)?;
    key(output, &format!("{name}_DSK"), size.disk)?;
    key(output, &format!("{name}_CPU"), size.cpus)?;
    key(output, &format!("{name}_SPN"), size.spindles)?;
    key(output, &format!("{name}_RQN"), required_nodes(template))?;
    key(output, &format!("{name}_DISK_TEMPLATE"), template.word())
}

fn resources(output: &mut Output<'_>, name: &str, it: &Resources, score: f64) -> io::Result<()> {
    for (what, value) in [
        ("SCORE", fixed(score, 8)),
        ("INST_CNT", it.instances.to_string()),
        ("MEM_FREE", it.free_memory.to_string()),
        ("MEM_AVAIL", it.available_memory.to_string()),
        (
            "MEM_RESVD",
            (it.free_memory - it.available_memory).to_string(),
        ),
        ("MEM_INST", it.instance_memory.to_string()),
        ("MEM_OVERHEAD", it.overhead.to_string()),
        ("MEM_EFF", fixed(it.memory_part(), 8)),
        ("DSK_FREE", it.free_disk.to_string()),
        ("DSK_AVAIL", it.available_disk.to_string()),
        ("DSK_RESVD", (it.free_disk - it.available_disk).to_string()),
        ("DSK_INST", it.used_disk.to_string()),
        ("DSK_EFF", fixed(it.disk_part(), 8)),
        ("SPN_FREE", it.free_spindles.to_string()),
        ("SPN_INST", it.used_spindles.to_string()),
        ("SPN_EFF", fixed(it.spindle_part(), 8)),
        ("CPU_INST", it.vcpus.to_string()),
        ("CPU_EFF", fixed(it.cpu_part(), 8)),
        ("MNODE_MEM_AVAIL", it.node_memory.to_string()),
        ("MNODE_DSK_AVAIL", it.node_disk.to_string()),
    ] {
        key(output, &format!("{name}_{what}"), value)?;
    }
    Ok(())
}
