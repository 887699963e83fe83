//! The screen as data: which page is open, its rows, cursor and filter. [`update`] alone changes
//! it; views read it.

pub mod acting;
pub mod affairs;
pub mod ages;
pub mod area;
pub mod columns;
pub mod command;
pub mod console;
pub mod dialog;
pub mod disks;
pub mod effect;
pub mod empty;
pub mod facts;
pub mod filter;
mod follow;
pub mod form;
pub mod inbox;
pub mod layout;
pub mod line;
pub mod msg;
pub mod names;
pub mod nav;
pub mod options;
pub mod plans;
mod press;
mod refresh;
pub mod rows;
pub mod runbooks;
pub mod sheet;
pub mod state;
pub mod steady;
pub mod tone;
mod update;
pub mod view;

pub use effect::{Answer, Effect};
pub use msg::{Field, Mouse, MouseKind, Msg, Prompt, PromptKind};
pub use state::State;
pub use tone::Tone;
pub use update::update;
