//! Numbers that look random and are the same in every run.

/// A generator: a counter in steps of the golden ratio, its bits mixed by multiplying and shifting (SplitMix64 of Steele, Lea
/// and Flood, 2014).
pub struct Random(u64);

impl Random {
    /// Another seed, other numbers.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number below this one; zero if that is zero.
    pub fn below(&mut self, count: usize) -> usize {
        let part = (self.next() >> 32) * (count.min(u32::MAX as usize) as u64);
        (part >> 32) as usize
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        self.next() >> 63 == 1
    }

    /// At least 0 and below 1.
    pub fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of these, if there are any.
    pub fn pick(&mut self, all: &[usize]) -> Option<usize> {
        all.get(self.below(all.len())).copied()
    }
}
