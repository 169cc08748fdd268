//! What really left the client: every packet of a run is recorded, every TLS connection in it is
//! decrypted with the secrets that the laboratory's servers log, and all of it is searched for the
//! credential, in the clear and inside TLS, as it is and encoded.
//!
//! The program under test never writes session secrets; that is checked too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::Outcome;
use crate::needles::Needles;
use crate::net::{self, Net, inside};
use crate::outcome::Context;
use crate::scenario::{Scenario, World};

/// Time for tcpdump to start, and to write what it holds.
const TCPDUMP_LIMIT: Duration = Duration::from_secs(10);
/// Time for tshark to read a capture.
const TSHARK_LIMIT: Duration = Duration::from_secs(60);
/// Between the last packet of the program and the end of the capture.
const TAIL: Duration = Duration::from_millis(300);
/// Between the values of one field in tshark's output.
const AGGREGATOR: char = '\u{1f}';

/// The keys of the AWS profile that a scenario may use. The laboratory's servers know a credential by
/// the text in the first one.
const PROFILE: [(&str, &str); 3] = [
    ("aws_access_key_id", "laboratory-not-a-key-id"),
    ("aws_secret_access_key", "laboratory/secret+access/key0000000000=="),
    ("aws_session_token", "laboratory/session+token/1111111111=="),
];

/// What a capture must show.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    /// The credential of the scenario's configuration.
    pub credential: Held,
    /// The hosts that get it; none unless said.
    #[serde(default)]
    pub leaves_to: BTreeSet<String>,
    /// Hosts that not one packet goes to.
    #[serde(default)]
    pub untouched: BTreeSet<String>,
}

/// Where a scenario's credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// A key or token in the configuration.
    Key,
    /// A profile in the user's AWS folder.
    Profile,
}

/// A running tcpdump.
pub struct Tape {
    child: Child,
    lines: mpsc::Receiver<String>,
    file: PathBuf,
}

impl Tape {
    /// Records everything that the client sends and receives, on every interface.
    pub fn start(net: &Net, folder: &Path) -> Outcome<Self> {
        let file = folder.join("capture.pcap");
        let mut command = inside(&net.client(), "tcpdump");
        command.args([
            "-i",
            "any",
            "-n",
            "-s",
            "66000",
            "-U",
            "--immediate-mode",
            "-B",
            "65536",
            "-Z",
            "root",
        ]);
        command.arg("-w").arg(&file);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("tcpdump")?;
        let lines = lines(child.stderr.take());
        let tape = Self { child, lines, file };
        tape.wait_for("listening on", TCPDUMP_LIMIT)?;
        Ok(tape)
    }

    fn wait_for(&self, words: &str, limit: Duration) -> Outcome<String> {
        let until = Instant::now() + limit;
        let mut said = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if line.contains(words) {
                return Ok(line);
            }
            said.push(line);
        }
        Err(format!("tcpdump did not say `{words}`; it said: {}", said.join("; ")))
    }

    /// Ends it. A capture that lacks packets is an error.
    pub fn stop(mut self) -> Outcome<PathBuf> {
        std::thread::sleep(TAIL);
        net::run(Command::new("kill").args(["-INT", &self.child.id().to_string()]))?;
        let dropped = self.wait_for("dropped by kernel", TCPDUMP_LIMIT)?;
        self.child.wait().context("tcpdump")?;
        if !dropped.starts_with("0 ") {
            return Err(format!("the capture is not whole: {dropped}"));
        }
        Ok(std::mem::take(&mut self.file))
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(pipe: Option<ChildStderr>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(pipe) = pipe {
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                // Nobody listens once it has ended.
                let _ = sender.send(line);
            }
        });
    }
    receiver
}

/// Where the program under test would write session secrets, if it wrote any.
pub fn program_keys(folder: &Path) -> PathBuf {
    folder.join("program.keys")
}

/// Puts the AWS profile where the program under test looks for it.
pub fn prepare(capture: &Capture, folder: &Path) -> Outcome<()> {
    if capture.credential != Held::Profile {
        return Ok(());
    }
    let aws = folder.join(".aws");
    fs::create_dir_all(&aws).context("AWS folder")?;
    let keys: String = PROFILE.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
    fs::write(aws.join("credentials"), format!("[laboratory]\n{keys}")).context("AWS credentials")
}

