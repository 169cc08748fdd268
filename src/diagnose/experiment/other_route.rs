//! Other ways to a host that fails: a proxy that is known and not used, none at all, the further
//! entries of a proxy script's answer. The comparison tells a setting from a box in the way.

use crate::contract::endpoint::authority;
use crate::contract::ids::Feature;
use crate::contract::{Actor, Network, Transport};
use crate::diagnose::context::{Context, View};
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::experiment::burst;
use crate::diagnose::finding::{Code, Owner, Verdict};
use crate::diagnose::ladder;
use crate::observation::{
    Attempt, HttpOutcome, Observations, ProxyOutcome, Purpose, ScriptOutcome, TcpOutcome, TlsOutcome, Trust,
    Variation,
};
use crate::plan::{Announcement, Experiment, Path, Plan, Route, Sent, Target};

/// Other ways that are tried for one path.
const WAYS: usize = 3;

/// What is sent.
pub(crate) fn announce(plan: &Plan) -> Announcement {
    let here = (!plan.detours.proxies.is_empty()).then(|| {
        "A host that fails is tried once more on the other ways that are known: a proxy that is not used, or directly."
            .to_owned()
    });
    Announcement::new(
        Sent::OtherRoutes,
        "Where a host fails and another way is known (a proxy that is not used, or none), that way once, unless \
         `--proxy` named the way.",
    )
    .with(here)
}

/// The comparisons that a run still lacks: for each path whose every try failed, the other ways to
/// the same host. Each is tried once.
///
/// `paced`: what is tried again slowly first; through a proxy that may only have been asked for too much, the
/// comparison waits for that.
pub(crate) fn wanted(plan: &Plan, observations: &Observations, paced: &[Experiment]) -> Vec<Experiment> {
    let mut experiments = Vec::new();
    for target in plan.targets.iter().filter(|t| can_be_compared(t)) {
        for (path, own) in target.paths.iter().enumerate() {
            let mut tries = observations.tries(target.id, path).peekable();
            let waits = own.route != Route::Direct && burst::takes(paced, target.id, path);
            if waits || tries.peek().is_none() || tries.any(|a| a.cut.is_some() || is_answered(a, target)) {
                continue;
            }
            for route in ways(plan, target, path, own) {
                let variation = Variation::OtherRoute(route);
                let is_done = |(a, v): (&Attempt, &Variation)| {
                    a.target == target.id && a.path == path && *v == variation
                };
                if !observations.experiments().any(is_done) {
                    let variation = Some(variation);
                    experiments.push(Experiment {
                        target: target.id,
                        path,
                        purpose: Purpose::Experiment,
                        variation,
                    });
                }
            }
        }
    }
    experiments
}

/// Plain HTTP goes through a proxy in another way, and loopback never does.
fn can_be_compared(target: &Target) -> bool {
    let plain = matches!(target.transport(), Transport::Http | Transport::Grpc);
    let of_proxy = target.requirement.reasons.iter().all(|r| r.feature == Feature::PROXY);
    target.skip.is_none() && !plain && !of_proxy && !target.requirement.loopback
}

/// The other ways that are worth a try. Those that another path of the target takes anyway are
/// compared without an experiment.
fn ways(plan: &Plan, target: &Target, path: usize, own: &Path) -> Vec<Route> {
    let mut ways: Vec<Route> = Vec::new();
    match own.route {
        Route::Direct => ways.extend(plan.detours.proxies.iter().cloned()),
        Route::Proxy { .. } => {
            ways.extend(plan.detours.after(target.id, path).iter().cloned());
            // Where the command line named the way, there is nothing to compare it with.
            if ways.is_empty() && !plan.detours.proxies.is_empty() {
                ways.push(Route::Direct);
            }
        }
    }
    let mut seen: Vec<Route> = Vec::new();
    for way in ways {
        let taken = target.paths.iter().any(|p| is_same(&p.route, &way));
        if !taken && !seen.iter().any(|s| is_same(s, &way)) && seen.len() < WAYS {
            seen.push(way);
        }
    }
    seen
}

