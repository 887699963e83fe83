//! JSON as the real hail reads it: members of objects keep their order, and what is wrong is said in its words.

/// A value. Numbers are kept as they are written.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A text.
    Text(String),
    /// `[...]`
    Array(Vec<Json>),
    /// `{...}`, in its order.
    Object(Vec<(String, Json)>),
}

/// How deep values may lie in each other.
const DEPTH: usize = 100;

/// Reads a text that holds one object or array.
///
/// # Errors
/// In the words of the library that the real tool uses.
pub fn read(text: &str) -> Result<Json, String> {
    if !text.starts_with(['{', '[']) {
        return Err(
            "Invalid JSON: a JSON text a serialized object or array at the top level.".to_owned(),
        );
    }
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.blank();
    match reader.rest {
        "" => Ok(value),
        rest => {
            let rest = super::super::text::quoted(&start(rest));
            Err(format!("Invalid tokens at end of JSON string: {rest}"))
        }
    }
}

/// What is shown of the place where something is wrong.
fn start(rest: &str) -> String {
    rest.chars().take(8).collect()
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn wrong<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("{what}{}", start(self.rest)))
    }

    /// Goes on behind a sign, if it is there.
    fn sign(&mut self, sign: char) -> bool {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth > DEPTH {
            return Err("Malformed JSON: nested too deeply".to_owned());
        }
        self.blank();
        match self.rest.chars().next() {
            Some('"') => self.text().map(Json::Text),
            Some('[') => self.array(depth),
            Some('{') => self.object(depth),
            Some('t' | 'f') => {
                if self.word("true") {
                    Ok(Json::Bool(true))
                } else if self.word("false") {
                    Ok(Json::Bool(false))
                } else {
                    self.wrong("Unable to parse JSON Bool: ")
                }
            }
            Some('-' | '0'..='9') => self.number(),
            Some('n') if self.word("null") => Ok(Json::Null),
            _ => self.wrong("Malformed JSON: invalid token in this context "),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, String> {
        let mut out = Vec::new();
        self.sign('[');
        self.blank();
        if self.sign(']') {
            return Ok(Json::Array(out));
        }
        loop {
            out.push(self.value(depth + 1)?);
            let before = self.rest;
            self.blank();
            if self.sign(']') {
                return Ok(Json::Array(out));
            }
            if !self.sign(',') {
                self.rest = before;
                return self.wrong("Unable to parse JSON array: unterminated array: ");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, String> {
        let mut out = Vec::new();
        self.sign('{');
        self.blank();
        if self.sign('}') {
            return Ok(Json::Object(out));
        }
        loop {
            self.blank();
            if !self.rest.starts_with('"') {
                return self.wrong("Malformed JSON: expecting string: ");
            }
            let key = self.text()?;
            let before = self.rest;
            self.blank();
            if !self.sign(':') {
                self.rest = before;
                return self.wrong("Malformed JSON labelled field: ");
            }
            out.push((key, self.value(depth + 1)?));
            let before = self.rest;
            self.blank();
            if self.sign('}') {
                return Ok(Json::Object(out));
            }
            if !self.sign(',') {
                self.rest = before;
                return self.wrong("Unable to parse JSON object: unterminated sequence: ");
            }
        }
    }

    fn digits(&mut self) -> String {
        let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let (digits, rest) = self.rest.split_at(self.rest.len() - rest.len());
        self.rest = rest;
        digits.to_owned()
    }

    fn number(&mut self) -> Result<Json, String> {
        let mut out = String::new();
        if self.sign('-') {
            out.push('-');
        }
        if self.sign('0') {
            out.push('0');
        } else {
            let digits = self.digits();
            if digits.is_empty() {
                return Err("Unable to parse JSON Rational: ".to_owned() + &start(self.rest));
            }
            out += &digits;
        }
        if self.sign('.') {
            out.push('.');
            out += &self.digits();
            if out.ends_with('.') {
                out.push('0');
            }
        }
        if self.rest.starts_with(['e', 'E']) {
            self.rest = &self.rest[1..];
            out.push('e');
            if self.sign('-') {
                out.push('-');
            } else {
                self.sign('+');
            }
            let digits = self.digits();
            if digits.is_empty() {
                return self.wrong("Unable to parse JSON exponential: ");
            }
            out += &digits;
        }
        Ok(Json::Number(out))
    }

    fn text(&mut self) -> Result<String, String> {
        let mut out = String::new();
        self.sign('"');
        loop {
            let mut chars = self.rest.chars();
            let Some(next) = chars.next() else {
                return Err("Unable to parse JSON String: unterminated String: ".to_owned());
            };
            match next {
                '"' => {
                    self.rest = chars.as_str();
                    return Ok(out);
                }
                '\\' => {
                    self.rest = chars.as_str();
                    out.push(self.escape()?);
                }
                '\0'..='\x1f' => return self.wrong("Illegal unescaped character in string: "),
                next => {
                    self.rest = chars.as_str();
                    out.push(next);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let mut chars = self.rest.chars();
        let Some(next) = chars.next() else {
            return Err("Unable to parse JSON String: unterminated String: ".to_owned());
        };
        self.rest = chars.as_str();
        Ok(match next {
            '"' | '\\' | '/' => next,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let first = self.hex()?;
                let pair = (0xd800..0xdc00).contains(&first) && self.word("\\u");
                let code = if pair {
                    let second = self.hex()?;
                    0x10000 + ((first - 0xd800) << 10) + (second & 0x3ff)
                } else {
                    first
                };
                // Half a pair is no character; nothing that is compared holds one.
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => {
                let why = "Unable to parse JSON String: invalid escape char: ";
                return Err(format!("{why}{other:?}"));
            }
        })
    }

    fn hex(&mut self) -> Result<u32, String> {
        let digits: String = self.rest.chars().take(4).collect();
        let whole = digits.len() == 4 && digits.chars().all(|c| c.is_ascii_hexdigit());
        match u32::from_str_radix(&digits, 16) {
            Ok(code) if whole => {
                self.rest = &self.rest[4..];
                Ok(code)
            }
            _ => self.wrong("Unable to parse JSON String: invalid hex: "),
        }
    }
}

/// Writes a text as the real tool does.
pub fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1f' | '\x7f' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Writes a value as the real tool does.
pub fn written(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(it) => it.to_string(),
        Json::Number(digits) => digits.clone(),
        Json::Text(text) => quoted(text),
        Json::Array(parts) => {
            let parts: Vec<String> = parts.iter().map(written).collect();
            format!("[{}]", parts.join(","))
        }
        Json::Object(members) => {
            let member =
                |(key, value): &(String, Json)| format!("{}:{}", quoted(key), written(value));
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
    }
}
