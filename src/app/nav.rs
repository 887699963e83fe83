//! Pages and the way between them.

use crate::action::Place;
use crate::model::Name;
use crate::planner::replica::Key;
use crate::planner::storage::Owner;
use crate::planner::verify::Sort;

use super::facts::Facts;
use super::rows::{Id, Scope, Table};
use super::view::Kind;

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// All nodes.
    Nodes,
    /// All instances.
    Instances,
    /// All groups.
    Groups,
    /// The jobs.
    Jobs,
    /// All DRBD disks.
    Drbd,
    /// The places for disks.
    Storage,
    /// N+1: what if a node dies.
    N1,
    /// The plan to balance a group.
    Balance,
    /// The plan to reboot nodes.
    Maintenance,
    /// How many more instances fit.
    Capacity,
    /// Who holds locks and who waits for them.
    Locks,
    /// What verifies found.
    Verify,
    /// Everything that is wrong.
    Alerts,
    /// One node.
    Node(Name),
    /// One instance.
    Instance(Name),
    /// What becomes of one node's instances if it dies.
    Fall(Name),
    /// The cluster after a move of the plan.
    Move(usize),
    /// A step of the plan to reboot nodes.
    Reboot(usize),
    /// What runs out for a shape in a group.
    Room(usize),
    /// Where a new instance would go.
    Placing,
    /// One group.
    Group(Name),
    /// One job.
    Job(u64),
    /// One DRBD disk, both its halves.
    Pair(Key),
    /// What lies on one node's storage.
    Volumes(Name),
    /// The runbooks that are under way.
    Runbooks,
    /// One runbook, by its id.
    Runbook(String),
    /// The keys.
    Help(Place),
}

impl Page {
    /// The pages that are a key away, in the order in which Tab goes through them.
    pub const MAIN: [Page; 13] = [
        Page::Nodes,
        Page::Instances,
        Page::Groups,
        Page::Jobs,
        Page::Locks,
        Page::Drbd,
        Page::Storage,
        Page::N1,
        Page::Balance,
        Page::Maintenance,
        Page::Capacity,
        Page::Verify,
        Page::Alerts,
    ];

    /// Its name, as it is typed after `:`.
    pub fn word(&self) -> &'static str {
        match self {
            Page::Nodes => "nodes",
            Page::Instances => "instances",
            Page::Groups => "groups",
            Page::Jobs => "jobs",
            Page::Alerts => "alerts",
            Page::Locks => "locks",
            Page::Verify => "verify",
            Page::Node(_) => "node",
            Page::Instance(_) => "instance",
            Page::Group(_) => "group",
            Page::Job(_) => "job",
            Page::Drbd => "drbd",
            Page::Storage => "storage",
            Page::N1 | Page::Fall(_) => "n1",
            Page::Balance | Page::Move(_) => "balance",
            Page::Maintenance | Page::Reboot(_) => "maintenance",
            Page::Capacity | Page::Room(_) | Page::Placing => "capacity",
            Page::Pair(_) => "disk",
            Page::Volumes(_) => "storage",
            Page::Runbooks => "runbooks",
            Page::Runbook(_) => "runbook",
            Page::Help(_) => "help",
        }
    }

    /// It has a table and more text than goes above it, and Tab goes between the two.
    pub fn has_more(&self) -> bool {
        matches!(self, Page::Node(_) | Page::Group(_) | Page::Volumes(_))
    }

    /// The page that shows an object whole.
    pub fn of(id: &Id, facts: &Facts) -> Option<Page> {
        use super::rows::About;
        Some(match id {
            Id::Node(name) | Id::Alert(About::Node(name), _) => Page::Node(name.clone()),
            Id::Instance(name) | Id::Alert(About::Instance(name), _) => {
                Page::Instance(name.clone())
            }
            Id::Group(name) => Page::Group(name.clone()),
            Id::Job(id) | Id::Alert(About::Job(id), _) => Page::Job(*id),
            Id::Fall(name) | Id::Alert(About::Fall(name), _) => Page::Fall(name.clone()),
            Id::Move(at) => Page::Move(*at),
            Id::Reboot(at) => Page::Reboot(*at),
            Id::Room(at) => Page::Room(*at),
            Id::Run(id) => Page::Runbook(id.clone()),
            Id::Pair(key) => Page::Pair(key.clone()),
            Id::Alert(About::Disk(name, index), _) => Page::of_disk(name, *index, facts),
            Id::Place(node, _) | Id::Alert(About::Storage(node), _) => Page::Volumes(node.clone()),
            Id::Volume(..) => match &facts.volume(id)?.1.owner {
                Owner::Data(name, index) | Owner::Meta(name, index) => {
                    Page::of_disk(name, *index, facts)
                }
                Owner::Job(job) => Page::Job(*job),
                _ => return None,
            },
            Id::Cause(key) => {
                let entry = &facts.inbox.row(key)?.cause.entry;
                let name: Name = entry.name.as_str().into();
                match entry.sort {
                    Sort::Node => Page::Node(name),
                    Sort::Instance => Page::Instance(name),
                    Sort::Group => Page::Group(name),
                    Sort::Cluster => return None,
                }
            }
            Id::Alert(About::Cluster, _) | Id::Holder(_) => return None,
        })
    }

    /// The page of a disk: of its instance if it is not replicated.
    fn of_disk(instance: &Name, index: u32, facts: &Facts) -> Page {
        let key = Key::Disk(instance.clone(), index);
        match facts.pair(&key) {
            Some(_) => Page::Pair(key),
            None => Page::Instance(instance.clone()),
        }
    }

    /// The table on it, if it has one.
    fn table(&self) -> Option<Table> {
        let (kind, scope) = match self {
            Page::Nodes => (Kind::Nodes, Scope::All),
            Page::Instances => (Kind::Instances, Scope::All),
            Page::Groups => (Kind::Groups, Scope::All),
            Page::Jobs => (Kind::Jobs, Scope::All),
            Page::Alerts => (Kind::Alerts, Scope::All),
            Page::Locks => (Kind::Locks, Scope::All),
            Page::Verify => (Kind::Verify, Scope::All),
            Page::Drbd => (Kind::Drbd, Scope::All),
            Page::Storage => (Kind::Storage, Scope::All),
            Page::N1 => (Kind::N1, Scope::All),
            Page::Balance => (Kind::Balance, Scope::All),
            Page::Maintenance => (Kind::Maintenance, Scope::All),
            Page::Capacity => (Kind::Capacity, Scope::All),
            Page::Runbooks => (Kind::Runbooks, Scope::All),
            Page::Volumes(node) => (Kind::Volumes, Scope::Node(node.clone())),
            Page::Node(name) => (Kind::Instances, Scope::Node(name.clone())),
            Page::Group(name) => (Kind::Nodes, Scope::Group(name.clone())),
            Page::Instance(_)
            | Page::Job(_)
            | Page::Pair(_)
            | Page::Fall(_)
            | Page::Move(_)
            | Page::Reboot(_)
            | Page::Room(_)
            | Page::Placing
            | Page::Runbook(_)
            | Page::Help(_) => return None,
        };
        Some(Table::new(kind, scope))
    }
}

