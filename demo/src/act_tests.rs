#![allow(clippy::unwrap_used, clippy::panic)]
//! What consoles ask for happens to the cluster, in Ganeti's words.

use std::cell::Cell;

use gantry_agent::args::Serve;
use gantry_wire::act::{Act, Expect, Recover, Refusal};
use gantry_wire::operation::{Operation, Subject};
use serde_json::json;

use super::*;
use crate::sim::instance::{Instance, Template};
use crate::sim::{Cluster, Options};
use crate::world::Pace;

#[path = "act_link_tests.rs"]
mod link;
#[path = "act_refusal_tests.rs"]
mod refusals;

/// A cluster in which nothing happens but what is asked for.
struct Calm {
    world: Arc<World>,
    permits: Permits,
    acts: Cell<u128>,
}

impl Calm {
    fn new() -> Calm {
        Calm::of(12, 60)
    }

    fn of(nodes: usize, instances: usize) -> Calm {
        let cluster = Cluster::new(Options {
            nodes,
            instances,
            calm: true,
            ..Options::default()
        });
        Calm {
            world: World::new(cluster, Pace::Frozen, String::new()),
            permits: Permits::of(&Serve::default(), None),
            acts: Cell::new(0),
        }
    }

    fn wish(&self, wish: Wish) -> Outcome {
        let now = self.world.moment(0);
        grant(&self.world, 0, &self.permits, wish, now)
    }

    /// A new change of things as they are.
    fn asked(&self, operation: Value) -> Act {
        let operation: Operation = serde_json::from_value(operation).unwrap();
        self.acts.set(self.acts.get() + 1);
        let expect = {
            let cluster = self.world.cluster();
            match operation.subject() {
                Subject::Instance(name) => {
                    let mut all = cluster.instances.values();
                    let found = all.find(|instance| instance.name == name).unwrap();
                    let facts = cluster.instance_facts(found);
                    Expect::Instance {
                        primary: facts.primary,
                        secondaries: facts.secondaries,
                        admin_state: facts.admin_state,
                    }
                }
                Subject::Node(name) => {
                    let found = cluster.nodes.iter().find(|node| node.name == name);
                    let role = found.unwrap().role.letter();
                    Expect::Node {
                        offline: role == "O",
                        drained: role == "D",
                        master_candidate: role == "C" || role == "M",
                    }
                }
                _ => Expect::Nothing {},
            }
        };
        Act {
            id: ActId::new(self.acts.get()),
            operation,
            expect,
            reason: "to see".into(),
            operator: "tester".into(),
        }
    }

    fn act(&self, operation: Value) -> Outcome {
        self.wish(Wish::Act(Box::new(self.asked(operation))))
    }

    fn submitted(&self, operation: Value) -> u64 {
        match self.act(operation.clone()) {
            Outcome::Submitted { job } => job,
            other => panic!("{operation}: {other:?}"),
        }
    }

    /// A job's status, error and log after so many seconds.
    fn after(&self, job: u64, seconds: u64) -> (String, String, String) {
        self.world.advance(seconds * 1000);
        let cluster = self.world.cluster();
        let job = &cluster.queue.jobs[&job];
        let log: Vec<&str> = job.log.iter().map(|line| line.text.as_str()).collect();
        let facts = &job.facts;
        (
            facts.status.clone(),
            facts.ops[0].error.clone(),
            log.join("\n"),
        )
    }

    /// Makes a job that succeeds within the time; its log.
    fn done(&self, operation: Value, seconds: u64) -> String {
        let job = self.submitted(operation.clone());
        let (status, error, log) = self.after(job, seconds);
        assert_eq!((&*status, &*error), ("success", ""), "{operation}: {log}");
        log
    }

    fn find(&self, wanted: impl Fn(&Instance) -> bool) -> String {
        let cluster = self.world.cluster();
        let found = cluster.instances.values().find(|instance| wanted(instance));
        found.unwrap().name.clone()
    }

    fn instance<T>(&self, name: &str, of: impl Fn(&Cluster, &Instance) -> T) -> T {
        let cluster = self.world.cluster();
        let mut all = cluster.instances.values();
        let found = all.find(|instance| instance.name == name).unwrap();
        of(&cluster, found)
    }

    fn role(&self, node: NodeId) -> &'static str {
        self.world.cluster().nodes[node].role.letter()
    }
}

/// A mirrored guest that its other node can take at any time.
fn movable(calm: &Calm) -> String {
    let room = |instance: &Instance| {
        let cluster = calm.world.cluster();
        let to = instance.secondary.unwrap();
        cluster.room(to) >= 2 * instance.memory && cluster.nodes[to].takes_instances()
    };
    let all = calm.world.cluster().instances.clone();
    let found = all.values().find(|i| i.runs() && i.in_step() && room(i));
    found.unwrap().name.clone()
}

