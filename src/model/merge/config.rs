//! The configuration, in pieces and whole.

use std::collections::HashSet;
use std::sync::Arc;

use gantry_wire::config::{ConfigPart, Source};

use crate::model::cluster::ConfSeen;
use crate::model::{Cluster, Instance, Name, natural};

impl Cluster {
    pub(super) fn configured(&mut self, from: &str, part: ConfigPart) {
        let mut whole = match self.coming.take() {
            Some((by, coming))
                if *by == *from && !part.whole && coming.revision == part.revision =>
            {
                coming
            }
            _ => ConfigPart {
                revision: part.revision,
                whole: part.whole,
                source: part.source,
                ..ConfigPart::default()
            },
        };
        whole.at = part.at;
        whole.cluster = part.cluster.or(whole.cluster);
        whole.groups.extend(part.groups);
        whole.nodes.extend(part.nodes);
        whole.instances.extend(part.instances);
        whole.networks.extend(part.networks);
        whole.gone.groups.extend(part.gone.groups);
        whole.gone.nodes.extend(part.gone.nodes);
        whole.gone.instances.extend(part.gone.instances);
        whole.gone.networks.extend(part.gone.networks);
        if part.last {
            self.commit(from, whole);
        } else {
            self.coming = Some((Arc::from(from), whole));
        }
    }

    fn commit(&mut self, from: &str, part: ConfigPart) {
        self.conf_seen = Some(ConfSeen {
            by: Arc::from(from),
            source: part.source,
            written: part.at,
            at: self.now.at,
        });
        if part.source == Source::File {
            // Without a master nothing is said of jobs: what was known is no longer true.
            self.queue = None;
            self.locks.clear();
        }
        if let Some(cluster) = part.cluster {
            self.conf = Some(*cluster);
        }
        if part.whole {
            let nodes: HashSet<&str> = part.nodes.iter().map(|n| n.name.as_str()).collect();
            let instances: HashSet<&str> = part.instances.iter().map(|i| i.name.as_str()).collect();
            self.nodes
                .retain(|name, node| nodes.contains(&**name) || node.fresh());
            for (name, node) in &mut self.nodes {
                if !nodes.contains(&**name) {
                    node.conf = None;
                }
            }
            self.instances.retain(|name, _| instances.contains(&**name));
            self.groups.clear();
            self.networks.clear();
        }
        for name in &part.gone.nodes {
            self.nodes.remove(name.as_str());
        }
        for name in &part.gone.instances {
            self.instances.remove(name.as_str());
        }
        for name in &part.gone.groups {
            self.groups.remove(name.as_str());
        }
        for name in &part.gone.networks {
            self.networks.remove(name.as_str());
        }
        for group in part.groups {
            self.groups.insert(Arc::from(group.name.as_str()), group);
        }
        for network in part.networks {
            self.networks
                .insert(Arc::from(network.name.as_str()), network);
        }
        for node in part.nodes {
            let name = node.name.clone();
            self.node(&name).conf = Some(node);
        }
        for conf in part.instances {
            let name: Name = Arc::from(conf.name.as_str());
            let new = || Instance {
                name: name.clone(),
                ..Instance::default()
            };
            self.instances.entry(name.clone()).or_insert_with(new).conf = conf;
        }
        self.list_instances();
        self.list_minors();
        // A node's role counts for all of its instances.
        let all: Vec<Name> = self.instances.keys().cloned().collect();
        all.iter().for_each(|name| self.settle(name));
        self.shape += 1;
    }

    /// Lists anew whose the minors of each node are.
    fn list_minors(&mut self) {
        self.minors.clear();
        for (name, instance) in &self.instances {
            for (index, disk) in (0..).zip(&instance.conf.disks) {
                for end in disk.layout.iter().flat_map(|layout| &layout.ends) {
                    let node = match self.nodes.get_key_value(end.node.as_str()) {
                        Some((node, _)) => node.clone(),
                        None => Arc::from(end.node.as_str()),
                    };
                    let minors = self.minors.entry(node).or_default();
                    minors.insert(end.minor, (name.clone(), index));
                }
            }
        }
    }

    /// Lists each node's instances anew.
    fn list_instances(&mut self) {
        for node in self.nodes.values_mut() {
            node.primaries.clear();
            node.secondaries.clear();
        }
        let mut names: Vec<&Name> = self.instances.keys().collect();
        names.sort_by(|a, b| natural::compare(a, b));
        for name in names {
            let Some(instance) = self.instances.get(name) else {
                continue;
            };
            if let Some(node) = self.nodes.get_mut(instance.conf.primary.as_str()) {
                node.primaries.push(name.clone());
            }
            for secondary in &instance.conf.secondaries {
                if let Some(node) = self.nodes.get_mut(secondary.as_str()) {
                    node.secondaries.push(name.clone());
                }
            }
        }
    }
}
