//! The table of actions. Keymap names, default keys, the help screen, the hint line and the key
//! table in the README are all derived from it, so that none of them can disagree.

/// Something the operator can ask for with a key or by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Leave gantry.
    Quit,
    /// Close what is open on top, or return to the screen before.
    Back,
    /// Show the keys of this screen.
    Help,
    /// Stop gantry and return to the shell, as job control does.
    Suspend,
    /// Paint the whole screen again.
    Redraw,
    /// Open the command line.
    Command,
    /// Open the filter line.
    Filter,
    /// One row down.
    Down,
    /// One row up.
    Up,
    /// One screen down.
    PageDown,
    /// One screen up.
    PageUp,
    /// Half a screen down.
    HalfDown,
    /// Half a screen up.
    HalfUp,
    /// The first row.
    Top,
    /// The last row.
    Bottom,
    /// The columns to the left.
    Left,
    /// The columns to the right.
    Right,
    /// Open the selected row.
    Open,
    /// Sort by the next column.
    SortNext,
    /// Reverse the order of the sorted column.
    SortReverse,
    /// Show or hide the detail of the selected row beside the table.
    ToggleDetail,
    /// Mark the selected row, or unmark it.
    Mark,
    /// Mark the rows from the one marked last to the selected one.
    MarkRange,
    /// Mark all rows that are let through, or unmark them.
    MarkAll,
    /// The next tab or pane.
    NextTab,
    /// The tab or pane before.
    PrevTab,
    /// The nodes screen.
    GoNodes,
    /// The instances screen.
    GoInstances,
    /// The node groups screen.
    GoGroups,
    /// The jobs screen.
    GoJobs,
    /// The DRBD screen.
    GoDrbd,
    /// The storage screen.
    GoStorage,
    /// The N+1 screen.
    GoN1,
    /// The balance screen.
    GoBalance,
    /// The maintenance screen.
    GoMaintenance,
    /// The capacity screen.
    GoCapacity,
    /// Make a plan anew.
    Replan,
    /// Plan for the next group.
    NextGroup,
    /// Plan with or without moving disks.
    DiskMoves,
    /// Plan for all instances or only for those on nodes that are offline.
    Evacuate,
    /// Fill in how the plan to balance is asked for.
    PlanOptions,
    /// Show the other of the two plans to balance.
    OtherPlan,
    /// Take a move out of the plan.
    DropMove,
    /// Put a move later in the plan.
    MoveLater,
    /// Put a move earlier in the plan.
    MoveEarlier,
    /// Take the last change of the plan back.
    UndoChange,
    /// Fill in a new instance and see where it would go.
    PlaceInstance,
    /// Plan with all instances down, or with none.
    AllDown,
    /// Plan to leave what is not redundant, or to move it.
    LeaveNonRedundant,
    /// Plan for the nodes with the next tag.
    NextTag,
    /// Try a waiting link again now.
    Reconnect,
    /// Show what can be done to the selected object.
    Act,
    /// Show what can be done to the cluster.
    ActOnCluster,
    /// Open the serial console of the selected instance.
    Console,
    /// Open the form of what mends what is selected.
    Mend,
    /// Open the form of a verify.
    RunVerify,
    /// Put what is known away for a while.
    Acknowledge,
    /// The list of runbooks.
    GoRunbooks,
    /// On with a runbook.
    BookNext,
    /// Leave a step of a runbook out.
    BookSkip,
    /// Try a step of a runbook again.
    BookAgain,
    /// End a runbook here.
    BookStop,
    /// Reset the machine that a runbook wants rebooted.
    BookReset,
    /// Keep the half of the primary.
    KeepPrimary,
    /// Keep the half of the secondary.
    KeepSecondary,
}

/// Where on the screen an action applies. In the table it stands for a heading of the help too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// On every screen.
    Everywhere,
    /// Wherever something can be scrolled, which is every screen.
    Moving,
    /// On screens that are a table of objects.
    Table,
    /// On the screen of one object.
    Detail,
    /// On tables that are a plan.
    Plan,
    /// On the plan to balance.
    Balance,
    /// On the plan for reboots.
    Maintenance,
    /// On how many more instances fit, and where one would go.
    Capacity,
    /// On what verifies found.
    Verify,
    /// Where one would go. As a place of actions it is [`Place::Capacity`].
    Placing,
    /// On a runbook.
    Runbook,
}

