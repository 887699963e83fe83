//! For reading.

use std::io;

use super::{Filled, Size};
use crate::planner::htools::capacity::Resources;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::print::number::fixed;
use crate::planner::htools::score::Score;
use crate::run::htools::Output;

/// What there is.
pub fn cluster(output: &mut Output<'_>, cluster: &Cluster, before: &Resources) -> io::Result<()> {
    writeln!(
        output.out,
        "The cluster has {} nodes and the following resources:\n  MEM {}, DSK {}, CPU {}, VCPU {}{}.",
        cluster.nodes.len(),
        fixed(before.total_memory, 0),
        fixed(before.total_disk, 0),
        fixed(before.total_cpus, 0),
        before.most_vcpus,
        if exclusive(cluster) {
            format!(", SPN {}", fixed(before.total_spindles, 0))
        } else {
            String::new()
        }
    )?;
    let count = match before.instances {
        0 => "no".to_owned(),
        count => count.to_string(),
    };
    writeln!(
        output.out,
        "There are {count} initial instances on the cluster."
    )
}

/// What tiered allocation found.
pub fn tiered(output: &mut Output<'_>, filled: &Filled, first: &Score) -> io::Result<()> {
    spec(output, "Tiered (initial size)", filled)?;
    writeln!(output.out, "Tiered allocation results:")?;
    let runs = filled.runs();
    if runs.is_empty() {
        writeln!(output.out, "  - no instances allocated")?;
    }
    for (size, count) in runs {
        let size = shown(size, filled);
        writeln!(output.out, "  - {count:3} instances of spec {size}")?;
    }
    results(output, filled, first)
}

/// What standard allocation found.
pub fn standard(output: &mut Output<'_>, filled: &Filled, first: &Score) -> io::Result<()> {
    spec(output, "Standard (fixed-size)", filled)?;
    writeln!(output.out, "Normal (fixed-size) allocation results:")?;
    let count = filled.space.count();
    writeln!(output.out, "  - {count:3} instances allocated")?;
    results(output, filled, first)
}

fn shown(size: Size, filled: &Filled) -> String {
    let spindles = if exclusive(&filled.space.cluster) {
        format!(", SPN {}", size.spindles)
    } else {
        String::new()
    };
    let (memory, disk, cpus) = (size.memory, size.disk, size.cpus);
    format!("MEM {memory}, DSK {disk}, CPU {cpus}{spindles}")
}

/// Spindles count: some node has exclusive storage.
pub fn exclusive(cluster: &Cluster) -> bool {
    cluster.nodes.iter().any(|node| node.exclusive)
}

fn spec(output: &mut Output<'_>, kind: &str, filled: &Filled) -> io::Result<()> {
    let template = filled.space.ask.template.word();
    let size = shown(filled.size, filled);
    writeln!(
        output.out,
        "{kind} instance spec is:\n  {size}, using disk template '{template}'."
    )
}

fn results(output: &mut Output<'_>, filled: &Filled, first: &Score) -> io::Result<()> {
    let after = &filled.resources;
    writeln!(
        output.out,
        "  - most likely failure reason: {}\n  - initial cluster score: {}\n  -   final cluster score: {}",
        filled.reason(),
        fixed(first.total(), 8),
        fixed(filled.score.total(), 8)
    )?;
    let spindles = exclusive(&filled.space.cluster);
    let width = if spindles { "spindles" } else { "memory" }.len();
    let parts = [
        ("memory", after.memory_part()),
        ("disk", after.disk_part()),
        ("vcpu", after.cpu_part()),
        ("spindles", after.spindle_part()),
    ];
    for (what, part) in parts
        .into_iter()
        .filter(|(what, _)| spindles || *what != "spindles")
    {
        let percent = fixed(part * 100.0, 2);
        writeln!(
            output.out,
            "  - {what:>width$} usage efficiency: {percent:>5}%"
        )?;
    }
    Ok(())
}
