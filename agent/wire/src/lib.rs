//! What gantry's console and its node agents say to each other.
//!
//! One frame is one line of JSON, at most [`frame::LIMIT`] bytes long; each frame is an object
//! with one key, its kind. The console speaks first:
//!
//! ```text
//! > {"hello":{"protocol":1,"version":"0.1.0"}}
//! < {"hello":{"protocol":1,"version":"0.1.0","node":"node1.example.com","root":true, ...}}
//! < {"ssconf":{"cluster_name":"prod.example.com","master_node":"node1.example.com", ...}}
//! > {"watch":{"sample_ms":1000,"master":true}}
//! < {"sample":{"seq":1,"mono_ms":81234567,"wall_ms":1790000000000,"cpu":{"busy":120, ...}, ...}}
//! < {"config":{"revision":1,"whole":true,"nodes":[...],"instances":[...],"last":true, ...}}
//! < {"jobs":{"whole":true,"jobs":[{"id":4711,"status":"running", ...}]}}
//! > {"ping":{"n":7}}
//! < {"pong":{"n":7}}
//! > {"ask":{"id":3,"question":{"job_log":{"job":4711,"after":0}}}}
//! < {"answer":{"id":3,"answer":{"job_log":{"job":4711,"lines":[...]}}}}
//! > {"act":{"id":"5f0c...e1","operation":{"start":{"instance":"web1.example.com"}}, ...}}
//! < {"acted":{"id":"5f0c...e1","outcome":{"submitted":{"job":4712}}}}
//! ```
//!
//! Rules that let ages mix: fields that a reader does not know are ignored, fields that are
//! absent take their default, and a kind that a reader does not know is skipped. Facts travel as
//! they are; what they mean is for the console to work out. What changes something ([`act`]) is the
//! exception: it is refused whole if one of its fields is not known.

pub mod act;
pub mod config;
pub mod drbd;
pub mod frame;
pub mod guest;
pub mod job;
pub mod live;
pub mod node;
pub mod operation;
pub mod report;
pub mod request;
pub mod ssconf;
pub mod storage;
pub mod terminal;

pub use report::Report;
pub use request::Request;

/// The version of this protocol. A peer with another one is refused with a clear word.
pub const PROTOCOL: u32 = 1;