#[test]
fn a_guest_migrates_with_figures_in_its_log_and_fails_over() {
    let calm = Calm::new();
    let name = movable(&calm);
    let places = || calm.instance(&name, |_, i| (i.primary, i.secondary));
    let (primary, secondary) = places();
    let log = calm.done(json!({"migrate": {"instance": name, "mode": "live"}}), 900);
    assert!(log.contains("memory transfer progress") || log.contains("transfer complete"));
    assert_eq!(places(), (secondary.unwrap(), Some(primary)));
    let log = calm.done(json!({"failover": {"instance": name}}), 120);
    assert!(
        log.contains("* shutting down instance on source node"),
        "{log}"
    );
    assert_eq!(places(), (primary, secondary));
    let log = calm.done(json!({"migrate": {"instance": name, "cleanup": true}}), 60);
    assert!(log.contains("confirmed to be running"), "{log}");
    let other = json!({"failover": {"instance": name, "target_node": "node1.example.test"}});
    let job = calm.submitted(other);
    assert!(calm.after(job, 60).1.contains("drbd"));
}

#[test]
fn a_guest_is_stopped_started_killed_and_rebooted() {
    let calm = Calm::new();
    let name = movable(&calm);
    let status = || {
        let cluster = calm.world.cluster();
        let mut all = cluster.instances.iter();
        let id = all.find(|(_, i)| i.name == name).unwrap().0;
        cluster.status(*id)
    };
    calm.done(json!({"shutdown": {"instance": name}}), 60);
    assert_eq!(status(), "ADMIN_down");
    let job = calm.submitted(json!({"migrate": {"instance": name}}));
    assert!(calm.after(job, 60).1.contains("use failover"));
    calm.done(
        json!({"migrate": {"instance": name, "allow_failover": true}}),
        60,
    );
    calm.done(json!({"start": {"instance": name, "force": true}}), 60);
    assert_eq!(status(), "running");
    calm.done(
        json!({"reboot": {"instance": name, "reboot_type": "full"}}),
        60,
    );
    calm.done(json!({"kill": {"instance": name}}), 60);
    assert_eq!(status(), "ADMIN_down");
    calm.done(json!({"deactivate-disks": {"instance": name}}), 60);
    assert!(!calm.instance(&name, |_, i| i.active));
    calm.done(
        json!({"activate-disks": {"instance": name, "wait_for_sync": true}}),
        60,
    );
    assert!(calm.instance(&name, |_, i| i.active));
}

#[test]
fn replaced_disks_are_copied_anew() {
    let calm = Calm::new();
    let name = movable(&calm);
    let new = json!({"replace-disks": {"instance": name, "mode": {"new-secondary": {"iallocator": "."}}}});
    let before = calm.instance(&name, |_, i| i.secondary);
    let job = calm.submitted(new);
    calm.after(job, 30);
    assert_ne!(calm.instance(&name, |_, i| i.secondary), before);
    assert!(
        calm.instance(&name, |_, i| i.mirror.going().is_some()),
        "it copies"
    );
    let (status, _, log) = calm.after(job, 7200);
    assert_eq!(status, "success", "{log}");
    for line in ["STEP 6/6", "% done", "disks are in sync"] {
        assert!(log.contains(line), "{line} in {log}");
    }
    let same = |mode: &str| json!({"replace-disks": {"instance": name, "mode": mode}});
    calm.done(same("on-secondary"), 7200);
    let log = calm.done(same("auto"), 60);
    assert!(log.contains("No disks need replacement"), "{log}");
    let job = calm.submitted(same("on-primary"));
    assert_eq!(calm.after(job, 60).0, "error");
}

#[test]
fn disks_grow_and_parameters_and_names_change() {
    let calm = Calm::new();
    let name = movable(&calm);
    let size = || calm.instance(&name, |_, i| i.disks[0].size);
    let before = size();
    calm.done(
        json!({"grow-disk": {"instance": name, "disk": 0, "amount": 1024}}),
        900,
    );
    assert_eq!(size(), before + 1024);
    let job = calm.submitted(json!({"grow-disk": {"instance": name, "disk": 9, "amount": 1}}));
    assert!(calm.after(job, 60).1.contains("disk index 9"));
    let backend = json!({"minmem": 256, "maxmem": 512, "vcpus": 3, "auto_balance": false});
    calm.done(
        json!({"modify": {"instance": name, "backend": backend}}),
        60,
    );
    let facts = calm.instance(&name, |cluster, i| cluster.instance_facts(i));
    assert_eq!((facts.minmem, facts.maxmem, facts.vcpus), (256, 512, 3));
    assert!(!facts.auto_balance);
    let rename = json!({"rename": {"instance": name, "new_name": "other.example.test"}});
    let job = calm.submitted(rename.clone());
    assert!(calm.after(job, 60).1.contains("marked to be up"));
    calm.done(json!({"shutdown": {"instance": name}}), 60);
    calm.done(rename, 60);
    let count = calm.world.cluster().instances.len();
    calm.done(json!({"start": {"instance": "other.example.test"}}), 60);
    calm.done(json!({"recreate-disks": {"instance": calm.find(|i| !i.runs() && i.template == Template::Drbd && i.admin.word() == "down")}}), 60);
    calm.done(json!({"remove": {"instance": "other.example.test"}}), 60);
    assert_eq!(calm.world.cluster().instances.len(), count - 1);
}

