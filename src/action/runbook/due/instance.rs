//! The steps of runbooks for instances.

use crate::action::forecast::World;
use crate::action::form::{Kind, Object};
use crate::action::runbook::gate;
use crate::action::runbook::run::Run;
use crate::action::runbook::step::Step;
use crate::model::{Cluster, Instance};
use crate::planner::replica::{Half, Pair, State};

use super::{Due, ask, gated};

/// What a step of a runbook for an instance asks for.
pub fn of_instance(step: Step, run: &Run, instance: &Instance, world: &World) -> Due {
    let name = &instance.name;
    let itself = || vec![Object::Instance(name.clone())];
    let pairs: Vec<&Pair> = world
        .pairs
        .iter()
        .filter(|pair| gate::is_of(pair, name))
        .collect();
    let split = pairs.iter().find(|pair| pair.state == State::SplitBrain);
    let well = gate::in_sync(pairs.iter().copied());
    let moves = pairs
        .iter()
        .all(|pair| gate::is_well(pair) || pair.state == State::Resyncing);
    match step {
        Step::InSync => gated(well),
        Step::Choose => choose(run, split.copied()),
        Step::TakeOver => take_over(run, instance),
        Step::ThrowAway if split.is_none() => {
            Due::So("the halves are not apart any more".to_owned())
        }
        Step::ThrowAway => throw_away(instance, &pairs, world.cluster),
        _ if split.is_some() => Due::Stuck(format!(
            "both halves of {name} were written apart: that is the runbook split brain"
        )),
        Step::ActivateOne if moves => Due::So(well.unwrap_or_else(|waits| waits)),
        Step::ActivateOne => ask(Kind::ActivateDisks, itself(), Vec::new()),
        Step::Mended => match pairs.iter().find(|pair| pair.state == State::Connecting) {
            Some(pair) => Due::Wait(format!("connecting: {}", pair.text)),
            None if moves => Due::So(well.unwrap_or_else(|waits| waits)),
            None => Due::So("that did not help".to_owned()),
        },
        Step::Anew if moves => Due::So("not needed".to_owned()),
        Step::Anew => make_anew(instance, &pairs, world.cluster),
        _ => Due::Stuck("this step is for a node".to_owned()),
    }
}

/// The primary's halves are up to date, and heard now.
fn primary_counts(pairs: &[&Pair]) -> bool {
    let counts = |pair: &&Pair| pair.primary.now().is_some_and(|it| it.disk == "UpToDate");
    !pairs.is_empty() && pairs.iter().all(counts)
}

fn make_anew(instance: &Instance, pairs: &[&Pair], cluster: &Cluster) -> Due {
    let name = &instance.name;
    if !primary_counts(pairs) {
        return Due::Stuck(format!(
            "the halves on {} are not known to be whole: what its secondary has may be the only copy",
            instance.conf.primary
        ));
    }
    let away = |it: &String| {
        cluster
            .nodes
            .get(it.as_str())
            .is_none_or(|node| !node.fresh())
    };
    let mode = match instance.conf.secondaries.iter().any(away) {
        true => "new-secondary",
        false => "on-secondary",
    };
    ask(
        Kind::ReplaceDisks,
        vec![Object::Instance(name.clone())],
        vec![("mode", mode.to_owned())],
    )
}

/// What is known of a half.
fn evidence(half: &Half) -> String {
    let Some(device) = half.now() else {
        return format!("{}: nothing is known of it now", half.node);
    };
    let written = match device.oos_kib {
        Some(0) => ", nothing written since".to_owned(),
        Some(much) => format!(", {} written since", crate::model::words::kib(much)),
        None => String::new(),
    };
    let (role, disk) = (&device.role, &device.disk);
    format!("{}: {role}, {disk}{written}", half.node)
}

fn choose(run: &Run, split: Option<&Pair>) -> Due {
    match (run.memory.chosen.as_str(), split) {
        ("", None) => Due::So("the halves are not apart".to_owned()),
        ("", Some(pair)) => Due::Choose([evidence(&pair.primary), evidence(&pair.secondary)]),
        (chosen, _) => Due::So(format!("the half on {chosen} is kept")),
    }
}

fn take_over(run: &Run, instance: &Instance) -> Due {
    let (name, chosen) = (&instance.name, run.memory.chosen.as_str());
    if chosen.is_empty() || instance.conf.primary == chosen {
        return Due::So(format!("{name} stays on {}", instance.conf.primary));
    }
    let set = vec![("ignore_consistency", "yes".to_owned())];
    ask(Kind::Failover, vec![Object::Instance(name.clone())], set)
}

fn throw_away(instance: &Instance, pairs: &[&Pair], cluster: &Cluster) -> Due {
    let name = &instance.name;
    if !primary_counts(pairs) {
        return Due::Stuck(format!(
            "the halves on {} are not up to date",
            instance.conf.primary
        ));
    }
    let third = cluster.nodes.values().any(|node| {
        let vm_capable = node.conf.as_ref().is_some_and(|conf| conf.vm_capable);
        vm_capable && matches!(node.role(), "M" | "C" | "R") && !instance.lives_on(&node.name)
    });
    if third {
        let set = vec![("mode", "new-secondary".to_owned())];
        return ask(
            Kind::ReplaceDisks,
            vec![Object::Instance(name.clone())],
            set,
        );
    }
    let loser = instance
        .conf
        .secondaries
        .first()
        .map_or("its secondary", String::as_str);
    let minors = pairs.iter().filter_map(|pair| pair.secondary.minor);
    let commands: Vec<String> = minors
        .map(|minor| format!("drbdsetup invalidate {minor}"))
        .collect();
    Due::Hand(vec![
        format!(
            "There is no third node, and Ganeti has no command for that. On {loser}, where what is there is lost:"
        ),
        commands.join("; "),
        format!(
            "then gnt-instance activate-disks {name}. The disk's page (:disk {name}/0) has the whole of it."
        ),
        "gantry sees when the halves are together again. Enter goes on without that.".to_owned(),
    ])
}
