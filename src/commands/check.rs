//! `clearway check`: derive, probe, judge, report.

mod watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::device::Beside;
use super::{complete, load_rules};
use crate::check::{self, Check, DryRun, replay};
use crate::cli::{CheckArgs, FailOn, FormatTo};
use crate::clock;
use crate::compare;
use crate::config;
use crate::contract::FeatureInfo;
use crate::diagnose::{self, RunVerdict, Verdict};
use crate::document::check::MAX_TAGS;
use crate::expect;
use crate::failure::Failure;
use crate::logs;
use crate::output::{self, Output};
use crate::plan::trace::Wanted;
use crate::plan::{Announcement, Plan};
use crate::probe;
use crate::redact;
use crate::report;
use crate::report::check::{COMPACT, FORMATS, Statements, delivery, progress};
use crate::rules::Rules;
use crate::run::Run;
use crate::telemetry::{Collector, Headers};
use crate::text::{english, visible};
use crate::vm;

/// Runs the command; the exit code is the contract's.
///
/// # Errors
/// When an input cannot be read, the output cannot be written, or the prober cannot be set up.
pub fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let began = Instant::now();
    if args.watch.is_some() {
        watch::accepts(args)?;
    }
    let mut outputs = Output::open(&formats(args)?, &args.output)?;
    let page = page_to_open(args, &outputs)?;
    let rules = load_rules(args.derive.list.rules.as_deref())?;
    let features = rules.pack.feature_infos();
    let logs = read_logs(args, &rules)?;
    without_log(args, &outputs);
    let results = vm_results(args)?;
    let promises = promises(args)?;
    let collector = collector(args)?;
    few_tags(args.tag.iter().map(|(key, _)| key))?;

    let device;
    let run = if let Some(path) = &args.replay {
        let (run, found) = replay::load_whole(&rules, path)?;
        device = match found.filter(|_| !args.no_device) {
            Some(found) => Some(super::device::saved(&found, &rules).map_err(|reason| Failure::Report {
                path: path.clone(),
                reason: format!("device_report: {reason}"),
            })?),
            None => None,
        };
        let run = run.labelled(args.label.as_deref()).tagged(&args.tag);
        few_tags(run.tags.keys())?;
        if args.vm_script {
            return script(outputs, &vm_script(&run.plan, &rules)?);
        }
        run
    } else {
        remarks(args);
        let options = options(args, collector.as_ref());
        let check = Check::prepare(&options, &rules, began)?;
        let nothing_was = "Nothing was tested. --allow-incomplete tests what is on it; the verdict is then at best unknown.";
        complete(check.list(), &features, args.allow_incomplete, nothing_was)?;
        if args.vm_script {
            return script(outputs, &vm_script(&check.plan()?, &rules)?);
        }
        if args.dry_run {
            if let Some(Output { format, .. }) = outputs.iter().find(|o| o.format.dry_run.is_none()) {
                return Err(Failure::Usage(format!(
                    "--dry-run has no format {0}, for nothing is tested; leave --format {0} out",
                    format.name
                )));
            }
            let DryRun { plan, announced } = check.dry_run()?;
            let settings = dry_run(&options, announced, args.watch);
            return write(outputs.into_iter().filter_map(|o| {
                let text = o.format.dry_run?(&plan, &settings, &o.style);
                Some((o, text))
            }))
            .map(|()| ExitCode::SUCCESS);
        }
        if let Some(every) = args.watch {
            let (features, promises) = (features.as_slice(), promises.as_ref());
            let collector = collector.as_ref();
            let made = watch::Made {
                args,
                every,
                check: &check,
                rules: &rules,
                features,
                promises,
                collector,
                page,
            };
            return watch::run(&made, outputs);
        }
        let line = if args.output.quiet { progress::Line::hidden() } else { progress::Line::stderr() };
        let beside =
            looks_at_device(args, &options).then(|| Beside::start(&options.inputs, check.list(), &rules));
        let run = check.run(&Shown(&line));
        line.clear();
        let patience = args.deadline.saturating_sub(began.elapsed());
        let late = "clearway: the device itself was not looked at in time; `clearway device` does it alone";
        device = beside.and_then(|b| {
            b.wait(patience).or_else(|| {
                output::aside([late]);
                None
            })
        });
        run?
    };

    let mut run = run;
    if let Some(results) = &results {
        run.observations.machine = Some(vm::observe(&run.plan, results, &rules.headers));
        if args.replay.is_some() {
            replay::judge(&mut run, &rules.pack.meta.date, &rules.services, &rules.codes);
        } else {
            run.judgement = diagnose::judge(&run.plan, &run.observations, &rules.services, &rules.codes);
        }
    }
    let run = expected(run, promises.as_ref())?;
    let code = ExitCode::from(exit_code(&run, args.fail_on));
    let device = device.map(|found| compare::device::beside(&run, found, &rules.codes));
    let log = logs.map(|logs| compare::log::beside(&run, &logs));
    let log = log.map(|log| if args.share { log.without_names() } else { log });
    let mut run = run;
    run.requirements.set_age(clock::age_of(&run.requirements.rules_date));
    let device = match &device {
        Some(found) if args.share => {
            let masked = found.report.without_names(&rules, &rules.vocabulary()?);
            // The hosts of the run have other names now.
            Some(compare::device::Device { report: masked, explains: Vec::new() })
        }
        _ => device,
    };
    let run = if args.share {
        redact::share(&run, &rules.services, &rules.codes, &rules.vocabulary()?)?
    } else {
        run
    };
    let mut texts = Vec::new();
    for output in &outputs {
        texts.push(rendered(output, &run, &features, log.as_ref(), device.as_ref())?);
    }
    let written = write(outputs.drain(..).zip(texts));
    if let Some(collector) = &collector {
        deliver(args, collector, &rules, &run, &features, args.output.quiet);
    }
    written?;
    show(page.as_deref());
    Ok(code)
}

