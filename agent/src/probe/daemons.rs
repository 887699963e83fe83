//! Ganeti's daemons on this node. Whether one takes connections is read from the kernel's list of
//! listening sockets: connecting for nothing would make noded fork and log a broken handshake.

use std::io::Read;

use gantry_wire::node::Daemon;

use super::process;
use crate::place::{Place, Unread, text};

/// Where a daemon takes connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Tcp(u16),
    Udp(u16),
    /// A socket's name below `socket/`.
    Unix(&'static str),
    /// None that others may use.
    Closed,
}

/// Where a daemon belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Everywhere,
    Master,
    /// Where it was switched on, so that its absence says nothing.
    Optional,
}

const DAEMONS: &[(&str, Door, Where)] = &[
    ("ganeti-noded", Door::Tcp(1811), Where::Everywhere),
    ("ganeti-confd", Door::Udp(1814), Where::Everywhere),
    ("ganeti-wconfd", Door::Closed, Where::Master),
    ("ganeti-luxid", Door::Unix("ganeti-query"), Where::Master),
    ("ganeti-rapi", Door::Tcp(5080), Where::Master),
    ("ganeti-mond", Door::Tcp(1815), Where::Optional),
    ("ganeti-kvmd", Door::Closed, Where::Optional),
    ("ganeti-metad", Door::Closed, Where::Optional),
];

/// All daemons that belong on this node or run here.
///
/// # Errors
/// In words, if this user may not see them.
pub fn read(place: &Place, master: bool) -> Result<Vec<Daemon>, String> {
    let mut daemons = Vec::new();
    for &(name, door, belongs) in DAEMONS {
        let pid = match text(&place.run(&format!("{name}.pid"))) {
            Ok(text) => text.trim().parse().ok(),
            Err(Unread::Absent) => None,
            Err(why) => return Err(why.to_string()),
        };
        let arguments = pid
            .map(|pid| process::arguments(place, pid))
            .unwrap_or_default();
        let runs = arguments.iter().any(|argument| argument.ends_with(name));
        let wanted = match belongs {
            Where::Everywhere => true,
            Where::Master => master,
            Where::Optional => pid.is_some(),
        };
        if runs || wanted {
            let stopped = || {
                pid.and_then(|pid| process::stat(place, pid))
                    .is_some_and(|stat| stat.state == 'T')
            };
            daemons.push(Daemon {
                name: name.into(),
                runs,
                answers: runs
                    .then(|| answers(place, door, &arguments).map(|answers| answers && !stopped()))
                    .flatten(),
            });
        }
    }
    Ok(daemons)
}

fn answers(place: &Place, door: Door, arguments: &[String]) -> Option<bool> {
    let after = |short: &str, long: &str| {
        arguments.iter().enumerate().find_map(|(at, argument)| {
            if argument == short {
                arguments.get(at + 1).map(String::as_str)
            } else {
                argument.strip_prefix(long)
            }
        })
    };
    let port = |usual| {
        after("-p", "--port=")
            .and_then(|port| port.parse().ok())
            .unwrap_or(usual)
    };
    let address = || after("-b", "--bind=").and_then(|address| address.parse().ok());
    match door {
        Door::Tcp(usual) => listens(place, "tcp", "0A", address(), port(usual)),
        // An unconnected datagram socket has this state.
        Door::Udp(usual) => listens(place, "udp", "07", address(), port(usual)),
        Door::Unix(name) => connects(place, name),
        Door::Closed => None,
    }
}

/// Whether a socket in this state takes what comes to the port, at the address if one is given.
fn listens(
    place: &Place,
    protocol: &str,
    state: &str,
    address: Option<std::net::IpAddr>,
    port: u16,
) -> Option<bool> {
    let mut seen = false;
    for table in [protocol.to_owned(), format!("{protocol}6")] {
        let Some(lines) = listening(place, &table, state) else {
            continue;
        };
        seen = true;
        if lines
            .lines()
            .any(|line| is_door(line, state, address, port))
        {
            return Some(true);
        }
    }
    seen.then_some(false)
}

