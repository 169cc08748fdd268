//! `check --dry-run`: everything that would be sent, before anything is.

use serde_json::{Value, json};

use crate::derive::HostPattern;
use crate::plan::{Announcement, Plan, Route, Sent, Target};
use crate::report::layout::{Page, Paint, Style};
use crate::report::sanitise;
use crate::report::words;
use crate::text::english;

/// The settings of the run that would be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Budget of one stage, ms.
    pub stage_timeout_ms: u64,
    /// Budget of the run, ms.
    pub deadline_ms: u64,
    /// Hosts at a time.
    pub concurrency: usize,
    /// The server that would be asked instead of the system's resolvers.
    pub resolver: Option<String>,
    /// The server that would be asked too, as a second opinion.
    pub compare_dns: Option<String>,
    /// What would be sent, each kind once.
    pub announced: Vec<Announcement>,
    /// How long a connection to the inference host would be left quiet, ms.
    pub idle_ms: Option<u64>,
    /// What every request says of this program.
    pub user_agent: String,
    /// Seconds from round to round, where the run would be repeated.
    pub every_s: Option<u64>,
}

impl Settings {
    /// What would be sent of one kind, as sentences.
    fn of(&self, wanted: Sent) -> impl Iterator<Item = &String> {
        self.announced.iter().filter(move |a| a.sent == wanted).flat_map(|a| &a.here)
    }

    /// What would be sent beside the hosts, their lookups and the calls.
    fn beside(&self) -> impl Iterator<Item = &String> {
        let apart = |sent| matches!(sent, Sent::Hosts | Sent::Lookups | Sent::Calls);
        self.announced.iter().filter(move |a| !apart(a.sent)).flat_map(|a| &a.here)
    }
}

/// The list of what a check contacts, for the README.
pub fn contacts(announced: &[Announcement]) -> String {
    let mut list: String = announced.iter().map(|a| format!("- {}\n", a.general)).collect();
    list.push_str("- Nothing else.\n");
    list
}

/// What stands before a request's body.
const BODY: &str = "      body      ";

const NOT_OURS: &str = "Checking certificates may make the operating system itself ask for revocation lists; \
    Clearway neither sends nor sees that.";

const GATE: &str = "Each call is on a connection of its own, and is not made unless the public roots accept its \
    certificate, a private authority that inspects nothing in the run signed your own host, or the address is loopback.";