/// One TCP connection of a capture.
#[derive(Default)]
struct Connection {
    /// The other end.
    peer: Option<(IpAddr, String)>,
    /// The host that a proxy was asked for.
    tunnel: Option<String>,
    /// Everything as it was on the wire, both directions.
    clear: Vec<u8>,
    /// Everything inside TLS, both directions.
    inside: Vec<u8>,
    /// A server answered the handshake.
    is_tls: bool,
    /// The encrypted part of the handshake could be read.
    is_readable: bool,
    /// The client sent something encrypted: a connection that was given up before that told nobody anything.
    has_told: bool,
}

/// A capture, decrypted.
struct Traffic {
    connections: BTreeMap<u32, Connection>,
    /// Payloads of datagrams, by the other end.
    datagrams: Vec<(String, Vec<u8>)>,
    /// How many frames held HTTP inside TLS.
    messages: usize,
}

/// What is wrong with what a capture shows.
pub fn judge(scenario: &Scenario, world: &World, folder: &Path, pcap: &Path) -> Outcome<Vec<String>> {
    let Some(capture) = &scenario.capture else { return Ok(Vec::new()) };
    let traffic = read(folder, pcap)?;
    let (needles, never) = needles(scenario, capture)?;
    let mut wrong = Vec::new();
    if program_keys(folder).exists() {
        wrong.push("the program under test writes session secrets".to_owned());
    }
    let tls: Vec<(&u32, &Connection)> = traffic.connections.iter().filter(|(_, c)| c.is_tls).collect();
    if traffic.messages == 0 || tls.is_empty() {
        wrong.push("the capture proves nothing: no request inside TLS could be read".to_owned());
    }
    for (number, connection) in tls.iter().filter(|(_, c)| c.has_told && !c.is_readable) {
        wrong.push(format!(
            "connection {number} to {} could not be decrypted",
            name(scenario, world, connection)
        ));
    }
    let mut leaves_to = BTreeSet::new();
    for connection in traffic.connections.values() {
        let to = name(scenario, world, connection);
        if capture.untouched.contains(&to) {
            wrong.push(format!("{to} was connected to, and must not be"));
        }
        let is_loopback = connection.peer.as_ref().is_some_and(|(address, _)| address.is_loopback());
        let in_clear = needles.in_bytes(&connection.clear);
        if let Some(what) = in_clear.filter(|_| !is_loopback) {
            wrong.push(format!("{what} went to {to} in the clear"));
        }
        if in_clear.or(needles.in_bytes(&connection.inside)).is_some() {
            leaves_to.insert(to.clone());
        }
        for (text, place) in [(&connection.clear, "in the clear"), (&connection.inside, "inside TLS")] {
            if let Some(what) = never.in_bytes(text) {
                wrong.push(format!("{what}, which never leaves, went to {to} {place}"));
            }
        }
    }
    for (to, payload) in &traffic.datagrams {
        if let Some(what) = needles.in_bytes(payload).or(never.in_bytes(payload)) {
            wrong.push(format!("{what} went to {to} in a datagram"));
        }
    }
    for host in leaves_to.difference(&capture.leaves_to) {
        wrong.push(format!("THE CREDENTIAL LEFT TO {host}"));
    }
    for host in capture.leaves_to.difference(&leaves_to) {
        wrong.push(format!("the credential should go to {host}, and the capture has it not"));
    }
    let summary = format!(
        "{} connections, {} with TLS, {} frames of HTTP inside TLS, {} datagrams; the credential went to: {}\n",
        traffic.connections.len(),
        tls.len(),
        traffic.messages,
        traffic.datagrams.len(),
        leaves_to.into_iter().collect::<Vec<_>>().join(", ")
    );
    fs::write(folder.join("capture.txt"), summary).context("capture.txt")?;
    Ok(wrong)
}

