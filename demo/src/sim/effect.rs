//! What the steps of jobs, and accidents, do to the cluster. Everything that changes an instance
//! or a node goes through here, so that the books balance.

use gantry_wire::job::Made;

use super::chance::mix;
use super::drbd::mirror::Mirror;
use super::drbd::tally::{Half, Tally};
use super::instance::{Admin, End, Guest, Instance, InstanceId, Template};
use super::node::{NodeId, Outage, Role};
use super::opcode::Opcode;
use super::script::{Act, Step};
use super::{Cluster, build};

/// How many removed instances' names are kept for those who have yet to be told.
const REMEMBERED: usize = 1000;
/// How often a job that waits for a resync says how far it is, ms.
const SAY_SYNC: u64 = 10_000;

impl Cluster {
    /// Does what a step of a job says; the answer is what must be done before the next one.
    /// Further jobs have the reason that they inherit, or their parent's.
    ///
    /// # Errors
    /// Why it could not be done, in Ganeti's words; nothing has changed then.
    pub(super) fn act(
        &mut self,
        of: u64,
        act: Act,
        inherited: Option<&str>,
    ) -> Result<Vec<Step>, String> {
        match act {
            Act::None => {}
            Act::Fail(error) => return Err(error),
            Act::Start(id) => self.start(id)?,
            Act::Stop(id) => self.stop(id),
            Act::Deactivate(id) => self.take_down(id),
            Act::Admin(id, admin, by_user) => self.edit(id, |instance| {
                instance.admin = admin;
                instance.by_user = by_user;
            }),
            Act::Receive(id) => self.receive(id)?,
            Act::Arrive(id) => self.arrive(id),
            Act::Swap(id) => self.swap(id),
            Act::Secondary(id, node) => self.new_secondary(id, node)?,
            Act::Connect(id) => {
                self.set_up(id);
                self.connect(id);
            }
            Act::Renew(id) => self.renew_volumes(id)?,
            Act::Sweep(id) => self.sweep(id),
            Act::AwaitSync(id) => return self.await_sync(id),
            Act::Add(id, instance) => self.add(id, *instance)?,
            Act::Remove(id) => self.remove(id),
            Act::Role(node, role) => self.set_role(node, role),
            Act::Rehouse(id, node) => self.rehouse(id, node),
            Act::Grow(id, disk, mib) => self.grow(id, disk, mib)?,
            Act::Modify(id, backend) => self.modify(id, &backend),
            Act::Rename(id, name) => self.rename(id, name)?,
            Act::Tags(of, tags, set) => self.tag(of, &tags, set),
            Act::Reset(node) => self.reset(node),
            Act::Submit(jobs) => {
                let made = jobs.into_iter().map(|codes| {
                    let reason = match inherited {
                        Some(reason) => reason.to_owned(),
                        None => format!("gnt:opcode:{}", self.parent_of(&codes)),
                    };
                    match self.submit(codes, &reason) {
                        Ok(id) => Made::Job(id),
                        // The queue was drained in between.
                        Err(why) => Made::Refused(why),
                    }
                });
                let made = made.collect();
                self.note_made(of, made);
            }
        }
        Ok(Vec::new())
    }

