//! The command line of `clearway logs`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OutputArgs;
use crate::config::device::Device;
use crate::contract::Platform;
use crate::logs::Moment;

/// `clearway logs`.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// Logs: files, also packed (.gz), folders with all that is below them, the app's diagnostic report
    /// (.zip), or `-` for standard input. None: the logs of the app on this device.
    #[arg(value_name = "PATH")]
    pub path: Vec<String>,

    /// Nothing before this time: `2026-10-03`, `2026-10-03 09:12`, or with a zone. Times of a log without a
    /// zone are the device's own, and are compared as they are written.
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Logs")]
    pub since: Option<Moment>,

    /// Nothing after this time; a day alone is its beginning.
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Logs")]
    pub until: Option<Moment>,

    /// Whose logs are read on the device [default: those of the user who runs this].
    #[arg(long, value_name = "NAME", conflicts_with = "path", help_heading = "Logs")]
    pub user: Option<String>,

    /// Read a collected copy of a device instead of this one. Needs --platform.
    #[arg(long, value_name = "DIR", conflicts_with = "path", requires = "platform", help_heading = "Logs")]
    pub device_root: Option<PathBuf>,

    /// Platform whose places are looked at: macos, windows, linux [default: this machine's].
    #[arg(long, value_name = "OS", help_heading = "Logs")]
    pub platform: Option<Platform>,

    /// Read the rule pack from this folder instead of the one built in.
    #[arg(long, value_name = "DIR", help_heading = "Logs")]
    pub rules: Option<PathBuf>,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Name no host but those of the vendor and the providers, and no file but by its kind.
    #[arg(long, help_heading = "Output")]
    pub share: bool,

    /// text: for reading; json: `clearway.logs/1`; markdown: for a ticket or a page.
    #[arg(long, value_name = "NAME", default_value = "text", help_heading = "Output")]
    pub format: LogsFormat,
}

impl LogsArgs {
    /// The device whose logs are read where no path is given.
    pub fn device(&self) -> Device {
        Device {
            platform: self.platform.unwrap_or_else(Platform::here),
            root: self.device_root.clone(),
            user: self.user.clone(),
        }
    }
}

/// Renderings of `logs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogsFormat {
    /// For reading.
    Text,
    /// `clearway.logs/1`.
    Json,
    /// For a ticket or a page.
    Markdown,
}

fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse(text).ok_or_else(|| {
        format!("`{text}` is not a time; write 2026-10-03, \"2026-10-03 09:12\" or 2026-10-03T09:12:44Z")
    })
}
