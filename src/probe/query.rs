//! Direct DNS queries: one question to one server, for the answer code that the operating
//! system's lookup hides.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::observation::{DirectQuery, DnsAnswer};

use super::{millis, sanitise, system, tcp};

/// Servers that are asked; the system's own resolver uses no more than three (resolv.conf(5)).
const SERVERS: usize = 3;
/// How often a question is sent: one lost datagram must not look like a dead server.
const SENDS: u32 = 3;
/// Addresses of one answer that are kept.
const ADDRESSES: usize = 16;
/// Names of a chain of aliases that are kept; a longer one goes in circles.
const ALIASES: usize = 12;
/// How long other answers are waited for once there is enough: the other family's once the first
/// has addresses, other servers' once one has answered both. Longer than the Resolution Delay of
/// RFC 8305 (50 ms), since a whole judgement hangs on it.
const OTHERS: Duration = Duration::from_millis(500);

/// How long a server that stands before the one that answered is waited for where the answer is a
/// refusal: the first of the two may alone know an internal name, and its answer may be lost once.
const EARLIER: Duration = Duration::from_millis(1_500);

/// The servers of the system's configuration, as configured. On Windows the registry is asked where the list of
/// adapters has none or cannot be had.
pub(super) fn system_servers() -> Vec<SocketAddr> {
    let mut servers = Vec::new();
    if let Ok((config, _)) = hickory_resolver::system_conf::read_system_conf() {
        for server in config.name_servers() {
            let port = server.connections.first().map_or(53, |c| c.port);
            let address = SocketAddr::new(server.ip, port);
            if !servers.contains(&address) {
                servers.push(address);
            }
        }
    }
    if servers.is_empty() {
        servers.extend(system::resolvers(&own()).into_iter().map(|server| SocketAddr::new(server, 53)));
    }
    servers
}

/// The addresses of this device.
fn own() -> Vec<IpAddr> {
    let (ipv4, ipv6) = tcp::public_sources();
    [ipv4, ipv6].into_iter().flatten().collect()
}

/// Domains of the system's configuration that it appends to names, the first few. On Windows those of the registry:
/// what is read elsewhere knows neither a policy nor the domains of interfaces.
pub(super) fn search_domains() -> Vec<String> {
    let mut all = system::search(&own());
    if all.is_empty()
        && let Ok((config, _)) = hickory_resolver::system_conf::read_system_conf()
    {
        all.extend(config.domain().into_iter().chain(config.search()).map(|name| name.to_ascii()));
    }
    let mut domains: Vec<String> = Vec::new();
    for domain in all {
        let domain = domain.trim_matches('.').to_ascii_lowercase();
        if !domain.is_empty() && !domains.contains(&domain) && domains.len() < SERVERS {
            domains.push(domain);
        }
    }
    domains
}

/// The addresses of all answers, each once, IPv6 first as the operating system orders them where
/// both work.
pub(super) fn addresses(queries: &[DirectQuery]) -> Vec<IpAddr> {
    let mut seen = BTreeSet::new();
    let mut all: Vec<IpAddr> = queries
        .iter()
        .filter_map(|q| match &q.answer {
            DnsAnswer::Addresses { addresses } => Some(addresses),
            _ => None,
        })
        .flatten()
        .copied()
        .filter(|a| seen.insert(*a))
        .collect();
    all.sort_by_key(IpAddr::is_ipv4);
    all
}