#[test]
fn a_plain_guest_is_moved_and_one_without_disks_goes_anywhere() {
    let calm = Calm::new();
    let small =
        |i: &Instance, template| i.runs() && i.template == template && i.disk_size() < 100 * 1024;
    let name = calm.find(|i| small(i, Template::Plain));
    let here = calm.instance(&name, |_, i| i.primary);
    let to = {
        let cluster = calm.world.cluster();
        let found = cluster.instances.iter().find(|(_, i)| i.name == name);
        cluster.roomiest(*found.unwrap().0, &[here]).unwrap()
    };
    let node = calm.world.cluster().node_name(to).to_owned();
    calm.done(
        json!({"move": {"instance": name, "target_node": node}}),
        7200,
    );
    assert_eq!(
        calm.instance(&name, |_, i| (i.primary, i.runs())),
        (to, true)
    );
    let name = calm.find(|i| small(i, Template::Diskless));
    let here = calm.instance(&name, |_, i| i.primary);
    calm.done(
        json!({"migrate": {"instance": name, "iallocator": "hail"}}),
        60,
    );
    assert_ne!(calm.instance(&name, |_, i| i.primary), here);
}

#[test]
fn a_nodes_flags_tags_and_power() {
    let calm = Calm::new();
    let node = 5;
    let name = calm.world.cluster().node_name(node).to_owned();
    let before = calm.role(node);
    for (operation, role) in [
        (
            json!({"node-drain": {"node": name, "auto_promote": true}}),
            "D",
        ),
        (json!({"node-undrain": {"node": name}}), before),
        (json!({"node-promote": {"node": name}}), "C"),
        (json!({"node-demote": {"node": name}}), "R"),
        (json!({"node-offline": {"node": name}}), "O"),
        (json!({"node-online": {"node": name}}), "R"),
    ] {
        calm.done(operation.clone(), 60);
        assert_eq!(calm.role(node), role, "{operation}");
    }
    let tags = |of: Value, set| {
        let word = if set { "add-tags" } else { "remove-tags" };
        calm.done(json!({word: {"of": of, "tags": ["x:y"]}}), 60);
    };
    let group = calm.world.cluster().group_name(0).to_owned();
    let instance = movable(&calm);
    for of in [
        json!("cluster"),
        json!({"group": group}),
        json!({"node": name}),
        json!({"instance": instance}),
    ] {
        let count = || {
            let cluster = calm.world.cluster();
            let all = [&cluster.tags]
                .into_iter()
                .chain(cluster.groups.iter().map(|it| &it.tags));
            let all = all.chain(cluster.nodes.iter().map(|it| &it.tags));
            let all = all.chain(cluster.instances.values().map(|it| &it.tags));
            all.flatten().filter(|tag| *tag == "x:y").count()
        };
        tags(of.clone(), true);
        assert_eq!(count(), 1, "{of}");
        tags(of.clone(), false);
        assert_eq!(count(), 0, "{of}");
    }
    let boot = || calm.world.cluster().nodes[node].boot_id.clone();
    let before = boot();
    let job = calm.submitted(json!({"node-powercycle": {"node": name}}));
    calm.after(job, 10);
    assert!(!calm.world.cluster().answers(node));
    calm.after(job, 120);
    assert!(calm.world.cluster().answers(node) && boot() != before);
}

