#![allow(clippy::unwrap_used)]
use std::path::PathBuf;

use super::*;

/// A directory to be read as an archive.
struct Archive(PathBuf);

impl Archive {
    fn new(test: &str) -> Archive {
        let directory = format!("gantry-archive-{test}-{}", std::process::id());
        let root = std::env::temp_dir().join(directory);
        std::fs::create_dir_all(&root).unwrap();
        Archive(root)
    }

    fn put(&self, name: &str, text: &str) -> &Archive {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// The ssconf files of a real cluster.
    fn put_ssconf(&self) -> &Archive {
        let all = include_str!("../tests/data/ssconf.txt");
        for part in all.split("== /var/lib/ganeti/").skip(1) {
            let (name, text) = part.split_once('\n').unwrap();
            self.put(&format!("var/lib/ganeti/{name}"), text);
        }
        self
    }

    fn link(&self, name: &str, to: &str) -> &Archive {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, path).unwrap();
        self
    }

    fn read(&self) -> Snapshot {
        read(&self.0).unwrap()
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn captured(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/drbd");
    std::fs::read_to_string(path.join(name)).unwrap()
}

fn why(snapshot: &Snapshot) -> Vec<&str> {
    let missing = snapshot.sample.missing.iter().flatten();
    missing.map(|missing| missing.why.as_str()).collect()
}

#[test]
fn a_whole_archive_says_what_the_node_would() {
    let archive = Archive::new("whole");
    archive
        .put_ssconf()
        .put("etc/hostname", "node2\n")
        .put("proc/drbd", &captured("proc-drbd-syncsource.txt"))
        .put(
            "commands/drbdsetup-show",
            &format!("# drbdsetup show\n{}", captured("drbdsetup-show.txt")),
        )
        .put("commands/dmesg", &captured("dmesg-split-brain.txt"))
        .put("proc/stat", "cpu 1\nbtime 1790000000\n")
        .put(
            "run/ganeti/bdev-cache/bdev_drbd1",
            "web1.example.test primary disk/2\n",
        )
        .link(
            "run/ganeti/instance-disks/mail1.example.test:0",
            "/dev/drbd0",
        )
        .link("var/run", "/run");
    let snapshot = archive.read();
    assert_eq!(why(&snapshot), Vec::<&str>::new());
    let row = serde_json::to_value(&snapshot.drbd[1]).unwrap();
    let expected = serde_json::json!({
        "node": "node2.example.test", "minor": 1, "connection": "SyncSource", "role": "Primary",
        "peer_role": "Secondary", "disk": "UpToDate", "peer_disk": "Inconsistent",
        "percent": 15.4, "speed_kib": 34_816, "eta_s": 6, "oos_kib": 227_328, "flags": "r-----",
        "instance": "web1.example.test", "disk_index": 2, "peer": "node3.example.test",
    });
    assert_eq!(row, expected);
    assert_eq!(
        snapshot.drbd[0].instance.as_deref(),
        Some("mail1.example.test")
    );
    assert_eq!(snapshot.drbd[0].peer.as_deref(), Some("node1.example.test"));
    let drbd = snapshot.sample.drbd.as_ref().unwrap();
    assert_eq!(drbd.version, "8.4.11");
    let device = &drbd.devices[1];
    assert_eq!(device.split_brain_at, Some(1_790_001_814.726));
    assert!(device.data_dev.ends_with("disk0_data") && device.port == 11003);
    assert!(
        !serde_json::to_string(&snapshot)
            .unwrap()
            .contains("made-up-secret")
    );
    assert!(snapshot.words().contains("1: SyncSource, Primary/Secondary UpToDate/Inconsistent, 15.4 %, web1.example.test disk/2, peer node3.example.test"));
}

#[test]
fn devices_come_from_events_where_there_is_no_proc() {
    let archive = Archive::new("events");
    let text = format!(
        "# drbdsetup events2\n{}",
        captured("drbdsetup-events2-resync.txt")
    );
    archive.put("commands/drbdsetup-events2", &text);
    let snapshot = archive.read();
    let row = &snapshot.drbd[0];
    assert_eq!(row.node, "?");
    assert_eq!(
        (row.connection.as_deref(), row.oos_kib),
        (Some("SyncTarget"), Some(484_976))
    );
    assert_eq!(
        (row.flags.as_deref(), row.instance.as_deref()),
        (None, None)
    );
}

#[test]
fn proc_leads_and_events_add() {
    let archive = Archive::new("both");
    let mut events = captured("drbdsetup-events2-now.txt");
    events.push_str("exists resource name:r7 role:Primary\nexists device name:r7 volume:0 minor:7 disk:UpToDate\nnonsense\n");
    archive
        .put(
            "proc/drbd",
            &(captured("proc-drbd-wfconnection.txt") + "what?\n"),
        )
        .put("commands/drbdsetup-events2", &events);
    let snapshot = archive.read();
    let connections: Vec<_> = snapshot
        .drbd
        .iter()
        .map(|row| row.connection.as_deref().unwrap())
        .collect();
    assert_eq!(connections, ["Connected", "WFConnection", "StandAlone"]);
    assert_eq!(
        snapshot.sample.drbd.unwrap().unread,
        [
            "proc/drbd line 7: not understood: what?",
            "commands/drbdsetup-events2 line 12: not understood: nonsense",
        ]
    );
}

#[test]
fn the_configuration_names_owners_where_nothing_was_noted() {
    let config = r#"{"nodes": {"a": {"name": "node2.example.test"}, "b": {"name": "node9.example.test"}},
        "instances": {"i": {"name": "db1", "disks": ["d"]}},
        "disks": {"d": {"dev_type": "drbd", "logical_id": ["b", "a", 11003, 0, 1, "hush"]}}}"#;
    let archive = Archive::new("config");
    archive
        .put_ssconf()
        .put("var/lib/ganeti/config.data", config)
        // It has the name of no host, but addresses.
        .put("commands/drbdsetup-show", &captured("drbdsetup-show.txt"))
        .put("proc/drbd", &captured("proc-drbd-connected.txt"));
    let snapshot = archive.read();
    let row = &snapshot.drbd[1];
    assert_eq!(
        (row.node.as_str(), row.instance.as_deref(), row.disk_index),
        ("node2.example.test", Some("db1"), Some(0))
    );
    assert_eq!(
        row.peer.as_deref(),
        Some("node3.example.test"),
        "the address leads"
    );
}

#[test]
fn absent_files_cost_their_part_only_and_broken_ones_are_named() {
    let archive = Archive::new("broken");
    archive.put("proc/loadavg", "0.10 0.20 0.30 1/2 3\n");
    let snapshot = archive.read();
    assert_eq!(snapshot.sample.drbd, None);
    assert!(snapshot.drbd.is_empty() && snapshot.ssconf.is_none());
    assert_eq!(why(&snapshot), Vec::<&str>::new());
    std::fs::create_dir_all(archive.0.join("proc/drbd")).unwrap();
    archive.put("proc/meminfo", "nothing of use\n");
    let snapshot = archive.read();
    assert!(snapshot.sample.load.is_some());
    let why = why(&snapshot);
    assert!(
        why.iter().any(|why| why.starts_with("proc/drbd: ")),
        "{why:?}"
    );
    assert!(read(&archive.0.join("proc/loadavg")).is_err());
    assert!(read(&archive.0.join("nowhere")).is_err());
}

#[test]
fn nothing_outside_is_read() {
    let archive = Archive::new("outside");
    let other = Archive::new("other");
    other
        .put("drbd", &captured("proc-drbd-connected.txt"))
        .put("ganeti/bdev-cache/bdev_drbd0", "stolen primary disk/0\n");
    let elsewhere = other.0.to_str().unwrap();
    archive
        .link("proc/drbd", &format!("{elsewhere}/drbd"))
        .link("var/run", elsewhere);
    assert!(read(&archive.0).is_err());
    std::fs::remove_file(archive.0.join("proc/drbd")).unwrap();
    archive.put("proc/drbd", &captured("proc-drbd-connected.txt"));
    assert_eq!(archive.read().drbd[0].instance, None);
}

#[test]
fn no_file_of_ganetis_is_a_way_out() {
    let archive = Archive::new("ways-out");
    let other = Archive::new("ways-to");
    let config = r#"{"nodes": {"a": {"name": "node2"}}, "instances": {"i": {"name": "stolen", "disks": ["d"]}},
        "disks": {"d": {"dev_type": "drbd", "logical_id": ["b", "a", 11003, 0, 1, "hush"]}}}"#;
    other
        .put("note", "stolen primary disk/0\n")
        .put("config.data", config)
        .put("name", "stolen\n")
        .put("text", "stolen\n");
    let out = other.0.to_str().unwrap();
    archive
        .put("etc/hostname", "node2\n")
        .put("proc/drbd", &captured("proc-drbd-connected.txt"))
        .link("run/ganeti/bdev-cache/bdev_drbd0", &format!("{out}/note"))
        .link("var/lib/ganeti/config.data", &format!("{out}/config.data"))
        .link("var/lib/ganeti/ssconf_cluster_name", &format!("{out}/name"))
        .link("commands/drbdsetup-events2", &format!("{out}/text"))
        .link("proc/loadavg", "/proc/loadavg")
        .link("proc/meminfo", "../../../../../../../proc/meminfo");
    let snapshot = archive.read();
    let text = serde_json::to_string(&snapshot).unwrap();
    assert!(!text.contains("stolen"), "{text}");
    assert!(snapshot.ssconf.is_none() && snapshot.sample.memory.is_none());
}