/// The run, held against what is promised.
fn expected(mut run: Run, promises: Option<&expect::Expectations>) -> Result<Run, Failure> {
    if let Some(promises) = promises {
        let expected = expect::judge(promises, &run.plan, &run.observations, &run.judgement);
        run.expected = Some(expected.map_err(|e| Failure::Usage(format!("--expect {e}")))?);
    }
    Ok(run)
}

/// Shows the page that `--open` asks for.
fn show(page: Option<&Path>) {
    if let Some(Err(reason)) = page.map(output::browser::show) {
        output::aside([format!("clearway: {}", visible::message(&reason)).as_str()]);
    }
}

/// Whether the device is looked at beside the probes: this one, where its own configuration is checked.
fn looks_at_device(args: &CheckArgs, options: &check::Options) -> bool {
    let named = !options.inputs.configurations.is_empty() || options.inputs.device.root.is_some();
    !args.no_device && !named && args.host.is_empty()
}

/// The file that `--open` shows.
fn page_to_open(args: &CheckArgs, outputs: &[Output]) -> Result<Option<PathBuf>, Failure> {
    if !args.open {
        return Ok(None);
    }
    let page = outputs.iter().find(|o| o.format.name == "html").and_then(|o| o.file.clone());
    let page = page.ok_or_else(|| {
        Failure::Usage("--open shows a page that is saved; add --format html=FILE".to_owned())
    })?;
    Ok(Some(page))
}

/// The formats that are asked for, with the small JSON in place of the whole where it is wanted.
fn formats(args: &CheckArgs) -> Result<Vec<FormatTo>, Failure> {
    if !args.compact {
        return Ok(args.format.clone());
    }
    if !args.format.iter().any(|f| f.format.name == COMPACT.name) {
        return Err(Failure::Usage("--compact makes --format json smaller; add --format json".into()));
    }
    let small = |to: &FormatTo| match to.format.name == COMPACT.name {
        true => FormatTo { format: COMPACT, ..to.clone() },
        false => to.clone(),
    };
    Ok(args.format.iter().map(small).collect())
}

