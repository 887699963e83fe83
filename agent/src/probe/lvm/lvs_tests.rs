#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::probe::lvm::testing::{mangled, reference};

const ALL: &str = include_str!("../../../tests/data/lvm/lvs-all.json");
const GANETI: &str = include_str!("../../../tests/data/lvm/lvs-ganeti.txt");

#[test]
fn a_real_report_with_every_field_twice_is_read() {
    let parsed = parse(ALL);
    assert_eq!(parsed.complaints, [""; 0]);
    assert_eq!(parsed.list.len(), 2);
    let expected = LogicalVolume {
        name: "1ae5ba25-96e3-49a6-b5a8-f30d8dc231a6.disk1_data".into(),
        vg: "xenvg".into(),
        uuid: "zb4kKM-wQ5B-jM7Q-ziDs-sbLX-rI1b-ayS0Q6".into(),
        bytes: 1 << 30,
        attr: "-wi-ao----".into(),
        dm_minor: Some(4),
        pvs: Vec::new(),
        origin: String::new(),
        tags: vec!["originstname+db1.example.test".into()],
    };
    assert_eq!(parsed.list[0], expected);
    assert_eq!(parsed.list[1].bytes, 128 << 20);
}

#[test]
fn the_table_that_ganeti_asks_for_is_read() {
    let parsed = parse(GANETI);
    assert_eq!(parsed.complaints, [""; 0]);
    assert_eq!(parsed.list.len(), GANETI.lines().count());
    let first = &parsed.list[0];
    assert_eq!((first.vg.as_str(), first.bytes), ("xenvg", 512 << 20));
    assert_eq!(first.name, "1f8571a6-1d3f-4216-b601-26a99ff82657.disk0");
    assert_eq!(first.tags, ["originstname+cache1.example.test"]);
    let node_volumes = "  disk0_data|512.00|/dev/sda5(0),/dev/sdb(12)|xenvg\n";
    let parsed = parse(node_volumes);
    assert_eq!(parsed.list[0].pvs, ["/dev/sda5", "/dev/sdb"]);
    assert_eq!(parsed.list[0].vg, "xenvg");
}

#[test]
fn the_long_table_of_ganetis_collector_is_read() {
    let Some(text) = reference("data/lvs_lv.txt") else {
        return;
    };
    let parsed = parse(&text);
    assert_eq!(parsed.complaints, [""; 0]);
    let sizes: Vec<_> = parsed.list.iter().map(|lv| lv.bytes >> 20).collect();
    assert_eq!(sizes, [1024, 128]);
    assert_eq!(
        (parsed.list[1].dm_minor, parsed.list[1].vg.as_str()),
        (Some(1), "xenvg")
    );
    assert_eq!(parsed.list[1].pvs, ["/dev/sda5"]);
}

#[test]
fn the_table_that_people_ask_for_leaves_places_empty() {
    let text = "  LV            VG    Attr       LSize   Pool  Origin Data%  Meta%  Move Log Cpy%Sync Convert\n  \
                  root          sys   -wi-ao----  20.00g                                                    \n  \
                  snap1         sys   swi-a-s---   1.00g       root   1.24                                   \n  \
                  thin1         sys   Vwi-a-tz--   5.00g pool0        0.00                                   \n";
    let parsed = parse(text);
    assert_eq!(parsed.complaints, [""; 0]);
    let seen: Vec<_> = parsed
        .list
        .iter()
        .map(|lv| (lv.name.as_str(), lv.bytes >> 30, lv.origin.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("root", 20, ""),
            ("snap1", 1, "root"),
            ("thin1", 5, "pool0")
        ]
    );
}

#[test]
fn segments_of_one_volume_are_one_volume() {
    let row = |name: &str, uuid: &str, device: &str| {
        format!(
            r#"{{"lv_name":"{name}","vg_name":"xenvg","lv_uuid":"{uuid}","lv_size":"8388608","lv_kernel_minor":"-1","devices":"{device}"}}"#
        )
    };
    let rows = [
        row("a", "1", "/dev/sda5(0)"),
        row("a", "1", "/dev/sdb(7)"),
        row("a", "2", "/dev/sdc(0)"),
        row("[hidden_tdata]", "3", "/dev/sda5(9)"),
    ];
    let parsed = parse(&format!(r#"{{"report":[{{"lv":[{}]}}]}}"#, rows.join(",")));
    let seen: Vec<_> = parsed
        .list
        .iter()
        .map(|lv| (lv.name.as_str(), lv.pvs.join(" ")))
        .collect();
    let seen: Vec<_> = seen
        .iter()
        .map(|(name, pvs)| (*name, pvs.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("a", "/dev/sda5 /dev/sdb"),
            ("a", "/dev/sdc"),
            ("hidden_tdata", "/dev/sda5")
        ],
        "two groups of one name have a volume each"
    );
    assert_eq!(parsed.list[0].dm_minor, None);
}

#[test]
fn lines_that_cannot_be_read_are_named_and_the_rest_is_kept() {
    let mut lines: Vec<&str> = GANETI.lines().collect();
    lines.insert(2, "  xenvg|half|51");
    lines.insert(
        4,
        "  WARNING: Device for PV x not found or rejected by a filter.",
    );
    let parsed = parse(&lines.join("\n"));
    assert_eq!(parsed.list.len(), GANETI.lines().count());
    assert_eq!(
        parsed.complaints,
        [
            "lvs line 3: not understood: xenvg|half|51",
            "WARNING: Device for PV x not found or rejected by a filter."
        ]
    );
    let cut = ALL.get(..ALL.len() * 2 / 3).unwrap();
    let parsed = parse(cut);
    assert_eq!((parsed.list.len(), parsed.complaints.len()), (1, 1));
    assert!(
        parsed.complaints[0].starts_with("lvs line 6: not understood: {"),
        "{parsed:?}"
    );
    assert!(parsed.complaints[0].len() < 300);
}

proptest! {
    #[test]
    fn no_mangled_report_makes_it_panic(text in mangled(ALL), table in mangled(GANETI)) {
        parse(&text);
        parse(&table);
    }

    #[test]
    fn whole_lines_among_garbage_are_kept(
        junk in proptest::collection::vec("[ -~]{0,30}", 0..8), at in 0..8_usize) {
        // A line of headings would be understood.
        prop_assume!(junk.iter().all(|line| !line.contains("LV") && !line.trim_start().starts_with('{')));
        let mut lines: Vec<&str> = GANETI.lines().collect();
        let at = at.min(lines.len());
        lines.splice(at..at, junk.iter().map(String::as_str));
        let parsed = parse(&lines.join("\n"));
        for whole in &parse(GANETI).list {
            prop_assert!(parsed.list.contains(whole));
        }
    }
}
