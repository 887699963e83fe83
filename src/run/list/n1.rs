//! `gantry n1`

use serde_json::{Value, json};

use super::{Row, fields};
use crate::model::Cluster;
use crate::planner::n1::report::{self, Course, Told};
use crate::planner::n1::words::size;
use crate::planner::n1::{N1, Report, Verdict};

pub const TITLES: &[&str] = &[
    "NODE",
    "IF IT DIES",
    "INSTANCES",
    "AT RISK",
    "LACKS",
    "VERIFY",
    "FAIL_N1",
    "GN1",
    "WHY NOT",
];

pub fn rows(cluster: &Cluster) -> Vec<Row> {
    let (report, present) = Report::of(cluster);
    let Some(mut n1) = present.map(|it| it.n1) else {
        return Vec::new();
    };
    report.rows.iter().map(|it| row(it, &mut n1)).collect()
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "ok",
        Verdict::Unknown => "unknown",
        Verdict::Fails => "fails",
    }
}

fn row(it: &report::Row, n1: &mut N1) -> Row {
    let verdict = if it.offline {
        "offline"
    } else {
        word(it.verdict)
    };
    let [verify, fail_n1, gn1] = it.kinds.map(word);
    let fails = it.verdict == Verdict::Fails;
    let fall = n1.fall(&it.node).unwrap_or_default();
    let reason = Some(&it.reason).filter(|reason| !reason.is_empty());
    let restart = fall.courses.iter().filter(|course| course.to.is_some());
    let fields = fields(json!({
        "node": &*it.node,
        "verdict": verdict,
        "verify": verify,
        "fail_n1": fail_n1,
        "gn1": gn1,
        "instances": it.instances,
        "at_risk": (it.verdict != Verdict::Unknown).then_some(it.at_risk),
        "by": fails.then(|| it.kind.word()),
        "memory_missing": (it.verdict != Verdict::Unknown).then_some(it.missing),
        "reason": reason,
        "stranded": it.stranded.iter().map(stranded).collect::<Vec<_>>(),
        "restart": restart.map(course).collect::<Vec<_>>(),
        "differences": fall.differences,
    }));
    let known = |text: String| {
        if it.verdict == Verdict::Unknown {
            "?".to_owned()
        } else {
            text
        }
    };
    let cells = vec![
        it.node.to_string(),
        verdict.to_owned(),
        it.instances.to_string(),
        known(it.at_risk.to_string()),
        known(if it.missing > 0 {
            size(it.missing)
        } else {
            "-".to_owned()
        }),
        verify.to_owned(),
        fail_n1.to_owned(),
        gn1.to_owned(),
        it.reason.clone(),
    ];
    Row {
        key: it.node.to_string(),
        fields,
        cells,
    }
}

fn stranded(it: &Told) -> Value {
    json!({
        "instance": &*it.instance,
        "by": it.kind.word(),
        "node": it.node.as_deref(),
        "lacks": it.lack,
        "missing": it.missing,
        "text": it.text,
    })
}

fn course(it: &Course) -> Value {
    let (least, most) = it.memory;
    json!({
        "instance": &*it.instance,
        "node": it.to.as_deref(),
        "memory": most,
        "memory_min": least,
        "template": it.template,
        "note": Some(&it.note).filter(|note| !note.is_empty()),
    })
}
