//! What a job that failed left behind, and what mends it.

use gantry_wire::job::Job;

use crate::action::mend::{after, broken, disks_of, instance_of, is_refusal};
use crate::app::facts::Facts;
use crate::app::sheet::{Sheet, Span};
use crate::app::tone::{self, Tone};
use crate::app::view::drbd;
use crate::model::{Cluster, Name};
use crate::planner::replica::State;

/// Adds it to a job that failed.
pub fn add(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, job: &Job, whole: bool) {
    let Some((summary, error)) = broken(job) else {
        return;
    };
    let name = instance_of(summary, cluster);
    let refused = is_refusal(error);
    if name.is_none() && !refused {
        return;
    }
    if whole {
        sheet.heading("As it is now");
    } else {
        sheet.blank();
    }
    if refused {
        let text = "It was refused before it began: nothing was changed.";
        sheet.wrapped(text, Tone::Plain, 0);
    }
    if let Some(name) = name {
        instance(sheet, cluster, facts, name);
    }
    if let Some(mend) = after(job, cluster, &facts.pairs) {
        sheet.spans(vec![
            Span::new("m ", Tone::Heading),
            Span::new("mends it: ", Tone::Dim),
            Span::new(facts.names.shorten(&mend.words()), Tone::Plain),
        ]);
    }
}

/// Where an instance is, whether it runs, and how its disks are.
fn instance(sheet: &mut Sheet, cluster: &Cluster, facts: &Facts, name: &Name) {
    let Some(instance) = cluster.instances.get(name) else {
        return;
    };
    let status = instance.status;
    let short = |node: &String| facts.names.short(node).to_owned();
    let secondaries: Vec<String> = instance.conf.secondaries.iter().map(short).collect();
    let beside = match secondaries.as_slice() {
        [] => String::new(),
        some => format!(", its secondary {}", some.join(" and ")),
    };
    let word = status
        .last_word()
        .map_or("of unknown status", |word| word.text());
    sheet.spans(vec![
        Span::new(format!("{} is ", facts.names.short(name)), Tone::Plain),
        Span::new(word, tone::of_status(status)),
        Span::new(
            format!(
                "; its primary node is {}{beside}",
                short(&instance.conf.primary)
            ),
            Tone::Plain,
        ),
    ]);
    for pair in disks_of(name, &facts.pairs) {
        let state = match (pair.state, drbd::state(pair)) {
            (State::Resyncing, state) if state.is_empty() => "resyncing".into(),
            (_, state) => state,
        };
        sheet.spans(vec![
            Span::new(
                format!("disk {} ", drbd::name(facts, &pair.key)),
                Tone::Plain,
            ),
            Span::new(
                format!("{} {}", drbd::connection(pair), drbd::disks(pair)),
                Tone::Plain,
            ),
            Span::new(format!("  {state}"), drbd::state_tone(pair)),
        ]);
    }
}
