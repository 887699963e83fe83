//! What each code of a verify means.

/// Codes and their meaning, for an operator who has not met them before.
#[rustfmt::skip]
const CODES: &[(&str, &str)] = &[
    ("ECLUSTERCFG",              "The configuration contradicts itself, or holds a value that cannot be."),
    ("ECLUSTERCERT",             "A certificate file of the cluster cannot be read, or is over or soon will be."),
    ("ECLUSTERCLIENTCERT",       "A node's client certificate is missing, or is not the one that the cluster knows: its requests are refused."),
    ("ECLUSTERFILECHECK",        "A file that all nodes should have alike differs or is missing somewhere; redistributing the configuration mends most of them."),
    ("ECLUSTERDANGLINGNODES",    "A node belongs to a group that does not exist."),
    ("ECLUSTERDANGLINGINST",     "An instance's primary node does not exist."),
    ("EGROUPDIFFERENTPVSIZE",    "Physical volumes of different sizes where storage is exclusive: instances may not fit where they should."),
    ("EINSTANCEBADNODE",         "The instance is on a node that is marked offline, does not exist or may hold no instances."),
    ("EINSTANCEDOWN",            "The instance should run and does not."),
    ("EINSTANCEFAULTYDISK",      "A disk of the instance is degraded or cannot be had: one half may be missing or out of date."),
    ("EINSTANCELAYOUT",          "The instance has more secondary nodes than its disks can use."),
    ("EINSTANCEMISSINGCFGPARAMETER", "The number of spindles of a disk is missing from the configuration."),
    ("EINSTANCEMISSINGDISK",     "A logical volume that is recorded for the instance is not there on its node."),
    ("EINSTANCEPOLICY",          "The instance is outside of what its group's policy allows; it goes on running."),
    ("EINSTANCESPLITGROUPS",     "The instance's nodes are in different groups."),
    ("EINSTANCEUNSUITABLENODE",  "The instance is on a node with exclusive storage that its disks do not suit."),
    ("EINSTANCEWRONGNODE",       "The instance runs on a node that is not its primary: it may run twice."),
    ("ENODEDRBD",                "DRBD minors of the node are not those of the configuration, or /proc/drbd cannot be read."),
    ("ENODEDRBDHELPER",          "DRBD's helper program is not the one that the cluster is set to, or the versions of DRBD differ."),
    ("ENODEDRBDVERSION",         "The nodes have different versions of DRBD."),
    ("ENODEFILECHECK",           "The node did not tell the checksums of its files."),
    ("ENODEFILESTORAGEPATHS",    "Directories for disks in files are not allowed on the node, or should not be."),
    ("ENODEFILESTORAGEPATHUNUSABLE", "The directory for disks in files cannot be used on the node."),
    ("ENODESHAREDFILESTORAGEPATHUNUSABLE", "The shared directory for disks in files cannot be used on the node."),
    ("ENODEGLUSTERSTORAGEPATHUNUSABLE", "Gluster's directory cannot be used on the node."),
    ("ENODEHOOKS",               "A hook that belongs to the verify failed on the node."),
    ("ENODEHV",                  "The hypervisor does not work on the node, or did not tell what runs there."),
    ("ENODELVM",                 "The volume group is missing or too small, or a physical volume is not in order."),
    ("ENODEN1",                  "If another node fails, this one has not the memory to take over the instances whose secondary it is. 7 shows by name which, and what would mend it."),
    ("ENODENET",                 "The node does not reach others, has no master address where it should, or lacks a bridge."),
    ("ENODEOOBPATH",             "The program for out-of-band power is missing or cannot be run."),
    ("ENODEORPHANINSTANCE",      "A guest runs on the node that the configuration does not know."),
    ("ENODEORPHANLV",            "A logical volume in the cluster's volume group belongs to no instance: it only takes room."),
    ("ENODEOS",                  "The operating system definitions of the node are broken, or not those of the others."),
    ("ENODERPC",                 "Ganeti's node daemon did not answer: the node is down, cut off, or its noded does not run."),
    ("ENODESETUP",               "Something is missing in the node's set-up, such as a directory or a right."),
    ("ENODESSH",                 "The node cannot log in to another one by SSH."),
    ("ENODETIME",                "The node's clock is off by more than Ganeti bears."),
    ("ENODEUSERSCRIPTS",         "A script that the cluster uses is missing or cannot be run."),
    ("ENODEVERSION",             "The node runs another version of Ganeti."),
    ("EEXTAGS",                  "Instances that should be kept apart by their tags are on one node."),
];

/// What a code means; none of one that gantry does not know.
pub fn meaning(code: &str) -> Option<&'static str> {
    let found = CODES.iter().find(|(known, _)| *known == code);
    found.map(|(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_code_has_one_sentence() {
        let codes: HashSet<&str> = CODES.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes.len(), CODES.len());
        assert!(
            CODES
                .iter()
                .all(|(_, meaning)| meaning.ends_with('.') && meaning.is_ascii())
        );
        assert_eq!(meaning("ENONSENSE"), None);
    }
}
