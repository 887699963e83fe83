//! The filter: which rows are shown, and what in them matched.
//!
//! Words separated by spaces must all be found somewhere in the row, in any case; a word after `!`
//! must not be, and one after `#` is looked for among the tags. If that leaves nothing, rows whose
//! name has the letters in their order are shown.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Stands between what is searched of a row and its tags.
pub const TAGS: char = '\u{1}';

/// A filter as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    with: Vec<String>,
    without: Vec<String>,
}

/// Rows that passed.
#[derive(Debug, PartialEq, Eq)]
pub struct Passed<T> {
    /// In their order.
    pub rows: Vec<T>,
    /// None had the words, so that these only have the letters.
    pub fuzzy: bool,
}

impl Filter {
    /// Reads what was typed.
    pub fn new(text: &str) -> Filter {
        let lower = text.to_lowercase();
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for word in lower.split_whitespace() {
            match word.strip_prefix('!') {
                Some("") => {}
                Some(word) => without.push(word.to_owned()),
                None => with.push(word.to_owned()),
            }
        }
        Filter {
            text: text.to_owned(),
            with,
            without,
        }
    }

    /// As typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// It lets everything through.
    pub fn is_empty(&self) -> bool {
        self.with.is_empty() && self.without.is_empty()
    }

    /// The rows that pass; each comes with all that is searched of it in lower case, its name on
    /// the first line.
    pub fn pass<T: Clone>(&self, rows: &[(T, String)]) -> Passed<T> {
        let has = |words: &str| {
            let (seen, tags) = words.split_once(TAGS).unwrap_or((words, ""));
            let found = |word: &String| match word.strip_prefix('#') {
                Some(tag) => tags.contains(tag),
                None => seen.contains(word.as_str()),
            };
            self.with.iter().all(found) && !self.without.iter().any(found)
        };
        let mut passed: Vec<T> = rows
            .iter()
            .filter(|(_, words)| has(words))
            .map(|(row, _)| row.clone())
            .collect();
        let fuzzy = passed.is_empty() && !self.with.is_empty();
        if fuzzy {
            let mut letters = Letters::of(self);
            let name = |words: &str| words.lines().next().unwrap_or_default().to_owned();
            passed = rows
                .iter()
                .filter(|(_, words)| letters.find(&name(words)).is_some())
                .map(|(row, _)| row.clone())
                .collect();
        }
        Passed {
            fuzzy: fuzzy && !passed.is_empty(),
            rows: passed,
        }
    }

    /// The characters of a text that matched, by their number.
    pub fn spots(&self, text: &str) -> Vec<usize> {
        let lower: Vec<char> = text.chars().map(lower).collect();
        let mut spots = Vec::new();
        for word in &self.with {
            let word: Vec<char> = word.chars().collect();
            let found = lower.windows(word.len()).position(|part| part == word);
            spots.extend(found.into_iter().flat_map(|at| at..at + word.len()));
        }
        spots
    }
}

/// A character in lower case, where that is one character too.
fn lower(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// Finds a filter's letters in names, in their order but with others between.
pub struct Letters {
    matcher: Matcher,
    pattern: Pattern,
    scratch: Vec<char>,
}

impl Letters {
    /// For the words of a filter.
    pub fn of(filter: &Filter) -> Letters {
        Letters::in_text(&filter.with.join(" "))
    }

    /// For the words of a text.
    pub fn in_text(text: &str) -> Letters {
        let case = CaseMatching::Ignore;
        Letters {
            matcher: Matcher::new(Config::DEFAULT),
            pattern: Pattern::new(text, case, Normalization::Smart, AtomKind::Fuzzy),
            scratch: Vec::new(),
        }
    }

    /// How well a name matches, higher being better; none if letters are missing.
    pub fn find(&mut self, name: &str) -> Option<u32> {
        let name = Utf32Str::new(name, &mut self.scratch);
        self.pattern.score(name, &mut self.matcher)
    }

    /// The characters of a name that matched, by their number.
    pub fn spots(&mut self, name: &str) -> Vec<usize> {
        let mut spots = Vec::new();
        let name = Utf32Str::new(name, &mut self.scratch);
        self.pattern.indices(name, &mut self.matcher, &mut spots);
        spots.into_iter().map(|at| at as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pass(filter: &str, rows: &[&str]) -> (Vec<String>, bool) {
        let row = |row: &&str| (row.to_string(), row.to_lowercase());
        let rows: Vec<(String, String)> = rows.iter().map(row).collect();
        let passed = Filter::new(filter).pass(&rows);
        (passed.rows, passed.fuzzy)
    }

    #[test]
    fn words_are_found_anywhere_in_any_case() {
        let rows = ["web1\nrunning", "web2\nADMIN_down", "db1\nrunning"];
        assert_eq!(pass("", &rows).0.len(), 3);
        assert_eq!(pass("WEB", &rows).0, rows[..2]);
        assert_eq!(pass("web admin", &rows), (vec![rows[1].into()], false));
        assert_eq!(pass("!web", &rows).0, rows[2..]);
        assert_eq!(pass("!", &rows).0.len(), 3);
    }

    #[test]
    fn tags_are_asked_for() {
        let rows = ["db1\u{1}service:web\nrack", "web1\u{1}"];
        assert_eq!(pass("web", &rows).0, rows[1..]);
        assert_eq!(pass("#web", &rows).0, rows[..1]);
        assert_eq!(pass("!#web", &rows).0, rows[1..]);
    }

    #[test]
    fn letters_count_only_if_no_row_has_the_words() {
        let rows = ["frontend-1\nx", "backend-1\nfed"];
        assert_eq!(pass("fed", &rows), (vec![rows[1].into()], false));
        assert_eq!(pass("frd1", &rows), (vec![rows[0].into()], true));
        assert_eq!(pass("zzz", &rows), (vec![], false));
    }

    #[test]
    fn what_matched_is_told() {
        assert_eq!(Filter::new("eb").spots("wEb1"), [1, 2]);
        assert_eq!(Letters::in_text("w1").spots("web1"), [0, 3]);
        assert!(Filter::new("x").spots("web1").is_empty());
    }

    proptest! {
        #[test]
        fn spots_lie_in_the_text(filter in ".{0,6}", text in ".{0,12}") {
            let filter = Filter::new(&filter);
            let count = text.chars().count();
            prop_assert!(filter.spots(&text).iter().all(|at| *at < count));
            let _ = Letters::of(&filter).spots(&text);
        }
    }
}
