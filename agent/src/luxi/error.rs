//! What can go wrong with a LUXI call, and its words.

use serde_json::Value;

/// Why a call failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// There is no socket, or nobody behind it.
    Absent(String),
    /// This user may not use the socket.
    Denied,
    /// No answer in time. The connection is of no further use.
    Silent,
    /// The other side closed, before or within an answer.
    Closed,
    /// The answer is no message: the stream is out of step, the connection of no further use.
    Garbled(String),
    /// luxid did not understand the request, and closes after saying so.
    Refused(String),
    /// Ganeti's own exception; the connection stays.
    Ganeti {
        /// The exception's class, such as `OpPrereqError`.
        class: String,
        /// Its arguments.
        arguments: Vec<Value>,
    },
}

impl Error {
    /// From what stands in `result` when `success` is false.
    pub fn from_result(result: Value) -> Error {
        match result {
            Value::String(words) => Error::Refused(words),
            other => match exception(&other) {
                Some((class, arguments)) => Error::Ganeti {
                    class: class.to_owned(),
                    arguments: arguments.to_vec(),
                },
                None => Error::Refused(other.to_string()),
            },
        }
    }

    /// Whether the connection can be used no more.
    pub fn is_end(&self) -> bool {
        !matches!(self, Error::Ganeti { .. })
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Absent(why) => write!(f, "luxid does not run ({why})"),
            Error::Denied => write!(f, "luxid's socket needs root"),
            Error::Silent => write!(f, "luxid does not answer"),
            Error::Closed => write!(f, "luxid closed the connection"),
            Error::Garbled(why) => write!(f, "luxid's answer is not understood: {why}"),
            Error::Refused(words) => write!(f, "luxid refused the request: {words}"),
            Error::Ganeti { class, arguments } => {
                write!(f, "{}", exception_words(class, arguments))
            }
        }
    }
}

impl std::error::Error for Error {}

/// The class and arguments of an exception as Ganeti encodes it, `["Class", [args]]`.
pub fn exception(value: &Value) -> Option<(&str, &[Value])> {
    match value.as_array()?.as_slice() {
        [Value::String(class), Value::Array(arguments)] => Some((class, arguments)),
        _ => None,
    }
}

/// An exception as a person wants to read it.
pub fn exception_words(class: &str, arguments: &[Value]) -> String {
    let text = |at: usize| arguments.get(at).map(plain).unwrap_or_default();
    match (class, arguments) {
        // The class adds nothing to these.
        ("OpPrereqError" | "OpExecError", [_, ..]) => {
            match arguments.get(1).and_then(Value::as_str) {
                Some(code) => format!("{} ({code})", text(0)),
                None => text(0),
            }
        }
        ("HooksAbort", [Value::Array(hooks)]) => {
            let failed: Vec<String> = hooks.iter().map(hook_words).collect();
            format!("hooks failed: {}", failed.join("; "))
        }
        ("ConfigVersionMismatch", [_, _]) => {
            format!(
                "configuration version {} expected, {} found",
                text(0),
                text(1)
            )
        }
        ("JobQueueFull", _) => "the job queue is full".into(),
        (_, []) => class.to_owned(),
        _ => {
            let all: Vec<String> = arguments.iter().map(plain).collect();
            format!("{class}: {}", all.join(", "))
        }
    }
}

fn hook_words(hook: &Value) -> String {
    match hook.as_array().map(Vec::as_slice) {
        Some([node, script, output]) => {
            format!("{} on {}: {}", plain(script), plain(node), plain(output))
        }
        _ => hook.to_string(),
    }
}

/// A text without its quotes, anything else as JSON.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let all: Vec<String> = items.iter().map(plain).collect();
            all.join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(value: Value) -> String {
        Error::from_result(value).to_string()
    }

    #[test]
    fn each_kind_of_exception_has_words() {
        assert_eq!(
            words(json!([
                "OpPrereqError",
                ["Instance web1 not known", "unknown_entity"]
            ])),
            "Instance web1 not known (unknown_entity)"
        );
        assert_eq!(words(json!(["OpPrereqError", ["old style"]])), "old style");
        assert_eq!(
            words(json!([
                "ParameterError",
                ["Can't find field named 'nosuch'"]
            ])),
            "ParameterError: Can't find field named 'nosuch'"
        );
        assert_eq!(
            words(json!(["ResolverError", ["node9", -2, "unknown"]])),
            "ResolverError: node9, -2, unknown"
        );
        assert_eq!(
            words(json!(["HooksAbort", [[["node1", "10-check", "no"]]]])),
            "hooks failed: 10-check on node1: no"
        );
        assert_eq!(
            words(json!(["ConfigVersionMismatch", [3000000, 2160000]])),
            "configuration version 3000000 expected, 2160000 found"
        );
        assert_eq!(words(json!(["JobQueueFull", []])), "the job queue is full");
        assert_eq!(
            words(json!(["ConfigVerifyError", ["broken", ["a", "b"]]])),
            "ConfigVerifyError: broken, a, b"
        );
        assert_eq!(words(json!(["Strange", []])), "Strange");
    }

    #[test]
    fn only_ganetis_own_exceptions_leave_the_connection() {
        assert!(!Error::from_result(json!(["LockError", ["x"]])).is_end());
        assert!(Error::from_result(json!("Failed to parse request: x")).is_end());
        assert!(Error::from_result(json!({"odd": 1})).is_end());
        assert!(Error::Silent.is_end());
    }
}
