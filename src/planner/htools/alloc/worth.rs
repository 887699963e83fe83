//! How good a place is.

use std::cmp::Ordering;

use crate::planner::htools::print::number::fixed;

/// Lower is better.
#[derive(Clone, Debug, PartialEq)]
pub enum Worth {
    /// The cluster's score.
    Score(f64),
    /// On dedicated nodes: how many instances of each size fit no more, and the disk that is left free.
    Lost(Vec<i64>, i64),
}

impl Worth {
    /// Which is better. What cannot be compared is greater, as in the real tools.
    pub fn compare(&self, other: &Worth) -> Ordering {
        match (self, other) {
            (Worth::Score(a), Worth::Score(b)) => a.partial_cmp(b).unwrap_or(Ordering::Greater),
            (Worth::Lost(a, free), Worth::Lost(b, other)) => (a, free).cmp(&(b, other)),
            (Worth::Score(_), Worth::Lost(..)) => Ordering::Less,
            (Worth::Lost(..), Worth::Score(_)) => Ordering::Greater,
        }
    }

    /// As hail prints it.
    pub fn shown(&self) -> String {
        match self {
            Worth::Score(score) => fixed(*score, 8),
            Worth::Lost(lost, free) => {
                let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
                format!("([{}],{free})", lost.join(","))
            }
        }
    }
}
