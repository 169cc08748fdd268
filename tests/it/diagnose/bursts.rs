//! What the check itself silences, a slow line, and causes on this device: nobody is blamed wrongly.

use std::net::IpAddr;

use clearway::contract::{Actor, Severity};
use clearway::diagnose::{Certainty, Code, Judgement, Owner, RunVerdict, Verdict, judge, next};
use clearway::observation::*;
use clearway::plan::{Experiment, Fallback, Path, Plan, Route, Target};

use super::scene::*;

fn hosts(number: u32) -> Vec<Target> {
    (1..=number).map(|n| world(n, &format!("h{n}.vendor{n}.example"))).collect()
}

fn again(attempt: Attempt) -> Attempt {
    Attempt { purpose: Purpose::Paced, ..attempt }
}

fn measured(target: &Target, variation: Variation, change: impl FnOnce(&mut Attempt)) -> Attempt {
    let attempt = Attempt { purpose: Purpose::Experiment, variation: Some(variation), ..healthy(target) };
    edit(attempt, change)
}

fn silent_lookup(target: &Target) -> Attempt {
    dns_fails(target, Lookup::Timeout, &[DnsAnswer::Timeout, DnsAnswer::Timeout])
}

fn prohibited(target: &Target) -> Attempt {
    edit(tcp_fails(target, TcpOutcome::HostUnreachable), |a| {
        let from = "192.0.2.1".parse().ok();
        a.tcp.iter_mut().for_each(|t| t.icmp = Some(Icmp { kind: 3, code: 13, from, own: false }));
    })
}

fn refused(target: &Target, status: u16, reason: &str) -> Attempt {
    edit(proxy_says(target, ProxyOutcome::Status { status }), |a| {
        let headers = vec![("x-squid-error".to_owned(), reason.to_owned())];
        a.proxy.as_mut().unwrap().headers = if reason.is_empty() { Vec::new() } else { headers };
    })
}

fn blocked(judged: &Judgement) -> usize {
    judged.hosts.iter().filter(|h| h.verdict == Verdict::Blocked).count()
}

/// Half of the hosts are held up, and get through slowly.
#[test]
fn what_gets_through_slowly_is_ok_and_the_limit_is_said_once() {
    type Held = fn(&Target) -> Attempt;
    let held: [(Held, bool, Owner, &str); 6] = [
        (silent_lookup, false, Owner::Dns, "dns/slow"),
        (|t| tcp_fails(t, TcpOutcome::Timeout), false, Owner::Firewall, "tcp/timeout"),
        (|t| tcp_fails(t, TcpOutcome::Refused), false, Owner::Firewall, "tcp/refused"),
        (prohibited, false, Owner::Firewall, "tcp/prohibited"),
        (|t| refused(t, 503, "ERR_TOO_MANY_CONNECTIONS 0"), true, Owner::Proxy, "proxy/upstream"),
        (|t| proxy_says(t, ProxyOutcome::Reset), true, Owner::Proxy, "proxy/upstream"),
    ];
    for (held, through, owner, code) in held {
        let targets: Vec<Target> =
            hosts(12).into_iter().map(|t| if through { proxied(t) } else { t }).collect();
        let first = |t: &Target| if t.id.is_multiple_of(2) { held(t) } else { healthy(t) };
        let mut attempts: Vec<Attempt> = targets.iter().map(first).collect();
        let plan = Plan { targets: targets.clone(), ..Plan::default() };
        let asked = next(&plan, &observed(attempts.clone()));
        let paced: Vec<u32> =
            asked.iter().filter(|e| e.purpose == Purpose::Paced).map(|e| e.target).collect();
        assert_eq!(paced, [2, 4, 6, 8, 10, 12], "{code}");
        assert!(asked.iter().all(|e| e.purpose != Purpose::Repeat), "{code}: no second burst");
        // The healthy twin: what fails slowly as well is blocked, as before.
        let mut dead = attempts.clone();
        dead.extend(targets.iter().filter(|t| t.id.is_multiple_of(2)).map(|t| again(held(t))));
        assert_eq!(blocked(&run(&targets, dead)), 6, "{code}");
        attempts.extend(targets.iter().filter(|t| t.id.is_multiple_of(2)).map(|t| again(healthy(t))));
        let judged = run(&targets, attempts.clone());
        assert!(judged.hosts.iter().all(|h| h.verdict == Verdict::Reachable), "{code}");
        assert_eq!(causes(&judged), [(code, vec![2, 4, 6, 8, 10, 12])]);
        assert_eq!(judged.causes[0].finding.owner, owner);
        assert_eq!(judged.verdict, RunVerdict::Degraded);
        // One that the run had no time for is not judged.
        attempts.pop();
        let judged = run(&targets, attempts);
        assert_eq!((blocked(&judged), judged.hosts[11].verdict), (0, Verdict::Untested), "{code}");
        assert_eq!(judged.verdict, RunVerdict::Unknown);
    }
}

/// Of many that were refused at once a few are tried slowly, and the others wait for what comes of these.
#[test]
fn what_is_refused_at_once_is_no_second_burst() {
    let targets = hosts(40);
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let dead = |t: &Target| tcp_fails(t, TcpOutcome::Refused);
    let mut seen: Vec<Attempt> =
        targets.iter().map(|t| if t.id <= 20 { dead(t) } else { healthy(t) }).collect();
    let of = |seen: &[Attempt], purpose| -> Vec<u32> {
        let asked = next(&plan, &observed(seen.to_vec()));
        asked.iter().filter(|e| e.purpose == purpose).map(|e| e.target).collect()
    };
    let sample = of(&seen, Purpose::Paced);
    assert_eq!((sample.len(), of(&seen, Purpose::Repeat).len()), (6, 0));
    // They get through: so may the others, slowly.
    let slow = |through: bool| {
        let tried = targets.iter().filter(|t| sample.contains(&t.id));
        tried.map(|t| again(if through { healthy(t) } else { dead(t) })).collect::<Vec<_>>()
    };
    let through = [seen.clone(), slow(true)].concat();
    assert_eq!((of(&through, Purpose::Paced).len(), of(&through, Purpose::Repeat).len()), (14, 0));
    // They do not: no limit, and each of the others has its second try.
    seen.extend(slow(false));
    assert_eq!((of(&seen, Purpose::Paced).len(), of(&seen, Purpose::Repeat).len()), (0, 14));
    // One that is refused among many is blocked.
    let mut one: Vec<Attempt> =
        targets.iter().map(|t| if t.id == 1 { dead(t) } else { healthy(t) }).collect();
    one.push(again(dead(&targets[0])));
    assert_eq!(blocked(&run(&targets, one)), 1);
    // What this device refuses itself is no limit of a firewall.
    let own = |t: &Target| edit(prohibited(t), |a| a.tcp[0].icmp.as_mut().unwrap().own = true);
    let own: Vec<Attempt> = targets.iter().map(|t| if t.id <= 20 { own(t) } else { healthy(t) }).collect();
    assert_eq!(of(&own, Purpose::Paced).len(), 0);
}

