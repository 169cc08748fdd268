//! One attempt: the ladder DNS, TCP, proxy, TLS, HTTP of one path of one host. Every stage has the
//! same budget and is driven by itself; the record is kept outside, in the [`Recorder`].

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use hyper::header::HeaderValue;
use rustls::pki_types::{self, UnixTime};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::contract::Transport;
use crate::contract::host::is_own;
use crate::observation::{Changes, HttpOutcome, LastStage, ServerName, TcpOutcome, Trust};
use crate::plan::{Keep, Request, Route};

use super::hedge::{Budget, Ended, Try, hedge};
use super::http::Endpoint;
use super::lane::Lane;
use super::metered::BoxedIo;
use super::record::Recorder;
use super::tcp::{Dial, Reach};
use super::tls::{Offer, Secured};
use super::trust::Chain;
use super::{Shared, banner, certificate, dns, http, proxy, tcp, tls};

/// How long a port is waited for to say something of which only the connection is known: most say
/// nothing first.
const TCP_BANNER: Duration = Duration::from_millis(250);

/// How long a proxy that accepted the connection is waited for, in stages: it may look up a category or
/// ask a scanner before it opens a tunnel, and the app waits for that.
const TUNNEL_STAGES: f64 = 3.25;

/// Dates that differ by less are one, in seconds: answers take their time.
const SAME_MINUTE_S: u64 = 60;

/// The code with which an HTTP/2 server asks for HTTP/1.1 (RFC 9113, 7).
const HTTP_1_1_REQUIRED: &str = "HTTP_1_1_REQUIRED";

/// An exchange that got an answer.
struct Exchanged {
    /// Number of its record.
    number: usize,
    /// The handshake below it, number and chain, where that is not the attempt's first.
    handshake: Option<(usize, Chain)>,
    /// The session that the server opened for it.
    session: Option<HeaderValue>,
}

/// What one attempt is about.
#[derive(Debug, Clone)]
pub(super) struct Job {
    /// Name or address literal of the target.
    pub(super) host: String,
    /// Its port.
    pub(super) port: u16,
    /// What is spoken there.
    pub(super) transport: Transport,
    /// The request, where the transport has HTTP.
    pub(super) request: Option<Request>,
    /// The way there.
    pub(super) route: Route,
    /// In what it differs from the app's own walk.
    pub(super) changes: Changes,
    /// How far connections may lead: less far for a host that an answer named.
    pub(super) reach: Reach,
    /// Why no connection is made at all.
    pub(super) closed: Option<&'static str>,
    /// Addresses at which nothing new is learnt.
    pub(super) known: Vec<IpAddr>,
    /// Nothing is asked over a certificate that neither store accepts: the app would ask nothing there,
    /// and an answer must not make this program ask more.
    pub(super) trusted_only: bool,
}

impl Job {
    /// Whether the ladder ends before `stage`.
    fn ends_before(&self, stage: LastStage) -> bool {
        self.changes.until < stage
    }

    /// The name that the handshake is for.
    pub(super) fn server_name(&self) -> Option<pki_types::ServerName<'static>> {
        match &self.changes.server_name {
            ServerName::Of(name) => tls::server_name(name),
            ServerName::Own | ServerName::Absent => tls::server_name(&self.host),
        }
    }

    /// Whether a handshake may follow, and the network is waited for before it. A connection to this device itself
    /// stands or is refused at once, and then nothing is prepared in vain.
    pub(super) fn is_waiting(&self) -> bool {
        let here = dns::is_local(&self.host) || self.host.parse::<IpAddr>().is_ok_and(is_own);
        let (through, tls) = match &self.route {
            Route::Direct => (false, false),
            Route::Proxy { tls, .. } => (true, *tls),
        };
        (through || !here) && (tls || self.transport.has_tls()) && !self.ends_before(LastStage::Tls)
    }

    fn hello(&self) -> tls::Hello {
        let nameless = self.changes.server_name == ServerName::Absent;
        tls::Hello { small: self.changes.small_hello, nameless }
    }
}

/// What an attempt works with.
pub(super) struct Ladder {
    /// Shared by the whole run.
    pub(super) shared: Arc<Shared>,
    /// Shared by the wave.
    pub(super) names: Arc<dns::Names>,
    /// What to do.
    pub(super) job: Job,
    /// Second connections of the wave.
    pub(super) seconds: Arc<Lane>,
    /// Where to write it down.
    pub(super) recorder: Arc<Recorder>,
}

impl Ladder {
    /// Walks the ladder as far as it goes. Everything seen is in the recorder. `place`, whatever it
    /// is, is given up once the ladder has ended; what goes on beside it opens no more sockets than
    /// it has.
    pub(super) async fn walk<P>(&self, place: P) {
        // What goes on beside the ladder: the other address family, the judging of chains.
        let mut background = JoinSet::new();
        self.climb(&mut background).await;
        self.recorder.ladder_ended();
        drop(place);
        while background.join_next().await.is_some() {}
    }