/// Asks every server for A and AAAA at once. Ends soon after one server has answered both, so a
/// dead second server costs nothing, and a while later where that server denies the name and one that
/// stands before it has not answered; with `for_addresses`, soon after the first addresses came.
/// Questions that were not waited for are absent.
pub(super) async fn ask_all(
    servers: &[SocketAddr],
    name: &str,
    end: Instant,
    for_addresses: bool,
) -> Vec<DirectQuery> {
    let mut running = JoinSet::new();
    let mut order = 0_usize;
    for server in servers.iter().copied().take(SERVERS) {
        for kind in [RecordType::A, RecordType::AAAA] {
            let name = name.to_owned();
            let number = order;
            running.spawn(async move { (number, ask(server, &name, kind, end).await) });
            order += 1;
        }
    }
    let mut answers = Vec::new();
    let mut patience = end + Duration::from_millis(50);
    loop {
        tokio::select! {
            biased;
            done = running.join_next() => match done {
                None => break,
                Some(Ok(answer)) => {
                    answers.push(answer);
                    if is_enough(&answers, for_addresses) {
                        let others = if denied_before_earlier(&answers) { EARLIER } else { OTHERS };
                        patience = patience.min(Instant::now() + others);
                    }
                }
                Some(Err(_)) => {}
            },
            () = sleep_until(patience) => break,
        }
    }
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn is_enough(answers: &[(usize, DirectQuery)], for_addresses: bool) -> bool {
    let Some((_, last)) = answers.last() else { return false };
    if for_addresses && matches!(last.answer, DnsAnswer::Addresses { .. }) {
        return true;
    }
    let silent = |a: &DnsAnswer| {
        matches!(a, DnsAnswer::Timeout | DnsAnswer::Unreachable { .. } | DnsAnswer::Truncated { .. })
    };
    let said = |q: &DirectQuery| !silent(&q.answer);
    answers.iter().filter(|(_, q)| q.server == last.server && said(q)).count() == 2
}

/// Whether the answers so far are refusals, and a server that stands before theirs is still silent.
fn denied_before_earlier(answers: &[(usize, DirectQuery)]) -> bool {
    let Some((last, _)) = answers.last() else { return false };
    let found = answers.iter().any(|(_, q)| matches!(q.answer, DnsAnswer::Addresses { .. }));
    // Two questions to each server, in the order of the servers.
    let earlier = 2 * (last / 2);
    !found && answers.iter().filter(|(number, _)| *number < earlier).count() < earlier
}

async fn ask(server: SocketAddr, name: &str, kind: RecordType, end: Instant) -> DirectQuery {
    let began = Instant::now();
    let (answer, aliases) = match timeout_at(end, exchange(server, name, kind, end)).await {
        Err(_) => (DnsAnswer::Timeout, Vec::new()),
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            (DnsAnswer::Unreachable { error: sanitise::line(&error.to_string(), 200) }, Vec::new())
        }
    };
    DirectQuery { server, kind: kind.to_string(), answer, aliases, ms: millis(began.elapsed()) }
}

/// An answer, and the names that it leads on to.
type Answer = (DnsAnswer, Vec<String>);

async fn exchange(server: SocketAddr, name: &str, kind: RecordType, end: Instant) -> io::Result<Answer> {
    let mut question = Name::from_ascii(name).map_err(|e| io::Error::other(e.to_string()))?;
    question.set_fqdn(true);
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(question, kind));
    let bytes = message.to_vec().map_err(|e| io::Error::other(e.to_string()))?;

    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    // Connected: only this server's datagrams come in, and a closed port is reported.
    socket.connect(server).await?;
    let began = Instant::now();
    let step = end.saturating_duration_since(began) / SENDS;
    let mut buffer = vec![0_u8; 4096];
    for sent in 1..=SENDS {
        socket.send(&bytes).await?;
        let again = if sent == SENDS { end } else { began + step * sent };
        while let Ok(received) = timeout_at(again, socket.recv(&mut buffer)).await {
            let reply = buffer.get(..received?).unwrap_or_default();
            let Some(reply) = accept(reply, &message) else { continue };
            let answer = read(&reply, &message);
            if reply.metadata.truncation && answer == DnsAnswer::NoData {
                let rest = timeout_at(end, over_tcp(server, &bytes, &message)).await;
                let error = match rest {
                    Ok(Ok(answer)) => return Ok(answer),
                    Ok(Err(error)) => sanitise::line(&error.to_string(), 200),
                    Err(_) => "no answer".to_owned(),
                };
                return Ok((DnsAnswer::Truncated { error }, aliases(&reply)));
            }
            return Ok((answer, aliases(&reply)));
        }
    }
    Ok((DnsAnswer::Timeout, Vec::new()))
}

async fn over_tcp(server: SocketAddr, query: &[u8], sent: &Message) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let length = u16::try_from(query.len()).map_err(io::Error::other)?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(query);
    stream.write_all(&framed).await?;
    let length = usize::from(stream.read_u16().await?);
    let mut reply = vec![0_u8; length];
    stream.read_exact(&mut reply).await?;
    match accept(&reply, sent) {
        Some(reply) => Ok((read(&reply, sent), aliases(&reply))),
        None => Err(io::Error::other("the answer over TCP does not belong to the question")),
    }
}

/// The reply as a message, if it answers this very question.
fn accept(reply: &[u8], sent: &Message) -> Option<Message> {
    let reply = Message::from_vec(reply).ok()?;
    let same = reply.metadata.id == sent.metadata.id
        && reply.metadata.message_type == MessageType::Response
        // Some servers leave the question out of an error.
        && (reply.queries.is_empty() || reply.queries == sent.queries);
    same.then_some(reply)
}

