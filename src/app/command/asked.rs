//! Lines that ask for a plan with options.

use crate::app::facts::Facts;
use crate::app::options::{self, Known, Of};
use crate::model::Cluster;

use super::Choice;

/// Options that are shown at most: all there are.
const OPTIONS: usize = 12;

/// A page with options after its name.
pub struct Asked<'a> {
    /// What the options are of, or what is wrong.
    pub of: Result<Of, String>,
    /// The options.
    pub words: Vec<&'a str>,
}

/// Takes apart a line that has options.
pub fn with_options(line: &str) -> Option<Asked<'_>> {
    let mut words = line.split_whitespace();
    let page = words.next()?;
    let of = match page {
        "balance" | "b" => Ok(Of::Balance),
        "capacity" | "c" => match words.next()? {
            "vm" => Ok(Of::Placing),
            other => Err(format!(
                "capacity knows vm, such as capacity vm memory=4G disk=50G, and not {other:?}"
            )),
        },
        _ => return None,
    };
    let words: Vec<&str> = words.collect();
    // A page's name alone leads to it as it is.
    let goes = words.is_empty() && of == Ok(Of::Balance);
    (!goes).then_some(Asked { of, words })
}

/// Ways to go on with a line that has options.
pub fn choices(line: &str, cluster: &Cluster, facts: &Facts) -> Option<Vec<Choice>> {
    let (page, rest) = line.split_once(' ')?;
    let (of, begin, rest) = match page {
        "balance" | "b" => (Of::Balance, page.to_owned(), rest),
        "capacity" | "c" => match rest.trim_start().strip_prefix("vm") {
            Some(rest) if rest.is_empty() || rest.starts_with(' ') => {
                (Of::Placing, format!("{page} vm"), rest)
            }
            _ if "vm".starts_with(rest.trim()) => {
                return Some(vec![Choice {
                    line: format!("{page} vm"),
                    about: "where would it go",
                }]);
            }
            _ => return Some(Vec::new()),
        },
        _ => return None,
    };
    let mut words: Vec<&str> = rest.split_whitespace().collect();
    if rest.is_empty() || rest.ends_with(' ') {
        words.push("");
    }
    let found = options::choices(of, &words, Known { cluster, facts });
    let before = words.split_last().map_or(&[][..], |(_, before)| before);
    let before: String = before.iter().map(|word| format!("{word} ")).collect();
    let choices = found.into_iter().map(|(last, about)| Choice {
        line: format!("{begin} {before}{last}"),
        about,
    });
    Some(choices.take(OPTIONS).collect())
}
