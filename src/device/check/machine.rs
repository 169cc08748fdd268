//! What the sandbox needs of the device: virtualization, services, rights, namespaces, room on the disk, and a network
//! of its own that no VPN claims.

use super::{Check, nothing_more, said, tool};
use crate::contract::{DeviceCode, Platform};
use crate::device::net::{self, Route};
use crate::device::seen::{Machine, Service};
use crate::device::{Answers, Context, Found, Seen, Want};
use crate::text::line;

const ID: &str = "sandbox-machine";
const MIB: u64 = 1024 * 1024;
/// The group of virtual machines, whose right it is.
const MACHINES: &str = "S-1-5-83-0";

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "what the sandbox and its machine need",
    wanted,
    then: nothing_more,
    read,
    judge,
    was_run: |seen| seen.machine.is_some(),
    decides: true,
};

fn wanted(context: &Context<'_>) -> Vec<Want> {
    let text = |path: &str| Want::Text(path.to_owned());
    let home = || vec!["{home}".to_owned()];
    match context.platform {
        Platform::Macos => {
            vec![tool("hypervisor"), Want::Tool("disk".to_owned(), home()), tool("routes")]
        }
        Platform::Windows => ["virtualization", "user-rights", "processes", "routes"].map(tool).into(),
        Platform::Linux => {
            let sandbox = &context.facts.sandbox;
            let mut wants: Vec<Want> = sandbox.settings.iter().map(|s| text(&s.path)).collect();
            wants.extend(sandbox.settings.iter().flat_map(|s| &s.unless).map(|p| Want::Files(p.to_string())));
            wants.extend(sandbox.programs.iter().flat_map(|p| &p.paths).map(|p| Want::Files(p.to_string())));
            wants.push(Want::Tool("disk".to_owned(), home()));
            wants
        }
    }
}

fn read(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    let mut machine = Machine::default();
    let mut any = false;
    match context.platform {
        Platform::Macos => {
            if let Some(text) = said(answers, context, ID, "hypervisor", seen) {
                any = true;
                machine.hypervisor = flag(text.rsplit(':').next().unwrap_or_default());
            }
        }
        Platform::Windows => {
            if let Some(text) = said(answers, context, ID, "virtualization", seen) {
                any = true;
                windows(text, &mut machine);
            }
            // A machine that runs has the right; then nobody has to be asked who may see it.
            let worker = &context.facts.sandbox.worker;
            let runs = answers
                .tool("processes")
                .is_ok_and(|p| p.succeeded && p.output.lines().any(|l| is_process(l, worker)));
            if runs && answers.tool("user-rights").is_err() {
                any = true;
                machine.logon_right = Some(true);
            } else if let Some(text) = said(answers, context, ID, "user-rights", seen) {
                any = true;
                rights(text, &mut machine);
            }
        }
        Platform::Linux => any = linux(answers, context, &mut machine),
    }
    if context.platform != Platform::Windows
        && let Some(text) = said(answers, context, ID, "disk", seen)
    {
        any = true;
        machine.free_mib = free(text);
    }
    if context.platform != Platform::Linux
        && let Some(text) = said(answers, context, ID, "routes", seen)
    {
        any = true;
        machine.overlap = overlap(&net::routes(text, context.platform), context);
    }
    if any {
        seen.machine = Some(machine);
    }
}

/// Whether a line of the list of processes is of this program.
fn is_process(line: &str, name: &str) -> bool {
    super::security::process(line, Platform::Windows).is_some_and(|p| p.eq_ignore_ascii_case(name))
}

fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

/// Lines `Name: value`, as the tool of the rules prints them.
fn windows(text: &str, machine: &mut Machine) {
    for (name, value) in text.lines().filter_map(|l| l.split_once(':')) {
        let (name, value) = (name.trim(), value.trim());
        match name {
            // Win32_OptionalFeature.InstallState: 1 enabled, 2 disabled, 3 absent.
            "VirtualMachinePlatform" => {
                machine.platform = match value {
                    "1" => Some(true),
                    "2" | "3" => Some(false),
                    _ => None,
                }
            }
            "HypervisorPresent" => machine.hypervisor = flag(value),
            "VirtualizationFirmwareEnabled" => machine.firmware = flag(value),
            "FreeSpace" => machine.free_mib = value.parse::<u64>().ok().map(|bytes| bytes / MIB),
            _ => {
                let Some(service) = name.strip_prefix("Service ") else { continue };
                let mut words = value.split_whitespace();
                machine.services.push(Service {
                    name: line::line(service, line::SHORT),
                    status: words.next().map(|w| line::line(w, line::SHORT)).unwrap_or_default(),
                    start: words.next().map(|w| line::line(w, line::SHORT)).unwrap_or_default(),
                });
            }
        }
    }
}

/// The rights in the export of a security policy: `Name = *SID,*SID`.
fn rights(text: &str, machine: &mut Machine) {
    let has = |right: &str| {
        let line = text.lines().find_map(|l| l.trim().strip_prefix(right)?.trim_start().strip_prefix('='))?;
        Some(line.split(',').any(|w| w.trim().trim_start_matches('*').eq_ignore_ascii_case(MACHINES)))
    };
    let whole = text.to_ascii_lowercase().contains("[privilege rights]");
    // A right that nobody has is left out of the export.
    machine.logon_right = has("SeServiceLogonRight").or(whole.then_some(false));
    machine.logon_denied = has("SeDenyServiceLogonRight").or(whole.then_some(false));
}

