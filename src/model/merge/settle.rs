//! Instances' states, worked out anew where something that they depend on changed.

use crate::model::status::{self, Evidence, Status, Word};
use crate::model::{Cluster, Instance, Name, Node};

impl Cluster {
    /// Works out anew the status of every instance that a node has to do with.
    pub(super) fn settle_node(&mut self, node: &str) {
        let Some(node) = self.nodes.get(node) else {
            return;
        };
        let mut names = node.primaries.clone();
        let guests = node.facts.guests.iter().flat_map(|guests| &guests.list);
        names.extend(guests.map(|guest| Name::from(guest.name.as_str())));
        names.iter().for_each(|name| self.settle(name));
    }

    /// Works out an instance's status anew.
    pub(super) fn settle(&mut self, name: &str) {
        let now = self.now.at;
        let Some(instance) = self.instances.get(name) else {
            return;
        };
        let status = self.status_of(instance);
        let Some(instance) = self.instances.get_mut(name) else {
            return;
        };
        if instance.status == status {
            return;
        }
        if instance.status.last_word() != status.last_word() {
            instance.since = instance.status.last_word().map(|_| now);
        }
        if instance.status.word() != status.word() {
            self.shape += 1;
        }
        instance.status = status;
    }

    fn status_of(&self, instance: &Instance) -> Status {
        let conf = &instance.conf;
        let primary = self.nodes.get(conf.primary.as_str());
        let guests = primary
            .filter(|node| node.fresh())
            .and_then(|node| node.facts.guests.as_ref());
        let guest = guests.and_then(|g| g.list.iter().find(|guest| guest.name == conf.name));
        let elsewhere = self.found.get(conf.name.as_str()).is_some_and(|nodes| {
            let other = |name: &&Name| ***name != *conf.primary;
            nodes
                .iter()
                .filter(other)
                .any(|name| self.runs_on(&conf.name, name))
        });
        let seen = Evidence {
            primary_offline: primary.is_some_and(Node::offline),
            primary_sees: guests.is_some_and(|g| g.hypervisors.contains(&conf.hypervisor)),
            on_primary: guest.is_some(),
            shut_down: guest.is_some_and(|guest| guest.shut_down),
            elsewhere,
        };
        if let Some(word) = status::word(conf, seen) {
            return Status::Now(word);
        }
        if let Some((at, live)) = &instance.live
            && let Some(word) = Word::parse(&live.status)
        {
            return Status::Asked(word, *at);
        }
        match (instance.status, primary.and_then(|node| node.heard)) {
            (Status::Now(word), Some(heard)) => Status::Was(word, heard),
            (was @ Status::Was(..), _) => was,
            _ => Status::Unknown,
        }
    }

    /// A node whose agent speaks now finds this guest running.
    fn runs_on(&self, guest: &str, node: &str) -> bool {
        let node = self.nodes.get(node).filter(|node| node.fresh());
        let guests = node.and_then(|node| node.facts.guests.as_ref());
        guests.is_some_and(|g| {
            g.list
                .iter()
                .any(|found| found.name == guest && !found.shut_down)
        })
    }
}
