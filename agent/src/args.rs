//! The command line.

use std::path::PathBuf;

use gantry_wire::terminal;

/// What `--help` prints, and what follows a mistake.
pub const USAGE: &str = "\
gantry-agent serve [--as NAME] [--read-only] [--allow LIST]
                         answer a console on standard input and output; nothing may be
                         changed, or only what the LIST of permissions has (comma between);
                         /etc/gantry/agent.toml may withhold more from NAME
gantry-agent snapshot [--root DIR] [--json]
                         print this node's facts once, or those of a support archive in DIR:
                         its /proc, what commands printed, Ganeti's files; each is optional
                           DIR/proc/drbd meminfo loadavg cpuinfo stat
                           DIR/commands/drbdsetup-events2 drbdsetup-show dmesg vgs pvs lvs
                           DIR/var/lib/ganeti DIR/run/ganeti DIR/etc/hostname
                         exits 1 if nothing of that is there
gantry-agent --version";

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Answer a console.
    Serve(Serve),
    /// Become what is asked for on this terminal.
    Terminal {
        /// Who asks and what they may do.
        serve: Serve,
        /// What for, in the digits of the wire's `terminal`.
        wish: String,
    },
    /// Print one sample, as JSON or for a person.
    Snapshot {
        /// As JSON.
        json: bool,
        /// Of a node's files below this directory instead of the running node.
        root: Option<PathBuf>,
    },
    /// Print the version.
    Version,
    /// Print the usage.
    Help,
}

/// Who asks and what they may do, as the key's `command=` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Serve {
    /// The name of who asks; empty if not given.
    pub name: String,
    /// Nothing may be changed.
    pub read_only: bool,
    /// The permissions that are given; `None` gives all.
    pub allow: Option<Vec<String>>,
}

/// Reads the arguments, without the program's name.
///
/// # Errors
/// In words, what is wrong with which.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut arguments = arguments.into_iter();
    let first = arguments.next().ok_or("a command is wanted")?;
    match first.as_str() {
        "serve" => serve(arguments),
        "snapshot" => snapshot(arguments),
        "--version" | "-V" => Ok(Command::Version),
        "--help" | "-h" | "help" => Ok(Command::Help),
        other => Err(format!("unknown command {other:?}")),
    }
}

fn snapshot(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let (mut json, mut root) = (false, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => json = true,
            "--root" => {
                let directory = arguments.next().filter(|it| !it.starts_with("--"));
                root = Some(directory.ok_or("snapshot: --root wants a directory")?);
            }
            other => match other.strip_prefix("--root=") {
                Some(directory) => root = Some(directory.to_owned()),
                None => return Err(format!("snapshot: unknown argument {other:?}")),
            },
        }
    }
    if root.as_ref().is_some_and(String::is_empty) {
        return Err("snapshot: --root wants a directory".into());
    }
    Ok(Command::Snapshot {
        json,
        root: root.map(PathBuf::from),
    })
}

fn serve(mut arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut serve = Serve::default();
    let mut terminal = None;
    while let Some(argument) = arguments.next() {
        let (flag, mut value) = match argument.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        let mut wanted = || {
            value
                .take()
                .or_else(|| arguments.next())
                .filter(|value| !value.is_empty() && !value.starts_with("--"))
                .ok_or_else(|| format!("serve: {flag} wants a value"))
        };
        match flag.as_str() {
            "--as" => serve.name = name(&wanted()?)?,
            "--allow" => {
                let list = wanted()?;
                let names = list.split(',').map(|one| name(one.trim()));
                serve.allow = Some(names.collect::<Result<_, _>>()?);
            }
            terminal::OPTION => terminal = Some(wanted()?),
            "--read-only" if value.is_none() => serve.read_only = true,
            _ => return Err(format!("serve: unknown argument {flag:?}")),
        }
    }
    Ok(match terminal {
        Some(wish) => Command::Terminal { serve, wish },
        None => Command::Serve(serve),
    })
}

/// What a key's command does when another one was asked for: sshd tells it that one. Only the wish for
/// a terminal is taken from there; what is permitted is in the key's own.
pub fn as_asked(command: Command, original: Option<&str>) -> Command {
    let words = original.into_iter().flat_map(str::split_whitespace);
    // A console may have had to quote all of it for a shell.
    let mut words = words.map(|word| word.trim_end_matches('\''));
    let begins = format!("{}=", terminal::OPTION);
    let wish = words.find_map(|word| word.strip_prefix(&begins));
    match (command, wish) {
        (Command::Serve(serve), Some(wish)) => Command::Terminal {
            serve,
            wish: wish.to_owned(),
        },
        (command, _) => command,
    }
}

fn name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
    if text.is_empty() || !text.chars().all(fits) {
        return Err(format!(
            "serve: {text:?} is no name: letters, digits and -_.@ are allowed"
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_keys_command_is_understood() {
        let expected = Serve {
            name: "wall".into(),
            read_only: true,
            allow: None,
        };
        assert_eq!(
            parsed("serve --as wall --read-only"),
            Ok(Command::Serve(expected))
        );
        let Ok(Command::Serve(serve)) =
            parsed("serve --allow=failover,migrate --as ops@example.com")
        else {
            unreachable!()
        };
        assert_eq!(serve.allow.unwrap(), ["failover", "migrate"]);
        let terminal = parsed("serve --as ops --terminal=7b7d").unwrap();
        let Command::Terminal { serve, wish } = &terminal else {
            unreachable!()
        };
        assert_eq!((&*serve.name, &**wish), ("ops", "7b7d"));
        // As a key's own command has it, whatever was asked for.
        let forced = parsed("serve --as ops").unwrap();
        let original = "sh -c 'a=x; exec \"$a\" serve --terminal=7b7d'";
        assert_eq!(as_asked(forced.clone(), Some(original)), terminal);
        let other = Some("gantry-agent serve --as root");
        assert_eq!(as_asked(forced.clone(), other), forced);
        let snapshot = |json, root: Option<&str>| {
            Ok(Command::Snapshot {
                json,
                root: root.map(PathBuf::from),
            })
        };
        assert_eq!(parsed("snapshot --json"), snapshot(true, None));
        assert_eq!(
            parsed("snapshot --root /x --json"),
            snapshot(true, Some("/x"))
        );
        assert_eq!(parsed("snapshot --root=x"), snapshot(false, Some("x")));
        assert_eq!(parsed("--version"), Ok(Command::Version));
    }

    #[test]
    fn mistakes_name_what_is_wrong() {
        for (line, word) in [
            ("", "command"),
            ("dance", "dance"),
            ("serve --read-only=no", "--read-only"),
            ("serve --as", "--as"),
            ("serve --as --read-only", "--as"),
            ("serve --as a/b", "a/b"),
            ("serve --allow migrate,,x", "no name"),
            ("serve extra", "extra"),
            ("snapshot --xml", "--xml"),
            ("snapshot --root", "--root"),
            ("snapshot --root --json", "--root"),
            ("snapshot --root=", "--root"),
        ] {
            let error = parsed(line).unwrap_err();
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
