//! Owners from `config.data`, which master candidates have.

use std::collections::HashMap;
use std::io::Read;

use super::{Owner, Owners};
use crate::config_data::{self, FileInstance, Object};
use crate::place::{Place, Stamp};

/// More of the file is not read, bytes: five thousand instances have some 20 million.
const LIMIT: u64 = 256 * 1024 * 1024;

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
        let file = place.stamp(&path);
        if file != self.file {
            self.file = file;
            let opened = place.open(&path, LIMIT).ok();
            let config = opened.and_then(|file| {
                let config = read(file);
                config
                    .map_err(|error| place.refuse(&path, error.to_string()))
                    .ok()
            });
            self.owners = config.map(|config| config.owners(node)).unwrap_or_default();
        }
        &self.owners
    }
}

/// The file, as far as it is used.
#[derive(Debug, Default)]
struct Config {
    /// Names by UUID.
    nodes: HashMap<String, String>,
    instances: Vec<FileInstance>,
    /// The two ends of each DRBD disk by its UUID: a node's UUID, and the minor there.
    disks: HashMap<String, [(String, Option<u32>); 2]>,
}

fn read(file: impl Read) -> Result<Config, serde_json::Error> {
    let mut config = Config::default();
    config_data::read(file, &mut |object| match object {
        Object::Node(uuid, node) => {
            config.nodes.insert(uuid, node.name.unwrap_or_default());
        }
        Object::Instance(instance) => config.instances.push(instance),
        Object::Disk(uuid, disk) => {
            if let Some([first, second]) = disk.ends() {
                let [first_minor, second_minor] = disk.minors();
                let ends = [
                    (first.to_owned(), first_minor),
                    (second.to_owned(), second_minor),
                ];
                config.disks.insert(uuid, ends);
            }
        }
    })?;
    Ok(config)
}

impl Config {
    fn owners(&self, node: &str) -> Owners {
        let mut owners = Owners::new();
        for instance in &self.instances {
            for (at, disk) in (0..).zip(instance.disks()) {
                let Some([first, second]) = self.disks.get(disk) else {
                    continue;
                };
                for ((own, minor), (peer, _)) in [(first, second), (second, first)] {
                    if let Some(minor) = minor
                        && self.nodes.get(own).is_some_and(|name| name == node)
                    {
                        let owner = Owner {
                            instance: instance.name.clone().unwrap_or_default(),
                            disk_index: Some(at),
                            peer: self.name(peer).to_owned(),
                        };
                        owners.insert(*minor, owner);
                    }
                }
            }
        }
        owners
    }

    fn name(&self, uuid: &str) -> &str {
        self.nodes.get(uuid).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const FILE: &str = r#"{"version": 3000000, "nodes": {
        "n1": {"name": "node1", "secondary_ip": "192.0.2.1"}, "n2": {"name": "node2"}},
      "instances": {"i1": {"name": "web1", "disks": ["d1", "d2", "d4"]}, "i2": {"name": "old", "disks": [{"x": 1}]}},
      "disks": {
        "d1": {"dev_type": "plain", "logical_id": ["xenvg", "x.disk0"]},
        "d2": {"dev_type": "drbd", "logical_id": ["n2", "n1", 11000, 4, 7, "hush"], "children": [{}]},
        "d3": {"dev_type": "drbd", "logical_id": null},
        "d4": {"dev_type": "drbd", "logical_id": ["n9", "n2", 11001, 3, "?"]}}}"#;

    #[test]
    fn both_nodes_find_their_own_minors() {
        let config = read(FILE.as_bytes()).unwrap();
        assert!(!format!("{config:?}").contains("hush"));
        let owner = |peer: &str| Owner {
            instance: "web1".into(),
            disk_index: Some(1),
            peer: peer.into(),
        };
        assert_eq!(config.owners("node1"), Owners::from([(7, owner("node2"))]));
        assert_eq!(config.owners("node2"), Owners::from([(4, owner("node1"))]));
        assert_eq!(config.owners("node3"), Owners::new());
        assert_eq!(config.owners(""), Owners::new(), "n9 is nobody");
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
        let file = include_bytes!("../../../../tests/data/config.data");
        let config = read(&file[..]).unwrap();
        assert!(!config.nodes.is_empty() && !config.instances.is_empty());
    }
}
