//! Owners from `config.data`, which master candidates have. Only what is needed is read: nodes'
//! names, instances' disks and the DRBD disks' ids up to the secret, which is skipped.

use std::collections::HashMap;
use std::fmt;
use std::io::BufReader;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Owner, Owners};
use crate::place::{Place, Stamp};

/// Reads the file when it changed.
#[derive(Debug, Default)]
pub struct Reader {
    file: Stamp,
    owners: Owners,
}

impl Reader {
    /// The owners of this node's minors; none where there is no file that can be read.
    pub fn owners(&mut self, place: &Place, node: &str) -> &Owners {
        let path = place.data("config.data");
        let file = Stamp::of(&path);
        if file != self.file {
            self.file = file;
            let config = std::fs::File::open(path)
                .ok()
                .and_then(|file| serde_json::from_reader(BufReader::new(file)).ok());
            self.owners = config
                .map(|config: Config| config.owners(node))
                .unwrap_or_default();
        }
        &self.owners
    }
}

/// The file, as far as it is used. Objects are keyed by uuid.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    nodes: HashMap<String, FileNode>,
    instances: HashMap<String, FileInstance>,
    disks: HashMap<String, FileDisk>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileNode {
    name: Element,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileInstance {
    name: Element,
    disks: Vec<Element>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileDisk {
    dev_type: Element,
    logical_id: Ends,
}

/// A DRBD disk's id: two nodes' uuids, a port, and two minors.
#[derive(Debug, Default)]
struct Ends([Element; 5]);

/// A text, a number, or something that is not kept.
#[derive(Debug, Default)]
enum Element {
    Text(String),
    Number(u64),
    #[default]
    Other,
}

impl Element {
    fn text(&self) -> &str {
        match self {
            Element::Text(text) => text,
            _ => "",
        }
    }
}

impl Config {
    fn owners(&self, node: &str) -> Owners {
        let mut owners = Owners::new();
        for instance in self.instances.values() {
            for (at, disk) in (0..).zip(&instance.disks) {
                let Some(disk) = self.disks.get(disk.text()) else {
                    continue;
                };
                if disk.dev_type.text() != "drbd" {
                    continue;
                }
                let [first, second, _, first_minor, second_minor] = &disk.logical_id.0;
                for (own, minor, peer) in
                    [(first, first_minor, second), (second, second_minor, first)]
                {
                    let Element::Number(minor) = minor else {
                        continue;
                    };
                    if let Ok(minor) = u32::try_from(*minor)
                        && self.name(own) == node
                    {
                        owners.insert(
                            minor,
                            Owner {
                                instance: instance.name.text().to_owned(),
                                disk_index: Some(at),
                                peer: self.name(peer).to_owned(),
                            },
                        );
                    }
                }
            }
        }
        owners
    }

    fn name(&self, uuid: &Element) -> &str {
        self.nodes
            .get(uuid.text())
            .map_or("", |node| node.name.text())
    }
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Element, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Element;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "anything")
            }
            fn visit_str<E>(self, text: &str) -> Result<Element, E> {
                Ok(Element::Text(text.to_owned()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Element, E> {
                Ok(Element::Number(number))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Element, E> {
                Ok(Element::Other)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Element, E> {
                Ok(Element::Other)
            }
            fn visit_bool<E>(self, _: bool) -> Result<Element, E> {
                Ok(Element::Other)
            }
            fn visit_unit<E>(self) -> Result<Element, E> {
                Ok(Element::Other)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Element, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Element::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Element::Other)
            }
        }
        from.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Ends {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Ends, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Ends;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a disk's id")
            }
            fn visit_unit<E>(self) -> Result<Ends, E> {
                Ok(Ends::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Ends, A::Error> {
                let mut ends = Ends::default();
                for end in &mut ends.0 {
                    match seq.next_element()? {
                        Some(element) => *end = element,
                        None => return Ok(ends),
                    }
                }
                // The secret is here.
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(ends)
            }
        }
        from.deserialize_any(List)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const FILE: &str = r#"{"version": 3000000, "nodes": {
        "n1": {"name": "node1", "secondary_ip": "192.0.2.1"}, "n2": {"name": "node2"}},
      "instances": {"i1": {"name": "web1", "disks": ["d1", "d2"]}, "i2": {"name": "old", "disks": [{"x": 1}]}},
      "disks": {
        "d1": {"dev_type": "plain", "logical_id": ["xenvg", "x.disk0"]},
        "d2": {"dev_type": "drbd", "logical_id": ["n2", "n1", 11000, 4, 7, "hush"], "children": [{}]},
        "d3": {"dev_type": "drbd", "logical_id": null}}}"#;

    #[test]
    fn both_nodes_find_their_own_minors() {
        let config: Config = serde_json::from_str(FILE).unwrap();
        assert!(!format!("{config:?}").contains("hush"));
        let owner = |peer: &str| Owner {
            instance: "web1".into(),
            disk_index: Some(1),
            peer: peer.into(),
        };
        assert_eq!(config.owners("node1"), Owners::from([(7, owner("node2"))]));
        assert_eq!(config.owners("node2"), Owners::from([(4, owner("node1"))]));
        assert_eq!(config.owners("node3"), Owners::new());
    }

    #[test]
    fn the_file_is_read_again_once_it_changed() {
        let root = std::env::temp_dir().join(format!("gantry-owners-{}", std::process::id()));
        let data = root.join("var/lib/ganeti");
        std::fs::create_dir_all(&data).unwrap();
        let place = Place::new(root.clone(), None);
        let mut reader = Reader::default();
        assert_eq!(*reader.owners(&place, "node1"), Owners::new());
        std::fs::write(data.join("config.data"), FILE).unwrap();
        assert_eq!(reader.owners(&place, "node1").len(), 1);
        std::fs::write(data.join("config.data"), "{half").unwrap();
        assert_eq!(*reader.owners(&place, "node1"), Owners::new());
        std::fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_real_clusters_file_is_understood() {
        let config: Config =
            serde_json::from_str(include_str!("../../../../tests/data/config.data")).unwrap();
        assert!(!config.nodes.is_empty() && !config.disks.is_empty());
    }
}
