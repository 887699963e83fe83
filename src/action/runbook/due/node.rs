//! The steps of runbooks for nodes.

use crate::action::fit::{Mirror, drbd, mirror};
use crate::action::forecast::World;
use crate::action::forecast::facts::{names, runs};
use crate::action::forecast::node::candidates_short;
use crate::action::form::{Kind, Object};
use crate::action::runbook::gate;
use crate::action::runbook::run::Run;
use crate::action::runbook::step::Step;
use crate::model::{Cluster, Instance, Name, Node};
use crate::planner::replica::{Half, Pair, State};

use super::{Due, Wanted, ask, gated, some};

/// What a step of a runbook for a node asks for.
pub fn of_node(step: Step, run: &Run, node: &Node, world: &World) -> Due {
    let (name, cluster) = (&node.name, world.cluster);
    let itself = || vec![Object::Node(name.clone())];
    let here = |pair: &&Pair| gate::has_half(pair, name);
    match step {
        Step::Drain if matches!(node.role(), "D" | "O") => {
            Due::So(format!("{name} takes no new instances"))
        }
        Step::Drain => ask(Kind::NodeDrain, itself(), promote(node, cluster)),
        Step::MigrateAway => migrate_away(node, cluster),
        Step::StopRest => {
            let run = gate::those(&node.primaries, cluster, gate::may_run);
            some(run, Kind::Shutdown, "nothing runs there any more")
        }
        Step::Reboot => reboot(run, node, cluster),
        Step::Answers => gated(gate::node_answers(node, cluster)),
        Step::InSync => {
            let helped = |pair: &Pair| {
                run.memory
                    .asked(Step::NewSecondaries)
                    .any(|it| gate::is_of(pair, it))
            };
            gated(gate::in_sync(
                world
                    .pairs
                    .iter()
                    .filter(|pair| here(pair) || helped(pair))
                    .filter(|pair| !gone(pair, name, node)),
            ))
        }
        Step::Undrain if node.role() != "D" => Due::So(format!("{name} is not drained")),
        Step::Undrain => ask(Kind::NodeUndrain, itself(), Vec::new()),
        Step::StartAgain => {
            let stopped = run.memory.instances(Step::StopRest, cluster);
            let down = stopped
                .into_iter()
                .filter(|it| it.conf.admin_state == "down")
                .collect();
            some(
                down,
                Kind::Start,
                "nothing that was shut down for this is down",
            )
        }
        Step::BringBack => bring_back(run, node, cluster),
        Step::MarkOffline => mark_offline(run, node, world),
        Step::FailOver => fail_over(node, cluster),
        Step::Running => running(run, cluster),
        Step::NewSecondaries => {
            let alone = gate::those(&node.secondaries, cluster, |it| drbd(it).is_ok());
            match some(
                alone,
                Kind::ReplaceDisks,
                "no instance had its second half there",
            ) {
                Due::Ask(wanted) => Due::Ask(Wanted {
                    set: vec![("mode", "new-secondary".to_owned())],
                    ..wanted
                }),
                due => due,
            }
        }
        Step::Guests => guests(node, cluster),
        Step::MarkOnline if !node.offline() => Due::So(format!("{name} is not marked offline")),
        Step::MarkOnline => ask(Kind::NodeOnline, itself(), Vec::new()),
        Step::Activate => {
            let apart = |it: &Instance| {
                let mut pairs = world.pairs.iter().filter(here);
                it.conf.disks_active
                    && pairs.any(|pair| gate::is_of(pair, &it.name) && parted(pair))
            };
            let all: Vec<Name> = node
                .primaries
                .iter()
                .chain(&node.secondaries)
                .cloned()
                .collect();
            some(
                gate::those(&all, cluster, apart),
                Kind::ActivateDisks,
                "no disk with a half there is parted",
            )
        }
        Step::EvacuatePrimaries => evacuate(node, &node.primaries, "primary-only"),
        Step::EvacuateSecondaries => evacuate(node, &node.secondaries, "secondary-only"),
        Step::NoPrimaries => left(&node.primaries, &[], cluster),
        Step::Empty => left(&node.primaries, &node.secondaries, cluster),
        Step::RemoveNode => Due::Hand(vec![
            format!("Nothing is on {name} any more. On the master: gnt-node remove {name}"),
            "gantry sees when it is gone. Enter ends here and leaves it in the cluster, drained."
                .to_owned(),
        ]),
        Step::RepairGroup => repair_group(node, cluster),
        Step::AnewPrimaries => anew(node, &node.primaries, world, "on-primary"),
        Step::AnewSecondaries => anew(node, &node.secondaries, world, "on-secondary"),
        Step::ActivateOne
        | Step::Mended
        | Step::Anew
        | Step::Choose
        | Step::TakeOver
        | Step::ThrowAway => Due::Stuck("this step is for an instance".to_owned()),
    }
}

/// A half on a node that is marked offline comes back with it, or has been given up.
fn gone(pair: &Pair, name: &Name, node: &Node) -> bool {
    node.offline() && gate::has_half(pair, name)
}