fn linux(answers: &Answers, context: &Context<'_>, machine: &mut Machine) -> bool {
    let sandbox = &context.facts.sandbox;
    let mut any = false;
    for setting in &sandbox.settings {
        let text = answers.texts(&setting.path).iter().find_map(|f| f.text.as_ref().ok());
        let Some(value) = text.map(|t| t.trim()) else { continue };
        any = true;
        if value == setting.forbids && setting.unless.iter().all(|p| answers.files(p).is_empty()) {
            machine.restricted.push(format!("{} is {}", setting.path, line::line(value, 20)));
        }
    }
    // Where not even the kernel's settings are there, nothing of the system was collected.
    if any {
        for program in &sandbox.programs {
            if program.paths.iter().all(|p| answers.files(p).is_empty()) {
                machine.lacks.push(program.name.to_string());
            }
        }
    }
    any
}

/// The fourth column of the last line that `df -Pk` prints, in units of 1024 bytes.
fn free(text: &str) -> Option<u64> {
    let last = text.lines().rfind(|l| !l.trim().is_empty())?;
    // A name of a file system may hold blanks; the percentage does not.
    let words: Vec<&str> = last.split_whitespace().collect();
    let percent = words.iter().position(|w| w.ends_with('%') && w.len() > 1)?;
    words.get(percent.checked_sub(1)?)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

/// A network of the sandbox's machine that a route of another interface claims as well.
fn overlap(routes: &[Route], context: &Context<'_>) -> Option<String> {
    let sandbox = &context.facts.sandbox;
    let is_own = |r: &Route| {
        sandbox
            .interfaces
            .iter()
            .any(|i| r.interface.to_ascii_lowercase().starts_with(&i.to_ascii_lowercase()))
    };
    let own: Vec<&Route> = routes.iter().filter(|r| is_own(r) && (16..=29).contains(&r.prefix)).collect();
    own.iter().find_map(|mine| {
        let other =
            routes.iter().find(|r| !is_own(r) && r.prefix >= 8 && r.prefix < 32 && r.overlaps(mine))?;
        Some(format!("{} ({}) and {} ({})", mine.network(), mine.interface, other.network(), other.interface))
    })
}

fn judge(seen: &Seen, context: &Context<'_>) -> Vec<Found> {
    let Some(machine) = &seen.machine else { return Vec::new() };
    let mut found = Vec::new();
    // A hypervisor that runs has what it needs of the firmware, which Windows then no longer tells.
    if machine.platform == Some(false) {
        let evidence = "Windows feature VirtualMachinePlatform: not enabled";
        found.push(Found::new(DeviceCode::VirtualizationOff, evidence).case("feature"));
    } else if machine.hypervisor == Some(false) {
        let (evidence, case) = match (seen.platform, machine.firmware) {
            (Platform::Macos, _) => ("kern.hv_support: 0", None),
            (_, Some(false)) => ("HypervisorPresent: False, VirtualizationFirmwareEnabled: False", None),
            _ => ("HypervisorPresent: False", Some("hypervisor")),
        };
        let one = Found::new(DeviceCode::VirtualizationOff, evidence);
        found.push(match case {
            Some(case) => one.case(case).likely(),
            None => one,
        });
    }
    for service in machine.services.iter().filter(|s| s.start.eq_ignore_ascii_case("Disabled")) {
        let evidence = format!("service {}: {}, start {}", service.name, service.status, service.start);
        found.push(Found::new(DeviceCode::ServiceDisabled, evidence).with("names", &service.name));
    }
    let stopped = |s: &&Service| {
        s.status.eq_ignore_ascii_case("Stopped") && s.start.to_ascii_lowercase().starts_with("auto")
    };
    for service in machine.services.iter().filter(stopped) {
        let evidence = format!("service {}: {}, start {}", service.name, service.status, service.start);
        let one = Found::new(DeviceCode::ServiceDisabled, evidence).with("names", &service.name);
        found.push(one.case("stopped").likely());
    }
    let right =
        |why: &str| Found::new(DeviceCode::LogonRight, format!("{why} for {MACHINES}")).with("why", why);
    if machine.logon_denied == Some(true) {
        found.push(right("SeDenyServiceLogonRight is set"));
    } else if machine.logon_right == Some(false) {
        found.push(right("SeServiceLogonRight is not granted"));
    }
    if !machine.restricted.is_empty() {
        let why = machine.restricted.join(", ");
        found.push(Found::new(DeviceCode::UserNamespaces, why.clone()).likely().with("why", why));
    }
    if !machine.lacks.is_empty() {
        let names = machine.lacks.join(", ");
        let evidence = format!("not found: {names}");
        found.push(Found::new(DeviceCode::SandboxTool, evidence).likely().with("names", names));
    }
    if let Some(both) = &machine.overlap {
        found.push(Found::new(DeviceCode::MachineSubnet, both.clone()).likely().with("value", both));
    }
    let sandbox = &context.facts.sandbox;
    if let Some(free) = machine.free_mib.filter(|free| *free < sandbox.enough_mib) {
        let one = Found::new(DeviceCode::DiskSpace, format!("{free} MiB free"))
            .with("value", format!("{free} MiB"))
            .with("count", sandbox.enough_mib.to_string());
        found.push(if free < sandbox.least_mib { one } else { one.case("little").likely() });
    }
    found
}
