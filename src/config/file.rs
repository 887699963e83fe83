//! `gantry.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Deploy;

/// What a configuration file may say. Everything has a default; nothing needs a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Name of a theme.
    pub theme: Option<String>,
    /// Keys by action: `go-nodes = ["1", "g n"]`.
    pub keys: BTreeMap<String, Chords>,
    /// About the agents.
    pub agent: Agent,
    /// How it is told that something is over.
    pub notify: NotifyBy,
    /// The file that said so; empty if there was none.
    #[serde(skip)]
    pub file: PathBuf,
}

/// One chord or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a chord or a list of chords is wanted")]
pub enum Chords {
    /// `quit = "q"`
    One(String),
    /// `quit = ["q", "ctrl-c"]`
    Several(Vec<String>),
}

impl Chords {
    /// All of them.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Chords::One(chord) => std::slice::from_ref(chord),
            Chords::Several(chords) => chords,
        }
    }
}

/// `[agent]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agent {
    /// What to run on a node instead of `gantry-agent serve`.
    pub command: Option<String>,
    /// `ask`, `yes` or `no`.
    pub deploy: Deploy,
    /// Milliseconds between samples, 200 to 60000.
    pub interval_ms: Option<Interval>,
}

/// `[notify]`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifyBy {
    /// The terminal's bell rings.
    pub bell: bool,
    /// The terminal is asked to tell the desktop.
    pub desktop: Desktop,
}

impl Default for NotifyBy {
    fn default() -> NotifyBy {
        NotifyBy {
            bell: true,
            desktop: Desktop::No,
        }
    }
}

/// How a terminal is asked to tell the desktop something. One that does not know the sequence shows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Desktop {
    /// Not at all.
    #[default]
    No,
    /// By OSC 9: iTerm2, WezTerm, ghostty, Windows Terminal.
    Osc9,
    /// By OSC 777: urxvt, foot, VTE.
    Osc777,
}

/// Milliseconds between samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Interval(pub u32);

impl TryFrom<u32> for Interval {
    type Error = &'static str;

    fn try_from(ms: u32) -> Result<Interval, Self::Error> {
        match ms {
            200..=60_000 => Ok(Interval(ms)),
            _ => Err("interval_ms takes 200 to 60000"),
        }
    }
}

impl<'de> Deserialize<'de> for Deploy {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Deploy, D::Error> {
        match String::deserialize(from)?.as_str() {
            "ask" => Ok(Deploy::Ask),
            "yes" => Ok(Deploy::Yes),
            "no" => Ok(Deploy::No),
            _ => Err(serde::de::Error::custom(
                "deploy takes \"ask\", \"yes\" or \"no\"",
            )),
        }
    }
}

impl Settings {
    /// Reads a file's text.
    ///
    /// # Errors
    /// Names the file, the line and the key.
    pub fn parse(path: &Path, text: &str) -> Result<Settings, String> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text.as_bytes()[..at]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            let said = error.message().replace('\n', " ");
            // What is wrong with a value is said without its key.
            let key = text.lines().nth(line).and_then(|line| line.split_once('='));
            let key = key.map_or("", |(key, _)| key.trim());
            let key = match key {
                "" => String::new(),
                key if said.contains(key) => String::new(),
                key => format!("{key}: "),
            };
            format!("{}: line {}: {key}{said}", path.display(), line + 1)
        })
    }

    /// Reads the file that was named, or the user's own if it is there.
    ///
    /// # Errors
    /// Names the file, the line and the key; a named file must exist.
    pub fn load(
        named: Option<&Path>,
        home: Option<&Path>,
        xdg: Option<&Path>,
    ) -> Result<Settings, String> {
        let usual = || {
            let base = xdg
                .map(Path::to_owned)
                .or_else(|| Some(home?.join(".config")));
            base.map(|base| base.join("gantry").join("gantry.toml"))
        };
        let Some(path) = named.map(PathBuf::from).or_else(usual) else {
            return Ok(Settings::default());
        };
        match std::fs::read_to_string(&path) {
            Ok(text) => Settings::parse(&path, &text).map(|settings| Settings {
                file: path,
                ..settings
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
                Ok(Settings::default())
            }
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        Settings::parse(Path::new("gantry.toml"), text)
    }

    #[test]
    fn everything_may_be_left_out() {
        assert_eq!(parse("").unwrap(), Settings::default());
    }

    #[test]
    fn all_that_can_be_said() {
        let text = r#"
            theme = "gantry"
            [keys]
            quit = "q"
            go-nodes = ["1", "g n"]
            [agent]
            command = "sudo -n /usr/local/bin/gantry-agent serve"
            deploy = "no"
            interval_ms = 2000
            [notify]
            bell = false
            desktop = "osc777"
        "#;
        let settings = parse(text).unwrap();
        assert_eq!(settings.keys["go-nodes"].as_slice(), ["1", "g n"]);
        let quiet = NotifyBy {
            bell: false,
            desktop: Desktop::Osc777,
        };
        assert_eq!(settings.notify, quiet);
        assert_eq!(settings.agent.deploy, Deploy::No);
        assert_eq!(settings.agent.interval_ms, Some(Interval(2_000)));
    }

    #[test]
    fn errors_name_file_line_and_key() {
        for (text, line, word) in [
            ("theme = \"a\"\ncolour = 1", 2, "colour"),
            ("[agent]\n\ninterval_ms = 1", 3, "interval_ms"),
            ("[agent]\ndeploy = \"maybe\"", 2, "deploy"),
            ("[keys]\nquit = 3", 2, "quit: a chord or a list of chords"),
            ("theme = 3", 1, "theme: "),
            ("[agent]\ninterval_ms = -5", 2, "interval_ms: "),
            ("[notify]\ndesktop = \"osc8\"", 2, "osc777"),
            ("theme = \"a", 1, ""),
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                error.starts_with(&format!("gantry.toml: line {line}: ")),
                "{error}"
            );
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn a_file_that_was_named_must_be_there_and_the_usual_one_need_not() {
        let nowhere = Path::new("/nonexistent/gantry");
        assert!(Settings::load(Some(nowhere), None, None).is_err());
        assert_eq!(
            Settings::load(None, Some(nowhere), None),
            Ok(Settings::default())
        );
    }
}
