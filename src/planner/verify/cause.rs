//! What has one cause is told as one: a node that is dead makes many lines, and none of them is worth a look before it.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Cluster;

use super::line::{Entry, Level, Sort};

/// Lines with one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The cause, or the only line.
    pub entry: Entry,
    /// What comes of it.
    pub folded: Vec<Entry>,
}

/// Codes of instances that the death of their primary node explains.
const BY_PRIMARY: [&str; 3] = ["EINSTANCEBADNODE", "EINSTANCEDOWN", "EINSTANCEWRONGNODE"];

/// Codes of instances that the death of any of their nodes explains.
const BY_ANY: [&str; 2] = ["EINSTANCEFAULTYDISK", "EINSTANCEMISSINGDISK"];

/// Folds lines under their causes; the order of what is left stays.
pub fn causes(entries: &[Entry], cluster: &Cluster) -> Vec<Cause> {
    let dead = dead(entries);
    let offline = offline(entries, cluster);
    let mut causes: Vec<Cause> = Vec::new();
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    // A node's death comes before what it explains, wherever its own line stands.
    for entry in entries.iter().filter(|entry| is_death(entry)) {
        if !at.contains_key(&entry.name) {
            at.insert(entry.name.clone(), causes.len());
            causes.push(alone(entry.clone()));
        }
    }
    for node in &offline {
        at.entry((*node).to_owned()).or_insert_with(|| {
            causes.push(alone(marked_offline(node)));
            causes.len() - 1
        });
    }
    for entry in entries.iter().filter(|entry| !is_death(entry)) {
        let known = dead.iter().chain(&offline);
        let node = known
            .copied()
            .find(|node| explains(node, entry, &dead, cluster));
        match node.and_then(|node| causes.get_mut(*at.get(node)?)) {
            Some(cause) => cause.folded.push(entry.clone()),
            None => causes.push(alone(entry.clone())),
        }
    }
    for cause in &mut causes {
        let levels = cause.folded.iter().map(|entry| entry.level);
        cause.entry.level = levels.fold(cause.entry.level, Ord::min);
    }
    causes
}

fn alone(entry: Entry) -> Cause {
    Cause {
        entry,
        folded: Vec::new(),
    }
}

fn is_death(entry: &Entry) -> bool {
    entry.code == "ENODERPC" && entry.sort == Sort::Node
}

/// Nodes that did not answer.
fn dead(entries: &[Entry]) -> BTreeSet<&str> {
    let dead = entries.iter().filter(|entry| is_death(entry));
    dead.map(|entry| entry.name.as_str()).collect()
}

/// Nodes that are marked offline and named as such by more than one line.
fn offline<'a>(entries: &[Entry], cluster: &'a Cluster) -> BTreeSet<&'a str> {
    let bad = |node: &str| {
        let of_it = |entry: &&Entry| entry.code == "EINSTANCEBADNODE" && entry.names(node);
        entries.iter().filter(of_it).count()
    };
    let nodes = cluster.nodes.values().filter(|node| node.offline());
    nodes
        .map(|node| &*node.name)
        .filter(|name| bad(name) > 1)
        .collect()
}

/// The cause that no line says by itself.
fn marked_offline(node: &str) -> Entry {
    Entry {
        level: Level::Warning,
        code: "EINSTANCEBADNODE".to_owned(),
        sort: Sort::Node,
        name: node.to_owned(),
        text: "is marked offline, and instances are still there".to_owned(),
    }
}

