//! The lists that the headless commands print: the same facts as the screens, under names that
//! stay. README.md describes the fields.

mod drbd;
mod groups;
mod instances;
mod jobs;
mod n1;
mod nodes;
mod storage;
mod table;

use serde_json::{Map, Value};

use crate::config::args::List;
use crate::model::Cluster;

pub use table::{printable, table};

/// One object of a list: its key, what is printed as JSON, and its cells as text.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is told apart by: a name or a job id.
    pub key: String,
    /// All of its fields.
    pub fields: Map<String, Value>,
    /// The chosen few for a person, under [`titles`].
    pub cells: Vec<String>,
}

/// Whether there is anything to list: an empty list would say that there are none. Jobs are known
/// to the master alone, everything else to a candidate too.
pub fn known(list: List, cluster: &Cluster) -> bool {
    match list {
        List::Nodes | List::Instances | List::Groups | List::Drbd | List::Storage | List::N1 => {
            cluster.conf_seen.is_some()
        }
        List::Jobs => cluster.jobs_at.is_some(),
    }
}

/// All objects of a list, in Ganeti's order; DRBD's devices by node and minor, N+1 worst first.
pub fn rows(list: List, cluster: &Cluster) -> Vec<Row> {
    match list {
        List::Nodes => nodes::rows(cluster),
        List::Instances => instances::rows(cluster),
        List::Groups => groups::rows(cluster),
        List::Jobs => jobs::rows(cluster),
        List::Drbd => drbd::rows(cluster),
        List::Storage => storage::rows(cluster),
        List::N1 => n1::rows(cluster),
    }
}

/// Titles of the columns for a person.
pub fn titles(list: List) -> &'static [&'static str] {
    match list {
        List::Nodes => nodes::TITLES,
        List::Instances => instances::TITLES,
        List::Groups => groups::TITLES,
        List::Jobs => jobs::TITLES,
        List::Drbd => drbd::TITLES,
        List::Storage => storage::TITLES,
        List::N1 => n1::TITLES,
    }
}

/// Seconds between a moment and now, whole.
fn age_s(cluster: &Cluster, at: crate::model::Time) -> u64 {
    cluster.now.at.since(at) / 1_000
}