/// What must not leave unless it may, and what never may.
fn needles(scenario: &Scenario, capture: &Capture) -> Outcome<(Needles, Needles)> {
    let [id, secret, session] = PROFILE.map(|(_, value)| value);
    match capture.credential {
        Held::Profile => {
            // No header that signs a request is there without the name of the algorithm.
            let allowed = Needles::new(&[id, session]).and_text("AWS4-HMAC-SHA256");
            Ok((headers(allowed), Needles::new(&[secret])))
        }
        Held::Key => {
            let config = scenario.config.as_deref().ok_or("a capture needs a configuration")?;
            let file = format!("{}/configs/{config}.json", env!("CARGO_MANIFEST_DIR"));
            let text = fs::read_to_string(&file).with_context(|| file.clone())?;
            let map: BTreeMap<String, serde_json::Value> =
                serde_json::from_str(&text).with_context(|| file.clone())?;
            let keys: Vec<&str> = map
                .iter()
                .filter(|(name, _)| name.ends_with("ApiKey") || name.ends_with("BearerToken"))
                .filter_map(|(_, value)| value.as_str())
                .collect();
            if keys.is_empty() {
                return Err(format!("{file} holds no credential to look for"));
            }
            Ok((headers(Needles::new(&keys)), Needles::new(&[])))
        }
    }
}

/// Whatever is in them, these headers carry credentials.
fn headers(needles: Needles) -> Needles {
    ["authorization", "x-api-key", "api-key", "proxy-authorization", "x-amz-security-token"]
        .iter()
        .fold(needles, |needles, name| needles.and_text(&format!("\n{name}:")))
}

/// The name of the host at the other end, or behind the proxy at the other end.
fn name(scenario: &Scenario, world: &World, connection: &Connection) -> String {
    if let Some(host) = &connection.tunnel {
        return host.clone();
    }
    let Some((address, port)) = &connection.peer else { return "an unknown address".to_owned() };
    let at = |host: &&crate::scenario::Host| scenario.addresses(world, &host.name).contains(address);
    world.host.iter().find(at).map_or_else(|| format!("{address} port {port}"), |host| host.name.clone())
}

/// What a TLS record says that it holds when it is encrypted (RFC 8446, 5.2).
const APPLICATION_DATA: &str = "23";

/// Fields of every frame, in the order of [`read`].
const FIELDS: [&str; 16] = [
    "tcp.stream",
    "ip.dst",
    "ipv6.dst",
    "tcp.dstport",
    "udp.dstport",
    "udp.payload",
    "frame.protocols",
    "tls.handshake.type",
    "tls.record.content_type",
    "tls.record.opaque_type",
    "http.request.method",
    "http.request.uri",
    "http2.header.name",
    "http2.header.value",
    "http.file_data",
    "http2.body.reassembled.data",
];

fn read(folder: &Path, pcap: &Path) -> Outcome<Traffic> {
    let keys = folder.join("session.keys");
    fs::write(&keys, session_secrets(folder)?).context("session secrets")?;
    let mut command = tshark(pcap, &keys);
    command.args(["-T", "fields", "-E", "separator=/t", "-E", "occurrence=a"]);
    command.arg("-E").arg(format!("aggregator={AGGREGATOR}"));
    command.args(FIELDS.iter().flat_map(|field| ["-e", *field]));
    let mut traffic = Traffic { connections: BTreeMap::new(), datagrams: Vec::new(), messages: 0 };
    for line in output(&mut command)?.lines() {
        frame(line, &mut traffic)?;
    }
    let mut command = tshark(pcap, &keys);
    command.arg("-q");
    for number in traffic.connections.keys() {
        command.args(["-z", &format!("follow,tcp,raw,{number}"), "-z", &format!("follow,tls,raw,{number}")]);
    }
    follow(&output(&mut command)?, &mut traffic)?;
    Ok(traffic)
}

fn tshark(pcap: &Path, keys: &Path) -> Command {
    let mut command = Command::new("tshark");
    // A lost segment that comes late must not hide what it carries.
    command.args(["-o", "tcp.reassemble_out_of_order:TRUE"]);
    command.args(["-n", "-r"]).arg(pcap).arg("-o").arg(format!("tls.keylog_file:{}", keys.display()));
    command
}

