//! Variables that give programs further authorities, or switch their checks off: what they make work in a shell says
//! nothing of the app, which trusts the system's store alone (source NP).

use super::{Check, assignments, said, tool};
use crate::contract::{DeviceCode, Platform};
use crate::device::seen::TrustVariable;
use crate::device::{Answers, Context, Found, Seen, Want};
use crate::probe::system;
use crate::rules::device::VariableKind;
use crate::text::line;

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
    let mut unnoted = Seen::of(context.platform);
    let all = variables(answers, context, &mut unnoted).unwrap_or_default();
    all.into_iter().filter(|v| names_a_file(v, context)).map(|v| Want::Files(v.value)).collect()
}

fn kind(name: &str, context: &Context<'_>) -> Option<VariableKind> {
    context.facts.variable.iter().find(|v| v.name.eq_ignore_ascii_case(name)).map(|v| v.kind)
}

/// Whether the value is one whole path that can be looked for.
fn names_a_file(variable: &TrustVariable, context: &Context<'_>) -> bool {
    let value = &variable.value;
    let absolute = value.starts_with('/') || matches!(value.as_bytes(), [_, b':', b'\\' | b'/', ..]);
    let plain = !value.contains(['*', '{', '%', '$', '~', ';']) && !value.contains("..");
    kind(&variable.name, context).is_some_and(|k| k != VariableKind::Check) && absolute && plain
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
        Some(own) => {
            any = true;
            let pairs = own.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            for variable in kept(pairs, SHELL, false, context) {
                if !all.iter().any(|v| v.name.eq_ignore_ascii_case(&variable.name)) {
                    all.push(variable);
                }
            }
        }
        None => seen.missed(ID, "variables of the environment", "the copy has no tools/environment.txt"),
    }
    any.then_some(all)
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
        if names_a_file(variable, context) {
            variable.exists = Some(!answers.files(&variable.value).is_empty());
        }
    }
    seen.variables = Some(all);
}

fn judge(seen: &Seen, context: &Context<'_>) -> Vec<Found> {
    let of = |variable: &TrustVariable| {
        let fact = context.facts.variable.iter().find(|f| f.name.eq_ignore_ascii_case(&variable.name))?;
        let found = |code| {
            Found::new(code, format!("{}={} in {}", variable.name, variable.value, variable.origin))
                .with("variable", &variable.name)
                .with("value", &variable.value)
                .with("readers", &fact.readers)
        };
        Some(match fact.kind {
            VariableKind::Check if variable.value == fact.off => found(DeviceCode::TlsCheckOff),
            VariableKind::Check => return None,
            _ if variable.exists == Some(false) => found(DeviceCode::CaFile),
            _ if variable.session && fact.engine.contains(&seen.platform) => {
                found(DeviceCode::CaVariable).case("engine")
            }
            _ => found(DeviceCode::CaVariable),
        })
    };
    seen.variables.iter().flatten().filter_map(of).collect()
}
