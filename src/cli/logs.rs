//! The command line of `clearway logs`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OutputArgs;
use crate::config::device::Device;
use crate::contract::Platform;
use crate::logs::Moment;

/// A time that is named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// A day or a time of it.
    At(Moment),
    /// So many seconds ago.
    Ago(i64),
}

/// `clearway logs`.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// Logs: files, also packed (.gz), folders with all that is below them, the app's diagnostic report
    /// (.zip), or `-` for standard input. None: the logs of the app on this device.
    #[arg(value_name = "PATH")]
    pub path: Vec<String>,

    /// Nothing before this time: `2026-10-03`, `2026-10-03 09:12`, or with a zone; or so long ago: 30m, 2h, 3d.
    /// Times of a log without a zone are the device's own, and are compared as they are written; for
    /// `2h` they are taken to be of this device's zone.
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Logs")]
    pub since: Option<When>,

    /// Nothing after this time; a day alone is its beginning.
    #[arg(long, value_name = "TIME", value_parser = moment, help_heading = "Logs")]
    pub until: Option<When>,

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

fn moment(text: &str) -> Result<When, String> {
    let ago = || ago(text).map(When::Ago);
    Moment::parse(text).map(When::At).or_else(ago).ok_or_else(|| {
        format!("`{text}` is not a time; write 2026-10-03, \"2026-10-03 09:12\", 2026-10-03T09:12:44Z, or 30m, 2h, 3d for so long ago")
    })
}

/// `90s`, `30m`, `2h`, `3d`, `1w`, in seconds; ten years at the most.
pub(super) fn ago(text: &str) -> Option<i64> {
    const LONGEST_S: i64 = 10 * 366 * 86_400;
    let text = text.trim();
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800)];
    let (number, factor) = units.iter().find_map(|(u, f)| Some((text.strip_suffix(u)?, *f)))?;
    let number = number.trim_end();
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    number.parse::<i64>().ok()?.checked_mul(factor).filter(|s| *s <= LONGEST_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_long_ago_is_read_in_the_usual_units() {
        for (text, seconds) in [("90s", 90), ("30m", 1800), ("2h", 7200), (" 3 d", 259_200), ("1w", 604_800)]
        {
            assert_eq!(moment(text), Ok(When::Ago(seconds)), "{text}");
        }
        for bad in ["", "h", "-2h", "2y", "1.5h", "99999999999999999999d", "4000d", "2 hours"] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }
}
