//! Troubles as they were told, so that each is told once, and once when it is over.

use std::collections::HashMap;

use gantry_wire::Report;
use gantry_wire::report::Problem;

/// What was told.
#[derive(Debug, Default)]
pub struct Problems(HashMap<String, String>);

impl Problems {
    /// The report about `about`, if this is news; `trouble` is `None` if there is none.
    pub fn news(&mut self, about: &str, trouble: Option<String>) -> Option<Report> {
        let text = trouble.unwrap_or_default();
        let told = self.0.get(about).map(String::as_str).unwrap_or_default();
        if told == text {
            return None;
        }
        self.0.insert(about.to_owned(), text.clone());
        Some(Report::Problem(Problem {
            about: about.to_owned(),
            text,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_once_and_so_is_its_end() {
        let mut problems = Problems::default();
        let mut told =
            |trouble: Option<&str>| problems.news("x", trouble.map(str::to_owned)).is_some();
        assert!(!told(None));
        assert!(told(Some("broken")));
        assert!(!told(Some("broken")));
        assert!(told(Some("worse")));
        assert!(told(None));
        assert!(!told(None));
    }
}
