//! Plays one scenario: brings the network up, breaks it, runs the program under test, compares.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::boxes;
use crate::capture::{self, Tape};
use crate::compare::{Compared, compare, said_twice_in_text};
use crate::dns::{DnsSpec, OverLimit, Record};
use crate::net::{
    self, DEAD_DNS_V4, DNS_V4, DNS_V6, Net, OFFICE_V4, OFFICE_V6, PUBLIC_DNS_V4, PUBLIC_DNS_V6, Ready,
    Server, inside, own_program,
};
use crate::outcome::Context;
use crate::pki::{Authority, Certificate, Pki};
use crate::providers;
use crate::real;
use crate::scenario::{
    ClientFault, ConnectionsOver, DnsServer, Fault, FirewallFault, Host, MitmMode, Resolver, Scenario, Squid,
    World, sockets,
};
use crate::server::{Answer, Endpoint, ServeSpec, ServerFault, Speaks, heard_file};
use crate::watched;
use crate::wine::Wine;

/// Nothing that a scenario runs may take longer.
const RUN_LIMIT: Duration = Duration::from_secs(60);

/// Wine starts a whole system before the program; how long that takes says nothing of the program.
const WINE_LIMIT: Duration = Duration::from_secs(240);

/// The specification of the world's servers, in a scenario's folder.
const WORLD: &str = "world.json";
/// The same run as text.
const TEXT: &str = "report.txt";
/// The report of the last round of a repeated check.
const LAST: &str = "last-round.json";

/// Debian's libfaketime: another day for one program.
pub const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// What every scenario of one run shares.
pub struct Bench {
    /// The hosts.
    pub world: World,
    /// The authorities.
    pub pki: Pki,
    /// The program under test.
    pub program: PathBuf,
    /// What runs it, if it is the Windows one.
    pub wine: Option<Wine>,
    /// Where specifications and reports are written.
    pub folder: PathBuf,
}

/// What a scenario came to.
pub struct Played {
    /// (expected code, reported code) of each host.
    pub pairs: Vec<(String, String)>,
    /// What was not as expected; empty when it passed.
    pub wrong: Vec<String>,
    /// How many hosts were reported as blocked.
    pub blocked: usize,
    /// Wall time of the program under test.
    pub took: Duration,
    /// The code and the verdict that were reported of each host.
    pub said: BTreeMap<String, (String, String)>,
}

