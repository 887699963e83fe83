use gantry_wire::Report;
use gantry_wire::ssconf::Ssconf;

use crate::action::fixture::{NODES, Told, Town, job};
use crate::action::{Form, Kind, Object, Tone};

/// node1 is the master and node3 and node5 are candidates; all say so.
fn town() -> Town {
    let mut town = Town::new();
    for name in NODES {
        let ssconf = Ssconf {
            master_node: "node1".into(),
            ..Ssconf::default()
        };
        town.cluster.report(name, Report::Ssconf(Box::new(ssconf)));
    }
    town
}

fn failover(town: &Town, set: &[(&str, &str)]) -> Told {
    town.of_object(Kind::MasterFailover, Object::Cluster, set)
}

#[test]
fn another_master_is_chosen_among_the_candidates_that_answer() {
    let mut town = town();
    failover(&town, &[])
        .goes()
        .says(
            "becomes the master, and node1 no more than a candidate",
            Tone::Plain,
        )
        .says("5 of 5 nodes answer and call node1 the master", Tone::Good)
        .says("node5 could be it too", Tone::Plain);
    town.lose("node5", 60);
    failover(&town, &[]).says("not node5: its agent does not answer", Tone::Plain);
    let form = Form::new(Kind::MasterFailover, Object::Cluster, &town.cluster).unwrap();
    assert!(form.clone().set("to", "node5").is_err());
    town.lose("node3", 60);
    let none = Form::new(Kind::MasterFailover, Object::Cluster, &town.cluster);
    assert!(none.unwrap_err().contains("no master candidate"));
}

#[test]
fn jobs_that_have_begun_are_lost_and_said_so() {
    let mut town = town();
    town.jobs(vec![
        job(1, "running", "INSTANCE_STARTUP(web7)"),
        job(2, "queued", "INSTANCE_STARTUP(db2)"),
    ]);
    failover(&town, &[])
        .goes()
        .says("jobs break off where they are: 1 (", Tone::Bad)
        .says("1 that have not begun go on", Tone::Plain);
}

#[test]
fn a_master_that_is_only_silent_may_live_and_one_that_answers_is_voted_on() {
    let mut town = town();
    failover(&town, &[("no_voting", "yes")]).refused("there would be two masters");
    town.lose("node1", 60);
    let told = failover(&town, &[("no_voting", "yes")]);
    assert_eq!(told.0.unproven, ["node1"]);
    told.goes()
        .says("which is no proof that it is down", Tone::Bad)
        .says("no other node is asked", Tone::Bad)
        .says("then fail over its instances", Tone::Warn);
}
