//! The only place where the state of the screen changes.

use crate::model::Cluster;
use crate::planner::think::Thought;

use super::affairs::News;
use super::nav::Page;
use super::press::{key, mouse, paste};
use super::refresh::refresh;
use super::rows::Id;
use super::{Effect, Msg, State};

/// Takes one message and says what that wants done. Reads no clock: the time is the cluster's.
pub fn update(state: &mut State, cluster: &Cluster, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    state.now = cluster.now.at;
    match msg {
        Msg::Key(pressed) => effects.extend(key(state, cluster, pressed)),
        Msg::Mouse(moved) => mouse(state, cluster, moved),
        Msg::Paste(text) => paste(state, cluster, &text),
        Msg::Resize(width, height) => state.size = (width, height),
        Msg::Data | Msg::Tick => {}
        Msg::Asked(prompt) => state.dialogs.ask(prompt),
        Msg::Withdrawn(id) => state.dialogs.withdraw(id),
        Msg::Thought(thought) => thought_of(state, cluster, thought),
        Msg::Acted(acted) => {
            let news = state.affairs.take(acted);
            effects.extend(news.and_then(|news| tell(state, cluster, news)));
        }
        Msg::Recalled {
            cluster: name,
            text,
            place,
        } => {
            let taken = state.facts.inbox.recalled(&name, text.as_deref(), cluster);
            if let Err(why) = taken {
                let text = format!("{place}: {why}; what was acknowledged is not known");
                state.notice = Some((text, cluster.now.at));
            }
        }
        Msg::Notice(text) => state.notice = Some((text, cluster.now.at)),
    }
    for news in state.affairs.ended(cluster) {
        effects.extend(tell(state, cluster, news));
    }
    effects.extend(refresh(state, cluster));
    effects
}

/// Tells the operator of a change that was asked for. The job of one that was confirmed just now opens, unless something
/// else was turned to meanwhile.
fn tell(state: &mut State, cluster: &Cluster, news: News) -> Option<Effect> {
    let text = state.facts.names.shorten(&news.text);
    state.notice = Some((text.clone(), cluster.now.at));
    if let Some(job) = news.job
        && state.acting.take_awaited()
    {
        state.way.go(Page::Job(job));
    }
    news.over.then_some(Effect::Ring(text))
}

/// Takes in what came of a plan.
fn thought_of(state: &mut State, cluster: &Cluster, thought: Thought) {
    let told = state.facts.plans.take(thought);
    if let Some(text) = told.notice {
        state.notice = Some((text, cluster.now.at));
    }
    if let (Page::Balance, Some(at)) = (&state.way.view().page, told.cursor)
        && let Some(table) = state.way.view_mut().shown_table_mut()
    {
        table.select_id(Id::Move(at));
    }
}
