//! A luxid for tests: says what a test tells it to, byte for byte.

#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// What it does with a request.
pub enum Reply {
    /// Sends these bytes; the end of the message is part of them.
    Bytes(Vec<u8>),
    /// Sends these bytes and closes.
    BytesAndClose(Vec<u8>),
    /// Says nothing and leaves the connection open.
    Nothing,
}

impl Reply {
    /// A result, as luxid sends it.
    pub fn result(value: &Value) -> Reply {
        let answer = serde_json::json!({ "success": true, "result": value });
        let mut bytes = answer.to_string().into_bytes();
        bytes.push(3);
        Reply::Bytes(bytes)
    }

    /// An exception, as luxid sends it.
    pub fn exception(class: &str, message: &str) -> Reply {
        let answer = serde_json::json!({ "success": false, "result": [class, [message]] });
        let mut bytes = answer.to_string().into_bytes();
        bytes.push(3);
        Reply::Bytes(bytes)
    }
}

/// Answers queries from a capture: of each kind a list of objects, of each object a cell by field.
/// `QueryClusterInfo` has `info`, and everything else what `others` says.
pub fn canned(
    capture: Value,
    mut others: impl FnMut(&str, &Value) -> Reply + Send + 'static,
) -> impl FnMut(&str, &Value) -> Reply + Send + 'static {
    move |method, arguments| match method {
        "QueryClusterInfo" => Reply::result(&capture["info"]),
        "QueryConfigValues" => Reply::result(&serde_json::json!([false, null])),
        "Query" => match capture[arguments[0].as_str().unwrap()].as_array() {
            Some(objects) => {
                let fields = arguments[1].as_array().unwrap();
                let row = |object: &Value| -> Value {
                    let cells = fields.iter();
                    cells
                        .map(|field| object[field.as_str().unwrap()].clone())
                        .collect()
                };
                let rows: Vec<Value> = objects.iter().map(row).collect();
                Reply::result(&serde_json::json!({ "fields": [], "data": rows }))
            }
            None => others(method, arguments),
        },
        "QueryInstances" => {
            let of = |cell: &Value| match cell[0].as_u64() {
                Some(0) => cell[1].clone(),
                _ => Value::Null,
            };
            let row = |name: &Value| -> Option<Value> {
                let mut all = capture["instance"].as_array().unwrap().iter();
                let object = all.find(|object| object["name"][1] == *name)?;
                let fields = arguments[1].as_array().unwrap().iter();
                Some(
                    fields
                        .map(|field| of(&object[field.as_str().unwrap()]))
                        .collect(),
                )
            };
            let names = arguments[0].as_array().unwrap();
            Reply::result(&names.iter().filter_map(row).collect())
        }
        _ => others(method, arguments),
    }
}

/// A real cluster with Ganeti 3.0.2.
pub fn capture() -> Value {
    serde_json::from_str(include_str!("../../tests/data/luxi-cluster.json")).unwrap()
}

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// After so many bytes of what the client sends.
    Request(usize),
    /// After so many bytes of the answer to its first request.
    Answer(usize),
}

type Handler = Box<dyn FnMut(&str, &Value) -> Reply + Send>;

/// Runs until it is dropped; its directory goes with it.
pub struct FakeLuxid {
    directory: PathBuf,
    handler: Arc<Mutex<Handler>>,
    /// How many connections were made.
    pub connections: Arc<AtomicU32>,
    /// All requests, in order.
    pub requests: Arc<Mutex<Vec<(String, Value)>>>,
    /// The connection that is cut, counted from 1, and where.
    pub cut: Arc<Mutex<Option<(u32, Cut)>>>,
}

impl FakeLuxid {
    /// Listens below a root directory of its own, where Ganeti has its socket.
    pub fn start(handler: impl FnMut(&str, &Value) -> Reply + Send + 'static) -> FakeLuxid {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("gantry-luxid-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let sockets = directory.join("var/run/ganeti/socket");
        std::fs::create_dir_all(&sockets).unwrap();
        std::fs::create_dir_all(directory.join("var/lib/ganeti/queue")).unwrap();
        let listener = UnixListener::bind(sockets.join("ganeti-query")).unwrap();
        let fake = FakeLuxid {
            directory,
            handler: Arc::new(Mutex::new(Box::new(handler))),
            connections: Arc::default(),
            requests: Arc::default(),
            cut: Arc::default(),
        };
        let (handler, connections, requests, cut) = (
            fake.handler.clone(),
            fake.connections.clone(),
            fake.requests.clone(),
            fake.cut.clone(),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let number = connections.fetch_add(1, Ordering::SeqCst) + 1;
                let (handler, requests) = (handler.clone(), requests.clone());
                let cut = *cut.lock().unwrap();
                let cut = cut
                    .filter(|(which, _)| *which == number)
                    .map(|(_, cut)| cut);
                std::thread::spawn(move || serve(stream, &handler, &requests, cut));
            }
        });
        fake
    }

    /// Replaces what it does with requests.
    pub fn answer(&self, handler: impl FnMut(&str, &Value) -> Reply + Send + 'static) {
        *self.handler.lock().unwrap() = Box::new(handler);
    }

    /// The root directory, for a [`crate::place::Place`].
    pub fn root(&self) -> &Path {
        &self.directory
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("var/run/ganeti/socket/ganeti-query")
    }

    /// How many connections were made.
    pub fn connected(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for FakeLuxid {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn serve(
    mut stream: UnixStream,
    handler: &Mutex<Handler>,
    seen: &Mutex<Vec<(String, Value)>>,
    cut: Option<Cut>,
) {
    let mut held = Vec::new();
    let mut chunk = [0; 4096];
    let (mut read, most) = match cut {
        Some(Cut::Request(most)) => (0, most),
        _ => (0, usize::MAX),
    };
    loop {
        while let Some(end) = held.iter().position(|&b| b == 3) {
            let message: Vec<u8> = held.drain(..=end).collect();
            let request: Value = serde_json::from_slice(&message[..end]).unwrap();
            let method = request["method"].as_str().unwrap().to_owned();
            let arguments = request["args"].clone();
            seen.lock()
                .unwrap()
                .push((method.clone(), arguments.clone()));
            let reply = (handler.lock().unwrap())(&method, &arguments);
            match (reply, cut) {
                (Reply::Bytes(bytes) | Reply::BytesAndClose(bytes), Some(Cut::Answer(most))) => {
                    let _ = stream.write_all(&bytes[..most.min(bytes.len())]);
                    return;
                }
                (Reply::Bytes(bytes), _) => {
                    if stream.write_all(&bytes).is_err() {
                        return;
                    }
                }
                (Reply::BytesAndClose(bytes), _) => {
                    let _ = stream.write_all(&bytes);
                    return;
                }
                (Reply::Nothing, _) => {}
            }
        }
        let room = chunk.len().min(most - read);
        match stream.read(&mut chunk[..room]) {
            // Nothing more is wanted, or nobody is there.
            Ok(0) | Err(_) => return,
            Ok(n) => {
                held.extend_from_slice(&chunk[..n]);
                read += n;
            }
        }
    }
}
