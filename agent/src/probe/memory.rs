//! Memory, from `/proc/meminfo`, counted as this node's Ganeti counts it.

use gantry_wire::node::Memory;

use crate::place::Place;

/// Reads the memory; `by_available` as Ganeti does from 3.1 on.
///
/// # Errors
/// In words, if there is nothing to read.
pub fn read(place: &Place, by_available: bool) -> Result<Memory, String> {
    parse(&place.proc_text("meminfo")?, by_available)
        .ok_or_else(|| "no MemTotal in /proc/meminfo".into())
}

fn parse(meminfo: &str, by_available: bool) -> Option<Memory> {
    // Ganeti rounds each line down to MiB before it adds any.
    let line = |name: &str| {
        meminfo
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .and_then(|rest| rest.split_ascii_whitespace().next())
            .and_then(|number| number.parse::<u64>().ok())
            .map(|kib| kib / 1024)
    };
    let of = |name| line(name).unwrap_or(0);
    let total = line("MemTotal")?;
    let unused = of("MemFree") + of("Buffers") + of("Cached");
    // Kernels before 3.14 do not say what is available.
    let available = line("MemAvailable").unwrap_or(unused);
    let (free, node) = if by_available {
        (available, total.saturating_sub(available))
    } else {
        (unused, of("Active"))
    };
    Some(Memory {
        total,
        free,
        node,
        available,
        swap_total: of("SwapTotal"),
        swap_free: of("SwapFree"),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const MEMINFO: &str = "\
MemTotal:        1498140 kB
MemFree:          747776 kB
MemAvailable:    1211352 kB
Buffers:           26624 kB
Cached:           185344 kB
SwapCached:            0 kB
Active:            88412 kB
Inactive:         262144 kB
Active(anon):       2048 kB
SwapTotal:       1048576 kB
SwapFree:         524288 kB
";

    #[test]
    fn up_to_3_0_what_is_not_used_is_free() {
        let memory = parse(MEMINFO, false).unwrap();
        assert_eq!((memory.total, memory.available), (1463, 1182));
        assert_eq!((memory.free, memory.node), (730 + 26 + 181, 86));
        assert_eq!((memory.swap_total, memory.swap_free), (1024, 512));
    }

    #[test]
    fn from_3_1_what_is_available_is_free() {
        let memory = parse(MEMINFO, true).unwrap();
        assert_eq!((memory.free, memory.node), (1182, 1463 - 1182));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(MemTotal|Cached|x): {0,3}[0-9a-z\n ]{0,60}") {
            parse(&text, true);
        }
    }
}