/// A slow tunnel that is refused for another reason says what is in the way.
#[test]
fn a_slow_tunnel_that_fails_otherwise_is_the_finding() {
    let targets: Vec<Target> = hosts(12).into_iter().map(proxied).collect();
    let first = |t: &Target| if t.id <= 6 { refused(t, 429, "") } else { healthy(t) };
    let mut seen: Vec<Attempt> = targets.iter().map(first).collect();
    seen.extend(targets.iter().take(5).map(|t| again(healthy(t))));
    seen.push(again(refused(&targets[5], 503, "ERR_CONNECT_FAIL 111")));
    let judged = run(&targets, seen);
    let host = &judged.hosts[5];
    assert_eq!(
        (host.finding.code, host.verdict),
        (Code::ProxyUpstream, Verdict::Blocked),
        "{:?}",
        host.finding
    );
    assert_eq!(blocked(&judged), 1);
}

/// A slow tunnel that was one too many as well says nothing of its host.
#[test]
fn a_slow_tunnel_that_meets_the_limit_again_is_not_judged() {
    let targets: Vec<Target> = hosts(12).into_iter().map(proxied).collect();
    let too_many = |t: &Target| refused(t, 503, "ERR_TOO_MANY_CONNECTIONS 0");
    let first = |t: &Target| if t.id <= 6 { too_many(t) } else { healthy(t) };
    let mut seen: Vec<Attempt> = targets.iter().map(first).collect();
    seen.extend(targets.iter().take(5).map(|t| again(healthy(t))));
    seen.push(again(too_many(&targets[5])));
    let judged = run(&targets, seen);
    assert_eq!(judged.hosts[5].finding.code, Code::UntestedDeadline, "{:?}", judged.hosts[5].finding);
    assert_eq!(blocked(&judged), 0);
}

/// A proxy that closes what is one too many may close a slow try as well, which came while the tunnel before it was
/// being ended: it is asked for once more, and only then is it what is in the way.
#[test]
fn a_slow_tunnel_that_is_closed_once_more_is_tried_a_third_time() {
    let targets: Vec<Target> = hosts(5).into_iter().map(proxied).collect();
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    for outcome in [ProxyOutcome::Closed, ProxyOutcome::Reset] {
        let turned_away = |t: &Target| proxy_says(t, outcome.clone());
        let mut seen: Vec<Attempt> = vec![healthy(&targets[0])];
        seen.extend(targets[1..].iter().map(turned_away));
        seen.push(again(turned_away(&targets[1])));
        seen.extend(targets[2..].iter().map(|t| again(healthy(t))));
        let asked = next(&plan, &observed(seen.clone()));
        let paced: Vec<u32> =
            asked.iter().filter(|e| e.purpose == Purpose::Paced).map(|e| e.target).collect();
        assert_eq!(paced, [2], "{outcome:?}");
        assert_eq!(blocked(&run(&targets, seen.clone())), 0, "{outcome:?}");
        let judged = |third: Attempt| blocked(&run(&targets, [seen.clone(), vec![again(third)]].concat()));
        assert_eq!((judged(healthy(&targets[1])), judged(turned_away(&targets[1]))), (0, 1), "{outcome:?}");
    }
}

/// A proxy that asks to come again later is asked for a few tunnels once more, also where it opened none so far;
/// only then is it what is in the way.
#[test]
fn a_proxy_that_asks_to_wait_is_waited_for() {
    let targets: Vec<Target> = hosts(12).into_iter().map(proxied).collect();
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let later = |t: &Target| refused(t, 429, "");
    let paced = |seen: &[Attempt]| -> Vec<u32> {
        let asked = next(&plan, &observed(seen.to_vec()));
        asked.iter().filter(|e| e.purpose == Purpose::Paced).map(|e| e.target).collect()
    };
    let mut seen: Vec<Attempt> = targets.iter().map(later).collect();
    assert_eq!(paced(&seen).len(), 12);
    seen.extend(targets.iter().map(|t| again(later(t))));
    let once_more = paced(&seen);
    assert_eq!(once_more.len(), 6);
    // It opens none: the proxy is in the way, by its limit.
    let of_more = || targets.iter().filter(|t| once_more.contains(&t.id));
    let judged = run(&targets, [seen.clone(), of_more().map(|t| again(later(t))).collect()].concat());
    assert_eq!((blocked(&judged), judged.hosts[0].finding.code), (12, Code::ProxyDenied));
    assert!(judged.hosts[0].finding.summary.contains("after a wait"), "{}", judged.hosts[0].finding.summary);
    // It opens these: nothing is known of the others, and nobody is blocked.
    let judged = run(&targets, [seen.clone(), of_more().map(|t| again(healthy(t))).collect()].concat());
    assert_eq!(blocked(&judged), 0, "{:?}", causes(&judged));
    // It opened one in the first wave, and no other in the whole run: not judged, with one cause.
    seen[0] = healthy(&targets[0]);
    seen.remove(12);
    let judged = run(&targets, seen);
    assert_eq!((blocked(&judged), judged.hosts[5].finding.code), (0, Code::UntestedDeadline));
    assert_eq!(causes(&judged), [("proxy/upstream", vec![])], "{:?}", judged.causes);
}

/// A proxy that answers some names with an outage and a time to come again, also when each is asked for alone, limits
/// nothing: those names are the finding, and no cause speaks of hosts that are not judged.
#[test]
fn names_that_a_proxy_puts_off_each_time_are_judged_and_make_no_limit() {
    let targets: Vec<Target> = hosts(12).into_iter().map(proxied).collect();
    let off = |t: &Target| {
        edit(refused(t, 503, ""), |a| {
            a.proxy.as_mut().unwrap().headers.push(("retry-after".into(), "1".into()));
        })
    };
    let mut seen: Vec<Attempt> =
        targets.iter().map(|t| if t.id <= 2 { off(t) } else { healthy(t) }).collect();
    for _ in 0..2 {
        seen.extend(targets[..2].iter().map(|t| again(off(t))));
    }
    let judged = run(&targets, seen);
    assert_eq!(blocked(&judged), 2, "{:?}", judged.hosts[0].finding);
    let said: Vec<&str> = judged.causes.iter().map(|c| c.finding.summary.as_str()).collect();
    assert!(!said.iter().any(|s| s.contains("limit")), "{said:?}");
}

