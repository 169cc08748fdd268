//! Real servers, started inside the world: the LiteLLM proxy, the MCP SDK's server, rotel and an
//! OpenID provider, each with a real nginx in front that ends TLS under the host's name.

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::Outcome;
use crate::net::{Net, Ready, Server, inside, output};
use crate::outcome::Context;
use crate::runner::{Bench, serve};
use crate::scenario::{Scenario, sockets};
use crate::server::{Endpoint, ServeSpec, Speaks};

/// Time for a real server to listen: LiteLLM takes ten seconds where two cores are busy, and over a minute beside several builds.
const READY_LIMIT: Duration = Duration::from_secs(180);
/// Time for rotel to print what it has taken.
const COLLECTED_LIMIT: Duration = Duration::from_secs(5);
/// The credential that the configurations hold, and that these servers know.
const RIGHT_KEY: &str = "laboratory-not-a-key";
/// Where LiteLLM's configurations say that its upstream is.
const UPSTREAM_PORT: u16 = 9_001;
/// Ports on loopback, inside the world.
const LITELLM_PORT: u16 = 4_100;
const MCP_PORT: u16 = 4_200;
const OIDC_PORT: u16 = 4_300;
const OTLP_HTTP_PORT: u16 = 4_318;
const OTLP_GRPC_PORT: u16 = 4_317;
/// The smallest conversation; the first one makes LiteLLM load what it needs for the others.
const CONVERSATION: &str =
    r#"{"model":"{model}","max_tokens":8,"stream":true,"messages":[{"role":"user","content":"."}]}"#;
/// The first message of a session with an MCP server.
const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"laboratory","version":"0"}}}"#;

/// A real server in place of the laboratory's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Real {
    /// Which one.
    pub server: Kind,
    /// What nginx in front of it does with answers.
    #[serde(default)]
    pub buffering: Buffering,
}

/// The real servers. Each serves fixed public hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// LiteLLM with a master key and no database: other keys get 400.
    Litellm,
    /// LiteLLM with a hook that judges keys: other keys get 401.
    LitellmCustomAuth,
    /// The MCP SDK's server, Streamable HTTP, for everybody.
    McpOpen,
    /// The same, with tokens of the OpenID provider only.
    McpGuarded,
    /// The MCP SDK's server, HTTP with SSE, for everybody.
    McpSse,
    /// rotel behind nginx: OTLP/HTTP on 4318, OTLP/gRPC on 4317.
    Rotel,
    /// rotel itself at the host's IPv4 address, without TLS.
    RotelPlain,
    /// oidc-provider: the issuer under one name, its endpoints under another.
    OidcProvider,
}

/// What nginx does with the answers of the server behind it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Buffering {
    /// Passes on what comes.
    #[default]
    Off,
    /// Collects answers, as it does unless told otherwise; `X-Accel-Buffering: no` of the server wins.
    On,
    /// Collects answers, whatever the server wishes.
    Forced,
}

impl Kind {
    /// The hosts that it serves.
    pub fn hosts(self) -> &'static [&'static str] {
        match self {
            Self::Litellm | Self::LitellmCustomAuth => &["llm.corp.example"],
            Self::McpOpen | Self::McpGuarded | Self::McpSse => &["tickets.corp.example"],
            Self::Rotel | Self::RotelPlain => &["otlp.corp.example"],
            Self::OidcProvider => &["login.corp.example", "tokens.corp.example"],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Litellm | Self::LitellmCustomAuth => "litellm",
            Self::McpOpen | Self::McpGuarded | Self::McpSse => "mcp",
            Self::Rotel | Self::RotelPlain => "rotel",
            Self::OidcProvider => "oidc",
        }
    }

    /// nginx's ports: where it listens, and how it passes requests on.
    fn ports(self) -> Vec<(u16, String)> {
        let pass = |port: u16| format!("proxy_pass http://127.0.0.1:{port};");
        match self {
            Self::Litellm | Self::LitellmCustomAuth => vec![(443, pass(LITELLM_PORT))],
            Self::McpOpen | Self::McpGuarded | Self::McpSse => vec![(443, pass(MCP_PORT))],
            Self::Rotel => {
                let grpc = format!("grpc_pass grpc://127.0.0.1:{OTLP_GRPC_PORT};");
                vec![(OTLP_HTTP_PORT, pass(OTLP_HTTP_PORT)), (OTLP_GRPC_PORT, grpc)]
            }
            Self::RotelPlain => Vec::new(),
            Self::OidcProvider => vec![(443, pass(OIDC_PORT))],
        }
    }
}

/// Whether a real server stands in for the laboratory's own at this host.
pub fn takes(scenario: &Scenario, host: &str) -> bool {
    scenario.real.iter().any(|real| real.server.hosts().contains(&host))
}

