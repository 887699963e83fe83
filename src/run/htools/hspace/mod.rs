//! `gantry hspace`

mod human;
mod json;
mod machine;

pub use json::refused;

use std::io;

use super::load::{load, save, tables};
use super::{Output, Stop};
use crate::config::htools::Options;
use crate::model;
use crate::planner::htools::alloc::Refused;
use crate::planner::htools::balance::Scope;
use crate::planner::htools::capacity::{Ask, Found, Resources, Size, Space};
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::policy::Template;
use crate::planner::htools::print::number::fixed;
use crate::planner::htools::print::score::components;
use crate::planner::htools::print::table::table;
use crate::planner::htools::score::{Score, score};
use crate::planner::htools::text::{self, quoted, shown, units};

/// What filling a cluster came to.
struct Filled {
    /// The first size that was tried.
    size: Size,
    /// How it ended.
    found: Found,
    /// The limit was reached.
    limited: bool,
    /// The cluster with the new instances.
    space: Space,
    resources: Resources,
    score: Score,
}

impl Filled {
    fn new(space: Space, size: Size, found: Found, limit: Option<i64>) -> Filled {
        let nodes = Scope::all(&space.cluster).nodes;
        let count = space.count() as i64;
        Filled {
            size,
            found,
            limited: limit.is_some_and(|limit| limit <= count),
            resources: Resources::of(&space.cluster),
            score: score(&space.cluster, &nodes),
            space,
        }
    }

    /// Sizes of the new instances, and how many of each follow one another.
    fn runs(&self) -> Vec<(Size, usize)> {
        let mut out: Vec<(Size, usize)> = Vec::new();
        let new = self.space.cluster.instances.iter().skip(self.space.before);
        for instance in new {
            let size = Size {
                memory: instance.memory,
                disk: instance.disk,
                cpus: instance.vcpus,
                spindles: instance.spindles.unwrap_or(0),
            };
            match out.last_mut() {
                Some((last, count)) if *last == size => *count += 1,
                _ => out.push((size, 1)),
            }
        }
        out
    }

    /// The most frequent failure.
    fn reason(&self) -> &'static str {
        let falling = self.found.failures.falling();
        falling.first().map_or("", |(mode, _)| mode)
    }

    /// Why the nodes take no further instance of the size that was tried last.
    fn refusals(&mut self) -> Vec<Refused> {
        let size = self.runs().pop().map_or(self.size, |(size, _)| size);
        self.space.refusals(size)
    }
}

/// Runs it; its exit status.
pub fn run(
    options: &Options,
    live: Option<&model::Cluster>,
    output: &mut Output<'_>,
) -> Result<u8, Stop> {
    let asked = match asked(options) {
        Ok(asked) => asked,
        Err(why) => {
            writeln!(
                output.err,
                "Error while parsing command line arguments:\n{why}"
            )?;
            return Ok(1);
        }
    };
    let (mut cluster, setup) = load(options, live, output)?;
    cluster.limit(&setup)?;
    let policy = cluster.data.policy.clone();
    let template = match asked.template.or(policy.templates.first().copied()) {
        Some(template) => template,
        None => {
            let why = "null list of disk templates received from cluster";
            return Err(why.to_owned().into());
        }
    };
    let standard = asked.standard.unwrap_or(Size::of(&policy.standard));
    let tiered: Vec<Size> = match asked.tiered {
        Some(size) => vec![size],
        None => policy
            .ranges
            .iter()
            .map(|(_, most)| Size::of(most))
            .collect(),
    };
    let Some(first) = tiered.first().copied() else {
        let why = "Empty list of specs received from the cluster";
        return Err(why.to_owned().into());
    };
    let ask = Ask {
        template,
        spindle_use: options.spindle_use.unwrap_or(policy.standard.spindle_use),
        independent_groups: options.independent_groups,
        accept_existing: options.accept_existing,
        no_capacity_checks: !options.capacity_checks,
    };
    let space = Space::new(cluster, ask);
    let before = Resources::of(&space.cluster);
    let all = Scope::all(&space.cluster);
    let first_score = score(&space.cluster, &all.nodes);
    announce(options, output, &space, &all, &first_score)?;
    let style = Style::of(options);
    style.cluster(output, &space.cluster, &before, first_score.total())?;

    let limit = (options.max_length >= 0).then_some(options.max_length);
    let failed = |why: String| Stop::Error(format!("failure during allocation: {why}"));
    let mut filling = space.clone();
    let (mut found, mut left) = (Found::default(), limit);
    for size in &tiered {
        let count = filling.count() as i64;
        if left.is_some_and(|left| left <= count) {
            break;
        }
        found = filling
            .fill_tiered(*size, left.map(|left| left - count))
            .map_err(failed)?;
        left = left.map(|left| left - count);
    }
    let mut tiered = Filled::new(filling, first, found, limit);
    details(options, output, &tiered.space, "Tiered")?;
    style.tiered(output, &tiered, &before, &first_score)?;
    save_filled(options, output, &tiered, "tiered")?;

    let mut filling = space;
    let found = filling.fill(standard, limit).map_err(failed)?;
    let mut fixed = Filled::new(filling, standard, found, limit);
    details(options, output, &fixed.space, "Standard")?;
    style.standard(output, &fixed, &first_score)?;
    save_filled(options, output, &fixed, "standard")?;
    if matches!(style, Style::Json) {
        json::print(output, &before, &first_score, &mut tiered, &mut fixed)?;
    }
    Ok(0)
}

/// How results are printed.
#[derive(Clone, Copy)]
enum Style {
    Human,
    Machine,
    Json,
}

