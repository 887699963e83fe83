//! The operation that mends what a failed job left behind, or what a verify found.

use gantry_wire::job::Job;

use crate::model::job::{opcode, subject};
use crate::model::status::Word;
use crate::model::{Cluster, Name, Node};
use crate::planner::replica::{Key, Pair, State};
use crate::planner::verify::{Entry, Sort};

use super::form::{Kind, Object};

/// What `OpPrereqError` carries: the job was refused before it changed anything.
const REFUSALS: [&str; 10] = [
    "resolver_error",
    "insufficient_resources",
    "temp_insufficient_resources",
    "wrong_input",
    "wrong_state",
    "unknown_entity",
    "already_exists",
    "resource_not_unique",
    "internal_error",
    "environment_error",
];

/// An operation, to whom, and its parameters that differ from the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// Which.
    pub kind: Kind,
    /// What it is done to.
    pub object: Object,
    /// Names and values of its fields.
    pub fields: &'static [(&'static str, &'static str)],
}

impl Mend {
    /// Without parameters.
    pub fn new(kind: Kind, object: Object) -> Mend {
        Mend {
            kind,
            object,
            fields: &[],
        }
    }

    /// As it is typed after `gantry do`: `migrate web1 cleanup=yes`.
    pub fn words(&self) -> String {
        let mut words = self.kind.name().to_owned();
        if self.object != Object::Cluster {
            words += &format!(" {}", self.object.name());
        }
        for (field, value) in self.fields {
            words += &format!(" {field}={value}");
        }
        words
    }
}

/// The opcode that a job failed in, with its summary and its error.
pub fn broken(job: &Job) -> Option<(&str, &str)> {
    let op = job.ops.iter().find(|op| op.status == "error")?;
    Some((&op.summary, op.error.trim()))
}

/// An error of a check that comes before anything is changed.
pub fn is_refusal(error: &str) -> bool {
    let code = error
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('));
    code.is_some_and(|(_, code)| REFUSALS.contains(&code))
}

/// The instance that a summary is about, by its whole name or by one that is short for it.
pub fn instance_of<'a>(summary: &str, cluster: &'a Cluster) -> Option<&'a Name> {
    let subject = subject(summary).filter(|subject| !subject.is_empty())?;
    if let Some((name, _)) = cluster.instances.get_key_value(subject) {
        return Some(name);
    }
    let short = |name: &&Name| {
        let rest = name.strip_prefix(subject);
        rest.is_some_and(|rest| rest.starts_with('.'))
    };
    let mut found = cluster.instances.keys().filter(short);
    found.next().filter(|_| found.next().is_none())
}

/// The disks of an instance that are DRBD's.
pub fn disks_of<'a>(instance: &'a Name, pairs: &'a [Pair]) -> impl Iterator<Item = &'a Pair> {
    let own = move |pair: &&Pair| matches!(&pair.key, Key::Disk(name, _) if name == instance);
    pairs.iter().filter(own)
}

/// What mends the rest of a job that failed, as things are now; none if nothing has to be.
pub fn after(job: &Job, cluster: &Cluster, pairs: &[Pair]) -> Option<Mend> {
    let (summary, error) = broken(job)?;
    if is_refusal(error) {
        return None;
    }
    let name = instance_of(summary, cluster)?;
    let instance = cluster.instances.get(name)?;
    let object = Object::Instance(name.clone());
    let apart = disks_of(name, pairs).any(|pair| {
        let fine = matches!(pair.state, State::Healthy | State::Down | State::Verifying);
        !fine && pair.going.is_none()
    });
    let down = instance.status.word() == Some(Word::ErrorDown);
    let activate = || Mend::new(Kind::ActivateDisks, object.clone());
    let start = || Mend::new(Kind::Start, object.clone());
    match opcode(summary) {
        // Whatever it left, this looks where the guest is and makes one node primary.
        "INSTANCE_MIGRATE" if !down => Some(Mend {
            fields: &[("cleanup", "yes")],
            ..Mend::new(Kind::Migrate, object)
        }),
        "INSTANCE_REPLACE_DISKS" | "INSTANCE_GROW_DISK" | "INSTANCE_ACTIVATE_DISKS" if apart => {
            Some(activate())
        }
        _ if down => Some(start()),
        _ if apart => Some(activate()),
        _ => None,
    }
}

/// What a finding of a verify is about.
pub fn object(entry: &Entry) -> Object {
    let name: Name = entry.name.as_str().into();
    match entry.sort {
        Sort::Cluster => Object::Cluster,
        Sort::Group => Object::Group(name),
        Sort::Node => Object::Node(name),
        Sort::Instance => Object::Instance(name),
    }
}

