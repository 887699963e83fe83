//! Changes, and who is asked for them.

use gantry_wire::act::{Act, ActId, Expect, Outcome, Refusal};
use gantry_wire::operation::{MasterFailover, Operation};

use crate::model::Reach;

use super::{Console, Net, net};

fn act(bits: u128) -> Act {
    Act {
        id: ActId::new(bits),
        operation: Operation::QueueDrain {},
        expect: Expect::Nothing {},
        reason: String::new(),
        operator: "anna".into(),
    }
}

/// A console whose master is asked.
async fn with_master(net: &Net) -> Console {
    let mut console = Console::start(net);
    let serves = |console: &Console| {
        console.all_up() && console.net.0.lock().unwrap().speakers.contains("node2")
    };
    console.until("the master is asked", serves).await;
    console
}

#[tokio::test(start_paused = true)]
async fn the_master_alone_is_asked_for_a_change_and_once() {
    let net = net("node2");
    let mut console = with_master(&net).await;
    console.fleet.act(act(5));
    console
        .until("the answer", |console| !console.acted.is_empty())
        .await;
    assert_eq!(console.acted[0].outcome, Outcome::Submitted { job: 7 });
    let world = net.0.lock().unwrap();
    assert_eq!(world.acts, [("node2".to_owned(), ActId::new(5))]);
    assert!(world.recovers.is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_master_nothing_is_sent_then_or_later() {
    let net = net("node2");
    let mut console = with_master(&net).await;
    net.0.lock().unwrap().dead.insert("node2".into());
    console
        .until("node2 is lost", |console| !console.up("node2"))
        .await;
    console.fleet.act(act(5));
    console
        .until("a refusal", |console| !console.acted.is_empty())
        .await;
    let refused = &console.acted[0].outcome;
    assert!(
        matches!(refused, Outcome::Refused { kind: Refusal::NotMaster, words } if words.contains("nothing was sent")),
        "{refused:?}"
    );
    net.0.lock().unwrap().dead.clear();
    console
        .until("node2 is back", |console| console.up("node2"))
        .await;
    let asked = |console: &Console| console.net.0.lock().unwrap().speakers.contains("node2");
    console.until("the master is asked", asked).await;
    assert!(net.0.lock().unwrap().acts.is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_a_cut_it_is_asked_what_became_of_a_change_and_never_to_do_it_again() {
    let net = net("node2");
    let mut console = with_master(&net).await;
    net.0.lock().unwrap().dies_of_acts = true;
    console.fleet.act(act(5));
    console
        .until("it is said to be unknown", |console| {
            !console.acted.is_empty()
        })
        .await;
    let unknown = &console.acted[0].outcome;
    assert!(
        matches!(unknown, Outcome::Unknown { why } if why.contains("until node2 answers")),
        "{unknown:?}"
    );
    net.0.lock().unwrap().dead.clear();
    console
        .until("the answer", |console| console.acted.len() == 2)
        .await;
    assert_eq!(console.acted[1].outcome, Outcome::Submitted { job: 7 });
    let world = net.0.lock().unwrap();
    assert_eq!(
        (world.acts.len(), world.recovers.as_slice()),
        (1, &["node2".to_owned()][..])
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_node_does_itself_is_asked_of_that_node_although_there_is_no_master() {
    let net = net("node2");
    let mut console = with_master(&net).await;
    net.0.lock().unwrap().dead.insert("node2".into());
    console
        .until("node2 is lost", |console| !console.up("node2"))
        .await;
    let own = |bits: u128, node: &str| Act {
        operation: Operation::MasterFailover(MasterFailover {
            node: node.into(),
            no_voting: false,
        }),
        expect: Expect::Master {
            master: "node2".into(),
        },
        ..act(bits)
    };
    console.fleet.act(own(5, "node3"));
    console
        .until("the answer", |console| !console.acted.is_empty())
        .await;
    console.fleet.act(own(6, "node2"));
    console
        .until("a refusal", |console| console.acted.len() == 2)
        .await;
    let refused = &console.acted[1].outcome;
    assert!(
        matches!(refused, Outcome::Refused { words, .. } if words.contains("node2 does not answer")),
        "{refused:?}"
    );
    let world = net.0.lock().unwrap();
    assert_eq!(world.acts, [("node3".to_owned(), ActId::new(5))]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_owes_an_answer_is_called_although_it_is_marked_offline() {
    let net = net("node2");
    let mut console = with_master(&net).await;
    net.0.lock().unwrap().dies_of_acts = true;
    console.fleet.act(act(5));
    console
        .until("it is said to be unknown", |console| {
            !console.acted.is_empty()
        })
        .await;
    {
        let mut world = net.0.lock().unwrap();
        world.master = "node1".into();
        world.offline.insert("node2".into());
        world.dead.insert("node3".into());
    }
    console
        .until("node3 is lost", |console| !console.up("node3"))
        .await;
    // It comes back and tells of the node that is marked.
    net.0.lock().unwrap().dead.remove("node3");
    console
        .until("node3 is back", |console| console.up("node3"))
        .await;
    net.0.lock().unwrap().dead.clear();
    console
        .until("the answer", |console| console.acted.len() == 2)
        .await;
    assert_eq!(console.acted[1].outcome, Outcome::Submitted { job: 7 });
    // It owes nothing any more, and is let go once it is lost again.
    net.0.lock().unwrap().dead.insert("node2".into());
    console
        .until("node2 is let go", |console| {
            console.reach["node2"] == Reach::Idle
        })
        .await;
}
