//! Reads the `ssconf_*` files, by which every node knows its cluster.

use gantry_wire::ssconf::{SsNode, Ssconf};

use crate::place::{Place, Stamp};

/// The files that are read.
const KEYS: &[&str] = &[
    "cluster_name",
    "master_node",
    "master_ip",
    "release_version",
    "master_candidates",
    "node_list",
    "node_primary_ips",
    "node_secondary_ips",
    "ssh_ports",
    "offline_nodes",
    "nodegroups",
    "hypervisor_list",
    "file_storage_dir",
    "shared_file_storage_dir",
    "gluster_storage_dir",
];

/// The keys of directories for disks, and the disk templates that these are for.
const DIRECTORIES: &[(&str, &str)] = &[
    ("file_storage_dir", "file"),
    ("shared_file_storage_dir", "sharedfile"),
    ("gluster_storage_dir", "gluster"),
];

/// A directory for disks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// The disk template it is for.
    pub template: &'static str,
    /// Its path, as Ganeti is configured.
    pub path: String,
}

/// Reads ssconf again when it changed.
#[derive(Debug, Default)]
pub struct Reader {
    stamps: Vec<Stamp>,
    latest: Option<Ssconf>,
    directories: Vec<Directory>,
}

impl Reader {
    /// Looks whether anything changed; `true` also on the first call if there is an ssconf.
    pub fn refresh(&mut self, place: &Place) -> bool {
        let stamps: Vec<Stamp> = KEYS
            .iter()
            .map(|key| place.stamp(&place.data(&format!("ssconf_{key}"))))
            .collect();
        if stamps == self.stamps {
            return false;
        }
        let newest = stamps.iter().map(|stamp| stamp.mtime_ns).max().unwrap_or(0);
        self.stamps = stamps;
        let read = |key: &str| {
            let path = place.data(&format!("ssconf_{key}"));
            place.text(&path).unwrap_or_default()
        };
        let ssconf = parse(read, u64::try_from(newest / 1_000_000_000).unwrap_or(0));
        self.directories = directories(read);
        let known = (!ssconf.cluster_name.is_empty()).then_some(ssconf);
        // Ganeti writes all of them anew on every change of its configuration.
        let ageless = |ssconf: &Option<Ssconf>| {
            let ssconf = ssconf.clone();
            ssconf.map(|ssconf| Ssconf {
                written: 0,
                ..ssconf
            })
        };
        let changed = ageless(&known) != ageless(&self.latest);
        self.latest = known;
        changed
    }

    /// What was read last; `None` without an ssconf.
    pub fn latest(&self) -> Option<&Ssconf> {
        self.latest.as_ref()
    }

    /// The directories that the cluster has for disks; they need not exist.
    pub fn directories(&self) -> &[Directory] {
        &self.directories
    }
}

/// Puts the files together; `read` gives the text of one by its key.
fn parse(read: impl Fn(&str) -> String, written: u64) -> Ssconf {
    let primary = pairs(&read("node_primary_ips"), ' ');
    let secondary = pairs(&read("node_secondary_ips"), ' ');
    let ports = pairs(&read("ssh_ports"), '=');
    let offline = lines(&read("offline_nodes"));
    let of = |pairs: &[(String, String)], name: &str| {
        pairs
            .iter()
            .find(|(key, _)| key == name)
            .map_or_else(String::new, |(_, value)| value.clone())
    };
    let nodes = lines(&read("node_list"))
        .into_iter()
        .map(|name| SsNode {
            primary_ip: of(&primary, &name),
            secondary_ip: of(&secondary, &name),
            ssh_port: of(&ports, &name).parse().unwrap_or(0),
            offline: offline.contains(&name),
            name,
        })
        .collect();
    Ssconf {
        cluster_name: value(&read("cluster_name")),
        master_node: value(&read("master_node")),
        master_ip: value(&read("master_ip")),
        release_version: value(&read("release_version")),
        master_candidates: lines(&read("master_candidates")),
        nodes,
        groups: pairs(&read("nodegroups"), ' '),
        hypervisors: lines(&read("hypervisor_list")),
        file_storage_dir: value(&read("file_storage_dir")),
        written,
    }
}

