//! A form: the options of a plan, one a row, to be filled in.

use crate::input::{Key, KeyCode};

use super::facts::Facts;
use super::line::LineEdit;
use super::options::{self, Known, Of, Takes, Word};

/// A form on the screen.
#[derive(Clone, Debug)]
pub struct Form {
    /// What its options are of.
    pub of: Of,
    /// A row for each option.
    pub rows: Vec<Row>,
    /// The row that is changed.
    pub at: usize,
    /// What is wrong with what was filled in.
    pub wrong: Option<String>,
}

/// One option.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which.
    pub word: &'static Word,
    /// What it is set to.
    pub value: Value,
}

/// What an option is set to.
#[derive(Clone, Debug)]
pub enum Value {
    /// Set or not.
    Flag(bool),
    /// One of these, or nothing.
    Choice(Vec<String>, Option<usize>),
    /// What was typed.
    Text(LineEdit),
}

/// What a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// The form goes on.
    On,
    /// It is left as if it had not been opened.
    Left,
    /// These words are asked for.
    Done(Vec<String>),
}

impl Form {
    /// The options of the plan as they are now.
    pub fn new(of: Of, known: Known<'_>) -> Form {
        let values = values(of, known.facts);
        let row = |word: &'static Word| {
            let set = values.iter().find(|(name, _)| *name == word.name);
            let text = set.map(|(_, value)| value.as_str());
            let value = match word.takes {
                Takes::Nothing => Value::Flag(text.is_some()),
                Takes::Group | Takes::Template => {
                    let all = word.values(known);
                    let at = text.and_then(|text| all.iter().position(|it| it == text));
                    Value::Choice(all, at)
                }
                _ => {
                    let mut line = LineEdit::default();
                    line.set(text.unwrap_or_default());
                    Value::Text(line)
                }
            };
            Row { word, value }
        };
        Form {
            of,
            rows: of.words().iter().map(row).collect(),
            at: 0,
            wrong: None,
        }
    }

    /// Takes a key.
    pub fn press(&mut self, key: Key) -> Pressed {
        let last = self.rows.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return Pressed::Left,
            KeyCode::Char('c') if key.ctrl => return Pressed::Left,
            KeyCode::Enter => return Pressed::Done(self.words()),
            KeyCode::Up => self.at = self.at.saturating_sub(1),
            KeyCode::Tab if key.shift => self.at = self.at.saturating_sub(1),
            KeyCode::Down | KeyCode::Tab => self.at = (self.at + 1).min(last),
            _ => {
                if let Some(row) = self.rows.get_mut(self.at) {
                    row.value.press(key);
                    self.wrong = None;
                }
            }
        }
        Pressed::On
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        if let Some(Value::Text(line)) = self.rows.get_mut(self.at).map(|row| &mut row.value) {
            line.insert(text);
        }
    }

    /// What is filled in, as words.
    pub fn words(&self) -> Vec<String> {
        let word = |row: &Row| {
            let name = row.word.name;
            match &row.value {
                Value::Flag(set) => set.then(|| name.to_owned()),
                Value::Choice(all, at) => at
                    .and_then(|at| all.get(at))
                    .map(|value| format!("{name}={value}")),
                Value::Text(line) => {
                    // What is typed after a comma may have a blank before it.
                    let text: String = line.text().split_whitespace().collect();
                    (!text.is_empty()).then(|| format!("{name}={text}"))
                }
            }
        };
        self.rows.iter().filter_map(word).collect()
    }
}

/// What is set now.
fn values(of: Of, facts: &Facts) -> Vec<(&'static str, String)> {
    match of {
        Of::Balance => options::balance_values(&facts.plans.balance.ask, &facts.names),
        Of::Placing => options::placing_values(&facts.plans.placing.ask),
    }
}

impl Value {
    fn press(&mut self, key: Key) {
        let turn = match key.code {
            KeyCode::Right | KeyCode::Char(' ') => 1,
            KeyCode::Left => -1,
            _ => 0,
        };
        match self {
            Value::Flag(set) if turn != 0 => *set = !*set,
            Value::Flag(set) => match key.code {
                KeyCode::Char('y') => *set = true,
                KeyCode::Char('n') => *set = false,
                _ => {}
            },
            Value::Choice(all, at) => {
                // Nothing is one of them.
                let count = all.len() as isize + 1;
                let now = at.map_or(0, |at| at as isize + 1);
                let next = (now + turn).rem_euclid(count);
                *at = usize::try_from(next - 1).ok();
            }
            Value::Text(line) => {
                line.press(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::model::Cluster;

    fn form(of: Of, facts: &Facts) -> Form {
        let cluster = Cluster::new("x");
        Form::new(
            of,
            Known {
                cluster: &cluster,
                facts,
            },
        )
    }

    fn press(form: &mut Form, keys: &str) -> Pressed {
        let keys = keys.split(' ').map(|key| form.press(key.parse().unwrap()));
        keys.last().unwrap()
    }

    #[test]
    fn what_is_filled_in_comes_out_as_words() {
        let mut facts = Facts::default();
        facts.plans.balance.ask.stop_at = 90;
        let mut form = form(Of::Balance, &facts);
        assert_eq!(form.words(), ["stop-at=90"]);
        press(
            &mut form,
            "Down Space Down Down Down Backspace Backspace 9 5",
        );
        let words = ["no-disk-moves", "stop-at=95"].map(str::to_owned);
        assert_eq!(press(&mut form, "Enter"), Pressed::Done(words.into()));
        assert_eq!(press(&mut form, "Esc"), Pressed::Left);
    }

    #[test]
    fn a_choice_goes_round_and_may_be_nothing() {
        let facts = Facts::default();
        let mut form = form(Of::Placing, &facts);
        press(&mut form, "Down Down Down Right");
        assert_eq!(form.words(), ["template=diskless"]);
        press(&mut form, "Left");
        assert!(form.words().is_empty());
        press(&mut form, "Left");
        assert_eq!(form.words(), ["template=gluster"]);
    }
}