/// A node that is dead or marked offline is why this line was written.
fn explains(node: &str, entry: &Entry, dead: &BTreeSet<&str>, cluster: &Cluster) -> bool {
    let code = entry.code.as_str();
    let instance = cluster.instances.get(entry.name.as_str());
    let conf = instance.map(|instance| &instance.conf);
    match entry.sort {
        Sort::Node if entry.name == node => true,
        // Of its instances' memory the others have not enough: that is not its death's fault.
        Sort::Node if code == "ENODEN1" => false,
        Sort::Instance if BY_PRIMARY.contains(&code) => {
            entry.names(node) || conf.is_some_and(|conf| conf.primary == node)
        }
        Sort::Instance if BY_ANY.contains(&code) => {
            let has = |conf: &gantry_wire::config::Instance| {
                conf.primary == node || conf.secondaries.iter().any(|it| it == node)
            };
            entry.names(node) || conf.is_some_and(has)
        }
        _ => {
            let alive = |name: &str| !dead.contains(name) && name != entry.name && name != node;
            let others = cluster.nodes.keys().filter(|name| alive(name));
            entry.names(node) && !others.clone().any(|name| entry.names(name))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Reach;

    use super::*;
    use crate::planner::verify::entries;

    fn read(lines: &[&str]) -> Vec<Entry> {
        let line = |text: &&str| gantry_wire::job::LogLine {
            kind: "message".into(),
            text: (*text).to_owned(),
            ..Default::default()
        };
        entries(&lines.iter().map(line).collect::<Vec<_>>())
    }

    fn cluster() -> Cluster {
        let mut cluster = Cluster::default();
        for node in ["node1", "node2", "node3", "node4"] {
            cluster.linked(node, Reach::Idle);
        }
        cluster
    }

    fn told(lines: &[&str]) -> Vec<(String, usize)> {
        let causes = causes(&read(lines), &cluster());
        let told = causes.iter().map(|cause| {
            let entry = &cause.entry;
            (format!("{} {}", entry.code, entry.name), cause.folded.len())
        });
        told.collect()
    }

    #[test]
    fn one_dead_node_is_one_cause_and_not_nine_errors() {
        let lines = [
            "  - ERROR:ECLUSTERFILECHECK:cluster:None:File /var/lib/ganeti/x is missing from node(s) node3",
            "  - ERROR:ENODERPC:node:node3:while contacting node: Error 28: Connection timed out",
            "  - ERROR:ENODEHV:node:node3:hypervisor kvm verify failure: no answer",
            "  - ERROR:ENODESSH:node:node1:ssh communication with node 'node3': timed out",
            "  - ERROR:ENODENET:node:node2:tcp communication with node 'node3': failure",
            "  - ERROR:EINSTANCEDOWN:instance:web1:instance not running on its primary node node3",
            "  - WARNING:EINSTANCEFAULTYDISK:instance:db1:disk/0 on node3 is degraded",
            "  - ERROR:ENODEN1:node:node3:not enough memory to accomodate instance failovers should node node1 fail (9MiB needed, 0MiB available)",
            "  - ERROR:ENODEN1:node:node2:not enough memory to accomodate instance failovers should node node3 fail (9MiB needed, 1MiB available)",
            "  - ERROR:EINSTANCEDOWN:instance:web9:instance not running on its primary node node1",
        ];
        assert_eq!(
            told(&lines),
            [
                ("ENODERPC node3".to_owned(), 7),
                ("ENODEN1 node2".to_owned(), 0),
                ("EINSTANCEDOWN web9".to_owned(), 0),
            ]
        );
    }

    #[test]
    fn a_line_that_names_a_living_node_too_is_not_the_dead_ones_fault() {
        let lines = [
            "  - ERROR:ENODERPC:node:node3:while contacting node: gone",
            "  - ERROR:ECLUSTERFILECHECK:cluster:None:File x found with 2 different checksums (variant 1 on node1, node3; variant 2 on node2)",
        ];
        assert_eq!(told(&lines).len(), 2);
    }

    #[test]
    fn a_cause_matters_as_much_as_the_worst_that_comes_of_it() {
        let lines = [
            "  - WARNING:ENODERPC:node:node3:while contacting node: gone",
            "  - ERROR:ENODEHV:node:node3:no answer",
        ];
        let causes = causes(&read(&lines), &cluster());
        assert_eq!(
            causes.first().map(|cause| cause.entry.level),
            Some(Level::Error)
        );
    }
}
