//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use lexopt::Parser;
use lexopt::prelude::*;

use super::htools::{Htool, Tool};
use super::target::{Deploy, Destination, SshOptions, Target};

/// What `gantry --help` prints.
pub const HELP: &str = "\
gantry: a full-screen operations console for Ganeti clusters

  gantry [OPTIONS] [USER@]HOST         watch the cluster that HOST belongs to
  gantry [OPTIONS] --local             the same on a node itself, without SSH
  gantry [OPTIONS] -- HOST             for a host that is named like a command
  gantry demo [DEMO OPTIONS]           watch a simulated cluster
  gantry status DEST [--json]          one look; exits as monitoring plugins do:
                                       0 healthy, 1 warnings, 2 critical, 3 unknown
  gantry nodes|instances|groups|jobs|drbd|storage|n1 DEST [--json] [--watch]
                                       one list, or a line for each change
  gantry do DEST OPERATION SUBJECT... [NAME=VALUE...] [CHANGE OPTIONS] [--json]
                                       one change, such as: do root@node1 failover web1 --yes --wait
                                       0 done, 1 the job failed, 2 refused beforehand,
                                       3 unreachable, 4 refused by the agent, 5 unknown
  gantry console DEST INSTANCE         its serial console; Ctrl-] leaves it; exits 3, 4 as do
  gantry hbal|hcheck|hinfo|hroller|hspace|hsqueeze -t FILE|DEST|-L
                                       as Ganeti's tools of these names; each has its own --help
  gantry hail [OPTIONS] FILE|-         answer an allocation request, as Ganeti's hail
  gantry hscan DEST|-L [-d DIR]        write what those tools read
  gantry harep --dry-run DEST|-L       what Ganeti's harep would repair

Options, as ssh(1) has them:
  -i FILE            identity file (may be given again)
  -J [USER@]HOST[:PORT][,...]   jump hosts
  -F FILE            ssh_config to read instead of ~/.ssh/config; 'none' for none
  -l USER, -p PORT   user and port
  -o OPTION=VALUE    any ssh_config option that gantry honours
Options of gantry's own:
  --deploy           copy the agent to nodes that have none, without asking
  --no-deploy        never copy it
  --config FILE      read this instead of ~/.config/gantry/gantry.toml
  --theme NAME       colours
  --read-only        change nothing, whatever the key permits
  --log FILE         write a log there (RUST_LOG chooses what)
  -h, --help         this text
  -V, --version      the version

Options of changes:
  --dry-run          say what would come of it, and do nothing
  --yes              do it, although somebody would notice
  --powered-off NODE this node is off: you have made sure of it (may be given again)
  --reason TEXT      for the job's reason trail
  --wait             follow the job, and those that it makes, to their end

Demo options:
  --nodes N          how many nodes (12)
  --instances N      how many instances (60)
  --seed N           another cluster
  --speed X          its time runs X times as fast (1)
  --frozen           nothing moves
  --story NAME       only this happens, and has begun: resync, stall, pause, dependency, verify,
                     split-brain, standalone, diskless, node-death, vgs-hang or migration
  --serve ADDR       only serve it over SSH there, such as 127.0.0.1:2222
  --picture FILE     write the screen there as SVG after a while, and leave
";

