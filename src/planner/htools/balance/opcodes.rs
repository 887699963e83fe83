//! A plan as the jobs that hbal submits: each set of moves in one `SubmitManyJobs`, each move a job of its own. No job
//! names another that it depends on: hbal asks for the next set when all of one have ended well.

use serde_json::{Map, Value, json};

use super::Step;
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::moves::Move;

/// Seconds an instance has to shut down before a failover: Ganeti's own value, which the tools send all the same.
const SHUTDOWN_TIMEOUT: i64 = 120;

/// One opcode: its parameters in the order in which the tools write them.
#[derive(Clone, Debug, PartialEq)]
pub struct Opcode(pub Vec<(&'static str, Value)>);

/// What hbal puts into every opcode whatever it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Priority of the jobs: 10 low, 0 normal, -10 high.
    pub priority: i64,
    /// The tool and its version, in words.
    pub program: String,
    /// Why; that the tool was called, if nothing is said.
    pub reason: Option<String>,
    /// When it was called, nanoseconds since the epoch.
    pub at_ns: u64,
}

impl Signature {
    fn parameters(&self) -> Vec<(&'static str, Value)> {
        let program = &self.program;
        let reason = self.reason.clone();
        let reason = reason.unwrap_or_else(|| format!("{program} called"));
        vec![
            ("priority", json!(self.priority)),
            ("depends", Value::Null),
            ("comment", json!(format!("rebalancing via {program}"))),
            ("reason", json!([["hbal", reason, self.at_ns]])),
        ]
    }
}

/// The opcodes of an instance's move, without what hbal adds to each.
pub fn of(cluster: &Cluster, instance: usize, to: Move) -> Vec<Opcode> {
    let Some(instance) = cluster.data.instances.get(instance) else {
        return Vec::new();
    };
    let node = |at: usize| cluster.data.nodes.get(at).map_or("", |it| it.name.as_str());
    let name = &instance.name;
    let over = |target: Option<usize>| {
        let target = target.map(|at| ("target_node", json!(node(at))));
        if instance.forthcoming {
            Opcode::new("OP_INSTANCE_FAILOVER", name)
                .with("shutdown_timeout", SHUTDOWN_TIMEOUT)
                .with("ignore_consistency", false)
                .and(target)
                .with("ignore_ipolicy", false)
                .with("cleanup", false)
        } else {
            // Also for an instance that is down: Ganeti may fail it over instead.
            Opcode::new("OP_INSTANCE_MIGRATE", name)
                .and(target)
                .with("allow_runtime_changes", false)
                .with("ignore_ipolicy", false)
                .with("cleanup", false)
                .with("allow_failover", true)
                .with("ignore_hvversions", true)
        }
    };
    let replace = |at: usize| {
        Opcode::new("OP_INSTANCE_REPLACE_DISKS", name)
            .with("early_release", false)
            .with("ignore_ipolicy", false)
            .with("mode", "replace_new_secondary")
            .with("disks", Vec::<Value>::new())
            .with("remote_node", node(at))
    };
    match to {
        Move::Failover => vec![over(None)],
        Move::FailoverToAny(to) => vec![over(Some(to))],
        Move::FailoverAndReplace(to) => vec![over(None), replace(to)],
        Move::ReplaceSecondary(to) => vec![replace(to)],
        Move::ReplaceAndFailover(to) => vec![replace(to), over(None)],
        Move::ReplacePrimary(to) => vec![over(None), replace(to), over(None)],
    }
}

/// The job that hbal submits for a move.
pub fn job(cluster: &Cluster, step: &Step, signature: &Signature) -> Vec<Value> {
    let opcodes = of(cluster, step.instance, step.to).into_iter();
    opcodes
        .map(|opcode| {
            let parameters = signature.parameters().into_iter().chain(opcode.0);
            let object = parameters.map(|(key, value)| (key.to_owned(), value));
            Value::Object(object.collect::<Map<String, Value>>())
        })
        .collect()
}

impl Opcode {
    fn new(id: &str, instance: &str) -> Opcode {
        Opcode(vec![
            ("OP_ID", json!(id)),
            ("instance_name", json!(instance)),
        ])
    }

    fn with(self, key: &'static str, value: impl Into<Value>) -> Opcode {
        self.and(Some((key, value.into())))
    }

    fn and(mut self, parameter: Option<(&'static str, Value)>) -> Opcode {
        self.0.extend(parameter);
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::planner::htools::Setup;
    use crate::planner::htools::policy::Template;
    use crate::planner::n1::tests::{nodes, put};

    fn cluster() -> Cluster {
        let mut data = nodes(3);
        put(&mut data, 1_000, 0, Some(1));
        put(&mut data, 1_000, 0, Some(1));
        data.instances[1].forthcoming = true;
        put(&mut data, 1_000, 0, None);
        data.instances[2].template = Template::Rbd;
        for (at, name) in ["web.lab", "soon.lab", "shared.lab"]
            .into_iter()
            .enumerate()
        {
            data.instances[at].name = name.to_owned();
        }
        for (at, node) in data.nodes.iter_mut().enumerate() {
            node.name = format!("n{at}.lab");
        }
        Cluster::new(data, &Setup::default()).unwrap()
    }

    /// Names in the order in which they are sent, and their values.
    fn text(opcodes: &[Opcode]) -> Vec<String> {
        let parameter = |(key, value): &(&str, Value)| format!("{key}={value}");
        let one = |it: &Opcode| it.0.iter().map(parameter).collect::<Vec<_>>().join(" ");
        opcodes.iter().map(one).collect()
    }

    #[test]
    fn each_move_becomes_the_opcodes_that_hbal_sends() {
        let cluster = cluster();
        let migrate = |target: &str| {
            format!(
                "OP_ID=\"OP_INSTANCE_MIGRATE\" instance_name=\"web.lab\" {target}allow_runtime_changes=false \
                 ignore_ipolicy=false cleanup=false allow_failover=true ignore_hvversions=true"
            )
        };
        let replace =
            "OP_ID=\"OP_INSTANCE_REPLACE_DISKS\" instance_name=\"web.lab\" early_release=false \
            ignore_ipolicy=false mode=\"replace_new_secondary\" disks=[] remote_node=\"n2.lab\""
                .to_owned();
        let over = migrate("");
        for (to, wanted) in [
            (Move::Failover, vec![over.clone()]),
            (Move::ReplaceSecondary(2), vec![replace.clone()]),
            (
                Move::ReplaceAndFailover(2),
                vec![replace.clone(), over.clone()],
            ),
            (
                Move::FailoverAndReplace(2),
                vec![over.clone(), replace.clone()],
            ),
            (Move::ReplacePrimary(2), vec![over.clone(), replace, over]),
            (
                Move::FailoverToAny(2),
                vec![migrate("target_node=\"n2.lab\" ")],
            ),
        ] {
            assert_eq!(text(&of(&cluster, 0, to)), wanted, "{to:?}");
        }
        assert_eq!(of(&cluster, 99, Move::Failover), []);
    }

    #[test]
    fn what_is_not_there_yet_fails_over() {
        let wanted = "OP_ID=\"OP_INSTANCE_FAILOVER\" instance_name=\"soon.lab\" shutdown_timeout=120 \
            ignore_consistency=false ignore_ipolicy=false cleanup=false";
        assert_eq!(text(&of(&cluster(), 1, Move::Failover)), [wanted]);
    }

    #[test]
    fn a_job_says_who_submits_it_and_depends_on_none() {
        let step = Step {
            instance: 2,
            to: Move::FailoverToAny(1),
            before: (0, None),
            after: (1, None),
            score: 1.0,
        };
        let mut signature = Signature {
            priority: 10,
            program: "hbal (gantry) version 1".to_owned(),
            reason: None,
            at_ns: 7,
        };
        let wanted = |reason: &str| {
            vec![json!({
                "priority": 10, "depends": null, "comment": "rebalancing via hbal (gantry) version 1",
                "reason": [["hbal", reason, 7]],
                "OP_ID": "OP_INSTANCE_MIGRATE", "instance_name": "shared.lab", "target_node": "n1.lab",
                "allow_runtime_changes": false, "ignore_ipolicy": false, "cleanup": false,
                "allow_failover": true, "ignore_hvversions": true,
            })]
        };
        let called = job(&cluster(), &step, &signature);
        assert_eq!(called, wanted("hbal (gantry) version 1 called"));
        signature.reason = Some("new disks".to_owned());
        assert_eq!(job(&cluster(), &step, &signature), wanted("new disks"));
    }
}
