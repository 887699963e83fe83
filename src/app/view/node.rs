//! One node: everything known of it.

use std::collections::BTreeMap;

use crate::app::facts::Facts;
use crate::app::sheet::{Graph, Pair, Sheet, Span};
use crate::app::tone::{self, Tone};
use crate::model::words::{age, ago, duration, mib, rate};
use crate::model::{Cluster, Name, Node, Reach, Time};
use crate::planner::replica;

use super::{drbd, nodes, runbook, volumes};

/// DRBD disks that are named one by one.
const BAD_NAMED: usize = 20;

/// What matters most, for the top of its page and for the pane.
pub fn brief(cluster: &Cluster, facts: &Facts, name: &Name, width: u16, tall: bool) -> Sheet {
    let mut sheet = Sheet::new(width);
    let Some(node) = cluster.nodes.get(name) else {
        sheet.wrapped(&format!("There is no node {name} any more."), Tone::Lost, 0);
        return sheet;
    };
    let mut pairs = state(cluster, node);
    pairs.extend(sizes(cluster, node));
    sheet.pairs(pairs);
    warnings(&mut sheet, node, facts);
    sheet.blank();
    sheet.graphs(graphs(cluster, node, width, if tall { 3 } else { 1 }));
    sheet
}

/// Everything.
pub fn whole(cluster: &Cluster, facts: &Facts, name: &Name, width: u16) -> Sheet {
    let mut sheet = brief(cluster, facts, name, width, true);
    let Some(node) = cluster.nodes.get(name) else {
        return sheet;
    };
    sheet.heading("Configuration");
    sheet.pairs(configuration(node));
    // Alone, as they are long.
    if let Some(conf) = &node.conf {
        sheet.pairs(vec![Pair::new("uuid", &conf.uuid)]);
    }
    sheet.heading("System");
    sheet.pairs(system(cluster, node));
    let tone = if node.fresh() {
        Tone::Plain
    } else {
        Tone::Lost
    };
    if let Some(system) = &node.facts.system {
        sheet.pairs(vec![Pair::toned("processor", &system.cpu_model, tone)]);
    }
    if let Some(cpu) = &node.facts.cpu {
        sheet.pairs(vec![Pair::toned("cpu", shares(cpu), tone)]);
    }
    cores(&mut sheet, node);
    daemons(&mut sheet, node);
    replication(&mut sheet, facts, node);
    storage(&mut sheet, cluster, facts, node);
    devices(&mut sheet, node);
    missing(&mut sheet, node);
    sheet
}

/// Role, reach and age.
fn state(cluster: &Cluster, node: &Node) -> Vec<Pair> {
    let reach = match &node.reach {
        Reach::Connecting(what) if node.heard.is_none() => (*what).to_owned(),
        _ => nodes::reach(node, cluster).into_owned(),
    };
    let since = |at: Time| cluster.now.at.since(at) as f64 / 1e3;
    let figures = match node.figures_at() {
        Some(at) if node.heard.is_none() => format!("{}, by LUXI", ago(since(at))),
        Some(at) if node.fresh() => age(since(at)),
        Some(at) => ago(since(at)),
        None => "?".to_owned(),
    };
    let figures_tone = if nodes::tells(node) {
        Tone::Plain
    } else {
        Tone::Lost
    };
    let role_tone = match node.role() {
        "D" | "O" => Tone::Warn,
        _ => Tone::Plain,
    };
    vec![
        Pair::toned("role", nodes::role(node), role_tone),
        Pair::new("group", node.group()),
        Pair::toned("reach", reach, tone::of_reach(node)),
        Pair::toned("figures", figures, figures_tone),
        Pair::new("up for", known(nodes::uptime(cluster, node).map(duration))),
        Pair::new(
            "instances",
            format!(
                "{} primary, {} secondary",
                node.primaries.len(),
                node.secondaries.len()
            ),
        ),
    ]
}

