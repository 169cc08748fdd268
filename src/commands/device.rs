//! `clearway device`: what on the device itself is in the way.

use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::load_rules;
use crate::check::{Inputs, replay};
use crate::cli::{DeviceArgs, DeviceFormat};
use crate::clock;
use crate::config::device::Device;
use crate::config::{self, ConfigError, Configuration, Lint, Value};
use crate::contract::{HostPattern, Need, Severity};
use crate::derive::{Requirement, Requirements};
use crate::device::{self, About, Listed, Remark};
use crate::document::device::{self as document, Examined};
use crate::failure::Failure;
use crate::output::{Destination, Readers};
use crate::report;
use crate::rules::Rules;

/// The key that switches updates off.
const UPDATES_OFF: &str = "disableAutoUpdates";

/// Looks at the device. A report that was made is a success, whatever it says.
///
/// # Errors
/// When a configuration or a saved report cannot be read, or the output cannot be written.
pub fn run(args: &DeviceArgs) -> Result<ExitCode, Failure> {
    let destination = Destination::open(&args.output)?.for_readers(Readers::OwnerOfNew);
    let rules = load_rules(args.rules.as_deref())?;
    let examined = match &args.replay {
        Some(path) => replayed(path, &rules)?,
        None => examined(&args.device(), &args.config, &rules)?,
    };
    let mut examined = examined;
    if args.share {
        examined.report = examined.report.without_names(&rules, &rules.vocabulary()?);
        "a configuration, masked".clone_into(&mut examined.list);
        examined.shared = true;
    }
    let text = match args.format {
        DeviceFormat::Text => report::device::text::render(&examined, &destination.style(&args.output)),
        DeviceFormat::Json => report::device::json::render(&examined),
        DeviceFormat::Html => report::device::html::render(&examined),
        DeviceFormat::Markdown => report::device::markdown::render(&examined),
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Looks at a device, with the hosts of the configurations that are named, or of its own.
fn examined(device: &Device, named: &[String], rules: &Rules) -> Result<Examined, Failure> {
    let own = Inputs { device: device.clone(), ..Inputs::default() };
    let inputs = Inputs { configurations: named.to_vec(), ..own.clone() };
    let mut about = About { at: clock::now().0, ..About::default() };
    let (list, derived) = match inputs.derive(rules) {
        Ok(derived) => {
            let names: Vec<&str> = derived.requirements.inputs.iter().map(|i| i.name.as_str()).collect();
            (names.join(", "), derived)
        }
        // What the device lacks or the app rejects is a finding about it, and no reason to look at nothing.
        Err(failure) if named.is_empty() && is_of_the_device(&failure) => {
            let default = inputs.derive_from(rules, vec![Configuration::default()], Vec::new())?;
            let why = match &failure {
                Failure::Config(ConfigError::NoneOnDevice { .. }) => "no configuration is applied here",
                _ => "the configuration applied here cannot be used",
            };
            about.remarks.extend(refused(&failure));
            (format!("{why}, so the hosts that every configuration needs"), default)
        }
        Err(failure) => return Err(failure),
    };
    let off = |c: &Configuration| {
        let setting = c.settings.get(UPDATES_OFF);
        setting.is_some_and(|s| matches!(s.value, Value::Bool(true)))
    };
    about.updates_off = derived.configurations.iter().any(off);
    describe(&mut about, &own, derived.configurations.iter().flat_map(|c| &c.lint), rules);
    let listed = listed(&derived.requirements.hosts);
    let report = device::examine(device, rules, &listed, &about)?;
    Ok(Examined {
        report,
        started_at: clock::before_now(0),
        list,
        shared: false,
        rules_date: rules.pack.meta.date.to_string(),
    })
}

/// What a configuration that cannot be used says of the device.
fn refused(failure: &Failure) -> Vec<Remark> {
    let one = |id: &str, severity, message: String| Remark { id: id.to_owned(), severity, message };
    match failure {
        Failure::Config(ConfigError::NoneOnDevice { wrong, .. }) => {
            wrong.iter().map(|l| one("wrong-place", Severity::Warning, l.clone())).collect()
        }
        Failure::Config(error @ ConfigError::ManagedRejected { .. }) => {
            vec![one("managed-rejected", Severity::Error, error.to_string())]
        }
        // A broken file keeps the app from starting as configured, whatever else is well here.
        Failure::Config(error) => vec![one("unreadable", Severity::Error, error.to_string())],
        _ => Vec::new(),
    }
}

/// The app that is installed on the device, and what the configurations say of it.
fn describe<'a>(about: &mut About, own: &Inputs, remarks: impl Iterator<Item = &'a Lint>, rules: &Rules) {
    let releases = &rules.pack.meta.releases;
    let version = own.app_version(rules);
    about.newest = rules.pack.meta.newest.to_string();
    about.newer = version.as_ref().map_or(0, |v| releases.iter().filter(|r| r.version > *v).count());
    about.version = version.map(|v| v.to_string());
    about.remarks.extend(remarks.map(|l| Remark {
        id: l.id.clone(),
        severity: l.severity,
        message: l.message.clone(),
    }));
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
pub(super) fn listed(hosts: &[Requirement]) -> Vec<Listed> {
    let of = |r: &Requirement| Listed {
        host: r.host.clone(),
        required: r.need() == Need::Required,
        customer: r.hints.customer,
        private: r.hints.private_endpoint,
    };
    // A wildcard of everything would make every line of a hosts file one of the list.
    hosts.iter().filter(|r| !matches!(r.host, HostPattern::Any)).map(of).collect()
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
        rules_date: rules.pack.meta.date.to_string(),
    })
}

/// The checks of the device that run beside the probes of a run.
pub(super) struct Beside(mpsc::Receiver<Result<device::Report, ConfigError>>);

impl Beside {
    /// Looks at the device on a thread of its own, for the hosts of a list.
    pub(super) fn start(inputs: &Inputs, list: &Requirements, rules: &Rules) -> Self {
        let mut about = About { at: clock::now().0, ..About::default() };
        describe(&mut about, inputs, list.lint.iter(), rules);
        let (device, listed, rules) = (inputs.device.clone(), listed(&list.hosts), rules.clone());
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            // Nobody listens any more once the run is over.
            let _ = tell.send(device::examine(&device, &rules, &listed, &about));
        });
        Self(told)
    }

    /// What was found, if it is there within so long.
    pub(super) fn wait(self, patience: Duration) -> Option<device::Report> {
        self.0.recv_timeout(patience).ok()?.ok()
    }
}

/// What was found on the device of a saved run (`device_report`), judged by these rules.
///
/// # Errors
/// Where the member is no report of a device, in plain words.
pub(super) fn saved(device: &serde_json::Value, rules: &Rules) -> Result<device::Report, String> {
    let saved = document::read(device.to_string().as_bytes())?;
    let mut report = device::judge(saved.seen, &rules.device, &rules.codes);
    report.device = saved.device;
    report.user = saved.user;
    Ok(report)
}
