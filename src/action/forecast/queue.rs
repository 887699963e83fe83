//! Whether jobs are taken at all, and which ones an operation would wait behind.

use std::collections::BTreeSet;

use gantry_wire::job::{Job, Lock};
use gantry_wire::operation::{Operation, Subject, TagsOf};
use gantry_wire::report::MasterState;

use crate::action::fit::{Mirror, mirror};
use crate::model::Cluster;
use crate::model::job::{current_op, finished, summary};

use super::Tone;
use super::draft::Draft;

const LABEL: &str = "waits behind";

/// Jobs that are named at most.
const SHOWN: usize = 6;

/// What keeps everything from being submitted.
pub fn gates(draft: &mut Draft, operations: &[Operation]) {
    let cluster = draft.cluster;
    let wants_master = operations.iter().any(|it| it.own_node().is_none());
    if wants_master && !cluster.master_serves() {
        draft.refuse_all(no_master(cluster));
    }
    if !operations.iter().any(Operation::is_job) {
        return;
    }
    match &cluster.queue {
        Some(queue) if queue.drained => {
            draft.refuse_all("the queue is drained: no new jobs are taken until it is undrained");
        }
        Some(_) => {}
        None => draft.say("queue", "not known whether it is drained", Tone::Warn),
    }
    let filters = cluster.queue.iter().flat_map(|queue| &queue.filters);
    for filter in filters {
        let action = filter.action.as_str();
        if matches!(action, "PAUSE" | "REJECT") || action.starts_with("RATE_LIMIT") {
            let text = format!("{action} is in force for some jobs: {}", filter.predicates);
            draft.say("job filter", text, Tone::Warn);
        }
    }
}

fn no_master(cluster: &Cluster) -> String {
    let master = cluster.master();
    let silent = cluster
        .masters
        .iter()
        .find_map(|(name, state)| match state {
            MasterState::Silent { why } => Some((name, why)),
            _ => None,
        });
    match silent {
        Some((name, why)) if master.is_empty() || *master == **name => {
            format!("{name} is the master, but LUXI does not answer there ({why})")
        }
        _ if master.is_empty() => "there is no master that is known".to_owned(),
        _ => format!("the master {master} cannot be reached: nothing can be submitted"),
    }
}

/// What a job wants to have locked.
#[derive(Default)]
struct Wants {
    /// `instance/web1`, and whether nobody else may have it.
    locks: Vec<(String, bool)>,
    /// All nodes.
    all_nodes: bool,
}

/// Says which jobs are in the way.
pub fn behind(draft: &mut Draft, operations: &[Operation]) {
    let cluster = draft.cluster;
    let jobs = operations.iter().filter(|it| it.is_job());
    let jobs: Vec<&Operation> = jobs.collect();
    if jobs.is_empty() {
        return;
    }
    let mut told: Vec<String> = Vec::new();
    for operation in &jobs {
        let wants = wants(operation, cluster);
        for lock in &cluster.locks {
            if let Some(on) = wants.collides(lock) {
                let pending = lock.pending.iter().flat_map(|it| &it.jobs);
                for id in lock.owners.iter().chain(pending) {
                    if draft.waits_for(*id) {
                        told.push(format!(
                            "{} for the lock on {on}{}",
                            named(cluster, *id),
                            at(cluster, *id)
                        ));
                    }
                }
                for other in &lock.others {
                    told.push(format!("{other} for the lock on {on}"));
                }
            }
        }
        for job in cluster.jobs.values().filter(|job| !finished(&job.status)) {
            let Some(how) = wants.meets(operation, job, cluster) else {
                continue;
            };
            if draft.waits_for(job.id) {
                told.push(format!(
                    "{}, {how}{}",
                    named(cluster, job.id),
                    at(cluster, job.id)
                ));
            }
        }
    }
    told.dedup();
    let more = told.len().saturating_sub(SHOWN);
    for text in told.into_iter().take(SHOWN) {
        draft.say(LABEL, text, Tone::Warn);
    }
    if more > 0 {
        draft.say(LABEL, format!("{more} more"), Tone::Warn);
    }
    full(draft);
}

/// As many jobs run as may.
fn full(draft: &mut Draft) {
    let Some(most) = draft
        .cluster
        .conf
        .as_ref()
        .map(|conf| conf.max_running_jobs)
    else {
        return;
    };
    let running = draft
        .cluster
        .jobs
        .values()
        .filter(|job| matches!(job.status.as_str(), "running" | "waiting" | "canceling"));
    let running = running.count();
    if most > 0 && running >= usize::try_from(most).unwrap_or(usize::MAX) {
        let text = format!("{running} jobs run, and no more than {most} may at once");
        draft.say(LABEL, text, Tone::Warn);
    }
}

fn named(cluster: &Cluster, id: u64) -> String {
    match cluster.jobs.get(&id) {
        Some(job) => format!("job {id} ({})", summary(job)),
        None => format!("job {id}"),
    }
}

/// How far a job is, by its newest line.
fn at(cluster: &Cluster, id: u64) -> String {
    let Some(job) = cluster.jobs.get(&id) else {
        return String::new();
    };
    match (&job.last_line, job.status.as_str()) {
        (Some(line), "running") if !line.text.trim().is_empty() => {
            format!(", at {:?}", line.text.trim())
        }
        (_, status) => format!(", {status}"),
    }
}

