//! Lines of an ssh_config file, cut into words.

/// One line: its keyword in lower case and its arguments without their quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub keyword: String,
    pub words: Vec<String>,
}

/// Reads one line; `None` for a blank one or a comment.
///
/// The keyword and its first argument are parted by blanks, by one `=`, or both. Arguments are
/// parted by blanks; `"` and `'` hold one together, a backslash keeps a quote or a backslash. A `#`
/// that begins a word begins a comment.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn line(text: &str) -> Result<Option<Line>, &'static str> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{c}');
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    let end = text
        .find(|c: char| c.is_ascii_whitespace() || c == '=' || c == '"')
        .unwrap_or(text.len());
    let (keyword, rest) = text.split_at(end);
    if keyword.is_empty() {
        return Err("no keyword");
    }
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    let keyword = keyword.to_ascii_lowercase();
    let words = arguments(&keyword, rest)?;
    if words.is_empty() {
        return Err("no argument");
    }
    Ok(Some(Line { keyword, words }))
}

/// The arguments of a keyword (in lower case). A command is one, just as it stands there: its
/// quotes are for the shell.
///
/// # Errors
/// What is wrong, in words.
pub(super) fn arguments(keyword: &str, text: &str) -> Result<Vec<String>, &'static str> {
    match (keyword, text.trim()) {
        ("proxycommand", "") => Ok(Vec::new()),
        ("proxycommand", command) => Ok(vec![command.to_owned()]),
        _ => words(text),
    }
}

/// Cuts text into words.
fn words(text: &str) -> Result<Vec<String>, &'static str> {
    let mut found = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', _) if matches!(chars.peek(), Some('"' | '\'' | '\\')) => {
                word.get_or_insert_default().extend(chars.next());
            }
            (c, None) if c.is_ascii_whitespace() => found.extend(word.take()),
            ('#', None) if word.is_none() => break,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is never closed");
    }
    found.extend(word);
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (String, Vec<String>) {
        let line = line(text).unwrap().unwrap();
        (line.keyword, line.words)
    }

    #[test]
    fn blanks_equals_and_quotes_part_and_hold() {
        for text in [
            "HostName node1",
            "  hostname=node1",
            "HOSTNAME = node1 # the first",
            "HostName\t\"node1\"",
            "HostName 'node1'\r",
            "HostName=\"node1\"",
        ] {
            assert_eq!(
                read(text),
                ("hostname".into(), vec!["node1".into()]),
                "{text:?}"
            );
        }
        assert_eq!(
            read("Host  a\t!b  \"c d\" e\\\\f \"g\\\"h\" i#j \"\"").1,
            ["a", "!b", "c d", "e\\f", "g\"h", "i#j", ""]
        );
        assert_eq!(
            read("ProxyCommand = sh -c 'a \"b\"'").1,
            ["sh -c 'a \"b\"'"]
        );
        assert_eq!(line("   # Host x").unwrap(), None);
        assert_eq!(line("").unwrap(), None);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert_eq!(line("Host \"a"), Err("a quote is never closed"));
        assert_eq!(line("Host"), Err("no argument"));
        assert_eq!(line("Host # x"), Err("no argument"));
        assert_eq!(line("= x"), Err("no keyword"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = line(&text);
        }
    }
}
