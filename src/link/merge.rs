//! Two reports of one kind made one, so that a console that takes nothing for long finds what is,
//! not all that was.

use gantry_wire::config::{ConfigPart, Gone};
use gantry_wire::job::JobsPart;
use gantry_wire::live::Live;

/// Folds newer jobs in.
pub(super) fn jobs(before: &mut JobsPart, newer: JobsPart) {
    before.at = newer.at;
    before
        .jobs
        .retain(|job| !newer.jobs.iter().any(|n| n.id == job.id) && !newer.gone.contains(&job.id));
    before
        .gone
        .retain(|id| !newer.jobs.iter().any(|n| n.id == *id));
    before.jobs.extend(newer.jobs);
    before.gone.extend(newer.gone);
}

/// Folds a newer change of the configuration into one that was complete.
pub(super) fn config(before: &mut ConfigPart, newer: ConfigPart) {
    let ConfigPart {
        revision,
        source,
        at,
        whole: _,
        last,
        cluster,
        groups,
        nodes,
        instances,
        networks,
        gone,
    } = newer;
    before.revision = revision;
    before.source = source;
    before.at = at;
    before.last = last;
    if cluster.is_some() {
        before.cluster = cluster;
    }
    let Gone {
        groups: old_groups,
        nodes: old_nodes,
        instances: old_instances,
        networks: old_networks,
    } = &mut before.gone;
    named(&mut before.groups, old_groups, groups, gone.groups, |it| {
        &it.name
    });
    named(&mut before.nodes, old_nodes, nodes, gone.nodes, |it| {
        &it.name
    });
    named(
        &mut before.instances,
        old_instances,
        instances,
        gone.instances,
        |it| &it.name,
    );
    named(
        &mut before.networks,
        old_networks,
        networks,
        gone.networks,
        |it| &it.name,
    );
}

/// Newer objects replace those of the same name; what is gone is gone, and what is back is not.
fn named<T>(
    objects: &mut Vec<T>,
    gone: &mut Vec<String>,
    newer: Vec<T>,
    newly_gone: Vec<String>,
    name: impl Fn(&T) -> &String,
) {
    objects
        .retain(|it| !newer.iter().any(|n| name(n) == name(it)) && !newly_gone.contains(name(it)));
    gone.retain(|it| !newer.iter().any(|n| name(n) == it));
    objects.extend(newer);
    gone.extend(newly_gone);
}

/// Whether a newer answer of the live queries says all that this one said.
pub(super) fn outdated(before: &Live, newer: &Live) -> bool {
    (before.instances.is_empty() || !newer.instances.is_empty())
        && (before.nodes.is_empty() || !newer.nodes.is_empty())
}

#[cfg(test)]
mod tests {
    use gantry_wire::config::Instance;
    use gantry_wire::job::Job;
    use gantry_wire::live::{LiveInstance, LiveNode};

    use super::*;

    #[test]
    fn the_newest_of_each_job_stays() {
        let job = |id, status: &str| Job {
            id,
            status: status.into(),
            ..Job::default()
        };
        let mut held = JobsPart {
            whole: true,
            jobs: vec![job(1, "running"), job(2, "queued")],
            gone: vec![3],
            ..JobsPart::default()
        };
        jobs(
            &mut held,
            JobsPart {
                at: 7.0,
                jobs: vec![job(2, "running"), job(3, "queued")],
                gone: vec![1],
                ..JobsPart::default()
            },
        );
        assert!(held.whole);
        assert_eq!(held.jobs, [job(2, "running"), job(3, "queued")]);
        assert_eq!(held.gone, [1]);
    }

    #[test]
    fn the_newest_of_each_object_stays() {
        let instance = |name: &str, primary: &str| Instance {
            name: name.into(),
            primary: primary.into(),
            ..Instance::default()
        };
        let part = |instances, gone: &[&str]| ConfigPart {
            instances,
            gone: Gone {
                instances: gone.iter().map(|name| (*name).to_owned()).collect(),
                ..Gone::default()
            },
            ..ConfigPart::default()
        };
        let mut held = part(vec![instance("a", "n1"), instance("b", "n1")], &["c"]);
        config(
            &mut held,
            part(vec![instance("b", "n2"), instance("c", "n2")], &["a"]),
        );
        assert_eq!(
            held,
            part(vec![instance("b", "n2"), instance("c", "n2")], &["a"])
        );
    }

    #[test]
    fn an_answer_about_nodes_does_not_outdate_one_about_instances() {
        let of_instances = Live {
            instances: vec![LiveInstance::default()],
            ..Live::default()
        };
        let of_nodes = Live {
            nodes: vec![LiveNode::default()],
            ..Live::default()
        };
        assert!(outdated(&of_instances, &of_instances));
        assert!(!outdated(&of_instances, &of_nodes));
    }
}