impl Bench {
    /// Brings a scenario up, broken as it says. The servers end, and the network goes down, when
    /// the result is dropped.
    pub fn stage(&self, scenario: &Scenario, folder: &Path) -> Outcome<(Vec<Server>, Net)> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let elsewhere = scenario.fault.iter().flat_map(|fault| fault.resolves_to.iter().flatten());
        let mut addresses: Vec<IpAddr> = self
            .world
            .host
            .iter()
            .flat_map(|host| scenario.addresses(&self.world, &host.name))
            .chain(elsewhere.copied())
            .chain([DNS_V4, DNS_V6, PUBLIC_DNS_V4, PUBLIC_DNS_V6].map(|address| address.parse().unwrap()))
            .filter(|address| !address.is_loopback() && !address.is_unspecified())
            .collect();
        addresses.sort();
        addresses.dedup();
        let net = Net::up(scenario.stack, scenario.link(&self.world), scenario.routers, &addresses)?;
        net.resolvers(&resolvers(scenario), &scenario.search)?;
        if !scenario.hosts_file.is_empty() {
            let lines = scenario.hosts_file.iter().map(|(name, address)| format!("{address} {name}\n"));
            net.hosts_file(&lines.collect::<String>())?;
        }
        let servers = self.start_servers(scenario, &net, folder)?;
        self.break_network(scenario, &net)?;
        Ok((servers, net))
    }

    /// Brings a scenario up, says how to use it, and waits until standard input ends.
    pub fn hold(&self, scenario: &Scenario, say: impl Fn(&str) -> Outcome<()>) -> Outcome<()> {
        let folder = self.folder.join(&scenario.name);
        let (_servers, net) = self.stage(scenario, &folder)?;
        say(&format!("client {}, firewall {}, world {}", net.client(), net.router(), net.world()))?;
        let arguments =
            self.arguments(scenario, &folder)?.join(" ").replace("--format json", "--format text");
        say(&format!("ip netns exec {} env {arguments}", net.client()))?;
        say("standing until standard input ends")?;
        crate::server::wait_for_end_of_input();
        Ok(())
    }

    /// Plays one scenario.
    pub fn play(&self, scenario: &Scenario) -> Outcome<Played> {
        let folder = self.folder.join(&scenario.name);
        let (_servers, net) = self.stage(scenario, &folder)?;
        let tape = match &scenario.capture {
            Some(wanted) => {
                capture::prepare(wanted, &folder)?;
                Some(Tape::start(&net, &folder)?)
            }
            None => None,
        };
        let mut played = self.check(scenario, &net, &folder)?;
        if let Some(tape) = tape {
            played.wrong.extend(capture::judge(scenario, &self.world, &folder, &tape.stop()?)?);
        }
        for next in &scenario.then {
            let first = folder.join(format!("{}.json", scenario.name));
            if !first.exists() {
                fs::copy(folder.join("report.json"), &first).context("report.json")?;
            }
            let Played { pairs, wrong, blocked, took, said } = self.check(next, &net, &folder)?;
            let report = folder.join(format!("{}.json", next.name.replace(' ', "-")));
            fs::copy(folder.join("report.json"), report).context("report.json")?;
            played.pairs.extend(pairs);
            played.wrong.extend(wrong.into_iter().map(|line| format!("{}: {line}", next.name)));
            played.blocked += blocked;
            played.said.extend(said);
            played.took += took;
        }
        if !played.wrong.is_empty() {
            played.wrong.extend(real::logs(scenario, &folder));
        }
        Ok(played)
    }

    /// Runs the program under test in a scenario that stands, and compares.
    pub fn check(&self, scenario: &Scenario, net: &Net, folder: &Path) -> Outcome<Played> {
        let heard = heard_file(&folder.join(WORLD));
        if heard.exists() {
            fs::remove_file(&heard).context("the record of credentials")?;
        }
        real::forget(folder)?;
        let mut command = inside(&net.client(), "env");
        command.args(self.arguments(scenario, folder)?);
        let started = Instant::now();
        let limit = if self.wine.is_some() { WINE_LIMIT } else { RUN_LIMIT };
        let output = std::thread::scope(|scope| {
            let passing: Vec<_> = scenario
                .fault
                .iter()
                .enumerate()
                .filter(|(_, fault)| fault.from_s.is_some())
                .map(|(number, fault)| scope.spawn(move || self.pass(scenario, fault, number, net, started)))
                .collect();
            let output = net::output(&mut command, None, limit);
            let passed = passing.into_iter().try_for_each(|fault| fault.join().unwrap());
            passed.and(output)
        })?;
        let took = started.elapsed();
        fs::write(folder.join("stderr.txt"), &output.stderr).context("stderr.txt")?;
        let mut report = output.stdout;
        let mut told = Vec::new();
        if !scenario.watched.is_empty() {
            fs::write(folder.join("watch.ndjson"), &report).context("watch.ndjson")?;
            told = watched::judge(scenario, &String::from_utf8_lossy(&report));
            report = fs::read(folder.join(LAST)).context("the report of the last round")?;
        }
        fs::write(folder.join("report.json"), &report).context("report.json")?;
        let text = fs::read_to_string(folder.join(TEXT)).context("the report as text")?;
        let Compared { pairs, mut wrong, blocked, said } =
            compare(scenario, output.status.code(), &report)
                .map_err(|e| format!("{e}; it said: {}", String::from_utf8_lossy(&output.stderr).trim()))?;
        wrong.extend(said_twice_in_text(&text));
        wrong.extend(told);
        if self.wine.is_none() && took.as_secs_f64() > scenario.within_s {
            wrong.push(format!("took {:.1} s, more than {} s", took.as_secs_f64(), scenario.within_s));
        }
        if let Some(expected) = &scenario.on_device {
            wrong.extend(on_device(expected, "check", &report, &["device_report"]));
            wrong.extend(self.device(expected, scenario, net, folder)?);
        }
        let aside = String::from_utf8_lossy(&output.stderr);
        for words in scenario.aside.iter().filter(|words| !aside.contains(words.as_str())) {
            wrong.push(format!("standard error does not say `{words}`: {}", aside.trim()));
        }
        wrong.extend(real::not_collected(scenario, folder));
        let mut arrived = real::witness(folder);
        arrived.extend(fs::read_to_string(&heard).unwrap_or_default().lines().map(str::to_owned));
        match scenario.credential_arrives {
            Some(false) if !arrived.is_empty() => {
                wrong.push(format!("A CREDENTIAL ARRIVED: {}", arrived.join(", ")));
            }
            Some(true) if arrived.is_empty() => {
                wrong.push("no credential arrived, and one was to be sent".into());
            }
            _ => {}
        }
        Ok(Played { pairs, wrong, blocked, took, said })
    }

    /// Runs `clearway device` where a scenario stands, and compares.
    fn device(
        &self,
        expected: &[String],
        scenario: &Scenario,
        net: &Net,
        folder: &Path,
    ) -> Outcome<Vec<String>> {
        let mut arguments = self.arguments(scenario, folder)?;
        let at = arguments.iter().position(|a| a == "check").ok_or("no `check` among the arguments")?;
        arguments.truncate(at);
        arguments.extend(["device", "--format", "json"].map(str::to_owned));
        let mut command = inside(&net.client(), "env");
        command.args(arguments);
        let limit = if self.wine.is_some() { WINE_LIMIT } else { RUN_LIMIT };
        let output = net::output(&mut command, None, limit)?;
        fs::write(folder.join("device.json"), &output.stdout).context("device.json")?;
        let mut wrong: Vec<String> = on_device(expected, "device", &output.stdout, &[]).into_iter().collect();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            wrong.push(format!("`clearway device` ended with {}: {said}", output.status));
        }
        Ok(wrong)
    }

    /// The arguments of `env`: a clean environment and the program under test.
    fn arguments(&self, scenario: &Scenario, folder: &Path) -> Outcome<Vec<String>> {
        let mut trusted = String::new();
        let read = |file: &Path| fs::read_to_string(file).with_context(|| file.display().to_string());
        for &authority in &scenario.device_trusts {
            trusted += &match authority {
                Authority::Public => self.pki.public_roots()?,
                _ => read(&self.pki.root_file(authority))?,
            };
        }
        if scenario.mitmproxy.as_ref().is_some_and(|m| m.trusted) {
            trusted += &read(&boxes::mitmproxy_authority(folder))?;
        }
        let mut arguments = vec![
            "-i".to_owned(),
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            format!("HOME={}", folder.display()),
            "LANG=C.UTF-8".to_owned(),
        ];
        if let Some(wine) = &self.wine {
            let registry = network_in_registry(scenario) + scenario.registry.as_deref().unwrap_or_default();
            let device = wine.device(folder, &registry, &trusted)?;
            arguments.push(format!("WINEPREFIX={}", device.display()));
            arguments.push("WINEDEBUG=-all".to_owned());
        } else {
            let store = folder.join("device-trust.pem");
            fs::write(&store, trusted).context("device trust store")?;
            arguments.push(format!("SSL_CERT_FILE={}", store.display()));
        }
        if let Some(offset) = &scenario.clock {
            arguments.push(format!("LD_PRELOAD={FAKETIME}"));
            arguments.push(format!("FAKETIME={offset}"));
            // What the program measures is not shifted, only what day it is.
            arguments.push("FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned());
        }
        if scenario.capture.is_some() {
            // It must not be heeded.
            arguments.push(format!("SSLKEYLOGFILE={}", capture::program_keys(folder).display()));
        }
        arguments.extend(scenario.env.iter().map(|(name, value)| format!("{name}={value}")));
        match &self.wine {
            Some(wine) => arguments.extend(wine.command(&self.program)?),
            None => arguments.push(self.program.display().to_string()),
        }
        arguments.push("check".to_owned());
        if let Some(config) = &scenario.config {
            arguments.push(format!("{}/configs/{config}.json", env!("CARGO_MANIFEST_DIR")));
        }
        if scenario.configuration.is_some() {
            arguments.push(providers::write_configuration(scenario, folder)?);
        }
        let roots = folder.join("public-roots.pem");
        fs::write(&roots, self.pki.public_roots()?).context("public roots")?;
        // What is on the device says itself for which system it is.
        if scenario.config.is_some() || scenario.configuration.is_some() {
            arguments.extend(["--platform", "linux"].map(str::to_owned));
        }
        if scenario.watched.is_empty() {
            arguments.extend(["--format", "json", "--format"].map(str::to_owned));
        } else {
            let last = format!("json={}", folder.join(LAST).display());
            arguments.extend(["--format", "ndjson", "--format", &last, "--format"].map(str::to_owned));
        }
        arguments.push(format!("text={}", folder.join(TEXT).display()));
        arguments.push("--public-roots".to_owned());
        arguments.push(roots.display().to_string());
        let corporate = self.pki.root_file(Authority::Corporate).display().to_string();
        arguments
            .extend(scenario.args.iter().map(|argument| argument.replace("{corporate-root}", &corporate)));
        Ok(arguments)
    }

    fn start_servers(&self, scenario: &Scenario, net: &Net, folder: &Path) -> Outcome<Vec<Server>> {
        let mut servers = Vec::new();
        let (on_client, in_world): (Vec<&Host>, Vec<&Host>) = self
            .world
            .host
            .iter()
            .filter(|host| !scenario.nginx.contains(&host.name) && !real::takes(scenario, &host.name))
            .partition(|host| host.address.is_some_and(|address| address.is_loopback()));

        let dns = DnsSpec {
            listen: sockets(&[DNS_V4.parse().unwrap(), DNS_V6.parse().unwrap()], 53),
            names: self.names(scenario),
            delay_ms: scenario.dns_delay_ms,
            limit: scenario.dns_limit,
            over_limit: scenario.dns_over_limit,
            always: None,
        };
        let mut public = dns.clone();
        public.listen = sockets(&[PUBLIC_DNS_V4.parse().unwrap(), PUBLIC_DNS_V6.parse().unwrap()], 53);
        public.always = scenario.resolvers.iter().find_map(|resolver| match resolver {
            Resolver::Refusing => Some(OverLimit::Refused),
            Resolver::Failing => Some(OverLimit::Servfail),
            _ => None,
        });
        public.names.retain(|name, _| self.world.host(name).is_some_and(|host| host.address.is_none()));
        let mut scripted = vec![public];
        if scenario.dns == DnsServer::Scripted {
            scripted.push(dns.clone());
        }
        servers.push(self.serve(scenario, &net.world(), in_world, scripted, &folder.join(WORLD))?);
        let wants_loopback = scenario.config.as_deref().is_some_and(|config| config.ends_with("loopback"));
        if wants_loopback {
            servers.push(self.serve(
                scenario,
                &net.client(),
                on_client,
                Vec::new(),
                &folder.join("client.json"),
            )?);
        }
        if scenario.dns == DnsServer::Dnsmasq {
            servers.push(dnsmasq(&dns, net)?);
        }
        if !scenario.nginx.is_empty() {
            servers.push(self.nginx(scenario, net, folder)?);
        }
        servers.extend(self.start_real(scenario, net, folder)?);
        if let Some(kind) = scenario.proxy {
            servers.extend(boxes::proxy(kind, net, folder, &self.pki)?);
        }
        if let Some(tunnels) = &scenario.tunnels {
            let spec = serde_json::to_string(tunnels).context("tunnels")?;
            let address = format!("{OFFICE_V4}.1:3128");
            let mut command = inside(&net.router(), own_program()?);
            servers.push(Server::start(command.args(["tunnels", "--spec", &spec, &address]), Ready::Word)?);
        }
        if let Some(mitmproxy) = &scenario.mitmproxy {
            servers.push(boxes::mitmproxy(mitmproxy.mode, net, folder, &self.pki)?);
        }
        if let Some(portal) = scenario.portal {
            servers.push(boxes::portal(portal, scenario.portal_says.as_ref(), net, folder, &self.pki)?);
        }
        if let Some(acceptor) = scenario.acceptor {
            servers.push(boxes::acceptor(acceptor, net)?);
        }
        Ok(servers)
    }

    fn names(&self, scenario: &Scenario) -> BTreeMap<String, Record> {
        let hosts = self.world.host.iter().map(|host| &host.name);
        let mut names: BTreeMap<String, Record> = hosts
            .map(|name| {
                let fault = scenario.faults_of(name).find_map(|fault| fault.dns);
                let elsewhere = scenario.faults_of(name).find_map(|fault| fault.resolves_to.clone());
                let addresses = elsewhere.unwrap_or_else(|| scenario.addresses(&self.world, name));
                (name.clone(), Record { addresses, fault })
            })
            .collect();
        for (name, addresses) in &scenario.names {
            names.insert(name.clone(), Record { addresses: addresses.clone(), fault: None });
        }
        if matches!(scenario.proxy, Some(Squid::Tls | Squid::TlsExpired)) {
            names.insert(boxes::TLS_PROXY.to_owned(), boxes::tls_proxy_record());
        }
        names
    }

    fn serve(
        &self,
        scenario: &Scenario,
        namespace: &str,
        hosts: Vec<&Host>,
        dns: Vec<DnsSpec>,
        file: &Path,
    ) -> Outcome<Server> {
        let endpoints = hosts.into_iter().map(|host| self.endpoint(scenario, host)).collect();
        let spec = ServeSpec { pki: self.pki.folder().to_owned(), dns, endpoints };
        serve(namespace, &spec, file)
    }

    fn endpoint(&self, scenario: &Scenario, host: &Host) -> Endpoint {
        Endpoint {
            name: host.name.clone(),
            listen: sockets(&scenario.addresses(&self.world, &host.name), host.port),
            speaks: scenario.speaks.get(&host.name).copied().unwrap_or(host.speaks),
            answer: self.world.answer[&host.answer].clone(),
            more: scenario
                .answers_of(host)
                .chain(host.more.iter().map(|answer| &self.world.answer[answer]))
                .cloned()
                .collect(),
            fault: scenario.faults_of(&host.name).find_map(|fault| fault.server),
            certificate: self.certificate(scenario, host),
        }
    }

    /// The certificate that a host shows in this scenario.
    pub fn certificate(&self, scenario: &Scenario, host: &Host) -> Certificate {
        scenario.faults_of(&host.name).find_map(|fault| fault.certificate).unwrap_or(host.certificate)
    }

    fn nginx(&self, scenario: &Scenario, net: &Net, folder: &Path) -> Outcome<Server> {
        let mut hosts = String::new();
        for name in &scenario.nginx {
            let host = self.world.host(name).ok_or("host")?;
            let issued = self.pki.issue(name, self.certificate(scenario, host))?;
            let (chain, key) =
                (folder.join(format!("{name}-chain.pem")), folder.join(format!("{name}-key.pem")));
            fs::write(&chain, issued.chain_pem).context("nginx certificate")?;
            fs::write(&key, issued.key_pem).context("nginx key")?;
            let answer: &Answer = &self.world.answer[&host.answer];
            hosts += "  server {\n";
            for socket in sockets(&scenario.addresses(&self.world, name), host.port) {
                let _ = writeln!(hosts, "    listen {socket} ssl http2;");
            }
            let _ = writeln!(
                hosts,
                "    server_name {name};\n    ssl_certificate {};\n    ssl_certificate_key {};",
                chain.display(),
                key.display()
            );
            for (header, value) in &answer.headers {
                if header == "content-type" {
                    let _ = writeln!(hosts, "    default_type {value};");
                } else {
                    let _ = writeln!(hosts, "    add_header {header} '{value}' always;");
                }
            }
            let path = if answer.path.is_empty() { "/" } else { &answer.path };
            let _ = writeln!(
                hosts,
                "    location {path} {{ return {} '{}'; }}\n  }}",
                answer.status, answer.body
            );
        }
        let here = folder.display();
        let text = format!(
            "daemon off;\nworker_processes 1;\npid {here}/nginx.pid;\nerror_log stderr;\nuser root;\n\
             events {{ worker_connections 64; }}\n\
             http {{\n  access_log off;\n  client_body_temp_path {here}/nginx-body;\n  \
             proxy_temp_path {here}/nginx-proxy;\n  fastcgi_temp_path {here}/nginx-fastcgi;\n  \
             uwsgi_temp_path {here}/nginx-uwsgi;\n  scgi_temp_path {here}/nginx-scgi;\n{hosts}}}\n"
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, text).context("nginx.conf")?;
        let address = scenario.addresses(&self.world, &scenario.nginx[0])[0];
        let mut command = inside(&net.world(), "nginx");
        command.arg("-p").arg(folder).arg("-c").arg(&file).args(["-e", "stderr"]);
        Server::start(&mut command, Ready::Listening(net.world(), format!("src {address}")))
    }

    /// Has a fault come and go while the program under test runs, which was started at `started`.
    fn pass(
        &self,
        scenario: &Scenario,
        fault: &Fault,
        number: usize,
        net: &Net,
        started: Instant,
    ) -> Outcome<()> {
        let wait = |second: f64| {
            std::thread::sleep(Duration::from_secs_f64(second).saturating_sub(started.elapsed()));
        };
        let (Some(from), Some(kind)) = (fault.from_s, fault.firewall) else { return Ok(()) };
        let hosts = self.world.host.iter().map(|host| &host.name);
        let hosts = hosts.filter(|name| fault.hosts.iter().any(|h| h == "*" || h == *name));
        let addresses = hosts.flat_map(|name| scenario.addresses(&self.world, name));
        let rules: String = addresses.map(|address| firewall_rule(kind, address)).collect();
        let table = format!("inet passing{number}");
        wait(from);
        net.nft("r", &format!(
            "table {table} {{\n chain forward {{ type filter hook forward priority 0; policy accept;\n{rules} }}\n}}\n"
        ))?;
        if let Some(until) = fault.until_s {
            wait(until);
            net.nft("r", &format!("delete table {table}\n"))?;
        }
        Ok(())
    }

    /// Loads the faults of packets.
    fn break_network(&self, scenario: &Scenario, net: &Net) -> Outcome<()> {
        let (mut sets, mut rules) = (String::new(), String::new());
        let mut routes = String::new();
        let mut paths = String::new();
        let mut own = String::new();
        for host in &self.world.host {
            let addresses = scenario.addresses(&self.world, &host.name);
            for fault in scenario.faults_of(&host.name) {
                for address in &addresses {
                    if let Some(kind) = fault.firewall.filter(|_| fault.from_s.is_none()) {
                        rules += &firewall_rule(kind, *address);
                        if kind == FirewallFault::SmallPath {
                            let via = if address.is_ipv4() { "62.21.0.2" } else { "2a0f:21::2" };
                            let _ = writeln!(paths, "route add {address} via {via} dev w0 mtu lock 1280");
                        }
                    }
                    let kind = match fault.client {
                        Some(ClientFault::Denied) => "prohibit",
                        Some(ClientFault::NoRoute) => "unreachable",
                        Some(rule) => {
                            let v4 = address.is_ipv4();
                            let field = if v4 { "ip" } else { "ip6" };
                            let other = matches!(
                                (rule, v4),
                                (ClientFault::RejectedIpv4, false) | (ClientFault::RejectedIpv6, true)
                            );
                            let with = match rule {
                                _ if other => continue,
                                ClientFault::Reset => "meta l4proto tcp reject with tcp reset",
                                _ => "reject with icmpx admin-prohibited",
                            };
                            let _ = writeln!(own, "{field} daddr {address} {with}");
                            continue;
                        }
                        None => continue,
                    };
                    let _ = writeln!(routes, "route add {kind} {address}");
                }
            }
        }
        let explicit = scenario.mitmproxy.as_ref().is_some_and(|m| m.mode == MitmMode::Explicit);
        if let Some(limit) = scenario.connection_limit {
            let syn = "tcp flags & (syn|ack) == syn";
            let too_many = format!("{syn} limit rate over {limit}/second burst {limit} packets");
            let over = match scenario.connections_over_limit {
                ConnectionsOver::Drop => Some("drop"),
                ConnectionsOver::Reset => Some("reject with tcp reset"),
                ConnectionsOver::Prohibited => Some("reject with icmpx admin-prohibited"),
                ConnectionsOver::ShutOut => None,
            };
            if let Some(over) = over {
                let _ = writeln!(rules, "{too_many} {over}");
            } else {
                for (family, number) in [("ip", 4), ("ip6", 6)] {
                    let _ = writeln!(
                        sets,
                        "set out{number} {{ type ipv{number}_addr; flags dynamic, timeout; timeout 6s; }}"
                    );
                    let of = format!("meta nfproto ipv{number}");
                    let _ = writeln!(rules, "{of} {syn} {family} saddr @out{number} drop");
                    let _ = writeln!(rules, "{of} {too_many} add @out{number} {{ {family} saddr }} drop");
                }
            }
        }
        if scenario.no_dns_over_tcp {
            let with = if scenario.dns_over_tcp_reset { "reject with tcp reset" } else { "drop" };
            let _ = writeln!(rules, "meta l4proto tcp th dport 53 {with}");
        }
        let dead: Option<IpAddr> =
            if scenario.resolvers.contains(&Resolver::Dead) { DEAD_DNS_V4.parse().ok() } else { None };
        for address in scenario.dropped.iter().copied().chain(dead) {
            rules += &firewall_rule(FirewallFault::Drop, address);
        }
        for address in &scenario.refused {
            rules += &firewall_rule(FirewallFault::Reset, *address);
        }
        for address in &scenario.reset_at_hello {
            let field = if address.is_ipv4() { "ip" } else { "ip6" };
            let _ = writeln!(
                rules,
                "{field} daddr {address} tcp dport 443 meta length > 250 reject with tcp reset"
            );
        }
        if scenario.proxy.is_some() || scenario.tunnels.is_some() || explicit {
            for address in scenario.past_proxy.iter().flat_map(|name| scenario.addresses(&self.world, name)) {
                let field = if address.is_ipv4() { "ip" } else { "ip6" };
                let _ = writeln!(rules, "{field} daddr {address} accept");
            }
            let _ = writeln!(rules, "ip saddr {OFFICE_V4}.0/24 meta l4proto tcp th dport != 53 drop");
            let _ = writeln!(rules, "ip6 saddr {OFFICE_V6}::/64 meta l4proto tcp th dport != 53 drop");
        }
        if !rules.is_empty() {
            net.nft("r", &format!(
                "table inet firewall {{\n{sets} chain forward {{ type filter hook forward priority 0; policy accept;\n{rules} }}\n}}\n"
            ))?;
        }
        if !scenario.dropped_ports.is_empty() {
            let ports: Vec<String> = scenario.dropped_ports.iter().map(u16::to_string).collect();
            let ports = ports.join(", ");
            net.nft("r", &format!(
                "table inet ports {{\n chain input {{\n  type filter hook input priority 0; policy accept;\n  \
                 tcp dport {{ {ports} }} drop\n }}\n}}\n"
            ))?;
        }
        if let Some(limit) = scenario.proxy_connection_limit {
            net.nft("r", &format!(
                "table inet pace {{\n chain input {{\n  type filter hook input priority 0; policy accept;\n  \
                 tcp dport 3128 tcp flags & (syn|ack) == syn limit rate over {limit}/second burst {limit} packets drop\n }}\n}}\n"
            ))?;
        }
        if !own.is_empty() {
            let chain = "type filter hook output priority 0; policy accept;";
            net.nft("c", &format!("table inet own {{\n chain output {{ {chain}\n{own} }}\n}}\n"))?;
        }
        if !routes.is_empty() {
            net.batch("c", &routes)?;
        }
        if !paths.is_empty() {
            net.batch("r", &paths)?;
        }
        if let Some(mitmproxy) = &scenario.mitmproxy
            && mitmproxy.mode == MitmMode::Transparent
        {
            let taken = mitmproxy.hosts.iter().flat_map(|name| scenario.addresses(&self.world, name));
            net.nft("r", &boxes::redirect(taken))?;
        }
        if let Some(portal) = scenario.portal {
            net.nft("r", &boxes::portal_rules(portal))?;
        }
        if scenario.acceptor.is_some() {
            net.nft("c", &crate::acceptor::rules())?;
        }
        Ok(())
    }
}