impl Style {
    fn of(options: &Options) -> Style {
        match (options.json, options.machine_readable) {
            (true, _) => Style::Json,
            (false, true) => Style::Machine,
            (false, false) => Style::Human,
        }
    }

    fn cluster(
        self,
        output: &mut Output<'_>,
        cluster: &Cluster,
        before: &Resources,
        score: f64,
    ) -> io::Result<()> {
        match self {
            Style::Human => human::cluster(output, cluster, before),
            Style::Machine => machine::cluster(output, cluster, before, score),
            Style::Json => Ok(()),
        }
    }

    fn tiered(
        self,
        output: &mut Output<'_>,
        filled: &Filled,
        before: &Resources,
        first: &Score,
    ) -> io::Result<()> {
        match self {
            Style::Human => human::tiered(output, filled, first),
            Style::Machine => machine::tiered(output, filled, before),
            Style::Json => Ok(()),
        }
    }

    fn standard(self, output: &mut Output<'_>, filled: &Filled, first: &Score) -> Result<(), Stop> {
        match self {
            Style::Human => Ok(human::standard(output, filled, first)?),
            Style::Machine => machine::standard(output, filled),
            Style::Json => Ok(()),
        }
    }
}

/// What the command line says of the new instances.
struct Asked {
    template: Option<Template>,
    standard: Option<Size>,
    tiered: Option<Size>,
}

fn asked(options: &Options) -> Result<Asked, String> {
    let template = |word: &String| {
        let why = || {
            let word = quoted(word);
            format!("Invalid string value for type DiskTemplate: {word}")
        };
        text::template(word).ok_or_else(why)
    };
    let size = |kind: &str, text: &Option<String>| {
        let Some(text) = text else {
            return Ok(None);
        };
        let [disk, memory, cpus, spindles] = units::sizes(kind, text)?;
        Ok::<Option<Size>, String>(Some(Size {
            memory,
            disk,
            cpus,
            spindles,
        }))
    };
    Ok(Asked {
        template: options.disk_template.as_ref().map(template).transpose()?,
        standard: size("standard", &options.standard_alloc)?,
        tiered: size("tiered", &options.tiered_alloc)?,
    })
}

/// What is said on standard error before anything is tried.
fn announce(
    options: &Options,
    output: &mut Output<'_>,
    space: &Space,
    all: &Scope,
    score: &Score,
) -> io::Result<()> {
    let (cluster, verbosity) = (&space.cluster, options.verbosity);
    if verbosity > 1 && !cluster.suffix.is_empty() {
        let suffix = &cluster.suffix;
        writeln!(
            output.err,
            "Note: Stripping common suffix of '{suffix}' from names"
        )?;
    }
    tables(
        options,
        output,
        cluster,
        all,
        ("Initial", "Initial cluster status"),
    )?;
    if verbosity > 2 {
        let total = fixed(score.total(), 8);
        writeln!(output.err, "Initial coefficients: overall {total}")?;
        write!(output.err, "{}", components(score))?;
    }
    if verbosity > 3 {
        let group = |at: &usize| cluster.data.groups.get(*at).map(|it| it.name.as_str());
        if !space.bad_nodes.is_empty() {
            let node = |at: &usize| cluster.data.nodes.get(*at).map(|it| it.name.as_str());
            let names: Vec<&str> = space.bad_nodes.iter().filter_map(node).collect();
            writeln!(output.err, "Bad nodes: {}", shown(&names))?;
        }
        if !space.bad_groups.is_empty() {
            let names: Vec<&str> = space.bad_groups.iter().filter_map(group).collect();
            writeln!(output.err, "Bad groups: {}", shown(&names))?;
        }
        let targets = match &space.targets {
            Ok(targets) => targets.shown(),
            Err(_) if space.ask.template == Template::Drbd => "Right []".to_owned(),
            Err(_) => "Left []".to_owned(),
        };
        writeln!(output.err, "Allocatable nodes: {targets}")?;
    }
    Ok(())
}

/// Where the new instances are.
fn details(
    options: &Options,
    output: &mut Output<'_>,
    space: &Space,
    kind: &str,
) -> io::Result<()> {
    let cluster = &space.cluster;
    if options.verbosity > 1 {
        writeln!(output.err, "{kind} allocation map")?;
        let node = |at: usize| cluster.data.nodes.get(at).map(|it| it.name.clone());
        let exclusive = human::exclusive(cluster);
        let new = cluster.data.instances.iter().skip(space.before);
        let rows: Vec<Vec<String>> = new
            .map(|it| {
                vec![
                    it.name.clone(),
                    node(it.primary).unwrap_or_default(),
                    it.secondary.and_then(node).unwrap_or_default(),
                    it.memory.to_string(),
                    it.disk.to_string(),
                    it.vcpus.to_string(),
                    it.spindles
                        .filter(|_| exclusive)
                        .map_or_else(String::new, |it| it.to_string()),
                ]
            })
            .collect();
        let (left, right) = (("", false), ("", true));
        let columns = [left, left, left, right, right, right, right];
        let text = table(&columns, &rows, " ");
        // Its titles are empty.
        for line in text.lines().skip(1) {
            writeln!(output.err, "{line}")?;
        }
    }
    let title = format!("{kind} allocation status");
    let all = Scope::all(cluster);
    tables(options, output, cluster, &all, (kind, &title))
}

fn save_filled(
    options: &Options,
    output: &mut Output<'_>,
    filled: &Filled,
    ending: &str,
) -> Result<(), Stop> {
    let when = format!("after {ending} allocation");
    save(
        options,
        output,
        &filled.space.cluster.moved_data(),
        ending,
        &when,
    )
}
