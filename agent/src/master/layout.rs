//! Where instances' disks lie, which only `config.data` says. Of that file, which is large on a
//! large cluster, nothing but the disks is kept, and of DRBD's secrets not even these are read.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;

use gantry_wire::config::{Disk, DrbdEnd, Layout, Volume};

use crate::config_data::{self, FileDisk, Object};
use crate::place::{Place, Stamp, Unread};

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
        config_data::read(file, &mut |object| match object {
            Object::Node(uuid, node) => {
                let number = layouts.number(&uuid);
                layouts.nodes.insert(number, node.name.unwrap_or_default());
            }
            Object::Disk(uuid, disk) => layouts.push(&uuid, &disk),
            Object::Instance(_) => {}
        })?;
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

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
