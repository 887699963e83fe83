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

/// All rows of a list on the master.
fn list(lab: &Lab, what: &str, fields: &str) -> Vec<Vec<String>> {
    lab.table(&format!("{what} list --no-headers --separator=| {fields}"))
}

/// The console on a screen of its own.
fn screen(lab: &Lab, through: &str, command: &str) -> Terminal {
    let mut console = lab.console(through, 200, 60);
    // What is typed before the program has the terminal goes through the terminal's own line editing.
    // And before the configuration is there, no group has a name.
    console.wait_until("the configuration", |screen| screen.contains("rack2"));
    console.press(&format!(":{command}\r"));
    console
}

/// What a cell is compared by.
fn first_word(text: &str) -> String {
    text.split(' ').next().unwrap_or_default().to_owned()
}

#[test]
#[ignore = "needs tests/lab"]
fn the_nodes_screen() {
    let lab = Lab::open();
    let console = screen(&lab, "node2", "nodes");
    let fields = "--units=h -o name,group,role,pinst_cnt,sinst_cnt,mtotal,dtotal";
    for row in list(&lab, "gnt-node", fields) {
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
    let console = screen(&lab, "node1", "instances");
    let fields = "--units=h -o name,status,pnode,disk_template,be/vcpus,be/maxmem,os";
    for row in list(&lab, "gnt-instance", fields) {
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
    let console = screen(&lab, "node3", "groups");
    let states = list(&lab, "gnt-instance", "-o pnode.group,status");
    let fields = "-o name,alloc_policy,node_cnt,pinst_cnt";
    for row in list(&lab, "gnt-group", fields) {
        let group = row[0].as_str();
        let running = states
            .iter()
            .filter(|state| state[0] == group && state[1] == "running")
            .count();
        shows(
            &console,
            "GROUP",
            &[
                (group, "POLICY", row[1].clone()),
                // All of them are up.
                (group, "NODES", format!("{0}/{0}", row[2])),
                (group, "INSTANCES", format!("{running}/{}", row[3])),
            ],
        );
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn the_jobs_screen() {
    let lab = Lab::open();
    let console = screen(&lab, "node1", "jobs");
    let jobs = list(&lab, "gnt-job", "-o id,status,summary");
    // Some opcodes name groups by their uuids, the screen by their names.
    let groups = list(&lab, "gnt-group", "-o uuid,name");
    let named = |summary: &str| {
        let names = groups.iter();
        names.fold(summary.to_owned(), |text, it| text.replace(&it[0], &it[1]))
    };
    for row in jobs.iter().rev().take(20) {
        let job = row[0].as_str();
        shows(
            &console,
            "JOB",
            &[
                (job, "STATUS", row[1].clone()),
                (job, "SUMMARY", first_word(&named(&row[2]))),
            ],
        );
    }
}

#[test]
#[ignore = "needs tests/lab"]
fn the_details_of_a_node_an_instance_a_group_and_a_job() {
    let lab = Lab::open();
    let details = [
        (
            "node node3",
            "gnt-node",
            "--units=h -o group,mtotal,dtotal,pinst_list",
            "node3",
        ),
        (
            "instance instance2",
            "gnt-instance",
            "--units=h -o pnode,nic.macs,disk.size/0,disk.size/1,os,hypervisor,status,be/maxmem",
            "instance2",
        ),
        (
            "group rack2",
            "gnt-group",
            "-o alloc_policy,node_list",
            "rack2",
        ),
        ("job 9", "gnt-job", "-o status,summary", "9"),
    ];
    for (command, tool, fields, name) in details {
        let console = screen(&lab, "node1", command);
        for fact in list(&lab, tool, &format!("{fields} {name}")).concat() {
            for fact in fact.split(',') {
                let what = format!("{fact} of {command}");
                console.wait_until(&what, |screen| screen.contains(fact));
            }
        }
    }
}
