//! The operation that comes of a form.

use gantry_wire::operation::{
    ActivateDisks, AddTags, Backend, BadField, Chosen, DeactivateDisks, Evacuated, Failover,
    GrowDisk, JobArchive, JobCancel, JobPriority, Kill, MasterFailover, Migrate, MigrationMode,
    Modify, Move, NodeDemote, NodeDrain, NodeEvacuate, NodeOffline, NodeOnline, NodePowercycle,
    NodePromote, NodeUndrain, Operation, Reboot, RebootType, RecreateDisks, Remove, RemoveTags,
    Rename, ReplaceDisks, ReplaceMode, Shutdown, Start, TagsOf, Verify, VerifyDisks, WatcherPause,
};

use super::fields::IALLOCATOR;
use super::{Form, Kind, Object, Value};

/// The operation, not yet looked at as a whole.
pub fn operation(form: &Form) -> Result<Operation, BadField> {
    use Operation as O;
    let instance = || form.subject.name();
    let node = || form.subject.name();
    Ok(match form.kind {
        Kind::Migrate => {
            let (target_node, iallocator) = target(form);
            O::Migrate(Migrate {
                instance: instance(),
                mode: match picked(form, "mode") {
                    "live" => Some(MigrationMode::Live),
                    "non-live" => Some(MigrationMode::NonLive),
                    _ => None,
                },
                cleanup: flag(form, "cleanup"),
                allow_failover: flag(form, "allow_failover"),
                target_node,
                iallocator,
                ignore_ipolicy: flag(form, "ignore_ipolicy"),
            })
        }
        Kind::Failover => {
            let (target_node, iallocator) = target(form);
            O::Failover(Failover {
                instance: instance(),
                ignore_consistency: flag(form, "ignore_consistency"),
                target_node,
                iallocator,
                shutdown_timeout: number(form, "shutdown_timeout")?,
                ignore_ipolicy: flag(form, "ignore_ipolicy"),
            })
        }
        Kind::ReplaceDisks => replace_disks(form)?,
        Kind::ActivateDisks => O::ActivateDisks(ActivateDisks {
            instance: instance(),
            ignore_size: flag(form, "ignore_size"),
            wait_for_sync: flag(form, "wait_for_sync"),
        }),
        Kind::DeactivateDisks => O::DeactivateDisks(DeactivateDisks {
            instance: instance(),
            force: flag(form, "force"),
        }),
        Kind::Start => O::Start(Start {
            instance: instance(),
            force: flag(form, "force"),
        }),
        Kind::Shutdown => O::Shutdown(Shutdown {
            instance: instance(),
            timeout: number(form, "timeout")?,
            ignore_offline_nodes: flag(form, "ignore_offline_nodes"),
        }),
        Kind::Kill => O::Kill(Kill {
            instance: instance(),
        }),
        Kind::Reboot => O::Reboot(Reboot {
            instance: instance(),
            reboot_type: match picked(form, "reboot_type").split(' ').next() {
                Some("soft") => RebootType::Soft,
                Some("hard") => RebootType::Hard,
                _ => RebootType::Full,
            },
            shutdown_timeout: number(form, "shutdown_timeout")?,
            ignore_secondaries: flag(form, "ignore_secondaries"),
        }),
        Kind::GrowDisk => O::GrowDisk(GrowDisk {
            instance: instance(),
            disk: index("disk", picked(form, "disk"))?,
            amount: needed(form, "amount")?,
            absolute: flag(form, "absolute"),
            no_wait_for_sync: flag(form, "no_wait_for_sync"),
            ignore_ipolicy: flag(form, "ignore_ipolicy"),
        }),
        Kind::Move => O::Move(Move {
            instance: instance(),
            target_node: match picked(form, "target_node") {
                "" => {
                    return Err(BadField::new(
                        "target_node",
                        "there is no node that could take it",
                    ));
                }
                node => node.to_owned(),
            },
            shutdown_timeout: number(form, "shutdown_timeout")?,
            ignore_consistency: flag(form, "ignore_consistency"),
            ignore_ipolicy: flag(form, "ignore_ipolicy"),
        }),
        Kind::RecreateDisks => O::RecreateDisks(RecreateDisks {
            instance: instance(),
            disks: indices(form)?,
            nodes: words(form, "nodes"),
            iallocator: None,
        }),
        Kind::Modify => O::Modify(Modify {
            instance: instance(),
            backend: Backend {
                vcpus: number(form, "vcpus")?,
                maxmem: number(form, "maxmem")?,
                minmem: number(form, "minmem")?,
                auto_balance: kept(form, "auto_balance"),
                always_failover: kept(form, "always_failover"),
                spindle_use: number(form, "spindle_use")?,
            },
            ignore_ipolicy: flag(form, "ignore_ipolicy"),
        }),
        Kind::Rename => O::Rename(Rename {
            instance: instance(),
            new_name: text(form, "new_name").to_owned(),
            name_check: flag(form, "name_check"),
            ip_check: flag(form, "ip_check"),
        }),
        Kind::Remove => O::Remove(Remove {
            instance: instance(),
            shutdown_timeout: number(form, "shutdown_timeout")?,
            ignore_failures: flag(form, "ignore_failures"),
        }),
        Kind::NodeDrain => O::NodeDrain(NodeDrain {
            node: node(),
            auto_promote: flag(form, "auto_promote"),
        }),
        Kind::NodeUndrain => O::NodeUndrain(NodeUndrain { node: node() }),
        Kind::NodeOffline => O::NodeOffline(NodeOffline {
            node: node(),
            auto_promote: flag(form, "auto_promote"),
        }),
        Kind::NodeOnline => O::NodeOnline(NodeOnline { node: node() }),
        Kind::NodePromote => O::NodePromote(NodePromote { node: node() }),
        Kind::NodeDemote => O::NodeDemote(NodeDemote {
            node: node(),
            auto_promote: flag(form, "auto_promote"),
        }),
        Kind::NodeEvacuate => O::NodeEvacuate(NodeEvacuate {
            node: node(),
            mode: match picked(form, "mode") {
                "secondary-only" => Evacuated::SecondaryOnly,
                _ => Evacuated::PrimaryOnly,
            },
            to: chosen(form),
            early_release: flag(form, "early_release"),
            ignore_soft_errors: flag(form, "ignore_soft_errors"),
        }),
        Kind::NodePowercycle => O::NodePowercycle(NodePowercycle { node: node() }),
        Kind::Verify => O::Verify(Verify { group: group(form) }),
        Kind::VerifyDisks => O::VerifyDisks(VerifyDisks { group: group(form) }),
        Kind::MasterFailover => O::MasterFailover(MasterFailover {
            node: match picked(form, "to") {
                "" => {
                    return Err(BadField::new(
                        "to",
                        "no master candidate could take over now",
                    ));
                }
                node => node.to_owned(),
            },
            no_voting: flag(form, "no_voting"),
        }),
        Kind::AddTags => O::AddTags(AddTags {
            of: tags_of(form)?,
            tags: words(form, "tags"),
        }),
        Kind::RemoveTags => O::RemoveTags(RemoveTags {
            of: tags_of(form)?,
            tags: words(form, "tags"),
        }),
        Kind::JobCancel => O::JobCancel(JobCancel { job: job(form)? }),
        Kind::JobPriority => O::JobPriority(JobPriority {
            job: job(form)?,
            priority: needed(form, "priority")?,
        }),
        Kind::JobArchive => O::JobArchive(JobArchive { job: job(form)? }),
        Kind::QueueDrain => O::QueueDrain {},
        Kind::QueueUndrain => O::QueueUndrain {},
        Kind::WatcherPause => O::WatcherPause(WatcherPause {
            seconds: match needed::<u32>(form, "minutes")?.checked_mul(60) {
                Some(seconds) => seconds,
                None => return Err(BadField::new("minutes", "is too large")),
            },
        }),
        Kind::WatcherContinue => O::WatcherContinue {},
    })
}

