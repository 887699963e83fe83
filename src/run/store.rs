//! What is kept with the operator's data: one file a cluster, read and written beside the screen's task.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The largest file that is read, bytes.
const LARGEST: u64 = 16 << 20;

/// What came of reading or writing.
#[derive(Debug, PartialEq, Eq)]
pub enum Stored {
    /// What was kept of a cluster.
    Recalled {
        cluster: String,
        /// None if nothing was.
        text: Option<String>,
        /// The file.
        place: String,
    },
    /// It could not be read or written, and why.
    Failed(String),
}

/// One thing to do.
enum Task {
    Recall(String),
    Keep(String, String),
}

/// Reads and writes on a thread of its own, one thing after another.
pub struct Store {
    tasks: std::sync::mpsc::Sender<Task>,
    news: UnboundedReceiver<Stored>,
}

impl Store {
    /// In the directory that the environment names, or the usual one. Without a home nothing is kept.
    pub fn new() -> Store {
        let variable = |name| std::env::var_os(name).filter(|it| !it.is_empty());
        let data = variable("XDG_DATA_HOME").map(PathBuf::from);
        let usual = || Some(PathBuf::from(variable("HOME")?).join(".local/share"));
        Store::under(data.or_else(usual).map(|data| data.join("gantry")))
    }

    /// Nothing is kept.
    pub fn nowhere() -> Store {
        Store::under(None)
    }

    fn under(directory: Option<PathBuf>) -> Store {
        let (tasks, todo) = std::sync::mpsc::channel();
        let (tell, news) = unbounded_channel();
        // Ends with the channel. Without a thread nothing is kept, as without a home.
        let thread = std::thread::Builder::new().name("store".to_owned());
        let _ = thread.spawn(move || {
            for task in todo {
                work(directory.as_deref(), task, &tell);
            }
        });
        Store { tasks, news }
    }

    /// Asks for what was kept of a cluster.
    pub fn recall(&self, cluster: String) {
        let _ = self.tasks.send(Task::Recall(cluster));
    }

    /// Keeps this of a cluster, instead of what was kept before.
    pub fn keep(&self, cluster: String, text: String) {
        let _ = self.tasks.send(Task::Keep(cluster, text));
    }

    /// The next that came of it.
    pub async fn next(&mut self) -> Stored {
        match self.news.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }
}

fn work(directory: Option<&Path>, task: Task, tell: &UnboundedSender<Stored>) {
    let news = match (directory, task) {
        (None, Task::Recall(cluster)) => Some(Stored::Recalled {
            cluster,
            text: None,
            place: String::new(),
        }),
        (None, Task::Keep(..)) => None,
        (Some(directory), Task::Recall(cluster)) => Some(recalled(directory, cluster)),
        (Some(directory), Task::Keep(cluster, text)) => {
            let path = file(directory, &cluster);
            let kept = write(directory, &path, &text);
            kept.err()
                .map(|error| Stored::Failed(format!("{}: {error}", path.display())))
        }
    };
    if let Some(news) = news {
        // Nobody waits for it any more.
        let _ = tell.send(news);
    }
}

fn recalled(directory: &Path, cluster: String) -> Stored {
    let path = file(directory, &cluster);
    let place = path.display().to_string();
    let text = match read(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Stored::Failed(format!("{place}: {error}")),
    };
    Stored::Recalled {
        cluster,
        text,
        place,
    }
}

/// A name can hold anything; the name of its file cannot.
fn file(directory: &Path, cluster: &str) -> PathBuf {
    let plain = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => c,
        _ => '_',
    };
    let name: String = cluster.chars().take(200).map(plain).collect();
    directory.join(format!("verify-{name}.json"))
}

fn read(path: &Path) -> std::io::Result<String> {
    if std::fs::metadata(path)?.len() > LARGEST {
        return Err(std::io::Error::other("too large to be gantry's"));
    }
    std::fs::read_to_string(path)
}

/// Whole or not at all, and for the operator's eyes only.
fn write(directory: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let mut options = std::fs::OpenOptions::new();
    let mut open = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    let written = open
        .write_all(text.as_bytes())
        .and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_there_the_next_time() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("data/gantry");
        let mut store = Store::under(Some(directory.clone()));
        store.recall("../prod".to_owned());
        let Stored::Recalled { text, place, .. } = store.next().await else {
            unreachable!("nothing is wrong")
        };
        assert_eq!(text, None);
        assert!(place.ends_with("gantry/verify-.._prod.json"), "{place}");
        store.keep("../prod".to_owned(), "{}".to_owned());
        store.recall("../prod".to_owned());
        let Stored::Recalled { text, .. } = store.next().await else {
            unreachable!("nothing is wrong")
        };
        assert_eq!(text.as_deref(), Some("{}"));
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_said() {
        let home = tempfile::tempdir().unwrap();
        let in_the_way = home.path().join("gantry");
        std::fs::write(&in_the_way, "").unwrap();
        let mut store = Store::under(Some(in_the_way));
        store.keep("prod".to_owned(), "{}".to_owned());
        let Stored::Failed(why) = store.next().await else {
            unreachable!("it cannot be kept")
        };
        assert!(why.contains("verify-prod.json"), "{why}");
    }

    #[tokio::test]
    async fn without_a_home_nothing_is_kept() {
        let mut store = Store::nowhere();
        store.keep("prod".to_owned(), "{}".to_owned());
        store.recall("prod".to_owned());
        assert!(matches!(
            store.next().await,
            Stored::Recalled { text: None, .. }
        ));
    }
}
