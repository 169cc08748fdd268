//! One attempt: the ladder DNS, TCP, proxy, TLS, HTTP of one path of one host. Every stage has the
//! same budget and is driven by itself; the record is kept outside, in the [`Recorder`].

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::observation::{TcpOutcome, Trust};
use crate::plan::{Request, Route};
use crate::terms::Transport;

use super::hedge::{Budget, Ended, Try, hedge};
use super::http::Endpoint;
use super::record::Recorder;
use super::tls::{Offer, Secured};
use super::wire::BoxedIo;
use super::{Shared, banner, certificate, dns, http, proxy, tcp, tls};

type Chain = Vec<CertificateDer<'static>>;

/// How long an SSH server is waited for to say its name.
const SSH_BANNER: Duration = Duration::from_secs(1);
/// The same for a port of which only the connection is known: most say nothing first.
const TCP_BANNER: Duration = Duration::from_millis(250);

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
}

/// What an attempt works with.
pub(super) struct Ladder {
    /// Shared by the whole run.
    pub(super) shared: Arc<Shared>,
    /// Shared by the wave.
    pub(super) names: Arc<dns::Names>,
    /// What to do.
    pub(super) job: Job,
    /// Where to write it down.
    pub(super) recorder: Arc<Recorder>,
}

impl Ladder {
    /// Walks the ladder as far as it goes. Everything seen is in the recorder.
    pub(super) async fn walk(&self) {
        // What goes on beside the ladder: the other address family, the judging of chains.
        let mut background = JoinSet::new();
        self.climb(&mut background).await;
        while background.join_next().await.is_some() {}
    }

    async fn climb(&self, background: &mut JoinSet<()>) {
        let (host, port) = match &self.job.route {
            Route::Direct => (&self.job.host, self.job.port),
            Route::Proxy { host, port, .. } => (host, *port),
        };
        let Some(addresses) = self.addresses(host).await else { return };
        let budget = Budget::start(self.stage());
        let Some(connected) = tcp::race(&self.recorder, &addresses, port, budget, background).await else {
            return;
        };
        let remote = connected.remote;
        let Some(io) = self.through(connected.stream, remote).await else { return };
        let mut io = if self.job.transport.has_tls() {
            let Some(secured) = self.secure(io, remote).await else { return };
            self.recorder.tls_counts(secured.number);
            self.judge(secured.number, secured.chain.clone(), background);
            (secured.is_h2(), Box::new(secured.stream) as BoxedIo)
        } else {
            (false, io)
        };
        match self.job.transport {
            Transport::Https | Transport::Http => {
                if let Some(request) = &self.job.request {
                    self.request(io.1, io.0, remote, request, background).await;
                }
            }
            Transport::Ssh | Transport::Tcp => {
                let patience = if self.job.transport == Transport::Ssh { SSH_BANNER } else { TCP_BANNER };
                if let Some(banner) = banner::read(&mut io.1, patience.min(self.stage())).await {
                    self.recorder.banner(banner);
                }
            }
            // More than the agreed protocol would need a call of the service.
            Transport::Grpc | Transport::GrpcTls => {}
        }
    }

    fn stage(&self) -> Duration {
        self.shared.settings.stage_timeout
    }

    async fn hedge<T>(&self, first: Try<'_, T>, second: Try<'_, T>) -> Ended<T> {
        hedge(Budget::start(self.stage()), first, second).await
    }

    async fn addresses(&self, host: &str) -> Option<Vec<IpAddr>> {
        if let Ok(literal) = host.parse::<IpAddr>() {
            return Some(vec![literal.to_canonical()]);
        }
        let dns = self.names.look_up(host).await;
        let addresses = dns::addresses(&dns);
        self.recorder.dns(dns);
        (!addresses.is_empty()).then_some(addresses)
    }

    /// The stream to the target: the socket itself, or a tunnel through the proxy.
    async fn through(&self, stream: TcpStream, remote: SocketAddr) -> Option<BoxedIo> {
        if self.job.route == Route::Direct {
            return Some(Box::new(stream));
        }
        let ended = self
            .hedge(
                Box::pin(self.tunnel(Box::new(stream), true)),
                Box::pin(async move {
                    let stream = tcp::reconnect(&self.recorder, remote).await?;
                    self.tunnel(Box::new(stream), true).await
                }),
            )
            .await;
        if matches!(ended, Ended::TimedOut) && !self.recorder.has_proxy() {
            self.recorder.proxy(proxy::silent(self.stage()));
        }
        self.settle_tcp(remote, &ended);
        won(ended)
    }