/// A proxy that opens one tunnel after another is asked again for those that had to wait too long; one that is
/// silent for one host, or takes long for each, has no queue.
#[test]
fn a_tunnel_that_waited_for_its_turn_is_no_silent_proxy() {
    let targets: Vec<Target> = hosts(12).into_iter().map(proxied).collect();
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let silent = |t: &Target| {
        edit(refused(t, 503, ""), |a| {
            a.proxy = Some(Proxy { outcome: ProxyOutcome::Timeout, headers: Vec::new(), ms: 10_000.0 });
        })
    };
    let opened = |t: &Target, ms: f64| edit(healthy(t), |a| a.proxy.as_mut().unwrap().ms = ms);
    let waits = |ms: &dyn Fn(u32) -> f64| -> Vec<Attempt> {
        targets.iter().map(|t| if t.id > 10 { silent(t) } else { opened(t, ms(t.id)) }).collect()
    };
    let paced = |seen: &[Attempt]| {
        next(&plan, &observed(seen.to_vec())).iter().filter(|e| e.purpose == Purpose::Paced).count()
    };
    let queue = waits(&|id| 900.0 * f64::from(id));
    assert_eq!(paced(&queue), 2);
    // Not asked again in time: not judged.
    assert_eq!(blocked(&run(&targets, queue.clone())), 0);
    let through: Vec<Attempt> = targets[10..].iter().map(|t| again(healthy(t))).collect();
    let judged = run(&targets, [queue.clone(), through].concat());
    assert_eq!(blocked(&judged), 0);
    assert!(causes(&judged).contains(&("proxy/timeout", vec![11, 12])), "{:?}", causes(&judged));
    // Those that were asked for slowly had to wait for one another as well: the one that was silent says nothing.
    let queued = |t: &Target| edit(again(healthy(t)), |a| a.proxy.as_mut().unwrap().ms = 9_500.0);
    let mut still = queue.clone();
    still[9] = silent(&targets[9]);
    still.extend(targets[9..11].iter().map(queued));
    still.push(again(silent(&targets[11])));
    let judged = run(&targets, still);
    assert_eq!((blocked(&judged), judged.hosts[11].finding.code), (0, Code::UntestedDeadline));
    // Asked for alone and silent again: the proxy does not reach that host.
    let judged = run(&targets, [queue, targets[10..].iter().map(|t| again(silent(t))).collect()].concat());
    assert_eq!((blocked(&judged), judged.hosts[11].finding.code), (2, Code::ProxyTimeout));
    for slow in [waits(&|_| 20.0), waits(&|_| 5_000.0), waits(&|id| if id > 8 { 5_000.0 } else { 20.0 })] {
        assert_eq!(paced(&slow), 0);
        assert_eq!(blocked(&run(&targets, slow)), 2);
    }
}

/// A resolver that refuses above a rate may refuse a slow question too, as long as it counts those before it.
#[test]
fn a_slow_lookup_that_is_refused_again_is_made_once_more_before_anybody_is_blamed() {
    let targets = hosts(12);
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let addresses = DnsAnswer::Addresses { addresses: vec!["11.0.0.9".parse().unwrap()] };
    let answers = [DnsAnswer::Refused, DnsAnswer::ServFail, DnsAnswer::Code { code: 9 }];
    // The slow try may be refused whole, or one kind of address of the two, or the question for that kind is lost.
    let slowly = |answer: &DnsAnswer| {
        let [given, lost] = [addresses.clone(), DnsAnswer::Timeout];
        [[answer.clone(), answer.clone()], [given.clone(), answer.clone()], [given, lost]]
    };
    for (answer, slowly) in answers.iter().flat_map(|answer| slowly(answer).map(|slowly| (answer, slowly))) {
        let refused = |t: &Target| dns_fails(t, failed_lookup(), &[answer.clone(), answer.clone()]);
        let slowly = |t: &Target| again(dns_fails(t, failed_lookup(), &slowly));
        let first = |t: &Target| if t.id <= 6 { refused(t) } else { healthy(t) };
        let mut seen: Vec<Attempt> = targets.iter().map(first).collect();
        seen.extend(targets.iter().take(4).map(|t| again(healthy(t))));
        seen.extend(targets[4..6].iter().map(slowly));
        let asked = |seen: &[Attempt]| -> Vec<(u32, Purpose)> {
            let of = |e: &Experiment| (e.target, e.purpose);
            next(&plan, &observed(seen.to_vec())).iter().map(of).collect()
        };
        assert_eq!(asked(&seen), [(5, Purpose::Paced), (6, Purpose::Paced)], "{answer:?}");
        // What there was no time for is not judged.
        let judged = run(&targets, seen.clone());
        assert_eq!((blocked(&judged), judged.hosts[5].verdict), (0, Verdict::Untested), "{answer:?}");
        // One gets through in the end; the other is refused by itself, and a third time is not asked.
        seen.push(again(healthy(&targets[4])));
        seen.push(again(refused(&targets[5])));
        let judged = run(&targets, seen.clone());
        let host = &judged.hosts[5];
        assert_eq!((blocked(&judged), host.verdict), (1, Verdict::Blocked), "{answer:?} {:?}", host.finding);
        assert_eq!(host.finding.owner, Owner::Dns);
        assert_eq!(judged.hosts[4].verdict, Verdict::Reachable);
        assert!(asked(&seen).is_empty(), "{answer:?}");
        assert!(causes(&judged).contains(&("dns/slow", vec![1, 2, 3, 4, 5])), "{:?}", causes(&judged));
    }
}

