use gantry_wire::drbd::Device;

use super::*;

/// 500 devices, the first of which has this connection.
fn devices(first: &str) -> Option<Drbd> {
    let device = |minor| Device {
        minor,
        connection: if minor == 0 { first } else { "Connected" }.into(),
        ..Device::default()
    };
    Some(Drbd {
        whole: true,
        version: "8.4.11".into(),
        devices: (0..500).map(device).collect(),
        ..Drbd::default()
    })
}

#[test]
fn a_change_of_drbd_is_sent_at_once_and_alone() {
    let mut session = watching(Still {
        drbd: devices("Connected"),
        ..Still::default()
    });
    let first = said(&mut session);
    let [Report::Hello(_), Report::Sample(sample)] = first.as_slice() else {
        panic!("{first:?}")
    };
    let drbd = sample.drbd.as_ref().unwrap();
    assert!(drbd.whole && drbd.devices.len() == 500);
    session.node().drbd = devices("WFConnection");
    session.tick(at(300));
    let said = said(&mut session);
    let [Report::Sample(sample)] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!((sample.seq, sample.mono_ms), (2, 300));
    let drbd = sample.drbd.as_ref().unwrap();
    assert!(!drbd.whole && drbd.devices.len() == 1);
    assert_eq!(session.node().sampled, 1);
}

#[test]
fn devices_that_do_not_change_cost_no_bytes() {
    let mut session = watching(Still {
        drbd: devices("Connected"),
        ..Still::default()
    });
    said(&mut session);
    for second in 1..5 {
        session.node().drbd = devices("Connected");
        session.tick(at(second * 1000));
        assert_eq!(session.pending_bytes(), 0);
    }
}

#[test]
fn what_a_slow_console_missed_of_drbd_is_sent_once_it_reads() {
    let mut session = watching(Still {
        drbd: devices("Connected"),
        ..Still::default()
    });
    session.node().drbd = devices("WFConnection");
    session.tick(at(100));
    session.tick(at(200));
    assert!(
        session.node().drbd.is_some(),
        "not asked while a sample waits"
    );
    assert!(session.next_wake(at(200)) > 0);
    said(&mut session);
    assert_eq!(session.next_wake(at(200)), 0);
    session.tick(at(200));
    let said = said(&mut session);
    let [Report::Sample(sample)] = said.as_slice() else {
        panic!("{said:?}")
    };
    assert_eq!(sample.drbd.as_ref().unwrap().devices.len(), 1);
    assert!(session.next_wake(at(200)) > 0);
}

#[test]
fn devices_never_go_without_the_words_that_say_why() {
    let lacks = |why: &str| {
        Some(vec![Missing {
            part: "drbd".into(),
            why: why.into(),
            hangs: false,
        }])
    };
    let mut session = watching(Still {
        drbd: devices("Connected"),
        sample: Sample {
            missing: Some(Vec::new()),
            ..Sample::default()
        },
        ..Still::default()
    });
    said(&mut session);
    // With a sample, between two, and as a version that has a part of it goes on.
    let without = |version: &str| {
        Some(Drbd {
            whole: true,
            version: version.into(),
            ..Drbd::default()
        })
    };
    let steps = [
        (1000, without(""), "denied"),
        (1300, devices("Connected"), "denied"),
        (1600, without("9.2.8"), "no events"),
    ];
    let mut lost = 0;
    for (now, drbd, why) in steps {
        session.node().lacks = lacks(why);
        session.node().drbd = drbd;
        session.tick(at(now));
        let said = said(&mut session);
        let [Report::Sample(sample)] = said.as_slice() else {
            panic!("{said:?}")
        };
        let drbd = sample.drbd.as_ref().unwrap();
        if drbd.devices.is_empty() {
            assert_eq!(sample.missing, lacks(why), "at {now}");
            lost += 1;
        }
    }
    assert_eq!(lost, 2);
}
