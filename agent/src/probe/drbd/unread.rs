//! Lines that could not be read, as they are told: not more than somebody would look at.

/// At most so many are told one by one.
const LINES: usize = 20;
/// Longer ones are cut, characters.
const LENGTH: usize = 160;

/// Collects what could not be read of one file.
#[derive(Debug)]
pub struct Unread {
    file: String,
    lines: Vec<String>,
    more: usize,
}

impl Unread {
    /// None yet of `file`.
    pub fn new(file: &str) -> Unread {
        Unread {
            file: file.to_owned(),
            lines: Vec::new(),
            more: 0,
        }
    }

    /// A line, counted from 1, and what is wrong with it.
    pub fn line(&mut self, number: usize, why: &str) {
        self.push(format!("{} line {number}: {why}", self.file));
    }

    /// Something that is wrong with all of it.
    pub fn say(&mut self, why: &str) {
        self.push(format!("{}: {why}", self.file));
    }

    fn push(&mut self, text: String) {
        if self.lines.len() < LINES {
            let printable = |c: char| if (' '..='~').contains(&c) { c } else { '?' };
            self.lines
                .push(text.chars().take(LENGTH).map(printable).collect());
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// What was collected.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.lines.clone();
        if self.more > 0 {
            lines.push(format!("{}: {} more", self.file, self.more));
        }
        lines
    }
}
