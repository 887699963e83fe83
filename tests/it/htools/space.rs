//! hspace on a small cluster of our own, as the real one prints it, and what it says beyond that.

use serde_json::Value;

use super::gantry;
use super::small::{folder, here};

#[test]
fn hspace_prints_capacity_maps_and_tables() {
    let words =
        "hspace -t small.data -v -v -v -p --tiered-alloc 20g,16g,4 --standard-alloc 10g,4g,2";
    let done = gantry(folder().path(), words.split_whitespace());
    assert_eq!(done.out, here("small.hspace.out"));
    assert_eq!(done.err, here("small.hspace.err"));
    assert_eq!(done.exit, 0);
}

#[test]
fn hspace_prints_keys_for_shells() {
    let words = "hspace -t small.data --machine-readable -l 40 --standard-alloc 10g,4g,2";
    let done = gantry(folder().path(), words.split_whitespace());
    assert_eq!(done.out, here("small.hspace.keys"));
    assert_eq!(done.exit, 0);
}

#[test]
fn json_names_what_runs_out_and_who_refuses_why() {
    let words = "hspace -t small.data --json --tiered-alloc 20g,16g,4 --standard-alloc 90g,1g,1";
    let done = gantry(folder().path(), words.split_whitespace());
    let value: Value = serde_json::from_str(&done.out).unwrap();
    let standard = &value["standard"];
    assert_eq!(standard["limited_by"], "disk", "{standard}");
    let refused = standard["refused_by"].as_array().unwrap();
    let a1 = refused.iter().find(|it| it["node"] == "a1.lab").unwrap();
    assert_eq!(a1["check"], "disk");
    assert_eq!(a1["mode"], "FailDisk");
    let text = a1["text"].as_str().unwrap();
    assert!(
        text.starts_with("a1.lab: ") && text.ends_with("of disk short"),
        "{text}"
    );
}

#[test]
fn without_online_nodes_there_are_no_targets() {
    let words = "hspace -t small.data -O a1 -O a2 -O a3 -O b1 -v -v -v";
    let done = gantry(folder().path(), words.split_whitespace());
    assert!(
        done.err.contains("Allocatable nodes: Right []\n"),
        "{done:?}"
    );
    assert_eq!(done.exit, 1);
}

#[test]
fn simulated_clusters_need_no_file() {
    let words = "hspace --simulate p,3,100g,8g,4 --standard-alloc 10g,1g,1 --tiered-alloc 10g,1g,1 --disk-template drbd";
    let done = gantry(folder().path(), words.split_whitespace());
    assert!(done.out.starts_with("The cluster has 3 nodes"), "{done:?}");
    assert_eq!((done.exit, done.err.as_str()), (0, ""));
}

#[test]
fn mistakes_are_told_in_the_words_of_the_real_tool() {
    for (words, text) in [
        (
            "--simulate x,4,1t,64g,8",
            "Error: failed to load data, aborting: Invalid string value for type AllocPolicy: \"x\"; Cannot parse AllocPolicy abbreviation 'x'\n",
        ),
        (
            "--simulate p,4,1q,64g,8",
            "Error: failed to load data, aborting: disk size: Unknown unit 'q'\n",
        ),
        (
            "--simulate p,a,1t,64g,8",
            "Error: failed to load data, aborting: node count: cannot parse string 'a'\n",
        ),
        (
            "-t small.data --disk-template foo",
            "Error while parsing command line arguments:\nInvalid string value for type DiskTemplate: \"foo\"\n",
        ),
        (
            "-t small.data --standard-alloc 10g",
            "Error while parsing command line arguments:\nInvalid standard specification: '10g', expected disk,ram,cpu\n",
        ),
        (
            "-t small.data --spindle-use -1",
            "Error while parsing command line arguments:\nInvalid value of the spindle-use (expected >= 0)\n",
        ),
        (
            "-t small.data -O a1 -O a2 -O a3 -O b1 -q",
            "Error: failure during allocation: Not enough online nodes\n",
        ),
    ] {
        let words = ["hspace"].into_iter().chain(words.split_whitespace());
        let done = gantry(folder().path(), words);
        assert_eq!(done.err, text);
        assert_eq!(done.exit, 1);
    }
}
