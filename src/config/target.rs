//! Where to go, and how.

use std::path::PathBuf;

/// The first link's other end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// This machine itself: the agent is started without SSH.
    #[default]
    Local,
    /// Through SSH.
    Ssh(Destination),
}

/// `[USER@]HOST[:PORT]` or `ssh://[USER@]HOST[:PORT]`, as ssh(1) takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// User, if one was given.
    pub user: Option<String>,
    /// Host as typed; may be a `Host` of ssh_config.
    pub host: String,
    /// Port, if one was given.
    pub port: Option<u16>,
}

/// ssh(1)'s own options that gantry takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshOptions {
    /// `-i`, in order.
    pub identities: Vec<PathBuf>,
    /// `-J`.
    pub jump: Option<String>,
    /// `-F`; `none` reads no file.
    pub config: Option<PathBuf>,
    /// `-p`.
    pub port: Option<u16>,
    /// `-l`.
    pub user: Option<String>,
    /// `-o KEY=VALUE`, in order.
    pub options: Vec<(String, String)>,
}

/// Whether an agent may be copied to a node that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Deploy {
    /// Ask the operator.
    #[default]
    Ask,
    /// `--deploy`.
    Yes,
    /// `--no-deploy`.
    No,
}

/// Everything that the links need to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkOptions {
    /// The first link's other end.
    pub target: Target,
    /// ssh(1)'s options.
    pub ssh: SshOptions,
    /// Whether an agent may be copied.
    pub deploy: Deploy,
    /// What to run for an agent; `gantry-agent serve` if not set.
    pub agent_command: Option<String>,
    /// Milliseconds between samples.
    pub sample_ms: u32,
}

impl Destination {
    /// Reads what was typed.
    ///
    /// # Errors
    /// In words, what is wrong with it.
    pub fn parse(text: &str) -> Result<Destination, String> {
        let wrong = |why: &str| Err(format!("destination {text:?}: {why}"));
        let rest = text
            .strip_prefix("ssh://")
            .unwrap_or(text)
            .trim_end_matches('/');
        let (user, rest) = match rest.rsplit_once('@') {
            Some(("", _)) => return wrong("empty user name"),
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, rest),
        };
        let (host, port) = match rest.strip_prefix('[') {
            Some(inner) => match inner.split_once(']') {
                Some((host, "")) => (host, None),
                Some((host, port)) if port.starts_with(':') => (host, Some(&port[1..])),
                _ => return wrong("'[' without ']'"),
            },
            // More than one colon is a bare IPv6 address.
            None => match rest.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (rest, None),
            },
        };
        if host.is_empty() {
            return wrong("no host name");
        }
        if host.starts_with('-') || host.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return wrong("that is not a host name");
        }
        let port = match port.map(str::parse) {
            None => None,
            Some(Ok(port)) if port > 0 => Some(port),
            Some(_) => return wrong("the port is not a number from 1 to 65535"),
        };
        Ok(Destination {
            user,
            host: host.to_owned(),
            port,
        })
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match self.port {
            Some(port) if self.host.contains(':') => write!(f, "[{}]:{port}", self.host),
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn destinations_as_ssh_takes_them() {
        for (text, user, host, port) in [
            ("node1", None, "node1", None),
            ("root@node1", Some("root"), "node1", None),
            ("a@b@node1:2222", Some("a@b"), "node1", Some(2222)),
            ("ssh://root@node1:22/", Some("root"), "node1", Some(22)),
            ("2001:db8::1", None, "2001:db8::1", None),
            (
                "root@[2001:db8::1]:2222",
                Some("root"),
                "2001:db8::1",
                Some(2222),
            ),
        ] {
            let parsed = Destination::parse(text).unwrap();
            let expected = Destination {
                user: user.map(str::to_owned),
                host: host.into(),
                port,
            };
            assert_eq!(parsed, expected, "{text}");
            assert_eq!(Destination::parse(&parsed.to_string()), Ok(parsed));
        }
    }

    #[test]
    fn what_is_no_destination_is_refused() {
        for text in [
            "",
            "root@",
            "@node1",
            "node1:",
            "node1:0",
            "node1:99999",
            "[::1",
            "no de",
            "-oProxyCommand=x",
            "a\x1b[2Jb",
        ] {
            assert!(Destination::parse(text).is_err(), "{text:?}");
        }
    }
}