fn directories(read: impl Fn(&str) -> String) -> Vec<Directory> {
    let all = DIRECTORIES.iter().map(|(key, template)| Directory {
        template,
        path: value(&read(key)),
    });
    all.filter(|directory| !directory.path.is_empty()).collect()
}

fn value(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn pairs(text: &str, separator: char) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| line.trim().split_once(separator))
        .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
        .collect()
}

/// Whether a release, such as `3.1.0`, is this one or a later one.
pub fn at_least(release: &str, major: u32, minor: u32) -> bool {
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse::<u32>().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next()) >= (major, minor)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn captured(key: &str) -> String {
        let all = include_str!("../tests/data/ssconf.txt");
        let title = format!("== /var/lib/ganeti/ssconf_{key}\n");
        let Some(start) = all.find(&title) else {
            return String::new();
        };
        let rest = &all[start + title.len()..];
        rest.split("== ").next().unwrap().to_owned()
    }

    #[test]
    fn a_real_clusters_files_are_understood() {
        let ssconf = parse(captured, 7);
        assert_eq!(ssconf.cluster_name, "cluster.example.test");
        assert_eq!(ssconf.master_node, "node1.example.test");
        assert_eq!(ssconf.release_version, "3.0.2");
        assert_eq!(ssconf.master_candidates.len(), 3);
        assert_eq!(ssconf.hypervisors, ["kvm"]);
        assert_eq!(ssconf.groups[0].1, "default");
        assert_eq!(ssconf.nodes.len(), 3);
        let node = &ssconf.nodes[1];
        assert_eq!(
            (node.name.as_str(), node.primary_ip.as_str(), node.ssh_port),
            ("node2.example.test", "192.0.2.12", 22)
        );
        assert!(!node.offline);
        let directories = directories(captured);
        let templates: Vec<_> = directories.iter().map(|it| it.template).collect();
        assert_eq!(templates, ["file", "sharedfile", "gluster"]);
        assert_eq!(directories[0].path, "/srv/ganeti/file-storage");
    }

    #[test]
    fn releases_are_compared_by_number() {
        assert!(at_least("3.1.0~rc2", 3, 1) && at_least("3.10.0", 3, 2) && at_least("4", 3, 1));
        assert!(!at_least("3.0.2", 3, 1) && !at_least("2.16.2", 3, 0) && !at_least("", 2, 0));
    }

    #[test]
    fn a_change_is_noticed_and_nothing_else() {
        let root = std::env::temp_dir().join(format!("gantry-ssconf-{}", std::process::id()));
        let data = root.join("var/lib/ganeti");
        std::fs::create_dir_all(&data).unwrap();
        let replace = |key: &str, text: &str| {
            let new = data.join("new");
            std::fs::write(&new, text).unwrap();
            std::fs::rename(&new, data.join(format!("ssconf_{key}"))).unwrap();
        };
        let place = Place::new(root.clone(), None);
        let mut reader = Reader::default();
        assert!(!reader.refresh(&place), "no ssconf");
        replace("cluster_name", "prod\n");
        replace("master_node", "node1\n");
        assert!(reader.refresh(&place));
        assert!(!reader.refresh(&place));
        replace("master_node", "node2.example.com\n");
        assert!(reader.refresh(&place));
        assert_eq!(reader.latest().unwrap().master_node, "node2.example.com");
        replace("master_node", "node2.example.com\n");
        assert!(!reader.refresh(&place), "written anew, but the same");
        std::fs::remove_dir_all(root).unwrap();
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,200}") {
            parse(|_| text.clone(), 0);
            at_least(&text, 3, 1);
        }
    }
}
