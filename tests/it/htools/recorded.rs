//! Everything that was recorded of the real tools, where the recordings are: in `$GANTRY_REFERENCE`, or beside the
//! repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::gantry;

fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference");
    let reference = std::env::var_os("GANTRY_REFERENCE").map_or(beside, PathBuf::from);
    let data = reference.join("htools-data");
    if data.join("oracle").is_dir() {
        return Some(data);
    }
    println!("skipped: no recordings in {}", data.display());
    None
}

/// One recording.
struct Recorded {
    words: Vec<String>,
    exit: i32,
    out: String,
    err: String,
    files: BTreeMap<String, String>,
}

impl Recorded {
    fn read(text: &str) -> Recorded {
        let (command, rest) = text.split_once('\n').unwrap();
        let (exit, rest) = rest.split_once('\n').unwrap();
        let (out, rest) = rest.split_once("--- stderr\n").unwrap();
        let mut parts = rest.split("--- file ");
        let whole = |text: &str| {
            let cut = text.strip_suffix("\n\\ no newline at end\n");
            cut.unwrap_or(text).to_owned()
        };
        let err = whole(parts.next().unwrap());
        let files = parts.filter_map(|part| part.split_once('\n'));
        Recorded {
            words: command[2..].split_whitespace().map(str::to_owned).collect(),
            exit: exit.rsplit(' ').next().unwrap().parse().unwrap(),
            out: whole(out.strip_prefix("--- stdout\n").unwrap()),
            err,
            files: files
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .collect(),
        }
    }

    /// Commands of tools that gantry has, on text files, of which the real tool did not break off.
    fn comparable(&self) -> bool {
        let ours = [
            "hail", "hbal", "hcheck", "hinfo", "hroller", "hspace", "hsqueeze",
        ];
        ours.contains(&self.words[0].as_str())
            && (self.words[0] == "hail" || self.words.iter().any(|word| word == "-t"))
            && !self.err.contains("CallStack")
    }
}

/// All recordings of the clusters that a test picks.
fn compare(pick: impl Fn(&str) -> bool) {
    let Some(data) = data() else {
        return;
    };
    let mut wrong = Vec::new();
    let mut count = 0;
    for cluster in fs::read_dir(data.join("oracle")).unwrap() {
        let cluster = cluster.unwrap();
        if !pick(&cluster.file_name().to_string_lossy()) {
            continue;
        }
        for file in fs::read_dir(cluster.path()).unwrap() {
            let file = file.unwrap().path();
            let recorded = Recorded::read(&fs::read_to_string(&file).unwrap());
            if !recorded.comparable() {
                continue;
            }
            count += 1;
            if !same(&data, &recorded) {
                wrong.push(recorded.words.join(" "));
            }
        }
    }
    assert!(count > 0, "no recording was compared");
    assert!(
        wrong.is_empty(),
        "{} of {count} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn same(data: &Path, recorded: &Recorded) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let mut given = Vec::new();
    for word in &recorded.words {
        if data.join(word).is_file() {
            fs::copy(data.join(word), folder.path().join(word)).unwrap();
            given.push(word.as_str());
        }
    }
    let done = gantry(folder.path(), recorded.words.iter().map(String::as_str));
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !given.contains(&name.as_str()) {
            let text = fs::read_to_string(folder.path().join(&name)).unwrap();
            files.insert(name, text);
        }
    }
    (done.exit, done.out, done.err, files)
        == (
            recorded.exit,
            recorded.out.clone(),
            recorded.err.clone(),
            recorded.files.clone(),
        )
}

#[test]
fn the_tools_print_what_was_recorded_of_ganetis_own_clusters() {
    compare(|name| !name.starts_with("gen-") && !name.starts_with("own-"));
}

#[test]
fn the_tools_print_what_was_recorded_of_corner_cases() {
    compare(|name| name.starts_with("own-"));
}

#[test]
fn the_tools_print_what_was_recorded_of_generated_clusters() {
    compare(|name| name.starts_with("gen-") && name != "gen-02.data" && name != "gen-08.data");
}
