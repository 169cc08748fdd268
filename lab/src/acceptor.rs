//! A program on the client that accepts every connection itself, as zero-trust clients do, and then
//! makes the real one. What it cannot reach it closes or leaves silent.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::Outcome;
use crate::outcome::Context;

/// Where it listens; the client's own firewall sends every connection there.
pub const PORT: u16 = 7_777;
/// Mark of its own connections, which are let through.
pub const MARK: u32 = 7;
/// How long it tries: well within a stage, so that every connection of the stage ends alike.
const LIMIT: Duration = Duration::from_secs(1);
/// How long a connection that leads nowhere is left open.
const HELD: Duration = Duration::from_secs(120);

/// The rules of the client that send everything here.
pub fn rules() -> String {
    format!(
        "table inet acceptor {{\n chain out {{\n  type nat hook output priority -100; policy accept;\n  \
         meta mark {MARK} accept\n  oif lo accept\n  meta l4proto tcp th dport != 53 redirect to :{PORT}\n }}\n}}\n"
    )
}

/// Runs inside the client until standard input closes. Prints `ready` when it listens.
pub fn run(hold: bool) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("runtime")?;
    runtime.block_on(async {
        for address in ["127.0.0.1", "::1"] {
            let listener = TcpListener::bind((address, PORT)).await.context("acceptor")?;
            tokio::spawn(accept(listener, hold));
        }
        let mut out = std::io::stdout();
        writeln!(out, "ready").and_then(|()| out.flush()).context("standard output")?;
        tokio::task::spawn_blocking(crate::server::wait_for_end_of_input).await.context("standard input")
    })
}

async fn accept(listener: TcpListener, hold: bool) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        tokio::spawn(async move {
            // Errors are either side's doing.
            let _ = serve(stream, hold).await;
        });
    }
}

async fn serve(mut stream: TcpStream, hold: bool) -> std::io::Result<()> {
    let wanted = destination(&stream)?;
    match tokio::time::timeout(LIMIT, connect(wanted)).await {
        Ok(Ok(mut onward)) => {
            copy_bidirectional(&mut stream, &mut onward).await?;
        }
        _ if hold => tokio::time::sleep(HELD).await,
        _ => {}
    }
    Ok(())
}

/// Where the connection was going before it was redirected.
fn destination(stream: &TcpStream) -> std::io::Result<SocketAddr> {
    let socket = SockRef::from(stream);
    let original =
        if stream.local_addr()?.is_ipv4() { socket.original_dst_v4()? } else { socket.original_dst_v6()? };
    original.as_socket().ok_or_else(|| std::io::Error::other("no address"))
}

async fn connect(to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    socket.set_mark(MARK)?;
    socket.set_nonblocking(true)?;
    TcpSocket::from_std_stream(socket.into()).connect(to).await
}
