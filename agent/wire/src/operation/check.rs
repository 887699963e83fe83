//! What an operation's fields may hold. The console checks them while they are typed, the agent
//! before it does anything.

use serde_json::Value;

use super::{
    Backend, Chosen, Evacuated, Operation, RebootType, RecreateDisks, ReplaceDisks, ReplaceMode,
};

/// The longest text that any field may have.
const LONGEST: usize = 255;
/// Ganeti's own limit of a tag.
const LONGEST_TAG: usize = 128;
/// A guest that is given less time than this to shut down is killed in all but name, seconds.
pub const GENTLE_S: u32 = 10;
/// So many tags at once.
const TAGS: usize = 100;
/// Ganeti's own limit of disks.
const DISKS: u8 = 16;

/// A field that cannot be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadField {
    /// Its name on the wire, `mode.new-secondary.node`.
    pub field: String,
    /// What is wrong with it.
    pub why: String,
}

impl BadField {
    /// With words on what is wrong.
    pub fn new(field: &str, why: impl Into<String>) -> BadField {
        BadField {
            field: field.to_owned(),
            why: why.into(),
        }
    }
}

impl std::fmt::Display for BadField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.why)
    }
}

impl std::error::Error for BadField {}

impl Operation {
    /// Looks at each field by itself and at those that exclude each other.
    ///
    /// # Errors
    /// The first that cannot be so.
    pub fn check(&self) -> Result<(), BadField> {
        // All texts at once, so that none is forgotten.
        if let Ok(Value::Object(tagged)) = serde_json::to_value(self) {
            for fields in tagged.values() {
                texts(String::new(), fields)?;
            }
        }
        contradictions(self)
    }
}

