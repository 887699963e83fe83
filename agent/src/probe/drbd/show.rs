//! `drbdsetup show`: a device's addresses, and what lies below it. Its shared secret goes nowhere.
//!
//! 8.4 and 9 have all in `resource NAME { ... }`; 8.0 and 8.3 print one device without a name.

/// What is configured of one minor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Minor number.
    pub minor: u32,
    /// The resource's name; empty in 8.0 and 8.3.
    pub resource: String,
    /// This end's address without port; empty if it is not to be connected.
    pub local: String,
    /// The other end's.
    pub remote: String,
    /// The connection's port, 0 if it has none.
    pub port: u16,
    /// The device with the data; empty if it has none.
    pub data: String,
    /// The device with the metadata, or `internal`.
    pub meta: String,
    /// Resync rate that was set, KiB a second; 0 if none was.
    pub rate_kib: u64,
}

/// Reads all devices. Text that is none costs what it stands for.
pub fn parse(text: &str) -> Vec<Shown> {
    let mut reader = Reader::default();
    let mut statement: Vec<String> = Vec::new();
    for token in Tokens(text) {
        match token {
            Token::Open => {
                let block = std::mem::take(&mut statement);
                reader.open(&block);
            }
            Token::Close => {
                statement.clear();
                reader.close();
            }
            Token::End => {
                reader.statement(&statement);
                statement.clear();
            }
            // No statement that is of use is longer.
            Token::Word(word) if statement.len() < 8 => statement.push(word),
            Token::Word(_) => {}
        }
    }
    reader.finish();
    reader.done
}

/// What belongs to a resource as a whole, and its volumes so far.
#[derive(Debug, Default)]
struct Reader {
    /// First words of the blocks that are open.
    path: Vec<String>,
    whole: Shown,
    volumes: Vec<Shown>,
    /// This end was read.
    this_host: bool,
    done: Vec<Shown>,
}

impl Reader {
    fn open(&mut self, block: &[String]) {
        let word = block.first().cloned().unwrap_or_default();
        if word == "resource" {
            self.finish();
            self.whole.resource = block.get(1).cloned().unwrap_or_default();
        } else if word == "_this_host" && self.path.is_empty() && self.this_host {
            // Another device of a version that does not name them.
            self.finish();
        }
        // What nests deeper is nothing of DRBD's.
        if self.path.len() < 64 {
            self.path.push(word);
        }
    }

    fn close(&mut self) {
        let block = self.path.pop();
        if block.as_deref() == Some("resource") {
            self.finish();
        }
    }

    fn inside(&self, block: &str) -> bool {
        self.path.iter().any(|word| word == block)
    }

    fn statement(&mut self, words: &[String]) {
        let Some((key, values)) = words.split_first() else {
            return;
        };
        let value = values.first().map_or("", String::as_str);
        let last = values.last().map_or("", String::as_str);
        match key.as_str() {
            "device" if self.inside("_this_host") => {
                self.this_host = true;
                let minor = last.trim_start_matches("/dev/drbd").parse();
                let minor = minor.unwrap_or(u32::MAX);
                self.volumes.push(Shown {
                    minor,
                    ..Shown::default()
                });
            }
            "disk" if self.inside("_this_host") => {
                if let Some(volume) = self.volumes.last_mut() {
                    value.clone_into(&mut volume.data);
                }
            }
            "meta-disk" | "flexible-meta-disk" if self.inside("_this_host") => {
                if let Some(volume) = self.volumes.last_mut() {
                    value.clone_into(&mut volume.meta);
                }
            }
            "address" => {
                let (host, port) = address(last);
                // With several peers, the first.
                let end = if self.inside("_remote_host") {
                    &mut self.whole.remote
                } else {
                    self.whole.port = port;
                    &mut self.whole.local
                };
                if end.is_empty() {
                    *end = host;
                }
            }
            "resync-rate" | "rate" if last != "_is_default" => {
                let rate = rate_kib(value);
                let in_volume = self.inside("volume");
                match self.volumes.last_mut() {
                    Some(volume) if in_volume => volume.rate_kib = rate,
                    _ => self.whole.rate_kib = rate,
                }
            }
            _ => {}
        }
    }

    /// A resource is read: its volumes are done.
    fn finish(&mut self) {
        let whole = std::mem::take(&mut self.whole);
        for volume in self.volumes.drain(..) {
            if volume.minor == u32::MAX {
                continue;
            }
            self.done.push(Shown {
                minor: volume.minor,
                data: volume.data,
                meta: volume.meta,
                rate_kib: volume.rate_kib.max(whole.rate_kib),
                ..whole.clone()
            });
        }
        self.this_host = false;
    }
}

