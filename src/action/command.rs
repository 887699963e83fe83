//! The `gnt-*` command line that does the same, to be read, and copied into a ticket.
//!
//! Options are spelt as the programs' own help spells them (Ganeti 3.0; `gnt-instance rename` of 3.1
//! has others). Each line asks what gnt-* asks: no `--force` is put in that is not part of what is
//! done.

use gantry_wire::operation::{
    Chosen, Evacuated, Migrate, MigrationMode, NodeEvacuate, Operation, RebootType, RecreateDisks,
    Rename, ReplaceDisks, ReplaceMode, TagsOf, Version,
};

use super::words;

/// The command line that does the same, for a Ganeti of an unknown version (3.0 is taken for it).
pub fn command(operation: &Operation) -> String {
    command_at(operation, None)
}

/// The command line that does the same with this version of Ganeti. Where gnt-* has no such
/// command, it says what is done instead.
pub fn command_at(operation: &Operation, version: Option<Version>) -> String {
    use Operation as O;
    let instance = |command: &str| Line::new("gnt-instance", command);
    let modify = |flag: &str| Line::new("gnt-node", "modify").option(flag);
    let cluster = |command: &str| Line::new("gnt-cluster", command);
    let job = |command: &str, id: u64| Line::new("gnt-job", command).of(&id.to_string());
    let line = match operation {
        O::Migrate(it) => migrate(it),
        O::Failover(it) => instance("failover")
            .flag("--ignore-consistency", it.ignore_consistency)
            .value("--target-node", it.target_node.as_deref())
            .value("--iallocator", it.iallocator.as_deref())
            .value("--shutdown-timeout", it.shutdown_timeout)
            .flag("--ignore-ipolicy", it.ignore_ipolicy)
            .of(&it.instance),
        O::ReplaceDisks(it) => replace_disks(it),
        O::ActivateDisks(it) => instance("activate-disks")
            .flag("--ignore-size", it.ignore_size)
            .flag("--wait-for-sync", it.wait_for_sync)
            .of(&it.instance),
        O::DeactivateDisks(it) => instance("deactivate-disks")
            .flag("--force", it.force)
            .of(&it.instance),
        O::Start(it) => instance("startup")
            .flag("--force", it.force)
            .of(&it.instance),
        O::Shutdown(it) => instance("shutdown")
            .value("--timeout", it.timeout)
            .flag("--ignore-offline", it.ignore_offline_nodes)
            .of(&it.instance),
        O::Kill(it) => instance("shutdown").option("--timeout=0").of(&it.instance),
        O::Reboot(it) => instance("reboot")
            .value("--type", Some(reboot_type(it.reboot_type)))
            .value("--shutdown-timeout", it.shutdown_timeout)
            .flag("--ignore-secondaries", it.ignore_secondaries)
            .of(&it.instance),
        O::GrowDisk(it) => instance("grow-disk")
            .flag("--absolute", it.absolute)
            .flag("--no-wait-for-sync", it.no_wait_for_sync)
            .flag("--ignore-ipolicy", it.ignore_ipolicy)
            .of(&it.instance)
            .of(&it.disk.to_string())
            .of(&format!("{}m", it.amount)),
        O::Move(it) => instance("move")
            .value("--node", Some(&it.target_node))
            .value("--shutdown-timeout", it.shutdown_timeout)
            .flag("--ignore-consistency", it.ignore_consistency)
            .flag("--ignore-ipolicy", it.ignore_ipolicy)
            .of(&it.instance),
        O::RecreateDisks(it) => recreate_disks(it),
        O::Modify(it) => instance("modify")
            .value("--backend-parameters", Some(words::changes(it).join(",")))
            .flag("--ignore-ipolicy", it.ignore_ipolicy)
            .of(&it.instance),
        O::Rename(it) => rename(it, version),
        O::Remove(it) => instance("remove")
            .value("--shutdown-timeout", it.shutdown_timeout)
            .flag("--ignore-failures", it.ignore_failures)
            .of(&it.instance),
        O::Console(it) => instance("console").of(&it.instance),
        O::NodeDrain(it) => modify("--drained=yes")
            .flag("--auto-promote", it.auto_promote)
            .of(&it.node),
        O::NodeUndrain(it) => modify("--drained=no").of(&it.node),
        O::NodeOffline(it) => modify("--offline=yes")
            .flag("--auto-promote", it.auto_promote)
            .of(&it.node),
        O::NodeOnline(it) => modify("--offline=no").of(&it.node),
        O::NodePromote(it) => modify("--master-candidate=yes").of(&it.node),
        O::NodeDemote(it) => modify("--master-candidate=no")
            .flag("--auto-promote", it.auto_promote)
            .of(&it.node),
        O::NodeEvacuate(it) => evacuate(it),
        O::NodePowercycle(it) => Line::new("gnt-node", "powercycle").of(&it.node),
        O::Verify(it) => cluster("verify")
            .option("--error-codes")
            .value("--node-group", it.group.as_deref()),
        O::VerifyDisks(it) => cluster("verify-disks").value("--node-group", it.group.as_deref()),
        O::MasterFailover(it) => {
            let line = cluster("master-failover").flag("--no-voting", it.no_voting);
            return format!("{}  # on {}", line.text(), it.node);
        }
        O::AddTags(it) => tags("add-tags", &it.of, &it.tags),
        O::RemoveTags(it) => tags("remove-tags", &it.of, &it.tags),
        O::JobCancel(it) => job("cancel", it.job),
        O::JobPriority(it) => {
            let Some(name) = priority(it.priority) else {
                return format!(
                    "a LUXI call, ChangeJobPriority({}, {}): gnt-job change-priority knows only \
                     low (10), normal (0) and high (-10)",
                    it.job, it.priority
                );
            };
            let line = Line::new("gnt-job", "change-priority");
            line.value("--priority", Some(name)).of(&it.job.to_string())
        }
        O::JobArchive(it) => job("archive", it.job),
        O::QueueDrain {} => cluster("queue").of("drain"),
        O::QueueUndrain {} => cluster("queue").of("undrain"),
        O::WatcherPause(it) => cluster("watcher").of("pause").of(&timespec(it.seconds)),
        O::WatcherContinue {} => cluster("watcher").of("continue"),
    };
    line.text()
}

