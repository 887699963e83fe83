//! The rows of a table: sorted and filtered once, then kept until something changes them.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};

use crate::model::{Cluster, Name};
use crate::planner::Subject;
use crate::planner::replica::Key;

use super::columns::{Col, Column};
use super::facts::Facts;
use super::filter::Filter;
use super::view::Kind;

/// What a row stands for. The cursor stays on it when rows move.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// A node.
    Node(Name),
    /// An instance.
    Instance(Name),
    /// A group.
    Group(Name),
    /// A job.
    Job(u64),
    /// What the death of a node would strand.
    Fall(Name),
    /// A DRBD disk.
    Pair(Key),
    /// The nth place for disks of a node.
    Place(Name, usize),
    /// A logical volume: node, volume group, name.
    Volume(Name, String, String),
    /// The nth move of the plan to balance, from 0 on.
    Move(usize),
    /// The nth step of the plan for reboots, from 0 on.
    Reboot(usize),
    /// The nth row of how many instances fit, from 0 on.
    Room(usize),
    /// Something that holds a lock and is no job, as Ganeti names it.
    Holder(String),
    /// What a verify found, by its key.
    Cause(String),
    /// A runbook, by its id.
    Run(String),
    /// The nth finding about a subject.
    Alert(About, usize),
}

/// What a finding is about, as a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// The cluster.
    Cluster,
    /// A node.
    Node(Name),
    /// What lies on a node's storage.
    Storage(Name),
    /// What a node's death would strand.
    Fall(Name),
    /// An instance.
    Instance(Name),
    /// A disk of an instance, by index.
    Disk(Name, u32),
    /// A job.
    Job(u64),
}

impl From<&Subject> for About {
    fn from(subject: &Subject) -> About {
        match subject {
            Subject::Cluster => About::Cluster,
            Subject::Node(name) => About::Node(name.clone()),
            Subject::Storage(name) => About::Storage(name.clone()),
            Subject::Fall(name) => About::Fall(name.clone()),
            Subject::Instance(name) => About::Instance(name.clone()),
            Subject::Disk(name, index) => About::Disk(name.clone(), *index),
            Subject::Job(id) => About::Job(*id),
        }
    }
}

/// Of which objects the rows are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All there are.
    All,
    /// Those that have to do with a node.
    Node(Name),
    /// Those of a group.
    Group(Name),
}

/// By what rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The column.
    pub col: Col,
    /// Largest first.
    pub reverse: bool,
}

/// A row's place in the order of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum SortKey {
    /// By text.
    Text(String),
    /// By number.
    Number(f64),
    /// Not known: last, whichever way it is sorted.
    Unknown,
}

impl SortKey {
    /// A number that may not be known.
    pub fn number<T: Into<f64>>(value: Option<T>) -> SortKey {
        value.map_or(SortKey::Unknown, |value| SortKey::Number(value.into()))
    }

    /// A size that may not be known.
    pub fn size(value: Option<u64>) -> SortKey {
        value.map_or(SortKey::Unknown, |value| SortKey::Number(value as f64))
    }

    fn compare(&self, other: &SortKey, reverse: bool) -> Ordering {
        let order = match (self, other) {
            (SortKey::Unknown, SortKey::Unknown) => return Ordering::Equal,
            (SortKey::Unknown, _) => return Ordering::Greater,
            (_, SortKey::Unknown) => return Ordering::Less,
            (SortKey::Text(a), SortKey::Text(b)) => crate::model::natural::compare(a, b),
            (SortKey::Number(a), SortKey::Number(b)) => a.total_cmp(b),
            (SortKey::Text(_), SortKey::Number(_)) => Ordering::Less,
            (SortKey::Number(_), SortKey::Text(_)) => Ordering::Greater,
        };
        if reverse { order.reverse() } else { order }
    }
}

/// Milliseconds between two sortings by a column whose values move.
const RESORT: u64 = 5_000;

/// What the rows were made of.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    source: Source,
    filter: String,
    sort: Sort,
}

/// The state of the cluster that rows were made of.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Source {
    shape: u64,
    facts: u64,
    /// Counts up every [`RESORT`] where values that move matter.
    step: u64,
}