/// Looks at every text below a value.
fn texts(field: String, value: &Value) -> Result<(), BadField> {
    match value {
        Value::String(text) => self::text(&field, text, LONGEST),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.try_for_each(|(n, item)| texts(format!("{field}[{n}]"), item))
        }
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            let dot = if field.is_empty() { "" } else { "." };
            texts(format!("{field}{dot}{name}"), value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// luxid writes anything but ASCII in a way that neither it nor Ganeti's tools can read back.
pub fn text(field: &str, text: &str, longest: usize) -> Result<(), BadField> {
    let wrong = text.chars().find(|c| !(' '..='~').contains(c));
    if text.trim().is_empty() {
        Err(BadField::new(field, "is empty"))
    } else if let Some(wrong) = wrong {
        let why = format!("{wrong:?} is not printable ASCII");
        Err(BadField::new(field, why))
    } else if text.len() > longest {
        Err(BadField::new(field, format!("is longer than {longest}")))
    } else {
        Ok(())
    }
}

fn contradictions(operation: &Operation) -> Result<(), BadField> {
    use Operation as O;
    let one_target = |node: &Option<String>, iallocator: &Option<String>| {
        unless(
            node.is_some() && iallocator.is_some(),
            "iallocator",
            "a target_node is given as well",
        )
    };
    let no_kill = |timeout: Option<u32>| {
        unless(
            timeout.is_some_and(|time| time < GENTLE_S),
            "shutdown_timeout",
            "less than 10 s kills the guest: that is an operation of its own",
        )
    };
    match operation {
        O::Migrate(it) => one_target(&it.target_node, &it.iallocator),
        O::Failover(it) => {
            one_target(&it.target_node, &it.iallocator)?;
            no_kill(it.shutdown_timeout)
        }
        O::Reboot(it) => {
            let soft = it.reboot_type == RebootType::Soft;
            let why = "is not for a soft reboot: its disks stay as they are";
            unless(soft && it.ignore_secondaries, "ignore_secondaries", why)?;
            no_kill(it.shutdown_timeout)
        }
        O::Move(it) => no_kill(it.shutdown_timeout),
        O::ReplaceDisks(it) => replace_disks(it),
        O::Shutdown(it) => unless(
            it.timeout == Some(0),
            "timeout",
            "0 kills at once: that is an operation of its own",
        ),
        O::GrowDisk(it) => {
            indices("disk", &[it.disk])?;
            unless(it.amount == 0, "amount", "0 MiB changes nothing")?;
            let too_much = i64::try_from(it.amount).is_err();
            unless(too_much, "amount", "is too large")
        }
        O::RecreateDisks(it) => recreate_disks(it),
        O::Modify(it) => backend(&it.backend),
        O::Rename(it) => {
            unless(it.new_name == it.instance, "new_name", "is the present one")?;
            let unchecked = it.ip_check && !it.name_check;
            unless(unchecked, "ip_check", "wants name_check as well")
        }
        O::NodeEvacuate(it) => unless(
            it.mode == Evacuated::PrimaryOnly && matches!(it.to, Some(Chosen::Node(_))),
            "to.node",
            "only an iallocator moves primary instances",
        ),
        O::AddTags(it) => tags(&it.tags),
        O::RemoveTags(it) => tags(&it.tags),
        O::JobCancel(it) => job(it.job),
        O::JobArchive(it) => job(it.job),
        O::JobPriority(it) => {
            job(it.job)?;
            let outside = !(-20..=19).contains(&it.priority);
            unless(outside, "priority", "is not from -20 to 19")
        }
        O::WatcherPause(it) => unless(it.seconds == 0, "seconds", "0 is no pause"),
        O::ActivateDisks(_)
        | O::DeactivateDisks(_)
        | O::Start(_)
        | O::Kill(_)
        | O::Remove(_)
        | O::Console(_)
        | O::NodeDrain(_)
        | O::NodeUndrain(_)
        | O::NodeOffline(_)
        | O::NodeOnline(_)
        | O::NodePromote(_)
        | O::NodeDemote(_)
        | O::NodePowercycle(_)
        | O::Verify(_)
        | O::VerifyDisks(_)
        | O::MasterFailover(_)
        | O::QueueDrain {}
        | O::QueueUndrain {}
        | O::WatcherContinue {} => Ok(()),
    }
}

fn unless(wrong: bool, field: &str, why: &str) -> Result<(), BadField> {
    if wrong {
        Err(BadField::new(field, why))
    } else {
        Ok(())
    }
}

fn replace_disks(it: &ReplaceDisks) -> Result<(), BadField> {
    indices("disks", &it.disks)?;
    let same_nodes = matches!(it.mode, ReplaceMode::OnPrimary | ReplaceMode::OnSecondary);
    unless(
        !same_nodes && !it.disks.is_empty(),
        "disks",
        "can be chosen only for the same nodes",
    )
}

fn recreate_disks(it: &RecreateDisks) -> Result<(), BadField> {
    indices("disks", &it.disks)?;
    let moves = !it.nodes.is_empty() || it.iallocator.is_some();
    unless(
        moves && !it.disks.is_empty(),
        "disks",
        "other nodes are for all disks only",
    )?;
    unless(
        !it.nodes.is_empty() && it.iallocator.is_some(),
        "iallocator",
        "nodes are given as well",
    )?;
    let twice = it.nodes.len() == 2 && it.nodes.first() == it.nodes.last();
    unless(twice, "nodes", "are the same")?;
    unless(it.nodes.len() > 2, "nodes", "are more than two")
}

fn indices(field: &str, disks: &[u8]) -> Result<(), BadField> {
    for (n, disk) in disks.iter().enumerate() {
        unless(*disk >= DISKS, field, "no disk has an index above 15")?;
        let again = disks.iter().take(n).any(|before| before == disk);
        unless(again, field, "has a disk twice")?;
    }
    Ok(())
}

fn backend(it: &Backend) -> Result<(), BadField> {
    unless(*it == Backend::default(), "backend", "changes nothing")?;
    unless(it.vcpus == Some(0), "backend.vcpus", "at least 1 is needed")?;
    unless(it.maxmem == Some(0), "backend.maxmem", "is 0")?;
    unless(it.minmem == Some(0), "backend.minmem", "is 0")?;
    let crossed = it.minmem.zip(it.maxmem).is_some_and(|(min, max)| min > max);
    unless(crossed, "backend.minmem", "is above maxmem")
}

fn tags(tags: &[String]) -> Result<(), BadField> {
    unless(tags.is_empty(), "tags", "are none")?;
    unless(tags.len() > TAGS, "tags", "are more than 100")?;
    for tag in tags {
        text("tags", tag, LONGEST_TAG)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "_.+*/:@-".contains(c);
        if let Some(wrong) = tag.chars().find(|&c| !fits(c)) {
            let why = format!("{wrong:?} cannot be in a tag: letters, digits and _.+*/:@- can");
            return Err(BadField::new("tags", why));
        }
    }
    Ok(())
}

fn job(id: u64) -> Result<(), BadField> {
    let outside = id == 0 || i64::try_from(id).is_err();
    unless(outside, "job", "is no job's id")
}
