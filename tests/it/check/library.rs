//! The library runs a check without a command line.

use std::sync::Mutex;
use std::time::Instant;

use clearway::check::{Check, Options};
use clearway::diagnose::{RunVerdict, Verdict};
use clearway::probe::Progress;
use clearway::rules::Rules;

use crate::servers::{Authority, https};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Remembers which hosts were done.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Progress for Told {
    fn planned(&self, _attempts: usize) {}

    fn finished(&self, _done: usize, host: &str) {
        self.0.lock().unwrap().push(host.to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_needs_no_command_line() {
    let authority = Authority::new("Test Root");
    let server = https(authority.leaf("127.0.0.1", |_| {}).acceptor(&["http/1.1"]), OK).await;
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, authority.pem()).unwrap();
    let options = Options {
        hosts: vec![server.to_string()],
        public_roots: Some(roots.clone()),
        device_ca: Some(roots),
        proxy: Some("none".to_owned()),
        controls: false,
        label: Some("library".to_owned()),
        ..Options::default()
    };
    let (planned, run, told) = tokio::task::spawn_blocking(move || {
        let rules = Rules::of(None).unwrap();
        let check = Check::prepare(&options, &rules, Instant::now()).unwrap();
        assert_eq!(check.list().hosts.len(), 1);
        let planned = check.dry_run().unwrap();
        assert!(!planned.announced.is_empty());
        let told = Told::default();
        let run = check.run(&told).unwrap();
        (planned.plan, run, told)
    })
    .await
    .unwrap();
    assert_eq!(planned, run.plan);
    assert_eq!(run.label.as_deref(), Some("library"));
    assert_eq!(run.judgement.hosts[0].verdict, Verdict::Reachable, "{:?}", run.judgement.hosts);
    assert_eq!(run.judgement.verdict, RunVerdict::Ready);
    assert_eq!(*told.0.lock().unwrap(), ["127.0.0.1"]);
}
