//! Sequences that ask a terminal to tell the desktop something.

/// The longest text, characters.
const LONGEST: usize = 200;

/// How the terminal is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Desktop {
    /// By OSC 9.
    Osc9,
    /// By OSC 777.
    Osc777,
}

impl Desktop {
    /// The sequence for a text. Of the text only printable ASCII gets into it, and nothing that would end a part of it.
    pub(super) fn sequence(self, text: &str) -> String {
        let plain = |c: char| match c {
            ';' => ',',
            ' '..='~' => c,
            _ => '?',
        };
        let text: String = text.chars().take(LONGEST).map(plain).collect();
        match self {
            Desktop::Osc9 => format!("\x1b]9;gantry: {text}\x1b\\"),
            Desktop::Osc777 => format!("\x1b]777;notify;gantry;{text}\x1b\\"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_terminal_has_its_own_form() {
        let text = "fail over web7: job 7 succeeded";
        assert_eq!(
            Desktop::Osc9.sequence(text),
            "\x1b]9;gantry: fail over web7: job 7 succeeded\x1b\\"
        );
        assert_eq!(
            Desktop::Osc777.sequence("a;b"),
            "\x1b]777;notify;gantry;a,b\x1b\\"
        );
    }

    proptest! {
        #[test]
        fn no_text_gets_out_of_its_sequence(text in any::<String>()) {
            for how in [Desktop::Osc9, Desktop::Osc777] {
                let sequence = how.sequence(&text);
                let inner = sequence.strip_prefix('\x1b').and_then(|it| it.strip_suffix("\x1b\\"));
                let inner = inner.unwrap_or("\x1b");
                prop_assert!(inner.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
                prop_assert!(inner.len() < 240);
            }
        }
    }
}
