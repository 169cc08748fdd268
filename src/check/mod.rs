//! The course of a check: derive the list, plan the routes, probe in waves, judge. No command line and no
//! rendering: [`Check`] takes [`Options`] and gives a [`Run`].

mod bootstrap;
mod course;
mod inference;
mod inputs;
mod options;
pub mod replay;
mod rounds;
mod routes;

pub use inputs::{Derived, Inputs, Installed, lacking, list};
pub use options::{Inference, Options};
pub use rounds::Rounds;

use std::path::Path;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clock;
use crate::config::{self, ConfigError};
use crate::contract::Platform;
use crate::contract::ids::NoteId;
use crate::derive::{self, HostPattern, Requirement, Requirements, adhoc};
use crate::diagnose::{self, Prospect, Verdict};
use crate::failure::Failure;
use crate::observation::{Environment, Observations};
use crate::plan::trace::Wanted;
use crate::plan::{Announcement, Control, Plan};
use crate::probe::{self, Prober, Progress};
use crate::rules::Rules;
use crate::run::Run;
use crate::telemetry::{Collector, Delivery, Headers, Telemetry};
use crate::text::line;
use course::Course;
use rounds::Round;
use routes::Planner;

/// A check whose list is derived: nothing was sent yet.
pub struct Check<'a> {
    options: &'a Options,
    rules: &'a Rules,
    derived: Derived,
    began: Instant,
}

/// What a check would send.
#[derive(Debug)]
pub struct DryRun {
    /// The hosts and the routes to them.
    pub plan: Plan,
    /// Everything that may be sent, each kind once.
    pub announced: Vec<Announcement>,
}

impl<'a> Check<'a> {
    /// Derives the list to probe. The run's time and deadline count from `began`.
    ///
    /// # Errors
    /// When an input cannot be read, or a host or feature is named that is none.
    pub fn prepare(options: &'a Options, rules: &'a Rules, began: Instant) -> Result<Self, Failure> {
        let derived = derived(options, rules).map_err(|failure| match failure {
            // `check --trace FILE` names no configuration, and there is none on this device to take its place.
            Failure::Config(ConfigError::NoneOnDevice { .. }) => a_file(&options.trace).unwrap_or(failure),
            other => other,
        })?;
        Ok(Self { options, rules, derived, began })
    }

    /// The list that is probed.
    pub fn list(&self) -> &Requirements {
        &self.derived.requirements
    }

    /// The hosts and the routes to them, without what is sent: no script of a proxy is read.
    ///
    /// # Errors
    /// When the proxy that is named is none.
    pub fn plan(&self) -> Result<Plan, Failure> {
        Ok(Planner::new(self.options, self.rules).unread(&self.derived)?.0)
    }

    /// What [`Self::run`] would send. Sends nothing: a proxy script is not read.
    ///
    /// # Errors
    /// When the proxy that is named is none.
    pub fn dry_run(&self) -> Result<DryRun, Failure> {
        let options = self.options;
        let planner = Planner::new(options, self.rules);
        let (plan, endpoints) = planner.unread(&self.derived)?;
        known(&options.trace, &plan)?;
        let scripts = planner.scripts();
        let announced = diagnose::announce(&Prospect {
            controls: controls(options, self.rules),
            scripts: &scripts,
            calls: &endpoints,
            resolver: options.resolver,
            compare_dns: options.compare_dns,
            bootstrap: options.bootstrap,
            download_test: options.download_test,
            idle_ms: options.inference.idle.map(millis),
            traced: options.trace.clone(),
            collector: options.collector.as_ref(),
            ..Prospect::new(&plan, &self.rules.services)
        });
        Ok(DryRun { plan, announced })
    }

    /// Sends the plan, lets the diagnosis ask for more, and judges what was seen. Blocks the thread, which must
    /// not be one of an asynchronous runtime.
    ///
    /// # Errors
    /// When the prober cannot be set up, or a certificate file cannot be read.
    pub fn run(self, progress: &dyn Progress) -> Result<Run, Failure> {
        let began = self.began;
        self.send(began, progress, &Round::default())
    }

