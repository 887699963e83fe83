//! Files to a cluster, and a cluster to files.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Output, Stop};
use crate::config::htools::Options;
use crate::model;
use crate::planner::htools::balance::cheap::Costs;
use crate::planner::htools::balance::{self, Scope};
use crate::planner::htools::data::Data;
use crate::planner::htools::live::{self, Unknown};
use crate::planner::htools::monitoring::{self, Collector};
use crate::planner::htools::print::nodes::FIELDS;
use crate::planner::htools::{Cluster, N1Rule, Setup, print, text};
use crate::run::list::printable;

/// The cluster that the options name.
pub fn load(
    options: &Options,
    live: Option<&model::Cluster>,
    output: &mut Output<'_>,
) -> Result<(Cluster, Setup), Stop> {
    let loads = match &options.loads {
        Some(path) => {
            let text = read(path).map_err(Stop::Error)?;
            let read = text::utilisation::read(&text);
            read.map_err(|why| aborting(format!("can't parse utilisation data: {why}")))?
        }
        None => Vec::new(),
    };
    let (data, rule) = if !options.simulate.is_empty() {
        let data = text::simulate(&options.simulate).map_err(aborting)?;
        (data, N1Rule::Reported)
    } else if let Some(path) = &options.text {
        let data = text::read(&read(path).map_err(aborting)?).map_err(aborting)?;
        (data, N1Rule::Reported)
    } else if let Some(cluster) = live {
        let live = live::live(cluster).map_err(aborting)?;
        say_unknown(&live.unknown, output)?;
        let rule = live.n1;
        (live.counted(options.node_memory), rule)
    } else {
        return Err(aborting("No backend selected! Exiting.".to_owned()));
    };
    let setup = Setup {
        exclusion_tags: options.exclusion_tags.clone(),
        selected: options.selected.clone(),
        excluded: options.excluded.clone(),
        loads,
        ignore_loads: options.ignore_loads,
        offline: options.offline.clone(),
        max_cpu: options.max_cpu,
        min_disk: options.min_disk,
        n1: match options.recorded_n1 {
            Some(true) => N1Rule::Recorded,
            Some(false) => N1Rule::Reported,
            None => rule,
        },
    };
    let mut cluster = Cluster::new(data, &setup).map_err(aborting)?;
    monitored(options, &mut cluster, output)?;
    warn(options, &cluster, output)?;
    Ok((cluster, setup))
}

/// Takes the processors' loads from what monitoring daemons reported, if that is wanted.
fn monitored(
    options: &Options,
    cluster: &mut Cluster,
    output: &mut Output<'_>,
) -> Result<(), Stop> {
    let wanted = options.monitored && !options.ignore_loads;
    let Some(path) = options.monitoring.as_ref().filter(|_| wanted) else {
        return Ok(());
    };
    let text = read(path).map_err(Stop::Error)?;
    let answers = monitoring::read(&text);
    let answers = answers.map_err(|why| format!("can't parse MonD data: {why}"))?;
    let collector = match options.xen {
        true => Collector::Xen,
        false => Collector::Average,
    };
    if let Err(missing) = cluster.monitored(&answers, collector) {
        writeln!(output.err, "{missing}")?;
        if options.all_monitored {
            return Err(Stop::Error("Not all required data available".to_owned()));
        }
    }
    Ok(())
}

/// Tells what is inconsistent in a cluster.
pub fn warn(options: &Options, cluster: &Cluster, output: &mut Output<'_>) -> io::Result<()> {
    let warnings = cluster.warnings();
    if options.verbosity != 0 && !warnings.is_empty() {
        writeln!(output.err, "Warning: cluster has inconsistent data:")?;
        for warning in warnings {
            writeln!(output.err, "  - {warning}")?;
        }
        writeln!(output.err)?;
    }
    Ok(())
}

/// What no tool can go on without.
pub fn aborting(why: String) -> Stop {
    Stop::Error(format!("failed to load data, aborting: {why}"))
}

/// Names what is not known of a live cluster.
pub fn say_unknown(unknown: &[Unknown], output: &mut Output<'_>) -> io::Result<()> {
    if unknown.is_empty() {
        return Ok(());
    }
    writeln!(
        output.err,
        "Warning: not everything is known of the cluster:"
    )?;
    for it in unknown {
        writeln!(output.err, "  - {}", printable(&it.to_string()))?;
    }
    writeln!(output.err)
}

/// How the options want a group balanced.
pub fn balancing(options: &Options) -> balance::Options {
    balance::Options {
        disk_moves: options.disk_moves,
        instance_moves: options.instance_moves,
        restricted_migration: options.restricted_migration,
        evacuate: options.evacuate,
        ignore_soft_errors: options.ignore_soft_errors,
        min_gain: options.min_gain,
        min_gain_limit: options.min_gain_limit,
        min_score: options.min_score,
        max_length: options.max_length,
    }
}

/// What a cost-aware plan may cost, from the command line.
pub fn costs(options: &Options) -> Costs {
    let usual = Costs::default();
    Costs {
        resync: options.resync_speed.unwrap_or(usual.resync),
        percent: options.stop_at.unwrap_or(usual.percent),
    }
}

/// Writes the tables that were asked for, under a title that begins with these words.
pub fn tables(
    options: &Options,
    output: &mut Output<'_>,
    cluster: &Cluster,
    scope: &Scope,
    titles: (&str, &str),
) -> io::Result<()> {
    if options.print_instances {
        let table = print::instances::instances(cluster, &scope.instances);
        write!(output.err, "\n{} instance map:\n{table}", titles.0)?;
    }
    if let Some(table) = node_table(options, cluster, scope) {
        writeln!(output.err, "\n{}:\n{table}", titles.1)?;
    }
    Ok(())
}

/// The node table, if it was asked for.
pub fn node_table(options: &Options, cluster: &Cluster, scope: &Scope) -> Option<String> {
    let (more, fields) = options.print_nodes.as_ref()?;
    let usual = FIELDS.map(str::to_owned);
    let usual = usual.iter().filter(|_| *more).cloned();
    let fields: Vec<String> = usual.chain(fields.iter().cloned()).collect();
    Some(print::nodes::nodes(cluster, &scope.nodes, &fields))
}

/// Saves a cluster as text, in a file with this ending.
pub fn save(
    options: &Options,
    output: &mut Output<'_>,
    data: &Data,
    ending: &str,
    when: &str,
) -> Result<(), Stop> {
    let Some(path) = &options.save else {
        return Ok(());
    };
    let mut name: OsString = path.clone().into_os_string();
    name.push(format!(".{ending}"));
    let path = PathBuf::from(name);
    write(&path, &text::write(data))?;
    let shown = path.display();
    writeln!(
        output.err,
        "The cluster state {when} has been written to file '{shown}'"
    )?;
    Ok(())
}

/// Writes a file.
pub fn write(path: &Path, text: &str) -> Result<(), Stop> {
    fs::write(path, text).map_err(|error| Stop::Error(said(path, "withFile", &error)))
}

/// Reads a file.
pub fn read(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| said(path, "openFile", &error))?;
    let text = String::from_utf8(bytes);
    text.map_err(|_| {
        format!(
            "{}: hGetContents: invalid argument (not UTF-8)",
            path.display()
        )
    })
}

fn said(path: &Path, what: &str, error: &io::Error) -> String {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "does not exist (No such file or directory)".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied (Permission denied)".to_owned(),
        io::ErrorKind::IsADirectory => "inappropriate type (is a directory)".to_owned(),
        _ => error.to_string(),
    };
    format!("{}: {what}: {why}", path.display())
}