/// Another node has to become a candidate where there would be too few.
fn promote(node: &Node, cluster: &Cluster) -> Vec<(&'static str, String)> {
    match candidates_short(node, cluster) {
        Some((remaining, wanted)) if remaining < wanted => vec![("auto_promote", "yes".to_owned())],
        _ => Vec::new(),
    }
}

fn migrate_away(node: &Node, cluster: &Cluster) -> Due {
    let leaves = |it: &Instance| gate::may_run(it) && mirror(it).is_ok();
    let stays = gate::those(&node.primaries, cluster, |it| {
        gate::may_run(it) && mirror(it).is_err()
    });
    let none = match stays.as_slice() {
        [] => "nothing runs there".to_owned(),
        stays => format!("what runs there cannot leave: {}", gate::listed(stays)),
    };
    some(
        gate::those(&node.primaries, cluster, leaves),
        Kind::Migrate,
        &none,
    )
}

/// The boot that an agent told of.
fn boot(node: &Node) -> &str {
    node.agent
        .as_ref()
        .map_or("", |hello| hello.boot_id.as_str())
}

fn reboot(run: &Run, node: &Node, cluster: &Cluster) -> Due {
    let name = &node.name;
    let (before, now) = (run.memory.boot.as_str(), boot(node));
    if node.fresh() && !before.is_empty() && !now.is_empty() && before != now {
        return Due::So(format!("{name} has booted anew"));
    }
    let run = gate::those(&node.primaries, cluster, gate::may_run);
    let first = match run.as_slice() {
        [] if node.fresh() => {
            format!("Nothing runs on {name} any more: reboot it now (ssh {name} reboot).")
        }
        [] => format!("{name} does not answer now: it may be booting."),
        run => format!(
            "Still there, and going down with {name}: {}.",
            gate::counted(run)
        ),
    };
    let halves = node.secondaries.len();
    let mut words = vec![first];
    if halves > 0 {
        words.push(format!(
            "Disks of {halves} instances have one half only meanwhile."
        ));
    }
    words.push("gantry sees when it has booted anew, and goes on by itself.".to_owned());
    words.push(
        "Enter goes on without that: it was rebooted, or need not be. P resets it at once."
            .to_owned(),
    );
    Due::Hand(words)
}

fn bring_back(run: &Run, node: &Node, cluster: &Cluster) -> Due {
    let moved = run.memory.instances(Step::MigrateAway, cluster);
    if moved.is_empty() {
        return Due::So("it is not known here that anything was migrated away".to_owned());
    }
    let away = |it: &&Instance| it.conf.primary != *node.name && gate::may_run(it);
    // A DRBD instance that got another secondary meanwhile has no way back but a copy.
    let can = |it: &&Instance| match mirror(it) {
        Ok(Mirror::Drbd) => it.conf.secondaries.iter().any(|name| **name == *node.name),
        Ok(Mirror::External) => true,
        Err(_) => false,
    };
    let back = moved.into_iter().filter(away).filter(can).collect();
    match some(
        back,
        Kind::Migrate,
        "all that was migrated away is back, or has no way back",
    ) {
        Due::Ask(wanted) => Due::Ask(Wanted {
            set: vec![("to", node.name.to_string())],
            ..wanted
        }),
        due => due,
    }
}

fn mark_offline(run: &Run, node: &Node, world: &World) -> Due {
    let name = &node.name;
    if world.cluster.master() == &**name {
        return Due::Stuck(format!("{name} is the master: {}", gate::MASTER));
    }
    if node.offline() {
        return Due::So(format!("{name} is marked offline"));
    }
    if let Err(alive) = gate::is_silent(name, world.cluster, world.pairs) {
        return Due::Stuck(alive);
    }
    Due::Ask(Wanted {
        kind: Kind::NodeOffline,
        objects: vec![Object::Node(name.clone())],
        set: promote(node, world.cluster),
        proof: (!run.memory.dead).then(|| name.clone()),
    })
}

fn fail_over(node: &Node, cluster: &Cluster) -> Due {
    let name = &node.name;
    if !node.offline() {
        return Due::Wait(format!("{name} is not marked offline"));
    }
    let stays = gate::those(&node.primaries, cluster, |it| mirror(it).is_err());
    let none = match stays.as_slice() {
        [] => format!("{name} is the primary of no instance"),
        stays => format!(
            "down until {name} is back, with their disks: {}",
            gate::listed(stays)
        ),
    };
    some(
        gate::those(&node.primaries, cluster, |it| mirror(it).is_ok()),
        Kind::Failover,
        &none,
    )
}

fn running(run: &Run, cluster: &Cluster) -> Due {
    let moved = run.memory.instances(Step::FailOver, cluster);
    let down = |it: &&Instance| it.conf.admin_state == "up" && runs(it) != Some(true);
    let (count, down): (usize, Vec<&Instance>) =
        (moved.len(), moved.into_iter().filter(down).collect());
    match down.as_slice() {
        [] => Due::So(format!("{count} failed over, and all that are to run do")),
        down => Due::Wait(format!("not running yet: {}", gate::counted(down))),
    }
}

