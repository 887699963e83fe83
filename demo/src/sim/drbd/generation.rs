//! Data generations of halves that are apart.

use gantry_wire::drbd::Generation;

use super::chance::mix;
use super::mirror::Mirror;
use super::state::Side;
use crate::sim::instance::Instance;

/// What a half knows of its data's generations, while it is not connected.
pub fn of(instance: &Instance, side: Side, index: usize) -> Option<Generation> {
    let seed = instance.seed ^ mix(index as u64);
    let common = mix(seed ^ 1);
    let newer = |whose: u64| mix(seed ^ mix(instance.mirror_changed.unwrap_or(0)) ^ whose);
    let primary = side == Side::Primary;
    let split = match instance.mirror {
        Mirror::Split(_) => true,
        Mirror::Cut { .. } | Mirror::StandAlone { .. } => false,
        _ => return None,
    };
    let torn = matches!(instance.mirror, Mirror::Cut { torn: true, .. });
    // Only who writes alone begins a new generation.
    let (current, bitmap) = match (primary, split) {
        (true, _) => (newer(2), common),
        (false, true) => (newer(3), common),
        (false, false) => (common, 0),
    };
    let flags: &[&str] = match (primary, torn) {
        (true, _) => &["consistent", "was-up-to-date", "primary"],
        (false, false) => &["consistent", "was-up-to-date"],
        (false, true) => &[],
    };
    Some(Generation {
        current: hex(current, primary),
        bitmap: hex(bitmap, false),
        history: vec![hex(mix(seed ^ 4), false), hex(mix(seed ^ 5), false)],
        flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
    })
}

/// As `drbdsetup` prints it: the lowest bit is that of a primary.
fn hex(bits: u64, primary: bool) -> String {
    format!("{:016X}", (bits & !1) | u64::from(primary))
}
