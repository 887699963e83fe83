//! ssh_config(5), as far as operators use it to reach a cluster.
//!
//! The parsers to be had were not fit: ssh2-config 0.9 does not know `Match`, so that the options
//! of a `Match` block would be taken for those of the `Host` before it, expands no `%` tokens and
//! leaves ProxyJump chains to the caller. What is read here is read as ssh(1) reads it: options of
//! the command line first, then the user's file, then the system's, and the first value wins.

mod criteria;
pub(crate) mod pattern;
mod reader;
mod resolve;
mod settings;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use settings::{Family, Strict};

use crate::config::{Destination, SshOptions};
use reader::Reader;

/// Everything that has to be known to connect to one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostConfig {
    /// The host as it was named.
    pub original: String,
    /// The name or address to connect to.
    pub host_name: String,
    /// The port.
    pub port: u16,
    /// The user to log in as.
    pub user: String,
    /// Key files in the order in which they are tried.
    pub identity_files: Vec<PathBuf>,
    /// The files in [`HostConfig::identity_files`] were named, not merely the customary ones.
    pub identities_named: bool,
    /// Certificates for these or the SSH agent's keys.
    pub certificate_files: Vec<PathBuf>,
    /// Of the SSH agent's keys only those that the files name.
    pub identities_only: bool,
    /// The SSH agent's socket; `None` for no agent.
    pub identity_agent: Option<PathBuf>,
    /// The hosts to jump through, the one to connect to first in front.
    pub jumps: Vec<Destination>,
    /// A command whose input and output are the connection.
    pub proxy_command: Option<String>,
    /// known_hosts files of the user; new keys are written to the first.
    pub user_known_hosts: Vec<PathBuf>,
    /// known_hosts files of the system.
    pub global_known_hosts: Vec<PathBuf>,
    /// The name under which the host's key is known, if not its own.
    pub host_key_alias: Option<String>,
    /// What becomes of an unknown host key.
    pub strict: Strict,
    /// Names are written to known_hosts as hashes.
    pub hash_known_hosts: bool,
    /// Time between signs of life asked of the server; `None` for gantry's own choice.
    pub alive_interval: Option<Duration>,
    /// How many of them may go unanswered.
    pub alive_count_max: u32,
    /// How long connecting may take, up to the end of the key exchange.
    pub connect_timeout: Duration,
    /// IPv4, IPv6 or either.
    pub address_family: Family,
    /// Keys may be used.
    pub pubkey: bool,
    /// A password may be asked for.
    pub password: bool,
    /// The server may ask questions.
    pub interactive: bool,
    /// Nothing may be asked of the operator.
    pub batch: bool,
}

/// Something in the files that gantry cannot honour or cannot read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Notice {
    /// The file; `-o` for the command line.
    pub file: PathBuf,
    /// The line, from 1; 0 where it is about the whole file.
    pub line: usize,
    /// Words for the operator.
    pub text: String,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file.display(), self.text),
            line => write!(f, "{}:{line}: {}", self.file.display(), self.text),
        }
    }
}

/// Who and where the operator is, for tokens and defaults.
#[derive(Clone, Debug, Default)]
pub struct Local {
    /// Home directory.
    pub home: PathBuf,
    /// User name.
    pub user: String,
    /// Numeric user id.
    pub uid: u32,
    /// This machine's name.
    pub host: String,
    /// `SSH_AUTH_SOCK`.
    pub agent: Option<PathBuf>,
}

impl Local {
    /// Reads it from the process's surroundings.
    pub fn read() -> Local {
        let uid = rustix::process::getuid().as_raw();
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let account = passwd
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>())
            .find(|fields| fields.len() >= 6 && fields[2].parse() == Ok(uid));
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let user = account.as_ref().map(|fields| fields[0].to_owned());
        let user = user
            .or_else(|| variable("LOGNAME"))
            .or_else(|| variable("USER"));
        let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
        let home = home.or_else(|| account.map(|fields| PathBuf::from(fields[5])));
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Local {
            home: home.unwrap_or_else(|| PathBuf::from("/")),
            user: user.unwrap_or_else(|| uid.to_string()),
            uid,
            host: host.trim().to_owned(),
            agent: variable("SSH_AUTH_SOCK").map(PathBuf::from),
        }
    }

    /// A path with its leading `~/` put right.
    fn path(&self, text: &str) -> PathBuf {
        match text.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None if text == "~" => self.home.clone(),
            None => PathBuf::from(text),
        }
    }
}

/// The configuration that applies to every host of one run.
#[derive(Clone, Debug)]
pub struct SshConfig {
    options: SshOptions,
    local: Local,
    system_file: PathBuf,
}

impl SshConfig {
    /// With the options of the command line.
    pub fn new(options: SshOptions, local: Local) -> SshConfig {
        SshConfig {
            options,
            local,
            system_file: PathBuf::from("/etc/ssh/ssh_config"),
        }
    }

