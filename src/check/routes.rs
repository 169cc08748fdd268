//! Which ways the app takes: the settings that decide it are gathered here, and proxy scripts are
//! fetched and asked before the plan is made.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use tokio::time::Instant;

use super::{Derived, Options, inference};
use crate::contract::Transport;
use crate::contract::ids::Feature;
use crate::derive::Requirements;
use crate::failure::Failure;
use crate::observation::{ProxyScript, ScriptOutcome};
use crate::pac::{self, Fault, Question};
use crate::plan::bypass::Grammar;
use crate::plan::inference::Endpoint;
use crate::plan::pac::{Script, State, Ways};
use crate::plan::{self, Plan, ProxyAddress, ProxyChoice, ProxySettings};
use crate::probe::environment::{ProxyVariable, ProxyVariables, proxy_variables};
use crate::probe::system::{self, SystemProxies};
use crate::probe::{Fetched, Prober};
use crate::rules::Rules;

/// The key that pins the app to a proxy.
const EGRESS_PROXY: &str = "egressProxyUrl";
/// The key that pins the app to a proxy script.
const EGRESS_SCRIPT: &str = "egressProxyPacUrl";

/// Rounds of asking a script: each one may want names looked up that the one before did not.
const ROUNDS: usize = 4;
/// Names that the proxy scripts of a run get looked up, all of them together: a script that came over
/// plain http is anybody's on the way.
const NAMES: usize = 256;
/// What `myIpAddress()` says inside the workspace VM: an address of no network that a script can
/// know (RFC 5737), so that it gives its answer for devices elsewhere.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// The proxy settings that decide each actor's route. `proxy`: the value of `--proxy`; `system`: what
/// the operating system says, where it has settings beside the environment.
///
/// # Errors
/// When `--proxy` names no proxy.
fn settings(
    proxy: Option<&str>,
    derived: &Derived,
    system: Option<SystemProxies>,
) -> Result<ProxySettings, Failure> {
    let choice = match proxy {
        None => ProxyChoice::AsTheApp,
        Some("system") => ProxyChoice::System,
        Some("none") => ProxyChoice::None,
        Some(url) => ProxyChoice::Fixed(ProxyAddress::parse(url, "--proxy")?),
    };
    let mut settings =
        ProxySettings { choice, inference: derived.inference.clone(), ..ProxySettings::default() };
    configured(&mut settings, derived);
    let variables = proxy_variables();
    match system {
        Some(system) => {
            of_system(&mut settings, system);
            // The app takes the system's settings; what the environment says is for comparison.
            let all = [&variables.https, &variables.http, &variables.all];
            for variable in all.into_iter().flatten() {
                let parsed = ProxyAddress::parse(&variable.value, &variable.name);
                let known = settings.usable(parsed);
                settings.others.extend(known);
            }
        }
        None => of_environment(&mut settings, variables),
    }
    Ok(settings)
}

fn configured(settings: &mut ProxySettings, derived: &Derived) {
    let value = |key: &str| derived.configurations.iter().find_map(|c| c.text(key));
    if derived.proxy_script {
        let url = value(EGRESS_SCRIPT).map(str::to_owned).or_else(|| listed_script(derived));
        settings.script = url.map(|url| Script::new(EGRESS_SCRIPT, &url));
    }
    if let Some(url) = value(EGRESS_PROXY) {
        settings.configured = settings.usable(ProxyAddress::parse(url, EGRESS_PROXY));
    } else if let Some(address) = &derived.pinned_proxy {
        // A hosts document names the proxy's host, but not the key's whole value.
        settings.configured = settings.usable(ProxyAddress::parse(address, EGRESS_PROXY));
    }
}

/// The address of the script as a hosts document has it.
fn listed_script(derived: &Derived) -> Option<String> {
    let all = derived.requirements.hosts.iter().chain(derived.documents.iter().flat_map(|d| &d.hosts));
    let mut of_script = all
        .filter(|r| r.transport != Transport::Tcp && r.reasons.iter().any(|w| w.feature == Feature::PROXY));
    let found = of_script.next()?;
    Some(found.endpoint().url(&found.hints.base_path))
}

/// Linux: the environment of this process, which may be another than the app's.
fn of_environment(settings: &mut ProxySettings, variables: ProxyVariables) {
    let mut of = |variable: Option<&ProxyVariable>| {
        variable.and_then(|v| settings.usable(ProxyAddress::parse(&v.value, &v.name)))
    };
    let system = of(variables.https.as_ref().or(variables.all.as_ref()));
    let plain = of(variables.http.as_ref().or(variables.all.as_ref()));
    (settings.system, settings.system_plain) = (system, plain);
    settings.system_grammar = Grammar::NoProxy;
    settings.system_bypass = Grammar::NoProxy.split(&variables.no.map(|v| v.value).unwrap_or_default());
}

