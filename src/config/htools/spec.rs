//! The table of options.

use super::Tool;

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// A value.
    Needed(&'static str),
    /// A value that must be attached, or nothing.
    Attached(&'static str),
}

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// `-x`
    pub short: Option<char>,
    /// `--name`
    pub long: &'static str,
    /// What it takes.
    pub argument: Argument,
    /// What it does.
    pub help: &'static str,
    /// Tools that have it.
    tools: &'static [Tool],
}

use Tool::{Hail, Harep, Hbal, Hcheck, Hinfo, Hroller, Hscan, Hspace, Hsqueeze};

const ALL: &[Tool] = &[
    Hail, Harep, Hbal, Hcheck, Hinfo, Hroller, Hscan, Hspace, Hsqueeze,
];
const REASONING: &[Tool] = &[Hail, Hbal, Hcheck, Hinfo, Hroller, Hspace, Hsqueeze];
const LOUD: &[Tool] = &[Hail, Hbal, Hcheck, Hinfo, Hroller, Hscan, Hspace, Hsqueeze];
const QUIET: &[Tool] = &[Hbal, Hcheck, Hinfo, Hroller, Hspace];
const LOADED: &[Tool] = &[Hail, Hbal, Hcheck, Hinfo];
const SHOWING: &[Tool] = &[Hail, Hbal, Hinfo, Hscan, Hspace];
const STATIC: &[Tool] = &[Hail, Hbal, Hinfo, Hroller, Hscan, Hspace, Hsqueeze];
const COMMANDS: &[Tool] = &[Hbal, Hsqueeze];
const SAVING: &[Tool] = &[Hail, Hbal, Hroller, Hspace, Hsqueeze];
const GROUPED: &[Tool] = &[Hbal, Hroller];
const REPAIRING: &[Tool] = &[Hbal, Harep];
const HEADED: &[Tool] = &[Hroller, Hscan, Hsqueeze];
const JSON: &[Tool] = &[Hail, Harep, Hbal, Hcheck, Hinfo, Hroller, Hspace, Hsqueeze];
const MOVING: &[Tool] = &[Hbal, Hcheck];
const LIMITED: &[Tool] = &[Hbal, Hcheck, Hspace];
const KEYS: &[Tool] = &[Hcheck, Hspace];
const PRINTING: &[Tool] = &[Hbal, Hinfo];
const HAREP: &[Tool] = &[Harep];
const HROLLER: &[Tool] = &[Hroller];
const HSCAN: &[Tool] = &[Hscan];
const HAIL: &[Tool] = &[Hail];
const FORGIVING: &[Tool] = &[Hail, Hbal, Hcheck];
const REDUNDANT: &[Tool] = &[Hail, Hcheck, Hspace];
const SIMULATING: &[Tool] = &[Hail, Hspace];
const MONITORED: &[Tool] = &[Hail, Hbal, Hinfo];
const XEN: &[Tool] = &[Hail, Hbal];
const LIVE: &[Tool] = &[Harep, Hbal, Hcheck, Hinfo, Hroller, Hscan, Hspace, Hsqueeze];
const HSPACE: &[Tool] = &[Hspace];
const HSQUEEZE: &[Tool] = &[Hsqueeze];
const HBAL: &[Tool] = &[Hbal];
const HCHECK: &[Tool] = &[Hcheck];

/// Options that are known and refused.
const MISSING: [&str; 2] = ["master", "ialloc-src"];

/// Options that have no place in one JSON object, by tool.
const BESIDE_JSON: [(Tool, &[&str]); 5] = [
    (
        Hbal,
        &[
            "print-nodes",
            "print-instances",
            "print-commands",
            "save",
            "exec",
        ],
    ),
    (Hcheck, &["machine-readable"]),
    (Hinfo, &["print-nodes", "print-instances"]),
    (Hspace, &["machine-readable"]),
    (Hsqueeze, &["print-commands", "save", "exec"]),
];

const fn flag(
    short: Option<char>,
    long: &'static str,
    help: &'static str,
    tools: &'static [Tool],
) -> Spec {
    with(short, long, Argument::None, help, tools)
}

const fn with(
    short: Option<char>,
    long: &'static str,
    argument: Argument,
    help: &'static str,
    tools: &'static [Tool],
) -> Spec {
    Spec {
        short,
        long,
        argument,
        help,
        tools,
    }
}

use Argument::{Attached, Needed};

