//! hail on a small cluster of our own, as the real one answers, and what it says beyond that.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Done, gantry};

const CLUSTER: &str = include_str!("hail.json");
const ANSWERS: &str = include_str!("hail.answers");

/// The cluster with a request, as a text. The first bracket opens the cluster.
fn message(request: &str) -> String {
    CLUSTER.replacen('{', &format!("{{\"request\": {request},"), 1)
}

fn ask(folder: &Path, options: &str, text: &str) -> Done {
    fs::write(folder.join("request"), text).unwrap();
    let words = options.split_whitespace();
    gantry(folder, ["hail"].into_iter().chain(words).chain(["request"]))
}

#[test]
fn every_answer_is_that_of_the_real_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for case in ANSWERS.split("\n\n") {
        let mut lines = case.trim_end().splitn(3, '\n');
        let options = lines.next().unwrap().strip_prefix('$').unwrap();
        let request = lines.next().unwrap();
        let (exit, answer) = lines.next().unwrap().split_once(' ').unwrap();
        let done = ask(folder.path(), options, &message(request));
        let said = if exit == "0" { &done.out } else { &done.err };
        let said = said.rsplit_once("\n\n").map_or(said.as_str(), |it| it.1);
        assert_eq!(said.trim_end(), answer, "{options} {request}");
        assert_eq!(done.exit.to_string(), exit, "{options} {request}");
        count += 1;
    }
    assert!(count > 50, "{count}");
}

#[test]
fn a_text_that_is_no_message_is_told_in_the_real_ones_words() {
    let folder = tempfile::tempdir().unwrap();
    let parsing = "Error: Parsing input IAllocator message: ";
    let top = "Invalid JSON: a JSON text a serialized object or array at the top level.";
    for (text, why) in [
        ("", top),
        ("null", top),
        (" {}", top),
        ("[]", "Unable to read JSObject"),
        ("{", "Malformed JSON: expecting string: "),
        ("{a:1}", "Malformed JSON: expecting string: a:1}"),
        ("{\"a\" 1}", "Malformed JSON labelled field:  1}"),
        (
            "{\"a\":}",
            "Malformed JSON: invalid token in this context }",
        ),
        (
            "{\"a\":NaN}",
            "Malformed JSON: invalid token in this context NaN}",
        ),
        (
            "{\"a\":nul}",
            "Malformed JSON: invalid token in this context nul}",
        ),
        ("{\"a\":tru}", "Unable to parse JSON Bool: tru}"),
        ("{\"a\":1e}", "Unable to parse JSON exponential: }"),
        (
            "{\"a\":01}",
            "Unable to parse JSON object: unterminated sequence: 1}",
        ),
        (
            "{\"a\":[1 2]}",
            "Unable to parse JSON array: unterminated array:  2]}",
        ),
        (
            "{\"a\":\"x",
            "Unable to parse JSON String: unterminated String: ",
        ),
        (
            "{\"a\":\"\\q\"}",
            "Unable to parse JSON String: invalid escape char: 'q'",
        ),
        ("{\"a\":1} x", "Invalid tokens at end of JSON string: \"x\""),
    ] {
        let done = ask(folder.path(), "", text);
        assert_eq!(done.err, format!("{parsing}{why}\n"), "{text}");
        assert_eq!((done.exit, done.out.as_str()), (1, ""), "{text}");
    }
    let done = ask(folder.path(), "", "{}");
    let why =
        "Error: invalid iallocator message: key 'request' not found, object contains only []\n";
    assert_eq!(done.err, why);
    let done = ask(folder.path(), "", &"[".repeat(100_000));
    assert_eq!(done.exit, 1, "{done:?}");
}

