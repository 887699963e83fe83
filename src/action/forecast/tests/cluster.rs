use gantry_wire::job::QueueState;
use gantry_wire::report::Report;

use crate::action::Kind::{
    self, AddTags, JobArchive, JobCancel, JobPriority, QueueDrain, QueueUndrain, RemoveTags,
    Verify, VerifyDisks, WatcherContinue, WatcherPause,
};
use crate::action::fixture::{Told, Town, job};
use crate::action::{Object, Tone};

fn of(town: &Town, kind: Kind, set: &[(&str, &str)]) -> Told {
    town.of_object(kind, Object::Cluster, set)
}

#[test]
fn only_what_waits_is_cancelled() {
    let mut town = Town::new();
    let states = ["queued", "waiting", "canceling", "running", "success"];
    let jobs = states.iter().zip(1..);
    town.jobs(
        jobs.map(|(state, id)| job(id, state, "INSTANCE_STARTUP(web7)"))
            .collect(),
    );
    let cancel = |id| town.of_object(JobCancel, Object::Job(id), &[]);
    for id in [1, 2] {
        cancel(id)
            .goes()
            .says("taken back before it has begun", Tone::Plain);
    }
    cancel(3).idle("is being canceled already");
    cancel(4).refused("runs already, and Ganeti cancels only what waits");
    cancel(5).idle("is over: success");
    let priority = |id, to| town.of_object(JobPriority, Object::Job(id), &[("priority", to)]);
    priority(1, "-5")
        .goes()
        .says("priority 0 -> -5", Tone::Plain);
    priority(1, "0").idle("priority 0 already");
    priority(4, "5")
        .goes()
        .says("only opcodes that have not begun", Tone::Warn);
    priority(5, "5").refused("is over");
    town.of_object(JobArchive, Object::Job(5), &[]).goes();
    town.of_object(JobArchive, Object::Job(4), &[])
        .refused("is not over: running");
}

#[test]
fn queue_and_watcher_are_told_as_they_are() {
    let mut town = Town::new();
    of(&town, QueueUndrain, &[]).idle("not drained already");
    of(&town, QueueDrain, &[])
        .goes()
        .says("no new jobs from anybody", Tone::Plain);
    of(&town, WatcherContinue, &[]).idle("not paused");
    let paused = QueueState {
        drained: true,
        watcher_paused_until: Some(town.cluster.now.wall + 600.0),
        ..QueueState::default()
    };
    town.cluster.report("node1", Report::Queue(paused));
    of(&town, QueueDrain, &[]).idle("drained already");
    of(&town, QueueUndrain, &[]).goes();
    of(&town, WatcherContinue, &[])
        .goes()
        .says("not only in 10m 00s", Tone::Plain);
    of(&town, WatcherPause, &[("minutes", "30")])
        .goes()
        .says("for 30m 00s", Tone::Plain)
        .says("paused already, for another 10m 00s", Tone::Plain);
    town.cluster.queue = None;
    of(&town, WatcherContinue, &[])
        .goes()
        .says("not known whether it is paused", Tone::Warn);
    of(&town, QueueDrain, &[])
        .goes()
        .says("not known whether it is drained", Tone::Warn);
}

#[test]
fn tags_that_are_there_are_not_added_again() {
    let mut town = Town::new();
    town.conf("web7").tags = vec!["a".into(), "b".into()];
    town.of(AddTags, "web7", &[("tags", "a b")])
        .idle("there already");
    town.of(AddTags, "web7", &[("tags", "a c")])
        .goes()
        .says("new: c", Tone::Plain);
    town.of(RemoveTags, "web7", &[("tags", "a c")])
        .refused("there is no tag c");
    town.of(RemoveTags, "web7", &[("tags", "a")])
        .goes()
        .says("removed: a", Tone::Plain);
    town.of_node(AddTags, "node1", &[("tags", "rack:1")])
        .idle("there already");
    of(&town, AddTags, &[("tags", "htools:iextags:service")])
        .goes()
        .says(
            "hbal, hail and the N+1 of this console go by it",
            Tone::Warn,
        );
    town.of_object(AddTags, Object::Group("default".into()), &[("tags", "x")])
        .goes();
}

#[test]
fn a_verify_is_slow_where_nodes_are_silent() {
    let mut town = Town::new();
    of(&town, Verify, &[])
        .goes()
        .says("changes nothing", Tone::Plain)
        .says_not("silent");
    town.lose("node5", 60);
    of(&town, Verify, &[]).says("errors that all have one cause: node5", Tone::Warn);
    let small = Object::Group("small".into());
    town.of_object(VerifyDisks, small, &[])
        .goes()
        .says("it mends none", Tone::Plain)
        .says_not("silent");
}
