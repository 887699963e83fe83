//! luxid as acting needs it: asked as often as wanted, told never twice.

use std::path::PathBuf;
use std::time::Duration;

use gantry_wire::act::ActId;
use serde_json::Value;

use super::jobs;
use crate::luxi::connection::Connection;
use crate::luxi::{Client, Error};
use crate::place::Place;

/// How long an answer may take that needs no node.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a change is waited for: luxid copies the queue to all candidates, and one of them may be
/// silent. What takes longer is found out afterwards.
const LONG_PATIENCE: Duration = Duration::from_secs(200);

/// luxid and the queue's files, or what simulates them.
pub trait Luxid {
    /// Calls a method that changes nothing.
    ///
    /// # Errors
    /// Any of LUXI's.
    fn ask(&mut self, method: &str, arguments: &Value) -> Result<Value, Error>;

    /// Makes the connection over which [`Luxid::tell`] goes.
    ///
    /// # Errors
    /// Any of LUXI's; nothing was sent then.
    fn connect(&mut self) -> Result<(), Error>;

    /// Calls a method that changes something, once, over the connection that was made.
    ///
    /// # Errors
    /// Any of LUXI's. Whether something was changed is known only if it is Ganeti's own exception
    /// or a refusal.
    fn tell(&mut self, method: &str, arguments: &Value) -> Result<Value, Error>;

    /// The highest job id that was ever given out.
    ///
    /// # Errors
    /// In words, if it cannot be read.
    fn highest_job(&mut self) -> Result<u64, String>;

    /// Looks for an operation's job among those above an id, or among all that are not old.
    ///
    /// # Errors
    /// In words, if they cannot be read.
    fn find_job(&mut self, id: &ActId, above: Option<u64>) -> Result<Search, String>;

    /// Since when this node has its queue, milliseconds since the epoch, if that can be known: no
    /// older job tells anything here.
    fn queue_since(&mut self) -> Option<u64>;

    /// The master's name, if that is another node.
    fn elsewhere(&mut self) -> Option<String>;

    /// Nothing is wanted for now.
    fn hang_up(&mut self) {}
}

/// What came of looking for a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The job.
    pub job: Option<u64>,
    /// A job id was given out whose job is not written yet: it may be the one.
    pub unwritten: bool,
    /// The last id of all has no job yet: luxid may hold others back until it has.
    pub held: bool,
}

/// The real one on this node.
#[derive(Debug)]
pub struct Door {
    place: Place,
    name: String,
    socket: PathBuf,
    client: Client,
    line: Option<Connection>,
}

impl Door {
    /// Of the node with this name, whose files are at `place`.
    pub fn new(place: Place, name: String) -> Door {
        let socket = place.run("socket/ganeti-query");
        Door {
            client: Client::new(socket.clone(), PATIENCE),
            socket,
            place,
            name,
            line: None,
        }
    }
}

impl Luxid for Door {
    fn ask(&mut self, method: &str, arguments: &Value) -> Result<Value, Error> {
        self.client.call(method, arguments)
    }

    fn connect(&mut self) -> Result<(), Error> {
        self.line = Some(Connection::open(&self.socket)?);
        Ok(())
    }

    fn tell(&mut self, method: &str, arguments: &Value) -> Result<Value, Error> {
        let mut line = self.line.take().ok_or(Error::Closed)?;
        line.call(method, arguments, LONG_PATIENCE, |result| {
            serde_json::from_str(result)
        })
    }

    fn highest_job(&mut self) -> Result<u64, String> {
        jobs::highest(&self.place)
    }

    fn find_job(&mut self, id: &ActId, above: Option<u64>) -> Result<Search, String> {
        jobs::find(&self.place, id, above)
    }

    fn queue_since(&mut self) -> Option<u64> {
        jobs::since(&self.place)
    }

    fn elsewhere(&mut self) -> Option<String> {
        let file = self.place.data("ssconf_master_node");
        let master = self.place.text(&file).ok()?.trim().to_owned();
        (!master.is_empty() && master != self.name).then_some(master)
    }

    fn hang_up(&mut self) {
        self.client.close();
        self.line = None;
    }
}
