//! Calls: requests that carry the configured credential, made only where they were asked for, on
//! connections of their own, each decided upon (`credential_policy`) before the request is written. No redirect
//! is followed. Beside them, connections that are left quiet and then used, without a credential.

mod aws;
mod credential;
mod credential_policy;
mod exchange;
mod google;
mod idle;
mod secrets;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::config::Secret;
use crate::observation::{Call, CallKind, CallOutcome, Observations, Purpose, Stopped};
use crate::plan::inference::{Endpoint, Source};
use crate::plan::{Experiment, Plan};
use crate::rules::inference::{Calls, Use};

use super::attempt::Ladder;
use super::dns::Names;
use super::hedge::Budget;
use super::lane;
use super::metered::BoxedIo;
use super::record::Recorder;
use super::schedule::{interrupt, job};
use super::tcp::{self, Dial};
use super::tls::Offer;
use super::trust::{Chain, Store};
use super::{ProbeError, Prober, Shared};
use credential::Material;
pub(super) use credential::words as command_words;
pub(super) use exchange::error_words;
use exchange::{Answer, Log, Outgoing};
use secrets::Secrets;

/// Whether a token could be asked for with a credentials file of this text.
pub(super) fn google_file(text: &str) -> Result<(), String> {
    google::understand(text).map(drop)
}

/// Whether the output of a helper is a credential.
pub(super) fn helper_output(text: &str) -> Result<(), String> {
    credential::understand(&Secret::new(text.trim())).map(drop)
}

/// How calls are made.
#[derive(Debug, Clone, Default)]
pub struct CallSettings {
    /// A credential may go through inspection that this device trusts.
    pub trust_interception: bool,
    /// Authorities that may sign for customer hosts.
    pub expect_ca: Option<Vec<CertificateDer<'static>>>,
    /// Credential helpers may run.
    pub run_helpers: bool,
    /// Issuers that signed public hosts in this run, by name and by the SHA-256 of their
    /// certificate.
    pub inspectors: BTreeSet<String>,
    /// A handshake with a public host ended in this run, so that its issuer is known: without
    /// one nothing tells a private issuer from inspection.
    pub compared: bool,
    /// Targets that get no call, each with the reason.
    pub unreached: BTreeMap<u32, String>,
    /// Leave a connection to each of these targets quiet for so long, then use it.
    pub quiet: Option<(Duration, Vec<u32>)>,
}

/// Headers that frame a message; a configuration cannot set them.
const FRAMING: [&str; 6] = ["connection", "content-length", "host", "te", "transfer-encoding", "upgrade"];

/// What every call of a run shares.
struct Caller {
    shared: Arc<Shared>,
    names: Arc<Names>,
    settings: CallSettings,
    expected: Option<Store>,
    plan: Plan,
    calls: Calls,
    phrases: Arc<[String]>,
    book: Mutex<Book>,
}

/// What was written down so far.
#[derive(Default)]
struct Book {
    logs: Vec<Log>,
    /// Endpoints whose streamed call has a record.
    begun: Vec<Endpoint>,
    secrets: Vec<Secret>,
}

/// An open connection.
struct Line {
    io: BoxedIo,
    h2: bool,
    chain: Option<Chain>,
    ladder: Ladder,
}

