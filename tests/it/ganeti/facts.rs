//! The headless lists against `gnt-node list`, `gnt-instance list`, `gnt-group list` and `gnt-job list`.

use serde_json::{Value, json};

use super::lab::Lab;

/// Which part of the memory may lie between two looks at a machine that works meanwhile.
const MEMORY_SLACK: i64 = 16;

/// A comma-separated cell as a sorted list; Ganeti's order is its own.
fn names(cell: &str) -> Vec<String> {
    let mut names: Vec<String> = cell
        .split(',')
        .filter(|name| !name.is_empty() && *name != "-")
        .map(str::to_owned)
        .collect();
    names.sort();
    names
}

fn number(cell: &str) -> i64 {
    cell.parse()
        .unwrap_or_else(|_| panic!("{cell:?} is no number"))
}

/// A field that is a list of names, sorted.
fn listed(object: &Value, field: &str) -> Vec<String> {
    let list = object[field].as_array();
    let list = list.unwrap_or_else(|| panic!("{field} is no list in {object}"));
    let mut names: Vec<String> = list
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// The object of a list whose field `key` is as wanted.
fn find<'a>(objects: &'a [Value], key: &str, wanted: &Value) -> &'a Value {
    objects
        .iter()
        .find(|object| &object[key] == wanted)
        .unwrap_or_else(|| panic!("no {wanted} in {objects:?}"))
}

#[test]
#[ignore = "needs tests/lab"]
fn nodes_are_as_gnt_node_list_prints_them() {
    let lab = Lab::open();
    // Any node is a door to the whole cluster: this one is not the master.
    let ours = lab.json("nodes", "node2");
    let rows = lab.table(
        "gnt-node list --no-headers --separator=| --units=m -o \
         name,group,role,pinst_list,sinst_list,mtotal,mfree,mnode,dtotal,dfree,ctotal,pip,sip,tags,offline,drained",
    );
    assert_eq!(ours.len(), rows.len());
    for row in rows {
        let node = find(&ours, "name", &json!(row[0]));
        assert_eq!(node["group"], json!(row[1]), "{node}");
        assert_eq!(node["role"], json!(row[2]), "{node}");
        assert_eq!(listed(node, "primaries"), names(&row[3]), "{node}");
        assert_eq!(listed(node, "secondaries"), names(&row[4]), "{node}");
        assert_eq!(node["memory_total"], json!(number(&row[5])), "{node}");
        for (field, cell) in [("memory_free", &row[6]), ("memory_node", &row[7])] {
            let apart = node[field].as_i64().unwrap() - number(cell);
            let slack = number(&row[5]) / MEMORY_SLACK;
            assert!(apart.abs() < slack, "{field} {cell}: {node}");
        }
        assert_eq!(node["disk_total"], json!(number(&row[8])), "{node}");
        assert_eq!(node["disk_free"], json!(number(&row[9])), "{node}");
        assert_eq!(node["cpus"], json!(number(&row[10])), "{node}");
        assert_eq!(node["primary_ip"], json!(row[11]), "{node}");
        assert_eq!(node["secondary_ip"], json!(row[12]), "{node}");
        assert_eq!(listed(node, "tags"), names(&row[13]), "{node}");
        assert_eq!(node["offline"], json!(row[14] == "Y"), "{node}");
        assert_eq!(node["drained"], json!(row[15] == "Y"), "{node}");
        assert_eq!(node["reachable"], json!(true), "{node}");
        assert!(node["agent"].is_string(), "{node}");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn instances_are_as_gnt_instance_list_prints_them() {
    let lab = Lab::open();
    let ours = lab.json("instances", "node1");
    let rows = lab.table(
        "gnt-instance list --no-headers --separator=| --units=m -o \
         name,status,admin_state,pnode,snodes,hypervisor,os,disk_template,disk.sizes,be/vcpus,be/maxmem,be/minmem,nic.macs,tags",
    );
    assert_eq!(ours.len(), rows.len());
    for row in rows {
        let instance = find(&ours, "name", &json!(row[0]));
        assert_eq!(instance["status"], json!(row[1]), "{instance}");
        assert_eq!(instance["admin_state"], json!(row[2]), "{instance}");
        assert_eq!(instance["primary"], json!(row[3]), "{instance}");
        assert_eq!(
            listed(instance, "secondaries"),
            names(&row[4]),
            "{instance}"
        );
        assert_eq!(instance["hypervisor"], json!(row[5]), "{instance}");
        assert_eq!(instance["os"], json!(row[6]), "{instance}");
        assert_eq!(instance["disk_template"], json!(row[7]), "{instance}");
        let sizes: Vec<i64> = names(&row[8]).iter().map(|size| number(size)).collect();
        assert_eq!(instance["disk_sizes"], json!(sizes), "{instance}");
        assert_eq!(instance["vcpus"], json!(number(&row[9])), "{instance}");
        assert_eq!(instance["memory"], json!(number(&row[10])), "{instance}");
        assert_eq!(
            instance["memory_min"],
            json!(number(&row[11])),
            "{instance}"
        );
        assert_eq!(instance["nics"][0]["mac"], json!(row[12]), "{instance}");
        assert_eq!(listed(instance, "tags"), names(&row[13]), "{instance}");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn groups_are_as_gnt_group_list_prints_them() {
    let lab = Lab::open();
    let ours = lab.json("groups", "node3");
    let rows = lab.table(
        "gnt-group list --no-headers --separator=| -o name,uuid,alloc_policy,node_list,pinst_cnt",
    );
    assert_eq!(ours.len(), rows.len());
    for row in rows {
        let group = find(&ours, "name", &json!(row[0]));
        assert_eq!(group["uuid"], json!(row[1]), "{group}");
        assert_eq!(group["alloc_policy"], json!(row[2]), "{group}");
        assert_eq!(listed(group, "nodes"), names(&row[3]), "{group}");
        assert_eq!(group["instances"], json!(number(&row[4])), "{group}");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn jobs_are_as_gnt_job_list_prints_them() {
    let lab = Lab::open();
    let rows = lab.table("gnt-job list --no-headers --separator=| -o id,status,summary,priority");
    let ours = lab.json("jobs", "node1");
    assert_eq!(ours.len(), rows.len());
    for row in rows {
        let job = find(&ours, "id", &json!(number(&row[0])));
        assert_eq!(job["status"], json!(row[1]), "{job}");
        assert_eq!(listed(job, "summary"), names(&row[2]), "{job}");
        assert_eq!(job["priority"], json!(number(&row[3])), "{job}");
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn status_names_the_cluster_and_its_master() {
    let lab = Lab::open();
    // Other tests have let jobs fail, and that is a warning.
    for job in lab.table("gnt-job list --no-headers --separator=| -o id,status") {
        if job[1] == "error" {
            lab.gnt(&format!("gnt-job archive {}", job[0]));
        }
    }
    let output = lab.gantry(&["status", "cluster", "--json"]);
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{status}");
    assert_eq!(status["cluster"], "cluster");
    assert_eq!(status["master"], json!(lab.master()));
    assert_eq!(status["nodes_up"], 3, "{status}");
    let version = lab.gnt("gnt-cluster --version");
    let version = version.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(
        version.contains(status["ganeti"].as_str().unwrap()),
        "{version}: {status}"
    );
}