/// Whether two routes lead through the same proxy, wherever the setting stands.
fn is_same(one: &Route, other: &Route) -> bool {
    match (one, other) {
        (Route::Direct, Route::Direct) => true,
        (Route::Proxy { host, port, tls, .. }, Route::Proxy { host: h, port: p, tls: t, .. }) => {
            (host, port, tls) == (h, p, t)
        }
        _ => false,
    }
}

/// Whether the attempt came to the end of its ladder.
fn is_answered(attempt: &Attempt, target: &Target) -> bool {
    let transport = target.transport();
    if transport.has_http() {
        attempt.http.last().is_some_and(|h| h.outcome == HttpOutcome::Answered)
    } else if transport.has_tls() {
        attempt.tls.last().is_some_and(|t| t.outcome == TlsOutcome::Completed)
    } else if let Some(proxy) = &attempt.proxy {
        proxy.outcome == ProxyOutcome::Tunnel
    } else {
        attempt.route == Route::Direct && attempt.tcp.iter().any(|t| t.outcome == TcpOutcome::Connected)
    }
}

/// A way that works, and how that was seen.
struct Works<'a> {
    route: &'a Route,
    proof: String,
    strength: Strength,
}

/// What shows that it was the host itself that answered on another way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strength {
    /// Its answer is known, or the public roots accept its certificate.
    Proven,
    /// It has neither answer nor certificate to show: a connection, a greeting.
    Likely,
    /// Anything could have sent what came, a proxy's error page too.
    None,
}

impl Strength {
    fn of(target: &Target, attempt: &Attempt, walk: &Walk) -> Self {
        let known = walk.answer.is_some();
        let public = attempt.handshake().is_some_and(|t| t.public_trust == Some(Trust::Accepted));
        match known || public {
            true => Self::Proven,
            false if target.transport().has_tls() || target.transport().has_http() => Self::None,
            false => Self::Likely,
        }
    }
}

/// Judges a path's walk again in the light of the other ways.
pub(crate) fn read(
    context: &Context<'_>,
    target: &Target,
    index: usize,
    path: &Path,
    mut walk: Walk,
) -> Walk {
    if walk.verdict(context.codes) != Verdict::Blocked || !can_be_compared(target) {
        return walk;
    }
    let mut own = context.observations.tries(target.id, index);
    if own.any(|a| is_answered(a, target)) {
        return walk;
    }
    let working = working(context, target, index, path);
    match &path.route {
        Route::Direct => {
            let shown = |w: &&Works<'_>| *w.route != Route::Direct && w.strength != Strength::None;
            if let Some(works) = working.iter().find(shown) {
                required(context, target, path, &mut walk, works);
            }
        }
        Route::Proxy { .. } => {
            let after = context.plan.detours.after(target.id, index);
            let fallback = after.iter().find_map(|r| working.iter().find(|w| is_same(w.route, r)));
            match fallback {
                Some(works) => fall_back(context, path, &mut walk, works),
                None if next_answers(context, target, index, path, &mut walk) => {}
                None => {
                    if let Some(works) = working.iter().find(|w| *w.route == Route::Direct) {
                        direct_works(context, target, &mut walk, works);
                    }
                }
            }
        }
    }
    walk
}

/// The other ways that work: seen in experiments, or because another actor takes them.
fn working<'a>(context: &'a Context<'_>, target: &'a Target, index: usize, path: &Path) -> Vec<Works<'a>> {
    let service = target.service.as_deref().and_then(|id| context.services.by_id(id));
    let mut works: Vec<Works<'a>> = Vec::new();
    let attempts = context.observations.attempts.iter().filter(|a| a.target == target.id && a.cut.is_none());
    for attempt in attempts {
        let is_other = match &attempt.variation {
            None => attempt.path != index,
            Some(variation) => attempt.path == index && matches!(variation, Variation::OtherRoute(_)),
        };
        if !is_other || is_same(&attempt.route, &path.route) || !is_answered(attempt, target) {
            continue;
        }
        let way = Path { route: attempt.route.clone(), actors: path.actors.clone() };
        let walk = ladder::ladder(&View { context, target, path: &way, attempt, service });
        let seen = works.iter().any(|w| is_same(w.route, &attempt.route));
        let passes = matches!(walk.verdict(context.codes), Verdict::Reachable | Verdict::Warning)
            && walk.found.iter().all(|f| f.code != Code::HttpUnrecognised);
        if !seen && passes {
            let strength = Strength::of(target, attempt, &walk);
            let proof = if walk.proof.is_empty() { "connected".to_owned() } else { walk.proof.join("; ") };
            works.push(Works { route: &attempt.route, proof, strength });
        }
    }
    works
}

