//! What changes only with a boot.

use gantry_wire::node::System;

use crate::place::Place;

/// Reads everything.
///
/// # Errors
/// In words, if there is nothing to read.
pub fn read(place: &Place) -> Result<System, String> {
    let cpuinfo = place.proc_text("cpuinfo")?;
    Ok(System {
        booted: boot_time(&place.proc_text("stat")?),
        kernel: one_line(place, "sys/kernel/osrelease"),
        cpus: processors(&cpuinfo),
        cpu_model: model(&cpuinfo),
        boot_id: boot_id(place),
    })
}

/// The kernel's random id of this boot; empty if it has none.
pub fn boot_id(place: &Place) -> String {
    one_line(place, "sys/kernel/random/boot_id")
}

/// When the machine was booted, seconds since the epoch; 0 if not known.
pub fn boot_time(stat: &str) -> u64 {
    stat.lines()
        .find_map(|line| line.strip_prefix("btime "))
        .and_then(|seconds| seconds.trim().parse().ok())
        .unwrap_or(0)
}

fn one_line(place: &Place, name: &str) -> String {
    place
        .proc_text(name)
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

/// As Ganeti counts them for `ctotal`.
fn processors(cpuinfo: &str) -> u32 {
    let lines = cpuinfo.lines().filter(|line| line.starts_with("processor"));
    u32::try_from(lines.count()).unwrap_or(u32::MAX)
}

fn model(cpuinfo: &str) -> String {
    cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(':'))
        .map(|(_, name)| name.split_whitespace().collect::<Vec<_>>().join(" "))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_counted_and_named() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Fine  CPU @ 2.00GHz\nflags: x\n\nprocessor\t: 1\nmodel name\t: Fine  CPU @ 2.00GHz\n";
        assert_eq!(processors(cpuinfo), 2);
        assert_eq!(model(cpuinfo), "Fine CPU @ 2.00GHz");
        assert_eq!(model(""), "");
        assert_eq!(
            boot_time("cpu 1\nbtime 1795179600\nprocesses 9\n"),
            1_795_179_600
        );
    }
}
