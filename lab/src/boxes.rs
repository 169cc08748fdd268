//! Boxes in the path: proxies, a real mitmproxy, a network's sign-in page, a program on the client.

use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::dns::Record;
use crate::net::{DNS_V4, Net, OFFICE_V4, OFFICE_V6, Ready, Server, inside, own_program};
use crate::outcome::Context;
use crate::pki::{Certificate, Pki};
use crate::runner::serve;
use crate::scenario::{Acceptor, MitmMode, Portal, Squid, sockets};
use crate::server::{Answer, Endpoint, ServeSpec, ServerFault, Speaks};

/// Port of a mitmproxy in the path.
const MITM_PORT: u16 = 8_080;

/// The name of a proxy that is spoken to over TLS.
pub const TLS_PROXY: &str = "secure-proxy.corp.example";

/// Where that name leads.
pub fn tls_proxy_record() -> Record {
    Record { addresses: vec![gateway_v4()], fault: None }
}

/// What stands at the proxy's address; nothing where its packets are dropped.
pub fn proxy(kind: Squid, net: &Net, folder: &Path, pki: &Pki) -> Outcome<Option<Server>> {
    let access = match kind {
        Squid::Dropped => {
            net.nft(
                "r",
                "table inet proxy {\n chain input {\n  type filter hook input priority 0; policy accept;\n  \
                 meta l4proto tcp th dport 3128 drop\n }\n}\n",
            )?;
            return Ok(None);
        }
        Squid::Resets => {
            return broken_proxy(ServerFault::ResetAfterRequest, net, folder, pki).map(Some);
        }
        Squid::Silent => return broken_proxy(ServerFault::Silent, net, folder, pki).map(Some),
        Squid::Port443 => "acl tls port 443\nhttp_access deny CONNECT !tls\nhttp_access allow all".to_owned(),
        Squid::Open | Squid::Tls | Squid::TlsExpired => "http_access allow all".to_owned(),
        Squid::DenyOthers => {
            "acl company dstdomain -n .example\nhttp_access allow company\nhttp_access deny all".to_owned()
        }
        Squid::AuthenticateVendor => "auth_param basic program /usr/lib/squid/basic_ncsa_auth /dev/null\n\
                                      auth_param basic realm laboratory\nacl known proxy_auth REQUIRED\n\
                                      acl vendor dstdomain -n downloads.claude.ai\n\
                                      http_access deny vendor !known\nhttp_access allow all"
            .to_owned(),
        // Nobody has a password.
        Squid::Authenticate => "auth_param basic program /usr/lib/squid/basic_ncsa_auth /dev/null\n\
                                auth_param basic realm laboratory\nacl known proxy_auth REQUIRED\n\
                                http_access allow known\nhttp_access deny all"
            .to_owned(),
    };
    let mut port = format!("http_port {OFFICE_V4}.1:3128");
    if matches!(kind, Squid::Tls | Squid::TlsExpired) {
        let certificate = if kind == Squid::Tls { Certificate::PrivateCa } else { Certificate::Expired };
        let issued = pki.issue(TLS_PROXY, certificate)?;
        let file = folder.join("squid-tls.pem");
        fs::write(&file, issued.chain_pem + &issued.key_pem).context("squid's certificate")?;
        port = format!("https_port {OFFICE_V4}.1:3128 tls-cert={}", file.display());
    }
    // Squid refuses to work as root, and its own user may not be let into our folders.
    let text = format!(
        "{port}\n{access}\ndns_nameservers {DNS_V4}\ncache deny all\n\
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
    Server::start(&mut command, Ready::Listening(net.router(), "sport = :3128".into())).map(Some)
}

fn broken_proxy(fault: ServerFault, net: &Net, folder: &Path, pki: &Pki) -> Outcome<Server> {
    let endpoint = Endpoint {
        name: "proxy.corp.example".into(),
        listen: sockets(&[gateway_v4()], 3128),
        speaks: Speaks::Http,
        answer: Answer::default(),
        more: Vec::new(),
        fault: Some(fault),
        certificate: Certificate::Public,
    };
    let spec = ServeSpec { pki: pki.folder().to_owned(), dns: Vec::new(), endpoints: vec![endpoint] };
    serve(&net.router(), &spec, &folder.join("proxy.json"))
}

fn gateway_v4() -> IpAddr {
    format!("{OFFICE_V4}.1").parse().unwrap()
}

fn gateway_v6() -> IpAddr {
    format!("{OFFICE_V6}::1").parse().unwrap()
}

/// Starts mitmproxy, with an authority that it makes for itself.
pub fn mitmproxy(mode: MitmMode, net: &Net, folder: &Path, pki: &Pki) -> Outcome<Server> {
    let roots = folder.join("mitmproxy-roots.pem");
    fs::write(&roots, pki.public_roots()?).context("mitmproxy's roots")?;
    let (name, port) = match mode {
        MitmMode::Transparent => ("transparent", MITM_PORT),
        MitmMode::Explicit => ("regular", 3_128),
    };
    let mut command = inside(&net.router(), "mitmdump");
    command.args(["--quiet", "--mode", name, "--listen-port", &port.to_string()]);
    command.env("SSLKEYLOGFILE", folder.join("mitmproxy.keys"));
    // The office's addresses are public ones, which mitmproxy would not serve.
    command.args(["--set", "block_global=false"]);
    command.arg("--set").arg(format!("confdir={}", mitmproxy_folder(folder).display()));
    command.arg("--set").arg(format!("ssl_verify_upstream_trusted_ca={}", roots.display()));
    Server::start(&mut command, Ready::Listening(net.router(), format!("sport = :{port}")))
}

fn mitmproxy_folder(folder: &Path) -> PathBuf {
    folder.join("mitmproxy")
}

/// Where mitmproxy leaves the certificate of its authority.
pub fn mitmproxy_authority(folder: &Path) -> PathBuf {
    mitmproxy_folder(folder).join("mitmproxy-ca-cert.pem")
}

/// The rules that send connections to these addresses into mitmproxy.
pub fn redirect(addresses: impl Iterator<Item = IpAddr>) -> String {
    let mut rules = String::new();
    for address in addresses {
        let field = if address.is_ipv4() { "ip daddr" } else { "ip6 daddr" };
        let _ = writeln!(rules, "{field} {address} tcp dport 443 redirect to :{MITM_PORT}");
    }
    redirection(&rules)
}

fn redirection(rules: &str) -> String {
    format!(
        "table inet redirection {{\n chain prerouting {{\n  type nat hook prerouting priority -100; policy accept;\n\
         {rules} }}\n}}\n"
    )
}

/// Starts the server of a network's sign-in page.
pub fn portal(kind: Portal, says: Option<&Answer>, net: &Net, folder: &Path, pki: &Pki) -> Outcome<Server> {
    let page = |speaks, port| Endpoint {
        name: "portal.guest.example".into(),
        listen: sockets(&[gateway_v4(), gateway_v6()], port),
        speaks,
        answer: says.cloned().unwrap_or_else(|| Answer {
            status: 302,
            headers: [
                ("content-type".to_owned(), "text/html".to_owned()),
                ("location".to_owned(), "http://portal.guest.example/login".to_owned()),
            ]
            .into(),
            body: "<html><body>Please sign in to the guest network.</body></html>\n".into(),
            ..Answer::default()
        }),
        more: Vec::new(),
        fault: None,
        certificate: Certificate::Public,
    };
    let mut endpoints = vec![page(Speaks::Http, 80)];
    if kind == Portal::Answer {
        endpoints.push(page(Speaks::Https, 443));
    }
    let spec = ServeSpec { pki: pki.folder().to_owned(), dns: Vec::new(), endpoints };
    serve(&net.router(), &spec, &folder.join("portal.json"))
}

/// The rules of a network that wants a sign-in.
pub fn portal_rules(kind: Portal) -> String {
    let office =
        |rule: &str| format!("ip saddr {OFFICE_V4}.0/24 {rule}\nip6 saddr {OFFICE_V6}::/64 {rule}\n");
    let mut redirected = office("tcp dport 80 redirect");
    let tls = match kind {
        Portal::Reset => "tcp dport 443 reject with tcp reset",
        Portal::Drop => "tcp dport 443 drop",
        Portal::Answer => {
            redirected += &office("tcp dport 443 redirect");
            return redirection(&redirected);
        }
    };
    let forward = office(tls);
    redirection(&redirected)
        + &format!(
            "table inet portal {{\n chain forward {{\n  type filter hook forward priority 0; policy accept;\n\
             {forward} }}\n}}\n"
        )
}

/// Starts the program on the client that accepts every connection.
pub fn acceptor(kind: Acceptor, net: &Net) -> Outcome<Server> {
    let manner = match kind {
        Acceptor::Hold => "hold",
        Acceptor::Close => "close",
    };
    let mut command = inside(&net.client(), own_program()?);
    Server::start(command.args(["accept", manner]), Ready::Word)
}
