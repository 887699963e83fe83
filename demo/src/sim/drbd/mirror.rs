//! How the two halves of a mirrored instance stand to each other, all its disks together.

use crate::sim::instance::InstanceId;

/// How the two halves stand to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mirror {
    /// Connected, both UpToDate.
    InStep,
    /// The primary copies to the secondary.
    Resync(Resync),
    /// Both are compared, while connected and UpToDate.
    Verify(Resync),
    /// The secondary is out of reach and gets older.
    Cut {
        /// When the figure below held, cluster's clock, ms.
        since: u64,
        /// What differed then, MiB.
        behind: f64,
        /// A resync was broken off: the secondary's half is of no use alone.
        torn: bool,
    },
    /// The primary's half was told to give up on the secondary's, which waits for it.
    StandAlone {
        /// When the figure below held, cluster's clock, ms.
        since: u64,
        /// What differed then, MiB.
        behind: f64,
    },
    /// Both were written apart from each other and have given up on each other.
    Split(Split),
    /// The secondary's half has lost its disk; the connection stands.
    Diskless {
        /// Since when, cluster's clock, ms.
        since: u64,
    },
}

impl Mirror {
    /// Whether both halves are good.
    pub fn is_whole(&self) -> bool {
        matches!(self, Mirror::InStep | Mirror::Verify(_))
    }

    /// Whether the halves talk to each other.
    pub fn is_connected(&self) -> bool {
        match self {
            Mirror::InStep | Mirror::Resync(_) | Mirror::Verify(_) | Mirror::Diskless { .. } => {
                true
            }
            Mirror::Cut { .. } | Mirror::StandAlone { .. } | Mirror::Split(_) => false,
        }
    }

    /// The resync or verify under way.
    pub fn going(&self) -> Option<&Resync> {
        match self {
            Mirror::Resync(going) | Mirror::Verify(going) => Some(going),
            _ => None,
        }
    }

    /// Whether the change to another state is one that the kernel's log tells.
    pub fn differs(&self, other: &Mirror) -> bool {
        let hold = |mirror: &Mirror| mirror.going().and_then(|going| going.hold);
        std::mem::discriminant(self) != std::mem::discriminant(other) || hold(self) != hold(other)
    }
}

/// Two halves that were written apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// When it was found, cluster's clock, ms.
    pub found: u64,
    /// When the first figure below held, cluster's clock, ms.
    pub since: u64,
    /// What was written on the primary's side until then, MiB.
    pub behind: f64,
    /// What was written on the secondary's side, MiB.
    pub astray: f64,
}

/// A resync or a verify under way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resync {
    /// When it began, cluster's clock, ms.
    pub begun: u64,
    /// When the figures below held, cluster's clock, ms.
    pub since: u64,
    /// What there was to do when it began, MiB.
    pub total: u64,
    /// What was left at `since`, MiB.
    pub left: f64,
    /// MiB a second; 0 when it stands still.
    pub rate: f64,
    /// What holds it back; nothing for one that moves or stalls.
    pub hold: Option<Hold>,
}

/// What holds a resync back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Somebody paused it on the primary's node.
    User,
    /// On the secondary's node another one is before it.
    Dependency(InstanceId),
}

impl Resync {
    /// One that begins now.
    pub fn begin(now: u64, mib: f64, rate: f64) -> Resync {
        Resync {
            begun: now,
            since: now,
            total: mib.ceil() as u64,
            left: mib,
            rate,
            hold: None,
        }
    }

    /// The same with another speed from now on.
    pub fn at_rate(self, now: u64, rate: f64, hold: Option<Hold>) -> Resync {
        Resync {
            since: now,
            left: self.left(now),
            rate,
            hold,
            ..self
        }
    }

    /// What is left, MiB.
    pub fn left(&self, now: u64) -> f64 {
        let gone = now.saturating_sub(self.since) as f64 / 1000.0;
        (self.left - gone * self.rate).max(0.0)
    }

    /// How far it is, percent.
    pub fn percent(&self, now: u64) -> f64 {
        match self.total {
            0 => 100.0,
            total => (100.0 - 100.0 * self.left(now) / total as f64).clamp(0.0, 100.0),
        }
    }

    /// Seconds still to go; nothing while it stands still.
    pub fn seconds_left(&self, now: u64) -> Option<u64> {
        (self.rate > 0.0).then(|| (self.left(now) / self.rate).ceil() as u64)
    }

    /// When it ends if nothing comes in between, cluster's clock, ms.
    pub fn end(&self) -> Option<u64> {
        (self.rate > 0.0).then(|| self.since + (self.left / self.rate * 1000.0).ceil() as u64)
    }
}
