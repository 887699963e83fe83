//! What to do about a DRBD disk that is not well: sentences, and commands after `$ `.

use crate::app::facts::Facts;
use crate::model::Cluster;
use crate::model::drbd::connected;
use crate::planner::replica::{Half, Key, Pair, Seen, State};

/// The next steps; none if all is well.
pub fn remedy(cluster: &Cluster, facts: &Facts, pair: &Pair) -> Vec<String> {
    let Key::Disk(instance, index) = &pair.key else {
        return stray(pair);
    };
    let say = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    let name = facts.names.short(instance);
    let activate = format!("$ gnt-instance activate-disks {name}");
    let away = [&pair.primary, &pair.secondary]
        .into_iter()
        .find(|half| half.seen != Seen::Now);
    match pair.state {
        State::Healthy | State::Down | State::Verifying | State::Resyncing => Vec::new(),
        State::SplitBrain => split_brain(facts, pair, name, *index),
        State::StandAlone | State::Degraded | State::Connecting | State::Disagrees => match away {
            Some(half) if pair.state != State::StandAlone => {
                if std::ptr::eq(half, &pair.primary) {
                    primary_away(facts, pair, name)
                } else {
                    peer_away(cluster, facts, half, name)
                }
            }
            _ => say(&[
                "Both nodes are there: this reconnects the halves, and what differs is resynced.",
                &activate,
                "If it is refused, compare the data generations: halves that were both \
                 written apart must not be joined without deciding which one is kept.",
            ]),
        },
        State::Diskless => diskless(pair, name, *index),
        State::Paused => paused(facts, pair),
        State::Stalled => say(&[
            "It should move and does not: look at the disks and the replication network of both \
             nodes; I/O errors and a full link are the usual causes.",
            "If nothing is found, this takes the connection down and up again:",
            &activate,
        ]),
        State::Unknown => say(&["Nobody says how it is: see why its nodes are silent."]),
    }
}

fn short<'a>(facts: &'a Facts, half: &'a Half) -> &'a str {
    match facts.names.short(&half.node) {
        "" => "?",
        name => name,
    }
}

fn split_brain(facts: &Facts, pair: &Pair, name: &str, index: u32) -> Vec<String> {
    let (primary, secondary) = (short(facts, &pair.primary), short(facts, &pair.secondary));
    let minor = |half: &Half| match half.minor {
        Some(minor) => minor.to_string(),
        None => "MINOR".to_owned(),
    };
    vec![
        "Both halves were written apart from each other. One of the two is thrown away: what was \
         written only there is lost."
            .to_owned(),
        format!(
            "Decide by the evidence above which half to keep. The instance runs on {primary}; \
             unless {secondary} was primary since, the half on {primary} is the one to keep."
        ),
        "With a third node: this copies the primary's half to a new node and leaves the old \
         half alone until it is done. It is the safe way."
            .to_owned(),
        format!("$ gnt-instance replace-disks -n NEWNODE {name}"),
        format!(
            "Without one Ganeti has no command. By hand, on {secondary}, which must not be \
             Primary: its half of disk {index} is thrown away and copied anew from {primary}."
        ),
        format!("$ drbdsetup invalidate {}", minor(&pair.secondary)),
        format!("$ gnt-instance activate-disks {name}"),
    ]
}

/// Whether a half has lost its disk: by its own word, or by the other's while they are connected.
/// `None` if nobody says.
fn lost(half: &Half, other: &Half) -> Option<bool> {
    let own = half.now().map(|device| device.disk.as_str());
    let heard = other.now().filter(|it| connected(&it.connection));
    let word = own.or(heard.map(|device| device.peer_disk.as_str()))?;
    match word {
        "" | "DUnknown" => None,
        word => Some(matches!(word, "Diskless" | "Failed" | "Detaching")),
    }
}

