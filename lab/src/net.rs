//! Network namespaces: a client, a router that is the firewall, and the world, always taken down.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, process};

use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::link::{CLIENT_DEVICE, LinkSpec, ROUTER_DEVICE};
use crate::outcome::Context;

/// Every namespace of the laboratory is named `PREFIX-<process>-<number>-<role>`.
const PREFIX: &str = "clwlab";
const NETNS: &str = "/run/netns";
const NETNS_ETC: &str = "/etc/netns";

/// Time for one administrative command.
const COMMAND_LIMIT: Duration = Duration::from_secs(20);
/// Time for a server to say that it is ready.
const READY_LIMIT: Duration = Duration::from_secs(20);

// Ordinary unicast addresses, because documentation and other special ranges mean something to the
// program under test. They exist only inside the namespaces.
/// The office's networks.
pub const OFFICE_V4: &str = "62.20.0";
/// The office's IPv6 network.
pub const OFFICE_V6: &str = "2a0f:20";
/// The DNS server, IPv4.
pub const DNS_V4: &str = "62.53.0.53";
/// The DNS server, IPv6.
pub const DNS_V6: &str = "2a0f:53::53";
/// The DNS server that knows the public names only, IPv4.
pub const PUBLIC_DNS_V4: &str = "62.53.0.54";
/// The same, IPv6.
pub const PUBLIC_DNS_V6: &str = "2a0f:53::54";

/// Where a DNS server should be, and nothing answers.
pub const DEAD_DNS_V4: &str = "62.53.0.99";

/// Which address families the client has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stack {
    /// Both.
    #[default]
    Dual,
    /// IPv4 only.
    Ipv4,
    /// IPv6 only.
    Ipv6,
}

impl Stack {
    /// Whether the client has IPv4.
    pub fn v4(self) -> bool {
        self != Self::Ipv6
    }

    /// Whether the client has IPv6.
    pub fn v6(self) -> bool {
        self != Self::Ipv4
    }
}

