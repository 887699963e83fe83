//! `gantry hcheck`

use std::io;

use super::keys::print_key;
use super::load::{balancing, load};
use super::{Output, Stop};
use crate::config::htools::Options;
use crate::model;
use crate::planner::htools::check::{COUNTS, GroupCheck, check, rebalance, sums};
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::print::number::fixed;

/// Before or after balancing.
struct Phase {
    key: &'static str,
    words: &'static str,
}

const INITIAL: Phase = Phase {
    key: "INIT",
    words: "initially",
};
const FINAL: Phase = Phase {
    key: "FINAL",
    words: "after rebalancing",
};

/// Runs it; its exit status.
pub fn run(
    options: &Options,
    live: Option<&model::Cluster>,
    output: &mut Output<'_>,
) -> Result<u8, Stop> {
    let machine = options.machine_readable;
    let (mut cluster, setup) = load(options, live, output)?;
    cluster.limit(&setup)?;
    if machine {
        for (at, group) in cluster.data.groups.iter().enumerate() {
            print_key(output, "HCHECK", &format!("GROUP_UUID_{at}"), &group.uuid)?;
        }
    }
    let first = check(&cluster, options.capacity_checks);
    let sick = sums(&first).iter().any(|count| *count > 0);
    let quiet = options.verbosity < 1 && !machine;
    if !machine && !quiet {
        let words = match (options.simulation, sick) {
            (false, _) => "Running in no-simulation mode.",
            (true, true) => "Cluster needs rebalancing.",
            (true, false) => "No need to rebalance cluster, no problems found.",
        };
        writeln!(output.out, "{words}")?;
    }
    if !quiet {
        print(output, &cluster, &first, &INITIAL, sick, machine)?;
    }
    let simulate = options.simulation && sick;
    let last = if simulate {
        rebalance(&mut cluster, &balancing(options));
        check(&cluster, options.capacity_checks)
    } else {
        first
    };
    if (simulate || machine) && !quiet {
        // The real tool repeats its first verdict here.
        print(output, &cluster, &last, &FINAL, sick, machine)?;
    }
    if machine {
        print_key(output, "HCHECK", "OK", "1")?;
    }
    Ok(u8::from(simulate))
}

fn print(
    output: &mut Output<'_>,
    cluster: &Cluster,
    groups: &[GroupCheck],
    phase: &Phase,
    sick: bool,
    machine: bool,
) -> io::Result<()> {
    for check in groups {
        let group = cluster.data.groups.get(check.group);
        let name = group.map_or("", |it| it.name.as_str());
        let title = format!("Statistics for group {name} {}", phase.words);
        let key = format!("{}_GROUP_{}", phase.key, check.group);
        let mut rows = counted(&check.counts);
        rows.push(("SCORE", "Group score", fixed(check.score, 8)));
        block(output, machine, &title, &key, &rows)?;
    }
    let mut rows = counted(&sums(groups));
    let verdict = match (machine, sick) {
        (true, true) => "1",
        (true, false) => "0",
        (false, true) => "True",
        (false, false) => "False",
    };
    rows.push((
        "NEED_REBALANCE",
        "Cluster is not healthy",
        verdict.to_owned(),
    ));
    if let ([row], Some((key, words))) = (rows.as_mut_slice(), COUNTS.first()) {
        // Without any group the real tool prints its verdict under the first name it has.
        (row.0, row.1) = (key, words);
    }
    let title = format!("Cluster statistics {}", phase.words);
    block(
        output,
        machine,
        &title,
        &format!("{}_CLUSTER", phase.key),
        &rows,
    )
}

type Row = (&'static str, &'static str, String);

fn counted(counts: &[usize]) -> Vec<Row> {
    let named = COUNTS.iter().zip(counts);
    named
        .map(|((key, words), count)| (*key, *words, count.to_string()))
        .collect()
}

fn block(
    output: &mut Output<'_>,
    machine: bool,
    title: &str,
    key: &str,
    rows: &[Row],
) -> io::Result<()> {
    if !machine {
        writeln!(output.out, "\n{title}")?;
    }
    for (name, words, value) in rows {
        if machine {
            print_key(output, "HCHECK", &format!("{key}_{name}"), value)?;
        } else {
            writeln!(output.out, "    {words}: {value}")?;
        }
    }
    Ok(())
}
