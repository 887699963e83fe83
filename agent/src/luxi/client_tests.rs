#![allow(clippy::unwrap_used, clippy::panic)]
use std::sync::{Arc, Mutex};

use super::super::fake::{FakeLuxid, Reply};
use super::*;

/// Long enough for any machine; a test that waits for it does so on purpose.
const PATIENT: Duration = Duration::from_secs(60);

fn client(fake: &FakeLuxid) -> Client {
    Client::new(fake.socket(), PATIENT)
}

#[test]
fn calls_share_one_connection() {
    let fake = FakeLuxid::start(|method, arguments| Reply::result(&json!([method, arguments])));
    let mut client = client(&fake);
    for n in 0..3 {
        let result = client.call("QueryConfigValues", &json!([[n]])).unwrap();
        assert_eq!(result, json!(["QueryConfigValues", [[n]]]));
    }
    assert_eq!(fake.connected(), 1);
}

#[test]
fn answers_are_read_as_bytes_that_are_characters() {
    let fake = FakeLuxid::start(|_, _| {
        Reply::Bytes(b"{\"success\":true,\"result\":\"caf\xe9\"}\x03".to_vec())
    });
    assert_eq!(client(&fake).call("X", &json!([])), Ok(json!("café")));
}

#[test]
fn requests_are_ascii_whatever_they_hold() {
    let fake = FakeLuxid::start(|_, arguments| Reply::result(arguments));
    client(&fake)
        .call("X", &json!(["é", "😀", "\u{3}"]))
        .unwrap();
    let (_, arguments) = fake.requests.lock().unwrap()[0].clone();
    assert_eq!(arguments, json!(["é", "😀", "\u{3}"]));
}

#[test]
fn an_answer_cut_by_its_own_text_drops_the_connection() {
    // A character whose code point ends in 03 is sent as the end of the message.
    let broken = b"{\"success\":true,\"result\":\"\x03\"}\x03".to_vec();
    let fake = FakeLuxid::start(move |_, _| Reply::Bytes(broken.clone()));
    let mut client = client(&fake);
    let error = client.call("X", &json!([])).unwrap_err();
    assert!(matches!(error, Error::Garbled(_)), "{error:?}");
    fake.answer(|_, _| Reply::result(&json!(1)));
    assert_eq!(
        client.call("X", &json!([])),
        Ok(json!(1)),
        "not the rest of the broken one"
    );
    assert_eq!(fake.connected(), 2);
}

#[test]
fn a_refused_request_is_not_tried_again_on_a_closed_connection() {
    let words = "Failed to parse request: unknown";
    let fake = FakeLuxid::start(move |_, _| {
        let answer = json!({ "success": false, "result": words });
        Reply::BytesAndClose([answer.to_string().as_bytes(), &[3]].concat())
    });
    let mut client = client(&fake);
    assert_eq!(
        client.call("X", &json!([])),
        Err(Error::Refused(words.to_owned()))
    );
    fake.answer(|_, _| Reply::result(&json!(1)));
    assert_eq!(client.call("X", &json!([])), Ok(json!(1)));
    assert_eq!(fake.requests.lock().unwrap().len(), 2);
}

#[test]
fn an_exception_leaves_the_connection_open() {
    let fake = FakeLuxid::start(|_, _| Reply::exception("ParameterError", "no such field"));
    let mut client = client(&fake);
    for _ in 0..2 {
        let error = client.call("X", &json!([])).unwrap_err();
        assert_eq!(error.to_string(), "ParameterError: no such field");
    }
    assert_eq!(fake.connected(), 1);
}

#[test]
fn no_answer_at_all_ends_in_time_and_the_next_call_goes_elsewhere() {
    let fake = FakeLuxid::start(|_, _| Reply::Nothing);
    let mut client = Client::new(fake.socket(), Duration::from_millis(50));
    assert_eq!(
        client.call("SetDrainFlag", &json!([false])),
        Err(Error::Silent)
    );
    fake.answer(|_, _| Reply::result(&json!(1)));
    client.patience = PATIENT;
    assert_eq!(client.call("X", &json!([])), Ok(json!(1)));
    assert_eq!(fake.connected(), 2);
}

#[test]
fn a_connection_that_luxid_closed_meanwhile_is_made_anew() {
    let fake = FakeLuxid::start(|_, _| {
        Reply::BytesAndClose(b"{\"success\":true,\"result\":1}\x03".to_vec())
    });
    let mut client = client(&fake);
    assert_eq!(client.call("X", &json!([])), Ok(json!(1)));
    assert_eq!(client.call("X", &json!([])), Ok(json!(1)));
    assert_eq!(fake.connected(), 2);
}

#[test]
fn a_handler_that_dies_without_a_word_is_told() {
    let fake = FakeLuxid::start(|_, _| Reply::BytesAndClose(b"{\"succ".to_vec()));
    assert_eq!(client(&fake).call("X", &json!([])), Err(Error::Closed));
}

#[test]
fn a_query_hands_out_rows() {
    let fake = FakeLuxid::start(|method, arguments| {
        assert_eq!(method, "Query");
        assert_eq!(
            *arguments,
            json!(["node", ["name"], ["=", "name", "node1"]])
        );
        Reply::result(&json!({ "fields": [], "data": [[[0, "node1"]]] }))
    });
    let names = Arc::new(Mutex::new(Vec::new()));
    client(&fake)
        .query("node", &["name"], &json!(["=", "name", "node1"]), |row| {
            names.lock().unwrap().push(row.text("name"));
        })
        .unwrap();
    assert_eq!(*names.lock().unwrap(), ["node1"]);
}

#[test]
fn a_socket_that_nobody_serves_says_so() {
    let fake = FakeLuxid::start(|_, _| Reply::Nothing);
    let socket = fake.root().join("stale");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let error = Client::new(socket, PATIENT)
        .call("X", &json!([]))
        .unwrap_err();
    assert!(matches!(error, Error::Absent(_)), "{error:?}");
}