    /// The same once more, from `began` on, with the same list. `known` is what the rounds before showed, which
    /// spares experiments; it is then what the next round must know, also where this one is not made.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn again(&self, began: Instant, known: &mut Rounds, progress: &dyn Progress) -> Result<Run, Failure> {
        let now = OffsetDateTime::now_utc();
        let now_ms = now.unix_timestamp() * 1000 + i64::from(now.millisecond());
        let same = Self { derived: self.derived.clone(), ..*self };
        let round = Round::after(std::mem::take(known), now_ms);
        let made = same.send(began, progress, &round);
        *known = match &made {
            Ok(run) => round.finish(&run.plan, &run.observations, &run.judgement, self.rules),
            Err(_) => round.unmade(),
        };
        made
    }

    fn send(self, began: Instant, progress: &dyn Progress, round: &Round) -> Result<Run, Failure> {
        if !self.options.trace.hosts.is_empty() {
            known(&self.options.trace, &self.plan()?)?;
        }
        let Self { options, rules, derived, .. } = self;
        let planner = Planner::new(options, rules);
        let Rules { services, codes, .. } = rules;
        let started_at = OffsetDateTime::now_utc();
        let settings = settings(options, rules)?;
        let trust = probe::environment::TrustNote {
            public_roots_replaced: settings.public_roots.is_some(),
            device_ca: settings.device_ca.len(),
        };
        let controls = controls(options, rules);
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
        let observed = runtime.block_on(async {
            let prober = Prober::new(settings)?;
            let deadline = tokio::time::Instant::from_std(began + options.deadline);
            let (plan, endpoints) = planner.first(&prober, deadline, &derived).await?;
            let mut call_settings = inference::settings(options, &plan)?;
            let course = Course {
                options,
                rules,
                prober: &prober,
                deadline,
                progress,
                planner: &planner,
                controls,
                asked: std::cell::Cell::new(controls.is_empty()),
                held: std::cell::Cell::default(),
                round,
            };
            let observations =
                Observations { stage_timeout_ms: millis(options.stage_timeout), ..Observations::default() };
            let (requirements, plan, mut observations) = course.run(derived, plan, observations).await?;
            if !endpoints.is_empty() || call_settings.quiet.is_some() {
                let judged = diagnose::judge(&plan, &observations, services, codes);
                inference::learn(&mut call_settings, &plan, &observations, &judged, services);
                // The silence that was asked for is not the run's fault.
                let deadline = course.deadline() + options.inference.idle.unwrap_or_default();
                let what = (&plan, services.calls());
                prober.call(what, endpoints, call_settings, &mut observations, deadline).await?;
            }
            if !options.trace.is_empty() {
                let judged = diagnose::judge(&plan, &observations, services, codes);
                let (causes, hosts) = (&judged.causes, &judged.hosts);
                let mut jobs = diagnose::traces(&plan, &observations, causes, hosts, &options.trace);
                if round.is_repeated() {
                    let resting = round.resting();
                    let fails = |id| hosts.iter().any(|h| h.target == id && h.verdict == Verdict::Blocked);
                    jobs.retain(|job| fails(job.target) && !resting.contains(&job.target));
                }
                prober.trace(&jobs, &mut observations).await;
            }
            Ok::<_, Failure>((requirements, plan, observations))
        });
        // A name lookup of the operating system cannot be cancelled; waiting for it would outlast the
        // deadline.
        runtime.shutdown_background();
        let (requirements, plan, mut observations) = observed?;
        let (proxies, scripts) = planner.finish();
        observations.scripts = scripts;
        let environment: Environment = probe::environment::gather(options.resolver, &proxies, &trust);
        let judgement = diagnose::judge(&plan, &observations, services, codes);
        Ok(Run {
            requirements,
            plan,
            observations,
            judgement,
            environment,
            started_at: started_at
                .replace_nanosecond(0)
                .unwrap_or(started_at)
                .format(&Rfc3339)
                .unwrap_or_default(),
            label: options.label.clone(),
            tags: options.tags.iter().cloned().collect(),
            duration_ms: millis(began.elapsed()),
            is_replayed: false,
            expected: None,
        })
    }
}

/// How the network is asked, by the options.
fn settings(options: &Options, rules: &Rules) -> Result<probe::Settings, Failure> {
    Ok(probe::Settings {
        stage_timeout: options.stage_timeout,
        concurrency: options.concurrency,
        resolver: options.resolver,
        compare_dns: options.compare_dns,
        public_roots: options.public_roots.as_deref().map(probe::read_pem).transpose()?,
        device_ca: options.device_ca.as_deref().map(probe::read_pem).transpose()?.unwrap_or_default(),
        ..probe::Settings::of(rules)
    })
}

