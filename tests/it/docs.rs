//! What is written says what is so.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gantry_wire::operation::Permission;

const START: &str =
    "<!-- keys: made by the program from its table of actions; a test compares them -->\n";
const END: &str = "<!-- /keys -->";

/// Two that write the README at once would lose what one of them wrote.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The README's table of keys is the program's own. `GANTRY_BLESS=1` writes it anew.
#[test]
fn the_readme_names_the_keys_that_there_are() {
    let _alone = alone();
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

const PERMISSIONS: &str = "<!-- permissions: those of the program; a test compares them -->\n";
const PERMISSIONS_END: &str = "<!-- /permissions -->";

/// The README's list of permissions is the program's own. `GANTRY_BLESS=1` writes it anew.
#[test]
fn the_readme_names_the_permissions_that_there_are() {
    let _alone = alone();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(PERMISSIONS).unwrap();
    let (list, after) = rest.split_once(PERMISSIONS_END).unwrap();
    let mut wanted = String::new();
    let mut width = 0;
    for permission in Permission::all() {
        let word = format!("`{permission}` ");
        if width + word.len() > 120 {
            wanted = wanted.trim_end().to_owned() + "\n";
            width = 0;
        }
        width += word.len();
        wanted += &word;
    }
    let wanted = wanted.trim_end().to_owned() + "\n";
    if std::env::var_os("GANTRY_BLESS").is_some() {
        let text = format!("{before}{PERMISSIONS}{wanted}{PERMISSIONS_END}{after}");
        std::fs::write(&path, text).unwrap();
        return;
    }
    assert_eq!(
        list, wanted,
        "the README's permissions are not the program's: run this test with GANTRY_BLESS=1"
    );
}
