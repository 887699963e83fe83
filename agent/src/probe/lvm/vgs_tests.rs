#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::probe::lvm::testing::{mangled, reference};

const ALL: &str = include_str!("../../../tests/data/lvm/vgs-all.json");

fn xenvg() -> VolumeGroup {
    VolumeGroup {
        name: "xenvg".into(),
        uuid: "SoQLfz-qsuD-TBRc-ueKQ-Yo3T-Dnqc-KowRxE".into(),
        total: 24_572,
        free: 21_372,
        attr: "wz--n-".into(),
        extent_kib: 4096,
        pvs: 1,
        missing_pvs: 0,
        lvs: 10,
        tags: Vec::new(),
    }
}

#[test]
fn a_real_report_with_every_field_twice_is_read() {
    let parsed = parse(ALL);
    assert_eq!(parsed.list, [xenvg()]);
    assert_eq!(parsed.complaints, [""; 0]);
}

#[test]
fn sizes_in_mib_are_rounded_as_ganeti_rounds() {
    let text = r#"{"report": [{"vg": [
        {"vg_name":"xenvg", "vg_size":"24572.00", "vg_free":"21371.60"},
        {"vg_name":"other", "vg_size":"<10.00", "vg_free":"0"}]}]}"#;
    let parsed = parse(text);
    let sizes: Vec<_> = parsed
        .list
        .iter()
        .map(|vg| (vg.name.as_str(), vg.total, vg.free))
        .collect();
    assert_eq!(sizes, [("xenvg", 24_572, 21_372), ("other", 10, 0)]);
}

#[test]
fn warnings_anywhere_are_complaints_and_cost_nothing() {
    let warning =
        "  WARNING: PV /dev/sdb in VG xenvg is using an old PV header, modify the VG to update.";
    let lines: Vec<&str> = ALL.lines().collect();
    for at in 0..=lines.len() {
        let mut lines = lines.clone();
        lines.insert(at, warning);
        let parsed = parse(&lines.join("\n"));
        assert_eq!(parsed.list, [xenvg()], "at line {at}");
        assert_eq!(parsed.complaints, [warning.trim()], "at line {at}");
    }
}

#[test]
fn a_warning_printed_into_a_row_is_taken_out_of_it() {
    let at = ALL.find(r#"", "vg_uuid""#).unwrap();
    let (before, after) = ALL.split_at(at);
    let text = format!("{before}  WARNING: Device /dev/sdc has no PVID.\n{after}");
    let parsed = parse(&text);
    assert_eq!(parsed.list, [xenvg()]);
    assert_eq!(parsed.complaints, ["WARNING: Device /dev/sdc has no PVID."]);
}

#[test]
fn a_report_of_a_later_version_has_numbers_and_lists() {
    let text = r#"{"version": 9, "report": [{"vg": [
        {"vg_name": "xenvg", "vg_size": 25765609472, "vg_free": 22410166272, "vg_new": {"a": [1, {}]},
         "vg_extent_size": 4194304, "pv_count": 1, "lv_count": 10, "vg_missing_pv_count": 2,
         "vg_tags": ["a", "b"], "vg_uuid": null, "vg_attr": "wz-pn-"}]}],
        "log": [{"log_seq_num": 1}]}"#;
    let expected = VolumeGroup {
        uuid: String::new(),
        tags: vec!["a".into(), "b".into()],
        missing_pvs: 2,
        attr: "wz-pn-".into(),
        ..xenvg()
    };
    assert_eq!(parse(text).list, [expected]);
    let odd =
        r#"{"report":[{"vg":[{"vg_name":7,"vg_size":"nan","vg_free":"-1"}, 5, [1], null, true]}]}"#;
    let parsed = parse(odd);
    assert_eq!(parsed.list.len(), 1);
    assert_eq!(
        parsed.complaints,
        [
            "vgs: 4 rows without vg_name",
            "vgs 7: vg_size: nan is no size",
            "vgs 7: vg_free: -1 is no size"
        ]
    );
}

#[test]
fn two_groups_of_one_name_are_two() {
    let text = ALL.replace(
        "              ]",
        r#"  ,{"vg_name":"xenvg","vg_uuid":"other","vg_size":"4194304B","vg_free":"0B","vg_attr":"wz--n-"}
              ]"#,
    );
    let parsed = parse(&text);
    let uuids: Vec<_> = parsed.list.iter().map(|vg| vg.uuid.as_str()).collect();
    assert_eq!(uuids, [xenvg().uuid.as_str(), "other"]);
}