/// One IPv6 packet of many that was refused or lost is tried alone before IPv6 is called broken.
#[test]
fn a_lone_ipv6_connection_that_was_turned_away_is_tried_alone() {
    let targets = hosts(6);
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let six = |t: &Target| -> IpAddr { format!("2a0e:77::{}", t.id).parse().unwrap() };
    let by_six = |t: &Target| {
        edit(healthy(t), |a| {
            a.tcp[0].remote.set_ip(six(t));
            a.tls[0].remote.set_ip(six(t));
        })
    };
    let broken = |t: &Target| {
        edit(healthy(t), |a| {
            let mut turned = tcp_fails(t, TcpOutcome::Refused).tcp.remove(0);
            turned.remote.set_ip(six(t));
            a.tcp.insert(0, turned);
        })
    };
    let tried = |t: &Target, through: bool| {
        let alone = if through { by_six(t) } else { broken(t) };
        let variation = Some(Variation::Address { address: six(t) });
        let tcp = alone.tcp.into_iter().filter(|c| c.remote.is_ipv6()).collect();
        Attempt { purpose: Purpose::Experiment, variation, tcp, ..by_six(t) }
    };
    let judged_with = |seen: Vec<Attempt>| {
        let mut seen = observed(seen);
        seen.device.ipv6 = Some("2a0e:99::7".parse().unwrap());
        judged(&targets, &seen)
    };
    let mut seen: Vec<Attempt> =
        targets.iter().map(|t| if t.id == 1 { broken(t) } else { by_six(t) }).collect();
    let asked = next(&plan, &observed(seen.clone()));
    let address = |e: &Experiment| e.variation == Some(Variation::Address { address: six(&targets[0]) });
    assert!(asked.len() == 1 && address(&asked[0]), "{asked:?}");
    assert_eq!(judged_with(seen.clone()).hosts[0].finding.code, Code::TcpIpv6Broken);
    let well = [seen.clone(), vec![tried(&targets[0], true)]].concat();
    let judged = judged_with(well);
    assert_eq!((judged.hosts[0].finding.code, judged.hosts[0].notes.len()), (Code::Ok, 0));
    seen.push(tried(&targets[0], false));
    let judged = judged_with(seen);
    assert_eq!((judged.hosts[0].finding.code, judged.hosts[0].notes.len()), (Code::TcpIpv6Broken, 0));
    // Where it fails for all, the network says so itself.
    let all: Vec<Attempt> = targets.iter().map(broken).collect();
    assert!(next(&plan, &observed(all.clone())).is_empty());
    assert!(judged_with(all).hosts.iter().all(|h| h.finding.code == Code::TcpIpv6Broken));
}

/// A slow try that gets past the limit shows what else is in the way.
#[test]
fn what_a_slow_try_runs_into_is_the_finding() {
    let targets = hosts(12);
    let dead = |t: &Target| tcp_fails(t, TcpOutcome::Timeout);
    let first = |t: &Target| if t.id <= 6 { dead(t) } else { healthy(t) };
    let mut seen: Vec<Attempt> = targets.iter().map(first).collect();
    seen.extend(targets.iter().take(5).map(late));
    seen.push(again(tls_fails(&targets[5], TlsOutcome::Reset)));
    let judged = run(&targets, seen.clone());
    let host = &judged.hosts[5];
    assert_eq!((host.finding.code, host.verdict), (Code::TlsReset, Verdict::Blocked), "{:?}", host.finding);
    let plan = Plan { targets, ..Plan::default() };
    let asked = next(&plan, &observed(seen));
    let compared = |e: &&Experiment| matches!(e.variation, Some(Variation::OtherName { .. }));
    assert_eq!(asked.iter().filter(compared).map(|e| e.target).collect::<Vec<_>>(), [6], "{asked:?}");
}

/// A name whose system lookup hung twice while its servers answered a direct query.
#[test]
fn a_lookup_that_the_limit_drops_twice_is_not_said_apart() {
    let targets = hosts(12);
    let hung = |t: &Target, aaaa: DnsAnswer| {
        let v4 = DnsAnswer::Addresses { addresses: vec![address(t.id)] };
        let asked = dns_fails(t, Lookup::Timeout, &[v4, aaaa]).dns;
        edit(healthy(t), |a| {
            a.dns = asked;
            a.dns.as_mut().unwrap().ms = 4002.0;
        })
    };
    for (aaaa, limited, lossy, apart) in [
        (DnsAnswer::NoData, true, false, false),
        (DnsAnswer::Timeout, true, false, true),
        (DnsAnswer::NoData, false, false, true),
        // Connections that had to be begun again: packets are lost here, those of lookups, too.
        (DnsAnswer::NoData, false, true, false),
        // What a server never answers is no lost packet.
        (DnsAnswer::Timeout, false, true, true),
    ] {
        let mut seen: Vec<Attempt> = vec![hung(&targets[0], aaaa.clone())];
        seen.extend(
            targets[1..].iter().map(|t| if limited && t.id > 6 { silent_lookup(t) } else { healthy(t) }),
        );
        seen.push(Attempt {
            purpose: Purpose::Experiment,
            variation: Some(Variation::Lookup),
            ..hung(&targets[0], aaaa.clone())
        });
        if limited {
            seen.extend(targets[6..].iter().map(|t| again(healthy(t))));
        }
        for number in [2, 3] {
            if lossy {
                seen[number].tcp[0].ms = 1021.0;
            }
        }
        let judged = run(&targets, seen);
        let codes: Vec<_> = causes(&judged).iter().map(|(code, _)| *code).collect();
        assert_eq!(judged.hosts[0].finding.code == Code::DnsSlow, apart, "{aaaa:?}: {codes:?}");
        assert_eq!(codes.len(), usize::from(limited) + usize::from(apart), "{aaaa:?}: {codes:?}");
    }
}

/// A reset is no silence: on a late line the name is compared all the same.
#[test]
fn a_reset_on_a_late_line_is_compared() {
    let targets = hosts(6);
    let late = |t: &Target| edit(healthy(t), |a| a.dns.as_mut().unwrap().ms = 2600.0);
    let mut seen: Vec<Attempt> = targets.iter().map(late).collect();
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    for (outcome, compared) in [(TlsOutcome::Reset, true), (TlsOutcome::Timeout, false)] {
        seen[0] = edit(tls_fails(&targets[0], outcome), |a| a.dns.as_mut().unwrap().ms = 2600.0);
        let asked = next(&plan, &observed(seen.clone()));
        let has = asked.iter().any(|e| matches!(e.variation, Some(Variation::OtherName { .. })));
        assert_eq!(has, compared, "{asked:?}");
    }
}

/// A second packet got it through.
fn late(target: &Target) -> Attempt {
    edit(again(healthy(target)), |a| a.tcp[0].ms = 1050.0)
}

#[test]
fn silence_in_slow_tries_that_were_too_much_as_well_is_nobodys() {
    let targets = hosts(12);
    let dead = |t: &Target| tcp_fails(t, TcpOutcome::Timeout);
    let first = |t: &Target| if t.id <= 6 { dead(t) } else { healthy(t) };
    let seen: Vec<Attempt> = targets.iter().map(first).collect();
    for (through, code, verdict) in [
        // The others got through with their first packet: what is silent is so by itself.
        (again(healthy(&targets[0])), "tcp/timeout", Verdict::Blocked),
        (late(&targets[0]), "untested/deadline", Verdict::Untested),
        // One address family was quick, and the other one had to wait each time.
        (other_family_late(&targets[0]), "untested/deadline", Verdict::Untested),
    ] {
        let is_late = through.tcp.iter().any(|t| t.ms > 1000.0);
        let mut seen = seen.clone();
        let second = |t: &Target| match through.tcp.len() {
            2 => other_family_late(t),
            _ if is_late => late(t),
            _ => again(healthy(t)),
        };
        seen.extend(targets.iter().take(5).map(second));
        seen.push(again(dead(&targets[5])));
        let judged = run(&targets, seen);
        let host = &judged.hosts[5];
        assert_eq!((host.finding.code.as_str(), host.verdict), (code, verdict), "{:?}", host.finding);
        assert_eq!(judged.hosts.iter().filter(|h| h.verdict == Verdict::Reachable).count(), 11);
        if is_late {
            let line = &host.finding.evidence.line;
            assert!(line.contains("only so many new connections"), "{line}");
        }
    }
}

