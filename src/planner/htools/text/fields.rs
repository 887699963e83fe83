//! One line of a section: its fields, and what to say of one that is wrong.

use super::number;

/// Splits as the htools do: an empty text has no part, a separator at the end makes an empty last one.
pub fn parts(text: &str, separator: char) -> Vec<&str> {
    if text.is_empty() {
        Vec::new()
    } else {
        text.split(separator).collect()
    }
}

/// The same, as owned text.
pub fn list(text: &str) -> Vec<String> {
    parts(text, ',').into_iter().map(str::to_owned).collect()
}

/// A list as the htools print one: `["a","b"]`.
pub fn shown(parts: &[&str]) -> String {
    let quoted: Vec<String> = parts.iter().map(|part| quoted(part)).collect();
    format!("[{}]", quoted.join(","))
}

/// A text between quotes; what could be mistaken or cannot be printed is written as a number.
pub fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            ' '..='~' => out.push(c),
            c => out.push_str(&format!("\\{}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// A line with its fields.
pub struct Line<'a> {
    /// Counted from 1 in the file.
    pub number: usize,
    /// Its fields.
    pub fields: Vec<&'a str>,
}

impl<'a> Line<'a> {
    /// The field, empty where the line is too short for it.
    pub fn get(&self, column: usize) -> &'a str {
        self.fields.get(column).copied().unwrap_or_default()
    }

    /// Whether the line goes as far as this column.
    pub fn has(&self, column: usize) -> bool {
        column < self.fields.len()
    }

    /// Says what is wrong with a field, and where it stands.
    pub fn wrong(&self, column: usize, field: &str, what: impl std::fmt::Display) -> String {
        let (line, column) = (self.number, column + 1);
        format!("{what} (line {line}, field {column}: {field})")
    }

    /// Says what is wrong with the line as a whole.
    pub fn broken(&self, what: &str) -> String {
        let fields = shown(&self.fields);
        format!("{what}: '{fields}' (line {})", self.number)
    }

    /// Reads a whole number.
    pub fn integer(&self, owner: &str, column: usize, field: &str) -> Result<i64, String> {
        number::integer(self.get(column))
            .map_err(|why| self.wrong(column, field, format_args!("{owner}: {why}")))
    }

    /// Reads a real number.
    pub fn real(&self, owner: &str, column: usize, field: &str) -> Result<f64, String> {
        number::real(self.get(column))
            .map_err(|why| self.wrong(column, field, format_args!("{owner}: {why}")))
    }

    /// Reads `Y` or `N`.
    pub fn yes(&self, column: usize, field: &str, or_else: String) -> Result<bool, String> {
        match self.get(column) {
            "Y" => Ok(true),
            "N" => Ok(false),
            _ => Err(self.wrong(column, field, or_else)),
        }
    }
}
