//! Copying an agent to a host that has none: where it is found here, where it is put there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use russh::keys::ssh_key::sha2::{Digest, Sha256};

use super::host::Host;
use super::why::Why;

/// For so long copying may stand still.
const STUCK: Duration = Duration::from_secs(30);

/// An agent file on this machine that runs on a certain architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFile {
    /// Where it is here.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    sum: String,
}

/// What a host says of itself before an agent is copied to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// As `uname -m` prints it.
    pub arch: String,
}

impl Machine {
    /// Asks a host.
    ///
    /// # Errors
    /// It does not say, or it answers whatever it is asked as one that may run one command only.
    pub async fn ask(host: &Host) -> Result<Machine, Why> {
        let output = host.run("uname -m", b"", 256, STUCK).await?;
        let said = String::from_utf8_lossy(&output.stdout);
        let arch = said.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if arch.is_empty() || !arch.chars().all(plain) {
            return Err(Why::NoAgent(format!(
                "the host does not say what it is ({})",
                output.ended.words()
            )));
        }
        Ok(Machine {
            arch: arch.to_owned(),
        })
    }
}

impl AgentFile {
    /// The directories in which agents to copy are looked for: beside gantry and in
    /// `../lib/gantry`.
    pub fn directories() -> Vec<PathBuf> {
        let program = std::env::current_exe().and_then(|path| path.canonicalize());
        let Some(beside) = program
            .ok()
            .and_then(|path| path.parent().map(Path::to_owned))
        else {
            return Vec::new();
        };
        let library = beside.parent().map(|up| up.join("lib/gantry"));
        [Some(beside), library].into_iter().flatten().collect()
    }

    /// Finds the agent for an architecture.
    ///
    /// # Errors
    /// [`Why::WrongArch`] if there are only others, [`Why::NoAgent`] if there is none at all.
    pub fn find(directories: &[PathBuf], arch: &str) -> Result<AgentFile, Why> {
        let mut have = Vec::new();
        for directory in directories {
            for name in [format!("gantry-agent-{arch}"), "gantry-agent".to_owned()] {
                let path = directory.join(name);
                let Ok(bytes) = std::fs::read(&path) else {
                    continue;
                };
                match architecture(&bytes) {
                    Some(its) if its == arch => {
                        let sum = hex(&Sha256::digest(&bytes));
                        return Ok(AgentFile { path, bytes, sum });
                    }
                    Some(its) => have.push(its.to_owned()),
                    None => {
                        tracing::warn!(path = %path.display(), "not a program that gantry knows")
                    }
                }
            }
            have.extend(others(directory));
        }
        have.sort();
        have.dedup();
        if have.is_empty() {
            return Err(Why::NoAgent(
                "there is none on the host, and none beside gantry to copy".to_owned(),
            ));
        }
        Err(Why::WrongArch {
            host: arch.to_owned(),
            have: have.join(", "),
        })
    }

    /// Where it is put, below the remote user's cache: no two different agents share a path.
    pub fn place(&self) -> String {
        format!(
            "gantry/agent-{}-{}/gantry-agent",
            env!("CARGO_PKG_VERSION"),
            &self.sum[..12]
        )
    }

    /// The command that runs the copy; exit status 127 if it is not there. Its time of change
    /// tells when it was last used.
    pub fn command(&self) -> String {
        script(&format!(
            "a={CACHE}/{}; test -x \"$a\" || exit 127; touch -c \"$a\"; exec \"$a\" serve",
            quoted(&self.place())
        ))
    }

    /// Copies it. It comes into its place whole and checked or not at all, and whatever happens
    /// to the connection, nothing else stays behind.
    ///
    /// # Errors
    /// What went wrong there, in words.
    pub async fn copy_to(&self, host: &Host) -> Result<(), Why> {
        let output = host.run(&self.upload(), &self.bytes, 1024, STUCK).await?;
        let failed = |why: &str| Why::NoAgent(format!("copying one failed: {why}"));
        if output.stdout.starts_with(b"{\"hello\"") {
            return Err(failed(
                "the host runs its own command, whatever it is asked",
            ));
        }
        match output.ended.status {
            Some(0) => Ok(()),
            Some(65) => Err(failed("what arrived is not what was sent")),
            _ => Err(failed(&output.ended.words())),
        }
    }