    /// CONNECT on a socket to the proxy. `record`: whether it is the proxy stage itself.
    async fn tunnel(&self, io: BoxedIo, record: bool) -> Option<BoxedIo> {
        let Route::Proxy { host, tls, .. } = &self.job.route else { return Some(io) };
        let peer = proxy::Peer { host, tls: *tls };
        let authority = http::host_port(&self.job.host, self.job.port);
        let shared = &self.shared;
        let (seen, tunnel) = proxy::connect(&shared.client, &shared.stock, io, peer, &authority).await;
        // A refusal on the first socket is not overwritten by another on the second.
        if record && (tunnel.is_some() || !self.recorder.has_proxy()) {
            self.recorder.proxy(seen);
        }
        tunnel
    }

    /// A second way to the target, for a stage that has had no answer by half-time.
    async fn again(&self, remote: SocketAddr) -> Option<BoxedIo> {
        let stream = tcp::reconnect(&self.recorder, remote).await?;
        self.tunnel(Box::new(stream), false).await
    }

    async fn secure(&self, io: BoxedIo, remote: SocketAddr) -> Option<Secured> {
        let ended = self
            .hedge(
                Box::pin(self.handshake(io, remote, false)),
                Box::pin(async move {
                    let io = self.again(remote).await?;
                    self.handshake(io, remote, true).await
                }),
            )
            .await;
        self.recorder.tls_end_open(matches!(ended, Ended::TimedOut));
        self.settle_tcp(remote, &ended);
        won(ended)
    }

    async fn handshake(&self, io: BoxedIo, remote: SocketAddr, confirm: bool) -> Option<Secured> {
        let name = tls::server_name(&self.job.host)?;
        let offer = if self.job.transport == Transport::GrpcTls { Offer::Grpc } else { Offer::Https };
        self.shared.client.handshake(&self.recorder, io, remote, name, offer, confirm).await
    }

    /// Has the chain judged by both stores, beside the ladder.
    fn judge(&self, number: usize, chain: Chain, background: &mut JoinSet<()>) {
        let Some(name) = tls::server_name(&self.job.host) else { return };
        let (shared, recorder) = (Arc::clone(&self.shared), Arc::clone(&self.recorder));
        let stage = self.stage();
        background.spawn(async move {
            let read = certificate::read_chain(&chain);
            let (device, public) =
                timeout(stage, shared.stock.judge(chain, name)).await.unwrap_or_else(|_| {
                    let late = Trust::Unavailable { error: "no judgement within the stage".to_owned() };
                    (late.clone(), late)
                });
            recorder.tls_judged(number, read, device, public);
        });
    }

    async fn request(
        &self,
        io: BoxedIo,
        h2: bool,
        remote: SocketAddr,
        request: &Request,
        background: &mut JoinSet<()>,
    ) {
        let tls = self.job.transport.has_tls();
        let endpoint = Endpoint { host: self.job.host.clone(), port: self.job.port, tls };
        let recorder = &self.recorder;
        let (log, to, what) = (Arc::clone(recorder), endpoint.clone(), request.clone());
        let first = Box::pin(async move {
            let number = http::exchange(log, io, h2, to, what, false).await?;
            Some((number, None))
        });
        let second = Box::pin(async move {
            let io = self.again(remote).await?;
            let (io, h2, secured) = if tls {
                let secured = self.handshake(io, remote, true).await?;
                let seen = (secured.number, secured.chain.clone());
                let h2 = secured.is_h2();
                (Box::new(secured.stream) as BoxedIo, h2, Some(seen))
            } else {
                (io, false, None)
            };
            let (log, what) = (Arc::clone(recorder), request.clone());
            let number = http::exchange(log, io, h2, endpoint, what, true).await?;
            Some((number, secured))
        });
        let ended = self.hedge(first, second).await;
        let timed_out = matches!(ended, Ended::TimedOut);
        recorder.http_end_open(timed_out);
        recorder.tls_end_open(timed_out);
        self.settle_tcp(remote, &ended);
        if let Some((number, secured)) = won(ended) {
            recorder.http_counts(number);
            if let Some((handshake, chain)) = secured {
                recorder.tls_counts(handshake);
                self.judge(handshake, chain, background);
            }
        }
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
