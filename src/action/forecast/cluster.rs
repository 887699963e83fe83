//! What is done to the cluster, a group, a job, the queue, the watcher, and tags.

use gantry_wire::operation::{
    AddTags, JobPriority, RemoveTags, TagsOf, Verify, VerifyDisks, WatcherPause,
};

use crate::model::job::{finished, summary};
use crate::model::words::duration;

use super::Tone;
use super::draft::Draft;
use super::facts::{names, silence};

/// Tells of a verification.
pub fn verify(draft: &mut Draft, it: &Verify) {
    looks(
        draft,
        it.group.as_deref(),
        "reads all nodes; changes nothing",
    );
}

/// Tells of a verification of disks.
pub fn verify_disks(draft: &mut Draft, it: &VerifyDisks) {
    let text =
        "looks for disks that are not active or not there; it mends none: activate-disks does";
    looks(draft, it.group.as_deref(), text);
}

fn looks(draft: &mut Draft, group: Option<&str>, what: &str) {
    if let Some(group) = group
        && !draft.cluster.groups.contains_key(group)
    {
        draft.refuse(format!("there is no group {group}"));
        return;
    }
    draft.head("verify", what, Tone::Plain);
    let nodes = draft.cluster.nodes_sorted();
    let of_group = nodes
        .iter()
        .filter(|node| group.is_none_or(|group| node.group() == group));
    let silent = of_group.filter(|node| silence(&node.name, draft.cluster).is_some());
    let silent: Vec<&str> = silent.map(|node| &*node.name).collect();
    if !silent.is_empty() {
        let text = format!(
            "makes it wait, and errors that all have one cause: {}",
            names(silent)
        );
        draft.say("silent", text, Tone::Warn);
    }
}

/// The tags that something has, if it is known.
fn tags_of<'a>(draft: &mut Draft<'a>, of: &TagsOf) -> Option<&'a [String]> {
    let cluster = draft.cluster;
    let found = match of {
        TagsOf::Cluster => cluster.conf.as_ref().map(|it| it.tags.as_slice()),
        TagsOf::Group(name) => cluster
            .groups
            .get(name.as_str())
            .map(|it| it.tags.as_slice()),
        TagsOf::Node(name) => {
            let node = cluster.nodes.get(name.as_str());
            node.and_then(|it| it.conf.as_ref())
                .map(|it| it.tags.as_slice())
        }
        TagsOf::Instance(name) => cluster
            .instances
            .get(name.as_str())
            .map(|it| it.conf.tags.as_slice()),
    };
    if found.is_none() {
        draft.refuse(match of {
            TagsOf::Cluster => "the cluster's tags are not known".to_owned(),
            TagsOf::Group(name) => format!("there is no group {name}"),
            TagsOf::Node(name) => format!("there is no node {name}"),
            TagsOf::Instance(name) => format!("there is no instance {name}"),
        });
    }
    found
}

/// Tells of new tags.
pub fn add_tags(draft: &mut Draft, it: &AddTags) {
    let Some(has) = tags_of(draft, &it.of) else {
        return;
    };
    let new: Vec<&str> = it
        .tags
        .iter()
        .filter(|tag| !has.contains(tag))
        .map(String::as_str)
        .collect();
    if new.is_empty() {
        draft.nothing("all of these tags are there already");
        return;
    }
    draft.head("tags", format!("new: {}", new.join(", ")), Tone::Plain);
    read_by(draft, new);
}

/// Tells of tags that go.
pub fn remove_tags(draft: &mut Draft, it: &RemoveTags) {
    let Some(has) = tags_of(draft, &it.of) else {
        return;
    };
    let missing: Vec<&str> = it
        .tags
        .iter()
        .filter(|tag| !has.contains(tag))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        let text = format!(
            "there is no tag {}, and Ganeti removes all or none",
            missing.join(", ")
        );
        draft.refuse(text);
        return;
    }
    draft.head(
        "tags",
        format!("removed: {}", it.tags.join(", ")),
        Tone::Plain,
    );
    read_by(draft, it.tags.iter().map(String::as_str).collect());
}

/// Tags that mean something to a program.
fn read_by(draft: &mut Draft, tags: Vec<&str>) {
    for (prefix, who) in [
        ("htools:", "hbal, hail and the N+1 of this console go by it"),
        ("ganeti:watcher:", "the watcher goes by it"),
    ] {
        let read: Vec<&str> = tags
            .iter()
            .copied()
            .filter(|tag| tag.starts_with(prefix))
            .collect();
        if !read.is_empty() {
            draft.say(read.join(", "), who, Tone::Warn);
        }
    }
}

