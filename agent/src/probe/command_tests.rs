#![allow(clippy::unwrap_used)]
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use super::*;

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(60);

fn sh(script: &str, limit: Duration) -> Output {
    let (mut runner, _keeper) = Runner::new(PATH);
    runner.run("sh", &["-c", script], limit)
}

#[test]
fn both_outputs_are_read_apart_to_their_ends() {
    let output = sh("echo one; echo oops >&2; echo $LC_ALL; exit 5", LONG);
    assert_eq!(output.end, End::Exited(5));
    assert_eq!(output.stdout, "one\nC\n");
    assert_eq!(output.stderr, "oops\n");
    assert_eq!(output.why(), "oops");
    assert_eq!(sh("exit 3", LONG).why(), "ended with status 3");
}

#[test]
fn a_program_that_ends_by_a_signal_says_which() {
    let output = sh("kill -SEGV $$", LONG);
    assert_eq!(output.end, End::Signal(11));
    assert_eq!(output.why(), "ended by signal 11");
}

#[test]
fn a_program_that_does_not_answer_is_killed_with_all_that_it_started() {
    // The second one holds the output open.
    let output = sh("sleep 600 & sleep 600", Duration::from_millis(50));
    assert_eq!(output.end, End::Killed);
    assert!(output.end.is_silence());
    // So is one that closes its outputs and goes on.
    let output = sh("exec >&- 2>&-; sleep 600", Duration::from_millis(50));
    assert_eq!(output.end, End::Killed);
}

#[test]
fn a_program_that_prints_without_end_is_killed() {
    let output = sh("while :; do printf %8000d 0; done", LONG);
    assert_eq!(output.end, End::TooLong);
    assert_eq!(output.stdout, "");
    let output = sh("head -c 200000 /dev/zero >&2; echo done", LONG);
    assert_eq!(output.end, End::Exited(0), "complaints are only cut");
    assert_eq!(
        (output.stdout.as_str(), output.stderr.len()),
        ("done\n", STDERR_LIMIT)
    );
}

#[test]
fn a_program_that_is_not_there_is_told_from_one_that_fails() {
    let (mut runner, _keeper) = Runner::new("/nonexistent");
    assert!(!runner.finds("sh"));
    assert_eq!(runner.run("sh", &[], LONG).end, End::NotInstalled);
    let (runner, _keeper) = Runner::new(PATH);
    assert!(runner.finds("sh") && !runner.finds("no-such-program"));
}

#[test]
fn what_runs_is_seen_and_ended_with_its_keeper() {
    let (mut runner, keeper) = Runner::new(PATH);
    let thread = std::thread::spawn(move || {
        let first = runner.run("sleep", &["600"], LONG);
        (first.end, runner.run("sleep", &["600"], LONG).end)
    });
    while hold(&keeper.0).child.is_none() {
        std::thread::yield_now();
    }
    assert_eq!(
        keeper.under_way().map(|(program, _)| program),
        Some("sleep".into())
    );
    drop(keeper);
    assert_eq!(thread.join().ok(), Some((End::Signal(9), End::Killed)));
}

#[test]
fn nothing_is_started_beside_one_that_hangs() {
    let (mut runner, keeper) = Runner::new(PATH);
    // As if it had not ended after it was killed.
    let child = Command::new("sleep").arg("600").process_group(0).spawn();
    hold(&keeper.0).child = child.ok();
    assert_eq!(runner.run("true", &[], LONG).end, End::Hangs);
    {
        let mut leash = hold(&keeper.0);
        leash.kill();
        let _ = leash.child.as_mut().map(Child::wait);
    }
    assert_eq!(runner.run("true", &[], LONG).end, End::Exited(0));
}

#[test]
fn what_goes_on_telling_is_heard_as_it_comes_and_ended_with_its_keeper() {
    let (mut runner, keeper) = Runner::new(PATH);
    let mut keeper = Some(keeper);
    let mut heard = Vec::new();
    let output = runner.follow("sh", &["-c", "echo one; exec sleep 600"], |bytes| {
        heard.extend_from_slice(bytes);
        if heard == b"one\n" {
            keeper = None;
        }
    });
    assert_eq!(output.end, End::Signal(9));
    assert_eq!(heard, b"one\n");
}

#[test]
fn what_stops_telling_is_ended() {
    let (mut runner, _keeper) = Runner::new(PATH);
    let script = "echo oops >&2; exec >&- 2>&-; exec sleep 600";
    let output = runner.follow("sh", &["-c", script], |_| {});
    assert_eq!(
        (output.end, output.stderr.as_str()),
        (End::Killed, "oops\n")
    );
    let output = runner.follow("sh", &["-c", "exit 20"], |_| {});
    assert_eq!(output.end, End::Exited(20));
    assert_eq!(
        runner.follow("no-such-program", &[], |_| {}).end,
        End::NotInstalled
    );
}

/// Where the programs of an agent that will be killed have their output, in its environment.
const PIPE: &str = "GANTRY_TEST_PIPE";

#[test]
fn nothing_outlives_an_agent_that_is_killed() {
    if let Ok(pipe) = std::env::var(PIPE) {
        // This is the agent.
        let script = format!("exec >{pipe}; echo begun; exec sleep 600");
        std::thread::scope(|scope| {
            scope.spawn(|| sh(&script, LONG));
            let (mut runner, _keeper) = Runner::new(PATH);
            runner.follow("sh", &["-c", &script], |_| {});
        });
        return;
    }
    if find(OsStr::new(PATH), "setpriv").is_none() {
        println!("there is no setpriv, and so this is not tried");
        return;
    }
    let pipe = std::env::temp_dir().join(format!("gantry-killed-{}", std::process::id()));
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap();
    let mut options = OpenOptions::new();
    let mut reader = options
        .read(true)
        .custom_flags(nonblocking)
        .open(&pipe)
        .unwrap();
    let mut agent = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "probe::command::tests::nothing_outlives_an_agent_that_is_killed",
        ])
        .env(PIPE, &pipe)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = String::new();
    // All that is written is read, and the end comes when no program has the pipe any more.
    loop {
        let mut fds = [PollFd::new(&reader, PollFlags::IN)];
        let limit = Timespec::try_from(LONG).unwrap();
        assert!(
            poll(&mut fds, Some(&limit)).unwrap() > 0,
            "a program lives on"
        );
        let mut buffer = [0; 64];
        let read = match reader.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            read => read.unwrap(),
        };
        if read == 0 {
            break;
        }
        said.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        if said == "begun\nbegun\n" {
            agent.kill().unwrap();
        }
    }
    let _ = agent.kill();
    agent.wait().unwrap();
    std::fs::remove_file(pipe).unwrap();
    assert_eq!(said, "begun\nbegun\n");
}
