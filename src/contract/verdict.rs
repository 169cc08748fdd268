//! How things went, and who must change something: the words of every judgement.

use super::{Code, Need, Severity};

words! {
    /// A host's verdict. Ordered: the worst of the actors that need a host is the host's.
    Verdict {
        /// Reached, and proven to be the right service.
        Reachable = "reachable",
        /// Works, but.
        Warning = "warning",
        /// Not judged. Never the same as passed, so it outweighs what works for somebody else.
        Untested = "untested",
        /// Does not work.
        Blocked = "blocked",
    }
}

impl Verdict {
    /// Whether a host is untested for a reason of this run, not of the host; by the name of its code, as documents have it.
    pub fn was_missed(self, code: &str) -> bool {
        let of_host = [Code::UntestedWildcard, Code::UntestedActor].map(Code::as_str);
        self == Self::Untested && !of_host.contains(&code)
    }
}

words! {
    /// The verdict on a whole run.
    RunVerdict {
        /// Everything that was asked for works.
        Ready = "ready",
        /// Required hosts are fine; something else is blocked or a warning stands.
        Degraded = "degraded",
        /// No required host is blocked, but one that could be probed was not.
        Unknown = "unknown",
        /// A required host is blocked.
        Blocked = "blocked",
    }
}

words! {
    /// The verdict on a whole run as people read it. What a document calls `degraded` is one of two things to them.
    RunWord {
        /// Everything that was asked for works.
        Ready = "ready",
        /// `degraded` in documents: all that is lost or remarked concerns optional hosts, so that no user of the app
        /// notices it.
        OptionalLosses = "ready, with optional losses",
        /// Required hosts are fine; something else that matters is blocked or a warning stands.
        Degraded = "degraded",
        /// No required host is blocked, but one that could be probed was not.
        Unknown = "unknown",
        /// A required host is blocked.
        Blocked = "blocked",
    }
}

impl RunWord {
    /// What a verdict is called; `only_optional`: whether all that is lost or remarked concerns optional hosts.
    pub const fn of(verdict: RunVerdict, only_optional: bool) -> Self {
        match verdict {
            RunVerdict::Ready => Self::Ready,
            RunVerdict::Degraded if only_optional => Self::OptionalLosses,
            RunVerdict::Degraded => Self::Degraded,
            RunVerdict::Unknown => Self::Unknown,
            RunVerdict::Blocked => Self::Blocked,
        }
    }

    /// Whether all that is blocked, missed or remarked are optional hosts, and a required one works. `hosts`: the need and
    /// the verdict of each, and whether it was missed: untested for a reason of the run. `causes`: the severity of each,
    /// whether it asks for something, and whether no host stands for it.
    pub fn is_only_optional(
        hosts: impl IntoIterator<Item = (Need, Verdict, bool)>,
        causes: impl IntoIterator<Item = (Severity, bool, bool)>,
    ) -> bool {
        // What no host stands for, such as a wrong clock, may hurt any.
        let may_hurt_any = |(severity, asks, alone)| alone && (severity != Severity::Info || asks);
        let (mut one_works, mut only_optional) = (false, true);
        for (need, verdict, missed) in hosts {
            one_works |= need == Need::Required && verdict == Verdict::Reachable;
            only_optional &= match verdict {
                Verdict::Reachable => true,
                Verdict::Blocked | Verdict::Warning => need == Need::Optional,
                Verdict::Untested => !missed,
            };
        }
        one_works && only_optional && !causes.into_iter().any(may_hurt_any)
    }

    /// What documents call it.
    pub const fn verdict(self) -> RunVerdict {
        match self {
            Self::Ready => RunVerdict::Ready,
            Self::OptionalLosses | Self::Degraded => RunVerdict::Degraded,
            Self::Unknown => RunVerdict::Unknown,
            Self::Blocked => RunVerdict::Blocked,
        }
    }

    /// As a heading: `READY, with optional losses`.
    pub fn heading(self) -> String {
        let (word, rest) = self.as_str().split_at(self.as_str().find(',').unwrap_or(self.as_str().len()));
        word.to_uppercase() + rest
    }
}

words! {
    /// Whether a finding is proven or the likeliest explanation.
    Certainty {
        /// The evidence leaves no other explanation.
        Proven = "proven",
        /// The likeliest explanation; the evidence says what would prove it.
        Likely = "likely",
    }
}

words! {
    /// Who must change something.
    Owner {
        /// The firewall team.
        Firewall = "firewall",
        /// The team that runs the DNS resolver.
        Dns = "dns",
        /// The proxy team.
        Proxy = "proxy",
        /// The team that runs TLS inspection.
        TlsInspection = "tls-inspection",
        /// Routing, VPN, WAN.
        Network = "network",
        /// The team that manages this device.
        Device = "device",
        /// The team that deploys the app's configuration.
        Configuration = "configuration",
        /// The owner of the cloud account.
        CloudAccount = "cloud-account",
        /// The owner of the service itself.
        Service = "service",
        /// Nobody.
        None = "none",
    }
}
