//! Cuts reports that grew too long for one frame into several of at most about
//! [`frame::PIECE`] bytes each. What cannot be cut and is longer than any frame may be is not sent,
//! and that is said.

use gantry_wire::Report;
use gantry_wire::config::ConfigPart;
use gantry_wire::drbd::Drbd;
use gantry_wire::frame;
use gantry_wire::job::{JobLog, JobsPart};
use gantry_wire::live::Live;
use gantry_wire::node::{Missing, Sample};
use gantry_wire::report::{Answer, AnswerBody, Problem};
use serde::Serialize;

/// Appends one report to the output, in as many frames as it needs. Returns the parts of a sample
/// that were left out because no frame is long enough.
pub fn append(output: &mut Vec<u8>, report: Report) -> Vec<Missing> {
    let mut left_out = Vec::new();
    match report {
        Report::Config(part) => {
            for piece in config(*part) {
                append_frame(output, Report::Config(Box::new(piece)));
            }
        }
        Report::Jobs(part) => {
            for piece in jobs(part) {
                append_frame(output, Report::Jobs(piece));
            }
        }
        Report::Logs(logs) => {
            for piece in log_pieces(logs) {
                append_frame(output, Report::Logs(piece));
            }
        }
        Report::Live(live) => {
            for piece in self::live(*live) {
                append_frame(output, Report::Live(Box::new(piece)));
            }
        }
        Report::Sample(sample) => {
            for piece in samples(*sample) {
                append_sample(output, piece, &mut left_out);
            }
        }
        report => append_frame(output, report),
    }
    left_out
}

fn append_frame(output: &mut Vec<u8>, report: Report) {
    let line = frame::encode(&report);
    if line.len() <= frame::LIMIT {
        output.extend_from_slice(&line);
        return;
    }
    let text = too_long(line.len());
    let instead = match report {
        Report::Answer(Answer { id, .. }) => Report::Answer(Answer {
            id,
            answer: AnswerBody::Failed(text),
        }),
        report => Report::Problem(Problem {
            about: kind(&report).into(),
            text,
        }),
    };
    output.extend_from_slice(&frame::encode(&instead));
}

fn too_long(bytes: usize) -> String {
    format!("not sent: {bytes} bytes are longer than a frame may be")
}

/// What a report is about, in a word for the operator.
fn kind(report: &Report) -> &'static str {
    match report {
        Report::Hello(_) | Report::Pong(_) | Report::Answer(_) => "link",
        Report::Sample(_) => "sample",
        Report::Ssconf(_) => "ssconf",
        Report::Master(_) => "master",
        Report::Config(_) => "config",
        Report::Jobs(_) => "jobs",
        Report::Logs(_) => "logs",
        Report::Queue(_) => "queue",
        Report::Locks(_) => "locks",
        Report::Live(_) => "live",
        Report::Acted(_) => "act",
        Report::Problem(_) => "problem",
    }
}

/// The largest parts stay behind until the rest fits.
fn append_sample(output: &mut Vec<u8>, sample: Sample, left_out: &mut Vec<Missing>) {
    let mut report = Report::Sample(Box::new(sample));
    loop {
        let line = frame::encode(&report);
        let Report::Sample(sample) = &mut report else {
            return;
        };
        if line.len() <= frame::LIMIT {
            output.extend_from_slice(&line);
            return;
        }
        let Some((part, bytes)) = take_largest(sample) else {
            return;
        };
        left_out.push(Missing {
            part: part.into(),
            why: too_long(bytes),
            hangs: false,
        });
    }
}

/// Takes a sample's largest part away; its name, and how long it was in bytes.
fn take_largest(sample: &mut Sample) -> Option<(&'static str, usize)> {
    let mut largest = None;
    macro_rules! measure {
        ($($part:ident),*) => { $(
            if let Some(part) = &sample.$part {
                let bytes = serde_json::to_vec(part).map_or(0, |bytes| bytes.len());
                if largest.is_none_or(|(_, most)| bytes > most) {
                    largest = Some((stringify!($part), bytes));
                }
            }
        )* };
    }
    macro_rules! take {
        ($name:expr; $($part:ident),*) => { $( if $name == stringify!($part) { sample.$part = None; } )* };
    }
    measure!(
        cpu, memory, load, system, net, disks, storage, lvm, health, drbd, guests, daemons, missing
    );
    let (name, _) = largest?;
    take!(
        name;
        cpu, memory, load, system, net, disks, storage, lvm, health, drbd, guests, daemons, missing
    );
    largest
}

