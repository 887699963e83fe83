//! Whether an instance's serial console can be had, and asking for it.

use gantry_wire::act::Expect;
use gantry_wire::operation::{Console, Operation};

use crate::action::guard::{Guard, Request};
use crate::model::job::finished;
use crate::model::status::{Status, Word};
use crate::model::{Cluster, Instance};

use super::{Effect, State};

/// Jobs that take a guest to another node: its console would be cut off, or be in the way.
const MOVES: [&str; 3] = ["INSTANCE_MIGRATE", "INSTANCE_FAILOVER", "INSTANCE_MOVE"];

/// Asks for the console of an instance.
///
/// # Errors
/// Why it cannot be had now.
pub fn open(state: &mut State, cluster: &Cluster, name: &str) -> Result<Effect, String> {
    let guard = Guard::of(state.acting.read_only, cluster);
    let (operation, expect) = wanted(cluster, name)?;
    let permit = guard.asked_for(&operation, cluster).permit(&operation);
    let permit = permit.map_err(|why| why.to_string())?;
    let id = state.affairs.id();
    let operator = &state.acting.operator;
    let request = Request::new(permit, id, operation, expect, "", operator);
    let request = request.map_err(|wrong| wrong.to_string())?;
    Ok(Effect::Console(Box::new(request)))
}

/// What is to be asked for.
fn wanted(cluster: &Cluster, name: &str) -> Result<(Operation, Expect), String> {
    let Some(instance) = cluster.instances.get(name) else {
        return Err(format!("there is no instance {name}"));
    };
    if let Some(why) = is_down(instance) {
        return Err(why);
    }
    let mut jobs = cluster.jobs.values();
    let moves = |summary: &str| {
        let own = |kind: &str| *summary == format!("{kind}({name})");
        MOVES.iter().any(|kind| own(kind))
    };
    let moving = jobs.find(|job| {
        let begun = !finished(&job.status) && job.status != "queued";
        begun
            && job
                .ops
                .iter()
                .any(|op| !finished(&op.status) && moves(&op.summary))
    });
    if let Some(job) = moving {
        let id = job.id;
        return Err(format!(
            "{name} is being moved by job {id}: its console comes back after that"
        ));
    }
    let node = instance.conf.primary.clone();
    let expect = Expect::Instance {
        primary: node.clone(),
        secondaries: instance.conf.secondaries.clone(),
        admin_state: instance.conf.admin_state.clone(),
    };
    let operation = Operation::Console(Console {
        instance: name.to_owned(),
        node,
        hypervisor: instance.conf.hypervisor.clone(),
    });
    Ok((operation, expect))
}

/// What does not run has no console. What is not known may.
fn is_down(instance: &Instance) -> Option<String> {
    let (Status::Now(word) | Status::Asked(word, _)) = &instance.status else {
        return None;
    };
    let unknown = matches!(word, Word::ErrorNodeDown | Word::ErrorNodeOffline);
    let down = !word.is_up() && !unknown;
    down.then(|| format!("{} does not run: it has no console", instance.name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::action::fixture::{Town, job};
    use crate::app::facts::Facts;
    use crate::input::Keymap;

    fn tried(town: &Town, name: &str) -> Result<Effect, String> {
        let mut state = State::new(Keymap::default(), (80, 24));
        state.facts = Facts::default();
        state.acting.operator = "anna".into();
        open(&mut state, &town.cluster, name)
    }

    /// The agents permit it.
    fn town() -> Town {
        use gantry_wire::Report;
        use gantry_wire::report::Hello;
        let mut town = Town::new();
        for node in ["node3", "node5"] {
            let hello = Hello {
                node: node.into(),
                permits: vec!["console".into()],
                ..Hello::default()
            };
            town.cluster.report(node, Report::Hello(hello));
        }
        town
    }

    #[test]
    fn the_primarys_own_agent_is_asked() {
        let Ok(Effect::Console(request)) = tried(&town(), "web7") else {
            unreachable!("it runs")
        };
        assert_eq!(request.act().operation.own_node(), Some("node3"));
    }

    #[test]
    fn what_has_no_console_now_says_why() {
        let mut town = town();
        let off = town.cluster.instances.get_mut("off1").unwrap();
        off.status = Status::Now(Word::AdminDown);
        for (name, words) in [
            ("off1", "does not run"),
            ("web99", "no instance"),
            ("old1", "permits no change at all"),
        ] {
            let why = tried(&town, name).unwrap_err();
            assert!(why.contains(words), "{name}: {why}");
        }
        town.jobs(vec![job(7, "running", "INSTANCE_MIGRATE(web7)")]);
        let why = tried(&town, "web7").unwrap_err();
        assert!(why.contains("moved by job 7"), "{why}");
        town.jobs(vec![job(8, "success", "INSTANCE_MIGRATE(web7)")]);
        assert!(tried(&town, "web7").is_ok());
        town.lose("node3", 60);
        assert!(tried(&town, "web7").unwrap_err().contains("node3"));
    }
}
