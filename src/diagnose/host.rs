//! One host: every path walked down its ladder, every actor judged, the first thing to fix found.

use super::context::Context;
use super::evidence::{Draft, Walk};
use super::experiment::other_route;
use super::finding::{ActorJudgement, Code, Finding, HostJudgement, Timings, Verdict};
use super::service::proxy_script;
use super::{ladder, machine, wording};
use crate::contract::{Actor, Transport};
use crate::plan::{Path, Skip, Target};

/// A judged host before its causes are known.
pub(crate) struct Host<'a> {
    pub target: &'a Target,
    pub verdict: Verdict,
    pub actors: Vec<ActorJudgement>,
    /// What is in the way, the first thing to fix first; for a healthy host one `ok`.
    pub found: Vec<Draft>,
    /// Indices into `found` of the first thing to fix on each path.
    pub firsts: Vec<usize>,
    pub notes: Vec<String>,
    pub timings: Timings,
    /// Its service asks for a credential before it shows more.
    pub asks_sign_in: bool,
    /// A large object was fetched from it.
    pub is_downloaded: bool,
}

/// Judges a target.
pub(crate) fn judge<'a>(context: &'a Context<'a>, target: &'a Target) -> Host<'a> {
    if let Some(skip) = target.skip {
        return skipped(context, target, skip);
    }
    let walk = |n, path| {
        let mut walk = ladder::best(context, target, n, path);
        proxy_script::judge(context, target, &mut walk);
        other_route::read(context, target, n, path, walk)
    };
    let inside = context.machine.filter(|m| m.plan.target(target.id).is_some());
    // Who is judged by what ran in the sandbox's own machine is not judged by this device's connections.
    let paths: Vec<(usize, Path)> = target
        .paths
        .iter()
        .cloned()
        .enumerate()
        .map(|(n, mut path)| {
            path.actors.retain(|a| inside.is_none() || *a != Actor::Vm);
            (n, path)
        })
        .collect();
    let mut walks: Vec<(&Path, Walk)> = Vec::new();
    let mut outside: Vec<Walk> = Vec::new();
    for (n, path) in &paths {
        let one = walk(*n, path);
        if path.actors.is_empty() { outside.push(one) } else { walks.push((path, one)) }
    }
    if let Some((inside, machine)) = inside.zip(context.observations.machine.as_ref()) {
        outside.extend(walks.iter().map(|(_, w)| w.clone()));
        let clock = context.observations.device.clock;
        walks.extend(machine::walk(inside, target, machine, &outside, clock));
    }
    let actors = actors(context, target, &walks);
    let verdict =
        actors.iter().filter(|a| is_judged(a)).map(|a| a.verdict).max().unwrap_or(Verdict::Untested);
    let mut found: Vec<Draft> = Vec::new();
    let mut firsts: Vec<usize> = Vec::new();
    for (_, walk) in &walks {
        let worst = walk.verdict(context.codes);
        let first = walk.found.iter().find(|f| f.verdict_by(context.codes) == worst);
        let rest = walk.found.iter().filter(|f| !first.is_some_and(|first| std::ptr::eq(first, *f)));
        for (n, item) in first.into_iter().chain(rest).enumerate() {
            let same = |f: &Draft| f.code == item.code && f.line == item.line;
            let at = found.iter().position(same).unwrap_or_else(|| {
                found.push(item.clone());
                found.len() - 1
            });
            if n == 0 && !firsts.contains(&at) {
                firsts.push(at);
            }
        }
    }
    // The worst of all paths leads; among equals the earlier path.
    if let Some(lead) = firsts.iter().copied().find(|n| found[*n].verdict_by(context.codes) == verdict) {
        let leading = found.remove(lead);
        found.insert(0, leading);
        for first in &mut firsts {
            *first = match *first {
                n if n == lead => 0,
                n if n < lead => n + 1,
                n => n,
            };
        }
    }
    let timings = walks.first().map(|(_, w)| w.timings.clone()).unwrap_or_default();
    if verdict == Verdict::Reachable {
        found.insert(0, healthy(&walks));
        firsts.clear();
    }
    if found.is_empty() {
        let why = if walks.is_empty() { "no path was planned" } else { OTHER_MACHINE };
        found.push(Draft::new(Code::UntestedActor, why));
    }
    let asks_sign_in = walks.iter().any(|(_, w)| w.sign_in);
    let is_downloaded = walks.iter().any(|(_, w)| w.download_bytes.is_some());
    let mut notes: Vec<String> = Vec::new();
    for note in walks.iter().flat_map(|(_, w)| &w.notes) {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
    Host { target, verdict, actors, found, firsts, notes, timings, asks_sign_in, is_downloaded }
}

fn skipped<'a>(context: &Context<'a>, target: &'a Target, skip: Skip) -> Host<'a> {
    let found = match skip {
        Skip::Wildcard => Draft::new(Code::UntestedWildcard, "no name below the wildcard is documented"),
        Skip::Unbounded => {
            let why = target.requirement.unbounded.clone();
            Draft::new(Code::UntestedWildcard, why.unwrap_or_else(|| "the entry cannot be listed".into()))
        }
        Skip::LinkLocal => {
            Draft::new(Code::UntestedActor, "link-local and metadata addresses are never probed")
        }
        Skip::Route => Draft::new(
            Code::UntestedActor,
            match target.transport() {
                Transport::Http | Transport::Grpc => {
                    "in the clear its request goes to the proxy itself, which is not tested"
                }
                _ => "its route is not known here: a proxy script decides it",
            },
        ),
        Skip::Actor => {
            let who: Vec<&str> = target.requirement.actors().into_iter().map(Actor::as_str).collect();
            Draft::new(Code::UntestedActor, format!("contacted only by: {}", who.join(", ")))
        }
    };
    let actors = target
        .requirement
        .actors()
        .into_iter()
        .map(|actor| ActorJudgement {
            actor,
            route: String::new(),
            verdict: Verdict::Untested,
            code: if actor.is_probed() { found.code } else { Code::UntestedActor },
            note: None,
        })
        .collect();
    debug_assert_eq!(found.verdict_by(context.codes), Verdict::Untested);
    let timings = Timings::default();
    Host {
        target,
        verdict: Verdict::Untested,
        actors,
        found: vec![found],
        firsts: Vec::new(),
        notes: Vec::new(),
        timings,
        asks_sign_in: false,
        is_downloaded: false,
    }
}