/// Memory, disk and processors. Of a lost node the last that was known, said to be so.
fn sizes(cluster: &Cluster, node: &Node) -> Vec<Pair> {
    let tone = if nodes::tells(node) {
        Tone::Plain
    } else {
        Tone::Lost
    };
    let was = if node.offline() || nodes::tells(node) {
        ""
    } else {
        "was "
    };
    let memory = node.memory();
    let disk = node.disk(cluster.conf.as_ref());
    let mut pairs = vec![
        Pair::toned(
            "memory",
            known(memory.map(|m| format!("{was}{} free of {}", mib(m.free), mib(m.total)))),
            tone,
        ),
        Pair::toned("used by node", known(memory.map(|m| mib(m.node))), tone),
        Pair::toned(
            "disk",
            known(disk.map(|(total, free)| format!("{was}{} free of {}", mib(free), mib(total)))),
            tone,
        ),
    ];
    let ratio = nodes::vcpu_ratio(cluster, node).map(|ratio| format!("{ratio:.1} vcpus each"));
    let cpus = node.cpus().map(|cpus| match &ratio {
        Some(ratio) => format!("{cpus}, {ratio}"),
        None => cpus.to_string(),
    });
    pairs.push(Pair::new("processors", known(cpus)));
    pairs
}

/// Why there is no link, and what the agent could not do.
fn warnings(sheet: &mut Sheet, node: &Node, facts: &Facts) {
    runbook::of_node(sheet, node, facts);
    if let Some(why) = node.reach.why().filter(|_| !node.offline()) {
        let tone = match tone::of_reach(node) {
            Tone::Plain => Tone::Warn,
            tone => tone,
        };
        sheet.wrapped(&format!("no link: {}", facts.names.shorten(why)), tone, 0);
    }
    for (about, text) in node.problems.iter().filter(|_| node.fresh()) {
        sheet.wrapped(&format!("{about}: {text}"), Tone::Warn, 0);
    }
    let missing = node.facts.missing.iter().flatten();
    for part in missing.filter(|part| part.hangs && node.fresh()) {
        let text = format!("{} hangs: {}", part.part, part.why);
        sheet.wrapped(&text, Tone::Critical, 0);
    }
    if let Some((n, tone)) = facts.bad_halves(&node.name).filter(|_| node.fresh()) {
        let halves = if n == 1 { "half" } else { "halves" };
        let text = format!("{n} DRBD {halves} here not well: see drbd");
        sheet.wrapped(&text, tone, 0);
    }
}

/// Its numbers over the last minutes.
fn graphs(cluster: &Cluster, node: &Node, width: u16, height: u16) -> Vec<Graph> {
    let now = cluster.now.at;
    let points = usize::from(width);
    let past = &node.past;
    let fresh = |text: Option<String>| known(text.filter(|_| node.fresh()));
    let facts = &node.facts;
    let load = nodes::load(node);
    let memory = node.memory().map(|memory| {
        let used = memory.total.saturating_sub(memory.free);
        format!("{:.0}%", used as f64 * 100.0 / memory.total.max(1) as f64)
    });
    let net = facts.net.as_ref().map(|net| {
        let sum = |sum: u64, i: &gantry_wire::node::NetRate| {
            sum.saturating_add(i.rx).saturating_add(i.tx)
        };
        rate(net.iter().fold(0, sum))
    });
    let disk = facts.disks.as_ref().map(|disks| {
        let sum = |sum: u64, d: &gantry_wire::node::DiskRate| {
            sum.saturating_add(d.read).saturating_add(d.write)
        };
        rate(disks.iter().fold(0, sum))
    });
    let graph = |key, now_text, points: Vec<Option<f32>>, least: f32| Graph {
        key,
        now: now_text,
        top: top(&points, least),
        points,
        height,
    };
    let cpus = node.cpus().unwrap_or(1) as f32;
    vec![
        graph(
            "cpu",
            known(nodes::cpu(node).map(|cpu| format!("{cpu:.0}%"))),
            past.cpu.last(points, now),
            100.0,
        ),
        graph(
            "memory",
            fresh(memory),
            past.memory.last(points, now),
            100.0,
        ),
        graph(
            "load",
            known(load.map(|load| format!("{load:.1}"))),
            past.load.last(points, now),
            cpus,
        ),
        graph("net B/s", fresh(net), past.net.last(points, now), 1e6),
        graph("disk B/s", fresh(disk), past.disk.last(points, now), 1e6),
    ]
}

/// What fills the height of a graph: its largest value, but not less than this.
pub fn top(points: &[Option<f32>], least: f32) -> f32 {
    points.iter().flatten().copied().fold(least, f32::max)
}

