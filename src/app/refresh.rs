//! Brings what the screen shows up to date with the cluster.

use crate::model::{Cluster, Time};
use crate::planner::replica::Key;

use super::layout::text_width;
use super::nav::{Page, View};
use super::rows::{About, Id, Table};
use super::sheet::Sheet;
use super::view::{
    balance, capacity, drbd, group, help, instance, job, locks, maintenance, n1, node, pair,
    placing, runbook, verify, volumes,
};
use super::{Effect, State, follow, runbooks};

/// Milliseconds for which a notice stays.
const NOTICE: u64 = 10_000;

/// Rows of the terminal from which graphs are drawn tall.
const TALL: u16 = 30;

/// What the texts on the screen were made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SheetMade {
    page: Page,
    full: bool,
    pane: Option<Id>,
    size: (u16, u16),
    shape: u64,
    /// Newest line of the log shown.
    serial: u64,
    /// What is known of plans.
    plans: u64,
    /// What verifies found.
    inbox: u64,
    /// What is known of runbooks.
    runs: u64,
    /// Something is asked over it.
    asked: bool,
    /// Numbers and ages in a text move once a second.
    second: u64,
}

/// Brings everything up to date; says what that wants done.
pub(super) fn refresh(state: &mut State, cluster: &Cluster) -> Vec<Effect> {
    let now = cluster.now.at;
    if state
        .notice
        .as_ref()
        .is_some_and(|(_, since)| now.since(*since) > NOTICE)
    {
        state.notice = None;
    }
    state.facts.open_ends = state.affairs.unknown(now);
    state.facts.refresh(cluster);
    let kept = state.facts.inbox.refresh(cluster);
    let storage_of = match &state.way.view().page {
        Page::Volumes(node) => Some(node),
        _ => None,
    };
    state.facts.look_at_storage(cluster, storage_of);
    let mut effects = runbooks::go_on(state, cluster);
    let page = &state.way.view().page;
    let now = state.facts.snapshot();
    let fails = match page {
        Page::Fall(node) => n1::must_not_die(&state.facts, node),
        _ => false,
    };
    effects.extend(kept);
    effects.extend(state.facts.plans.look_at(page, now.as_ref(), fails));
    if let Some(table) = state.way.view_mut().shown_table_mut() {
        table.refresh(cluster, &state.facts);
    }
    let view = state.way.view();
    let fall_of = match (&view.page, pane_id(view)) {
        (Page::Fall(node), _) => Some(node.clone()),
        (_, Some(Id::Fall(node) | Id::Alert(About::Fall(node), _))) => Some(node),
        _ => None,
    };
    state.facts.look_at_fall(fall_of.as_ref());
    state.acting.refresh(cluster, &state.facts);
    texts(state, cluster);
    fit(state, cluster);
    let layout = state.layout().unwrap_or_default();
    if let Some(table) = state.way.view().shown_table() {
        let visible = table.visible(usize::from(layout.rows.height));
        let readings = visible
            .iter()
            .map(|id| (id.clone(), table.kind.readings(cluster, &state.facts, id)));
        state.steady.settle(readings);
    }
    effects.extend(follow::follow(state, cluster));
    effects
}

/// Makes the texts of the page and of its pane anew if they may have changed.
fn texts(state: &mut State, cluster: &Cluster) {
    let view = state.way.view();
    let pane = pane_id(view);
    let log = match (&view.page, &pane) {
        (Page::Job(id), _) | (_, Some(Id::Job(id))) => cluster.logs.get(id),
        _ => None,
    };
    let made = SheetMade {
        page: view.page.clone(),
        full: view.full,
        pane: pane.clone(),
        size: state.size,
        shape: cluster.shape,
        serial: log
            .and_then(|lines| lines.last())
            .map_or(0, |line| line.serial),
        plans: state.facts.plans.revision,
        inbox: state.facts.inbox.revision,
        runs: state
            .runbooks
            .revision
            .wrapping_add(state.facts.runs_revision),
        asked: state.acting.open.is_some(),
        second: second(cluster.now.at),
    };
    if state.made.as_ref() == Some(&made) {
        return;
    }
    state.sheet = page_text(state, cluster);
    state.pane = match &pane {
        Some(id) => pane_text(state, cluster, id),
        None => Sheet::default(),
    };
    state.made = Some(made);
}

fn second(at: Time) -> u64 {
    at.0 / 1_000
}

/// What the pane shows the detail of.
fn pane_id(view: &View) -> Option<Id> {
    let table = view.shown_table().filter(|_| view.pane)?;
    table.selected().cloned()
}