    fn upload(&self) -> String {
        script(&format!(
            "umask 077; a={CACHE}/{}; d=\"${{a%/*}}\"; mkdir -p \"$d\" || exit 73; t=\"$d/.new-$$\"; \
             trap \"rm -f \\\"$t\\\"\" EXIT; trap \"exit 1\" HUP INT TERM PIPE; cat >\"$t\" || exit 74; \
             set -- $(sha256sum <\"$t\"); test \"$1\" = {} || exit 65; chmod 700 \"$t\" && mv -f \"$t\" \"$a\"",
            quoted(&self.place()),
            self.sum
        ))
    }
}

/// Removes copied agents that nobody runs and nobody has run for 30 days. It is a kindness, not a
/// duty: what goes wrong is only logged.
pub async fn tidy(host: &Host) {
    let command = script(&format!(
        "for a in {CACHE}/gantry/agent-*/gantry-agent; do test -n \"$(find \"$a\" -mtime +30 2>/dev/null)\" || continue; \
         r=$(readlink -f \"$a\"); u=; for p in /proc/[0-9]*/exe; do test \"$(readlink \"$p\" 2>/dev/null)\" = \"$r\" && u=1; done; \
         test -z \"$u\" && rm -f \"$a\" && rmdir \"${{a%/*}}\"; done; true"
    ));
    if let Err(why) = host.run(&command, b"", 256, STUCK).await {
        tracing::debug!(host = host.name(), %why, "old agents were not looked for");
    }
}

/// The remote user's cache, as its shell finds it.
const CACHE: &str = "\"${XDG_CACHE_HOME:-$HOME/.cache}\"";

/// A script as one word of a command: the user's own shell may be any.
fn script(text: &str) -> String {
    format!("sh -c {}", quoted(text))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Architectures of further agents in a directory, by their names.
fn others(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter_map(|name| Some(name.strip_prefix("gantry-agent-")?.to_owned()))
        .collect()
}

/// The architecture of a program, as `uname -m` would print it there (elf(5)).
fn architecture(bytes: &[u8]) -> Option<&'static str> {
    let class = *bytes.strip_prefix(b"\x7fELF")?.first()?;
    let little = *bytes.get(5)? == 1;
    let machine = [*bytes.get(18)?, *bytes.get(19)?];
    let machine = if little {
        u16::from_le_bytes(machine)
    } else {
        u16::from_be_bytes(machine)
    };
    match (machine, class, little) {
        (3, _, _) => Some("i686"),
        (20, _, _) => Some("ppc"),
        (21, _, true) => Some("ppc64le"),
        (21, _, false) => Some("ppc64"),
        (22, _, _) => Some("s390x"),
        (40, _, _) => Some("armv7l"),
        (62, _, _) => Some("x86_64"),
        (183, _, _) => Some("aarch64"),
        (243, 2, _) => Some("riscv64"),
        (258, _, _) => Some("loongarch64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn program(machine: u8) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18] = machine;
        bytes
    }

    #[test]
    fn the_agent_of_the_right_architecture_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let dirs = [dir.path().join("none"), dir.path().to_owned()];
        let find = |arch| AgentFile::find(&dirs, arch);
        assert!(matches!(find("x86_64"), Err(Why::NoAgent(_))));
        std::fs::write(dir.path().join("gantry-agent"), program(62)).unwrap();
        std::fs::write(dir.path().join("gantry-agent-aarch64"), program(183)).unwrap();
        std::fs::write(dir.path().join("gantry-agent-s390x"), "#!/bin/sh").unwrap();
        assert!(find("x86_64").unwrap().path.ends_with("gantry-agent"));
        assert!(
            find("aarch64")
                .unwrap()
                .path
                .ends_with("gantry-agent-aarch64")
        );
        let why = find("riscv64").unwrap_err().to_string();
        assert!(why.contains("aarch64") && why.contains("x86_64"), "{why}");
        assert!(find("s390x").is_err());
    }

    #[test]
    fn what_is_no_program_has_no_architecture() {
        for bytes in [
            b"".as_slice(),
            b"\x7fELF",
            b"\x7fELF\x02\x01",
            b"#!/bin/sh\n",
        ] {
            assert_eq!(architecture(bytes), None);
        }
    }

    #[test]
    fn quotes_in_a_script_stay_in_it() {
        assert_eq!(script("echo 'a'"), r#"sh -c 'echo '\''a'\'''"#);
    }
}
