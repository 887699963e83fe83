//! An agent on a terminal becomes an instance's serial console, as `gnt-instance console` would
//! open it over SSH.
//!
//! It is the instance's primary that is asked: the hypervisor's socket is there. One socket serves
//! one client, so there is a lock that ends with whoever holds it, and those are looked for who
//! opened the socket without it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use gantry_wire::act::{Act, Expect, Outcome, Refusal};
use gantry_wire::operation::{Console, Operation};
use gantry_wire::terminal;
use rustix::fs::{FlockOperation, flock};
use rustix::io::{FdFlags, fcntl_setfd};

use crate::act::audit::{About, Audit};
use crate::act::deed::{refused, seconds};
use crate::act::permits::Permits;
use crate::act::record::{Files, Record, Records, State};
use crate::act::who::Who;
use crate::args::Serve;
use crate::machine::own_name;
use crate::place::Place;
use crate::probe::command::PATH;
use crate::serve::now;

/// Where Ganeti's own programs may be.
const TOOLS: [&str; 2] = ["/usr/lib/ganeti/tools", "/usr/local/lib/ganeti/tools"];

/// The longest note on who holds a console, bytes.
const NOTE: u64 = 1024;

/// A console that may be opened: its command line, and the lock on it.
struct Opened {
    argv: Vec<String>,
    lock: File,
}

/// Becomes what is wanted. If it comes back it is refused, in words.
pub fn become_it(place: &Place, serve: &Serve, wish: &str) -> String {
    let who = Who::of_session(place, &serve.name);
    let audit = Audit::new(place.log.clone(), who.clone());
    let act = match terminal::read(wish) {
        Ok(act) => act,
        Err(why) => {
            let outcome = refused(Refusal::Field, &*why);
            // Nobody is left to be told if syslog takes no line.
            let _ = audit.note(About::Misread(""), &outcome);
            return format!("not understood: {why}");
        }
    };
    let permits = Permits::new(place, serve);
    let heard = match permits.wants_audit() {
        true => audit
            .is_heard()
            .map_err(|why| refused(Refusal::Permission, why)),
        false => Ok(()),
    };
    let tried = heard
        .and_then(|()| open(place, &permits, &who, &act))
        .and_then(|opened| {
            let outcome = Outcome::Done {
                words: format!("the console is open: {}", opened.argv.join(" ")),
            };
            noted(place, &act, &outcome)?;
            Ok((opened, outcome))
        });
    let outcome = match tried {
        Ok((opened, outcome)) => {
            let said = audit.note(About::Act(&act), &outcome);
            if let Err(why) = said {
                eprint!("gantry: this is not noted in syslog: {why}\r\n");
            }
            let failed = refused(Refusal::Command, go(opened));
            let mut records = Files::new(place.clone());
            let record = record(&records, &act, &failed);
            // The audit has it as well.
            let _ = records.write(&act.id, &record);
            failed
        }
        Err(outcome) => outcome,
    };
    let _ = audit.note(About::Act(&act), &outcome);
    match outcome {
        Outcome::Refused { words, .. } => words,
        other => format!("{other:?}"),
    }
}

/// The same change is never made twice, and what became of it can be found out.
fn noted(place: &Place, act: &Act, outcome: &Outcome) -> Result<(), Outcome> {
    let mut records = Files::new(place.clone());
    let record = record(&records, act, outcome);
    match records.create(&act.id, &record) {
        Ok(None) => Ok(()),
        Ok(Some(_)) => Err(refused(Refusal::Record, "this was asked for before")),
        Err(why) => Err(refused(Refusal::Record, why)),
    }
}

fn record(records: &Files, act: &Act, outcome: &Outcome) -> Record {
    Record {
        owner: records.myself(),
        at_ms: now().wall_ms,
        above: 0,
        operation: Some(act.operation.clone()),
        expect: Some(act.expect.clone()),
        state: State::Over {
            outcome: outcome.clone(),
        },
    }
}

/// Replaces this process. Only a failure comes back.
fn go(opened: Opened) -> String {
    let Some((program, arguments)) = opened.argv.split_first() else {
        return "there is no command for it".to_owned();
    };
    // The lock is held as long as any process of the console lives.
    if let Err(error) = fcntl_setfd(&opened.lock, FdFlags::empty()) {
        return format!("the console cannot be locked: {error}");
    }
    let error = Command::new(program)
        .args(arguments)
        .env("PATH", PATH)
        .exec();
    format!("{program}: {error}")
}

/// Looks at everything and takes the lock.
fn open(place: &Place, permits: &Permits, who: &Who, act: &Act) -> Result<Opened, Outcome> {
    let permitted = permits.allow(act.operation.permission());
    permitted.map_err(|words| refused(Refusal::Permission, words))?;
    let checked = act.check();
    checked.map_err(|field| refused(Refusal::Field, field.to_string()))?;
    let Operation::Console(it) = &act.operation else {
        let words = format!("{} is not done on a terminal", act.operation.name());
        return Err(refused(Refusal::Field, words));
    };
    let node = own_name(place);
    let is_primary = matches!(&act.expect, Expect::Instance { primary, .. } if *primary == node);
    if it.node != node || !is_primary {
        let words = format!("this is {node}, and not the primary of {}", it.instance);
        return Err(refused(Refusal::Expect, words));
    }
    // It becomes part of paths.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !it.instance.chars().all(plain) || it.instance.starts_with('.') {
        return Err(refused(Refusal::Field, "instance: is no name"));
    }
    let list = place.text(&place.data("ssconf_hypervisor_list"));
    let enabled = list.unwrap_or_default();
    if !enabled.lines().any(|line| line.trim() == it.hypervisor) {
        let words = format!("hypervisor: {} is not enabled here", it.hypervisor);
        return Err(refused(Refusal::Field, words));
    }
    let argv = argv(place, it)?;
    let lock = lock(place, who, act, it)?;
    if let Some(holder) = intruder(place, it) {
        return Err(refused(Refusal::Command, held(it, &holder)));
    }
    Ok(Opened { argv, lock })
}

