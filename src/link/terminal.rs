//! A program on a terminal of its own on a host: bytes as they are, both ways.

use std::sync::Arc;

use gantry_wire::act::Act;
use gantry_wire::terminal;
use russh::ChannelMsg;
use russh::client::Msg;
use tokio::sync::mpsc;

use super::host::Host;
use super::why::Why;

/// Pieces of output that wait for the console to take them; then the program has to wait.
const WAITING: usize = 16;

/// What is wanted on a terminal.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The node whose agent becomes it.
    pub node: String,
    /// What it becomes.
    pub act: Act,
    /// The value of `TERM`.
    pub term: String,
    /// Columns and rows.
    pub size: (u16, u16),
}

/// What comes from the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Bytes, as they are.
    Bytes(Vec<u8>),
    /// It is over, with this exit status if the program had one.
    Ended(Option<u32>),
}

/// What goes to the terminal.
enum Order {
    Bytes(Vec<u8>),
    Size(u16, u16),
}

/// An open terminal; dropping it ends the program.
#[derive(Debug)]
pub struct Terminal {
    news: mpsc::Receiver<News>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Terminal {
    /// What comes next. After the end there is only that.
    pub async fn next(&mut self) -> News {
        self.news.recv().await.unwrap_or(News::Ended(None))
    }

    /// Sends bytes. What ends meanwhile takes none.
    pub fn send(&self, bytes: Vec<u8>) {
        let _ = self.orders.send(Order::Bytes(bytes));
    }

    /// It has these columns and rows now.
    pub fn resize(&self, columns: u16, rows: u16) {
        let _ = self.orders.send(Order::Size(columns, rows));
    }

    /// Around a channel on which the program was started. The host stays connected meanwhile.
    pub(super) fn on_channel(channel: russh::Channel<Msg>, host: Arc<Host>) -> Terminal {
        let (told, news) = mpsc::channel(WAITING);
        let (orders, ordered) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let status = pump(channel, &told, ordered).await;
            // Nobody may be left to be told.
            let _ = told.send(News::Ended(status)).await;
            drop(host);
        });
        Terminal { news, orders }
    }
}

/// Carries bytes both ways until either side ends.
async fn pump(
    mut channel: russh::Channel<Msg>,
    told: &mpsc::Sender<News>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) -> Option<u32> {
    let mut status = None;
    loop {
        let went = tokio::select! {
            message = channel.wait() => match message {
                Some(ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, .. }) => {
                    told.send(News::Bytes(data.to_vec())).await.is_ok()
                }
                Some(ChannelMsg::ExitStatus { exit_status }) => {
                    status = Some(exit_status);
                    true
                }
                Some(ChannelMsg::Close) | None => false,
                Some(_) => true,
            },
            order = orders.recv() => match order {
                Some(Order::Bytes(bytes)) => channel.data_bytes(bytes).await.is_ok(),
                Some(Order::Size(columns, rows)) => {
                    let (columns, rows) = (u32::from(columns), u32::from(rows));
                    channel.window_change(columns, rows, 0, 0).await.is_ok()
                }
                None => false,
            },
        };
        if !went {
            break;
        }
    }
    let _ = channel.close().await;
    status
}

/// The command by which the agent that a command starts becomes what is wanted. What was made one
/// word of a shell's ends with a quote.
pub(super) fn command(agent: &str, act: &Act) -> String {
    let option = terminal::option(act);
    match agent.strip_suffix('\'') {
        Some(script) => format!("{script} {option}'"),
        None => format!("{agent} {option}"),
    }
}

/// Why a host that answers has no terminal for us.
pub(super) fn refused() -> Why {
    Why::Ssh(
        "the host gives this key no terminal: its line in authorized_keys wants the word pty"
            .to_owned(),
    )
}
