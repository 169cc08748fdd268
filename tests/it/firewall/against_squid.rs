//! What is said about a squid.conf, and what Squid itself says: each host that is called covered is
//! let through, each one that is called missing is refused. Where Squid is not installed nothing is asked;
//! with SQUID or CI in the environment a missing program is a failure.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clearway::firewall::List;
use clearway::firewall::existing::{compare, read};

use crate::firewall::one;

const HOSTS: [(&str, u16, &str); 6] = [
    ("api.mill.example", 443, "https"),
    ("mill.example", 443, "https"),
    ("gate.mill.example", 8443, "https"),
    ("evilmill.example", 443, "https"),
    ("plain.mill.example", 80, "http"),
    ("api.pump.example", 443, "https"),
];

/// A configuration, and what is said of each of the hosts: c(overed), m(issing), d(epends), u(nread).
const CASES: &[(&str, &str)] = &[
    // The stock guard refuses tunnels to other ports, whatever stands below it.
    (
        "acl SSL_ports port 443\nacl c dstdomain .mill.example\nhttp_access deny CONNECT !SSL_ports\nhttp_access allow c\nhttp_access deny all\n",
        "ccmmcm",
    ),
    (
        "acl c dstdomain .mill.example\nhttp_access deny c\nhttp_access allow c\nhttp_access deny all\n",
        "mmmmmm",
    ),
    ("acl c dstdomain .mill.example\nhttp_access deny c\nhttp_access allow all\n", "mmmcmc"),
    // Two lists on one line are both at once.
    (
        "acl a dstdomain .mill.example\nacl b dstdomain api.pump.example\nhttp_access allow a b\nhttp_access deny all\n",
        "mmmmmm",
    ),
    (
        "acl a dstdomain .mill.example\nacl b dstdomain api.mill.example\nhttp_access allow a b\nhttp_access deny all\n",
        "cmmmmm",
    ),
    ("acl c dstdomain .mill.example\nhttp_access allow c !CONNECT\nhttp_access deny all\n", "mmmmcm"),
    (
        "acl p port 443\nacl c dstdomain .mill.example\nhttp_access allow p c\nhttp_access deny all\n",
        "ccmmmm",
    ),
    (
        "acl p port 1025-65535\nacl c dstdomain .mill.example\nhttp_access allow c !p\nhttp_access deny all\n",
        "ccmmcm",
    ),
    ("http_access allow all\n", "cccccc"),
    ("http_access deny all\n", "mmmmmm"),
    // Nothing matches: the opposite of the last line.
    ("acl c dstdomain .mill.example\nhttp_access deny c\n", "mmmcmc"),
    ("acl localnet src 10.0.0.0/8\nhttp_access allow localnet\nhttp_access deny all\n", "dddddd"),
    (
        "acl t time MTWHF 09:00-10:00\nacl c dstdomain .mill.example\nhttp_access allow t c\nhttp_access deny all\n",
        "dddmdm",
    ),
    (
        "acl a dstdomain .mill.example\nacl b dstdomain .pump.example\nacl x any-of a b\nhttp_access allow x\nhttp_access deny all\n",
        "cccmcc",
    ),
    (
        "acl a dstdomain .mill.example\nacl p port 443\nacl x all-of a p\nhttp_access allow x\nhttp_access deny all\n",
        "ccmmmm",
    ),
    // A line goes on, and a remark ends one.
    (
        "acl c dstdomain api.mill.example \\\n  api.pump.example # main\nhttp_access allow c\nhttp_access deny all\n",
        "cmmmmc",
    ),
    // Nothing comes between the two lines, and only the very last character continues one.
    (
        "acl c dstdomain api.mill.example\\\n  api.pump.example\nhttp_access allow c\nhttp_access deny all\n",
        "mmmmmm",
    ),
    (
        "acl c dstdomain api.mill.\\\n\texample api.pump.example\nhttp_access allow c\nhttp_access deny all\n",
        "cmmmmc",
    ),
    ("acl c dstdomain api.mill.example \\ \nhttp_access deny all\nhttp_access allow c\n", "mmmmmm"),
    ("acl c dstdomain api.mill.example \\ \nhttp_access allow c\nhttp_access deny all\n", "cmmmmm"),
    (
        "acl c dstdomain api.mill.example \\\r\n  api.pump.example\r\nhttp_access allow c\r\nhttp_access deny all\r\n",
        "cmmmmc",
    ),
    // Empty lines and remarks do not end it.
    (
        "acl c dstdomain api.mill.example api.pump.example \\\n\nhttp_access allow c\nhttp_access deny all\n",
        "mmmmmm",
    ),
    (
        "acl c dstdomain api.mill.example api.pump.example \\\n  # more \\\nhttp_access allow c\nhttp_access deny all\n",
        "mmmmmm",
    ),
    (
        "acl c dstdomain api.mill.example \\\n# more\n \t\n api.pump.example\nhttp_access allow c\nhttp_access deny all\n",
        "cmmmmc",
    ),
    // What is continued behind a remark is part of it.
    (
        "acl c dstdomain api.mill.example # main \\\n api.pump.example\nhttp_access allow c\nhttp_access deny all\n",
        "cmmmmm",
    ),
    ("# all \\\nhttp_access allow all\n", "cccccc"),
    // Names are compared in lower case, expressions as they are written unless -i stands before them.
    ("acl r dstdom_regex ^API\\.Mill\\.Example$\nhttp_access allow r\nhttp_access deny all\n", "mmmmmm"),
    ("acl r dstdom_regex MILL \\.Pump\\.example$\nhttp_access allow r\nhttp_access deny all\n", "mmmmmm"),
    ("acl r dstdom_regex -i MILL\\.\nhttp_access allow r\nhttp_access deny all\n", "cccccm"),
    ("acl r dstdom_regex MILL\nhttp_access deny r\nhttp_access allow all\n", "cccccc"),
    ("acl r dstdom_regex -i MILL\\.\nhttp_access deny r\nhttp_access allow all\n", "mmmmmc"),
    ("acl r dstdom_regex PUMP -i ^API\\.MILL\\.\nhttp_access allow r\nhttp_access deny all\n", "uuuuuu"),
    ("acl r dstdom_regex PUMP -i API\\.MILL\\.\nhttp_access allow r\nhttp_access deny all\n", "cmmmmm"),
    ("acl r dstdom_regex -i PUMP +i MILL\nhttp_access allow r\nhttp_access deny all\n", "mmmmmc"),
    ("acl r dstdom_regex +i PUMP mill\\.\nhttp_access allow r\nhttp_access deny all\n", "cccccm"),
    ("acl r dstdom_regex -n -i PUMP\nhttp_access allow r\nhttp_access deny all\n", "mmmmmc"),
    // Each line has its own.
    (
        "acl r dstdom_regex -i PUMP\nacl r dstdom_regex MILL\nhttp_access allow r\nhttp_access deny all\n",
        "mmmmmc",
    ),
    // Behind an expression it is one more, which stands for names that hold it.
    ("acl r dstdom_regex pump\\. -n\nhttp_access allow r\nhttp_access deny all\n", "mmmmmc"),
    // Whether a class or an escape makes room for other letters is not worked out.
    // A port of the proxy's own machine serves nobody else; one that others reach does.
    ("http_port 127.0.0.1:3128\nhttp_access allow all\n", "dddddd"),
    ("http_port [::1]:3128\nhttp_port localhost:3129\nhttp_access allow all\n", "dddddd"),
    ("http_port 127.0.0.1:3128\nhttp_port 10.0.0.1:3128\nhttp_access allow all\n", "cccccc"),
    ("http_port 3128\nhttp_access allow all\n", "cccccc"),
    ("acl r dstdom_regex [A-Z]+mill\nhttp_access allow r\nhttp_access deny all\n", "uuuuuu"),
    ("acl r dstdom_regex \\Wmill\nhttp_access allow r\nhttp_access deny all\n", "uuuuuu"),
    (
        "acl c dstdomain -n .mill.example\nacl c dstdomain api.pump.example\nhttp_access allow c\nhttp_access deny all\n",
        "cccmcc",
    ),
    ("acl r dstdom_regex -i \\.mill\\.example$\nhttp_access allow r\nhttp_access deny all\n", "cmcmcm"),
    ("acl r dstdom_regex -i mill\\.example\nhttp_access allow r\nhttp_access deny all\n", "cccccm"),
    (
        "acl m method CONNECT\nacl c dstdomain .mill.example\nhttp_access allow m c\nhttp_access deny all\n",
        "cccmmm",
    ),
    ("acl c dstdomain *.mill.example\nhttp_access allow c\nhttp_access deny all\n", "mmmmmm"),
    ("acl u url_regex mill\nhttp_access allow u\nhttp_access deny all\n", "uuuuuu"),
    (
        "acl c dstdomain .mill.example\nhttp_access allow c\ninclude /nowhere/*.conf\nhttp_access deny all\n",
        "dddudu",
    ),
    ("acl c dstdomain .mill.example\nhttp_access allow all\nadapted_http_access deny c\n", "mmmcmc"),
];

