use crate::action::Kind::{Failover, Modify, NodeOffline, ReplaceDisks};
use crate::action::Tone;
use crate::action::fixture::Town;

/// node5 has hardly memory to take web7 over, and node3 hardly any for db2.
fn tight() -> Town {
    let mut town = Town::new();
    town.figures("node3", 9_000, 51_200);
    town.figures("node5", 5_000, 51_200);
    town
}

#[test]
fn who_could_not_start_afterwards_is_named() {
    let town = tight();
    town.of(Failover, "web7", &[])
        .goes()
        .says("N+1: holds", Tone::Good);
    // Then db2 and web7 are both on node5, and node3 has room for one of them.
    let mut town = tight();
    town.conf("db2").maxmem = 12_000;
    town.figures("node3", 11_000, 51_200);
    let told = town.of(Failover, "web7", &[]);
    told.says("N+1: new: web7 cannot start if node5 dies", Tone::Bad);
}

#[test]
fn what_gets_worse_is_told_as_bad() {
    let town = tight();
    let told = town.of(Modify, "web7", &[("maxmem", "8192"), ("minmem", "8192")]);
    told.says("N+1: new: web7 cannot start if node3 dies", Tone::Bad);
}

#[test]
fn what_gets_better_is_told_as_good() {
    let mut town = Town::new();
    town.figures("node5", 1_000, 51_200);
    let told = town.of(
        ReplaceDisks,
        "web7",
        &[("mode", "new-secondary"), ("to", "node7")],
    );
    told.goes()
        .says("N+1: mended: node3 may die then", Tone::Good);
    let told = town.of(Failover, "pool1", &[("to", "node1")]);
    told.goes()
        .says("N+1: still 1 at risk (node3), none new", Tone::Plain);
    let told = town.of_node(NodeOffline, "node7", &[]);
    told.goes()
        .says("N+1: new: off1 cannot start if node3 dies", Tone::Bad);
}

#[test]
fn what_cannot_be_reckoned_with_is_not_known() {
    let mut town = Town::new();
    town.lose("node7", 60);
    town.of(Failover, "web7", &[])
        .goes()
        .says("N+1: none new, but it is not known for 2 nodes", Tone::Warn);
    town.cluster.groups.clear();
    town.of(Failover, "web7", &[])
        .says("N+1: afterwards: not known", Tone::Warn);
    town.cluster.conf = None;
    town.of(Failover, "web7", &[])
        .says("N+1: not known: not enough is known", Tone::Warn)
        .says("facts: the configuration is not known yet", Tone::Warn);
}

#[test]
fn tags_that_forbid_it_are_named() {
    let mut town = Town::new();
    let conf = town.cluster.conf.as_mut().unwrap();
    conf.tags = vec!["htools:iextags:service".into()];
    town.conf("web7").tags = vec!["service:web".into()];
    town.conf("db2").tags = vec!["service:web".into()];
    town.of(Failover, "web7", &[]).goes().says(
        "would not move web7 to its secondary: one with the same exclusion tag is there (FailTags)",
        Tone::Warn,
    );
    let conf = town.cluster.conf.as_mut().unwrap();
    conf.tags = vec!["htools:migration:kernel".into()];
    let node = town.cluster.nodes.get_mut("node3").unwrap();
    node.conf.as_mut().unwrap().tags = vec!["kernel:6.1".into()];
    town.of(Failover, "web7", &[])
        .goes()
        .says("migration tags keep it away (FailMig)", Tone::Warn);
}
