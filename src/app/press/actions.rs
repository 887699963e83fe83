//! What each action does to the screen.

use std::collections::HashSet;

use crate::action::Action;
use crate::action::form::{Kind, Object};
use crate::action::mend;
use crate::model::{Cluster, Time};

use crate::app::acting;
use crate::app::console;
use crate::app::facts::Facts;
use crate::app::form::Form;
use crate::app::nav::Page;
use crate::app::options::{Known, Of};
use crate::app::plans::balance::Change;
use crate::app::rows::{About, Id, Table};
use crate::app::runbooks::{self, Press};
use crate::app::state::EntryKind;
use crate::app::{Effect, State};
use crate::planner::replica::Key;
use crate::planner::storage::Owner;

use super::entry;

/// Does it.
pub fn act(state: &mut State, cluster: &Cluster, action: Action) -> Vec<Effect> {
    let page = page_height(state);
    match action {
        Action::Quit => return vec![Effect::Quit],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Repaint],
        Action::Reconnect => return reconnect(state, cluster),
        Action::Back => {
            // What is being made is stopped first.
            let page = &state.way.view().page;
            match state.facts.plans.stop(page) {
                Some(effect) => return vec![effect],
                None => back(state),
            }
        }
        Action::Help => help(state),
        Action::Command => entry::open(state, cluster, EntryKind::Command),
        Action::Filter => open_filter(state, cluster),
        Action::Down => step(state, 1),
        Action::Up => step(state, -1),
        Action::PageDown => step(state, page),
        Action::PageUp => step(state, -page),
        Action::HalfDown => step(state, (page / 2).max(1)),
        Action::HalfUp => step(state, -(page / 2).max(1)),
        Action::Top => step(state, isize::MIN),
        Action::Bottom => step(state, isize::MAX),
        Action::Left => shift(state, -1),
        Action::Right => shift(state, 1),
        Action::Open => {
            let empty = state.view().shown_table().is_some_and(|it| it.all == 0);
            match state.view().page {
                Page::Verify if empty => run_verify(state, cluster),
                _ => open(state, cluster.now.at),
            }
        }
        Action::SortNext => sort_next(state),
        Action::SortReverse => {
            if let Some(table) = state.way.view_mut().shown_table_mut() {
                table.sort.reverse = !table.sort.reverse;
            }
        }
        Action::ToggleDetail => {
            let view = state.way.view_mut();
            view.pane = !view.pane;
        }
        Action::Mark => mark(state, cluster, Table::mark),
        Action::MarkRange => mark(state, cluster, Table::mark_range),
        Action::MarkAll => mark(state, cluster, Table::mark_all),
        Action::NextTab => tab(state, 1),
        Action::PrevTab => tab(state, -1),
        Action::GoNodes => state.way.go(Page::Nodes),
        Action::GoInstances => state.way.go(Page::Instances),
        Action::GoGroups => state.way.go(Page::Groups),
        Action::GoJobs => state.way.go(Page::Jobs),
        Action::GoDrbd => state.way.go(Page::Drbd),
        Action::GoStorage => state.way.go(Page::Storage),
        Action::GoN1 => state.way.go(Page::N1),
        Action::GoBalance => state.way.go(Page::Balance),
        Action::GoCapacity => state.way.go(Page::Capacity),
        Action::GoMaintenance => state.way.go(Page::Maintenance),
        Action::GoRunbooks => state.way.go(Page::Runbooks),
        Action::BookNext => return runbooks::press(state, cluster, Press::Next),
        Action::BookSkip => return runbooks::press(state, cluster, Press::Skip),
        Action::BookAgain => return runbooks::press(state, cluster, Press::Again),
        Action::BookStop => return runbooks::press(state, cluster, Press::Stop),
        Action::BookReset => return runbooks::press(state, cluster, Press::Reset),
        Action::KeepPrimary => return runbooks::press(state, cluster, Press::Keep(0)),
        Action::KeepSecondary => return runbooks::press(state, cluster, Press::Keep(1)),
        Action::Act => match objects(state) {
            objects if objects.is_empty() => {
                let text = "nothing can be done to what is selected; A is for the cluster";
                note(state, cluster, Err(text.to_owned()));
            }
            objects => acting::open_menu(state, cluster, objects),
        },
        Action::ActOnCluster => acting::open_menu(state, cluster, vec![Object::Cluster]),
        Action::Console => {
            let opened = match object(state) {
                Some(Object::Instance(name) | Object::Pair(name, _)) => {
                    console::open(state, cluster, &name)
                }
                _ => Err("only an instance has a console".to_owned()),
            };
            match opened {
                Ok(effect) => return vec![effect],
                Err(why) => note(state, cluster, Err(why)),
            }
        }
        Action::Mend => mend(state, cluster),
        Action::RunVerify => run_verify(state, cluster),
        Action::Acknowledge => return acknowledge(state, cluster),
        Action::PlanOptions => open_form(state, cluster, Of::Balance),
        Action::PlaceInstance => open_form(state, cluster, Of::Placing),
        Action::OtherPlan => {
            let other = state.facts.plans.other_plan();
            note(state, cluster, other);
        }
        Action::DropMove => return edit(state, cluster, Change::Drop),
        Action::MoveLater => return edit(state, cluster, |at| Change::Shift(at, 1)),
        Action::MoveEarlier => return edit(state, cluster, |at| Change::Shift(at, -1)),
        Action::UndoChange => {
            if !state.facts.plans.undo() {
                note(state, cluster, Err("nothing was changed".to_owned()));
            }
        }
        Action::Replan
        | Action::NextGroup
        | Action::DiskMoves
        | Action::Evacuate
        | Action::AllDown
        | Action::LeaveNonRedundant
        | Action::NextTag => {
            let page = &state.way.view().page;
            state.facts.plans.change(page, action);
        }
    }
    Vec::new()
}

