//! Numbers in the logs of jobs: a guest's memory that goes over, disks that are copied.

/// So many lines without more memory having gone over are a standstill.
const STILL: usize = 3;

/// The memory of a guest that goes to another node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transfer {
    /// Of its memory, percent; more than 100 where what was sent was changed and sent again.
    pub percent: Option<f64>,
    /// It has all gone over.
    pub complete: bool,
    /// It runs there already and fetches what it lacks.
    pub postcopy: bool,
    /// Why it may never end.
    pub trouble: Option<Trouble>,
}

/// Why a migration may never end: the guest changes its memory faster than it goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// More has gone over than there is.
    MoreThanAll,
    /// Nothing was added for three lines.
    StandsStill,
}

impl Trouble {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Trouble::MoreThanAll => "does not converge: more was sent than it has",
            Trouble::StandsStill => "does not converge: it stands still",
        }
    }
}

impl Transfer {
    /// As the lines of a migration tell, without what stands before them; none if it has not begun.
    pub(super) fn of(lines: &[&str]) -> Option<Transfer> {
        let begun = |line: &&str| {
            line.starts_with("starting memory transfer")
                || line.starts_with("migrating instance to")
        };
        let begin = lines.iter().rposition(begun)?;
        let own = lines.get(begin..).unwrap_or_default();
        let percents: Vec<f64> = own.iter().filter_map(|line| memory(line)).collect();
        let wrote = |begin: &str| own.iter().any(|line| line.starts_with(begin));
        let complete = wrote("memory transfer complete");
        let postcopy = wrote("memory transfer has switched");
        let percent = percents.last().copied();
        let last: Vec<f64> = percents.iter().rev().take(STILL).copied().collect();
        let not_more = last
            .iter()
            .zip(last.iter().skip(1))
            .all(|(new, old)| new <= old);
        let still = last.len() == STILL && not_more;
        let trouble = match percent {
            _ if complete || postcopy => None,
            Some(percent) if percent > 100.0 => Some(Trouble::MoreThanAll),
            Some(_) if still => Some(Trouble::StandsStill),
            _ => None,
        };
        Some(Transfer {
            percent,
            complete,
            postcopy,
            trouble,
        })
    }
}

/// A disk that a job waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Sync {
    /// Its index.
    pub disk: u32,
    /// In sync, percent.
    pub percent: f64,
    /// Ganeti's estimate of the time left, in its words; empty if it has none.
    pub left: String,
}

/// Disks that the lines speak of last; none once they are in sync.
pub fn syncs(lines: &[&str]) -> Vec<Sync> {
    let mut syncs: Vec<Sync> = Vec::new();
    for line in lines {
        if line.starts_with("Waiting for instance") || line.ends_with("disks are in sync") {
            syncs.clear();
        }
        let Some(sync) = sync(line) else { continue };
        match syncs.iter_mut().find(|known| known.disk == sync.disk) {
            Some(known) => *known = sync,
            None => syncs.push(sync),
        }
    }
    syncs
}

/// `- device disk/0: 34.20% done, 4m 12s remaining (estimated)`
fn sync(line: &str) -> Option<Sync> {
    let rest = line.strip_prefix("- device disk/")?;
    let (disk, rest) = rest.split_once(':')?;
    let (percent, rest) = rest.split_once('%')?;
    let left = rest.split_once(", ").map_or("", |(_, left)| left);
    let left = left
        .strip_suffix(" remaining (estimated)")
        .unwrap_or_default();
    Some(Sync {
        disk: disk.parse().ok()?,
        percent: number(percent)?,
        left: left.to_owned(),
    })
}

/// `memory transfer progress: 12.34 %`
fn memory(line: &str) -> Option<f64> {
    let rest = line.strip_prefix("memory transfer progress:")?;
    number(rest.split_once('%')?.0)
}

fn number(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}
