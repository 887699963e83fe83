//! What a node with many DRBD devices costs its agent, a sample each second:
//!
//!     cargo run --profile agent -p gantry-agent --example minors -- 500 300
//!
//! The node is made up of this machine's `/proc` and a `/proc/drbd` of that many minors; so many
//! seconds are played through at once for each case. What the kernel needs to print its
//! `/proc/drbd` and what `drbdsetup` needs is not in it. Each case begins anew.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use gantry_agent::args::Serve;
use gantry_agent::machine::Machine;
use gantry_agent::place::Place;
use gantry_agent::session::{Moment, Session};
use gantry_agent::waker::Waker;
use gantry_wire::request::{Hello, Ping, Watch};
use gantry_wire::{PROTOCOL, Request, frame};
use rustix::time::{ClockId, clock_gettime};

/// How the kernel's text goes on from second to second.
#[derive(Clone, Copy)]
enum Case {
    /// No module is loaded.
    None,
    /// Nothing changes.
    Still,
    /// One device is synchronised, nothing else is written.
    Resync,
    /// All devices are written to while one is synchronised.
    Busy,
    /// All devices lose and find their peer.
    Storm,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [minors, seconds] = &args[..] else {
        return Err("MINORS SECONDS".into());
    };
    let (minors, seconds): (u32, u64) = (minors.parse()?, seconds.parse()?);
    let root = std::env::temp_dir().join(format!("gantry-minors-{}", std::process::id()));
    for (name, case) in [
        ("no DRBD", Case::None),
        ("still", Case::Still),
        ("one resync", Case::Resync),
        ("all written, one resync", Case::Busy),
        ("all change", Case::Storm),
    ] {
        let done = measure(&root, case, minors, seconds);
        std::fs::remove_dir_all(&root)?;
        let [ms, threads_ms, bytes, kib] = done?;
        println!(
            "{name:24} {ms:6.3} ms CPU a second, {threads_ms:.3} more in threads, {bytes:7.0} bytes \
             sent a second, {kib} KiB resident"
        );
    }
    Ok(())
}

/// CPU milliseconds of the loop and of its threads for each second, bytes sent for each, and what
/// is resident in the end, KiB.
fn measure(root: &Path, case: Case, minors: u32, seconds: u64) -> Result<[f64; 4], Box<dyn Error>> {
    let place = place(root, minors)?;
    let file = place.proc.join("drbd");
    let say = |second: u64| -> std::io::Result<()> {
        match case {
            Case::None => Ok(()),
            Case::Still if second > 0 => Ok(()),
            _ => std::fs::write(&file, text(case, minors, second)),
        }
    };
    say(0)?;
    let waker = Waker::new()?;
    let machine = Machine::new(place, Serve::default(), waker);
    let at = |second: u64| Moment {
        mono_ms: 1_000_000 + second * 1000,
        wall_ms: 1_790_000_000_000 + second * 1000,
    };
    let mut session = Session::new(machine, at(0));
    let hello = Request::Hello(Hello {
        protocol: PROTOCOL,
        version: String::new(),
    });
    let watch = Request::Watch(Watch {
        sample_ms: 1000,
        ..Watch::default()
    });
    for request in [hello, watch] {
        session.receive(&frame::encode(&request), at(0));
    }
    session.take_output();
    // The first is more than all that follow.
    let (mut cpu, mut bytes) = (0.0, 0);
    let others = || used(ClockId::ProcessCPUTime) - used(ClockId::ThreadCPUTime);
    let threads = others();
    for second in 1..=seconds {
        say(second)?;
        let before = used(ClockId::ThreadCPUTime);
        let ping = frame::encode(&Request::Ping(Ping { n: second }));
        session.receive(&ping, at(second));
        session.tick(at(second));
        bytes += session.take_output().len();
        cpu += used(ClockId::ThreadCPUTime) - before;
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.and_then(|line| line.split_whitespace().next());
    let each = seconds as f64;
    Ok([
        cpu / each,
        (others() - threads) / each,
        bytes as f64 / each,
        resident.ok_or("no VmRSS")?.parse()?,
    ])
}

/// Milliseconds by a clock.
fn used(clock: ClockId) -> f64 {
    let now = clock_gettime(clock);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

/// This machine's `/proc`, but for DRBD, and what Ganeti noted of each minor.
fn place(root: &Path, minors: u32) -> std::io::Result<Place> {
    let mut place = Place::new(root.to_owned(), None);
    place.proc = root.join("proc");
    std::fs::create_dir_all(place.proc.join("net"))?;
    for name in [
        "stat",
        "meminfo",
        "loadavg",
        "cpuinfo",
        "diskstats",
        "net/dev",
        "sys",
    ] {
        let own = PathBuf::from("/proc").join(name);
        std::os::unix::fs::symlink(own, place.proc.join(name))?;
    }
    let notes = place.run("bdev-cache");
    std::fs::create_dir_all(&notes)?;
    for minor in 0..minors {
        let note = format!("web{}.example.com primary disk/{}\n", minor / 2, minor % 2);
        std::fs::write(notes.join(format!("bdev_drbd{minor}")), note)?;
    }
    Ok(place)
}

/// As 8.4 prints it.
fn text(case: Case, minors: u32, second: u64) -> String {
    let mut text = String::from(
        "version: 8.4.11 (api:1/proto:86-101)\nsrcversion: F73C670A7EC572DB9CF3E5B \n",
    );
    for minor in 0..minors {
        let syncs = minor == 0 && matches!(case, Case::Resync | Case::Busy);
        let (connection, peer) = match case {
            _ if syncs => ("SyncSource", "Secondary/Inconsistent"),
            Case::Storm if second % 2 == 1 => ("WFConnection", "Unknown/DUnknown"),
            _ => ("Connected", "Secondary/UpToDate"),
        };
        let (role, disk) = peer.split_once('/').unwrap_or_default();
        let written = match case {
            Case::Busy | Case::Storm => 524_292 + second * 4096,
            _ => 524_292,
        };
        let left = 52_428_800_u64.saturating_sub(second * 2100);
        let oos = if syncs { left } else { 0 };
        // Writing into a text does not fail.
        let _ = write!(
            text,
            "{minor:2}: cs:{connection} ro:Primary/{role} ds:UpToDate/{disk} C r-----\n    \
             ns:{written} nr:0 dw:{written} dr:1067524 al:9 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:{oos}\n"
        );
        if syncs {
            let _ = write!(
                text,
                "\t[>....................] sync'ed:  4.7% ({left}/52428800)K\n\tfinish: 0:03:56 \
                 speed: 2,100 (2,100) K/sec\n"
            );
        }
    }
    text
}
