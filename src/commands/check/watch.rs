//! `check --watch`: the check again and again, and what changes from one round to the next.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::{delivered, exit_code, expected, rendered, write};
use crate::check::{Check, Rounds};
use crate::cli::CheckArgs;
use crate::clock;
use crate::compare::watch::Watch;
use crate::contract::FeatureInfo;
use crate::expect::Expectations;
use crate::failure::Failure;
use crate::observation::Stopped;
use crate::output::{self, Destination, Output};
use crate::probe;
use crate::report::Style;
use crate::report::check::{delivery, progress};
use crate::report::watch::{self, Ended, Subject};
use crate::rules::Rules;
use crate::run::Run;
use crate::telemetry::{Collector, Headers};
use crate::text::visible;

/// Shortest pause between two rounds, however long a round takes.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// Most that a round is put off, so that many devices started at one time do not go on in step.
const MOST_JITTER: Duration = Duration::from_secs(3);

/// What does not go with a watch, with the next step.
///
/// # Errors
/// [`Failure::Usage`].
pub(super) fn accepts(args: &CheckArgs) -> Result<(), Failure> {
    if let Some(why) = args.refused_by_watch() {
        return Err(Failure::Usage(why));
    }
    // `--watch 5`: a value stands behind a `=`, so that a configuration may follow.
    let number = |name: &&String| name.trim_end_matches(['m', 's']).parse::<f64>().is_ok();
    let missing = |name: &&String| !Path::new(name.as_str()).exists();
    match args.derive.config.iter().find(|name| number(name) && missing(name)) {
        Some(name) => Err(Failure::Usage(format!(
            "{name}: there is no such file, and it reads like the interval of a watch; write --watch={name}"
        ))),
        None => Ok(()),
    }
}

/// Where the lines go.
struct Lines {
    style: Style,
    ndjson: bool,
    line: progress::Line,
}

impl Lines {
    /// Whether somebody still reads them.
    fn say(&self, text: &str) -> Result<bool, Failure> {
        if text.is_empty() {
            return Ok(true);
        }
        self.line.aside(|| output::say(text))
    }
}

/// What a watch is made with.
pub(super) struct Made<'a> {
    pub(super) args: &'a CheckArgs,
    pub(super) every: Duration,
    pub(super) check: &'a Check<'a>,
    pub(super) rules: &'a Rules,
    pub(super) features: &'a [FeatureInfo],
    pub(super) promises: Option<&'a Expectations>,
    pub(super) collector: Option<&'a (Collector, Headers)>,
    pub(super) page: Option<PathBuf>,
}

/// Repeats the check until somebody or the number of rounds ends it; the exit code is that of the last complete round.
///
/// # Errors
/// When the first round cannot be made, or an output cannot be written.
pub(super) fn run(made: &Made<'_>, outputs: Vec<Output>) -> Result<ExitCode, Failure> {
    let args = made.args;
    // Asked once before there are other threads, so that the system knows its zone.
    let mut watch = Watch::new(clock::local());
    let (tell, interrupted) = channel();
    probe::when_interrupted(move || {
        let _ = tell.send(());
    })
    .map_err(Failure::Runtime)?;
    let (files, bare): (Vec<Output>, Vec<Output>) = outputs.into_iter().partition(|o| o.file.is_some());
    let lines = Lines {
        style: bare.first().map_or_else(|| Destination::standard().style(&args.output), |o| o.style.clone()),
        ndjson: bare.first().is_some_and(|o| o.format.name == "ndjson"),
        line: if args.output.quiet { progress::Line::hidden() } else { progress::Line::stderr() },
    };
    let mut subject = Subject {
        every_s: made.every.as_secs(),
        rounds: args.watch_rounds,
        label: args.label.clone(),
        rules_date: made.rules.pack.meta.date.to_string(),
        ..Subject::default()
    };
    let jitter = jitter();
    let (mut known, mut last, mut untaken) = (Rounds::default(), None::<Run>, None::<String>);
    let ended = loop {
        let (began, at) = (Instant::now(), clock::local());
        lines.line.says(&watch::text::live(&watch, at, None));
        match made.check.again(began, &mut known, &probe::Quiet) {
            Ok(run) => {
                let mut run = expected(run, made.promises)?;
                run.requirements.set_age(clock::age_of(&run.requirements.rules_date));
                if run.observations.stopped == Some(Stopped::Interrupted) {
                    if last.is_none() {
                        subject.of(&run);
                        return cut_short(made, &lines, &watch, &subject, run, files, bare);
                    }
                    break Ended::Interrupted;
                }
                let mut text = String::new();
                if last.is_none() {
                    subject.of(&run);
                    text = lines.begin(&watch, &subject);
                }
                let changes = watch.take(&run, at);
                text.push_str(&lines.round(&watch, &changes, at));
                if let Some(collector) = made.collector {
                    let (said, outline) = delivered(args, collector, made.rules, &run, made.features);
                    lines.line.aside(|| tell_of(&collector.0, said, outline.as_ref(), untaken.as_ref(), at));
                    untaken = outline;
                }
                last = Some(run);
                if !lines.say(&text)? {
                    break Ended::Unread;
                }
            }
            Err(failure) if last.is_none() => return Err(failure),
            // What the device lacks for a moment (threads, descriptors) must not end a watch of days.
            Err(failure) => {
                let text = visible::message(&failure.to_string());
                lines
                    .line
                    .aside(|| output::aside([format!("clearway: a round was not made: {text}").as_str()]));
            }
        }
        if args.watch_rounds.is_some_and(|most| watch.rounds >= most) {
            break Ended::Rounds;
        }
        let pause = pause(made.every, began.elapsed(), jitter);
        if let Some(ended) = waits(&lines, &watch, &interrupted, pause) {
            break ended;
        }
    };
    lines.line.clear();
    let Some(run) = last else { return Ok(ExitCode::SUCCESS) };
    let code = exit_code(&run, args.fail_on);
    let told = output::say(&lines.end(&watch, &subject, ended, code));
    reports(made, run, files)?;
    told.map(|_| ExitCode::from(code))
}