/// The namespaces of one scenario: three, one more with a link, and one for each further router. Taken down when dropped.
pub struct Net {
    base: String,
    roles: Vec<String>,
    // Before the namespaces in drop order does not matter: `drop` ends everything inside first.
    _link: Option<Server>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Net {
    /// Makes the namespaces and joins them: client ─ router ─ world, with so many further routers between the client and
    /// the firewall. `world` are the addresses that the world answers on.
    pub fn up(stack: Stack, link: Option<LinkSpec>, routers: u8, world: &[IpAddr]) -> Outcome<Self> {
        let base = format!("{PREFIX}-{}-{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut roles: Vec<String> = ["c", "r", "w"].map(str::to_owned).to_vec();
        roles.extend(link.is_some().then(|| "l".to_owned()));
        roles.extend((1..=routers).map(|n| format!("h{n}")));
        let mut net = Self { base, roles, _link: None };
        for role in net.roles() {
            run(Command::new("ip").args(["netns", "add", &net.name(role)]))?;
            run(Command::new("ip").args(["-n", &net.name(role), "link", "set", "lo", "up"]))?;
            // Without this, IPv6 is silent for its first two seconds, looking for duplicates.
            let quiet = ["accept_dad=0", "dad_transmits=0", "router_solicitations=0"];
            let quiet = quiet.map(|setting| format!("net.ipv6.conf.default.{setting}"));
            sysctl(&net.name(role), &quiet.each_ref().map(String::as_str))?;
        }
        let (client, router, world_ns) = (net.client(), net.router(), net.world());
        for router in (1..=routers).map(|n| net.name(&format!("h{n}"))).chain([router.clone()]) {
            sysctl(&router, &["net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"])?;
            // A firewall that answers answers every time; the kernel would hold back the seventh.
            sysctl(&router, &["net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"])?;
        }
        // Whoever stands before the firewall: the last further router, or the client itself.
        let before = if routers == 0 { "c".to_owned() } else { format!("h{routers}") };
        run(Command::new("ip")
            .args(["link", "add", "w0", "netns", &router])
            .args(["type", "veth", "peer", "name", "r0", "netns", &world_ns]))?;
        let office = if let Some(spec) = link {
            net._link = Some(net.start_link(spec)?);
            for (device, to) in [(CLIENT_DEVICE, &net.name(&before)), (ROUTER_DEVICE, &router)] {
                run(Command::new("ip").args(["-n", &net.name("l"), "link", "set", device, "netns", to]))?;
            }
            (CLIENT_DEVICE, ROUTER_DEVICE)
        } else {
            run(Command::new("ip")
                .args(["link", "add", "r0", "netns", &net.name(&before)])
                .args(["type", "veth", "peer", "name", "c0", "netns", &router]))?;
            ("r0", "c0")
        };
        let (on_client, on_router) = office;

        // What the client calls its own device, and the gateway behind it.
        let (device, gateway) = if routers == 0 { (on_client, "1") } else { ("n0", "fe") };
        let mut batch = String::new();
        if routers > 0 {
            net.further(routers, on_client)?;
        }
        batch += &format!("link set {device} up\n");
        if stack.v4() {
            let gateway = u8::from_str_radix(gateway, 16).unwrap_or(1);
            batch += &format!("addr add {OFFICE_V4}.2/24 dev {device}\n");
            batch += &format!("route add default via {OFFICE_V4}.{gateway} dev {device}\n");
        }
        if stack.v6() {
            batch += &format!("addr add {OFFICE_V6}::2/64 dev {device} nodad\n");
            batch += &format!("route add default via {OFFICE_V6}::{gateway} dev {device}\n");
        } else {
            sysctl(&client, &["net.ipv6.conf.all.disable_ipv6=1"])?;
            sysctl(&client, &["net.ipv6.conf.lo.disable_ipv6=0"])?;
        }
        net.batch("c", &batch)?;
        // With further routers the office lies behind them.
        let office = if routers == 0 {
            format!(
                "addr add {OFFICE_V4}.1/24 dev {on_router}\naddr add {OFFICE_V6}::1/64 dev {on_router} nodad\n"
            )
        } else {
            format!(
                "addr add 62.22.{routers}.2/24 dev {on_router}\naddr add 2a0f:22:{routers}::2/64 dev {on_router} nodad\n\
                 route add {OFFICE_V4}.0/24 via 62.22.{routers}.1\n\
                 route add {OFFICE_V6}::/64 via 2a0f:22:{routers}::1 dev {on_router}\n"
            )
        };
        net.batch(
            "r",
            &format!(
                "link set {on_router} up\nlink set w0 up\n\
                 {office}\
                 addr add 62.21.0.1/24 dev w0\naddr add 2a0f:21::1/64 dev w0 nodad\n\
                 route add default via 62.21.0.2\nroute add default via 2a0f:21::2 dev w0\n"
            ),
        )?;
        let mut batch = "link set r0 up\n\
                         addr add 62.21.0.2/24 dev r0\naddr add 2a0f:21::2/64 dev r0 nodad\n\
                         route add default via 62.21.0.1\nroute add default via 2a0f:21::1 dev r0\n"
            .to_owned();
        for address in world {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            batch += &format!("addr add {address}/{bits} dev lo nodad\n");
        }
        net.batch("w", &batch)?;
        net.resolvers(&[if stack.v4() { DNS_V4 } else { DNS_V6 }], &[])?;
        Ok(net)
    }

    fn roles(&self) -> &[String] {
        &self.roles
    }

    /// Joins the client and the further routers in a row: the last one's way to the firewall is `out`. Hop *n* says at
    /// its end towards the client that a limit was reached: 62.20.0.254, 62.22.1.2, 62.22.2.2 …
    fn further(&self, routers: u8, out: &str) -> Outcome<()> {
        let to = |n: u8| if n == 0 { self.client() } else { self.name(&format!("h{n}")) };
        for n in 1..=routers {
            run(Command::new("ip").args(["link", "add", "n0", "netns", &to(n - 1)]).args([
                "type",
                "veth",
                "peer",
                "name",
                "p0",
                "netns",
                &to(n),
            ]))?;
        }
        for n in 1..=routers {
            let next = if n == routers { out } else { "n0" };
            let before = n - 1;
            let mut batch = format!("link set p0 up\nlink set {next} up\n");
            if n == 1 {
                batch += &format!(
                    "addr add {OFFICE_V4}.254/24 dev p0\naddr add {OFFICE_V6}::fe/64 dev p0 nodad\n"
                );
            } else {
                batch += &format!(
                    "addr add 62.22.{before}.2/24 dev p0\naddr add 2a0f:22:{before}::2/64 dev p0 nodad\n\
                     route add {OFFICE_V4}.0/24 via 62.22.{before}.1\n\
                     route add {OFFICE_V6}::/64 via 2a0f:22:{before}::1 dev p0\n"
                );
            }
            batch += &format!(
                "addr add 62.22.{n}.1/24 dev {next}\naddr add 2a0f:22:{n}::1/64 dev {next} nodad\n\
                 route add default via 62.22.{n}.2 dev {next}\nroute add default via 2a0f:22:{n}::2 dev {next}\n"
            );
            self.batch(&format!("h{n}"), &batch)?;
        }
        Ok(())
    }

    fn name(&self, role: &str) -> String {
        format!("{}-{role}", self.base)
    }

    /// Name of the client's namespace.
    pub fn client(&self) -> String {
        self.name("c")
    }

    /// Name of the firewall's namespace.
    pub fn router(&self) -> String {
        self.name("r")
    }

    /// Name of the world's namespace.
    pub fn world(&self) -> String {
        self.name("w")
    }

    /// Runs several `ip` commands in one namespace.
    pub fn batch(&self, role: &str, commands: &str) -> Outcome<()> {
        feed(Command::new("ip").args(["-n", &self.name(role), "-batch", "-"]), commands)
    }

    /// Loads nftables rules in one namespace.
    pub fn nft(&self, role: &str, rules: &str) -> Outcome<()> {
        feed(Command::new("ip").args(["netns", "exec", &self.name(role), "nft", "-f", "-"]), rules)
    }

    /// Points the client at DNS servers; the world and the router ask them too.
    pub fn resolvers(&self, servers: &[&str], search: &[String]) -> Outcome<()> {
        let mut text: String = servers.iter().map(|server| format!("nameserver {server}\n")).collect();
        if !search.is_empty() {
            text.push_str(&format!("search {}\n", search.join(" ")));
        }
        for role in self.roles() {
            let folder = Path::new(NETNS_ETC).join(self.name(role));
            fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
            fs::write(folder.join("resolv.conf"), &text).context("resolv.conf")?;
            fs::write(folder.join("hosts"), "127.0.0.1 localhost\n::1 localhost\n").context("hosts")?;
        }
        Ok(())
    }

    /// Adds to the client's hosts file.
    pub fn hosts_file(&self, lines: &str) -> Outcome<()> {
        let file = Path::new(NETNS_ETC).join(self.name("c")).join("hosts");
        fs::write(&file, format!("127.0.0.1 localhost\n::1 localhost\n{lines}")).context("hosts")
    }

    fn start_link(&self, spec: LinkSpec) -> Outcome<Server> {
        let json = serde_json::to_string(&spec).context("link")?;
        let own = own_program()?;
        Server::start(inside(&self.name("l"), own).args(["link", "--spec", &json]), Ready::Word)
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for role in self.roles() {
            remove_namespace(&self.name(role));
        }
    }
}

/// A command that runs inside a namespace.
pub fn inside(namespace: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]).arg(program);
    command
}