impl Prober {
    /// Makes the calls to `endpoints` and appends what was seen, one record of a streamed call for
    /// each of them whatever happens. Returns at `deadline` or at Ctrl-C at the latest; calls under
    /// way are then appended as far as they came. After a run that was stopped nothing is sent.
    ///
    /// # Errors
    /// When the system gives no thread for the authorities to expect.
    pub async fn call(
        &self,
        (plan, calls): (&Plan, &Calls),
        endpoints: Vec<Endpoint>,
        settings: CallSettings,
        observations: &mut Observations,
        deadline: Instant,
    ) -> Result<(), ProbeError> {
        let shared = Arc::clone(&self.shared);
        let stage = shared.settings.stage_timeout;
        let names = Arc::new(Names::new(shared.settings.resolver, Arc::clone(&shared.servers), stage));
        let expected = settings.expect_ca.clone().map(Store::of);
        let quiet = settings.quiet.clone();
        let (plan, calls, book) = (plan.clone(), calls.clone(), Mutex::default());
        let phrases = calls.phrases().map(str::to_owned).collect();
        let caller = Arc::new(Caller { shared, names, settings, expected, plan, calls, phrases, book });
        let before = observations.stopped;
        let mut running = JoinSet::new();
        for endpoint in endpoints.iter().filter(|_| before.is_none()) {
            let (caller, endpoint) = (Arc::clone(&caller), endpoint.clone());
            running.spawn(async move { caller.endpoint(&endpoint).await });
        }
        let idle = quiet.iter().flat_map(|(_, targets)| targets.iter().copied());
        for target in idle.filter(|_| before.is_none()) {
            let caller = Arc::clone(&caller);
            let wanted = quiet.as_ref().map(|(wanted, _)| *wanted).unwrap_or_default();
            running.spawn(async move { caller.quiet(target, wanted).await });
        }
        let all = async { while running.join_next().await.is_some() {} };
        let stopped = tokio::select! {
            biased;
            () = all => before.unwrap_or(Stopped::Deadline),
            () = sleep_until(deadline) => Stopped::Deadline,
            () = interrupt() => Stopped::Interrupted,
        };
        if stopped == Stopped::Interrupted {
            observations.stopped = Some(stopped);
        }
        running.shutdown().await;
        // The end may come before the call itself: while a helper runs, or models are listed.
        for endpoint in &endpoints {
            if !caller.lock().begun.contains(endpoint) {
                let log = caller.begin(endpoint, CallKind::Stream, endpoint.target, String::new());
                log.end(CallOutcome::Cut { stopped });
            }
        }
        let book = std::mem::take(&mut *caller.lock());
        let secrets = Secrets::new(book.secrets);
        for log in book.logs {
            let mut call = log.read(CallOutcome::Cut { stopped });
            redact(&mut call, &secrets);
            observations.calls.push(call);
        }
        observations.calls.sort_by_key(|c| (c.target, c.kind == CallKind::Idle, c.at_ms));
        Ok(())
    }
}

/// Why there is no model to ask, from the record of the model list.
fn no_model(listed: Option<Call>) -> String {
    let why = match listed.map(|call| (call.outcome, call.status, call.dialled)) {
        // What keeps the credential from this host keeps the stream from it too.
        Some((CallOutcome::NotSent { reason }, _, None)) => return reason,
        Some((CallOutcome::NotSent { reason }, _, Some(_))) => {
            format!("their list was not asked for: {reason}")
        }
        Some((_, Some(status), _)) if !(200..300).contains(&status) => {
            format!("their list was answered with status {status}")
        }
        _ => "none was listed".to_owned(),
    };
    format!("no model is configured (inferenceModels), and {why}")
}

/// A service that repeats what it was sent repeats the secret.
fn redact(call: &mut Call, secrets: &Secrets) {
    let clean = |text: &mut String| *text = secrets.clean(text);
    call.headers.iter_mut().chain(&mut call.error).for_each(|(_, value)| clean(value));
    call.models.iter_mut().for_each(clean);
    clean(&mut call.request);
    call.model.iter_mut().for_each(clean);
    call.issuer.iter_mut().for_each(clean);
    if let CallOutcome::NotSent { reason: text } | CallOutcome::Malformed { error: text } = &mut call.outcome
    {
        clean(text);
    }
}

impl Caller {
    fn stage(&self) -> Duration {
        self.shared.settings.stage_timeout
    }

