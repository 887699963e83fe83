//! Locks that are held or waited for. luxid asks wconfd for them, so they are asked for only while
//! a job waits.

use gantry_wire::job::{Lock, Pending};
use serde_json::{Value, json};

use crate::luxi::{Client, Error, Row};

const FIELDS: &[&str] = &["name", "mode", "owner", "pending"];

/// Asks for all locks; `name_of` gives the name of what has a uuid.
///
/// # Errors
/// Any of LUXI's.
pub fn ask<'a>(
    client: &mut Client,
    name_of: impl Fn(&str) -> Option<&'a str>,
) -> Result<Vec<Lock>, Error> {
    let mut locks = Vec::new();
    client.query("lock", FIELDS, &json!(null), |row| {
        let lock = lock(&row, &name_of);
        // Above each held lock its whole level is listed, which nobody holds.
        let used = !(lock.owners.is_empty() && lock.others.is_empty() && lock.pending.is_empty());
        locks.extend(used.then_some(lock));
    })?;
    Ok(locks)
}

fn lock<'a>(row: &Row<'_>, name_of: &impl Fn(&str) -> Option<&'a str>) -> Lock {
    let (owners, others) = holders(row.list("owner"));
    Lock {
        name: named(&row.text("name"), name_of),
        mode: row.text("mode"),
        owners,
        others,
        // Each is [mode, [holder]].
        pending: row
            .list("pending")
            .iter()
            .map(|pending| Pending {
                mode: pending[0].as_str().unwrap_or_default().to_owned(),
                jobs: holders(pending[1].as_array().map(Vec::as_slice).unwrap_or_default()).0,
            })
            .collect(),
    }
}

/// `node/<uuid>` with the node's name.
fn named<'a>(name: &str, name_of: &impl Fn(&str) -> Option<&'a str>) -> String {
    match name.split_once('/') {
        Some((level, uuid)) => match name_of(uuid) {
            Some(found) => format!("{level}/{found}"),
            None => name.to_owned(),
        },
        None => name.to_owned(),
    }
}

/// Jobs and others. Each holder is a text that is JSON itself: `63` is a job, `"luxid-..."` is not.
fn holders(list: &[Value]) -> (Vec<u64>, Vec<String>) {
    let (mut jobs, mut others) = (Vec::new(), Vec::new());
    for holder in list.iter().filter_map(Value::as_str) {
        match serde_json::from_str(holder) {
            Ok(Value::Number(number)) => match number.as_u64() {
                Some(job) => jobs.push(job),
                None => others.push(holder.to_owned()),
            },
            Ok(Value::String(name)) => others.push(name),
            _ => others.push(holder.to_owned()),
        }
    }
    (jobs, others)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::luxi::row::each_row;

    #[test]
    fn jobs_and_names_are_told_from_the_rest() {
        let result = json!({ "data": [
            [[0, "node/c733a7fd"], [0, "exclusive"], [0, ["63", "\"luxid-ThreadId 5\"", "x"]],
             [0, [["shared", ["66", "67"]]]]],
            [[0, "cluster/BGL"], [0, null], [0, []], [0, []]],
            [[0, "node/unknown"], [0, "shared"], [0, ["-1"]], [0, [7]]],
        ]});
        let mut locks = Vec::new();
        each_row(&result.to_string(), FIELDS, |row| {
            locks.push(lock(&row, &|uuid| (uuid == "c733a7fd").then_some("node1")));
        })
        .unwrap();
        let first = Lock {
            name: "node/node1".into(),
            mode: "exclusive".into(),
            owners: vec![63],
            others: vec!["luxid-ThreadId 5".into(), "x".into()],
            pending: vec![Pending {
                mode: "shared".into(),
                jobs: vec![66, 67],
            }],
        };
        assert_eq!(locks[0], first);
        assert_eq!(
            (locks[1].name.as_str(), locks[1].mode.as_str()),
            ("cluster/BGL", "")
        );
        assert_eq!(locks[2].name, "node/unknown");
    }
}
