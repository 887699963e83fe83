//! The command lines of the htools: `gantry hbal` and its sisters. They take what the real tools
//! take, in the same way, and answer mistakes in the same words.

mod getopt;
mod options;
mod spec;

use std::ffi::OsString;

pub use options::Options;
use spec::{Argument, Spec};

use super::target::{Destination, Target};

/// Which of the htools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Answers an allocation request.
    Hail,
    /// Says what it would repair.
    Harep,
    /// Balances a group.
    Hbal,
    /// Checks the cluster.
    Hcheck,
    /// Shows the cluster.
    Hinfo,
    /// Says which nodes can be rebooted together.
    Hroller,
    /// Writes the cluster as text.
    Hscan,
    /// How many more instances fit.
    Hspace,
    /// Says which nodes can be switched off, or must be on.
    Hsqueeze,
}

impl Tool {
    /// All there are.
    const ALL: [Tool; 9] = [
        Tool::Hail,
        Tool::Harep,
        Tool::Hbal,
        Tool::Hcheck,
        Tool::Hinfo,
        Tool::Hroller,
        Tool::Hscan,
        Tool::Hspace,
        Tool::Hsqueeze,
    ];

    /// The tool of this name.
    pub fn named(word: &str) -> Option<Tool> {
        Tool::ALL.into_iter().find(|tool| tool.name() == word)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Hail => "hail",
            Tool::Harep => "harep",
            Tool::Hbal => "hbal",
            Tool::Hcheck => "hcheck",
            Tool::Hinfo => "hinfo",
            Tool::Hroller => "hroller",
            Tool::Hscan => "hscan",
            Tool::Hspace => "hspace",
            Tool::Hsqueeze => "hsqueeze",
        }
    }

    /// Its name and version, as the real tools say them.
    pub fn versioned(self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        format!("{} (gantry) version {version}", self.name())
    }
}

/// One of the htools, and what was asked of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Htool {
    /// Which.
    pub tool: Tool,
    /// What to do.
    pub ask: Ask,
}

/// What was asked of a tool.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Do it.
    Run(Box<Options>),
    /// Print this.
    Say(String),
    /// Print this on standard error, and leave with this exit status.
    Refuse(String, u8),
}

impl Htool {
    /// Reads what follows the tool's name.
    pub fn parse(tool: Tool, args: &[OsString]) -> Htool {
        Htool {
            tool,
            ask: ask(tool, args),
        }
    }

    /// The live cluster that is asked about, if it is not a file.
    pub fn target(&self) -> Option<&Target> {
        match &self.ask {
            Ask::Run(options) => options.target.as_ref(),
            Ask::Say(_) | Ask::Refuse(..) => None,
        }
    }
}

fn ask(tool: Tool, args: &[OsString]) -> Ask {
    let mut texts = Vec::new();
    for arg in args {
        match arg.to_str() {
            Some(text) => texts.push(text.to_owned()),
            None => return Ask::Refuse(format!("Error: {arg:?} is not UTF-8.\n"), 2),
        }
    }
    let specs = Spec::of(tool);
    let given = match getopt::read(&specs, &texts) {
        Ok(given) => given,
        Err(why) => return Ask::Refuse(format!("Command line error: {why}\n\n{}", usage(tool)), 2),
    };
    if let Some(spec) = given
        .options
        .iter()
        .map(|it| it.spec)
        .find(|it| it.missing())
    {
        let (name, tool) = (spec.long, tool.name());
        let why = format!("option `--{name}' of {tool} is not supported by gantry");
        return Ask::Refuse(format!("Command line error: {why}\n"), 2);
    }
    let mut options = match Options::read(&given.options) {
        Ok(options) => options,
        Err(why) => {
            let text = format!("Error while parsing command line arguments:\n{why}\n");
            return Ask::Refuse(text, 1);
        }
    };
    if options.help {
        return Ask::Say(usage(tool));
    }
    if options.version {
        return Ask::Say(format!("{}\n", tool.versioned()));
    }
    let mut specs = given.options.iter().map(|it| it.spec);
    if options.json
        && let Some(spec) = specs.find(|it| it.against_json(tool))
    {
        let why = format!("option `--{}' cannot be given with --json", spec.long);
        return Ask::Refuse(format!("Command line error: {why}\n"), 2);
    }
    let sources =
        options.text.is_some() || options.target.is_some() || !options.simulate.is_empty();
    match given.words.as_slice() {
        words if tool == Tool::Hail => match words {
            [word] => options.request = Some(word.into()),
            [] => {
                let text = "Error: This program needs an input file.\n";
                return Ask::Refuse(text.to_owned(), 1);
            }
            _ => {
                let text = "Error: Only one argument is accepted (the input file)\n";
                return Ask::Refuse(text.to_owned(), 1);
            }
        },
        [] => {}
        [word] if !sources => match Destination::parse(word) {
            Ok(destination) => options.target = Some(Target::Ssh(destination)),
            Err(why) => return Ask::Refuse(format!("Error: {why}\n"), 1),
        },
        _ => {
            let text = "Error: This program doesn't take any arguments.\n";
            return Ask::Refuse(text.to_owned(), 1);
        }
    }
    match refused(tool, &options) {
        Some(why) => Ask::Refuse(format!("Command line error: {why}\n"), 2),
        None => Ask::Run(Box::new(options)),
    }
}

