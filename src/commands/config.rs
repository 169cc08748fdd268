//! `clearway config`: the configuration in effect, what is wrong with it, and a file to deploy.

use std::process::ExitCode;

use super::load_rules;
use crate::check;
use crate::cli::{ConfigArgs, ConfigFormat, WriteHive};
use crate::clock;
use crate::config::Configuration;
use crate::config::write::{self, Format, Hive};
use crate::contract::{Platform, Severity};
use crate::derive::{Facts, Options};
use crate::failure::Failure;
use crate::lint;
use crate::output::{self, Destination, Readers};
use crate::report::{self, config::Effective};
use crate::rules::{Pack, Rules};

/// Shows the configuration, or writes it.
///
/// # Errors
/// When an input cannot be read, does not fit the format, or the output cannot be written.
pub fn run(args: &ConfigArgs) -> Result<ExitCode, Failure> {
    let file = file_format(args)?;
    let destination = Destination::open(&args.output)?;
    let rules = load_rules(args.derive.list.rules.as_deref())?;
    let pack = &rules.pack;
    // A configuration that the app rejects is shown all the same: that is what the reader wants to know.
    let inputs = args.derive.inputs();
    let (configurations, _) = inputs.configurations(&rules)?;
    if configurations.is_empty() {
        return Err(Failure::Usage(
            "this is an allowlist of Clearway, which holds no configuration; pass the configuration it was made from"
                .into(),
        ));
    }
    let options = Options {
        app_version: inputs.app_version(&rules),
        platform: args.derive.list.platform,
        offline_installer: args.derive.list.offline_installer,
        admin_console: args.derive.list.admin_console,
        ..Options::default()
    };
    let mut all: Vec<Effective> = configurations.into_iter().map(|c| effective(c, pack, &options)).collect();
    let style = destination.style(&args.output);
    match file {
        Some(format) => {
            let bytes = file_bytes(args, format, &all, &rules)?;
            let destination =
                if args.include_secrets { destination.for_readers(Readers::Owner) } else { destination };
            destination.write(&bytes)?;
        }
        None => {
            // What is shown then may be a token.
            let destination = if args.show_values {
                destination.for_readers(Readers::Owner)
            } else {
                all.iter_mut().for_each(|one| one.configuration.conceal());
                destination
            };
            let age = clock::age_of(&pack.meta.date);
            let not_known = all.iter().find_map(|one| crate::derive::not_known(pack, &one.app_version));
            let standing = report::json::Standing { age, not_known: not_known.as_deref() };
            let text = match args.format {
                ConfigFormat::Json => report::config::json::render(&all, pack, standing),
                ConfigFormat::Sarif => report::config::sarif::render(&all, pack, standing),
                ConfigFormat::Junit => {
                    let old = age.and_then(crate::rules::age::Age::warning);
                    output::aside(not_known.iter().chain(&old).map(String::as_str));
                    report::config::junit::render(&all, pack, args.strict)
                }
                _ => {
                    let text = report::config::text::render(&all, pack, age, &style);
                    let old = age.and_then(crate::rules::age::Age::warning);
                    output::before(not_known.iter().chain(&old).map(String::as_str), "", text)
                }
            };
            destination.write(text.as_bytes())?;
        }
    }
    let bad = |l: &crate::config::Lint| l.severity != Severity::Info;
    let failed = args.strict && all.iter().any(|one| one.lint.iter().any(bad));
    Ok(ExitCode::from(u8::from(failed)))
}

/// The file to write, when the format is one; words of the command line that do not fit are refused.
fn file_format(args: &ConfigArgs) -> Result<Option<Format>, Failure> {
    let derive = &args.derive;
    if derive.list.narrows() {
        return Err(Failure::Usage(
            "--feature, --need, --minimal and --confidence choose hosts; use them with `hosts` and `check`"
                .into(),
        ));
    }
    let format = match args.format {
        ConfigFormat::Text | ConfigFormat::Json | ConfigFormat::Sarif | ConfigFormat::Junit => None,
        ConfigFormat::Mobileconfig => Some(Format::Mobileconfig),
        ConfigFormat::Plist => Some(Format::Plist),
        ConfigFormat::Reg => Some(Format::Reg),
        ConfigFormat::ManagedJson => Some(Format::ManagedJson),
    };
    if format.is_none() && args.include_secrets {
        return Err(Failure::Usage(
            "--include-secrets belongs to the formats that are deployed (mobileconfig, plist, reg, managed-json); the \
             others never show a secret"
                .into(),
        ));
    }
    if format != Some(Format::Reg) && args.hive.is_some() {
        return Err(Failure::Usage("--hive belongs to --format reg".into()));
    }
    Ok(format)
}

fn effective(configuration: Configuration, pack: &Pack, options: &Options) -> Effective {
    let version = options.app_version.clone().unwrap_or_else(|| pack.meta.newest.clone());
    let platform_assumed = options.platform.is_none() && configuration.platform.is_none();
    let platform = options.platform.or(configuration.platform).unwrap_or_else(Platform::here);
    let lint = lint::all(pack, &configuration, options);
    let facts = Facts::new(pack, &configuration, &version, platform, options);
    let connection = lint::connection(&facts);
    let missing = check::list(pack, std::slice::from_ref(&configuration), options).missing;
    Effective { connection, lint, missing, platform, platform_assumed, app_version: version, configuration }
}

fn file_bytes(
    args: &ConfigArgs,
    format: Format,
    all: &[Effective],
    rules: &Rules,
) -> Result<Vec<u8>, Failure> {
    let [one] = all else {
        return Err(Failure::Usage(format!(
            "a file holds one configuration, and {} were given; pass one",
            all.len()
        )));
    };
    let options = write::Options {
        format,
        hive: match args.hive {
            Some(WriteHive::Hklm) => Hive::Machine,
            Some(WriteHive::Hkcu) | None => Hive::User,
        },
        include_secrets: args.include_secrets,
    };
    Ok(write::write(&one.configuration, &rules.pack.keys, &rules.places, options)?)
}