fn migrate(it: &Migrate) -> Line {
    let mode = it.mode.map(|mode| match mode {
        MigrationMode::Live => "live",
        MigrationMode::NonLive => "non-live",
    });
    Line::new("gnt-instance", "migrate")
        .value("--migration-mode", mode)
        .flag("--cleanup", it.cleanup)
        .flag("--allow-failover", it.allow_failover)
        .value("--target-node", it.target_node.as_deref())
        .value("--iallocator", it.iallocator.as_deref())
        .flag("--ignore-ipolicy", it.ignore_ipolicy)
        .of(&it.instance)
}

fn replace_disks(it: &ReplaceDisks) -> Line {
    let line = Line::new("gnt-instance", "replace-disks");
    let line = match &it.mode {
        ReplaceMode::OnPrimary => line.option("--on-primary"),
        ReplaceMode::OnSecondary => line.option("--on-secondary"),
        ReplaceMode::Auto => line.option("--auto"),
        ReplaceMode::NewSecondary(to) => line.chosen(Some(to)),
    };
    let disks: Vec<String> = it.disks.iter().map(u8::to_string).collect();
    line.value("--disks", (!disks.is_empty()).then(|| disks.join(",")))
        .flag("--early-release", it.early_release)
        .flag("--ignore-ipolicy", it.ignore_ipolicy)
        .of(&it.instance)
}

fn recreate_disks(it: &RecreateDisks) -> Line {
    let mut line = Line::new("gnt-instance", "recreate-disks");
    for disk in &it.disks {
        line = line.value("--disk", Some(disk));
    }
    let nodes = (!it.nodes.is_empty()).then(|| it.nodes.join(":"));
    line.value("--node", nodes)
        .value("--iallocator", it.iallocator.as_deref())
        .of(&it.instance)
}