/// A table's rows and where in them the operator is.
#[derive(Clone, Debug)]
pub struct Table {
    /// What it shows.
    pub kind: Kind,
    /// Of which.
    pub scope: Scope,
    /// By what it is sorted.
    pub sort: Sort,
    /// What is let through.
    pub filter: Filter,
    /// Only the letters of the filter were found.
    pub fuzzy: bool,
    /// The rows that are let through.
    pub rows: Vec<Id>,
    /// How many there are without the filter.
    pub all: usize,
    /// The row under the cursor.
    pub cursor: usize,
    /// The first row shown.
    pub offset: usize,
    /// Columns left out after the first.
    pub shift: usize,
    /// The width that each column's content asks for.
    pub wanted: Vec<u16>,
    /// Rows that something is to be done to together. Some may be hidden by the filter.
    pub marks: BTreeSet<Id>,
    /// The row marked last: a range begins there.
    marked_last: Option<Id>,
    selected: Option<Id>,
    made: Option<Made>,
    /// All that is searched of each row, kept while a filter is typed.
    searched: Option<(Source, Vec<(Id, String)>)>,
    /// The [`RESORT`] step in which the columns were last measured.
    measured: Option<u64>,
}

impl Table {
    /// A table in its first order.
    pub fn new(kind: Kind, scope: Scope) -> Table {
        Table {
            kind,
            scope,
            sort: kind.first_sort(),
            filter: Filter::default(),
            fuzzy: false,
            rows: Vec::new(),
            all: 0,
            cursor: 0,
            offset: 0,
            shift: 0,
            wanted: Vec::new(),
            marks: BTreeSet::new(),
            marked_last: None,
            selected: None,
            made: None,
            searched: None,
            measured: None,
        }
    }

    /// What the cursor is on.
    pub fn selected(&self) -> Option<&Id> {
        self.rows.get(self.cursor)
    }

    /// Puts the cursor on a row.
    pub fn select(&mut self, index: usize) {
        self.cursor = index.min(self.rows.len().saturating_sub(1));
        self.selected = self.rows.get(self.cursor).cloned();
    }

    /// Puts the cursor on an object, now or once it has a row.
    pub fn select_id(&mut self, id: Id) {
        self.selected = Some(id);
        self.find_selected();
    }

    fn find_selected(&mut self) {
        let found = self
            .selected
            .as_ref()
            .and_then(|id| self.rows.iter().position(|row| row == id));
        match found {
            Some(index) => self.cursor = index,
            None => self.cursor = self.cursor.min(self.rows.len().saturating_sub(1)),
        }
    }

    /// Moves the cursor by rows.
    pub fn step(&mut self, by: isize) {
        self.select(self.cursor.saturating_add_signed(by));
    }

    /// Moves the rows under the cursor, which stays on the screen.
    pub fn scroll(&mut self, by: isize, height: usize) {
        let last = self.rows.len().saturating_sub(height);
        self.offset = self.offset.saturating_add_signed(by).min(last);
        let bottom = self.offset + height.saturating_sub(1);
        self.select(self.cursor.clamp(self.offset, bottom.max(self.offset)));
    }

    /// Keeps the cursor within the rows shown.
    pub fn fit(&mut self, height: usize) {
        let height = height.max(1);
        let lowest = (self.cursor + 1).saturating_sub(height);
        self.offset = self.offset.clamp(lowest, self.cursor.max(lowest));
        self.offset = self.offset.min(self.rows.len().saturating_sub(height));
    }

    /// The rows shown.
    pub fn visible(&self, height: usize) -> &[Id] {
        let end = (self.offset + height).min(self.rows.len());
        self.rows.get(self.offset..end).unwrap_or_default()
    }

    /// Sorts by a column: first in its own order, then the other way round.
    pub fn sort_by(&mut self, column: &Column) {
        let again = self.sort.col == column.col;
        self.sort = Sort {
            col: column.col,
            reverse: if again {
                !self.sort.reverse
            } else {
                column.largest_first
            },
        };
    }

    /// Marks the row under the cursor, or unmarks it, and goes on to the next.
    pub fn mark(&mut self) {
        let Some(id) = self.selected().cloned() else {
            return;
        };
        if !self.marks.remove(&id) {
            self.marks.insert(id.clone());
        }
        self.marked_last = Some(id);
        self.step(1);
    }

    /// Marks the rows from the one marked last to the cursor.
    pub fn mark_range(&mut self) {
        let last = self.marked_last.as_ref();
        let from = last.and_then(|id| self.rows.iter().position(|row| row == id));
        let from = from.unwrap_or(self.cursor);
        let range = from.min(self.cursor)..=from.max(self.cursor);
        let rows = self.rows.get(range).unwrap_or_default();
        self.marks.extend(rows.iter().cloned());
        self.marked_last = self.selected().cloned();
    }

