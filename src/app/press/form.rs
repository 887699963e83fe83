//! What a form is filled in for.

use crate::app::form::Pressed;
use crate::app::nav::Page;
use crate::app::options::{self, Known, Of};
use crate::app::{Effect, State};
use crate::model::Cluster;

/// Goes on with the form that is open.
pub fn pressed(state: &mut State, cluster: &Cluster, pressed: Pressed) -> Vec<Effect> {
    let words = match pressed {
        Pressed::On => return Vec::new(),
        Pressed::Left => {
            state.form = None;
            return Vec::new();
        }
        Pressed::Done(words) => words,
    };
    let Some(of) = state.form.as_ref().map(|form| form.of) else {
        return Vec::new();
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match ask(state, cluster, of, &words) {
        Ok(()) => state.form = None,
        Err(why) => {
            if let Some(form) = &mut state.form {
                form.wrong = Some(why);
            }
        }
    }
    Vec::new()
}

/// Asks for a plan by words, and shows it.
///
/// # Errors
/// Says which word is wrong.
pub fn ask(state: &mut State, cluster: &Cluster, of: Of, words: &[&str]) -> Result<(), String> {
    let facts = &state.facts;
    let known = Known { cluster, facts };
    match of {
        Of::Balance => {
            let ask = options::balance(words, known)?;
            state.facts.plans.ask_balance(ask);
            state.way.go(Page::Balance);
        }
        Of::Placing => {
            let ask = options::placing(words, known)?;
            state.facts.plans.ask_placing(ask);
            state.way.go(Page::Placing);
        }
    }
    Ok(())
}