/// `192.0.2.1:11000` or `[2001:db8::1]:11000`.
fn address(text: &str) -> (String, u16) {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (host.to_owned(), port.parse().unwrap_or(0))
}

/// `61440k`, in KiB.
fn rate_kib(text: &str) -> u64 {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().unwrap_or(0);
    match text.chars().last() {
        Some('k' | 'K') => number,
        Some('m' | 'M') => number.saturating_mul(1024),
        Some('g' | 'G') => number.saturating_mul(1024 * 1024),
        _ => number / 1024,
    }
}

enum Token {
    Word(String),
    Open,
    Close,
    End,
}

struct Tokens<'a>(&'a str);

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            self.0 = self.0.trim_start();
            let mut chars = self.0.chars();
            let first = chars.next()?;
            let rest = chars.as_str();
            match first {
                '#' => self.0 = rest.split_once('\n').map_or("", |(_, after)| after),
                '{' | '}' | ';' => {
                    self.0 = rest;
                    return Some(match first {
                        '{' => Token::Open,
                        '}' => Token::Close,
                        _ => Token::End,
                    });
                }
                '"' => {
                    let (word, after) = rest.split_once('"').unwrap_or((rest, ""));
                    self.0 = after;
                    return Some(Token::Word(word.to_owned()));
                }
                _ => {
                    let end = self
                        .0
                        .find(|c: char| c.is_whitespace() || "{};\"#".contains(c))
                        .unwrap_or(self.0.len());
                    let (word, after) = self.0.split_at(end);
                    self.0 = after;
                    return Some(Token::Word(word.to_owned()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::super::samples;
    use super::*;

    #[test]
    fn a_real_nodes_devices_have_their_ends_and_volumes() {
        let shown = parse(&samples::captured("drbdsetup-show.txt"));
        assert_eq!(shown.len(), 2);
        let expected = Shown {
            minor: 1,
            resource: "resource1".into(),
            local: "192.0.2.12".into(),
            remote: "192.0.2.13".into(),
            port: 11003,
            data: "/dev/xenvg/337507ff-2f4e-41ba-86b0-a383f6a9e46e.disk0_data".into(),
            meta: "/dev/xenvg/337507ff-2f4e-41ba-86b0-a383f6a9e46e.disk0_meta".into(),
            rate_kib: 61_440,
        };
        assert_eq!(shown[1], expected);
        assert!(!format!("{shown:?}").contains("secret"));
    }

    #[test]
    fn older_versions_print_one_device_without_a_name() {
        let text = "syncer {\n rate 30720k; # bytes/second\n after -1 _is_default;\n}\nprotocol A;\n_this_host {\n device \"/dev/drbd63\";\n disk \"/dev/xenvg/test.data\";\n meta-disk \"/dev/xenvg/test.meta\" [ 0 ];\n address 192.0.2.1:11000;\n}\n_remote_host {\n address ipv6 [2001:db8:66::1]:11000;\n}\n";
        let expected = Shown {
            minor: 63,
            local: "192.0.2.1".into(),
            remote: "2001:db8:66::1".into(),
            port: 11000,
            data: "/dev/xenvg/test.data".into(),
            meta: "/dev/xenvg/test.meta".into(),
            rate_kib: 30_720,
            ..Shown::default()
        };
        assert_eq!(parse(text), [expected]);
    }

    /// Other people's samples, read where they are.
    #[test]
    fn every_reference_sample_gives_its_device() {
        let all = samples::reference("data").into_iter();
        let all = all.chain(samples::reference("samples/drbd84"));
        let mut count = 0;
        for (name, bytes) in all {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if !text.contains("_this_host") || name == "README.md" {
                continue;
            }
            count += 1;
            let shown = parse(&text);
            assert_eq!(shown.len(), 1, "{name}");
            assert_eq!(shown[0].data.is_empty(), name.contains("net-ip"), "{name}");
            assert_eq!(
                shown[0].remote.is_empty(),
                name.contains("drbd-disk"),
                "{name}"
            );
        }
        println!("{count} samples of drbdsetup show read");
        assert!(count == 0 || count >= 9, "{count}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([{};\"# \n]|device|minor|[0-9]|_this_host|address|\\PC){0,60}") {
            parse(&text);
        }
    }
}