#[test]
fn members_that_are_missing_or_wrong_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole: Value = serde_json::from_str(&message("{}")).unwrap();
    let set = |path: &str, value: Value| {
        let mut whole = whole.clone();
        *whole.pointer_mut(path).unwrap() = value;
        whole.to_string()
    };
    for (path, value, why) in [
        (
            "/nodes",
            json!(3),
            "invalid iallocator message: key 'nodes': Unable to read JSObject",
        ),
        ("/nodes/a1.lab", json!(3), "not an object"),
        (
            "/nodes/a1.lab/offline",
            json!(3),
            "invalid data for node 'a1.lab': key 'offline': Unable to read Bool",
        ),
        (
            "/nodes/a1.lab/group",
            json!("x"),
            "Unknown group 'x' for node a1.lab",
        ),
        (
            "/nodes/a1.lab/free_memory",
            json!("x"),
            "invalid data for node 'a1.lab': key 'free_memory': Unable to read Int",
        ),
        (
            "/nodes/a1.lab/total_memory",
            json!(1e300),
            "invalid data for node 'a1.lab': key 'total_memory': '1e300' is out of range",
        ),
        (
            "/instances/db.lab/nodes",
            json!([]),
            "empty node list for instance db.lab",
        ),
        (
            "/instances/db.lab/nodes",
            json!(["x"]),
            "Unknown node 'x' for instance db.lab",
        ),
        ("/instances/db.lab/nodes", json!([3]), "Wrong JSON type"),
        (
            "/instances/db.lab/disks",
            Value::Null,
            "Invalid input, expected array but got null",
        ),
        (
            "/instances/db.lab/memory",
            json!([]),
            "invalid data for instance 'db.lab': key 'memory': Unable to read Int",
        ),
        (
            "/nodegroups/uuid-east/alloc_policy",
            json!("x"),
            "invalid data for group 'uuid-east': key 'alloc_policy': Invalid string value for type AllocPolicy: \"x\"",
        ),
        (
            "/nodegroups/uuid-east/ipolicy/std",
            json!({}),
            "invalid data for group 'uuid-east': key 'ipolicy': Can't parse value for 'std': key 'memory-size' not found, object contains only []",
        ),
        (
            "/enabled_hypervisors",
            json!(["x"]),
            "invalid iallocator message: key 'enabled_hypervisors': Invalid string value for type Hypervisor: \"x\"",
        ),
        (
            "/cluster_tags",
            json!("x"),
            "invalid iallocator message: key 'cluster_tags': Unable to read list",
        ),
    ] {
        let done = ask(folder.path(), "", &set(path, value));
        assert_eq!(done.err, format!("Error: {why}\n"), "{path}");
        assert_eq!(done.exit, 1);
    }
}

#[test]
fn the_command_line_is_that_of_the_real_one() {
    let folder = tempfile::tempdir().unwrap();
    for (words, exit, why) in [
        ("hail", 1, "Error: This program needs an input file.\n"),
        (
            "hail a b",
            1,
            "Error: Only one argument is accepted (the input file)\n",
        ),
        ("hail none", 1, "none: openFile: does not exist"),
        (
            "hail --mond-xen x",
            2,
            "option `--mond-xen' of hail is not supported",
        ),
        (
            "hail --mond x",
            2,
            "option `--mond' of hail: gantry asks no monitoring daemons",
        ),
        ("hail -L x", 2, "unrecognized option `-L'"),
        ("hail -G x y", 2, "unrecognized option `-G'"),
    ] {
        let done = gantry(folder.path(), words.split_whitespace());
        assert_eq!(done.exit, exit, "{done:?}");
        assert!(done.err.contains(why), "{done:?}");
    }
}

const NEW: &str = r#"{"type": "allocate", "name": "new.lab", "memory": 2048, "vcpus": 1, "disk_space_total": 150000,
    "disks": [{"size": 150000}], "disk_template": "plain", "spindle_use": 1, "tags": [], "nics": [], "required_nodes": 1,
    "group_name": "east", "restrict-to-nodes": ["a1.lab"]}"#;

#[test]
fn json_tells_why_a_node_would_not_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let done = ask(folder.path(), "--json", &message(NEW));
    let value: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(value["success"], false);
    let refused = &value["refused_by"][0];
    assert_eq!(refused["node"], "a1.lab");
    assert_eq!(refused["instance"], "new.lab");
    assert_eq!(refused["text"], "a1.lab: 16.5 GiB of disk short");
    let readme = include_str!("../../../README.md");
    for field in value.as_object().unwrap().keys() {
        assert!(readme.contains(&format!("`{field}`")), "{field}");
    }
}

#[test]
fn json_has_the_moves_as_commands() {
    let folder = tempfile::tempdir().unwrap();
    let request =
        r#"{"type": "node-evacuate", "instances": ["db.lab"], "evac_mode": "primary-only"}"#;
    let done = ask(folder.path(), "--json", &message(request));
    let value: Value = serde_json::from_str(&done.out).unwrap();
    let placed = &value["placed"][0];
    assert_eq!(placed["nodes"], json!(["a1.lab", "a2.lab"]), "{value}");
    assert_eq!(placed["commands"], json!(["migrate -f db"]), "{value}");
}

#[test]
fn another_cluster_may_stand_in_and_be_saved() {
    let folder = tempfile::tempdir().unwrap();
    let request = NEW.replace("150000", "2000").replace(
        ",\n    \"group_name\": \"east\", \"restrict-to-nodes\": [\"a1.lab\"]",
        "",
    );
    let options = "--simulate p,3,100g,16g,4 -S state -v -p";
    let done = ask(folder.path(), options, &message(&request));
    assert!(
        done.out.contains("\"result\":[\"node-01-003\"]"),
        "{done:?}"
    );
    assert!(
        done.err
            .contains("Received request: Allocate (Instance {name = \"new.lab\""),
        "{done:?}"
    );
    assert!(done.err.contains("Final cluster status:"), "{done:?}");
    let saved = fs::read_to_string(folder.path().join("state.post-ialloc")).unwrap();
    assert!(
        saved.contains("new.lab|2048|2000|1|running|Y|node-01-003||plain|"),
        "{saved}"
    );
}
