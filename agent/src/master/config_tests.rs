#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::luxi::fake::{FakeLuxid, Reply, canned, capture};

fn luxid(capture: Value) -> FakeLuxid {
    FakeLuxid::start(canned(capture, |_, _| {
        Reply::result(&json!({ "data": [] }))
    }))
}

fn at(mono_ms: u64) -> Moment {
    Moment {
        mono_ms,
        wall_ms: 0,
    }
}

/// As a reader has it that is asked the first time, with this `config.data`.
pub fn read(capture: Value, file: &str) -> ConfigPart {
    let fake = luxid(capture);
    let place = Place::new(fake.root().into(), None);
    std::fs::write(place.data("config.data"), file).unwrap();
    let mut client = Client::new(fake.socket(), std::time::Duration::from_secs(60));
    round(&mut Reader::default(), &mut client, &place, 0).unwrap()
}

/// What one round tells, which must be one part at most.
fn round(reader: &mut Reader, client: &mut Client, place: &Place, now: u64) -> Option<ConfigPart> {
    let mut parts = Vec::new();
    reader
        .refresh(client, place, at(now), &mut |part| parts.push(part))
        .unwrap();
    assert!(parts.len() <= 1);
    parts.pop()
}

#[test]
fn a_real_cluster_is_understood() {
    let part = read(capture(), "");
    assert!(part.whole && part.last && part.source == Source::Luxi);
    let cluster = part.cluster.unwrap();
    assert_eq!(cluster.name, "cluster");
    assert_eq!(cluster.software_version, "3.0.2");
    assert_eq!(cluster.hypervisors, ["fake"]);
    assert_eq!(cluster.volume_group, "", "no LVM");
    assert_eq!(cluster.tags, ["prod"]);

    let roles: Vec<_> = part
        .nodes
        .iter()
        .map(|n| (n.name.as_str(), n.role.as_str()))
        .collect();
    assert_eq!(roles, [("node1", "M"), ("node2", "C"), ("node3", "D")]);
    let node = &part.nodes[1];
    assert_eq!((node.ssh_port, node.spindle_count), (2222, 3));
    assert_eq!(node.powered, None, "no out-of-band program");

    let files = part.instances.iter().find(|i| i.name == "files1").unwrap();
    assert_eq!((files.vcpus, files.minmem, files.maxmem), (2, 64, 128));
    assert!(!files.auto_balance);
    assert_eq!(files.tags, ["alpha", "zeta"]);
    let disks: Vec<_> = files
        .disks
        .iter()
        .map(|d| (d.size, d.name.as_str()))
        .collect();
    assert_eq!(disks, [(64, "root"), (32, "")]);
    assert_eq!(files.nics[0].network, "net1");
    assert_eq!(
        (files.nics[1].mode.as_str(), files.nics[1].link.as_str()),
        ("routed", "200")
    );
    let network = &part.networks[0];
    assert_eq!(
        (network.network.as_str(), network.free, network.reserved),
        ("192.0.2.0/24", 252, 4)
    );
    assert_eq!(network.groups, ["default", "rack2"]);
}

#[test]
fn luxid_is_asked_after_a_change_of_the_file_and_once_more_but_not_otherwise() {
    let fake = luxid(capture());
    let place = Place::new(fake.root().into(), None);
    let mut client = Client::new(fake.socket(), std::time::Duration::from_secs(60));
    let file = place.data("config.data");
    let mut reader = Reader::default();
    let asked = || fake.requests.lock().unwrap().len();
    let mut round = |now| round(&mut reader, &mut client, &place, now);

    std::fs::write(&file, "1").unwrap();
    assert!(round(0).is_some());
    let once = asked();
    assert!(round(1000).is_none() && round(4000).is_none());
    assert_eq!(asked(), once);
    assert!(round(5000).is_none(), "nothing is new");
    assert_eq!(
        asked(),
        2 * once,
        "but luxid was asked again, in case it was late"
    );
    assert!(round(60_000).is_none());
    assert_eq!(asked(), 2 * once);

    std::fs::write(&file, "22").unwrap();
    round(60_500);
    assert_eq!(asked(), 3 * once);
    std::fs::write(&file, "333").unwrap();
    round(61_500);
    assert_eq!(asked(), 3 * once, "too soon");
    round(62_500);
    assert_eq!(asked(), 4 * once);
}

