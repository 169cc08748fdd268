//! TCP: every address family by itself, the first connection of any goes on, and one budget for
//! all of it.

use std::collections::VecDeque;
#[cfg(not(target_os = "linux"))]
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
#[cfg(not(target_os = "linux"))]
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::contract::host::{is_link_local, is_own, is_private, meanings};
use crate::observation::{Icmp, TcpOutcome};

use super::errno;
use super::hedge::Budget;
#[cfg(target_os = "linux")]
use super::icmp;
use super::lane::{Lane, Turn};
use super::record::Recorder;

/// Connection Attempt Delay of RFC 8305: how long one address of a family is waited for before
/// the next is tried beside it.
const NEXT_ADDRESS: Duration = Duration::from_millis(250);
/// Addresses of one family that are tried.
const PER_FAMILY: usize = 4;

/// An address of the public internet of each family, to ask the kernel for the route there: root
/// name servers (IANA root hints). Nothing is sent to them.
const PUBLIC_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 41, 0, 4));
const PUBLIC_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30));

/// A connection and where it leads.
pub(super) struct Connected {
    /// The socket.
    pub(super) stream: TcpStream,
    /// The remote end.
    pub(super) remote: SocketAddr,
}

/// Source addresses of this device for public addresses: IPv4, IPv6.
pub(super) fn public_sources() -> (Option<IpAddr>, Option<IpAddr>) {
    (source_for(PUBLIC_V4).ok().flatten(), source_for(PUBLIC_V6).ok().flatten())
}

/// The source address the kernel would use towards `remote`; none without a route. Connecting a
/// UDP socket only looks the route up.
fn source_for(remote: IpAddr) -> std::io::Result<Option<IpAddr>> {
    let any: IpAddr = match remote {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let result = UdpSocket::bind((any, 0)).and_then(|s| {
        s.connect((remote, 443))?;
        s.local_addr()
    });
    match result {
        Ok(local) => Ok(Some(local.ip())),
        Err(e) if errno::is_no_route(&e) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Whether this device has any way to `remote`. When the kernel refuses to say (a local rule),
/// the connect itself will tell.
fn has_route(remote: IpAddr) -> bool {
    remote.is_loopback() || !matches!(source_for(remote), Ok(None))
}

/// Why nothing is ever sent to an address: it is link-local, where cloud metadata services answer
/// with credentials, or one of `never`, those of such services that look routable.
pub(super) fn forbidden(address: IpAddr, never: &[IpAddr]) -> Option<&'static str> {
    if is_link_local(address) {
        return Some("link-local address, never probed");
    }
    meanings(address).any(|a| never.contains(&a)).then_some("address of a metadata service, never probed")
}

/// How far connections may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// To the public internet: what an answer from there named.
    Public,
    /// To addresses of the site as well: what an answer from one of them named.
    Site,
    /// To this device as well: what the configuration or the user named.
    Anywhere,
}

impl Reach {
    /// How far an answer from this address may lead.
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            a if is_own(a) => Self::Anywhere,
            a if is_private(a) => Self::Site,
            _ => Self::Public,
        }
    }
}

/// How connections are opened.
#[derive(Clone, Copy)]
pub(super) struct Dial<'a> {
    /// Addresses that are never dialled, beside the link-local ones.
    pub(super) never: &'a [IpAddr],
    /// How far it may lead.
    pub(super) reach: Reach,
    /// Why nothing at all is dialled.
    pub(super) closed: Option<&'static str>,
    /// Largest segment, bytes; none for the system's.
    pub(super) segment: Option<u16>,
}

impl Dial<'_> {
    /// Why nothing is sent to an address.
    pub(super) fn refusal(&self, address: IpAddr) -> Option<&'static str> {
        let own = "leads to this device, never probed for a host that an answer named";
        let site = "private address, never probed for a host that an answer from elsewhere named";
        forbidden(address, self.never)
            .or(self.closed)
            .or_else(|| (self.reach < Reach::Anywhere && is_own(address)).then_some(own))
            .or_else(|| (self.reach < Reach::Site && is_private(address)).then_some(site))
    }
}

/// Tries every address family at once, within one budget. Gives the first connection; what is
/// still under way in the other family goes on in `background`, so that it is known whether it
/// works too. A second socket to what is silent waits for its turn in `seconds`.
pub(super) async fn race(
    recorder: &Arc<Recorder>,
    addresses: &[IpAddr],
    port: u16,
    dial: Dial<'_>,
    budget: Budget,
    seconds: &Arc<Lane>,
    background: &mut JoinSet<()>,
) -> Option<Connected> {
    let turn = Arc::new(Turn::new(seconds, budget.half - (budget.end - budget.half) / 4));
    let segment = dial.segment;
    let (refused, allowed): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|a| dial.refusal(**a).is_some());
    for address in refused.into_iter().take(PER_FAMILY) {
        let number = recorder.tcp_begin(SocketAddr::new(address, port), false);
        let reason = dial.refusal(address).unwrap_or_default().to_owned();
        recorder.tcp_end(number, TcpOutcome::NotDialled { reason }, None);
    }
    let (routed, unrouted): (Vec<IpAddr>, Vec<IpAddr>) = allowed.into_iter().partition(|a| has_route(*a));
    // Without a way to any of them the kernel says so at once, and that is the finding.
    let dialled = if routed.is_empty() { unrouted } else { routed };
    let (found, mut first) = mpsc::channel(2);
    for v6 in [true, false] {
        let family: VecDeque<SocketAddr> = dialled
            .iter()
            .filter(|a| a.is_ipv6() == v6)
            .take(PER_FAMILY)
            .map(|a| SocketAddr::new(*a, port))
            .collect();
        if !family.is_empty() {
            background.spawn(try_family(
                Arc::clone(recorder),
                family,
                segment,
                budget,
                Arc::clone(&turn),
                found.clone(),
            ));
        }
    }
    drop(found);
    first.recv().await
}