/// Sends what is said of a run to the collector, by the options' name servers and trust, and by nothing else of the
/// run. Blocks the thread as [`Check::run`] does, for [`probe::BUDGET`] at the most.
///
/// # Errors
/// When the prober cannot be set up. That the collector refuses or is not there is part of the answer.
pub fn deliver(
    options: &Options,
    rules: &Rules,
    (collector, headers): (&Collector, &Headers),
    what: &Telemetry,
) -> Result<Delivery, Failure> {
    let settings = settings(options, rules)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let delivered =
        runtime.block_on(async { Ok(Prober::new(settings)?.deliver(collector, headers, what).await) });
    runtime.shutdown_background();
    delivered
}

/// The list to probe: derived, named by the caller, or both.
fn derived(options: &Options, rules: &Rules) -> Result<Derived, Failure> {
    let pack = &rules.pack;
    let named = named(options, rules)?;
    let inputs = &options.inputs;
    if named.is_empty() || inputs.name_a_configuration() {
        let mut derived = inputs.derive(rules)?;
        derive::add_hosts(&mut derived.requirements, named);
        bounded(&derived.requirements)?;
        return Ok(derived);
    }
    let mut requirements = Requirements {
        hosts: Vec::new(),
        notes: Vec::new(),
        lint: Vec::new(),
        missing: Vec::new(),
        app_version: inputs.list.app_version.clone().unwrap_or_else(|| pack.meta.newest.clone()),
        platform: inputs.list.platform.unwrap_or_else(Platform::here),
        platform_assumed: false,
        rules_date: pack.meta.date.to_string(),
        rules_age: clock::age_of(&pack.meta.date),
        provider: None,
        inputs: Vec::new(),
        sources: Vec::new(),
        by_address: Default::default(),
    };
    if let Some(text) = derive::not_known(pack, &requirements.app_version) {
        let id = NoteId::NOT_KNOWN.into();
        requirements.notes.push(derive::Note { id, text, keys: Vec::new() });
    }
    derive::add_hosts(&mut requirements, named);
    bounded(&requirements)?;
    Ok(Derived::of(requirements))
}

/// Hosts that are left free in a report for those that answers name.
const FOUND: usize = 500;

/// Refuses a list of which no report could be read again.
fn bounded(list: &Requirements) -> Result<(), Failure> {
    let most = derive::MOST_HOSTS - FOUND;
    if list.hosts.len() <= most {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "the list has {} hosts, and a check takes {most} at the most: a report of more could not be read again. Check it in \
         parts (--feature NAME, --minimal, --host NAME), or see the whole list with clearway hosts",
        list.hosts.len(),
    )))
}

/// The hosts that the caller names.
fn named(options: &Options, rules: &Rules) -> Result<Vec<Requirement>, Failure> {
    let known = |name: &str| rules.services.for_host(name).is_some();
    let never = |host: &HostPattern| rules.pack.networks.is_metadata(host);
    let all = options.hosts.iter().map(|text| adhoc::requirement(text, known, never));
    Ok(all.collect::<Result<Vec<_>, _>>()?)
}

/// Refuses to trace what is not on the list: nothing is sent to any other host.
fn known(wanted: &Wanted, plan: &Plan) -> Result<(), Failure> {
    match wanted.unknown(&plan.targets) {
        None => Ok(()),
        Some(name) => Err(a_file(wanted).unwrap_or_else(|| {
            Failure::Usage(format!(
                "--trace {0}: this host is not on the list, and nothing is sent to any other; add --host {0}, or write \
                 --trace last, without a name, to trace one blocked host of each cause",
                line::seen(name, 100)
            ))
        })),
    }
}

/// What to say where a name to trace is a file: most often the configuration, which `--trace` before it took for its
/// host.
fn a_file(wanted: &Wanted) -> Option<Failure> {
    let is_file = |name: &&String| config::ends_like_a_file(name) || Path::new(name.as_str()).exists();
    let file = line::seen(wanted.hosts.iter().find(is_file)?, 100);
    Some(Failure::Usage(format!(
        "--trace {file}: this is a file, and --trace takes a host. CONFIG goes before it: clearway check {file} --trace, or \
         clearway check {file} --trace HOST"
    )))
}

/// The controls that may be asked.
fn controls<'a>(options: &Options, rules: &'a Rules) -> &'a [Control] {
    if options.controls { &rules.controls } else { &[] }
}

/// Whole milliseconds.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
