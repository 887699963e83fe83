//! N+1 in words.

use crate::model::words::mib;
use crate::planner::htools::N1Rule;
use crate::planner::htools::n1::evacuation::{Lack, Way};

use super::{Danger, Kind, N1, Stranded, Verdict};

/// A size that may be negative.
pub fn size(size: i64) -> String {
    match u64::try_from(size) {
        Ok(size) => mib(size),
        Err(_) => format!("-{}", mib(size.unsigned_abs())),
    }
}

/// What is missing, to follow `where`.
pub fn lack(lack: &Lack) -> String {
    match lack {
        Lack::Nothing => "nothing is missing".to_owned(),
        Lack::Memory(short) => format!("{} of memory are missing", size(*short)),
        Lack::Disk(short) => format!("{} of disk are missing", size(*short)),
        Lack::Spindles => "spindles are missing".to_owned(),
        Lack::Migration => "migration tags keep it away".to_owned(),
        Lack::Policy(objection) => {
            format!("the group's policy is against its {}", objection.word())
        }
        Lack::Offline => "it is offline".to_owned(),
        Lack::NoSecondary => "it has no secondary node".to_owned(),
        Lack::NoNode => "there is no other node in the group".to_owned(),
    }
}

impl N1 {
    /// A node's name.
    pub fn node(&self, at: usize) -> &str {
        let node = self.cluster.data.nodes.get(at);
        node.map_or("?", |it| it.name.as_str())
    }

    /// An instance's name.
    pub fn instance(&self, at: usize) -> &str {
        let instance = self.cluster.data.instances.get(at);
        instance.map_or("?", |it| it.name.as_str())
    }

    /// `if node4 dies, 3 instances cannot start`, and the first of the reasons.
    pub fn danger_in_words(&self, danger: &Danger) -> String {
        let node = self.node(danger.node);
        if danger.count == 0 {
            return format!("N+1: {node} has no memory left ({})", danger.kind.word());
        }
        let s = if danger.count == 1 { "" } else { "s" };
        let mut of_kind = danger.stranded.iter().filter(|it| it.kind == danger.kind);
        let first = of_kind.next().map(|it| self.reason(it)).unwrap_or_default();
        let more = if danger.count > 1 { ", ..." } else { "" };
        format!(
            "N+1: if {node} dies, {} instance{s} cannot start ({}): {first}{more}",
            danger.count,
            danger.kind.word()
        )
    }

    /// `web3 (2.0G) has its secondary on node4, where 812M of memory are missing`.
    pub fn reason(&self, stranded: &Stranded) -> String {
        let instance = self.cluster.instances.get(stranded.instance);
        let memory = match stranded.kind {
            Kind::Verify => self.ground.minmem.get(stranded.instance).copied(),
            _ => instance.map(|it| it.memory),
        };
        let name = self.instance(stranded.instance);
        let name = format!("{name} ({})", size(memory.unwrap_or(0)));
        let obstacle = &stranded.obstacle;
        let Some(at) = obstacle.node else {
            return match obstacle.lack {
                Lack::NoSecondary => format!("{name} has no secondary node"),
                _ => format!("{name}: {}", lack(&obstacle.lack)),
            };
        };
        let (node, missing) = (self.node(at), lack(&obstacle.lack));
        match stranded.way {
            Way::Secondary if instance.is_some_and(|it| it.primary == at) => {
                format!("{name} keeps a half of its disk on {node}, where {missing}")
            }

            Way::Secondary if obstacle.lack == Lack::Offline => {
                format!("{name} has its secondary on {node}, which is offline")
            }
            Way::Secondary => format!("{name} has its secondary on {node}, where {missing}"),
            Way::Anywhere | Way::Anew => {
                format!("{name} fits on no other node; the nearest is {node}, where {missing}")
            }
        }
    }

    /// What each of the three says of a node's death, with the figures of the first two.
    pub fn by_kind(&self, node: usize) -> [(Kind, Verdict, String); 3] {
        let verdicts = self.if_it_dies(node);
        let limits = |kind: Kind| self.tightest(kind, node);
        let words = Kind::ALL.map(|kind| match (kind, limits(kind)) {
            (Kind::Global, _) => String::new(),
            (_, None) => {
                "no auto-balanced instance has a secondary that is known and takes part".to_owned()
            }
            (Kind::Verify, Some((at, room, need))) => format!(
                "{} would need {} (minmem) of {} free as reported",
                self.node(at),
                size(need),
                size(room)
            ),
            (Kind::FailN1, Some((at, room, need))) => {
                let moved = self.ground.moved.get(at).copied().unwrap_or(false);
                let of = match self.ground.rule {
                    N1Rule::Reported if !moved => "free as reported",
                    _ => "that its records leave",
                };
                let (need, room) = (size(need), size(room));
                format!(
                    "{} would need {need} (maxmem) of {room} {of}",
                    self.node(at)
                )
            }
        });
        let [a, b, c] = words;
        let [verify, fail_n1, global] = verdicts;
        [
            (Kind::Verify, verify, a),
            (Kind::FailN1, fail_n1, b),
            (Kind::Global, global, c),
        ]
    }

    /// Why the three do not say the same of a node's death.
    pub fn why_they_differ(&mut self, node: usize) -> Vec<String> {
        let [verify, fail_n1, global] = self.if_it_dies(node);
        let mut whys = Vec::new();
        if verify != fail_n1 {
            let mut why = "verify counts minmem, fail_n1 maxmem".to_owned();
            if self.ground.rule == N1Rule::Recorded {
                why += "; verify takes what a node reports as free, fail_n1 no more than its records leave, \
                        and one MiB has to remain";
            }
            whys.push(why);
        }
        if global == verify && global == fail_n1 {
            return whys;
        }
        let (mut alone, mut unbalanced, mut short) = (0, 0, None);
        for fate in self.fates(node) {
            alone += usize::from(fate.way != Way::Secondary);
            let instance = self.cluster.instances.get(fate.instance);
            let balanced = instance.is_none_or(|it| !it.has_secondary || it.auto_balance);
            unbalanced += usize::from(!balanced);
            let lacks = fate
                .obstacle
                .filter(|it| matches!(it.lack, Lack::Memory(_)));
            short = short.or(lacks.and_then(|it| it.node));
        }
        let records = short.and_then(|at| {
            let (free, now) = (self.ground.free.get(at)?, self.cluster.figures.get(at)?);
            let (name, free, left) = (self.node(at), *free, now.unallocated);
            let (told, by_records) = (size(free), size(left));
            (left < free).then(|| {
                format!(
                    "{name} reports {told} free, but its records leave {by_records}: GN1 goes by the records"
                )
            })
        });
        whys.extend(records.clone());
        let s = |n: usize| if n == 1 { "" } else { "s" };
        if alone > 0 {
            let s = s(alone);
            whys.push(format!(
                "{alone} instance{s} without DRBD: only GN1 looks at them"
            ));
        }
        if unbalanced > 0 {
            let s = s(unbalanced);
            whys.push(format!(
                "{unbalanced} instance{s} without auto_balance: only GN1 counts them"
            ));
        }
        if global != fail_n1 && alone == 0 && unbalanced == 0 && records.is_none() {
            whys.push(
                "GN1 tries: it counts what runs now, and the disks and tags of both nodes; the others count what is \
                 reserved"
                    .to_owned(),
            );
        }
        whys
    }
}
