//! The line that all hosts share: how long its round trip is, and whether it is so slow or so full that the
//! hosts behind it cannot be told apart.

use std::collections::BTreeSet;

use super::context::Context;
use super::evidence::{Draft, Walk};
use super::finding::{Certainty, Code, Owner, Verdict};
use super::operator::site;
use crate::observation::{Attempt, Dns, DnsAnswer, Lookup, Observations, Purpose, TcpOutcome, TlsOutcome};
use crate::plan::Route;

/// What takes longer, ms, is late.
pub(crate) const LATE_MS: f64 = 1_000.0;
/// What takes so much longer, ms, lost its first packet: systems send it again after a second (RFC 6298), less what a
/// clock may be off.
pub(crate) const LOST_PACKET_MS: f64 = 900.0;
/// Round trips of a handshake with a packet that was sent again.
const TRIPS: f64 = 2.0;
/// No round trip, ms, excuses more than this one.
pub(crate) const FAR_MS: f64 = 400.0;
/// So many times are needed for a middle one that says something.
const ENOUGH: usize = 3;
/// Of so many handshakes a quarter says something.
const MANY: usize = 8;
/// Hosts of so many operators are not slow by themselves.
const OPERATORS: usize = 3;

/// What the stages took in a run, in the middle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// Connections, whole ms: about one round trip.
    connect_ms: Option<u64>,
    lookup_ms: Option<u64>,
    handshake_ms: Option<u64>,
    /// A quarter of many handshakes, with hosts of several operators, took over two seconds: the burst filled the line.
    many_late: bool,
    /// Operators whose hosts were slow, each measured alone.
    slow: BTreeSet<String>,
    /// Connections whose first packet came through at the second time, while most needed one.
    resent: usize,
}

impl Line {
    /// `slow`: the operators of hosts whose answers were slow when each was asked alone.
    pub fn observe(observations: &Observations, slow: BTreeSet<String>) -> Self {
        let direct = || observations.plain().filter(|a| a.route == Route::Direct && a.cut.is_none());
        let far = |a: &&Attempt| {
            a.tcp
                .iter()
                .any(|t| t.outcome == TcpOutcome::Connected && !t.remote.ip().to_canonical().is_loopback())
        };
        let lookups = direct().filter_map(|a| lookup_ms(a.dns.as_ref()?));
        let connects = direct().filter(far).filter_map(|a| a.connection()).map(|t| t.ms);
        // What was tried again alone shows the line at rest, and not what the first wave met.
        let completed: Vec<_> = direct()
            .filter(|a| a.purpose != Purpose::Paced)
            .filter(far)
            .filter_map(|a| a.handshake())
            .filter(|t| t.outcome == TlsOutcome::Completed && !t.confirm)
            .collect();
        let handshakes: Vec<f64> = completed.iter().map(|t| t.ms).collect();
        let late: Vec<_> = completed.iter().filter(|t| t.ms > 2.0 * LATE_MS).collect();
        // The slow servers of one operator are no line.
        let sites: BTreeSet<String> = late.iter().filter_map(|t| t.sni.as_deref()).map(site).collect();
        let many = handshakes.len() >= MANY && late.len() * 4 >= handshakes.len();
        let connects: Vec<f64> = connects.collect();
        let connect_ms = middle(connects.clone());
        let beyond = connect_ms.filter(|ms| !is_late(Some(*ms))).map(|ms| ms as f64 + LOST_PACKET_MS);
        Self {
            resent: beyond.map_or(0, |beyond| connects.iter().filter(|ms| **ms >= beyond).count()),
            connect_ms,
            lookup_ms: middle(lookups.collect()),
            many_late: many && sites.len() >= OPERATORS,
            handshake_ms: middle(handshakes),
            slow,
        }
    }

    /// One round trip of this line, ms; nothing where too few connections say so. A connection whose first packet
    /// was dropped takes a second more, and the handshake after it does not.
    pub fn round_trip(&self) -> f64 {
        let connect = self.connect_ms.unwrap_or_default();
        connect.min(self.handshake_ms.unwrap_or(connect)) as f64
    }

    /// Packets are lost on it: connections had to be begun again, and not one alone, which may be a far or a busy server's.
    pub fn loses_packets(&self) -> bool {
        self.resent > 1
    }

    /// Half of what worked took over a second: what did not may only have been later.
    pub fn is_late(&self) -> bool {
        is_late(self.connect_ms) || is_late(self.lookup_ms) || self.are_handshakes_late() || self.many_late
    }

    /// The middle handshake took over a second beside the round trips of one whose packets were not all passed on.
    fn are_handshakes_late(&self) -> bool {
        // Where connections are late themselves, their round trip excuses nothing.
        let near = self.connect_ms.filter(|ms| !is_late(Some(*ms))).unwrap_or_default();
        let trips = TRIPS * (near as f64).min(FAR_MS);
        self.handshake_ms.is_some_and(|ms| ms as f64 > LATE_MS + trips)
    }

