//! The form of a step of a runbook.

use crate::action::form::{Kind, Object};
use crate::model::Cluster;

use super::Filling;

/// The step of a runbook that a form is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The runbook's id.
    pub run: String,
    /// The step's place in it.
    pub at: usize,
    /// The same in words: `step 2 of 9`.
    pub place: String,
    /// Parameters that the step sets, where an operation has them.
    pub set: Vec<(&'static str, String)>,
    /// This node has to be said to be powered off first.
    pub proof: Option<String>,
    /// These were said to be before.
    pub stated: Vec<String>,
}

impl Filling {
    /// The form of a step of a runbook, filled in as that wants it.
    ///
    /// # Errors
    /// Why it can be done to none of them.
    pub fn framed(
        kind: Kind,
        objects: &[Object],
        cluster: &Cluster,
        reason: &str,
        frame: Frame,
    ) -> Result<Filling, String> {
        let mut filling = Filling::new(kind, objects, cluster, reason)?;
        filling.stated.clone_from(&frame.stated);
        filling.frame = Some(frame);
        filling.preset();
        filling.build(cluster);
        Ok(filling)
    }

    /// Sets what the step wants, where an operation has such a field: those of a set need not all have it.
    fn preset(&mut self) {
        for (name, text) in self.frame.iter().flat_map(|frame| &frame.set) {
            for form in &mut self.forms {
                // What cannot be set stays at its default, which the form shows.
                let _ = form.set(name, text);
            }
        }
    }

    /// The same for what the first form does not have, and the others therefore do not take from it.
    pub(super) fn preset_others(&mut self) {
        let Some((first, others)) = self.forms.split_first_mut() else {
            return;
        };
        let set = self.frame.iter().flat_map(|frame| &frame.set);
        for (name, text) in set.filter(|(name, _)| first.field(name).is_none()) {
            for form in others.iter_mut() {
                let _ = form.set(name, text);
            }
        }
    }
}