/// A slow try of which one address family needed a second packet.
fn other_family_late(target: &Target) -> Attempt {
    edit(again(healthy(target)), |a| {
        let mut other = Tcp { ms: 2250.0, ..a.tcp[0].clone() };
        other.remote.set_ip("2001:db8::7".parse().unwrap());
        a.tcp.push(other);
    })
}

#[test]
fn what_a_full_line_silences_is_asked_again_one_by_one() {
    let targets = hosts(12);
    let slowly = |t: &Target| edit(healthy(t), |a| a.tls[0].ms = 2700.0);
    let silent = |t: &Target| edit(tls_fails(t, TlsOutcome::Timeout), |a| a.tls[0].ms = 4000.0);
    let no_answer = |t: &Target| edit(http_ends(t, HttpOutcome::Timeout), |a| a.tls[0].ms = 2700.0);
    let first = |t: &Target| match t.id {
        1..=4 => silent(t),
        5..=6 => no_answer(t),
        _ => slowly(t),
    };
    let mut seen: Vec<Attempt> = targets.iter().map(first).collect();
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let asked = next(&plan, &observed(seen.clone()));
    let paced: Vec<u32> = asked.iter().filter(|e| e.purpose == Purpose::Paced).map(|e| e.target).collect();
    assert_eq!(paced, [1, 2, 3, 4, 5, 6]);
    assert_eq!(asked.len(), 6, "nothing else fills the line: {asked:?}");
    // The healthy twin: the same silence on a line that is well is the hosts' own.
    let quick: Vec<Attempt> =
        targets.iter().map(|t| if t.id <= 4 { silent(t) } else { healthy(t) }).collect();
    let asked = next(&plan, &observed(quick));
    assert!(asked.iter().all(|e| e.purpose != Purpose::Paced), "{asked:?}");
    assert!(asked.iter().any(|e| matches!(e.variation, Some(Variation::SmallHello { .. }))));
    // What answers alone is well, what there was no time for is not judged, and the line is said once.
    seen.extend(targets.iter().take(5).map(|t| again(slowly(t))));
    let judged = run(&targets, seen.clone());
    assert_eq!((blocked(&judged), judged.hosts[5].verdict), (0, Verdict::Untested));
    assert_eq!(judged.hosts[5].finding.code, Code::UntestedDeadline);
    assert_eq!(judged.causes.len(), 1, "{:?}", causes(&judged));
    let cause = &judged.causes[0].finding;
    assert_eq!((cause.code, cause.owner), (Code::HttpSlow, Owner::Network));
    // One that is silent alone, while the others answer at once, is blocked, and only likely.
    let mut alone = seen[..12].to_vec();
    alone.extend(targets.iter().take(5).map(|t| again(healthy(t))));
    alone.push(again(no_answer(&targets[5])));
    let judged = run(&targets, alone);
    let host = &judged.hosts[5];
    assert_eq!((host.finding.code, host.verdict), (Code::HttpTimeout, Verdict::Blocked));
    assert_eq!(host.finding.confidence, Certainty::Likely);
}

#[test]
fn one_host_that_recovers_is_no_limit() {
    let targets = hosts(4);
    let mut attempts: Vec<Attempt> = targets.iter().map(healthy).collect();
    attempts[0] = tcp_fails(&targets[0], TcpOutcome::Timeout);
    attempts.push(again(healthy(&targets[0])));
    let judged = run(&targets, attempts);
    assert_eq!((judged.verdict, judged.causes.len()), (RunVerdict::Ready, 0));
}

#[test]
fn the_words_of_a_proxy_decide_the_text() {
    let t = proxied(world1());
    for (reason, says) in [
        ("ERR_DNS_FAIL 0", "cannot resolve the name"),
        ("ERR_CONNECT_FAIL 111", "connection was refused"),
        ("ERR_TOO_MANY_CONNECTIONS 0", "too many connections"),
    ] {
        let found = one(&t, refused(&t, 503, reason)).finding;
        assert!(found.summary.contains(says), "{}", found.summary);
    }
    let found = one(&t, proxy_says(&t, ProxyOutcome::Timeout)).finding;
    assert!(!found.remedy.contains("may reach it"), "{}", found.remedy);
}

#[test]
fn a_tunnel_that_comes_late_works_slowly() {
    let t = proxied(world1());
    let late = |a: &mut Attempt| a.proxy.as_mut().unwrap().ms = 5000.0;
    let seen = vec![edit(healthy(&t), late), measured(&t, Variation::Request, late)];
    let judged = run(std::slice::from_ref(&t), seen);
    assert_eq!(judged.hosts[0].finding.code.as_str(), "http/slow");
    assert_eq!((judged.hosts[0].verdict, judged.hosts[0].finding.owner), (Verdict::Warning, Owner::Proxy));
}

fn slow(t: &Target) -> Attempt {
    edit(healthy(t), |a| a.http[0].first_byte_ms = Some(2500.0))
}

#[test]
fn a_slow_line_is_one_cause_and_a_slow_service_its_own() {
    let targets = hosts(8);
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let first: Vec<Attempt> = targets.iter().map(slow).collect();
    let asked = next(&plan, &observed(first.clone()));
    assert_eq!(asked.len(), 6, "three hosts, twice each: {asked:?}");
    let twice = |t: &Target, is_slow: bool| {
        let ms = if is_slow { 2400.0 } else { 80.0 };
        [0, 1].map(|_| measured(t, Variation::Request, |a| a.http[0].first_byte_ms = Some(ms)))
    };
    for (slow_ones, owner) in [(3, Some(Owner::Network)), (1, Some(Owner::Service)), (0, None)] {
        let mut seen = first.clone();
        for (n, t) in targets.iter().take(3).enumerate() {
            seen.extend(twice(t, n < slow_ones));
        }
        let judged = run(&targets, seen);
        assert_eq!(judged.causes.len(), usize::from(slow_ones > 0), "{slow_ones}");
        assert_eq!(judged.causes.first().map(|c| c.finding.owner), owner, "{slow_ones}");
    }
}

