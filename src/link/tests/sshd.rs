//! OpenSSH's own server on a loopback port.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use russh::keys::{Algorithm, PrivateKey, ssh_key::LineEnding};
use tempfile::TempDir;

use crate::config::{Deploy, Destination, LinkOptions, SshOptions, Target};
use crate::link::ssh_config::Local;

const PROGRAM: &str = "/usr/sbin/sshd";

/// A server, and a home directory of somebody who may log in there.
pub struct Sshd {
    dir: TempDir,
    child: Child,
    pub port: u16,
    pub key: PrivateKey,
}

impl Sshd {
    /// Starts one; `None`, said aloud, where there is no sshd.
    pub fn start() -> Option<Sshd> {
        Sshd::with("")
    }

    /// With further lines of configuration; `DIR` stands for the server's directory.
    pub fn with(lines: &str) -> Option<Sshd> {
        if !Path::new(PROGRAM).exists() {
            eprintln!("skipped: there is no {PROGRAM} (Debian: openssh-server)");
            return None;
        }
        // What it wants for its privilege separation when it runs as root.
        let _ = std::fs::create_dir_all("/run/sshd");
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let key = new_key();
        write_key(&at("host_key"), &new_key());
        std::fs::create_dir_all(at("home/.ssh")).unwrap();
        write_key(&at("home/.ssh/id_ed25519"), &key);
        std::fs::write(
            at("authorized_keys"),
            key.public_key().to_openssh().unwrap(),
        )
        .unwrap();
        let port = free_port();
        let place = dir.path().display();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {place}/host_key\nPidFile none\nUsePAM no\nStrictModes no\n\
             AuthorizedKeysFile {place}/authorized_keys\nPermitRootLogin yes\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nSetEnv XDG_CACHE_HOME={place}/cache\nLogLevel VERBOSE\n{}",
            lines.replace("DIR", &place.to_string())
        );
        std::fs::write(at("sshd_config"), config).unwrap();
        let mut sshd = Sshd {
            child: run(dir.path()),
            dir,
            port,
            key,
        };
        sshd.wait();
        Some(sshd)
    }

    /// Waits until it takes connections.
    fn wait(&mut self) {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(
                self.child.try_wait().unwrap().is_none(),
                "sshd ended: {}",
                self.log()
            );
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "sshd does not listen"
            );
            std::thread::yield_now();
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Gives the server another host key.
    pub fn change_host_key(&mut self) {
        self.stop();
        write_key(&self.path("host_key"), &new_key());
        self.child = run(self.dir.path());
        self.wait();
    }

    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Somebody whose home holds the right key and nothing else.
    pub fn operator(&self) -> Local {
        Local {
            home: self.path("home"),
            uid: 0,
            host: "desk".to_owned(),
            agent: None,
            ..Local::read()
        }
    }

    pub fn options(&self) -> LinkOptions {
        LinkOptions {
            target: Target::Ssh(self.destination()),
            ssh: SshOptions {
                config: Some(self.path("home/.ssh/config")),
                ..SshOptions::default()
            },
            deploy: Deploy::Ask,
            agent_command: None,
            sample_ms: 1000,
        }
    }

    pub fn destination(&self) -> Destination {
        Destination {
            user: None,
            host: "127.0.0.1".to_owned(),
            port: Some(self.port),
        }
    }

    /// Writes the operator's ssh_config.
    pub fn configure(&self, text: &str) {
        std::fs::write(self.path("home/.ssh/config"), text).unwrap();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(dir: &Path) -> Child {
    Command::new(PROGRAM)
        .arg("-D")
        .arg("-f")
        .arg(dir.join("sshd_config"))
        .arg("-E")
        .arg(dir.join("log"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

pub fn new_key() -> PrivateKey {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).unwrap()
}

pub fn write_key(path: &Path, key: &PrivateKey) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, key.to_openssh(LineEnding::LF).unwrap()).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