/// The fields of a `json!` object.
fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A value for a person, `?` where it is not known.
fn or_unknown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "?".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gantry_wire::config::{self, ConfigPart};
    use gantry_wire::drbd::{Device, Drbd};
    use gantry_wire::job::{Job, JobsPart};
    use gantry_wire::report::MasterState;
    use gantry_wire::{Report, node};

    use super::*;
    use crate::model::time::Now;
    use crate::model::{Reach, Time};

    fn cluster() -> Cluster {
        let mut cluster = Cluster::new("there");
        cluster.tick(Now {
            at: Time(5_000),
            wall: 1.7e9,
        });
        cluster.linked("node1", Reach::Up { since: Time(1_000) });
        cluster.report("node1", Report::Master(MasterState::Serving));
        let node = |name: &str, role: &str| config::Node {
            name: name.into(),
            role: role.into(),
            group: "default".into(),
            vm_capable: true,
            ..Default::default()
        };
        let end = |node: &str| config::DrbdEnd {
            node: node.into(),
            minor: 3,
        };
        let layout = config::Layout {
            ends: vec![end("node2"), end("node1")],
            ..Default::default()
        };
        let instance = config::Instance {
            name: "web1".into(),
            primary: "node1".into(),
            disk_template: "drbd".into(),
            disks: vec![config::Disk {
                size: 1_024,
                layout: Some(Box::new(layout)),
                ..Default::default()
            }],
            ..Default::default()
        };
        let part = ConfigPart {
            whole: true,
            last: true,
            cluster: Some(Box::new(config::Cluster {
                volume_group: "xenvg".into(),
                ..Default::default()
            })),
            groups: vec![config::Group {
                name: "default".into(),
                ..Default::default()
            }],
            nodes: vec![node("node10", "O"), node("node1", "M"), node("node2", "C")],
            instances: vec![instance],
            ..Default::default()
        };
        cluster.report("node1", Report::Config(Box::new(part)));
        let memory = node::Memory {
            total: 4_096,
            free: 1_024,
            node: 512,
            ..Default::default()
        };
        let sample = node::Sample {
            memory: Some(memory),
            ..Default::default()
        };
        cluster.report("node1", Report::Sample(Box::new(sample)));
        let jobs = vec![Job {
            id: 7,
            status: "running".into(),
            ..Default::default()
        }];
        cluster.report(
            "node1",
            Report::Jobs(JobsPart {
                jobs,
                ..Default::default()
            }),
        );
        cluster
    }

    const LISTS: [(List, &str); 7] = [
        (List::Nodes, "| nodes |"),
        (List::Instances, "| instances |"),
        (List::Groups, "| groups |"),
        (List::Jobs, "| jobs |"),
        (List::Drbd, "| drbd |"),
        (List::Storage, "| storage |"),
        (List::N1, "| n1 |"),
    ];

    #[test]
    fn every_field_is_described_in_the_readme() {
        let readme = include_str!("../../../README.md");
        for (list, start) in LISTS {
            let line = readme.lines().find(|line| line.starts_with(start)).unwrap();
            for row in rows(list, &cluster()) {
                for field in row.fields.keys() {
                    assert!(line.contains(&format!("`{field}`")), "{start} {field}");
                }
            }
        }
    }

    #[test]
    fn without_a_master_the_jobs_are_not_known() {
        let mut cluster = cluster();
        assert!(LISTS.iter().all(|(list, _)| known(*list, &cluster)));
        cluster.jobs_at = None;
        assert!(known(List::Nodes, &cluster) && !known(List::Jobs, &cluster));
    }

    #[test]
    fn every_row_has_a_cell_for_each_title() {
        for (list, _) in LISTS {
            let rows = rows(list, &cluster());
            assert!(!rows.is_empty());
            assert!(rows.iter().all(|row| row.cells.len() == titles(list).len()));
        }
    }

    #[test]
    fn what_is_not_known_is_never_a_zero() {
        let rows = rows(List::Nodes, &cluster());
        let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys, ["node1", "node2", "node10"]);
        assert_eq!(rows[0].fields["memory_free"], 1_024);
        assert_eq!(rows[0].fields["disk_free"], Value::Null);
        assert_eq!(rows[1].fields["memory_free"], Value::Null);
        assert_eq!(rows[1].cells[8], "?");
        assert_eq!(rows[2].cells[8], "*");
        let instances = super::rows(List::Instances, &cluster());
        assert_eq!(instances[0].fields["status"], "?");
    }

    #[test]
    fn drbd_and_storage_say_null_for_what_no_node_said() {
        let mut cluster = cluster();
        let halves = rows(List::Drbd, &cluster);
        let keys: Vec<&str> = halves.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys, ["node1/3", "node2/3"]);
        assert_eq!(halves[0].fields["connection"], Value::Null);
        assert_eq!(halves[0].fields["peer"], "node2");
        assert_eq!(halves[0].fields["problem"], "not told");
        let place = &rows(List::Storage, &cluster)[0].fields;
        assert_eq!(place["total"], Value::Null);
        assert_eq!(
            (&place["orphans"], &place["volumes"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(place["problem"], "not told yet");

        let device = |minor, connection: &str| Device {
            minor,
            connection: connection.into(),
            disk: "UpToDate".into(),
            peer_disk: "DUnknown".into(),
            ..Device::default()
        };
        let drbd = Drbd {
            whole: true,
            version: "8.4.11".into(),
            devices: vec![device(3, "StandAlone"), device(4, "Unconfigured")],
            ..Drbd::default()
        };
        let sample = node::Sample {
            drbd: Some(drbd),
            ..node::Sample::default()
        };
        cluster.report("node1", Report::Sample(Box::new(sample)));
        let halves = rows(List::Drbd, &cluster);
        assert_eq!(halves.len(), 2, "a free minor is not listed");
        let half = &halves[0].fields;
        assert_eq!(half["connection"], "StandAlone");
        assert_eq!(
            (&half["instance"], &half["disk_index"]),
            (&"web1".into(), &0.into())
        );
        assert_eq!(half["problem"], "StandAlone on node1, node2 is not known");
        assert_eq!(half["age_s"], 0);
    }
}