    /// The line itself is slow: hosts of three operators and more, each asked alone; or connections and
    /// handshakes; or lookups, handshakes and answers.
    pub fn is_slow(&self) -> bool {
        let handshakes = self.are_handshakes_late();
        let answers = is_late(self.lookup_ms) && !self.slow.is_empty();
        self.slow.len() >= OPERATORS || handshakes && (is_late(self.connect_ms) || answers)
    }

    /// What was late, in words.
    pub fn words(&self) -> String {
        let handshakes = self.handshake_ms.filter(|_| self.are_handshakes_late());
        let many = (self.many_late && handshakes.is_none())
            .then(|| "a quarter of the handshakes took over two seconds".to_owned());
        let times = [("lookup", self.lookup_ms), ("connection", self.connect_ms), ("handshake", handshakes)];
        let said: Vec<String> = times
            .into_iter()
            .filter(|(_, ms)| is_late(*ms))
            .filter_map(|(what, ms)| Some(format!("the middle {what} took {} ms", ms?)))
            .chain(many)
            .collect();
        said.join(", ")
    }
}

/// What a lookup took that was answered. A system that lost one packet waits for seconds, longer than the stage, and its
/// servers, asked meanwhile, show how long an answer takes.
fn lookup_ms(dns: &Dns) -> Option<f64> {
    let answered =
        dns.direct.iter().filter(|q| matches!(q.answer, DnsAnswer::Addresses { .. })).map(|q| q.ms);
    match &dns.system {
        Lookup::Addresses { .. } => Some(dns.ms),
        Lookup::NotAsked | Lookup::Timeout => answered.min_by(f64::total_cmp),
        Lookup::Failed { .. } => None,
    }
}

fn is_late(ms: Option<u64>) -> bool {
    ms.is_some_and(|ms| ms as f64 > LATE_MS)
}

fn middle(mut all: Vec<f64>) -> Option<u64> {
    if all.len() < ENOUGH {
        return None;
    }
    all.sort_by(f64::total_cmp);
    // Of an even number the lower one: two of four that lost a packet are not the line.
    all.get((all.len() - 1) / 2).map(|ms| ms.round() as u64)
}

/// Silence on a line that is late itself is no proof of a block.
pub(crate) fn doubt(context: &Context<'_>, walk: &mut Walk) {
    let line = &context.run.line;
    if !line.is_late() {
        return;
    }
    for found in &mut walk.found {
        let silence = matches!(
            found.code,
            Code::DnsTimeout | Code::TcpTimeout | Code::TlsTimeout | Code::HttpTimeout | Code::ProxyTimeout
        );
        if silence {
            found.certainty = Certainty::Likely;
            let words = line.words();
            found.line.push_str(&format!("; a slow or full line looks the same ({words})"));
            found.facts.insert("line".into(), words.into());
        }
    }
}

/// A line whose connections take over a second, or whose answers come late from everywhere, belongs to no host.
/// The targets are those that were reached.
pub(crate) fn cause(context: &Context<'_>) -> Option<(Draft, &'static str, Vec<u32>)> {
    let line = &context.run.line;
    if !line.is_slow() || line.slow.len() >= OPERATORS {
        return None;
    }
    let found = Draft::new(Code::HttpSlow, line.words())
        .owner(Owner::Network)
        .verdict(Verdict::Warning)
        .fact("slow", line.words());
    let reached = |a: &&Attempt| a.route == Route::Direct && a.connection().is_some();
    let hosts: BTreeSet<u32> = context.observations.plain().filter(reached).map(|a| a.target).collect();
    Some((found, "line-slow", hosts.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_slow_by_three_operators_or_by_its_connections() {
        let line = |connect, lookup, handshake, slow: &[&str]| Line {
            connect_ms: connect,
            lookup_ms: lookup,
            handshake_ms: handshake,
            many_late: false,
            slow: slow.iter().map(|s| (*s).to_owned()).collect(),
            resent: 0,
        };
        for (line, late, slow) in [
            (line(Some(60), Some(80), Some(120), &[]), false, false),
            (line(Some(60), Some(80), Some(120), &["a", "b"]), false, false),
            (line(Some(60), Some(80), Some(120), &["a", "b", "c"]), false, true),
            // A far place, where half of the handshakes lost a packet.
            (line(Some(210), Some(220), Some(1022), &[]), false, false),
            (line(Some(210), Some(220), Some(1500), &[]), true, false),
            (line(Some(1500), Some(1500), Some(1500), &[]), true, true),
            // First packets that a limit drops come again after a second.
            (line(Some(1030), Some(80), Some(120), &[]), true, false),
            (line(Some(60), Some(2600), Some(120), &["a"]), true, false),
            (line(Some(60), Some(2600), Some(3000), &["a"]), true, true),
            (line(None, None, None, &[]), false, false),
        ] {
            assert_eq!((line.is_late(), line.is_slow()), (late, slow), "{line:?}");
        }
    }

    #[test]
    fn the_middle_of_a_few_times_says_nothing() {
        assert_eq!(middle(vec![1.0, 9000.0]), None);
        assert_eq!(middle(vec![9000.0, 1.0, 2.0]), Some(2));
        assert_eq!(middle(vec![2098.0, 204.0, 1665.0, 207.0]), Some(207));
    }
}
