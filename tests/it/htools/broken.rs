//! Files that are wrong: a sentence and exit status 1, whatever is in them.

use std::fs;

use super::gantry;

const SMALL: &str = include_str!("small.data");

/// What each tool says of a text.
fn said(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.data"), text).unwrap();
    let done = gantry(folder.path(), ["hinfo", "-t", "x.data"]);
    assert_eq!(done.exit, 1, "{done:?}");
    assert_eq!(done.out, "", "{done:?}");
    done.err
}

#[test]
fn an_error_names_line_and_field() {
    for (old, new, words) in [
        (
            "|32768|1024",
            "|much|1024",
            "a1.lab: cannot parse string 'much' (line 4, field 2: total memory)",
        ),
        (
            "|4096|20480|2|",
            "|4096|20480x|2|",
            "mail.lab: leftover characters when parsing '20480x': 'x' (line 9, field 3: disk)",
        ),
        (
            "preferred",
            "liked",
            "Invalid string value for type AllocPolicy: \"liked\" (line 1, field 3: alloc_policy)",
        ),
        (
            "running|Y|a1.lab",
            "running|Y|zz",
            "Unknown node 'zz' for instance mail.lab (line 9, field 7: primary node)",
        ),
        (
            "|uuid-west|2",
            "|uuid-south|2",
            "Unknown group 'uuid-south' for node b1.lab (line 7, field 9: group)",
        ),
        (
            "a1.lab|a2.lab|drbd",
            "a1.lab|a1.lab|drbd",
            "same primary and secondary node - a1.lab (line 9, field 8",
        ),
        (
            "running|Y",
            "walking|Y",
            "InstanceStatus: \"walking\" (line 9, field 5: status)",
        ),
        (
            "|32768|1024",
            "|NaN|1024",
            "'NaN' is out of range (line 4, field 2: total memory)",
        ),
        (
            "|4096|20480|2|",
            "|4096|99999999999999999999|2|",
            "is out of range (line 9, field 3: disk)",
        ),
        (
            "\neast|128",
            "\nsouth|128",
            "Wrong number of elems found with name south (line 20, field 1: owner)",
        ),
    ] {
        assert!(SMALL.contains(old), "{old}");
        let said = said(&SMALL.replacen(old, new, 1));
        assert!(
            said.starts_with("Error: failed to load data, aborting: "),
            "{said}"
        );
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn too_few_sections_and_no_file_are_told() {
    assert!(said("").contains("0 sections instead of 4 or more"));
    assert!(said("a|b|preferred|\n").contains("1 sections"));
    let folder = tempfile::tempdir().unwrap();
    let done = gantry(folder.path(), ["hbal", "-t", "none"]);
    assert_eq!(done.exit, 1);
    assert!(
        done.err.contains("none: openFile: does not exist"),
        "{done:?}"
    );
    let done = gantry(folder.path(), ["hcheck"]);
    assert!(done.err.contains("No backend selected"), "{done:?}");
}

#[test]
fn impossible_clusters_have_answers() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("nothing", "\n\n\n\n".to_owned()),
        ("no nodes", "g|u|preferred|\n\n\n\n\n".to_owned()),
        (
            "all offline",
            SMALL
                .replace("|N|uuid", "|Y|uuid")
                .replace("|M|uuid", "|Y|uuid"),
        ),
        (
            "no memory",
            SMALL
                .replace("|32768|1024|", "|0|0|")
                .replace("|65536|2048|", "|0|0|"),
        ),
        (
            "negative",
            SMALL
                .replace("|19456|", "|-19456|")
                .replace("|133120|", "|-1|"),
        ),
        ("unknown nodes", SMALL.replace("|32768|", "|?|")),
        ("split", SMALL.replace("a1.lab|a3.lab", "a1.lab|b1.lab")),
        ("no secondary", SMALL.replace("a1.lab|a3.lab", "a1.lab|")),
        (
            "no processors",
            SMALL
                .replace("|8|M|", "|0|M|")
                .replace("|4|N|uuid-west", "|0|N|uuid-west"),
        ),
    ] {
        fs::write(folder.path().join("x.data"), &text).unwrap();
        for command in [
            "hbal -t x.data -G east -v -v -v -v -p --print-instances -C",
            "hbal -t x.data -G west --json",
            "hcheck -t x.data",
            "hcheck -t x.data --json",
            "hinfo -t x.data -v -v -p --print-instances",
            "hinfo -t x.data --json",
        ] {
            let done = gantry(folder.path(), command.split_whitespace());
            assert!(
                done.exit == 0 || done.exit == 1,
                "{name}: {command}: {done:?}"
            );
            assert!(
                !done.err.contains("panicked"),
                "{name}: {command}: {done:?}"
            );
        }
    }
}
