//! Fetches proxy scripts, and looks up the names that they ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, HOST, LOCATION, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use url::{Host, Url};

use super::dns::{self, Names};
use super::wire::BoxedIo;
use super::{Prober, proxy, sanitise, tcp};
use crate::pac;

/// Redirects that are followed.
const REDIRECTS: usize = 5;
/// Addresses that are tried.
const ADDRESSES: usize = 4;

/// What fetching a script gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fetched {
    /// The script, or why there is none.
    pub script: Option<String>,
    /// Status of the answer, where there was one.
    pub status: Option<u16>,
    /// Bytes of the answer, where it was whole.
    pub bytes: Option<usize>,
    /// SHA-256 of the answer, lower-case hexadecimal.
    pub sha256: Option<String>,
    /// Why there is no script, in plain words.
    pub error: Option<String>,
}

impl Prober {
    /// Fetches a proxy script, directly and without any credential. Follows redirects, as browsers
    /// do. Ends by `deadline`, and after two stages at the latest.
    pub async fn fetch_script(&self, url: &str, deadline: Instant) -> Fetched {
        let stage = self.shared.settings.stage_timeout;
        let end = deadline.min(Instant::now() + 2 * stage);
        let mut fetched = Fetched::default();
        match timeout_at(end, self.follow(url, &mut fetched)).await {
            Ok(Ok(body)) => {
                fetched.bytes = Some(body.len());
                fetched.sha256 = Some(sha256(&body));
                fetched.script = Some(String::from_utf8_lossy(&body).into_owned());
            }
            Ok(Err(error)) => fetched.error = Some(sanitise::line(&error, 300)),
            Err(_) => fetched.error = Some("no complete answer in time".to_owned()),
        }
        fetched
    }

    /// Addresses of the names that a script asks for; none for a name that does not resolve.
    pub async fn addresses_of(
        &self,
        names: &BTreeSet<String>,
        deadline: Instant,
    ) -> BTreeMap<String, Vec<IpAddr>> {
        let lookups = Arc::new(self.names());
        let mut running = JoinSet::new();
        for name in names.iter().cloned() {
            let lookups = Arc::clone(&lookups);
            running.spawn(async move {
                let found = lookups.look_up(&name).await;
                (name, dns::addresses(&found))
            });
        }
        let mut found: BTreeMap<String, Vec<IpAddr>> =
            names.iter().map(|name| (name.clone(), Vec::new())).collect();
        while let Ok(Some(done)) = timeout_at(deadline, running.join_next()).await {
            found.extend(done);
        }
        found
    }

    fn names(&self) -> Names {
        let shared = &self.shared;
        let stage = shared.settings.stage_timeout;
        Names::new(shared.settings.resolver, Arc::clone(&shared.servers), stage)
    }

    async fn follow(&self, url: &str, fetched: &mut Fetched) -> Result<Vec<u8>, String> {
        let mut url = Url::parse(url).map_err(|_| "its address cannot be read".to_owned())?;
        // The first address is the configuration's own; a server elsewhere leads to no service here.
        let mut here = true;
        for _ in 0..=REDIRECTS {
            let response;
            (response, here) = self.get(&url, here).await?;
            let status = response.status();
            fetched.status = Some(status.as_u16());
            if status.is_redirection() {
                let next = response.headers().get(LOCATION).and_then(|l| l.to_str().ok());
                let next = next.ok_or_else(|| format!("HTTP {status} without a new address"))?;
                let next = url.join(next).map_err(|_| "it redirects to no address".to_owned())?;
                if url.scheme() == "https" && next.scheme() != "https" {
                    return Err("it redirects from https to an address without TLS".to_owned());
                }
                url = next;
                continue;
            }
            if !status.is_success() {
                return Err(format!("HTTP {}", status.as_u16()));
            }
            return body(response).await;
        }
        Err(format!("more than {REDIRECTS} redirects"))
    }

    /// `here`: it may be an address of this device. Gives the answer, and whether it came from one.
    async fn get(&self, url: &Url, here: bool) -> Result<(Response<hyper::body::Incoming>, bool), String> {
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => return Err(format!("{other} addresses are not read, only http and https")),
        };
        let (host, port) = match (url.host(), url.port_or_known_default()) {
            (Some(host), Some(port)) => (host.to_owned(), port),
            _ => return Err("its address has no host".to_owned()),
        };
        let stream = self.connect(&host, port, here).await?;
        let here = stream.peer_addr().is_ok_and(|a| tcp::is_own(a.ip()));
        let io: BoxedIo = if tls {
            let (client, stock) = (&self.shared.client, &self.shared.stock);
            let name = match &host {
                Host::Domain(name) => name.clone(),
                Host::Ipv4(a) => a.to_string(),
                Host::Ipv6(a) => a.to_string(),
            };
            let patience = self.shared.settings.stage_timeout / 4;
            let secured = proxy::secure(client, stock, Box::new(stream), &name, patience).await;
            secured.map_err(|e| format!("TLS failed: {}", e.error))?
        } else {
            Box::new(stream)
        };
        let words = |error: &dyn std::fmt::Display| format!("no HTTP answer: {error}");
        let (mut sender, connection) =
            http1::Builder::new().handshake(TokioIo::new(io)).await.map_err(|e| words(&e))?;
        // Ends by itself once the answer is read or dropped.
        tokio::spawn(connection);
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let request = Request::get(path)
            .header(HOST, authority)
            .header(USER_AGENT, super::USER_AGENT)
            .header(ACCEPT, "*/*")
            .body(Empty::<Bytes>::new())
            .map_err(|e| words(&e))?;
        Ok((sender.send_request(request).await.map_err(|e| words(&e))?, here))
    }

    async fn connect(&self, host: &Host<String>, port: u16, here: bool) -> Result<TcpStream, String> {
        let addresses = match host {
            Host::Ipv4(a) => vec![IpAddr::V4(*a)],
            Host::Ipv6(a) => vec![IpAddr::V6(*a)],
            Host::Domain(name) => {
                let found = dns::addresses(&self.names().look_up(name).await);
                if found.is_empty() {
                    return Err(format!("{name} does not resolve"));
                }
                found
            }
        };
        let mut said = String::new();
        let each: Duration = self.shared.settings.stage_timeout / 2;
        for address in addresses.into_iter().take(ADDRESSES) {
            if let Some(why) = tcp::forbidden(address, &self.shared.settings.never) {
                said = why.to_owned();
                continue;
            }
            if !here && tcp::is_own(address) {
                said = "it redirects to this device".to_owned();
                continue;
            }
            let remote = SocketAddr::new(address, port);
            match timeout(each, TcpStream::connect(remote)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => said = format!("{remote}: {error}"),
                Err(_) => said = format!("{remote}: no answer"),
            }
        }
        Err(said)
    }
}

async fn body(response: Response<hyper::body::Incoming>) -> Result<Vec<u8>, String> {
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| format!("the answer is cut off: {e}"))?;
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(data);
            if bytes.len() > pac::LARGEST {
                return Err(format!("it is larger than {} KiB", pac::LARGEST / 1024));
            }
        }
    }
    Ok(bytes)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}
