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
  --log FILE         write a log there (RUST_LOG chooses what)
  -h, --help         this text
  -V, --version      the version

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
    /// One of Ganeti's htools.
    Htool(Htool),
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
        out.command = given.command(demo)?;
        Ok(out)
    }
}

impl Given {
    /// Notes that an option of the demo was given.
    fn demo<T>(&mut self, option: &'static str, value: T) -> T {
        self.demo.push(option);
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

    fn command(mut self, demo: Demo) -> Result<Command, String> {
        let verb = match self.words.first() {
            Some(word) if !self.host && COMMANDS.contains(&word.as_str()) => {
                Some(self.words.remove(0))
            }
            _ => None,
        };
        let verb = verb.as_deref();
        if let (Some(option), true) = (self.demo.first(), verb != Some("demo")) {
            return Err(format!("{option} goes with 'gantry demo' only"));
        }
        if self.json && matches!(verb, None | Some("demo")) {
            return Err(
                "--json goes with status, nodes, instances, groups and jobs only".to_owned(),
            );
        }
        if self.watch && matches!(verb, None | Some("demo" | "status")) {
            return Err("--watch goes with nodes, instances, groups and jobs only".to_owned());
        }
        let list = match verb {
            Some("demo") => {
                if self.local || !self.words.is_empty() {
                    return Err("gantry demo takes no destination".to_owned());
                }
                return demo.checked().map(Command::Demo);
            }
            Some("status") => {
                return Ok(Command::Status {
                    target: self.target("gantry status ")?,
                    json: self.json,
                });
            }
            Some("nodes") => List::Nodes,
            Some("instances") => List::Instances,
            Some("groups") => List::Groups,
            Some("jobs") => List::Jobs,
            Some("drbd") => List::Drbd,
            Some("storage") => List::Storage,
            Some("n1") => List::N1,
            _ if self.words.is_empty() && !self.local => return Ok(Command::Help),
            _ => return Ok(Command::Console(self.target("gantry ")?)),
        };
        let target = self.target(&format!("gantry {} ", verb.unwrap_or_default()))?;
        Ok(Command::List {
            list,
            target,
            json: self.json,
            watch: self.watch,
        })
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

const COMMANDS: &[&str] = &["demo", "status", "nodes", "instances", "groups", "jobs"];

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