impl Place {
    /// All places, in the order the help shows them.
    pub const ALL: [Self; 10] = [
        Self::Everywhere,
        Self::Moving,
        Self::Table,
        Self::Detail,
        Self::Plan,
        Self::Balance,
        Self::Maintenance,
        Self::Capacity,
        Self::Verify,
        Self::Runbook,
    ];

    /// Those that a screen can be.
    const SCREENS: [Self; 9] = [
        Self::Plan,
        Self::Table,
        Self::Detail,
        Self::Balance,
        Self::Maintenance,
        Self::Capacity,
        Self::Verify,
        Self::Placing,
        Self::Runbook,
    ];

    /// The heading of the help for this place.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Moving => "Moving",
            Self::Table => "In tables",
            Self::Detail => "In details",
            Self::Plan => "In plans",
            Self::Balance => "In the plan to balance",
            Self::Maintenance => "In the plan for maintenance",
            Self::Capacity | Self::Placing => "In capacity",
            Self::Verify => "In what verifies found",
            Self::Runbook => "In runbooks",
        }
    }

    /// Whether an action of this place can be had on a screen that is `here`.
    pub fn applies(self, here: Self) -> bool {
        let plan = matches!(
            here,
            Self::Plan | Self::Balance | Self::Maintenance | Self::Capacity
        );
        match self {
            Self::Everywhere | Self::Moving => true,
            Self::Table => plan || here == Self::Verify || self == here,
            Self::Plan => plan || here == Self::Placing,
            Self::Capacity => matches!(here, Self::Capacity | Self::Placing),
            _ => self == here,
        }
    }

    /// Whether there is a screen on which both places apply, so that one key cannot serve both.
    pub fn meets(self, other: Self) -> bool {
        let mut screens = Self::SCREENS.into_iter();
        screens.any(|here| self.applies(here) && other.applies(here))
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Entry {
    /// What is asked for.
    pub action: Action,
    /// Its name in key settings and on the command line.
    pub name: &'static str,
    /// A word or two for the hint line.
    pub words: &'static str,
    /// One line for the help.
    pub help: &'static str,
    /// The default chords, as text, in the form the help shows them.
    pub keys: &'static [&'static str],
    /// Where it applies.
    pub place: Place,
    /// Whether it is important enough for the hint line.
    pub hint: bool,
}

