//! The steps of all runbooks in words.

/// One step. Some are in several runbooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// No new instances for the node.
    Drain,
    /// What runs there is migrated to other nodes.
    MigrateAway,
    /// What cannot be migrated is shut down.
    StopRest,
    /// The operator reboots it.
    Reboot,
    /// Its agent and its noded answer.
    Answers,
    /// Its halves of DRBD disks, or the instance's, are in sync.
    InSync,
    /// New instances again.
    Undrain,
    /// What was shut down is started.
    StartAgain,
    /// What was migrated away comes back.
    BringBack,
    /// A dead node is marked offline.
    MarkOffline,
    /// Its instances start on their other nodes.
    FailOver,
    /// They run there.
    Running,
    /// Those that had a half there get one elsewhere.
    NewSecondaries,
    /// Nothing runs there that runs elsewhere.
    Guests,
    /// Ganeti talks to it again.
    MarkOnline,
    /// Disks with a half there connect again.
    Activate,
    /// Its primary instances go elsewhere.
    EvacuatePrimaries,
    /// None is left.
    NoPrimaries,
    /// Second halves go elsewhere.
    EvacuateSecondaries,
    /// Nothing is left.
    Empty,
    /// The operator removes it.
    RemoveNode,
    /// The operator repairs its volume group.
    RepairGroup,
    /// Lost halves of instances that run there are made anew.
    AnewPrimaries,
    /// Lost second halves are made anew.
    AnewSecondaries,
    /// The instance's halves connect again.
    ActivateOne,
    /// They do, or it is clear that they do not.
    Mended,
    /// The other half is made anew.
    Anew,
    /// The operator says which half is kept.
    Choose,
    /// The instance goes to the half that is kept.
    TakeOver,
    /// The other half is thrown away and made anew elsewhere.
    ThrowAway,
}

/// Name, what it does in a few words, and why or how in a sentence.
type Words = (Step, &'static str, &'static str, &'static str);

/// Every step once.
#[rustfmt::skip]
const WORDS: &[Words] = &[
    (Step::Drain,               "drain",            "drain it",                          "New instances do not go there any more."),
    (Step::MigrateAway,         "migrate",          "migrate what runs there away",      "Each goes to its other node while it runs, a job each."),
    (Step::StopRest,            "stop",             "shut down what cannot leave",       "What has its disks there only is down meanwhile."),
    (Step::Reboot,              "reboot",           "reboot it",                         "By your own hand, or P resets it at once."),
    (Step::Answers,             "answers",          "wait until it answers",             "Its agent and its noded have to answer."),
    (Step::InSync,              "in-sync",          "wait until the disks are in sync",  "Until then a half of a disk is missing what was written meanwhile."),
    (Step::Undrain,             "undrain",          "undrain it",                        "New instances may go there again."),
    (Step::StartAgain,          "start",            "start what was shut down",          "What was shut down for this starts again."),
    (Step::BringBack,           "bring-back",       "bring back what was migrated",      "What ran there before goes back while it runs. Skip it to leave it where it is."),
    (Step::MarkOffline,         "mark-offline",     "say that it is dead, mark offline", "Silence is no proof: see that its power is off, or an instance runs twice."),
    (Step::FailOver,            "fail-over",        "fail over all that ran there",      "Each starts on its other node, a job each."),
    (Step::Running,             "running",          "wait until they run",               "What was to run has to run on its new node."),
    (Step::NewSecondaries,      "new-secondaries",  "give them a second half again",     "The allocator chooses a new secondary for each. Skip it if the node comes back soon."),
    (Step::Guests,              "guests",           "see that it started nothing",       "What it started by itself runs twice, and writes to disks that are in use elsewhere."),
    (Step::MarkOnline,          "mark-online",      "mark it online",                    "Ganeti talks to it again."),
    (Step::Activate,            "activate",         "connect its halves again",          "What was written meanwhile is copied to it."),
    (Step::EvacuatePrimaries,   "evacuate-primaries", "evacuate its primary instances",  "The allocator chooses where each goes."),
    (Step::NoPrimaries,         "no-primaries",     "wait until none is left",           "The job before makes others: they have to end."),
    (Step::EvacuateSecondaries, "evacuate-secondaries", "evacuate its second halves",    "The allocator chooses where each is copied to."),
    (Step::Empty,               "empty",            "wait until nothing is left",        "Neither an instance nor a half of one."),
    (Step::RemoveNode,          "remove-node",      "remove it from the cluster",        "By your own hand, on the master."),
    (Step::RepairGroup,         "repair-group",     "repair its volume group",           "By your own hand, on the master: what lay on the failed disk is given up."),
    (Step::AnewPrimaries,       "anew-primaries",   "make lost halves of its own anew",  "For instances that run there: read from the other node meanwhile."),
    (Step::AnewSecondaries,     "anew-secondaries", "make lost second halves anew",      "For instances that run elsewhere."),
    (Step::ActivateOne,         "activate-disks",   "connect its halves again",          "Mends what a reboot or a broken network parted."),
    (Step::Mended,              "mended",           "see whether that helped",           "They connect, resync, or do not."),
    (Step::Anew,                "anew",             "make the other half anew",          "The half on the secondary is thrown away and copied from the primary's."),
    (Step::Choose,              "choose",           "choose the half that is kept",      "What was written on the other one only is lost."),
    (Step::TakeOver,            "take-over",        "run it on the half that is kept",   "Only if the secondary's is kept: it is shut down and starts there."),
    (Step::ThrowAway,           "throw-away",       "throw the other half away",         "A new second half is copied from the one that is kept."),
];

impl Step {
    fn words(self) -> Option<&'static Words> {
        WORDS.iter().find(|words| words.0 == self)
    }

    /// Its name: in tags and records.
    pub fn name(self) -> &'static str {
        self.words().map_or("", |words| words.1)
    }

    /// What it does, in a few words.
    pub fn title(self) -> &'static str {
        self.words().map_or("", |words| words.2)
    }

    /// Why, or how, in a sentence.
    pub fn what(self) -> &'static str {
        self.words().map_or("", |words| words.3)
    }
}
