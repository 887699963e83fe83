//! Owners from confd, Ganeti's daemon that answers over UDP on the master candidates, with or
//! without a master. One question, `NodeDrbd`: a node's minors with instance, disk and peer.
//!
//! A datagram is `plj0` and a JSON object of the message, a salt, and the HMAC-SHA1 of both by the
//! cluster's key.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime};

use gantry_wire::ssconf::Ssconf;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha1::Sha1;

use super::{Owner, Owners, index};

/// Where confd listens.
const PORT: u16 = 1814;
/// What every datagram begins with.
const MAGIC: &[u8] = b"plj0";
/// So many candidates are asked; all have the same configuration.
const DOORS: usize = 6;
/// `NodeDrbd`.
const NODE_DRBD: u32 = 7;

#[derive(Debug, Serialize, Deserialize)]
struct Envelope {
    msg: String,
    salt: String,
    hmac: String,
}

#[derive(Debug, Serialize)]
struct Question<'a> {
    protocol: u32,
    #[serde(rename = "type")]
    kind: u32,
    query: &'a str,
    rsalt: &'a str,
}

#[derive(Debug, Deserialize)]
struct Answer {
    status: u32,
    answer: Value,
}

/// Where to ask: the master candidates, those first that are not offline.
pub fn doors(ssconf: &Ssconf) -> Vec<SocketAddr> {
    let mut candidates: Vec<_> = ssconf
        .nodes
        .iter()
        .filter(|node| ssconf.master_candidates.contains(&node.name))
        .collect();
    candidates.sort_by_key(|node| node.offline);
    candidates
        .into_iter()
        .filter_map(|node| {
            Some(SocketAddr::new(
                node.primary_ip.parse::<IpAddr>().ok()?,
                PORT,
            ))
        })
        .take(DOORS)
        .collect()
}

/// Asks all at once and takes the first answer that is good; `None` if there is none in time.
pub fn ask(doors: &[SocketAddr], key: &[u8], node: &str, limit: Duration) -> Option<Owners> {
    let first = doors.first().filter(|_| !key.is_empty())?;
    let any = if first.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(any).ok()?;
    let id = unique();
    let question = question(key, node, &id)?;
    let mut sent = false;
    for door in doors {
        // One that cannot be reached costs nothing.
        sent |= socket.send_to(&question, door).is_ok();
    }
    let end = Instant::now() + limit;
    let mut datagram = vec![0; 65_536];
    while sent {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        socket.set_read_timeout(Some(left)).ok()?;
        match socket.recv_from(&mut datagram) {
            Ok((length, from)) if doors.contains(&from) => {
                let owners = answer(datagram.get(..length)?, key, &id);
                if owners.is_some() {
                    return owners;
                }
            }
            // Not who was asked, or a candidate that refused.
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
            Err(_) => return None,
        }
    }
    None
}

/// The kernel's random number, by which the answer to this question is known.
fn unique() -> String {
    let random = std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
    format!("{}-{}", random.trim(), std::process::id())
}

fn question(key: &[u8], node: &str, id: &str) -> Option<Vec<u8>> {
    let msg = serde_json::to_string(&Question {
        protocol: 1,
        kind: NODE_DRBD,
        query: node,
        rsalt: id,
    })
    .ok()?;
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // confd refuses a question whose time is far from its own.
    let salt = since.unwrap_or_default().as_secs().to_string();
    let hmac = hex(&sign(key, &salt, &msg)?.finalize().into_bytes());
    let envelope = serde_json::to_vec(&Envelope { msg, salt, hmac }).ok()?;
    Some([MAGIC, &envelope].concat())
}

/// The owners that an answer names, if it is an answer to the question of that id by one who has
/// the key.
fn answer(datagram: &[u8], key: &[u8], id: &str) -> Option<Owners> {
    let envelope: Envelope = serde_json::from_slice(datagram.strip_prefix(MAGIC)?).ok()?;
    let signature = unhex(&envelope.hmac)?;
    sign(key, &envelope.salt, &envelope.msg)?
        .verify_slice(&signature)
        .ok()?;
    let answer: Answer = serde_json::from_str(&envelope.msg).ok()?;
    if envelope.salt != id || answer.status != 0 {
        return None;
    }
    let rows = answer.answer.as_array()?.iter();
    Some(rows.filter_map(row).collect())
}

