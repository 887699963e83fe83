//! The steps of each opcode, and the beginnings of the lines that belong to them. Ganeti 3.0 and 3.1 write the same
//! lines.

/// A step and what is written in it.
pub struct Part {
    /// What is done.
    pub words: &'static str,
    /// Beginnings of its lines.
    lines: &'static [&'static str],
    /// Only if the instance's disks are DRBD's.
    mirrored: bool,
}

impl Part {
    /// A line belongs to this step.
    pub fn has(&self, line: &str) -> bool {
        self.lines.iter().any(|begin| line.starts_with(begin))
    }
}

const fn part(words: &'static str, lines: &'static [&'static str]) -> Part {
    Part {
        words,
        lines,
        mirrored: false,
    }
}

const fn of_drbd(words: &'static str, lines: &'static [&'static str]) -> Part {
    Part {
        words,
        lines,
        mirrored: true,
    }
}

const COMPARE: &[&str] = &["checking disk consistency", "not checking disk consistency"];

const MIGRATE: &[Part] = &[
    part("compares the disks", COMPARE),
    of_drbd(
        "makes both nodes primary for the disks",
        &[
            "closing instance disks",
            "changing into standalone",
            "changing disks into dual-master",
            "wait until resync",
            "opening instance disks",
        ],
    ),
    part("gets the other node ready", &["preparing "]),
    part(
        "moves the memory",
        &[
            "migrating instance to",
            "starting memory transfer",
            "memory transfer progress",
            "memory transfer has switched",
        ],
    ),
    part("lets it run there", &["memory transfer complete"]),
    of_drbd(
        "makes one node primary again",
        &[
            "closing instance disks",
            "wait until resync",
            "changing into standalone",
            "changing disks into single-master",
            "done",
        ],
    ),
];

const CLEANUP: &[Part] = &[
    part("looks where it runs", &["checking where the instance"]),
    part(
        "corrects the configuration",
        &["instance running on secondary", "instance confirmed to be"],
    ),
    of_drbd(
        "makes one node primary again",
        &[
            "closing instance disks",
            "wait until resync",
            "changing into standalone",
            "changing disks into single-master",
            "done",
        ],
    ),
];

const FAILOVER: &[Part] = &[
    part("compares the disks", COMPARE),
    part("shuts it down", &["shutting down instance on source"]),
    part(
        "takes its disks down",
        &["deactivating the instance's disks"],
    ),
    part(
        "brings its disks up there",
        &["activating the instance's disks"],
    ),
    part("starts it there", &["starting the instance on the target"]),
];

const REPLACE: &[Part] = &[
    part("looks for the disks", &["STEP 1/6"]),
    part("compares with the other half", &["STEP 2/6"]),
    part("makes new volumes", &["STEP 3/6"]),
    part("puts DRBD onto them", &["STEP 4/6"]),
    part("copies", &["STEP 5/6 Sync", "STEP 6/6 Sync"]),
    part("removes the old volumes", &["STEP 6/6 Removing"]),
];

/// The old volumes go first.
const REPLACE_EARLY: &[Part] = &[
    part("looks for the disks", &["STEP 1/6"]),
    part("compares with the other half", &["STEP 2/6"]),
    part("makes new volumes", &["STEP 3/6"]),
    part("puts DRBD onto them", &["STEP 4/6"]),
    part("removes the old volumes", &["STEP 5/6 Removing"]),
    part("copies", &["STEP 6/6 Sync"]),
];

const GROW: &[Part] = &[
    part("makes it larger", &["Growing disk"]),
    of_drbd("copies the new part", &["Waiting for instance"]),
];

const RECREATE: &[Part] = &[
    // Only what is wiped is written of.
    part("makes new volumes", &["Wiping disk"]),
    of_drbd("copies", &["Waiting for instance"]),
];

const MOVE: &[Part] = &[
    part("shuts it down", &["Shutting down instance"]),
    part("copies", &["disk/", "Copying data for disk"]),
    part("removes the old volumes", &["Removing the disks"]),
    part("starts it there", &["Starting instance"]),
];

/// The steps of an opcode that has written these lines.
pub fn of(opcode: &str, lines: &[&str], mirrored: bool) -> Option<Vec<&'static Part>> {
    let wrote = |begin: &str| lines.iter().any(|line| line.starts_with(begin));
    let parts = match opcode {
        "INSTANCE_MIGRATE" if wrote("checking where the instance") => CLEANUP,
        // It was allowed to, and had to.
        "INSTANCE_MIGRATE" if wrote("Failover instance") => FAILOVER,
        "INSTANCE_MIGRATE" => MIGRATE,
        "INSTANCE_FAILOVER" => FAILOVER,
        "INSTANCE_REPLACE_DISKS" if wrote("STEP 5/6 Removing") => REPLACE_EARLY,
        "INSTANCE_REPLACE_DISKS" => REPLACE,
        "INSTANCE_GROW_DISK" => GROW,
        "INSTANCE_RECREATE_DISKS" => RECREATE,
        "INSTANCE_MOVE" => MOVE,
        _ => return None,
    };
    let fits = |part: &&Part| mirrored || !part.mirrored;
    Some(parts.iter().filter(fits).collect())
}
