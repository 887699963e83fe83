//! Whether a subject is still as the operator saw it.

use gantry_wire::act::Expect;
use gantry_wire::operation::Subject;
use serde_json::{Value, json};

use super::luxid::Luxid;
use crate::luxi::Error;
use crate::luxi::row::each_row;

/// What is different now, in words; `None` if nothing is.
///
/// # Errors
/// Any of LUXI's but that there is no such object.
pub fn difference(
    luxid: &mut dyn Luxid,
    subject: Subject<'_>,
    expect: &Expect,
) -> Result<Option<String>, Error> {
    match (subject, expect) {
        (
            Subject::Instance(name),
            Expect::Instance {
                primary,
                secondaries,
                admin_state,
            },
        ) => {
            let fields = ["name", "pnode", "snodes", "admin_state"];
            let expected = json!([name, primary, secondaries, admin_state]);
            let words = ["name", "primary node", "secondary node", "admin state"];
            compare(luxid, "instance", name, fields, &expected, words)
        }
        (
            Subject::Node(name),
            Expect::Node {
                offline,
                drained,
                master_candidate,
            },
        ) => {
            let fields = ["name", "offline", "drained", "master_candidate"];
            let expected = json!([name, offline, drained, master_candidate]);
            compare(luxid, "node", name, fields, &expected, fields)
        }
        _ => Ok(None),
    }
}

/// Whether each migration of an instance becomes a failover.
///
/// # Errors
/// Any of LUXI's.
pub fn always_fails_over(luxid: &mut dyn Luxid, instance: &str) -> Result<bool, Error> {
    const FIELD: &str = "be/always_failover";
    let answer = luxid.ask(
        "Query",
        &json!(["instance", [FIELD], ["=", "name", instance]]),
    )?;
    let mut does = false;
    each_row(&answer.to_string(), &[FIELD], |row| does |= row.flag(FIELD))
        .map_err(|error| Error::Garbled(error.to_string()))?;
    Ok(does)
}

fn compare(
    luxid: &mut dyn Luxid,
    what: &str,
    name: &str,
    fields: [&str; 4],
    expected: &Value,
    words: [&str; 4],
) -> Result<Option<String>, Error> {
    let answer = luxid.ask("Query", &json!([what, fields, ["=", "name", name]]));
    let answer = match answer {
        Err(error) if is_unknown(&error) => {
            return Ok(Some(format!("there is no {what} {name} any more")));
        }
        answer => answer?,
    };
    let mut differences = Vec::new();
    let mut rows = 0;
    each_row(&answer.to_string(), &fields, |row| {
        rows += 1;
        for (at, field) in fields.iter().enumerate() {
            let now = row.value(field).unwrap_or(&Value::Null);
            if *now != expected[at] {
                let (now, then) = (plain(now), plain(&expected[at]));
                differences.push(format!("{} is {now}, not {then}", words[at]));
            }
        }
    })
    .map_err(|error| Error::Garbled(error.to_string()))?;
    if rows == 0 {
        return Ok(Some(format!("there is no {what} {name} any more")));
    }
    Ok((!differences.is_empty()).then(|| differences.join("; ")))
}

fn is_unknown(error: &Error) -> bool {
    let Error::Ganeti { arguments, .. } = error else {
        return false;
    };
    arguments.get(1).and_then(Value::as_str) == Some("unknown_entity")
}

fn plain(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Array(items) if items.is_empty() => "none".into(),
        other => crate::luxi::error::plain(other),
    }
}
