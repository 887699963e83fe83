//! Instance policies: what sizes and templates a group takes, and how far its processors and spindles
//! may be shared.

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

impl Policy {
    /// Whether an instance of one disk of this size may be created. A pair of limits with room for it is enough.
    pub fn takes(&self, memory: i64, cpus: i64, disk: i64, template: Template, use_: Use) -> bool {
        let within = |(least, most): &(Spec, Spec)| {
            let spindles = match use_ {
                Use::Shared(spindle_use) => Some(spindle_use),
                Use::Exclusive(spindles) => spindles,
            };
            let disks = template == Template::Diskless || (least.disks..=most.disks).contains(&1);
            (least.memory..=most.memory).contains(&memory)
                && (least.disk..=most.disk).contains(&disk)
                && (least.cpus..=most.cpus).contains(&cpus)
                && spindles.is_some_and(|n| (least.spindle_use..=most.spindle_use).contains(&n))
                && disks
        };
        let sized = self.ranges.is_empty() || self.ranges.iter().any(within);
        sized && self.templates.contains(&template)
    }
}

/// What an instance wants of the spindles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// A share.
    Shared(i64),
    /// Whole ones, if it is known how many.
    Exclusive(Option<i64>),
}
