//! A small scripted DNS server, UDP and TCP: right answers, and each way a resolver can fail.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use crate::Outcome;
use crate::outcome::Context;

const TYPE_A: u16 = 1;
const TYPE_AAAA: u16 = 28;
/// Where an alias leads: end.cdn.example.
const ALIAS: &[u8] = b"\x03end\x03cdn\x07example\x00";
/// What a slow answer takes, milliseconds.
const SLOW_MS: u64 = 1_500;

/// What the server knows and how it behaves.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DnsSpec {
    /// Where it listens, UDP and TCP.
    pub listen: Vec<SocketAddr>,
    /// Names in lower case, without the final dot. Any other name does not exist.
    pub names: BTreeMap<String, Record>,
    /// Milliseconds before every answer.
    #[serde(default)]
    pub delay_ms: u64,
    /// Questions a second that are answered, as many at once; what is more is dropped.
    #[serde(default)]
    pub limit: Option<u32>,
    /// What is more is answered so, and not dropped.
    #[serde(default)]
    pub over_limit: Option<OverLimit>,
    /// Every question is answered so.
    #[serde(default)]
    pub always: Option<OverLimit>,
}

/// What a server says to questions that are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverLimit {
    /// REFUSED.
    Refused,
    /// SERVFAIL.
    Servfail,
    /// A code that no resolver is expected to give (NOTAUTH).
    NotAuth,
    /// REFUSED to every second, and nothing to the others.
    Mixed,
}

impl OverLimit {
    /// The answer to a query; none where it cannot be read, or is dropped. `number`: how many were too many before.
    fn reply(self, query: &[u8], number: u32) -> Option<Vec<u8>> {
        let question = Question::read(query)?;
        let code = match self {
            Self::Mixed if number.is_multiple_of(2) => return None,
            Self::Refused | Self::Mixed => 5,
            Self::Servfail => 2,
            Self::NotAuth => 9,
        };
        let mut answer = query.get(..question.end)?.to_vec();
        answer[2..4].copy_from_slice(&[0x80 | query[2] & 1, 0x80 | code]);
        answer[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
        Some(answer)
    }
}

/// One name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Record {
    /// Its addresses, both families.
    pub addresses: Vec<IpAddr>,
    /// How the answer goes wrong, if it does.
    #[serde(default)]
    pub fault: Option<DnsFault>,
}

/// How an answer goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DnsFault {
    /// The name does not exist.
    Nxdomain,
    /// The server failed.
    Servfail,
    /// The server refuses.
    Refused,
    /// The name exists and has no address.
    NoData,
    /// No answer ever comes.
    Silent,
    /// The unspecified address.
    Sinkhole,
    /// A loopback address.
    Loopback,
    /// Every answer takes a second and a half.
    Slow,
    /// The first answer for a name and type takes a second and a half, later ones none.
    SlowOnce,
    /// Questions for AAAA are dropped.
    NoAaaa,
    /// Questions for AAAA get SERVFAIL.
    AaaaServfail,
    /// Questions for AAAA are refused.
    AaaaRefused,
    /// Every answer over UDP is cut short.
    Truncated,
    /// The name is an alias, and the name that it leads to does not exist.
    DeniedAlias,
    /// The same, and the name that it leads to has no address.
    EmptyAlias,
    /// The same, and the server fails for the name that it leads to.
    FailedAlias,
    /// The same, and the name that it leads to has the unspecified address.
    SunkAlias,
    /// No answer to the first query of a name and type, a right one from then on.
    SecondTry,
    /// Every answer begins with the next address.
    InTurn,
}

/// Binds every address and answers for ever.
pub async fn start(spec: DnsSpec) -> Outcome<()> {
    let spec = Arc::new(spec);
    for &address in &spec.listen {
        let udp = UdpSocket::bind(address).await.with_context(|| format!("DNS on {address}/udp"))?;
        let tcp = TcpListener::bind(address).await.with_context(|| format!("DNS on {address}/tcp"))?;
        tokio::spawn(serve_udp(Arc::new(udp), Arc::clone(&spec)));
        tokio::spawn(serve_tcp(tcp, Arc::clone(&spec)));
    }
    Ok(())
}

