//! Ganeti's `config.data` as it comes, object by object, so that a large one is never in memory as a
//! whole. Of its objects only what tells where disks lie and whose they are is read, and of DRBD's
//! secrets not even these.

use std::fmt;
use std::io::{BufReader, Read};

use gantry_wire::config::{DrbdEnd, Layout, Volume};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::luxi::row::whole;

/// An object of the file, those in maps with their UUIDs. They come in any order.
#[derive(Debug)]
pub enum Object {
    /// A node.
    Node(String, FileNode),
    /// An instance.
    Instance(FileInstance),
    /// A disk.
    Disk(String, FileDisk),
}

/// A node as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FileNode {
    /// Its name.
    pub name: Option<String>,
}

/// An instance as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FileInstance {
    /// Its name.
    pub name: Option<String>,
    disks: Option<Vec<Value>>,
}

impl FileInstance {
    /// UUIDs of its disks, in their order; empty where there is none.
    pub fn disks(&self) -> impl Iterator<Item = &str> {
        let disks = self.disks.iter().flatten();
        disks.map(|uuid| uuid.as_str().unwrap_or_default())
    }
}

/// A disk as the file has it. Whatever is not as it should be is as if it were not there.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FileDisk {
    /// Its disk template.
    pub dev_type: Option<String>,
    /// Size, MiB.
    pub size: Value,
    /// UUID; volumes below DRBD have none.
    pub uuid: Option<String>,
    /// Name, if it has one.
    pub name: Option<String>,
    /// Spindles of its own, where storage is exclusive.
    pub spindles: Value,
    logical_id: LogicalId,
    children: Option<Vec<FileDisk>>,
}

impl FileDisk {
    /// UUIDs of the two nodes of a DRBD disk.
    pub fn ends(&self) -> Option<[&str; 2]> {
        let drbd = self.dev_type.as_deref() == Some("drbd");
        drbd.then(|| [self.logical_id.text(0), self.logical_id.text(1)])
    }

    /// Its minors on the two nodes of a DRBD disk, as far as they are numbers.
    pub fn minors(&self) -> [Option<u32>; 2] {
        [self.logical_id.number(3), self.logical_id.number(4)]
    }

    /// Where it lies; `name_of` names a node by its UUID.
    pub fn layout(&self, name_of: impl Fn(&str) -> String) -> Layout {
        let id = &self.logical_id;
        let child = |n: usize| self.children.as_ref()?.get(n)?.volume();
        if let Some(ends) = self.ends() {
            let end = |(n, uuid)| DrbdEnd {
                node: name_of(uuid),
                minor: id.number(3 + n).unwrap_or(0),
            };
            return Layout {
                ends: ends.into_iter().enumerate().map(end).collect(),
                port: id.number(2).and_then(|n| n.try_into().ok()).unwrap_or(0),
                data: child(0),
                meta: child(1),
                path: String::new(),
            };
        }
        let data = self.volume();
        let path = if data.is_some() { "" } else { id.text(1) };
        Layout {
            path: path.to_owned(),
            data,
            ..Layout::default()
        }
    }

    fn volume(&self) -> Option<Volume> {
        let plain = self.dev_type.as_deref() == Some("plain");
        plain.then(|| Volume {
            vg: self.logical_id.text(0).to_owned(),
            name: self.logical_id.text(1).to_owned(),
            size: whole(&self.size).unwrap_or(0),
        })
    }
}

/// What a disk is called by the system below. Of DRBD: two nodes' UUIDs, port, two minors, and a
/// secret, which is passed over.
#[derive(Debug, Default)]
struct LogicalId(Vec<Value>);

impl LogicalId {
    fn text(&self, n: usize) -> &str {
        self.0.get(n).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, n: usize) -> Option<u32> {
        let number = self.0.get(n).and_then(whole)?;
        u32::try_from(number).ok()
    }
}

impl<'de> Deserialize<'de> for LogicalId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LogicalId, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = LogicalId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a disk's logical_id")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<LogicalId, A::Error> {
                const USED: usize = 5;
                let mut parts = Vec::with_capacity(USED);
                while parts.len() < USED {
                    match seq.next_element()? {
                        Some(part) => parts.push(part),
                        None => return Ok(LogicalId(parts)),
                    }
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(LogicalId(parts))
            }

            fn visit_unit<E>(self) -> Result<LogicalId, E> {
                Ok(LogicalId::default())
            }
        }
        deserializer.deserialize_any(Parts)
    }
}

/// Gives each node, instance and disk of a file to `take`.
///
/// # Errors
/// As serde says it, with line and column.
pub fn read(file: impl Read, take: &mut dyn FnMut(Object)) -> Result<(), serde_json::Error> {
    let reader = BufReader::with_capacity(64 * 1024, file);
    let mut json = serde_json::Deserializer::from_reader(reader);
    Top(take).deserialize(&mut json)?;
    json.end()
}

/// The whole file.
struct Top<'a>(&'a mut dyn FnMut(Object));

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a configuration")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "nodes" => map.next_value_seed(Each(self.0, Object::Node))?,
                "disks" => map.next_value_seed(Each(self.0, Object::Disk))?,
                "instances" => {
                    map.next_value_seed(Each(self.0, |_, instance| Object::Instance(instance)))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Objects by UUID, taken one by one.
struct Each<'a, T>(&'a mut dyn FnMut(Object), fn(String, T) -> Object);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Each<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Each<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "objects by uuid")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((uuid, object)) = map.next_entry()? {
            (self.0)((self.1)(uuid, object));
        }
        Ok(())
    }
}
