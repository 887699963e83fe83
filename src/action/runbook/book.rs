//! All runbooks as menus list them.

use crate::action::form::{Menu, Object};
use crate::model::Cluster;

use super::gate;
use super::step::Step;

/// One runbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Book {
    /// A node is emptied, rebooted and comes back.
    Maintenance,
    /// A node is dead: its instances start elsewhere.
    Died,
    /// A node that was marked offline comes back.
    Returns,
    /// A node is emptied for good.
    Remove,
    /// A disk of a node has failed.
    FailedDisk,
    /// DRBD disks have one good half only.
    Degraded,
    /// Both halves of a DRBD disk were written apart.
    SplitBrain,
}

/// One line of the table.
struct Row {
    book: Book,
    name: &'static str,
    title: &'static str,
    letter: char,
    of_node: bool,
    what: &'static str,
    steps: &'static [Step],
}

/// Every runbook once, in the order of the menus.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { book: Book::Maintenance, name: "maintenance", title: "maintenance of", letter: 'M', of_node: true,
          what: "Empties it, waits for its reboot, brings all back.",
          steps: &[Step::Drain, Step::MigrateAway, Step::StopRest, Step::Reboot, Step::Answers, Step::InSync,
                   Step::Undrain, Step::StartAgain, Step::BringBack] },
    Row { book: Book::Died, name: "died", title: "death of", letter: 'D', of_node: true,
          what: "Its instances start elsewhere, with a second half again.",
          steps: &[Step::MarkOffline, Step::FailOver, Step::Running, Step::NewSecondaries, Step::InSync] },
    Row { book: Book::Returns, name: "returns", title: "return of", letter: 'B', of_node: true,
          what: "Looks for what it started by itself, then takes it back.",
          steps: &[Step::Guests, Step::MarkOnline, Step::Answers, Step::Activate, Step::InSync, Step::Undrain] },
    Row { book: Book::Remove, name: "remove", title: "removal of", letter: 'E', of_node: true,
          what: "Moves everything off it, for good.",
          steps: &[Step::Drain, Step::EvacuatePrimaries, Step::NoPrimaries, Step::EvacuateSecondaries, Step::Empty,
                   Step::RemoveNode] },
    Row { book: Book::FailedDisk, name: "failed-disk", title: "failed disk of", letter: 'F', of_node: true,
          what: "Makes the halves anew that were lost with a disk of it.",
          steps: &[Step::RepairGroup, Step::AnewPrimaries, Step::AnewSecondaries, Step::InSync] },
    Row { book: Book::Degraded, name: "degraded", title: "degraded disks of", letter: 'D', of_node: false,
          what: "Connects its halves, or else makes the other one anew.",
          steps: &[Step::ActivateOne, Step::Mended, Step::Anew, Step::InSync] },
    Row { book: Book::SplitBrain, name: "split-brain", title: "split brain of", letter: 'S', of_node: false,
          what: "Keeps the half that you choose, throws the other away.",
          steps: &[Step::Choose, Step::TakeOver, Step::ThrowAway, Step::InSync] },
];

impl Book {
    /// All, in the order of the menus.
    pub fn all() -> impl Iterator<Item = Book> {
        ROWS.iter().map(|row| row.book)
    }

    /// Those for one sort of object.
    pub fn of(menu: Menu) -> impl Iterator<Item = Book> {
        let fits = move |row: &&Row| match menu {
            Menu::Node => row.of_node,
            Menu::Instance | Menu::Pair => !row.of_node,
            Menu::Group | Menu::Job | Menu::Cluster => false,
        };
        ROWS.iter().filter(fits).map(|row| row.book)
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Book> {
        let row = ROWS.iter().find(|row| row.name == name);
        row.map(|row| row.book)
    }

    fn row(self) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.book == self)
    }

    /// Its name: in tags, records and after `:runbook`.
    pub fn name(self) -> &'static str {
        self.row().map_or("", |row| row.name)
    }

    /// What it is, to be followed by the name of what it is about.
    pub fn title(self) -> &'static str {
        self.row().map_or("", |row| row.title)
    }

    /// Its key in the menu of what it is about.
    pub fn letter(self) -> char {
        self.row().map_or('?', |row| row.letter)
    }

    /// A sentence on what it does.
    pub fn what(self) -> &'static str {
        self.row().map_or("", |row| row.what)
    }

    /// Its steps in their order.
    pub fn steps(self) -> &'static [Step] {
        self.row().map_or(&[], |row| row.steps)
    }

    /// Whether it can be begun on an object, as that is now.
    ///
    /// # Errors
    /// Why not.
    pub fn fits(self, subject: &Object, cluster: &Cluster) -> Result<(), String> {
        let name = subject.name();
        match subject {
            Object::Node(node) => {
                let Some(node) = cluster.nodes.get(node) else {
                    return Err(format!("there is no node {name}"));
                };
                if self != Book::FailedDisk && cluster.master() == name {
                    return Err(format!("{name} is the master: {}", gate::MASTER));
                }
                match self {
                    Book::Returns if !node.offline() => {
                        Err(format!("{name} is not marked offline"))
                    }
                    Book::Maintenance | Book::Remove | Book::FailedDisk if node.offline() => {
                        Err(format!("{name} is marked offline"))
                    }
                    Book::Died => gate::no_life(&name, cluster),
                    _ => Ok(()),
                }
            }
            Object::Instance(instance) => match cluster.instances.get(instance) {
                Some(instance) => crate::action::fit::drbd(instance),
                None => Err(format!("there is no instance {name}")),
            },
            _ => Err(format!(
                "{} is not for {}",
                self.name(),
                subject.menu().word()
            )),
        }
    }
}