    fn keep(&self, secrets: impl IntoIterator<Item = Secret>) {
        self.lock().secrets.extend(secrets);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call that begins now.
    fn begin(&self, endpoint: &Endpoint, kind: CallKind, dialled: u32, request: String) -> Log {
        let log = Log::new(
            Call {
                dialled: (dialled != endpoint.target).then_some(dialled),
                provider: endpoint.provider.clone(),
                credential: endpoint.credential(),
                signed: Some(endpoint.signed.is_some()),
                at_ms: u64::try_from(self.shared.origin.elapsed().as_millis()).unwrap_or(u64::MAX),
                region: endpoint.region.clone(),
                ..Call::begun(endpoint.target, endpoint.path, kind, request)
            },
            Arc::clone(&self.shared.settings.headers),
            Arc::clone(&self.phrases),
        );
        let mut book = self.lock();
        book.logs.push(log.clone());
        if kind == CallKind::Stream {
            book.begun.push(endpoint.clone());
        }
        drop(book);
        log
    }

    /// All calls to one inference host, one after another.
    async fn endpoint(&self, endpoint: &Endpoint) {
        let not_sent = |reason: String| {
            let log = self.begin(endpoint, CallKind::Stream, endpoint.target, String::new());
            log.end(CallOutcome::NotSent { reason });
        };
        // Before a helper runs, a file is read or a token asked for.
        if let Some(reason) = endpoint.device.as_ref().and_then(|d| d.refused.as_ref()) {
            return not_sent(reason.clone());
        }
        if let Source::Unusable { reason } = &endpoint.source {
            return not_sent(reason.clone());
        }
        if let Some(reason) = self.settings.unreached.get(&endpoint.target) {
            return not_sent(reason.clone());
        }
        self.keep(endpoint.custom.iter().map(|(_, secret)| secret.clone()));
        if let Source::Helper { args, .. } = &endpoint.source {
            // Shorter ones are options and words, found in every text.
            self.keep(args.iter().filter(|a| a.expose().chars().count() >= 8).cloned());
        }
        let material = match &endpoint.source {
            Source::GoogleFile { path } => self.token(endpoint, path.as_deref()).await,
            source => credential::load(source, self.settings.run_helpers).await,
        };
        let material = match material {
            Ok(material) => material,
            Err(reason) => return not_sent(reason),
        };
        self.keep(material.secrets());
        let listed = self.models(endpoint, &material).await;
        if listed.as_ref().is_some_and(|(call, _)| call.status == Some(401)) {
            return not_sent("the model list was already refused with this credential".to_owned());
        }
        let found = listed.as_ref().map(|(_, names)| names.as_slice()).unwrap_or_default();
        let Some(model) = endpoint.models.first().or_else(|| self.calls.choose(found)) else {
            return not_sent(no_model(listed.map(|(call, _)| call)));
        };
        let path = endpoint.stream_path(model);
        // The record holds the name without what could be a part of the credential.
        let shown = Secrets::new(self.lock().secrets.iter().cloned()).clean(model);
        let recorded = format!("POST {}", endpoint.stream_path(&shown));
        let log = self.begin(endpoint, CallKind::Stream, endpoint.target, recorded);
        log.update(|call, _| call.model = Some(shown));
        let request = Outgoing {
            method: "POST".to_owned(),
            path,
            headers: Vec::new(),
            secrets: Vec::new(),
            body: Secret::new(endpoint.stream_body(model)),
        };
        let dialled = (endpoint.target, endpoint.path);
        self.send(&log, endpoint, &material, dialled, request, Answer::Stream(endpoint.framing)).await;
    }

    /// The model list, where the provider has one. Gives its record and the names to ask for.
    async fn models(&self, endpoint: &Endpoint, material: &Material) -> Option<(Call, Vec<String>)> {
        let list = endpoint.list.as_ref()?;
        let log = self.begin(endpoint, CallKind::Models, list.target, format!("GET {}", list.request));
        if let Some(reason) = self.settings.unreached.get(&list.target) {
            log.end(CallOutcome::NotSent { reason: reason.clone() });
            return Some((log.read(CallOutcome::Timeout), Vec::new()));
        }
        let request = Outgoing {
            method: "GET".to_owned(),
            path: list.request.clone(),
            headers: Vec::new(),
            secrets: Vec::new(),
            body: Secret::new(""),
        };
        let answer = Answer::Models(list.list.clone(), list.id.clone());
        let sent = self.send(&log, endpoint, material, (list.target, list.path), request, answer);
        // A gateway may accept the request and hang; the app waits ten seconds at most.
        if timeout(self.stage() * 2, sent).await.is_err() {
            log.end(CallOutcome::Timeout);
        }
        Some((log.read(CallOutcome::Timeout), log.models()))
    }

    /// A token for a Google credentials file, from an endpoint that is on the list.
    async fn token(&self, endpoint: &Endpoint, path: Option<&std::path::Path>) -> Result<Material, String> {
        let (url, scope) = endpoint.token.as_ref().ok_or("the provider has no token endpoint")?;
        let (path, url, scope) = (path.map(std::path::Path::to_owned), url.clone(), scope.clone());
        let wanted = credential::aside(move || google::request(path.as_deref(), (&url, &scope))).await?;
        self.keep(wanted.secrets.iter().cloned());
        let same = |t: &&crate::plan::Target| {
            endpoint.own.contains(&t.id) && t.probed == wanted.host && t.port() == wanted.port
        };
        let target = self.plan.targets.iter().find(same).ok_or_else(|| {
            format!(
                "the token endpoint {}:{} is not on the list of this configuration",
                wanted.host, wanted.port
            )
        })?;
        endpoint.may_go(target.id, Use::Token, &target.probed)?;
        if let Some(reason) = self.settings.unreached.get(&target.id) {
            return Err(format!("no token for it: {reason}"));
        }
        let log = self.begin(endpoint, CallKind::Token, target.id, format!("POST {}", wanted.path));
        let request = Outgoing {
            method: "POST".to_owned(),
            path: wanted.path.clone(),
            headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
            secrets: Vec::new(),
            body: wanted.body.clone(),
        };
        // The form is the credential here: nothing is added to it, and the gate is the same.
        let sent = self.open_and_send(&log, endpoint, (target.id, 0), request, Answer::Token);
        match timeout(self.stage() * 2, sent).await {
            Ok(Some(token)) => Ok(Material::Token(token)),
            Ok(None) => Err("the token endpoint gave no token".to_owned()),
            Err(_) => {
                log.end(CallOutcome::Timeout);
                Err("the token endpoint did not answer in time".to_owned())
            }
        }
    }

    /// Puts the credential on and sends.
    async fn send(
        &self,
        log: &Log,
        endpoint: &Endpoint,
        material: &Material,
        (target, path): (u32, usize),
        mut request: Outgoing,
        answer: Answer,
    ) {
        let Some(to) = self.plan.target(target) else { return };
        request.headers.extend(endpoint.headers.iter().cloned());
        if request.method == "POST" {
            request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        match (material, &endpoint.signed) {
            (Material::Token(token), _) => {
                let value = format!("{}{}", endpoint.scheme.prefix, token.expose());
                request.secrets.push((endpoint.scheme.header.clone(), Secret::new(value)));
            }
            (Material::Aws { .. }, Some(service)) => {
                let tls = to.transport().has_tls();
                let address = super::http::Endpoint { host: to.probed.clone(), port: to.port(), tls };
                let region = endpoint.region.as_deref().unwrap_or_default();
                match aws::headers(material, (service, region), &address.authority(), &request) {
                    Ok(signed) => request.secrets.extend(signed),
                    Err(reason) => return log.end(CallOutcome::NotSent { reason }),
                }
            }
            (Material::Aws { .. }, None) => {
                let reason = "AWS keys were given where the provider takes a token".to_owned();
                return log.end(CallOutcome::NotSent { reason });
            }
        }
        // The configuration's own headers may replace any of these, as the app lets them.
        let signed = matches!(material, Material::Aws { .. });
        for (name, value) in endpoint.custom.iter().filter(|(n, _)| !FRAMING.contains(&n.as_str())) {
            request.headers.retain(|(n, _)| n != name);
            if !signed {
                request.secrets.retain(|(n, _)| n != name);
            }
            request.secrets.push((name.clone(), value.clone()));
        }
        self.keep(request.secrets.iter().map(|(_, secret)| secret.clone()));
        self.open_and_send(log, endpoint, (target, path), request, answer).await;
    }

    /// Opens a connection, decides whether the credential may go onto it, and sends.
    async fn open_and_send(
        &self,
        log: &Log,
        endpoint: &Endpoint,
        (target, path): (u32, usize),
        request: Outgoing,
        answer: Answer,
    ) -> Option<Secret> {
        let purpose = if matches!(answer, Answer::Token) { Use::Token } else { Use::Call };
        let host = self.plan.target(target).map_or("it", |t| t.probed.as_str());
        if let Err(reason) = endpoint.may_go(target, purpose, host) {
            log.end(CallOutcome::NotSent { reason });
            return None;
        }
        let mut background = JoinSet::new();
        let line = match self.open(target, path, Offer::Https, &mut background).await {
            Ok(line) => line,
            Err(stage) => {
                log.end(CallOutcome::NotConnected { stage: stage.to_owned() });
                return None;
            }
        };
        let name = line.ladder.job.server_name();
        let seen = credential_policy::Seen {
            host: &line.ladder.job.host,
            route: &line.ladder.job.route,
            tls: line.chain.clone().zip(name),
            customer: endpoint.customer && target == endpoint.target,
        };
        let patience = self.stage();
        let stock = &self.shared.stock;
        let decision =
            credential_policy::decide(seen, &self.settings, stock, self.expected.as_ref(), patience).await;
        log.update(|call, _| call.issuer = decision.issuer);
        match decision.permission {
            Err(reason) => {
                log.end(CallOutcome::NotSent { reason });
                return None;
            }
            Ok(permission) => log.update(|call, _| call.permission = Some(permission)),
        }
        log.guard(Secrets::new(self.lock().secrets.iter().cloned()));
        let to = line.ladder.endpoint();
        exchange::send(log, line.io, line.h2, &to, request, answer).await
    }

    /// A new connection to a target: as the app's own walk, up to the handshake.
    async fn open(
        &self,
        target: u32,
        path: usize,
        offer: Offer,
        background: &mut JoinSet<()>,
    ) -> Result<Line, &'static str> {
        let experiment = Experiment { target, path, purpose: Purpose::Experiment, variation: None };
        let job = job(&self.plan, &experiment).ok_or("plan")?;
        let recorder = Arc::new(Recorder::new(
            self.shared.origin,
            Arc::clone(&self.shared.settings.headers),
            experiment,
            job.route.clone(),
        ));
        let (shared, names) = (Arc::clone(&self.shared), Arc::clone(&self.names));
        let ladder = Ladder { shared, names, job, seconds: lane::seconds(), recorder };
        let (host, port) = match &ladder.job.route {
            crate::plan::Route::Direct => (ladder.job.host.clone(), ladder.job.port),
            crate::plan::Route::Proxy { host, port, .. } => (host.clone(), *port),
        };
        let addresses = ladder.addresses(&host).await.ok_or("dns")?;
        let dial = Dial { segment: None, ..ladder.dial() };
        let budget = Budget::start(self.stage());
        let race = tcp::race(&ladder.recorder, &addresses, port, dial, budget, &ladder.seconds, background);
        let connected = race.await.ok_or("tcp")?;
        let remote = connected.remote;
        let io = ladder.through(connected.stream, remote).await.ok_or("proxy")?;
        if !ladder.job.transport.has_tls() {
            return Ok(Line { io, h2: false, chain: None, ladder });
        }
        let secured = if offer == Offer::Https {
            ladder.secure(io, remote).await
        } else {
            let name = ladder.job.server_name().ok_or("tls")?;
            let hello = (offer, super::tls::Hello::default());
            let shaken = self.shared.client.handshake(&ladder.recorder, io, remote, name, hello, false);
            timeout(self.stage(), shaken).await.ok().flatten()
        };
        let secured = secured.ok_or("tls")?;
        let (h2, chain) = (secured.is_h2(), Arc::clone(&secured.chain));
        Ok(Line { io: Box::new(secured.stream), h2, chain: Some(chain), ladder })
    }
}
