//! Calls to luxid over a connection that is made when it is wanted.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::connection::Connection;
use super::row::each_row;
use super::{Error, Row};

/// luxid closes what was silent for 180 s (60 s up to 2.15): an older connection is made anew.
const IDLE: Duration = Duration::from_secs(50);

/// Asks luxid, one question after the other.
#[derive(Debug)]
pub struct Client {
    socket: PathBuf,
    patience: Duration,
    open: Option<(Connection, Instant)>,
}

impl Client {
    /// A client of the socket, which has `patience` with each call.
    pub fn new(socket: PathBuf, patience: Duration) -> Client {
        Client {
            socket,
            patience,
            open: None,
        }
    }

    /// Ends the connection, if there is one.
    pub fn close(&mut self) {
        self.open = None;
    }

    /// Calls a method.
    ///
    /// # Errors
    /// Any. After all but Ganeti's own exceptions the next call makes a new connection.
    pub fn call(&mut self, method: &str, arguments: &Value) -> Result<Value, Error> {
        self.decoded(method, arguments, |result| serde_json::from_str(result))
    }

    /// Queries objects of one kind; `filter` may be null. Every row goes to `each`.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn query(
        &mut self,
        what: &str,
        fields: &[&str],
        filter: &Value,
        mut each: impl FnMut(Row<'_>),
    ) -> Result<(), Error> {
        self.decoded("Query", &json!([what, fields, filter]), |result| {
            each_row(result, fields, &mut each)
        })
    }

    fn decoded<T>(
        &mut self,
        method: &str,
        arguments: &Value,
        mut decode: impl FnMut(&str) -> serde_json::Result<T>,
    ) -> Result<T, Error> {
        let kept = self
            .open
            .take()
            .filter(|(_, used)| used.elapsed() < IDLE)
            .map(|(connection, _)| connection);
        if let Some(connection) = kept {
            match self.try_call(connection, method, arguments, &mut decode) {
                // It may have been closed since the last call, by a restart as well. Queries do
                // no harm when they are asked twice.
                Err(Error::Closed) => {}
                result => return result,
            }
        }
        let connection = Connection::open(&self.socket)?;
        self.try_call(connection, method, arguments, &mut decode)
    }

    fn try_call<T>(
        &mut self,
        mut connection: Connection,
        method: &str,
        arguments: &Value,
        decode: &mut impl FnMut(&str) -> serde_json::Result<T>,
    ) -> Result<T, Error> {
        let result = connection.call(method, arguments, self.patience, decode);
        if !matches!(&result, Err(error) if error.is_end()) {
            self.open = Some((connection, Instant::now()));
        }
        result
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
