//! Name resolution: the operating system's lookup, since it alone sees hosts files and split DNS,
//! and direct queries for the code of a failure.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::observation::{Dns, DnsAnswer, Lookup, Searched};

use super::hedge::Budget;
use super::{millis, query, sanitise};

/// Addresses of one lookup that are kept.
const ADDRESSES: usize = 16;

/// Looks each name up once, however many hosts and paths want it. Made anew for every wave, so a
/// repeated attempt asks again.
pub(super) struct Names {
    resolver: Option<SocketAddr>,
    /// A server that is asked for a second opinion.
    compared: Option<SocketAddr>,
    servers: Arc<[SocketAddr]>,
    stage: Duration,
    known: Mutex<HashMap<String, Arc<OnceCell<Dns>>>>,
}

impl Names {
    /// `resolver`: ask only this server. `servers`: the system's, for the code of a failure.
    pub(super) fn new(resolver: Option<SocketAddr>, servers: Arc<[SocketAddr]>, stage: Duration) -> Self {
        Self { resolver, compared: None, servers, stage, known: Mutex::default() }
    }

    /// Has this server asked too.
    pub(super) fn compared_with(self, server: Option<SocketAddr>) -> Self {
        Self { compared: server, ..self }
    }

    /// The record of looking `name` up, made now or before in this wave.
    pub(super) async fn look_up(&self, name: &str) -> Dns {
        let cell = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(name.to_owned()).or_default())
        };
        cell.get_or_init(|| self.ask(name)).await.clone()
    }

    /// The record of asking the system's servers for `name`, whatever the system itself would say.
    pub(super) async fn ask_servers(&self, name: &str) -> Dns {
        let began = Instant::now();
        let end = Budget::start(self.stage).half;
        let direct = match is_local(name) {
            true => Vec::new(),
            false => query::ask_all(&self.servers, name, end, false).await,
        };
        let ms = millis(began.elapsed());
        let missing =
            |q: &crate::observation::DirectQuery| matches!(q.answer, DnsAnswer::NxDomain | DnsAnswer::NoData);
        let mut searched = Vec::new();
        if query::addresses(&direct).is_empty() && direct.iter().any(missing) {
            let end = Budget::start(self.stage).half;
            for domain in query::search_domains() {
                let longer = format!("{name}.{domain}");
                let addresses = query::addresses(&query::ask_all(&self.servers, &longer, end, true).await);
                if !addresses.is_empty() {
                    searched.push(Searched { name: longer, addresses });
                }
            }
        }
        let name = name.to_owned();
        Dns { name, system: Lookup::NotAsked, direct, compared: Vec::new(), searched, ms }
    }

    async fn ask(&self, name: &str) -> Dns {
        let began = Instant::now();
        let budget = Budget::start(self.stage);
        let first = async {
            let (system, direct) = match self.resolver {
                // Never a question for a server (RFC 6761, 6.3).
                Some(_) if is_local(name) => (loopback(), Vec::new()),
                Some(server) => (Lookup::NotAsked, query::ask_all(&[server], name, budget.end, true).await),
                None => self.ask_system(name, budget).await,
            };
            (system, direct, millis(began.elapsed()))
        };
        // A server that is silent holds no host up for longer than half a stage.
        let second = async {
            match self.compared.filter(|_| !is_local(name)) {
                Some(server) => query::ask_all(&[server], name, budget.half, true).await,
                None => Vec::new(),
            }
        };
        let ((system, direct, ms), compared) = tokio::join!(first, second);
        Dns { name: name.to_owned(), system, direct, compared, searched: Vec::new(), ms }
    }

    async fn ask_system(&self, name: &str, budget: Budget) -> (Lookup, Vec<crate::observation::DirectQuery>) {
        // getaddrinfo runs on a thread that cannot be stopped; when the time is up it is left to
        // itself (the caller's runtime must be shut down in the background).
        let mut lookup = tokio::spawn(system_lookup(name.to_owned()));
        tokio::select! {
            biased;
            done = &mut lookup => {
                let system = done.unwrap_or_else(|e| failed(&e.to_string()));
                let direct = match system {
                    Lookup::Failed { .. } if !is_local(name) => query::ask_all(&self.servers, name, budget.end, false).await,
                    _ => Vec::new(),
                };
                return (system, direct);
            }
            () = sleep_until(budget.half) => {}
        }
        if is_local(name) {
            let system = timeout_at(budget.end, &mut lookup)
                .await
                .map_or(Lookup::Timeout, |done| done.unwrap_or_else(|e| failed(&e.to_string())));
            return (system, Vec::new());
        }
        let mut direct = tokio::spawn({
            let (servers, name) = (Arc::clone(&self.servers), name.to_owned());
            async move { query::ask_all(&servers, &name, budget.end, false).await }
        });
        let system = tokio::select! {
            biased;
            done = &mut lookup => done.unwrap_or_else(|e| failed(&e.to_string())),
            () = sleep_until(budget.end) => Lookup::Timeout,
        };
        if matches!(system, Lookup::Addresses { .. }) && !direct.is_finished() {
            direct.abort();
            return (system, Vec::new());
        }
        lookup.abort();
        (system, (&mut direct).await.unwrap_or_default())
    }
}