fn of_system(settings: &mut ProxySettings, system: SystemProxies) {
    let origin = system.origin;
    let parse = |address: &Option<String>| address.as_ref().map(|a| ProxyAddress::parse(a, &origin));
    settings.system = parse(&system.https).and_then(|p| settings.usable(p));
    settings.system_plain = parse(&system.http).and_then(|p| settings.usable(p));
    settings.system_grammar = Grammar::System;
    settings.system_bypass = system.exempt;
    settings.system_script = system.script.map(|url| Script::new(&origin, &url));
    if let Some(services) = &system.services {
        let known = settings.usable(ProxyAddress::parse(services, "WinHTTP"));
        settings.others.extend(known);
    }
    if system.socks.is_some() && settings.system.is_none() && settings.system_script.is_none() {
        settings.unusable.push(format!(
            "{origin}: a SOCKS proxy is set; whether the app uses it is not documented, direct was tested"
        ));
    }
    if system.discovers {
        settings.unusable.push(format!(
            "{origin}: automatic discovery (WPAD) is on; a script found that way is not looked for"
        ));
    }
    if let Some(why) = system.unread {
        settings.unusable.push(format!("{origin}: not read ({why}); direct was tested"));
    }
}

/// Makes plans: the list of hosts, each on the ways that its actors take. Scripts are fetched once,
/// and asked about every list.
pub(super) struct Planner<'a> {
    options: &'a Options,
    rules: &'a Rules,
    system: OnceCell<Option<SystemProxies>>,
    /// The settings of the last plan.
    settings: RefCell<ProxySettings>,
    /// What was fetched, by address.
    fetched: RefCell<BTreeMap<String, Fetched>>,
    /// Names that may still be looked up.
    names: Cell<usize>,
    records: RefCell<Vec<ProxyScript>>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(options: &'a Options, rules: &'a Rules) -> Self {
        let (system, settings) = (OnceCell::new(), RefCell::default());
        let (fetched, records) = (RefCell::default(), RefCell::default());
        Self { options, rules, system, settings, fetched, names: Cell::new(NAMES), records }
    }

    /// The plan of a dry run, and its calls: no script is read.
    ///
    /// # Errors
    /// When `--proxy` names no proxy.
    pub(super) fn unread(&self, derived: &Derived) -> Result<(Plan, Vec<Endpoint>), Failure> {
        let settings = self.settings_for(derived)?;
        let plan = self.build(&derived.requirements, settings);
        self.with_calls(plan, derived)
    }

    /// The plan that a run begins with, and its calls.
    ///
    /// # Errors
    /// When `--proxy` names no proxy.
    pub(super) async fn first(
        &self,
        prober: &Prober,
        deadline: Instant,
        derived: &Derived,
    ) -> Result<(Plan, Vec<Endpoint>), Failure> {
        let plan = self.plan(prober, deadline, &derived.requirements, derived).await?;
        self.with_calls(plan, derived)
    }

    /// The plan for a list, by the routes that follow from what it was derived from.
    ///
    /// # Errors
    /// When `--proxy` names no proxy.
    pub(super) async fn plan(
        &self,
        prober: &Prober,
        deadline: Instant,
        list: &Requirements,
        derived: &Derived,
    ) -> Result<Plan, Failure> {
        let mut settings = self.settings_for(derived)?;
        if settings.has_unread_script() {
            let questions = plan::questions(list, &self.rules.pack.networks, derived.inference.as_ref());
            for script in settings.scripts() {
                self.ask_script(prober, script, &questions, deadline).await;
            }
        }
        Ok(self.build(list, settings))
    }

    fn settings_for(&self, derived: &Derived) -> Result<ProxySettings, Failure> {
        let system = self.system.get_or_init(system::read).clone();
        settings(self.options.proxy.as_deref(), derived, system)
    }

    fn build(&self, list: &Requirements, settings: ProxySettings) -> Plan {
        let plan = plan::build(list, &self.rules.services, &self.rules.pack.networks, &settings);
        self.settings.replace(settings);
        plan
    }

    fn with_calls(&self, mut plan: Plan, derived: &Derived) -> Result<(Plan, Vec<Endpoint>), Failure> {
        plan.gaps.extend(derived.gaps());
        let endpoints = inference::endpoints(self.options, derived, self.rules, &plan)?;
        plan.gaps.extend(inference::gap(self.options, derived, &endpoints));
        Ok((plan, endpoints))
    }

    /// The settings in plain words, and the records of the scripts.
    pub(super) fn finish(&self) -> (String, Vec<ProxyScript>) {
        (self.settings.borrow().describe(), self.records.take())
    }

    /// The scripts that decide the routes of the last plan.
    pub(super) fn scripts(&self) -> Vec<Script> {
        self.settings.borrow().clone().scripts().map(|s| s.clone()).collect()
    }

    /// Fetches a script, unless it was fetched before, and asks it. Bounded by `deadline`.
    async fn ask_script(
        &self,
        prober: &Prober,
        script: &mut Script,
        questions: &[Question],
        deadline: Instant,
    ) {
        let known = self.fetched.borrow().get(&script.url).cloned();
        let names = &self.names;
        let (record, state, fetched) = ask_script(prober, script, known, questions, names, deadline).await;
        script.state = state;
        self.fetched.borrow_mut().insert(script.url.clone(), fetched);
        let mut records = self.records.borrow_mut();
        match records.iter_mut().find(|r| r.origin == record.origin && r.url == record.url) {
            Some(first) => {
                first.names.extend(record.names);
                first.names.sort();
                first.names.dedup();
                first.failed += record.failed;
                first.failure = first.failure.take().or(record.failure);
                if record.outcome != ScriptOutcome::Asked {
                    first.outcome = record.outcome;
                }
            }
            None => records.push(record),
        }
    }
}