fn configuration(node: &Node) -> Vec<Pair> {
    let ss = node.ss.as_ref();
    let Some(conf) = &node.conf else {
        return vec![
            Pair::new("address", known(ss.map(|ss| ss.primary_ip.clone()))),
            Pair::new("second addr", known(ss.map(|ss| ss.secondary_ip.clone()))),
        ];
    };
    let yes_no = |yes: bool| if yes { "yes" } else { "no" };
    let mut pairs = vec![
        Pair::new("address", &conf.primary_ip),
        Pair::new("second addr", &conf.secondary_ip),
        Pair::new("ssh port", conf.ssh_port.to_string()),
        Pair::new("master able", yes_no(conf.master_capable)),
        Pair::new("vm able", yes_no(conf.vm_capable)),
        Pair::new("excl storage", yes_no(conf.exclusive_storage)),
        Pair::new("spindles", conf.spindle_count.to_string()),
        Pair::new("cpu speed", format!("{:.1}", conf.cpu_speed)),
        Pair::new("tags", listed(&conf.tags)),
    ];
    if let Some(powered) = conf.powered {
        pairs.push(Pair::new("powered", yes_no(powered)));
    }
    pairs
}

fn system(cluster: &Cluster, node: &Node) -> Vec<Pair> {
    let mut pairs = Vec::new();
    if let Some(system) = &node.facts.system {
        pairs.push(Pair::new("kernel", &system.kernel));
    }
    if let Some(memory) = &node.facts.memory {
        let used = memory.swap_total.saturating_sub(memory.swap_free);
        pairs.push(Pair::new("available", mib(memory.available)));
        pairs.push(Pair::new(
            "swap used",
            format!("{} of {}", mib(used), mib(memory.swap_total)),
        ));
    }
    if let Some(load) = &node.facts.load {
        let loads =
            [load.one, load.five, load.fifteen].map(|l| format!("{:.2}", f64::from(l) / 100.0));
        pairs.push(Pair::new("load", loads.join(" ")));
    }
    if let Some(agent) = &node.agent {
        let rights = match (agent.root, agent.read_only) {
            (true, true) => "root, read-only",
            (true, false) => "root",
            (false, true) => "not root, read-only",
            (false, false) => "not root",
        };
        pairs.push(Pair::new("agent", format!("{} ({rights})", agent.version)));
    }
    if let Some(master) = &node.says_master {
        let differs = cluster
            .elected()
            .is_some_and(|elected| *elected != **master);
        let tone = if differs { Tone::Critical } else { Tone::Plain };
        pairs.push(Pair::toned("its master", master.to_string(), tone));
    }
    if let Some(ahead) = node.clock_ahead.filter(|_| node.fresh()) {
        let way = if ahead < 0.0 { "behind" } else { "ahead" };
        let text = if ahead.abs() < 2.0 {
            "as here".to_owned()
        } else {
            format!("{} {way} of here", duration(ahead.abs()))
        };
        pairs.push(Pair::new("clock", text));
    }
    if !node.fresh() {
        for pair in &mut pairs {
            pair.tone = Tone::Lost;
        }
    }
    pairs
}

/// What the processors' time went to.
fn shares(cpu: &gantry_wire::node::Cpu) -> String {
    let share = |part: u16| f64::from(part) / 10.0;
    format!(
        "user {:.0}%, system {:.0}%, waiting for I/O {:.0}%, stolen {:.0}%",
        share(cpu.user),
        share(cpu.system),
        share(cpu.iowait),
        share(cpu.steal)
    )
}

/// Each processor's share, ten to a line.
fn cores(sheet: &mut Sheet, node: &Node) {
    let Some(cpu) = node.facts.cpu.as_ref().filter(|_| node.fresh()) else {
        return;
    };
    for (line, cores) in cpu.cores.chunks(10).enumerate() {
        let shares: Vec<String> = cores
            .iter()
            .map(|busy| format!("{:>3.0}%", f64::from(*busy) / 10.0))
            .collect();
        sheet.spans(vec![
            Span::new(format!("cpu {:<9}", line * 10), Tone::Dim),
            Span::new(shares.join(" "), Tone::Plain),
        ]);
    }
}

