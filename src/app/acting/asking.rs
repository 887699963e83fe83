//! What was confirmed is asked for.

use crate::action::guard::{Guard, Request};
use crate::action::runbook::{Ask, Fate};
use crate::action::words::name_of;
use crate::app::{Effect, State, runbooks};
use crate::model::Cluster;

use super::Filling;

/// Asks for it.
pub fn submit(state: &mut State, cluster: &Cluster, form: Filling) -> Vec<Effect> {
    let guard = Guard::of(state.acting.read_only, cluster);
    let reason = form.reason.text();
    let operations = form.operations.iter().zip(&form.expects);
    let requests = operations.map(|(operation, expect)| {
        let title = crate::action::words::title(operation);
        let permit = guard
            .asked_for(operation, cluster)
            .permit(operation)
            .map_err(|it| format!("{title}: {it}"))?;
        let id = state.affairs.id();
        let (own, expect, operator) = (operation.clone(), expect.clone(), &state.acting.operator);
        let request = Request::new(permit, id, own, expect, &reason, operator);
        Ok((
            title.clone(),
            request.map_err(|wrong| format!("{title}: {wrong}"))?,
        ))
    });
    // All or none.
    let requests: Vec<(String, Request)> = match requests.collect::<Result<_, String>>() {
        Ok(requests) => requests,
        Err(why) => {
            state.notice = Some((why, cluster.now.at));
            return Vec::new();
        }
    };
    // What was marked for it is done with: the next change is for what is marked then.
    if let Some(table) = state.way.view_mut().shown_table_mut() {
        table.marks.clear();
    }
    let (count, title) = (requests.len(), form.title());
    let asked = match count {
        1 => title.clone(),
        many => format!("{many} changes"),
    };
    state.notice = Some((format!("asked for: {asked}"), cluster.now.at));
    state.acting.reason = reason.trim().to_owned();
    state.acting.awaited = requests.len() == 1 && form.frame.is_none();
    let mut effects = match &form.frame {
        Some(frame) => {
            let asks = requests.iter().zip(&form.operations);
            let asks = asks.map(|((title, request), operation)| Ask {
                id: request.act().id.clone(),
                title: title.clone(),
                subject: name_of(operation),
                fate: Fate::Open(None, String::new()),
            });
            runbooks::asked(
                state,
                cluster,
                frame,
                asks.collect(),
                !form.stated.is_empty(),
            )
        }
        None => Vec::new(),
    };
    for (title, request) in requests {
        state.affairs.asked(request.act(), title, cluster.now.at);
        effects.push(Effect::Act(Box::new(request)));
    }
    if count > 1 && form.frame.is_none() {
        state.affairs.bind(count, &title);
    }
    effects
}
