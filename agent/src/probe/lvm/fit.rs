//! A node with more volumes than one frame can carry tells as many as it can.

use gantry_wire::storage::Lvm;
use serde::Serialize;

/// Leaves out the last physical and logical volumes that make it longer than `limit` bytes as JSON,
/// and says how many.
pub fn fit(lvm: &mut Lvm, limit: usize) {
    let mut left = limit;
    let pvs = cut(&mut lvm.pvs, &mut left);
    let lvs = cut(&mut lvm.lvs, &mut left);
    for (count, what) in [(pvs, "physical"), (lvs, "logical")] {
        if count > 0 {
            let complaint =
                format!("{count} more {what} volumes are not told: they are too many for a frame");
            lvm.complaints.push(complaint);
        }
    }
}

/// Cuts off what there is no more room for; how many.
fn cut(list: &mut Vec<impl Serialize>, left: &mut usize) -> usize {
    let fits = list.iter().take_while(|item| {
        let bytes = serde_json::to_vec(item).map_or(0, |bytes| bytes.len() + 1);
        let room = left.checked_sub(bytes);
        *left = room.unwrap_or(0);
        room.is_some()
    });
    let kept = fits.count();
    let over = list.len().saturating_sub(kept);
    list.truncate(kept);
    over
}

#[cfg(test)]
mod tests {
    use gantry_wire::storage::{LogicalVolume, PhysicalVolume};
    use proptest::prelude::*;

    use super::*;

    fn lvm(pvs: usize, lvs: usize) -> Lvm {
        let volume = |at: usize| LogicalVolume {
            name: format!("disk{at}_data"),
            ..LogicalVolume::default()
        };
        Lvm {
            pvs: vec![PhysicalVolume::default(); pvs],
            lvs: (0..lvs).map(volume).collect(),
            complaints: vec!["WARNING: oh".into()],
        }
    }

    #[test]
    fn what_fits_is_left_as_it_is() {
        let mut all = lvm(2, 20);
        fit(&mut all, 100_000);
        assert_eq!(all, lvm(2, 20));
    }

    #[test]
    fn volumes_that_are_left_out_are_counted() {
        let mut all = lvm(1, 1000);
        fit(&mut all, 20_000);
        assert!(all.pvs.len() == 1 && all.lvs.len() > 50);
        let words = format!(
            "{} more logical volumes are not told: they are too many for a frame",
            1000 - all.lvs.len()
        );
        assert_eq!(all.complaints, ["WARNING: oh", words.as_str()]);
    }

    proptest! {
        #[test]
        fn it_is_never_longer(pvs in 0..30_usize, lvs in 0..30_usize, limit in 0..5000_usize) {
            let mut all = lvm(pvs, lvs);
            all.complaints.clear();
            fit(&mut all, limit);
            let told = pvs + lvs - all.pvs.len() - all.lvs.len();
            prop_assert_eq!(told > 0, !all.complaints.is_empty());
            all.complaints.clear();
            let empty = serde_json::to_vec(&Lvm::default()).unwrap_or_default().len();
            let bytes = serde_json::to_vec(&all).unwrap_or_default().len();
            prop_assert!(bytes <= limit + empty, "{} of {}", bytes, limit);
        }
    }
}
