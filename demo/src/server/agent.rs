//! A simulated node's agent on an SSH channel.

use std::sync::Arc;
use std::time::Duration;

use gantry_agent::args::Serve;
use gantry_agent::session::Session;
use russh::keys::ssh_key::sha2::{Digest, Sha256};
use russh::server::Msg;
use russh::{Channel, ChannelMsg};
use tokio::time::sleep;

use super::shell::Outcome;
use crate::node::SimulatedNode;
use crate::sim::node::NodeId;
use crate::world::World;

/// Exit status of a copy that is not what was sent (`EX_DATAERR`).
const DAMAGED: u32 = 65;
/// What a broken agent writes.
const GARBAGE: &[u8] = b"\xff\xfeagent: illegal instruction (core dumped)\x1b[2J\n";

/// Runs the agent of a node until its session or its channel ends.
pub async fn serve(mut channel: Channel<Msg>, world: Arc<World>, node: NodeId, options: Serve) {
    let simulated = SimulatedNode::new(Arc::clone(&world), node, options);
    let mut session = Session::new(simulated, world.moment(node));
    let mut health = world.health(node);
    loop {
        if session.pending_bytes() > 0 {
            let output = session.take_output();
            let output = match health.borrow().garbage {
                true => GARBAGE.to_vec(),
                false => output,
            };
            if channel.data_bytes(output).await.is_err() {
                return;
            }
        }
        if session.ended().is_some() {
            break;
        }
        let wait = Duration::from_millis(session.next_wake(world.moment(node)));
        tokio::select! {
            message = channel.wait() => match message {
                Some(ChannelMsg::Data { data }) => session.receive(&data, world.moment(node)),
                Some(ChannelMsg::Eof | ChannelMsg::Close) | None => break,
                Some(_) => {}
            },
            () = sleep(wait) => session.tick(world.moment(node)),
            changed = health.changed() => if changed.is_err() { break },
        }
    }
    end(&channel, 0).await;
}

/// Takes an agent that a console copies to the node, and keeps it if it is what it should be.
pub async fn receive(
    mut channel: Channel<Msg>,
    world: Arc<World>,
    node: NodeId,
    place: String,
    sum: String,
) {
    let mut hash = Sha256::new();
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Data { data }) => hash.update(&data),
            Some(ChannelMsg::Eof) => break,
            Some(ChannelMsg::Close) | None => return,
            Some(_) => {}
        }
    }
    let bytes = hash.finalize();
    let arrived: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let whole = arrived == sum;
    if whole {
        world.keep_copy(node, place);
    }
    end(&channel, if whole { 0 } else { DAMAGED }).await;
}

/// Answers with what a command left behind. Whoever hung up does not want to know.
pub async fn answer(channel: Channel<Msg>, outcome: Outcome) {
    if !outcome.stdout.is_empty() {
        let _ = channel.data_bytes(outcome.stdout.into_bytes()).await;
    }
    if !outcome.stderr.is_empty() {
        let _ = channel
            .extended_data_bytes(1, outcome.stderr.into_bytes())
            .await;
    }
    end(&channel, outcome.status).await;
}

pub(super) async fn end(channel: &Channel<Msg>, status: u32) {
    let _ = channel.exit_status(status).await;
    let _ = channel.eof().await;
    let _ = channel.close().await;
}
