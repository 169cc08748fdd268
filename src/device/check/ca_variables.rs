//! Variables that give programs further authorities, or switch their checks off: what they make work in a shell says
//! nothing of the app, which trusts the system's store alone (source NP).

use super::{Check, assignments, said, tool, without_variables};
use crate::contract::{DeviceCode, Platform};
use crate::device::seen::TrustVariable;
use crate::device::{Answers, Context, Found, Seen, Want};
use crate::probe::system;
use crate::rules::device::VariableKind;
use crate::text::{english, line};

const ID: &str = "ca-variables";
const SHELL: &str = "this shell";

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "variables that change what programs trust",
    wanted,
    then,
    read,
    judge,
    was_run: |seen| seen.variables.is_some(),
    decides: true,
};

/// Tools that print variables, and what to call where those are set.
const fn tools(platform: Platform) -> &'static [(&'static str, &'static str)] {
    match platform {
        Platform::Macos => &[("launchd-ca", "launchd")],
        Platform::Windows => &[
            ("environment-user", "the user's variables"),
            ("environment-machine", "the machine's variables"),
        ],
        Platform::Linux => &[("environment-session", "the desktop's session")],
    }
}

fn wanted(context: &Context<'_>) -> Vec<Want> {
    let tools = tools(context.platform).iter().map(|(id, _)| tool(id));
    tools.chain([Want::Variables]).collect()
}

/// Looks whether what they name is there.
fn then(answers: &Answers, context: &Context<'_>) -> Vec<Want> {
    let mut unnoted = Seen::of(context.platform, 0);
    let all = variables(answers, context, &mut unnoted).unwrap_or_default();
    let parts = all.iter().filter(|v| names_files(v, context)).flat_map(|v| parts(v, context));
    parts.map(|p| Want::Files(p.to_owned())).collect()
}

/// The paths in a value: a folder's variable may name several, as OpenSSL splits them.
fn parts<'a>(variable: &'a TrustVariable, context: &Context<'_>) -> Vec<&'a str> {
    let between = if context.platform == Platform::Windows { ';' } else { ':' };
    match kind(&variable.name, context) {
        Some(VariableKind::Folder) => {
            variable.value.split(between).map(str::trim).filter(|p| !p.is_empty()).collect()
        }
        _ => vec![&variable.value],
    }
}

fn kind(name: &str, context: &Context<'_>) -> Option<VariableKind> {
    context.facts.variable.iter().find(|v| v.name.eq_ignore_ascii_case(name)).map(|v| v.kind)
}

/// Whether the value is made of whole paths that can be looked for. One with a letter that was lost on the way cannot.
fn names_files(variable: &TrustVariable, context: &Context<'_>) -> bool {
    let is_path = |value: &str| {
        let absolute = value.starts_with('/') || matches!(value.as_bytes(), [_, b':', b'\\' | b'/', ..]);
        let lost = char::REPLACEMENT_CHARACTER;
        absolute && !value.contains(['*', '{', '%', '$', '~', ';', lost]) && !value.contains("..")
    };
    let paths = parts(variable, context);
    kind(&variable.name, context).is_some_and(|k| k != VariableKind::Check)
        && !paths.is_empty()
        && paths.into_iter().all(is_path)
}

fn variables(answers: &Answers, context: &Context<'_>, seen: &mut Seen) -> Option<Vec<TrustVariable>> {
    let mut all: Vec<TrustVariable> = Vec::new();
    let mut any = false;
    for (id, origin) in tools(context.platform) {
        let Some(text) = said(answers, context, ID, id, seen) else { continue };
        any = true;
        let pairs: Vec<(&str, &str)> = match context.platform {
            Platform::Macos => vec![("NODE_EXTRA_CA_CERTS", text.trim())],
            Platform::Windows => system::registry_values(text),
            Platform::Linux => assignments(text).collect(),
        };
        all.extend(kept(pairs, origin, context.platform != Platform::Windows, context));
    }
    match answers.variables() {
        Ok(own) => {
            any = true;
            let pairs = own.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            for variable in kept(pairs, SHELL, false, context) {
                // A copy may have been saved by reg.exe in a code page of its own; the environment has the letters that were lost.
                let known = all.iter_mut().find(|v| v.name.eq_ignore_ascii_case(&variable.name));
                if let Some(known) = known.filter(|k| is_lost_form(&k.value, &variable.value)) {
                    known.value.clone_from(&variable.value);
                }
                if !all.iter().any(|v| v.name.eq_ignore_ascii_case(&variable.name)) {
                    all.push(variable);
                }
            }
        }
        Err(missing) => without_variables(missing, ID, seen),
    }
    any.then_some(all)
}

