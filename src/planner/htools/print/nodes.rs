//! The node table (`-p`).

use super::number::{fixed, shortest};
use super::table::{Column, table};
use crate::planner::htools::cluster::Cluster;
use crate::planner::htools::node::{Figures, Node};

/// The fields shown where none are asked for.
pub const FIELDS: [&str; 22] = [
    "status", "name", "tmem", "nmem", "imem", "xmem", "fmem", "umem", "rmem", "tdsk", "fdsk",
    "tcpu", "ucpu", "pcnt", "scnt", "pfmem", "pfdsk", "rcpu", "cload", "mload", "dload", "nload",
];

/// The table of some nodes.
pub fn nodes(cluster: &Cluster, nodes: &[usize], fields: &[String]) -> String {
    let columns: Vec<Column<'_>> = fields.iter().map(|it| column(it)).collect();
    let rows: Vec<Vec<String>> = nodes
        .iter()
        .filter_map(|at| {
            let (node, now) = (cluster.nodes.get(*at)?, cluster.figures.get(*at)?);
            let cell = |field: &String| cell(cluster, *at, node, now, field);
            Some(fields.iter().map(cell).collect())
        })
        .collect();
    table(&columns, &rows, " ")
}

fn column(field: &str) -> Column<'static> {
    match field {
        "idx" => ("Index", true),
        "name" => ("Name", false),
        "fqdn" => ("Name", false),
        "status" => ("F", false),
        "tmem" => ("t_mem", true),
        "nmem" => ("n_mem", true),
        "imem" => ("i_mem", true),
        "xmem" => ("x_mem", true),
        "fmem" => ("f_mem", true),
        "umem" => ("u_mem", true),
        "rmem" => ("r_mem", true),
        "amem" => ("a_mem", true),
        "tdsk" => ("t_dsk", true),
        "fdsk" => ("f_dsk", true),
        "tcpu" => ("pcpu", true),
        "ucpu" => ("vcpu", true),
        "pcnt" => ("pcnt", true),
        "scnt" => ("scnt", true),
        "plist" => ("primaries", true),
        "slist" => ("secondaries", true),
        "pfmem" => ("p_fmem", true),
        "pfdsk" => ("p_fdsk", true),
        "rcpu" => ("r_cpu", true),
        "cload" => ("lCpu", true),
        "mload" => ("lMem", true),
        "dload" => ("lDsk", true),
        "nload" => ("lNet", true),
        "ptags" => ("PrimaryTags", false),
        "peermap" => ("PeerMap", false),
        "spindle_count" => ("NodeSpindles", true),
        "hi_spindles" => ("MaxSpindles", true),
        "inst_spindles" => ("InstSpindles", true),
        _ => ("<unknown field>", false),
    }
}

fn cell(cluster: &Cluster, at: usize, node: &Node, now: &Figures, field: &str) -> String {
    let gib = |mib: i64| mib.div_euclid(1024);
    let list = |lists: &[Vec<usize>]| {
        let list = lists.get(at).into_iter().flatten();
        let list: Vec<String> = list.map(ToString::to_string).collect();
        format!("[{}]", list.join(","))
    };
    match field {
        "idx" => at.to_string(),
        "name" => node.alias.clone(),
        "fqdn" => cluster
            .data
            .nodes
            .get(at)
            .map(|it| it.name.clone())
            .unwrap_or_default(),
        "status" if node.offline => "-".to_owned(),
        "status" if now.fails_n1 => "*".to_owned(),
        "status" => " ".to_owned(),
        "tmem" => format!("{:>5}", fixed(node.total_memory, 0)),
        "nmem" => format!("{:5}", node.node_memory),
        "imem" => format!("{:5}", now.instance_memory),
        "xmem" => format!("{:5}", node.missing_memory),
        "fmem" => format!("{:5}", node.free_memory),
        "umem" => format!("{:5}", now.unallocated),
        "rmem" => format!("{:5}", now.reserved),
        "amem" => format!("{:5}", now.available()),
        "tdsk" => format!("{:>5}", fixed(node.total_disk / 1024.0, 0)),
        "fdsk" => format!("{:5}", gib(now.free_disk)),
        "tcpu" => format!("{:>4}", fixed(node.cpus, 0)),
        "ucpu" => format!("{:4}", now.vcpus),
        "pcnt" => format!("{:3}", now.primaries),
        "scnt" => format!("{:3}", now.secondaries),
        "plist" => list(&cluster.primaries),
        "slist" => list(&cluster.secondaries),
        "pfmem" => fixed(now.memory_part(node), 4),
        "pfdsk" => fixed(now.disk_part(node), 4),
        "rcpu" => format!("{:>5}", fixed(now.cpu_part(node), 2)),
        "cload" => fixed(now.load[0], 3),
        "mload" => fixed(now.load[1], 3),
        "dload" => fixed(now.load[2], 3),
        "nload" => fixed(now.load[3], 3),
        "ptags" => {
            let mut tags: Vec<String> = cluster
                .tags
                .named_exclusion(at)
                .map(|(tag, count)| format!("{tag}={count}"))
                .collect();
            tags.sort();
            tags.join(",")
        }
        "peermap" => {
            let peers = cluster.peers.sorted(at).into_iter();
            let peers: Vec<String> = peers.map(|(node, mib)| format!("({node},{mib})")).collect();
            format!("[{}]", peers.join(","))
        }
        "spindle_count" => node.spindles.to_string(),
        "hi_spindles" => shortest(node.most_spindle_use),
        "inst_spindles" => shortest(now.spindle_use as f64),
        _ => "<unknown field>".to_owned(),
    }
}