#[test]
fn links_lead_where_they_led_on_the_node() {
    let archive = Archive::new("inside");
    archive
        .put("srv/saved/drbd", &captured("proc-drbd-connected.txt"))
        .put("run/ganeti/bdev-cache/bdev_drbd0", "web1 primary disk/3\n")
        .link("proc/drbd", "/srv/saved/drbd")
        .link("var/run", "/run");
    let snapshot = archive.read();
    assert_eq!(snapshot.drbd[0].instance.as_deref(), Some("web1"));
    assert_eq!(snapshot.drbd[0].disk_index, Some(3));
}

#[test]
fn pipes_and_endless_files_are_named_and_not_read() {
    let archive = Archive::new("pipes");
    let pipe = |name: &str| {
        let path = archive.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    };
    let endless = |name: &str| {
        archive.put(name, "");
        let path = archive.0.join(name);
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(1 << 40).unwrap();
    };
    archive.put("proc/drbd", &captured("proc-drbd-connected.txt"));
    pipe("commands/drbdsetup-events2");
    pipe("commands/vgs");
    pipe("proc/meminfo");
    pipe("etc/hostname");
    pipe("var/lib/ganeti/ssconf_cluster_name");
    pipe("run/ganeti/bdev-cache/bdev_drbd0");
    endless("commands/dmesg");
    endless("commands/lvs");
    endless("commands/drbdsetup-show");
    endless("var/lib/ganeti/config.data");
    archive.put("proc/stat", "btime 1790000000\n");
    let snapshot = archive.read();
    assert_eq!(snapshot.drbd.len(), 2);
    let parts = snapshot.sample.missing.iter().flatten();
    let parts: Vec<_> = parts
        .map(|missing| (missing.part.as_str(), missing.why.as_str()))
        .collect();
    let no_file = "not a regular file";
    for (part, file, why) in [
        ("ssconf", "var/lib/ganeti/ssconf_cluster_name", no_file),
        ("drbd", "commands/drbdsetup-show", "longer than 16 MiB"),
        ("system", "etc/hostname", no_file),
        ("drbd", "commands/drbdsetup-events2", no_file),
        ("drbd", "commands/dmesg", "longer than 16 MiB"),
        ("drbd", "run/ganeti/bdev-cache/bdev_drbd0", no_file),
        ("drbd", "var/lib/ganeti/config.data", "longer than 256 MiB"),
        ("lvm", "commands/vgs", no_file),
        ("lvm", "commands/lvs", "longer than 16 MiB"),
        ("memory", "proc/meminfo", no_file),
    ] {
        let words = format!("{file}: {why}");
        assert!(
            parts.contains(&(part, words.as_str())),
            "{words} in {parts:?}"
        );
    }
    assert_eq!(parts.len(), 10, "{parts:?}");
}

