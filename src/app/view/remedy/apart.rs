//! Halves that do not reach each other, or do and are not alike: an arm for each cause. A command is said only where
//! it is certain to help and to keep the half that counts.

use gantry_wire::drbd::Device;

use crate::planner::replica::generations::Generations;
use crate::planner::replica::{Half, Seen, State};

use super::ground::{Ground, heard, noted};
use super::split::split_brain;

/// What is said of contradictions.
const UNFIT: &str = "What the two ends say does not fit together: compare /proc/drbd on both nodes. No command is \
                     certain to help here.";

/// StandAlone, degraded, connecting, or of two minds.
pub fn apart(ground: &Ground) -> Vec<String> {
    let pair = ground.pair;
    let (primary, secondary) = (&pair.primary, &pair.secondary);
    match (heard(primary), heard(secondary)) {
        (true, true) => {}
        (true, false) => return secondary_away(ground),
        (false, true) => return primary_away(ground),
        (false, false) => {
            let both = [primary, secondary].map(|half| half.seen);
            if both == [Seen::Absent, Seen::Absent] || both == [Seen::Absent, Seen::Offline] {
                return not_active(ground);
            }
            return words("Neither node says anything now: find out why before anything is done.");
        }
    }
    if ground.generations() == Generations::Apart && ground.joined().is_none() {
        return split_brain(ground);
    }
    let roles = ground.both().map(|both| both.map(|it| it.role.as_str()));
    if roles == Some(["Primary"; 2]) {
        return words(
            "Two nodes may write to it at once. If no migration is under way, find out on which node the guest runs (the \
             process, not the configuration) before anything is done: what was written on the other is lost.",
        );
    }
    if let Some(both) = ground.joined() {
        return together(ground, both);
    }
    match ground.apart() {
        Some(both) => parted(ground, both),
        None if pair.state == State::Connecting => words(
            "A connection is being made or torn down: that takes seconds. If it stays so, the kernel logs of both nodes \
             say why.",
        ),
        None => words(UNFIT),
    }
}

fn words(line: &str) -> Vec<String> {
    vec![line.to_owned()]
}

/// Both are heard and neither talks to the other.
fn parted(ground: &Ground, both: [&Device; 2]) -> Vec<String> {
    let pair = ground.pair;
    let (primary, secondary) = (ground.node(&pair.primary), ground.node(&pair.secondary));
    if !both.iter().any(|it| it.disk == "UpToDate") {
        return no_copy(ground);
    }
    if both.iter().all(|it| it.connection == "WFConnection") {
        return vec![format!(
            "Both wait for each other: the replication network between {primary} and {secondary} is down or filtered. \
             They connect by themselves when it is back."
        )];
    }
    let [here, there] = both;
    let much = |device: &Device| match noted(device) {
        Some(much) => format!("the {much} that it noted since"),
        None => "what it noted since".to_owned(),
    };
    let first = match ground.generations() {
        Generations::FirstNewer => format!(
            "{primary} was written since they parted, {secondary} was not: this reconnects them, and {} goes to {secondary}.",
            much(here)
        ),
        Generations::SecondNewer => {
            return vec![format!(
                "{secondary} was written since they parted, {primary} was not: reconnected, {} would go to {primary}, \
                 where the instance belongs. Find out why {secondary} was written (who was Primary when) first.",
                much(there)
            )];
        }
        Generations::Same => format!(
            "Both have data of one generation: this reconnects {primary} and {secondary}, and copies what differs."
        ),
        Generations::Unknown => {
            return vec![
                "The data generations are not known here, so that it is not known whether both were written. Look at \
                 `drbdsetup get-gi` on both nodes first."
                    .to_owned(),
            ];
        }
        Generations::Unrelated | Generations::Apart => {
            return vec![
                "The data generations have nothing in common: DRBD would refuse to join them, or copy everything one way. \
                 Find out which half counts before anything is done."
                    .to_owned(),
            ];
        }
    };
    vec![first, ground.activate()]
}

/// Both are heard and talk to each other, and yet something is not right.
fn together(ground: &Ground, both: [&Device; 2]) -> Vec<String> {
    let [here, there] = both;
    let pair = ground.pair;
    let (primary, secondary) = (ground.node(&pair.primary), ground.node(&pair.secondary));
    if both
        .iter()
        .any(|it| matches!(it.connection.as_str(), "Ahead" | "Behind"))
    {
        return words(
            "The link is too slow for what is written; the half that is behind catches up by itself.",
        );
    }
    if pair.state == State::Connecting {
        return words(
            "They are agreeing on what to copy: that takes seconds. If it stays so, the kernel logs say why.",
        );
    }
    let calm = both.iter().all(|it| it.connection == "Connected");
    match (here.disk.as_str(), there.disk.as_str()) {
        ("UpToDate", "UpToDate") if calm && both.iter().any(|it| noted(it).is_some()) => {
            let mut lines = vec![
                "Blocks differ though both halves count as up to date: a verify found it, or a disk lies. Activating the \
                 disks does nothing here. Find out which disk is at fault (kernel logs, SMART, the guest's file system)."
                    .to_owned(),
            ];
            if ground.primary_counts() {
                lines.push(format!(
                    "If it is {secondary}'s, this throws its half away and copies it anew from {primary}:"
                ));
                lines.push(ground.anew());
            }
            lines
        }
        ("UpToDate", bad) if calm && bad != "UpToDate" && ground.primary_counts() => vec![
            format!(
                "They are connected and {secondary} is not made up to date. This makes its half anew from {primary}'s:"
            ),
            ground.anew(),
        ],
        (a, b) if a != "UpToDate" && b != "UpToDate" => no_copy(ground),
        (a, _) if a != "UpToDate" => vec![format!(
            "{primary} reads from {secondary}, which has the only good copy: do not disconnect them, and do not touch \
             {secondary}. The kernel log of {primary} says why it is not made up to date."
        )],
        _ => words(UNFIT),
    }
}