#[test]
fn the_round_trip_is_no_slowness_of_the_resolver() {
    let far = |t: &Target| {
        edit(healthy(t), |a| {
            a.tcp[0].ms = 1500.0;
            a.tls[0].ms = 1520.0;
            a.dns.as_mut().unwrap().ms = 1510.0;
        })
    };
    let targets = hosts(5);
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let seen: Vec<Attempt> = targets.iter().map(far).collect();
    assert!(next(&plan, &observed(seen.clone())).is_empty());
    let judged = run(&targets, seen);
    assert!(judged.hosts.iter().all(|h| h.verdict == Verdict::Reachable));
    assert_eq!(judged.causes[0].finding.owner, Owner::Network);
}

#[test]
fn silence_on_a_late_line_is_likely_and_names_the_line() {
    let targets = hosts(6);
    let late = |t: &Target| edit(healthy(t), |a| a.dns.as_mut().unwrap().ms = 2600.0);
    let mut seen: Vec<Attempt> = targets.iter().map(late).collect();
    seen[0] = edit(tls_fails(&targets[0], TlsOutcome::Timeout), |a| a.dns.as_mut().unwrap().ms = 2600.0);
    let other = Variation::OtherName { address: Some(address(1)), name: targets[1].probed.clone() };
    seen.push(measured(&targets[0], other, |a| a.http.clear()));
    let found = &run(&targets, seen).hosts[0].finding;
    assert_eq!((found.code.as_str(), found.confidence), ("tls/timeout", Certainty::Likely));
    assert!(found.evidence.line.contains("2600 ms"), "{}", found.evidence.line);
}

fn servers_say(target: &Target, answers: Vec<DnsAnswer>, works: bool) -> Attempt {
    let base = if works { healthy(target) } else { tcp_fails(target, TcpOutcome::Timeout) };
    let dns = dns_fails(target, Lookup::NotAsked, &answers).dns;
    Attempt { purpose: Purpose::Experiment, variation: Some(Variation::Servers), dns, ..base }
}

fn given(text: &str) -> Vec<DnsAnswer> {
    vec![DnsAnswer::Addresses { addresses: vec![text.parse().unwrap()] }, DnsAnswer::NoData]
}

#[test]
fn a_hosts_file_is_the_devices_and_the_same_answer_is_the_resolvers() {
    let t = world1();
    let own = address(1).to_string();
    for (system, answers, works, code, owner) in [
        ("127.0.0.1", given(&own), true, "dns/sinkhole", Owner::Device),
        ("127.0.0.1", given("127.0.0.1"), false, "dns/sinkhole", Owner::Dns),
        ("127.0.0.1", vec![DnsAnswer::Timeout, DnsAnswer::Timeout], false, "dns/sinkhole", Owner::Dns),
        ("11.7.7.7", given(&own), true, "tcp/refused", Owner::Device),
        // Large services give other addresses each time.
        ("11.7.7.7", given(&own), false, "tcp/refused", Owner::Firewall),
        ("11.7.7.7", given("11.7.7.7"), false, "tcp/refused", Owner::Firewall),
    ] {
        let seen = vec![resolves_to(&t, system), servers_say(&t, answers, works)];
        let found = run(std::slice::from_ref(&t), seen).hosts.remove(0).finding;
        assert_eq!((found.code.as_str(), found.owner), (code, owner), "{system} {works}");
    }
}

/// The server of another name answers at the address that the device alone gives.
#[test]
fn another_server_at_an_address_of_the_hosts_file_is_the_devices() {
    let t = world1();
    let other = |a: &mut Attempt| {
        a.dns.as_mut().unwrap().system = Lookup::Addresses { addresses: vec!["11.7.7.7".parse().unwrap()] };
        a.tcp[0].remote.set_ip("11.7.7.7".parse().unwrap());
        a.tls[0].remote.set_ip("11.7.7.7".parse().unwrap());
    };
    let wrong = edit(
        chain(&t, public_leaf("elsewhere.example"), false, Trust::NameMismatch, Trust::NameMismatch),
        other,
    );
    let no_tls = edit(tls_fails(&t, TlsOutcome::NotTls { first: "HTTP/1.1 400".into() }), other);
    let own = address(1).to_string();
    for (first, code) in [(wrong, "tls/name-mismatch"), (no_tls, "tls/not-tls")] {
        for (answers, works, device) in
            [(given(&own), true, true), (given("11.7.7.7"), true, false), (given(&own), false, false)]
        {
            let plan = Plan { targets: vec![t.clone()], ..Plan::default() };
            let asked = next(&plan, &observed(vec![first.clone()]));
            assert!(asked.iter().any(|e| e.variation == Some(Variation::Servers)), "{code}: {asked:?}");
            let trial = servers_say(&t, answers, works);
            let found = run(std::slice::from_ref(&t), vec![first.clone(), trial]).hosts.remove(0).finding;
            assert_eq!(found.code.as_str(), code);
            assert_eq!(found.owner == Owner::Device, device, "{code} {works}: {found:?}");
            assert_eq!(found.remedy.contains("hosts file"), device, "{}", found.remedy);
        }
    }
}

#[test]
fn a_search_domain_that_was_appended_is_said() {
    let t = world1();
    let trial = edit(servers_say(&t, vec![DnsAnswer::NxDomain, DnsAnswer::NxDomain], false), |a| {
        let name = format!("{}.corp.example", t.probed);
        a.dns.as_mut().unwrap().searched =
            vec![Searched { name, addresses: vec!["10.9.9.9".parse().unwrap()] }];
    });
    let judged = run(std::slice::from_ref(&t), vec![resolves_to(&t, "10.9.9.9"), trial]);
    let found = &judged.hosts[0].finding;
    assert_eq!((found.code.as_str(), found.owner), ("dns/nxdomain", Owner::Dns));
    assert!(found.summary.contains("search domain"), "{}", found.summary);
}

#[test]
fn icmp_of_this_device_is_the_devices() {
    let t = world1();
    for (kind, code, own, expected) in [
        (3, 13, true, "device/local-denied"),
        (3, 3, true, "device/local-denied"),
        (3, 13, false, "tcp/prohibited"),
        (3, 1, true, "tcp/unreachable"),
    ] {
        let outcome = if code == 3 { TcpOutcome::Refused } else { TcpOutcome::HostUnreachable };
        let seen = edit(tcp_fails(&t, outcome), |a| {
            let from = "11.1.1.1".parse().ok();
            a.tcp[0].icmp = Some(Icmp { kind, code, from, own });
        });
        assert_eq!(one(&t, seen).finding.code.as_str(), expected, "{code} {own}");
    }
}