#[test]
fn every_case_is_judged_as_written_down() {
    for (conf, expected) in CASES {
        let found: String =
            HOSTS.iter().map(|(host, port, transport)| said(conf, host, *port, transport)).collect();
        assert_eq!(found, *expected, "{conf}");
    }
    // A line that goes on at the end of the file is not read.
    let open = "acl c dstdomain .mill.example\nhttp_access deny all\nhttp_access allow c\\";
    assert_eq!(said(open, "api.mill.example", 443, "https"), 'm');
    // Without any line that decides it is a part of a file.
    let open = "acl c dstdomain .mill.example\nhttp_access deny all\\\n# end\n\n";
    assert_eq!(said(open, "api.mill.example", 443, "https"), 'd');
    // SSH is no matter of a web proxy, whatever it lets through.
    assert_eq!(said("http_access allow all\n", "build.mill.example", 22, "ssh"), 'm');
    // Clients on the proxy's own machine are not the devices of the app.
    assert_eq!(
        said("http_access allow localhost\nhttp_access deny all\n", "api.mill.example", 443, "https"),
        'm'
    );
    // In http_access it is not compared, and that is said.
    let named = "acl n ssl::server_name .mill.example\nhttp_access allow n\nhttp_access deny all\n";
    assert_eq!(said(named, "api.mill.example", 443, "https"), 'u');
    // The server name decides behind a transparent proxy.
    let bump = "acl s at_step SslBump1\nacl n ssl::server_name .mill.example\nssl_bump peek s\nssl_bump splice n\nssl_bump terminate all\nhttp_access allow all\n";
    assert_eq!(said(bump, "api.mill.example", 443, "https"), 'c');
    assert_eq!(said(bump, "api.pump.example", 443, "https"), 'm');
}