/// Opens the form of what mends what is selected, or the job that is open.
fn mend(state: &mut State, cluster: &Cluster) {
    let view = state.view();
    let selected = view.shown_table().and_then(|table| table.selected());
    let mend = match (selected, &view.page) {
        (Some(Id::Cause(key)), _) => {
            let row = state.facts.inbox.row(key);
            row.and_then(|row| mend::of_finding(&row.cause.entry, cluster))
        }
        (Some(Id::Job(id) | Id::Alert(About::Job(id), _)), _) | (None, Page::Job(id)) => {
            let job = cluster.jobs.get(id);
            job.and_then(|job| mend::after(job, cluster, &state.facts.pairs))
        }
        _ => None,
    };
    match mend {
        Some(mend) => acting::open_mend(state, cluster, &mend),
        None => note(
            state,
            cluster,
            Err("there is no operation that would mend this; a shows what can be done".to_owned()),
        ),
    }
}

/// Opens the form of a verify.
fn run_verify(state: &mut State, cluster: &Cluster) {
    acting::open_form(state, cluster, Kind::Verify, &[Object::Cluster]);
}

/// Puts the selected finding away for a while.
fn acknowledge(state: &mut State, cluster: &Cluster) -> Vec<Effect> {
    let table = state.view().shown_table();
    let Some(Id::Cause(key)) = table.and_then(|table| table.selected()).cloned() else {
        return Vec::new();
    };
    let by = state.acting.operator.clone();
    let (said, kept) = state.facts.inbox.acknowledge(&key, &by, cluster);
    state.notice = Some((said, cluster.now.at));
    kept.into_iter().collect()
}

/// Opens the form of a plan, filled in as it was asked for last.
fn open_form(state: &mut State, cluster: &Cluster, of: Of) {
    state.pending.clear();
    let facts = &state.facts;
    state.form = Some(Form::new(of, Known { cluster, facts }));
}

/// Changes the move under the cursor.
fn edit(state: &mut State, cluster: &Cluster, change: impl Fn(usize) -> Change) -> Vec<Effect> {
    let table = state.way.view().shown_table();
    let Some(Id::Move(at)) = table.and_then(|table| table.selected()) else {
        note(state, cluster, Err("there is no move to change".to_owned()));
        return Vec::new();
    };
    match state.facts.plans.edit(change(*at)) {
        Ok(effect) => vec![effect],
        Err(why) => {
            note(state, cluster, Err(why));
            Vec::new()
        }
    }
}

