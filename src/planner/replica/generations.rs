//! What two ends' data generations say of each other.
//!
//! Each end names the generation of its data (`current`) and, while it notes what differs, the one since which it
//! does (`bitmap`). The lowest bit of a generation only says that the device is primary.

use gantry_wire::drbd::Device;

/// What the generations of two ends say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generations {
    /// Not both are known.
    Unknown,
    /// They are of one generation.
    Same,
    /// The first was written since they parted, and the second was not.
    FirstNewer,
    /// The second was written since they parted, and the first was not.
    SecondNewer,
    /// Both were written since they parted.
    Apart,
    /// They have nothing in common that these words tell.
    Unrelated,
}

/// Compares two ends by what each says of itself.
pub fn compare(first: &Device, second: &Device) -> Generations {
    let [Some(a), Some(b)] = [first, second].map(told) else {
        return Generations::Unknown;
    };
    match (a, b) {
        ((a, _), (b, _)) if a == b => Generations::Same,
        ((_, since), (current, 0)) if since == current => Generations::FirstNewer,
        ((current, 0), (_, since)) if since == current => Generations::SecondNewer,
        ((_, a), (_, b)) if a != 0 && b != 0 => Generations::Apart,
        _ => Generations::Unrelated,
    }
}

/// The current generation and that since which differences are noted, 0 for none.
fn told(device: &Device) -> Option<(u64, u64)> {
    let generation = device.generation.as_ref()?;
    let hex = |text: &str| {
        let number = u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()?;
        Some(number & !1)
    };
    Some((hex(&generation.current)?, hex(&generation.bitmap)?))
}

#[cfg(test)]
mod tests {
    use gantry_wire::drbd::Generation;

    use super::*;

    fn end(current: &str, bitmap: &str) -> Device {
        Device {
            generation: Some(Generation {
                current: current.into(),
                bitmap: bitmap.into(),
                ..Generation::default()
            }),
            ..Device::default()
        }
    }

    #[test]
    fn two_ends_are_compared_by_what_each_says_of_itself() {
        use Generations as G;
        let cases = [
            (end("A1", "0"), end("A0", "0"), G::Same),
            (end("C1", "A1"), end("A0", "0"), G::FirstNewer),
            (end("A0", "0"), end("C1", "A1"), G::SecondNewer),
            (end("C1", "A1"), end("D0", "A0"), G::Apart),
            (end("C1", "0"), end("D0", "0"), G::Unrelated),
            (end("C1", "A1"), end("D0", "0"), G::Unrelated),
            (end("C1", "A1"), Device::default(), G::Unknown),
            (end("C1", "A1"), end("no number", "0"), G::Unknown),
        ];
        for (first, second, wanted) in cases {
            assert_eq!(compare(&first, &second), wanted, "{first:?} {second:?}");
        }
    }
}