/// A half is made anew only where the other is known to be good.
fn diskless(pair: &Pair, name: &str, index: u32) -> Vec<String> {
    let (primary, secondary) = (&pair.primary, &pair.secondary);
    let (word, flag) = match (lost(primary, secondary), lost(secondary, primary)) {
        (Some(true), Some(true)) => {
            return vec![
                "Neither half has its disk: nothing is to be made anew here. Look at the disks and \
                 the kernel log of both nodes; a disk that was only detached comes back with:"
                    .to_owned(),
                format!("$ gnt-instance activate-disks {name}"),
                "Else what is left is a backup.".to_owned(),
            ];
        }
        (Some(true), Some(false)) => ("primary", "-p"),
        (Some(false), Some(true)) => ("secondary", "-s"),
        _ => {
            return vec![
                "It is not certain which half is good: find out on both nodes (/proc/drbd) before \
                 anything is made anew."
                    .to_owned(),
            ];
        }
    };
    let mut lines = Vec::new();
    if word == "primary" {
        lines.push(
            "The instance runs on its secondary's copy over the network: do not touch the \
             secondary."
                .to_owned(),
        );
    }
    lines.extend([
        format!("The {word}'s disk is gone or had an I/O error; look at that node's kernel log and disks."),
        "If the disk is sound and was only detached:".to_owned(),
        format!("$ gnt-instance activate-disks {name}"),
        format!("Else this makes it anew on the same node and copies everything (disk {index}):"),
        format!("$ gnt-instance replace-disks {flag} --disks={index} {name}"),
    ]);
    lines
}

/// The half on the instance's own node is away: what the secondary has is the only copy that can be
/// had, so nothing is said that would make the secondary anew.
fn primary_away(facts: &Facts, pair: &Pair, name: &str) -> Vec<String> {
    let (node, other) = (short(facts, &pair.primary), short(facts, &pair.secondary));
    let activate = format!("$ gnt-instance activate-disks {name}");
    let keep = format!(
        "The copy on {other} may be the only one: do not replace or remove it before {node} is \
         back or given up."
    );
    if pair.primary.seen == Seen::Absent {
        return vec![
            format!("{node} has no such device, as after a reboot. This sets it up again:"),
            activate,
            keep,
        ];
    }
    vec![
        format!(
            "{node}, where the instance belongs, does not answer or is marked offline. When it is \
             back:"
        ),
        activate,
        format!("If it is surely powered off, the instance can be started on {other}:"),
        format!("$ gnt-instance failover {name}"),
        keep,
    ]
}

fn paused(facts: &Facts, pair: &Pair) -> Vec<String> {
    let by = pair.going.as_ref().map_or("", |going| &going.paused_by);
    let mut lines = Vec::new();
    if by.contains("user") || by.contains("peer") {
        let who = [&pair.primary, &pair.secondary].into_iter().find(|half| {
            let device = half.device.as_deref();
            device.is_some_and(|device| device.paused_by.iter().any(|by| by == "user"))
        });
        let half = who.unwrap_or(&pair.primary);
        let minor = half
            .minor
            .map_or_else(|| "MINOR".to_owned(), |m| m.to_string());
        lines.push(format!(
            "Somebody paused it on {}. There it goes on with:",
            short(facts, half)
        ));
        lines.push(format!("$ drbdsetup resume-sync {minor}"));
    }
    if by.contains("dependency") {
        lines.push(
            "It waits for another resync on the same disks, and goes on by itself after that."
                .to_owned(),
        );
    }
    lines
}

fn peer_away(cluster: &Cluster, facts: &Facts, half: &Half, name: &str) -> Vec<String> {
    let node = short(facts, half);
    let activate = format!("$ gnt-instance activate-disks {name}");
    let replace = format!("$ gnt-instance replace-disks -n NEWNODE {name}");
    let anew = "If it is gone for good, this gives the instance another secondary:".to_owned();
    match half.seen {
        Seen::Absent => vec![
            format!("{node} has no such device, as after a reboot. This sets it up again:"),
            activate,
            "If its volumes are gone too, this makes them anew:".to_owned(),
            format!("$ gnt-instance replace-disks -s {name}"),
        ],
        Seen::Offline => vec![
            format!("{node} is marked offline. When it is back:"),
            activate,
            anew,
            replace,
        ],
        _ => {
            let heard = cluster
                .nodes
                .get(&half.node)
                .is_some_and(|node| node.fresh());
            let first = if heard {
                format!("{node} answers but does not tell of its half. This connects it again:")
            } else {
                format!("{node} does not answer. When it is back it reconnects, or by:")
            };
            vec![first, activate, anew, replace]
        }
    }
}

