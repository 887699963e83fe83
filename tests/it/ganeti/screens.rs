//! What each screen shows against what Ganeti's own lists print, in the units that they print.

use super::lab::Lab;
use crate::harness::table::Table;
use crate::harness::terminal::Terminal;

/// Waits until each row's cells are as wanted: `(subject, title, cell)`.
fn shows(console: &Terminal, first: &str, wanted: &[(&str, &str, String)]) {
    let cell = |screen: &str, subject: &str, title: &str| {
        Table::read(screen, first).and_then(|table| table.cell(subject, title))
    };
    // Kept apart from the wait, so that a failure names the cell and not only the screen.
    for (subject, title, text) in wanted {
        console.wait_until(&format!("{subject} with {title} {text}"), |screen| {
            cell(screen, subject, title).as_deref() == Some(text)
        });
    }
}

/// All rows of a list on the master, without a terminal's units.
fn list(lab: &Lab, what: &str, fields: &str) -> Vec<Vec<String>> {
    lab.table(&format!(
        "{what} list --no-headers --separator=| --units=h -o {fields}"
    ))
}

#[test]
#[ignore = "needs tests/lab"]
fn the_nodes_screen() {
    let lab = Lab::open();
    let console = lab.console("node2", 200, 40);
    for row in list(
        &lab,
        "gnt-node",
        "name,group,role,pinst_cnt,sinst_cnt,mtotal,dtotal",
    ) {
        let role = match row[2].as_str() {
            "M" => "master",
            "C" => "candidate",
            other => panic!("role {other} in the lab"),
        };
        let node = row[0].as_str();
        shows(
            &console,
            "NODE",
            &[
                (node, "GROUP", row[1].clone()),
                (node, "ROLE", role.to_owned()),
                (node, "REACH", "ok".to_owned()),
                (node, "PRI", row[3].clone()),
                (node, "SEC", row[4].clone()),
                (node, "MTOTAL", row[5].clone()),
                (node, "DTOTAL", row[6].clone()),
            ],
        );
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn the_instances_screen() {
    let lab = Lab::open();
    let mut console = lab.console("node1", 200, 40);
    console.press(":instances\r");
    for row in list(
        &lab,
        "gnt-instance",
        "name,status,pnode,disk_template,be/vcpus,be/maxmem,os",
    ) {
        let instance = row[0].as_str();
        shows(
            &console,
            "INSTANCE",
            &[
                (instance, "STATUS", row[1].clone()),
                (instance, "PRIMARY", row[2].clone()),
                (instance, "TEMPLATE", row[3].clone()),
                (instance, "VCPUS", row[4].clone()),
                (instance, "MEMORY", row[5].clone()),
                (instance, "OS", row[6].clone()),
            ],
        );
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn the_groups_screen() {
    let lab = Lab::open();
    let mut console = lab.console("node3", 160, 40);
    console.press(":groups\r");
    for row in list(&lab, "gnt-group", "name,alloc_policy,node_cnt,pinst_cnt") {
        let group = row[0].as_str();
        shows(
            &console,
            "GROUP",
            &[
                (group, "POLICY", row[1].clone()),
                (group, "NODES", row[2].clone()),
                (group, "INSTANCES", row[3].clone()),
            ],
        );
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn the_jobs_screen() {
    let lab = Lab::open();
    let mut console = lab.console("node1", 160, 60);
    console.press(":jobs\r");
    let jobs = lab.table("gnt-job list --no-headers --separator=| -o id,status,summary");
    for row in jobs.iter().rev().take(20) {
        let job = row[0].as_str();
        shows(
            &console,
            "JOB",
            &[
                (job, "STATUS", row[1].clone()),
                (job, "SUMMARY", row[2].clone()),
            ],
        );
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn the_details_of_a_node_and_an_instance() {
    let lab = Lab::open();
    let mut console = lab.console("node1", 160, 50);
    console.wait_until("the nodes", |screen| screen.contains("node3"));
    let node =
        &lab.table("gnt-node list --no-headers --separator=| -o pip,pinst_list,tags node3")[0];
    console.press(":node node3\r");
    for fact in std::iter::once(node[0].as_str())
        .chain(node[1].split(','))
        .chain([node[2].as_str()])
    {
        console.wait_until(&format!("{fact} of node3"), |screen| screen.contains(fact));
    }
    let instance = &lab.table(
        "gnt-instance list --no-headers --separator=| --units=h -o pnode,nic.macs,disk.size/1,os,hypervisor,status instance2",
    )[0];
    console.press(":instance instance2\r");
    for fact in instance {
        console.wait_until(&format!("{fact} of instance2"), |screen| {
            screen.contains(fact)
        });
    }
}
