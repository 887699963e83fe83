//! What is written says what is so.

use std::path::Path;

const START: &str =
    "<!-- keys: made by the program from its table of actions; a test compares them -->\n";
const END: &str = "<!-- /keys -->";

/// The README's table of keys is the program's own. `GANTRY_BLESS=1` writes it anew.
#[test]
fn the_readme_names_the_keys_that_there_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(START).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    let wanted = format!("\n{}\n", gantry::input::help::markdown().trim());
    if std::env::var_os("GANTRY_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{START}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(
        table, wanted,
        "the README's keys are not the program's: run this test with GANTRY_BLESS=1"
    );
}
