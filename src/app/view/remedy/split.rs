//! Halves that were both written since they parted.

use gantry_wire::drbd::Device;

use crate::planner::replica::generations::{Generations, compare};
use crate::planner::replica::{Half, Pair, State};

use super::ground::{Ground, noted};

/// One of two is thrown away, and people decide which. Commands are said for the one case in which it is clear what
/// they do, for all disks of the instance alike.
pub fn split_brain(ground: &Ground) -> Vec<String> {
    let pair = ground.pair;
    let (keep, lose) = (ground.node(&pair.primary), ground.node(&pair.secondary));
    let written = |half: &Half| match half.now().and_then(noted) {
        Some(much) => format!(" ({much})"),
        None => String::new(),
    };
    let mut lines = vec![
        format!(
            "Both halves were written since they parted. One is thrown away, with what was written only there: on \
             {keep}{} or on {lose}{}.",
            written(&pair.primary),
            written(&pair.secondary),
        ),
        "Decide by the evidence on this page, for all disks of the instance the same. Until then do not migrate it, do not fail \
         it over and do not reboot either node."
            .to_owned(),
    ];
    let split: Vec<(u32, &Pair)> = ground.siblings().filter(|(_, pair)| parted(pair)).collect();
    if let Some(why) = split.iter().find_map(|(index, pair)| unclear(*index, pair)) {
        lines.push(format!(
            "Which one the guest uses is not clear: {why}. So no command is said here."
        ));
        return lines;
    }
    if ground.primary_counts()
        && let Some(elsewhere) = ground.elsewhere()
    {
        lines.push(format!(
            "To keep {keep}'s: this copies it to a third node. {lose}'s halves stay until the copy is done, and are \
             removed then."
        ));
        lines.push(elsewhere);
        lines.push(format!(
            "Or, with {lose} staying the secondary, throw its halves away and copy them anew:"
        ));
    } else {
        lines.push(format!(
            "To keep {keep}'s: this throws {lose}'s halves away and copies them anew."
        ));
    }
    let mut by_index = split;
    by_index.sort_by_key(|(index, _)| *index);
    for (_, pair) in &by_index {
        match throw_away(ground, pair) {
            Some(commands) => lines.extend(commands),
            None => lines.push(format!(
                "(how to disconnect minor {} on {lose} is not known here: it must be StandAlone first)",
                minor(&pair.secondary)
            )),
        }
    }
    lines.push(ground.activate());
    lines.push(format!(
        "To keep {lose}'s instead, the instance must be shut down first, as its disk on {keep} changes under it. \
         No command is said for that."
    ));
    lines
}

/// A disk of which both halves were written apart.
fn parted(pair: &Pair) -> bool {
    let wrote = || match (pair.primary.now(), pair.secondary.now()) {
        (Some(a), Some(b)) => compare(a, b) == Generations::Apart,
        _ => false,
    };
    pair.state == State::SplitBrain || wrote()
}

/// Why it is not clear that the primary node's half of a disk is in use and the other is not.
fn unclear(index: u32, pair: &Pair) -> Option<String> {
    for half in [&pair.primary, &pair.secondary] {
        if half.now().is_none() {
            return Some(format!("{} says nothing of disk {index} now", half.node));
        }
    }
    let (primary, secondary) = (pair.primary.now()?, pair.secondary.now()?);
    let is_apart = |it: &Device| matches!(it.connection.as_str(), "StandAlone" | "WFConnection");
    if !is_apart(primary) || !is_apart(secondary) {
        return Some(format!("the halves of disk {index} talk to each other"));
    }
    if primary.role != "Primary" || secondary.role != "Secondary" {
        return Some(format!(
            "disk {index} is {} on {} and {} on {}",
            said(&primary.role),
            pair.primary.node,
            said(&secondary.role),
            pair.secondary.node
        ));
    }
    (primary.disk != "UpToDate").then(|| {
        let disk = said(&primary.disk);
        format!("disk {index} on {} is {disk}", pair.primary.node)
    })
}

fn said(word: &str) -> &str {
    if word.is_empty() { "not known" } else { word }
}

/// Commands that make the secondary's half worthless. The kernel refuses while it waits for a connection.
fn throw_away(ground: &Ground, pair: &Pair) -> Option<Vec<String>> {
    let (half, device) = (&pair.secondary, pair.secondary.now()?);
    let on = format!("$ ssh {} drbdsetup", half.node);
    let mut commands = Vec::new();
    if device.connection != "StandAlone" {
        let address = |half: &Half| {
            let conf = ground.cluster.nodes.get(&half.node)?.conf.as_ref()?;
            let ip = Some(&conf.secondary_ip).filter(|ip| !ip.is_empty());
            let ip = ip.or(Some(&conf.primary_ip).filter(|ip| !ip.is_empty()))?;
            let family = if ip.contains(':') { "ipv6" } else { "ipv4" };
            match ip.contains(':') {
                true => Some(format!("{family}:[{ip}]:{}", pair.port?)),
                false => Some(format!("{family}:{ip}:{}", pair.port?)),
            }
        };
        let (own, other) = (address(half)?, address(&pair.primary)?);
        commands.push(format!("{on} disconnect {own} {other}"));
    }
    commands.push(format!("{on} invalidate {}", half.minor?));
    Some(commands)
}

fn minor(half: &Half) -> String {
    half.minor
        .map_or_else(|| "?".to_owned(), |it| it.to_string())
}
