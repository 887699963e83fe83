//! Somebody who answers questions, and remembers what was asked.

use std::sync::{Arc, Mutex};

use crate::link::ask::{Answer, Ask, AskKind, Asker};

/// Answers each question as a function says.
#[derive(Clone)]
pub struct Human {
    pub asker: Asker,
    asked: Arc<Mutex<Vec<Ask>>>,
}

impl Human {
    pub fn new(answer: impl Fn(&AskKind) -> Answer + Send + 'static) -> Human {
        let (asker, mut questions) = Asker::new();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let human = Human {
            asker: asker.clone(),
            asked: asked.clone(),
        };
        tokio::spawn(async move {
            while let Some(ask) = questions.recv().await {
                let reply = answer(&ask.kind);
                let id = ask.id;
                asked.lock().unwrap().push(ask);
                asker.answer(id, reply);
            }
        });
        human
    }

    /// Says yes to host keys and no to everything else.
    pub fn trusting() -> Human {
        Human::new(|kind| match kind {
            AskKind::HostKey { .. } => Answer::Yes,
            _ => Answer::No,
        })
    }

    pub fn asked(&self) -> Vec<AskKind> {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .map(|ask| ask.kind.clone())
            .collect()
    }
}

pub fn text(text: &str) -> Answer {
    Answer::Text(vec![text.to_owned()])
}
