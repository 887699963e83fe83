//! Instance policies: what sizes and templates a group takes, and how far its processors and spindles
//! may be shared.

use super::data::Instance;
use super::node::Refusal;

/// Disk templates, in Ganeti's canonical order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Template {
    /// `diskless`
    Diskless,
    /// `file`
    File,
    /// `sharedfile`
    SharedFile,
    /// `plain`
    Plain,
    /// `blockdev`
    BlockDev,
    /// `drbd`
    Drbd,
    /// `rbd`
    Rbd,
    /// `ext`
    Ext,
    /// `gluster`
    Gluster,
}

/// How a template's instance can get to another node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mirror {
    /// Not without copying its disks.
    None,
    /// To its secondary.
    Internal,
    /// To any node: the storage is shared.
    External,
}

impl Template {
    /// All, in canonical order.
    pub const ALL: [Template; 9] = [
        Template::Diskless,
        Template::File,
        Template::SharedFile,
        Template::Plain,
        Template::BlockDev,
        Template::Drbd,
        Template::Rbd,
        Template::Ext,
        Template::Gluster,
    ];

    /// Ganeti's word.
    pub fn word(self) -> &'static str {
        match self {
            Template::Diskless => "diskless",
            Template::File => "file",
            Template::SharedFile => "sharedfile",
            Template::Plain => "plain",
            Template::BlockDev => "blockdev",
            Template::Drbd => "drbd",
            Template::Rbd => "rbd",
            Template::Ext => "ext",
            Template::Gluster => "gluster",
        }
    }

    /// The name that the htools' dump of a policy has for it.
    pub fn constructor(self) -> &'static str {
        match self {
            Template::Diskless => "DTDiskless",
            Template::File => "DTFile",
            Template::SharedFile => "DTSharedFile",
            Template::Plain => "DTPlain",
            Template::BlockDev => "DTBlock",
            Template::Drbd => "DTDrbd8",
            Template::Rbd => "DTRbd",
            Template::Ext => "DTExt",
            Template::Gluster => "DTGluster",
        }
    }

    /// Uses the volume group of its nodes.
    pub fn local(self) -> bool {
        matches!(self, Template::Drbd | Template::Plain)
    }

    /// How it moves.
    pub fn mirror(self) -> Mirror {
        match self {
            Template::Drbd => Mirror::Internal,
            Template::Plain | Template::File => Mirror::None,
            _ => Mirror::External,
        }
    }

    /// hbal moves instances of these only.
    pub fn movable(self) -> bool {
        !matches!(self, Template::Plain | Template::File | Template::Diskless)
    }
}

/// One size of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Memory, MiB.
    pub memory: i64,
    /// Virtual processors.
    pub cpus: i64,
    /// Size of each disk, MiB.
    pub disk: i64,
    /// Number of disks.
    pub disks: i64,
    /// Number of network interfaces.
    pub nics: i64,
    /// Use of spindles.
    pub spindle_use: i64,
}

/// What a group, or the cluster, takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Pairs of least and greatest size.
    pub ranges: Vec<(Spec, Spec)>,
    /// The usual size.
    pub standard: Spec,
    /// Allowed templates.
    pub templates: Vec<Template>,
    /// Most virtual processors for each physical one.
    pub vcpu_ratio: f64,
    /// Most spindle use for each spindle.
    pub spindle_ratio: f64,
}

impl Default for Policy {
    /// What Ganeti has for a group without a policy of its own.
    fn default() -> Policy {
        let least = Spec {
            memory: 128,
            cpus: 1,
            disk: 1024,
            disks: 1,
            nics: 1,
            spindle_use: 1,
        };
        let most = Spec {
            memory: 32_768,
            cpus: 8,
            disk: 1_048_576,
            disks: 16,
            nics: 8,
            spindle_use: 12,
        };
        Policy {
            ranges: vec![(least, most)],
            standard: least,
            templates: Template::ALL.to_vec(),
            vcpu_ratio: 4.0,
            spindle_ratio: 32.0,
        }
    }
}

/// What a policy looks at, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// Memory, MiB.
    Memory,
    /// Size of a disk, MiB.
    Disk,
    /// Virtual processors.
    Cpus,
    /// Use of spindles, or whole ones.
    Spindles,
    /// Number of disks.
    Disks,
    /// The disk template.
    Template,
}

/// What a policy has against an instance: a value that is out of the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Objection {
    /// Which value.
    pub aspect: Aspect,
    /// The value, where it is known.
    pub value: Option<i64>,
    /// The limit that it is below or above.
    pub limit: i64,
    /// It is above.
    pub above: bool,
}

impl Objection {
    /// What is against the policy, in words.
    pub fn word(&self) -> &'static str {
        match self.aspect {
            Aspect::Memory => "memory",
            Aspect::Disk => "disk size",
            Aspect::Cpus => "virtual processors",
            Aspect::Spindles => "spindles",
            Aspect::Disks => "number of disks",
            Aspect::Template => "disk template",
        }
    }

    /// The mode of failure that the htools count it as.
    pub fn refusal(&self) -> Refusal {
        match self.aspect {
            Aspect::Memory => Refusal::Memory,
            Aspect::Disk | Aspect::Template => Refusal::Disk,
            Aspect::Cpus => Refusal::Cpu,
            Aspect::Spindles => Refusal::Spindles,
            Aspect::Disks => Refusal::DiskCount,
        }
    }
}

impl Policy {
    /// Why an instance may not be created, if so. A pair of limits with room for it is enough; of several without,
    /// the first tells.
    pub fn objects(&self, instance: &Instance, exclusive: bool) -> Option<Objection> {
        let mut sized = None;
        for (least, most) in self.ranges.iter().rev() {
            sized = beyond(least, instance, exclusive, false)
                .or_else(|| beyond(most, instance, exclusive, true));
            if sized.is_none() {
                break;
            }
        }
        let template = Objection {
            aspect: Aspect::Template,
            value: None,
            limit: 0,
            above: false,
        };
        sized.or_else(|| (!self.templates.contains(&instance.template)).then_some(template))
    }
}

/// The first value that is beyond a limit.
fn beyond(limit: &Spec, instance: &Instance, exclusive: bool, above: bool) -> Option<Objection> {
    let spindles = if exclusive {
        instance.spindles
    } else {
        Some(instance.spindle_use)
    };
    let disks = instance
        .disks
        .iter()
        .map(|disk| (Aspect::Disk, Some(*disk), limit.disk));
    let counted = instance.template != Template::Diskless;
    let count = counted.then_some((
        Aspect::Disks,
        Some(instance.disks.len() as i64),
        limit.disks,
    ));
    let values = std::iter::once((Aspect::Memory, Some(instance.memory), limit.memory))
        .chain(disks)
        .chain([
            (Aspect::Cpus, Some(instance.vcpus), limit.cpus),
            (Aspect::Spindles, spindles, limit.spindle_use),
        ])
        .chain(count);
    let mut wrong = values.filter(|(_, value, limit)| {
        value.is_none_or(|value| {
            if above {
                value > *limit
            } else {
                value < *limit
            }
        })
    });
    wrong.next().map(|(aspect, value, limit)| Objection {
        aspect,
        value,
        limit,
        above,
    })
}
