//! The job queue's files. Each job is one file, written before luxid says its id, first of all on
//! the node that was asked: so they tell for sure what was submitted there, also once luxid is
//! gone, another node is the master, or the node was booted anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use gantry_wire::act::ActId;

use super::luxid::Search;
use crate::place::{Place, Unread};

/// No job's file is longer, bytes; Ganeti's own are some 10 KB.
const LONGEST: u64 = 64 * 1024 * 1024;
/// A job that was not written to for so long is nobody's that is still looked for.
pub const OLD: Duration = Duration::from_secs(7 * 24 * 3600);

/// The highest id that was given out.
///
/// # Errors
/// In words, if the queue cannot be read.
pub fn highest(place: &Place) -> Result<u64, String> {
    let listed = files(&place.data("queue"))?
        .last_key_value()
        .map(|(id, _)| *id);
    Ok(serial(place)?.max(listed.unwrap_or(0)))
}

/// Since when the queue is here, milliseconds since the epoch: its version is written once, when
/// the node gets it.
pub fn since(place: &Place) -> Option<u64> {
    let written = place.stamp(&place.data("queue/version")).mtime_ns;
    u64::try_from(written / 1_000_000).ok().filter(|ms| *ms > 0)
}

/// Looks for the job whose reason trail has an operation's id. Jobs that it made itself have
/// inherited the trail: the first is meant.
///
/// # Errors
/// In words, if the queue cannot be read.
pub fn find(place: &Place, id: &ActId, above: Option<u64>) -> Result<Search, String> {
    let queue = place.data("queue");
    // Before the jobs are listed: what waits for nobody by now is among them, or never will be.
    let held = is_held(place, &queue)?;
    let serial = serial(place)?;
    let lowest = above.map_or(0, |above| above.saturating_add(1));
    let keep = |path: &Path| above.is_some() || is_young(path);
    let mut all = archived(&queue.join("archive"), lowest, keep)?;
    all.extend(files(&queue)?.split_off(&lowest));
    // While they were listed one may have been moved from here to there.
    all.extend(archived(&queue.join("archive"), lowest, keep)?);
    for (job, path) in &all {
        let here = mentions(place, path, id)?;
        // One that was put away since it was listed is looked for where it went.
        let found = match here {
            Some(found) => found,
            None => mentions(place, &shelved(&queue, *job), id)?.unwrap_or(false),
        };
        if found {
            return Ok(Search {
                job: Some(*job),
                ..Search::default()
            });
        }
    }
    let given_out = above.map_or(0, |above| serial.saturating_sub(above));
    let written = all.range(..=serial).count();
    Ok(Search {
        job: None,
        unwritten: u64::try_from(written).is_ok_and(|written| written < given_out),
        held,
    })
}

/// Whether the last id has no job yet. luxid notes an id, tells all candidates while everybody else
/// waits, and only then writes the job.
fn is_held(place: &Place, queue: &Path) -> Result<bool, String> {
    let last = serial(place)?;
    let live = queue.join(format!("job-{last}"));
    let written = last == 0 || live.exists() || shelved(queue, last).exists() || live.exists();
    // Should it have moved on meanwhile, whoever waited may have been given the next.
    Ok(!written || serial(place)? != last)
}

/// The file of a job that was put away: ten thousand a shelf, named by their number of ten thousands.
fn shelved(queue: &Path, job: u64) -> PathBuf {
    let shelf = queue.join("archive").join((job / 10_000).to_string());
    shelf.join(format!("job-{job}"))
}

fn serial(place: &Place) -> Result<u64, String> {
    match place.text(&place.data("queue/serial")) {
        Ok(text) => {
            let number = text.trim().parse();
            number.map_err(|_| format!("the queue's serial is no number: {:?}", text.trim()))
        }
        Err(Unread::Absent) => Ok(0),
        Err(why) => Err(format!("the queue's serial: {why}")),
    }
}

