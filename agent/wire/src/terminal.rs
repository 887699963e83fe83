//! An agent on a terminal: it is started with the option that [`option`] makes, beside those that it
//! always has, and becomes what was asked for.
//!
//! ```text
//! gantry-agent serve --terminal=7b226964223a22...
//! ```
//!
//! The digits are an [`Act`] as JSON: no shell on the way finds anything in them.

use std::fmt::Write;

use crate::act::Act;

/// The option's name.
pub const OPTION: &str = "--terminal";

/// The exit status of an agent that refused.
pub const REFUSED: u32 = 77;

/// The option that asks for this.
pub fn option(act: &Act) -> String {
    let json = serde_json::to_vec(act).unwrap_or_default();
    let mut option = format!("{OPTION}=");
    for byte in json {
        // Writing to a string cannot fail.
        let _ = write!(option, "{byte:02x}");
    }
    option
}

/// What is asked for by the digits after the option.
///
/// # Errors
/// In words, if they are none or nothing that can be asked for.
pub fn read(digits: &str) -> Result<Act, String> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(pair).collect();
    let bytes = bytes.ok_or_else(|| "what it wants is not in hexadecimal digits".to_owned())?;
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::act::{ActId, Expect};
    use crate::operation::{Console, Operation};

    #[test]
    fn what_is_asked_for_comes_through_a_shell_as_it_was() {
        let act = Act {
            id: ActId::new(7),
            operation: Operation::Console(Console {
                instance: "web1".into(),
                node: "node1".into(),
                hypervisor: "kvm".into(),
            }),
            expect: Expect::Instance {
                primary: "node1".into(),
                secondaries: Vec::new(),
                admin_state: "up".into(),
            },
            reason: "it's \"stuck\"; rm -rf / $(reboot)".into(),
            operator: "alice".into(),
        };
        let option = option(&act);
        let digits = option.strip_prefix("--terminal=").unwrap();
        assert!(digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(read(digits), Ok(act));
        for odd in ["", "7", "zz", "7b7d", "\u{e9}"] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }
}
