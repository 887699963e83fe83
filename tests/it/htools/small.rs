//! A small cluster of our own, and what the real tools print for it.

use std::fs;
use std::path::Path;

use super::gantry;

pub fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.data"), include_str!("small.data")).unwrap();
    folder
}

pub fn here(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/htools")
        .join(name);
    fs::read_to_string(path).unwrap()
}

#[test]
fn hbal_prints_moves_scores_tables_and_commands() {
    let words = "hbal -t small.data -G east -v -v -v -p --print-instances -C";
    let done = gantry(folder().path(), words.split_whitespace());
    assert_eq!(done.out, here("small.hbal.out"));
    assert_eq!(done.err, here("small.hbal.err"));
    assert_eq!(done.exit, 0);
}

#[test]
fn hcheck_prints_what_is_wrong_before_and_after() {
    let done = gantry(folder().path(), "hcheck -t small.data".split_whitespace());
    assert_eq!(done.out, here("small.hcheck.out"));
    assert_eq!(done.exit, 1);
}

#[test]
fn what_is_saved_is_read_again_the_same() {
    let folder = folder();
    let words = "hbal -t small.data -G east -S state";
    gantry(folder.path(), words.split_whitespace());
    let first = fs::read_to_string(folder.path().join("state.original")).unwrap();
    let words = "hbal -t state.original -G east -S again";
    gantry(folder.path(), words.split_whitespace());
    let again = fs::read_to_string(folder.path().join("again.original")).unwrap();
    assert_eq!(first, again);
    let balanced = fs::read_to_string(folder.path().join("state.balanced")).unwrap();
    // Only the group that was balanced.
    assert!(first.contains("b1.lab|") && !balanced.contains("b1.lab|"));
    assert!(balanced.contains("mail.lab|4096|20480|2|running|Y|a2.lab|a3.lab|drbd|"));
}

#[test]
fn json_has_the_moves_of_the_text() {
    let folder = folder();
    let text = gantry(
        folder.path(),
        "hbal -t small.data -G east".split_whitespace(),
    );
    let words = "hbal -t small.data -G east --json";
    let json = gantry(folder.path(), words.split_whitespace());
    let value: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let length = format!("Solution length={}\n", value["moves"]);
    assert!(text.out.ends_with(&length), "{} {length}", text.out);
    let readme = include_str!("../../../README.md");
    for tool in ["hbal -G east", "hcheck", "hinfo", "hspace -l 3"] {
        let words = format!("{tool} -t small.data --json");
        let done = gantry(folder.path(), words.split_whitespace());
        let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
        for field in value.as_object().unwrap().keys() {
            assert!(readme.contains(&format!("`{field}`")), "{field}");
        }
    }
}

#[test]
fn the_n1_rule_of_the_clusters_version_can_be_chosen() {
    let folder = folder();
    // More is reported free than the records leave: only the newer rule minds.
    let text = include_str!("small.data").replacen("|32768|1024|27648|", "|12000|1024|27648|", 1);
    fs::write(folder.path().join("low.data"), text).unwrap();
    let happy = |rule: &str| {
        let words = ["hinfo", "-t", "low.data", "--n1-rule", rule];
        let done = gantry(folder.path(), words);
        done.out.contains("Cluster is N+1 happy")
    };
    assert!(happy("3.0"));
    assert!(!happy("3.1"));
}

#[test]
fn hroller_prints_who_goes_together_and_what_moves() {
    let words = "hroller -t small.data -v -v --print-moves";
    let done = gantry(folder().path(), words.split_whitespace());
    let expected = "\
Node Graph: array (0,3) [(0,[0,2,1,2,1,1]),(1,[1,0,0,0]),(2,[0,0]),(3,[])]
Dcolor: 2 (2,2) TIE Dsatur: 2 (2,2) TIE LF: 2 (2,2)
'Node Reboot Groups'
a2.lab,a3.lab
  tmp.lab a1.lab
b1.lab,a1.lab
";
    assert_eq!((done.exit, done.out.as_str()), (0, expected));
    let words = "hroller -t small.data --full-evacuation --print-moves --one-step-only";
    let done = gantry(folder().path(), words.split_whitespace());
    let expected = "\
'First Reboot Group'
a2.lab
  mail.lab a1.lab a3.lab
  mail2.lab a1.lab a3.lab
  db.lab a1.lab a3.lab
  tmp.lab a1.lab
";
    assert_eq!((done.exit, done.out.as_str()), (0, expected));
}

#[test]
fn hsqueeze_prints_nodes_and_commands() {
    let words = "hsqueeze -t small.data -v -C";
    let done = gantry(folder().path(), words.split_whitespace());
    assert_eq!(done.out, here("small.hsqueeze.out"));
    assert_eq!(done.exit, 0);
    let words = "hsqueeze -t small.data --json --target-resources=1000";
    let done = gantry(folder().path(), words.split_whitespace());
    let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(value["nodes"], serde_json::json!([]));
}

#[test]
fn tools_that_need_a_live_cluster_say_so() {
    for (words, why) in [
        ("hscan", "which cluster?"),
        ("harep --dry-run", "which cluster?"),
        ("harep node1", "--dry-run"),
        ("hbal node1 -X", "--exec"),
    ] {
        let done = gantry(folder().path(), words.split_whitespace());
        assert!(done.err.contains(why), "{words}: {done:?}");
        assert_ne!(done.exit, 0, "{words}");
    }
}