/// The jobs in a directory; none if there is no such directory.
fn files(directory: &Path) -> Result<BTreeMap<u64, PathBuf>, String> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(format!("{}: {error}", directory.display())),
    };
    let job = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.ok()?.path();
        let id = path.file_name()?.to_str()?.strip_prefix("job-")?.parse();
        Some((id.ok()?, path))
    };
    Ok(entries.filter_map(job).collect())
}

/// Those from an id on that were put away, if their files are to be kept.
fn archived(
    directory: &Path,
    lowest: u64,
    keep: impl Fn(&Path) -> bool,
) -> Result<BTreeMap<u64, PathBuf>, String> {
    let mut all = BTreeMap::new();
    let shelves = match std::fs::read_dir(directory) {
        Ok(shelves) => shelves,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(all),
        Err(error) => return Err(format!("{}: {error}", directory.display())),
    };
    for shelf in shelves.filter_map(Result::ok) {
        let number = shelf.file_name().to_str().and_then(|n| n.parse().ok());
        if number.is_none_or(|number: u64| number < lowest / 10_000) {
            continue;
        }
        let young = files(&shelf.path())?.split_off(&lowest);
        all.extend(young.into_iter().filter(|(_, path)| keep(path)));
    }
    Ok(all)
}

fn is_young(path: &Path) -> bool {
    let changed = std::fs::metadata(path).and_then(|meta| meta.modified());
    changed.is_ok_and(|at| at > SystemTime::now() - OLD)
}

/// Whether a file has the digits of an operation's id, which nobody can know before its job shows
/// them; none if there is no such file.
fn mentions(place: &Place, path: &Path, id: &ActId) -> Result<Option<bool>, String> {
    let digits = id.as_str().as_bytes();
    match place.bytes(path, LONGEST) {
        Ok(bytes) => Ok(Some(
            bytes.windows(digits.len()).any(|window| window == digits),
        )),
        Err(Unread::Absent) => Ok(None),
        Err(why) => Err(format!("{}: {why}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::luxi::fake::{FakeLuxid, Reply};

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join("var/lib/ganeti/queue").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn the_first_job_with_the_id_is_found_wherever_it_lies() {
        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let place = Place::new(fake.root().to_owned(), None);
        assert_eq!(highest(&place), Ok(0));
        let id = ActId::new(0xabc);
        let root = fake.root();
        write(root, "serial", "14\n");
        write(root, "archive/0/job-9", &format!("too old {id}"));
        for job in [11, 13, 14] {
            write(root, &format!("job-{job}"), &format!("[\"id:{id}\"]"));
        }
        write(root, "archive/0/job-12", &format!("[\"id:{id} why\"]"));
        write(root, "job-14.tmp", "half");
        assert_eq!(highest(&place), Ok(14));
        let found = |above| find(&place, &id, Some(above)).unwrap().job;
        assert_eq!(
            (found(10), found(11), found(12)),
            (Some(11), Some(12), Some(13))
        );
        assert_eq!(find(&place, &id, None).unwrap().job, Some(9));
        assert_eq!(
            find(&place, &ActId::new(1), Some(10)).unwrap(),
            Search::default()
        );
    }

    #[test]
    fn an_id_that_was_given_out_without_a_job_is_told() {
        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let place = Place::new(fake.root().to_owned(), None);
        write(fake.root(), "serial", "12\n");
        write(fake.root(), "job-11", "x");
        let search = |above| find(&place, &ActId::new(1), Some(above)).unwrap();
        let flags = |above| (search(above).unwritten, search(above).held);
        assert_eq!(search(10).job, None);
        assert_eq!(flags(10), (true, true));
        assert_eq!(
            flags(12),
            (false, true),
            "whoever had it may hold others back"
        );
        write(fake.root(), "archive/0/job-12", "x");
        assert_eq!((flags(10), flags(12)), ((false, false), (false, false)));
        write(fake.root(), "serial", "twelve\n");
        assert!(find(&place, &ActId::new(1), Some(10)).is_err());
    }
}
