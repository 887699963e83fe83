//! The mark of a runbook: what it is to say, and the changes that make it so.

use gantry_wire::act::ActId;

use crate::action::runbook::mark::{tag, tags_of};
use crate::action::runbook::stand::{End, Fate, State};
use crate::model::{Cluster, Time};

use super::{Run, SETTLES};

/// A mark that fails so often is let be.
const TRIES: u8 = 3;

/// A tag that is being set or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marking {
    id: ActId,
    tag: String,
    add: bool,
    /// It is over and well since then; the configuration is to follow.
    done: Option<Time>,
}

impl Run {
    /// Another console has got further with it than this one: the mark says so, and this one never sets it ahead.
    pub(super) fn is_taken(&self, cluster: &Cluster) -> bool {
        let further = |tag: &String| {
            let steps = self.book.steps().iter();
            let at = steps
                .clone()
                .position(|step| tag.ends_with(&format!(":{}", step.name())));
            at.is_some_and(|at| at > self.at.max(self.furthest))
        };
        self.end.is_none() && tags_of(&self.subject, &self.id, cluster).any(further)
    }

    /// The tag that it should have now: of the newest step that was asked for, or is the operator's to do.
    fn wanted_tag(&self) -> Option<String> {
        let going = self.end.is_none() && self.begun;
        let step = self.book.steps().get(self.mark_at.filter(|_| going)?)?;
        Some(tag(&self.id, *step))
    }

    /// The next change of its mark: the tag, and whether it is to be set. One at a time; a tag is removed only while
    /// nothing else is under way, as that waits for the same lock.
    pub fn next_mark(
        &mut self,
        cluster: &Cluster,
        fate: impl Fn(&ActId) -> Fate,
    ) -> Option<(String, bool)> {
        let now = cluster.now.at;
        let there: Vec<&String> = tags_of(&self.subject, &self.id, cluster).collect();
        if let Some(marking) = &mut self.marking {
            let seen = there.contains(&&marking.tag) == marking.add;
            match (fate(&marking.id), marking.done) {
                (Fate::Open(..), _) => return None,
                (Fate::Bad(..), _) => {
                    self.failures += 1;
                    self.failed = Some(now);
                    self.marking = None;
                }
                (Fate::Well(_), None) => {
                    marking.done = Some(now);
                    return None;
                }
                (Fate::Well(_), Some(since)) if !seen && now.since(since) < SETTLES => return None,
                (Fate::Well(_), Some(_)) => self.marking = None,
            }
        }
        if self.failures >= TRIES || self.end == Some(End::Taken) {
            return None;
        }
        // Refused as the node was not as it is known here, as just after it was marked online: that is soon known.
        if self.failed.is_some_and(|at| now.since(at) < SETTLES) {
            return None;
        }
        let wanted = self.wanted_tag();
        if let Some(tag) = wanted.clone().filter(|tag| !there.contains(&tag)) {
            return Some((tag, true));
        }
        let quiet = self.end.is_some() || !matches!(self.state(), State::Asked(_));
        let old = there.into_iter().find(|tag| Some(*tag) != wanted.as_ref());
        old.filter(|_| quiet).map(|tag| (tag.clone(), false))
    }

    /// That change was asked for.
    pub fn marks(&mut self, id: ActId, tag: String, add: bool) {
        self.furthest = self.furthest.max(self.mark_at.unwrap_or_default());
        self.marking = Some(Marking {
            id,
            tag,
            add,
            done: None,
        });
    }

    /// Nothing of it is under way any more, its mark included.
    pub fn is_settled(&self, cluster: &Cluster) -> bool {
        let marked = tags_of(&self.subject, &self.id, cluster).next().is_some();
        let given_up = self.failures >= TRIES || self.end == Some(End::Taken);
        self.end.is_some() && self.marking.is_none() && (!marked || given_up)
    }
}
