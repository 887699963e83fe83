//! Policies in the text format: `owner|std|minmax|templates|vcpu_ratio|spindle_ratio`.

use super::fields::{Line, parts, quoted, shown};
use super::number;
use crate::planner::htools::policy::{Policy, Spec, Template};

/// Reads a policy line; the owner is its first field.
pub fn read(line: &Line<'_>) -> Result<Policy, String> {
    if line.fields.len() < 6 {
        return Err(line.broken("Invalid ipolicy data"));
    }
    let owner = line.get(0);
    let standard = spec(line, 1, line.get(1), &format!("{owner}/stdspec"))?;
    let mut ranges = Vec::new();
    let limits = parts(line.get(2), ';');
    for pair in limits.chunks(2) {
        let [least, most] = pair else {
            let what = format!("Odd number of min/max specs for {owner}");
            return Err(line.wrong(2, "minmax", what));
        };
        let least = spec(line, 2, least, &format!("{owner}/minspec"))?;
        ranges.push((least, spec(line, 2, most, &format!("{owner}/maxspec"))?));
    }
    let mut templates = Vec::new();
    for word in parts(line.get(3), ',') {
        let what = || invalid("DiskTemplate", word);
        templates.push(template(word).ok_or_else(|| line.wrong(3, "templates", what()))?);
    }
    Ok(Policy {
        ranges,
        standard,
        templates,
        vcpu_ratio: line.real(&format!("{owner}/vcpu_ratio"), 4, "vcpu_ratio")?,
        spindle_ratio: line.real(&format!("{owner}/spindle_ratio"), 5, "spindle_ratio")?,
    })
}

/// The template of this name.
pub fn template(word: &str) -> Option<Template> {
    Template::ALL.into_iter().find(|it| it.word() == word)
}

/// The htools' words for a value that is none of a type's.
pub fn invalid(kind: &str, word: &str) -> String {
    format!("Invalid string value for type {kind}: {}", quoted(word))
}

fn spec(line: &Line<'_>, column: usize, text: &str, owner: &str) -> Result<Spec, String> {
    let fields = parts(text, ',');
    let [memory, cpus, disk, disks, nics, spindle_use, ..] = fields.as_slice() else {
        let what = format!("Invalid ispec data for {owner}: {}", shown(&fields));
        return Err(line.wrong(column, "ispec", what));
    };
    let read = |text: &str, field: &str| {
        number::integer(text)
            .map_err(|why| line.wrong(column, field, format_args!("{owner}/{field}: {why}")))
    };
    Ok(Spec {
        memory: read(memory, "memsize")?,
        cpus: read(cpus, "cpucount")?,
        disk: read(disk, "disksize")?,
        disks: read(disks, "diskcount")?,
        nics: read(nics, "niccount")?,
        spindle_use: read(spindle_use, "spindleuse")?,
    })
}

/// Writes a policy line, without line end.
pub fn write(owner: &str, policy: &Policy, show: impl Fn(f64) -> String) -> String {
    let spec = |spec: &Spec| {
        format!(
            "{},{},{},{},{},{}",
            spec.memory, spec.cpus, spec.disk, spec.disks, spec.nics, spec.spindle_use
        )
    };
    let ranges: Vec<String> = policy
        .ranges
        .iter()
        .flat_map(|(least, most)| [spec(least), spec(most)])
        .collect();
    let templates: Vec<&str> = policy.templates.iter().map(|it| it.word()).collect();
    format!(
        "{owner}|{}|{}|{}|{}|{}",
        spec(&policy.standard),
        ranges.join(";"),
        templates.join(","),
        show(policy.vcpu_ratio),
        show(policy.spindle_ratio)
    )
}