/// As `pvs` prints it of a group that lost a disk.
const PVS: &str = r#"# pvs -o +pv_uuid --reportformat json
  WARNING: Couldn't find device with uuid gg4cmC-4lrT.
  {"report": [{"pv": [
      {"pv_name":"/dev/sda5", "pv_uuid":"aaaaaa-1", "vg_name":"xenvg", "pv_size":"107369988096", "pv_free":"1073741824", "pv_attr":"a--"},
      {"pv_name":"[unknown]", "pv_uuid":"gg4cmC-4lrT", "vg_name":"xenvg", "pv_size":"107369988096", "pv_free":"0", "pv_attr":"a-m"}
  ]}]}
"#;

fn of_lvm(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lvm");
    std::fs::read_to_string(path.join(name)).unwrap()
}

#[test]
fn lvm_is_read_from_what_its_programs_printed() {
    let archive = Archive::new("lvm");
    archive
        .put(
            "commands/vgs",
            &format!(
                "# vgs\n  WARNING: VG xenvg is missing PV gg4cmC-4lrT.\n{}",
                of_lvm("vgs-all.json")
            ),
        )
        .put("commands/pvs", PVS)
        .put(
            "commands/lvs",
            &(of_lvm("lvs-ganeti.txt") + "what|is|this\n"),
        );
    let snapshot = archive.read();
    assert_eq!(why(&snapshot), Vec::<&str>::new());
    assert!(snapshot.drbd.is_empty() && snapshot.sample.drbd.is_none());
    let vgs = &snapshot.sample.storage.as_ref().unwrap().vgs;
    assert_eq!((vgs[0].name.as_str(), vgs[0].total), ("xenvg", 24_572));
    let lvm = snapshot.sample.lvm.as_ref().unwrap();
    assert_eq!((lvm.pvs.len(), lvm.lvs.len()), (2, 7));
    assert_eq!(
        lvm.complaints,
        [
            "WARNING: VG xenvg is missing PV gg4cmC-4lrT.",
            "WARNING: Couldn't find device with uuid gg4cmC-4lrT.",
            "lvs line 8: not understood: what|is|this",
        ]
    );
    let words = snapshot.words();
    for line in [
        "storage   xenvg: 21372 MiB free of 24572\n",
        "lvm       7 logical volumes\nlvm       2 physical volumes, 1 missing\n",
        "lvm       WARNING: VG xenvg is missing PV gg4cmC-4lrT.\n",
    ] {
        assert!(words.contains(line), "{words}");
    }
}