#[test]
fn tables_are_read_with_and_without_headings() {
    let plain = "  VG        #PV #LV #SN Attr   VSize   VFree \n  \
                   data+x-1    2  52   0 wz-pn-   1.31t  1.07t\n  \
                   xenvg       1  10   0 wz--n- <24.00g 20.87g\n";
    let parsed = parse(plain);
    assert_eq!(parsed.complaints, [""; 0]);
    let data = &parsed.list[0];
    assert_eq!(
        (data.name.as_str(), data.pvs, data.lvs),
        ("data+x-1", 2, 52)
    );
    assert_eq!((data.total, data.free), (1_373_635, 1_121_976));
    assert_eq!(data.missing_pvs, 1, "one at least");
    assert_eq!(parsed.list[1].total, 24_576);
    let ganeti = "  xenvg|21372.00|24572.00\n  broken\n";
    let parsed = parse(ganeti);
    assert_eq!(
        (parsed.list[0].total, parsed.list[0].free),
        (24_572, 21_372)
    );
    assert_eq!(parsed.complaints, ["vgs line 2: not understood: broken"]);
    let chosen = "  VG;VFree;VG UUID;VSize;VG Tags\n  xenvg;1.00g;abc;2.00g;a,b\n";
    let parsed = parse(chosen);
    let group = &parsed.list[0];
    assert_eq!(
        (group.total, group.free, group.uuid.as_str()),
        (2048, 1024, "abc")
    );
    assert_eq!(group.tags, ["a", "b"]);
}

#[test]
fn what_is_cut_off_is_kept_up_to_there() {
    let two = ALL.replace("              ]", "  ,\n{\"vg_name\":\"cut\", \"vg_si");
    let parsed = parse(two.lines().take(7).collect::<Vec<_>>().join("\n").as_str());
    assert_eq!(parsed.list, [xenvg()]);
    assert_eq!(
        parsed.complaints,
        [r#"vgs line 7: not understood: {"vg_name":"cut", "vg_si"#]
    );
    assert_eq!(parse("").complaints, [""; 0]);
    assert_eq!(parse("{}").complaints, ["vgs: no report in it"]);
    assert_eq!(
        parse("  Volume group \"xenvg\" not found\n").complaints,
        ["Volume group \"xenvg\" not found"]
    );
}

#[test]
fn many_complaints_are_counted() {
    let text: String = (0..100).map(|n| format!("WARNING: {n}\n")).collect();
    let complaints = parse(&text).complaints;
    assert_eq!(
        (complaints.len(), complaints[20].as_str()),
        (21, "and 80 more")
    );
}

#[test]
fn reports_of_others_with_missing_devices_are_read() {
    let Some(old) = reference("data/vgs-missing-pvs-2.02.02.txt") else {
        return;
    };
    let parsed = parse(&old);
    assert!(parsed.list.is_empty());
    assert_eq!(parsed.complaints.len(), 3);
    let parsed = parse(&reference("data/vgs-missing-pvs-2.02.66.txt").unwrap());
    assert_eq!((parsed.list.len(), parsed.complaints.len()), (1, 1));
    assert_eq!((parsed.list[0].missing_pvs, parsed.list[0].lvs), (1, 52));
}

proptest! {
    #[test]
    fn no_mangled_report_makes_it_panic(text in mangled(ALL)) {
        let parsed = parse(&text);
        prop_assert!(parsed.list.len() <= 2);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,300}") {
        parse(&text);
    }

    #[test]
    fn names_of_any_kind_are_kept(name in "[a-zA-Z0-9+_.-]{1,40}", mib in 0..1_u64 << 40) {
        let json = serde_json::json!({"report": [{"vg": [{
            "vg_name": name, "vg_size": format!("{}", mib << 20), "vg_attr": "wz--n-"}]}]});
        let table = format!("{name}|{mib}.00|{mib}.00\n");
        for text in [json.to_string(), serde_json::to_string_pretty(&json).unwrap(), table] {
            let parsed = parse(&text);
            prop_assert_eq!(&parsed.complaints, &[""; 0]);
            prop_assert_eq!((&parsed.list[0].name, parsed.list[0].total), (&name, mib));
        }
    }
}
