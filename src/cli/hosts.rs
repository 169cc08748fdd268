//! What `hosts` can write.

use std::sync::LazyLock;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::firewall;

/// Renderings of `hosts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostsFormat {
    /// For reading.
    Text,
    /// For the firewall team.
    Txt,
    /// Bare sorted lines.
    Plain,
    /// `clearway.hosts/1`.
    Json,
    /// One row per host and feature.
    Csv,
    /// Tables.
    Markdown,
    /// A change request.
    Ticket,
    /// What a firewall product loads.
    Firewall(firewall::Format),
}

impl HostsFormat {
    const OURS: [(Self, &'static str); 7] = [
        (Self::Text, "text"),
        (Self::Txt, "txt"),
        (Self::Plain, "plain"),
        (Self::Json, "json"),
        (Self::Csv, "csv"),
        (Self::Markdown, "markdown"),
        (Self::Ticket, "ticket"),
    ];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firewall(format) => format.as_str(),
            own => Self::OURS.iter().find(|(f, _)| *f == own).map_or("", |(_, word)| word),
        }
    }
}

impl ValueEnum for HostsFormat {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<HostsFormat>> = LazyLock::new(|| {
            let ours = HostsFormat::OURS.iter().map(|(format, _)| *format);
            ours.chain(firewall::Format::ALL.iter().map(|f| HostsFormat::Firewall(*f))).collect()
        });
        ALL.as_slice()
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

/// `--list`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListKind {
    /// Hosts to let through.
    Allow,
    /// Hosts to exempt from TLS inspection, as a report of `check` proved them.
    Inspection,
}
