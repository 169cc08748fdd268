//! `clearway check`: derive, probe, judge, report.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Destination, Failure, input};
use crate::cli::{CheckArgs, CheckFormat, FailOn};
use crate::config::{self, Configuration};
use crate::derive::{Requirements, adhoc};
use crate::diagnose::{self, RunVerdict, Verdict};
use crate::observation::{Environment, Observations};
use crate::plan::{self, Plan, ProxyAddress, ProxyChoice, ProxySettings};
use crate::probe::{self, Prober};
use crate::report::{self, Run, progress};
use crate::rules::Pack;
use crate::rules::codes::Codes;
use crate::rules::services::Services;
use crate::terms::Platform;

/// Rounds of experiments after the first wave, at the most.
const ROUNDS: usize = 3;

/// Runs the command; the exit code is the contract's.
///
/// # Errors
/// When an input cannot be read, the output cannot be written, or the prober cannot be set up.
pub fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    let destination = Destination::open(&args.output)?;
    let rules = args.derive.rules.as_deref();
    let pack = input::pack(rules)?;
    let (services, codes) = match rules {
        Some(dir) => (Services::from_dir(dir)?, Codes::from_dir(dir)?),
        None => (Services::embedded()?, Codes::embedded()?),
    };
    let features = input::features(&pack);
    let style = destination.style(&args.output);

    let run = if let Some(path) = &args.replay {
        let mut run = saved(path)?;
        run.judgement = diagnose::judge(&run.plan, &run.observations, &services, &codes);
        run
    } else {
        let (requirements, configurations) = requirements(args, &pack, &services)?;
        let proxies = proxies(args, &configurations, &requirements)?;
        let plan = plan::build(&requirements, &services, &proxies);
        if args.dry_run {
            let text = match args.format {
                CheckFormat::Text => report::dry_run::text(&plan, &settings_of(args), &style),
                CheckFormat::Json => report::dry_run::json(&plan, &settings_of(args)),
            };
            destination.write(text.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        probe_and_judge(args, began, requirements, plan, &proxies, &services, &codes)?
    };

    let code = exit_code(&run, args.fail_on);
    let text = match args.format {
        CheckFormat::Text => report::text::check(&run, &features, &style),
        CheckFormat::Json => report::json::check(&run, &features),
    };
    destination.write(text.as_bytes())?;
    Ok(code)
}

/// The list to probe: derived, named on the command line, or both.
fn requirements(
    args: &CheckArgs,
    pack: &Pack,
    services: &Services,
) -> Result<(Requirements, Vec<Configuration>), Failure> {
    let known = |name: &str| services.for_host(name).is_some();
    let named =
        args.host.iter().map(|text| adhoc::requirement(text, known)).collect::<Result<Vec<_>, _>>()?;
    if named.is_empty() || input::asks_for_configuration(&args.derive) {
        let mut derived = input::derive(&args.derive, pack)?;
        derived.requirements.hosts.extend(named);
        return Ok((derived.requirements, derived.configurations));
    }
    let requirements = Requirements {
        hosts: named,
        notes: Vec::new(),
        lint: Vec::new(),
        app_version: args.derive.app_version.clone().unwrap_or_else(|| pack.meta.newest.clone()),
        platform: args.derive.platform.unwrap_or_else(Platform::here),
        platform_assumed: false,
        rules_date: pack.meta.date.clone(),
        provider: None,
        inputs: Vec::new(),
    };
    Ok((requirements, Vec::new()))
}

/// The proxy settings that decide each actor's route.
fn proxies(
    args: &CheckArgs,
    configurations: &[Configuration],
    requirements: &Requirements,
) -> Result<ProxySettings, Failure> {
    let choice = match args.proxy.as_deref() {
        None => ProxyChoice::AsTheApp,
        Some("system") => ProxyChoice::System,
        Some("none") => ProxyChoice::None,
        Some(url) => ProxyChoice::Fixed(ProxyAddress::parse(url, "--proxy")?),
    };
    let pac = configurations.iter().any(|c| c.is_set(EGRESS_PAC));
    // A script wins over the fixed proxy (domain.md V29); it is not evaluated here, so neither may
    // be taken for the app's route.
    let mut settings = ProxySettings { choice, pac, ..ProxySettings::default() };
    if let Some(url) = configurations.iter().find_map(|c| c.text(EGRESS_PROXY)).filter(|_| !pac) {
        settings.configured = settings.usable(ProxyAddress::parse(url, EGRESS_PROXY));
    }
    // Elsewhere the app takes the operating system's settings and these variables mean nothing.
    if Platform::here() == Platform::Linux {
        let variables = probe::environment::proxy_variables();
        if let Some(variable) = variables.https.or(variables.all) {
            settings.system = settings.usable(ProxyAddress::parse(&variable.value, &variable.name));
        }
        let exempt = variables.no.map(|v| v.value).unwrap_or_default();
        settings.system_bypass = exempt.split(',').map(|e| e.trim().to_owned()).collect();
    }
    settings.inference = requirements
        .hosts
        .iter()
        .find(|r| r.reasons.iter().any(|reason| reason.feature == INFERENCE))
        .map(|r| r.host.clone());
    Ok(settings)
}

/// Names of the keys and the feature that routes depend on.
const EGRESS_PROXY: &str = "egressProxyUrl";
const EGRESS_PAC: &str = "egressProxyPacUrl";
const INFERENCE: &str = "inference";

fn settings_of(args: &CheckArgs) -> report::dry_run::Settings {
    report::dry_run::Settings {
        stage_timeout_ms: millis(args.timeout),
        deadline_ms: millis(args.deadline),
        concurrency: usize::from(args.concurrency),
        resolver: args.resolver.map(|r| r.to_string()),
        controls: Vec::new(),
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
    requirements: Requirements,
    plan: Plan,
    proxies: &ProxySettings,
    services: &Services,
    codes: &Codes,
) -> Result<Run, Failure> {
    let started_at = OffsetDateTime::now_utc();
    let settings = probe::Settings {
        stage_timeout: args.timeout,
        concurrency: usize::from(args.concurrency),
        resolver: args.resolver,
        public_roots: args.public_roots.as_deref().map(probe::read_pem).transpose()?,
        device_ca: args.device_ca.as_deref().map(probe::read_pem).transpose()?.unwrap_or_default(),
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let line = if args.output.quiet { progress::Line::hidden() } else { progress::Line::stderr() };
    let observed = runtime.block_on(async {
        let prober = Prober::new(settings)?;
        let deadline = tokio::time::Instant::from_std(began + args.deadline);
        let mut observations = Observations {
            device: prober.device(),
            stage_timeout_ms: millis(args.timeout),
            ..Observations::default()
        };
        let mut experiments = plan.first_wave();
        for _ in 0..=ROUNDS {
            if experiments.is_empty() {
                break;
            }
            prober.run(&plan, &experiments, &mut observations, deadline, &Shown(&line)).await;
            if observations.stopped.is_some() {
                break;
            }
            experiments = diagnose::next(&plan, &observations);
        }
        Ok::<_, Failure>(observations)
    });
    line.clear();
    // A name lookup of the operating system cannot be cancelled; waiting for it would outlast the
    // deadline.
    runtime.shutdown_background();
    let observations = observed?;
    let environment: Environment = probe::environment::gather(args.resolver, &proxies.describe());
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

/// Reads a saved report.
fn saved(path: &Path) -> Result<Run, Failure> {
    let wrong = |reason: String| Failure::Report { path: path.to_owned(), reason };
    let text = config::file(path, &path.display().to_string())?;
    let json: serde_json::Value = serde_json::from_slice(&text)
        .map_err(|e| wrong(format!("not JSON: {e}; give a report saved with `check --format json`")))?;
    report::json::read_check(json).map_err(|e| wrong(e.to_string()))
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
