//! The table of the score's components.

use super::number::fixed;
use super::table::table;
use crate::planner::htools::score::{COMPONENTS, Score};

/// Values and weights.
pub fn components(score: &Score) -> String {
    let values = score.0.into_iter().flatten();
    let rows: Vec<Vec<String>> = COMPONENTS
        .iter()
        .zip(values)
        .map(|((name, weight), value)| {
            let weight = format!("x{}", fixed(*weight, 2));
            vec![(*name).to_owned(), fixed(value, 8), weight]
        })
        .collect();
    let columns = [("Field", false), ("Value", true), ("Weight", true)];
    table(&columns, &rows, "   ")
}