fn stray(pair: &Pair) -> Vec<String> {
    if pair.state == State::Healthy && pair.severity.is_none() {
        return Vec::new();
    }
    vec![
        "The configuration knows no disk with this device. It may be left over from a removed \
         instance or a failed job; a running job may be about to take it away."
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gantry_wire::drbd::Device;

    use super::*;
    use crate::model::Time;

    fn half(node: &str, seen: Seen, words: Option<(&str, &str, &str)>) -> Half {
        let device = words.map(|(connection, disk, peer_disk)| {
            Arc::new(Device {
                connection: connection.into(),
                disk: disk.into(),
                peer_disk: peer_disk.into(),
                ..Device::default()
            })
        });
        Half {
            node: node.into(),
            minor: Some(1),
            device,
            seen,
        }
    }

    fn said(state: State, primary: Half, secondary: Half) -> String {
        let pair = Pair {
            key: Key::Disk("web1".into(), 0),
            size: None,
            port: None,
            primary,
            secondary,
            state,
            severity: None,
            text: String::new(),
            going: None,
            oos_kib: None,
            since: None,
        };
        remedy(&Cluster::new("x"), &Facts::default(), &pair).join("\n")
    }

    const WAITS: Option<(&str, &str, &str)> = Some(("WFConnection", "UpToDate", "DUnknown"));

    #[test]
    fn the_only_copy_is_never_replaced() {
        for seen in [
            Seen::Absent,
            Seen::Offline,
            Seen::Was(Time(1)),
            Seen::Unknown,
        ] {
            let secondary = half("node2", Seen::Now, WAITS);
            let text = said(State::Degraded, half("node1", seen, None), secondary);
            assert!(!text.contains("replace-disks"), "{seen:?}: {text}");
            assert!(text.contains("activate-disks"), "{seen:?}: {text}");
            let primary = half("node1", Seen::Now, WAITS);
            let text = said(State::Degraded, primary, half("node2", seen, None));
            assert!(text.contains("replace-disks"), "{seen:?}: {text}");
        }
    }

    #[test]
    fn a_half_without_a_disk_is_made_anew_where_the_other_is_known_to_be_good() {
        let well = Some(("Connected", "UpToDate", "Diskless"));
        let gone = Some(("Connected", "Diskless", "UpToDate"));
        let both = Some(("Connected", "Diskless", "Diskless"));
        let lost = Seen::Was(Time(1));
        let cases = [
            (
                half("a", Seen::Now, well),
                half("b", Seen::Now, gone),
                Some("-s"),
            ),
            (
                half("a", Seen::Now, gone),
                half("b", Seen::Now, well),
                Some("-p"),
            ),
            (
                half("a", Seen::Now, well),
                half("b", lost, gone),
                Some("-s"),
            ),
            (
                half("a", lost, gone),
                half("b", Seen::Now, well),
                Some("-p"),
            ),
            (half("a", Seen::Now, both), half("b", Seen::Now, both), None),
            (half("a", lost, gone), half("b", lost, well), None),
            (half("a", lost, gone), half("b", Seen::Now, WAITS), None),
        ];
        for (primary, secondary, flag) in cases {
            let words = format!("{primary:?} {secondary:?}");
            let text = said(State::Diskless, primary, secondary);
            let wanted = flag.map(|flag| format!("replace-disks {flag} "));
            match wanted {
                Some(wanted) => assert!(text.contains(&wanted), "{words}: {text}"),
                None => assert!(!text.contains("replace-disks"), "{words}: {text}"),
            }
        }
    }
}