/// The first thing that blocks.
fn lead<'a>(context: &Context<'_>, walk: &'a mut Walk) -> Option<&'a mut Draft> {
    walk.found.iter_mut().find(|f| f.verdict_by(context.codes) == Verdict::Blocked)
}

/// Direct is blocked, a proxy works, and these actors do not use it.
fn required(context: &Context<'_>, target: &Target, path: &Path, walk: &mut Walk, works: &Works<'_>) {
    let Route::Proxy { host, port, origin, .. } = works.route else { return };
    let Some(lead) = lead(context, walk) else { return };
    let (code, seen) = (lead.code, lead.line.clone());
    let proxy = authority(host, *port);
    let line = format!("directly {code} ({seen}); through {proxy} ({origin}): {}", works.proof);
    let setting = setting(context, target, path, &proxy, origin);
    let actors: Vec<&str> = path.actors.iter().map(|a| a.as_str()).collect();
    let mut found = Draft::new(Code::ProxyRequired, line)
        .fact("proxy", proxy.as_str())
        .fact("key", origin.as_str())
        .fact("setting", setting)
        .fact("what", without_proxy(&actors))
        .fact("direct", code.as_str())
        .fact("port", target.port())
        .key(format!("{proxy} {}", actors.join(",")));
    if works.strength == Strength::Proven {
        found = found.proven();
    }
    walk.found.insert(0, found);
}

/// Who connects without a proxy, as a clause.
fn without_proxy(actors: &[&str]) -> String {
    match actors {
        [one] => format!("the {one} connects directly"),
        [first @ .., last] => format!("the {} and the {last} connect directly", first.join(", the ")),
        [] => "connections are direct".to_owned(),
    }
}

/// What to set so that these actors take the proxy, by where each of them reads it. A key of the
/// configuration that holds the proxy already is not asked for again.
fn setting(context: &Context<'_>, target: &Target, path: &Path, proxy: &str, origin: &str) -> String {
    let pinned = origin.starts_with("egressProxy");
    let shared = target.paths.iter().any(|p| matches!(&p.route, Route::Proxy { .. }));
    match path.actors.as_slice() {
        [Actor::Vm] => {
            format!("Do without it in the workspace's shell, which is not given the proxy {proxy} here")
        }
        [Actor::Updater] => format!(
            "Set the proxy {proxy} in the operating system's proxy settings, the only ones that updates read"
        ),
        [Actor::Engine] if pinned || shared => format!(
            "See that the inference endpoint's own name goes through {proxy} ({origin}): the engine takes the \
             endpoint's way for every host, and that name, or this one, is exempt"
        ),
        // Beside a script neither `egressProxyUrl` nor the exemptions of the system's settings are read.
        _ if has_script(context) && !pinned => format!(
            "Have the proxy script of the configuration ({SCRIPT_KEY}) answer with {proxy} (known from \
             {origin}) for this host"
        ),
        _ if context.plan.detours.exempt.contains(&target.id) && !pinned => {
            format!("Take the host out of the exemptions (NO_PROXY or its like), which keep it from {proxy}")
        }
        _ if pinned && target.probed.ends_with(".local") && origin == "egressProxyUrl" => format!(
            "Give the host a name that does not end in .local: for those the proxy {proxy} ({origin}) is not used"
        ),
        _ if pinned => format!(
            "Have the proxy script of the configuration answer with {proxy} for this host: the proxy is known \
             from {origin}, and the script does not lead there"
        ),
        _ => format!("Set the proxy {proxy} (known from {origin}) as egressProxyUrl in the configuration"),
    }
}

/// The key of the configuration that names a proxy script.
const SCRIPT_KEY: &str = "egressProxyPacUrl";

