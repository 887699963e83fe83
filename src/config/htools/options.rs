//! What the options mean.

use std::path::PathBuf;

use super::getopt::Given;
use crate::config::target::Target;

/// What nodes of KVM keep for themselves unless told otherwise, MiB, as the real tools have it.
const KVM_NODE_MEMORY: i64 = 4096;

/// Everything that can be asked of the htools.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// `-t`
    pub text: Option<PathBuf>,
    /// The allocation request: a file, or `-` for standard input.
    pub request: Option<PathBuf>,
    /// `--restrict-allocation-to`
    pub only: Option<Vec<String>>,
    /// `-L`, or the destination that was given: a live cluster.
    pub target: Option<Target>,
    /// `--static-kvm-node-memory`, MiB; 0 for what nodes report.
    pub node_memory: i64,
    /// `--offline-maintenance`
    pub offline_maintenance: bool,
    /// `--no-headers` was not given.
    pub headers: bool,
    /// `--node-tags`
    pub node_tags: Option<Vec<String>>,
    /// `--print-moves`
    pub print_moves: bool,
    /// `--full-evacuation`
    pub full_evacuation: bool,
    /// `--skip-non-redundant`
    pub skip_non_redundant: bool,
    /// `--ignore-non-redundant`
    pub ignore_non_redundant: bool,
    /// `-f`
    pub force: bool,
    /// `--one-step-only`
    pub one_step: bool,
    /// `--minimal-resources`
    pub minimal_resources: f64,
    /// `--target-resources`
    pub target_resources: f64,
    /// `-d`
    pub directory: PathBuf,
    /// `--dry-run`
    pub dry_run: bool,
    /// `-p`: fields to be shown; with `true` besides the usual ones.
    pub print_nodes: Option<(bool, Vec<String>)>,
    /// `--print-instances`
    pub print_instances: bool,
    /// `-C`, perhaps with a file.
    pub print_commands: Option<Option<PathBuf>>,
    /// `-S`
    pub save: Option<PathBuf>,
    /// `-G`
    pub group: Option<String>,
    /// `-O`, each time it is given.
    pub offline: Vec<String>,
    /// `--max-cpu`
    pub max_cpu: Option<f64>,
    /// `--min-disk`
    pub min_disk: f64,
    /// `-E`
    pub evacuate: bool,
    /// `--restricted-migration`
    pub restricted_migration: bool,
    /// `--no-disk-moves` was not given.
    pub disk_moves: bool,
    /// `--no-instance-moves` was not given.
    pub instance_moves: bool,
    /// `--ignore-soft-errors`
    pub ignore_soft_errors: bool,
    /// `-l`
    pub max_length: i64,
    /// `-e`
    pub min_score: f64,
    /// `-g`
    pub min_gain: f64,
    /// `--min-gain-limit`
    pub min_gain_limit: f64,
    /// `--select-instances`
    pub selected: Vec<String>,
    /// `--exclude-instances`
    pub excluded: Vec<String>,
    /// `--exclusion-tags`
    pub exclusion_tags: Vec<String>,
    /// `-U`
    pub loads: Option<PathBuf>,
    /// `--ignore-dynu`
    pub ignore_loads: bool,
    /// `--mond`
    pub monitored: bool,
    /// `--mond-data`
    pub monitoring: Option<PathBuf>,
    /// `--exit-on-missing-mond-data`
    pub all_monitored: bool,
    /// `--mond-xen`
    pub xen: bool,
    /// `-X`
    pub execute: bool,
    /// `--first-job-group`
    pub first_job_group: bool,
    /// `--priority` of the jobs: 10 low, 0 normal, -10 high.
    pub priority: i64,
    /// `--reason` of the jobs.
    pub reason: Option<String>,
    /// `--cost-aware`
    pub cost_aware: bool,
    /// `--stop-at`, percent.
    pub stop_at: Option<f64>,
    /// `--resync-speed`, MiB a second.
    pub resync_speed: Option<f64>,
    /// `--machine-readable`
    pub machine_readable: bool,
    /// `--no-simulation` was not given.
    pub simulation: bool,
    /// `--no-capacity-checks` was not given.
    pub capacity_checks: bool,
    /// `--n1-rule`: that of 3.1, or that of 3.0.
    pub recorded_n1: Option<bool>,
    /// `--simulate`, each time it is given.
    pub simulate: Vec<String>,
    /// `--disk-template`
    pub disk_template: Option<String>,
    /// `--spindle-use`
    pub spindle_use: Option<i64>,
    /// `--standard-alloc`
    pub standard_alloc: Option<String>,
    /// `--tiered-alloc`
    pub tiered_alloc: Option<String>,
    /// `--independent-groups`
    pub independent_groups: bool,
    /// `--accept-existing-errors`
    pub accept_existing: bool,
    /// `--json`
    pub json: bool,
    /// `-v` less `-q`, from 1.
    pub verbosity: i64,
    /// `-h`
    pub help: bool,
    /// `-V`
    pub version: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            text: None,
            request: None,
            only: None,
            target: None,
            node_memory: KVM_NODE_MEMORY,
            offline_maintenance: false,
            headers: true,
            node_tags: None,
            print_moves: false,
            full_evacuation: false,
            skip_non_redundant: false,
            ignore_non_redundant: false,
            force: false,
            one_step: false,
            minimal_resources: 2.0,
            target_resources: 2.0,
            directory: PathBuf::from("."),
            dry_run: false,
            print_nodes: None,
            print_instances: false,
            print_commands: None,
            save: None,
            group: None,
            offline: Vec::new(),
            max_cpu: None,
            min_disk: 0.0,
            evacuate: false,
            restricted_migration: false,
            disk_moves: true,
            instance_moves: true,
            ignore_soft_errors: false,
            max_length: -1,
            min_score: 1e-9,
            min_gain: 1e-2,
            min_gain_limit: 1e-1,
            selected: Vec::new(),
            excluded: Vec::new(),
            exclusion_tags: Vec::new(),
            loads: None,
            ignore_loads: false,
            monitored: false,
            monitoring: None,
            all_monitored: false,
            xen: false,
            execute: false,
            first_job_group: false,
            priority: 0,
            reason: None,
            cost_aware: false,
            stop_at: None,
            resync_speed: None,
            machine_readable: false,
            simulation: true,
            capacity_checks: true,
            recorded_n1: None,
            simulate: Vec::new(),
            disk_template: None,
            spindle_use: None,
            standard_alloc: None,
            tiered_alloc: None,
            independent_groups: false,
            accept_existing: false,
            json: false,
            verbosity: 1,
            help: false,
            version: false,
        }
    }
}

