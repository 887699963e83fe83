//! The text format of the htools (`-t FILE`, `-S FILE`): sections of lines, fields between bars.

mod fields;
mod number;
mod policy;
mod read;
mod simulate;
pub mod units;
pub mod utilisation;
mod write;

pub use fields::{quoted, shown};
pub use number::{integer, real};
pub use policy::template;
pub use read::read;
pub use simulate::simulate;
pub use write::write;
