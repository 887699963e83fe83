//! Processor time, from `/proc/stat`.

use gantry_wire::node::Cpu;

use crate::place::Place;
use crate::rate::thousandths;

/// Remembers the counters of the reading before.
#[derive(Debug, Default)]
pub struct Probe {
    before: Vec<Times>,
}

/// One line's counters, in clock ticks.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    user: u64,
    system: u64,
    idle: u64,
    iowait: u64,
    steal: u64,
}

impl Times {
    fn since(self, before: Times) -> Times {
        Times {
            user: self.user.saturating_sub(before.user),
            system: self.system.saturating_sub(before.system),
            idle: self.idle.saturating_sub(before.idle),
            iowait: self.iowait.saturating_sub(before.iowait),
            steal: self.steal.saturating_sub(before.steal),
        }
    }

    fn busy(self) -> u64 {
        self.user + self.system + self.steal
    }

    fn all(self) -> u64 {
        self.busy() + self.idle + self.iowait
    }
}

impl Probe {
    /// Processor time since the reading before; `None` on the first one and when no time passed.
    ///
    /// # Errors
    /// In words, if there is nothing to read.
    pub fn read(&mut self, place: &Place) -> Result<Option<Cpu>, String> {
        let now = parse(&place.proc_text("stat")?);
        if now.is_empty() {
            return Err("no processors in /proc/stat".into());
        }
        let before = std::mem::replace(&mut self.before, now);
        // A processor that came or went makes the lines another's.
        Ok((before.len() == self.before.len())
            .then(|| rates(&before, &self.before))
            .flatten())
    }
}

fn rates(before: &[Times], now: &[Times]) -> Option<Cpu> {
    let mut grown = now.iter().zip(before).map(|(now, old)| now.since(*old));
    let total = grown.next().filter(|total| total.all() > 0)?;
    let share = |part| thousandths(part, total.all());
    Some(Cpu {
        busy: share(total.busy()),
        user: share(total.user),
        system: share(total.system),
        iowait: share(total.iowait),
        steal: share(total.steal),
        cores: grown
            .map(|core| thousandths(core.busy(), core.all()))
            .collect(),
    })
}

/// The line of all processors and then one of each.
fn parse(stat: &str) -> Vec<Times> {
    stat.lines()
        .take_while(|line| line.starts_with("cpu"))
        .map(|line| {
            let mut numbers = line.split_ascii_whitespace().skip(1);
            let mut next = || numbers.next().and_then(|n| n.parse().ok()).unwrap_or(0);
            let (user, nice, system) = (next(), next(), next());
            let (idle, iowait) = (next(), next());
            let (irq, softirq, steal): (u64, u64, u64) = (next(), next(), next());
            Times {
                user: u64::saturating_add(user, nice),
                system: u64::saturating_add(system, irq).saturating_add(softirq),
                idle,
                iowait,
                steal,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shares_are_of_the_time_that_passed() {
        let before = parse(
            "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 50 0 50 400 0\ncpu1 50 0 50 400 0\nintr 1\n",
        );
        let now = parse(
            "cpu  140 10 120 900 20 5 5 0 0 0\ncpu0 150 0 50 400 0\ncpu1 50 0 50 500 0\nintr 1\n",
        );
        let cpu = rates(&before, &now).unwrap();
        assert_eq!((cpu.user, cpu.system, cpu.iowait), (250, 150, 100));
        assert_eq!(cpu.busy, 400);
        assert_eq!(cpu.cores, [1000, 0]);
        assert_eq!(rates(&now, &now), None);
    }
}