/// The addresses to dial: the system's, or those of the resolver that was named instead of it. A
/// system that is still asking after a lost answer (it waits 5 s for it) would get what the same
/// server told us meanwhile.
pub(super) fn addresses(dns: &Dns) -> Vec<IpAddr> {
    match &dns.system {
        Lookup::Addresses { addresses } => addresses.clone(),
        Lookup::NotAsked | Lookup::Timeout => query::addresses(&dns.direct),
        Lookup::Failed { .. } => Vec::new(),
    }
}

/// `localhost` and the names below it, which mean this machine wherever they are looked up.
pub(super) fn is_local(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn loopback() -> Lookup {
    Lookup::Addresses { addresses: vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()] }
}

async fn system_lookup(name: String) -> Lookup {
    let found: io::Result<Vec<IpAddr>> = tokio::net::lookup_host((name.as_str(), 0))
        .await
        .map(|all| all.map(|a| a.ip().to_canonical()).collect());
    match found {
        Ok(all) => {
            let mut addresses: Vec<IpAddr> = Vec::new();
            for address in all {
                if !addresses.contains(&address) && addresses.len() < ADDRESSES {
                    addresses.push(address);
                }
            }
            if addresses.is_empty() {
                failed("the lookup gave no address")
            } else {
                Lookup::Addresses { addresses }
            }
        }
        Err(error) => failed(&error.to_string()),
    }
}