fn page_text(state: &State, cluster: &Cluster) -> Sheet {
    let view = state.way.view();
    let width = text_width(state.size, view, false);
    let tall = state.size.1 >= TALL;
    let facts = &state.facts;
    match &view.page {
        Page::Node(name) if view.full => node::whole(cluster, facts, name, width),
        Page::Node(name) => node::brief(cluster, facts, name, width, tall),
        Page::Group(name) if view.full => group::whole(cluster, facts, name, width),
        Page::Group(name) => group::brief(cluster, facts, name, width),
        Page::Instance(name) => instance::whole(cluster, facts, name, width, tall),
        Page::Job(id) => job::whole(cluster, facts, *id, width),
        Page::Drbd => drbd::above(cluster, facts, width),
        Page::N1 => n1::above(cluster, facts, width),
        Page::Balance => balance::above(cluster, facts, width),
        Page::Move(at) => balance::whole(cluster, facts, *at, width),
        Page::Maintenance => maintenance::above(cluster, facts, width),
        Page::Reboot(at) => maintenance::step(cluster, facts, *at, width, true),
        Page::Capacity => capacity::above(cluster, facts, width),
        Page::Room(at) => capacity::detail(cluster, facts, *at, width, true),
        Page::Placing => placing::whole(cluster, facts, width),
        Page::Fall(name) => n1::fall(cluster, facts, name, width, true),
        Page::Pair(key) => pair::whole(cluster, facts, key, width, tall),
        Page::Volumes(name) if view.full => volumes::whole(cluster, facts, name, width),
        Page::Volumes(name) => volumes::brief(cluster, facts, name, width),
        Page::Verify => verify::above(cluster, facts, width),
        Page::Help(place) => help::whole(&state.keymap, *place, width),
        Page::Runbook(id) => runbook::whole(state, cluster, id, width),
        Page::Runbooks => runbook::above(state, width),
        Page::Nodes
        | Page::Instances
        | Page::Groups
        | Page::Jobs
        | Page::Storage
        | Page::Locks
        | Page::Alerts => Sheet::default(),
    }
}

fn pane_text(state: &State, cluster: &Cluster, id: &Id) -> Sheet {
    let width = text_width(state.size, state.way.view(), true);
    let facts = &state.facts;
    match id {
        Id::Node(name) | Id::Alert(About::Node(name), _) => {
            node::brief(cluster, facts, name, width, true)
        }
        Id::Instance(name) | Id::Alert(About::Instance(name), _) => {
            instance::brief(cluster, facts, name, width, true)
        }
        Id::Group(name) => group::brief(cluster, facts, name, width),
        Id::Job(id) | Id::Alert(About::Job(id), _) => job::brief(cluster, facts, *id, width),
        Id::Pair(key) => pair::brief(cluster, facts, key, width),
        Id::Fall(name) | Id::Alert(About::Fall(name), _) => {
            n1::fall(cluster, facts, name, width, false)
        }
        Id::Move(at) => balance::after(facts, *at, width),
        Id::Reboot(at) => maintenance::step(cluster, facts, *at, width, false),
        Id::Room(at) => capacity::detail(cluster, facts, *at, width, false),
        Id::Place(name, _) | Id::Alert(About::Storage(name), _) => {
            volumes::brief(cluster, facts, name, width)
        }
        Id::Alert(About::Disk(name, index), _) => {
            let key = Key::Disk(name.clone(), *index);
            match facts.pair(&key) {
                Some(_) => pair::brief(cluster, facts, &key, width),
                None => instance::brief(cluster, facts, name, width, true),
            }
        }
        Id::Volume(..) => volumes::one(facts, id, width),
        Id::Cause(key) => verify::detail(cluster, facts, key, width),
        Id::Holder(name) => locks::holder(facts, name, width),
        Id::Run(id) => runbook::whole(state, cluster, id, width),
        Id::Alert(About::Cluster, _) => Sheet::default(),
    }
}

/// Keeps cursor and scrolling within what there is.
fn fit(state: &mut State, cluster: &Cluster) {
    let Some(layout) = state.layout() else { return };
    let lines = state.sheet.lines.len();
    let view = state.way.view_mut();
    if let Some(table) = view.shown_table_mut() {
        table.fit(usize::from(layout.rows.height));
    }
    let most = lines.saturating_sub(usize::from(layout.sheet.height));
    if view.tail || view.scroll > most {
        view.scroll = most;
    }
    let logged = match view.shown_table().and_then(Table::selected) {
        Some(Id::Job(id)) => cluster.logs.contains_key(id),
        _ => false,
    };
    // Of a log the end matters, of everything else the beginning.
    state.pane_scroll = if logged {
        state
            .pane
            .lines
            .len()
            .saturating_sub(usize::from(layout.pane.height))
    } else {
        0
    };
}