impl Wants {
    fn add(&mut self, level: &str, name: &str, exclusive: bool) {
        if !name.is_empty() {
            self.locks.push((format!("{level}/{name}"), exclusive));
        }
    }

    /// What a lock that is held keeps from it: the object's name.
    fn collides(&self, lock: &Lock) -> Option<String> {
        let (level, object) = lock.name.split_once('/')?;
        let wanted = self.locks.iter().find(|(name, _)| *name == lock.name);
        let exclusive = match wanted {
            Some((_, exclusive)) => *exclusive,
            None if self.all_nodes && level == "node" => true,
            None => return None,
        };
        let held = !lock.owners.is_empty() || !lock.others.is_empty();
        let clash = exclusive || lock.mode == "exclusive";
        (held && clash).then(|| object.to_owned())
    }

    /// How an unfinished job has to do with the same object, whatever it has locked.
    fn meets(&self, operation: &Operation, job: &Job, cluster: &Cluster) -> Option<&'static str> {
        let subject = match operation.subject() {
            Subject::Instance(name) | Subject::Node(name) | Subject::Group(name) => name,
            Subject::Cluster | Subject::Job(_) | Subject::Queue | Subject::Watcher => return None,
        };
        let open = job.ops.iter().filter(|op| !finished(&op.status));
        let mut objects: BTreeSet<&str> = open.filter_map(|op| object(&op.summary)).collect();
        if objects.contains(subject) {
            return Some("which is for the same");
        }
        // Which locks are held is told only while a job waits for one.
        if !cluster.locks.is_empty() || !matches!(job.status.as_str(), "running" | "canceling") {
            return None;
        }
        let now = job.ops.get(current_op(job))?;
        objects.retain(|it| object(&now.summary) == Some(it));
        let works_on = |node: &str| {
            objects.iter().any(|object| {
                let instance = cluster.instances.get(*object);
                *object == node
                    || holds_nodes(&now.summary) && instance.is_some_and(|it| it.lives_on(node))
            })
        };
        let mut nodes = self
            .locks
            .iter()
            .filter_map(|(name, exclusive)| name.strip_prefix("node/").filter(|_| *exclusive));
        nodes
            .any(works_on)
            .then_some("which works on one of its nodes")
    }
}

/// Whom an opcode is for: `web1` of `INSTANCE_MIGRATE(web1)`.
fn object(summary: &str) -> Option<&str> {
    let (_, object) = summary.split_once('(')?;
    object.strip_suffix(')')
}

/// Opcodes on an instance that lock its nodes too.
fn holds_nodes(summary: &str) -> bool {
    let word = summary.split('(').next().unwrap_or_default();
    word.starts_with("INSTANCE_")
        && !matches!(
            word,
            "INSTANCE_STARTUP" | "INSTANCE_SHUTDOWN" | "INSTANCE_REBOOT"
        )
}

/// What an operation's job locks, as Ganeti's logical units declare it.
fn wants(operation: &Operation, cluster: &Cluster) -> Wants {
    use Operation as O;
    let mut wants = Wants::default();
    match operation.subject() {
        Subject::Instance(name) => {
            wants.add("instance", name, true);
            instance_nodes(&mut wants, operation, name, cluster);
        }
        Subject::Node(name) => match operation {
            // The last resort waits for nobody.
            O::NodePowercycle(_) => {}
            O::NodeEvacuate(_) => wants.add("node", name, false),
            _ => {
                wants.add("node", name, true);
                wants.add("node-res", name, true);
                wants.all_nodes = matches!(
                    operation,
                    O::NodeDrain(it) if it.auto_promote
                ) || matches!(operation, O::NodeOffline(it) if it.auto_promote)
                    || matches!(operation, O::NodeDemote(it) if it.auto_promote);
            }
        },
        _ => match operation {
            O::AddTags(it) => tagged(&mut wants, &it.of),
            O::RemoveTags(it) => tagged(&mut wants, &it.of),
            _ => {}
        },
    }
    wants
}

fn tagged(wants: &mut Wants, of: &TagsOf) {
    if let TagsOf::Group(name) = of {
        wants.add("nodegroup", name, true);
    }
}

/// The nodes that an operation on an instance locks.
fn instance_nodes(wants: &mut Wants, operation: &Operation, name: &str, cluster: &Cluster) {
    use Operation as O;
    let Some(instance) = cluster.instances.get(name) else {
        return;
    };
    let own = std::iter::once(&instance.conf.primary).chain(&instance.conf.secondaries);
    let target = match operation {
        O::Shutdown(_) | O::Kill(_) | O::Reboot(_) | O::Rename(_) | O::Modify(_) => return,
        O::AddTags(_) | O::RemoveTags(_) => return,
        O::Start(_) => return wants.add("node-res", &instance.conf.primary, true),
        O::Migrate(it) => it.target_node.as_deref(),
        O::Failover(it) => it.target_node.as_deref(),
        O::Move(it) => Some(it.target_node.as_str()),
        _ => None,
    };
    for node in own.map(String::as_str).chain(target) {
        wants.add("node", node, true);
        wants.add("node-res", node, true);
    }
    let moves = matches!(operation, O::Migrate(_) | O::Failover(_));
    if moves && target.is_none() && mirror(instance) == Ok(Mirror::External) {
        wants.all_nodes = true;
    }
}