/// What was asked for on the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// What to do.
    pub command: Command,
    /// ssh(1)'s options.
    pub ssh: SshOptions,
    /// `--deploy`, `--no-deploy`.
    pub deploy: Deploy,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--theme`.
    pub theme: Option<String>,
    /// `--log`.
    pub log: Option<PathBuf>,
    /// `--read-only`.
    pub read_only: bool,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show the help text.
    Help,
    /// Show the version.
    Version,
    /// The console.
    Console(Target),
    /// The console on a simulated cluster, or only that cluster.
    Demo(Demo),
    /// One look, for monitoring.
    Status {
        /// Where.
        target: Target,
        /// As JSON.
        json: bool,
    },
    /// One list.
    List {
        /// Of what.
        list: List,
        /// Where.
        target: Target,
        /// As JSON.
        json: bool,
        /// Go on, and print what changes.
        watch: bool,
    },
    /// The serial console of one instance.
    Serial {
        /// Where.
        target: Target,
        /// Its name.
        instance: String,
    },
    /// One change.
    Do(Do),
    /// One of Ganeti's htools.
    Htool(Htool),
}

/// A change that is asked for on the command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Do {
    /// Where.
    pub target: Target,
    /// Its name.
    pub operation: String,
    /// What it is done to.
    pub subjects: Vec<String>,
    /// Its parameters.
    pub fields: Vec<(String, String)>,
    /// Why.
    pub reason: String,
    /// Say what would come of it, and do nothing.
    pub dry_run: bool,
    /// It is confirmed.
    pub yes: bool,
    /// Nodes that are powered off by the operator's word.
    pub powered_off: Vec<String>,
    /// Wait for the end of its job.
    pub wait: bool,
    /// As JSON.
    pub json: bool,
}

/// What `gantry demo` shall simulate.
#[derive(Clone, Debug, PartialEq)]
pub struct Demo {
    /// Nodes.
    pub nodes: usize,
    /// Instances.
    pub instances: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// How many times faster than real time.
    pub speed: f64,
    /// Nothing moves.
    pub frozen: bool,
    /// What alone happens, by name.
    pub story: Option<String>,
    /// Serve there and show nothing.
    pub serve: Option<SocketAddr>,
    /// Write a picture there and leave.
    pub picture: Option<PathBuf>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// `gantry nodes`
    Nodes,
    /// `gantry instances`
    Instances,
    /// `gantry groups`
    Groups,
    /// `gantry jobs`
    Jobs,
    /// `gantry drbd`
    Drbd,
    /// `gantry storage`
    Storage,
    /// `gantry n1`
    N1,
}

/// Everything that options and words add up to before it is known what they mean together.
#[derive(Default)]
struct Given {
    words: Vec<String>,
    /// The first word stood behind `--`: it is a host.
    host: bool,
    local: bool,
    json: bool,
    watch: bool,
    demo: Vec<&'static str>,
    change: Vec<&'static str>,
}

impl Invocation {
    /// Reads the command line, program name excluded.
    ///
    /// # Errors
    /// In words, what is wrong with it.
    pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Invocation, String> {
        let mut out = Invocation {
            command: Command::Help,
            ssh: SshOptions::default(),
            deploy: Deploy::Ask,
            config: None,
            theme: None,
            log: None,
            read_only: false,
        };
        let mut given = Given::default();
        let mut demo = Demo {
            nodes: 12,
            instances: 60,
            seed: 1,
            speed: 1.0,
            frozen: false,
            story: None,
            serve: None,
            picture: None,
        };
        let mut change = Do::default();
        let args: Vec<OsString> = args.into_iter().collect();
        let dashes = args.iter().position(|arg| arg == "--");

        let mut parser = Parser::from_args(args.iter().take(dashes.unwrap_or(args.len())).cloned());
        while let Some(arg) = parser.next().map_err(said)? {
            match arg {
                Short('h') | Long("help") => return Ok(out),
                Short('V') | Long("version") => {
                    return Ok(Invocation {
                        command: Command::Version,
                        ..out
                    });
                }
                Short('i') => out.ssh.identities.push(value(&mut parser)?.into()),
                Short('J') => out.ssh.jump = Some(text(&mut parser, "-J")?),
                Short('F') => out.ssh.config = Some(value(&mut parser)?.into()),
                Short('l') => out.ssh.user = Some(text(&mut parser, "-l")?),
                Short('p') => out.ssh.port = Some(number(&mut parser, "-p")?),
                Short('o') => out.ssh.options.push(option(&text(&mut parser, "-o")?)?),
                Long("deploy") => out.deploy = Deploy::Yes,
                Long("no-deploy") => out.deploy = Deploy::No,
                Long("config") => out.config = Some(value(&mut parser)?.into()),
                Long("theme") => out.theme = Some(text(&mut parser, "--theme")?),
                Long("log") => out.log = Some(value(&mut parser)?.into()),
                Long("local") => given.local = true,
                Long("json") => given.json = true,
                Long("watch") => given.watch = true,
                Long("read-only") => out.read_only = true,
                Long("dry-run") => change.dry_run = given.change("--dry-run", true),
                Long("yes") => change.yes = given.change("--yes", true),
                Long("wait") => change.wait = given.change("--wait", true),
                Long("powered-off") => {
                    let node = text(&mut parser, "--powered-off")?;
                    change.powered_off.push(given.change("--powered-off", node));
                }
                Long("reason") => {
                    change.reason = given.change("--reason", text(&mut parser, "--reason")?);
                }
                Long("nodes") => {
                    demo.nodes = given.demo("--nodes", number(&mut parser, "--nodes")?)
                }
                Long("instances") => {
                    demo.instances = given.demo("--instances", number(&mut parser, "--instances")?);
                }
                Long("seed") => demo.seed = given.demo("--seed", number(&mut parser, "--seed")?),
                Long("speed") => {
                    demo.speed = given.demo("--speed", number(&mut parser, "--speed")?)
                }
                Long("frozen") => demo.frozen = given.demo("--frozen", true),
                Long("story") => {
                    demo.story = Some(given.demo("--story", text(&mut parser, "--story")?));
                }
                Long("serve") => {
                    demo.serve = Some(given.demo("--serve", number(&mut parser, "--serve")?))
                }
                Long("picture") => {
                    demo.picture = Some(given.demo("--picture", value(&mut parser)?.into()));
                }
                Value(word) if given.words.is_empty() && tool(&word).is_some() => {
                    // What follows is the tool's own, and means other things than gantry's.
                    let own = parser.raw_args().map_err(said)?;
                    let rest: Vec<OsString> = match dashes {
                        Some(dashes) => own.chain(args.iter().skip(dashes).cloned()).collect(),
                        None => own.collect(),
                    };
                    given.only_ssh()?;
                    if let Some(tool) = tool(&word) {
                        out.command = Command::Htool(Htool::parse(tool, &rest));
                    }
                    return Ok(out);
                }
                Value(word) => given.words.push(utf8(word, "argument")?),
                other => return Err(said(other.unexpected())),
            }
        }
        if let Some(dashes) = dashes {
            given.host = given.words.is_empty();
            for word in &args[dashes + 1..] {
                given.words.push(utf8(word.clone(), "argument")?);
            }
        }
        out.command = given.command(demo, change)?;
        Ok(out)
    }
}

impl Given {
    /// Notes that an option of the demo was given.
    fn demo<T>(&mut self, option: &'static str, value: T) -> T {
        self.demo.push(option);
        value
    }

    /// Notes that an option of a change was given.
    fn change<T>(&mut self, option: &'static str, value: T) -> T {
        self.change.push(option);
        value
    }

    /// Before the name of one of the htools there are ssh's options and gantry's own only.
    fn only_ssh(&self) -> Result<(), String> {
        let given = [
            (self.local, "--local"),
            (self.json, "--json"),
            (self.watch, "--watch"),
        ];
        let given = given
            .into_iter()
            .find_map(|(is, option)| is.then_some(option));
        match given.or(self.demo.first().copied()) {
            Some(option) => Err(format!(
                "{option} does not stand before a tool's name; see the tool's own --help (-L is this node)"
            )),
            None => Ok(()),
        }
    }

    fn command(mut self, demo: Demo, mut change: Do) -> Result<Command, String> {
        let verb = match self.words.first() {
            Some(word) if !self.host && is_command(word) => Some(self.words.remove(0)),
            _ => None,
        };
        let verb = verb.as_deref();
        if let (Some(option), true) = (self.demo.first(), verb != Some("demo")) {
            return Err(format!("{option} goes with 'gantry demo' only"));
        }
        let has_list = verb.is_some_and(|verb| list(verb).is_some());
        if self.json && !has_list && !matches!(verb, Some("status" | "do")) {
            return Err("--json goes with status, do and lists only".to_owned());
        }
        if self.watch && !has_list {
            return Err("--watch goes with lists only".to_owned());
        }
        if let (Some(option), true) = (self.change.first(), verb != Some("do")) {
            return Err(format!("{option} goes with 'gantry do' only"));
        }
        match verb {
            Some("demo") => {
                if self.local || !self.words.is_empty() {
                    return Err("gantry demo takes no destination".to_owned());
                }
                demo.checked().map(Command::Demo)
            }
            Some("status") => Ok(Command::Status {
                target: self.target("gantry status ")?,
                json: self.json,
            }),
            Some("console") => {
                let usage = "gantry console DEST INSTANCE";
                let instance = self.words.pop();
                let instance = instance.ok_or_else(|| format!("of what? {usage}"))?;
                let target = self.target("gantry console ")?;
                Ok(Command::Serial { target, instance })
            }
            Some("do") => {
                change.json = self.json;
                self.of_change(change).map(Command::Do)
            }
            Some(verb) => Ok(Command::List {
                list: list(verb).ok_or_else(|| format!("{verb:?} is no command"))?,
                target: self.target(&format!("gantry {verb} "))?,
                json: self.json,
                watch: self.watch,
            }),
            None if self.words.is_empty() && !self.local => Ok(Command::Help),
            None => Ok(Command::Console(self.target("gantry ")?)),
        }
    }

    /// `DEST OPERATION SUBJECT... NAME=VALUE...`
    fn of_change(&mut self, mut change: Do) -> Result<Do, String> {
        let usage = "gantry do DEST OPERATION SUBJECT... [NAME=VALUE...]";
        let mut words = std::mem::take(&mut self.words).into_iter();
        if !self.local {
            let word = words.next().ok_or_else(|| format!("where to? {usage}"))?;
            change.target = Destination::parse(&word).map(Target::Ssh)?;
        }
        change.operation = words.next().ok_or_else(|| format!("do what? {usage}"))?;
        for word in words {
            match word.split_once('=') {
                Some((name, value)) => change.fields.push((name.to_owned(), value.to_owned())),
                None => change.subjects.push(word),
            }
        }
        Ok(change)
    }

    fn target(&self, before: &str) -> Result<Target, String> {
        match (self.local, self.words.as_slice()) {
            (true, []) => Ok(Target::Local),
            (true, _) => Err("--local and a destination exclude each other".to_owned()),
            (false, [word]) => Destination::parse(word).map(Target::Ssh),
            (false, []) => Err(format!("where to? {before}[USER@]HOST")),
            (false, [_, more, ..]) => Err(format!("one destination is enough: what is {more:?}?")),
        }
    }
}

impl Demo {
    fn checked(self) -> Result<Demo, String> {
        if !(1..=2_000).contains(&self.nodes) {
            return Err("--nodes takes 1 to 2000".to_owned());
        }
        if self.instances > 50_000 {
            return Err("--instances takes 0 to 50000".to_owned());
        }
        if !(0.01..=1_000.0).contains(&self.speed) {
            return Err("--speed takes 0.01 to 1000".to_owned());
        }
        Ok(self)
    }
}

/// What can be listed, by the words for it.
const LISTS: [(&str, List); 7] = [
    ("nodes", List::Nodes),
    ("instances", List::Instances),
    ("groups", List::Groups),
    ("jobs", List::Jobs),
    ("drbd", List::Drbd),
    ("storage", List::Storage),
    ("n1", List::N1),
];

fn list(word: &str) -> Option<List> {
    LISTS
        .iter()
        .find(|(known, _)| *known == word)
        .map(|it| it.1)
}

/// The first word is a command and no destination.
fn is_command(word: &str) -> bool {
    matches!(word, "demo" | "status" | "do" | "console") || list(word).is_some()
}

/// The htool of this name.
fn tool(word: &std::ffi::OsStr) -> Option<Tool> {
    word.to_str().and_then(Tool::named)
}

fn said(error: lexopt::Error) -> String {
    error.to_string()
}

fn value(parser: &mut Parser) -> Result<OsString, String> {
    parser.value().map_err(said)
}

fn text(parser: &mut Parser, option: &str) -> Result<String, String> {
    utf8(value(parser)?, option)
}

fn utf8(text: OsString, what: &str) -> Result<String, String> {
    text.into_string()
        .map_err(|text| format!("{what} {text:?} is not UTF-8"))
}

fn number<T: std::str::FromStr>(parser: &mut Parser, option: &str) -> Result<T, String> {
    let given = text(parser, option)?;
    given
        .parse()
        .map_err(|_| format!("{option} {given:?}: that is not a value for it"))
}

/// `KEY=VALUE` or `KEY VALUE`, as ssh(1) takes it.
fn option(given: &str) -> Result<(String, String), String> {
    let (key, value) = given.split_once(['=', ' ']).unwrap_or_default();
    let (key, value) = (key.trim(), value.trim_start_matches([' ', '=']).trim());
    if key.is_empty() || value.is_empty() {
        return Err(format!("-o {given:?}: OPTION=VALUE is wanted"));
    }
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn parse(line: &str) -> Result<Invocation, String> {
        Invocation::parse(line.split_whitespace().map(OsString::from))
    }

    fn ssh(host: &str) -> Target {
        Target::Ssh(Destination::parse(host).unwrap())
    }

    #[test]
    fn a_destination_alone_is_the_console() {
        assert_eq!(
            parse("root@node1").unwrap().command,
            Command::Console(ssh("root@node1"))
        );
        assert_eq!(
            parse("--local").unwrap().command,
            Command::Console(Target::Local)
        );
        assert_eq!(parse("").unwrap().command, Command::Help);
    }

    #[test]
    fn a_host_named_like_a_command_stands_behind_dashes() {
        assert_eq!(
            parse("-- status").unwrap().command,
            Command::Console(ssh("status"))
        );
        let status = Command::Status {
            target: ssh("status"),
            json: false,
        };
        assert_eq!(parse("status -- status").unwrap().command, status);
    }

    #[test]
    fn ssh_options_may_stand_anywhere() {
        let given = parse("nodes -i a --json node1 -i b -J jump -p 2222 -o ConnectTimeout=5 -F none -l root --deploy").unwrap();
        assert_eq!(
            given.ssh.identities,
            [PathBuf::from("a"), PathBuf::from("b")]
        );
        assert_eq!(
            given.ssh.options,
            [("ConnectTimeout".to_owned(), "5".to_owned())]
        );
        assert_eq!((given.ssh.port, given.deploy), (Some(2222), Deploy::Yes));
        let list = Command::List {
            list: List::Nodes,
            target: ssh("node1"),
            json: true,
            watch: false,
        };
        assert_eq!(given.command, list);
    }

    #[test]
    fn every_list_is_a_command() {
        for (word, list) in LISTS {
            let given = parse(&format!("{word} node1 --json")).unwrap();
            let wanted = Command::List {
                list,
                target: ssh("node1"),
                json: true,
                watch: false,
            };
            assert_eq!(given.command, wanted);
            assert!(HELP.contains(word));
        }
    }

    #[test]
    fn a_change_has_subjects_and_parameters() {
        let line = "do root@node1 failover web1 web2 ignore_consistency=yes --yes --reason fan";
        let Command::Do(change) = parse(line).unwrap().command else {
            panic!("no change");
        };
        assert_eq!((&*change.operation, change.subjects.len()), ("failover", 2));
        let fields = [("ignore_consistency".to_owned(), "yes".to_owned())];
        assert_eq!(change.fields, fields);
        assert!(change.yes && !change.wait && change.reason == "fan");
        let Command::Do(change) = parse("do --local verify").unwrap().command else {
            panic!("no change");
        };
        assert_eq!(
            (change.target, &*change.operation),
            (Target::Local, "verify")
        );
    }

    #[test]
    fn the_demo_has_options_of_its_own() {
        let line = "demo --nodes 200 --instances 5000 --speed 2.5 --story stall";
        let Command::Demo(demo) = parse(line).unwrap().command else {
            panic!("no demo");
        };
        assert_eq!((demo.nodes, demo.instances, demo.speed), (200, 5_000, 2.5));
        assert_eq!(demo.story.as_deref(), Some("stall"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        for (line, word) in [
            ("--frobnicate", "frobnicate"),
            ("-p x node1", "-p"),
            ("-o nothing node1", "OPTION=VALUE"),
            ("status", "where to"),
            ("node1 --yes", "--yes goes with"),
            ("console", "of what"),
            ("console web1", "where to"),
            ("do", "where to"),
            ("do node1", "do what"),
            ("jobs", "where to? gantry jobs "),
            ("node1 node2", "one destination"),
            ("--local node1", "exclude"),
            ("node1 --json", "--json"),
            ("status node1 --watch", "--watch"),
            ("node1 --nodes 3", "--nodes"),
            ("demo --nodes 0", "--nodes"),
            ("demo --speed NaN", "--speed"),
            ("demo node1", "no destination"),
            ("demo --serve nowhere", "--serve"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(word), "{line}: {error}");
        }
    }
}
