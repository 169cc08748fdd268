//! What ends a command early, and the exit code it ends with.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::ConfigError;

/// Why a command could not do its work. Every message says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration cannot be read.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The configuration cannot be written in the format asked for.
    #[error(transparent)]
    Write(#[from] crate::config::write::WriteError),
    /// The rules cannot be used.
    #[error(transparent)]
    Rules(#[from] crate::rules::RulesError),
    /// A hosts document given as configuration is not one.
    #[error(transparent)]
    Document(#[from] crate::document::hosts::DocumentError),
    /// A `--host` value is no host.
    #[error(transparent)]
    Target(#[from] crate::derive::adhoc::BadTarget),
    /// A proxy setting cannot be used.
    #[error(transparent)]
    Proxy(#[from] crate::plan::BadProxy),
    /// A certificate file cannot be read.
    #[error(transparent)]
    Pem(#[from] crate::probe::PemError),
    /// The prober could not be set up.
    #[error(transparent)]
    Probe(#[from] crate::probe::ProbeError),
    /// A run cannot be masked.
    #[error(transparent)]
    Share(#[from] crate::redact::ShareError),
    /// A log cannot be read.
    #[error(transparent)]
    Logs(#[from] crate::logs::LogsError),
    /// Words of the command line that do not fit.
    #[error("{0}")]
    Usage(String),
    /// Errors of the configuration cost required hosts.
    #[error("{0}")]
    Incomplete(String),
    /// The rules do not cover what was asked.
    #[error("{0}")]
    NotKnown(String),
    /// A firewall product cannot say exactly what is asked.
    #[error("{0}")]
    Refused(String),
    /// A saved report cannot be read.
    #[error("{path}: {reason}", path = path.display())]
    Report {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// Output cannot be written.
    #[error("{path}: cannot be written: {error}; choose another file", path = path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        error: std::io::Error,
    },
    /// Standard output cannot be written.
    #[error("standard output cannot be written: {0}")]
    Stdout(std::io::Error),
    /// The runtime could not start.
    #[error("the network runtime cannot start: {0}")]
    Runtime(std::io::Error),
}

impl Failure {
    /// 4 where this device has no configuration, so that a fleet can tell it from a mistake; every other failure ends
    /// with 2: usage, or something that cannot be read or written.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(ConfigError::NoneOnDevice { .. }) => ExitCode::from(4),
            _ => ExitCode::from(2),
        }
    }
}
