//! The record of one attempt while it is being made. It is kept outside the attempt's future, so
//! that a run that is stopped loses nothing of what was seen until then.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::observation::{
    Attempt, Banner, Certificate, Dns, Http, HttpOutcome, Icmp, Proxy, Stopped, Tcp, TcpOutcome, Tls,
    TlsOutcome, TlsParameters, Trust,
};
use crate::plan::{Experiment, Route};
use crate::rules::headers::Headers;

use super::metered::Meter;
use super::tls::Witness;
use super::{certificate, millis};

/// A record whose end is still open while `since` is set.
struct Slot<T> {
    record: T,
    since: Option<Instant>,
}

/// A TLS record with the witnesses of its handshake.
struct TlsSlot {
    slot: Slot<Tls>,
    meter: Meter,
    witness: Arc<Witness>,
}

struct Inner {
    attempt: Attempt,
    tcp: Vec<Slot<Tcp>>,
    tls: Vec<TlsSlot>,
    tls_counts: Option<usize>,
    http: Vec<Slot<Http>>,
    http_counts: Option<usize>,
    /// When the ladder ended.
    ended: Option<Instant>,
}

/// Collects what one attempt sees. Stages refer to their records by number.
pub(super) struct Recorder {
    origin: Instant,
    /// Which response headers are kept with their values.
    pub(super) allowed: Arc<Headers>,
    started: Instant,
    inner: Mutex<Inner>,
}

impl Recorder {
    /// A new attempt, starting now. `origin` is the start of the run.
    pub(super) fn new(origin: Instant, allowed: Arc<Headers>, experiment: Experiment, route: Route) -> Self {
        let started = Instant::now();
        let Experiment { target, path, purpose, variation } = experiment;
        let attempt = Attempt {
            target,
            path,
            purpose,
            variation,
            at_ms: since(origin, started),
            before_ms: 0,
            route,
            dns: None,
            tcp: Vec::new(),
            proxy: None,
            tls: Vec::new(),
            http: Vec::new(),
            banner: None,
            cut: None,
            ms: 0.0,
        };
        let inner = Inner {
            attempt,
            tcp: Vec::new(),
            tls: Vec::new(),
            tls_counts: None,
            http: Vec::new(),
            http_counts: None,
            ended: None,
        };
        Self { origin, allowed, started, inner: Mutex::new(inner) }
    }

