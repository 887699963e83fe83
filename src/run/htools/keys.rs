//! `KEY=VALUE` lines for shells.

use std::io;

use super::Output;

/// One line; quoted where it is not only letters, digits and points.
pub fn print_key(output: &mut Output<'_>, tool: &str, key: &str, value: &str) -> io::Result<()> {
    if value.chars().all(|c| c.is_alphanumeric() || c == '.') {
        writeln!(output.out, "{tool}_{key}={value}")
    } else {
        let quoted = value.replace('\'', "'\\''");
        writeln!(output.out, "{tool}_{key}='{quoted}'")
    }
}
