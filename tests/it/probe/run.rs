//! A wave as a whole: lookups shared, deadlines kept, the device observed.

use super::*;

#[tokio::test]
async fn a_name_is_looked_up_once_per_wave_and_again_in_the_next() {
    let dns = Dns::start().await;
    let server = crate::servers::serve(|s| crate::servers::answer(s, OK)).await;
    let settings = Settings { resolver: Some(dns.address), ..settings(PATIENT) };
    let prober = Prober::new(settings).unwrap();
    let targets = (1..=3).map(|id| target(id, "service.example", server.port(), Transport::Http)).collect();
    let plan = Plan { targets, ..Plan::default() };
    let mut seen = Observations::default();
    let deadline = Instant::now() + Duration::from_secs(60);
    prober.run(&plan, &plan.first_wave(), &mut seen, deadline, &Quiet).await;
    assert_eq!(dns.asked(), ["A service.example.", "AAAA service.example."]);
    let again = [Experiment { target: 2, path: 0, purpose: Purpose::Repeat, variation: None }];
    prober.run(&plan, &again, &mut seen, deadline, &Quiet).await;
    assert_eq!((dns.asked().len(), seen.attempts.len()), (4, 4));
    assert_eq!((seen.attempts[3].target, seen.attempts[3].purpose), (2, Purpose::Repeat));
    assert!(seen.attempts[3].at_ms >= seen.attempts[0].at_ms);
}

#[tokio::test]
async fn the_deadline_keeps_what_is_known() {
    let healthy = crate::servers::serve(|s| crate::servers::answer(s, OK)).await;
    let silent = crate::servers::serve(|mut s| async move {
        crate::servers::swallow(&mut s).await;
        tokio::time::sleep(FOREVER).await;
    })
    .await;
    let plan = Plan {
        targets: vec![
            target(1, "127.0.0.1", healthy.port(), Transport::Http),
            target(2, "127.0.0.1", silent.port(), Transport::Https),
            target(3, "127.0.0.1", silent.port(), Transport::Https),
        ],
        ..Plan::default()
    };
    struct Count(std::cell::Cell<(usize, usize)>);
    impl Progress for Count {
        fn planned(&self, attempts: usize) {
            self.0.set((attempts, 0));
        }
        fn finished(&self, done: usize, host: &str) {
            assert_eq!(host, "127.0.0.1");
            self.0.set((self.0.get().0, done));
        }
    }
    // Two at a time: the third target never begins.
    let settings = Settings { concurrency: 2, ..settings(FOREVER) };
    let prober = Prober::new(settings).unwrap();
    let mut seen = Observations::default();
    let progress = Count(std::cell::Cell::default());
    // The healthy one takes a place first and gives it to the third.
    let only = [plan.first_wave()[0].clone(), plan.first_wave()[1].clone()];
    let deadline = Instant::now() + Duration::from_millis(1500);
    prober.run(&plan, &only, &mut seen, deadline, &progress).await;
    assert_eq!(seen.stopped, Some(Stopped::Deadline));
    assert_eq!(progress.0.get(), (2, 1));
    assert_eq!(
        seen.attempts.iter().map(|a| (a.target, a.cut)).collect::<Vec<_>>(),
        [(1, None), (2, Some(Stopped::Deadline))]
    );
    let cut = &seen.attempts[1];
    assert_eq!(cut.tcp[0].outcome, TcpOutcome::Connected);
    assert_eq!(last_tls(cut), &TlsOutcome::Abandoned);
    assert!(cut.tls[0].hello_bytes > 1216 && cut.tls[0].ms > 0.0);
    // A stopped run stays stopped.
    prober.run(&plan, &plan.first_wave(), &mut seen, Instant::now() + PATIENT, &Quiet).await;
    assert_eq!(seen.attempts.len(), 2);
}

#[tokio::test]
async fn what_has_not_begun_is_absent() {
    let silent = crate::servers::serve(crate::servers::hold).await;
    let targets = (1..=3).map(|id| target(id, "127.0.0.1", silent.port(), Transport::Http)).collect();
    let plan = Plan { targets, ..Plan::default() };
    let prober = Prober::new(Settings { concurrency: 1, ..settings(FOREVER) }).unwrap();
    let mut seen = Observations::default();
    let deadline = Instant::now() + Duration::from_millis(300);
    prober.run(&plan, &plan.first_wave(), &mut seen, deadline, &Quiet).await;
    assert_eq!(seen.attempts.len(), 1);
    assert_eq!(seen.attempts[0].cut, Some(Stopped::Deadline));
}

