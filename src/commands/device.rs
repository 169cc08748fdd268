//! `clearway device`: what on the device itself is in the way.

use std::path::Path;
use std::process::ExitCode;

use super::load_rules;
use crate::check::{Inputs, replay};
use crate::cli::{DeviceArgs, DeviceFormat};
use crate::clock;
use crate::config::device::Device;
use crate::config::{self, ConfigError, Configuration};
use crate::derive::Requirement;
use crate::device::{self, Listed};
use crate::document::device::{self as document, Examined};
use crate::failure::Failure;
use crate::output::Destination;
use crate::report;
use crate::rules::Rules;

/// Looks at the device. A report that was made is a success, whatever it says.
///
/// # Errors
/// When a configuration or a saved report cannot be read, or the output cannot be written.
pub fn run(args: &DeviceArgs) -> Result<ExitCode, Failure> {
    let destination = Destination::open(&args.output)?;
    let rules = load_rules(args.rules.as_deref())?;
    let examined = match &args.replay {
        Some(path) => replayed(path, &rules)?,
        None => examined(&args.device(), &args.config, &rules)?,
    };
    let text = match args.format {
        DeviceFormat::Text => report::device::text::render(&examined, &destination.style(&args.output)),
        DeviceFormat::Json => report::device::json::render(&examined),
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Looks at a device, with the hosts of the configurations that are named, or of its own.
fn examined(device: &Device, named: &[String], rules: &Rules) -> Result<Examined, Failure> {
    let inputs = Inputs { configurations: named.to_vec(), device: device.clone(), ..Inputs::default() };
    let started_at = clock::before_now(0);
    let (listed, list) = match inputs.derive(rules) {
        Ok(derived) => {
            let names: Vec<&str> = derived.requirements.inputs.iter().map(|i| i.name.as_str()).collect();
            (listed(&derived.requirements.hosts), names.join(", "))
        }
        // What the device lacks or the app rejects is a finding about it, and no reason to look at nothing.
        Err(failure) if named.is_empty() && is_of_the_device(&failure) => {
            let default = inputs.derive_from(rules, vec![Configuration::default()], Vec::new())?;
            let why = match &failure {
                Failure::Config(ConfigError::NoneOnDevice { .. }) => "no configuration is applied here",
                _ => "the configuration applied here cannot be used",
            };
            (
                listed(&default.requirements.hosts),
                format!("{why}, so the hosts that every configuration needs"),
            )
        }
        Err(failure) => return Err(failure),
    };
    let report = device::examine(device, rules, &listed)?;
    Ok(Examined { report, started_at, list, shared: false, rules_date: rules.pack.meta.date.clone() })
}

/// Whether a configuration of the device is what could not be read, and not the user's name or the copy.
const fn is_of_the_device(failure: &Failure) -> bool {
    match failure {
        Failure::Config(ConfigError::NoSuchUser { .. } | ConfigError::SeveralUsers { .. }) => false,
        Failure::Config(_) => true,
        _ => false,
    }
}

/// What the checks of a device need to know of hosts of a list.
fn listed(hosts: &[Requirement]) -> Vec<Listed> {
    let of = |r: &Requirement| Listed {
        host: r.host.clone(),
        required: r.need() == crate::contract::Need::Required,
        customer: r.hints.customer,
        private: r.hints.private_endpoint,
    };
    // A wildcard of everything would make every line of a hosts file one of the list.
    hosts.iter().filter(|r| !matches!(r.host, crate::contract::HostPattern::Any)).map(of).collect()
}

/// A saved report, judged by these rules.
fn replayed(path: &Path, rules: &Rules) -> Result<Examined, Failure> {
    let wrong = |reason: String| Failure::Report { path: path.to_owned(), reason };
    let bytes = if replay::is_standard_input(path) {
        config::standard_input()?
    } else {
        config::file(path, &path.display().to_string())?
    };
    let saved = document::read(&bytes).map_err(wrong)?;
    let mut report = device::judge(saved.seen, &rules.device, &rules.codes);
    report.device = saved.device;
    report.user = saved.user;
    Ok(Examined {
        report,
        started_at: saved.started_at,
        list: saved.list,
        shared: saved.shared,
        rules_date: rules.pack.meta.date.clone(),
    })
}