    /// The opcode that submits such jobs.
    fn parent_of(&self, codes: &[Opcode]) -> &'static str {
        match codes.first() {
            Some(Opcode::Migrate(_)) => "node_migrate",
            Some(Opcode::GroupVerifyDisks(_)) => "cluster_verify_disks",
            _ => "cluster_verify",
        }
    }

    /// Changes an instance's configuration.
    pub(super) fn edit(&mut self, id: InstanceId, edit: impl FnOnce(&mut Instance)) {
        let now = self.now;
        let revision = self.write_config();
        if let Some(instance) = self.instances.get_mut(&id) {
            edit(instance);
            instance.modified = now;
            instance.changed = revision;
        }
    }

    fn start(&mut self, id: InstanceId) -> Result<(), String> {
        let Some(instance) = self.instances.get(&id) else {
            return Err("Instance is gone".to_owned());
        };
        if instance.runs() {
            return Ok(());
        }
        if instance.memory > self.uncommitted(instance.primary) {
            return Err(format!(
                "Could not start instance {}: Hypervisor error: cannot set up guest memory: \
                 Cannot allocate memory",
                instance.name
            ));
        }
        let now = self.now;
        self.set_up(id);
        self.connect(id);
        if let Some(instance) = self.instances.get_mut(&id) {
            instance.guest = Guest::Running {
                started: now,
                pid: build::pid(mix(instance.seed ^ now)),
            };
            instance.tries = 0;
        }
        Ok(())
    }

    fn stop(&mut self, id: InstanceId) {
        self.settle(id);
        if let Some(instance) = self.instances.get_mut(&id) {
            instance.guest = Guest::Stopped;
        }
    }

    /// The guest ends without anybody having asked.
    pub fn crash(&mut self, id: InstanceId) {
        self.stop(id);
    }

    /// The guest shuts itself down.
    pub fn shut_down_inside(&mut self, id: InstanceId) {
        self.settle(id);
        if let Some(instance) = self.instances.get_mut(&id).filter(|i| i.runs()) {
            instance.guest = Guest::ShutDown;
        }
    }

    fn receive(&mut self, id: InstanceId) -> Result<(), String> {
        let Some(instance) = self.instances.get(&id) else {
            return Err("Instance is gone".to_owned());
        };
        let Some(target) = instance.secondary else {
            return Err("Instance has no secondary node".to_owned());
        };
        if instance.memory > self.uncommitted(target) {
            return Err(format!(
                "Could not pre-migrate instance {}: Failed to accept instance: Cannot allocate \
                 memory",
                instance.name
            ));
        }
        if let Some(instance) = self.instances.get_mut(&id) {
            instance.incoming = Some(target);
        }
        self.stir(id);
        Ok(())
    }

    fn arrive(&mut self, id: InstanceId) {
        self.swap(id);
        let now = self.now;
        if let Some(instance) = self.instances.get_mut(&id) {
            instance.incoming = None;
            // It runs in another process from now on. One that crashed on its way stays down.
            if instance.runs() {
                instance.guest = Guest::Running {
                    started: now,
                    pid: build::pid(mix(instance.seed ^ now)),
                };
            }
        }
    }

    /// A job about this instance failed: what it had prepared is taken back.
    pub(super) fn call_off(&mut self, id: InstanceId) {
        if let Some(instance) = self.instances.get_mut(&id) {
            instance.incoming = None;
        }
        self.sweep(id);
        self.stir(id);
    }

    /// Primary and secondary change places.
    fn swap(&mut self, id: InstanceId) {
        let Some((primary, secondary)) = self
            .instances
            .get(&id)
            .and_then(|i| Some((i.primary, i.secondary?)))
        else {
            return;
        };
        self.settle(id);
        self.unhouse(id);
        self.edit(id, |instance| {
            instance.primary = secondary;
            instance.secondary = Some(primary);
            let tally = &mut instance.tally;
            std::mem::swap(&mut tally.primary, &mut tally.secondary);
        });
        self.house(id);
    }

    fn new_secondary(&mut self, id: InstanceId, node: NodeId) -> Result<(), String> {
        let Some(instance) = self.instances.get(&id) else {
            return Err("Instance is gone".to_owned());
        };
        self.volumes_fit(node, instance.volume_size())?;
        let size = instance.disk_size();
        let old = instance.secondary;
        self.settle(id);
        // The old volumes stay until the job removes them.
        if let Some(old) = old {
            self.leave_volumes(id, old, "");
        }
        let Some(instance) = self.instances.get(&id) else {
            return Err("Instance is gone".to_owned());
        };
        let minors = self.free_minors(node, instance.disks.len());
        self.unhouse(id);
        self.edit(id, |instance| {
            instance.secondary = Some(node);
            instance.tally.secondary = Half::default();
            for (disk, minor) in instance.disks.iter_mut().zip(minors) {
                let ends = disk.ends.iter_mut().flatten();
                for end in ends.filter(|end| Some(end.node) == old) {
                    *end = End { node, minor };
                }
            }
        });
        self.house(id);
        self.set_up(id);
        self.begin_resync(id, size as f64);
        Ok(())
    }

    /// New volumes on the secondary in place of the old ones, which stay under other names until
    /// the job removes them.
    fn renew_volumes(&mut self, id: InstanceId) -> Result<(), String> {
        let Some(instance) = self.instances.get(&id) else {
            return Err("Instance is gone".to_owned());
        };
        let Some(node) = instance.secondary else {
            return Err("Instance has no secondary node".to_owned());
        };
        let size = instance.disk_size();
        self.volumes_fit(node, instance.volume_size())?;
        let mark = format!("_replaced-{}", self.now / 1000);
        self.leave_volumes(id, node, &mark);
        self.set_up(id);
        self.begin_resync(id, size as f64);
        Ok(())
    }

    pub(super) fn volumes_fit(&self, node: NodeId, needed: u64) -> Result<(), String> {
        if needed <= self.disk_free(node) {
            return Ok(());
        }
        Err(format!(
            "Can't create block device on node {}: Volume group \"xenvg\" has insufficient free \
             space",
            self.node_name(node)
        ))
    }

    fn add(&mut self, id: InstanceId, mut instance: Instance) -> Result<(), String> {
        for node in instance.nodes() {
            self.volumes_fit(node, instance.volume_size())?;
        }
        if self.instances.values().any(|i| i.name == instance.name) {
            return Err(format!(
                "Instance '{}' is already in the cluster",
                instance.name
            ));
        }
        let size = instance.disk_size();
        instance.created = self.now;
        self.lay_out_new(&mut instance);
        let mirrored = instance.template == Template::Drbd;
        self.instances.insert(id, instance);
        self.edit(id, |instance| instance.tally = Tally::new(instance.created));
        self.house(id);
        self.set_up(id);
        if mirrored {
            self.begin_resync(id, size as f64);
        }
        Ok(())
    }

    fn remove(&mut self, id: InstanceId) {
        self.set_mirror(id, Mirror::InStep);
        self.unhouse(id);
        if let Some(instance) = self.instances.remove(&id) {
            self.write_config();
            self.remember(id, instance.name);
        }
    }

    /// Keeps the name that was an instance's for those who have yet to be told that it is gone.
    pub(super) fn remember(&mut self, id: InstanceId, name: String) {
        self.removed.insert(id, name);
        if self.removed.len() > REMEMBERED {
            self.removed.pop_first();
        }
    }

    /// Enters an instance in its nodes' books.
    pub(super) fn house(&mut self, id: InstanceId) {
        let Some(instance) = self.instances.get(&id) else {
            return;
        };
        if let Some(node) = self.nodes.get_mut(instance.primary) {
            node.primaries.insert(id);
        }
        if let Some(node) = instance.secondary.and_then(|n| self.nodes.get_mut(n)) {
            node.secondaries.insert(id);
        }
        self.stir(id);
    }

    /// Strikes an instance from its nodes' books.
    pub(super) fn unhouse(&mut self, id: InstanceId) {
        for node in self.instance_nodes(id) {
            if let Some(node) = self.nodes.get_mut(node) {
                node.primaries.remove(&id);
                node.secondaries.remove(&id);
                node.stir += 1;
            }
        }
    }

    pub(super) fn set_role(&mut self, node: NodeId, role: Role) {
        let revision = self.write_config();
        if let Some(found) = self.nodes.get_mut(node) {
            let out = |role| matches!(role, Role::Drained | Role::Offline);
            if out(role) && !out(found.role) {
                found.role_before = found.role;
            }
            found.role = role;
            found.changed = revision;
            self.ssconf_written = self.now;
        }
    }

    /// A node stops answering.
    pub fn lose(&mut self, node: NodeId, outage: Outage) {
        let now = self.now;
        let Some(found) = self.nodes.get_mut(node).filter(|n| n.outage.is_none()) else {
            return;
        };
        found.outage = Some((outage, now));
        let master = found.role == Role::Master;
        let primaries = found.primaries.clone();
        let mirrored = primaries.union(&found.secondaries).copied();
        for id in mirrored.collect::<Vec<_>>() {
            self.part(id);
        }
        if outage == Outage::Power {
            for id in primaries {
                self.stop(id);
            }
        }
        if master {
            self.jobs_die();
        }
    }

    /// A node answers again.
    pub fn regain(&mut self, node: NodeId) {
        let boot_id = self.chance.uuid();
        let now = self.now;
        let Some(found) = self.nodes.get_mut(node) else {
            return;
        };
        let outage = found.outage.take();
        found.stir += 1;
        match outage {
            Some((Outage::Power, _)) => {
                // Nothing is configured after a boot: the watcher connects the mirrors.
                found.booted = now;
                found.boot_id = boot_id;
            }
            Some((Outage::Network, _)) => {
                let mirrored = found.primaries.union(&found.secondaries).copied();
                for id in mirrored.collect::<Vec<_>>() {
                    // One that was told to stand alone goes on doing so.
                    let cut = |i: &Instance| matches!(i.mirror, Mirror::Cut { .. });
                    if self.instances.get(&id).is_some_and(cut) {
                        self.connect(id);
                    }
                }
            }
            None => {}
        }
    }

    fn await_sync(&mut self, id: InstanceId) -> Result<Vec<Step>, String> {
        let Some(instance) = self.instances.get(&id) else {
            return Err("Instance is gone".to_owned());
        };
        let name = &instance.name;
        match instance.mirror {
            Mirror::Cut { .. }
            | Mirror::StandAlone { .. }
            | Mirror::Split(_)
            | Mirror::Diskless { .. } => Err(format!(
                "Disk sync-ing has not returned a good status: {name}"
            )),
            Mirror::InStep | Mirror::Verify(_) => Ok(vec![super::script::say(
                200,
                format!(" - INFO: Instance {name}'s disks are in sync"),
            )]),
            Mirror::Resync(resync) => {
                let estimate = match resync.seconds_left(self.now) {
                    Some(left) => format!("{} remaining (estimated)", duration(left)),
                    None => "no time estimate".to_owned(),
                };
                let percent = resync.percent(self.now);
                let mut steps: Vec<Step> = (0..instance.disks.len())
                    .map(|disk| {
                        let text = format!(
                            " - INFO: - device disk/{disk}: {percent:5.2}% done, {estimate}"
                        );
                        super::script::say(60, text)
                    })
                    .collect();
                let left = resync.seconds_left(self.now).unwrap_or(u64::MAX);
                let wait = SAY_SYNC.min(left.saturating_mul(1000).max(1000));
                steps.push(super::script::act(wait, Act::AwaitSync(id)));
                Ok(steps)
            }
        }
    }

    /// Whether an instance should run and its primary could run it.
    pub(super) fn is_down(&self, instance: &Instance) -> bool {
        instance.admin == Admin::Up && !instance.runs() && self.answers(instance.primary)
    }
}

/// `1h 5m 3s`, as Ganeti writes durations.
fn duration(seconds: u64) -> String {
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (h, m) {
        (0, 0) => format!("{s}s"),
        (0, _) => format!("{m}m {s}s"),
        _ => format!("{h}h {m}m {s}s"),
    }
}
