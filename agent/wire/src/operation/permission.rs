//! What must be permitted for an operation.

use super::check::GENTLE_S;
use super::{Operation, RebootType};

/// A word of `--allow`. Most are operations' names; forced variants have one of their own, which
/// the plain one does not include.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(&'static str);

/// All of them.
const ALL: &[&str] = &[
    "migrate",
    "failover",
    FAILOVER_FORCED,
    "replace-disks",
    "activate-disks",
    "deactivate-disks",
    DEACTIVATE_FORCED,
    "start",
    START_FORCED,
    "shutdown",
    KILL,
    "reboot",
    REBOOT_FORCED,
    "grow-disk",
    "move",
    MOVE_FORCED,
    "recreate-disks",
    "modify",
    "rename",
    "remove",
    REMOVE_FORCED,
    "console",
    "node-drain",
    "node-undrain",
    "node-offline",
    "node-online",
    "node-promote",
    "node-demote",
    "node-evacuate",
    "node-powercycle",
    "verify",
    "verify-disks",
    "master-failover",
    NO_VOTING,
    "add-tags",
    "remove-tags",
    "job-cancel",
    "job-priority",
    "job-archive",
    "queue-drain",
    "queue-undrain",
    "watcher-pause",
    "watcher-continue",
];

const NO_VOTING: &str = "master-failover-no-voting";
const KILL: &str = "kill";
const REBOOT_FORCED: &str = "reboot-force";
const FAILOVER_FORCED: &str = "failover-ignore-consistency";
const DEACTIVATE_FORCED: &str = "deactivate-disks-force";
const START_FORCED: &str = "start-force";
const MOVE_FORCED: &str = "move-ignore-consistency";
const REMOVE_FORCED: &str = "remove-ignore-failures";

impl Permission {
    /// All permissions there are.
    pub fn all() -> impl Iterator<Item = Permission> {
        ALL.iter().copied().map(Permission)
    }

    /// The one of this word.
    pub fn named(word: &str) -> Option<Permission> {
        Permission::all().find(|permission| permission.0 == word)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        self.0
    }
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl Operation {
    /// The one permission that it wants.
    pub fn permission(&self) -> Permission {
        Permission(match self {
            // It may stop and start its guest.
            Operation::Migrate(it) if it.allow_failover => "failover",
            Operation::Failover(it) if it.ignore_consistency => FAILOVER_FORCED,
            Operation::DeactivateDisks(it) if it.force => DEACTIVATE_FORCED,
            Operation::Start(it) if it.force => START_FORCED,
            // Ganeti asks the guest every 5 s: it has hardly heard it.
            Operation::Shutdown(it) if it.timeout.is_some_and(|time| time < GENTLE_S) => KILL,
            // KVM asks the guest and kills it in the same breath, and what runs where is not for a
            // request to say.
            Operation::Reboot(it) if it.reboot_type == RebootType::Soft => KILL,
            Operation::Reboot(it) if it.ignore_secondaries => REBOOT_FORCED,
            Operation::Move(it) if it.ignore_consistency => MOVE_FORCED,
            Operation::Remove(it) if it.ignore_failures => REMOVE_FORCED,
            Operation::MasterFailover(it) if it.no_voting => NO_VOTING,
            _ => self.name(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_kills_in_all_but_name_wants_the_permission_to_kill() {
        let wanted = |json: Value| {
            let operation: Operation = serde_json::from_value(json).unwrap();
            assert_eq!(operation.check(), Ok(()));
            operation.permission().word()
        };
        let shutdown = |timeout| json!({"shutdown": {"instance": "a", "timeout": timeout}});
        assert_eq!(wanted(shutdown(9)), "kill");
        assert_eq!(wanted(shutdown(10)), "shutdown");
        let reboot = |how| json!({"reboot": {"instance": "a", "reboot_type": how}});
        assert_eq!(wanted(reboot("soft")), "kill");
        assert_eq!(wanted(reboot("hard")), "reboot");
    }
}
