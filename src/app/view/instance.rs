//! One instance: everything known of it.

use gantry_wire::guest::Guest;
use gantry_wire::job::Job;

use crate::app::facts::Facts;
use crate::app::sheet::{Graph, Pair, Sheet, Span};
use crate::app::tone::{self, Tone};
use crate::model::job::summary;
use crate::model::words::{age, ago, duration, mib, rate};
use crate::model::{Cluster, Instance, Name};

use crate::planner::findings::worked_on;

use super::node::{known, listed, top};
use super::{instances, nodes, stack};

/// Jobs listed that had to do with it.
const JOBS: usize = 8;

/// What matters most, for the pane.
pub fn brief(cluster: &Cluster, facts: &Facts, name: &Name, width: u16, tall: bool) -> Sheet {
    let mut sheet = Sheet::new(width);
    let Some(instance) = cluster.instances.get(name) else {
        let gone = format!("There is no instance {name} any more.");
        sheet.wrapped(&gone, Tone::Lost, 0);
        return sheet;
    };
    sheet.pairs(state(cluster, facts, instance));
    elsewhere(&mut sheet, cluster, facts, instance);
    sheet.blank();
    sheet.graphs(graphs(cluster, instance, width, if tall { 3 } else { 1 }));
    sheet
}

/// Everything.
pub fn whole(cluster: &Cluster, facts: &Facts, name: &Name, width: u16, tall: bool) -> Sheet {
    let mut sheet = brief(cluster, facts, name, width, tall);
    let Some(instance) = cluster.instances.get(name) else {
        return sheet;
    };
    stack::disks(&mut sheet, cluster, facts, instance);
    nics(&mut sheet, instance);
    sheet.heading("Configuration");
    sheet.pairs(configuration(cluster, instance));
    // Alone, as it is long.
    sheet.pairs(vec![Pair::new("uuid", &instance.conf.uuid)]);
    jobs(&mut sheet, cluster, facts, instance);
    sheet
}

fn state(cluster: &Cluster, facts: &Facts, instance: &Instance) -> Vec<Pair> {
    let conf = &instance.conf;
    let guest = cluster.guest(instance);
    let stand_in = instances::stand_in(cluster, instance);
    let of_guest = |text: Option<String>| text.unwrap_or_else(|| stand_in.to_owned());
    let primary = cluster.nodes.get(conf.primary.as_str());
    let primary_tone = primary.map_or(Tone::Lost, tone::of_reach);
    let primary_text = match primary.map(|node| nodes::reach(node, cluster)) {
        Some(reach) if reach != "ok" => format!("{} ({reach})", facts.names.short(&conf.primary)),
        _ => facts.names.short(&conf.primary).to_owned(),
    };
    let changed = instance
        .since
        .map(|at| age(cluster.now.at.since(at) as f64 / 1e3));
    let uptime = guest.and_then(|guest| instances::uptime(cluster, instance, guest));
    let mut pairs = vec![
        Pair::toned(
            "status",
            instances::status(instance, cluster),
            tone::of_status(instance.status),
        ),
        Pair::toned("primary", primary_text, primary_tone),
        Pair::new(
            "secondary",
            instances::secondaries(facts, &conf.secondaries),
        ),
        Pair::new("up for", of_guest(uptime.map(duration))),
        Pair::new("vcpus", conf.vcpus.to_string()),
        Pair::new("memory", memory(conf.minmem, conf.maxmem)),
        Pair::new("resident", of_guest(guest.map(|guest| mib(guest.rss)))),
        Pair::new(
            "disks",
            format!(
                "{} {}, {}",
                conf.disks.len(),
                conf.disk_template,
                mib(instance.disk_size())
            ),
        ),
        Pair::toned(
            "redundant",
            instances::redundancy(facts, &instance.name),
            instances::redundancy_tone(facts, &instance.name),
        ),
    ];
    if let Some(changed) = changed {
        pairs.push(Pair::new("status since", changed));
    }
    pairs
}

fn memory(min: u64, max: u64) -> String {
    if min == max {
        mib(max)
    } else {
        format!("{} to {}", mib(min), mib(max))
    }
}

/// Says where else it runs, which must not be.
fn elsewhere(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, instance: &Instance) {
    for name in &facts.nodes {
        let Some(node) = cluster.nodes.get(name).filter(|node| node.fresh()) else {
            continue;
        };
        let mut guests = node.facts.guests.iter().flat_map(|guests| &guests.list);
        let here = |guest: &Guest| *guest.name == *instance.name && !guest.shut_down;
        if **name != *instance.conf.primary && guests.any(here) {
            let name = facts.names.short(name);
            // A migration has it on both nodes.
            let (text, tone) = if worked_on(cluster, &instance.name) {
                (
                    format!("It is on {name} too, while a job works on it."),
                    Tone::Progress,
                )
            } else {
                (
                    format!("It runs on {name}, which is not its primary."),
                    Tone::Critical,
                )
            };
            sheet.wrapped(&text, tone, 0);
        }
    }
}

