#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::luxi::fake::capture;

/// A real cluster's file, of the same moment as the capture of LUXI.
const FILE: &str = include_str!("../../tests/data/config.data");

fn part(text: &str) -> ConfigPart {
    serde_json::from_str::<Config>(text).unwrap().part()
}

#[test]
fn the_file_says_the_same_as_luxi() {
    let mut file = part(FILE);
    let mut luxi = super::super::config::tests::read(capture(), FILE);
    // The file does not have it.
    luxi.cluster.as_mut().unwrap().software_version = String::new();
    assert_eq!(file.cluster, luxi.cluster);
    macro_rules! same {
        ($($kind:ident),*) => { $(
            file.$kind.sort_by(|a, b| a.name.cmp(&b.name));
            luxi.$kind.sort_by(|a, b| a.name.cmp(&b.name));
            assert_eq!(file.$kind, luxi.$kind);
        )* };
    }
    same!(groups, nodes, instances, networks);
}

#[test]
fn a_mirrored_disk_names_the_secondary_and_its_secret_stays() {
    let text = r#"{
        "nodes": {"n1": {"name": "node1"}, "n2": {"name": "node2", "offline": true}},
        "cluster": {"beparams": {"default": {"vcpus": 1, "auto_balance": true}},
                    "ndparams": {"ssh_port": 22, "cpu_speed": 1.5}},
        "instances": {"i1": {"name": "web1", "primary_node": "n2", "disks": ["d1", "d2"],
                             "beparams": {"vcpus": 4}, "os": null, "tags": null}},
        "disks": {"d1": {"dev_type": "drbd", "size": 512,
                         "logical_id": ["n1", "n2", 11000, 0, 1, "hush-hush"]},
                  "d2": {"dev_type": "plain", "size": 256, "logical_id": ["xenvg", "x"]}}}"#;
    let part = part(text);
    let instance = &part.instances[0];
    assert_eq!(instance.primary, "node2");
    assert_eq!(instance.secondaries, ["node1"]);
    assert_eq!(instance.disk_template, "mixed");
    assert_eq!((instance.vcpus, instance.auto_balance), (4, true));
    assert_eq!(
        (part.nodes[1].role.as_str(), part.nodes[1].cpu_speed),
        ("O", 1.5)
    );
    assert!(!serde_json::to_string(&part).unwrap().contains("hush"));
}

#[test]
fn changes_of_the_file_are_told_and_trouble_has_words() {
    let root = std::env::temp_dir().join(format!("gantry-file-{}", std::process::id()));
    std::fs::create_dir_all(root.join("var/lib/ganeti")).unwrap();
    let place = Place::new(root.clone(), None);
    let at = |mono_ms| Moment {
        mono_ms,
        wall_ms: 0,
    };
    let mut reader = Reader::default();
    assert_eq!(reader.refresh(&place, at(0)), Ok(None), "not a candidate");
    std::fs::write(place.data("config.data"), "{").unwrap();
    let error = reader.refresh(&place, at(3000)).unwrap_err();
    assert!(error.contains("not understood"), "{error}");
    std::fs::write(place.data("config.data"), FILE).unwrap();
    let first = reader.refresh(&place, at(6000)).unwrap().unwrap();
    assert!(first.whole && first.at > 0.0);
    assert_eq!(reader.refresh(&place, at(9000)), Ok(None));
    let more = FILE.replace("\"node3\"", "\"node4\"");
    std::fs::write(place.data("config.data"), more + " ").unwrap();
    let second = reader.refresh(&place, at(12_000)).unwrap().unwrap();
    assert_eq!(second.gone.nodes, ["node3"]);
    assert!(!second.whole);
    std::fs::remove_dir_all(root).unwrap();
}