fn hangs(target: &Target, answers: &[(&str, &str, DnsAnswer)]) -> Attempt {
    edit(healthy(target), |a| {
        let dns = a.dns.as_mut().unwrap();
        dns.ms = 4000.0;
        dns.system = Lookup::Timeout;
        dns.direct = answers
            .iter()
            .map(|(server, kind, answer)| DirectQuery {
                server: server.parse().unwrap(),
                kind: (*kind).into(),
                answer: answer.clone(),
                aliases: Vec::new(),
                ms: 3.0,
            })
            .collect();
    })
}

#[test]
fn why_a_lookup_hangs_is_said_by_server_and_kind() {
    let (dead, alive) = ("11.9.9.8:53", "11.9.9.9:53");
    let t = world1();
    let found = DnsAnswer::Addresses { addresses: vec![address(1)] };
    for (answers, words) in [
        (vec![(alive, "A", found.clone()), (alive, "AAAA", DnsAnswer::NoData)], "11.9.9.8 does not answer"),
        (
            vec![
                (dead, "A", found.clone()),
                (alive, "A", found.clone()),
                (alive, "AAAA", DnsAnswer::Timeout),
            ],
            "not at all for AAAA",
        ),
    ] {
        let first = hangs(&t, &answers);
        let alone =
            Attempt { purpose: Purpose::Experiment, variation: Some(Variation::Lookup), ..first.clone() };
        let mut seen = observed(vec![first, alone]);
        seen.device.resolvers = [dead, alive].map(|s| s.parse().unwrap()).to_vec();
        let judged = judged(std::slice::from_ref(&t), &seen);
        let finding = &judged.hosts[0].finding;
        assert_eq!(finding.code.as_str(), "dns/slow");
        assert!(finding.evidence.line.contains(words), "{}", finding.evidence.line);
        let all = format!("{} {}", finding.summary, finding.remedy);
        assert!(
            !all.contains("4000") && !all.contains("median"),
            "the stage's own limit is no measure: {all}"
        );
    }
}

/// A direct question that was answered the second time was dropped by the limit before, and is said with it.
#[test]
fn half_an_answer_beside_a_limit_is_no_second_cause() {
    let targets = hosts(12);
    let alive = "11.9.9.9:53";
    let found = DnsAnswer::Addresses { addresses: vec![address(7)] };
    let half = hangs(&targets[6], &[(alive, "A", found.clone()), (alive, "AAAA", DnsAnswer::Timeout)]);
    let whole = hangs(&targets[6], &[(alive, "A", found), (alive, "AAAA", DnsAnswer::NoData)]);
    let alone = Attempt { purpose: Purpose::Experiment, variation: Some(Variation::Lookup), ..whole };
    let first = |t: &Target| match t.id {
        1..=6 => silent_lookup(t),
        7 => half.clone(),
        _ => healthy(t),
    };
    let mut seen: Vec<Attempt> = targets.iter().map(first).collect();
    seen.push(alone);
    let causes_of = |seen: Vec<Attempt>| {
        let mut seen = observed(seen);
        seen.device.resolvers = vec![alive.parse().unwrap()];
        causes(&judged(&targets, &seen))
    };
    let limited = targets.iter().take(6).map(|t| again(healthy(t)));
    let said = causes_of(seen.iter().cloned().chain(limited).collect());
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0].0, "dns/slow");
    // Without a limit the name is slow all the same, but nothing is unanswered.
    let judged = judged(&targets, &observed(seen[6..].to_vec()));
    assert_eq!(causes(&judged), [("dns/slow", vec![7])]);
    assert!(!judged.hosts[6].finding.evidence.facts.contains_key("silent"), "{:?}", judged.hosts[6].finding);
}

#[test]
fn the_end_of_a_chain_and_an_answer_that_is_too_long_are_named() {
    let t = world1();
    let seen = edit(dns_fails(&t, failed_lookup(), &[DnsAnswer::NxDomain]), |a| {
        a.dns.as_mut().unwrap().direct[0].aliases = vec!["a.cdn.example".into(), "b.edge.example".into()];
    });
    let found = one(&t, seen).finding;
    assert!(found.remedy.contains("b.edge.example") && found.evidence.line.contains("a.cdn.example"));
    // A name that is an alias exists: that its end is denied is no slip of the configuration.
    let targets = [world(1, "api.vendor.example"), world(2, "cdn.other.example")];
    let mut named = targets.clone();
    named[0].requirement.hints.name_key = Some("inferenceBedrockRegion".into());
    for (aliases, owner) in [(Vec::new(), Owner::Configuration), (vec!["a.cdn.example".into()], Owner::Dns)] {
        let seen = edit(dns_fails(&named[0], failed_lookup(), &[DnsAnswer::NxDomain]), |a| {
            a.dns.as_mut().unwrap().direct[0].aliases = aliases;
        });
        let judged = run(&named, vec![seen, healthy(&named[1])]);
        assert_eq!(judged.hosts[0].finding.owner, owner, "{:?}", judged.hosts[0].finding);
    }
    let error = DnsAnswer::Truncated { error: "no answer".into() };
    let found = one(&t, dns_fails(&t, Lookup::Timeout, &[error])).finding;
    assert_eq!((found.code.as_str(), found.owner), ("dns/timeout", Owner::Dns));
    assert!(found.remedy.contains("TCP port 53"), "{}", found.remedy);
}

#[test]
fn single_dead_addresses_are_a_note_and_no_warning() {
    let t = world1();
    let all: Vec<IpAddr> = ["11.3.3.1", "11.3.3.2", "11.0.0.1"].map(|a| a.parse().unwrap()).to_vec();
    let first = edit(healthy(&t), |a| {
        a.dns.as_mut().unwrap().system = Lookup::Addresses { addresses: all.clone() };
        let given_up = |at: &IpAddr, ms| Tcp {
            remote: (*at, 443).into(),
            outcome: TcpOutcome::Abandoned,
            ms,
            ..a.tcp[0].clone()
        };
        let (one, two) = (given_up(&all[0], 520.0), given_up(&all[1], 270.0));
        a.tcp.insert(0, one);
        a.tcp.insert(1, two);
    });
    let plan = Plan { targets: vec![t.clone()], ..Plan::default() };
    assert_eq!(next(&plan, &observed(vec![first.clone()])).len(), 2);
    let tried = |at: &IpAddr, outcome| {
        let ended = edit(tcp_fails(&t, outcome), |a| a.tcp[0].remote.set_ip(*at));
        let variation = Some(Variation::Address { address: *at });
        Attempt { purpose: Purpose::Experiment, variation, ..ended }
    };
    let dead: Vec<Attempt> = all[..2].iter().map(|a| tried(a, TcpOutcome::Timeout)).collect();
    let judged = run(std::slice::from_ref(&t), [vec![first.clone()], dead].concat());
    assert_eq!((judged.verdict, judged.causes.len()), (RunVerdict::Ready, 0));
    assert!(judged.hosts[0].notes[0].starts_with("2 of 3 addresses"), "{:?}", judged.hosts[0].notes);
    let well: Vec<Attempt> = all[..2].iter().map(|a| tried(a, TcpOutcome::Connected)).collect();
    let judged = run(std::slice::from_ref(&t), [vec![first], well].concat());
    assert!(judged.hosts[0].notes.is_empty());
}