/// This program, to be run again inside a namespace.
pub fn own_program() -> Outcome<PathBuf> {
    std::env::current_exe().context("this program's path")
}

/// Whether this process is a running laboratory. A process number that another program uses by now
/// shows that program's name.
pub fn is_laboratory(process: u32) -> bool {
    fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|name| name.trim_end().ends_with("-lab"))
}

/// Removes what a run that was killed left behind. Returns how many namespaces that were.
pub fn remove_stale() -> Outcome<usize> {
    let mut names = Vec::new();
    for folder in [NETNS, NETNS_ETC] {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        names.extend(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()));
    }
    names.sort();
    names.dedup();
    let mut removed = 0;
    for name in names {
        let Some(rest) = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('-')) else { continue };
        let Some(Ok(owner)) = rest.split('-').next().map(str::parse::<u32>) else { continue };
        // A process number used again by another program still reads as another program's name.
        if !is_laboratory(owner) {
            remove_namespace(&name);
            removed += 1;
        }
    }
    Ok(removed)
}

/// Ends every process inside a namespace of ours, then the namespace.
fn remove_namespace(name: &str) {
    // Nothing here can be mended or told to anybody; the next run tries again.
    if let Ok(output) = Command::new("ip").args(["netns", "pids", name]).output() {
        let pids: Vec<String> =
            String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect();
        if !pids.is_empty() {
            let _ = Command::new("kill").arg("-KILL").args(pids).stderr(Stdio::null()).status();
        }
    }
    let _ = Command::new("ip").args(["netns", "del", name]).stderr(Stdio::null()).status();
    let _ = fs::remove_dir_all(Path::new(NETNS_ETC).join(name));
}

