//! A repeated check (`check --watch`): what is told while it runs, and what its rounds come to.

pub mod ndjson;
pub mod text;

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use crate::compare::watch::{Tally, Watch};
use crate::contract::Endpoint;
use crate::run::Run;

/// The value of `schema` in every line of `check --watch --format ndjson`.
pub const SCHEMA: &str = "clearway.watch/1";

/// What holds for the whole watch.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// Seconds from the begin of one round to that of the next.
    pub every_s: u64,
    /// Rounds after which it ends by itself.
    pub rounds: Option<u64>,
    /// The name that the user gave it.
    pub label: Option<String>,
    /// Name of this device.
    pub device: String,
    /// Date of the rules.
    pub rules_date: String,
    /// Hosts that are probed.
    pub hosts: usize,
}

impl Subject {
    /// Takes over what only a run says.
    pub fn of(&mut self, run: &Run) {
        self.device.clone_from(&run.environment.host);
        self.hosts = run.plan.targets.iter().filter(|t| !t.paths.is_empty()).count();
    }
}

/// Why a watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Somebody asked it to.
    Interrupted,
    /// All rounds that were asked for were made.
    Rounds,
    /// Nobody reads what it says any more.
    Unread,
}

impl Ended {
    /// The word of the document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::Rounds => "rounds",
            Self::Unread => "unread",
        }
    }
}

/// `2026-11-28T01:46:53+01:00`.
fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// `2026-11-28 01:46:53 +01:00`.
pub fn shown(at: OffsetDateTime) -> String {
    let format = format_description!(
        "[year]-[month]-[day] [hour]:[minute]:[second] [offset_hour sign:mandatory]:[offset_minute]"
    );
    at.format(format).unwrap_or_default()
}

/// Whole seconds.
const fn seconds(length: Duration) -> i64 {
    length.whole_seconds()
}

/// The hosts, those that worked least first.
fn worst_first(watch: &Watch) -> Vec<(&Endpoint, &Tally)> {
    let mut all: Vec<_> = watch.hosts.iter().collect();
    all.sort_by_key(|(_, tally)| tally.per_mille().unwrap_or(0));
    all
}