async fn ask_script(
    prober: &Prober,
    script: &Script,
    known: Option<Fetched>,
    questions: &[Question],
    left: &Cell<usize>,
    deadline: Instant,
) -> (ProxyScript, State, Fetched) {
    let began = Instant::now();
    let fetched = match known {
        Some(fetched) => fetched,
        None => prober.fetch_script(&script.url, deadline).await,
    };
    let mut record = ProxyScript {
        origin: script.origin.clone(),
        url: script.shown(),
        outcome: ScriptOutcome::Asked,
        status: fetched.status,
        bytes: fetched.bytes,
        sha256: fetched.sha256.clone(),
        names: Vec::new(),
        failed: 0,
        failure: None,
        ms: 0.0,
    };
    let state = match &fetched {
        Fetched { script: Some(text), .. } => {
            let (names, ways, spent) = answers(prober, text, questions, left, deadline).await;
            record.names = names;
            let state = settle(&mut record, ways);
            if spent && record.failure.is_none() {
                record.failure = Some(format!(
                    "it asks for more names than the {NAMES} that scripts get looked up in a run; the others were said not to exist"
                ));
            }
            state
        }
        Fetched { error, .. } => {
            let error = error.clone().unwrap_or_else(|| "it could not be fetched".to_owned());
            record.outcome = ScriptOutcome::Unfetched(error.clone());
            State::Failed(error)
        }
    };
    record.ms = (began.elapsed().as_secs_f64() * 1e6).round() / 1e3;
    (record, state, fetched)
}

/// What the answers come to as a whole.
fn settle(record: &mut ProxyScript, ways: BTreeMap<String, Ways>) -> State {
    let faults = || ways.values().filter_map(|w| w.here.as_ref().err());
    if let Some(fault) = faults().find(|f| f.is_final()) {
        let said = fault.to_string();
        return match fault {
            Fault::NoScript(_) => {
                record.outcome = ScriptOutcome::NoScript(said.clone());
                State::Failed(said)
            }
            _ => {
                record.outcome = ScriptOutcome::Stopped(said.clone());
                State::Stopped(said)
            }
        };
    }
    record.failed = faults().count();
    record.failure = faults().next().map(ToString::to_string);
    State::Asked(ways)
}

/// Asks a script everything; names that it wants are looked up between the rounds.
async fn answers(
    prober: &Prober,
    text: &str,
    questions: &[Question],
    left: &Cell<usize>,
    deadline: Instant,
) -> (Vec<String>, BTreeMap<String, Ways>, bool) {
    let device = prober.device();
    let mut world =
        pac::World { names: BTreeMap::new(), own: device.ipv4.or(device.ipv6), now: device.clock };
    // With nothing to ask, it is still told whether it is a script.
    let any = [Question::new("localhost", 443, false)];
    let questions = if questions.is_empty() { &any } else { questions };
    let ask = |world: &pac::World| {
        let (text, questions, world) = (text.to_owned(), questions.to_vec(), world.clone());
        // Seconds of computing, at the worst, in which nothing else would be served.
        async move { tokio::task::spawn_blocking(move || pac::ask(&text, &questions, &world)).await }
    };
    let mut here = pac::Outcome::default();
    let mut spent = false;
    for round in 0..ROUNDS {
        here = ask(&world).await.unwrap_or_default();
        if here.asked.is_empty() || round + 1 == ROUNDS || Instant::now() >= deadline {
            break;
        }
        let wanted: BTreeSet<String> = here.asked.iter().take(left.get()).cloned().collect();
        spent |= wanted.len() < here.asked.len();
        if wanted.is_empty() {
            break;
        }
        left.set(left.get() - wanted.len());
        world.names.extend(prober.addresses_of(&wanted, deadline).await);
    }
    let by_own_address = here.answers.iter().any(|a| a.as_ref().is_ok_and(|a| a.by_own_address));
    let elsewhere = if by_own_address {
        ask(&pac::World { own: Some(ELSEWHERE), ..world.clone() }).await.unwrap_or_default().answers
    } else {
        Vec::new()
    };
    let hops = |answer: Result<pac::Answer, Fault>| answer.map(|a| a.hops);
    let mut elsewhere = elsewhere.into_iter().map(hops);
    let ways = questions.iter().zip(here.answers).map(|(question, answer)| {
        let ways = Ways { here: hops(answer), elsewhere: elsewhere.next() };
        (question.url.clone(), ways)
    });
    let ways = ways.collect();
    (world.names.into_keys().collect(), ways, spent)
}