fn replace_disks(form: &Form) -> Result<Operation, BadField> {
    let new = picked(form, "mode") == "new-secondary";
    let to = chosen(form);
    if !new && matches!(to, Some(Chosen::Node(_))) {
        return Err(BadField::new("to", "is only for a new secondary"));
    }
    let mode = match (picked(form, "mode"), to) {
        ("on-primary", _) => ReplaceMode::OnPrimary,
        ("auto", _) => ReplaceMode::Auto,
        ("new-secondary", Some(to)) => ReplaceMode::NewSecondary(to),
        _ => ReplaceMode::OnSecondary,
    };
    Ok(Operation::ReplaceDisks(ReplaceDisks {
        instance: form.subject.name(),
        mode,
        disks: indices(form)?,
        early_release: flag(form, "early_release"),
        ignore_ipolicy: flag(form, "ignore_ipolicy"),
    }))
}

fn flag(form: &Form, name: &str) -> bool {
    matches!(
        form.field(name).map(|it| &it.value),
        Some(Value::Flag(true))
    )
}

/// The option that is picked; empty if there is none.
fn picked<'a>(form: &'a Form, name: &str) -> &'a str {
    match form.field(name).map(|it| &it.value) {
        Some(Value::Pick { options, at }) => options.get(*at).map_or("", |it| it.as_str()),
        _ => "",
    }
}

