//! Whose a minor is: instance, disk and peer. No job is submitted for it, and no master is needed:
//! first what Ganeti noted on this node, then the configuration if this node has it, then confd of
//! the master candidates.

pub mod confd;
pub mod config;
pub mod noted;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use gantry_wire::ssconf::Ssconf;

use crate::place::Place;

/// Whose one minor is. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The instance's name.
    pub instance: String,
    /// Which of its disks.
    pub disk_index: Option<u32>,
    /// The node with the other half, by name.
    pub peer: String,
}

/// Owners by minor.
pub type Owners = BTreeMap<u32, Owner>;

/// confd is asked at most this often, milliseconds.
const CONFD_MS: u64 = 60_000;
/// How long an answer of confd is waited for.
const CONFD_LIMIT: Duration = Duration::from_secs(2);

/// Looks for owners and remembers what it read.
#[derive(Debug, Default)]
pub struct Finder {
    config: config::Reader,
    offline: bool,
    asked_ms: Option<u64>,
    answered: Owners,
}

impl Finder {
    /// One that asks nobody.
    pub fn offline() -> Finder {
        Finder {
            offline: true,
            ..Finder::default()
        }
    }

    /// The owners of these minors, as far as they are known. `node` is this node's name.
    /// Blocks while files are read and confd is waited for.
    pub fn find(
        &mut self,
        place: &Place,
        ssconf: Option<&Ssconf>,
        node: &str,
        minors: &[u32],
        now_ms: u64,
    ) -> Owners {
        let mut owners = noted::read(place);
        owners.retain(|minor, _| minors.contains(minor));
        let lacking = |owners: &Owners| {
            let known = |minor| {
                owners
                    .get(minor)
                    .is_some_and(|owner| !owner.instance.is_empty())
            };
            !minors.iter().all(known)
        };
        if lacking(&owners) {
            complete(&mut owners, self.config.owners(place, node), minors);
        }
        if lacking(&owners) && !self.offline {
            let due = |asked| now_ms.saturating_sub(asked) >= CONFD_MS;
            if self.asked_ms.is_none_or(due)
                && let Some(ssconf) = ssconf
            {
                self.asked_ms = Some(now_ms);
                let key = std::fs::read(place.data("hmac.key")).unwrap_or_default();
                if let Some(answer) = confd::ask(&confd::doors(ssconf), &key, node, CONFD_LIMIT) {
                    self.answered = answer;
                }
            }
            complete(&mut owners, &self.answered, minors);
        }
        owners
    }
}

/// Adds what the first source does not say.
fn complete(owners: &mut Owners, other: &Owners, minors: &[u32]) {
    for minor in minors {
        let Some(other) = other.get(minor) else {
            continue;
        };
        let owner = owners.entry(*minor).or_default();
        if owner.instance.is_empty() {
            *owner = other.clone();
        }
    }
}

/// The number of `disk/0`.
fn index(iv_name: &str) -> Option<u32> {
    iv_name.strip_prefix("disk/")?.parse().ok()
}

/// The name of the node that has this address for replication.
pub fn node_of(ssconf: &Ssconf, address: &str) -> Option<String> {
    if address.is_empty() {
        return None;
    }
    // One address may be written in many ways.
    let wanted: Option<IpAddr> = address.parse().ok();
    let has = |own: &str| own == address || wanted.is_some() && own.parse().ok() == wanted;
    let by = |secondary: bool| {
        ssconf.nodes.iter().find(|node| {
            has(if secondary {
                &node.secondary_ip
            } else {
                &node.primary_ip
            })
        })
    };
    Some(by(true).or_else(|| by(false))?.name.clone())
}

#[cfg(test)]
mod tests {
    use gantry_wire::ssconf::SsNode;

    use super::*;

    #[test]
    fn a_peer_is_named_by_its_address() {
        let node = |name: &str, primary: &str, secondary: &str| SsNode {
            name: name.into(),
            primary_ip: primary.into(),
            secondary_ip: secondary.into(),
            ..SsNode::default()
        };
        let ssconf = Ssconf {
            nodes: vec![
                node("node1", "192.0.2.1", "198.51.100.1"),
                node("node2", "192.0.2.2", "2001:db8::2"),
            ],
            ..Ssconf::default()
        };
        assert_eq!(node_of(&ssconf, "198.51.100.1").as_deref(), Some("node1"));
        assert_eq!(node_of(&ssconf, "2001:DB8:0::2").as_deref(), Some("node2"));
        assert_eq!(node_of(&ssconf, "192.0.2.9"), None);
        assert_eq!(node_of(&ssconf, ""), None);
    }

    #[test]
    fn the_first_source_that_knows_an_instance_is_taken() {
        let owner = |instance: &str| Owner {
            instance: instance.into(),
            ..Owner::default()
        };
        let mut owners = Owners::from([(0, owner("web1"))]);
        let other = Owners::from([(0, owner("old")), (1, owner("db1")), (7, owner("x"))]);
        complete(&mut owners, &other, &[0, 1, 2]);
        assert_eq!(
            owners,
            Owners::from([(0, owner("web1")), (1, owner("db1"))])
        );
    }
}