    fn with<R>(&self, change: impl FnOnce(&mut Inner) -> R) -> R {
        change(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The target and its path.
    pub(super) fn way(&self) -> (u32, usize) {
        self.with(|i| (i.attempt.target, i.attempt.path))
    }

    /// Name resolution is over.
    pub(super) fn dns(&self, dns: Dns) {
        self.with(|i| i.attempt.dns = Some(dns));
    }

    /// CONNECT is over; replaces what was recorded of it before.
    pub(super) fn proxy(&self, proxy: Proxy) {
        self.with(|i| i.attempt.proxy = Some(proxy));
    }

    /// Whether an answer to CONNECT has been recorded.
    pub(super) fn has_proxy(&self) -> bool {
        self.with(|i| i.attempt.proxy.is_some())
    }

    /// A server spoke first.
    pub(super) fn banner(&self, banner: Banner) {
        self.with(|i| i.attempt.banner = Some(banner));
    }

    /// A connect begins.
    pub(super) fn tcp_begin(&self, remote: SocketAddr, confirm: bool) -> usize {
        let now = Instant::now();
        let record = Tcp {
            remote,
            local: None,
            at_ms: since(self.origin, now),
            confirm,
            outcome: TcpOutcome::Abandoned,
            icmp: None,
            ms: 0.0,
        };
        self.with(|i| {
            i.tcp.push(Slot { record, since: Some(now) });
            i.tcp.len() - 1
        })
    }

    /// A connect ended. Only the first end of a record counts.
    pub(super) fn tcp_end(&self, number: usize, outcome: TcpOutcome, local: Option<SocketAddr>) {
        self.with(|i| {
            if let Some(slot) = i.tcp.get_mut(number)
                && let Some(began) = slot.since.take()
            {
                slot.record.outcome = outcome;
                slot.record.local = local;
                slot.record.ms = millis(began.elapsed());
            }
        });
    }

    /// The ICMP message that ended a connect.
    pub(super) fn tcp_icmp(&self, number: usize, icmp: Icmp) {
        self.with(|i| {
            if let Some(slot) = i.tcp.get_mut(number) {
                slot.record.icmp = Some(icmp);
            }
        });
    }

    /// Ends the open connects among these numbers in the same way.
    pub(super) fn tcp_end_all(&self, numbers: &[usize], outcome: &TcpOutcome) {
        for n in numbers {
            self.tcp_end(*n, outcome.clone(), None);
        }
    }

    /// Ends every open second socket to `remote`: the stage that wanted it is over.
    pub(super) fn tcp_end_confirming(&self, remote: SocketAddr, outcome: &TcpOutcome) {
        let confirming: Vec<usize> = self.with(|i| {
            let of_stage = |s: &Slot<Tcp>| s.record.confirm && s.record.remote == remote;
            i.tcp.iter().enumerate().filter(|(_, s)| of_stage(s)).map(|(n, _)| n).collect()
        });
        self.tcp_end_all(&confirming, outcome);
    }

    /// A handshake begins.
    pub(super) fn tls_begin(
        &self,
        remote: SocketAddr,
        sni: Option<String>,
        confirm: bool,
        meter: Meter,
        witness: Arc<Witness>,
    ) -> usize {
        let now = Instant::now();
        let record = Tls {
            remote,
            sni,
            at_ms: since(self.origin, now),
            confirm,
            hello_bytes: 0,
            received_bytes: 0,
            outcome: TlsOutcome::Abandoned,
            parameters: None,
            chain: Vec::new(),
            device_trust: None,
            public_trust: None,
            engine_trust: None,
            namesakes: Vec::new(),
            public_trust_at_date: None,
            client_certificate_requested: false,
            ms: 0.0,
        };
        self.with(|i| {
            i.tls.push(TlsSlot { slot: Slot { record, since: Some(now) }, meter, witness });
            i.tls.len() - 1
        })
    }

    /// A handshake ended.
    pub(super) fn tls_end(&self, number: usize, outcome: TlsOutcome, parameters: Option<TlsParameters>) {
        self.with(|i| {
            if let Some(t) = i.tls.get_mut(number) {
                t.slot.record.parameters = parameters;
                t.close(outcome);
            }
        });
    }

    /// The chain of a completed handshake, read.
    pub(super) fn tls_chain(&self, number: usize, chain: Vec<Certificate>) {
        self.tls_change(number, |record| record.chain = chain);
    }

    /// What the public roots say of the chain.
    pub(super) fn tls_public(&self, number: usize, trust: Trust) {
        self.tls_change(number, |record| record.public_trust = Some(trust));
    }

    /// What the public roots say of the chain at the date of the answer.
    pub(super) fn tls_at_date(&self, number: usize, trust: Trust) {
        self.tls_change(number, |record| record.public_trust_at_date = Some(trust));
    }

    /// The date of the last answer, Unix seconds.
    pub(super) fn date(&self) -> Option<i64> {
        self.with(|i| i.http.iter().rev().find_map(|slot| slot.record.date()))
    }

    /// What the device's store says of the chain.
    pub(super) fn tls_device(&self, number: usize, trust: Trust) {
        self.tls_change(number, |record| record.device_trust = Some(trust));
    }

    /// What the engine's store says of the chain.
    pub(super) fn tls_engine(&self, number: usize, trust: Trust) {
        self.tls_change(number, |record| record.engine_trust = Some(trust));
    }

    /// Authorities of the device that bear the name of one of the chain.
    pub(super) fn tls_namesakes(&self, number: usize, namesakes: Vec<Certificate>) {
        self.tls_change(number, |record| record.namesakes = namesakes);
    }

    fn tls_change(&self, number: usize, change: impl FnOnce(&mut Tls)) {
        self.with(|i| {
            if let Some(t) = i.tls.get_mut(number) {
                change(&mut t.slot.record);
            }
        });
    }

    /// This handshake is the one the attempt went on with.
    pub(super) fn tls_counts(&self, number: usize) {
        self.with(|i| i.tls_counts = Some(number));
    }

    /// Ends every open handshake in the same way: the stage is over.
    pub(super) fn tls_end_open(&self, timed_out: bool) {
        self.with(|i| {
            for t in &mut i.tls {
                let passed = t.meter.read();
                let outcome = match (timed_out, super::tls::not_tls(&passed.first)) {
                    (true, Some(first)) => TlsOutcome::NotTls { first },
                    (true, None) => TlsOutcome::Timeout,
                    (false, _) => TlsOutcome::Abandoned,
                };
                t.close(outcome);
            }
        });
    }

    /// A request is about to be sent.
    pub(super) fn http_begin(&self, version: &str, confirm: bool) -> usize {
        let now = Instant::now();
        let record = Http {
            at_ms: since(self.origin, now),
            confirm,
            version: version.to_owned(),
            outcome: HttpOutcome::Abandoned,
            status: None,
            headers: Vec::new(),
            header_names: Vec::new(),
            body: String::new(),
            body_bytes: 0,
            document: None,
            transfer: None,
            first_byte_ms: None,
            ms: 0.0,
        };
        self.with(|i| {
            i.http.push(Slot { record, since: Some(now) });
            i.http.len() - 1
        })
    }

    /// Changes an open exchange; the closure also gets the milliseconds since it began.
    pub(super) fn http_update(&self, number: usize, change: impl FnOnce(&mut Http, f64)) {
        self.with(|i| {
            if let Some(slot) = i.http.get_mut(number)
                && let Some(began) = slot.since
            {
                change(&mut slot.record, millis(began.elapsed()));
            }
        });
    }

    /// An exchange ended.
    pub(super) fn http_end(&self, number: usize, outcome: HttpOutcome) {
        self.with(|i| {
            if let Some(slot) = i.http.get_mut(number) {
                close_http(slot, outcome);
            }
        });
    }

    /// A transfer stood still for too long; gives what it is recorded as.
    pub(super) fn http_pause(&self, number: usize) -> HttpOutcome {
        let head = self.with(|i| i.http.get(number).is_some_and(|s| s.record.status.is_some()));
        if head { HttpOutcome::BodyTimeout } else { HttpOutcome::Timeout }
    }

    /// This exchange is the one that counts.
    pub(super) fn http_counts(&self, number: usize) {
        self.with(|i| i.http_counts = Some(number));
    }

    /// Ends every open exchange: the stage is over. Where none got through, one with a head counts
    /// more than one without.
    pub(super) fn http_end_open(&self, timed_out: bool) {
        self.with(|i| {
            for slot in &mut i.http {
                let outcome = match (timed_out, slot.record.status) {
                    (true, Some(_)) => HttpOutcome::BodyTimeout,
                    (true, None) => HttpOutcome::Timeout,
                    (false, _) => HttpOutcome::Abandoned,
                };
                close_http(slot, outcome);
            }
            if i.http_counts.is_none() {
                i.http_counts = i.http.iter().rposition(|s| s.record.status.is_some());
            }
        });
    }

    /// The ladder is over; what still goes on beside it no longer decides anything.
    pub(super) fn ladder_ended(&self) {
        self.with(|i| i.ended = Some(Instant::now()));
    }

    /// The attempt is over.
    pub(super) fn finish(&self) -> Attempt {
        self.snapshot(None)
    }

    /// The run is over while the attempt is under way: what is known of it. An attempt whose ladder
    /// has ended, with the public roots' judgement, is whole: the other address family only is
    /// given up, and the device's store had its chance.
    pub(super) fn cut(&self, stopped: Stopped) -> Attempt {
        let whole = self.with(|i| {
            let judged = |t: &TlsSlot| {
                let record = &t.slot.record;
                record.outcome != TlsOutcome::Completed || record.public_trust.is_some()
            };
            let whole = i.ended.is_some() && i.tls_counts.and_then(|n| i.tls.get(n)).is_none_or(judged);
            if whole && let Some(t) = i.tls_counts.and_then(|n| i.tls.get_mut(n)) {
                let late = || Trust::Unavailable { error: "no answer before the run ended".to_owned() };
                t.slot.record.device_trust.get_or_insert_with(late);
            }
            whole
        });
        self.snapshot((!whole).then_some(stopped))
    }

    fn snapshot(&self, cut: Option<Stopped>) -> Attempt {
        self.with(|i| {
            for slot in &mut i.tcp {
                if let Some(began) = slot.since.take() {
                    slot.record.ms = millis(began.elapsed());
                }
            }
            for t in &mut i.tls {
                t.close(TlsOutcome::Abandoned);
                // A chain that nobody judged, because the handshake failed or did not count.
                if t.slot.record.chain.is_empty() {
                    t.slot.record.chain = certificate::read_chain(&t.witness.chain());
                }
            }
            for slot in &mut i.http {
                close_http(slot, HttpOutcome::Abandoned);
            }
            let mut attempt = i.attempt.clone();
            attempt.tcp = i.tcp.iter().map(|s| s.record.clone()).collect();
            attempt.tls = last_counts(i.tls.iter().map(|t| t.slot.record.clone()).collect(), i.tls_counts);
            attempt.http = last_counts(i.http.iter().map(|s| s.record.clone()).collect(), i.http_counts);
            attempt.cut = cut;
            let ended = i.ended.unwrap_or_else(Instant::now);
            attempt.ms = millis(ended.saturating_duration_since(self.started));
            attempt
        })
    }
}

impl TlsSlot {
    fn close(&mut self, outcome: TlsOutcome) {
        let Some(began) = self.slot.since.take() else { return };
        let passed = self.meter.read();
        let record = &mut self.slot.record;
        record.outcome = outcome;
        record.hello_bytes = passed.sent_first;
        record.received_bytes = passed.received;
        record.client_certificate_requested = self.witness.certificate_requested();
        record.ms = millis(began.elapsed());
    }
}

fn close_http(slot: &mut Slot<Http>, outcome: HttpOutcome) {
    if let Some(began) = slot.since.take() {
        slot.record.outcome = outcome;
        slot.record.ms = millis(began.elapsed());
    }
}

/// Moves the record that counts to the end; `at_ms` keeps the true order.
fn last_counts<T>(mut records: Vec<T>, counts: Option<usize>) -> Vec<T> {
    if let Some(n) = counts.filter(|n| *n < records.len()) {
        let record = records.remove(n);
        records.push(record);
    }
    records
}

fn since(origin: Instant, now: Instant) -> u64 {
    u64::try_from(now.saturating_duration_since(origin).as_millis()).unwrap_or(u64::MAX)
}
