//! The options that gantry honours, as they add up over the files: the first value wins.

use std::time::Duration;

use crate::config::Destination;

/// What the configuration says for one host. `None` and empty lists: nothing was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    pub host_name: Option<String>,
    pub user: Option<String>,
    pub port: Option<u16>,
    pub identity_files: Vec<String>,
    pub certificate_files: Vec<String>,
    pub identities_only: Option<bool>,
    pub identity_agent: Option<String>,
    /// Empty for `none`.
    pub proxy_jump: Option<Vec<Destination>>,
    /// Empty for `none`.
    pub proxy_command: Option<String>,
    pub user_known_hosts: Option<Vec<String>>,
    pub global_known_hosts: Option<Vec<String>>,
    pub host_key_alias: Option<String>,
    pub strict: Option<Strict>,
    pub hash_known_hosts: Option<bool>,
    pub alive_interval: Option<Duration>,
    pub alive_count_max: Option<u32>,
    pub connect_timeout: Option<Duration>,
    pub address_family: Option<Family>,
    pub pubkey: Option<bool>,
    pub password: Option<bool>,
    pub interactive: Option<bool>,
    pub batch: Option<bool>,
    pub tag: Option<String>,
}

/// StrictHostKeyChecking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strict {
    /// `ask`: an unknown key is shown and asked for.
    #[default]
    Ask,
    /// `yes`: an unknown key is refused.
    Yes,
    /// `accept-new`, `no` and `off`: an unknown key is taken and recorded. A changed one is
    /// refused even then.
    AcceptNew,
}

/// AddressFamily.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Either.
    #[default]
    Any,
    /// IPv4 only.
    Inet,
    /// IPv6 only.
    Inet6,
}

