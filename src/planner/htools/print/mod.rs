//! What the htools print, character by character.

pub mod instances;
pub mod nodes;
pub mod number;
pub mod policy;
pub mod score;
pub mod table;
