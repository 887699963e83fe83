//! An instance policy as Ganeti writes it in JSON.

use serde_json::Value;

use crate::planner::htools::policy::{Policy, Spec, Template};

/// Reads a filled policy.
///
/// # Errors
/// The field that is missing or wrong.
pub fn read(policy: &Value) -> Result<Policy, String> {
    let pairs = list(policy, "minmax")?.iter();
    let pair = |pair: &Value| {
        let side = |key: &str| spec(pair.get(key).unwrap_or(&Value::Null), key);
        Ok((side("min")?, side("max")?))
    };
    let template = |word: &Value| {
        let known = Template::ALL.into_iter();
        let found = known.into_iter().find(|it| word == it.word());
        found.ok_or_else(|| format!("disk-templates of its policy: {word} is not known"))
    };
    let ratio = |key: &str| {
        let ratio = policy.get(key).and_then(Value::as_f64);
        ratio.ok_or_else(|| missing(key))
    };
    let templates = list(policy, "disk-templates")?.iter();
    Ok(Policy {
        ranges: pairs.map(pair).collect::<Result<_, String>>()?,
        standard: spec(policy.get("std").unwrap_or(&Value::Null), "std")?,
        templates: templates.map(template).collect::<Result<_, String>>()?,
        vcpu_ratio: ratio("vcpu-ratio")?,
        spindle_ratio: ratio("spindle-ratio")?,
    })
}

fn list<'a>(policy: &'a Value, key: &str) -> Result<&'a [Value], String> {
    let list = policy.get(key).and_then(Value::as_array);
    list.map(Vec::as_slice).ok_or_else(|| missing(key))
}

fn spec(spec: &Value, of: &str) -> Result<Spec, String> {
    let number = |key: &str| {
        let number = spec.get(key).and_then(Value::as_i64);
        number.ok_or_else(|| missing(&format!("{of}, {key}")))
    };
    Ok(Spec {
        memory: number("memory-size")?,
        cpus: number("cpu-count")?,
        disk: number("disk-size")?,
        disks: number("disk-count")?,
        nics: number("nic-count")?,
        spindle_use: number("spindle-use")?,
    })
}

fn missing(key: &str) -> String {
    format!("{key} of its policy is not known")
}
