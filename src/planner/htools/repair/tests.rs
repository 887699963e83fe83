#![allow(clippy::unwrap_used)]
use std::sync::Arc;

use super::*;

fn cluster(
    roles: &[(&str, &str)],
    template: &str,
    nodes: &[&str],
    tags: &[&str],
) -> model::Cluster {
    let mut out = model::Cluster::new("test");
    out.conf = Some(config::Cluster::default());
    for (name, role) in roles {
        let mut node = model::Node::new(Arc::from(*name));
        node.conf = Some(config::Node {
            name: (*name).into(),
            group: "default".into(),
            role: (*role).into(),
            vm_capable: true,
            ..config::Node::default()
        });
        out.nodes.insert(Arc::from(*name), node);
    }
    let name: model::Name = Arc::from("web");
    let instance = model::Instance {
        name: name.clone(),
        conf: config::Instance {
            name: "web".into(),
            primary: nodes.first().copied().unwrap_or_default().into(),
            secondaries: nodes.iter().skip(1).map(|it| (*it).to_owned()).collect(),
            disk_template: template.into(),
            tags: tags.iter().map(|tag| format!("{PREFIX}{tag}")).collect(),
            ..config::Instance::default()
        },
        ..model::Instance::default()
    };
    out.instances.insert(name, instance);
    out
}

fn only(cluster: &model::Cluster) -> Verdict {
    repairs(cluster, 2_000).pop().unwrap().1
}

#[test]
fn what_is_broken_depends_on_template_and_marked_nodes() {
    for (roles, template, repair) in [
        (["O", "R"], "drbd", Some(Repair::Failover)),
        (["R", "O"], "drbd", Some(Repair::FixStorage)),
        (["D", "O"], "drbd", Some(Repair::Reinstall)),
        (["O", "R"], "plain", Some(Repair::Reinstall)),
        (["O", "R"], "ext", None),
        (["R", "R"], "drbd", None),
    ] {
        let [a, b] = roles;
        let verdict = only(&cluster(&[("a", a), ("b", b)], template, &["a", "b"], &[]));
        let expected = match repair {
            None => Verdict::Healthy,
            Some(repair) => Verdict::Broken {
                repair,
                policy: Policy::NotEnabled,
            },
        };
        assert_eq!(verdict, expected, "{roles:?} {template}");
    }
}

#[test]
fn the_lowest_type_counts_and_suspension_beats_it() {
    let tags = |tags: &[&str]| -> Vec<String> {
        tags.iter().map(|tag| format!("{PREFIX}{tag}")).collect()
    };
    for (given, policy) in [
        (
            vec!["reinstall", "migrate"],
            Some(Policy::Enabled(Repair::Migrate)),
        ),
        (vec!["reinstall", "suspend"], Some(Policy::Suspended)),
        (vec!["reinstall", "suspend:3000"], Some(Policy::Suspended)),
        (
            vec!["reinstall", "suspend:1000"],
            Some(Policy::Enabled(Repair::Reinstall)),
        ),
        (vec!["suspend:soon", "odd"], None),
    ] {
        assert_eq!(said(&tags(&given), 2_000), policy, "{given:?}");
    }
}

#[test]
fn tags_remember_what_was_done() {
    let with = |tags: &[&str]| only(&cluster(&[("a", "R")], "plain", &["a"], tags));
    assert_eq!(with(&["result:migrate:u:10:failure:1"]), Verdict::Failed);
    assert_eq!(with(&["result:migrate:u:10:success:1"]), Verdict::Healthy);
    assert_eq!(with(&["pending:odd:u:10:1"]), Verdict::Healthy);
    let unclear = with(&["pending:migrate:u:10:7"]);
    assert!(matches!(unclear, Verdict::Unclear(why) if why.contains("job 7")));
    let twice = with(&["pending:migrate:u:10:7", "result:migrate:v:11:success:8"]);
    assert!(matches!(twice, Verdict::Unclear(why) if why.contains("later")));
    assert_eq!(
        with(&["pending:migrate:u:10:"]),
        Verdict::Finished {
            success: true,
            add: format!("{PREFIX}result:migrate:u:2000:success:"),
            remove: format!("{PREFIX}pending:migrate:u:10:"),
        }
    );
}

proptest::proptest! {
    #[test]
    fn no_tag_makes_it_fail(tags in proptest::collection::vec("(pending|result|suspend|migrate|)[a-z0-9:+]{0,20}", 0..6)) {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        only(&cluster(&[("a", "O")], "drbd", &["a"], &tags));
    }
}
