//! Questions on a plain terminal, for the headless commands.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::list::printable;
use crate::app::{Answer, Prompt, PromptKind};

/// Asks on the controlling terminal; without one the answer is no.
pub fn ask(prompt: &Prompt) -> Answer {
    let Ok(tty) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
        return Answer::No;
    };
    asked_on(&tty, prompt).unwrap_or(Answer::No)
}

fn asked_on(mut tty: &File, prompt: &Prompt) -> std::io::Result<Answer> {
    writeln!(tty, "{}", printable(&prompt.title))?;
    for line in &prompt.lines {
        writeln!(tty, "  {}", printable(line))?;
    }
    let mut reader = BufReader::new(tty);
    match &prompt.kind {
        PromptKind::YesNo => {
            write!(tty, "yes or no? ")?;
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let yes = matches!(line.trim(), "y" | "yes" | "Y" | "YES" | "Yes");
            Ok(if yes { Answer::Yes } else { Answer::No })
        }
        PromptKind::Fields(fields) => {
            let mut texts = Vec::new();
            for field in fields {
                write!(tty, "{}: ", printable(&field.label))?;
                let mut line = String::new();
                let quiet = if field.echo {
                    None
                } else {
                    Some(Quiet::on(tty)?)
                };
                if reader.read_line(&mut line)? == 0 {
                    return Ok(Answer::No);
                }
                if quiet.is_some() {
                    writeln!(tty)?;
                }
                texts.push(line.trim_end_matches(['\r', '\n']).to_owned());
            }
            Ok(Answer::Text(texts))
        }
    }
}

/// The terminal shows nothing of what is typed until this is dropped.
struct Quiet<'a> {
    tty: &'a File,
    before: rustix::termios::Termios,
}

impl<'a> Quiet<'a> {
    fn on(tty: &'a File) -> std::io::Result<Quiet<'a>> {
        let before = tcgetattr(tty)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(tty, OptionalActions::Flush, &quiet)?;
        Ok(Quiet { tty, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // There is nobody left to tell if this fails.
        let _ = tcsetattr(self.tty, OptionalActions::Now, &self.before);
    }
}
