//! LVM in an archive: what `vgs`, `pvs` and `lvs` printed, in any of their forms.

use gantry_wire::node::Missing;
use gantry_wire::storage::{Lvm, Storage};

use super::files::Files;
use super::{miss, refused};
use crate::place::Unread;
use crate::probe::lvm::{Parsed, lvs, pvs, vgs};

/// The groups, and the volumes with all complaints; each absent if it is not there. Of the volumes'
/// two lists, one that is not there beside the other is noted.
pub fn read(files: &Files, missing: &mut Vec<Missing>) -> (Option<Storage>, Option<Lvm>) {
    let vgs = parsed(files, "vgs", vgs::parse);
    let pvs = parsed(files, "pvs", pvs::parse);
    let lvs = parsed(files, "lvs", lvs::parse);
    refused(files, missing, "lvm");
    let mut complaints: Vec<String> = Vec::new();
    let said = [
        vgs.as_ref().map(|it| &it.complaints),
        pvs.as_ref().map(|it| &it.complaints),
        lvs.as_ref().map(|it| &it.complaints),
    ];
    for complaint in said.into_iter().flatten().flatten() {
        if !complaints.contains(complaint) {
            complaints.push(complaint.clone());
        }
    }
    let storage = vgs.map(|vgs| Storage {
        vgs: vgs.list,
        ..Storage::default()
    });
    if pvs.is_none() && lvs.is_none() && complaints.is_empty() {
        return (storage, None);
    }
    for (program, is_there) in [("pvs", pvs.is_some()), ("lvs", lvs.is_some())] {
        let file = format!("commands/{program}");
        // One that cannot be read was noted.
        let noted = missing.iter().any(|it| it.why.starts_with(&file));
        if !is_there && !noted {
            miss(missing, "lvm", format!("{file}: {}", Unread::Absent));
        }
    }
    let lvm = Lvm {
        pvs: pvs.map(|it| it.list).unwrap_or_default(),
        lvs: lvs.map(|it| it.list).unwrap_or_default(),
        complaints,
    };
    (storage, Some(lvm))
}

fn parsed<T>(
    files: &Files,
    program: &str,
    parse: impl FnOnce(&str) -> Parsed<T>,
) -> Option<Parsed<T>> {
    let text = files.output(program).ok()?;
    Some(parse(&text))
}
