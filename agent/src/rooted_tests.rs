#![allow(clippy::unwrap_used)]
use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::*;

/// A directory `in` that is sent, beside one that is not.
struct Sent(PathBuf);

impl Sent {
    fn new(test: &str) -> Sent {
        let name = format!("gantry-rooted-{test}-{}", std::process::id());
        let all = std::env::temp_dir().join(name);
        std::fs::create_dir_all(all.join("in/deep")).unwrap();
        std::fs::create_dir_all(all.join("out")).unwrap();
        std::fs::write(all.join("in/file"), "inside").unwrap();
        std::fs::write(all.join("out/file"), "outside").unwrap();
        Sent(all)
    }

    fn rooted(&self) -> Rooted {
        Rooted::new(&self.0.join("in")).unwrap()
    }

    fn link(&self, name: &str, to: impl AsRef<Path>) {
        symlink(to, self.0.join("in").join(name)).unwrap();
    }

    fn read(&self, rooted: &Rooted, name: &str) -> Result<String, Unread> {
        let mut text = String::new();
        let path = self.0.join("in").join(name);
        rooted.open(&path, 100)?.read_to_string(&mut text).unwrap();
        Ok(text)
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn links_are_followed_within_the_directory_only() {
    let sent = Sent::new("links");
    let rooted = sent.rooted();
    sent.link("up", "../out/file");
    sent.link("absolute", sent.0.join("out/file"));
    sent.link("deep/far", "../../../../../../file");
    sent.link("slash", "/file");
    sent.link("dir", "/deep/..");
    sent.link("round", "round");
    let absent = Err(Unread::Absent);
    assert_eq!(sent.read(&rooted, "up"), absent);
    assert_eq!(sent.read(&rooted, "absolute"), absent);
    assert_eq!(sent.read(&rooted, "../out/file"), absent);
    for inside in ["file", "slash", "deep/far", "dir/file", "dir/dir/slash"] {
        assert_eq!(sent.read(&rooted, inside).as_deref(), Ok("inside"));
    }
    assert_eq!(rooted.refused(), [""; 0]);
    assert!(sent.read(&rooted, "round").is_err());
    assert!(sent.read(&rooted, "file/file").is_err());
    let refused = rooted.refused();
    assert!(refused[0].starts_with("round: "), "{refused:?}");
    assert_eq!(refused.len(), 2);
    assert_eq!(rooted.link(Path::new("slash")), Some("/file".into()));
    assert_eq!(rooted.link(Path::new("file")), None);
}

#[test]
fn what_is_no_file_or_too_long_is_refused_with_its_name() {
    let sent = Sent::new("refused");
    let rooted = sent.rooted();
    let pipe = sent.0.join("in/pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    sent.link("null", "/dev/null");
    sent.link("to-pipe", "/pipe");
    let long = File::create(sent.0.join("in/long")).unwrap();
    long.set_len(1 << 40).unwrap();
    for name in ["pipe", "to-pipe", "deep", "long", "lo\u{1b}ng"] {
        assert!(sent.read(&rooted, name).is_err());
    }
    assert_eq!(sent.read(&rooted, "null"), Err(Unread::Absent));
    assert_eq!(
        rooted.refused(),
        [
            "pipe: not a regular file",
            "to-pipe: not a regular file",
            "deep: not a regular file",
            "long: longer than 0 KiB",
        ]
    );
    assert_eq!(rooted.refused(), [""; 0], "said once");
}

#[test]
fn a_directory_is_listed_through_links_too() {
    let sent = Sent::new("names");
    let rooted = sent.rooted();
    sent.link("deep/up", "/");
    let mut names = rooted.names(Path::new("deep/up/deep/.."));
    names.sort();
    assert_eq!(names, ["deep", "file"]);
    assert_eq!(rooted.names(Path::new("nowhere")), [""; 0]);
    assert!(rooted.is_directory(Path::new("deep/up")));
    assert!(!rooted.is_directory(Path::new("file")));
    assert_eq!(rooted.refused(), [""; 0]);
    rooted.names(Path::new("file"));
    assert_eq!(rooted.refused().len(), 1);
}

proptest! {
    /// Whatever a link says, it leads to what is inside or nowhere.
    #[test]
    fn no_link_leads_out(to in "(/|\\.\\./|\\./|deep/|out/|in/|link/|file){1,8}") {
        let sent = Sent::new("any");
        let link = sent.0.join("in/link");
        let _ = std::fs::remove_file(&link);
        symlink(&to, &link).unwrap();
        let text = sent.read(&sent.rooted(), "link");
        prop_assert!(text.as_deref() == Ok("inside") || text.is_err(), "{text:?}");
    }
}