/// The run in one format, with what holds for the whole report and what a log says beside it.
fn rendered(
    output: &Output,
    run: &Run,
    features: &[FeatureInfo],
    log: Option<&compare::log::Log>,
    device: Option<&compare::device::Device>,
) -> Result<String, Failure> {
    let Output { format, style, .. } = output;
    let mut text = match format.statements {
        Statements::Within => (format.render)(run, features, style),
        Statements::Before(mark) => {
            // A saved report brings its own, which anybody may have written.
            let line = |text: &str| report::sanitise::line(text, report::sanitise::LONG);
            let statements: Vec<String> = run.requirements.statements().into_iter().map(line).collect();
            let told = Run { requirements: run.requirements.clone().without_statements(), ..run.clone() };
            let text = (format.render)(&told, features, style);
            output::before(statements.iter().map(String::as_str), mark, text)
        }
    };
    if let (Some(log), Some(beside)) = (log, format.beside_log) {
        text = beside(&text, log, run, style);
    }
    if let (Some(device), Some(beside)) = (device, format.beside_device) {
        text = beside(&text, device, run, style);
    }
    if format.max_bytes.is_some_and(|most| text.len() as u64 > most) {
        return Err(Failure::Usage(
            "the report would be larger than what `check --replay` reads, so nothing was written; choose hosts with --feature or --need".into(),
        ));
    }
    Ok(text)
}