fn said(conf: &str, host: &str, port: u16, transport: &str) -> char {
    match read(conf).and_then(|l| compare(&List::allow(&one(host, port, transport)), l)) {
        Err(_) => 'u',
        Ok(result) if !result.missing.is_empty() => 'm',
        Ok(result) if !result.conditional.is_empty() => 'd',
        Ok(_) => 'c',
    }
}

fn squid() -> Option<String> {
    let named = std::env::var("SQUID").ok();
    let name = named.clone().unwrap_or_else(|| "squid".into());
    let found = [name.clone(), format!("/usr/sbin/{name}")].into_iter().find(|path| {
        Command::new(path)
            .arg("-v")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    });
    let must = named.is_some() || std::env::var_os("CI").is_some();
    assert!(found.is_some() || !must, "{name} cannot be started: install squid, or name it with SQUID");
    found
}

struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The status with which the proxy answers.
fn status(port: u16, request: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = [0_u8; 64];
    let length = stream.read(&mut answer).ok()?;
    std::str::from_utf8(answer.get(..length)?).ok()?.split(' ').nth(1)?.parse().ok()
}

#[test]
fn squid_itself_agrees() {
    let Some(squid) = squid() else { return };
    for (conf, expected) in CASES.iter().filter(|(conf, _)| !conf.contains("include ")) {
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let names: String = HOSTS.iter().map(|(host, ..)| format!("127.0.0.1 {host}\n")).collect();
        let at = |name: &str| dir.path().join(name).display().to_string();
        std::fs::write(at("hosts"), names).unwrap();
        let whole = format!(
            "{conf}\nhttp_port 127.0.0.1:{port}\nhosts_file {}\npid_filename {}\ncache_log {}\naccess_log none\ncoredump_dir {}\n\
             cache deny all\npinger_enable off\ndns_nameservers 127.0.0.1\ndns_timeout 1 second\nconnect_timeout 2 seconds\n\
             visible_hostname proxy.example\nshutdown_lifetime 0 seconds\nnetdb_filename none\n",
            at("hosts"),
            at("pid"),
            at("log"),
            dir.path().display()
        );
        std::fs::write(at("conf"), whole).unwrap();
        let child = Command::new(&squid)
            .args(["-N", "-f", &at("conf")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let _running = Running(child);
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = std::fs::read_to_string(at("log")).unwrap_or_default();
            assert!(begin.elapsed() < Duration::from_secs(20), "squid does not start: {conf}\n{log}");
            std::thread::sleep(Duration::from_millis(30));
        }
        for ((host, to, transport), said) in HOSTS.iter().zip(expected.chars()) {
            let request = if *transport == "http" {
                format!("GET http://{host}:{to}/ HTTP/1.1\r\nHost: {host}\r\n\r\n")
            } else {
                format!("CONNECT {host}:{to} HTTP/1.1\r\nHost: {host}:{to}\r\n\r\n")
            };
            let answer = status(port, &request).unwrap_or_else(|| panic!("no answer for {host}: {conf}"));
            match said {
                'c' => assert_ne!(answer, 403, "{host}:{to} is called covered: {conf}"),
                'm' => assert_eq!(answer, 403, "{host}:{to} is called missing: {conf}"),
                _ => {}
            }
        }
    }
}