fn note(state: &mut State, cluster: &Cluster, what: Result<(), String>) {
    if let Err(why) = what {
        state.notice = Some((why, cluster.now.at));
    }
}

/// Rows that a page has.
fn page_height(state: &State) -> isize {
    let layout = state.layout().unwrap_or_default();
    let height = match state.view().shown_table() {
        Some(_) => layout.rows.height,
        None => layout.sheet.height,
    };
    isize::from(i16::try_from(height).unwrap_or(i16::MAX)).max(1)
}

fn step(state: &mut State, by: isize) {
    match state.way.view_mut().shown_table_mut() {
        Some(table) => table.step(by),
        None => scroll_text(state, by),
    }
}

/// Scrolls the text of the page; at its end it stays there when it grows.
pub fn scroll_text(state: &mut State, by: isize) {
    let height = usize::from(state.layout().unwrap_or_default().sheet.height);
    let most = state.sheet.lines.len().saturating_sub(height);
    let view = state.way.view_mut();
    view.scroll = view.scroll.saturating_add_signed(by).min(most);
    view.tail = matches!(view.page, Page::Job(_)) && view.scroll == most;
}

fn shift(state: &mut State, by: isize) {
    if let Some(table) = state.way.view_mut().shown_table_mut() {
        let most = table.kind.columns().len().saturating_sub(2);
        table.shift = table.shift.saturating_add_signed(by).min(most);
    }
}

fn sort_next(state: &mut State) {
    if let Some(table) = state.way.view_mut().shown_table_mut() {
        let columns = table.kind.columns();
        let at = columns
            .iter()
            .position(|column| column.col == table.sort.col);
        let next = at.map_or(0, |at| (at + 1) % columns.len());
        table.sort_by(&columns[next]);
    }
}

/// Opens what the cursor is on.
pub fn open(state: &mut State, now: Time) {
    let Some(id) = state
        .view()
        .shown_table()
        .and_then(|table| table.selected())
    else {
        return;
    };
    match Page::of(id, &state.facts) {
        Some(page) => state.way.go(page),
        None => {
            let text = match id {
                Id::Volume(..) => "this volume belongs to no disk that has a page",
                Id::Holder(_) => "this holds locks and is no job",
                _ => "this is about the cluster as a whole",
            };
            state.notice = Some((text.to_owned(), now));
        }
    }
}

/// Marks rows of a table whose objects something can be done to.
fn mark(state: &mut State, cluster: &Cluster, how: impl Fn(&mut Table)) {
    match state.way.view_mut().shown_table_mut() {
        Some(table) if table.kind.is_of_objects() => how(table),
        _ => {
            let text = "marks are for nodes, instances, jobs and DRBD disks";
            note(state, cluster, Err(text.to_owned()));
        }
    }
}

/// What an operation would be for: what is marked; otherwise what the cursor is on, or else what the page is about.
fn objects(state: &State) -> Vec<Object> {
    let table = state.view().shown_table();
    let marked = table.map(Table::marked).unwrap_or_default();
    let marked = marked
        .into_iter()
        .filter_map(|id| object_of(id, &state.facts));
    match marked.collect::<Vec<_>>() {
        none if none.is_empty() => object(state).into_iter().collect(),
        marked => together(marked),
    }
}

/// Of several disks what is done is done to their instances, once each.
fn together(objects: Vec<Object>) -> Vec<Object> {
    if objects.len() < 2 {
        return objects;
    }
    let mut seen = HashSet::new();
    let whole = objects.into_iter().map(|object| match object {
        Object::Pair(instance, _) => Object::Instance(instance),
        object => object,
    });
    whole.filter(|object| seen.insert(object.clone())).collect()
}

