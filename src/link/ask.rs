//! Questions to the human, and their answers.

use std::collections::{HashMap, HashSet};
use std::mem::{Discriminant, discriminant};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

/// Tells one question from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AskId(pub u64);

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Its number.
    pub id: AskId,
    /// The host it is about.
    pub host: String,
    /// What is asked.
    pub kind: AskKind,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskKind {
    /// Is this the host's key? Yes records it.
    HostKey {
        /// Such as `ssh-ed25519`.
        key_type: String,
        /// `SHA256:...`
        fingerprint: String,
        /// Where it would be recorded.
        recorded_in: String,
    },
    /// The passphrase of a key file.
    Passphrase {
        /// The file.
        file: String,
        /// The one given before was wrong.
        again: bool,
    },
    /// What the host asks by keyboard-interactive authentication.
    Interactive {
        /// The host's title, often empty.
        name: String,
        /// The host's instructions, often empty.
        instructions: String,
        /// Each prompt, and whether what is typed may be shown.
        prompts: Vec<(String, bool)>,
    },
    /// A user's password.
    Password {
        /// Whose.
        user: String,
        /// The one given before was refused.
        again: bool,
    },
    /// May an agent be copied to these nodes?
    Deploy {
        /// Nodes that have none, as far as is known.
        nodes: Vec<String>,
        /// Where it would be put.
        path: String,
        /// Its size in bytes.
        size: u64,
    },
    /// A key that wants a touch for each use is about to be used.
    Touch {
        /// The key's comment or fingerprint.
        key: String,
        /// How many nodes it would be used for.
        nodes: usize,
    },
}

/// What the human said.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No, or nobody is there to ask.
    No,
    /// What was typed, one text for each field.
    Text(Vec<String>),
}

impl std::fmt::Debug for Answer {
    /// Never shows what was typed: it may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Answer::Yes => "Yes",
            Answer::No => "No",
            Answer::Text(_) => "Text(..)",
        })
    }
}

/// Where links put their questions. Cheap to clone.
#[derive(Clone)]
pub struct Asker {
    shared: Arc<Shared>,
}

struct Shared {
    next: AtomicU64,
    open: Mutex<HashMap<AskId, oneshot::Sender<Answer>>>,
    /// What was answered with no, by host.
    declined: Mutex<HashSet<(String, Discriminant<AskKind>)>>,
    out: mpsc::UnboundedSender<Ask>,
}

impl Asker {
    /// The asker, and where its questions come out.
    pub fn new() -> (Asker, mpsc::UnboundedReceiver<Ask>) {
        let (out, questions) = mpsc::unbounded_channel();
        let shared = Shared {
            next: AtomicU64::new(1),
            open: Mutex::default(),
            declined: Mutex::default(),
            out,
        };
        (
            Asker {
                shared: Arc::new(shared),
            },
            questions,
        )
    }

    /// Asks, and waits for the answer; [`Answer::No`] once nobody listens any more.
    pub async fn ask(&self, host: &str, kind: AskKind) -> Answer {
        let id = AskId(self.shared.next.fetch_add(1, Ordering::Relaxed));
        let (reply, answer) = oneshot::channel();
        self.open().insert(id, reply);
        let withdrawn = Withdrawn { asker: self, id };
        if self
            .shared
            .out
            .send(Ask {
                id,
                host: host.to_owned(),
                kind,
            })
            .is_err()
        {
            return Answer::No;
        }
        let answer = answer.await.unwrap_or(Answer::No);
        drop(withdrawn);
        answer
    }

    /// Asks like [`Asker::ask`], but not what was declined for this host before: a link that tries
    /// again by itself must not pester.
    pub async fn ask_unless_declined(&self, host: &str, kind: AskKind) -> Answer {
        let what = (host.to_owned(), discriminant(&kind));
        if self.declined().contains(&what) {
            return Answer::No;
        }
        let answer = self.ask(host, kind).await;
        if answer == Answer::No {
            self.declined().insert(what);
        }
        answer
    }

    /// Lets what was declined be asked for again.
    pub fn ask_again(&self) {
        self.declined().clear();
    }

    /// Answers a question; an unknown or withdrawn one is passed over.
    pub fn answer(&self, id: AskId, answer: Answer) {
        if let Some(reply) = self.open().remove(&id) {
            // The link that asked may have gone meanwhile.
            let _ = reply.send(answer);
        }
    }

    /// Whether a question still waits for its answer.
    pub fn is_open(&self, id: AskId) -> bool {
        self.open().contains_key(&id)
    }

    fn declined(&self) -> std::sync::MutexGuard<'_, HashSet<(String, Discriminant<AskKind>)>> {
        let declined = self.shared.declined.lock();
        declined.unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<AskId, oneshot::Sender<Answer>>> {
        self.shared
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a question back when the link that asked it is dropped.
struct Withdrawn<'a> {
    asker: &'a Asker,
    id: AskId,
}

impl Drop for Withdrawn<'_> {
    fn drop(&mut self) {
        self.asker.open().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn an_answer_finds_its_question() {
        let (asker, mut questions) = Asker::new();
        let waiting = tokio::spawn({
            let asker = asker.clone();
            async move {
                asker
                    .ask(
                        "node1",
                        AskKind::Password {
                            user: "root".into(),
                            again: false,
                        },
                    )
                    .await
            }
        });
        let ask = questions.recv().await.unwrap();
        assert!(asker.is_open(ask.id));
        asker.answer(AskId(99), Answer::Yes);
        asker.answer(ask.id, Answer::Text(vec!["x".into()]));
        assert_eq!(waiting.await.unwrap(), Answer::Text(vec!["x".into()]));
        assert!(!asker.is_open(ask.id));
    }

    #[tokio::test]
    async fn nobody_listening_means_no() {
        let (asker, questions) = Asker::new();
        drop(questions);
        assert_eq!(
            asker
                .ask(
                    "node1",
                    AskKind::Touch {
                        key: "k".into(),
                        nodes: 3
                    }
                )
                .await,
            Answer::No
        );
    }

    #[tokio::test]
    async fn what_was_declined_is_not_asked_again_until_somebody_wants_it() {
        let (asker, mut questions) = Asker::new();
        let password = || AskKind::Password {
            user: "root".into(),
            again: false,
        };
        for rounds in 1..=2 {
            let (answer, ask) =
                tokio::join!(asker.ask_unless_declined("node1", password()), async {
                    let ask = questions.recv().await.unwrap();
                    asker.answer(ask.id, Answer::No);
                    ask
                });
            assert_eq!((answer, ask.id), (Answer::No, AskId(rounds)));
            assert_eq!(
                asker.ask_unless_declined("node1", password()).await,
                Answer::No
            );
            assert!(questions.try_recv().is_err());
            asker.ask_again();
        }
    }

    #[test]
    fn what_was_typed_is_never_shown() {
        assert_eq!(
            format!("{:?}", Answer::Text(vec!["secret".into()])),
            "Text(..)"
        );
    }
}