fn output(command: &mut Command) -> Outcome<String> {
    let output = net::output(command, None, TSHARK_LIMIT)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("tshark failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// What every server of the scenario logged.
fn session_secrets(folder: &Path) -> Outcome<String> {
    let mut all = String::new();
    for entry in fs::read_dir(folder).context("scenario folder")?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "keys") && path != program_keys(folder) {
            all += &fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            all.push('\n');
        }
    }
    Ok(all)
}

fn frame(line: &str, traffic: &mut Traffic) -> Outcome<()> {
    let fields: Vec<&str> = line.split('\t').collect();
    let Ok(fields) = <[&str; FIELDS.len()]>::try_from(fields) else {
        return Err(format!("tshark printed {line:?}"));
    };
    let [
        stream,
        v4,
        v6,
        tcp_port,
        udp_port,
        datagram,
        protocols,
        handshake,
        record,
        sealed,
        method,
        uri,
        names,
        values,
        ..,
    ] = fields;
    // A packet inside an ICMP message has addresses of its own; the outer one comes first.
    let first = |list: &str| list.split(AGGREGATOR).next().unwrap_or_default().to_owned();
    let to = if v4.is_empty() { first(v6) } else { first(v4) };
    if !datagram.is_empty() {
        let payload = datagram.split(AGGREGATOR).map(bytes).collect::<Outcome<Vec<_>>>()?.concat();
        traffic.datagrams.push((format!("{to} port {}", first(udp_port)), payload));
    }
    let Ok(number) = first(stream).parse() else { return Ok(()) };
    let connection: &mut Connection = traffic.connections.entry(number).or_default();
    if connection.peer.is_none() {
        let address = to.parse().with_context(|| format!("address {to}"))?;
        connection.peer = Some((address, first(tcp_port)));
    }
    if method == "CONNECT" {
        connection.tunnel = uri.rsplit_once(':').map(|(host, _)| host.to_owned());
    }
    for kind in handshake.split(AGGREGATOR) {
        connection.is_tls |= kind == "2";
        connection.is_readable |= kind == "20";
    }
    let is_sealed = |list: &str| list.split(AGGREGATOR).any(|kind| kind == APPLICATION_DATA);
    let by_client = connection.peer.as_ref()
        == Some(&(to.parse().with_context(|| format!("address {to}"))?, first(tcp_port)));
    connection.has_told |= by_client && (is_sealed(record) || is_sealed(sealed));
    traffic.messages += usize::from(protocols.contains(":tls:http"));
    // HTTP/2 compresses its headers; these are what they say.
    for (name, value) in names.split(AGGREGATOR).zip(values.split(AGGREGATOR)) {
        connection.inside.extend(format!("\n{name}: {value}\n").bytes());
    }
    for body in fields[14..].iter().flat_map(|list| list.split(AGGREGATOR)) {
        connection.inside.extend(bytes(body).unwrap_or_else(|_| body.as_bytes().to_vec()));
    }
    Ok(())
}

/// Reads the bytes of each connection, as tshark puts them together.
fn follow(text: &str, traffic: &mut Traffic) -> Outcome<()> {
    let (mut number, mut in_tls) = (None, false);
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("Follow: ") {
            in_tls = kind.starts_with("tls");
        } else if let Some(filter) = line.strip_prefix("Filter: tcp.stream eq ") {
            number = filter.trim().parse::<u32>().ok();
        } else if !line.starts_with("Node ") && !line.starts_with('=') && !line.is_empty() {
            let Some(connection) = number.and_then(|number| traffic.connections.get_mut(&number)) else {
                return Err(format!("tshark printed {line:?}"));
            };
            let text = if in_tls { &mut connection.inside } else { &mut connection.clear };
            text.extend(bytes(line.trim())?);
        }
    }
    Ok(())
}

fn bytes(hex: &str) -> Outcome<Vec<u8>> {
    let wrong = || format!("tshark printed {hex:?} where bytes must be");
    let digits: Vec<char> = hex.chars().filter(|c| *c != ':').collect();
    let pair = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).map_err(|_| wrong());
    digits.chunks(2).map(pair).collect()
}
