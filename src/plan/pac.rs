//! A proxy script (PAC) as a setting: who reads it, what it answered, and what the app does where
//! it gives no answer (source NP).

use std::collections::BTreeMap;

use url::{Host, Url};

use super::{Announcement, Route, Sent};
use crate::pac::{Fault, Hop, Question};
use crate::text::token::public_address;

/// A proxy script that decides routes.
#[derive(Clone, PartialEq, Eq)]
pub struct Script {
    /// Where the setting came from, such as `egressProxyPacUrl`.
    pub origin: String,
    /// Its address, whole.
    pub url: String,
    /// What came of it.
    pub state: State,
}

impl std::fmt::Debug for Script {
    /// Without what its address may hide.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script")
            .field("origin", &self.origin)
            .field("url", &self.shown())
            .field("state", &self.state)
            .finish()
    }
}

/// What came of a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// Not read, as in a dry run: the routes are not known.
    #[default]
    Unread,
    /// It cannot be fetched, or it is no proxy script; the app then connects as if there were none.
    Failed(String),
    /// It had to be stopped. What the app makes of it cannot be known.
    Stopped(String),
    /// It was asked; the answers by URL.
    Asked(BTreeMap<String, Ways>),
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ways {
    /// On this device.
    pub here: Result<Vec<Hop>, Fault>,
    /// With an address of no network that the script can know, where its own address decides: inside
    /// the workspace VM `myIpAddress()` gives the VM's.
    pub elsewhere: Option<Result<Vec<Hop>, Fault>>,
}

/// Who takes the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// A browser's stack: the entries in order.
    App,
    /// The engine: the first entry that is no SOCKS, and only that.
    Engine,
    /// The same as the app, inside the VM.
    Vm,
}

/// What a script says of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PacRoutes {
    /// Nothing that can be known here.
    Unknown,
    /// There is no script, as far as the app is concerned.
    NoScript,
    /// These, in order; never empty.
    Routes(Vec<Route>),
}

impl Script {
    /// An unread script.
    pub fn new(origin: &str, url: &str) -> Self {
        Self { origin: origin.to_owned(), url: url.to_owned(), state: State::Unread }
    }

    /// The routes to a host, in order.
    pub(super) fn routes(&self, question: &Question, reader: Reader) -> PacRoutes {
        let answers = match &self.state {
            State::Unread | State::Stopped(_) => return PacRoutes::Unknown,
            State::Failed(_) => return PacRoutes::NoScript,
            State::Asked(answers) => answers,
        };
        let Some(ways) = answers.get(&question.url) else { return PacRoutes::Unknown };
        let given = match (&ways.elsewhere, reader) {
            (Some(elsewhere), Reader::Vm) => elsewhere,
            _ => &ways.here,
        };
        let hops = match given {
            Ok(hops) => hops,
            // A script that fails for a host is passed over, as browsers do.
            Err(Fault::Threw(_) | Fault::NoText | Fault::TooDeep) => {
                return PacRoutes::Routes(vec![Route::Direct]);
            }
            Err(_) => return PacRoutes::Unknown,
        };
        let routes: Vec<Route> = match reader {
            Reader::Engine => {
                let first = hops.iter().find_map(|hop| self.route(hop));
                vec![first.unwrap_or(Route::Direct)]
            }
            // Whether the app uses a SOCKS proxy is not documented; up to there the way is known.
            Reader::App | Reader::Vm => hops.iter().map_while(|hop| self.route(hop)).collect(),
        };
        if routes.is_empty() { PacRoutes::Unknown } else { PacRoutes::Routes(routes) }
    }

    /// Every proxy that it named.
    pub(super) fn proxies(&self) -> impl Iterator<Item = Route> {
        let answers = match &self.state {
            State::Asked(answers) => Some(answers),
            _ => None,
        };
        answers
            .into_iter()
            .flat_map(BTreeMap::values)
            .flat_map(|ways| ways.here.as_deref().unwrap_or_default())
            .filter_map(|hop| self.route(hop))
            .filter(|route| *route != Route::Direct)
    }

    fn route(&self, hop: &Hop) -> Option<Route> {
        match hop {
            Hop::Direct => Some(Route::Direct),
            Hop::Proxy { host, port, tls } => {
                Some(Route::Proxy { host: host.clone(), port: *port, tls: *tls, origin: self.origin.clone() })
            }
            Hop::Socks { .. } => None,
        }
    }

    /// Whether macOS refuses the workspace's own copy: App Transport Security wants https, unless
    /// the host is a name without a dot, `.local`, loopback or a private IPv4 address.
    pub(super) fn is_refused_by_ats(&self) -> bool {
        let Ok(url) = Url::parse(&self.url) else { return false };
        let exempt = match url.host() {
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                !name.contains('.') || name.ends_with(".local") || name.ends_with(".localhost")
            }
            Some(Host::Ipv4(a)) => a.is_private() || a.is_loopback(),
            Some(Host::Ipv6(a)) => a.is_loopback(),
            None => false,
        };
        url.scheme() == "http" && !exempt
    }

    /// Its address as others may read it.
    pub fn shown(&self) -> String {
        public_address(&self.url)
    }
}