    /// Marks all rows that the filter lets through, or unmarks them if they all are.
    pub fn mark_all(&mut self) {
        if self.rows.iter().all(|row| self.marks.contains(row)) {
            self.rows.iter().for_each(|row| _ = self.marks.remove(row));
        } else {
            self.marks.extend(self.rows.iter().cloned());
        }
    }

    /// What is marked: the rows in their order, then those that the filter hides.
    pub fn marked(&self) -> Vec<&Id> {
        let shown: HashSet<&Id> = self.rows.iter().collect();
        let in_order = self.rows.iter().filter(|row| self.marks.contains(row));
        in_order
            .chain(self.marks.iter().filter(|id| !shown.contains(id)))
            .collect()
    }

    /// How many are marked that the filter hides.
    pub fn marks_hidden(&self) -> usize {
        let shown = self.rows.iter().filter(|row| self.marks.contains(row));
        self.marks.len().saturating_sub(shown.count())
    }

    /// Makes the rows anew if anything that they are made of changed.
    pub fn refresh(&mut self, cluster: &Cluster, facts: &Facts) {
        let columns = self.kind.columns();
        let column = columns.iter().find(|column| column.col == self.sort.col);
        let moves = !self.filter.is_empty() || column.is_some_and(|column| column.live);
        let step = cluster.now.at.0 / RESORT;
        let source = Source {
            shape: cluster.shape,
            facts: match self.kind {
                Kind::Alerts => facts.revision,
                Kind::N1 => facts.n1_revision,
                Kind::Verify => facts.inbox.revision,
                Kind::Runbooks => facts.runs_revision,
                Kind::Balance | Kind::Capacity => facts.plans.revision,
                // What is safe is said of the disks as they are.
                Kind::Maintenance => facts.plans.revision.wrapping_add(facts.revision),
                Kind::Drbd | Kind::Storage | Kind::Volumes => facts.index.revision,
                _ => 0,
            },
            step: if moves { step } else { 0 },
        };
        let made = Made {
            source,
            filter: self.filter.text().to_owned(),
            sort: self.sort,
        };
        if self.made.as_ref() == Some(&made) {
            return;
        }
        self.made = Some(made);
        let before = std::mem::take(&mut self.rows);
        self.pick(source, cluster, facts);
        self.put_in_order(cluster, facts);
        // Now and then anew, as texts change while the rows stay.
        if self.rows != before || self.measured != Some(step) {
            self.measured = Some(step);
            let wanted = columns
                .iter()
                .map(|column| self.wanted_width(column, cluster, facts));
            self.wanted = wanted.collect();
        }
        self.find_selected();
        self.select(self.cursor);
    }

    /// Takes the rows that the filter lets through, in their first order.
    fn pick(&mut self, source: Source, cluster: &Cluster, facts: &Facts) {
        let kind = self.kind;
        if self.filter.is_empty() {
            self.rows = kind.ids(cluster, facts, &self.scope);
            self.all = self.rows.len();
            (self.fuzzy, self.searched) = (false, None);
            let rows = &self.rows;
            forget_lost(&mut self.marks, || rows.iter().collect());
            return;
        }
        let searched = match self.searched.take() {
            Some((of, searched)) if of == source => searched,
            _ => {
                let searched = |id: &Id| kind.searched(cluster, facts, id);
                let ids = kind.ids(cluster, facts, &self.scope).into_iter();
                ids.map(|id| (id.clone(), searched(&id))).collect()
            }
        };
        forget_lost(&mut self.marks, || {
            searched.iter().map(|(id, _)| id).collect()
        });
        let passed = self.filter.pass(&searched);
        self.all = searched.len();
        self.searched = Some((source, searched));
        (self.rows, self.fuzzy) = (passed.rows, passed.fuzzy);
    }

    fn put_in_order(&mut self, cluster: &Cluster, facts: &Facts) {
        let Sort { col, reverse } = self.sort;
        let first = &self.kind.columns()[0];
        if col == first.col {
            // The rows come in this order already.
            if reverse != first.largest_first {
                self.rows.reverse();
            }
            return;
        }
        let kind = self.kind;
        let mut keyed: Vec<(SortKey, Id)> = std::mem::take(&mut self.rows)
            .into_iter()
            .map(|id| (kind.sort_key(cluster, facts, &id, col), id))
            .collect();
        keyed.sort_by(|(a, _), (b, _)| a.compare(b, reverse));
        self.rows = keyed.into_iter().map(|(_, id)| id).collect();
    }

