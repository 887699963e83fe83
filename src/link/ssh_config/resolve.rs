//! From what was said to what it means: defaults, `~`, `%` tokens and `${VARIABLES}`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::settings::Settings;
use super::{HostConfig, Local, Notice};

/// How long connecting may take where the configuration does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The key files that are tried where none is named, as ssh(1) has them.
const CUSTOMARY_KEYS: [&str; 5] = [
    "id_rsa",
    "id_ecdsa",
    "id_ecdsa_sk",
    "id_ed25519",
    "id_ed25519_sk",
];

pub(super) fn resolve(
    original: &str,
    said: Settings,
    local: &Local,
    notices: &mut Vec<Notice>,
) -> HostConfig {
    let mut tokens = Tokens {
        local,
        original,
        host: original.to_owned(),
        port: said.port.unwrap_or(22),
        user: said.user.clone().unwrap_or_else(|| local.user.clone()),
        key_name: String::new(),
        notices,
    };
    if let Some(name) = &said.host_name {
        tokens.host = tokens.expand("HostName", name, "h");
    }
    tokens.key_name = said
        .host_key_alias
        .clone()
        .unwrap_or_else(|| tokens.host.clone());

    let identities_named = !said.identity_files.is_empty();
    let ssh_dir = local.home.join(".ssh");
    let identity_files = if identities_named {
        tokens.paths("IdentityFile", &said.identity_files)
    } else {
        CUSTOMARY_KEYS
            .iter()
            .map(|name| ssh_dir.join(name))
            .collect()
    };
    let identity_agent = match said.identity_agent.as_deref() {
        None | Some("SSH_AUTH_SOCK") => local.agent.clone(),
        Some("none") => None,
        Some(text) => match text.strip_prefix('$').filter(|name| !name.starts_with('{')) {
            Some(variable) => std::env::var_os(variable).map(PathBuf::from),
            None => Some(tokens.path("IdentityAgent", text)),
        },
    };
    let proxy_command = said
        .proxy_command
        .filter(|command| !command.is_empty())
        .map(|command| tokens.expand("ProxyCommand", &command, "hnpr"));
    let known_hosts =
        |tokens: &mut Tokens<'_>, said: Option<Vec<String>>, dir: &Path, keyword| match said {
            Some(files) => tokens.paths(keyword, &files),
            None => vec![dir.join(if keyword == "UserKnownHostsFile" {
                "known_hosts"
            } else {
                "ssh_known_hosts"
            })],
        };
    HostConfig {
        original: original.to_owned(),
        identity_files,
        identities_named,
        certificate_files: tokens.paths("CertificateFile", &said.certificate_files),
        identities_only: said.identities_only.unwrap_or(false),
        identity_agent,
        jumps: said.proxy_jump.unwrap_or_default(),
        proxy_command,
        user_known_hosts: known_hosts(
            &mut tokens,
            said.user_known_hosts,
            &ssh_dir,
            "UserKnownHostsFile",
        ),
        global_known_hosts: known_hosts(
            &mut tokens,
            said.global_known_hosts,
            Path::new("/etc/ssh"),
            "GlobalKnownHostsFile",
        ),
        host_key_alias: said.host_key_alias,
        strict: said.strict.unwrap_or_default(),
        hash_known_hosts: said.hash_known_hosts.unwrap_or(false),
        alive_interval: said.alive_interval.filter(|interval| !interval.is_zero()),
        alive_count_max: said.alive_count_max.unwrap_or(3),
        connect_timeout: said
            .connect_timeout
            .filter(|t| !t.is_zero())
            .unwrap_or(CONNECT_TIMEOUT),
        address_family: said.address_family.unwrap_or_default(),
        pubkey: said.pubkey.unwrap_or(true),
        password: said.password.unwrap_or(true),
        interactive: said.interactive.unwrap_or(true),
        batch: said.batch.unwrap_or(false),
        host_name: tokens.host,
        port: tokens.port,
        user: tokens.user,
    }
}

/// What `%` tokens stand for.
struct Tokens<'a> {
    local: &'a Local,
    original: &'a str,
    host: String,
    port: u16,
    user: String,
    key_name: String,
    notices: &'a mut Vec<Notice>,
}

impl Tokens<'_> {
    fn paths(&mut self, keyword: &str, texts: &[String]) -> Vec<PathBuf> {
        let named = texts
            .iter()
            .filter(|text| !text.eq_ignore_ascii_case("none"));
        named.map(|text| self.path(keyword, text)).collect()
    }

    fn path(&mut self, keyword: &str, text: &str) -> PathBuf {
        let text = self.variables(keyword, text);
        let text = self.expand(keyword, &text, "dhiklLnpru");
        self.local.path(&text)
    }

    /// Puts in the tokens of `allowed`; another one stays as it is and is reported.
    fn expand(&mut self, keyword: &str, text: &str, allowed: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            out.push_str(&rest[..at]);
            let token = rest[at + 1..].chars().next();
            let known = token.filter(|&t| t == '%' || allowed.contains(t));
            match known {
                Some('%') => out.push('%'),
                Some('d') => out.push_str(&self.local.home.to_string_lossy()),
                Some('h') => out.push_str(&self.host),
                Some('i') => out.push_str(&self.local.uid.to_string()),
                Some('k') => out.push_str(&self.key_name),
                Some('l') => out.push_str(&self.local.host),
                Some('L') => out.push_str(self.local.host.split('.').next().unwrap_or_default()),
                Some('n') => out.push_str(self.original),
                Some('p') => out.push_str(&self.port.to_string()),
                Some('r') => out.push_str(&self.user),
                Some('u') => out.push_str(&self.local.user),
                _ => {
                    let token = token.map(String::from).unwrap_or_default();
                    self.notice(keyword, format!("gantry does not know the token %{token}"));
                    out.push('%');
                    rest = &rest[at + 1..];
                    continue;
                }
            }
            rest = &rest[at + 2..];
        }
        out.push_str(rest);
        out
    }

    /// Puts in `${NAME}` from the environment.
    fn variables(&mut self, keyword: &str, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let Some(end) = rest[at..].find('}') else {
                break;
            };
            let name = &rest[at + 2..at + end];
            out.push_str(&rest[..at]);
            match std::env::var(name) {
                Ok(value) => out.push_str(&value),
                Err(_) => self.notice(keyword, format!("the environment has no {name}")),
            }
            rest = &rest[at + end + 1..];
        }
        out.push_str(rest);
        out
    }

    fn notice(&mut self, keyword: &str, text: String) {
        self.notices.push(Notice {
            file: PathBuf::from(format!("{keyword} for {}", self.original)),
            line: 0,
            text,
        });
    }
}
