//! What to do about a DRBD disk that is not well: sentences, and commands after `$ `.

use crate::app::facts::Facts;
use crate::model::Cluster;
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
            Some(half) if pair.state != State::StandAlone => peer_away(cluster, facts, half, name),
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

fn diskless(pair: &Pair, name: &str, index: u32) -> Vec<String> {
    let lost = |half: &Half| {
        let disk = half.device.as_deref().map(|device| device.disk.as_str());
        half.seen == Seen::Now && matches!(disk, Some("Diskless" | "Failed"))
    };
    let (word, flag) = if lost(&pair.primary) {
        ("primary", "-p")
    } else {
        ("secondary", "-s")
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
