//! A CONNECT proxy with a limit or with delay, as real ones have: so many tunnels of a client at a time, or
//! a while before each is opened.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::Outcome;
use crate::outcome::Context;

/// How it behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tunnels {
    /// What is said in every tunnel, instead of a connection to the host.
    #[serde(default)]
    pub says: Option<String>,
    /// The status of what is refused because there are too many; 503 unless it is another.
    #[serde(default)]
    pub status: Option<u16>,
    /// Response headers of what is refused because there are too many.
    #[serde(default)]
    pub refused_with: std::collections::BTreeMap<String, String>,
    /// What a host's CONNECT is answered with, in place of a tunnel: a status line and headers.
    #[serde(default)]
    pub answers: std::collections::BTreeMap<String, String>,
    /// Seconds after which it asks those that are refused to come again.
    #[serde(default)]
    pub retry_after: Option<u32>,
    /// What is more is closed without a word.
    #[serde(default)]
    pub closes: bool,
    /// What is more waits until its turn comes.
    #[serde(default)]
    pub queues: bool,
    /// A tunnel in which nobody says anything for so many milliseconds is closed.
    #[serde(default)]
    pub idle_ms: Option<u64>,
    /// Tunnels at a time; what is more is refused.
    #[serde(default)]
    pub most: Option<usize>,
    /// Milliseconds before each is opened.
    #[serde(default)]
    pub delay_ms: u64,
}

/// Runs until standard input closes. Prints `ready` when it listens.
pub fn run(tunnels: Tunnels, address: &str) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("runtime")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.context("proxy")?;
        tokio::spawn(accept(listener, tunnels));
        let mut out = std::io::stdout();
        writeln!(out, "ready").and_then(|()| out.flush()).context("standard output")?;
        tokio::task::spawn_blocking(crate::server::wait_for_end_of_input).await.context("standard input")
    })
}

async fn accept(listener: TcpListener, tunnels: Tunnels) {
    let places = tunnels.most.filter(|_| tunnels.queues).unwrap_or(Semaphore::MAX_PERMITS);
    let turns = Arc::new(Semaphore::new(places));
    let (open, tunnels) = (Arc::new(AtomicUsize::new(0)), Arc::new(tunnels));
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (open, tunnels, turns) = (Arc::clone(&open), Arc::clone(&tunnels), Arc::clone(&turns));
        tokio::spawn(async move {
            let number = open.fetch_add(1, Ordering::SeqCst);
            let is_over = !tunnels.queues && tunnels.most.is_some_and(|most| number >= most);
            // Errors are either side's doing.
            let _ = serve(stream, &tunnels, is_over, &turns).await;
            open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn serve(
    mut stream: TcpStream,
    tunnels: &Tunnels,
    is_over: bool,
    turns: &Semaphore,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < 8_192 {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let to = head.split_ascii_whitespace().nth(1).unwrap_or_default().to_owned();
    if is_over {
        if tunnels.closes {
            return stream.shutdown().await;
        }
        let again = tunnels.retry_after.map(|s| format!("Retry-After: {s}\r\n")).unwrap_or_default();
        let more: String =
            tunnels.refused_with.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let refusal = match tunnels.status {
            Some(status) => format!("HTTP/1.1 {status} Refused\r\n{again}{more}Content-Length: 0\r\n\r\n"),
            None => "HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_TOO_MANY_CONNECTIONS 0\r\n\
                     Content-Length: 0\r\n\r\n"
                .to_owned(),
        };
        return stream.write_all(refusal.as_bytes()).await;
    }
    let host = to.rsplit_once(':').map_or(to.as_str(), |(host, _)| host);
    if let Some(answer) = tunnels.answers.get(host) {
        return stream.write_all(format!("{answer}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await;
    }
    let mut byte = [0];
    let turn = tokio::select! {
        turn = turns.acquire() => turn,
        // Who waited long enough goes, and needs no turn.
        _ = stream.peek(&mut byte) => return Ok(()),
    };
    let Ok(_turn) = turn else { return Ok(()) };
    tokio::time::sleep(Duration::from_millis(tunnels.delay_ms)).await;
    if let Some(says) = &tunnels.says {
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        // The hello is read first, so that nothing unread turns the end into a RST.
        let mut hello = [0; 4096];
        let _ = stream.read(&mut hello).await?;
        stream.write_all(says.as_bytes()).await?;
        stream.shutdown().await?;
        while stream.read(&mut hello).await? > 0 {}
        return Ok(());
    }
    let Ok(mut onward) = TcpStream::connect(&to).await else {
        let refusal = "HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\nContent-Length: 0\r\n\r\n";
        return stream.write_all(refusal.as_bytes()).await;
    };
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    match tunnels.idle_ms {
        Some(ms) => relay(stream, onward, Duration::from_millis(ms)).await,
        None => copy_bidirectional(&mut stream, &mut onward).await.map(|_| ()),
    }
}

/// Carries both ways until either side ends, or neither has said anything for `idle`.
async fn relay(mut one: TcpStream, mut other: TcpStream, idle: Duration) -> std::io::Result<()> {
    let (mut from_one, mut from_other) = (vec![0; 16_384], vec![0; 16_384]);
    loop {
        tokio::select! {
            read = one.read(&mut from_one) => match read? {
                0 => break,
                n => other.write_all(from_one.get(..n).unwrap_or_default()).await?,
            },
            read = other.read(&mut from_other) => match read? {
                0 => break,
                n => one.write_all(from_other.get(..n).unwrap_or_default()).await?,
            },
            () = tokio::time::sleep(idle) => break,
        }
    }
    other.shutdown().await?;
    one.shutdown().await
}
