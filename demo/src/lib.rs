//! A Ganeti cluster that does not exist: any size, any fault, repeatable by its seed.
pub mod sim;