fn no_copy(ground: &Ground) -> Vec<String> {
    let name = ground.name();
    vec![format!(
        "No half is known to be whole: nothing is to be made anew from either. Find the half that was written last and \
         why its resync stopped; else what is left is a backup of {name}."
    )]
}

/// It runs by the configuration, and no node has the device.
fn not_active(ground: &Ground) -> Vec<String> {
    let name = ground.name();
    vec![format!(
        "The guest's disk is not there though it counts as running: look whether the guest runs at all \
         (`gnt-instance list {name}`), and start it again if it does not."
    )]
}

/// The half on the secondary is away.
fn secondary_away(ground: &Ground) -> Vec<String> {
    let pair = ground.pair;
    let (primary, node) = (ground.node(&pair.primary), ground.node(&pair.secondary));
    let own = pair.primary.now();
    if own.is_none_or(|it| it.disk != "UpToDate") {
        return vec![format!(
            "{primary} has no half that is up to date: what {node} has may be the only copy. Bring {node} back before \
             anything is made anew."
        )];
    }
    let alone = own.is_some_and(|it| it.connection == "StandAlone");
    let split = own.is_some_and(|it| it.split_brain_at.is_some());
    if pair.secondary.seen == Seen::Absent {
        if split {
            return vec![format!(
                "{node} has no such device, and the kernel log tells of a split brain: look at {node}'s volumes before \
                 they are joined or made anew."
            )];
        }
        let mut lines = vec![
            format!("{node} has no such device, as after a reboot. This sets it up again:"),
            ground.activate(),
        ];
        if ground.primary_counts() {
            lines.push(format!(
                "If {node}'s volumes are gone too, this makes them anew from {primary}'s:"
            ));
            lines.push(ground.anew());
        }
        return lines;
    }
    let first = match pair.secondary.seen {
        Seen::Offline => format!("{node} is marked offline."),
        _ => says_nothing(ground, &pair.secondary),
    };
    let back = match alone {
        true => format!(
            "{primary} has given up on it: which half is newer can only be said when {node} is back."
        ),
        false => format!(
            "When {node} is back they reconnect, and what was written since is copied to it."
        ),
    };
    let mut lines = vec![first + " " + &back];
    if ground.primary_counts()
        && !split
        && let Some(elsewhere) = ground.elsewhere()
    {
        lines.push(format!(
            "If {node} is gone for good, this gives the instance another secondary:"
        ));
        lines.push(elsewhere);
    }
    lines
}

fn says_nothing(ground: &Ground, half: &Half) -> String {
    let node = ground.node(half);
    let fresh = |name| ground.cluster.nodes.get(name).is_some_and(|it| it.fresh());
    if fresh(&half.node) {
        format!("{node} answers but does not tell of its half.")
    } else {
        format!("{node} does not answer gantry.")
    }
}

/// The half on the instance's own node is away: what the secondary has is the only copy that can be
/// had, so nothing is said that would make the secondary anew.
fn primary_away(ground: &Ground) -> Vec<String> {
    let pair = ground.pair;
    let (node, other) = (ground.node(&pair.primary), ground.node(&pair.secondary));
    let keep = format!(
        "The copy on {other} may be the only one: do not replace or remove it before {node} is back or given up."
    );
    let own = pair.secondary.now();
    let split = own.is_some_and(|it| it.split_brain_at.is_some());
    if pair.primary.seen == Seen::Absent {
        let mut lines = vec![format!("{node} has no such device, as after a reboot.")];
        let parted = own.is_some_and(|it| it.role == "Secondary" && it.connection != "StandAlone");
        if parted && !split {
            lines.push("This sets it up again:".to_owned());
            lines.push(ground.activate());
        } else {
            lines.push(format!(
                "{other} is not waiting for it: find out why before they are joined."
            ));
        }
        lines.push(keep);
        return lines;
    }
    let offline = pair.primary.seen == Seen::Offline;
    let first = match offline {
        true => format!("{node}, where the instance belongs, is marked offline."),
        false => says_nothing(ground, &pair.primary),
    };
    let fit = own.is_some_and(|it| {
        it.disk == "UpToDate" && it.connection == "WFConnection" && it.role != "Primary"
    });
    let mut lines = vec![first];
    if fit && !split && ground.all_good(|pair| &pair.secondary) {
        lines.push(format!(
            "Only if {node} is proven to be powered off (its management board, the plug): else the guest runs twice. \
             Then this starts it on {other}:"
        ));
        if !offline {
            lines.push(format!("$ gnt-node modify --offline=yes {node}"));
        }
        lines.push(format!("$ gnt-instance failover {}", ground.name()));
    } else {
        let disk = own.map_or("", |it| it.disk.as_str());
        lines.push(match own.map(|it| it.role.as_str()) {
            Some("Primary") => format!("{other} is Primary already: the guest may run there. Look before anything is started."),
            _ if disk == "UpToDate" => format!("{other} had parted from it before, so that its copy may be old: no failover is said here."),
            _ => format!("The copy on {other} is {}: an instance started from it loses data.", if disk.is_empty() { "not known" } else { disk }),
        });
    }
    lines.push(keep);
    lines
}
