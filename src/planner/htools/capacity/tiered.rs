//! Tiered allocation: as many instances as fit, of ever smaller sizes.

use super::{Found, Size, Space};

/// A size at which nothing fits any more, while one unit less is tried.
struct Level {
    size: Size,
    /// What it is shrunk for.
    mode: &'static str,
    limit: Option<i64>,
    count: usize,
    found: Found,
}

impl Space {
    /// Adds instances of one size, then of smaller ones.
    ///
    /// # Errors
    /// When there are no nodes to go to.
    pub fn fill_tiered(&mut self, size: Size, limit: Option<i64>) -> Result<Found, String> {
        if self.refused {
            return self.fill(size, limit);
        }
        let mut levels: Vec<Level> = Vec::new();
        let (mut size, mut limit) = (size, limit);
        loop {
            let found = self.iterate(size, limit, &mut || true)?;
            let count = self.count() as i64;
            let stop = limit.is_some_and(|limit| limit <= count);
            // The real tool takes all new ones off again each time, not only those of this size.
            let next = limit.map(|limit| limit - count);
            if !stop {
                let most = found.failures.rising().pop().map_or("", |(mode, _)| mode);
                if let Some(smaller) = size.shrunk(most) {
                    levels.push(Level {
                        size,
                        mode: most,
                        limit: next,
                        count: self.count(),
                        found,
                    });
                    (size, limit) = (smaller, next);
                    continue;
                }
                if let Some(fits) = self.first_fit(size, &found, None)? {
                    (size, limit) = (fits, next);
                    continue;
                }
            }
            // Back to the last size whose smaller sizes were of no use, to try other ways to shrink it.
            let mut result = found;
            // Where the limit was reached nothing was tried.
            let mut tried = !stop;
            let again = loop {
                let Some(level) = levels.pop() else {
                    return Ok(result);
                };
                if self.count() > level.count {
                    continue;
                }
                let known = Some(level.mode).filter(|_| tried);
                tried = true;
                if let Some(fits) = self.first_fit(level.size, &level.found, known)? {
                    break (fits, level.limit);
                }
                result = level.found;
            };
            (size, limit) = again;
        }
    }

    /// The first smaller size that fits when one resource alone is shrunk; the one that fails most often first.
    /// `known` is a mode for which that is known to be in vain: its sizes are those of the levels above.
    fn first_fit(
        &mut self,
        size: Size,
        found: &Found,
        known: Option<&str>,
    ) -> Result<Option<Size>, String> {
        let targets = self.targets.clone()?;
        let checked = !self.ask.no_capacity_checks;
        for (mode, _) in found.failures.rising().into_iter().rev() {
            if Some(mode) == known {
                continue;
            }
            let mut tried = size;
            while let Some(smaller) = tried.shrunk(mode) {
                let (_, solution) = self.try_one(&targets, tried, checked);
                if solution.chosen.is_some() {
                    return Ok(Some(tried));
                }
                if !solution.failures.any(mode) {
                    break;
                }
                tried = smaller;
            }
        }
        Ok(None)
    }
}