/// What is sent for proxy scripts, before everything else.
pub fn announce(scripts: &[Script]) -> Announcement {
    let sentence = |s: &Script| {
        let (origin, url) = (&s.origin, s.shown());
        format!(
            "The proxy script {url} ({origin}) is fetched first, directly, and names that it asks for are looked up; its \
             answers are not known here."
        )
    };
    Announcement::new(
        Sent::Scripts,
        "The server of a proxy script (PAC), directly and first, and lookups of the names that the script asks for.",
    )
    .with(scripts.iter().map(sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(hops: Vec<Hop>) -> Script {
        let ways = Ways { here: Ok(hops), elsewhere: None };
        let answers = [("https://a.example/".to_owned(), ways)].into();
        Script {
            state: State::Asked(answers),
            ..Script::new("egressProxyPacUrl", "http://pac.example/p.pac")
        }
    }

    fn proxy(host: &str) -> (Hop, Route) {
        let (host, port, tls) = (host.to_owned(), 3128, false);
        let hop = Hop::Proxy { host: host.clone(), port, tls };
        (hop, Route::Proxy { host, port, tls, origin: "egressProxyPacUrl".into() })
    }

    fn routes(script: &Script, reader: Reader) -> PacRoutes {
        script.routes(&Question::new("a.example", 443, false), reader)
    }

    #[test]
    fn the_engine_skips_socks_and_takes_one_way() {
        let socks = Hop::Socks { host: "s.example".into(), port: 1080 };
        let ((a, to_a), (b, to_b)) = (proxy("a.example"), proxy("b.example"));
        for (hops, app, engine) in [
            (vec![Hop::Direct], Some(vec![Route::Direct]), Route::Direct),
            (
                vec![a.clone(), b.clone(), Hop::Direct],
                Some(vec![to_a.clone(), to_b, Route::Direct]),
                to_a.clone(),
            ),
            (vec![socks.clone()], None, Route::Direct),
            (vec![socks.clone(), a.clone()], None, to_a.clone()),
            (vec![a, socks], Some(vec![to_a.clone()]), to_a),
            (vec![Hop::Direct, b], Some(vec![Route::Direct, proxy("b.example").1]), Route::Direct),
        ] {
            let script = asked(hops);
            assert_eq!(routes(&script, Reader::App), app.map_or(PacRoutes::Unknown, PacRoutes::Routes));
            assert_eq!(routes(&script, Reader::Engine), PacRoutes::Routes(vec![engine]));
        }
    }

    #[test]
    fn without_an_answer_the_app_connects_directly_or_nobody_knows() {
        let with = |state| Script { state, ..Script::new("egressProxyPacUrl", "http://pac.example/") };
        assert_eq!(routes(&with(State::Unread), Reader::App), PacRoutes::Unknown);
        assert_eq!(routes(&with(State::Stopped("x".into())), Reader::App), PacRoutes::Unknown);
        assert_eq!(routes(&with(State::Failed("x".into())), Reader::App), PacRoutes::NoScript);
        for (fault, known) in
            [(Fault::Threw("x".into()), true), (Fault::NoText, true), (Fault::TooLong, false)]
        {
            let ways_here = Ways { here: Err(fault), elsewhere: None };
            let script = with(State::Asked([("https://a.example/".to_owned(), ways_here)].into()));
            let expected = if known { PacRoutes::Routes(vec![Route::Direct]) } else { PacRoutes::Unknown };
            assert_eq!(routes(&script, Reader::App), expected);
        }
    }

    #[test]
    fn inside_the_vm_the_own_address_is_another() {
        let (a, to_a) = proxy("a.example");
        let there = Ways { here: Ok(vec![a]), elsewhere: Some(Ok(vec![Hop::Direct])) };
        let script = Script {
            state: State::Asked([("https://a.example/".to_owned(), there)].into()),
            ..Script::new("egressProxyPacUrl", "http://pac.example/")
        };
        assert_eq!(routes(&script, Reader::App), PacRoutes::Routes(vec![to_a]));
        assert_eq!(routes(&script, Reader::Vm), PacRoutes::Routes(vec![Route::Direct]));
    }

    #[test]
    fn macos_wants_https_for_most_addresses() {
        for (url, refused) in [
            ("http://pac.corp.example/p.pac", true),
            ("https://pac.corp.example/p.pac", false),
            ("http://pac/p.pac", false),
            ("http://pac.local/p.pac", false),
            ("http://10.0.0.1/p.pac", false),
            ("http://11.0.0.1/p.pac", true),
            ("http://127.0.0.1/p.pac", false),
        ] {
            assert_eq!(Script::new("x", url).is_refused_by_ats(), refused, "{url}");
        }
    }

    #[test]
    fn secrets_in_an_address_are_not_shown() {
        assert!(!format!("{:?}", Script::new("x", "http://pac.example/?token=hunter2")).contains("hunter2"));
    }
}