async fn serve_udp(socket: Arc<UdpSocket>, spec: Arc<DnsSpec>) {
    let mut buffer = [0; 4096];
    let mut seen = BTreeMap::new();
    let (mut bucket, mut too_many) = (Bucket::new(spec.limit), 0_u32);
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else { continue };
        if let Some(always) = spec.always {
            if let Some(refusal) = always.reply(&buffer[..length], 1) {
                // The asker may be gone; nobody to tell.
                let _ = socket.send_to(&refusal, peer).await;
            }
            continue;
        }
        if !bucket.takes() {
            too_many += 1;
            if let Some(refusal) = spec.over_limit.and_then(|over| over.reply(&buffer[..length], too_many)) {
                // The asker may be gone; nobody to tell.
                let _ = socket.send_to(&refusal, peer).await;
            }
            continue;
        }
        let Some(reply) = reply(&buffer[..length], &spec, &mut seen) else { continue };
        let (mut reply, slow) = reply;
        if let Some(question) = Question::read(&buffer[..length])
            && spec.names.get(&question.name).is_some_and(|r| r.fault == Some(DnsFault::Truncated))
        {
            reply.truncate(question.end);
            reply[2] |= 2;
            reply[6..8].fill(0);
        }
        let (socket, delay) = (Arc::clone(&socket), spec.delay(slow));
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            // The asker may be gone; nobody to tell.
            let _ = socket.send_to(&reply, peer).await;
        });
    }
}

