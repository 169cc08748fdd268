//! The command line of `clearway device`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OutputArgs;
use crate::config::device::Device;
use crate::contract::Platform;

/// `clearway device`.
#[derive(Debug, Args)]
pub struct DeviceArgs {
    /// Configurations whose hosts are looked for in the hosts file and the like. None: the configuration
    /// applied on the device, or where there is none, the hosts that every configuration needs.
    #[arg(value_name = "CONFIG")]
    pub config: Vec<String>,

    /// Judge a saved report again (`-` for standard input); nothing is looked at.
    #[arg(long, value_name = "REPORT", conflicts_with_all = ["config", "user", "device_root"], help_heading = "Device")]
    pub replay: Option<PathBuf>,

    /// Whose environment is read on the device [default: that of the user who runs this]. `@console` is
    /// the user at the screen.
    #[arg(long, value_name = "NAME", help_heading = "Device")]
    pub user: Option<String>,

    /// Read a collected copy of a device instead of this one: its files where they stood, the output of
    /// tools in tools/ID.txt. Needs --platform.
    #[arg(long, value_name = "DIR", requires = "platform", help_heading = "Device")]
    pub device_root: Option<PathBuf>,

    /// Platform of the device: macos, windows, linux [default: this machine's].
    #[arg(long, value_name = "OS", value_parser = super::platform, help_heading = "Device")]
    pub platform: Option<Platform>,

    /// Read the rule pack from this folder instead of the one built in.
    #[arg(long, value_name = "DIR", help_heading = "Device")]
    pub rules: Option<PathBuf>,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// Name no user, no address and no name but those of the vendor and the providers.
    #[arg(long, help_heading = "Output")]
    pub share: bool,

    /// text: for reading; json: `clearway.device/1`; html: one page; markdown: for a ticket.
    #[arg(long, value_name = "NAME", default_value = "text", help_heading = "Output")]
    pub format: DeviceFormat,
}

impl DeviceArgs {
    /// The device that is looked at.
    pub fn device(&self) -> Device {
        Device {
            platform: self.platform.unwrap_or_else(Platform::here),
            root: self.device_root.clone(),
            user: self.user.clone(),
        }
    }
}

/// Renderings of `device`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceFormat {
    /// For reading.
    Text,
    /// `clearway.device/1`.
    Json,
    /// One page that loads nothing.
    Html,
    /// For a ticket or a page.
    Markdown,
}