/// Every action once, in the order the help shows them.
#[rustfmt::skip]
pub const CATALOGUE: &[Entry] = &[
    row(Action::Act,         "act",          "act",        "Show what can be done to the selected object, or to all marked ones", &["a"],               Place::Everywhere).hinted(),
    row(Action::ActOnCluster, "act-on-cluster", "act on cluster", "Show what can be done to the cluster", &["A"],               Place::Everywhere),
    row(Action::Console,     "console",      "console",    "Open the serial console of the selected instance", &["c"], Place::Everywhere),
    row(Action::Mend,        "mend",         "mend",       "Open the form of what mends a failed job, or what a verify found", &["m"], Place::Everywhere),
    row(Action::Help,        "help",         "help",       "Show the keys of this screen",                &["?", "F1"],          Place::Everywhere).hinted(),
    row(Action::Command,     "command",      "command",    "Type a command, such as nodes or jobs",       &[":"],                Place::Everywhere).hinted(),
    row(Action::Back,        "back",         "back",       "Close what is open, take marks off, or return to the screen before", &["Esc"],       Place::Everywhere).hinted(),
    row(Action::GoNodes,     "go-nodes",     "nodes",      "Go to the nodes",                             &["1"],                Place::Everywhere),
    row(Action::GoInstances, "go-instances", "instances",  "Go to the instances",                         &["2"],                Place::Everywhere),
    row(Action::GoGroups,    "go-groups",    "groups",     "Go to the node groups",                       &["3"],                Place::Everywhere),
    row(Action::GoJobs,      "go-jobs",      "jobs",       "Go to the jobs",                              &["4"],                Place::Everywhere),
    row(Action::GoDrbd,      "go-drbd",      "drbd",       "Go to the DRBD disks, worst first",           &["5"],                Place::Everywhere),
    row(Action::GoStorage,   "go-storage",   "storage",    "Go to the places for disks on the nodes",     &["6"],                Place::Everywhere),
    row(Action::GoN1,        "go-n-plus-one", "n+1",       "Go to N+1: what if a node dies",              &["7"],                Place::Everywhere),
    row(Action::GoBalance,   "go-balance",   "balance",    "Go to the plan that balances a group",        &["8"],                Place::Everywhere),
    row(Action::GoMaintenance, "go-maintenance", "maintenance", "Go to the plan for reboots",             &["9"],                Place::Everywhere),
    row(Action::GoCapacity,  "go-capacity",  "capacity",   "Go to how many more instances fit",           &["0"],                Place::Everywhere),
    row(Action::GoRunbooks,  "go-runbooks",  "runbooks",   "Go to the runbooks that are under way",       &["w"],                Place::Everywhere),
    row(Action::NextTab,     "next-tab",     "next tab",   "Go to the next tab or pane",                  &["Tab"],              Place::Everywhere),
    row(Action::PrevTab,     "prev-tab",     "tab before", "Go to the tab or pane before",                &["Shift-Tab"],        Place::Everywhere),
    row(Action::Reconnect,   "reconnect",    "reconnect",  "Try nodes that are waiting to be reached again now", &["R"],         Place::Everywhere),
    row(Action::Redraw,      "redraw",       "redraw",     "Paint the whole screen again",                &["Ctrl-L"],           Place::Everywhere),
    row(Action::Suspend,     "suspend",      "suspend",    "Stop gantry and return to the shell; fg brings it back", &["Ctrl-Z"], Place::Everywhere),
    row(Action::Quit,        "quit",         "quit",       "Leave gantry",                                &["q", "Ctrl-C"],      Place::Everywhere).hinted(),
    row(Action::Down,        "down",         "down",       "One row down",                                &["j", "Down"],        Place::Moving),
    row(Action::Up,          "up",           "up",         "One row up",                                  &["k", "Up"],          Place::Moving),
    row(Action::PageDown,    "page-down",    "page down",  "One screen down",                             &["PgDn", "Ctrl-F"],   Place::Moving),
    row(Action::PageUp,      "page-up",      "page up",    "One screen up",                               &["PgUp", "Ctrl-B"],   Place::Moving),
    row(Action::HalfDown,    "half-down",    "half down",  "Half a screen down",                          &["Ctrl-D"],           Place::Moving),
    row(Action::HalfUp,      "half-up",      "half up",    "Half a screen up",                            &["Ctrl-U"],           Place::Moving),
    row(Action::Top,         "top",          "top",        "To the first row",                            &["g g", "Home"],      Place::Moving),
    row(Action::Bottom,      "bottom",       "bottom",     "To the last row",                             &["G", "End"],         Place::Moving),
    row(Action::Left,        "left",         "left",       "To the columns on the left",                  &["h", "Left"],        Place::Moving),
    row(Action::Right,       "right",        "right",      "To the columns on the right",                 &["l", "Right"],       Place::Moving),
    row(Action::Open,        "open",         "detail",     "Open the selected row",                       &["Enter"],            Place::Table).hinted(),
    row(Action::Filter,      "filter",       "filter",     "Show only the rows that match what is typed", &["/"],                Place::Table).hinted(),
    row(Action::SortNext,    "sort-next",    "sort",       "Sort by the next column",                     &["s"],                Place::Table).hinted(),
    row(Action::SortReverse, "sort-reverse", "reverse",    "Reverse the order of the sorted column",      &["S"],                Place::Table),
    row(Action::ToggleDetail,"toggle-detail","pane",       "Show or hide the detail beside the table",    &["p"],                Place::Table),
    row(Action::Mark,        "mark",       "mark",       "Mark the selected row, or unmark it: a acts on all marked rows", &["Space"], Place::Table).hinted(),
    row(Action::MarkRange,   "mark-range", "mark range", "Mark the rows from the one marked last to here", &["M"],             Place::Table),
    row(Action::MarkAll,     "mark-all",   "mark all",   "Mark all rows that the filter lets through, or unmark them", &["*"], Place::Table),
    row(Action::Replan,      "replan",       "replan",     "Make the plan anew, for the cluster as it is now", &["r"],           Place::Plan).hinted(),
    row(Action::NextGroup,   "next-group",   "group",      "Plan for the next group",                     &["n"],                Place::Plan).hinted(),
    row(Action::PlanOptions, "plan-options", "options",    "Fill in how to plan: group, disks, tags, when to stop", &["f"],      Place::Balance).hinted(),
    row(Action::OtherPlan,   "other-plan",   "other plan", "Show hbal's own plan, or the cost-aware one", &["o"],                Place::Balance).hinted(),
    row(Action::DropMove,    "drop-move",    "drop",       "Take the selected move out of the plan",      &["x"],                Place::Balance).hinted(),
    row(Action::UndoChange,  "undo-change",  "undo",       "Take the last change of the plan back",       &["u"],                Place::Balance).hinted(),
    row(Action::MoveLater,   "move-later",   "later",      "Put the selected move one place later",       &["J"],                Place::Balance).hinted(),
    row(Action::MoveEarlier, "move-earlier", "earlier",    "Put the selected move one place earlier",     &["K"],                Place::Balance).hinted(),
    row(Action::DiskMoves,   "disk-moves",   "disks",      "Plan with or without moving disks",           &["d"],                Place::Balance),
    row(Action::Evacuate,    "evacuate-only", "evacuate",  "Plan only for instances on nodes that are offline or drained, or for all", &["e"], Place::Balance),
    row(Action::PlaceInstance, "place-instance", "where would a VM go", "Fill in a new instance and see which nodes it would go to", &["v"], Place::Capacity).hinted(),
    row(Action::AllDown,     "all-down",     "all down",   "Plan as if all instances were down meanwhile", &["o"],               Place::Maintenance).hinted(),
    row(Action::LeaveNonRedundant, "leave-non-redundant", "leave", "Let what is not redundant go down, or move it", &["i"],        Place::Maintenance).hinted(),
    row(Action::NextTag,     "next-tag",     "tag",        "Plan for the nodes with the next tag",        &["t"],                Place::Maintenance).hinted(),
    row(Action::RunVerify,   "run-verify",   "verify",     "Open the form of a verify",                   &["v"],                Place::Verify).hinted(),
    row(Action::Acknowledge, "acknowledge",  "acknowledge", "Put the finding away for an hour, again for a day, for a week, not any more", &["x"], Place::Verify).hinted(),
    row(Action::BookNext,    "book-next",    "go on",      "Ask for the step that is due, say that it is done, or take the runbook over", &["Enter"], Place::Runbook).hinted(),
    row(Action::BookSkip,    "book-skip",    "skip",       "Leave this step out",                         &["s"],                Place::Runbook).hinted(),
    row(Action::BookAgain,   "book-again",   "again",      "Try this step again, or the one that it waits for", &["r"],          Place::Runbook).hinted(),
    row(Action::BookStop,    "book-stop",    "stop",       "End the runbook here; what was done stays done", &["x"],             Place::Runbook).hinted(),
    row(Action::BookReset,   "book-reset",   "powercycle", "Reset the machine, at the step that reboots it", &["P"],             Place::Runbook),
    row(Action::KeepPrimary, "keep-primary", "keep the primary's", "Keep the half of the primary, at the step that chooses", &["p"], Place::Runbook),
    row(Action::KeepSecondary, "keep-secondary", "keep the secondary's", "Keep the half of the secondary, at the step that chooses", &["o"], Place::Runbook),
];

