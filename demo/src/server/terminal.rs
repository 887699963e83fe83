//! A simulated instance's serial console: a login that never succeeds.

use std::sync::Arc;

use gantry_agent::act::deed::refused;
use gantry_agent::act::permits::Permits;
use gantry_agent::args::Serve;
use gantry_wire::act::{Outcome, Refusal};
use gantry_wire::operation::Operation;
use gantry_wire::terminal::{REFUSED, read};
use russh::server::Msg;
use russh::{Channel, ChannelMsg};

use super::agent::end;
use crate::sim::node::NodeId;
use crate::world::World;

/// Becomes the console that is wanted, until the client hangs up.
pub async fn become_it(
    mut channel: Channel<Msg>,
    world: Arc<World>,
    node: NodeId,
    options: Serve,
    wish: String,
) {
    let mut console = match allowed(&world, node, &options, &wish) {
        Ok(name) => Login::new(&name),
        Err(Outcome::Refused { words, .. }) => return refuse(&channel, &words).await,
        Err(_) => return refuse(&channel, "not now").await,
    };
    let mut answer = console.begin();
    loop {
        // Whoever hung up is noticed with what comes next.
        let _ = channel.data_bytes(answer).await;
        answer = match channel.wait().await {
            Some(ChannelMsg::Data { data }) => console.typed(&data),
            Some(ChannelMsg::Eof | ChannelMsg::Close) | None => break,
            Some(_) => Vec::new(),
        };
    }
    world.change(|cluster| cluster.consoles.remove(&console.name));
    end(&channel, 0).await;
}

async fn refuse(channel: &Channel<Msg>, words: &str) {
    let text = format!("gantry-agent: {words}\r\n");
    let _ = channel.data_bytes(text.into_bytes()).await;
    end(channel, REFUSED).await;
}

/// The name of the instance whose console may be opened, which is then held.
fn allowed(
    world: &Arc<World>,
    node: NodeId,
    options: &Serve,
    wish: &str,
) -> Result<String, Outcome> {
    let act = read(wish).map_err(|why| refused(Refusal::Field, why))?;
    let permits = Permits::of(options, None);
    let permitted = permits.allow(act.operation.permission());
    permitted.map_err(|why| refused(Refusal::Permission, why))?;
    let checked = act.check();
    checked.map_err(|why| refused(Refusal::Field, why.to_string()))?;
    let Operation::Console(it) = act.operation else {
        return Err(refused(Refusal::Field, "that is not done on a terminal"));
    };
    let name = it.instance;
    world.change(|cluster| {
        let mut all = cluster.instances.values();
        let runs = all.any(|it| it.name == name && it.primary == node && it.runs());
        if !runs {
            let words = format!("{name} does not run here");
            return Err(refused(Refusal::Expect, words));
        }
        if !cluster.consoles.insert(name.clone()) {
            let words = format!("the console of {name} is held by somebody else");
            return Err(refused(Refusal::Command, words));
        }
        Ok(name)
    })
}

/// What getty and login say.
struct Login {
    name: String,
    user: String,
    wants_password: bool,
}

impl Login {
    fn new(name: &str) -> Login {
        Login {
            name: name.to_owned(),
            user: String::new(),
            wants_password: false,
        }
    }

    fn prompt(&self) -> String {
        format!("\r\n{} login: ", crate::sim::short(&self.name))
    }

    fn begin(&self) -> Vec<u8> {
        let host = crate::sim::short(&self.name);
        format!("\r\nDebian GNU/Linux 12 {host} ttyS0\r\n{}", self.prompt()).into_bytes()
    }

    /// What a terminal gets for what was typed.
    fn typed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for byte in bytes {
            match byte {
                b'\r' | b'\n' if self.wants_password => {
                    self.wants_password = false;
                    out.extend(b"\r\n\r\nLogin incorrect");
                    out.extend(self.prompt().bytes());
                }
                b'\r' | b'\n' if self.user.is_empty() => out.extend(self.prompt().bytes()),
                b'\r' | b'\n' => {
                    self.user.clear();
                    self.wants_password = true;
                    out.extend(b"\r\nPassword: ");
                }
                0x20..=0x7e if !self.wants_password => {
                    self.user.push(char::from(*byte));
                    out.push(*byte);
                }
                0x08 | 0x7f if !self.wants_password && self.user.pop().is_some() => {
                    out.extend(b"\x08 \x08");
                }
                _ => {}
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_echoes_the_name_and_never_the_password() {
        let mut login = Login::new("web1.example.test");
        let said = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        assert!(said(login.begin()).ends_with("ttyS0\r\n\r\nweb1 login: "));
        assert_eq!(
            said(login.typed(b"rot\x7f\x7foot")),
            "rot\x08 \x08\x08 \x08oot"
        );
        assert!(said(login.typed(b"\r")).ends_with("Password: "));
        let after = said(login.typed(b"secret\r"));
        assert!(
            after.contains("Login incorrect") && !after.contains("secret"),
            "{after}"
        );
    }
}
