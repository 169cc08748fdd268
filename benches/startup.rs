//! The whole program from start to end: `hosts` of an example, and `--version` as the floor.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::{Command, Stdio};

fn main() {
    divan::main();
}

fn run(arguments: &[&str]) {
    let status = Command::new(env!("CARGO_BIN_EXE_clearway"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::null())
        .status()
        .expect("the program starts");
    assert!(status.success(), "{arguments:?} ended with {status}");
}

#[divan::bench]
fn version() {
    run(&["--version"]);
}

#[divan::bench]
fn hosts() {
    run(&["hosts", "examples/gateway.json"]);
}

#[divan::bench]
fn hosts_json() {
    run(&["hosts", "--format", "json", "examples/gateway.json"]);
}
