//! The htools on the live cluster: what they read and what they say is what Ganeti's own say on the master.

use super::lab::Lab;

/// So much may the memory of this machine, which all nodes share, change between two looks, MiB.
const JITTER: i64 = 2_048;

/// One of gantry's htools on the lab; its standard output. It must succeed.
fn tool(lab: &Lab, args: &[&str]) -> String {
    let output = lab.tool(args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs tests/lab"]
fn the_text_is_what_hscan_writes() {
    let lab = Lab::open();
    lab.gnt("hscan -d /tmp");
    let real = lab.gnt("cat /tmp/LOCAL.data");
    let place = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    tool(&lab, &["hscan", "node1", "-d", place.to_str().unwrap()]);
    let own = std::fs::read_to_string(place.join("node1.data")).unwrap();
    let lines = |text: &str| -> Vec<Vec<String>> {
        let lines = text.lines();
        lines
            .map(|line| line.split('|').map(str::to_owned).collect())
            .collect()
    };
    let (real, own) = (lines(&real), lines(&own));
    assert_eq!(real.len(), own.len());
    for (real, own) in real.into_iter().zip(own) {
        // Memory of the node itself and free memory of a node line.
        let moving = if real.len() == 15 { 2..4 } else { 0..0 };
        for (column, (real, own)) in real.iter().zip(&own).enumerate() {
            if moving.contains(&column) {
                let [real, own] = [real, own].map(|it| it.parse::<i64>().unwrap());
                assert!((real - own).abs() < JITTER, "{real} and {own}");
            } else {
                assert_eq!(real, own);
            }
        }
        assert_eq!(real.len(), own.len());
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn hbal_plans_what_ganetis_hbal_plans() {
    let lab = Lab::open();
    for group in ["rack1", "rack2"] {
        let real = lab.gnt(&format!("hbal -L -C -G {group}"));
        let own = tool(&lab, &["hbal", "node1", "-C", "-G", group]);
        // The score follows the free memory of the moment.
        let steady = |text: &str| -> Vec<String> {
            let lines = text
                .lines()
                .filter(|line| !line.starts_with("Initial score"));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(steady(&own), steady(&real));
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn the_other_tools_say_what_ganetis_say() {
    let lab = Lab::open();
    for line in ["hroller -L -v --ignore-non-redundant", "harep -L --dry-run"] {
        let real = lab.gnt(line);
        let words = line.replace("-L", "node1");
        let args: Vec<&str> = words.split(' ').collect();
        assert_eq!(tool(&lab, &args), real);
    }
    // A cluster that is not healthy is no failure of the tool.
    let counts = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.contains("SCORE"));
        lines.map(str::to_owned).collect()
    };
    let real = lab.gnt("hcheck -L --machine-readable --no-simulation");
    let own = tool(
        &lab,
        &["hcheck", "node1", "--machine-readable", "--no-simulation"],
    );
    assert_eq!(counts(&own), counts(&real));
}