/// Tells of a job that is taken back.
pub fn cancel(draft: &mut Draft, id: u64) {
    let Some(job) = draft.cluster.jobs.get(&id) else {
        draft.refuse(format!("job {id} is not known here"));
        return;
    };
    let what = summary(job);
    match job.status.as_str() {
        "queued" | "waiting" => {
            draft.head(
                format!("job {id}"),
                format!("{what}: taken back before it has begun"),
                Tone::Plain,
            );
        }
        "canceling" => draft.nothing(format!("job {id} is being canceled already")),
        "running" => draft.refuse(format!(
            "job {id} ({what}) runs already, and Ganeti cancels only what waits"
        )),
        status if finished(status) => draft.nothing(format!("job {id} ({what}) is over: {status}")),
        status => {
            draft.head(
                format!("job {id}"),
                format!("{what}: its status {status:?} is not known here"),
                Tone::Warn,
            );
        }
    }
}

/// Tells of a job that comes earlier or later.
pub fn priority(draft: &mut Draft, it: &JobPriority) {
    let id = it.job;
    let Some(job) = draft.cluster.jobs.get(&id) else {
        draft.refuse(format!("job {id} is not known here"));
        return;
    };
    let what = summary(job);
    if finished(&job.status) {
        draft.refuse(format!("job {id} ({what}) is over: {}", job.status));
    } else if job.priority == i32::from(it.priority) {
        draft.nothing(format!("job {id} has priority {} already", it.priority));
    } else {
        let text = format!("{what}: priority {} -> {}", job.priority, it.priority);
        draft.head(format!("job {id}"), text, Tone::Plain);
        if job.status == "running" {
            let text = "it runs: only opcodes that have not begun come earlier or later";
            draft.say("running", text, Tone::Warn);
        }
    }
}

/// Tells of a job that is put away.
pub fn archive(draft: &mut Draft, id: u64) {
    let Some(job) = draft.cluster.jobs.get(&id) else {
        draft.refuse(format!("job {id} is not known here"));
        return;
    };
    let what = summary(job);
    if finished(&job.status) {
        let text = format!("{what} ({}): put away, and listed no more", job.status);
        draft.head(format!("job {id}"), text, Tone::Plain);
    } else {
        draft.refuse(format!("job {id} ({what}) is not over: {}", job.status));
    }
}

/// Tells of a queue that takes no new jobs, or takes them again.
pub fn drain(draft: &mut Draft, drained: bool) {
    let queue = draft.cluster.queue.as_ref();
    match queue {
        Some(queue) if queue.drained == drained => {
            let so = if drained { "drained" } else { "not drained" };
            draft.nothing(format!("the queue is {so} already"));
            return;
        }
        Some(_) => {}
        None => draft.say("queue", "not known whether it is drained now", Tone::Warn),
    }
    let text = match drained {
        true => "no new jobs from anybody, the watcher's too; those in it go on",
        false => "new jobs again",
    };
    draft.head("queue", text, Tone::Plain);
}

/// Tells of a watcher that rests.
pub fn pause(draft: &mut Draft, it: &WatcherPause) {
    let length = duration(f64::from(it.seconds));
    let text = format!("nothing that stops is started again, and no disk activated, for {length}");
    draft.head("watcher", text, Tone::Plain);
    if let Some(left) = paused(draft) {
        let text = format!("paused already, for another {}", duration(left));
        draft.say("now", text, Tone::Plain);
    }
}

/// Tells of a watcher that works again.
pub fn go_on(draft: &mut Draft) {
    match (&draft.cluster.queue, paused(draft)) {
        (Some(_), None) => draft.nothing("the watcher is not paused"),
        (None, _) => draft.head(
            "watcher",
            "not known whether it is paused; goes on if so",
            Tone::Warn,
        ),
        (_, Some(left)) => {
            let text = format!("goes on now and not only in {}", duration(left));
            draft.head("watcher", text, Tone::Plain);
        }
    }
}

/// For how long the watcher is paused still, seconds.
fn paused(draft: &Draft) -> Option<f64> {
    let until = draft.cluster.queue.as_ref()?.watcher_paused_until?;
    let left = until - draft.cluster.now.wall;
    (left > 0.0).then_some(left)
}