/// Where the installed servers are.
fn folder() -> PathBuf {
    let usual = || crate::lab::target().join("lab-servers");
    std::env::var_os("CLEARWAY_LAB_SERVERS").map_or_else(usual, PathBuf::from)
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("servers")
}

/// Why this scenario cannot be played here: it needs servers that are not installed, or not with the
/// versions of the pins.
pub fn missing(scenario: &Scenario) -> Option<String> {
    static CHECKED: OnceLock<Option<String>> = OnceLock::new();
    let needed = |scenario: &Scenario| !scenario.real.is_empty();
    needed(scenario).then(|| CHECKED.get_or_init(check).clone()).flatten()
}

fn check() -> Option<String> {
    let mut command = Command::new(scripts().join("install.sh"));
    command.arg("--check").arg(folder());
    let said = match output(&mut command, None, READY_LIMIT) {
        Ok(done) if done.status.success() => return None,
        Ok(done) => String::from_utf8_lossy(&done.stderr).trim().to_owned(),
        Err(error) => error,
    };
    Some(format!("lab/servers/install.sh was not run ({said})"))
}

impl Bench {
    /// Starts the real servers of a scenario, then nginx in front of them.
    pub fn start_real(&self, scenario: &Scenario, net: &Net, folder: &Path) -> Outcome<Vec<Server>> {
        let mut servers = Vec::new();
        for real in &scenario.real {
            let start = || self.start_one(scenario, real.server, net, folder);
            servers.extend(start().map_err(|error| format!("{error}\n      {}", tail(folder, real.server)))?);
        }
        servers.extend(self.in_front(scenario, net, folder)?);
        Ok(servers)
    }

    fn start_one(&self, scenario: &Scenario, kind: Kind, net: &Net, folder: &Path) -> Outcome<Vec<Server>> {
        let mut servers = Vec::new();
        let issuer = format!("https://{}", Kind::OidcProvider.hosts()[0]);
        match kind {
            Kind::Litellm | Kind::LitellmCustomAuth => {
                servers.push(self.upstream(net, folder)?);
                let (config, master) = match kind {
                    Kind::Litellm => ("litellm.yaml", RIGHT_KEY),
                    _ => ("litellm-custom-auth.yaml", "sk-laboratory-master"),
                };
                let config = scripts().join(config).display().to_string();
                let words = ["--config", &config, "--host", "127.0.0.1", "--port"];
                let mut command = self::command(kind, net, folder, "bin/litellm");
                command.args(words).arg(LITELLM_PORT.to_string());
                command.env("LITELLM_MASTER_KEY", master).env("UPSTREAM_KEY", RIGHT_KEY);
                // It must not look for anything on the internet: there is none.
                command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").env("LITELLM_TELEMETRY", "False");
                command.env("DISABLE_ADMIN_UI", "True").env("NO_DOCS", "True");
                servers.push(listening(&mut command, net, LITELLM_PORT)?);
                let (model, refused) = match kind {
                    Kind::Litellm => ("claude-haiku-laboratory", 400),
                    _ => ("claude-haiku-real", 401),
                };
                let body = CONVERSATION.replace("{model}", model);
                ask(net, "", LITELLM_PORT, "/v1/messages", &body, (RIGHT_KEY, 200))?;
                ask(net, "", LITELLM_PORT, "/v1/messages", &body, ("wrong", refused))?;
            }
            Kind::McpOpen | Kind::McpGuarded | Kind::McpSse => {
                let (manner, path) = match kind {
                    Kind::McpGuarded => ("guarded", "/mcp"),
                    Kind::McpSse => ("sse", "/sse"),
                    _ => ("open", "/mcp"),
                };
                let host = kind.hosts()[0];
                let mut command = self::command(kind, net, folder, "bin/python");
                command.arg(scripts().join("mcp_server.py")).arg(manner).arg(MCP_PORT.to_string());
                command.arg(format!("https://{host}{path}")).arg(&issuer);
                servers.push(listening(&mut command, net, MCP_PORT)?);
                if kind == Kind::McpGuarded {
                    ask(net, host, MCP_PORT, path, INITIALIZE, (RIGHT_KEY, 200))?;
                    ask(net, host, MCP_PORT, path, INITIALIZE, ("wrong", 401))?;
                }
            }
            Kind::Rotel | Kind::RotelPlain => {
                let address = match kind {
                    Kind::Rotel => IpAddr::V4(Ipv4Addr::LOCALHOST),
                    _ => *scenario
                        .addresses(&self.world, kind.hosts()[0])
                        .iter()
                        .find(|address| address.is_ipv4())
                        .ok_or("rotel needs an IPv4 address")?,
                };
                let at = |port| SocketAddr::new(address, port).to_string();
                let agent = "lib/python3.11/site-packages/rotel/rotel-agent";
                let mut command = self::command(kind, net, folder, agent);
                command.args([
                    "start",
                    "--exporter",
                    "blackhole",
                    "--otlp-http-endpoint",
                    &at(OTLP_HTTP_PORT),
                ]);
                command.args(["--otlp-grpc-endpoint", &at(OTLP_GRPC_PORT), "--pid-file"]);
                command.arg(folder.join("rotel.pid"));
                // What arrives is printed as rotel decoded it.
                command.args(["--debug-log", "metrics", "--debug-log", "logs"]);
                command.args(["--debug-log-verbosity", "detailed"]);
                servers.push(listening(&mut command, net, OTLP_HTTP_PORT)?);
            }
            Kind::OidcProvider => {
                let mut command = self::command(kind, net, folder, "/usr/bin/env");
                command.arg("node").arg(scripts().join("oidc/provider.mjs"));
                command.arg(self::folder().join("oidc/node_modules")).arg(OIDC_PORT.to_string());
                servers.push(listening(command.arg(&issuer), net, OIDC_PORT)?);
            }
        }
        Ok(servers)
    }