impl Options {
    /// Puts the given ones together; of those that exclude each other the last counts.
    ///
    /// # Errors
    /// The first value that makes no sense.
    pub(super) fn read(given: &[Given]) -> Result<Options, String> {
        let mut out = Options::default();
        for Given { spec, value } in given {
            out.take(spec.long, value.as_deref())?;
        }
        Ok(out)
    }

    fn take(&mut self, name: &str, value: Option<&str>) -> Result<(), String> {
        let text = value.unwrap_or_default();
        match name {
            "luxi" if value.is_some() => {
                return Err("gantry asks its own agent and takes no socket: -L alone".to_owned());
            }
            "luxi" => self.target = Some(Target::Local),
            "offline-maintenance" => self.offline_maintenance = true,
            "no-headers" => self.headers = false,
            "node-tags" => self.node_tags = Some(list(text)),
            "print-moves" => self.print_moves = true,
            "full-evacuation" => self.full_evacuation = true,
            "skip-non-redundant" => self.skip_non_redundant = true,
            "ignore-non-redundant" => self.ignore_non_redundant = true,
            "force" => self.force = true,
            "one-step-only" => self.one_step = true,
            "minimal-resources" => self.minimal_resources = real("minimal resources", text)?,
            "target-resources" => self.target_resources = real("target resources", text)?,
            "output-dir" => self.directory = text.into(),
            "dry-run" => self.dry_run = true,
            "text-data" => self.text = Some(text.into()),
            "print-nodes" => {
                let (more, fields) = match text.strip_prefix('+') {
                    Some(fields) => (true, fields),
                    None => (value.is_none(), text),
                };
                self.print_nodes = Some((more, list(fields)));
            }
            "print-instances" => self.print_instances = true,
            "print-commands" => self.print_commands = Some(value.map(PathBuf::from)),
            "save" => self.save = Some(text.into()),
            "group" => self.group = Some(text.to_owned()),
            "offline" => self.offline.push(text.to_owned()),
            "max-cpu" => {
                let ratio = real("parsing max-cpu", text)?;
                if ratio <= 0.0 {
                    return Err("Invalid value of the max-cpu ratio, expected >0".to_owned());
                }
                self.max_cpu = Some(ratio);
            }
            "min-disk" => self.min_disk = real("min free disk space", text)?,
            "evac-mode" => self.evacuate = true,
            "restricted-migration" => self.restricted_migration = true,
            "no-disk-moves" => self.disk_moves = false,
            "no-instance-moves" => self.instance_moves = false,
            "ignore-soft-errors" => self.ignore_soft_errors = true,
            "max-length" => self.max_length = integer("max solution length", text)?,
            "min-score" => self.min_score = real("min score", text)?,
            "min-gain" => self.min_gain = real("min gain", text)?,
            "min-gain-limit" => self.min_gain_limit = real("min gain limit", text)?,
            "select-instances" => self.selected = list(text),
            "exclude-instances" => self.excluded = list(text),
            "exclusion-tags" => self.exclusion_tags = list(text),
            "dynu-file" => self.loads = Some(text.into()),
            "ignore-dynu" => self.ignore_loads = true,
            "mond" => self.monitored = choice(value)?,
            "mond-data" => self.monitoring = Some(text.into()),
            "exit-on-missing-mond-data" => self.all_monitored = true,
            "mond-xen" => self.xen = true,
            "static-kvm-node-memory" => {
                // Says nothing about text data, which know of no hypervisor.
                self.node_memory = integer("static node memory", text)?;
            }
            "simulate" => self.simulate.push(text.to_owned()),
            "disk-template" => self.disk_template = Some(text.to_owned()),
            "spindle-use" => {
                let spindles = integer("parsing spindle-use", text)?;
                if spindles < 0 {
                    let why = "Invalid value of the spindle-use (expected >= 0)";
                    return Err(why.to_owned());
                }
                self.spindle_use = Some(spindles);
            }
            "standard-alloc" => self.standard_alloc = Some(text.to_owned()),
            "tiered-alloc" => self.tiered_alloc = Some(text.to_owned()),
            "independent-groups" => self.independent_groups = true,
            "accept-existing-errors" => self.accept_existing = true,
            "priority" => {
                self.priority = match text {
                    "low" => 10,
                    "normal" => 0,
                    "high" => -10,
                    _ => return Err(format!("Unknown priority '{text}'")),
                }
            }
            "reason" => self.reason = Some(text.to_owned()),
            "restrict-allocation-to" => self.only = Some(list(text)),
            "exec" => self.execute = true,
            "first-job-group" => self.first_job_group = true,
            "cost-aware" => self.cost_aware = true,
            "stop-at" => {
                let percent = real("parsing stop-at", text)?;
                if percent <= 0.0 || percent > 100.0 {
                    return Err(
                        "Invalid value of stop-at, expected more than 0 and at most 100".to_owned(),
                    );
                }
                self.stop_at = Some(percent);
            }
            "resync-speed" => {
                let speed = real("parsing resync-speed", text)?;
                if speed <= 0.0 {
                    return Err("Invalid value of the resync-speed, expected >0".to_owned());
                }
                self.resync_speed = Some(speed);
            }
            "machine-readable" => self.machine_readable = choice(value)?,
            "no-simulation" => self.simulation = false,
            "no-capacity-checks" => self.capacity_checks = false,
            "n1-rule" => {
                self.recorded_n1 = match text {
                    "3.0" => Some(false),
                    "3.1" => Some(true),
                    _ => return Err(format!("Invalid N+1 rule '{text}', pass '3.0' or '3.1'")),
                }
            }
            "json" => self.json = true,
            "verbose" => self.verbosity += 1,
            "quiet" => self.verbosity -= 1,
            "help" => self.help = true,
            "version" => self.version = true,
            _ => {}
        }
        Ok(())
    }
}

fn list(text: &str) -> Vec<String> {
    if text.is_empty() {
        Vec::new()
    } else {
        text.split(',').map(str::to_owned).collect()
    }
}

fn choice(value: Option<&str>) -> Result<bool, String> {
    match value {
        None | Some("yes") => Ok(true),
        Some("no") => Ok(false),
        Some(other) => Err(format!(
            "Invalid choice '{other}', pass one of 'yes' or 'no'"
        )),
    }
}

fn integer(what: &str, text: &str) -> Result<i64, String> {
    let wrong = |_| format!("{what}: cannot parse string '{text}'");
    text.trim().parse().map_err(wrong)
}

fn real(what: &str, text: &str) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok();
    let finite = number.filter(|number| number.is_finite());
    finite.ok_or_else(|| format!("{what}: cannot parse string '{text}'"))
}
