//! Instances that are not as they should be, and guests that should not be.

use crate::model::status::Word;
use crate::model::{Cluster, Instance, Name, natural};
use crate::planner::work::Work;

use super::{Found, NAMED, Severity, Subject, count};

/// Instances in an `ERROR_` state, and strangers.
pub(super) fn instances(cluster: &Cluster, found: &mut Found) {
    const ERRORS: [Word; 5] = [
        Word::ErrorNodeDown,
        Word::ErrorNodeOffline,
        Word::ErrorDown,
        Word::ErrorWrongNode,
        Word::ErrorUp,
    ];
    let work = Work::of(cluster);
    for word in ERRORS {
        // A start shows ERROR_down and a stop ERROR_up for as long as its job runs.
        let passing = matches!(word, Word::ErrorDown | Word::ErrorUp);
        let has = |instance: &&Instance| {
            instance.status.word() == Some(word) && !(passing && work.moves(&instance.name))
        };
        let mut names: Vec<&Name> = cluster
            .instances
            .values()
            .filter(has)
            .map(|i| &i.name)
            .collect();
        names.sort_by(|a, b| natural::compare(a, b));
        if names.len() > NAMED {
            let text = format!("{} {}", count(names.len(), "instance"), word.text());
            found.add(
                Severity::Critical,
                Subject::Instance(names[0].clone()),
                text,
            );
        } else {
            for name in names {
                let node = &cluster.instances[name].conf.primary;
                let text = format!("{name} {} (primary {node})", word.text());
                found.add(Severity::Critical, Subject::Instance(name.clone()), text);
            }
        }
    }
    strangers(cluster, &work, found);
}

/// Guests that run twice, or that the configuration does not know. While a job works on an instance
/// neither means anything: a migration has its guest on both nodes, a creation runs first.
fn strangers(cluster: &Cluster, work: &Work, found: &mut Found) {
    if cluster.conf_seen.is_none() {
        return;
    }
    for node in cluster
        .nodes_sorted()
        .into_iter()
        .filter(|node| node.fresh())
    {
        let guests = node.facts.guests.iter().flat_map(|guests| &guests.list);
        for guest in guests.filter(|guest| !guest.shut_down) {
            let (severity, text) = match cluster.instances.get(guest.name.as_str()) {
                None => {
                    let text = format!(
                        "{} runs {}, which the configuration does not know",
                        node.name, guest.name
                    );
                    (Severity::Warning, text)
                }
                Some(instance)
                    if instance.conf.primary != *node.name && cluster.guest(instance).is_some() =>
                {
                    let text = format!(
                        "{} runs on {} and on {}",
                        guest.name, instance.conf.primary, node.name
                    );
                    (Severity::Critical, text)
                }
                Some(_) => continue,
            };
            if !work.moves(&guest.name) {
                found.add(severity, Subject::Node(node.name.clone()), text);
            }
        }
    }
}