const SPECS: &[Spec] = &[
    with(
        Some('p'),
        "print-nodes",
        Attached("FIELDS"),
        "print the nodes, before and after",
        SHOWING,
    ),
    flag(
        None,
        "print-instances",
        "print where the instances are",
        PRINTING,
    ),
    with(
        Some('C'),
        "print-commands",
        Attached("FILE"),
        "print the commands for the moves, or write them to a script",
        COMMANDS,
    ),
    with(
        Some('t'),
        "text-data",
        Needed("FILE"),
        "read the cluster from a file in text format",
        REASONING,
    ),
    flag(
        Some('E'),
        "evac-mode",
        "move only instances that have an offline node",
        MOVING,
    ),
    flag(
        None,
        "restricted-migration",
        "no replaced primaries; only instances of offline nodes migrate",
        HBAL,
    ),
    with(
        Some('m'),
        "master",
        Needed("ADDRESS"),
        "read the cluster over RAPI (not supported)",
        QUIET,
    ),
    with(
        Some('L'),
        "luxi",
        Attached("SOCKET"),
        "look at the cluster of this node, through its agent",
        LIVE,
    ),
    with(
        Some('I'),
        "ialloc-src",
        Needed("FILE"),
        "read the cluster from an iallocator request (not supported)",
        QUIET,
    ),
    flag(
        Some('X'),
        "exec",
        "submit the moves as jobs (not supported yet)",
        COMMANDS,
    ),
    flag(None, "first-job-group", "only the first set of jobs", HBAL),
    flag(
        None,
        "cost-aware",
        "a plan that reaches hbal's score or a lower one and copies less data",
        HBAL,
    ),
    with(
        None,
        "stop-at",
        Needed("PERCENT"),
        "with --cost-aware: stop at this much of hbal's gain (100)",
        HBAL,
    ),
    with(
        None,
        "resync-speed",
        Needed("MIB_S"),
        "with --cost-aware: speed of a resync for the minutes, MiB a second (100)",
        HBAL,
    ),
    with(
        None,
        "reason",
        Needed("REASON"),
        "a reason for the jobs",
        REPAIRING,
    ),
    with(
        Some('G'),
        "group",
        Needed("ID"),
        "the group to balance, by name or UUID",
        GROUPED,
    ),
    with(
        Some('l'),
        "max-length",
        Needed("N"),
        "at most so many moves",
        LIMITED,
    ),
    flag(Some('v'), "verbose", "say more", LOUD),
    flag(Some('q'), "quiet", "say less", QUIET),
    with(
        Some('O'),
        "offline",
        Needed("NODE"),
        "take this node as offline",
        QUIET,
    ),
    with(
        None,
        "static-kvm-node-memory",
        Needed("N"),
        "memory of KVM nodes themselves, MiB; 0 for what they report",
        STATIC,
    ),
    with(
        Some('e'),
        "min-score",
        Needed("EPSILON"),
        "how near to the N+1 limit is near enough",
        MOVING,
    ),
    with(
        None,
        "max-cpu",
        Needed("RATIO"),
        "most virtual processors for each physical one",
        LIMITED,
    ),
    with(
        None,
        "min-disk",
        Needed("RATIO"),
        "part of each disk to leave free",
        LIMITED,
    ),
    with(
        Some('g'),
        "min-gain",
        Needed("DELTA"),
        "least gain of a move",
        MOVING,
    ),
    with(
        None,
        "min-gain-limit",
        Needed("SCORE"),
        "score below which the least gain counts",
        MOVING,
    ),
    flag(None, "no-disk-moves", "move no disks", MOVING),
    with(
        None,
        "select-instances",
        Needed("INSTS"),
        "move only these instances",
        MOVING,
    ),
    flag(None, "no-instance-moves", "move secondaries only", MOVING),
    flag(
        None,
        "ignore-soft-errors",
        "leave out the soft checks",
        FORGIVING,
    ),
    with(
        Some('U'),
        "dynu-file",
        Needed("FILE"),
        "read the instances' loads from a file",
        MOVING,
    ),
    flag(None, "ignore-dynu", "loads count nothing", LOADED),
    with(
        None,
        "mond",
        Attached("CHOICE"),
        "processors' loads are what monitoring daemons reported (from --mond-data only)",
        MONITORED,
    ),
    with(
        None,
        "mond-data",
        Needed("FILE"),
        "with --mond: the monitoring daemons' answers, from a file",
        PRINTING,
    ),
    flag(
        None,
        "exit-on-missing-mond-data",
        "end when such an answer is missing",
        HBAL,
    ),
    flag(
        None,
        "mond-xen",
        "with --mond: Xen's loads of each instance instead",
        XEN,
    ),
    with(
        None,
        "exclusion-tags",
        Needed("TAG,..."),
        "instances with the same tag of such a prefix shall be apart",
        MOVING,
    ),
    with(
        None,
        "exclude-instances",
        Needed("INSTS"),
        "do not move these instances",
        MOVING,
    ),
    with(
        Some('S'),
        "save",
        Needed("FILE"),
        "write the cluster before and after to files",
        SAVING,
    ),
    with(
        None,
        "priority",
        Needed("PRIO"),
        "priority of the jobs: low, normal, high",
        HBAL,
    ),
    with(
        None,
        "machine-readable",
        Attached("CHOICE"),
        "print KEY=VALUE lines",
        KEYS,
    ),
    with(
        None,
        "simulate",
        Needed("SPEC"),
        "an empty cluster instead: policy,nodes,disk,ram,cpus[,spindles[,exclusive]]",
        SIMULATING,
    ),
    with(
        None,
        "disk-template",
        Needed("TEMPLATE"),
        "disk template of the new instances",
        HSPACE,
    ),
    with(
        None,
        "spindle-use",
        Needed("N"),
        "use of spindles of the new instances",
        HSPACE,
    ),
    flag(
        None,
        "independent-groups",
        "groups that are not redundant do not harm the others",
        HSPACE,
    ),
    flag(
        None,
        "accept-existing-errors",
        "accept what fails N+1 already",
        HSPACE,
    ),
    with(
        None,
        "standard-alloc",
        Needed("STDSPEC"),
        "size for standard allocation: disk,ram,cpus[,spindles]",
        HSPACE,
    ),
    with(
        None,
        "tiered-alloc",
        Needed("TSPEC"),
        "size that tiered allocation begins with: disk,ram,cpus[,spindles]",
        HSPACE,
    ),
    flag(None, "no-simulation", "do not try to balance", HCHECK),
    flag(
        None,
        "no-capacity-checks",
        "leave out global N+1",
        REDUNDANT,
    ),
    with(
        None,
        "restrict-allocation-to",
        Needed("NODE,..."),
        "new instances may go to these nodes only",
        HAIL,
    ),
    flag(
        None,
        "offline-maintenance",
        "all instances are down meanwhile: only the nodes of one instance must not go together",
        HROLLER,
    ),
    flag(None, "no-headers", "print no titles", HEADED),
    with(
        None,
        "node-tags",
        Needed("TAG,..."),
        "only nodes with one of these tags",
        HROLLER,
    ),
    flag(None, "print-moves", "print where instances go", HROLLER),
    flag(
        None,
        "full-evacuation",
        "leave nothing on the nodes, secondaries neither",
        HROLLER,
    ),
    flag(
        None,
        "skip-non-redundant",
        "leave out nodes that have a primary without a secondary",
        HROLLER,
    ),
    flag(
        None,
        "ignore-non-redundant",
        "as if all instances had a secondary",
        HROLLER,
    ),
    flag(
        Some('f'),
        "force",
        "go on although no node is the master",
        HROLLER,
    ),
    flag(None, "one-step-only", "the first group only", HROLLER),
    with(
        None,
        "minimal-resources",
        Needed("FACTOR"),
        "room on each node, in usual instances, below which standby nodes are switched on",
        HSQUEEZE,
    ),
    with(
        None,
        "target-resources",
        Needed("FACTOR"),
        "room to be left on each node, in usual instances",
        HSQUEEZE,
    ),
    with(
        Some('d'),
        "output-dir",
        Needed("PATH"),
        "where to write the file",
        HSCAN,
    ),
    flag(
        None,
        "dry-run",
        "do nothing, only say what would be done",
        HAREP,
    ),
    with(
        None,
        "job-delay",
        Needed("SECONDS"),
        "delay of the repair jobs; says nothing about a dry run",
        HAREP,
    ),
    with(
        None,
        "n1-rule",
        Needed("VERSION"),
        "which nodes fail N+1 at the start: as Ganeti 3.0 (default) or 3.1 has it",
        REASONING,
    ),
    flag(None, "json", "print one JSON object", JSON),
    flag(Some('V'), "version", "show the version", ALL),
    flag(Some('h'), "help", "show this", ALL),
];

impl Spec {
    /// The options of a tool.
    pub fn of(tool: Tool) -> Vec<Spec> {
        let specs = SPECS.iter().filter(|it| it.tools.contains(&tool));
        specs.copied().collect()
    }

    /// Known, but not there.
    pub fn missing(&self) -> bool {
        MISSING.contains(&self.long)
    }

    /// There, but not together with `--json`.
    pub fn against_json(&self, tool: Tool) -> bool {
        let mut lists = BESIDE_JSON.iter().filter(|it| it.0 == tool);
        lists.any(|it| it.1.contains(&self.long))
    }
}
