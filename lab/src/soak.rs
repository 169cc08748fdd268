//! The long form: three matrices in a row, every scenario where packets are lost, and many runs
//! against healthy hosts.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::lab::{Round, play_matrix};
use crate::link::LinkSpec;
use crate::matrix::Matrix;
use crate::runner::Bench;
use crate::scenario::Scenario;

/// The scenario of the runs against healthy hosts.
pub const HEALTHY: &str = "healthy-lossy";
/// Runs against healthy hosts, unless another number is asked for.
pub const HEALTHY_RUNS: usize = 200;
/// Matrices in a row, unless another number is asked for.
pub const MATRICES: usize = 3;
/// Where packets are lost: round trip and loss in each direction.
const LOSSY: (f64, f64) = (200.0, 5.0);
/// The loss of the healthy runs, percent.
const HEALTHY_LOSS: f64 = 2.0;
/// The round trip of the healthy runs.
const HEALTHY_RTT_MS: f64 = 30.0;
/// Warnings that may stand for `ok` where packets are lost.
const SLOW: [&str; 2] = ["http/slow", "dns/slow"];

/// Runs everything and prints totals; an error when anything was not as expected.
pub fn run(
    bench: &Bench,
    scenarios: &[Scenario],
    jobs: usize,
    (matrices, healthy): (usize, usize),
    say: &(impl Fn(&str) -> Outcome<()> + Sync),
) -> Outcome<()> {
    let started = Instant::now();
    let mut totals = Vec::new();
    let mut all = Matrix::default();
    for number in 1..=matrices {
        say(&format!(
            "soak: matrix {number} of {matrices}, {} scenarios, {jobs} at a time",
            scenarios.len()
        ))?;
        let round = play_matrix(bench, scenarios, jobs);
        all.add_all(&round.matrix);
        totals.push(total(&format!("matrix {number}"), &round));
    }
    if matrices > 0 {
        say(&format!("\n{}", all.render()))?;
    }

    let lossy: Vec<Scenario> = scenarios.iter().filter_map(|scenario| with_loss(scenario, 1)).collect();
    let (rtt, loss) = LOSSY;
    say(&format!("soak: {} scenarios at {rtt} ms and {loss} % loss", lossy.len()))?;
    for left_out in scenarios.iter().filter(|s| s.needs_steady_network.is_some()) {
        let why = left_out.needs_steady_network.as_deref().unwrap_or_default();
        say(&format!("left out: {} ({why})", left_out.name))?;
    }
    let round = play_matrix(bench, &lossy, jobs);
    say(&format!("\n{}", round.matrix.render()))?;
    totals.push(total(&format!("at {rtt} ms and {loss} % loss"), &round));

    let (line, blocked) = healthy_runs(bench, scenarios, healthy, jobs, say)?;
    say("")?;
    for (line, _) in &totals {
        say(line)?;
    }
    say(&line)?;
    say(&format!("soak: {:.0} s", started.elapsed().as_secs_f64()))?;
    let failed: usize = totals.iter().map(|(_, failed)| failed).sum();
    if failed + blocked == 0 {
        return say("soak passed");
    }
    Err(format!("soak: {failed} scenarios failed, {blocked} healthy runs had a blocked host"))
}

fn total(what: &str, round: &Round) -> (String, usize) {
    let identity = if round.matrix.is_identity() { "the identity" } else { "NOT the identity" };
    let mut line = format!("{what}: {} passed, {} failed, {identity}", round.passed, round.failed.len());
    if !round.not_run.is_empty() {
        line += &format!(", {} NOT RUN", round.not_run.len());
    }
    if !round.failed.is_empty() {
        line += &format!(": {}", round.failed.join(", "));
    }
    (line, round.failed.len())
}

/// The scenario where packets are lost; none for one that needs a steady network.
fn with_loss(scenario: &Scenario, seed: u64) -> Option<Scenario> {
    if scenario.needs_steady_network.is_some() {
        return None;
    }
    let mut lossy = scenario.clone();
    let (rtt_ms, loss_percent) = LOSSY;
    lossy.link = Some(LinkSpec { rtt_ms, loss_percent, seed, ..LinkSpec::default() });
    lossy.tolerate.extend(SLOW.map(str::to_owned));
    lossy.within_s = lossy.within_s.max(25.0);
    // A slow warning stands before what a healthy host would say of its stream.
    lossy.says.clear();
    for next in &mut lossy.then {
        next.tolerate.extend(SLOW.map(str::to_owned));
        next.within_s = next.within_s.max(25.0);
    }
    Some(lossy)
}

/// Runs against healthy hosts over links that lose packets, each with a seed of its own. Returns the
/// total in words and how many runs had a blocked host.
fn healthy_runs(
    bench: &Bench,
    scenarios: &[Scenario],
    runs: usize,
    jobs: usize,
    say: &(impl Fn(&str) -> Outcome<()> + Sync),
) -> Outcome<(String, usize)> {
    let healthy = scenarios.iter().find(|s| s.name == HEALTHY).ok_or("no scenario healthy-lossy")?;
    say(&format!("soak: {runs} healthy runs at {HEALTHY_LOSS} % loss"))?;
    let left = Mutex::new(0..runs);
    let counted: Mutex<(usize, usize, usize, Duration)> = Mutex::default();
    let broken: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for worker in 0..jobs {
            let (left, counted, broken) = (&left, &counted, &broken);
            scope.spawn(move || {
                let mut scenario = healthy.clone();
                scenario.name = format!("healthy-soak-{worker}");
                let seed = 1_000 + u64::try_from(worker).unwrap_or_default();
                let (rtt_ms, loss_percent) = (HEALTHY_RTT_MS, HEALTHY_LOSS);
                scenario.link = Some(LinkSpec { rtt_ms, loss_percent, seed, ..LinkSpec::default() });
                let folder = bench.folder.join(&scenario.name);
                let stage = match bench.stage(&scenario, &folder) {
                    Ok(stage) => stage,
                    Err(error) => return broken.lock().unwrap().push(error),
                };
                loop {
                    let Some(run) = left.lock().unwrap().next() else { return };
                    match bench.check(&scenario, &stage.1, &folder) {
                        Ok(played) => {
                            let mut counted = counted.lock().unwrap();
                            counted.0 += 1;
                            counted.1 += usize::from(played.blocked > 0);
                            counted.2 += usize::from(!played.wrong.is_empty());
                            counted.3 = counted.3.max(played.took);
                            for wrong in played.wrong {
                                let _ = say(&format!("      run {run}: {wrong}"));
                            }
                        }
                        Err(error) => broken.lock().unwrap().push(error),
                    }
                }
            });
        }
    });
    if let Some(error) = broken.into_inner().unwrap().into_iter().next() {
        return Err(error);
    }
    let (done, blocked, wrong, longest) = counted.into_inner().unwrap();
    let line = format!(
        "healthy at {HEALTHY_RTT_MS} ms and {HEALTHY_LOSS} % loss: {done} runs, {blocked} with a blocked host, \
         {wrong} with any other finding than a slow warning, longest {:.1} s",
        longest.as_secs_f64()
    );
    Ok((line, blocked + wrong))
}
