//! The wire between a console and a simulated node's sshd, with its faults: it can be cut, hang
//! or be slow.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::world::Health;

/// How much is carried at once, bytes.
const CHUNK: usize = 16 * 1024;

/// Both ends of a wire inside the program.
pub fn pair() -> (DuplexStream, DuplexStream) {
    tokio::io::duplex(CHUNK)
}

/// Carries bytes between a socket and sshd until one of them ends or the node is lost.
pub async fn carry(socket: TcpStream, sshd: DuplexStream, health: watch::Receiver<Health>) {
    let (from_console, to_console) = socket.into_split();
    let (from_sshd, to_sshd) = tokio::io::split(sshd);
    let mut cut = health.clone();
    tokio::select! {
        _ = cut.wait_for(Health::is_down) => {}
        _ = copy(from_console, to_sshd, health.clone(), false) => {}
        _ = copy(from_sshd, to_console, health, true) => {}
    }
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut health: watch::Receiver<Health>,
    throttled: bool,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let slow = health.borrow().bytes_per_second.filter(|_| throttled);
        // A slow line gives its bytes a tenth of a second at a time.
        let most = slow.map_or(CHUNK, |rate| (rate as usize / 10).clamp(1, CHUNK));
        let n = from.read(&mut chunk[..most]).await?;
        if n == 0 {
            return to.shutdown().await;
        }
        if let Some(rate) = slow {
            let takes = n as f64 / rate.max(1) as f64;
            tokio::time::sleep(Duration::from_secs_f64(takes)).await;
        }
        // An error here means that the demo itself has ended.
        if health.wait_for(|health| !health.hangs).await.is_err() {
            return Ok(());
        }
        to.write_all(&chunk[..n]).await?;
    }
}
