//! LVM: what `vgs`, `pvs` and `lvs` say, whether this agent asked them or somebody sent in what
//! they printed.

mod fit;
pub mod lvs;
pub mod pvs;
mod report;
mod row;
mod size;
mod table;
pub mod vgs;
pub mod watch;

/// What was understood of a report, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed<T> {
    /// Each volume or group once.
    pub list: Vec<T>,
    /// What the program complained about itself, as it said it, and what could not be read
    /// (`lvs line 7: ...`); cut off when there are many.
    pub complaints: Vec<String>,
}

#[cfg(test)]
pub(crate) mod testing {
    use proptest::prelude::*;

    /// A text with some of its bytes changed, taken out or doubled, and cut off somewhere.
    pub fn mangled(text: &'static str) -> impl Strategy<Value = String> {
        let change = (0..text.len(), any::<u8>(), 0..4_u8);
        let changes = proptest::collection::vec(change, 0..12);
        (changes, 0..=text.len() * 2).prop_map(move |(changes, end)| {
            let mut bytes = text.as_bytes().to_vec();
            for (at, byte, how) in changes {
                let at = at.min(bytes.len() - 1);
                match how {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    2 => bytes[at] = b'\n',
                    _ => {
                        bytes.remove(at);
                    }
                }
            }
            bytes.truncate(end);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    }

    /// A file of other people's, where those are at hand.
    pub fn reference(name: &str) -> Option<String> {
        let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/reference");
        let directory = std::env::var("GANTRY_REFERENCE").unwrap_or_else(|_| default.into());
        let text = std::fs::read_to_string(format!("{directory}/{name}")).ok();
        if text.is_none() {
            eprintln!("not there and so not tried: {directory}/{name}");
        }
        text
    }
}