fn text<'a>(form: &'a Form, name: &str) -> &'a str {
    match form.field(name).map(|it| &it.value) {
        Some(Value::Text(text)) => text.trim(),
        _ => "",
    }
}

/// Words with blanks or commas between.
fn words(form: &Form, name: &str) -> Vec<String> {
    let words = text(form, name)
        .split([' ', ','])
        .filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn number<N: TryFrom<i64>>(form: &Form, name: &str) -> Result<Option<N>, BadField> {
    let Some(Value::Number(Some(number))) = form.field(name).map(|it| &it.value) else {
        return Ok(None);
    };
    match N::try_from(*number) {
        Ok(number) => Ok(Some(number)),
        Err(_) if *number < 0 => Err(BadField::new(name, "is below what it may be")),
        Err(_) => Err(BadField::new(name, "is too large")),
    }
}

fn needed<N: TryFrom<i64>>(form: &Form, name: &str) -> Result<N, BadField> {
    match number(form, name)? {
        Some(number) => Ok(number),
        None => Err(BadField::new(name, "is not given")),
    }
}

fn index(name: &str, word: &str) -> Result<u8, BadField> {
    let index = word.parse();
    index.map_err(|_| BadField::new(name, format!("{word:?} is no disk's index")))
}

fn indices(form: &Form) -> Result<Vec<u8>, BadField> {
    let words = words(form, "disks");
    words.iter().map(|word| index("disks", word)).collect()
}

fn kept(form: &Form, name: &str) -> Option<bool> {
    match picked(form, name) {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// Who is picked to take something over.
fn chosen(form: &Form) -> Option<Chosen> {
    let word = picked(form, "to");
    match word.strip_prefix(IALLOCATOR) {
        Some(name) => Some(Chosen::Iallocator(name.to_owned())),
        None if word.is_empty() => None,
        None => Some(Chosen::Node(word.to_owned())),
    }
}

fn target(form: &Form) -> (Option<String>, Option<String>) {
    match chosen(form) {
        Some(Chosen::Node(node)) => (Some(node), None),
        Some(Chosen::Iallocator(name)) => (None, Some(name)),
        None => (None, None),
    }
}

fn group(form: &Form) -> Option<String> {
    match &form.subject {
        Object::Group(name) => Some(name.to_string()),
        _ => None,
    }
}

fn job(form: &Form) -> Result<u64, BadField> {
    match form.subject {
        Object::Job(id) => Ok(id),
        _ => Err(BadField::new("job", "is no job")),
    }
}

fn tags_of(form: &Form) -> Result<TagsOf, BadField> {
    Ok(match &form.subject {
        Object::Instance(name) | Object::Pair(name, _) => TagsOf::Instance(name.to_string()),
        Object::Node(name) => TagsOf::Node(name.to_string()),
        Object::Group(name) => TagsOf::Group(name.to_string()),
        Object::Cluster => TagsOf::Cluster,
        Object::Job(_) => return Err(BadField::new("of", "jobs have no tags")),
    })
}