fn graphs(cluster: &Cluster, instance: &Instance, width: u16, height: u16) -> Vec<Graph> {
    let now = cluster.now.at;
    let points = usize::from(width);
    let guest = cluster.guest(instance);
    let stand_in = instances::stand_in(cluster, instance);
    let text = |text: Option<String>| text.unwrap_or_else(|| stand_in.to_owned());
    let graph = |key, now_text, points: Vec<Option<f32>>, least: f32| Graph {
        key,
        now: now_text,
        top: top(&points, least),
        points,
        height,
    };
    let io = guest.and_then(|guest| Some((guest.read?, guest.write?)));
    let net = guest.and_then(|guest| Some((guest.rx?, guest.tx?)));
    let both =
        |rates: Option<(u64, u64)>| text(rates.map(|(a, b)| format!("{}/{}", rate(a), rate(b))));
    vec![
        graph(
            "cpu",
            text(guest.map(|guest| format!("{:.0}%", f64::from(guest.cpu) / 10.0))),
            instance.past.cpu.last(points, now),
            100.0,
        ),
        graph(
            "disk r/w",
            both(io),
            instance.past.io.last(points, now),
            1e6,
        ),
        graph(
            "net rx/tx",
            both(net),
            instance.past.net.last(points, now),
            1e6,
        ),
    ]
}

fn nics(sheet: &mut Sheet, instance: &Instance) {
    sheet.heading("Network interfaces");
    if instance.conf.nics.is_empty() {
        sheet.wrapped("none", Tone::Dim, 0);
        return;
    }
    let or_none = |text: &str| {
        if text.is_empty() {
            "-".to_owned()
        } else {
            text.to_owned()
        }
    };
    let rows = instance.conf.nics.iter().enumerate().map(|(index, nic)| {
        let fields = [
            &nic.mac,
            &nic.ip,
            &nic.mode,
            &nic.link,
            &nic.vlan,
            &nic.network,
        ];
        let cells = std::iter::once(format!("nic/{index}"));
        let cells = cells.chain(fields.map(|text| or_none(text)));
        cells.map(|text| Span::new(text, Tone::Plain)).collect()
    });
    let titles = ["NIC", "MAC", "IP", "MODE", "LINK", "VLAN", "NETWORK"];
    sheet.table(&titles, rows.collect());
}

fn configuration(cluster: &Cluster, instance: &Instance) -> Vec<Pair> {
    let conf = &instance.conf;
    let yes_no = |yes: bool| if yes { "yes" } else { "no" };
    let source = match conf.admin_state_source.as_str() {
        "" => String::new(),
        source => format!(" (by {source})"),
    };
    let since = |at: f64| known((at > 0.0).then(|| ago(cluster.seconds_since(at))));
    let mut pairs = vec![
        Pair::new("admin state", format!("{}{source}", conf.admin_state)),
        Pair::new("hypervisor", &conf.hypervisor),
        Pair::new("os", &conf.os),
        Pair::new("disks active", yes_no(conf.disks_active)),
        Pair::new("auto balance", yes_no(conf.auto_balance)),
        Pair::new(
            "migration",
            if conf.always_failover {
                "always failover"
            } else {
                "allowed"
            },
        ),
        Pair::new("spindle use", conf.spindle_use.to_string()),
        Pair::new(
            "console port",
            match conf.network_port {
                0 => "-".to_owned(),
                port => port.to_string(),
            },
        ),
        Pair::new("created", since(conf.ctime)),
        Pair::new("changed", since(conf.mtime)),
        Pair::new("tags", listed(&conf.tags)),
    ];
    if let Some((at, live)) = &instance.live {
        let said = ago(cluster.now.at.since(*at) as f64 / 1e3);
        pairs.push(Pair::new("LUXI says", format!("{}, {said}", live.status)));
    }
    pairs
}

/// The newest jobs that name it.
fn jobs(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, instance: &Instance) {
    // Opcodes are summed up as `INSTANCE_MIGRATE(web1)`.
    let named = format!("({})", instance.name);
    let about = |job: &&Job| job.ops.iter().any(|op| op.summary.contains(&named));
    let jobs: Vec<&Job> = cluster
        .jobs
        .values()
        .rev()
        .filter(about)
        .take(JOBS)
        .collect();
    if jobs.is_empty() {
        return;
    }
    sheet.heading("Jobs");
    let rows = jobs.into_iter().map(|job| {
        let ago = job.received.map(|at| age(cluster.seconds_since(at)));
        vec![
            Span::new(job.id.to_string(), Tone::Plain),
            Span::new(&job.status, tone::of_job(job, cluster)),
            Span::new(known(ago), Tone::Plain),
            Span::new(facts.names.shorten(&summary(job)), Tone::Plain),
        ]
    });
    sheet.table(&["JOB", "STATUS", "AGE", "SUMMARY"], rows.collect());
}
