//! What can be asked of an allocator.

use crate::planner::htools::data::Instance;
use crate::planner::htools::text;

/// A request. Instances, nodes and groups are indices.
#[derive(Clone, Debug)]
pub enum Request {
    /// A place for a new instance.
    Allocate(Box<Allocation>),
    /// Places for several, one after another.
    MultiAllocate(Vec<Allocation>),
    /// A secondary node for an instance that has none.
    AllocateSecondary(usize),
    /// Another node instead of these.
    Relocate {
        /// Which instance.
        instance: usize,
        /// The nodes to leave.
        from: Vec<usize>,
        /// How many nodes are wanted.
        wanted: i64,
    },
    /// Other nodes of the same group.
    NodeEvacuate(Vec<usize>, Mode),
    /// Nodes of another group: one of these, or any.
    ChangeGroup(Vec<usize>, Vec<usize>),
}

impl Request {
    /// As the real tool shows it when asked to be verbose.
    pub fn shown(&self) -> String {
        let list = |numbers: &[usize]| {
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            format!("[{}]", numbers.join(","))
        };
        match self {
            Request::Allocate(it) => {
                let only = match &it.nodes {
                    None => "Nothing".to_owned(),
                    Some(nodes) => {
                        let nodes: Vec<&str> = nodes.iter().map(String::as_str).collect();
                        format!("(Just {})", text::shown(&nodes))
                    }
                };
                format!("Allocate ({}) ({}) {only}", it.shown, it.details())
            }
            Request::MultiAllocate(all) => {
                let all = all
                    .iter()
                    .map(|it| format!("({},{})", it.shown, it.details()));
                format!("MultiAllocate [{}]", all.collect::<Vec<String>>().join(","))
            }
            Request::AllocateSecondary(at) => format!("AllocateSecondary {at}"),
            Request::Relocate {
                instance,
                from,
                wanted,
            } => {
                let wanted = match wanted {
                    0.. => wanted.to_string(),
                    _ => format!("({wanted})"),
                };
                format!("Relocate {instance} {wanted} {}", list(from))
            }
            Request::NodeEvacuate(instances, mode) => {
                let mode = match mode {
                    Mode::Primary => "ChangePrimary",
                    Mode::Secondary => "ChangeSecondary",
                    Mode::All => "ChangeAll",
                };
                format!("NodeEvacuate {} {mode}", list(instances))
            }
            Request::ChangeGroup(instances, groups) => {
                format!("ChangeGroup {} {}", list(instances), list(groups))
            }
        }
    }
}

impl Allocation {
    fn details(&self) -> String {
        let group = self.group.as_deref();
        let group = group.map_or("Nothing".to_owned(), |it| {
            format!("(Just {})", text::quoted(it))
        });
        match self.wanted {
            0.. => format!("AllocDetails {} {group}", self.wanted),
            _ => format!("AllocDetails ({}) {group}", self.wanted),
        }
    }
}

/// A new instance, and where it may go.
#[derive(Clone, Debug)]
pub struct Allocation {
    /// The instance. Its nodes mean nothing.
    pub instance: Instance,
    /// Networks that its interfaces need.
    pub networks: Vec<String>,
    /// The instance as the real tool shows it when asked to be verbose.
    pub shown: String,
    /// How many nodes it needs.
    pub wanted: i64,
    /// The only group, by name or UUID.
    pub group: Option<String>,
    /// The only nodes, by name.
    pub nodes: Option<Vec<String>>,
}

/// Which nodes of an instance are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The primary.
    Primary,
    /// The secondary.
    Secondary,
    /// Both.
    All,
}

impl Mode {
    /// All there are.
    pub const ALL: [Mode; 3] = [Mode::Primary, Mode::Secondary, Mode::All];

    /// Ganeti's word.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Primary => "primary-only",
            Mode::Secondary => "secondary-only",
            Mode::All => "all",
        }
    }
}
