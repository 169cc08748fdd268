//! Plays one scenario: brings the network up, breaks it, runs the program under test, compares.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::dns::{DnsSpec, Record};
use crate::net::{self, DNS_V4, DNS_V6, Net, OFFICE_V4, OFFICE_V6, Ready, Server, inside, own_program};
use crate::outcome::Context;
use crate::pki::{Certificate, Pki};
use crate::scenario::{
    ClientFault, DnsServer, FirewallFault, Host, Scenario, Squid, World, exit_code, sockets,
};
use crate::server::{Answer, Endpoint, ServeSpec, ServerFault, Speaks};

/// Nothing that a scenario runs may take longer.
const RUN_LIMIT: Duration = Duration::from_secs(60);

/// What every scenario of one run shares.
pub struct Bench {
    /// The hosts.
    pub world: World,
    /// The authorities.
    pub pki: Pki,
    /// The program under test.
    pub program: PathBuf,
    /// Where specifications and reports are written.
    pub folder: PathBuf,
}

/// What a scenario came to.
pub struct Played {
    /// (expected code, reported code) of each host.
    pub pairs: Vec<(String, String)>,
    /// What was not as expected; empty when it passed.
    pub wrong: Vec<String>,
    /// Wall time of the program under test.
    pub took: Duration,
}

