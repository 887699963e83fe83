//! Numbers that move in steps, so that a calm cluster writes few bytes.

use std::collections::HashMap;

use super::rows::Id;

/// A number that is held steady.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meter {
    /// Processor, percent.
    Cpu,
    /// Free memory, MiB.
    MemFree,
    /// Memory used by the node itself, MiB.
    MemNode,
    /// Free disk space, MiB.
    DiskFree,
    /// Load.
    Load,
    /// Bytes read a second.
    Read,
    /// Bytes written a second.
    Write,
    /// Bytes over the network a second.
    Net,
    /// A resync's or a verify's part that is done, percent.
    Done,
    /// Its speed, KiB a second.
    Speed,
    /// Seconds until its end.
    Left,
    /// What differs, KiB.
    OutOfSync,
}

const METERS: usize = Meter::OutOfSync as usize + 1;

/// A number as measured, and by how much it must move before that is shown.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Which.
    pub meter: Meter,
    /// What was measured; none if that is not known now.
    pub value: Option<f64>,
    /// The least change that is shown.
    pub step: f64,
}

/// The numbers on the screen, as they are shown.
#[derive(Clone, Debug, Default)]
pub struct Steady(HashMap<Id, [Option<f64>; METERS]>);

impl Steady {
    /// Takes new readings of what is on the screen; everything else is forgotten.
    pub fn settle(&mut self, read: impl IntoIterator<Item = (Id, Vec<Reading>)>) {
        let mut before = std::mem::take(&mut self.0);
        for (id, readings) in read {
            let mut shown = before.remove(&id).unwrap_or_default();
            for Reading { meter, value, step } in readings {
                let held = &mut shown[meter as usize];
                *held = match (*held, value) {
                    (Some(held), Some(value)) if (held - value).abs() < step => Some(held),
                    _ => value,
                };
            }
            self.0.insert(id, shown);
        }
    }

    /// The number to show.
    pub fn get(&self, id: &Id, meter: Meter) -> Option<f64> {
        self.0.get(id).and_then(|shown| shown[meter as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_moves_are_not_shown_and_not_knowing_is() {
        let id = Id::Job(1);
        let mut steady = Steady::default();
        for (value, shown) in [
            (Some(10.0), Some(10.0)),
            (Some(11.9), Some(10.0)),
            (Some(12.0), Some(12.0)),
            (None, None),
            (Some(12.5), Some(12.5)),
        ] {
            let reading = Reading {
                meter: Meter::Cpu,
                value,
                step: 2.0,
            };
            steady.settle([(id.clone(), vec![reading])]);
            assert_eq!(steady.get(&id, Meter::Cpu), shown);
        }
        steady.settle([]);
        assert_eq!(steady.get(&id, Meter::Cpu), None);
    }
}
