//! Rooms use only the rooms that CONTRIBUTING.md's table allows, and the pure ones no runtime, socket or terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms that compile without a runtime, a socket or a terminal.
const PURE: [&str; 7] = [
    "model", "planner", "action", "app", "input", "theme", "view",
];

/// Crates that would bring one of those in.
const IMPURE: [&str; 3] = ["tokio", "russh", "crossterm"];

type Arrows = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The table of rooms in CONTRIBUTING.md: lines of the form ``| `room/` | what | rooms |``.
fn allowed() -> Arrows {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let table = text
        .split("| room | what | < |")
        .nth(1)
        .expect("CONTRIBUTING.md has the table of rooms");
    table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let room = cells[1].trim_matches('`');
            let room = room.trim_end_matches(".rs").trim_end_matches('/');
            let uses = cells[3].split_whitespace().map(str::to_owned);
            (room.to_owned(), uses.collect())
        })
        .collect()
}

/// Every source file of the console, with the room it stands in.
fn sources() -> Vec<(String, PathBuf)> {
    fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|end| end == "rs") {
                files.push(path);
            }
        }
    }
    let src = root().join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&src).unwrap();
            let room = inside.components().next().unwrap().as_os_str();
            let room = room.to_str().unwrap().trim_end_matches(".rs").to_owned();
            (room, path)
        })
        .filter(|(room, _)| room != "lib")
        .collect()
}

/// A file's code without its line comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The rooms that a piece of code names after `crate::` (or `gantry::`, as main.rs must), also in braces.
fn named(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        if let Some(list) = rest.strip_prefix('{') {
            rooms.extend(top_level_names(list));
        } else {
            rooms.insert(name(rest));
        }
    }
    rooms
}

/// The first names of a `use` list's items, up to its closing brace.
fn top_level_names(list: &str) -> Vec<String> {
    let mut depth = 0;
    let mut item_starts = vec![0];
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => item_starts.push(at + 1),
            _ => {}
        }
    }
    item_starts
        .into_iter()
        .map(|at| name(list[at..].trim_start()))
        .filter(|name| !name.is_empty())
        .collect()
}

fn name(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn rooms_use_only_the_rooms_they_may() {
    let allowed = allowed();
    let rooms: BTreeSet<&String> = allowed.keys().collect();
    let mut wrong = Vec::new();
    for (room, path) in sources() {
        let Some(may) = allowed.get(&room) else {
            wrong.push(format!("{room} is not in CONTRIBUTING.md's table"));
            continue;
        };
        let prefix = if room == "main" {
            "gantry::"
        } else {
            "crate::"
        };
        for used in named(&code(&path), prefix) {
            let known = rooms.contains(&used);
            if known && used != room && !may.contains("all") && !may.contains(&used) {
                wrong.push(format!("{}: {room} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_name_no_runtime_socket_or_terminal() {
    let mut wrong = Vec::new();
    for (room, path) in sources() {
        if !PURE.contains(&room.as_str()) {
            continue;
        }
        let code = code(&path);
        for name in IMPURE {
            if code
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == name)
            {
                wrong.push(format!("{} names {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A change that could be sent is made with a permit or not at all.
#[test]
fn only_the_guard_makes_an_act() {
    let makes = |code: &str| {
        // What tests make is not sent.
        let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
        code.match_indices("Act {").any(|(at, _)| {
            let before = code[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        })
    };
    let is_test = |path: &Path| {
        let own = path.strip_prefix(root().join("src")).unwrap();
        own.ends_with("tests.rs") || own.iter().any(|it| it == "tests")
    };
    let src = root().join("src");
    let makers: Vec<PathBuf> = sources()
        .into_iter()
        .map(|(_, path)| path)
        .filter(|path| !is_test(path) && makes(&code(path)))
        .map(|path| path.strip_prefix(&src).unwrap().to_owned())
        .collect();
    assert_eq!(makers, [Path::new("action/guard.rs")]);
}

#[test]
fn the_reader_of_use_lines_reads_them() {
    let code = "use crate::model::Node;\nuse crate::{app::{self, rows}, view};\npub(crate) fn f() { crate::link::g() }";
    let rooms: Vec<String> = named(code, "crate::").into_iter().collect();
    assert_eq!(rooms, ["app", "link", "model", "view"]);
}