fn lookups(plan: &Plan) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for target in &plan.targets {
        for path in &target.paths {
            let name = match &path.route {
                Route::Direct => target.probed.as_str(),
                // The proxy looks the host up, not this device.
                Route::Proxy { host, .. } => host.as_str(),
            };
            let literal = matches!(name.parse::<HostPattern>(), Ok(HostPattern::Address(_)));
            let name = sanitise::line(name, sanitise::SHORT);
            if !name.is_empty() && !literal && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.sort_unstable();
    names
}

fn is_literal(target: &Target) -> bool {
    matches!(target.probed.parse::<HostPattern>(), Ok(HostPattern::Address(_)))
}

/// The server name of the TLS handshake; none without TLS and for address literals.
fn sni(target: &Target) -> Option<String> {
    (target.transport().has_tls() && !is_literal(target))
        .then(|| sanitise::line(&target.probed, sanitise::SHORT))
}

/// The dry run for a terminal.
pub fn text(plan: &Plan, settings: &Settings, style: &Style) -> String {
    let mut page = Page::new(style);
    let sent: Vec<&Target> = plan.targets.iter().filter(|t| !t.paths.is_empty()).collect();
    let skipped: Vec<&Target> = plan.targets.iter().filter(|t| t.paths.is_empty()).collect();
    page.hang_with("NOTHING WAS SENT. ", Paint::Bold, "", &format!(
        "This is what `clearway check` would send: probes of {}, {} at a time, {} for a stage, {} for the run. {}",
        words::hosts(sent.len()),
        settings.concurrency,
        words::duration(settings.stage_timeout_ms),
        words::duration(settings.deadline_ms),
        if settings.of(Sent::Calls).next().is_none() { "No credential is ever sent." } else { "The credential is sent only with the calls below." },
    ));
    if let Some(every) = settings.every_s {
        let called = settings.of(Sent::Calls).next().is_some();
        let credential = if called { ", the calls with the credential among it" } else { "" };
        page.hang_with("REPEATED. ", Paint::Bold, "", &format!(
            "--watch sends this again every {every} s{credential}; what is tried after failures again after 1, 2, 4, 8 … rounds, or when something changes.",
        ));
    }

    let names = lookups(plan);
    page.heading("NAMES LOOKED UP (A and AAAA)");
    for how in settings.of(Sent::Lookups) {
        page.hang("  ", Paint::None, &sanitise::line(how, sanitise::LONG));
    }
    for name in &names {
        page.hang("  - ", Paint::None, name);
    }

    page.heading("CONNECTIONS");
    let every = format!(
        "Every request names its host and says `User-Agent: {}` and `Accept: */*`; further headers are shown.",
        sanitise::line(&settings.user_agent, 60)
    );
    page.hang("  ", Paint::None, &every);
    for target in sent {
        let transport = target.transport();
        let host = &target.requirement.host;
        page.hang("  - ", Paint::Bold, &format!("{host}, {transport} on TCP {}", target.port()));
        let member = target.probed != target.requirement.host.to_string();
        if member {
            page.hang("      probed as ", Paint::None, &sanitise::line(&target.probed, sanitise::SHORT));
        }
        for path in &target.paths {
            let actors: Vec<&str> = path.actors.iter().map(|a| a.as_str()).collect();
            let text = format!("{} (as {})", words::route(&path.route), english::and(&actors));
            page.hang("      route     ", Paint::None, &text);
        }
        match sni(target) {
            Some(name) => page.hang("      TLS       ", Paint::None, &format!("server name {name}")),
            None if transport.has_tls() => {
                page.hang("      TLS       ", Paint::None, "no server name (address)")
            }
            None => {}
        }
        if let Some(request) = &target.request {
            let line = format!("{} {}", request.method, request.path);
            page.hang("      HTTP      ", Paint::None, &sanitise::line(&line, sanitise::LONG));
            for (name, value) in &request.headers {
                page.hang("                ", Paint::None, &sanitise::line(&format!("{name}: {value}"), 300));
            }
            if !request.body.is_empty() {
                // It may be one long word: broken where the page ends, spaces and all.
                let body: Vec<char> = sanitise::line(&request.body, 300).chars().collect();
                let room = page.style.width.saturating_sub(BODY.len()).max(20);
                for (n, part) in body.chunks(room).enumerate() {
                    let start = if n == 0 { BODY } else { "                " };
                    page.hang(start, Paint::None, &part.iter().collect::<String>());
                }
            }
        }
    }

    if settings.of(Sent::Calls).next().is_some() {
        page.heading("CALLS WITH THE CREDENTIAL");
        for call in settings.of(Sent::Calls) {
            page.hang("  - ", Paint::None, &sanitise::line(call, sanitise::LONG));
        }
        page.hang("  - ", Paint::None, GATE);
    }

    page.heading("CONTROLS");
    for control in settings.beside() {
        page.hang("  - ", Paint::None, &sanitise::line(control, sanitise::LONG));
    }
    page.hang("  - ", Paint::None, NOT_OURS);

    if !skipped.is_empty() {
        page.heading("NOT PROBED");
        for target in skipped {
            let why = target.skip.map_or("nothing to send", |skip| words::skip(skip, target.transport()));
            page.hang("  - ", Paint::None, &format!("{}: {why}", words::endpoint_of(&target.requirement)));
        }
    }
    page.into_text()
}

/// The dry run as `clearway.dry-run/1`, ending in a line feed.
pub fn json(plan: &Plan, settings: &Settings) -> String {
    let targets: Vec<Value> = plan
        .targets
        .iter()
        .map(|t| {
            let routes: Vec<Value> = t
                .paths
                .iter()
                .map(|p| json!({ "route": words::route(&p.route), "actors": p.actors }))
                .collect();
            json!({
                "id": t.id,
                "host": t.requirement.host,
                "port": t.requirement.port,
                "transport": t.requirement.transport,
                "probed": if t.probed.is_empty() { Value::Null } else { json!(t.probed) },
                "sni": if t.paths.is_empty() { None } else { sni(t) },
                "request": t.request,
                "routes": routes,
                "skip": t.skip,
            })
        })
        .collect();
    crate::report::json::document(&json!({
        "schema": "clearway.dry-run/1",
        "clearway": env!("CARGO_PKG_VERSION"),
        "sent": false,
        "lookups": lookups(plan),
        "resolver": settings.resolver,
        "compare_dns": settings.compare_dns,
        "stage_timeout_ms": settings.stage_timeout_ms,
        "deadline_ms": settings.deadline_ms,
        "concurrency": settings.concurrency,
        "user_agent": settings.user_agent,
        "controls": settings.beside().collect::<Vec<_>>(),
        "calls": settings.of(Sent::Calls).collect::<Vec<_>>(),
        "idle_ms": settings.idle_ms,
        "watch_every_s": settings.every_s,
        "targets": targets,
    }))
}