/// Writes every text to its place. A place that fails does not cost the others theirs; the first failure is told.
fn write(texts: impl Iterator<Item = (Output, String)>) -> Result<(), Failure> {
    let mut failed = None;
    for (output, text) in texts {
        if let Err(failure) = output.write(&text) {
            failed.get_or_insert(failure);
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Writes the script for the sandbox's own machine, with which no format goes.
fn script(outputs: Vec<Output>, text: &str) -> Result<ExitCode, Failure> {
    write(outputs.into_iter().take(1).map(|o| (o, text.to_owned())))?;
    Ok(ExitCode::SUCCESS)
}

/// What of the options does not do what it seems to.
fn remarks(args: &CheckArgs) {
    if args.timeout > args.deadline {
        output::aside(["clearway: --timeout is longer than --deadline, so a stage ends with the run"]);
    }
    // The path is not repeated: it may hold a key.
    let beyond = |text: &&String| {
        text.split_once("://").is_some_and(|(_, rest)| rest.trim_end_matches('/').contains('/'))
    };
    for host in args.host.iter().filter(beyond) {
        let host: String = host.split('/').take(3).collect::<Vec<_>>().join("/");
        output::aside([format!(
            "clearway: --host {}: only the host is tested; what follows it is left out",
            visible::message(&host)
        )
        .as_str()]);
    }
}

/// The logs that are held beside the run. They are read first, so that a wrong name costs no run.
fn read_logs(args: &CheckArgs, rules: &Rules) -> Result<Option<logs::Report>, Failure> {
    if args.log.is_empty() {
        return Ok(None);
    }
    let origin = logs::Origin::Named(args.log.clone());
    Ok(Some(logs::read(&origin, rules, super::logs::settings())?))
}

/// Says which of the formats have no place for what a log says.
fn without_log(args: &CheckArgs, outputs: &[Output]) {
    let lacks = |o: &&Output| o.format.beside_log.is_none();
    let names: Vec<&str> = outputs.iter().filter(lacks).map(|o| o.format.name).collect();
    if args.log.is_empty() || args.vm_script || names.is_empty() {
        return;
    }
    let with = FORMATS.iter().filter(|f| f.beside_log.is_some());
    let with: Vec<String> = with.map(|f| format!("--format {}", f.name)).collect();
    let small = if args.compact { " (without --compact)" } else { "" };
    output::aside([format!(
        "clearway: --log adds nothing to the {} {}; {} show it{small}",
        if names.len() == 1 { "format" } else { "formats" },
        english::and(&names),
        english::and(&with),
    )
    .as_str()]);
}

/// What to run in the sandbox's own machine. What is left out of it goes to standard error.
fn vm_script(plan: &Plan, rules: &Rules) -> Result<String, Failure> {
    let Some((script, left_out)) = vm::script(plan, &rules.headers) else {
        return Err(Failure::Usage(
            "--vm-script: by this list the sandbox's own machine contacts no host that a request can be sent to; such hosts \
             come of coworkEgressAllowedHosts and otlpEndpoint"
                .into(),
        ));
    };
    if left_out > 0 {
        output::aside([format!(
            "clearway: {left_out} hosts were left out of the script; choose hosts with --feature or --need"
        )
        .as_str()]);
    }
    Ok(script)
}

/// What the script printed there. It is read first, so that a wrong file costs no run.
fn vm_results(args: &CheckArgs) -> Result<Option<vm::Results>, Failure> {
    let Some(path) = &args.vm_result else { return Ok(None) };
    let (shown, bytes) = if replay::is_standard_input(path) {
        ("standard input".to_owned(), config::standard_input()?)
    } else {
        let shown = path.display().to_string();
        let bytes = config::file(path, &shown)?;
        (shown, bytes)
    };
    vm::read(&bytes).map(Some).map_err(|e| Failure::Usage(format!("--vm-result {shown}: {e}")))
}

/// What the network team promises. It is read first, so that a wrong file costs no run.
fn promises(args: &CheckArgs) -> Result<Option<expect::Expectations>, Failure> {
    let Some(path) = &args.expect else { return Ok(None) };
    let (shown, bytes) = if replay::is_standard_input(path) {
        ("standard input".to_owned(), config::standard_input()?)
    } else {
        let shown = path.display().to_string();
        // The general words for a missing file offer to probe a host of that name.
        if matches!(path.try_exists(), Ok(false)) {
            let shown = crate::text::visible::message(&shown);
            return Err(Failure::Usage(format!(
                "--expect {shown}: there is no such file. `clearway check CONFIG --format expect -o {shown}` makes a first one"
            )));
        }
        (replay::name(path), config::file(path, &shown)?)
    };
    let read = expect::read(&bytes, &shown);
    read.map(Some).map_err(|e| Failure::Usage(format!("--expect: {e}")))
}

/// Refuses more tags than a report may have, which no reader of it would take.
fn few_tags<'a>(keys: impl Iterator<Item = &'a String>) -> Result<(), Failure> {
    let count = keys.collect::<BTreeSet<_>>().len();
    if count <= MAX_TAGS {
        return Ok(());
    }
    Err(Failure::Usage(format!("--tag: {count} tags, and a report has at most {MAX_TAGS}; leave some out")))
}

/// The collector that is named, and what the environment says of its headers. Read first, so that a mistake costs no
/// run.
fn collector(args: &CheckArgs) -> Result<Option<(Collector, Headers)>, Failure> {
    let Some(url) = &args.otlp else { return Ok(None) };
    let collector = Collector::parse(url).map_err(|e| Failure::Usage(e.to_string()))?;
    let headers = Headers::from_variables(|name| std::env::var(name).ok());
    Ok(Some((collector, headers.map_err(|e| Failure::Usage(format!("--otlp: {e}")))?)))
}

/// Sends the run, as it is reported. What to say of it, a line each, and where not all was taken, in which way. No failure
/// here is one of the command.
fn delivered(
    args: &CheckArgs,
    (collector, headers): &(Collector, Headers),
    rules: &Rules,
    run: &Run,
    features: &[FeatureInfo],
) -> (Vec<String>, Option<String>) {
    let (at, what) = (collector.shown(), report::check::telemetry::of(run, features));
    match check::deliver(&options(args, None), rules, (collector, headers), &what) {
        Ok(taken) => {
            let failed = (!delivery::is_whole(&taken)).then(|| delivery::outline(&taken));
            (delivery::lines(&at, &what, &taken, headers.is_empty()), failed)
        }
        Err(failure) => {
            let said = delivery::not_sent(&at, &failure.to_string());
            (vec![said.clone()], Some(said))
        }
    }
}

/// Sends the run and says what became of it; where it is `quiet`, only what was not taken.
fn deliver(
    args: &CheckArgs,
    collector: &(Collector, Headers),
    rules: &Rules,
    run: &Run,
    features: &[FeatureInfo],
    quiet: bool,
) {
    let (lines, failed) = delivered(args, collector, rules, run, features);
    if quiet && failed.is_none() {
        return;
    }
    for line in lines {
        output::aside([format!("clearway: {}", visible::message(&line)).as_str()]);
    }
}

/// The flags as options of a check.
fn options(args: &CheckArgs, collector: Option<&(Collector, Headers)>) -> check::Options {
    let calls = &args.calls;
    check::Options {
        inputs: args.derive.inputs(),
        hosts: args.host.clone(),
        stage_timeout: args.timeout,
        deadline: args.deadline,
        concurrency: usize::from(args.concurrency),
        resolver: args.resolver,
        compare_dns: args.compare_dns,
        proxy: args.proxy.clone(),
        public_roots: args.public_roots.clone(),
        device_ca: args.device_ca.clone(),
        controls: !args.no_controls,
        bootstrap: args.bootstrap,
        download_test: args.download_test,
        trace: traced(&args.trace),
        inference: check::Inference {
            with_credentials: calls.with_credentials,
            run_helpers: calls.run_helpers,
            credential_hosts: calls.credential_host.clone(),
            expect_ca: calls.expect_ca.clone(),
            trust_interception: calls.trust_interception,
            idle: calls.idle,
        },
        label: args.label.clone(),
        tags: args.tag.clone(),
        collector: collector.map(|(collector, _)| collector.clone()),
    }
}

/// `--trace` without a name stands for one blocked host of each cause.
fn traced(named: &[String]) -> Wanted {
    let hosts = named.iter().filter(|name| !name.is_empty()).cloned().collect();
    Wanted { hosts, causes: named.iter().any(String::is_empty) }
}

/// How the run would be made, and what it would send.
fn dry_run(
    options: &check::Options,
    announced: Vec<Announcement>,
    every: Option<Duration>,
) -> report::check::dry_run::Settings {
    report::check::dry_run::Settings {
        stage_timeout_ms: millis(options.stage_timeout),
        deadline_ms: millis(options.deadline),
        concurrency: options.concurrency,
        resolver: options.resolver.map(|r| r.to_string()),
        compare_dns: options.compare_dns.map(|r| r.to_string()),
        announced,
        idle_ms: options.inference.idle.map(millis),
        user_agent: probe::USER_AGENT.to_owned(),
        every_s: every.map(|every| every.as_secs()),
    }
}

/// Whole milliseconds.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
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
fn exit_code(run: &Run, fail_on: FailOn) -> u8 {
    let is_broken = run.expected.as_ref().is_some_and(|e| e.unmet > 0);
    let any_blocked = run.judgement.hosts.iter().any(|h| h.verdict == Verdict::Blocked);
    match (fail_on, run.judgement.verdict) {
        (FailOn::None, _) => 0,
        (_, RunVerdict::Blocked) => 1,
        _ if is_broken => 1,
        (FailOn::Any, _) if any_blocked => 1,
        (_, RunVerdict::Unknown) => 3,
        (_, RunVerdict::Degraded | RunVerdict::Ready) => 0,
    }
}
