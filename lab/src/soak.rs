//! The long form: three matrices in a row, every scenario where packets are lost, and many runs
//! against healthy hosts: over links that lose packets, and where everything that a check uses has a limit.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::lab::{Round, play_matrix};
use crate::link::LinkSpec;
use crate::matrix::Matrix;
use crate::runner::Bench;
use crate::scenario::Scenario;

/// The scenario of the runs against healthy hosts.
const HEALTHY: &str = "healthy-lossy";
/// The scenarios of the runs against healthy hosts behind limits, played in turn: questions, connections and bits a
/// second on the direct way; tunnels at a time through a proxy.
const LIMITED: [&str; 2] = ["limits-direct", "limits-tunnels"];

/// How often each part is played.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Matrices in a row.
    pub matrices: usize,
    /// Rounds of all scenarios where packets are lost.
    pub lossy: usize,
    /// Runs against healthy hosts over links that lose packets.
    pub healthy: usize,
    /// Runs against healthy hosts behind limits.
    pub limited: usize,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { matrices: 3, lossy: 1, healthy: 200, limited: 200 }
    }
}
/// Where packets are lost: round trip and loss in each direction.
const LOSSY: (f64, f64) = (200.0, 5.0);
/// The loss of the healthy runs, percent.
const HEALTHY_LOSS: f64 = 2.0;
/// The round trip of the healthy runs.
const HEALTHY_RTT_MS: f64 = 30.0;
/// Warnings that may stand for `ok` where packets are lost.
const SLOW: [&str; 2] = ["http/slow", "dns/slow"];

/// Runs everything and prints totals; an error when anything was not as expected. `scenarios` are those of the
/// matrices, `all` has those of the healthy runs too.
pub fn run(
    bench: &Bench,
    all: &[Scenario],
    scenarios: &[Scenario],
    jobs: usize,
    wanted: Wanted,
    say: &(impl Fn(&str) -> Outcome<()> + Sync),
) -> Outcome<()> {
    let Wanted { matrices, lossy: rounds, healthy, limited } = wanted;
    let started = Instant::now();
    let mut totals = Vec::new();
    let mut matrix = Matrix::default();
    for number in 1..=matrices {
        say(&format!(
            "soak: matrix {number} of {matrices}, {} scenarios, {jobs} at a time",
            scenarios.len()
        ))?;
        let round = play_matrix(bench, scenarios, jobs);
        matrix.add_all(&round.matrix);
        totals.push(total(&format!("matrix {number}"), &round));
    }
    if matrices > 0 {
        say(&format!("\n{}", matrix.render()))?;
    }

    for round in 1..=rounds {
        let seed = u64::try_from(round).unwrap_or(1);
        let lossy: Vec<Scenario> =
            scenarios.iter().filter_map(|scenario| with_loss(scenario, seed)).collect();
        let (rtt, loss) = LOSSY;
        say(&format!("soak: {} scenarios at {rtt} ms and {loss} % loss", lossy.len()))?;
        for left_out in scenarios.iter().filter(|s| s.needs_steady_network.is_some()) {
            let why = left_out.needs_steady_network.as_deref().unwrap_or_default();
            say(&format!("left out: {} ({why})", left_out.name))?;
        }
        let round = play_matrix(bench, &lossy, jobs);
        say(&format!("\n{}", round.matrix.render()))?;
        totals.push(total(&format!("at {rtt} ms and {loss} % loss"), &round));
    }

    let find = |name: &str| {
        all.iter().find(|s| s.name == name).ok_or_else(|| format!("there is no scenario {name}"))
    };
    let mut runs = Vec::new();
    if healthy > 0 {
        let over_loss = |worker: usize| {
            let mut scenario = find(HEALTHY)?.clone();
            let seed = 1_000 + u64::try_from(worker).unwrap_or_default();
            let (rtt_ms, loss_percent) = (HEALTHY_RTT_MS, HEALTHY_LOSS);
            scenario.link = Some(LinkSpec { rtt_ms, loss_percent, seed, ..LinkSpec::default() });
            Ok(scenario)
        };
        let what = format!("healthy at {HEALTHY_RTT_MS} ms and {HEALTHY_LOSS} % loss");
        runs.push(healthy_runs(bench, &what, over_loss, healthy, jobs, say)?);
    }
    for (number, name) in LIMITED.iter().enumerate() {
        let share = limited / LIMITED.len() + usize::from(number < limited % LIMITED.len());
        if share > 0 {
            let behind = |_| Ok(find(name)?.clone());
            runs.push(healthy_runs(
                bench,
                &format!("healthy with limits ({name})"),
                behind,
                share,
                jobs,
                say,
            )?);
        }
    }
    let blocked: usize = runs.iter().map(|(_, blocked)| blocked).sum();
    say("")?;
    for (line, _) in totals.iter().chain(&runs) {
        say(line)?;
    }
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

/// Seconds that a check has where packets are lost and a limit makes it try again a few a second: twice the usual, so that
/// what it says does not depend on how busy the machine is.
const LIMITED_DEADLINE_S: f64 = 40.0;

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
    // What is tried again a few a second has no time for every packet that is lost as well.
    let limited = lossy.tunnels.is_some() || lossy.dns_limit.is_some() || lossy.connection_limit.is_some();
    lossy.may_be_late |= limited;
    if limited && !lossy.args.iter().any(|word| word == "--deadline") {
        lossy.args.extend(["--deadline".to_owned(), LIMITED_DEADLINE_S.to_string()]);
        lossy.within_s = lossy.within_s.max(LIMITED_DEADLINE_S + 5.0);
    }
    // A slow warning stands before what a healthy host would say of its stream.
    lossy.says.clear();
    for next in &mut lossy.then {
        next.tolerate.extend(SLOW.map(str::to_owned));
        next.within_s = next.within_s.max(25.0);
    }
    Some(lossy)
}

/// Runs against healthy hosts, each worker with a network of its own that stays up. Returns the total in words and
/// how many runs had a blocked host or another finding than the scenario allows.
fn healthy_runs(
    bench: &Bench,
    what: &str,
    scenario_of: impl Fn(usize) -> Outcome<Scenario> + Sync,
    runs: usize,
    jobs: usize,
    say: &(impl Fn(&str) -> Outcome<()> + Sync),
) -> Outcome<(String, usize)> {
    say(&format!("soak: {runs} runs, {what}"))?;
    let left = Mutex::new(0..runs);
    let counted: Mutex<(usize, usize, usize, Duration)> = Mutex::default();
    let broken: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for worker in 0..jobs.min(runs) {
            let (left, counted, broken, scenario_of) = (&left, &counted, &broken, &scenario_of);
            scope.spawn(move || {
                let staged = scenario_of(worker).and_then(|mut scenario| {
                    scenario.name = format!("{}-soak-{worker}", scenario.name);
                    let folder = bench.folder.join(&scenario.name);
                    Ok((bench.stage(&scenario, &folder)?, scenario, folder))
                });
                let (stage, scenario, folder) = match staged {
                    Ok(staged) => staged,
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
        "{what}: {done} runs, {blocked} with a blocked host, {wrong} with any finding that is not expected, \
         longest {:.1} s",
        longest.as_secs_f64()
    );
    Ok((line, blocked + wrong))
}