/// Starts this program's own servers inside a namespace.
pub fn serve(namespace: &str, spec: &ServeSpec, file: &Path) -> Outcome<Server> {
    fs::write(file, serde_json::to_string_pretty(spec).context("server specification")?)
        .with_context(|| file.display().to_string())?;
    let mut command = inside(namespace, own_program()?);
    command.args(["serve", "--spec"]).arg(file);
    // With these a capture of the scenario can be read.
    command.env("SSLKEYLOGFILE", file.with_extension("keys"));
    Server::start(&mut command, Ready::Word)
}

/// One rule of the firewall, as a line of nftables.
pub fn firewall_rule(kind: FirewallFault, address: IpAddr) -> String {
    let (field, v4) = if address.is_ipv4() { ("ip daddr", true) } else { ("ip6 daddr", false) };
    let action = match (kind, v4) {
        (FirewallFault::DropIpv6, true) | (FirewallFault::SmallPath, _) => return String::new(),
        (FirewallFault::DropAnswers, true) => return format!("ip saddr {address} drop\n"),
        (FirewallFault::DropAnswers, false) => return format!("ip6 saddr {address} drop\n"),
        (FirewallFault::Drop | FirewallFault::DropIpv6, _) => "drop",
        (FirewallFault::Reset, _) => "meta l4proto tcp reject with tcp reset",
        (FirewallFault::HostUnreachable, true) => "reject with icmp host-unreachable",
        (FirewallFault::HostUnreachable, false) => "reject with icmpv6 addr-unreachable",
        (FirewallFault::NetUnreachable, true) => "reject with icmp net-unreachable",
        (FirewallFault::NetUnreachable, false) => "reject with icmpv6 no-route",
        (FirewallFault::Prohibited, true) => "reject with icmp admin-prohibited",
        (FirewallFault::NetProhibited, true) => "reject with icmp net-prohibited",
        (FirewallFault::HostProhibited, true) => "reject with icmp host-prohibited",
        (FirewallFault::Prohibited | FirewallFault::HostProhibited, false) => {
            "reject with icmpv6 admin-prohibited"
        }
        (FirewallFault::NetProhibited, false) => "reject with icmpv6 policy-fail",
        (FirewallFault::PortUnreachable, true) => "reject with icmp port-unreachable",
        (FirewallFault::PortUnreachable, false) => "reject with icmpv6 port-unreachable",
    };
    format!("{field} {address} {action}\n")
}