/// Up to 3.0 both checks are made unless they are forbidden, since then only if they are asked for.
fn rename(it: &Rename, version: Option<Version>) -> Line {
    let line = Line::new("gnt-instance", "rename");
    let line = if version.is_some_and(|version| version.is_since(3, 1)) {
        line.flag("--name-check", it.name_check)
            .flag("--ip-check", it.ip_check)
    } else {
        line.flag("--no-name-check", !it.name_check)
            .flag("--no-ip-check", !it.ip_check)
    };
    line.of(&it.instance).of(&it.new_name)
}

fn evacuate(it: &NodeEvacuate) -> Line {
    let mode = match it.mode {
        Evacuated::PrimaryOnly => "--primary-only",
        Evacuated::SecondaryOnly => "--secondary-only",
    };
    Line::new("gnt-node", "evacuate")
        .option(mode)
        .chosen(it.to.as_ref())
        .flag("--early-release", it.early_release)
        .flag("--ignore-soft-errors", it.ignore_soft_errors)
        .of(&it.node)
}

fn tags(command: &str, of: &TagsOf, tags: &[String]) -> Line {
    let line = Line::new(words::tool(of), command);
    let line = match of {
        TagsOf::Cluster => line,
        TagsOf::Group(name) | TagsOf::Node(name) | TagsOf::Instance(name) => line.of(name),
    };
    tags.iter().fold(line, |line, tag| line.of(tag))
}

fn reboot_type(it: RebootType) -> &'static str {
    match it {
        RebootType::Soft => "soft",
        RebootType::Hard => "hard",
        RebootType::Full => "full",
    }
}

/// The names that gnt-* has for priorities.
fn priority(number: i8) -> Option<&'static str> {
    match number {
        10 => Some("low"),
        0 => Some("normal"),
        -10 => Some("high"),
        _ => None,
    }
}

/// Seconds as gnt-* reads them, in the largest unit that fits.
fn timespec(seconds: u32) -> String {
    let units = [(604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m")];
    let fits = units
        .iter()
        .find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    let (unit, letter) = fits.copied().unwrap_or((1, "s"));
    format!("{}{letter}", seconds / unit)
}

/// A command line in the making: the program's words, its options, then its arguments.
struct Line {
    options: Vec<String>,
    arguments: Vec<String>,
}

impl Line {
    fn new(tool: &str, command: &str) -> Line {
        Line {
            options: vec![tool.to_owned(), command.to_owned()],
            arguments: Vec::new(),
        }
    }

    fn option(mut self, option: &str) -> Line {
        self.options.push(option.to_owned());
        self
    }

    fn flag(self, option: &str, given: bool) -> Line {
        if given { self.option(option) } else { self }
    }

    fn value(mut self, option: &str, value: Option<impl std::fmt::Display>) -> Line {
        if let Some(value) = value {
            self.options.push(format!("{option}={value}"));
        }
        self
    }

    /// Both gnt-instance and gnt-node call it a new secondary.
    fn chosen(self, chosen: Option<&Chosen>) -> Line {
        match chosen {
            Some(Chosen::Node(name)) => self.value("--new-secondary", Some(name)),
            Some(Chosen::Iallocator(name)) => self.value("--iallocator", Some(name)),
            None => self,
        }
    }

    fn of(mut self, argument: &str) -> Line {
        self.arguments.push(argument.to_owned());
        self
    }

    fn text(self) -> String {
        // A tag may look like an option.
        let dashes = self.arguments.iter().any(|it| it.starts_with('-'));
        let dashes = dashes.then(|| "--".to_owned());
        let words = self.options.into_iter().chain(dashes).chain(self.arguments);
        words
            .map(|word| quoted(&word))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// A word as a shell takes it for one. What is not printable ASCII never reaches Ganeti, as it is
/// refused at the field; here it becomes a `?`.
fn quoted(word: &str) -> String {
    let printable = |c: char| if (' '..='~').contains(&c) { c } else { '?' };
    let word: String = word.chars().map(printable).collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