    async fn climb(&self, background: &mut JoinSet<()>) {
        let (host, port) = match &self.job.route {
            Route::Direct => (&self.job.host, self.job.port),
            Route::Proxy { host, port, .. } => (host, *port),
        };
        let addresses = match self.job.changes.address {
            Some(address) => vec![address],
            None => match self.addresses(host).await {
                Some(addresses) => addresses,
                None => return,
            },
        };
        if self.job.ends_before(LastStage::Tcp) || addresses.iter().any(|a| self.job.known.contains(a)) {
            return;
        }
        let budget = Budget::start(self.stage());
        let dial = self.dial();
        let race = tcp::race(&self.recorder, &addresses, port, dial, budget, &self.seconds, background);
        let Some(connected) = race.await else { return };
        let remote = connected.remote;
        let Some(io) = self.through(connected.stream, remote).await else { return };
        if self.job.ends_before(LastStage::Tls) {
            return;
        }
        let mut shown: Option<(usize, Chain)> = None;
        let mut io = if self.job.transport.has_tls() {
            let Some(secured) = self.secure(io, remote).await else { return };
            shown = Some((secured.number, Arc::clone(&secured.chain)));
            self.recorder.tls_counts(secured.number);
            self.judge(secured.number, Arc::clone(&secured.chain), background);
            if !self.may_ask(&secured.chain).await {
                return;
            }
            (secured.is_h2() || self.job.transport.is_grpc(), Box::new(secured.stream) as BoxedIo)
        } else {
            (self.job.transport.is_grpc(), io)
        };
        if self.job.ends_before(LastStage::Whole) {
            return;
        }
        match self.job.transport {
            Transport::Https | Transport::Http | Transport::Grpc | Transport::GrpcTls => {
                if let Some(request) = &self.job.request {
                    let other = self.request(io.1, io.0, remote, request, background).await;
                    if let Some((number, chain)) = other.or(shown) {
                        self.judge_at_date(number, chain, background);
                    }
                }
            }
            Transport::Ssh => {
                if let Some(banner) = banner::ssh(&mut io.1, self.stage()).await {
                    self.recorder.banner(banner);
                }
            }
            Transport::Tcp => {
                if let Some(banner) = banner::any(&mut io.1, TCP_BANNER.min(self.stage())).await {
                    self.recorder.banner(banner);
                }
            }
        }
    }

