//! How long an agent takes to read where disks lie, and how much memory it needs:
//!
//!     cargo run --profile agent -p gantry-agent --example layouts -- make 5000 >config.data
//!     cargo run --profile agent -p gantry-agent --example layouts -- read config.data
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;

use gantry_agent::master::layout::Layouts;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", instances] => make(instances.parse()?),
        ["read", file] => read(file),
        _ => Err("make INSTANCES, or read FILE".into()),
    }
}

fn read(file: &str) -> Result<(), Box<dyn Error>> {
    let peak = || -> Result<u64, Box<dyn Error>> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        Ok(line
            .and_then(|line| line.split_whitespace().next())
            .ok_or("no VmHWM")?
            .parse()?)
    };
    let before = peak()?;
    let began = Instant::now();
    let layouts = Layouts::read(File::open(file)?)?;
    let took = began.elapsed();
    println!(
        "{} disks of {} bytes in {} ms; at most {} KiB, {before} KiB before",
        layouts.len(),
        std::fs::metadata(file)?.len(),
        took.as_millis(),
        peak()?
    );
    Ok(())
}

/// A cluster with two DRBD disks an instance, and all that Ganeti writes beside them.
fn make(instances: u32) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let uuid = |kind: u32, n: u32| format!("{n:08x}-1111-4222-8333-{kind:012x}");
    let times = |n: u32| {
        let id = uuid(9, n);
        format!(
            r#""ctime":1795241036.3355312,"mtime":1795242880.174429,"serial_no":{n},"new":"{id}""#
        )
    };
    let node = |n: u32| uuid(1, n % 200);
    write!(
        out,
        r#"{{"version":3000000,"cluster":{{"cluster_name":"c"}},"nodes":{{"#
    )?;
    for n in 0..200 {
        let comma = if n > 0 { "," } else { "" };
        write!(
            out,
            r#"{comma}"{}":{{"name":"node{n}.example.com","primary_ip":"192.0.2.1",{}}}"#,
            node(n),
            times(n)
        )?;
    }
    write!(out, r#"}},"instances":{{"#)?;
    for n in 0..instances {
        let comma = if n > 0 { "," } else { "" };
        write!(
            out,
            r#"{comma}"{}":{{"name":"web{n}.example.com","primary_node":"{}","os":"noop","hypervisor":"kvm","hvparams":{{"vnc_bind_address":"127.0.0.1","kernel_path":"/boot/vmlinuz"}},"beparams":{{"minmem":1024,"maxmem":2048,"vcpus":2}},"osparams":{{}},"admin_state":"up","nics":[{{"mac":"aa:00:00:00:00:01","nicparams":{{"link":"br0","mode":"bridged"}},"uuid":"{}",{}}}],"disks":["{}","{}"],"disks_active":true,{},"tags":["prod"]}}"#,
            uuid(2, n),
            node(n),
            uuid(3, n),
            times(n),
            uuid(4, 2 * n),
            uuid(4, 2 * n + 1),
            times(n)
        )?;
    }
    write!(out, r#"}},"disks":{{"#)?;
    for n in 0..2 * instances {
        let comma = if n > 0 { "," } else { "" };
        let nodes = format!(r#"["{}","{}"]"#, node(n), node(n + 1));
        let child = |what: &str, size: u32| {
            format!(
                r#"{{"dev_type":"plain","logical_id":["xenvg","{}.disk0_{what}"],"nodes":{nodes},"params":{{}},"size":{size},{}}}"#,
                uuid(5, n),
                times(n)
            )
        };
        write!(
            out,
            r#"{comma}"{id}":{{"dev_type":"drbd","logical_id":["{}","{}",{},{},{},"{n:040x}"],"children":[{},{}],"iv_name":"disk/0","mode":"rw","nodes":{nodes},"params":{{}},"size":10240,"uuid":"{id}",{}}}"#,
            node(n),
            node(n + 1),
            11_000 + n % 4000,
            n / 100,
            n / 99,
            child("data", 10240),
            child("meta", 128),
            times(n),
            id = uuid(4, n),
        )?;
    }
    write!(out, "}}}}")?;
    Ok(out.flush()?)
}
