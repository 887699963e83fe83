//! The real cluster that `tests/lab/cluster` keeps, and gantry run in its network.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::harness::terminal::{Terminal, program};

/// The lab, up and with the agent installed on every node.
pub struct Lab {
    script: PathBuf,
    /// A home of our own, so that no configuration of whoever runs the tests plays a part.
    home: PathBuf,
}

impl Lab {
    /// The lab that `GANTRY_LAB` names, with agents where the console looks for them first.
    pub fn open() -> Self {
        let lab = Lab::connect();
        lab.run(&["install", &agent(), AGENT]);
        lab
    }

    /// The same without any agent.
    pub fn without_agents() -> Self {
        let lab = Lab::connect();
        lab.on("node1", &format!("rm -rf {AGENT} /root/.cache/gantry"));
        lab
    }

    fn connect() -> Self {
        let script =
            env::var_os("GANTRY_LAB").expect("GANTRY_LAB is the path of tests/lab/cluster");
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab-home");
        fs::create_dir_all(&home).unwrap();
        let lab = Lab {
            script: fs::canonicalize(script).unwrap(),
            home,
        };
        fs::write(lab.ssh_config(), lab.run(&["config"])).unwrap();
        lab
    }

    fn ssh_config(&self) -> PathBuf {
        self.home.join("ssh_config")
    }

    /// One command of the lab's own; what it printed. It must succeed.
    pub fn run(&self, args: &[&str]) -> String {
        let output = Command::new(&self.script)
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "lab {args:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// A command line on one node; what it printed. It must succeed.
    pub fn on(&self, node: &str, line: &str) -> String {
        let mut args = vec!["node", node];
        args.extend(line.split(' '));
        self.run(&args)
    }

    /// A node's agent, to be spoken to.
    pub fn agent(&self, node: &str) -> Child {
        self.agent_with(node, &[])
    }

    /// A node's agent as a key's command may have it.
    pub fn agent_with(&self, node: &str, options: &[&str]) -> Child {
        Command::new(&self.script)
            .args(["node", node, AGENT, "serve"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// The master as node1's ssconf has it.
    pub fn master(&self) -> String {
        self.on("node1", "gnt-cluster getmaster").trim().to_owned()
    }

    /// A command line on the master; what it printed.
    pub fn gnt(&self, line: &str) -> String {
        self.on(&self.master(), line)
    }

    /// What a `gnt-* list --separator=|` printed, cut into cells.
    pub fn table(&self, line: &str) -> Vec<Vec<String>> {
        self.gnt(line)
            .lines()
            .map(|row| row.split('|').map(str::to_owned).collect())
            .collect()
    }

    /// gantry in the cluster's network with a home of its own and the lab's ssh_config.
    fn arguments(&self, args: &[&str]) -> Vec<String> {
        let home = format!("HOME={}", self.home.display());
        let config = self.ssh_config().display().to_string();
        ["exec", "env", &home, env!("CARGO_BIN_EXE_gantry")]
            .into_iter()
            .chain(args.iter().copied())
            .chain(["-F", &config])
            .map(str::to_owned)
            .collect()
    }

    /// The lines of all records of runbooks that its consoles have kept.
    pub fn records(&self) -> Vec<String> {
        let place = self.home.join(".local/state/gantry/runbooks");
        let files = fs::read_dir(place).unwrap();
        let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        texts
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

    /// gantry without a screen, in the cluster's network.
    pub fn gantry(&self, args: &[&str]) -> Output {
        Command::new(&self.script)
            .args(self.arguments(args))
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// One of gantry's htools in the cluster's network: ssh's options stand before its name.
    pub fn tool(&self, args: &[&str]) -> Output {
        let mut all = self.arguments(&[]);
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        Command::new(&self.script)
            .args(all)
            .env_remove("SSH_AUTH_SOCK")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// A list as JSON (`nodes`, `instances`, ...), asked through a node.
    pub fn json(&self, list: &str, through: &str) -> Vec<Value> {
        self.try_json(list, through)
            .unwrap_or_else(|why| panic!("{why}"))
    }

    /// As [`Lab::json`] where it may not work yet.
    pub fn try_json(&self, list: &str, through: &str) -> Result<Vec<Value>, String> {
        self.json_with(list, through, &[])
    }

    /// As [`Lab::try_json`] with more options.
    pub fn json_with(
        &self,
        list: &str,
        through: &str,
        options: &[&str],
    ) -> Result<Vec<Value>, String> {
        let output = self.gantry(&[&[list, through, "--json"], options].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(format!("gantry {list} {through}: {text}{why}"));
        }
        serde_json::from_str(&text).map_err(|error| format!("{error} in {text}"))
    }

    /// The console on this cluster in a terminal.
    pub fn console(&self, through: &str, columns: u16, rows: u16) -> Terminal {
        self.terminal(&[through], columns, rows)
    }

    /// gantry with these arguments in a terminal.
    pub fn terminal(&self, args: &[&str], columns: u16, rows: u16) -> Terminal {
        let mut command = program(&self.script);
        command.args(self.arguments(args));
        command.env_remove("SSH_AUTH_SOCK");
        Terminal::start(command, columns, rows)
    }
}

/// Where an installed agent is.
const AGENT: &str = "/usr/local/bin/gantry-agent";

/// Ends a lab's disaster whatever becomes of the test.
pub struct Mended<'a>(pub &'a Lab, pub &'a [&'a str]);

impl Drop for Mended<'_> {
    fn drop(&mut self) {
        self.0.run(self.1);
    }
}

/// The static agent, where `agent/build-static` puts it: beside the console.
fn agent() -> String {
    format!(
        "{}-agent-{}",
        env!("CARGO_BIN_EXE_gantry"),
        env::consts::ARCH
    )
}
