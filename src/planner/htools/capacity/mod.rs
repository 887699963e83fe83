//! Capacity, as hspace finds it: how many more instances of a size fit, and what runs out first.

mod iterate;
pub mod resources;
mod size;
mod space;
mod tiered;

pub use iterate::Found;
pub use resources::Resources;
pub use size::Size;
pub use space::{Ask, Space, required_nodes};
