//! What a simulated node's shell makes of a command line. It runs nothing: it knows what consoles
//! ask for, and answers everything else as a shell that does not find the program.

use gantry_agent::args::{self, Command, Serve};

/// What a command line asks of a node.
#[derive(Debug, PartialEq, Eq)]
pub enum Understood {
    /// The installed agent shall answer the console.
    Serve(Serve),
    /// A copied agent shall, if it is there.
    ServeCopy(Copied),
    /// An agent shall become what is wanted on a terminal, in digits.
    Terminal(Serve, String),
    /// An agent comes on standard input, with this SHA-256 sum.
    Receive(Copied, String),
    /// Something that is over at once.
    Done(Outcome),
}

/// An agent that a console copied: the directory in the user's cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Copied(pub String);

/// What a command leaves behind.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its exit status.
    pub status: u32,
}

impl Outcome {
    /// As a shell ends that does not find a program.
    pub fn not_found(program: &str) -> Outcome {
        Outcome {
            stderr: format!("bash: line 1: {program}: command not found\n"),
            status: 127,
            ..Outcome::default()
        }
    }

    fn said(stdout: &str) -> Outcome {
        Outcome {
            stdout: format!("{stdout}\n"),
            ..Outcome::default()
        }
    }
}

/// Understands a command line.
pub fn understand(command: &str) -> Understood {
    if let Some(script) = command.strip_prefix("sh -c ") {
        return understand_script(script);
    }
    let mut words = command.split_whitespace().map(str::to_owned);
    if words.any(|word| word == "gantry-agent" || word.ends_with("/gantry-agent")) {
        return understand_agent(words);
    }
    match command {
        "uname -m" => Understood::Done(Outcome::said("x86_64")),
        other => {
            let program = other.split_whitespace().next().unwrap_or_default();
            Understood::Done(Outcome::not_found(program))
        }
    }
}

fn understand_agent(arguments: impl Iterator<Item = String>) -> Understood {
    Understood::Done(match args::parse(arguments) {
        Ok(Command::Serve(options)) => return Understood::Serve(options),
        Ok(Command::Terminal { serve, wish }) => return Understood::Terminal(serve, wish),
        Ok(Command::Version) => Outcome::said(concat!("gantry-agent ", env!("CARGO_PKG_VERSION"))),
        Ok(Command::Help) => Outcome::said(args::USAGE),
        Ok(Command::Snapshot { .. }) => Outcome {
            stderr: "gantry-agent: a simulated agent only serves\n".to_owned(),
            status: 1,
            ..Outcome::default()
        },
        Err(error) => Outcome {
            stderr: format!("gantry-agent: {error}\n"),
            status: 2,
            ..Outcome::default()
        },
    })
}

/// The scripts by which a console copies an agent, runs the copy, and removes old ones.
fn understand_script(script: &str) -> Understood {
    let copy = || {
        let from = script.find("gantry/agent-")?;
        let place = script.get(from..)?;
        let end = place.find("/gantry-agent")?;
        Some(Copied(place.get(..end)?.to_owned()))
    };
    match copy() {
        Some(copy) if script.contains("cat >") => {
            let is_sum =
                |word: &&str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
            let sum = script.split_whitespace().find(is_sum).unwrap_or_default();
            Understood::Receive(copy, sum.to_owned())
        }
        Some(copy) if script.contains("exec ") => {
            let serve = Command::Serve(Serve::default());
            match args::as_asked(serve, Some(script)) {
                Command::Terminal { serve, wish } => Understood::Terminal(serve, wish),
                _ => Understood::ServeCopy(copy),
            }
        }
        _ => Understood::Done(Outcome::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(command: &str) -> Outcome {
        match understand(command) {
            Understood::Done(outcome) => outcome,
            _ => Outcome::default(),
        }
    }

    #[test]
    fn an_agent_is_recognised_wherever_it_is_installed() {
        for command in [
            "gantry-agent serve --as wall --read-only",
            "sudo -n /usr/local/bin/gantry-agent serve --as wall --read-only",
        ] {
            let options = Serve {
                name: "wall".to_owned(),
                read_only: true,
                ..Serve::default()
            };
            assert_eq!(understand(command), Understood::Serve(options));
        }
        assert_eq!(outcome("gantry-agent dance").status, 2);
    }

    #[test]
    fn copying_is_understood() {
        let place =
            "\"${XDG_CACHE_HOME:-$HOME/.cache}\"/'\\''gantry/agent-0.1.0-abc/gantry-agent'\\''";
        let copy = Copied("gantry/agent-0.1.0-abc".to_owned());
        let sum = "5".repeat(64);
        let run = format!("sh -c 'a={place}; test -x \"$a\" || exit 127; exec \"$a\" serve'");
        assert_eq!(understand(&run), Understood::ServeCopy(copy.clone()));
        let upload =
            format!("sh -c 'a={place}; cat >\"$t\" || exit 74; test \"$1\" = {sum} || exit 65'");
        assert_eq!(understand(&upload), Understood::Receive(copy, sum));
        assert_eq!(outcome("uname -m").stdout, "x86_64\n");
    }

    #[test]
    fn nothing_else_is_found() {
        assert_eq!(outcome("rm -rf /").status, 127);
        assert_eq!(outcome("").status, 127);
    }
}