/// The table of sockets as far as the listening ones reach, which come first: on a busy machine
/// the others are many.
fn listening(place: &Place, table: &str, state: &str) -> Option<String> {
    let mut file = std::fs::File::open(place.proc.join("net").join(table)).ok()?;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let n = file.read(&mut chunk).ok()?;
        bytes.extend_from_slice(&chunk[..n]);
        let text = String::from_utf8_lossy(&bytes);
        let past = text
            .lines()
            .rev()
            .find_map(|line| line.split_ascii_whitespace().nth(3))
            .is_some_and(|last| last.len() == 2 && last != state && last != "st");
        if n == 0 || past {
            return Some(text.into_owned());
        }
    }
}

fn is_door(line: &str, state: &str, address: Option<std::net::IpAddr>, port: u16) -> bool {
    let mut fields = line.split_ascii_whitespace();
    let Some((host, hex_port)) = fields.nth(1).and_then(|local| local.split_once(':')) else {
        return false;
    };
    let any = host.bytes().all(|b| b == b'0');
    u16::from_str_radix(hex_port, 16) == Ok(port)
        && fields.nth(1) == Some(state)
        && (any || address.is_none_or(|address| host == hex(address)))
}

/// An address as the kernel prints it: its 32-bit words in the machine's own order.
fn hex(address: std::net::IpAddr) -> String {
    let octets = match address {
        std::net::IpAddr::V4(v4) => v4.octets().to_vec(),
        std::net::IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    octets
        .chunks_exact(4)
        .map(|word| {
            let word = [word[0], word[1], word[2], word[3]];
            format!("{:08X}", u32::from_ne_bytes(word))
        })
        .collect()
}

/// Whether a local socket takes a connection at once; `None` if this user may not try.
fn connects(place: &Place, name: &str) -> Option<bool> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
    let address = SocketAddrUnix::new(place.run("socket").join(name)).ok()?;
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).ok()?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) => Some(true),
        Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => None,
        Err(_) => Some(false),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LINES: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0A6433C6:0713 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 00000000:0717 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   2: 0A6433C6:13D8 0A6433C6:9999 01 00000000:00000000 00:00000000 00000000     0        0 1 1
";

    #[test]
    #[cfg(target_endian = "little")]
    fn a_door_is_known_by_port_state_and_address() {
        let open = |address: &str, port| {
            let address = address.parse().ok();
            LINES.lines().any(|line| is_door(line, "0A", address, port))
        };
        assert!(open("198.51.100.10", 1811) && open("", 1811));
        assert!(!open("198.51.100.11", 1811), "another node's");
        assert!(open("198.51.100.11", 1815), "bound to all addresses");
        assert!(!open("", 5080), "a connection is no door");
        assert!(!open("", 22));
    }

    #[test]
    fn a_real_door_is_seen() {
        let place = Place::new("/".into(), None);
        let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = door.local_addr().unwrap();
        let seen = || listens(&place, "tcp", "0A", Some(address.ip()), address.port());
        assert_eq!(seen(), Some(true));
        let sixth = std::net::TcpListener::bind("[::1]:0");
        if let Ok(sixth) = sixth {
            let address = sixth.local_addr().unwrap();
            let seen = listens(&place, "tcp", "0A", Some(address.ip()), address.port());
            assert_eq!(seen, Some(true));
        }
        drop(door);
        // A child of another test has it as well until it runs its program.
        while seen() != Some(false) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_daemon_that_belongs_here_and_is_not_there_is_told() {
        let place = Place::new("/nonexistent".into(), None);
        let names = |master| -> Vec<String> {
            let daemons = read(&place, master).unwrap();
            assert!(daemons.iter().all(|daemon| !daemon.runs));
            daemons.into_iter().map(|daemon| daemon.name).collect()
        };
        assert_eq!(names(false), ["ganeti-noded", "ganeti-confd"]);
        assert_eq!(names(true).len(), 5);
    }
}
