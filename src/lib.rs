//! Clearway derives the exact firewall allowlist of Claude Desktop on third-party inference from
//! its configuration, probes every host of it from where it runs, and proves what is in the way.
//!
//! Data flows one way, and each folder is one room of that path:
//!
//! ```text
//! configuration bytes → config → Configuration
//!                       derive (rules × configuration × version; pure) → Requirements
//!                       explain (why a host is on it, and what would change that; pure)
//!                       lint (pure: what is wrong with the configuration) → findings
//!                       firewall (requirements × product; pure) → each product's own format
//!                       pac (script × questions → routes; pure, bounded)
//!                       plan (requirements × route; pure) → Plan
//!                       check (the course of a run: options → plan, waves, judgement) → Run
//!                       probe (all network I/O) → observation (plain records of what was seen)
//!                       diagnose (plan × observations; pure) → Judgement
//!                       expect (promises of a file × judged run; pure) → met, unmet, untested
//!                       compare (many runs; pure), redact (a run without names; pure)
//! bytes of logs       → logs (lines → events → causes, by the known messages of the rules) → logs::Report
//!                       document (a list or a run as JSON, written and read back)
//!                       report (renders only) → text, JSON, lists
//! ```
//!
//! Every room may use `contract` (value types of the public words), `text` (safe lines, English, pages) and `rules`
//! (the facts, as TOML, checked when they are read). `cli` has the flags and `commands` what each subcommand does, one
//! file each; `output` writes. To run a check without a command line, see [`check::Check`].
//!
//! `source C5` in a comment is a page of the vendor's documentation: `rules/pack.toml` has the tags.

// Where the files of `rules/` are in the program. `build.rs`, which compiles them with the same code, has macros of
// these names that give nothing.
/// The text of a file of `rules/`.
macro_rules! rules_text {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/", $name, ".toml"))
    };
}
/// A part of the rules as `build.rs` wrote it.
macro_rules! rules_compiled {
    ($part:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/rules/", $part))
    };
}
/// The texts of all these parts.
macro_rules! rules_words {
    () => {
        include_str!(concat!(env!("OUT_DIR"), "/rules/words"))
    };
}

pub mod check;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod compare;
pub mod config;
pub mod contract;
pub mod derive;
pub mod device;
pub mod diagnose;
pub mod document;
pub mod expect;
pub mod explain;
pub mod failure;
pub mod firewall;
pub mod fleet;
pub mod lint;
pub mod logs;
pub mod observation;
pub mod output;
pub mod pac;
pub mod plan;
pub mod probe;
pub mod redact;
pub mod registry;
pub mod report;
pub mod rules;
pub mod run;
pub mod telemetry;
pub mod text;
pub mod vm;
