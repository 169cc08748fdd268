//! Derivation of each shipped example, the rule pack and the configuration already read.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use clearway::config::{self, Configuration, Input};
use clearway::derive::{self, Options, Requirements};
use clearway::rules::Pack;

const EXAMPLES: [&str; 8] =
    ["anthropic", "bedrock", "bootstrap", "foundry", "gateway", "lockdown", "mantle", "vertex"];

fn main() {
    divan::main();
}

fn read(pack: &Pack, example: &str) -> Vec<Configuration> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(format!("{example}.json"));
    config::read(path.to_str().expect("the repository's path is text"), &pack.keys)
        .expect("an example can be read")
        .into_iter()
        .map(|input| match input {
            Input::Configuration(configuration) => configuration,
            Input::HostsDocument { name, .. } => panic!("{name} is a list, not a configuration"),
        })
        .collect()
}

#[divan::bench(args = EXAMPLES)]
fn derive(bencher: divan::Bencher, example: &str) {
    let pack = Pack::embedded().expect("the built-in pack loads");
    let configurations = read(&pack, example);
    let options = Options::default();
    bencher.bench_local(|| -> Requirements { derive::derive(&pack, &configurations, &options) });
}

#[divan::bench]
fn load_pack() -> Pack {
    Pack::embedded().expect("the built-in pack loads")
}

#[divan::bench(args = EXAMPLES)]
fn read_configuration(bencher: divan::Bencher, example: &str) {
    let pack = Pack::embedded().expect("the built-in pack loads");
    bencher.bench_local(|| read(&pack, example));
}