/// How much room is left in the piece that is being filled.
struct Room(usize);

impl Room {
    /// A little is kept for the piece's own fields.
    const EMPTY: usize = frame::PIECE - 2048;

    /// Whether `item` must go into the next piece; counts it in either case.
    fn overflows(&mut self, item: &impl Serialize) -> bool {
        let size = serde_json::to_vec(item).map_or(0, |bytes| bytes.len() + 1);
        if size <= self.0 || self.0 == Self::EMPTY {
            self.0 = self.0.saturating_sub(size);
            return false;
        }
        self.0 = Self::EMPTY.saturating_sub(size);
        true
    }
}

/// The first piece is `whole` if all of it is and carries cluster and gone names; the last piece
/// alone is `last`.
fn config(part: ConfigPart) -> Vec<ConfigPart> {
    let (whole, last) = (part.whole, part.last);
    let blank = ConfigPart {
        revision: part.revision,
        source: part.source,
        at: part.at,
        ..ConfigPart::default()
    };
    let mut room = Room(Room::EMPTY);
    let mut pieces = Vec::new();
    let mut filling = ConfigPart {
        whole,
        cluster: part.cluster,
        gone: part.gone,
        ..blank.clone()
    };
    room.overflows(&filling);
    macro_rules! distribute {
        ($($list:ident),*) => { $(
            for item in part.$list {
                if room.overflows(&item) {
                    pieces.push(std::mem::replace(&mut filling, blank.clone()));
                }
                filling.$list.push(item);
            }
        )* };
    }
    distribute!(groups, nodes, instances, networks);
    filling.last = last;
    pieces.push(filling);
    pieces
}

/// Only the first piece replaces what came before.
fn jobs(part: JobsPart) -> Vec<JobsPart> {
    let mut room = Room(Room::EMPTY);
    let mut pieces = Vec::new();
    let mut filling = JobsPart {
        whole: part.whole,
        at: part.at,
        jobs: Vec::new(),
        gone: part.gone,
    };
    for job in part.jobs {
        if room.overflows(&job) {
            let next = JobsPart {
                at: part.at,
                ..JobsPart::default()
            };
            pieces.push(std::mem::replace(&mut filling, next));
        }
        filling.jobs.push(job);
    }
    pieces.push(filling);
    pieces
}

fn log_pieces(logs: Vec<JobLog>) -> Vec<Vec<JobLog>> {
    let mut room = Room(Room::EMPTY);
    let mut pieces: Vec<Vec<JobLog>> = vec![Vec::new()];
    let finish = |pieces: &mut Vec<Vec<JobLog>>, log: JobLog| {
        if let Some(piece) = pieces.last_mut() {
            piece.push(log);
        }
    };
    for log in logs {
        let mut filling = JobLog {
            job: log.job,
            lines: Vec::new(),
        };
        for line in log.lines {
            if room.overflows(&line) {
                let next = JobLog {
                    job: log.job,
                    lines: Vec::new(),
                };
                finish(&mut pieces, std::mem::replace(&mut filling, next));
                pieces.push(Vec::new());
            }
            filling.lines.push(line);
        }
        finish(&mut pieces, filling);
    }
    pieces
}

fn live(live: Live) -> Vec<Live> {
    let blank = Live {
        at: live.at,
        ..Live::default()
    };
    let mut room = Room(Room::EMPTY);
    let mut pieces = Vec::new();
    let mut filling = blank.clone();
    macro_rules! distribute {
        ($($list:ident),*) => { $(
            for item in live.$list {
                if room.overflows(&item) {
                    pieces.push(std::mem::replace(&mut filling, blank.clone()));
                }
                filling.$list.push(item);
            }
        )* };
    }
    distribute!(instances, nodes);
    pieces.push(filling);
    pieces
}

