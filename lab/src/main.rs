//! The laboratory: network namespaces, real servers and real faults, and what `clearway check`
//! says of them. It needs Linux and root, so it runs only when it is asked to:
//!
//! ```text
//! scripts/lab [NAME…] [--jobs N]                        play the scenarios whose names contain NAME
//! scripts/cross wine [NAME…] [--jobs N]                 the same with the Windows program, under Wine
//! cargo run -p clearway-lab -- list                     name them
//! cargo run -p clearway-lab -- hold NAME                bring one up and leave it standing
//! cargo run -p clearway-lab -- soak [--healthy N]       the long form: three matrices, loss, healthy runs
//! cargo run --release -p clearway-lab -- speed          measure 40 hosts at 50 ms
//! ```
//!
//! `CLEARWAY_BIN` names the program under test; else it is the one that cargo built beside this one.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[cfg(target_os = "linux")]
mod acceptor;
#[cfg(target_os = "linux")]
mod aws;
#[cfg(target_os = "linux")]
mod boxes;
#[cfg(target_os = "linux")]
mod capture;
#[cfg(target_os = "linux")]
mod compare;
#[cfg(target_os = "linux")]
mod dns;
#[cfg(target_os = "linux")]
mod endpoint;
#[cfg(target_os = "linux")]
mod lab;
#[cfg(target_os = "linux")]
mod link;
#[cfg(target_os = "linux")]
mod matrix;
#[cfg(target_os = "linux")]
mod middlebox;
#[cfg(target_os = "linux")]
mod needles;
#[cfg(target_os = "linux")]
mod net;
#[cfg(target_os = "linux")]
mod outcome;
#[cfg(target_os = "linux")]
mod packet;
#[cfg(target_os = "linux")]
mod pki;
#[cfg(target_os = "linux")]
mod providers;
#[cfg(target_os = "linux")]
mod real;
#[cfg(target_os = "linux")]
mod runner;
#[cfg(target_os = "linux")]
mod scenario;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod soak;
#[cfg(target_os = "linux")]
mod speed;
#[cfg(target_os = "linux")]
mod told;
#[cfg(target_os = "linux")]
mod tunnels;
#[cfg(target_os = "linux")]
mod watched;
#[cfg(target_os = "linux")]
mod wine;

#[cfg(target_os = "linux")]
use outcome::Outcome;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    lab::main()
}

#[cfg(not(target_os = "linux"))]
#[allow(clippy::print_stdout)]
fn main() {
    println!("laboratory: not run; it needs Linux");
}
