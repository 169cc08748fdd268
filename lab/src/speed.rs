//! Measures whole runs of the release binary over a link of 50 ms: 40 hosts, beside what other tools take for them, and
//! a thousand. Prints; judges one thing, how long the diagnosis of ten faults may take.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::dns::{DnsFault, DnsSpec, Record};
use crate::link::LinkSpec;
use crate::middlebox::{Does, Filter};
use crate::net::{self, DNS_V4, DNS_V6, Net, Stack, inside, own_program};
use crate::outcome::Context;
use crate::pki::{Authority, Pki};
use crate::runner::{firewall_rule, plain_endpoint, serve};
use crate::scenario::{FirewallFault, numbered, sockets};
use crate::server::{Answer, ServeSpec, ServerFault};

const HOSTS: usize = 40;
/// Hosts of the large run: they share the addresses of the others.
const MANY: usize = 1_000;
const DROPPED: usize = 10;
const RTT_MS: f64 = 50.0;
const RUNS: usize = 7;
const STARTS: usize = 21;
const MIXED_RUNS: usize = 3;
/// The default budget of one stage.
const STAGE_MS: f64 = 4_000.0;
/// What a run with ten broken hosts may take, in stages.
const STAGES: f64 = 2.5;

/// A command to time from inside the namespace, so that entering it is not measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct MeasureSpec {
    program: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    runs: usize,
    scratch: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Run {
    wall_ms: f64,
    /// By the program's own clock, where its output says so.
    own_ms: Option<f64>,
    cpu_s: f64,
    peak_kib: u64,
    exit: Option<i32>,
    reachable: usize,
    blocked: usize,
}

/// The measured speed run, printed to `out`.
pub fn run(program: &Path, pki: &Pki, folder: &Path, out: &mut dyn std::io::Write) -> Outcome<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let names: Vec<String> = (1..=MANY).map(|n| format!("h{n:02}.speed.example")).collect();
    let dns: [IpAddr; 2] = [DNS_V4.parse().unwrap(), DNS_V6.parse().unwrap()];
    let addresses: Vec<IpAddr> = (0..HOSTS).flat_map(numbered).chain(dns).collect();
    let net = Net::up(Stack::Dual, Some(LinkSpec { rtt_ms: RTT_MS, ..LinkSpec::default() }), 0, &addresses)?;
    let answer = Answer { status: 200, body: "healthy\n".into(), ..Answer::default() };
    let endpoints = (0..HOSTS)
        .map(|n| plain_endpoint("*.speed.example".into(), &numbered(n), answer.clone(), None))
        .collect();
    let records = names
        .iter()
        .enumerate()
        .map(|(n, name)| (name.clone(), Record { addresses: numbered(n % HOSTS), fault: None }))
        .collect();
    let spec = ServeSpec {
        pki: pki.folder().to_owned(),
        dns: vec![DnsSpec {
            listen: sockets(&dns, 53),
            names: records,
            delay_ms: 0,
            limit: None,
            over_limit: None,
            always: None,
        }],
        endpoints,
    };
    let servers = serve(&net.world(), &spec, &folder.join("world.json"))?;

    let root = pki.root_file(Authority::Public).display().to_string();
    let environment = vec![
        ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
        ("HOME".to_owned(), folder.display().to_string()),
        ("SSL_CERT_FILE".to_owned(), root.clone()),
    ];
    let arguments = |names: &[String]| -> Vec<String> {
        let first = ["check", "--format", "json", "--public-roots", &root].map(str::to_owned);
        first.into_iter().chain(names.iter().flat_map(|name| ["--host".to_owned(), name.clone()])).collect()
    };
    let (few, many) = (names.get(..HOSTS).unwrap_or_default(), names.as_slice());
    let check = |runs| MeasureSpec {
        program: program.display().to_string(),
        arguments: arguments(few),
        environment: environment.clone(),
        runs,
        scratch: folder.join("measured").display().to_string(),
    };

    let wrote = "standard output";
    writeln!(out, "program: {}", program.display()).context(wrote)?;
    writeln!(out, "connect time over the link: {}", connect_time(&net)?).context(wrote)?;
    let healthy = measure(&net, &check(RUNS), folder)?;
    writeln!(
        out,
        "{}",
        describe(&format!("check, {HOSTS} healthy hosts at {RTT_MS} ms"), &healthy, Some(4.0 * RTT_MS))
    )
    .context(wrote)?;

    peers(&net, &root, few, &healthy, out)?;
    let many = MeasureSpec { arguments: arguments(many), ..check(MIXED_RUNS) };
    let many = measure(&net, &many, folder)?;
    writeln!(out, "{}", describe(&format!("check, {MANY} healthy hosts at {RTT_MS} ms"), &many, None))
        .context(wrote)?;

    let mut rules = String::new();
    for address in (0..DROPPED).flat_map(numbered) {
        rules += &firewall_rule(FirewallFault::Drop, address);
    }
    net.nft("r", &format!(
        "table inet firewall {{\n chain forward {{ type filter hook forward priority 0; policy accept;\n{rules} }}\n}}\n"
    ))?;
    let dropped = measure(&net, &check(RUNS), folder)?;
    writeln!(out, "{}", describe(&format!("check, {DROPPED} of {HOSTS} dropped"), &dropped, None))
        .context(wrote)?;

    drop(servers);
    drop(net);
    mixture(program, pki, folder, out)?;
    let net = Net::up(Stack::Dual, None, 0, &[])?;
    let config = format!("{}/configs/gateway.json", env!("CARGO_MANIFEST_DIR"));
    let hosts = MeasureSpec { arguments: vec!["hosts".into(), config], runs: STARTS, ..check(STARTS) };
    let hosts = measure(&net, &hosts, folder)?;
    writeln!(out, "{}", describe("hosts: start, derive, print", &hosts, None)).context(wrote)
}

