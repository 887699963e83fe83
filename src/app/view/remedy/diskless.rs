//! Halves that have lost their disk.

use crate::model::drbd::connected;
use crate::planner::replica::Half;

use super::ground::Ground;

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

/// Whether a half's disk is up to date, by the same words.
fn good(half: &Half, other: &Half) -> bool {
    let own = half.now().map(|device| device.disk.as_str());
    let heard = other.now().filter(|it| connected(&it.connection));
    own.or(heard.map(|device| device.peer_disk.as_str())) == Some("UpToDate")
}

/// Whether a half is Primary, by the same words: a guest writes to it then.
fn used(half: &Half, other: &Half) -> bool {
    let own = half.now().map(|device| device.role.as_str());
    own.or(other.now().map(|device| device.peer_role.as_str())) == Some("Primary")
}

/// A half is made anew only where the other is known to be good.
pub fn diskless(ground: &Ground) -> Vec<String> {
    let (primary, secondary) = (&ground.pair.primary, &ground.pair.secondary);
    let (half, flag, kept) = match (lost(primary, secondary), lost(secondary, primary)) {
        (Some(true), Some(true)) => {
            return vec![
                "Neither half has its disk: nothing is to be made anew here. Look at the disks and the kernel log of both \
                 nodes; a disk that was only detached can be attached again. Else what is left is a backup."
                    .to_owned(),
            ];
        }
        (Some(true), Some(false)) if good(secondary, primary) => (primary, "-p", secondary),
        (Some(false), Some(true)) if good(primary, secondary) && !used(secondary, primary) => {
            (secondary, "-s", primary)
        }
        _ => {
            return vec![
                "It is not certain that the other half is good and the one in use: find out on both nodes (/proc/drbd) before anything is \
                 made anew."
                    .to_owned(),
            ];
        }
    };
    let (node, kept) = (ground.node(half), ground.node(kept));
    let (index, name) = (ground.index, ground.name());
    let mut lines = Vec::new();
    if flag == "-p" {
        lines.push(format!(
            "The instance runs on {kept}'s copy over the network: do not touch {kept}, and do not disconnect them."
        ));
    }
    lines.extend([
        format!("The disk on {node} is gone or had an I/O error: its kernel log and `smartctl` say which."),
        "If it is sound and was only detached:".to_owned(),
        ground.activate(),
        format!("Else this makes the half on {node} anew and copies everything from {kept}:"),
        format!("$ gnt-instance replace-disks {flag} --disks={index} {name}"),
    ]);
    lines
}
