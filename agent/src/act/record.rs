//! What is written down of a change before and after it is made, so that nobody makes it twice and
//! everybody can find out what became of it: a file for each, named by its id.

use std::fs::DirBuilder;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use gantry_wire::act::{Act, ActId, Expect, Outcome};
use gantry_wire::operation::Operation;
use serde::{Deserialize, Serialize};

use crate::place::{Place, Unread};
use crate::probe::{process, system};

/// Records are kept for so long.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// No record is longer, bytes: what is asked for and what is said to it have limits of their own.
const LONGEST: u64 = 256 * 1024;
/// No more files lie there, so that nobody fills the memory that they are kept in.
const MOST: usize = 20_000;
/// So many changes of which nothing is known one console may bar.
const BARRED: usize = 1_000;

/// What is known of one change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Who makes it.
    pub owner: Owner,
    /// When it was begun, milliseconds since the epoch.
    pub at_ms: u64,
    /// The highest job id that was given out before.
    pub above: u64,
    /// What is to be done; nothing in a record that only keeps it from being done.
    pub operation: Option<Operation>,
    /// What the operator saw of its subject; nothing where there is no operation.
    #[serde(default)]
    pub expect: Option<Expect>,
    /// How far it is.
    pub state: State,
}

impl Record {
    /// Whether it is of another change than this one, which goes by the same id.
    pub fn is_of_another(&self, act: &Act) -> bool {
        let is = |it: &Operation| *it != act.operation || self.expect.as_ref() != Some(&act.expect);
        self.operation.as_ref().is_some_and(is)
    }
}

/// How far a change is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing was sent to luxid.
    Begun {},
    /// Something may have been sent.
    Sent {},
    /// Ganeti said yes, and it was not to be seen yet.
    Accepted {},
    /// This became of it.
    Over {
        /// What.
        outcome: Outcome,
    },
}

/// A process, told from all others that ever had or will have its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Process id.
    pub pid: u32,
    /// Clock ticks from the boot to its start.
    pub started: u64,
    /// Random id of the boot.
    pub boot: String,
}

/// All records of a node, or of a simulated one.
pub trait Records {
    /// Writes a new record, unless there is one: then that is the answer.
    ///
    /// # Errors
    /// In words, if it can be neither written nor read.
    fn create(&mut self, id: &ActId, record: &Record) -> Result<Option<Record>, String>;

    /// A record, if there is one.
    ///
    /// # Errors
    /// In words, if it cannot be read.
    fn read(&mut self, id: &ActId) -> Result<Option<Record>, String>;

    /// Replaces a record.
    ///
    /// # Errors
    /// In words, if it cannot be written.
    fn write(&mut self, id: &ActId, record: &Record) -> Result<(), String>;

    /// Who writes here.
    fn myself(&self) -> Owner;

    /// Whether a process still runs.
    fn runs(&self, owner: &Owner) -> bool;
}

/// Records as files in `/run/gantry/op`.
#[derive(Debug)]
pub struct Files {
    place: Place,
    directory: PathBuf,
    /// How many may lie there.
    most: usize,
    /// How many records that bar something may still be made from here.
    may_bar: usize,
}

/// Counts the drafts of this process, whoever of it writes them.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

impl Files {
    /// Those of a node with Ganeti's files at `place`. Old ones are removed.
    pub fn new(place: Place) -> Files {
        let directory = place.prefixed("/run/gantry/op");
        clean(&directory);
        Files {
            place,
            directory,
            most: MOST,
            may_bar: BARRED,
        }
    }

    /// A whole record in a file of its own, which becomes the real one at once or not at all.
    fn draft(&self, id: &ActId, record: &Record) -> std::io::Result<PathBuf> {
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)?;
        let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let name = format!(".{id}.{}.{number}", std::process::id());
        let draft = self.directory.join(name);
        let text = serde_json::to_string(record)?;
        std::fs::write(&draft, text + "\n")?;
        Ok(draft)
    }

    fn path(&self, id: &ActId) -> PathBuf {
        self.directory.join(id.as_str())
    }

    /// Why there may not be one more like this.
    fn too_many(&self, record: &Record) -> Result<(), String> {
        if record.operation.is_none() && self.may_bar == 0 {
            return Err("this console asked about too many changes that nobody knows".into());
        }
        let files = std::fs::read_dir(&self.directory).map_or(0, Iterator::count);
        if files >= self.most {
            let directory = self.directory.display();
            return Err(format!("{directory}: {files} files lie there already"));
        }
        Ok(())
    }
}

