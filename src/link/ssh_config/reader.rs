//! Reads ssh_config files for one host.

use std::path::{Path, PathBuf};

use super::criteria::{self, Subject, Verdict};
use super::pattern::{any_fits, fits};
use super::settings::Settings;
use super::words;
use super::{Local, Notice};

/// Files within files; ssh has the same limit.
const MAX_DEPTH: usize = 16;

/// Gathers what the files say for one host.
pub(super) struct Reader<'a> {
    pub settings: Settings,
    pub notices: Vec<Notice>,
    /// A `Match final` was met: the files want a second reading.
    pub wants_last_pass: bool,
    pub last_pass: bool,
    /// Lower case, as ssh compares it.
    host: String,
    local: &'a Local,
}

impl<'a> Reader<'a> {
    pub fn new(host: &str, local: &'a Local) -> Self {
        Reader {
            settings: Settings::default(),
            notices: Vec::new(),
            wants_last_pass: false,
            last_pass: false,
            host: host.to_lowercase(),
            local,
        }
    }

    /// Reads a file if it exists. `base` is where relative `Include`s are looked for.
    pub fn file(&mut self, path: &Path, base: &Path) {
        let mut active = true;
        self.file_within(path, base, &mut active, 0);
    }

    fn file_within(&mut self, path: &Path, base: &Path, active: &mut bool, depth: usize) {
        let text = match std::fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.notice(path, 0, error.to_string()),
        };
        for (index, text) in text.lines().enumerate() {
            let at = index + 1;
            match words::line(text) {
                Ok(Some(line)) => self.line(&line, (path, at), base, active, depth),
                Ok(None) => {}
                Err(why) => self.notice(path, at, why.to_owned()),
            }
        }
    }

    fn line(
        &mut self,
        line: &words::Line,
        (path, at): (&Path, usize),
        base: &Path,
        active: &mut bool,
        depth: usize,
    ) {
        match line.keyword.as_str() {
            "host" => *active = any_fits(line.words.iter().map(String::as_str), &self.host),
            "match" => {
                *active = match self.judge(&line.words) {
                    Verdict::Applies => true,
                    Verdict::DoesNot => false,
                    Verdict::OnLastPass => {
                        self.wants_last_pass = true;
                        false
                    }
                    Verdict::Unknown(why) => {
                        self.notice(path, at, format!("Match block left out: {why}"));
                        false
                    }
                }
            }
            _ if !*active => {}
            "include" if depth >= MAX_DEPTH => {
                self.notice(path, at, "Include within Include without end".to_owned());
            }
            "include" => {
                for pattern in &line.words {
                    let pattern = self.local.path(pattern);
                    for file in files(&base.join(pattern)) {
                        // A Host or Match line in there holds until that file's end only.
                        let mut active = true;
                        self.file_within(&file, base, &mut active, depth + 1);
                    }
                }
            }
            keyword => {
                if let Err(why) = self.settings.take(keyword, &line.words) {
                    self.notice(path, at, why);
                }
            }
        }
    }

    fn judge(&self, words: &[String]) -> Verdict {
        let host = self.settings.host_name.as_deref().unwrap_or("%h");
        let host = host.replace("%h", &self.host).replace("%%", "%");
        criteria::judge(
            words,
            &Subject {
                original: &self.host,
                host: &host,
                user: self.settings.user.as_deref().unwrap_or(&self.local.user),
                local_user: &self.local.user,
                tag: self.settings.tag.as_deref().unwrap_or_default(),
                last_pass: self.last_pass,
            },
        )
    }

    fn notice(&mut self, file: &Path, line: usize, text: String) {
        let notice = Notice {
            file: file.to_owned(),
            line,
            text,
        };
        // The second reading would say everything twice.
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }
}

/// The files that a path with `*` and `?` in any of its parts stands for, in order. A part that
/// begins with a dot is found only by a pattern that does.
fn files(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let text = part.as_os_str().to_string_lossy();
        if !text.contains(['*', '?']) {
            for path in &mut found {
                path.push(part);
            }
            continue;
        }
        found = found
            .iter()
            .filter_map(|dir| std::fs::read_dir(dir).ok())
            .flatten()
            .flatten()
            .filter(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                name.starts_with('.') == text.starts_with('.') && fits(&text, &name)
            })
            .map(|entry| entry.path())
            .collect();
        found.sort();
    }
    found.retain(|path| path.is_file());
    found
}