/// A page that was opened, and where on it the operator is.
#[derive(Clone, Debug)]
pub struct View {
    /// Which.
    pub page: Page,
    /// Its table, if it has one.
    pub table: Option<Table>,
    /// The first line shown of its text.
    pub scroll: usize,
    /// The end of its text is kept in sight.
    pub tail: bool,
    /// The text takes the place of the table.
    pub full: bool,
    /// The selected row's detail is shown beside the table.
    pub pane: bool,
}

impl View {
    /// A page as it is first opened.
    pub fn new(page: Page) -> View {
        View {
            table: page.table(),
            scroll: 0,
            tail: matches!(page, Page::Job(_)),
            full: false,
            // A job's own words, and what a plan comes to, are what one looks for there.
            pane: matches!(
                page,
                Page::Jobs
                    | Page::Locks
                    | Page::Verify
                    | Page::Balance
                    | Page::Maintenance
                    | Page::Capacity
            ),
            page,
        }
    }

    /// The table, if it is on the screen.
    pub fn shown_table(&self) -> Option<&Table> {
        self.table.as_ref().filter(|_| !self.full)
    }

    /// The table, if it is on the screen.
    pub fn shown_table_mut(&mut self) -> Option<&mut Table> {
        self.table.as_mut().filter(|_| !self.full)
    }

    /// Where on the screen actions find themselves here.
    pub fn place(&self) -> Place {
        match self.shown_table().map(|table| table.kind) {
            Some(Kind::Balance) => Place::Balance,
            Some(Kind::Maintenance) => Place::Maintenance,
            Some(Kind::Capacity) => Place::Capacity,
            Some(Kind::Verify) => Place::Verify,
            Some(_) => Place::Table,
            None if self.page == Page::Placing => Place::Placing,
            None if matches!(self.page, Page::Runbook(_)) => Place::Runbook,
            None => Place::Detail,
        }
    }
}

/// The pages that were opened, the one on the screen last. None stands in it twice.
#[derive(Clone, Debug)]
pub struct Way(Vec<View>);

/// Pages remembered for going back.
const REMEMBERED: usize = 20;

impl Way {
    /// Starts at a page.
    pub fn new(page: Page) -> Way {
        Way(vec![View::new(page)])
    }

    /// The page on the screen.
    pub fn view(&self) -> &View {
        // `new` puts one in, and `back` leaves one.
        &self.0[self.0.len() - 1]
    }

    /// The page on the screen.
    pub fn view_mut(&mut self) -> &mut View {
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Opens a page; one that is open already comes back as it was left.
    pub fn go(&mut self, page: Page) {
        let known = self.0.iter().position(|view| view.page == page);
        let view = match known {
            Some(at) => self.0.remove(at),
            None => View::new(page),
        };
        self.0.push(view);
        if self.0.len() > REMEMBERED {
            self.0.remove(0);
        }
    }

    /// Goes back to the page before; false if there is none.
    pub fn back(&mut self) -> bool {
        if self.0.len() < 2 {
            return false;
        }
        self.0.pop();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_leads_to_where_one_came_from() {
        let mut way = Way::new(Page::Nodes);
        way.go(Page::Node("a".into()));
        way.go(Page::Jobs);
        way.go(Page::Nodes);
        assert_eq!(way.view().page, Page::Nodes);
        assert!(way.back());
        assert_eq!(way.view().page, Page::Jobs);
        assert!(way.back());
        assert_eq!(way.view().page, Page::Node("a".into()));
        assert!(!way.back());
    }

    #[test]
    fn the_way_does_not_grow_without_bound() {
        let mut way = Way::new(Page::Nodes);
        (0..100).for_each(|id| way.go(Page::Job(id)));
        assert_eq!(way.0.len(), REMEMBERED);
    }
}