/// Whether a script of the configuration decides the ways.
fn has_script(context: &Context<'_>) -> bool {
    let mut scripts = context.observations.scripts.iter();
    scripts.any(|s| s.origin == SCRIPT_KEY && s.outcome == ScriptOutcome::Asked)
}

/// The first proxy of a script's answer cannot be reached, a further entry works: who has the whole
/// answer goes on to it, the engine does not.
fn fall_back(context: &Context<'_>, path: &Path, walk: &mut Walk, works: &Works<'_>) {
    let Some(lead) = lead(context, walk) else { return };
    if !is_unreached(lead.code) {
        return;
    }
    let way = works.route.to_string();
    let (engine, others): (Vec<Actor>, Vec<Actor>) = path.actors.iter().partition(|a| **a == Actor::Engine);
    let mut mild = skipped(lead, &way);
    mild.line = format!("{}; the next entry of the script's answer works: {way}", lead.line);
    if engine.is_empty() {
        *lead = mild;
        return;
    }
    lead.actors = Some(engine);
    if !others.is_empty() {
        mild.actors = Some(others);
        walk.found.push(mild);
    }
}

/// The first proxy of a script's answer cannot be reached, and a further entry answers for itself: that it
/// refuses, or cannot reach the host, is what an actor that goes on to it sees. The engine is handed the first alone.
fn next_answers(context: &Context<'_>, target: &Target, index: usize, path: &Path, walk: &mut Walk) -> bool {
    let Some(first) = lead(context, walk).filter(|f| is_unreached(f.code)).map(|f| f.clone()) else {
        return false;
    };
    let after = context.plan.detours.after(target.id, index);
    let service = target.service.as_deref().and_then(|id| context.services.by_id(id));
    let answered = after.iter().find_map(|route| {
        let tried = context.observations.experiments().find(|(a, _)| {
            let stood = a.connection().is_some() && (a.proxy.is_some() || *route == Route::Direct);
            a.target == target.id && a.path == index && a.cut.is_none() && is_same(&a.route, route) && stood
        });
        tried.map(|(a, _)| a)
    });
    let Some(attempt) = answered else { return false };
    let way = Path { route: attempt.route.clone(), actors: path.actors.clone() };
    let next = ladder::ladder(&View { context, target, path: &way, attempt, service });
    let (engine, others): (Vec<Actor>, Vec<Actor>) = path.actors.iter().partition(|a| **a == Actor::Engine);
    if others.is_empty() || next.verdict(context.codes) != Verdict::Blocked {
        return false;
    }
    let shown = attempt.route.to_string();
    let mut mild = skipped(&first, &shown);
    mild.line = format!("{}; the next entry of the script's answer answers: {shown}", first.line);
    walk.found = next.found;
    if !engine.is_empty() {
        for found in &mut walk.found {
            found.actors = Some(others.clone());
        }
        walk.found.push(first.actors(engine));
        mild.actors = Some(others);
    }
    walk.found.push(mild);
    true
}

/// The warning about a first proxy that everybody waits for.
fn skipped(first: &Draft, way: &str) -> Draft {
    let mut mild = first.clone().verdict(Verdict::Warning).fact("fallback", way);
    mild.case = None;
    mild.key.push_str(FALLBACK);
    mild
}

/// The end of the key of a warning about a proxy that is passed over.
pub(crate) const FALLBACK: &str = " fallback";

/// The proxy itself was not reached.
const fn is_unreached(code: Code) -> bool {
    matches!(code, Code::ProxyUnresolved | Code::ProxyRefused | Code::ProxyTimeout | Code::ProxyReset)
}

/// The proxy does not lead there, and the direct route does.
fn direct_works(context: &Context<'_>, target: &Target, walk: &mut Walk, works: &Works<'_>) {
    let internal = target.requirement.network == Network::Internal;
    let Some(lead) = lead(context, walk) else { return };
    lead.line.push_str(&format!("; directly it works ({})", works.proof));
    lead.facts.insert("direct".into(), "ok".into());
    // A proxy has no business with hosts of one's own network: the setting lacks an exemption.
    if internal && matches!(lead.code, Code::ProxyDenied | Code::ProxyUpstream) {
        lead.owner = Some(Owner::Configuration);
    }
}
