#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;

/// Disks before nodes, as no writer promises an order.
const FILE: &str = r#"{"version": 3000000, "disks": {
    "d1": {"dev_type": "drbd", "size": 1024, "uuid": "d1", "new": {"a": [1]},
           "logical_id": ["n1", "n2", 11000, 0, 7, "hush-hush"],
           "children": [
             {"dev_type": "plain", "logical_id": ["xenvg", "a.disk0_data"], "size": 1024},
             {"dev_type": "plain", "logical_id": ["metavg", "a.disk0_meta"], "size": 128}]},
    "d0": {"dev_type": "plain", "size": 256.0, "logical_id": ["xenvg", "b.disk0"], "children": []},
    "f": {"dev_type": "file", "size": 1, "logical_id": ["loop", "/srv/f/web1/disk0"]},
    "r": {"dev_type": "rbd", "size": 1, "logical_id": ["rbd", "c.rbd.disk0"]},
    "odd": {"dev_type": "drbd", "size": "?", "logical_id": ["n1", null, "11000"], "children": null},
    "none": {"dev_type": null, "logical_id": null}},
  "instances": {"i": {"name": "web1"}},
  "nodes": {"n1": {"name": "node1", "ndparams": {}}, "n2": {"name": "node2"}}}"#;

fn end(node: &str, minor: u32) -> DrbdEnd {
    DrbdEnd {
        node: node.into(),
        minor,
    }
}

fn volume(vg: &str, name: &str, size: u64) -> Option<Volume> {
    Some(Volume {
        vg: vg.into(),
        name: name.into(),
        size,
    })
}

#[test]
fn every_template_says_where_its_disks_lie() {
    let layouts = Layouts::read(FILE.as_bytes()).unwrap();
    let drbd = Layout {
        ends: vec![end("node1", 0), end("node2", 7)],
        port: 11000,
        data: volume("xenvg", "a.disk0_data", 1024),
        meta: volume("metavg", "a.disk0_meta", 128),
        path: String::new(),
    };
    assert_eq!(layouts.get("d1"), Some(("drbd".into(), drbd)));
    let plain = Layout {
        data: volume("xenvg", "b.disk0", 256),
        ..Layout::default()
    };
    assert_eq!(layouts.get("d0"), Some(("plain".into(), plain)));
    let path = |path: &str| Layout {
        path: path.into(),
        ..Layout::default()
    };
    assert_eq!(
        layouts.get("f"),
        Some(("file".into(), path("/srv/f/web1/disk0")))
    );
    assert_eq!(layouts.get("r"), Some(("rbd".into(), path("c.rbd.disk0"))));
    assert_eq!(
        layouts.get("none"),
        Some((String::new(), Layout::default()))
    );
    assert_eq!(layouts.get("d2"), None);
    let odd = Layout {
        ends: vec![end("node1", 0), end("", 0)],
        ..Layout::default()
    };
    assert_eq!(layouts.get("odd"), Some(("drbd".into(), odd)));
    assert!(!format!("{layouts:?}").contains("hush"));
}

#[test]
fn the_file_is_read_when_it_changed_and_trouble_has_words() {
    let root = std::env::temp_dir().join(format!("gantry-layout-{}", std::process::id()));
    std::fs::create_dir_all(root.join("var/lib/ganeti")).unwrap();
    let place = Place::new(root.clone(), None);
    let mut reader = Reader::default();
    let filled = |reader: &mut Reader| {
        reader.refresh(&place);
        let mut disk = Disk {
            uuid: "d0".into(),
            ..Disk::default()
        };
        reader.fill(&mut disk);
        disk.layout
            .and_then(|layout| layout.data)
            .map(|volume| volume.name)
    };
    assert_eq!(filled(&mut reader), None);
    assert_eq!(reader.trouble(), None, "no file");
    std::fs::write(place.data("config.data"), FILE).unwrap();
    assert_eq!(filled(&mut reader).as_deref(), Some("b.disk0"));
    std::fs::write(place.data("config.data"), &FILE[..FILE.len() - 1]).unwrap();
    assert_eq!(
        filled(&mut reader),
        None,
        "what is not known any more is not told"
    );
    let why = reader.trouble().unwrap().to_owned();
    assert!(
        why.starts_with("config.data is not understood: EOF"),
        "{why}"
    );
    std::fs::write(
        place.data("config.data"),
        FILE.replace("b.disk0", "b.disk1"),
    )
    .unwrap();
    assert_eq!(filled(&mut reader).as_deref(), Some("b.disk1"));
    assert_eq!(reader.trouble(), None);
    std::fs::remove_dir_all(root).unwrap();
}

#[test]
fn configurations_of_other_versions_are_read() {
    for version in ["2.16", "3.0", "3.1"] {
        let name = format!("data/cluster_config_{version}.json");
        let Some(text) = crate::probe::lvm::testing::reference(&name) else {
            continue;
        };
        let layouts = Layouts::read(text.as_bytes()).unwrap();
        assert_eq!(layouts.len(), 3);
        let (template, layout) = layouts.get("77ced3a5-6756-49ae-8d1f-274e27664c05").unwrap();
        assert_eq!((template.as_str(), layout.port), ("drbd", 32100));
        assert!(
            layout.ends.iter().all(|end| end.node.starts_with("node")),
            "{layout:?}"
        );
        assert_eq!(
            layout.meta.unwrap().name,
            "5c390722-6a7a-4bb4-9cef-98d896a8e6b1.disk0_meta"
        );
        assert!(!format!("{layouts:?}").contains("d3c3fd47"));
    }
}

proptest! {
    #[test]
    fn no_mangled_file_makes_it_panic(at in 0..FILE.len(), byte: u8, end in 0..=FILE.len()) {
        let mut bytes = FILE.as_bytes().to_vec();
        bytes[at] = byte;
        bytes.truncate(end);
        if let Ok(layouts) = Layouts::read(bytes.as_slice()) {
            layouts.get("d1");
        }
    }
}