/// Makes a row that is not on the hint line.
const fn row(
    action: Action,
    name: &'static str,
    words: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    place: Place,
) -> Entry {
    Entry {
        action,
        name,
        words,
        help,
        keys,
        place,
        hint: false,
    }
}

impl Entry {
    /// The same row, shown on the hint line.
    const fn hinted(mut self) -> Self {
        self.hint = true;
        self
    }

    /// The row with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        CATALOGUE.iter().find(|entry| entry.name == name)
    }
}

impl Action {
    /// The row of this action, if the table has one; a test holds that it always has.
    pub fn entry(self) -> Option<&'static Entry> {
        CATALOGUE.iter().find(|entry| entry.action == self)
    }

    /// Its name in key settings and on the command line.
    pub fn name(self) -> &'static str {
        self.entry().map_or("", |entry| entry.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Every action, in the order of the enum.
    const ACTIONS: &[Action] = &[
        Action::Quit,
        Action::Back,
        Action::Help,
        Action::Suspend,
        Action::Redraw,
        Action::Command,
        Action::Filter,
        Action::Down,
        Action::Up,
        Action::PageDown,
        Action::PageUp,
        Action::HalfDown,
        Action::HalfUp,
        Action::Top,
        Action::Bottom,
        Action::Left,
        Action::Right,
        Action::Open,
        Action::SortNext,
        Action::SortReverse,
        Action::ToggleDetail,
        Action::Mark,
        Action::MarkRange,
        Action::MarkAll,
        Action::NextTab,
        Action::PrevTab,
        Action::GoNodes,
        Action::GoInstances,
        Action::GoGroups,
        Action::GoJobs,
        Action::GoDrbd,
        Action::GoStorage,
        Action::GoN1,
        Action::GoBalance,
        Action::GoMaintenance,
        Action::GoCapacity,
        Action::Replan,
        Action::NextGroup,
        Action::DiskMoves,
        Action::Evacuate,
        Action::PlanOptions,
        Action::OtherPlan,
        Action::DropMove,
        Action::MoveLater,
        Action::MoveEarlier,
        Action::UndoChange,
        Action::PlaceInstance,
        Action::AllDown,
        Action::LeaveNonRedundant,
        Action::NextTag,
        Action::Reconnect,
        Action::Act,
        Action::ActOnCluster,
        Action::Console,
        Action::Mend,
        Action::RunVerify,
        Action::Acknowledge,
        Action::GoRunbooks,
        Action::BookNext,
        Action::BookSkip,
        Action::BookAgain,
        Action::BookStop,
        Action::BookReset,
        Action::KeepPrimary,
        Action::KeepSecondary,
    ];

    #[test]
    fn every_action_has_exactly_one_row() {
        for (index, action) in ACTIONS.iter().enumerate() {
            assert_eq!(*action as usize, index, "ACTIONS is out of step");
            let rows = CATALOGUE.iter().filter(|entry| entry.action == *action);
            assert_eq!(rows.count(), 1, "{action:?}");
        }
        assert_eq!(CATALOGUE.len(), ACTIONS.len());
    }

    #[test]
    fn names_are_unique_and_plain() {
        let mut seen = HashSet::new();
        for entry in CATALOGUE {
            assert!(seen.insert(entry.name), "{} twice", entry.name);
            let plain = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(entry.name.chars().all(plain), "{}", entry.name);
            assert!(!entry.help.is_empty() && !entry.help.ends_with('.'));
            assert_eq!(
                Entry::named(entry.name).map(|e| e.action),
                Some(entry.action)
            );
        }
        assert!(Entry::named("no-such-action").is_none());
    }

    #[test]
    fn places_meet_where_both_apply() {
        assert!(Place::Everywhere.meets(Place::Detail));
        assert!(Place::Table.meets(Place::Moving));
        assert!(!Place::Table.meets(Place::Detail));
        assert!(Place::Table.meets(Place::Balance));
        assert!(Place::Plan.meets(Place::Maintenance));
        assert!(!Place::Balance.meets(Place::Maintenance));
        assert!(Place::Capacity.meets(Place::Table));
        assert!(Place::Plan.applies(Place::Placing));
        assert!(!Place::Table.applies(Place::Placing));
    }
}
