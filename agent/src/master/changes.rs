//! What of a configuration is news to the console. Of each object only a hash is kept: a large
//! cluster's configuration would not fit into the little that an agent may use.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use gantry_wire::config::{ConfigPart, Gone};
use serde::Serialize;

/// What the console was told. Each look at the configuration is a [`Known::begin`], a
/// [`Known::keep_news`] for each part of it, and a [`Known::end`].
#[derive(Debug, Default)]
pub struct Known {
    revision: u64,
    told: bool,
    /// Counts the looks: what the latest one did not see is gone.
    look: u64,
    cluster: Option<u64>,
    groups: Objects,
    nodes: Objects,
    instances: Objects,
    networks: Objects,
}

/// By name the hash of each object and the look that saw it last.
type Objects = HashMap<String, (u64, u64)>;

impl Known {
    /// Tells everything anew the next time; revisions go on counting.
    pub fn forget(&mut self) {
        *self = Known {
            revision: self.revision,
            ..Known::default()
        };
    }

    /// Begins a look at the whole configuration: an empty part of the next revision, `whole` if
    /// the console knows nothing.
    pub fn begin(&mut self) -> ConfigPart {
        self.look += 1;
        ConfigPart {
            revision: self.revision + 1,
            whole: !self.told,
            ..ConfigPart::default()
        }
    }

    /// Leaves of a part what the console does not know.
    pub fn keep_news(&mut self, part: &mut ConfigPart) {
        if let Some(cluster) = &part.cluster {
            let cluster = Some(hash(cluster));
            if std::mem::replace(&mut self.cluster, cluster) == cluster {
                part.cluster = None;
            }
        }
        let look = self.look;
        macro_rules! keep {
            ($($kind:ident),*) => { $( keep(&mut self.$kind, &mut part.$kind, look, |it| &it.name); )* };
        }
        keep!(groups, nodes, instances, networks);
    }

    /// Ends a look with its last part; `None` if there is nothing to tell at all. `more` says that
    /// parts of this revision were told before.
    pub fn end(&mut self, mut part: ConfigPart, more: bool) -> Option<ConfigPart> {
        let look = self.look;
        macro_rules! lose {
            ($($kind:ident),*) => { $( part.gone.$kind = lose(&mut self.$kind, look); )* };
        }
        lose!(groups, nodes, instances, networks);
        let empty = part.cluster.is_none()
            && part.groups.is_empty()
            && part.nodes.is_empty()
            && part.instances.is_empty()
            && part.networks.is_empty()
            && part.gone == Gone::default();
        if empty && !more && self.told {
            return None;
        }
        self.told = true;
        self.revision = part.revision;
        part.last = true;
        Some(part)
    }
}

/// Keeps the objects that are not known as they are.
fn keep<T: Serialize>(
    known: &mut Objects,
    objects: &mut Vec<T>,
    look: u64,
    name: impl Fn(&T) -> &String,
) {
    objects.retain(|object| {
        let now = hash(object);
        let before = known.insert(name(object).clone(), (now, look));
        before.is_none_or(|(before, _)| before != now)
    });
}

/// Forgets what this look did not see.
fn lose(known: &mut Objects, look: u64) -> Vec<String> {
    let mut gone = Vec::new();
    known.retain(|name, (_, seen)| {
        if *seen != look {
            gone.push(name.clone());
        }
        *seen == look
    });
    gone.sort();
    gone
}

fn hash(object: &impl Serialize) -> u64 {
    let mut hasher = DefaultHasher::new();
    // Nothing in a configuration can fail to be written as JSON.
    hasher.write(&serde_json::to_vec(object).unwrap_or_default());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use gantry_wire::config::{Cluster, Instance};
    use proptest::prelude::*;

    use super::*;

    /// What a look at a cluster with these instances tells.
    fn look(known: &mut Known, instances: &BTreeMap<u8, u8>) -> Option<ConfigPart> {
        let mut part = ConfigPart {
            instances: all(instances),
            cluster: Some(Box::new(Cluster::default())),
            ..known.begin()
        };
        known.keep_news(&mut part);
        known.end(part, false)
    }

    fn all(instances: &BTreeMap<u8, u8>) -> Vec<Instance> {
        let instance = |(name, vcpus): (&u8, &u8)| Instance {
            name: format!("web{name}"),
            vcpus: u32::from(*vcpus),
            ..Instance::default()
        };
        instances.iter().map(instance).collect()
    }

    #[test]
    fn first_all_then_what_changed_then_nothing() {
        let mut known = Known::default();
        let first = look(&mut known, &[(1, 1), (2, 1)].into()).unwrap();
        assert!(first.whole && first.last && first.cluster.is_some());
        assert_eq!((first.revision, first.instances.len()), (1, 2));
        assert_eq!(look(&mut known, &[(1, 1), (2, 1)].into()), None);
        let second = look(&mut known, &[(2, 4), (3, 1)].into()).unwrap();
        assert!(!second.whole && second.cluster.is_none());
        assert_eq!(second.revision, 2);
        assert_eq!(second.instances.len(), 2);
        assert_eq!(second.gone.instances, ["web1"]);
    }

    #[test]
    fn an_empty_cluster_is_told_too_and_anew_when_it_was_forgotten() {
        let mut known = Known::default();
        let empty = BTreeMap::new();
        assert!(look(&mut known, &empty).unwrap().whole);
        assert_eq!(look(&mut known, &empty), None);
        known.forget();
        let again = look(&mut known, &empty).unwrap();
        assert_eq!((again.whole, again.revision), (true, 2));
    }

    proptest! {
        #[test]
        fn a_console_that_folds_the_news_knows_everything(
            states in proptest::collection::vec(
                proptest::collection::btree_map(0..6_u8, 0..3_u8, 0..6), 1..8)) {
            let mut known = Known::default();
            let mut console = BTreeMap::new();
            for state in states {
                if let Some(news) = look(&mut known, &state) {
                    for name in news.gone.instances {
                        prop_assert!(console.remove(&name).is_some());
                    }
                    for instance in news.instances {
                        console.insert(instance.name.clone(), instance);
                    }
                }
                let expected: BTreeMap<_, _> = all(&state)
                    .into_iter()
                    .map(|instance| (instance.name.clone(), instance))
                    .collect();
                prop_assert_eq!(&console, &expected);
            }
        }
    }
}
