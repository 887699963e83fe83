//! The only place where the state of the screen changes.

use crate::model::Cluster;

use super::press::{key, mouse, paste};
use super::refresh::refresh;
use super::{Effect, Msg, State};

/// Takes one message and says what that wants done. Reads no clock: the time is the cluster's.
pub fn update(state: &mut State, cluster: &Cluster, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    match msg {
        Msg::Key(pressed) => effects.extend(key(state, cluster, pressed)),
        Msg::Mouse(moved) => mouse(state, cluster, moved),
        Msg::Paste(text) => paste(state, cluster, &text),
        Msg::Resize(width, height) => state.size = (width, height),
        Msg::Data | Msg::Tick => {}
        Msg::Asked(prompt) => state.dialogs.ask(prompt),
        Msg::Withdrawn(id) => state.dialogs.withdraw(id),
        Msg::Thought(thought) => state.facts.plans.take(thought),
        Msg::Notice(text) => state.notice = Some((text, cluster.now.at)),
    }
    effects.extend(refresh(state, cluster));
    effects
}