/// Whether a value is another with letters lost: each lost one stands for one letter beyond ASCII.
fn is_lost_form(value: &str, whole: &str) -> bool {
    let lost = char::REPLACEMENT_CHARACTER;
    value.contains(lost)
        && value.chars().count() == whole.chars().count()
        && value.chars().zip(whole.chars()).all(|(a, b)| a == b || a == lost && !b.is_ascii())
}

/// Those among `pairs` that the rules know.
fn kept(pairs: Vec<(&str, &str)>, origin: &str, session: bool, context: &Context<'_>) -> Vec<TrustVariable> {
    pairs
        .into_iter()
        .filter(|(name, value)| kind(name, context).is_some() && !value.trim().is_empty())
        .map(|(name, value)| TrustVariable {
            name: name.to_owned(),
            value: line::line(value.trim(), line::SHORT),
            origin: origin.to_owned(),
            exists: None,
            session,
        })
        .collect()
}

fn read(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    let Some(mut all) = variables(answers, context, seen) else { return };
    for variable in &mut all {
        if variable.value.contains(char::REPLACEMENT_CHARACTER) {
            let what = format!("whether the file of {} is there", variable.name);
            seen.missed(
                ID,
                &what,
                "letters of its path were lost: the list of variables was saved in another code page",
            );
        }
        if names_files(variable, context) {
            let exists = parts(variable, context).iter().any(|p| !answers.files(p).is_empty());
            variable.exists = Some(exists);
        }
    }
    seen.variables = Some(all);
}

fn judge(seen: &Seen, context: &Context<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    // Several variables often name one file; what they mean is the same, and is said once.
    let mut further: Vec<(&TrustVariable, &str)> = Vec::new();
    for variable in seen.variables.iter().flatten() {
        let fact = context.facts.variable.iter().find(|f| f.name.eq_ignore_ascii_case(&variable.name));
        let Some(fact) = fact else { continue };
        let one = |code| {
            Found::new(code, format!("{}={} in {}", variable.name, variable.value, variable.origin))
                .with("variable", &variable.name)
                .with("value", &variable.value)
                .with("readers", &fact.readers)
        };
        match fact.kind {
            VariableKind::Check if variable.value == fact.off => found.push(one(DeviceCode::TlsCheckOff)),
            VariableKind::Check => {}
            _ if variable.exists == Some(false) => found.push(one(DeviceCode::CaFile)),
            // The system's own bundle gives nobody anything further.
            _ if parts(variable, context)
                .iter()
                .all(|p| context.facts.authorities.iter().any(|a| a.is_own(p))) => {}
            _ if variable.session && fact.engine.contains(&seen.platform) => {
                found.push(one(DeviceCode::CaVariable).case("engine"));
            }
            _ => further.push((variable, &fact.readers)),
        }
    }
    let mut values: Vec<&str> = further.iter().map(|(v, _)| v.value.as_str()).collect();
    values.sort_unstable();
    values.dedup();
    for value in values {
        let of: Vec<&(&TrustVariable, &str)> = further.iter().filter(|(v, _)| v.value == value).collect();
        let lines: Vec<String> =
            of.iter().map(|(v, _)| format!("{}={} in {}", v.name, v.value, v.origin)).collect();
        let names: Vec<&str> = of.iter().map(|(v, _)| v.name.as_str()).collect();
        let mut readers: Vec<&str> = of.iter().map(|(_, r)| *r).collect();
        readers.sort_unstable();
        readers.dedup();
        found.push(
            Found::new(DeviceCode::CaVariable, english::first(&lines, 8))
                .with("variable", english::and(&names))
                .with("value", value)
                .with("readers", english::and(&readers)),
        );
    }
    found
}
