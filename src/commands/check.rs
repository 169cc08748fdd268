//! `clearway check`: derive, probe, judge, report.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::input::{self, Derived};
use super::routes::Planner;
use super::{Destination, Failure, calls, replay, rounds, standing};
use crate::cli::{CheckArgs, CheckFormat, FailOn};
use crate::contract::Platform;
use crate::contract::ids::NoteId;
use crate::derive::{self, HostPattern, Requirements, adhoc};
use crate::diagnose::{self, Prospect, RunVerdict, Verdict};
use crate::observation::{Environment, Observations};
use crate::plan::{Announcement, Control};
use crate::probe::{self, Prober};
use crate::redact;
use crate::report;
use crate::report::check::progress;
use crate::rules::Rules;
use crate::run::Run;

/// Runs the command; the exit code is the contract's.
///
/// # Errors
/// When an input cannot be read, the output cannot be written, or the prober cannot be set up.
pub fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let destination = Destination::open(&args.output)?;
    let rules = standing::rules(args.derive.list.rules.as_deref())?;
    let features = input::features(&rules.pack);
    let style = destination.style(&args.output);

    let run = if let Some(path) = &args.replay {
        replay::load(&rules, path)?.labelled(args.label.as_deref())
    } else {
        let derived = derived(args, &rules)?;
        let nothing_was = "Nothing was tested. --allow-incomplete tests what is on it; the verdict is then at best unknown.";
        input::complete(&derived.requirements, &features, args.allow_incomplete, nothing_was)?;
        let planner = Planner::new(args, &rules);
        if args.dry_run {
            let (plan, endpoints) = planner.unread(&derived)?;
            let scripts = planner.scripts();
            let announced = diagnose::announce(&Prospect {
                controls: controls(args, &rules),
                scripts: &scripts,
                calls: &endpoints,
                resolver: args.resolver,
                compare_dns: args.compare_dns,
                bootstrap: args.bootstrap,
                download_test: args.download_test,
                idle_ms: args.calls.idle.map(millis),
                ..Prospect::new(&plan, &rules.services)
            });
            let settings = dry_run(args, announced);
            let text = match args.format {
                CheckFormat::Text => report::check::dry_run::text(&plan, &settings, &style),
                CheckFormat::Json => report::check::dry_run::json(&plan, &settings),
                CheckFormat::Ticket => {
                    return Err(Failure::Usage(
                        "--dry-run has no tickets, for nothing is tested; leave --format ticket out".into(),
                    ));
                }
            };
            destination.write(text.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        probe_and_judge(args, began, derived, &planner)?
    };

    let code = exit_code(&run, args.fail_on);
    let mut run = run;
    run.requirements.set_age(standing::age_of(&run.requirements.rules_date));
    let mut run = if args.share {
        redact::share(&run, &rules.services, &rules.codes, &rules.vocabulary()?)?
    } else {
        run
    };
    let statements: Vec<String> = run.requirements.statements().into_iter().map(str::to_owned).collect();
    if args.format != CheckFormat::Json {
        run.requirements = standing::without(&run.requirements);
    }
    let text = match args.format {
        CheckFormat::Text => report::check::text::render(&run, &features, &style),
        CheckFormat::Json => report::check::json::render(&run, &features),
        CheckFormat::Ticket => report::check::ticket::render(&run, &features),
    };
    let text = match args.format {
        CheckFormat::Json => text,
        _ => standing::before(statements.iter().map(String::as_str), "", text),
    };
    destination.write(text.as_bytes())?;
    Ok(code)
}

/// The list to probe: derived, named on the command line, or both.
fn derived(args: &CheckArgs, rules: &Rules) -> Result<Derived, Failure> {
    let Rules { pack, services, .. } = rules;
    let known = |name: &str| services.for_host(name).is_some();
    let never = |host: &HostPattern| pack.networks.is_metadata(host);
    let named =
        args.host.iter().map(|text| adhoc::requirement(text, known, never)).collect::<Result<Vec<_>, _>>()?;
    if named.is_empty() || input::asks_for_configuration(&args.derive) {
        let mut derived = input::derive(&args.derive, rules)?;
        derive::add_hosts(&mut derived.requirements, named);
        return Ok(derived);
    }
    let mut requirements = Requirements {
        hosts: Vec::new(),
        notes: Vec::new(),
        lint: Vec::new(),
        missing: Vec::new(),
        app_version: args.derive.app_version.clone().unwrap_or_else(|| pack.meta.newest.clone()),
        platform: args.derive.list.platform.unwrap_or_else(Platform::here),
        platform_assumed: false,
        rules_date: pack.meta.date.clone(),
        rules_age: standing::age_of(&pack.meta.date),
        provider: None,
        inputs: Vec::new(),
        sources: Vec::new(),
    };
    if let Some(text) = derive::not_known(pack, &requirements.app_version) {
        let id = NoteId::NOT_KNOWN.into();
        requirements.notes.push(derive::Note { id, text, keys: Vec::new() });
    }
    derive::add_hosts(&mut requirements, named);
    Ok(Derived {
        requirements,
        configurations: Vec::new(),
        inference: None,
        proxy_script: false,
        pinned_proxy: None,
        lacks_inference: false,
        documents: Vec::new(),
    })
}

/// The controls that may be asked; none with `--no-controls`.
fn controls<'a>(args: &CheckArgs, rules: &'a Rules) -> &'a [Control] {
    if args.no_controls { &[] } else { &rules.controls }
}