#[test]
fn a_dead_first_proxy_is_said_once_and_the_second_decides() {
    let second =
        Route::Proxy { host: "new.corp.example".into(), port: 8080, tls: false, origin: "script".into() };
    let targets: Vec<Target> = hosts(3).into_iter().map(proxied).collect();
    let mut plan = Plan { targets: targets.clone(), ..Plan::default() };
    for t in &targets {
        plan.detours.fallbacks.push(Fallback { target: t.id, path: 0, routes: vec![second.clone()] });
    }
    let mut seen: Vec<Attempt> = targets.iter().map(|t| tcp_fails(t, TcpOutcome::Timeout)).collect();
    for t in &targets {
        let mut by_second = t.clone();
        by_second.paths = vec![Path { route: second.clone(), actors: t.paths[0].actors.clone() }];
        let next = match t.id {
            3 => refused(&by_second, 502, ""),
            _ => healthy(&by_second),
        };
        let variation = Some(Variation::OtherRoute(second.clone()));
        seen.push(Attempt { purpose: Purpose::Experiment, variation, ..next });
    }
    let observations = observed(seen);
    let judged = judge(&plan, &observations, &services(), &super::scene::codes());
    assert_eq!(judged.hosts[2].finding.code.as_str(), "proxy/upstream");
    assert!(judged.hosts[2].finding.evidence.line.contains("new.corp.example"));
    assert_eq!(causes(&judged), [("proxy/upstream", vec![3]), ("proxy/timeout", vec![1, 2, 3])]);
    // The engine is handed the first proxy alone, and is blocked by what the others wait for: still one cause.
    for t in &mut plan.targets {
        t.paths[0].actors = vec![Actor::App, Actor::Engine];
        t.requirement.reasons[0].actors = vec![Actor::App, Actor::Engine];
    }
    let judged = judge(&plan, &observations, &services(), &super::scene::codes());
    let dead: Vec<_> = judged.causes.iter().filter(|c| c.finding.code == Code::ProxyTimeout).collect();
    assert_eq!(dead.len(), 1, "{:?}", causes(&judged));
    assert_eq!(dead[0].finding.severity, Severity::Error);
    assert!(
        judged
            .hosts
            .iter()
            .all(|h| h.cause.as_ref().is_some_and(|id| judged.causes.iter().any(|c| c.id == *id)))
    );
}

/// A host that is silent, to which a second connection began after so long and was silent for so long, ms.
fn silent_apart(target: &Target, began: u64, ms: f64) -> Attempt {
    edit(tcp_fails(target, TcpOutcome::Timeout), |a| {
        let first = Tcp { at_ms: 50, ms: 4000.0, confirm: false, ..a.tcp[0].clone() };
        let second = Tcp { at_ms: began, ms, confirm: true, ..first.clone() };
        a.tcp = vec![first, second];
    })
}

/// What was silent once more, apart from the burst, is not tried a third time, unless this device as a whole is shut out.
#[test]
fn silence_apart_from_the_burst_is_not_tried_slowly() {
    let targets = hosts(12);
    let plan = Plan { targets: targets.clone(), ..Plan::default() };
    let paced = |seen: &[Attempt]| {
        let asked = next(&plan, &observed(seen.to_vec()));
        asked.iter().filter(|e| e.purpose == Purpose::Paced).count()
    };
    let run_of = |gap: u64, ms: f64| -> Vec<Attempt> {
        let silent = |t: &Target| silent_apart(t, 1500 + gap * u64::from(t.id), ms);
        targets.iter().map(|t| if t.id <= 8 { silent(t) } else { healthy(t) }).collect()
    };
    let apart = run_of(150, 1200.0);
    assert_eq!(paced(&apart), 0);
    let witness = |seen: &[Attempt]| {
        let asked = next(&plan, &observed(seen.to_vec()));
        let of_worked =
            |e: &Experiment| matches!(e.variation, Some(Variation::Address { .. })) && e.target > 8;
        asked.into_iter().find(of_worked)
    };
    let asked = witness(&apart).unwrap();
    let again = |outcome: TcpOutcome| {
        let seen = Attempt {
            purpose: Purpose::Experiment,
            variation: asked.variation.clone(),
            tls: Vec::new(),
            http: Vec::new(),
            ..healthy(&targets[asked.target as usize - 1])
        };
        let seen = edit(seen, |a| a.tcp[0].outcome = outcome);
        [apart.clone(), vec![seen]].concat()
    };
    let stood = again(TcpOutcome::Connected);
    assert_eq!((paced(&stood), witness(&stood)), (0, None));
    let judged = run(&targets, stood);
    assert_eq!((blocked(&judged), judged.causes.len()), (8, 1));
    // Everything of this device is dropped meanwhile: as before, a few are tried slowly.
    let shut_out = again(TcpOutcome::Timeout);
    assert_eq!(paced(&shut_out), 6);
    assert!(run(&targets, shut_out).hosts[8].finding.code != Code::TcpTimeout);
    // All at once, for one packet alone, beside another's first connection, beside one whose second one stood, and
    // on a line that loses packets.
    assert_eq!(paced(&run_of(20, 1200.0)), 6);
    assert_eq!(paced(&run_of(150, 900.0)), 6);
    for change in [
        |a: &mut Attempt| a.tcp[0].at_ms = 2300,
        |a: &mut Attempt| {
            let silent = Tcp { outcome: TcpOutcome::Abandoned, ms: 1600.0, ..a.tcp[0].clone() };
            a.tcp[0].confirm = true;
            a.tcp.insert(0, silent);
        },
        |a: &mut Attempt| a.tcp[0].ms = 1030.0,
    ] {
        let mut seen = apart.clone();
        change(&mut seen[11]);
        let more = paced(&seen);
        assert!((6..=8).contains(&more), "{more}");
    }
    // Where some were refused, both are tried slowly.
    let mut mixed = apart;
    mixed[0] = tcp_fails(&targets[0], TcpOutcome::Refused);
    assert_eq!(paced(&mixed), 6);
}
