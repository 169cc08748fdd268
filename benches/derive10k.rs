//! Ten thousand generated configurations, derived and merged into one list: time and allocations.
//!
//! `cargo bench --bench derive10k`

#[path = "../tests/it/common/generated.rs"]
mod generated;

use clearway::config::Configuration;
use clearway::contract::Platform;
use clearway::derive::{Options, Requirements, derive, union};
use clearway::rules::Pack;
use divan::AllocProfiler;

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

const COUNT: usize = 10_000;

fn main() {
    divan::main();
}

fn pack() -> Pack {
    Pack::embedded().unwrap_or_else(|e| panic!("{e}"))
}

fn options() -> Options {
    Options { platform: Some(Platform::Macos), ..Options::default() }
}

/// The n-th configuration: a provider with its keys, and up to sixty others.
fn configuration(pack: &Pack, random: &mut generated::Random, n: usize) -> Configuration {
    let mut settings = random.settings(60);
    let provider = random.byte();
    for (at, key) in pack.keys.keys.iter().enumerate() {
        let needed = [
            "inferenceProvider",
            "inferenceBedrockRegion",
            "inferenceVertexRegion",
            "inferenceGatewayBaseUrl",
        ];
        if needed.contains(&key.name.as_str()) {
            settings.push((at, provider));
        }
    }
    generated::configuration(&format!("profile {}", n % 10), &pack.keys, &settings)
}

fn configurations(pack: &Pack, count: usize) -> Vec<Configuration> {
    let mut random = generated::Random::new(1);
    (0..count).map(|n| configuration(pack, &mut random, n)).collect()
}

/// Each configuration by itself; the list is dropped before the next, so memory does not grow.
#[divan::bench(args = [1_000, COUNT], sample_count = 5, sample_size = 1)]
fn derived_one_by_one(bencher: divan::Bencher<'_, '_>, count: usize) {
    let (pack, options) = (pack(), options());
    bencher.with_inputs(|| configurations(&pack, count)).bench_local_refs(|all| {
        all.iter().map(|c| derive(&pack, std::slice::from_ref(c), &options).hosts.len()).sum::<usize>()
    });
}

/// Each configuration derived and merged into a running union, ten profile names in all: memory is
/// that of one list, whatever the count.
#[divan::bench(args = [1_000, COUNT], sample_count = 5, sample_size = 1)]
fn derived_and_merged(bencher: divan::Bencher<'_, '_>, count: usize) {
    let (pack, options) = (pack(), options());
    bencher.with_inputs(|| configurations(&pack, count)).bench_local_refs(|all| {
        let mut merged: Option<Requirements> = None;
        for c in all.iter() {
            let list = derive(&pack, std::slice::from_ref(c), &options);
            merged = union(merged.into_iter().chain([list]).collect());
        }
        merged.map_or(0, |m| m.hosts.len())
    });
}

/// All configurations as one command line would give them: every reason says which of them wants it.
#[divan::bench(args = [100, 1_000, COUNT], sample_count = 3, sample_size = 1)]
fn derived_as_one_union(bencher: divan::Bencher<'_, '_>, count: usize) {
    let (pack, options) = (pack(), options());
    bencher
        .with_inputs(|| configurations(&pack, count))
        .bench_local_refs(|all| derive(&pack, all, &options).hosts.len());
}
