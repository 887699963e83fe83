#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::probe::lvm::testing::mangled;

/// As LVM 2.03 prints it of a group that lost a disk, with a disk that is in no group.
const JSON: &str = r#"  WARNING: Couldn't find device with uuid gg4cmC-4lrT-EN1v-39OA-6S2b-6eEI-wWlJJJ.
  WARNING: VG xenvg is missing PV gg4cmC-4lrT-EN1v-39OA-6S2b-6eEI-wWlJJJ (last written to /dev/sdb).
  {
      "report": [
          {
              "pv": [
                  {"pv_name":"/dev/sda5", "pv_uuid":"aaaaaa-1", "vg_name":"xenvg", "pv_size":"107369988096", "pv_free":"1073741824", "pv_attr":"a--", "pv_tags":""},
                  {"pv_name":"[unknown]", "pv_uuid":"gg4cmC-4lrT-EN1v-39OA-6S2b-6eEI-wWlJJJ", "vg_name":"xenvg", "pv_size":"107369988096", "pv_free":"0", "pv_attr":"a-m", "pv_tags":"slow,old"},
                  {"pv_name":"/dev/sdc", "pv_uuid":"cccccc-3", "vg_name":"", "pv_size":"2147483648", "pv_free":"2147483648", "pv_attr":"---", "pv_tags":""}
              ]
          }
      ]
  }
"#;

#[test]
fn missing_ones_are_marked() {
    let parsed = parse(JSON);
    assert_eq!(parsed.complaints.len(), 2);
    let [good, missing, free] = &parsed.list[..] else {
        unreachable!("three volumes")
    };
    assert_eq!(
        (good.name.as_str(), good.total, good.free, good.missing),
        ("/dev/sda5", 102_396, 1024, false)
    );
    assert_eq!((missing.name.as_str(), missing.missing), (UNKNOWN, true));
    assert_eq!(missing.tags, ["slow", "old"]);
    assert_eq!((free.vg.as_str(), free.total), ("", 2048));
}

#[test]
fn tables_leave_places_empty() {
    let text = "  PV             VG     Fmt  Attr PSize   PFree  \n  \
                  /dev/sda5      xenvg  lvm2 a--  <99.99g  1.00g\n  \
                  unknown device xenvg  lvm2 a-m   99.99g     0 \n  \
                  /dev/sdc              lvm2 ---    2.00g  2.00g\n";
    let parsed = parse(text);
    assert_eq!(parsed.complaints, [""; 0]);
    let seen: Vec<_> = parsed
        .list
        .iter()
        .map(|pv| (pv.name.as_str(), pv.vg.as_str(), pv.free, pv.missing))
        .collect();
    assert_eq!(
        seen,
        [
            ("/dev/sda5", "xenvg", 1024, false),
            (UNKNOWN, "xenvg", 0, true),
            ("/dev/sdc", "", 2048, false)
        ]
    );
    let ganeti = "  /dev/sda5|xenvg|1024.00|a--|102396.00\n";
    let parsed = parse(ganeti);
    assert_eq!((parsed.list[0].free, parsed.list[0].total), (1024, 102_396));
}

proptest! {
    #[test]
    fn no_mangled_report_makes_it_panic(text in mangled(JSON)) {
        parse(&text);
    }

    #[test]
    fn rows_beside_a_broken_one_are_kept(junk in "[a-z\"{},:]{1,40}") {
        let text = JSON.replace("              ]", &format!("{{{junk}\n              ]"));
        let parsed = parse(&text);
        prop_assert!(parsed.list.len() >= 3, "{parsed:?}");
    }
}