fn failed(error: &str) -> Lookup {
    Lookup::Failed { error: sanitise::line(error, 200) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};

    use super::*;
    use crate::observation::DnsAnswer;

    /// Answers NXDOMAIN to everything; before it, a forged answer with another number.
    async fn nxdomain() -> SocketAddr {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0_u8; 1500];
            while let Ok((n, from)) = socket.recv_from(&mut buffer).await {
                let query = Message::from_vec(buffer.get(..n).unwrap()).unwrap();
                for (id, code) in [
                    (query.metadata.id.wrapping_add(1), ResponseCode::ServFail),
                    (query.metadata.id, ResponseCode::NXDomain),
                ] {
                    let mut reply = Message::new(id, MessageType::Response, OpCode::Query);
                    reply.add_queries(query.queries.clone());
                    reply.metadata.response_code = code;
                    socket.send_to(&reply.to_vec().unwrap(), from).await.unwrap();
                }
            }
        });
        server
    }

    #[tokio::test]
    async fn the_code_of_a_failed_lookup_comes_from_the_servers() {
        let server = nxdomain().await;
        let names = Names::new(None, Arc::new([server]), Duration::from_millis(500));
        let dns = names.look_up("nothing.invalid").await;
        assert!(matches!(dns.system, Lookup::Failed { .. } | Lookup::Timeout), "{dns:?}");
        assert_eq!(dns.direct.len(), 2);
        assert!(dns.direct.iter().all(|q| q.server == server && q.answer == DnsAnswer::NxDomain));
        assert!(addresses(&dns).is_empty());
    }

    #[tokio::test]
    async fn what_the_servers_said_stands_in_for_a_system_that_hangs() {
        let found = IpAddr::from([192, 0, 2, 1]);
        let direct = crate::observation::DirectQuery {
            server: ([127, 0, 0, 1], 53).into(),
            kind: "A".to_owned(),
            answer: DnsAnswer::Addresses { addresses: vec![found] },
            aliases: Vec::new(),
            ms: 1.0,
        };
        let dns = |system| Dns {
            name: "a.example".to_owned(),
            system,
            direct: vec![direct.clone()],
            compared: Vec::new(),
            searched: Vec::new(),
            ms: 1.0,
        };
        assert_eq!(addresses(&dns(Lookup::Timeout)), [found]);
        // A system that says no is believed: hosts files and split DNS are its alone.
        assert!(addresses(&dns(failed("no"))).is_empty());
    }

    #[test]
    fn names_of_this_machine_are_told_by_their_last_label() {
        for name in ["localhost", "LocalHost.", "a.b.localhost"] {
            assert!(is_local(name), "{name}");
        }
        for name in ["localhost.example", "notlocalhost", "localhost.localdomain"] {
            assert!(!is_local(name), "{name}");
        }
    }

    /// A server that remembers how many datagrams came, and is silent.
    #[tokio::test]
    async fn a_silent_server_gets_each_question_three_times() {
        let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = silent.local_addr().unwrap();
        for stage in [1, 30, 600] {
            let end = Instant::now() + Duration::from_millis(stage);
            let answers = query::ask_all(&[server], "x.example", end, true).await;
            assert_eq!(answers.len(), 2);
            assert!(answers.iter().all(|q| q.answer == DnsAnswer::Timeout), "{answers:?}");
            let mut datagrams = 0;
            while silent.try_recv(&mut [0_u8; 512]).is_ok() {
                datagrams += 1;
            }
            assert!(datagrams <= 6 && (stage < 600 || datagrams == 6), "{datagrams} in {stage} ms");
        }
    }

    /// Answers the second time it is asked, with an address.
    async fn second_time() -> SocketAddr {
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0_u8; 1500];
            let mut seen = std::collections::HashSet::new();
            while let Ok((n, from)) = socket.recv_from(&mut buffer).await {
                if seen.insert(from) {
                    continue;
                }
                let query = Message::from_vec(buffer.get(..n).unwrap()).unwrap();
                let mut reply = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
                reply.add_queries(query.queries.clone());
                let name = query.queries[0].name().clone();
                use hickory_resolver::proto::rr::{RData, Record, rdata::A};
                reply.add_answer(Record::from_rdata(name, 60, RData::A(A(Ipv4Addr::LOCALHOST))));
                socket.send_to(&reply.to_vec().unwrap(), from).await.unwrap();
            }
        });
        server
    }

    #[tokio::test]
    async fn a_refusal_of_the_second_server_waits_for_the_first() {
        let servers = [second_time().await, nxdomain().await];
        let end = Instant::now() + Duration::from_secs(2);
        let answers = query::ask_all(&servers, "inside.example", end, false).await;
        assert_eq!(query::addresses(&answers), [IpAddr::from([127, 0, 0, 1])], "{answers:?}");
        // In the other order nobody waits: the first server's refusal is what the system believes.
        let began = Instant::now();
        let answers = query::ask_all(&[servers[1], servers[0]], "inside.example", end, false).await;
        assert!(
            answers.iter().any(|q| q.answer == DnsAnswer::NxDomain)
                && began.elapsed() < Duration::from_secs(1)
        );
    }

    #[tokio::test]
    async fn a_dead_second_server_is_not_waited_for() {
        let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let servers = [silent.local_addr().unwrap(), nxdomain().await];
        let end = Instant::now() + Duration::from_secs(3600);
        let answers = query::ask_all(&servers, "x.invalid", end, false).await;
        assert_eq!(answers.len(), 2);
        assert!(answers.iter().all(|q| q.server == servers[1] && q.answer == DnsAnswer::NxDomain));
    }
}
