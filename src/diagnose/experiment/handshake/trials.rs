//! What the experiments on one path saw, without a word on what they come to.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Death, SMALL_SEGMENT, died, is_handshake};
use crate::diagnose::line::{FAR_MS, LATE_MS};
use crate::observation::{Attempt, Observations, TlsOutcome, Variation};

/// Round trips of a handshake in small segments.
const TRIPS: f64 = 3.0;

/// How an experiment's handshake ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A certificate came, and the handshake completed.
    Completed,
    /// An alert or another word of TLS, which is a small answer.
    Spoke,
    Died(Death),
}

impl End {
    pub(super) fn of(attempt: &Attempt) -> Option<Self> {
        let tls = attempt.handshake()?;
        match &tls.outcome {
            TlsOutcome::Completed => Some(Self::Completed),
            TlsOutcome::Alert { .. } | TlsOutcome::Version | TlsOutcome::Faulty { .. } => Some(Self::Spoke),
            TlsOutcome::NotTls { .. } | TlsOutcome::Abandoned => None,
            _ => Death::of(tls).map(Self::Died),
        }
    }

    /// Where the handshake itself was refused with an alert, another alert is no answer.
    pub(super) fn beside(self, death: Option<Death>) -> Self {
        if self == Self::Spoke && death == Some(Death::Alert) { Self::Died(Death::Alert) } else { self }
    }

    pub(super) const fn answered(self) -> bool {
        matches!(self, Self::Completed | Self::Spoke)
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Completed => "was answered with a certificate",
            Self::Spoke => "was answered with an alert",
            Self::Died(death) => death.words(),
        }
    }
}

/// The experiments on one path.
#[derive(Default)]
pub(super) struct Trials {
    pub(super) small_segments: Option<End>,
    pub(super) small_hello: Option<(End, usize)>,
    pub(super) other_name: Option<(String, End)>,
    pub(super) nameless: Option<End>,
    pub(super) elsewhere: Option<(IpAddr, End)>,
    /// The own name at its own IPv4 address, where it died over IPv6.
    pub(super) ipv4: Option<(IpAddr, End)>,
    /// Those that were answered, and how many of them were late.
    pub(super) answered: usize,
    pub(super) late: usize,
}

/// The experiments, by their target: what is asked of every attempt must not look at all of them again.
pub(super) fn by_target(observations: &Observations) -> BTreeMap<u32, Vec<(&Attempt, &Variation)>> {
    let mut all: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    for (attempt, variation) in observations.experiments() {
        all.entry(attempt.target).or_default().push((attempt, variation));
    }
    all
}

impl Trials {
    /// `made`: the experiments on the target, or on more than it.
    pub(super) fn read<'a>(
        made: impl IntoIterator<Item = (&'a Attempt, &'a Variation)>,
        attempt: &Attempt,
        address: IpAddr,
    ) -> Self {
        let death = died(attempt).map(|(death, _)| death);
        let mut trials = Self::default();
        let own: Vec<IpAddr> = attempt.dns.as_ref().map(|d| d.addresses()).unwrap_or_default();
        let mine = |a: &Attempt| a.target == attempt.target && a.path == attempt.path && a.cut.is_none();
        for (tried, variation) in made.into_iter().filter(|(a, _)| mine(a)) {
            let Some(end) = End::of(tried).map(|end| end.beside(death)) else { continue };
            if is_handshake(variation) {
                let ms = tried.handshake().map_or(0.0, |t| t.ms);
                let trip = tried.connection().map_or(0.0, |t| t.ms).min(FAR_MS);
                trials.answered += usize::from(end.answered());
                trials.late += usize::from(end.answered() && ms > LATE_MS + TRIPS * trip);
            }
            let is_here = |at: &IpAddr| at.to_canonical() == address;
            match variation {
                Variation::SmallSegments { address: at, .. } if is_here(at) => {
                    trials.small_segments = Some(end);
                }
                Variation::SmallHello { address: at } if at.as_ref().is_none_or(is_here) => {
                    let bytes = tried.handshake().map_or(0, |t| t.hello_bytes);
                    trials.small_hello = Some((end, bytes));
                }
                Variation::OtherName { address: at, name } if at.as_ref().is_none_or(is_here) => {
                    trials.other_name = Some((name.clone(), end));
                }
                Variation::Nameless { address: at } if is_here(at) => trials.nameless = Some(end),
                Variation::Elsewhere { address: at }
                    if address.is_ipv6() && at.is_ipv4() && own.iter().any(|a| a.to_canonical() == *at) =>
                {
                    trials.ipv4 = Some((*at, end));
                }
                Variation::Elsewhere { address: at } if !is_here(at) => {
                    trials.elsewhere = Some((at.to_canonical(), end));
                }
                _ => {}
            }
        }
        trials
    }

    /// Half of what was answered was late, and more than one: packets that are lost make a single one so.
    pub(super) const fn are_late(&self) -> bool {
        self.late > 1 && self.late * 2 >= self.answered
    }

    /// Each in words, for the evidence.
    pub(super) fn said(&self, name: &str, address: IpAddr) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(end) = self.small_segments {
            all.push(format!("the same hello in segments of {SMALL_SEGMENT} bytes {}", end.words()));
        }
        if let Some((end, bytes)) = self.small_hello {
            all.push(format!("a small hello ({bytes} bytes) {}", end.words()));
        }
        if let Some((other, end)) = &self.other_name {
            all.push(format!("a hello for {other} at {address} {}", end.words()));
        }
        if let Some(end) = self.nameless {
            all.push(format!("a hello without a name {}", end.words()));
        }
        if let Some((elsewhere, end)) = self.elsewhere.or(self.ipv4) {
            all.push(format!("a hello for {name} at {elsewhere} {}", end.words()));
        }
        if let (Some((ipv4, end)), Some(_)) = (self.ipv4, self.elsewhere) {
            all.push(format!("a hello for {name} at {ipv4} {}", end.words()));
        }
        all
    }
}
