//! What Ganeti noted on this node when it set a device up: `bdev-cache/bdev_drbdN` (on both nodes)
//! and the links in `instance-disks` (on the primary). The role that is noted is that of the set-up
//! and is not read: a live migration does not change it.

use std::path::Path;

use super::{Owner, Owners, index};
use crate::place::Place;

/// All that is noted.
pub fn read(place: &Place) -> Owners {
    let mut owners = links(place, &place.run("instance-disks"));
    // Written later than a link, if both are there.
    owners.extend(cache(place, &place.run("bdev-cache")));
    owners
}

fn cache(place: &Place, directory: &Path) -> Owners {
    let names = place.names(directory).into_iter();
    names
        .filter_map(|name| {
            let minor = name.strip_prefix("bdev_drbd")?.parse().ok()?;
            let text = place.text(&directory.join(name)).ok()?;
            Some((minor, note(&text)?))
        })
        .collect()
}

/// Reads what `bdev_drbdN` has: `INSTANCE ROLE disk/0`.
pub fn note(text: &str) -> Option<Owner> {
    let mut words = text.split_whitespace();
    let instance = words.next()?.to_owned();
    Some(Owner {
        instance,
        disk_index: words.nth(1).and_then(index),
        peer: String::new(),
    })
}

fn links(place: &Place, directory: &Path) -> Owners {
    let names = place.names(directory).into_iter();
    names
        .filter_map(|name| {
            let device = place.link(&directory.join(&name))?;
            let minor = device.to_str()?.strip_prefix("/dev/drbd")?.parse().ok()?;
            Some((minor, link(&name)?))
        })
        .collect()
}

/// Reads the name of a link: `INSTANCE:0`; what stands between is chosen when Ganeti is built.
pub fn link(name: &str) -> Option<Owner> {
    let rest = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let disk_index = name.get(rest.len()..)?.parse().ok()?;
    let mut instance = rest.chars();
    instance.next_back()?;
    Some(Owner {
        instance: instance.as_str().to_owned(),
        disk_index: Some(disk_index),
        peer: String::new(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_kinds_of_notes_are_read() {
        let root = std::env::temp_dir().join(format!("gantry-noted-{}", std::process::id()));
        let run = root.join("var/run/ganeti");
        std::fs::create_dir_all(run.join("bdev-cache")).unwrap();
        std::fs::create_dir_all(run.join("instance-disks")).unwrap();
        let note = |name: &str, text: &str| std::fs::write(run.join("bdev-cache").join(name), text);
        note("bdev_drbd1", "web2.example.test secondary disk/1\n").unwrap();
        note("bdev_drbd2", "db1.example.test primary\n").unwrap();
        note("bdev_drbdx", "db1.example.test primary disk/0\n").unwrap();
        note(
            "bdev_xenvg_x.disk0_data",
            "web2.example.test secondary not_visible\n",
        )
        .unwrap();
        note("bdev_drbd4", "").unwrap();
        let link = |name: &str, to: &str| {
            std::os::unix::fs::symlink(to, run.join("instance-disks").join(name))
        };
        link("web1.example.test:0", "/dev/drbd0").unwrap();
        link("plain1.example.test:0", "/dev/xenvg/x").unwrap();
        link("web9.example.test-12", "/dev/drbd9").unwrap();
        let owners = read(&Place::new(root.clone(), None));
        std::fs::remove_dir_all(root).unwrap();
        let owner = |instance: &str, disk_index| Owner {
            instance: instance.into(),
            disk_index,
            peer: String::new(),
        };
        let expected = Owners::from([
            (0, owner("web1.example.test", Some(0))),
            (1, owner("web2.example.test", Some(1))),
            (2, owner("db1.example.test", None)),
            (9, owner("web9.example.test", Some(12))),
        ]);
        assert_eq!(owners, expected);
    }
}