/// One family: the first address at once, each further one when the one before failed or was
/// silent for a while, and a second socket to the first address when its turn has come.
async fn try_family(
    recorder: Arc<Recorder>,
    mut waiting: VecDeque<SocketAddr>,
    segment: Option<u16>,
    budget: Budget,
    turn: Arc<Turn>,
    found: mpsc::Sender<Connected>,
) {
    let Some(lead) = waiting.front().copied() else { return };
    let mut running: JoinSet<Tried> = JoinSet::new();
    let mut begun = Vec::new();
    let mut lead_failed = false;
    let mut confirmed = false;
    let mut next_at = Instant::now();
    let mut second = pin!(turn.comes());
    loop {
        tokio::select! {
            biased;
            Some(done) = running.join_next() => {
                let Ok((number, remote, result)) = done else { continue };
                match result {
                    Ok(stream) => {
                        recorder.tcp_end(number, TcpOutcome::Connected, stream.local_addr().ok());
                        recorder.tcp_end_all(&begun, &TcpOutcome::Abandoned);
                        // The other family may have won and gone on: then this one is only closed.
                        found.try_send(Connected { stream, remote }).ok();
                        return;
                    }
                    Err(failed) => {
                        failed.record(&recorder, number);
                        lead_failed |= remote == lead;
                        next_at = Instant::now();
                    }
                }
            }
            () = sleep_until(next_at), if !waiting.is_empty() => {
                if let Some(remote) = waiting.pop_front() {
                    begun.push(start(&recorder, &mut running, remote, segment, false));
                }
                next_at = Instant::now() + NEXT_ADDRESS;
            }
            () = &mut second, if !confirmed && !lead_failed => {
                confirmed = true;
                begun.push(start(&recorder, &mut running, lead, segment, true));
            }
            () = sleep_until(budget.end) => {
                recorder.tcp_end_all(&begun, &TcpOutcome::Timeout);
                return;
            }
        }
        if running.is_empty() && waiting.is_empty() {
            return;
        }
    }
}

type Tried = (usize, SocketAddr, Result<TcpStream, Failed>);

/// A connect that failed.
pub(super) struct Failed {
    /// How.
    pub(super) outcome: TcpOutcome,
    /// The ICMP message that ended it, where the system tells.
    pub(super) icmp: Option<Icmp>,
}

impl Failed {
    fn new(error: &std::io::Error, ipv6: bool, at_once: bool) -> Self {
        Self { outcome: errno::connect_outcome(error, ipv6, at_once), icmp: None }
    }

    fn record(self, recorder: &Recorder, number: usize) {
        if let Some(icmp) = self.icmp {
            recorder.tcp_icmp(number, icmp);
        }
        recorder.tcp_end(number, self.outcome, None);
    }
}

fn start(
    recorder: &Recorder,
    running: &mut JoinSet<Tried>,
    remote: SocketAddr,
    segment: Option<u16>,
    confirm: bool,
) -> usize {
    let number = recorder.tcp_begin(remote, confirm);
    running.spawn(async move { (number, remote, connect(remote, Limits { segment, hops: None }).await) });
    number
}

/// A recorded second connection to an address that answered before.
pub(super) async fn reconnect(
    recorder: &Recorder,
    remote: SocketAddr,
    segment: Option<u16>,
) -> Option<TcpStream> {
    let number = recorder.tcp_begin(remote, true);
    match connect(remote, Limits { segment, hops: None }).await {
        Ok(stream) => {
            recorder.tcp_end(number, TcpOutcome::Connected, stream.local_addr().ok());
            Some(stream)
        }
        Err(failed) => {
            failed.record(recorder, number);
            None
        }
    }
}

/// What a connection is limited to; nothing for the system's own.
#[derive(Debug, Clone, Copy, Default)]
struct Limits {
    /// Largest segment, bytes.
    segment: Option<u16>,
    /// Hops that its packets may pass.
    hops: Option<u8>,
}

/// A connection without a record whose packets may pass only so many hops; nothing for the system's own limit.
pub(super) async fn connect_within(remote: SocketAddr, hops: Option<u8>) -> Result<TcpStream, Failed> {
    connect(remote, Limits { segment: None, hops }).await
}