/// Whether the actor's verdict counts for the host. The sandbox's own machine is not judged where nothing is
/// wrong, and that takes nothing from what the others showed.
fn is_judged(actor: &ActorJudgement) -> bool {
    actor.actor.is_probed() && !(actor.actor == Actor::Vm && actor.verdict == Verdict::Untested)
}

/// Why the sandbox's own machine is not judged by this device's connections.
const OTHER_MACHINE: &str =
    "runs in the sandbox's own machine, with its own network, name lookup and trust; nothing ran there";

fn actors(context: &Context<'_>, target: &Target, walks: &[(&Path, Walk)]) -> Vec<ActorJudgement> {
    let mut all: Vec<Actor> = target.requirement.actors();
    for (path, _) in walks {
        all.extend(path.actors.iter().copied());
    }
    all.sort_unstable();
    all.dedup();
    let mut judged = Vec::new();
    let inside = context.machine.is_some_and(|m| m.plan.target(target.id).is_some());
    for actor in all {
        let ran = inside && actor == Actor::Vm;
        let mut mine = walks.iter().filter(|(path, _)| path.actors.contains(&actor)).peekable();
        if !actor.is_probed() || mine.peek().is_none() {
            let verdict = Verdict::Untested;
            let code = Code::UntestedActor;
            judged.push(ActorJudgement { actor, route: String::new(), verdict, code, note: None });
            continue;
        }
        for (path, walk) in mine {
            let relevant = || walk.found.iter().filter(|f| f.concerns(actor));
            let verdict = relevant().map(|f| f.verdict_by(context.codes)).max().unwrap_or(Verdict::Reachable);
            let code =
                relevant().find(|f| f.verdict_by(context.codes) == verdict).map_or(Code::Ok, |f| f.code);
            let (verdict, code, note) =
                match (!ran && spared(walk, actor)).then(|| context.services.trust().carries_roots(actor)) {
                    Some(Some(true)) => {
                        (verdict, code, Some("carries the public roots itself and goes on".into()))
                    }
                    Some(None) => {
                        let note =
                            "may carry the public roots itself, which is not documented and not tested here";
                        (Verdict::Untested, Code::UntestedActor, Some(note.to_owned()))
                    }
                    _ => (verdict, code, if ran { None } else { behind(context, actor, walk) }),
                };
            // A socket of this device passes neither through the sandbox's own machine nor its name lookup or
            // trust: what is wrong here is wrong behind it, too; where all is well, nothing is known.
            let (verdict, code, note) = if !ran && actor == Actor::Vm && verdict == Verdict::Reachable {
                (Verdict::Untested, Code::UntestedActor, Some(OTHER_MACHINE.to_owned()))
            } else {
                (verdict, code, note)
            };
            judged.push(ActorJudgement { actor, route: path.route.to_string(), verdict, code, note });
        }
    }
    judged
}

/// What becomes of the actor behind inspection that this device trusts.
fn behind(context: &Context<'_>, actor: Actor, walk: &Walk) -> Option<String> {
    let inspected = walk.found.iter().any(|f| f.code == Code::TlsIntercepted);
    let private = walk.private_ca.is_some();
    if (inspected || private) && context.services.trust().is_tested(actor) && walk.own_store.is_some() {
        return walk.own_store.clone();
    }
    (inspected || private).then(|| context.services.trust().behind(actor).map(str::to_owned)).flatten()
}

/// The device's store lacks what the server shows, and that does not stop this actor by itself.
fn spared(walk: &Walk, actor: Actor) -> bool {
    let lacking = walk.found.iter().any(|f| f.code == Code::DeviceTrustStore);
    lacking && !walk.found.iter().any(|f| f.concerns(actor))
}

fn healthy(walks: &[(&Path, Walk)]) -> Draft {
    let mut ok = Draft::new(Code::Ok, "").proven();
    let mut proof: Vec<String> = Vec::new();
    for (_, walk) in walks {
        for (name, value) in walk.all_facts() {
            ok.facts.entry(name).or_insert(value);
        }
        for item in &walk.proof {
            if !proof.contains(item) {
                proof.push(item.clone());
            }
        }
    }
    ok.line = if proof.is_empty() { "connected".into() } else { proof.join("; ") };
    ok
}

impl Host<'_> {
    /// The judgement as reported, with its cause.
    pub fn report(self, context: &Context<'_>, cause: Option<String>) -> HostJudgement {
        let names = [wording::shown(self.target)];
        let mut findings = self
            .found
            .iter()
            .map(|found| wording::finding(context.codes, found, &names, &[self.target.port()]))
            .collect::<Vec<Finding>>()
            .into_iter();
        let finding = findings.next().unwrap_or_else(|| {
            let none = Draft::new(Code::UntestedActor, "no path was planned");
            wording::finding(context.codes, &none, &names, &[self.target.port()])
        });
        HostJudgement {
            target: self.target.id,
            verdict: self.verdict,
            actors: self.actors,
            finding,
            cause,
            also: findings.collect(),
            notes: self.notes.iter().map(|note| wording::clean(note)).collect(),
            timings: self.timings,
        }
    }
}
