//! Questions to the operator, one after another.

use std::collections::VecDeque;

use crate::input::{Key, KeyCode};

use super::layout::LEAST;
use super::line::LineEdit;
use super::sheet::wrap;
use super::{Answer, Effect, Prompt, PromptKind};

/// The widest box of a question, columns.
const WIDEST: u16 = 90;

/// A question as it stands in its box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Columns of the box.
    pub width: u16,
    /// Rows of the box.
    pub height: u16,
    /// Its sentences, as far as there is room for them.
    pub lines: Vec<String>,
    /// Lines that there is no room for.
    pub hidden: usize,
}

/// Puts a question into a box on a screen of this size.
pub fn shape(prompt: &Prompt, (width, height): (u16, u16)) -> Shape {
    let box_width = WIDEST.min(width.saturating_sub(2));
    let inner = usize::from(box_width.saturating_sub(4));
    let sentences = prompt.lines.iter();
    let mut lines: Vec<String> = sentences.flat_map(|line| wrap(line, inner)).collect();
    let asked = match &prompt.kind {
        PromptKind::Fields(fields) => u16::try_from(fields.len().max(1)).unwrap_or(u16::MAX),
        PromptKind::YesNo => 1,
    };
    // The frame, and a blank line before what is asked.
    let around = asked.saturating_add(3);
    let room = usize::from(height.saturating_sub(around + 1)).max(1);
    let hidden = lines.len().saturating_sub(room);
    if hidden > 0 {
        lines.truncate(room);
    }
    let text = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    Shape {
        width: box_width,
        height: text.saturating_add(around).min(height),
        lines,
        hidden,
    }
}

/// The whole question can be read on a screen of this size.
fn can_be_read(prompt: &Prompt, size: (u16, u16)) -> bool {
    size.0 >= LEAST.0 && size.1 >= LEAST.1 && shape(prompt, size).hidden == 0
}

/// The questions that wait for an answer; the first is on the screen.
#[derive(Clone, Debug, Default)]
pub struct Dialogs {
    queue: VecDeque<Prompt>,
    fields: Vec<LineEdit>,
    at: usize,
}

impl Dialogs {
    /// The question on the screen.
    pub fn first(&self) -> Option<&Prompt> {
        self.queue.front()
    }

    /// What was typed into its fields.
    pub fn fields(&self) -> &[LineEdit] {
        &self.fields
    }

