//! A fleet: reports added up in a second, whole ones and compact ones. `CLEARWAY_FLEET=10000 cargo bench --bench fleet`
//! takes that many (1000 without it), written to a temporary folder first.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use clearway::fleet::{By, Collector, source};
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

const OFFICE: &str = include_str!("../examples/reports/office.json");

fn count() -> usize {
    std::env::var("CLEARWAY_FLEET").ok().and_then(|n| n.parse().ok()).unwrap_or(1000)
}

/// Reports of as many devices at twenty sites, each of its own day and, on every fifth, without the filter.
fn write(dir: &Path) {
    assert!(OFFICE.contains("desk-0417") && OFFICE.contains("\"label\":null"), "what is changed in it");
    for n in 0..count() {
        let mut text = OFFICE.replace("desk-0417", &format!("desk-{n:05}")).replacen(
            "\"label\":null",
            &format!("\"label\":\"site {}\"", n % 20),
            1,
        );
        if n % 5 == 0 {
            text = text.replace("tls/sni-reset", "tls/reset");
        }
        std::fs::write(dir.join(format!("{n:05}.json")), text).unwrap();
    }
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn add_up(bencher: divan::Bencher) {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path());
    bencher.counter(ItemsCount::new(count())).bench_local(|| {
        let mut all = Collector::default();
        source::read(&[dir.path().to_owned()], &mut all).unwrap();
        let fleet = all.finish(Some(By::Label));
        assert_eq!((fleet.devices, fleet.groups.len()), (count(), 20));
        fleet
    });
}
