//! Chance that can be repeated: the same seed gives the same cluster and the same days.
//!
//! Written out here because the generators of common crates may change their numbers with a
//! release, and a seed in a bug report must stay worth something.

/// A stream of numbers from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Chance(mix(seed ^ 0x6761_6e74_7279))
    }

    /// The next number of the stream.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number from 0 up to, but not including `limit`; 0 if that is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit.max(1)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of a list; nothing of an empty one.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len() as u64) as usize)
    }

    /// How long until something happens that happens every `mean_ms` on average, but never
    /// sooner than a tenth nor later than four times that.
    pub fn wait(&mut self, mean_ms: u64) -> u64 {
        let part = (self.below(1 << 20) + 1) as f64 / f64::from(1 << 20);
        let wait = -part.ln() * mean_ms as f64;
        (wait as u64).clamp(mean_ms / 10, mean_ms * 4)
    }

    /// An identifier in the form of a random UUID.
    pub fn uuid(&mut self) -> String {
        uuid(self.draw(), self.draw())
    }
}

/// A UUID made of these bits.
pub fn uuid(high: u64, low: u64) -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

/// Something that wanders between 0 and 1 and can be asked for any moment without going through
/// those before: random points `period_ms` apart, joined by smooth curves.
pub fn wander(seed: u64, at_ms: u64, period_ms: u64) -> f64 {
    let (step, within) = (at_ms / period_ms, at_ms % period_ms);
    let point = |n: u64| (mix(seed ^ mix(n)) >> 11) as f64 / (1u64 << 53) as f64;
    let x = within as f64 / period_ms as f64;
    let (from, to) = (point(step), point(step + 1));
    from + (to - from) * x * x * (3.0 - 2.0 * x)
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Scatters the bits of a number (the finaliser of SplitMix64).
pub fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_another_differs() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            (0..50).map(|_| chance.draw()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn what_wanders_stays_within_bounds_and_makes_no_jumps() {
        for seed in 0..20 {
            let mut last = wander(seed, 0, 1000);
            for at in (0..60_000).step_by(10) {
                let now = wander(seed, at, 1000);
                assert!((0.0..=1.0).contains(&now));
                assert!((now - last).abs() < 0.03, "a jump at {at}");
                last = now;
            }
        }
    }

    #[test]
    fn uuids_look_like_uuids() {
        let id = Chance::new(1).uuid();
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(id.as_bytes()[14], b'4');
    }
}