impl Settings {
    /// Takes one option, unless an earlier one was there. Options that gantry does not honour are
    /// passed over; says whether it does.
    ///
    /// # Errors
    /// What is wrong with the value, or that the option would change the way to the host and
    /// gantry does not know how, in words.
    pub fn take(&mut self, keyword: &str, words: &[String]) -> Result<bool, String> {
        let one = || match words {
            [word] => Ok(word.clone()),
            _ => Err(format!("{keyword} takes one value, not {}", words.len())),
        };
        match keyword {
            "hostname" => first(&mut self.host_name, one()?),
            "user" => first(&mut self.user, one()?),
            "port" => first(&mut self.port, port(&one()?)?),
            "identityfile" => push_new(&mut self.identity_files, one()?),
            "certificatefile" => push_new(&mut self.certificate_files, one()?),
            "identitiesonly" => first(&mut self.identities_only, yes(&one()?)?),
            "identityagent" => first(&mut self.identity_agent, one()?),
            // Whichever of the two stands first keeps the other out.
            "proxyjump" if self.proxy_command.is_none() => {
                let hops = jumps(&one()?)?;
                first(&mut self.proxy_jump, hops);
            }
            "proxycommand" if self.proxy_jump.is_none() => {
                let command = one()?;
                let none = command.eq_ignore_ascii_case("none");
                first(
                    &mut self.proxy_command,
                    if none { String::new() } else { command },
                );
            }
            "userknownhostsfile" => first(&mut self.user_known_hosts, words.to_vec()),
            "globalknownhostsfile" => first(&mut self.global_known_hosts, words.to_vec()),
            "hostkeyalias" => first(&mut self.host_key_alias, one()?),
            "stricthostkeychecking" => {
                let strict = match one()?.to_ascii_lowercase().as_str() {
                    "ask" => Strict::Ask,
                    "yes" | "true" => Strict::Yes,
                    "accept-new" | "no" | "off" | "false" => Strict::AcceptNew,
                    other => return Err(format!("{other:?} is not yes, no, ask or accept-new")),
                };
                first(&mut self.strict, strict);
            }
            "hashknownhosts" => first(&mut self.hash_known_hosts, yes(&one()?)?),
            "serveraliveinterval" => first(&mut self.alive_interval, time(&one()?)?),
            "serveralivecountmax" => {
                let word = one()?;
                let count = word
                    .parse()
                    .map_err(|_| format!("{word:?} is not a count"))?;
                first(&mut self.alive_count_max, count);
            }
            "connecttimeout" => match one()?.as_str() {
                "none" => {}
                word => first(&mut self.connect_timeout, time(word)?),
            },
            "addressfamily" => {
                let family = match one()?.to_ascii_lowercase().as_str() {
                    "any" => Family::Any,
                    "inet" => Family::Inet,
                    "inet6" => Family::Inet6,
                    other => return Err(format!("{other:?} is not any, inet or inet6")),
                };
                first(&mut self.address_family, family);
            }
            "pubkeyauthentication" => {
                first(&mut self.pubkey, !one()?.eq_ignore_ascii_case("no"));
            }
            "passwordauthentication" => first(&mut self.password, yes(&one()?)?),
            "kbdinteractiveauthentication" | "challengeresponseauthentication" => {
                first(&mut self.interactive, yes(&one()?)?);
            }
            "batchmode" => first(&mut self.batch, yes(&one()?)?),
            "tag" => first(&mut self.tag, one()?),
            "knownhostscommand" => {
                return Err("KnownHostsCommand is not supported: use a known_hosts file".to_owned());
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Fills what was not said for this host with what was said for `other`, as far as it is about
    /// the operator and the way (user, keys, jumps, times) and not about that one host (its name,
    /// port, key).
    pub fn fill_from(&mut self, other: &Settings) {
        macro_rules! fill {
            ($($part:ident),*) => { $( if self.$part.is_none() { self.$part.clone_from(&other.$part); } )* };
        }
        if self.proxy_jump.is_none() && self.proxy_command.is_none() {
            self.proxy_jump.clone_from(&other.proxy_jump);
            self.proxy_command.clone_from(&other.proxy_command);
        }
        if self.identity_files.is_empty() {
            self.identity_files.clone_from(&other.identity_files);
        }
        if self.certificate_files.is_empty() {
            self.certificate_files.clone_from(&other.certificate_files);
        }
        fill!(
            user,
            identities_only,
            identity_agent,
            user_known_hosts,
            global_known_hosts,
            strict,
            hash_known_hosts,
            alive_interval,
            alive_count_max,
            connect_timeout,
            address_family,
            pubkey,
            password,
            interactive,
            batch
        );
    }
}

/// A comma-separated list of destinations as ProxyJump takes it; empty for `none`.
///
/// # Errors
/// In words, for the first one that is none.
pub(super) fn jumps(text: &str) -> Result<Vec<Destination>, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    text.split(',')
        .map(|hop| Destination::parse(hop.trim()))
        .collect()
}

fn first<T>(slot: &mut Option<T>, value: T) {
    slot.get_or_insert(value);
}

fn push_new(list: &mut Vec<String>, value: String) {
    if !list.contains(&value) {
        list.push(value);
    }
}

fn yes(word: &str) -> Result<bool, String> {
    match word.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(true),
        "no" | "false" => Ok(false),
        other => Err(format!("{other:?} is neither yes nor no")),
    }
}

fn port(word: &str) -> Result<u16, String> {
    match word.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(format!("{word:?} is not a port")),
    }
}

/// A time as sshd_config(5) writes it: `90`, `90s`, `5m`, `1h30m`.
fn time(word: &str) -> Result<Duration, String> {
    let bad = || format!("{word:?} is not a time");
    let mut seconds: u64 = 0;
    let mut rest = word;
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (digits, tail) = rest.split_at(end);
        let number: u64 = digits.parse().map_err(|_| bad())?;
        let mut tail = tail.chars();
        let factor = match tail.next().map(|c| c.to_ascii_lowercase()) {
            None | Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            Some('w') => 604_800,
            Some(_) => return Err(bad()),
        };
        let part = number.checked_mul(factor).ok_or_else(bad)?;
        seconds = seconds.checked_add(part).ok_or_else(bad)?;
        rest = tail.as_str();
    }
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_ssh_writes_them() {
        assert_eq!(time("90"), Ok(Duration::from_secs(90)));
        assert_eq!(time("1h30m"), Ok(Duration::from_secs(5400)));
        for bad in [
            "",
            "x",
            "5x",
            "-1",
            "99999999999999999999",
            "9999999999999999999w",
            "m",
        ] {
            assert!(time(bad).is_err(), "{bad:?}");
        }
    }
}
