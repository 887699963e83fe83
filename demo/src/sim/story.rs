//! The first minutes: one of everything that a newcomer should see, trouble with storage after the
//! rest; then the watcher's rounds.

use super::drbd::mirror::Mirror;
use super::instance::{InstanceId, Template};
use super::life::Kind;
use super::node::{NodeId, Outage, Role};
use super::opcode::Opcode;
use super::trouble::Story;
use super::{Cluster, Event};

/// One beat of the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// `gnt-cluster verify`, so that its findings are known.
    Verify,
    /// A mirror gets a new secondary node: a long resync.
    Replace,
    /// A backup of the same instance has to wait for its lock.
    Backup,
    /// An instance migrates.
    Migrate,
    /// A guest crashes.
    Crash,
    /// Somebody asks for what cannot be done.
    Refused,
    /// A node drops out.
    Outage,
    /// A stopped instance is started.
    Start,
    /// Another one migrates.
    MigrateMore,
    /// Somebody shuts a guest down from inside.
    UserDown,
    /// Trouble with storage that lasts so long, ms.
    Trouble(Story, u64),
}

/// The beats, ms before or after the moment when somebody first looks.
const BEATS: &[(i64, Beat)] = &[
    (-1_300_000, Beat::Verify),
    (-28_000, Beat::Replace),
    (-18_000, Beat::Migrate),
    (-9_000, Beat::Backup),
    (10_000, Beat::Crash),
    (19_000, Beat::Refused),
    (25_000, Beat::Outage),
    (34_000, Beat::MigrateMore),
    (45_000, Beat::Start),
    (62_000, Beat::UserDown),
    (80_000, Beat::Trouble(Story::Resync, 0)),
    (110_000, Beat::Trouble(Story::Stall, 60_000)),
    (150_000, Beat::Trouble(Story::Verify, 0)),
    (210_000, Beat::Trouble(Story::Pause, 60_000)),
    (290_000, Beat::Trouble(Story::SplitBrain, 75_000)),
    (390_000, Beat::Trouble(Story::Dependency, 0)),
    (450_000, Beat::Trouble(Story::Diskless, 60_000)),
    (560_000, Beat::Trouble(Story::VgsHang, 90_000)),
    (620_000, Beat::Trouble(Story::StandAlone, 60_000)),
    (720_000, Beat::Trouble(Story::NodeDeath, 100_000)),
];
/// How long the node of the story stays away, ms.
const AWAY: u64 = 25_000;
/// The watcher's first round after somebody first looks, ms; it meets the crash just before.
const WATCHER_FIRST: u64 = 15_000;
/// The watcher runs every minute, not every five as usual, so that one can wait for it.
const WATCHER_EVERY: u64 = 60_000;
/// Every so many rounds the watcher has the disks verified.
const VERIFY_DISKS_EVERY: u64 = 30;
/// The watcher gives up starting an instance after so many attempts.
const MAX_TRIES: u8 = 5;

impl Cluster {
    /// Arms the beats and the watcher.
    pub(super) fn begin_story(&mut self) {
        let first_look = self.options.epoch_ms - self.now;
        for &(at, beat) in BEATS {
            self.after(first_look.saturating_add_signed(at), Event::Story(beat));
        }
        self.begin_watch();
    }

    /// Arms the watcher.
    pub(super) fn begin_watch(&mut self) {
        let first_look = self.options.epoch_ms - self.now;
        self.after((first_look + WATCHER_FIRST) % WATCHER_EVERY, Event::Watcher);
    }

    pub(super) fn play(&mut self, beat: Beat) {
        match beat {
            Beat::Verify => self.live_once(Kind::Verify),
            Beat::Replace => self.replace_long(),
            Beat::Backup => self.backup_blocked(),
            Beat::Migrate => self.migrate_large(),
            Beat::Crash => self.live_once(Kind::Crash),
            Beat::Refused => self.reinstall_running(),
            Beat::Outage => self.outage(),
            Beat::MigrateMore => self.live_once(Kind::Migrate),
            Beat::Start => self.live_once(Kind::Start),
            Beat::Trouble(story, lasts) => self.tell(story, lasts),
            Beat::UserDown => self.live_once(Kind::UserDown),
        }
    }

