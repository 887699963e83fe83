//! The records of runbooks: a file of JSON lines for each, with the operator's own data.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::action::runbook::Note;

/// Records that are read at the start, the newest.
const FILES: usize = 200;

/// Bytes that are read of one.
const BYTES: u64 = 1 << 20;

/// Where they are: `$XDG_STATE_HOME/gantry/runbooks`, or else in `~/.local/state`; nothing without a home.
pub fn place(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let state = variable("XDG_STATE_HOME").filter(absolute);
    let state = state.or_else(|| Some(variable("HOME").filter(absolute)?.join(".local/state")))?;
    Some(state.join("gantry/runbooks"))
}

/// Adds a line to the record of a runbook.
///
/// # Errors
/// Names the file.
pub fn write(place: &Path, note: &Note) -> Result<(), String> {
    let file = place.join(format!("{}.jsonl", note.run));
    let wrong = |error: io::Error| format!("the record {}: {error}", file.display());
    let mut line = serde_json::to_string(note).map_err(|error| wrong(error.into()))?;
    line.push('\n');
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(place)
        .map_err(wrong)?;
    let mut open = OpenOptions::new();
    let mut to = open
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&file)
        .map_err(wrong)?;
    to.write_all(line.as_bytes()).map_err(wrong)
}

/// What was recorded before, as far as it can be read. A line that cannot costs no other.
pub fn read(place: &Path) -> Vec<Note> {
    let Ok(entries) = fs::read_dir(place) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .filter_map(|path| Some((fs::metadata(&path).and_then(|it| it.modified()).ok()?, path)))
        .collect();
    files.sort();
    let newest = files.into_iter().rev().take(FILES);
    newest.flat_map(|(_, path)| notes(&path)).collect()
}

fn notes(path: &Path) -> Vec<Note> {
    let Ok(file) = fs::File::open(path) else {
        return Vec::new();
    };
    let lines = BufReader::new(file.take(BYTES)).lines();
    let lines = lines.map_while(Result::ok);
    lines
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::action::runbook::Event;

    fn note(run: &str, step: &str) -> Note {
        Note {
            at: 1.5,
            by: "anna".into(),
            cluster: "there".into(),
            run: run.into(),
            on: "node3".into(),
            step: step.into(),
            event: Event::Asked,
            words: String::new(),
            changes: Vec::new(),
        }
    }

    #[test]
    fn what_was_written_is_read_and_a_broken_line_costs_no_other() {
        let home = std::env::temp_dir().join(format!("gantry-records-{}", std::process::id()));
        let variable = |name: &str| (name == "HOME").then(|| home.clone());
        let place = place(variable).unwrap();
        assert_eq!(place, home.join(".local/state/gantry/runbooks"));
        assert_eq!(read(&place), []);
        write(&place, &note("maintenance-1", "drain")).unwrap();
        let file = place.join("maintenance-1.jsonl");
        let mut text = fs::read_to_string(&file).unwrap();
        text += "{\"at\": half a li\n";
        fs::write(&file, text).unwrap();
        write(&place, &note("maintenance-1", "migrate")).unwrap();
        let steps: Vec<String> = read(&place).into_iter().map(|note| note.step).collect();
        assert_eq!(steps, ["drain", "migrate"]);
        fs::remove_dir_all(&home).unwrap();
    }

    #[test]
    fn a_home_that_is_no_place_is_none() {
        assert_eq!(place(|_| None), None);
        assert_eq!(place(|_| Some("here".into())), None);
    }
}