    /// How connections are opened: a proxy is not what an answer named.
    pub(super) fn dial(&self) -> Dial<'_> {
        Dial {
            never: &self.shared.settings.never,
            reach: if self.job.route == Route::Direct { self.job.reach } else { Reach::Anywhere },
            closed: self.job.closed,
            segment: self.job.changes.segment,
        }
    }

    pub(super) fn stage(&self) -> Duration {
        self.shared.settings.stage_timeout
    }

    async fn hedge<T>(&self, first: Try<'_, T>, second: Try<'_, T>) -> Ended<T> {
        hedge(Budget::start(self.stage()), first, second).await
    }

    pub(super) async fn addresses(&self, host: &str) -> Option<Vec<IpAddr>> {
        if let Ok(literal) = host.parse::<IpAddr>() {
            return Some(vec![literal.to_canonical()]);
        }
        let dns = match self.job.changes.servers {
            true => self.names.ask_servers(host).await,
            false => self.names.look_up(host).await,
        };
        let addresses = dns::addresses(&dns);
        self.recorder.dns(dns);
        (!addresses.is_empty()).then_some(addresses)
    }

    /// The stream to the target: the socket itself, or a tunnel through the proxy.
    pub(super) async fn through(&self, stream: TcpStream, remote: SocketAddr) -> Option<BoxedIo> {
        if self.job.route == Route::Direct {
            return Some(Box::new(stream));
        }
        let patience = self.stage().mul_f64(TUNNEL_STAGES);
        let budget = Budget { end: Instant::now() + patience, ..Budget::start(self.stage()) };
        let ended = hedge(
            budget,
            Box::pin(self.tunnel(Box::new(stream), true)),
            Box::pin(async move {
                let stream = tcp::reconnect(&self.recorder, remote, self.job.changes.segment).await?;
                self.tunnel(Box::new(stream), true).await
            }),
        )
        .await;
        if matches!(ended, Ended::TimedOut) && !self.recorder.has_proxy() {
            self.recorder.proxy(proxy::silent(patience));
        }
        self.settle_tcp(remote, &ended);
        won(ended)
    }

    /// CONNECT on a socket to the proxy. `record`: whether it is the proxy stage itself.
    async fn tunnel(&self, io: BoxedIo, record: bool) -> Option<BoxedIo> {
        let Route::Proxy { host, tls, .. } = &self.job.route else { return Some(io) };
        let peer = proxy::Peer { host, tls: *tls };
        let authority = crate::contract::endpoint::authority(&self.job.host, self.job.port);
        let shared = &self.shared;
        // A quarter, so that a device store that never answers is not taken for a silent proxy.
        let patience = self.stage() / 4;
        let (seen, tunnel) = proxy::connect(
            &shared.client,
            &shared.stock,
            io,
            peer,
            &authority,
            patience,
            &shared.settings.headers,
        )
        .await;
        // A refusal on the first socket is not overwritten by another on the second.
        if record && (tunnel.is_some() || !self.recorder.has_proxy()) {
            self.recorder.proxy(seen);
        }
        tunnel
    }

    /// A second way to the target, for a stage that has had no answer by half-time.
    async fn again(&self, remote: SocketAddr) -> Option<BoxedIo> {
        let stream = tcp::reconnect(&self.recorder, remote, self.job.changes.segment).await?;
        self.tunnel(Box::new(stream), false).await
    }

    pub(super) async fn secure(&self, io: BoxedIo, remote: SocketAddr) -> Option<Secured> {
        self.shared.prepare();
        let ended = self
            .hedge(
                Box::pin(self.handshake(io, remote, self.offer(), false)),
                Box::pin(async move {
                    let io = self.again(remote).await?;
                    self.handshake(io, remote, self.offer(), true).await
                }),
            )
            .await;
        self.recorder.tls_end_open(matches!(ended, Ended::TimedOut));
        self.settle_tcp(remote, &ended);
        won(ended)
    }

    pub(super) fn offer(&self) -> Offer {
        if self.job.transport == Transport::GrpcTls { Offer::Grpc } else { Offer::Https }
    }

    pub(super) async fn handshake(
        &self,
        io: BoxedIo,
        remote: SocketAddr,
        offer: Offer,
        confirm: bool,
    ) -> Option<Secured> {
        let name = self.job.server_name()?;
        let hello = (offer, self.job.hello());
        self.shared.client.handshake(&self.recorder, io, remote, name, hello, confirm).await
    }

    /// Has the chain read and judged, beside the ladder: by the public roots, which answer at once,
    /// and apart from them by the device's store, which may not.
    fn judge(&self, number: usize, chain: Chain, background: &mut JoinSet<()>) {
        let Some(name) = self.job.server_name() else { return };
        let stage = self.stage();
        let (shared, recorder) = (Arc::clone(&self.shared), Arc::clone(&self.recorder));
        let (seen, asked) = (Arc::clone(&chain), name.clone());
        background.spawn(async move {
            let trust = shared.stock.public.judge(Arc::clone(&seen), asked.clone(), stage).await;
            let is_public = trust == Trust::Accepted;
            recorder.tls_public(number, trust);
            // The engine carries the public roots.
            if !is_public {
                let trust = shared.stock.engine.judge(Arc::clone(&seen), asked, stage).await;
                recorder.tls_engine(number, trust);
            }
            // Milliseconds for a long chain, in which no other host's sockets would be served.
            if let Ok(read) = tokio::task::spawn_blocking(move || certificate::read_chain(&seen)).await {
                recorder.tls_chain(number, read);
            }
        });
        let (shared, recorder) = (Arc::clone(&self.shared), Arc::clone(&self.recorder));
        background.spawn(async move {
            let trust = shared.stock.device.judge(Arc::clone(&chain), name, stage).await;
            let is_trusted = trust == Trust::Accepted;
            recorder.tls_device(number, trust);
            if !is_trusted {
                recorder.tls_namesakes(number, shared.stock.namesakes(chain, stage).await);
            }
        });
    }

    /// Has the chain judged by the public roots at the date of the answer, too, where that is far from this
    /// device's clock: which of the two is wrong is then for others to say.
    fn judge_at_date(&self, number: usize, chain: Chain, background: &mut JoinSet<()>) {
        let (Some(name), Some(date)) = (self.job.server_name(), self.recorder.date()) else { return };
        let now = UnixTime::now().as_secs();
        let Some(date) = u64::try_from(date).ok().filter(|date| date.abs_diff(now) > SAME_MINUTE_S) else {
            return;
        };
        let (stage, shared, recorder) = (self.stage(), Arc::clone(&self.shared), Arc::clone(&self.recorder));
        background.spawn(async move {
            let at = UnixTime::since_unix_epoch(Duration::from_secs(date));
            let trust = shared.stock.public.judge_at(chain, name, at, stage).await;
            recorder.tls_at_date(number, trust);
        });
    }

    /// Whether a request may follow a handshake with this chain.
    async fn may_ask(&self, chain: &Chain) -> bool {
        if !self.job.trusted_only {
            return true;
        }
        let Some(name) = self.job.server_name() else { return false };
        let (stock, stage) = (&self.shared.stock, self.stage());
        stock.public.judge(Arc::clone(chain), name.clone(), stage).await == Trust::Accepted
            || stock.device.judge(Arc::clone(chain), name, stage).await == Trust::Accepted
    }

    /// Sends the request and reads the answer; gives the handshake under it where that is not the first.
    async fn request(
        &self,
        io: BoxedIo,
        h2: bool,
        remote: SocketAddr,
        request: &Request,
        background: &mut JoinSet<()>,
    ) -> Option<(usize, Chain)> {
        let recorder = &self.recorder;
        let first: Try<'_, Exchanged> = Box::pin(self.exchange(io, h2, remote, request, false));
        let second = Box::pin(self.exchange_again(remote, request, self.offer()));
        let ended = if matches!(request.keep, Keep::Digest { .. }) {
            // A file takes its time, and is not asked for twice.
            first.await.map_or(Ended::Failed, Ended::Won)
        } else {
            self.hedge(first, second).await
        };
        let timed_out = matches!(ended, Ended::TimedOut);
        recorder.http_end_open(timed_out);
        recorder.tls_end_open(timed_out);
        self.settle_tcp(remote, &ended);
        let Exchanged { number, handshake, session } = won(ended)?;
        recorder.http_counts(number);
        if let Some(session) = session {
            self.close(session, remote, request).await;
        }
        let (handshake, chain) = handshake?;
        recorder.tls_counts(handshake);
        self.judge(handshake, Arc::clone(&chain), background);
        Some((handshake, chain))
    }

    /// One exchange; once more over HTTP/1.1 where the server demands that (RFC 9113, 7), as
    /// browsers and the app do.
    async fn exchange(
        &self,
        io: BoxedIo,
        h2: bool,
        remote: SocketAddr,
        request: &Request,
        confirm: bool,
    ) -> Option<Exchanged> {
        let recorder = Arc::clone(&self.recorder);
        let stage = self.stage();
        match http::exchange(recorder, io, h2, self.endpoint(), request.clone(), confirm, stage).await {
            Ok(http::Done { number, session, secret }) => {
                if let Some(document) = secret {
                    let mut secrets = self.shared.secrets.lock().unwrap_or_else(PoisonError::into_inner);
                    secrets.insert(self.recorder.way(), document);
                }
                Some(Exchanged { number, handshake: None, session })
            }
            Err(HttpOutcome::StreamReset { code }) if h2 && code == HTTP_1_1_REQUIRED => {
                Box::pin(self.exchange_again(remote, request, Offer::Http1)).await
            }
            Err(_) => None,
        }
    }

    /// The same on a connection of its own.
    async fn exchange_again(&self, remote: SocketAddr, request: &Request, offer: Offer) -> Option<Exchanged> {
        let io = self.again(remote).await?;
        let grpc = self.job.transport.is_grpc();
        if !self.job.transport.has_tls() {
            return self.exchange(io, grpc, remote, request, true).await;
        }
        let secured = self.handshake(io, remote, offer, true).await?;
        if !self.may_ask(&secured.chain).await {
            return None;
        }
        let (handshake, h2) = ((secured.number, Arc::clone(&secured.chain)), secured.is_h2() || grpc);
        let done = self.exchange(Box::new(secured.stream), h2, remote, request, true).await?;
        Some(Exchanged { handshake: done.handshake.or(Some(handshake)), ..done })
    }

    /// Tells the server that a session it opened is over, once, within a quarter of a stage; what it
    /// says to that is recorded before the answer that counts.
    async fn close(&self, session: HeaderValue, remote: SocketAddr, request: &Request) {
        let Ok(text) = session.to_str() else { return };
        let delete = Request {
            method: "DELETE".into(),
            path: request.path.clone(),
            headers: vec![("mcp-session-id".into(), text.to_owned())],
            ..Request::default()
        };
        let sent = Box::pin(self.exchange_again(remote, &delete, self.offer()));
        tokio::time::timeout(self.stage() / 4, sent).await.ok();
        self.recorder.http_end_open(false);
        self.recorder.tls_end_open(false);
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        let tls = self.job.transport.has_tls();
        Endpoint { host: self.job.host.clone(), port: self.job.port, tls }
    }

    /// Second sockets of a stage that is over end with it.
    fn settle_tcp<T>(&self, remote: SocketAddr, ended: &Ended<T>) {
        let outcome =
            if matches!(ended, Ended::TimedOut) { TcpOutcome::Timeout } else { TcpOutcome::Abandoned };
        self.recorder.tcp_end_confirming(remote, &outcome);
    }
}

fn won<T>(ended: Ended<T>) -> Option<T> {
    match ended {
        Ended::Won(won) => Some(won),
        Ended::Failed | Ended::TimedOut => None,
    }
}
