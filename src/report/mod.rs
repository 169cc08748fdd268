//! Renders lists and judgements; never looks at the network or decides anything.
//!
//! One file per format. Text from servers, certificates, file names and configurations passes
//! [`sanitise`] in every rendering, even where it was sanitised when it was recorded.

pub mod against;
pub mod compared;
pub mod config;
pub mod csv;
pub mod dry_run;
mod events;
pub mod exemption;
pub mod incomplete;
pub mod json;
mod layout;
mod list;
pub mod markdown;
pub mod plain;
pub mod progress;
pub mod sanitise;
pub mod text;
pub mod ticket;
mod ticket_lines;
pub mod tickets;
pub mod txt;
mod view;
mod words;

pub use crate::derive::document::FeatureInfo;
pub use layout::Style;
pub use words::endpoint;

use crate::derive::Requirements;
use crate::diagnose::Judgement;
use crate::observation::{Environment, Observations};
use crate::plan::Plan;

/// A finished run of `check`: everything any rendering needs, and everything a replay needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What was derived.
    pub requirements: Requirements,
    /// What was sent.
    pub plan: Plan,
    /// What was seen.
    pub observations: Observations,
    /// What it means.
    pub judgement: Judgement,
    /// As whom and where.
    pub environment: Environment,
    /// Start of the run, RFC 3339 in UTC.
    pub started_at: String,
    /// Name the user gave the run.
    pub label: Option<String>,
    /// Wall time of the run.
    pub duration_ms: u64,
}

impl Run {
    /// The run under another name, where one is given.
    #[must_use]
    pub fn labelled(self, label: Option<&str>) -> Self {
        Self { label: label.map(str::to_owned).or(self.label), ..self }
    }
}