fn held(it: &Console, holder: &str) -> String {
    format!(
        "the console of {} is held by {holder}: it serves one at a time",
        it.instance
    )
}

/// KVM's sockets for an instance.
fn socket(place: &Place, instance: &str, end: &str) -> PathBuf {
    place.run(&format!("kvm-hypervisor/ctrl/{instance}.{end}"))
}

/// The command line, as Ganeti's hypervisors have it.
fn argv(place: &Place, it: &Console) -> Result<Vec<String>, Outcome> {
    let no = |words: String| Err(refused(Refusal::Command, words));
    let name = it.instance.clone();
    Ok(match it.hypervisor.as_str() {
        "kvm" => {
            let serial = socket(place, &name, "serial");
            if !serial.exists() {
                return no(format!(
                    "{name} has no serial console here: it does not run, or is set to have none \
                     (serial_console)"
                ));
            }
            let monitor = socket(place, &name, "monitor").display().to_string();
            vec![
                tool("kvm-console-wrapper")?,
                program("socat")?,
                name,
                monitor,
                "STDIO,raw,echo=0,escape=0x1d".to_owned(),
                format!("UNIX-CONNECT:{}", serial.display()),
            ]
        }
        "xen-pvm" | "xen-hvm" => vec![tool("xen-console-wrapper")?, "xl".to_owned(), name],
        "lxc" => vec![program("lxc-console")?, "-n".to_owned(), name],
        "chroot" => {
            let directory = place.run(&format!("chroot-hypervisor/{name}"));
            if !directory.is_dir() {
                return no(format!("{name} does not run here"));
            }
            vec![program("chroot")?, directory.display().to_string()]
        }
        "fake" => return no("the fake hypervisor has no consoles".to_owned()),
        other => return no(format!("no console is known for hypervisor {other}")),
    })
}

/// One of Ganeti's tools.
fn tool(name: &str) -> Result<String, Outcome> {
    found(&TOOLS, name)
}

/// A program of the system's.
fn program(name: &str) -> Result<String, Outcome> {
    let directories: Vec<&str> = PATH.split(':').collect();
    found(&directories, name)
}

fn found(directories: &[&str], name: &str) -> Result<String, Outcome> {
    let mut paths = directories.iter().map(|it| Path::new(it).join(name));
    let path = paths.find(|path| path.exists());
    let path = path.map(|path| path.display().to_string());
    path.ok_or_else(|| refused(Refusal::Command, format!("{name} is not installed here")))
}

/// Takes the lock on an instance's console, and notes whose it is.
fn lock(place: &Place, who: &Who, act: &Act, it: &Console) -> Result<File, Outcome> {
    let directory = place.prefixed("/run/gantry/console");
    let path = directory.join(&it.instance);
    let odd =
        |error: std::io::Error| refused(Refusal::Record, format!("{}: {error}", path.display()));
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(&directory).map_err(odd)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    let mut file = options.open(&path).map_err(odd)?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut note = String::new();
        // A note that is half written says less, and still that it is held.
        let _ = file.take(NOTE).read_to_string(&mut note);
        let holder = match note.trim() {
            "" => "somebody",
            note => note,
        };
        return Err(refused(Refusal::Command, held(it, holder)));
    }
    let operator = &act.operator;
    let since = clock(now().wall_ms);
    let pid = std::process::id();
    let note = format!("{operator} ({who}) since {since}, process {pid}\n");
    let written = file
        .set_len(0)
        .and_then(|()| file.write_all(note.as_bytes()));
    written.map_err(odd)?;
    Ok(file)
}

/// The time of day, UTC.
fn clock(wall_ms: u64) -> String {
    let day = (seconds(wall_ms) as u64) % 86_400;
    let (hour, minute) = (day / 3600, day / 60 % 60);
    format!("{hour:02}:{minute:02} UTC")
}

/// Who has KVM's socket open without our lock, as far as a command line tells.
fn intruder(place: &Place, it: &Console) -> Option<String> {
    if it.hypervisor != "kvm" {
        return None;
    }
    let wanted = format!(
        "UNIX-CONNECT:{}",
        socket(place, &it.instance, "serial").display()
    );
    let own = std::process::id().to_string();
    let names = place.names(&place.proc).into_iter();
    let mut pids = names.filter(|name| name.bytes().all(|b| b.is_ascii_digit()) && *name != own);
    pids.find_map(|pid| {
        let directory = place.proc.join(&pid);
        let command = place.text(&directory.join("cmdline")).ok()?;
        command.contains(&wanted).then(|| {
            let user = std::fs::metadata(&directory).ok().map(|meta| meta.uid());
            let user = user.map_or("?".to_owned(), |uid| uid.to_string());
            format!("process {pid} of user {user}, which gantry did not start")
        })
    })
}

#[cfg(test)]
#[path = "terminal_tests.rs"]
mod tests;