/// What the cursor is on, or else what the page is about.
fn object(state: &State) -> Option<Object> {
    let view = state.view();
    let selected = view.shown_table().and_then(|table| table.selected());
    if let Some(id) = selected {
        return object_of(id, &state.facts);
    }
    Some(match &view.page {
        Page::Node(name) | Page::Volumes(name) | Page::Fall(name) => Object::Node(name.clone()),
        Page::Instance(name) => Object::Instance(name.clone()),
        Page::Group(name) => Object::Group(name.clone()),
        Page::Job(id) => Object::Job(*id),
        Page::Pair(Key::Disk(name, index)) => Object::Pair(name.clone(), *index),
        Page::Verify => Object::Cluster,
        Page::Runbook(id) => object_of(&Id::Run(id.clone()), &state.facts)?,
        _ => return None,
    })
}

fn object_of(id: &Id, facts: &Facts) -> Option<Object> {
    Some(match id {
        Id::Node(name)
        | Id::Place(name, _)
        | Id::Fall(name)
        | Id::Alert(About::Node(name) | About::Fall(name) | About::Storage(name), _) => {
            Object::Node(name.clone())
        }
        Id::Instance(name) | Id::Alert(About::Instance(name), _) => Object::Instance(name.clone()),
        Id::Group(name) => Object::Group(name.clone()),
        Id::Job(id) | Id::Alert(About::Job(id), _) => Object::Job(*id),
        Id::Pair(Key::Disk(name, index)) | Id::Alert(About::Disk(name, index), _) => {
            Object::Pair(name.clone(), *index)
        }
        Id::Cause(key) => mend::object(&facts.inbox.row(key)?.cause.entry),
        Id::Volume(..) => match &facts.volume(id)?.1.owner {
            Owner::Data(name, _) | Owner::Meta(name, _) => Object::Instance(name.clone()),
            _ => return None,
        },
        Id::Run(id) => facts.runs.iter().find(|run| run.id == *id)?.subject.clone(),
        _ => return None,
    })
}

/// Closes what is open on top, one thing at a time.
fn back(state: &mut State) {
    let view = state.way.view_mut();
    if let Some(table) = view.shown_table_mut()
        && !table.marks.is_empty()
    {
        table.marks.clear();
    } else if let Some(table) = view.shown_table_mut()
        && !table.filter.is_empty()
    {
        table.filter = Default::default();
    } else if view.full {
        (view.full, view.scroll) = (false, 0);
    } else {
        state.way.back();
    }
}

fn help(state: &mut State) {
    match state.view().page {
        Page::Help(_) => {
            state.way.back();
        }
        _ => {
            let place = state.view().place();
            state.way.go(Page::Help(place));
        }
    }
}

fn open_filter(state: &mut State, cluster: &Cluster) {
    let Some(table) = state.view().shown_table() else {
        return;
    };
    // A new filter, not more of the old one; Esc brings that back.
    let before = table.filter.text().to_owned();
    entry::open(state, cluster, EntryKind::Filter(before));
}

/// Goes through the main pages; on the page of an object, between its table and its whole text.
fn tab(state: &mut State, by: isize) {
    let view = state.way.view_mut();
    if view.page.has_more() {
        (view.full, view.scroll) = (!view.full, 0);
        return;
    }
    let count = Page::MAIN.len() as isize;
    let at = Page::MAIN.iter().position(|page| *page == view.page);
    if let Some(at) = at {
        let next = (at as isize + by).rem_euclid(count) as usize;
        state.way.go(Page::MAIN[next].clone());
    }
}

/// Tries the link of the node that the cursor is on or that is open, or else all.
fn reconnect(state: &State, cluster: &Cluster) -> Vec<Effect> {
    let selected = state
        .view()
        .shown_table()
        .and_then(|table| table.selected());
    let node = match (&state.view().page, selected) {
        (Page::Node(name), _) => Some(name.clone()),
        (_, Some(Id::Node(name))) => Some(name.clone()),
        _ => None,
    };
    let down = |name: &crate::model::Name| {
        let node = cluster.nodes.get(name);
        node.is_some_and(|node| !node.reach.is_up())
    };
    vec![Effect::Reconnect(node.filter(down))]
}