async fn serve_tcp(listener: TcpListener, spec: Arc<DnsSpec>) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        let spec = Arc::clone(&spec);
        tokio::spawn(async move {
            let mut seen = BTreeMap::new();
            while let Ok(length) = stream.read_u16().await {
                let mut query = vec![0; usize::from(length)];
                if stream.read_exact(&mut query).await.is_err() {
                    return;
                }
                let Some((answer, slow)) = reply(&query, &spec, &mut seen) else { continue };
                tokio::time::sleep(spec.delay(slow)).await;
                let Ok(size) = u16::try_from(answer.len()) else { return };
                let framed = [&size.to_be_bytes()[..], &answer].concat();
                if stream.write_all(&framed).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// So many at once, and so many more each second.
struct Bucket {
    limit: Option<f64>,
    left: f64,
    at: std::time::Instant,
}

impl Bucket {
    fn new(limit: Option<u32>) -> Self {
        let limit = limit.map(f64::from);
        Self { limit, left: limit.unwrap_or_default(), at: std::time::Instant::now() }
    }

    fn takes(&mut self) -> bool {
        let Some(limit) = self.limit else { return true };
        let now = std::time::Instant::now();
        self.left = (self.left + limit * now.duration_since(self.at).as_secs_f64()).min(limit);
        self.at = now;
        let takes = self.left >= 1.0;
        self.left -= if takes { 1.0 } else { 0.0 };
        takes
    }
}

impl DnsSpec {
    fn delay(&self, slow: bool) -> Duration {
        Duration::from_millis(self.delay_ms + if slow { SLOW_MS } else { 0 })
    }
}

/// The answer to one query and whether it is slow; none when the script says silence or the query
/// cannot be read.
fn reply(query: &[u8], spec: &DnsSpec, seen: &mut BTreeMap<(String, u16), u32>) -> Option<(Vec<u8>, bool)> {
    let question = Question::read(query)?;
    let (mut code, mut addresses, mut slow, mut alias) = (0, Vec::new(), false, false);
    let mut times = || {
        let times = seen.entry((question.name.clone(), question.kind)).or_default();
        *times += 1;
        *times
    };
    match spec.names.get(&question.name) {
        None => code = 3,
        Some(record) => match record.fault {
            Some(DnsFault::Nxdomain) => code = 3,
            Some(DnsFault::Servfail) => code = 2,
            Some(DnsFault::Refused) => code = 5,
            Some(DnsFault::NoData) => {}
            Some(DnsFault::Silent) => return None,
            Some(DnsFault::NoAaaa) if question.kind == TYPE_AAAA => return None,
            Some(DnsFault::AaaaServfail) if question.kind == TYPE_AAAA => code = 2,
            Some(DnsFault::AaaaRefused) if question.kind == TYPE_AAAA => code = 5,
            Some(DnsFault::NoAaaa | DnsFault::Truncated | DnsFault::AaaaServfail | DnsFault::AaaaRefused) => {
                addresses.clone_from(&record.addresses)
            }
            Some(DnsFault::DeniedAlias) => {
                code = 3;
                alias = true;
            }
            Some(DnsFault::EmptyAlias) => alias = true,
            Some(DnsFault::FailedAlias) => {
                code = 2;
                alias = true;
            }
            Some(DnsFault::SunkAlias) => {
                alias = true;
                addresses = vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
            }
            Some(DnsFault::Sinkhole) => {
                addresses = vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
            }
            Some(DnsFault::Loopback) => {
                addresses = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            }
            Some(DnsFault::SecondTry) => {
                if times() == 1 {
                    return None;
                }
                addresses.clone_from(&record.addresses);
            }
            Some(DnsFault::Slow) => {
                slow = true;
                addresses.clone_from(&record.addresses);
            }
            Some(DnsFault::SlowOnce) => {
                slow = times() == 1;
                addresses.clone_from(&record.addresses);
            }
            Some(DnsFault::InTurn) => {
                addresses.clone_from(&record.addresses);
                let begin = (times() as usize - 1) % addresses.len().max(1);
                addresses.rotate_left(begin);
            }
            None => addresses.clone_from(&record.addresses),
        },
    }
    addresses.retain(|address| match question.kind {
        TYPE_A => address.is_ipv4(),
        TYPE_AAAA => address.is_ipv6(),
        _ => false,
    });
    let mut answer = Vec::with_capacity(query.len() + 32 * addresses.len());
    answer.extend_from_slice(&query[..2]);
    // A response, authoritative, recursion as asked and available.
    let recursion_desired = query[2] & 1;
    answer.extend_from_slice(&[0x84 | recursion_desired, 0x80 | code]);
    for count in [1, u16::try_from(addresses.len() + usize::from(alias)).ok()?, 0, 0] {
        answer.extend_from_slice(&count.to_be_bytes());
    }
    answer.extend_from_slice(&query[12..question.end]);
    if alias {
        let target = ALIAS;
        answer.extend_from_slice(&[0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 30]);
        answer.extend_from_slice(&u16::try_from(target.len()).ok()?.to_be_bytes());
        answer.extend_from_slice(target);
    }
    for address in addresses {
        // The name, as a pointer to the question, or the one that it leads to.
        if alias {
            answer.extend_from_slice(ALIAS);
        } else {
            answer.extend_from_slice(&[0xc0, 12]);
        }
        answer.extend_from_slice(&question.kind.to_be_bytes());
        answer.extend_from_slice(&1u16.to_be_bytes());
        answer.extend_from_slice(&30u32.to_be_bytes());
        match address {
            IpAddr::V4(v4) => {
                answer.extend_from_slice(&4u16.to_be_bytes());
                answer.extend_from_slice(&v4.octets());
            }
            IpAddr::V6(v6) => {
                answer.extend_from_slice(&16u16.to_be_bytes());
                answer.extend_from_slice(&v6.octets());
            }
        }
    }
    Some((answer, slow))
}

struct Question {
    name: String,
    kind: u16,
    end: usize,
}

impl Question {
    fn read(query: &[u8]) -> Option<Self> {
        let (mut at, mut name) = (12, String::new());
        loop {
            let length = usize::from(*query.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            // Compression has no place in a question.
            if length > 63 {
                return None;
            }
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(&String::from_utf8_lossy(query.get(at..at + length)?).to_lowercase());
            at += length;
        }
        let kind = u16::from_be_bytes([*query.get(at)?, *query.get(at + 1)?]);
        query.get(at + 3)?;
        Some(Self { name, kind, end: at + 4 })
    }
}
