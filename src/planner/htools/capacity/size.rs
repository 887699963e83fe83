//! The size of new instances, and how it shrinks.

use crate::planner::htools::data::{Instance, Status};
use crate::planner::htools::policy::{Spec, Template};

/// What a new instance takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Memory, MiB.
    pub memory: i64,
    /// Its disk, MiB.
    pub disk: i64,
    /// Virtual processors.
    pub cpus: i64,
    /// Spindles of its disk.
    pub spindles: i64,
}

/// Units of memory and disk by which sizes shrink, MiB.
const UNITS: (i64, i64) = (64, 256);

impl Size {
    /// The size that a policy names.
    pub fn of(spec: &Spec) -> Size {
        Size {
            memory: spec.memory,
            disk: spec.disk,
            cpus: spec.cpus,
            spindles: spec.spindle_use,
        }
    }

    /// One unit less of what a mode of failure is about, if there is that much.
    pub fn shrunk(self, mode: &str) -> Option<Size> {
        let less = |value: i64, unit: i64| (value >= unit).then(|| value - unit);
        let (memory, disk) = UNITS;
        match mode {
            "FailMem" => less(self.memory, memory).map(|memory| Size { memory, ..self }),
            "FailDisk" => less(self.disk, disk).map(|disk| Size { disk, ..self }),
            "FailCPU" => less(self.cpus, 1).map(|cpus| Size { cpus, ..self }),
            "FailSpindles" => less(self.spindles, 1).map(|spindles| Size { spindles, ..self }),
            _ => None,
        }
    }

    /// An instance of this size.
    pub fn instance(self, name: String, template: Template, spindle_use: i64) -> Instance {
        Instance {
            name,
            memory: self.memory,
            disk: self.disk,
            disks: vec![self.disk],
            vcpus: self.cpus,
            status: Status::Running,
            auto_balance: true,
            primary: 0,
            secondary: None,
            template,
            tags: Vec::new(),
            spindle_use,
            spindles: Some(self.spindles),
            forthcoming: false,
        }
    }
}