/// What gantry does not do, although the options are there.
fn refused(tool: Tool, options: &Options) -> Option<String> {
    let name = tool.name();
    if options.text.is_some() && options.target.is_some() {
        return Some("only one of the options -t and -L may be given".to_owned());
    }
    let other = tool != Tool::Hail;
    if other && !options.simulate.is_empty() && (options.text.is_some() || options.target.is_some())
    {
        return Some("only one of the options -t, -L and --simulate may be given".to_owned());
    }
    if options.execute && options.target.is_some() {
        return Some(format!(
            "option `--exec' of {name} is not supported by gantry yet: nothing was submitted"
        ));
    }
    if options.monitored && options.monitoring.is_none() {
        return Some(format!(
            "option `--mond' of {name}: gantry asks no monitoring daemons and needs `--mond-data'"
        ));
    }
    if options.xen && tool == Tool::Hail {
        return Some(format!(
            "option `--mond-xen' of {name} is not supported by gantry"
        ));
    }
    if !options.cost_aware && (options.stop_at.is_some() || options.resync_speed.is_some()) {
        return Some("options --stop-at and --resync-speed need --cost-aware".to_owned());
    }
    if tool == Tool::Harep && !options.dry_run {
        return Some(format!(
            "{name} of gantry repairs nothing yet: it needs `--dry-run', and says what it would do"
        ));
    }
    None
}

/// What `--help` prints.
fn usage(tool: Tool) -> String {
    let specs = Spec::of(tool);
    let rows: Vec<(String, String, &str)> = specs
        .iter()
        .map(|spec| {
            let (short, long) = match spec.argument {
                Argument::None => (String::new(), String::new()),
                Argument::Needed(name) => (format!(" {name}"), format!("={name}")),
                Argument::Attached(name) => (format!("[{name}]"), format!("[={name}]")),
            };
            let short = spec.short.map(|it| format!("-{it}{short}"));
            let long = format!("--{}{long}", spec.long);
            (short.unwrap_or_default(), long, spec.help)
        })
        .collect();
    let wide =
        |part: fn(&(String, String, &str)) -> usize| rows.iter().map(part).max().unwrap_or(0);
    let (short, long) = (wide(|it| it.0.len()), wide(|it| it.1.len()));
    let lines = rows
        .iter()
        .map(|(first, second, help)| format!("  {first:<short$}  {second:<long$}  {help}\n"));
    let name = tool.name();
    let call = match tool {
        Tool::Hail => "gantry hail [OPTION...] FILE",
        _ => &format!("gantry [SSH OPTIONS] {name} [OPTION...] [[USER@]HOST]"),
    };
    let head = format!("{name} (gantry): as Ganeti's {name}\nUsage: {call}\n");
    head + &lines.collect::<String>()
}

#[cfg(test)]
mod tests;
