//! Ganeti's version, as far as opcodes depend on it.

/// Major and minor version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 3 of 3.1.0.
    pub major: u32,
    /// 1 of 3.1.0.
    pub minor: u32,
}

impl Version {
    /// From `software_version`, such as `3.1.0~rc2`; `None` if it is none.
    pub fn parse(text: &str) -> Option<Version> {
        let mut numbers = text.split('.');
        let mut next = || numbers.next()?.parse().ok();
        Some(Version {
            major: next()?,
            minor: next()?,
        })
    }

    /// Whether it is this one or a later one.
    pub fn is_since(self, major: u32, minor: u32) -> bool {
        self >= Version { major, minor }
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