/// `[node, minor, instance, "disk/N", role, peer]`.
fn row(row: &Value) -> Option<(u32, Owner)> {
    let minor = row.get(1)?.as_u64()?.try_into().ok()?;
    let text = |at: usize| row.get(at).and_then(Value::as_str).unwrap_or_default();
    let owner = Owner {
        instance: text(2).to_owned(),
        disk_index: index(text(3)),
        peer: text(5).to_owned(),
    };
    Some((minor, owner))
}

fn sign(key: &[u8], salt: &str, msg: &str) -> Option<Hmac<Sha1>> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(salt.as_bytes());
    mac.update(msg.as_bytes());
    Some(mac)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let pairs = digits?;
    let byte = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    pairs.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::ssconf::SsNode;
    use proptest::prelude::*;

    use super::*;

    const KEY: &[u8] = b"secret\n";

    /// A confd that answers one question with these bytes, made of the id in it.
    fn confd(reply: impl Fn(&str) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let door = socket.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut datagram = [0; 4096];
            let (length, from) = socket.recv_from(&mut datagram).unwrap();
            let asked: Envelope = serde_json::from_slice(&datagram[4..length]).unwrap();
            assert_eq!(&datagram[..4], MAGIC);
            let signed = sign(KEY, &asked.salt, &asked.msg).unwrap().finalize();
            assert_eq!(asked.hmac, hex(&signed.into_bytes()));
            let msg: Value = serde_json::from_str(&asked.msg).unwrap();
            assert_eq!((&msg["type"], &msg["query"]), (&7.into(), &"node2".into()));
            for datagram in reply(msg["rsalt"].as_str().unwrap()) {
                socket.send_to(&datagram, from).unwrap();
            }
        });
        door
    }

    fn reply(key: &[u8], salt: &str, msg: &str) -> Vec<u8> {
        let envelope = Envelope {
            msg: msg.into(),
            salt: salt.into(),
            hmac: hex(&sign(key, salt, msg).unwrap().finalize().into_bytes()),
        };
        [MAGIC, &serde_json::to_vec(&envelope).unwrap()].concat()
    }

    const GOOD: &str = r#"{"protocol":1,"status":0,"serial":9,"answer":
        [["node2",3,"web1","disk/1","secondary","node1"],["node2","x"],7]}"#;

    #[test]
    fn the_first_good_answer_is_taken() {
        let door = confd(|id| {
            let refused = r#"{"protocol":1,"status":1,"serial":9,"answer":"no candidate"}"#;
            vec![
                b"plj0{".to_vec(),
                reply(b"other", id, GOOD),
                reply(KEY, "other", GOOD),
                reply(KEY, id, refused),
                reply(KEY, id, GOOD),
            ]
        });
        let owners = ask(&[door], KEY, "node2", Duration::from_secs(60)).unwrap();
        let expected = Owner {
            instance: "web1".into(),
            disk_index: Some(1),
            peer: "node1".into(),
        };
        assert_eq!(owners, Owners::from([(3, expected)]));
    }

    #[test]
    fn silence_and_a_missing_key_are_no_answer() {
        let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
        let door = silent.local_addr().unwrap();
        assert_eq!(ask(&[door], KEY, "node2", Duration::from_millis(20)), None);
        assert_eq!(ask(&[door], b"", "node2", Duration::from_secs(60)), None);
        assert_eq!(ask(&[], KEY, "node2", Duration::from_secs(60)), None);
    }

    #[test]
    fn candidates_are_asked_and_those_offline_last() {
        let node = |name: &str, primary_ip: &str, offline| SsNode {
            name: name.into(),
            primary_ip: primary_ip.into(),
            offline,
            ..SsNode::default()
        };
        let ssconf = Ssconf {
            master_candidates: vec!["a".into(), "b".into(), "c".into()],
            nodes: vec![
                node("a", "192.0.2.1", true),
                node("b", "192.0.2.2", false),
                node("c", "nonsense", false),
                node("d", "192.0.2.4", false),
            ],
            ..Ssconf::default()
        };
        let doors: Vec<String> = doors(&ssconf).iter().map(ToString::to_string).collect();
        assert_eq!(doors, ["192.0.2.2:1814", "192.0.2.1:1814"]);
    }

    proptest! {
        #[test]
        fn no_datagram_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100), text in "[0-9a-fA-F]{0,9}|\\PC{0,5}") {
            answer(&bytes, KEY, "x");
            answer(&[MAGIC, &bytes].concat(), KEY, "x");
            unhex(&text);
        }
    }
}