    /// The laboratory's own stream behind LiteLLM, for those who have its credential.
    fn upstream(&self, net: &Net, folder: &Path) -> Outcome<Server> {
        let endpoint = Endpoint {
            name: "upstream".into(),
            listen: sockets(&[Ipv4Addr::LOCALHOST.into()], UPSTREAM_PORT),
            speaks: Speaks::Http,
            answer: self.world.answer["api"].clone(),
            more: vec![self.world.answer["message"].clone()],
            fault: None,
            certificate: crate::pki::Certificate::Public,
        };
        let spec =
            ServeSpec { pki: self.pki.folder().to_owned(), dns: Vec::new(), endpoints: vec![endpoint] };
        serve(&net.world(), &spec, &folder.join("upstream.json"))
    }

    /// nginx in front of all of them; none where nothing is behind it.
    fn in_front(&self, scenario: &Scenario, net: &Net, folder: &Path) -> Outcome<Option<Server>> {
        let mut hosts = String::new();
        for real in &scenario.real {
            for name in real.server.hosts() {
                for (port, pass) in real.server.ports() {
                    hosts += &self.virtual_host(scenario, folder, (name, port), real, &pass)?;
                }
            }
        }
        if hosts.is_empty() {
            return Ok(None);
        }
        // What came in from outside, and with which credential: the witness of what left the client.
        let here = folder.display();
        let text = format!(
            "daemon off;\nworker_processes 1;\npid {here}/real-nginx.pid;\nerror_log {here}/real-nginx.log;\n\
             user root;\nevents {{ worker_connections 64; }}\n\
             http {{\n  log_format seen '$host $request_method $uri $status [$http_authorization$http_x_api_key]';\n  \
             access_log {};\n  client_body_temp_path {here}/real-body;\n  proxy_temp_path {here}/real-proxy;\n  \
             fastcgi_temp_path {here}/real-fastcgi;\n  uwsgi_temp_path {here}/real-uwsgi;\n  \
             scgi_temp_path {here}/real-scgi;\n{hosts}}}\n",
            format_args!("{} seen", seen_file(folder).display())
        );
        let file = folder.join("real-nginx.conf");
        fs::write(&file, text).context("real-nginx.conf")?;
        let mut command = inside(&net.world(), "nginx");
        command.arg("-p").arg(folder).arg("-c").arg(&file).args(["-e", "stderr"]);
        let name = scenario.real.iter().find(|real| !real.server.ports().is_empty());
        let host = name.ok_or("a host behind nginx")?.server.hosts()[0];
        let address = scenario.addresses(&self.world, host)[0];
        Server::start(&mut command, Ready::Listening(net.world(), format!("src {address}"))).map(Some)
    }