#[test]
fn an_emptied_node_is_empty_and_its_jobs_say_whose_they_are() {
    let calm = Calm::new();
    let full = |node: &NodeId| {
        let cluster = calm.world.cluster();
        cluster.nodes[*node].secondaries.len() > 1
    };
    let node = (1..12).find(full).unwrap();
    let name = calm.world.cluster().node_name(node).to_owned();
    let job = calm.submitted(json!({"node-evacuate": {"node": name, "mode": "secondary-only"}}));
    calm.after(job, 4 * 3600);
    let cluster = calm.world.cluster();
    let children: Vec<_> = cluster.queue.jobs.range(job + 1..).collect();
    assert!(!children.is_empty());
    let reason = &cluster.queue.jobs[&job].facts.reason;
    assert!(
        reason.starts_with("gantry: operator:tester id:"),
        "{reason}"
    );
    for (id, child) in children {
        assert_eq!(
            (&child.facts.reason, &*child.facts.status),
            (reason, "success"),
            "{id}"
        );
    }
    assert!(cluster.nodes[node].secondaries.is_empty());
}

#[test]
fn verify_has_error_codes_in_its_lines() {
    let calm = Calm::new();
    let victim = calm.find(|i| i.runs());
    calm.world.change(|cluster| {
        let found = cluster.instances.iter().find(|(_, i)| i.name == victim);
        let id = *found.unwrap().0;
        cluster.crash(id);
    });
    let group = calm.world.cluster().group_name(0).to_owned();
    let all = calm.submitted(json!({"verify": {}}));
    let one = calm.submitted(json!({"verify": {"group": group}}));
    let disks = calm.submitted(json!({"verify-disks": {}}));
    calm.world.advance(120_000);
    let cluster = calm.world.cluster();
    for job in [all, one, disks] {
        assert_eq!(cluster.queue.jobs[&job].facts.status, "success");
    }
    let lines = cluster.queue.jobs.values().flat_map(|job| &job.log);
    let wanted = format!("  - ERROR:EINSTANCEDOWN:instance:{victim}:");
    assert!(
        lines
            .map(|line| &line.text)
            .any(|text| text.starts_with(&wanted))
    );
}

#[test]
fn the_queue_jobs_and_the_watcher_obey() {
    let calm = Calm::new();
    let done = |operation| match calm.act(operation) {
        Outcome::Done { words } => words,
        other => panic!("{other:?}"),
    };
    let name = movable(&calm);
    let first = calm.submitted(json!({"shutdown": {"instance": name}}));
    let second = calm.submitted(json!({"start": {"instance": name}}));
    assert_eq!(
        done(json!({"job-cancel": {"job": second}})),
        format!("job {second} is canceled")
    );
    assert_eq!(calm.after(second, 0).0, "canceled");
    assert_eq!(
        done(json!({"job-priority": {"job": first, "priority": -10}})),
        format!("job {first} has priority -10")
    );
    calm.after(first, 3);
    let refused = |operation| match calm.act(operation) {
        Outcome::Refused { kind, .. } => kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused(json!({"job-cancel": {"job": first}})),
        Refusal::Ganeti
    );
    assert_eq!(calm.after(first, 60).0, "success");
    done(json!({"job-archive": {"job": first}}));
    assert!(!calm.world.cluster().queue.jobs.contains_key(&first));
    done(json!({"queue-drain": {}}));
    assert_eq!(
        refused(json!({"start": {"instance": name}})),
        Refusal::Drained
    );
    done(json!({"queue-undrain": {}}));
    done(json!({"watcher-pause": {"seconds": 600}}));
    assert!(calm.world.cluster().watcher_paused_until.is_some());
    done(json!({"watcher-continue": {}}));
    assert_eq!(calm.world.cluster().watcher_paused_until, None);
}

#[test]
fn jobs_about_what_is_tagged_so_fail() {
    let calm = Calm::new();
    let name = movable(&calm);
    let tag = |word: &str| json!({word: {"of": {"instance": name}, "tags": ["demo:fails"]}});
    calm.done(tag("add-tags"), 60);
    let before = calm.instance(&name, |_, i| i.primary);
    let job = calm.submitted(json!({"failover": {"instance": name}}));
    let (status, error, log) = calm.after(job, 120);
    assert_eq!(status, "error");
    assert!(error.contains("tag") && !log.is_empty(), "{error}");
    assert_eq!(calm.instance(&name, |_, i| i.primary), before);
    calm.done(tag("remove-tags"), 60);
}

#[test]
fn another_node_becomes_the_master_when_it_is_asked_itself() {
    let calm = Calm::new();
    let name = |node| calm.world.cluster().node_name(node).to_owned();
    let act = |node| {
        let operation = json!({"master-failover": {"node": name(node)}});
        let asked = calm.asked(operation);
        let expect = Expect::Master { master: name(0) };
        let wish = Wish::Act(Box::new(Act { expect, ..asked }));
        grant(&calm.world, 1, &calm.permits, wish, Moment::default())
    };
    assert!(
        matches!(act(2), Outcome::Refused { .. }),
        "it is another one"
    );
    assert!(matches!(act(1), Outcome::Done { .. }));
    assert_eq!(calm.world.cluster().master(), 1);
}