fn sysctl(namespace: &str, settings: &[&str]) -> Outcome<()> {
    run(inside(namespace, "sysctl").arg("-qw").args(settings))
}

/// Runs an administrative command; its error output is the error.
pub fn run(command: &mut Command) -> Outcome<()> {
    run_within(command, COMMAND_LIMIT)
}

/// The same, with another limit.
pub fn run_within(command: &mut Command, limit: Duration) -> Outcome<()> {
    let output = output(command, None, limit)?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

fn feed(command: &mut Command, input: &str) -> Outcome<()> {
    let output = output(command, Some(input), COMMAND_LIMIT)?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?} failed: {}\n{input}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// Runs a command to its end within a limit, with its output.
pub fn output(command: &mut Command, input: Option<&str>, limit: Duration) -> Outcome<Output> {
    let mut child = command
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
        pipe.write_all(input.as_bytes()).with_context(|| format!("{command:?}"))?;
    }
    let pid = child.id().to_string();
    let (done, wait) = mpsc::channel();
    thread::spawn(move || {
        // The other end is gone after the limit.
        let _ = done.send(child.wait_with_output());
    });
    match wait.recv_timeout(limit) {
        Ok(output) => output.with_context(|| format!("{command:?}")),
        Err(_) => {
            let _ = Command::new("kill").args(["-KILL", &pid]).status();
            Err(format!("{command:?} was still running after {} s", limit.as_secs()))
        }
    }
}

/// How a server says that it is ready.
pub enum Ready {
    /// It prints the line `ready`.
    Word,
    /// In this namespace, something listens that this filter of `ss` finds.
    Listening(String, String),
}

/// A server started inside a namespace. Ended when dropped.
pub struct Server {
    child: Child,
    // Our own servers end when this closes, even if the harness is killed.
    _input: Option<ChildStdin>,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub fn start(command: &mut Command, ready: Ready) -> Outcome<Self> {
        Self::start_within(command, ready, READY_LIMIT)
    }

    /// Starts it and waits until it is ready, so long at the most.
    pub fn start_within(command: &mut Command, ready: Ready, limit: Duration) -> Outcome<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let input = child.stdin.take();
        let lines = line_channel(child.stdout.take());
        let errors = line_channel(child.stderr.take());
        let mut server = Self { child, _input: input };
        let until = Instant::now() + limit;
        loop {
            let is_ready = match &ready {
                Ready::Word => {
                    matches!(lines.recv_timeout(Duration::from_millis(50)), Ok(line) if line == "ready")
                }
                Ready::Listening(namespace, filter) => {
                    thread::sleep(Duration::from_millis(30));
                    listens(namespace, filter)
                }
            };
            if is_ready {
                return Ok(server);
            }
            let ended = server.child.try_wait().context("server")?;
            if ended.is_some() || Instant::now() > until {
                thread::sleep(Duration::from_millis(50));
                let said: Vec<String> = errors.try_iter().chain(lines.try_iter()).collect();
                let how = if ended.is_some() { "ended at once" } else { "was not ready in time" };
                return Err(format!("{command:?} {how}: {}", said.join("; ")));
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listens(namespace: &str, filter: &str) -> bool {
    Command::new("ip")
        .args(["netns", "exec", namespace, "ss", "-Hltn"])
        .args(filter.split(' '))
        .output()
        .is_ok_and(|output| !output.stdout.is_empty())
}

/// Reads a pipe on a thread, so that a chatty server never blocks.
fn line_channel(pipe: Option<impl std::io::Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(pipe) = pipe {
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                // After the start nobody listens any more; the pipe is emptied all the same.
                let _ = sender.send(line);
            }
        });
    }
    receiver
}