/// The names that an answer leads on to, from the one that was asked for.
fn aliases(reply: &Message) -> Vec<String> {
    let mut chain: Vec<String> = Vec::new();
    let mut at = reply.queries.first().map(|q| q.name().clone());
    while let Some(name) = at.take() {
        let next = reply.answers.iter().find_map(|r| match &r.data {
            RData::CNAME(target) if r.name == name => Some(target.0.clone()),
            _ => None,
        });
        let Some(next) = next.filter(|_| chain.len() < ALIASES) else { break };
        let text = next.to_ascii();
        chain.push(sanitise::line(text.trim_end_matches('.'), 255).to_ascii_lowercase());
        at = Some(next);
    }
    chain
}

/// The names whose records answer the question: its own, and those that its chain of CNAME records
/// leads to. A record of another name is nobody's answer, as the system's resolver has it.
fn owners<'a>(reply: &'a Message, sent: &'a Message) -> Vec<&'a Name> {
    let mut names: Vec<&Name> = sent.queries.iter().map(Query::name).collect();
    // Each round follows one link, whatever order the records have; a circle ends it.
    while let Some(next) = reply.answers.iter().find_map(|r| match &r.data {
        RData::CNAME(to) if names.contains(&&r.name) && !names.contains(&&to.0) => Some(&to.0),
        _ => None,
    }) {
        names.push(next);
    }
    names
}

/// What the answer says.
pub(super) fn read(reply: &Message, sent: &Message) -> DnsAnswer {
    match reply.metadata.response_code {
        ResponseCode::NoError => {
            let names = owners(reply, sent);
            let addresses: Vec<IpAddr> = reply
                .answers
                .iter()
                .filter(|r| names.contains(&&r.name))
                .filter_map(|r| match &r.data {
                    RData::A(a) => Some(IpAddr::V4(a.0)),
                    RData::AAAA(a) => Some(IpAddr::V6(a.0)),
                    _ => None,
                })
                .take(ADDRESSES)
                .collect();
            if addresses.is_empty() { DnsAnswer::NoData } else { DnsAnswer::Addresses { addresses } }
        }
        ResponseCode::NXDomain => DnsAnswer::NxDomain,
        ResponseCode::ServFail => DnsAnswer::ServFail,
        ResponseCode::Refused => DnsAnswer::Refused,
        other => DnsAnswer::Code { code: other.into() },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use hickory_resolver::proto::op::OpCode;
    use hickory_resolver::proto::rr::Record;
    use hickory_resolver::proto::rr::rdata::{A, CNAME};

    use super::*;

    #[test]
    fn only_the_name_asked_for_and_its_chain_are_answers() {
        let name = |text: &str| Name::from_ascii(text).unwrap();
        let a = |owner: &str, last: u8| {
            Record::from_rdata(name(owner), 60, RData::A(A(Ipv4Addr::new(203, 0, 113, last))))
        };
        let cname =
            |owner: &str, to: &str| Record::from_rdata(name(owner), 60, RData::CNAME(CNAME(name(to))));
        let addresses = |records: Vec<Record>| {
            let mut sent = Message::query();
            sent.add_query(Query::query(name("x.corp.example."), RecordType::A));
            let mut reply = Message::new(sent.metadata.id, MessageType::Response, OpCode::Query);
            records.into_iter().for_each(|r| {
                reply.add_answer(r);
            });
            match read(&reply, &sent) {
                DnsAnswer::Addresses { addresses } => addresses.iter().map(ToString::to_string).collect(),
                other => vec![format!("{other:?}")],
            }
        };
        assert_eq!(addresses(vec![a("evil.example.", 1)]), ["NoData"]);
        assert_eq!(addresses(vec![a("evil.example.", 1), a("X.Corp.example.", 2)]), ["203.0.113.2"]);
        // A chain in any order, without what it does not lead to.
        let chain = vec![
            a("c.example.", 3),
            cname("b.example.", "c.example."),
            a("other.example.", 4),
            cname("x.corp.example.", "b.example."),
        ];
        assert_eq!(addresses(chain), ["203.0.113.3"]);
        let circle = vec![cname("x.corp.example.", "b.example."), cname("b.example.", "x.corp.example.")];
        assert_eq!(addresses(circle), ["NoData"]);
    }
}
