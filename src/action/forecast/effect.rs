//! What operations make of the cluster, as far as N+1 depends on it.

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// An instance changes places with its secondary.
    Failover(String),
    /// An instance goes to another node.
    ToNode(String, String),
    /// An instance gets another secondary.
    NewSecondary(String, String),
    /// An instance runs from now on, or does not.
    Runs(String, bool),
    /// An instance has so much memory, MiB.
    Memory(String, u64),
    /// An instance is no more.
    Gone(String),
    /// A node takes nobody any more.
    Offline(String),
    /// It depends on somebody's choice; why.
    Open(String),
}