/// The addresses of the client's resolvers.
fn resolvers(scenario: &Scenario) -> Vec<&'static str> {
    let address = |resolver: &Resolver| match (resolver, scenario.stack.v4()) {
        (Resolver::Company, true) => DNS_V4,
        (Resolver::Company, false) => DNS_V6,
        (Resolver::Public, true) => PUBLIC_DNS_V4,
        (Resolver::Public, false) => PUBLIC_DNS_V6,
        (Resolver::Dead, _) => DEAD_DNS_V4,
        // In the place of the public one.
        (Resolver::Refusing | Resolver::Failing, true) => PUBLIC_DNS_V4,
        (Resolver::Refusing | Resolver::Failing, false) => PUBLIC_DNS_V6,
    };
    scenario.resolvers.iter().map(address).collect()
}

/// What is wrong with the errors and warnings of a report of a device, which is `member` of a document.
fn on_device(expected: &[String], command: &str, document: &[u8], member: &[&str]) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(document).unwrap_or_default();
    let report = member.iter().fold(&document, |value, name| &value[*name]);
    let Some(findings) = report["findings"].as_array() else {
        return Some(format!("`clearway {command}` says nothing of the device"));
    };
    let bad = findings.iter().filter(|f| f["severity"] != "info");
    let found: Vec<&str> = bad.filter_map(|f| f["code"].as_str()).collect();
    (found != expected)
        .then(|| format!("on the device `clearway {command}` found {found:?}, not {expected:?}"))
}