impl Bench {
    /// Brings a scenario up, broken as it says. The servers end, and the network goes down, when
    /// the result is dropped.
    fn stage(&self, scenario: &Scenario, folder: &Path) -> Outcome<(Vec<Server>, Net)> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let mut addresses: Vec<IpAddr> = self
            .world
            .host
            .iter()
            .flat_map(|host| self.world.addresses(&host.name))
            .chain([DNS_V4.parse().unwrap(), DNS_V6.parse().unwrap()])
            .filter(|address| !address.is_loopback())
            .collect();
        addresses.sort();
        addresses.dedup();
        let net = Net::up(scenario.stack, scenario.link, &addresses)?;
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
        let mut command = inside(&net.client(), "env");
        command.args(self.arguments(scenario, &folder)?);
        let started = Instant::now();
        let output = net::output(&mut command, None, RUN_LIMIT)?;
        let took = started.elapsed();
        fs::write(folder.join("report.json"), &output.stdout).context("report.json")?;
        fs::write(folder.join("stderr.txt"), &output.stderr).context("stderr.txt")?;
        let (pairs, mut wrong) = compare(scenario, output.status.code(), &output.stdout)
            .map_err(|e| format!("{e}; it said: {}", String::from_utf8_lossy(&output.stderr).trim()))?;
        if took.as_secs_f64() > scenario.within_s {
            wrong.push(format!("took {:.1} s, more than {} s", took.as_secs_f64(), scenario.within_s));
        }
        Ok(Played { pairs, wrong, took })
    }

    /// The arguments of `env`: a clean environment and the program under test.
    fn arguments(&self, scenario: &Scenario, folder: &Path) -> Outcome<Vec<String>> {
        let mut trusted = String::new();
        for &authority in &scenario.device_trusts {
            let file = self.pki.root_file(authority);
            trusted += &fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        }
        let store = folder.join("device-trust.pem");
        fs::write(&store, trusted).context("device trust store")?;
        let mut arguments = vec![
            "-i".to_owned(),
            "PATH=/usr/bin:/bin".to_owned(),
            format!("HOME={}", folder.display()),
            "LANG=C.UTF-8".to_owned(),
            format!("SSL_CERT_FILE={}", store.display()),
        ];
        arguments.extend(scenario.env.iter().map(|(name, value)| format!("{name}={value}")));
        arguments.push(self.program.display().to_string());
        arguments.push("check".to_owned());
        if let Some(config) = &scenario.config {
            arguments.push(format!("{}/tests/lab/configs/{config}.json", env!("CARGO_MANIFEST_DIR")));
        }
        let roots = self.pki.root_file(crate::pki::Authority::Public);
        arguments.extend(["--platform", "linux", "--format", "json", "--public-roots"].map(str::to_owned));
        arguments.push(roots.display().to_string());
        arguments.extend(scenario.args.iter().cloned());
        Ok(arguments)
    }

    fn start_servers(&self, scenario: &Scenario, net: &Net, folder: &Path) -> Outcome<Vec<Server>> {
        let mut servers = Vec::new();
        let (on_client, in_world): (Vec<&Host>, Vec<&Host>) = self
            .world
            .host
            .iter()
            .filter(|host| !scenario.nginx.contains(&host.name))
            .partition(|host| host.address.is_some_and(|address| address.is_loopback()));

        let dns = DnsSpec {
            listen: sockets(&[DNS_V4.parse().unwrap(), DNS_V6.parse().unwrap()], 53),
            names: self.names(scenario),
            delay_ms: scenario.dns_delay_ms,
        };
        let scripted = (scenario.dns == DnsServer::Scripted).then(|| dns.clone());
        servers.push(self.serve(scenario, &net.world(), in_world, scripted, &folder.join("world.json"))?);
        let wants_loopback = scenario.config.as_deref().is_some_and(|config| config.ends_with("loopback"));
        if wants_loopback {
            servers.push(self.serve(
                scenario,
                &net.client(),
                on_client,
                None,
                &folder.join("client.json"),
            )?);
        }
        if scenario.dns == DnsServer::Dnsmasq {
            servers.push(dnsmasq(&dns, net)?);
        }
        if !scenario.nginx.is_empty() {
            servers.push(self.nginx(scenario, net, folder)?);
        }
        if let Some(squid) = scenario.proxy {
            servers.push(start_squid(squid, net, folder)?);
        }
        Ok(servers)
    }

    fn names(&self, scenario: &Scenario) -> BTreeMap<String, Record> {
        let hosts = self.world.host.iter().map(|host| &host.name);
        hosts
            .map(|name| {
                let fault = scenario.faults_of(name).find_map(|fault| fault.dns);
                (name.clone(), Record { addresses: self.world.addresses(name), fault })
            })
            .collect()
    }

    fn serve(
        &self,
        scenario: &Scenario,
        namespace: &str,
        hosts: Vec<&Host>,
        dns: Option<DnsSpec>,
        file: &Path,
    ) -> Outcome<Server> {
        let endpoints = hosts.into_iter().map(|host| self.endpoint(scenario, host)).collect();
        let spec = ServeSpec { pki: self.pki.folder().to_owned(), dns, endpoints };
        serve(namespace, &spec, file)
    }

    fn endpoint(&self, scenario: &Scenario, host: &Host) -> Endpoint {
        Endpoint {
            name: host.name.clone(),
            listen: sockets(&self.world.addresses(&host.name), host.port),
            speaks: scenario.speaks.get(&host.name).copied().unwrap_or(host.speaks),
            answer: self.world.answer[&host.answer].clone(),
            fault: scenario.faults_of(&host.name).find_map(|fault| fault.server),
            certificate: self.certificate(scenario, host),
        }
    }

    fn certificate(&self, scenario: &Scenario, host: &Host) -> Certificate {
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
            for socket in sockets(&self.world.addresses(name), host.port) {
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
        let address = self.world.addresses(&scenario.nginx[0])[0];
        let mut command = inside(&net.world(), "nginx");
        command.arg("-p").arg(folder).arg("-c").arg(&file).args(["-e", "stderr"]);
        Server::start(&mut command, Ready::Listening(net.world(), format!("src {address}")))
    }

    /// Loads the faults of packets.
    fn break_network(&self, scenario: &Scenario, net: &Net) -> Outcome<()> {
        let mut rules = String::new();
        let mut routes = String::new();
        for host in &self.world.host {
            let addresses = self.world.addresses(&host.name);
            for fault in scenario.faults_of(&host.name) {
                for address in &addresses {
                    if let Some(kind) = fault.firewall {
                        rules += &firewall_rule(kind, *address);
                    }
                    let kind = match fault.client {
                        Some(ClientFault::Denied) => "prohibit",
                        Some(ClientFault::NoRoute) => "unreachable",
                        None => continue,
                    };
                    let _ = writeln!(routes, "route add {kind} {address}");
                }
            }
        }
        if scenario.proxy.is_some() {
            let _ = writeln!(rules, "ip saddr {OFFICE_V4}.0/24 meta l4proto tcp th dport != 53 drop");
            let _ = writeln!(rules, "ip6 saddr {OFFICE_V6}::/64 meta l4proto tcp th dport != 53 drop");
        }
        if !rules.is_empty() {
            net.nft("r", &format!(
                "table inet firewall {{\n chain forward {{ type filter hook forward priority 0; policy accept;\n{rules} }}\n}}\n"
            ))?;
        }
        if !routes.is_empty() {
            net.batch("c", &routes)?;
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
    Server::start(&mut command, Ready::Word)
}

/// One rule of the firewall, as a line of nftables.
pub fn firewall_rule(kind: FirewallFault, address: IpAddr) -> String {
    let (field, v4) = if address.is_ipv4() { ("ip daddr", true) } else { ("ip6 daddr", false) };
    let action = match (kind, v4) {
        (FirewallFault::DropIpv6, true) => return String::new(),
        (FirewallFault::Drop | FirewallFault::DropIpv6, _) => "drop",
        (FirewallFault::Reset, _) => "meta l4proto tcp reject with tcp reset",
        (FirewallFault::HostUnreachable, true) => "reject with icmp host-unreachable",
        (FirewallFault::HostUnreachable, false) => "reject with icmpv6 addr-unreachable",
        (FirewallFault::NetUnreachable, true) => "reject with icmp net-unreachable",
        (FirewallFault::NetUnreachable, false) => "reject with icmpv6 no-route",
        (FirewallFault::Prohibited, true) => "reject with icmp admin-prohibited",
        (FirewallFault::Prohibited, false) => "reject with icmpv6 admin-prohibited",
    };
    format!("{field} {address} {action}\n")
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

fn start_squid(kind: Squid, net: &Net, folder: &Path) -> Outcome<Server> {
    let access = match kind {
        Squid::Open => "http_access allow all".to_owned(),
        Squid::DenyOthers => {
            "acl company dstdomain -n .example\nhttp_access allow company\nhttp_access deny all".to_owned()
        }
        // Nobody has a password.
        Squid::Authenticate => "auth_param basic program /usr/lib/squid/basic_ncsa_auth /dev/null\n\
                                auth_param basic realm laboratory\nacl known proxy_auth REQUIRED\n\
                                http_access allow known\nhttp_access deny all"
            .to_owned(),
    };
    // Squid refuses to work as root, and its own user may not be let into our folders.
    let text = format!(
        "http_port {OFFICE_V4}.1:3128\n{access}\ndns_nameservers {DNS_V4}\ncache deny all\n\
         cache_effective_user proxy\npid_filename none\naccess_log none\ncache_log /dev/null\n\
         cache_store_log none\nnetdb_filename none\nshutdown_lifetime 0 seconds\n\
         visible_hostname proxy.corp.example\npinger_enable off\nconnect_timeout 5 seconds\n"
    );
    let file = folder.join("squid.conf");
    fs::write(&file, text).context("squid.conf")?;
    // Shared memory of its own: two squids would fight over the names, and a killed one leaves them
    // behind. The mount is seen only inside, because entering a namespace makes mounts private.
    let mut command = inside(&net.router(), "sh");
    command.args(["-c", "mount -t tmpfs tmpfs /dev/shm && exec squid -N -d 1 -f \"$1\"", "sh"]);
    command.arg(&file).current_dir("/");
    Server::start(&mut command, Ready::Listening(net.router(), "sport = :3128".into()))
}

/// (expected code, reported code) of each host, and what is wrong in words.
type Compared = (Vec<(String, String)>, Vec<String>);

/// Holds a report against the scenario.
fn compare(scenario: &Scenario, exit: Option<i32>, report: &[u8]) -> Outcome<Compared> {
    let report: serde_json::Value =
        serde_json::from_slice(report).with_context(|| format!("no report (exit {exit:?})"))?;
    let mut hosts = BTreeMap::new();
    for group in report["groups"].as_array().ok_or("the report has no groups")? {
        for host in group["hosts"].as_array().ok_or("a group has no hosts")? {
            let name = host["host"].as_str().ok_or("a host has no name")?;
            hosts.insert(name.to_owned(), host.clone());
        }
    }
    let (mut pairs, mut wrong) = (Vec::new(), Vec::new());
    for (name, host) in &hosts {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("(none)").to_owned();
        let found = (text(&host["finding"]["code"]), text(&host["verdict"]), text(&host["finding"]["owner"]));
        let expected = scenario.expect.get(name).or_else(|| scenario.expect.get("*"));
        let wanted = match expected {
            Some(e) => (e.code.clone(), e.verdict.clone(), e.owner.clone()),
            None => ("ok".to_owned(), "reachable".to_owned(), "none".to_owned()),
        };
        let tolerated = expected.is_none() && found.1 == "warning" && scenario.tolerate.contains(&found.0);
        pairs.push((wanted.0.clone(), if tolerated { "ok".to_owned() } else { found.0.clone() }));
        if found != wanted && !tolerated {
            wrong.push(format!(
                "{name}: expected {} {} {}, reported {} {} {}: {}",
                wanted.0,
                wanted.1,
                wanted.2,
                found.0,
                found.1,
                found.2,
                text(&host["finding"]["evidence"]["line"])
            ));
        }
    }
    for name in scenario.expect.keys().filter(|name| *name != "*" && !hosts.contains_key(*name)) {
        wrong.push(format!("{name} is not in the report"));
    }
    let healthy = hosts.values().any(|host| host["verdict"] == "reachable");
    if !healthy && !scenario.no_healthy_host {
        wrong.push("no host is reachable: the scenario proves nothing about healthy hosts".into());
    }
    let degraded_by_tolerance = scenario.run == "ready" && !scenario.tolerate.is_empty();
    let verdict = report["verdict"].as_str().unwrap_or("(none)");
    if verdict != scenario.run && !(degraded_by_tolerance && verdict == "degraded") {
        wrong.push(format!("the run: expected {}, reported {verdict}", scenario.run));
    }
    let promised = exit_code(&scenario.run)?;
    if exit != Some(promised) {
        wrong.push(format!("exit code: expected {promised}, got {exit:?}"));
    }
    Ok((pairs, wrong))
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
        fault,
        certificate: Certificate::Public,
    }
}
