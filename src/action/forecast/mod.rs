//! What an operation, or several as a whole, would do: told before it is asked for, in short
//! sentences. What is not known is said so, never taken for good.

mod cluster;
mod copy;
mod disks;
mod draft;
mod effect;
pub(super) mod facts;
mod halves;
mod master;
mod moves;
pub(super) mod node;
mod proof;
mod queue;
mod redundancy;
mod room;
mod state;
mod storage;
mod target;

use gantry_wire::operation::{Operation, Subject};

use crate::model::Cluster;
use crate::planner::Present;
use crate::planner::replica::Pair;

use super::words::{Danger, danger};
use draft::Draft;
pub use master::can_be_master;

/// What a forecast is made of. Nothing of it is worked out anew.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The facts.
    pub cluster: &'a Cluster,
    /// The cluster as the planner reckons with it, if enough is known.
    pub present: Option<&'a Present>,
    /// All DRBD disks.
    pub pairs: &'a [Pair],
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// As it should be.
    Good,
    /// A fact.
    Plain,
    /// To be minded, or not known.
    Warn,
    /// Something is lost or breaks.
    Bad,
}

/// One line of a forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is about, in a few words; of several operations the subject's name.
    pub label: String,
    /// In a sentence.
    pub text: String,
    /// How much it matters.
    pub tone: Tone,
}

/// What would come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// Line by line, in the order they are to be read.
    pub lines: Vec<Line>,
    /// Why it would fail, or must not be done: it is not to be asked for. Of several, all that are
    /// refused, by name.
    pub refused: Option<String>,
    /// Why it would do nothing; of several, only if none of them would do anything.
    pub nothing: Option<String>,
    /// It loses data, or may well do so by what is known.
    pub loses_data: bool,
    /// Nodes that are taken for dead without proof: if one of them lives an instance runs twice. The
    /// operator has to say that each is powered off.
    pub unproven: Vec<String>,
    /// Unfinished jobs that it would wait behind, or that do something to the same object.
    pub behind: Vec<u64>,
    /// Which of the operations are refused, by index, and why: the rest can be asked for.
    pub refusals: Vec<(usize, String)>,
    /// Which of the operations would do nothing, by index, and why.
    pub idle: Vec<(usize, String)>,
}

impl Forecast {
    /// What it takes to confirm these operations, of which this is the forecast.
    pub fn danger(&self, operations: &[Operation]) -> Danger {
        let loudest = operations.iter().map(danger).max();
        match self.loses_data || !self.unproven.is_empty() {
            true => Danger::Destructive,
            false => loudest.unwrap_or(Danger::Harmless),
        }
    }
}

/// What would come of these operations, one after the other.
pub fn forecast(operations: &[Operation], world: &World) -> Forecast {
    let mut draft = Draft::new(*world, operations.len());
    queue::gates(&mut draft, operations);
    for (at, operation) in operations.iter().enumerate() {
        draft.begin(at, operation);
        tell(&mut draft, operation);
        draft.end();
    }
    room::tell(&mut draft);
    redundancy::tell(&mut draft);
    queue::behind(&mut draft, operations);
    facts::tell(&mut draft);
    draft.done(operations)
}

/// Tells what one of them does.
fn tell(draft: &mut Draft, operation: &Operation) {
    use Operation as O;
    if is_only_planned(draft, operation) {
        return;
    }
    match operation {
        O::Migrate(it) => moves::migrate(draft, it),
        O::Failover(it) => moves::failover(draft, it),
        O::Move(it) => moves::copy(draft, it),
        O::ReplaceDisks(it) => storage::replace(draft, it),
        O::GrowDisk(it) => storage::grow(draft, it),
        O::RecreateDisks(it) => storage::recreate(draft, it),
        O::Remove(it) => storage::remove(draft, it),
        O::ActivateDisks(it) => disks::activate(draft, it),
        O::DeactivateDisks(it) => disks::deactivate(draft, it),
        O::Start(it) => state::start(draft, it),
        O::Shutdown(it) => state::shutdown(draft, it),
        O::Kill(it) => state::kill(draft, &it.instance),
        O::Reboot(it) => state::reboot(draft, it),
        O::Modify(it) => state::modify(draft, it),
        O::Rename(it) => state::rename(draft, it),
        // It is asked for without a form.
        O::Console(it) => draft.head(&*it.instance, "its serial console is opened", Tone::Plain),
        O::NodeDrain(it) => node::drain(draft, it),
        O::NodeUndrain(it) => node::undrain(draft, it),
        O::NodeOffline(it) => node::offline(draft, it),
        O::NodeOnline(it) => node::online(draft, it),
        O::NodePromote(it) => node::promote(draft, it),
        O::NodeDemote(it) => node::demote(draft, it),
        O::NodeEvacuate(it) => node::evacuate(draft, it),
        O::NodePowercycle(it) => node::powercycle(draft, it),
        O::Verify(it) => cluster::verify(draft, it),
        O::VerifyDisks(it) => cluster::verify_disks(draft, it),
        O::MasterFailover(it) => master::failover(draft, it),
        O::AddTags(it) => cluster::add_tags(draft, it),
        O::RemoveTags(it) => cluster::remove_tags(draft, it),
        O::JobCancel(it) => cluster::cancel(draft, it.job),
        O::JobPriority(it) => cluster::priority(draft, it),
        O::JobArchive(it) => cluster::archive(draft, it.job),
        O::QueueDrain {} => cluster::drain(draft, true),
        O::QueueUndrain {} => cluster::drain(draft, false),
        O::WatcherPause(it) => cluster::pause(draft, it),
        O::WatcherContinue {} => cluster::go_on(draft),
    }
}

/// Nothing of a planned instance is there, and Ganeti does little with it.
fn is_only_planned(draft: &mut Draft, operation: &Operation) -> bool {
    use Operation as O;
    let Subject::Instance(name) = operation.subject() else {
        return false;
    };
    let may = matches!(operation, O::Failover(_) | O::Rename(_) | O::Remove(_))
        || matches!(operation, O::AddTags(_) | O::RemoveTags(_));
    let found = draft.cluster.instances.get(name);
    let planned = !may && found.is_some_and(|it| it.conf.forthcoming);
    if planned {
        let why = "is only planned (forthcoming): nothing of it is there yet";
        draft.refuse(format!("{name} {why}"));
    }
    planned
}

#[cfg(test)]
mod tests;