    fn wanted_width(&self, column: &Column, cluster: &Cluster, facts: &Facts) -> u16 {
        if column.most == column.width {
            return column.width;
        }
        let width = |id: &Id| {
            let text = self.kind.text(cluster, facts, id, column.col);
            match text.is_ascii() {
                true => text.len(),
                false => unicode_width::UnicodeWidthStr::width(&*text),
            }
        };
        let widest = self.rows.iter().map(width).max().unwrap_or_default();
        u16::try_from(widest)
            .unwrap_or(u16::MAX)
            .clamp(column.width, column.most)
    }
}

/// Takes the marks off what is there no more.
fn forget_lost<'a>(marks: &mut BTreeSet<Id>, all: impl FnOnce() -> HashSet<&'a Id>) {
    if !marks.is_empty() {
        let all = all();
        marks.retain(|id| all.contains(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reach;

    fn table(nodes: &[&str]) -> (Table, Cluster, Facts) {
        let mut cluster = Cluster::new("x");
        nodes
            .iter()
            .for_each(|name| cluster.linked(name, Reach::Idle));
        let mut facts = Facts::default();
        facts.refresh(&cluster);
        let mut table = Table::new(Kind::Nodes, Scope::All);
        table.refresh(&cluster, &facts);
        (table, cluster, facts)
    }

    #[test]
    fn the_cursor_stays_on_its_object_when_rows_move() {
        let (mut table, mut cluster, mut facts) = table(&["node2", "node3", "node10"]);
        table.select(1);
        assert_eq!(table.selected(), Some(&Id::Node("node3".into())));
        cluster.linked("node1", Reach::Idle);
        facts.refresh(&cluster);
        table.refresh(&cluster, &facts);
        assert_eq!(table.cursor, 2);
        table.filter = Filter::new("node2");
        table.refresh(&cluster, &facts);
        assert_eq!(table.selected(), Some(&Id::Node("node2".into())));
    }

    #[test]
    fn equals_keep_the_order_of_their_names_and_unknown_is_last() {
        let (mut table, cluster, facts) = table(&["b", "a", "c"]);
        table.sort = Sort {
            col: Col::Group,
            reverse: true,
        };
        table.refresh(&cluster, &facts);
        let names: Vec<_> = ["a", "b", "c"].map(|n| Id::Node(n.into())).into();
        assert_eq!(table.rows, names);
        let unknown = SortKey::Unknown;
        for reverse in [false, true] {
            assert!(SortKey::Number(1.0).compare(&unknown, reverse).is_lt());
        }
    }

    #[test]
    fn marks_stay_on_their_objects_and_go_with_them() {
        let (mut table, mut cluster, mut facts) = table(&["node1", "node2", "node3", "node10"]);
        let node = |name: &str| Id::Node(name.into());
        table.mark();
        assert_eq!(table.cursor, 1);
        table.select(2);
        table.mark_range();
        assert_eq!(
            table.marked(),
            [&node("node1"), &node("node2"), &node("node3")]
        );
        table.select(1);
        table.mark();
        table.filter = Filter::new("node10");
        table.refresh(&cluster, &facts);
        table.mark_all();
        assert_eq!(
            table.marked(),
            [&node("node10"), &node("node1"), &node("node3")]
        );
        assert_eq!(table.marks_hidden(), 2);
        table.mark_all();
        assert_eq!(table.marks.len(), 2);
        cluster.nodes.remove(&*Name::from("node3"));
        cluster.shape += 1;
        facts.refresh(&cluster);
        table.refresh(&cluster, &facts);
        assert_eq!(table.marked(), [&node("node1")]);
    }

    #[test]
    fn the_cursor_is_always_in_sight() {
        let names: Vec<String> = (0..50).map(|n| format!("n{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (mut table, ..) = table(&names);
        for (step, height) in [(20, 10), (-3, 10), (100, 7), (-100, 7), (49, 60), (0, 0)] {
            table.step(step);
            table.fit(height);
            let shown = table.offset..table.offset + height.max(1);
            assert!(shown.contains(&table.cursor), "{step} {height}");
        }
        table.scroll(5, 10);
        assert!(table.cursor >= table.offset);
    }
}
