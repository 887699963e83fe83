//! Options as they are written, such that they are read as the same.

use crate::app::names::Names;
use crate::planner::n1::words::size;
use crate::planner::think::{balance, placing};

use super::read::read_size;

/// The options of a plan to balance that are not as at first, without its group: `stop-at=95`.
pub fn of_balance(ask: &balance::Ask, names: &Names) -> Vec<String> {
    let values = balance_values(ask, names).into_iter();
    values
        .filter(|(name, _)| *name != "group")
        .map(|(name, value)| {
            if value.is_empty() {
                name.to_owned()
            } else {
                format!("{name}={value}")
            }
        })
        .collect()
}

/// Names and values of the options of a plan to balance that are not as at first.
pub fn balance_values(ask: &balance::Ask, names: &Names) -> Vec<(&'static str, String)> {
    let short = |all: &[String]| {
        let all = all.iter().map(|name| names.short(name).to_owned());
        all.collect::<Vec<String>>().join(",")
    };
    let mut out = Vec::new();
    let mut add = |name, value: Option<String>| out.extend(value.map(|value| (name, value)));
    let flag = |set: bool| set.then(String::new);
    let list = |all: String| Some(all).filter(|it| !it.is_empty());
    add("group", ask.group.clone());
    add("no-disk-moves", flag(!ask.disk_moves));
    add("no-instance-moves", flag(!ask.instance_moves));
    add("evac-mode", flag(ask.evac_mode));
    let part = (ask.stop_at < balance::WHOLE).then(|| ask.stop_at.to_string());
    add("stop-at", part);
    add("ignore-soft-errors", flag(ask.ignore_soft_errors));
    add("tag", ask.tag.clone());
    add("not-tag", ask.not_tag.clone());
    add("select-instances", list(short(&ask.select_instances)));
    add("exclude-instances", list(short(&ask.exclude_instances)));
    add("exclusion-tags", list(ask.exclusion_tags.join(",")));
    add("resync-speed", ask.resync_speed.map(|it| it.to_string()));
    out
}

/// Names and values of the options of a new instance that are set.
pub fn placing_values(ask: &placing::Ask) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let mut add = |name, value: Option<String>| out.extend(value.map(|value| (name, value)));
    let list = |all: Vec<String>| Some(all.join(",")).filter(|it| !it.is_empty());
    add("memory", ask.memory.map(exactly));
    add(
        "disk",
        list(ask.disks.iter().copied().map(exactly).collect()),
    );
    add("cpus", ask.cpus.map(|it| it.to_string()));
    add("template", ask.template.map(|it| it.word().to_owned()));
    add("group", ask.group.clone());
    add("tags", list(ask.tags.clone()));
    out
}

/// A size such that it is read as the same.
pub fn exactly(mib: i64) -> String {
    let text = size(mib);
    match read_size(&text) {
        Some(same) if same == mib => text,
        _ => format!("{mib}M"),
    }
}
