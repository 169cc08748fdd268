//! Every test that needs neither network nor rights, as one program: pure code, the binary as a user
//! runs it, and servers on this machine's loopback. The folders are named as the rooms of `src`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

mod check;
mod cli;
mod commands;
mod common;
mod config;
mod derive;
mod device;
mod diagnose;
mod firewall;
mod house;
mod inference;
mod lint;
mod probe;
mod report;
mod rules;
mod servers;
