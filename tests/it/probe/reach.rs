//! Names and connections: DNS answers, address families, addresses that drop or refuse.

use super::*;

#[tokio::test]
async fn a_closed_port_is_refused() {
    let attempt = local(settings(PATIENT), crate::servers::refused().await, Transport::Https).await;
    assert_eq!(attempt.tcp.len(), 1);
    assert_eq!(attempt.tcp[0].outcome, TcpOutcome::Refused);
    assert!(attempt.tls.is_empty() && attempt.http.is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn dropped_packets_are_a_timeout_on_both_sockets() {
    let (server, _kept) = crate::servers::dropping().await;
    let attempt = local(settings(SHORT), server, Transport::Https).await;
    assert_eq!(attempt.tcp.iter().map(|t| t.confirm).collect::<Vec<_>>(), [false, true]);
    assert!(attempt.tcp.iter().all(|t| t.outcome == TcpOutcome::Timeout), "{:?}", attempt.tcp);
    assert!(attempt.tls.is_empty());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_silent_address_does_not_hide_the_next() {
    // The first address drops, the second refuses, the third answers.
    let (first, _kept) = crate::servers::dropping().await;
    let third = SocketAddr::from(([127, 0, 0, 3], first.port()));
    crate::servers::serve_on(third, |s| crate::servers::answer(s, OK)).await;
    let attempt = named(settings(PATIENT), "many.example", first, Transport::Http).await;
    let seen: Vec<_> = attempt.tcp.iter().map(|t| (t.remote.ip().to_string(), t.outcome.clone())).collect();
    assert_eq!(
        seen,
        [
            ("127.0.0.1".to_owned(), TcpOutcome::Abandoned),
            ("127.0.0.2".to_owned(), TcpOutcome::Refused),
            ("127.0.0.3".to_owned(), TcpOutcome::Connected),
        ]
    );
    assert_eq!(last_http(&attempt), &HttpOutcome::Answered);
}

#[tokio::test]
async fn dns_answers_are_told_apart() {
    let port = crate::servers::refused().await.port();
    for (name, answer) in [
        ("nx.example", DnsAnswer::NxDomain),
        ("servfail.example", DnsAnswer::ServFail),
        ("refused.example", DnsAnswer::Refused),
        ("empty.example", DnsAnswer::NoData),
        ("notimp.example", DnsAnswer::Code { code: 4 }),
        ("silent.example", DnsAnswer::Timeout),
    ] {
        let dns = Dns::start().await;
        let settings = Settings { resolver: Some(dns.address), ..settings(SHORT) };
        let attempt = one(settings, target(1, name, port, Transport::Https)).await;
        let record = attempt.dns.unwrap();
        assert_eq!((record.name.as_str(), record.system), (name, Lookup::NotAsked));
        let kinds: Vec<&str> = record.direct.iter().map(|q| q.kind.as_str()).collect();
        assert_eq!(kinds, ["A", "AAAA"]);
        assert!(record.direct.iter().all(|q| q.answer == answer), "{name}: {:?}", record.direct);
        assert!(attempt.tcp.is_empty());
    }
}

#[tokio::test]
async fn a_second_opinion_is_recorded_and_never_dialled() {
    let server = crate::servers::serve(|s| crate::servers::answer(s, OK)).await;
    let (first, second) = (Dns::start().await, Dns::start().await);
    let both =
        || Settings { resolver: Some(first.address), compare_dns: Some(second.address), ..settings(PATIENT) };
    let attempt = one(both(), target(1, "service.example", server.port(), Transport::Http)).await;
    let dns = attempt.dns.as_ref().unwrap();
    assert!(dns.compared.iter().any(|q| q.server == second.address), "{dns:?}");
    assert!(dns.direct.iter().all(|q| q.server == first.address), "{dns:?}");
    assert_eq!(last_http(&attempt), &HttpOutcome::Answered);
    // The first denies; what the second says is recorded, and no connection made.
    let attempt = one(both(), target(1, "nx.example", server.port(), Transport::Http)).await;
    assert!(attempt.tcp.is_empty() && !attempt.dns.unwrap().compared.is_empty());
    assert!(second.asked().contains(&"A nx.example.".to_owned()), "{:?}", second.asked());
    // Names of this device are nobody's to hear.
    let here = Settings { compare_dns: Some(second.address), ..settings(PATIENT) };
    let attempt = one(here, target(1, "localhost", server.port(), Transport::Http)).await;
    assert!(attempt.dns.unwrap().compared.is_empty());
}

#[tokio::test]
async fn a_dead_dns_server_is_unreachable() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let dead = socket.local_addr().unwrap();
    drop(socket);
    let settings = Settings { resolver: Some(dead), ..settings(SHORT) };
    let attempt = one(settings, target(1, "service.example", 443, Transport::Https)).await;
    let record = attempt.dns.unwrap();
    assert!(record.direct.iter().all(|q| matches!(q.answer, DnsAnswer::Unreachable { .. })), "{record:?}");
}

#[tokio::test]
async fn the_systems_lookup_knows_localhost_and_no_invalid_name() {
    let server = crate::servers::serve(|s| crate::servers::answer(s, OK)).await;
    let attempt = one(settings(PATIENT), target(1, "localhost", server.port(), Transport::Http)).await;
    let dns = attempt.dns.as_ref().unwrap();
    let Lookup::Addresses { addresses } = &dns.system else { panic!("{dns:?}") };
    assert!(addresses.contains(&server.ip()) && dns.direct.is_empty());
    assert_eq!(last_http(&attempt), &HttpOutcome::Answered);

    let attempt = one(settings(SHORT), target(1, "nothing.invalid", 443, Transport::Https)).await;
    let dns = attempt.dns.unwrap();
    assert!(matches!(dns.system, Lookup::Failed { .. } | Lookup::Timeout), "{dns:?}");
    assert!(attempt.tcp.is_empty());
}

#[tokio::test]
async fn both_families_are_tried_and_a_broken_one_is_recorded() {
    // The IPv4 port is open; nobody listens on the same port of ::1.
    let server = crate::servers::serve(|s| crate::servers::answer(s, OK)).await;
    let attempt = named(settings(PATIENT), "both.example", server, Transport::Http).await;
    assert_eq!(last_http(&attempt), &HttpOutcome::Answered);
    let outcome = |v6: bool| {
        attempt.tcp.iter().filter(|t| t.remote.is_ipv6() == v6).map(|t| t.outcome.clone()).collect::<Vec<_>>()
    };
    assert_eq!((outcome(true), outcome(false)), (vec![TcpOutcome::Refused], vec![TcpOutcome::Connected]));

    let v6 = crate::servers::serve_on("[::1]:0".parse().unwrap(), |s| crate::servers::answer(s, OK)).await;
    let attempt = named(settings(PATIENT), "v6.example", v6, Transport::Http).await;
    assert_eq!((attempt.tcp.len(), attempt.tcp[0].remote), (1, v6));
    assert_eq!(last_http(&attempt), &HttpOutcome::Answered);
}

#[tokio::test]
async fn at_most_four_addresses_of_a_family_are_tried() {
    let attempt =
        named(settings(PATIENT), "many.example", crate::servers::refused().await, Transport::Https).await;
    assert_eq!(attempt.tcp.len(), 4);
    assert!(attempt.tcp.iter().all(|t| t.outcome == TcpOutcome::Refused));
}

#[tokio::test]
async fn a_link_local_address_is_never_dialled() {
    let attempt =
        named(settings(SHORT), "local.example", crate::servers::refused().await, Transport::Http).await;
    assert_eq!(attempt.tcp.len(), 1);
    let TcpOutcome::NotDialled { reason } = &attempt.tcp[0].outcome else { panic!() };
    assert_eq!(reason, "link-local address, never probed");
}

#[tokio::test]
async fn names_of_this_machine_are_no_question_for_a_server() {
    let server = crate::servers::serve(|s| crate::servers::answer(s, OK)).await;
    for name in ["localhost", "tool.localhost"] {
        let dns = Dns::start().await;
        let settings = Settings { resolver: Some(dns.address), ..settings(PATIENT) };
        let attempt = one(settings, target(1, name, server.port(), Transport::Http)).await;
        let record = attempt.dns.as_ref().unwrap();
        assert!(
            matches!(&record.system, Lookup::Addresses { addresses } if addresses.contains(&server.ip()))
        );
        assert_eq!(last_http(&attempt), &HttpOutcome::Answered);
        assert!(record.direct.is_empty() && dns.asked().is_empty(), "{:?}", dns.asked());
    }
}

#[tokio::test]
async fn an_address_of_a_metadata_service_is_never_dialled() {
    let server = crate::servers::serve(|s| crate::servers::answer(s, OK)).await;
    let settings = Settings { never: vec![server.ip()], ..settings(SHORT) };
    let attempt = local(settings, server, Transport::Http).await;
    let TcpOutcome::NotDialled { reason } = &attempt.tcp[0].outcome else { panic!() };
    assert_eq!(reason, "address of a metadata service, never probed");
    assert!(attempt.http.is_empty());
}
