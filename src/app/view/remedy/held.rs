//! Disks whose writes or whose resync stand still.

use crate::planner::replica::Half;

use super::ground::Ground;

/// Writes are held back.
pub fn suspended(nodes: &[&str]) -> Vec<String> {
    vec![format!(
        "DRBD holds all writes back on {}: a guest that uses the disk hangs. It lets them go on when the other half is \
         fenced or back; the kernel log of the node says what it waits for. Nothing is to be changed before that is known.",
        nodes.join(" and ")
    )]
}

/// A resync that is held back: by people, or by another one.
pub fn paused(ground: &Ground) -> Vec<String> {
    let pair = ground.pair;
    let says = |half: &&Half, by: &str| {
        let device = half.now();
        device.is_some_and(|device| device.paused_by.iter().any(|it| it == by))
    };
    let halves = || [&pair.primary, &pair.secondary].into_iter();
    let mut lines = Vec::new();
    for half in halves().filter(|half| says(half, "user")) {
        lines.push(format!(
            "Somebody paused it on {}. There it goes on with:",
            ground.node(half)
        ));
        if let Some(minor) = half.minor {
            lines.push(format!("$ ssh {} drbdsetup resume-sync {minor}", half.node));
        }
    }
    if let Some(half) = halves().find(|half| says(half, "dependency")) {
        lines.push(format!(
            "{} resyncs one disk after another: this one waits for {} and goes on by itself after that.",
            ground.node(half),
            waits_for(ground, half)
        ));
    } else if lines.is_empty()
        && let Some(half) = halves().find(|half| says(half, "peer"))
    {
        let other = match std::ptr::eq(half, &pair.primary) {
            true => &pair.secondary,
            false => &pair.primary,
        };
        lines.push(format!(
            "{} holds it back and does not say why now: somebody paused it there, or it waits for another disk.",
            ground.node(other)
        ));
    }
    lines
}

/// The resyncs that go on at a node.
fn waits_for(ground: &Ground, half: &Half) -> String {
    let others = ground.facts.pairs.iter().filter(|pair| {
        let here = [&pair.primary, &pair.secondary];
        let goes = pair
            .going
            .as_ref()
            .is_some_and(|it| it.paused_by.is_empty());
        goes && here.iter().any(|it| it.node == half.node) && pair.key != ground.pair.key
    });
    let mut names: Vec<String> = others
        .map(|pair| crate::app::view::drbd::name(ground.facts, &pair.key))
        .take(4)
        .collect();
    if names.len() > 3 {
        names.truncate(3);
        names.push("others".to_owned());
    }
    match names.as_slice() {
        [] => "another".to_owned(),
        names => names.join(", "),
    }
}

/// A resync that should move and does not. Its ends are connected, so that activating the disks does nothing, and
/// taking the connection down would take the good copy away from a primary that is the target.
pub fn stalled(ground: &Ground) -> Vec<String> {
    let (primary, secondary) = (
        ground.node(&ground.pair.primary),
        ground.node(&ground.pair.secondary),
    );
    let target = ground
        .pair
        .primary
        .now()
        .is_some_and(|it| it.connection == "SyncTarget");
    let mut lines = vec![format!(
        "It should move and does not. Usual causes: a disk with I/O errors or a full queue (kernel log of {primary} and \
         {secondary}), a link of the replication network that loses packets or is full, a resync rate set too low."
    )];
    if target {
        lines.push(format!(
            "{primary} reads what it has not yet from {secondary}: do not disconnect them, and do not restart {secondary}."
        ));
    }
    lines
}