/// How many hops the packets of a socket may pass from now on (`IP_TTL`, `IPV6_UNICAST_HOPS`).
pub(super) fn limit_hops<'a>(socket: impl Into<SockRef<'a>>, ipv6: bool, hops: u32) -> std::io::Result<()> {
    let socket = socket.into();
    if ipv6 { socket.set_unicast_hops_v6(hops) } else { socket.set_ttl_v4(hops) }
}

/// Connects, and keeps the socket until its error queue has been read.
#[cfg(target_os = "linux")]
async fn connect(remote: SocketAddr, limits: Limits) -> Result<TcpStream, Failed> {
    let ipv6 = remote.is_ipv6();
    let at_once = |e: &std::io::Error| Failed::new(e, ipv6, true);
    let socket = socket(remote, limits).map_err(|e| at_once(&e))?;
    icmp::listen(&socket, ipv6);
    if let Err(error) = socket.connect(&remote.into())
        && !errno::is_in_progress(&error)
    {
        return Err(at_once(&error));
    }
    let later = |e: &std::io::Error, icmp| Failed { icmp, ..Failed::new(e, ipv6, false) };
    let stream = TcpStream::from_std(socket.into()).map_err(|e| later(&e, None))?;
    let ready = stream.writable().await;
    match ready.and_then(|()| stream.take_error()) {
        Ok(None) => Ok(stream),
        Ok(Some(error)) | Err(error) => Err(later(&error, icmp::received(&stream))),
    }
}

#[cfg(not(target_os = "linux"))]
async fn connect(remote: SocketAddr, limits: Limits) -> Result<TcpStream, Failed> {
    let ipv6 = remote.is_ipv6();
    let socket = socket(remote, limits).map_err(|e| Failed::new(&e, ipv6, true))?;
    let socket = TcpSocket::from_std_stream(socket.into());
    let mut connecting = pin!(socket.connect(remote));
    let mut polls = 0_u32;
    let result = poll_fn(|cx| {
        polls = polls.saturating_add(1);
        connecting.as_mut().poll(cx)
    })
    .await;
    result.map_err(|e| Failed::new(&e, ipv6, polls == 1))
}

/// A socket ready to connect. TCP_NODELAY: without it a request waits one round trip for the
/// acknowledgement of the handshake's last flight.
fn socket(remote: SocketAddr, limits: Limits) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(remote), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if let Some(hops) = limits.hops {
        limit_hops(&socket, remote.is_ipv6(), u32::from(hops))?;
    }
    let segment = limits.segment;
    #[cfg(unix)]
    if let Some(segment) = segment {
        socket.set_tcp_mss(u32::from(segment))?;
    }
    // Where the system cannot limit it, there is no experiment: with the system's own segments it
    // would pass for one.
    #[cfg(not(unix))]
    if segment.is_some() {
        return Err(std::io::ErrorKind::Unsupported.into());
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_and_link_local_addresses_are_never_dialled() {
        let never =
            crate::rules::Pack::embedded().map(|p| p.networks.metadata_addresses()).unwrap_or_default();
        let refused = |a| forbidden(a, &never).is_some();
        for text in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "2001:0:102:304::5601:5601",
            "64:ff9b::6464:64c8",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd00:42::42",
            "192.0.0.192",
            "64:ff9b:1:0:a9:fea9:fe00:0",
            "100.100.100.200",
            "168.63.129.16",
        ] {
            assert!(text.parse().is_ok_and(refused), "{text}");
        }
        for text in ["127.0.0.1", "::1", "10.0.0.1", "fd00::1", "203.0.113.1", "100.100.100.201"] {
            assert!(text.parse().is_ok_and(|a| !refused(a)), "{text}");
        }
    }

    #[test]
    fn what_an_answer_named_does_not_lead_to_this_device() {
        let dial = |reach| Dial { never: &[], reach, closed: None, segment: None };
        let refused = |reach, text: &str| {
            let address: IpAddr = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
            dial(reach).refusal(address).is_some()
        };
        for text in ["127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]
        {
            assert!(refused(Reach::Site, text) && !refused(Reach::Anywhere, text), "{text}");
        }
        for text in [
            "10.0.0.1",
            "172.20.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "2002:a00:1::1",
        ] {
            assert!(refused(Reach::Public, text) && !refused(Reach::Site, text), "{text}");
        }
        for text in ["203.0.113.1", "2001:db8::1", "64:ff9b::c633:6401"] {
            assert!(!refused(Reach::Public, text), "{text}");
        }
        let of = |text: &str| Reach::of(text.parse().unwrap_or_else(|e| panic!("{text}: {e}")));
        assert_eq!(["::1", "10.0.0.1", "203.0.113.1"].map(of), [Reach::Anywhere, Reach::Site, Reach::Public]);
    }

    #[test]
    fn loopback_always_has_a_route() {
        assert!(has_route(IpAddr::V4(Ipv4Addr::LOCALHOST)) && has_route(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    }
}