/// What other tools take for the same hosts, and how many times as long as the program that is.
fn peers(net: &Net, root: &str, names: &[String], ours: &[Run], out: &mut dyn std::io::Write) -> Outcome<()> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers.py");
    let mut command = inside(&net.client(), "python3");
    command.args([script, root, &RUNS.to_string()]).args(names);
    let output = net::output(&mut command, None, Duration::from_secs(240))?;
    if !output.status.success() {
        return Err(format!("the peers failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let ours = median(ours.iter().map(|run| run.wall_ms));
    writeln!(out, "the same hosts by other tools ({RUNS} runs, median, beside {ours:.0} ms of this program)")
        .context("standard output")?;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (name, times): (String, Vec<f64>) = serde_json::from_str(line).context("the peers' times")?;
        let theirs = median(times.into_iter());
        writeln!(out, "  {name:18} {theirs:7.1} ms, {:.2} times as long", theirs / ours)
            .context("standard output")?;
    }
    Ok(())
}

/// The middle one; none is no time at all.
fn median(times: impl Iterator<Item = f64>) -> f64 {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Ten different faults among the hosts: how long the diagnosis takes, experiments included. An error
/// when that is more than two and a half times the budget of one stage.
fn mixture(program: &Path, pki: &Pki, folder: &Path, out: &mut dyn std::io::Write) -> Outcome<()> {
    let folder = folder.join("mixture");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let name = |n: usize| format!("h{:02}.speed.example", n + 1);
    let dns: [IpAddr; 2] = [DNS_V4.parse().unwrap(), DNS_V6.parse().unwrap()];
    let addresses: Vec<IpAddr> = (0..HOSTS).flat_map(numbered).chain(dns).collect();
    let filter = |n: usize, does| Filter { to: numbered(n), names: vec![name(n)], does };
    let filters = vec![
        filter(0, Does::SniReset),
        filter(1, Does::SniDrop),
        filter(2, Does::MtuHole),
        filter(3, Does::LargeHelloDrop),
    ];
    let link = LinkSpec { rtt_ms: RTT_MS, filters, ..LinkSpec::default() };
    let net = Net::up(Stack::Dual, Some(link), 0, &addresses)?;
    let answer = Answer { status: 200, body: "healthy\n".into(), ..Answer::default() };
    let endpoints = (0..HOSTS).map(|n| {
        let fault = match n {
            4 => Some(ServerFault::Silent),
            5 => Some(ServerFault::HttpSilent),
            6 => Some(ServerFault::ServerError),
            _ => None,
        };
        plain_endpoint(name(n), &numbered(n), answer.clone(), fault)
    });
    let records = (0..HOSTS).map(|n| {
        let fault = (n == 7).then_some(DnsFault::Silent);
        (name(n), Record { addresses: numbered(n), fault })
    });
    let spec = ServeSpec {
        pki: pki.folder().to_owned(),
        dns: vec![DnsSpec {
            listen: sockets(&dns, 53),
            names: records.collect(),
            delay_ms: 0,
            limit: None,
            over_limit: None,
            always: None,
        }],
        endpoints: endpoints.collect(),
    };
    let _servers = serve(&net.world(), &spec, &folder.join("world.json"))?;
    let mut rules = String::new();
    for (n, kind) in [(8, FirewallFault::Drop), (9, FirewallFault::Prohibited)] {
        for address in numbered(n) {
            rules += &firewall_rule(kind, address);
        }
    }
    net.nft("r", &format!(
        "table inet firewall {{\n chain forward {{ type filter hook forward priority 0; policy accept;\n{rules} }}\n}}\n"
    ))?;
    let root = pki.root_file(Authority::Public).display().to_string();
    let mut arguments: Vec<String> =
        ["check", "--format", "json", "--public-roots"].map(str::to_owned).to_vec();
    arguments.push(root.clone());
    arguments.extend((0..HOSTS).flat_map(|n| ["--host".to_owned(), name(n)]));
    let spec = MeasureSpec {
        program: program.display().to_string(),
        arguments,
        environment: vec![
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("HOME".to_owned(), folder.display().to_string()),
            ("SSL_CERT_FILE".to_owned(), root),
        ],
        runs: MIXED_RUNS,
        scratch: folder.join("measured").display().to_string(),
    };
    let runs = measure(&net, &spec, &folder)?;
    let what = format!("check with its diagnosis, {DROPPED} of {HOSTS} broken in ten ways, {RTT_MS} ms");
    writeln!(out, "{}", describe(&what, &runs, None)).context("standard output")?;
    let longest = runs.iter().map(|run| run.wall_ms).fold(0.0, f64::max);
    let stages = longest / STAGE_MS;
    writeln!(out, "  most  {stages:.2} stage timeouts (limit {STAGES})").context("standard output")?;
    if stages > STAGES {
        return Err(format!("the diagnosis took {stages:.2} stage timeouts, more than {STAGES}"));
    }
    Ok(())
}

fn measure(net: &Net, spec: &MeasureSpec, folder: &Path) -> Outcome<Vec<Run>> {
    let file = folder.join("measure.json");
    fs::write(&file, serde_json::to_string(spec).context("measurement")?).context("measurement")?;
    let mut command = inside(&net.client(), own_program()?);
    command.args(["measure", "--spec"]).arg(&file);
    let output = net::output(&mut command, None, Duration::from_secs(240))?;
    if !output.status.success() {
        return Err(format!("measuring failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    serde_json::from_slice(&output.stdout).context("measurement")
}

/// Runs inside the namespace: times each run and prints the records as JSON.
pub fn measure_inside(spec_file: &Path) -> Outcome<()> {
    let text = fs::read_to_string(spec_file).context("measurement")?;
    let spec: MeasureSpec = serde_json::from_str(&text).context("measurement")?;
    let mut runs = Vec::new();
    for _ in 0..spec.runs {
        let mut command = Command::new("/usr/bin/time");
        command.args(["-f", "%U %S %M", "-o", &spec.scratch, &spec.program]).args(&spec.arguments);
        command.env_clear().envs(spec.environment.iter().cloned());
        command.stdin(Stdio::null()).stderr(Stdio::inherit());
        let started = Instant::now();
        let output = command.output().context("/usr/bin/time")?;
        let wall_ms = started.elapsed().as_secs_f64() * 1000.0;
        let usage = fs::read_to_string(&spec.scratch).context("/usr/bin/time")?;
        let numbers: Vec<f64> = usage
            .lines()
            .last()
            .unwrap_or_default()
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        let [user, system, peak] = numbers[..] else {
            return Err(format!("/usr/bin/time wrote `{}`", usage.trim()));
        };
        let verdicts = verdicts(&output.stdout);
        let count = |verdict: &str| verdicts.iter().filter(|v| *v == verdict).count();
        runs.push(Run {
            wall_ms,
            own_ms: own_ms(&output.stdout),
            cpu_s: user + system,
            peak_kib: peak as u64,
            exit: output.status.code(),
            reachable: count("reachable"),
            blocked: count("blocked"),
        });
    }
    let json = serde_json::to_string(&runs).context("measurement")?;
    std::io::stdout().write_all(json.as_bytes()).context("standard output")
}

fn own_ms(report: &[u8]) -> Option<f64> {
    serde_json::from_slice::<serde_json::Value>(report).ok()?["duration_ms"].as_f64()
}

fn verdicts(report: &[u8]) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_slice(report).unwrap_or_default();
    let groups = report["groups"].as_array().cloned().unwrap_or_default();
    let hosts = groups.iter().flat_map(|group| group["hosts"].as_array().cloned().unwrap_or_default());
    hosts.filter_map(|host| host["verdict"].as_str().map(str::to_owned)).collect()
}

fn describe(what: &str, runs: &[Run], ideal_ms: Option<f64>) -> String {
    let mut walls: Vec<f64> = runs.iter().map(|run| run.wall_ms).collect();
    walls.sort_by(f64::total_cmp);
    let mut cpu: Vec<f64> = runs.iter().map(|run| run.cpu_s).collect();
    cpu.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (walls.first(), walls.last()) else { return format!("{what}: no run") };
    let median = walls[walls.len() / 2];
    let mut text = format!(
        "{what} ({} runs)\n  wall  {least:.1} / {median:.1} / {most:.1} ms (least / median / most)",
        runs.len()
    );
    if let Some(ideal) = ideal_ms {
        let _ = write!(text, ", median {:.2} of four round trips ({ideal:.0} ms)", median / ideal);
    }
    let mut own: Vec<f64> = runs.iter().filter_map(|run| run.own_ms).collect();
    own.sort_by(f64::total_cmp);
    if let Some(median) = own.get(own.len() / 2) {
        let _ = write!(text, "\n  own   {median:.0} ms by its own clock (median)");
    }
    let peak = runs.iter().map(|run| run.peak_kib).max().unwrap_or_default();
    let _ = write!(
        text,
        "\n  CPU   {:.2} s (median)\n  peak  {:.1} MiB\n  exit  {:?}, reachable {:?}, blocked {:?}",
        cpu[cpu.len() / 2],
        peak as f64 / 1024.0,
        unique(runs.iter().map(|run| run.exit)),
        unique(runs.iter().map(|run| run.reachable)),
        unique(runs.iter().map(|run| run.blocked))
    );
    text
}

fn unique<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values.dedup();
    values
}

/// What one TCP handshake takes from inside the namespace: the link's delay, seen from outside it.
fn connect_time(net: &Net) -> Outcome<String> {
    let address = sockets(&numbered(0), 443)[0];
    let mut command = inside(&net.client(), own_program()?);
    command.args(["connect", &address.to_string()]);
    let output = net::output(&mut command, None, Duration::from_secs(10))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Connects once and prints the time.
pub fn connect_inside(address: &str) -> Outcome<()> {
    let started = Instant::now();
    std::net::TcpStream::connect(address).context("connect")?;
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    writeln!(std::io::stdout(), "{ms:.1} ms").context("standard output")
}