#[tokio::test]
async fn the_device_is_observed_once() {
    let authority = Authority::new("Test CA");
    let server = crate::servers::https(authority.leaf("127.0.0.1", |_| {}).acceptor(&["http/1.1"]), OK).await;
    let prober = Prober::new(settings(PATIENT)).unwrap();
    let before = prober.device();
    let plan =
        Plan { targets: vec![target(1, "127.0.0.1", server.port(), Transport::Https)], ..Plan::default() };
    let mut seen = Observations::default();
    prober.run(&plan, &plan.first_wave(), &mut seen, Instant::now() + PATIENT, &Quiet).await;
    // A chain was judged, so the store has been read by now; all else is as it was.
    let device = prober.device();
    assert_eq!(device.device_roots, Some(0));
    assert_eq!((before.clock, before.ipv4, before.ipv6), (device.clock, device.ipv4, device.ipv6));
    assert_eq!(before.resolvers, device.resolvers);
    assert!(device.clock > 1_700_000_000);
}

#[test]
fn pem_files_are_read_and_refused_with_reasons() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let both = Authority::new("A").pem() + &Authority::new("B").pem();
    assert_eq!(clearway::probe::read_pem(&write("good.pem", &both)).unwrap().len(), 2);
    // What never ends is given up at the limit, whatever length the system tells.
    #[cfg(unix)]
    assert!(
        clearway::probe::read_pem(std::path::Path::new("/dev/zero"))
            .unwrap_err()
            .to_string()
            .contains("larger than")
    );
    for (path, says) in [
        (folder.path().join("missing.pem"), "cannot read"),
        (write("empty.pem", "hello"), "holds no certificate"),
        (
            write("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "certificate 1 cannot be used",
        ),
    ] {
        let error = clearway::probe::read_pem(&path).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains(&*path.to_string_lossy()), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_answered_host_is_whole_although_its_other_family_still_waits() {
    let (v6, _kept) = crate::servers::dropping_on("[::1]:0".parse().unwrap()).await;
    let v4 = SocketAddr::from(([127, 0, 0, 1], v6.port()));
    crate::servers::serve_on(v4, |s| crate::servers::answer(s, OK)).await;
    let dns = Dns::start().await;
    // One at a time: the first must give its place up for the second to begin.
    let settings = Settings { resolver: Some(dns.address), concurrency: 1, ..settings(FOREVER) };
    let prober = Prober::new(settings).unwrap();
    let targets = (1..=2).map(|id| target(id, "both.example", v6.port(), Transport::Http)).collect();
    let plan = Plan { targets, ..Plan::default() };
    let mut seen = Observations::default();
    let deadline = Instant::now() + Duration::from_millis(1500);
    prober.run(&plan, &plan.first_wave(), &mut seen, deadline, &Quiet).await;
    assert_eq!(seen.stopped, Some(Stopped::Deadline));
    assert_eq!(seen.attempts.len(), 2);
    for attempt in &seen.attempts {
        assert_eq!((attempt.cut, last_http(attempt)), (None, &HttpOutcome::Answered));
        let of = |v6: bool| attempt.tcp.iter().find(|t| t.remote.is_ipv6() == v6).unwrap().outcome.clone();
        assert_eq!((of(true), of(false)), (TcpOutcome::Abandoned, TcpOutcome::Connected));
        assert!(attempt.ms < 1400.0, "{}", attempt.ms);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_trust_store_that_cannot_be_read_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("store.pem");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let authority = Authority::new("Test CA");
    let server = crate::servers::https(authority.leaf("127.0.0.1", |_| {}).acceptor(&["http/1.1"]), OK).await;
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, authority.pem()).unwrap();
    // The stage is longer than the run, and then shorter.
    for (stage, says) in [("30s", "no answer before the run ended"), ("500ms", "no answer within 500 ms")] {
        let mut command = crate::common::clearway();
        command
            .args(["check", "--format", "json", "--deadline", "2s", "--timeout", stage, "--host"])
            .arg(server.to_string())
            .arg("--public-roots")
            .arg(&roots)
            .env("SSL_CERT_FILE", &pipe)
            .env_remove("SSL_CERT_DIR");
        let began = Instant::now();
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        assert!(began.elapsed() < PATIENT, "{:?}", began.elapsed());
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let attempt = &report["observations"][0];
        assert_eq!(attempt["http"][0]["status"], 200, "{attempt:#}");
        assert_eq!(attempt["tls"][0]["public_trust"]["trust"], "accepted");
        assert_eq!(attempt["tls"][0]["device_trust"]["error"], says);
        assert_eq!(attempt["cut"], serde_json::Value::Null);
        assert_eq!(report["device"]["device_roots"], serde_json::Value::Null);
    }
}