impl Records for Files {
    fn create(&mut self, id: &ActId, record: &Record) -> Result<Option<Record>, String> {
        if let Err(why) = self.too_many(record) {
            return self.read(id)?.ok_or(why).map(Some);
        }
        let path = self.path(id);
        let odd = |error: std::io::Error| format!("{}: {error}", path.display());
        let draft = self.draft(id, record).map_err(odd)?;
        // Unlike a rename, a link never replaces.
        let linked = std::fs::hard_link(&draft, &path);
        let _ = std::fs::remove_file(&draft);
        match linked {
            Ok(()) => {
                let bars = usize::from(record.operation.is_none());
                self.may_bar = self.may_bar.saturating_sub(bars);
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.read(id),
            Err(error) => Err(odd(error)),
        }
    }

    fn read(&mut self, id: &ActId) -> Result<Option<Record>, String> {
        let path = self.path(id);
        let odd = |why: String| format!("{}: {why}", path.display());
        match self.place.bytes(&path, LONGEST) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| odd(error.to_string())),
            Err(Unread::Absent) => Ok(None),
            Err(why) => Err(odd(why.to_string())),
        }
    }

    fn write(&mut self, id: &ActId, record: &Record) -> Result<(), String> {
        let path = self.path(id);
        self.draft(id, record)
            .and_then(|draft| std::fs::rename(draft, &path))
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    fn myself(&self) -> Owner {
        let pid = std::process::id();
        Owner {
            pid,
            started: process::stat(&self.place, pid).map_or(0, |stat| stat.start),
            boot: system::boot_id(&self.place),
        }
    }

    fn runs(&self, owner: &Owner) -> bool {
        let stat = process::stat(&self.place, owner.pid);
        owner.boot == system::boot_id(&self.place)
            && stat.is_some_and(|stat| stat.start == owner.started && !"ZX".contains(stat.state))
    }
}

/// Removes what is older than [`KEPT`]; what cannot be removed stays.
fn clean(directory: &Path) {
    let oldest = SystemTime::now() - KEPT;
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let changed = entry.metadata().and_then(|meta| meta.modified());
        if changed.is_ok_and(|at| at < oldest) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::luxi::fake::{FakeLuxid, Reply};

    fn record(records: &Files, state: State) -> Record {
        Record {
            owner: records.myself(),
            at_ms: 1,
            above: 7,
            operation: Some(Operation::QueueDrain {}),
            expect: Some(Expect::Nothing {}),
            state,
        }
    }

    #[test]
    fn only_one_of_many_makes_a_record() {
        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let place = Place::new(fake.root().to_owned(), None);
        let id = ActId::new(7);
        let made: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8)
                .map(|_| {
                    let (place, id) = (place.clone(), id.clone());
                    scope.spawn(move || {
                        let mut records = Files::new(place);
                        let mine = record(&records, State::Begun {});
                        let found = records.create(&id, &mine).unwrap();
                        usize::from(found.is_none())
                    })
                })
                .collect();
            tries.into_iter().map(|one| one.join().unwrap()).sum()
        });
        assert_eq!(made, 1);
        let names: Vec<_> = std::fs::read_dir(fake.root().join("run/gantry/op"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, [id.as_str()], "and nothing else lies there");
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let mut records = Files::new(Place::new(fake.root().to_owned(), None));
        let id = ActId::new(7);
        let begun = record(&records, State::Begun {});
        assert_eq!(records.create(&id, &begun), Ok(None));
        let outcome = Outcome::Submitted { job: 8 };
        let over = record(&records, State::Over { outcome });
        records.write(&id, &over).unwrap();
        assert_eq!(records.create(&id, &begun), Ok(Some(over)));
        std::fs::write(fake.root().join("run/gantry/op").join(id.as_str()), "{").unwrap();
        assert!(
            records.create(&id, &begun).is_err(),
            "half a record is none to trust"
        );
    }

    #[test]
    fn nobody_fills_the_directory() {
        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let mut records = Files::new(Place::new(fake.root().to_owned(), None));
        (records.most, records.may_bar) = (4, 2);
        let begun = record(&records, State::Begun {});
        let bar = Record {
            operation: None,
            expect: None,
            ..begun.clone()
        };
        let mut create = |id, record| records.create(&ActId::new(id), record);
        assert_eq!(create(1, &bar), Ok(None));
        assert_eq!(create(2, &bar), Ok(None));
        assert!(create(3, &bar).unwrap_err().contains("too many"));
        // What is known is found all the same, and something real may be done.
        assert_eq!(create(2, &bar), Ok(Some(bar.clone())));
        assert_eq!(create(3, &begun), Ok(None));
        assert_eq!(create(4, &begun), Ok(None));
        assert!(create(5, &begun).unwrap_err().contains("4 files"));
        assert_eq!(create(4, &begun), Ok(Some(begun.clone())));
        assert_eq!(records.read(&ActId::new(5)), Ok(None));
    }

    #[test]
    fn a_process_is_told_from_a_later_one_with_its_number() {
        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let records = Files::new(Place::new(fake.root().to_owned(), None));
        let me = records.myself();
        assert!(records.runs(&me));
        let other = |change: fn(&mut Owner)| {
            let mut other = me.clone();
            change(&mut other);
            records.runs(&other)
        };
        assert!(!other(|owner| owner.started += 1));
        assert!(!other(|owner| owner.boot.push('x')));
        assert!(!other(|owner| owner.pid = u32::MAX));
    }

    #[test]
    fn old_records_go() {
        let fake = FakeLuxid::start(|_, _| Reply::Nothing);
        let place = Place::new(fake.root().to_owned(), None);
        let mut records = Files::new(place.clone());
        let begun = record(&records, State::Begun {});
        for id in [1, 2] {
            records.create(&ActId::new(id), &begun).unwrap();
        }
        let path = |id| {
            fake.root()
                .join("run/gantry/op")
                .join(ActId::new(id).as_str())
        };
        let old = SystemTime::now() - KEPT - Duration::from_secs(60);
        std::fs::File::options()
            .write(true)
            .open(path(1))
            .unwrap()
            .set_modified(old)
            .unwrap();
        Files::new(place);
        assert_eq!((path(1).exists(), path(2).exists()), (false, true));
    }
}