/// How the run would be made, and what it would send.
fn dry_run(args: &CheckArgs, announced: Vec<Announcement>) -> report::check::dry_run::Settings {
    report::check::dry_run::Settings {
        stage_timeout_ms: millis(args.timeout),
        deadline_ms: millis(args.deadline),
        concurrency: usize::from(args.concurrency),
        resolver: args.resolver.map(|r| r.to_string()),
        compare_dns: args.compare_dns.map(|r| r.to_string()),
        announced,
        idle_ms: args.calls.idle.map(millis),
        user_agent: probe::USER_AGENT.to_owned(),
    }
}

/// Whole milliseconds.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Sends the plan, lets the diagnosis ask for more, and judges what was seen.
fn probe_and_judge(
    args: &CheckArgs,
    began: Instant,
    derived: Derived,
    planner: &Planner<'_>,
) -> Result<Run, Failure> {
    let rules = planner.rules;
    let Rules { services, codes, .. } = rules;
    let started_at = OffsetDateTime::now_utc();
    let settings = probe::Settings {
        stage_timeout: args.timeout,
        concurrency: usize::from(args.concurrency),
        resolver: args.resolver,
        compare_dns: args.compare_dns,
        public_roots: args.public_roots.as_deref().map(probe::read_pem).transpose()?,
        device_ca: args.device_ca.as_deref().map(probe::read_pem).transpose()?.unwrap_or_default(),
        ..probe::Settings::of(rules)
    };
    let trust = probe::environment::TrustNote {
        public_roots_replaced: settings.public_roots.is_some(),
        device_ca: settings.device_ca.len(),
    };
    let controls = controls(args, rules);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let line = if args.output.quiet { progress::Line::hidden() } else { progress::Line::stderr() };
    let observed = runtime.block_on(async {
        let prober = Prober::new(settings)?;
        let deadline = tokio::time::Instant::from_std(began + args.deadline);
        let shown = Shown(&line);
        let (plan, endpoints) = planner.first(&prober, deadline, &derived).await?;
        let mut call_settings = calls::settings(args, &plan)?;
        let course = rounds::Course {
            args,
            rules,
            prober: &prober,
            deadline,
            progress: &shown,
            planner,
            controls,
            asked: std::cell::Cell::new(controls.is_empty()),
        };
        let observations = Observations { stage_timeout_ms: millis(args.timeout), ..Observations::default() };
        let (requirements, plan, mut observations) = course.run(derived, plan, observations).await?;
        if !endpoints.is_empty() || call_settings.quiet.is_some() {
            let judged = diagnose::judge(&plan, &observations, services, codes);
            calls::learn(&mut call_settings, &plan, &observations, &judged, services);
            // The silence that was asked for is not the run's fault.
            let deadline = deadline + args.calls.idle.unwrap_or_default();
            let what = (&plan, services.calls());
            prober.call(what, endpoints, call_settings, &mut observations, deadline).await?;
        }
        Ok::<_, Failure>((requirements, plan, observations))
    });
    line.clear();
    // A name lookup of the operating system cannot be cancelled; waiting for it would outlast the
    // deadline.
    runtime.shutdown_background();
    let (requirements, plan, mut observations) = observed?;
    let (proxies, scripts) = planner.finish();
    observations.scripts = scripts;
    let environment: Environment = probe::environment::gather(args.resolver, &proxies, &trust);
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
        label: args.label.clone(),
        duration_ms: millis(began.elapsed()),
    })
}

/// Shows the prober's progress as a line of the report's kind.
struct Shown<'a>(&'a progress::Line);

impl probe::Progress for Shown<'_> {
    fn planned(&self, attempts: usize) {
        self.0.planned(attempts);
    }

    fn finished(&self, done: usize, host: &str) {
        self.0.finished(done, host);
    }
}

/// The contract's exit codes.
fn exit_code(run: &Run, fail_on: FailOn) -> ExitCode {
    let any_blocked = run.judgement.hosts.iter().any(|h| h.verdict == Verdict::Blocked);
    ExitCode::from(match (fail_on, run.judgement.verdict) {
        (FailOn::None, _) => 0,
        (_, RunVerdict::Blocked) => 1,
        (FailOn::Any, _) if any_blocked => 1,
        (_, RunVerdict::Unknown) => 3,
        (_, RunVerdict::Degraded | RunVerdict::Ready) => 0,
    })
}