#[test]
fn a_list_of_volumes_that_is_not_there_is_not_an_empty_one() {
    let archive = Archive::new("lists");
    archive.put("commands/vgs", &of_lvm("vgs-all.json"));
    let snapshot = archive.read();
    assert!(snapshot.sample.storage.is_some() && snapshot.sample.lvm.is_none());
    assert_eq!(why(&snapshot), Vec::<&str>::new());
    archive.put("commands/lvs", &of_lvm("lvs-all.json"));
    let snapshot = archive.read();
    assert!(!snapshot.sample.lvm.as_ref().unwrap().lvs.is_empty());
    assert_eq!(why(&snapshot), ["commands/pvs: not there"]);
}

#[test]
fn version_9_has_its_devices_from_events_alone() {
    let archive = Archive::new("nine");
    let events = "exists resource name:r0 role:Primary suspended:no\n\
        exists connection name:r0 peer-node-id:1 conn-name:node2 connection:Connected role:Secondary\n\
        exists device name:r0 volume:0 minor:5 disk:UpToDate\n\
        exists peer-device name:r0 peer-node-id:1 conn-name:node2 volume:0 replication:SyncSource \
        peer-disk:Inconsistent out-of-sync:2048 done:50.00\nexists -\n";
    archive.put("commands/drbdsetup-events2", events);
    let rows = |snapshot: &Snapshot| serde_json::to_value(&snapshot.drbd).unwrap();
    let alone = rows(&archive.read());
    assert_eq!(alone[0]["minor"], 5);
    assert_eq!(alone[0]["connection"], "SyncSource");
    assert_eq!(
        (&alone[0]["role"], &alone[0]["peer_role"]),
        (&"Primary".into(), &"Secondary".into())
    );
    assert_eq!(alone[0]["oos_kib"], 2048);
    // Its `/proc/drbd` has nothing but the version.
    archive.put(
        "proc/drbd",
        "version: 9.2.8 (api:2/proto:86-122)\nTransports (api:18): tcp (9.2.8)\n",
    );
    let both = archive.read();
    assert_eq!(rows(&both), alone);
    let drbd = both.sample.drbd.unwrap();
    assert_eq!(
        (drbd.version.as_str(), drbd.unread),
        ("9.2.8", Vec::<String>::new())
    );
}

#[test]
fn a_directory_with_nothing_of_a_node_is_the_wrong_one() {
    let archive = Archive::new("empty");
    let error = read(&archive.0).unwrap_err();
    assert!(error.contains("none of a node's files"), "{error}");
    archive.put("proc/drbd", "version: 8.4.11 (api:1/proto:86-101)\n");
    let snapshot = archive.read();
    assert!(snapshot.drbd.is_empty() && snapshot.sample.drbd.is_some());
}
