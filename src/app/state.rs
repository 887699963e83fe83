//! The state of the screen.

use crate::input::{Keymap, Pending};
use crate::model::Time;

use super::acting::Acting;
use super::affairs::Affairs;
use super::command::Choice;
use super::dialog::Dialogs;
use super::facts::Facts;
use super::follow::Followed;
use super::form::Form;
use super::layout::{Layout, layout};
use super::line::LineEdit;
use super::nav::{Page, View, Way};
use super::refresh::SheetMade;
use super::runbooks::Runbooks;
use super::sheet::Sheet;
use super::steady::Steady;

/// Everything that decides what the screen looks like, besides the cluster itself. Only
/// [`super::update`] changes it.
#[derive(Clone, Debug)]
pub struct State {
    /// Which keys do what.
    pub keymap: Keymap,
    /// Keys of a chord that has begun.
    pub pending: Pending,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The pages that were opened.
    pub(super) way: Way,
    /// The line that is typed.
    pub entry: Option<Entry>,
    /// The form that is filled in.
    pub form: Option<Form>,
    /// Questions to the operator.
    pub dialogs: Dialogs,
    /// The change that is being asked for.
    pub acting: Acting,
    /// What was asked for from here.
    pub affairs: Affairs,
    /// The runbooks that are under way here.
    pub runbooks: Runbooks,
    /// The present moment, as the cluster told it last.
    pub now: Time,
    /// Something to tell, and since when.
    pub notice: Option<(String, Time)>,
    /// What is worked out from the cluster.
    pub facts: Facts,
    /// Numbers that move in steps.
    pub steady: Steady,
    /// The text of the page.
    pub sheet: Sheet,
    /// The text of the pane.
    pub pane: Sheet,
    /// Lines by which the pane is scrolled so that its end is in sight.
    pub pane_scroll: usize,
    pub(super) made: Option<SheetMade>,
    pub(super) followed: Followed,
}

/// A line that is being typed.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What for.
    pub kind: EntryKind,
    /// What was typed.
    pub line: LineEdit,
    /// Ways to go on.
    pub choices: Vec<Choice>,
    /// The one that was picked.
    pub chosen: Option<usize>,
    /// What is wrong with the line as it is.
    pub wrong: Option<String>,
}

/// What a line is typed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A command.
    Command,
    /// A filter; holds the one before, which Esc brings back.
    Filter(String),
}

impl State {
    /// The screen as gantry starts: all nodes.
    pub fn new(keymap: Keymap, size: (u16, u16)) -> State {
        State {
            keymap,
            pending: Pending::default(),
            size,
            way: Way::new(Page::Nodes),
            entry: None,
            form: None,
            dialogs: Dialogs::default(),
            acting: Acting::default(),
            affairs: Affairs::default(),
            runbooks: Runbooks::default(),
            now: Time(0),
            notice: None,
            facts: Facts::default(),
            steady: Steady::default(),
            sheet: Sheet::default(),
            pane: Sheet::default(),
            pane_scroll: 0,
            made: None,
            followed: Followed::default(),
        }
    }

    /// The page on the screen.
    pub fn view(&self) -> &View {
        self.way.view()
    }

    /// Where everything stands; none if the terminal is too small.
    pub fn layout(&self) -> Option<Layout> {
        layout(self.size, self.view(), self.sheet.lines.len())
    }
}
