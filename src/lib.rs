//! Clearway derives the exact firewall allowlist of Claude Desktop on third-party inference from
//! its configuration, probes every host of it from where it runs, and proves what is in the way.
//!
//! Data flows one way, and each folder is one room of that path:
//!
//! ```text
//! configuration bytes → config → Configuration
//!                       derive (rules × configuration × version) → Requirements
//!                       firewall (requirements × product) → each product's own format
//!                       lint (pure: what is wrong with the configuration) → findings
//!                       pac (script × questions → ways: pure, bounded)
//!                       plan (requirements × route) → Plan
//!                       probe (all network I/O) → Observations
//!                       diagnose (pure) → Judgement
//!                       report (renders only) → text, JSON, lists
//! ```
//!
//! `source C5` in a comment is a page of the vendor's documentation: `rules/pack.toml` has the tags.

pub mod cli;
pub mod commands;
pub mod compare;
pub mod config;
pub mod contract;
pub mod derive;
pub mod diagnose;
pub mod firewall;
pub mod lint;
pub mod observation;
pub mod pac;
pub mod plan;
pub mod probe;
pub mod redact;
pub mod report;
pub mod rules;
pub mod run;
pub mod text;
