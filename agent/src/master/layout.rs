//! Where instances' disks lie, which only `config.data` says. Of that file, which is large on a
//! large cluster, nothing but the disks is kept, and of DRBD's secrets not even these are read.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};

use gantry_wire::config::{Disk, DrbdEnd, Layout, Volume};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::luxi::row::whole;
use crate::place::{Place, Stamp, Unread};

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
    logical_id: LogicalId,
    children: Option<Vec<FileDisk>>,
}

impl FileDisk {
    /// UUIDs of the two nodes of a DRBD disk.
    pub fn ends(&self) -> Option<[&str; 2]> {
        let drbd = self.dev_type.as_deref() == Some("drbd");
        drbd.then(|| [self.logical_id.text(0), self.logical_id.text(1)])
    }

    /// Where it lies; `name_of` names a node by its UUID.
    pub fn layout(&self, name_of: impl Fn(&str) -> String) -> Layout {
        let id = &self.logical_id;
        let child = |n: usize| self.children.as_ref()?.get(n)?.volume();
        if let Some(ends) = self.ends() {
            let end = |(n, uuid)| DrbdEnd {
                node: name_of(uuid),
                minor: id.number(3 + n),
            };
            return Layout {
                ends: ends.into_iter().enumerate().map(end).collect(),
                port: u16::try_from(id.number(2)).unwrap_or(0),
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

    fn number(&self, n: usize) -> u32 {
        let number = self.0.get(n).and_then(whole).unwrap_or(0);
        u32::try_from(number).unwrap_or(0)
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

/// Reads the file's disks when it changed.
#[derive(Debug, Default)]
pub struct Reader {
    file: Option<Stamp>,
    layouts: Layouts,
    trouble: Option<String>,
}

impl Reader {
    /// Looks at the file; what it does not say any more, or does not show, is not known any more.
    pub fn refresh(&mut self, place: &Place) {
        let path = place.data("config.data");
        let file = Some(Stamp::of(&path));
        if file == self.file {
            return;
        }
        self.file = file;
        // Not both at once in memory.
        self.layouts = Layouts::default();
        let read = match File::open(&path).map_err(Unread::from) {
            Ok(file) => {
                Layouts::read(file).map_err(|why| format!("config.data is not understood: {why}"))
            }
            Err(Unread::Absent) => Ok(Layouts::default()),
            Err(why) => Err(why.to_string()),
        };
        self.trouble = read.as_ref().err().cloned();
        self.layouts = read.unwrap_or_default();
    }

    /// Why nothing is known, if that is so.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Adds to a disk what is known of it by its UUID.
    pub fn fill(&self, disk: &mut Disk) {
        if let Some((template, layout)) = self.layouts.get(&disk.uuid) {
            disk.template = template;
            disk.layout = Some(Box::new(layout));
        }
    }
}

/// The layouts of all disks, in little memory: ten thousand have two megabytes.
#[derive(Debug, Default)]
pub struct Layouts {
    /// All names that only one disk has, one after the other.
    text: String,
    /// Names that many have: templates, nodes' UUIDs, volume groups.
    words: Vec<String>,
    numbers: HashMap<String, u16>,
    /// Node's name by the number of its UUID.
    nodes: HashMap<u16, String>,
    /// In the order of their UUIDs.
    disks: Vec<Compact>,
}

/// A part of [`Layouts::text`].
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    at: u32,
    len: u16,
}

#[derive(Debug)]
struct Compact {
    uuid: Span,
    template: u16,
    port: u16,
    ends: Option<[(u16, u32); 2]>,
    data: Option<CompactVolume>,
    meta: Option<CompactVolume>,
    path: Span,
}

#[derive(Clone, Copy, Debug)]
struct CompactVolume {
    vg: u16,
    name: Span,
    size: u64,
}

impl Layouts {
    /// Reads `config.data` as it comes and keeps its disks.
    ///
    /// # Errors
    /// As serde says it, with line and column.
    pub fn read(file: impl Read) -> Result<Layouts, serde_json::Error> {
        let mut layouts = Layouts::default();
        let reader = BufReader::with_capacity(64 * 1024, file);
        let mut json = serde_json::Deserializer::from_reader(reader);
        Top(&mut layouts).deserialize(&mut json)?;
        json.end()?;
        let Layouts { text, disks, .. } = &mut layouts;
        disks.sort_unstable_by(|a, b| a.uuid.of(text).cmp(b.uuid.of(text)));
        disks.shrink_to_fit();
        text.shrink_to_fit();
        layouts.numbers = HashMap::new();
        Ok(layouts)
    }

    /// How many disks there are.
    pub fn len(&self) -> usize {
        self.disks.len()
    }

    /// Whether there is no disk.
    pub fn is_empty(&self) -> bool {
        self.disks.is_empty()
    }

    /// The template of a disk by its UUID, and where it lies.
    pub fn get(&self, uuid: &str) -> Option<(String, Layout)> {
        let at = self
            .disks
            .binary_search_by(|disk| disk.uuid.of(&self.text).cmp(uuid))
            .ok()?;
        let disk = self.disks.get(at)?;
        let word = |n: u16| self.words.get(usize::from(n)).cloned().unwrap_or_default();
        let volume = |volume: CompactVolume| Volume {
            vg: word(volume.vg),
            name: volume.name.of(&self.text).to_owned(),
            size: volume.size,
        };
        let end = |(node, minor)| DrbdEnd {
            node: self.nodes.get(&node).cloned().unwrap_or_default(),
            minor,
        };
        let layout = Layout {
            ends: disk.ends.into_iter().flatten().map(end).collect(),
            port: disk.port,
            data: disk.data.map(volume),
            meta: disk.meta.map(volume),
            path: disk.path.of(&self.text).to_owned(),
        };
        Some((word(disk.template), layout))
    }

    fn push(&mut self, uuid: &str, disk: &FileDisk) {
        // Nodes may come later in the file, so their UUIDs stand for them.
        let layout = disk.layout(str::to_owned);
        let template = self.number(disk.dev_type.as_deref().unwrap_or_default());
        let [data, meta] = [&layout.data, &layout.meta].map(|volume| {
            let volume = volume.as_ref()?;
            Some(CompactVolume {
                vg: self.number(&volume.vg),
                name: self.span(&volume.name),
                size: volume.size,
            })
        });
        let ends = match &layout.ends[..] {
            [a, b] => Some([a, b].map(|end| (self.number(&end.node), end.minor))),
            _ => None,
        };
        let compact = Compact {
            uuid: self.span(uuid),
            template,
            port: layout.port,
            ends,
            data,
            meta,
            path: self.span(&layout.path),
        };
        self.disks.push(compact);
    }

    /// A word's number. More words than numbers are the empty one.
    fn number(&mut self, word: &str) -> u16 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let Ok(number) = u16::try_from(self.words.len()) else {
            return u16::MAX;
        };
        self.words.push(word.to_owned());
        self.numbers.insert(word.to_owned(), number);
        number
    }

    /// A place in the text; names that are too long for one are empty.
    fn span(&mut self, name: &str) -> Span {
        match (u32::try_from(self.text.len()), u16::try_from(name.len())) {
            (Ok(at), Ok(len)) => {
                self.text.push_str(name);
                Span { at, len }
            }
            _ => Span::default(),
        }
    }
}

impl Span {
    fn of(self, text: &str) -> &str {
        let start = self.at as usize;
        text.get(start..start + usize::from(self.len))
            .unwrap_or_default()
    }
}

/// The whole file: its nodes' names and its disks.
struct Top<'a>(&'a mut Layouts);

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
                "nodes" => map.next_value_seed(Each(self.0, |layouts, uuid, node: FileNode| {
                    let number = layouts.number(&uuid);
                    layouts.nodes.insert(number, node.name.unwrap_or_default());
                }))?,
                "disks" => map.next_value_seed(Each(self.0, |layouts, uuid, disk: FileDisk| {
                    layouts.push(&uuid, &disk);
                }))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileNode {
    name: Option<String>,
}

/// Objects by UUID, taken one by one.
struct Each<'a, T>(&'a mut Layouts, fn(&mut Layouts, String, T));

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
            (self.1)(self.0, uuid, object);
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