/// What a Windows device knows of its network, as its registry has it.
fn network_in_registry(scenario: &Scenario) -> String {
    format!(
        "[HKEY_LOCAL_MACHINE\\System\\ControlSet001\\Services\\Tcpip\\Parameters\\Interfaces\\{{lab}}]\n\
         \"DhcpIPAddress\"=\"{OFFICE_V4}.2\"\n\"DhcpNameServer\"=\"{}\"\n\"DhcpDomain\"=\"{}\"\n",
        resolvers(scenario).join(" "),
        scenario.search.join(" ")
    )
}

fn dnsmasq(dns: &DnsSpec, net: &Net) -> Outcome<Server> {
    let mut command = inside(&net.world(), "dnsmasq");
    command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"]);
    command.args(["--bind-interfaces", "--user=root", "--log-facility=-", "--local=/#/"]);
    command.arg(format!("--listen-address={DNS_V4},{DNS_V6}"));
    for (name, record) in &dns.names {
        let addresses: Vec<String> = record.addresses.iter().map(IpAddr::to_string).collect();
        command.arg(format!("--host-record={name},{}", addresses.join(",")));
    }
    Server::start(&mut command, Ready::Listening(net.world(), "sport = :53".into()))
}

/// A server as a plain speed target: healthy, and nothing of a vendor's.
pub fn plain_endpoint(
    name: String,
    addresses: &[IpAddr],
    answer: Answer,
    fault: Option<ServerFault>,
) -> Endpoint {
    Endpoint {
        name,
        listen: sockets(addresses, 443),
        speaks: Speaks::Https,
        answer,
        more: Vec::new(),
        fault,
        certificate: Certificate::Public,
    }
}
