//! Loads of instances from a file (`-U FILE`): `instance cpu mem disk net` a line.

use super::fields::{parts, shown};
use super::number;

/// An instance and its loads: processor, memory, disk, network.
pub type Load = (String, [f64; 4]);

/// Reads a whole file.
///
/// # Errors
/// In the htools' words, with line and field.
pub fn read(text: &str) -> Result<Vec<Load>, String> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let lines = if text.is_empty() { 0 } else { usize::MAX };
    let mut out = Vec::new();
    for (at, line) in text.split('\n').enumerate().take(lines) {
        let fields = parts(line, ' ');
        let [name, loads @ ..] = fields.as_slice() else {
            return Err(format!("Cannot parse line [] (line {})", at + 1));
        };
        if loads.len() != 4 {
            let fields = shown(&fields);
            return Err(format!("Cannot parse line {fields} (line {})", at + 1));
        }
        let mut values = [0.0; 4];
        let named = ["cpu load", "memory load", "disk load", "network load"];
        for ((value, load), field) in values.iter_mut().zip(loads).zip(named) {
            *value = number::real(load)
                .map_err(|why| format!("{name}: {why} (line {}, field: {field})", at + 1))?;
        }
        out.push(((*name).to_owned(), values));
    }
    Ok(out)
}