/// The first piece has everything but DRBD devices that did not fit; the others have those. Those of
/// a whole say that more follow, but for the last.
fn samples(mut sample: Sample) -> Vec<Sample> {
    // So few fit in any case, and are not looked at twice.
    const FEW: usize = 100;
    let Some(drbd) = sample.drbd.as_mut().filter(|drbd| drbd.devices.len() > FEW) else {
        return vec![sample];
    };
    let devices = std::mem::take(&mut drbd.devices);
    let whole = drbd.whole;
    let blank = Sample {
        seq: sample.seq,
        mono_ms: sample.mono_ms,
        wall_ms: sample.wall_ms,
        drbd: Some(Drbd {
            version: drbd.version.clone(),
            pushed: drbd.pushed,
            unread: drbd.unread.clone(),
            ..Drbd::default()
        }),
        ..Sample::default()
    };
    let mut room = Room(Room::EMPTY);
    room.overflows(&sample);
    let mut pieces = Vec::new();
    for device in devices {
        if room.overflows(&device) {
            if let Some(drbd) = &mut sample.drbd {
                drbd.more = whole;
            }
            pieces.push(std::mem::replace(&mut sample, blank.clone()));
        }
        if let Some(drbd) = &mut sample.drbd {
            drbd.devices.push(device);
        }
    }
    pieces.push(sample);
    pieces
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use gantry_wire::config::Instance;
    use gantry_wire::drbd::Device;
    use gantry_wire::job::{Job, LogLine, Op};
    use gantry_wire::live::LiveInstance;
    use gantry_wire::node::Load;

    use super::*;

    fn frames(report: Report) -> Vec<Report> {
        let mut output = Vec::new();
        append(&mut output, report);
        output
            .split_inclusive(|&b| b == b'\n')
            .map(|line| {
                assert!(line.len() <= frame::PIECE, "{} bytes", line.len());
                frame::report(line).unwrap().unwrap()
            })
            .collect()
    }

    #[test]
    fn thousands_of_drbd_devices_come_in_pieces_that_add_up() {
        let device = |minor| Device {
            minor,
            data_dev: "/dev/xenvg/x".repeat(30),
            ..Device::default()
        };
        let sample = Sample {
            seq: 7,
            load: Some(Load::default()),
            drbd: Some(Drbd {
                whole: true,
                version: "8.4.11".into(),
                devices: (0..5000).map(device).collect(),
                ..Drbd::default()
            }),
            ..Sample::default()
        };
        let pieces = frames(Report::Sample(Box::new(sample.clone())));
        assert!(pieces.len() > 2);
        let more = |report: &Report| match report {
            Report::Sample(piece) => piece.drbd.as_ref().is_some_and(|drbd| drbd.more),
            _ => false,
        };
        let last = pieces.len() - 1;
        assert!(
            pieces
                .iter()
                .enumerate()
                .all(|(at, it)| more(it) == (at < last))
        );
        let mut together = Sample::default();
        for piece in pieces {
            let Report::Sample(piece) = piece else {
                panic!("{piece:?}")
            };
            together.absorb(*piece);
        }
        assert_eq!(together, sample);
    }

    #[test]
    fn what_no_frame_can_carry_is_left_out_and_named() {
        let long = || "x".repeat(frame::LIMIT);
        let health = Some(vec![gantry_wire::storage::DiskHealth {
            why: long(),
            ..Default::default()
        }]);
        let sample = Sample {
            seq: 7,
            load: Some(Load::default()),
            health,
            missing: Some(Vec::new()),
            ..Sample::default()
        };
        let mut output = Vec::new();
        let left_out = append(&mut output, Report::Sample(Box::new(sample.clone())));
        assert_eq!(left_out.len(), 1);
        assert_eq!(left_out[0].part, "health");
        assert!(left_out[0].why.starts_with("not sent: "), "{left_out:?}");
        let expected = Sample {
            health: None,
            ..sample
        };
        let sent = frame::report(&output).unwrap();
        assert_eq!(sent, Some(Report::Sample(Box::new(expected))));

        let job = Job {
            status: long(),
            ..Job::default()
        };
        let reports = frames(Report::Jobs(JobsPart {
            jobs: vec![Job::default(), job],
            ..JobsPart::default()
        }));
        let [Report::Jobs(part), Report::Problem(problem)] = &reports[..] else {
            panic!("{} frames", reports.len())
        };
        assert_eq!((part.jobs.len(), problem.about.as_str()), (1, "jobs"));
        let answer = Answer {
            id: 3,
            answer: AnswerBody::KnownHosts(long()),
        };
        let reports = frames(Report::Answer(answer));
        assert!(matches!(
            &reports[..],
            [Report::Answer(Answer {
                id: 3,
                answer: AnswerBody::Failed(_)
            })]
        ));
    }

    #[test]
    fn a_long_configuration_comes_in_pieces_that_add_up() {
        let instances: Vec<_> = (0..3000)
            .map(|i| Instance {
                name: format!("web{i}.example.com"),
                tags: vec!["t".repeat(200)],
                ..Instance::default()
            })
            .collect();
        let part = ConfigPart {
            revision: 4,
            whole: true,
            last: true,
            instances: instances.clone(),
            ..ConfigPart::default()
        };
        let pieces: Vec<_> = frames(Report::Config(Box::new(part)))
            .into_iter()
            .map(|report| match report {
                Report::Config(piece) => *piece,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(pieces.len() > 3);
        let firsts: Vec<_> = pieces.iter().map(|p| p.whole).collect();
        assert_eq!(firsts.iter().filter(|w| **w).count(), 1);
        assert!(pieces[0].whole && pieces[pieces.len() - 1].last);
        assert_eq!(pieces.iter().filter(|p| p.last).count(), 1);
        assert!(pieces.iter().all(|p| p.revision == 4));
        let joined: Vec<_> = pieces.into_iter().flat_map(|p| p.instances).collect();
        assert_eq!(joined, instances);
    }

    #[test]
    fn an_empty_configuration_is_one_piece() {
        let part = ConfigPart {
            whole: true,
            last: true,
            ..ConfigPart::default()
        };
        let reports = frames(Report::Config(Box::new(part.clone())));
        assert_eq!(reports, [Report::Config(Box::new(part))]);
    }

    #[test]
    fn long_job_lists_logs_and_live_answers_are_cut_too() {
        let op = Op {
            summary: "x".repeat(1000),
            ..Op::default()
        };
        let jobs: Vec<_> = (0..1000)
            .map(|id| Job {
                id,
                ops: vec![op.clone()],
                ..Job::default()
            })
            .collect();
        let reports = frames(Report::Jobs(JobsPart {
            whole: true,
            jobs,
            ..JobsPart::default()
        }));
        assert!(reports.len() > 3);
        let wholes = reports
            .iter()
            .map(|r| matches!(r, Report::Jobs(p) if p.whole));
        assert!(wholes.enumerate().all(|(i, whole)| whole == (i == 0)));

        let lines: Vec<_> = (1..=2000)
            .map(|serial| LogLine {
                serial,
                text: "y".repeat(500),
                ..LogLine::default()
            })
            .collect();
        let log = |job| JobLog {
            job,
            lines: lines.clone(),
        };
        let mut seen = Vec::new();
        for report in frames(Report::Logs(vec![log(1), log(2)])) {
            let Report::Logs(logs) = report else { panic!() };
            for log in logs {
                seen.extend(log.lines.iter().map(|line| (log.job, line.serial)));
            }
        }
        let expected: Vec<_> = [1, 2]
            .into_iter()
            .flat_map(|job| (1..=2000).map(move |serial| (job, serial)))
            .collect();
        assert_eq!(seen, expected);

        let instances = vec![
            LiveInstance {
                name: "z".repeat(300),
                ..LiveInstance::default()
            };
            5000
        ];
        let live = Live {
            instances,
            ..Live::default()
        };
        assert!(frames(Report::Live(Box::new(live))).len() > 3);
    }
}
