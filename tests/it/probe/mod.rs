//! The prober against servers on this machine's loopback: every way a stage can end is produced
//! for real, and the record must say so. No network and no rights are needed.

mod http;
mod proxy;
mod reach;
mod run;
mod script;
mod tls;
mod trace;
mod varied;

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use crate::servers::{Authority, Dns, FOREVER, Identity, ProxyDoes};
use clearway::contract::{Actor, Network, Transport};
use clearway::derive::{HostPattern, ProbeHints, Requirement};
use clearway::observation::{
    Attempt, DnsAnswer, HttpOutcome, Lookup, Observations, ProxyOutcome, Purpose, Stopped, TcpOutcome,
    TlsOutcome, Trust,
};
use clearway::plan::{Experiment, Path, Plan, Request, Route, Target};
use clearway::probe::{Prober, Progress, Quiet, Settings};
use clearway::rules::Rules;
use rcgen::date_time_ymd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\n\r\nhi";

/// Long enough for a busy machine.
const PATIENT: Duration = Duration::from_secs(5);
/// Short enough to wait for.
const SHORT: Duration = Duration::from_millis(400);

fn target(id: u32, host: &str, port: u16, transport: Transport) -> Target {
    let request = transport.has_http().then(|| Request {
        method: "GET".into(),
        path: "/x?y=1".into(),
        headers: Vec::new(),
        body: String::new(),
        ..Request::default()
    });
    Target {
        id,
        requirement: Requirement {
            host: host.parse::<HostPattern>().unwrap(),
            port,
            transport,
            network: Network::Internet,
            unbounded: None,
            loopback: true,
            hints: ProbeHints::default(),
            reasons: Vec::new(),
        },
        probed: host.to_owned(),
        service: None,
        request,
        paths: vec![Path { route: Route::Direct, actors: vec![Actor::App] }],
        skip: None,
    }
}

fn through(mut target: Target, proxy: SocketAddr) -> Target {
    let route =
        Route::Proxy { host: proxy.ip().to_string(), port: proxy.port(), tls: false, origin: "test".into() };
    target.paths = vec![Path { route, actors: vec![Actor::App] }];
    target
}

static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);

fn settings(stage_timeout: Duration) -> Settings {
    // Some anchor, so that the device has a store even where the system has none.
    Settings { stage_timeout, device_ca: vec![Authority::new("anchor").der()], ..Settings::of(&RULES) }
}

fn trusting(authority: &Authority) -> Settings {
    Settings {
        device_ca: vec![authority.der()],
        public_roots: Some(vec![authority.der()]),
        ..settings(PATIENT)
    }
}

async fn wave(settings: Settings, targets: Vec<Target>) -> Observations {
    let prober = Prober::new(settings).unwrap();
    let plan = Plan { targets, ..Plan::default() };
    let mut observations = Observations::default();
    let deadline = Instant::now() + Duration::from_secs(60);
    prober.run(&plan, &plan.first_wave(), &mut observations, deadline, &Quiet).await;
    assert_eq!(observations.stopped, None);
    // What is recorded can be saved and read back.
    let json = serde_json::to_string(&observations).unwrap();
    assert_eq!(serde_json::from_str::<Observations>(&json).unwrap(), observations);
    observations
}

async fn one(settings: Settings, target: Target) -> Attempt {
    let mut observations = wave(settings, vec![target]).await;
    assert_eq!(observations.attempts.len(), 1);
    observations.attempts.remove(0)
}

async fn local(settings: Settings, server: SocketAddr, transport: Transport) -> Attempt {
    one(settings, target(1, &server.ip().to_string(), server.port(), transport)).await
}

/// A name of the test's DNS server, at this port.
async fn named(settings: Settings, name: &str, server: SocketAddr, transport: Transport) -> Attempt {
    let dns = Dns::start().await;
    let settings = Settings { resolver: Some(dns.address), ..settings };
    one(settings, target(1, name, server.port(), transport)).await
}

fn last_tls(attempt: &Attempt) -> &TlsOutcome {
    &attempt.tls.last().unwrap().outcome
}

fn last_http(attempt: &Attempt) -> &HttpOutcome {
    &attempt.http.last().unwrap().outcome
}
