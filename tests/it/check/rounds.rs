//! The rounds of a repeated check: what is sent in each, where a host goes on failing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clearway::check::{Check, Options, Rounds};
use clearway::diagnose::Verdict;
use clearway::observation::Purpose;
use clearway::probe::Quiet;
use clearway::rules::Rules;
use clearway::run::Run;

use crate::servers::{Authority, answer, reset, serve, swallow};

/// A server that counts its connections and may be told to reset each of them (1) or to close it (2).
async fn server() -> (std::net::SocketAddr, Arc<AtomicU8>, Arc<AtomicUsize>) {
    let (ill, count) = (Arc::new(AtomicU8::new(0)), Arc::new(AtomicUsize::new(0)));
    let (told, counted) = (Arc::clone(&ill), Arc::clone(&count));
    let address = serve(move |mut stream| {
        let (told, counted) = (Arc::clone(&told), Arc::clone(&counted));
        async move {
            counted.fetch_add(1, Ordering::SeqCst);
            match told.load(Ordering::SeqCst) {
                0 => {
                    answer(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
                }
                1 => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    reset(stream);
                }
                // What was sent is read first: else the system resets this connection, too.
                _ => {
                    swallow(&mut stream).await;
                    drop(stream);
                }
            }
        }
    })
    .await;
    (address, ill, count)
}

/// What a round came to for the host on this port: verdict, code, attempts of its own, experiments of this round and
/// of an earlier one.
fn came_to(run: &Run, port: u16) -> (Verdict, &'static str, usize, usize, usize) {
    let target = run.plan.targets.iter().find(|t| t.port() == port).unwrap();
    let host = run.judgement.hosts.iter().find(|h| h.target == target.id).unwrap();
    let of = |own: bool, old: bool| {
        let all = run.observations.attempts.iter().filter(|a| a.target == target.id);
        all.filter(|a| (a.purpose != Purpose::Experiment) == own && (a.before_ms > 0) == old).count()
    };
    (host.verdict, host.finding.code.as_str(), of(true, false), of(false, false), of(false, true))
}

#[tokio::test(flavor = "multi_thread")]
async fn experiments_are_made_less_and_less_often_while_nothing_changes() {
    let (dead, ill, dead_count) = server().await;
    ill.store(1, Ordering::SeqCst);
    let (well, _, well_count) = server().await;
    let dir = tempfile::tempdir().unwrap();
    let authority = dir.path().join("ca.pem");
    std::fs::write(&authority, Authority::new("Team").pem()).unwrap();
    let options = Options {
        hosts: vec![format!("https://{dead}"), format!("http://{well}")],
        device_ca: Some(authority.clone()),
        proxy: Some("none".to_owned()),
        controls: false,
        stage_timeout: Duration::from_secs(10),
        deadline: Duration::from_secs(60),
        ..Options::default()
    };
    tokio::task::spawn_blocking(move || {
        let rules = Rules::of(None).unwrap();
        let check = Check::prepare(&options, &rules, Instant::now()).unwrap();
        let mut known = Rounds::default();
        let mut next = || {
            let run = check.again(Instant::now(), &mut known, &Quiet).unwrap();
            // The time that an earlier round lies back is told in whole milliseconds.
            std::thread::sleep(Duration::from_millis(5));
            let counts = (dead_count.swap(0, Ordering::SeqCst), well_count.swap(0, Ordering::SeqCst));
            (run, counts)
        };
        let single = {
            let run = Check::prepare(&options, &rules, Instant::now()).unwrap().run(&Quiet).unwrap();
            came_to(&run, dead.port())
        };
        let (mut experimented, mut full, mut least) = (Vec::new(), None, usize::MAX);
        dead_count.store(0, Ordering::SeqCst);
        well_count.store(0, Ordering::SeqCst);
        for round in 1..=20 {
            let (run, (of_dead, of_well)) = next();
            let (verdict, code, own, made, borrowed) = came_to(&run, dead.port());
            assert_eq!((verdict, code), (single.0, single.1), "round {round}");
            // Each round sees for itself that the host fails.
            assert!(own >= 1, "round {round}");
            let (verdict, _, own, made_there, borrowed_there) = came_to(&run, well.port());
            assert_eq!((verdict, own, borrowed_there), (Verdict::Reachable, 1, 0), "round {round}");
            // What was slow on a busy machine is measured, and may have had a second socket.
            let slow = run.observations.attempts.iter().any(clearway::diagnose::looks_slow);
            assert!(slow || (made_there, of_well) == (0, 1), "round {round}: {made_there}, {of_well}");
            if made > 0 {
                experimented.push(round);
                assert_eq!((made, borrowed), (single.3, 0), "round {round}");
                full.get_or_insert(of_dead);
            } else {
                assert_eq!(borrowed, single.3, "round {round}: the explanation stands beside it");
                least = least.min(of_dead);
            }
        }
        assert_eq!(experimented, [1, 2, 4, 8, 16]);
        assert!(full.unwrap() > 2 * least, "{full:?} connections with experiments, {least} without");

        // What changes is looked at anew, at once, and then again less and less often.
        ill.store(2, Ordering::SeqCst);
        let made = |run: &Run| came_to(run, dead.port()).3 > 0;
        let seen: Vec<(bool, &str)> = (0..5)
            .map(|_| {
                let run = next().0;
                (made(&run), came_to(&run, dead.port()).1)
            })
            .collect();
        let codes: std::collections::BTreeSet<&str> = seen.iter().map(|(_, code)| *code).collect();
        assert_eq!(seen.iter().map(|(made, _)| *made).collect::<Vec<_>>(), [true, true, false, true, false]);
        assert_eq!(codes.len(), 1, "{codes:?}");
        assert!(!codes.contains(single.1), "{codes:?}");
        // A round that cannot be made forgets nothing of those before it.
        let pem = std::fs::read(&authority).unwrap();
        std::fs::remove_file(&authority).unwrap();
        assert!(check.again(Instant::now(), &mut known, &Quiet).is_err());
        std::fs::write(&authority, pem).unwrap();
        let run = check.again(Instant::now(), &mut known, &Quiet).unwrap();
        assert!(!made(&run), "the explanation is kept");
    })
    .await
    .unwrap();
}
