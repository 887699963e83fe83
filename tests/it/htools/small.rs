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
fn json_goes_with_nothing_that_writes_elsewhere_or_does_it() {
    let folder = folder();
    for (words, option) in [
        ("hbal -G east -S x", "--save"),
        ("hbal -G east -Cx", "--print-commands"),
        ("hbal -G east -p", "--print-nodes"),
        ("hsqueeze -X", "--exec"),
    ] {
        let words = format!("{words} -t small.data --json");
        let done = gantry(folder.path(), words.split_whitespace());
        assert_eq!(done.exit, 2, "{words}: {done:?}");
        let why = format!("option `{option}' cannot be given with --json");
        assert!(done.err.contains(&why), "{words}: {done:?}");
        assert_eq!(done.out, "");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_quiet_hcheck_tells_by_its_exit_status() {
    let words = "hcheck -q -t small.data";
    let done = gantry(folder().path(), words.split_whitespace());
    assert_eq!((done.out.as_str(), done.exit), ("", 1));
}

#[test]
fn numbers_are_read_as_the_real_tools_read_them() {
    let folder = folder();
    let run = |words: &str| gantry(folder.path(), words.split_whitespace());
    for good in ["-l 0x5", "-l (5)"] {
        let done = run(&format!("hbal -t small.data -G east {good}"));
        assert_eq!(done.exit, 0, "{good}: {done:?}");
    }
    for bad in ["-e .5", "-e +5", "-l +5", "--min-disk=1e300"] {
        let done = run(&format!("hbal -t small.data -G east {bad}"));
        assert_eq!(done.exit, 1, "{bad}: {done:?}");
    }
    let endless = "hspace --simulate p,3,100g,8g,4 --standard-alloc 0,0,0,0 --disk-template plain";
    assert_eq!(run(endless).exit, 1);
}

#[test]
fn json_has_the_opcodes_that_the_jobs_of_each_set_would_have() {
    let words = "hbal -t small.data -G east --json --priority=low --reason=tidy -l 2";
    let done = gantry(folder().path(), words.split_whitespace());
    let value: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    let sets = value["job_sets"].as_array().unwrap();
    let ids = |job: &serde_json::Value| {
        let opcodes = job["opcodes"].as_array().unwrap().iter();
        opcodes
            .map(|it| it["OP_ID"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    // Both moves are `f r:`, and share a node.
    let wanted = ["OP_INSTANCE_MIGRATE", "OP_INSTANCE_REPLACE_DISKS"];
    assert_eq!(sets.len(), 2);
    for set in sets {
        let [job] = set.as_array().unwrap().as_slice() else {
            panic!("{set}")
        };
        assert_eq!(ids(job), wanted);
        for opcode in job["opcodes"].as_array().unwrap() {
            assert_eq!(opcode["priority"], 10);
            assert_eq!(opcode["depends"], serde_json::Value::Null);
            assert_eq!(opcode["reason"][0][1], "tidy");
        }
    }
    let last = &sets[0][0]["opcodes"][1];
    assert_eq!(last["instance_name"], "mail.lab");
    assert_eq!(last["remote_node"], "a3.lab");
}

/// Every daemon's answer: a node has this load of processors, and each of these instances its own.
fn monitored(nodes: &[(&str, f64)], xen: &[(&str, f64)]) -> String {
    let report = |name: &str, data: serde_json::Value| {
        serde_json::json!({
            "name": name, "version": "B", "format_version": 1, "timestamp": 1, "category": null, "kind": 0,
            "data": data,
        })
    };
    let xen: serde_json::Map<_, _> = xen
        .iter()
        .map(|(name, load)| ((*name).to_owned(), serde_json::json!(load)))
        .collect();
    let answers = nodes.iter().map(|(node, load)| {
        let average = serde_json::json!({"cpu_number": 1, "cpus": [load], "cpu_total": load});
        let reports = [
            report("cpu-avg-load", average),
            report("xen-cpu-avg-load", xen.clone().into()),
        ];
        serde_json::json!({"node": node, "reports": reports})
    });
    serde_json::Value::from_iter(answers).to_string()
}

/// What the real hbal prints with these reports, from the score at the start to the end.
#[test]
fn loads_come_from_what_the_monitoring_daemons_reported() {
    let folder = folder();
    let nodes = [
        ("a1.lab", 1.5),
        ("a2.lab", 3.0),
        ("a3.lab", 4.5),
        ("b1.lab", 6.0),
    ];
    let xen = [
        ("mail.lab", 0.5),
        ("mail2.lab", 0.25),
        ("web.lab", 0.75),
        ("db.lab", 1.5),
        ("tmp.lab", 0.1),
        ("old.lab", 0.0),
    ];
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    write("all.json", monitored(&nodes, &xen));
    write("some.json", monitored(&nodes[..3], &xen));
    write("without-old.json", monitored(&nodes, &xen[..5]));
    write("broken.json", "[{\"node\": \"a1.lab\"}]".to_owned());
    let hbal = |options: &str| {
        let words = format!("hbal -t small.data -G east {options}");
        let done = gantry(folder.path(), words.split_whitespace());
        let from = done.out.find("Initial score").unwrap_or(0);
        (done.exit, done.out[from..].to_owned(), done.err)
    };
    let plain = hbal("");
    let averaged = "Initial score: 10.84055696
Trying to minimize the CV...
    1. mail  a1:a2 => a2:a3   6.07695230 a=f r:a3
    2. old   a1:a3 => a3:a2   3.52393915 a=f r:a2
    3. web   a1:a3 => a1:a2   3.11733625 a=r:a2
Cluster score improved from 10.84055696 to 3.11733625
Solution length=3
";
    assert_eq!(hbal("--mond --mond-data=all.json").1, averaged);
    let xen = "Initial score: 10.27577842
Trying to minimize the CV...
    1. mail2 a1:a2 => a2:a3   5.36464351 a=f r:a3
    2. web   a1:a3 => a3:a2   2.42348944 a=f r:a2
    3. old   a1:a3 => a1:a2   1.97235542 a=r:a2
Cluster score improved from 10.27577842 to 1.97235542
Solution length=3
";
    assert_eq!(hbal("--mond=yes --mond-data=all.json --mond-xen").1, xen);
    // Without --mond the file is not looked at, and nothing counts with --ignore-dynu.
    assert_eq!(hbal("--mond-data=broken.json"), plain);
    let ignored = hbal("--ignore-dynu");
    assert_eq!(
        hbal("--ignore-dynu --mond --mond-data=broken.json"),
        ignored
    );
    for (options, why) in [
        (
            "--mond --mond-data=some.json",
            "Didn't receive an answer by all MonDs, cpu-avg-load's data will be ignored.\n",
        ),
        (
            "--mond --mond-xen --mond-data=without-old.json",
            "No CPU information available for [\"old.lab\"]\n",
        ),
    ] {
        let done = hbal(options);
        assert_eq!((done.0, &done.1), (0, &plain.1), "{options}");
        assert_eq!(done.2, format!("{why}{}", plain.2), "{options}");
        let done = hbal(&format!("{options} --exit-on-missing-mond-data"));
        let ended = format!("{why}Error: Not all required data available\n");
        assert_eq!((done.0, done.2), (1, ended), "{options}");
    }
    let done = hbal("--mond --mond-data=broken.json");
    let why = "can't parse MonD data: missing field `reports`";
    assert_eq!((done.0, done.2.contains(why)), (1, true), "{done:?}");
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
