//! What is known of a cluster: facts only, no I/O, no clock. Time comes in with the messages.

pub mod cluster;
pub mod drbd;
pub mod family;
pub mod history;
pub mod instance;
pub mod job;
pub mod merge;
pub mod natural;
pub mod node;
pub mod reach;
pub mod space;
pub mod status;
pub mod time;
pub mod totals;
pub mod words;

pub use cluster::Cluster;
pub use instance::Instance;
pub use node::Node;
pub use reach::Reach;
pub use status::Status;
pub use time::Time;

/// A name that is shared rather than copied.
pub type Name = std::sync::Arc<str>;