    /// Idle instances whose mirror is well and which run, best first.
    pub(super) fn candidates(&self, better: impl Fn(InstanceId) -> u64) -> Vec<InstanceId> {
        let busy = self.queue.busy_instances();
        let mut ids: Vec<InstanceId> = self
            .instances
            .iter()
            .filter(|(id, i)| i.runs() && i.in_step() && !busy.contains(id))
            .map(|(id, _)| *id)
            .collect();
        ids.sort_by_key(|id| (better(*id), *id));
        ids
    }

    /// A resync that lasts a few minutes.
    fn replace_long(&mut self) {
        let ids = self.candidates(|id| {
            let size = self
                .instances
                .get(&id)
                .map_or(0, super::instance::Instance::disk_size);
            size.abs_diff(30 * 1024)
        });
        for id in ids {
            if let Some(to) = self.other_secondary(id) {
                let job = vec![Opcode::ReplaceDisks { instance: id, to }];
                let _ = self.submit(job, "gnt:user: disk errors on the old secondary");
                return;
            }
        }
    }

    fn backup_blocked(&mut self) {
        let syncing = self
            .instances
            .iter()
            .find(|(_, i)| matches!(i.mirror, Mirror::Resync(_)))
            .map(|(id, i)| (*id, i.secondary.unwrap_or(i.primary)));
        if let Some((instance, to)) = syncing {
            let _ = self.submit(vec![Opcode::Export { instance, to }], "backup: nightly");
        }
    }

    /// A migration that is under way when somebody first looks.
    pub(super) fn migrate_large(&mut self) {
        let ids = self.candidates(|id| {
            let memory = self.instances.get(&id).map_or(0, |i| i.memory);
            memory.abs_diff(8 * 1024)
        });
        if let Some(&id) = ids.iter().find(|id| self.can_move(**id)) {
            let _ = self.submit(vec![Opcode::Migrate(id)], "gnt:user: rebalance by hand");
        }
    }

    fn outage(&mut self) {
        // One that is missed, but not one that the jobs just begun need.
        let fit = |id: &NodeId| {
            let node = &self.nodes[*id];
            node.answers() && !matches!(node.role, Role::Master | Role::Drained)
        };
        let busy = self.queue.busy_nodes(self);
        let mut nodes: Vec<NodeId> = (0..self.nodes.len()).filter(fit).collect();
        nodes.sort_by_key(|id| {
            (
                busy.contains(id),
                usize::MAX - self.nodes[*id].primaries.len(),
            )
        });
        if let Some(&node) = nodes.first() {
            self.lose(node, Outage::Network);
            self.after(AWAY, Event::Back(node));
        }
    }

    /// One round of the watcher: starts what should run, connects mirrors, archives jobs.
    pub(super) fn run_watcher(&mut self) {
        self.after(WATCHER_EVERY, Event::Watcher);
        if self
            .watcher_paused_until
            .is_some_and(|until| until <= self.now)
        {
            self.watcher_paused_until = None;
        }
        if self.watcher_paused_until.is_some() || !self.master_answers() {
            return;
        }
        self.watcher_runs += 1;
        self.archive_jobs();
        let busy = self.queue.busy_instances();
        let work: Vec<(InstanceId, Opcode)> = self
            .instances
            .iter()
            .filter_map(|(&id, _)| Some((id, self.watcher_job(id)?)))
            .filter(|(id, _)| !busy.contains(id))
            .collect();
        for (id, code) in work {
            if let Some(instance) = self.instances.get_mut(&id) {
                instance.tries += u8::from(matches!(code, Opcode::Startup(_)));
            }
            let _ = self.submit(vec![code], "gnt:watcher");
        }
        if self.watcher_runs.is_multiple_of(VERIFY_DISKS_EVERY) {
            for group in 0..self.groups.len() {
                let _ = self.submit(vec![Opcode::GroupVerifyDisks(group)], "gnt:watcher");
            }
        }
    }

    /// What the watcher would do about an instance.
    fn watcher_job(&self, id: InstanceId) -> Option<Opcode> {
        let instance = self.instances.get(&id)?;
        if self.is_down(instance) {
            return match instance.guest {
                super::instance::Guest::ShutDown => Some(Opcode::Shutdown {
                    instance: id,
                    by_user: true,
                }),
                _ if instance.tries >= MAX_TRIES => None,
                _ => Some(Opcode::Startup(id)),
            };
        }
        let cut = matches!(instance.mirror, Mirror::Cut { .. });
        let mirrored = instance.template == Template::Drbd && instance.runs();
        let reachable = instance.nodes().all(|node| self.answers(node));
        (cut && mirrored && reachable).then_some(Opcode::ActivateDisks(id))
    }
}
