//! The links' questions in words, for the console's dialog and for a plain terminal.

use crate::app::{Answer as Said, Field, Prompt, PromptKind};
use crate::link::ask::{Answer, Ask, AskKind};
use crate::model::words::mib;

/// A question in words.
pub fn prompt(ask: &Ask) -> Prompt {
    let host = &ask.host;
    let (title, lines, kind) = match &ask.kind {
        AskKind::HostKey {
            key_type,
            fingerprint,
            recorded_in,
        } => (
            format!("{host} is not known yet"),
            vec![
                format!("Its {key_type} key is {fingerprint}."),
                "Compare it with what the host's administrator or its console says.".to_owned(),
                format!("Yes connects and records it in {recorded_in}; no leaves it."),
            ],
            PromptKind::YesNo,
        ),
        AskKind::Passphrase { file, again } => (
            format!("Passphrase for {file}"),
            wrong(*again, "That passphrase does not open it."),
            secret("passphrase"),
        ),
        AskKind::Interactive {
            name,
            instructions,
            prompts,
        } => {
            let texts = [name, instructions]
                .into_iter()
                .filter(|text| !text.trim().is_empty());
            let field = |(label, echo): &(String, bool)| Field {
                label: label.trim().to_owned(),
                echo: *echo,
            };
            let fields = PromptKind::Fields(prompts.iter().map(field).collect());
            (
                format!("{host} asks"),
                texts.map(|text| text.trim().to_owned()).collect(),
                fields,
            )
        }
        AskKind::Password { user, again } => (
            format!("Password of {user} on {host}"),
            wrong(*again, "That password was refused."),
            secret("password"),
        ),
        AskKind::Deploy { nodes, path, size } => (
            format!("No agent on {}", listed(nodes)),
            vec![
                format!(
                    "gantry reads a node through a small program on it, {} in size.",
                    mib(size.div_ceil(1 << 20))
                ),
                format!(
                    "Yes copies it to {path} on each node that has none, and runs it only while gantry is connected."
                ),
                "No leaves the nodes as they are: only what the master knows is shown of them."
                    .to_owned(),
            ],
            PromptKind::YesNo,
        ),
        AskKind::Touch { key, nodes } => (
            format!("Use {key} for {nodes} nodes?"),
            vec!["This key wants a touch for each connection.".to_owned()],
            PromptKind::YesNo,
        ),
    };
    Prompt {
        id: ask.id.0,
        title,
        lines,
        kind,
    }
}

/// What the console answered, as the links take it.
pub fn answer(said: Said) -> Answer {
    match said {
        Said::Yes => Answer::Yes,
        Said::No => Answer::No,
        Said::Text(texts) => Answer::Text(texts),
    }
}

fn wrong(again: bool, text: &str) -> Vec<String> {
    if again {
        vec![text.to_owned()]
    } else {
        Vec::new()
    }
}

fn secret(label: &str) -> PromptKind {
    PromptKind::Fields(vec![Field {
        label: label.to_owned(),
        echo: false,
    }])
}

fn listed(nodes: &[String]) -> String {
    match nodes {
        [] => "the node".to_owned(),
        [a] => a.clone(),
        [a, b] => format!("{a} and {b}"),
        [a, rest @ ..] => format!("{a} and {} more nodes", rest.len()),
    }
}