fn daemons(sheet: &mut Sheet, node: &Node) {
    let Some(daemons) = node.facts.daemons.as_ref().filter(|list| !list.is_empty()) else {
        return;
    };
    sheet.heading("Daemons");
    let rows = daemons.iter().map(|daemon| {
        let (word, tone) = match (daemon.runs, daemon.answers) {
            _ if !node.fresh() => ("?", Tone::Lost),
            (false, _) => ("does not run", Tone::Dim),
            (true, Some(false)) => ("runs, does not answer", Tone::Critical),
            (true, Some(true)) => ("runs, answers", Tone::Plain),
            (true, None) => ("runs", Tone::Plain),
        };
        vec![Span::new(&daemon.name, Tone::Plain), Span::new(word, tone)]
    });
    sheet.table(&["DAEMON", "STATE"], rows.collect());
}

/// The halves of DRBD disks here, counted by how their disks are, and those named that are not well.
fn replication(sheet: &mut Sheet, facts: &Facts, node: &Node) {
    let here = |pair: &&replica::Pair| {
        [&pair.primary, &pair.secondary]
            .iter()
            .any(|half| half.node == node.name)
    };
    let mut counts: BTreeMap<replica::State, usize> = BTreeMap::new();
    let mut bad: Vec<&replica::Pair> = Vec::new();
    for pair in facts.pairs.iter().filter(here) {
        *counts.entry(pair.state).or_default() += 1;
        if drbd::is_news(pair) {
            bad.push(pair);
        }
    }
    if counts.is_empty() {
        return;
    }
    sheet.heading("DRBD");
    let counts = counts.into_iter().rev();
    let counts: Vec<String> = counts
        .map(|(state, n)| format!("{n} {}", drbd::state_word(state)))
        .collect();
    sheet.wrapped(&counts.join(", "), Tone::Plain, 0);
    let more = bad.len().saturating_sub(BAD_NAMED);
    let rows = bad.into_iter().take(BAD_NAMED).map(|pair| {
        let role = if pair.primary.node == node.name {
            "primary"
        } else {
            "secondary"
        };
        let done = pair.going.as_ref();
        let done = done.map(|going| format!("{:.1}% ", going.percent));
        let text = done.unwrap_or_default() + &drbd::state(pair);
        vec![
            Span::new(drbd::name(facts, &pair.key), Tone::Plain),
            Span::new(role, Tone::Dim),
            Span::new(text, drbd::state_tone(pair)),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        sheet.table(&["DISK", "HERE", "STATE"], rows);
    }
    if more > 0 {
        sheet.wrapped(&format!("and {more} more"), Tone::Dim, 0);
    }
}

fn storage(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, node: &Node) {
    if facts.places.iter().any(|place| place.node == node.name) {
        sheet.heading("Storage");
        volumes::places(sheet, facts, &node.name);
    }
    volumes::physical_volumes(sheet, cluster, &node.name);
    volumes::health(sheet, node);
}

fn devices(sheet: &mut Sheet, node: &Node) {
    if !node.fresh() {
        return;
    }
    let cell = |text: String| Span::new(text, Tone::Plain);
    if let Some(net) = node.facts.net.as_ref().filter(|net| !net.is_empty()) {
        sheet.heading("Network, bytes a second");
        let rows = net
            .iter()
            .map(|i| vec![cell(i.name.clone()), cell(rate(i.rx)), cell(rate(i.tx))]);
        sheet.table(&["INTERFACE", "RECEIVED", "SENT"], rows.collect());
    }
    volumes::rates(sheet, node);
}

fn missing(sheet: &mut Sheet, node: &Node) {
    let Some(missing) = node.facts.missing.as_ref().filter(|list| !list.is_empty()) else {
        return;
    };
    sheet.heading("What its agent cannot see");
    for part in missing {
        if part.hangs {
            let text = format!("{} hangs: {}", part.part, part.why);
            sheet.wrapped(&text, Tone::Critical, 0);
        } else {
            sheet.wrapped(&format!("{}: {}", part.part, part.why), Tone::Stale, 0);
        }
    }
}

/// The text, or Ganeti's sign for what is not known.
pub fn known(text: Option<String>) -> String {
    text.unwrap_or_else(|| "?".to_owned())
}

/// A list in words, `-` if there is nothing in it.
pub fn listed(list: &[String]) -> String {
    if list.is_empty() {
        "-".to_owned()
    } else {
        list.join(", ")
    }
}