/// What mends a finding of a verify; none if no operation does.
pub fn of_finding(entry: &Entry, cluster: &Cluster) -> Option<Mend> {
    let object = object(entry);
    let instance = cluster.instances.get(entry.name.as_str());
    let drbd = instance.is_some_and(|it| it.conf.disk_template == "drbd");
    let primary = instance.and_then(|it| cluster.nodes.get(it.conf.primary.as_str()));
    let kind = match (entry.code.as_str(), entry.sort) {
        ("EINSTANCEDOWN", Sort::Instance) => Kind::Start,
        ("EINSTANCEFAULTYDISK", Sort::Instance) if drbd => Kind::ActivateDisks,
        ("EINSTANCEMISSINGDISK", Sort::Instance) if drbd => Kind::ReplaceDisks,
        ("EINSTANCEBADNODE", Sort::Instance) if primary.is_some_and(Node::offline) => {
            Kind::Failover
        }
        ("EINSTANCEBADNODE", Sort::Instance) if drbd => Kind::ReplaceDisks,
        ("EINSTANCEBADNODE", Sort::Node) => Kind::NodeEvacuate,
        ("EINSTANCEPOLICY", Sort::Instance) => Kind::Modify,
        ("EINSTANCEWRONGNODE", Sort::Instance) if drbd => {
            return Some(Mend {
                fields: &[("cleanup", "yes")],
                ..Mend::new(Kind::Migrate, object)
            });
        }
        // Once it is known to be down.
        ("ENODERPC", Sort::Node) => Kind::NodeOffline,
        ("ENODEDRBD", Sort::Node) => return Some(Mend::new(Kind::VerifyDisks, Object::Cluster)),
        _ => return None,
    };
    Some(Mend::new(kind, object))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::job::Op;

    use super::*;
    use crate::action::fixture::Town;
    use crate::planner::replica::pairs;
    use crate::planner::verify::Level;

    fn failed(summary: &str, error: &str) -> Job {
        let op = Op {
            summary: summary.into(),
            status: "error".into(),
            error: error.into(),
            ..Op::default()
        };
        Job {
            id: 9,
            status: "error".into(),
            ops: vec![op],
            ..Job::default()
        }
    }

    #[test]
    fn a_refusal_changed_nothing() {
        assert!(is_refusal("Instance 'x' not known (unknown_entity)"));
        assert!(!is_refusal(
            "Could not migrate instance web1: hypervisor returned failure"
        ));
        assert!(!is_refusal("gone (for good)"));
        assert!(!is_refusal(""));
    }

    #[test]
    fn a_broken_migration_is_cleaned_up() {
        let town = Town::new();
        let failed_so = |error| failed("INSTANCE_MIGRATE(web7)", error);
        let job = failed_so("Could not migrate instance");
        let mend = after(&job, &town.cluster, &[]).unwrap();
        assert_eq!(mend.words(), "migrate web7 cleanup=yes");
        let refused = failed_so("Can't use offline node: n (wrong_state)");
        assert_eq!(after(&refused, &town.cluster, &[]), None);
        let gone = failed("INSTANCE_MIGRATE(gone)", "Could not migrate instance");
        assert_eq!(after(&gone, &town.cluster, &[]), None);
    }

    #[test]
    fn findings_are_mended_by_what_fits_the_instance() {
        let town = Town::new();
        let mend = |code: &str, sort, name: &str| {
            let entry = Entry {
                level: Level::Error,
                code: code.into(),
                sort,
                name: name.into(),
                text: String::new(),
            };
            of_finding(&entry, &town.cluster).map(|it| it.words())
        };
        let of = |code, name| mend(code, Sort::Instance, name);
        assert_eq!(of("EINSTANCEDOWN", "web7").as_deref(), Some("start web7"));
        assert_eq!(
            of("EINSTANCEFAULTYDISK", "old1"),
            None,
            "it has one half only"
        );
        assert_eq!(
            of("EINSTANCEWRONGNODE", "web7").as_deref(),
            Some("migrate web7 cleanup=yes")
        );
        assert_eq!(
            mend("ENODEDRBD", Sort::Node, "node3").as_deref(),
            Some("verify-disks")
        );
        assert_eq!(mend("ENODETIME", Sort::Node, "node3"), None);
    }

    #[test]
    fn halves_that_are_apart_are_assembled_and_what_is_down_is_started() {
        let mut town = Town::new();
        let replaced = failed("INSTANCE_REPLACE_DISKS(web7)", "Can't find new drbd");
        let mend = |town: &Town, job| {
            let mend = after(job, &town.cluster, &pairs(&town.cluster));
            mend.map(|it| it.words())
        };
        assert_eq!(mend(&town, &replaced), None, "both halves are well");
        town.half(
            "node3",
            14,
            "StandAlone Primary/Unknown UpToDate/DUnknown",
            100,
        );
        town.half(
            "node5",
            14,
            "StandAlone Secondary/Unknown UpToDate/DUnknown",
            0,
        );
        assert_eq!(
            mend(&town, &replaced).as_deref(),
            Some("activate-disks web7")
        );
        town.guests("node3", &[]);
        let failover = failed("INSTANCE_FAILOVER(web7)", "Could not start instance");
        assert_eq!(mend(&town, &failover).as_deref(), Some("start web7"));
    }
}
