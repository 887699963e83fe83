//! What of a configuration is news to the console. Of each object only a hash is kept: a large
//! cluster's configuration would not fit into the little that an agent may use.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use gantry_wire::config::ConfigPart;
use serde::Serialize;

/// What the console was told.
#[derive(Debug, Default)]
pub struct Known {
    revision: u64,
    told: bool,
    cluster: u64,
    groups: HashMap<String, u64>,
    nodes: HashMap<String, u64>,
    instances: HashMap<String, u64>,
    networks: HashMap<String, u64>,
}

impl Known {
    /// Tells everything anew the next time; revisions go on counting.
    pub fn forget(&mut self) {
        *self = Known {
            revision: self.revision,
            ..Known::default()
        };
    }

    /// Takes a whole configuration and leaves of it what the console does not know: all of it the
    /// first time, nothing if nothing changed.
    pub fn news(&mut self, mut part: ConfigPart) -> Option<ConfigPart> {
        let whole = !std::mem::replace(&mut self.told, true);
        let cluster = hash(&part.cluster);
        if std::mem::replace(&mut self.cluster, cluster) == cluster {
            part.cluster = None;
        }
        macro_rules! keep_news {
            ($($kind:ident),*) => { $(
                part.gone.$kind = keep_news(&mut self.$kind, &mut part.$kind, |it| &it.name);
            )* };
        }
        keep_news!(groups, nodes, instances, networks);
        let empty = part.cluster.is_none()
            && part.groups.is_empty()
            && part.nodes.is_empty()
            && part.instances.is_empty()
            && part.networks.is_empty()
            && part.gone == Default::default();
        if empty && !whole {
            return None;
        }
        self.revision += 1;
        part.revision = self.revision;
        part.whole = whole;
        part.last = true;
        Some(part)
    }
}

/// Keeps the objects that are not known as they are, and gives the names that are gone.
fn keep_news<T: Serialize>(
    known: &mut HashMap<String, u64>,
    objects: &mut Vec<T>,
    name: impl Fn(&T) -> &String,
) -> Vec<String> {
    let mut before = std::mem::take(known);
    objects.retain(|object| {
        let (name, now) = (name(object), hash(object));
        let same = before.remove(name) == Some(now);
        known.insert(name.clone(), now);
        !same
    });
    // An object that changed was taken out as well: what is left is gone.
    let mut gone: Vec<String> = before.into_keys().collect();
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

    fn part(instances: &BTreeMap<u8, u8>) -> ConfigPart {
        ConfigPart {
            cluster: Some(Box::new(Cluster::default())),
            instances: instances
                .iter()
                .map(|(name, vcpus)| Instance {
                    name: format!("web{name}"),
                    vcpus: u32::from(*vcpus),
                    ..Instance::default()
                })
                .collect(),
            ..ConfigPart::default()
        }
    }

    #[test]
    fn first_all_then_what_changed_then_nothing() {
        let mut known = Known::default();
        let first = known.news(part(&[(1, 1), (2, 1)].into())).unwrap();
        assert!(first.whole && first.last && first.cluster.is_some());
        assert_eq!((first.revision, first.instances.len()), (1, 2));
        assert_eq!(known.news(part(&[(1, 1), (2, 1)].into())), None);
        let second = known.news(part(&[(2, 4), (3, 1)].into())).unwrap();
        assert!(!second.whole && second.cluster.is_none());
        assert_eq!(second.revision, 2);
        assert_eq!(second.instances.len(), 2);
        assert_eq!(second.gone.instances, ["web1"]);
    }

    #[test]
    fn an_empty_cluster_is_told_too_and_anew_when_it_was_forgotten() {
        let mut known = Known::default();
        assert!(known.news(ConfigPart::default()).unwrap().whole);
        assert_eq!(known.news(ConfigPart::default()), None);
        known.forget();
        let again = known.news(ConfigPart::default()).unwrap();
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
                if let Some(news) = known.news(part(&state)) {
                    for name in news.gone.instances {
                        prop_assert!(console.remove(&name).is_some());
                    }
                    for instance in news.instances {
                        console.insert(instance.name.clone(), instance);
                    }
                }
                let expected: BTreeMap<_, _> = part(&state)
                    .instances
                    .into_iter()
                    .map(|instance| (instance.name.clone(), instance))
                    .collect();
                prop_assert_eq!(&console, &expected);
            }
        }
    }
}