impl Lines {
    fn begin(&self, watch: &Watch, subject: &Subject) -> String {
        match self.ndjson {
            true => watch::ndjson::begin(watch, subject),
            false => watch::text::begin(watch, subject, &self.style),
        }
    }

    fn round(
        &self,
        watch: &Watch,
        changes: &[crate::compare::watch::Change],
        at: time::OffsetDateTime,
    ) -> String {
        match self.ndjson {
            true => watch::ndjson::round(watch, changes, at),
            false => watch::text::round(watch, changes, at, &self.style),
        }
    }

    fn end(&self, watch: &Watch, subject: &Subject, ended: Ended, code: u8) -> String {
        match self.ndjson {
            true => watch::ndjson::end(watch, ended, code),
            false => watch::text::end(watch, subject, ended, &self.style),
        }
    }
}

/// The end of a watch without a complete round: as a check that was interrupted.
fn cut_short(
    made: &Made<'_>,
    lines: &Lines,
    watch: &Watch,
    subject: &Subject,
    run: Run,
    mut files: Vec<Output>,
    bare: Vec<Output>,
) -> Result<ExitCode, Failure> {
    lines.line.clear();
    let code = exit_code(&run, made.args.fail_on);
    if lines.ndjson {
        let begin = lines.begin(watch, subject);
        output::say(&(begin + &watch::ndjson::end(watch, Ended::Interrupted, code)))?;
    } else {
        files.extend(bare);
    }
    reports(made, run, files)?;
    Ok(ExitCode::from(code))
}

/// Writes the reports of a round.
fn reports(made: &Made<'_>, run: Run, files: Vec<Output>) -> Result<(), Failure> {
    let mut texts = Vec::new();
    for output in &files {
        texts.push(rendered(output, &run, made.features, None, None)?);
    }
    write(files.into_iter().zip(texts))?;
    super::show(made.page.as_deref());
    Ok(())
}

/// Says what a collector did not take, or that it takes it again: where that is not as it was in the round before.
fn tell_of(
    collector: &Collector,
    said: Vec<String>,
    now: Option<&String>,
    before: Option<&String>,
    at: time::OffsetDateTime,
) {
    if now == before {
        return;
    }
    let said = if now.is_none() { vec![delivery::again(&collector.shown())] } else { said };
    for line in said {
        let line = visible::message(&line);
        output::aside([format!("clearway: {}: {line}", watch::shown(at)).as_str()]);
    }
}

/// Waits for the next round; why the watch ends, where it did meanwhile.
fn waits(lines: &Lines, watch: &Watch, interrupted: &Receiver<()>, pause: Duration) -> Option<Ended> {
    let until = Instant::now() + pause;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        lines.line.says(&watch::text::live(watch, clock::local(), Some(left)));
        match interrupted.recv_timeout(left.min(Duration::from_secs(1))) {
            Ok(()) => return Some(Ended::Interrupted),
            // While nothing changes nothing is written, which would tell.
            Err(RecvTimeoutError::Timeout) if !output::is_read() => return Some(Ended::Unread),
            Err(RecvTimeoutError::Timeout) if left.is_zero() => return None,
            Err(RecvTimeoutError::Timeout) => {}
            // Nothing will tell any more.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(left),
        }
    }
}

/// How long to wait after a round that took `took`: its interval counts from begin to begin.
fn pause(every: Duration, took: Duration, jitter: f64) -> Duration {
    let later = every.mul_f64(0.05).min(MOST_JITTER).mul_f64(jitter);
    (every + later).saturating_sub(took).max(LEAST_PAUSE)
}

/// From 0 to 1, another in each process.
fn jitter() -> f64 {
    f64::from((RandomState::new().build_hasher().finish() & 0xffff) as u16) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_begins_an_interval_after_the_last_began_and_never_at_once() {
        let s = Duration::from_secs;
        for (every, took, jitter, expected) in [
            (60, 4, 0.0, s(56)),
            (60, 4, 1.0, s(59)),
            (5, 1, 1.0, Duration::from_millis(4250)),
            (5, 20, 0.0, s(1)),
            (60, 60, 0.0, s(1)),
        ] {
            assert_eq!(pause(s(every), s(took), jitter), expected, "{every} {took} {jitter}");
        }
        assert!((0.0..=1.0).contains(&super::jitter()));
    }
}
