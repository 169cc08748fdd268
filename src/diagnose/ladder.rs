//! The ladder of one attempt: name, connection (or proxy), handshake and certificate, answer; and
//! which of a path's attempts counts.

use super::context::{Context, View};
use super::evidence::{Draft, Step, Walk};
use super::experiment::{addresses, burst, captive_portal, repeat, slow};
use super::finding::{Code, Verdict};
use super::line;
use super::service::inference;
use super::stage::{block_page, dns, http, proxy, tcp, tls};
use crate::observation::{Attempt, Stopped};
use crate::plan::{Path, Route, Target};

/// The attempt of a path that counts. One that was cut off counts only where there is no other. Of
/// two that disagree the better one counts: what works on the second try is not blocked.
pub(crate) fn best(context: &Context<'_>, target: &Target, index: usize, path: &Path) -> Walk {
    let service = target.service.as_deref().and_then(|id| context.services.by_id(id));
    let all: Vec<&Attempt> = context.observations.tries(target.id, index).collect();
    let counted: Vec<&Attempt> = all.iter().filter(|a| a.cut.is_none()).copied().collect();
    let mut walks: Vec<Walk> =
        counted.iter().map(|attempt| ladder(&View { context, target, path, attempt, service })).collect();
    if walks.is_empty() {
        let cut = all.iter().find_map(|a| a.cut).or(context.observations.stopped);
        return untested(cut, !all.is_empty());
    }
    let verdicts: Vec<Verdict> = walks.iter().map(|w| w.verdict(context.codes)).collect();
    // Of equals the earlier one, but for what a limit silenced and a slow try got past.
    let back: Vec<bool> =
        counted.iter().map(|a| burst::held_back(context.observations, a, Some(context.codes))).collect();
    let place = |(n, verdict): (usize, &Verdict)| (*verdict, back.get(n).copied().unwrap_or_default(), n);
    let chosen = verdicts.iter().enumerate().map(place).min().map(|(.., n)| n).unwrap_or_default();
    let chosen = failing_address(context, &counted, &verdicts, chosen).unwrap_or(chosen);
    let mut walk = walks.swap_remove(chosen);
    // `swap_remove` moved the last walk into the gap; the others are only looked at for their code.
    let others: Vec<(Code, Verdict)> = walks
        .iter()
        .map(|w| {
            let worst = w.verdict(context.codes);
            let first = w.found.iter().find(|f| f.verdict_by(context.codes) == worst);
            (first.map_or(Code::Ok, |f| f.code), worst)
        })
        .collect();
    repeat::read(&mut walk, &others, context);
    burst::read(context, target.id, index, &mut walk);
    inference::judge(context, target, index, &mut walk);
    walk
}

/// A try that failed at an address that fails each time it is tried, where the one that worked went to another: the
/// app goes where the resolver sends it, and may meet either.
fn failing_address(
    context: &Context<'_>,
    counted: &[&Attempt],
    verdicts: &[Verdict],
    chosen: usize,
) -> Option<usize> {
    let (worked, verdict) = (counted.get(chosen)?, verdicts.get(chosen)?);
    let worse = |(n, failed): &(usize, &&Attempt)| {
        verdicts.get(*n).is_some_and(|v| v > verdict)
            && addresses::keeps_failing(context.observations, failed, worked)
    };
    counted.iter().enumerate().find(worse).map(|(n, _)| n)
}

/// What is said of a host for which a run that ended so had no time.
pub(crate) const fn left_by(stopped: Stopped) -> Code {
    match stopped {
        Stopped::Deadline => Code::UntestedDeadline,
        Stopped::Interrupted => Code::UntestedInterrupted,
    }
}

fn untested(stopped: Option<Stopped>, began: bool) -> Walk {
    let why = match stopped {
        Some(Stopped::Deadline) => "the deadline passed",
        Some(Stopped::Interrupted) => "the run was stopped",
        None => "no attempt was recorded",
    };
    let code = stopped.map_or(Code::UntestedInterrupted, left_by);
    let when = if began { "while it was under way" } else { "before its turn" };
    let line = if stopped.is_some() { format!("{why} {when}") } else { why.to_owned() };
    Walk { found: vec![Draft::new(code, line)], ..Walk::default() }
}

/// Down the ladder: name, connection (or proxy), handshake and certificate, answer.
pub(crate) fn ladder(view: &View<'_>) -> Walk {
    let mut walk = Walk::default();
    walk.timings.total = Some(view.attempt.ms);
    type Stage = fn(&View<'_>, &mut Walk) -> Step;
    let stages: &[Stage] = match view.path.route {
        Route::Direct => &[dns::judge, tcp::judge, tls::judge, http::judge],
        Route::Proxy { .. } => &[proxy::judge, tls::judge, http::judge],
    };
    for stage in stages {
        if stage(view, &mut walk).is_break() {
            break;
        }
    }
    slow::read(view, &mut walk);
    addresses::read(view, &mut walk);
    line::doubt(view.context, &mut walk);
    block_page::judge(view, &mut walk);
    captive_portal::read(view, &mut walk);
    walk
}