    fn virtual_host(
        &self,
        scenario: &Scenario,
        folder: &Path,
        (name, port): (&str, u16),
        real: &Real,
        pass: &str,
    ) -> Outcome<String> {
        let host = self.world.host(name).ok_or_else(|| format!("{name} is not in world.toml"))?;
        let issued = self.pki.issue(name, self.certificate(scenario, host))?;
        let chain = folder.join(format!("{name}-{port}-chain.pem"));
        let key = folder.join(format!("{name}-{port}-key.pem"));
        fs::write(&chain, issued.chain_pem).context("nginx certificate")?;
        fs::write(&key, issued.key_pem).context("nginx key")?;
        let mut text = "  server {\n".to_owned();
        for socket in sockets(&scenario.addresses(&self.world, name), port) {
            let _ = writeln!(text, "    listen {socket} ssl http2;");
        }
        let buffering = match real.buffering {
            Buffering::Off => "proxy_buffering off;",
            Buffering::On => "proxy_buffering on;",
            Buffering::Forced => {
                "proxy_buffering on; proxy_buffer_size 32k; proxy_buffers 8 32k; \
                 proxy_busy_buffers_size 64k; proxy_ignore_headers X-Accel-Buffering;"
            }
        };
        // Chunks are passed on as they fill a packet. An answer in HTTP/1.0, which nginx asks for unless
        // told otherwise, has none, and is kept until it ends.
        let version = if real.buffering == Buffering::Forced { "1.0" } else { "1.1" };
        // The provider's endpoints have the second of its names, whichever was asked.
        let called = real.server.hosts().last().copied().unwrap_or(name);
        let _ = writeln!(
            text,
            "    server_name {name};\n    ssl_certificate {};\n    ssl_certificate_key {};\n    \
             location / {{\n      {pass}\n      {buffering}\n      proxy_http_version {version};\n      \
             proxy_set_header Host {called};\n      proxy_set_header X-Forwarded-Host {called};\n      \
             proxy_set_header X-Forwarded-Proto https;\n    }}\n  }}",
            chain.display(),
            key.display()
        );
        Ok(text)
    }
}

/// A server's command inside the world, with an environment of its own and its output in a file.
fn command(kind: Kind, net: &Net, files: &Path, program: &str) -> Command {
    let mut command = inside(&net.world(), "sh");
    command.args(["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1", "sh"]);
    command.arg(log_file(files, kind)).arg(folder().join(kind.name()).join(program));
    command.env_clear().env("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    command.env("HOME", files).env("LANG", "C.UTF-8").env("RIGHT_KEY", RIGHT_KEY);
    command.current_dir("/");
    command
}

fn listening(command: &mut Command, net: &Net, port: u16) -> Outcome<Server> {
    let ready = Ready::Listening(net.world(), format!("sport = :{port}"));
    Server::start_within(command, ready, READY_LIMIT)
}

/// Asks a server itself, past nginx: with this key it must answer so.
fn ask(net: &Net, name: &str, port: u16, path: &str, body: &str, (key, status): (&str, u16)) -> Outcome<()> {
    let mut command = inside(&net.world(), "python3");
    command.arg(scripts().join("ask.py")).arg("40").arg(status.to_string());
    command.arg(format!("http://127.0.0.1:{port}{path}")).arg(body).env("KEY", key).env("NAME", name);
    crate::net::run_within(&mut command, READY_LIMIT)
}

fn log_file(folder: &Path, kind: Kind) -> PathBuf {
    folder.join(format!("{}.log", kind.name()))
}

/// The last lines that a server wrote.
fn tail(folder: &Path, kind: Kind) -> String {
    let text = fs::read_to_string(log_file(folder, kind)).unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(12)..];
    format!("{} wrote: {}", kind.name(), last.join("\n        "))
}

/// The ends of the servers' logs, for a scenario that did not go as expected.
pub fn logs(scenario: &Scenario, folder: &Path) -> Vec<String> {
    scenario.real.iter().map(|real| tail(folder, real.server)).collect()
}

fn seen_file(folder: &Path) -> PathBuf {
    folder.join("seen.log")
}

/// Forgets what nginx saw and what rotel decoded so far.
pub fn forget(folder: &Path) -> Outcome<()> {
    for file in [seen_file(folder), log_file(folder, Kind::Rotel)] {
        if file.exists() {
            fs::write(&file, "").with_context(|| file.display().to_string())?;
        }
    }
    Ok(())
}

/// What rotel should have decoded and did not, and the other way round. It prints a moment after it has answered.
pub fn not_collected(scenario: &Scenario, folder: &Path) -> Vec<String> {
    let until = Instant::now() + COLLECTED_LIMIT;
    let (never, wanted): (Vec<&str>, Vec<&str>) =
        scenario.collected.iter().map(String::as_str).partition(|words| words.starts_with('!'));
    loop {
        let text = fs::read_to_string(log_file(folder, Kind::Rotel)).unwrap_or_default();
        let missing: Vec<&&str> = wanted.iter().filter(|words| !text.contains(**words)).collect();
        if missing.is_empty() || Instant::now() > until {
            let there = never.iter().filter(|words| text.contains(&words[1..]));
            return (missing.into_iter().map(|words| format!("rotel did not decode `{words}`")))
                .chain(there.map(|words| format!("rotel decoded `{}`", &words[1..])))
                .collect();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The requests with a credential that nginx saw, without what it was.
pub fn witness(folder: &Path) -> Vec<String> {
    let seen = fs::read_to_string(seen_file(folder)).unwrap_or_default();
    // An absent header is written as a dash.
    let with = seen.lines().filter(|line| !line.ends_with("[--]"));
    with.map(|line| format!("nginx: {}", line.split('[').next().unwrap_or_default())).collect()
}
