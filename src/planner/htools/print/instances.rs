//! The instance table (`--print-instances`).

use super::number::fixed;
use super::table::{Column, table};
use crate::planner::htools::cluster::Cluster;

const COLUMNS: [Column<'static>; 12] = [
    ("F", false),
    ("Name", false),
    ("Pri_node", false),
    ("Sec_node", false),
    ("Auto_bal", false),
    ("vcpu", true),
    ("mem", true),
    ("dsk", true),
    ("lCpu", true),
    ("lMem", true),
    ("lDsk", true),
    ("lNet", true),
];

/// The table of some instances.
pub fn instances(cluster: &Cluster, instances: &[usize]) -> String {
    let node = |at: usize| cluster.data.nodes.get(at).map(|it| it.name.clone());
    let rows: Vec<Vec<String>> = instances
        .iter()
        .filter_map(|at| {
            let (loaded, now) = (
                cluster.data.instances.get(*at)?,
                cluster.instances.get(*at)?,
            );
            let mut row = vec![
                if now.runs { "R" } else { " " }.to_owned(),
                loaded.name.clone(),
                node(now.primary).unwrap_or_default(),
                now.secondary.and_then(node).unwrap_or_default(),
                if now.auto_balance { "Y" } else { "N" }.to_owned(),
                now.vcpus.to_string(),
                format!("{:5}", now.memory),
                format!("{:5}", now.disk.div_euclid(1024)),
            ];
            row.extend(now.load.map(|load| fixed(load, 3)));
            Some(row)
        })
        .collect();
    table(&COLUMNS, &rows, " ")
}
