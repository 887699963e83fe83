//! The queue's drain flag, the watcher's pause, and the job filters.

use gantry_wire::job::{Filter, QueueState};
use serde_json::{Value, json};

use crate::luxi::error::plain;
use crate::luxi::{Client, Error, Row};

const FIELDS: &[&str] = &["uuid", "priority", "predicates", "action", "reason_trail"];

/// What is known of the queue.
#[derive(Debug, Default)]
pub struct Reader {
    filters: Vec<Filter>,
    told: Option<QueueState>,
}

impl Reader {
    /// Asks for the flags, and for the filters if `filters` may have changed; `Some` if anything
    /// is news. Also the cheapest way to see whether luxid answers.
    ///
    /// # Errors
    /// Any of LUXI's.
    pub fn refresh(
        &mut self,
        client: &mut Client,
        filters: bool,
    ) -> Result<Option<QueueState>, Error> {
        let values = client.call(
            "QueryConfigValues",
            &json!([["drain_flag", "watcher_pause"]]),
        )?;
        if filters {
            let mut found = Vec::new();
            client.query("filter", FIELDS, &Value::Null, |row| {
                found.push(filter(&row))
            })?;
            found.sort_by_key(|filter: &Filter| filter.priority);
            self.filters = found;
        }
        let state = QueueState {
            drained: values[0].as_bool().unwrap_or(false),
            watcher_paused_until: values[1].as_f64(),
            filters: self.filters.clone(),
        };
        let news = self.told.as_ref() != Some(&state);
        self.told = Some(state.clone());
        Ok(news.then_some(state))
    }
}

fn filter(row: &Row<'_>) -> Filter {
    let action = row.value("action").map(|action| match action.as_array() {
        // `["RATE_LIMIT", 3]`
        Some(words) => words.iter().map(plain).collect::<Vec<_>>().join(" "),
        None => plain(action),
    });
    // Each is [source, reason, time]; the first is who asked, luxid adds itself.
    let reason = row.list("reason_trail").first().map(|entry| {
        let words = [plain(&entry[0]), plain(&entry[1])];
        let words: Vec<_> = words.iter().filter(|word| !word.is_empty()).collect();
        words
            .iter()
            .map(|word| word.as_str())
            .collect::<Vec<_>>()
            .join(": ")
    });
    Filter {
        uuid: row.text("uuid"),
        priority: row.number("priority").unwrap_or(0),
        action: action.unwrap_or_default(),
        predicates: row
            .value("predicates")
            .map(Value::to_string)
            .unwrap_or_default(),
        reason: reason.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::luxi::row::each_row;

    #[test]
    fn a_filter_is_told_in_ganetis_words() {
        let result = json!({ "data": [
            [[0, "u1"], [0, 3], [0, [["jobid", [">", "id", "watermark"]]]], [0, "PAUSE"],
             [0, [["gnt:user", "maintenance", 1], ["luxid", "", 2]]]],
            [[0, "u2"], [0, 0], [0, []], [0, ["RATE_LIMIT", 2]], [0, []]],
        ]});
        let mut filters = Vec::new();
        each_row(&result.to_string(), FIELDS, |row| {
            filters.push(filter(&row))
        })
        .unwrap();
        assert_eq!(filters[0].action, "PAUSE");
        assert_eq!(
            filters[0].predicates,
            r#"[["jobid",[">","id","watermark"]]]"#
        );
        assert_eq!(filters[0].reason, "gnt:user: maintenance");
        assert_eq!(
            (filters[1].action.as_str(), filters[1].reason.as_str()),
            ("RATE_LIMIT 2", "")
        );
    }
}