    /// What applies to the destination that the operator named.
    ///
    /// # Errors
    /// `-J` holds what is no destination; in words.
    pub fn destination(&self, to: &Destination) -> Result<(HostConfig, Vec<Notice>), String> {
        let mut reader = Reader::new(&to.host, &self.local);
        self.command_line(&mut reader, to)?;
        self.files(&mut reader);
        Ok(self.finish(&to.host, reader))
    }

    /// What applies to a jump host on the way; options of the command line are not for it.
    pub fn jump(&self, to: &Destination) -> (HostConfig, Vec<Notice>) {
        let mut reader = Reader::new(&to.host, &self.local);
        reader.settings.user.clone_from(&to.user);
        reader.settings.port = to.port;
        self.files(&mut reader);
        self.finish(&to.host, reader)
    }

    /// What applies to another node of the cluster that `to` led to. What the files do not say for
    /// it by its name is as for `to`: the same user, keys and jumps.
    ///
    /// # Errors
    /// The name is no host name, or `-J` holds what is no destination; in words.
    pub fn node(
        &self,
        node: &Destination,
        to: &Destination,
    ) -> Result<(HostConfig, Vec<Notice>), String> {
        // A peer chose this name, and it goes into ProxyCommand, paths and known_hosts.
        if !is_host_name(&node.host) {
            return Err(format!(
                "the cluster names a node {:?}: no host has such a name",
                node.host
            ));
        }
        let mut first = Reader::new(&to.host, &self.local);
        self.command_line(&mut first, to)?;
        self.files(&mut first);
        let mut reader = Reader::new(&node.host, &self.local);
        let here = Destination {
            user: node.user.clone().or_else(|| to.user.clone()),
            ..Destination::default()
        };
        self.command_line(&mut reader, &here)?;
        // Some of the command line is about the destination alone; a node's port is what Ganeti
        // says.
        reader.settings.port = node.port;
        reader.settings.host_name = None;
        reader.settings.host_key_alias = None;
        self.files(&mut reader);
        reader.settings.fill_from(&first.settings);
        Ok(self.finish(&node.host, reader))
    }

    fn finish(&self, original: &str, reader: Reader<'_>) -> (HostConfig, Vec<Notice>) {
        let Reader {
            settings,
            mut notices,
            ..
        } = reader;
        let config = resolve::resolve(original, settings, &self.local, &mut notices);
        (config, notices)
    }

    fn command_line(&self, reader: &mut Reader<'_>, to: &Destination) -> Result<(), String> {
        let options = &self.options;
        let settings = &mut reader.settings;
        settings.user = options.user.clone().or_else(|| to.user.clone());
        settings.port = options.port.or(to.port);
        let files = options.identities.iter();
        settings.identity_files = files
            .map(|file| file.to_string_lossy().into_owned())
            .collect();
        if let Some(jump) = &options.jump {
            settings.proxy_jump = Some(settings::jumps(jump)?);
        }
        for (keyword, value) in &options.options {
            let keyword = keyword.to_ascii_lowercase();
            let result = match words::arguments(&keyword, value) {
                Ok(words) => match settings.take(&keyword, &words) {
                    Ok(false) => Err("gantry does not honour this option".to_owned()),
                    taken => taken.map(drop),
                },
                Err(why) => Err(why.to_owned()),
            };
            if let Err(why) = result {
                reader.notices.push(Notice {
                    file: PathBuf::from(format!("-o {keyword}")),
                    line: 0,
                    text: why,
                });
            }
        }
        Ok(())
    }

    fn files(&self, reader: &mut Reader<'_>) {
        self.files_once(reader);
        if reader.wants_last_pass {
            reader.last_pass = true;
            self.files_once(reader);
        }
    }

    fn files_once(&self, reader: &mut Reader<'_>) {
        let user_dir = self.local.home.join(".ssh");
        match self.options.config.as_deref() {
            Some(file) if file == Path::new("none") => {}
            Some(file) => {
                if !file.exists() {
                    reader.notices.push(Notice {
                        file: file.to_owned(),
                        line: 0,
                        text: "no such file".to_owned(),
                    });
                }
                reader.file(file, &user_dir);
            }
            None => {
                reader.file(&user_dir.join("config"), &user_dir);
                let system_dir = self.system_file.parent().unwrap_or(Path::new("/"));
                reader.file(&self.system_file, system_dir);
            }
        }
    }
}

/// Whether this is a name or an address as the DNS and Ganeti have them: nothing that a shell, a
/// path or a line of known_hosts would take for more than a name.
fn is_host_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    !name.is_empty()
        && name.len() <= 255
        && !name.starts_with(['-', '.'])
        && name.chars().all(plain)
}

#[cfg(test)]
mod tests;
