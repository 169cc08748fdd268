//! Fetches proxy scripts, and looks up the names that they ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use reqwest::Response;
use reqwest::header::LOCATION;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::fetch::innermost;
use super::tcp::Reach;
use super::{Prober, dns, sanitise};
use crate::pac;

/// Redirects that are followed.
const REDIRECTS: usize = 5;

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

    async fn follow(&self, url: &str, fetched: &mut Fetched) -> Result<Vec<u8>, String> {
        let mut url = Url::parse(url).map_err(|_| "its address cannot be read".to_owned())?;
        // The first address is the configuration's own; a server elsewhere leads to no service here or at this site.
        let mut reach = Reach::Anywhere;
        for _ in 0..=REDIRECTS {
            let response;
            (response, reach) = self.fetch(&url, reach).await?;
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
}

async fn body(mut response: Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let cut = |e: reqwest::Error| format!("the answer is cut off: {}", innermost(&e));
    while let Some(data) = response.chunk().await.map_err(cut)? {
        bytes.extend_from_slice(&data);
        if bytes.len() > pac::LARGEST {
            return Err(format!("it is larger than {} KiB", pac::LARGEST / 1024));
        }
    }
    Ok(bytes)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}