#[test]
fn only_what_changed_is_told_and_names_are_learnt() {
    let fake = luxid(capture());
    let place = Place::new(fake.root().into(), None);
    let mut client = Client::new(fake.socket(), std::time::Duration::from_secs(60));
    let mut reader = Reader::default();
    let first = round(&mut reader, &mut client, &place, 0).unwrap();
    let node = &first.nodes[0];
    assert_eq!(reader.name(&node.uuid), Some("node1"));

    let mut later = capture();
    later["instance"][1]["be/vcpus"] = json!([0, 4]);
    later["instance"].as_array_mut().unwrap().remove(0);
    fake.answer(canned(later, |_, _| Reply::Nothing));
    std::fs::write(place.data("config.data"), "2").unwrap();
    let second = round(&mut reader, &mut client, &place, 9000).unwrap();
    assert!(!second.whole && second.cluster.is_none() && second.nodes.is_empty());
    assert_eq!(second.instances.len(), 1);
    assert_eq!(second.instances[0].vcpus, 4);
    assert_eq!(second.gone.instances, [first.instances[0].name.clone()]);
}

#[test]
fn a_large_cluster_comes_in_parts_that_add_up() {
    let mut large = capture();
    let like = large["instance"][0].clone();
    let instances = (0..600).map(|n| {
        let mut instance = like.clone();
        instance["name"] = json!([0, format!("web{n:03}")]);
        instance
    });
    large["instance"] = instances.collect();
    let fake = luxid(large);
    let place = Place::new(fake.root().into(), None);
    let mut client = Client::new(fake.socket(), std::time::Duration::from_secs(60));
    let mut parts = Vec::new();
    let mut reader = Reader::default();
    reader
        .refresh(&mut client, &place, at(0), &mut |part| parts.push(part))
        .unwrap();
    let shape: Vec<_> = parts
        .iter()
        .map(|p| (p.whole, p.last, p.instances.len()))
        .collect();
    assert_eq!(
        shape,
        [(true, false, 250), (false, false, 250), (false, true, 100)]
    );
    assert!(
        parts
            .iter()
            .all(|part| part.revision == 1 && part.source == Source::Luxi)
    );
    assert!(parts[0].cluster.is_some() && parts[1].nodes.is_empty());
    std::fs::write(place.data("config.data"), "2").unwrap();
    assert_eq!(round(&mut reader, &mut client, &place, 9000), None);
}

#[test]
fn a_look_that_was_broken_off_is_told_anew() {
    let fake = luxid(capture());
    let place = Place::new(fake.root().into(), None);
    let mut client = Client::new(fake.socket(), std::time::Duration::from_secs(60));
    let mut reader = Reader::default();
    round(&mut reader, &mut client, &place, 0).unwrap();
    std::fs::write(place.data("config.data"), "2").unwrap();
    let mut whole = canned(capture(), |_, _| Reply::Nothing);
    fake.answer(move |method, arguments| match method {
        "QueryInstances" => Reply::exception("LockError", "not now"),
        _ => whole(method, arguments),
    });
    let mut told = 0;
    assert!(
        reader
            .refresh(&mut client, &place, at(9000), &mut |_| told += 1)
            .is_err()
    );
    assert_eq!(told, 0);
    fake.answer(canned(capture(), |_, _| Reply::Nothing));
    let again = round(&mut reader, &mut client, &place, 12_000).unwrap();
    assert!(again.whole && again.instances.len() == 7);
}

#[test]
fn where_disks_lie_is_added_and_its_change_is_news() {
    let file = include_str!("../../tests/data/config.data");
    let fake = luxid(capture());
    let place = Place::new(fake.root().into(), None);
    let mut client = Client::new(fake.socket(), std::time::Duration::from_secs(60));
    let mut reader = Reader::default();
    std::fs::write(place.data("config.data"), file).unwrap();
    let first = round(&mut reader, &mut client, &place, 0).unwrap();
    let path = |part: &ConfigPart| {
        let files = part.instances.iter().find(|it| it.name == "files1");
        let disk = files.unwrap().disks[0].clone();
        (disk.template, disk.layout.unwrap().path)
    };
    let (template, before) = path(&first);
    assert_eq!(template, "file");
    assert!(before.contains("/files1/"), "{before}");
    std::fs::write(
        place.data("config.data"),
        file.replace(&before, "/srv/elsewhere"),
    )
    .unwrap();
    let second = round(&mut reader, &mut client, &place, 9000).unwrap();
    assert!(!second.whole && second.instances.len() == 1);
    assert_eq!(path(&second), ("file".into(), "/srv/elsewhere".into()));
    assert_eq!(reader.layout_trouble(), None);
    std::fs::write(place.data("config.data"), "{").unwrap();
    let third = round(&mut reader, &mut client, &place, 18_000).unwrap();
    assert_eq!(
        third.instances[0].disks[0].layout, None,
        "not known any more"
    );
    assert!(
        reader
            .layout_trouble()
            .is_some_and(|why| why.contains("not understood"))
    );
}
