//! The command line of `clearway diff`.

use std::str::FromStr;

use clap::Args;

use super::{AnswerFormat, DeriveArgs, ListArgs, OutputArgs};
use crate::contract::AppVersion;

/// `clearway diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Two configurations, or two saved reports of `check`, OLD and NEW; or one configuration, with
    /// `--app-version A..B`. None: the configuration applied on this device.
    #[arg(value_name = "CONFIG", num_args = 0..=2)]
    pub config: Vec<String>,

    /// App version of both lists, or A..B: the first of OLD, the second of NEW.
    #[arg(long, value_name = "V|A..B", help_heading = "List")]
    pub app_version: Option<Versions>,

    /// What of the lists is compared.
    #[command(flatten)]
    pub list: ListArgs,

    /// Output.
    #[command(flatten)]
    pub output: OutputArgs,

    /// text: for reading; json: `clearway.diff/1`.
    #[arg(long, value_name = "NAME", default_value = "text", help_heading = "Output")]
    pub format: AnswerFormat,
}

impl DiffArgs {
    /// The flags of one side.
    pub fn side(&self, config: Option<&str>, version: Option<AppVersion>) -> DeriveArgs {
        DeriveArgs {
            config: config.map(str::to_owned).into_iter().collect(),
            source: super::SourceArgs::default(),
            list: self.list.clone(),
            app_version: version,
        }
    }
}

/// One app version, or two: `A..B`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// The only one, or the older side's.
    pub old: AppVersion,
    /// The newer side's, when there are two.
    pub new: Option<AppVersion>,
}

impl FromStr for Versions {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let version = |t: &str| t.trim().parse::<AppVersion>().map_err(|e| e.to_string());
        match text.split_once("..") {
            None => Ok(Self { old: version(text)?, new: None }),
            Some((old, new)) => Ok(Self { old: version(old)?, new: Some(version(new)?) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_one_or_two() {
        let read = |t: &str| t.parse::<Versions>().map(|v| (v.old.to_string(), v.new.map(|n| n.to_string())));
        assert_eq!(read("2.110.0"), Ok(("2.110.0".into(), None)));
        assert_eq!(read("1.52386.0..2.110.0"), Ok(("1.52386.0".into(), Some("2.110.0".into()))));
        for bad in ["", "..", "1.2..", "a..b", "1.2.3...2.0"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