    /// The field that is typed into.
    pub fn at(&self) -> usize {
        self.at
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// None waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes a question, unless it was asked already.
    pub fn ask(&mut self, prompt: Prompt) {
        if self.queue.iter().any(|known| known.id == prompt.id) {
            return;
        }
        self.queue.push_back(prompt);
        if self.queue.len() == 1 {
            self.begin();
        }
    }

    /// Forgets a question.
    pub fn withdraw(&mut self, id: u64) {
        let first = self.first().map(|prompt| prompt.id);
        self.queue.retain(|prompt| prompt.id != id);
        if first == Some(id) {
            self.begin();
        }
    }

    fn begin(&mut self) {
        let count = match self.first().map(|prompt| &prompt.kind) {
            Some(PromptKind::Fields(fields)) => fields.len(),
            _ => 0,
        };
        self.fields = vec![LineEdit::default(); count];
        self.at = 0;
    }

    fn answer(&mut self, answer: Answer) -> Option<Effect> {
        let id = self.queue.pop_front()?.id;
        self.begin();
        Some(Effect::Answer { id, answer })
    }

    /// Takes a key for the question on a screen of this size. Nobody says yes to what cannot be
    /// read.
    pub fn press(&mut self, key: Key, size: (u16, u16)) -> Option<Effect> {
        let prompt = self.first()?;
        if key.code == KeyCode::Esc || key == Key::ctrl('c') {
            return self.answer(Answer::No);
        }
        if prompt.kind == PromptKind::YesNo {
            // Enter means nothing here: a key that is pressed all the time must not say yes.
            let readable = can_be_read(prompt, size);
            return match key.code {
                KeyCode::Char('y' | 'Y') if !key.ctrl && !key.alt && readable => {
                    self.answer(Answer::Yes)
                }
                KeyCode::Char('n' | 'N') if !key.ctrl && !key.alt => self.answer(Answer::No),
                _ => None,
            };
        }
        let last = self.fields.len().saturating_sub(1);
        match key.code {
            KeyCode::Enter if self.at >= last => {
                let texts = self.fields.iter().map(LineEdit::text).collect();
                return self.answer(Answer::Text(texts));
            }
            KeyCode::Enter | KeyCode::Down => self.at = (self.at + 1).min(last),
            KeyCode::Tab if !key.shift => self.at = (self.at + 1).min(last),
            KeyCode::Tab | KeyCode::Up => self.at = self.at.saturating_sub(1),
            _ => {
                if let Some(field) = self.fields.get_mut(self.at) {
                    field.press(key);
                }
            }
        }
        None
    }

    /// Takes pasted text; a line break at its end does not send it off.
    pub fn paste(&mut self, text: &str) {
        if let Some(field) = self.fields.get_mut(self.at) {
            field.insert(text);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::Field;
    use super::*;

    fn prompt(id: u64, kind: PromptKind) -> Prompt {
        Prompt {
            id,
            title: String::new(),
            lines: Vec::new(),
            kind,
        }
    }

    fn fields(count: usize) -> PromptKind {
        let field = Field {
            label: "x".into(),
            echo: false,
        };
        PromptKind::Fields(vec![field; count])
    }

    fn press(dialogs: &mut Dialogs, keys: &str) -> Option<Effect> {
        let press = |key: &str| dialogs.press(key.parse().unwrap(), (80, 24));
        keys.split(' ').map(press).last().flatten()
    }

    fn answered(id: u64, answer: Answer) -> Option<Effect> {
        Some(Effect::Answer { id, answer })
    }

    #[test]
    fn only_y_says_yes() {
        let mut dialogs = Dialogs::default();
        dialogs.ask(prompt(1, PromptKind::YesNo));
        dialogs.ask(prompt(2, PromptKind::YesNo));
        assert_eq!(press(&mut dialogs, "Enter Space Ctrl-Y j"), None);
        assert_eq!(press(&mut dialogs, "y"), answered(1, Answer::Yes));
        assert_eq!(press(&mut dialogs, "Esc"), answered(2, Answer::No));
        assert!(dialogs.is_empty());
    }

    #[test]
    fn nobody_says_yes_to_what_cannot_be_read() {
        let mut dialogs = Dialogs::default();
        let mut long = prompt(1, PromptKind::YesNo);
        long.lines = vec!["a sentence".into(); 20];
        dialogs.ask(long);
        let yes = Key::char('y');
        assert_eq!(dialogs.press(yes, (80, 12)), None);
        assert_eq!(dialogs.press(yes, (20, 60)), None);
        assert_eq!(dialogs.press(yes, (80, 40)), answered(1, Answer::Yes));
    }

    #[test]
    fn fields_are_filled_one_after_another() {
        let mut dialogs = Dialogs::default();
        dialogs.ask(prompt(1, fields(2)));
        assert_eq!(press(&mut dialogs, "a b Enter q"), None);
        let texts = Answer::Text(vec!["ab".into(), "q".into()]);
        assert_eq!(press(&mut dialogs, "Enter"), answered(1, texts));
    }

    #[test]
    fn what_was_typed_for_a_withdrawn_question_does_not_answer_the_next() {
        let mut dialogs = Dialogs::default();
        dialogs.ask(prompt(1, fields(1)));
        dialogs.ask(prompt(2, fields(1)));
        dialogs.paste("secret\n");
        dialogs.withdraw(1);
        assert_eq!(
            press(&mut dialogs, "Enter"),
            answered(2, Answer::Text(vec![String::new()]))
        );
    }

    #[test]
    fn secrets_do_not_come_into_logs() {
        let mut dialogs = Dialogs::default();
        dialogs.ask(prompt(1, fields(1)));
        dialogs.paste("hunter2");
        assert!(!format!("{dialogs:?}").contains("hunter2"));
        let effect = press(&mut dialogs, "Enter");
        assert!(!format!("{effect:?}").contains("hunter2"));
    }
}