fn guests(node: &Node, cluster: &Cluster) -> Due {
    let name = &node.name;
    let told = node.facts.guests.as_ref().filter(|_| node.fresh());
    let wanted = cluster.conf.iter().flat_map(|conf| &conf.hypervisors);
    let whole = told.filter(|told| wanted.clone().all(|it| told.hypervisors.contains(it)));
    if let Some(told) = told {
        let elsewhere = |guest: &&gantry_wire::guest::Guest| {
            let own = cluster.instances.get(guest.name.as_str());
            !guest.shut_down && own.is_none_or(|it| it.conf.primary != **name)
        };
        let strays: Vec<String> = told
            .list
            .iter()
            .filter(elsewhere)
            .map(|guest| match guest.pid {
                0 => guest.name.clone(),
                pid => format!("{} (process {pid})", guest.name),
            })
            .collect();
        if !strays.is_empty() {
            return Due::Wait(format!(
                "on {name} there run, by its own doing: {}; end them there (ssh {name} kill PROCESS): they are not to be \
                 shut down by Ganeti, which means the ones elsewhere",
                names(strays.iter().map(String::as_str))
            ));
        }
    }
    if whole.is_some() {
        return Due::So(format!("nothing runs on {name} that is not to run there"));
    }
    Due::Hand(vec![
        format!(
            "gantry does not see what runs on {name}: look there yourself, before Ganeti talks to it again"
        ),
        format!(
            "(ssh {name} pgrep -a qemu, or xl list). What runs there ends first: it would run twice."
        ),
        "Enter says that nothing runs there.".to_owned(),
    ])
}

/// Halves that are not together and do not come together by themselves.
fn parted(pair: &Pair) -> bool {
    !gate::is_well(pair)
        && !matches!(
            pair.state,
            State::Resyncing | State::SplitBrain | State::Connecting
        )
}

fn evacuate(node: &Node, leave: &[Name], mode: &str) -> Due {
    if leave.is_empty() {
        return Due::So(format!("{} has none", node.name));
    }
    let set = vec![("mode", mode.to_owned())];
    ask(
        Kind::NodeEvacuate,
        vec![Object::Node(node.name.clone())],
        set,
    )
}

fn left(primaries: &[Name], secondaries: &[Name], cluster: &Cluster) -> Due {
    let mut all: Vec<Name> = primaries.iter().chain(secondaries).cloned().collect();
    all.dedup();
    let there = gate::those(&all, cluster, |_| true);
    match there.as_slice() {
        [] => Due::So("none is left".to_owned()),
        there => Due::Wait(format!(
            "still there: {}; {}",
            gate::counted(there),
            gate::under_way(cluster)
        )),
    }
}

fn repair_group(node: &Node, cluster: &Cluster) -> Due {
    let name = &node.name;
    let group = cluster
        .conf
        .as_ref()
        .map_or("", |conf| conf.volume_group.as_str());
    let lvm = node
        .facts
        .lvm
        .as_ref()
        .filter(|_| node.fresh() && node.missing("lvm").is_none());
    let missing = lvm.map(|lvm| {
        lvm.pvs
            .iter()
            .filter(|it| it.missing && it.vg == group)
            .count()
    });
    if missing == Some(0) {
        return Due::So(format!(
            "no physical volume of {group} is missing on {name}"
        ));
    }
    let first = match missing {
        Some(n) => format!("{n} physical volumes of {group} are missing on {name}."),
        None => format!("How the volume group {group} on {name} is, is not known."),
    };
    let plain = gate::those(&node.primaries, cluster, |it| {
        it.conf.disk_template == "plain"
    });
    let mut words = vec![
        first,
        format!(
            "On the master: gnt-node repair-storage {name} lvm-vg {group}. What lay on the failed disk is given up."
        ),
    ];
    if !plain.is_empty() {
        words.push(format!(
            "Without a second half, to be looked at first: {}.",
            gate::listed(&plain)
        ));
    }
    words.push(
        "gantry sees when nothing is missing any more. Enter goes on without that.".to_owned(),
    );
    Due::Hand(words)
}

/// The half on this node has lost its disk, or is not there at all.
fn lost_half<'a>(pair: &'a Pair, node: &str) -> bool {
    let of = |half: &'a Half| (*half.node == *node).then_some(half);
    let Some(half) = of(&pair.primary).or_else(|| of(&pair.secondary)) else {
        return false;
    };
    half.now()
        .is_some_and(|it| matches!(it.disk.as_str(), "Diskless" | "Failed"))
}

fn anew(node: &Node, of: &[Name], world: &World, mode: &str) -> Due {
    let lost = |it: &Instance| {
        let mut pairs = world
            .pairs
            .iter()
            .filter(|pair| gate::is_of(pair, &it.name));
        pairs.any(|pair| lost_half(pair, &node.name))
    };
    let lost = gate::those(of, world.cluster, lost);
    match some(
        lost,
        Kind::ReplaceDisks,
        "no half of these is known to have lost its disk",
    ) {
        Due::Ask(wanted) => Due::Ask(Wanted {
            set: vec![("mode", mode.to_owned())],
            ..wanted
        }),
        due => due,
    }
}
