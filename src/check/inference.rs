//! The authenticated inference check: from options and configurations to what is called.

use std::collections::BTreeMap;

use super::{Derived, Options};
use crate::contract::ids::Feature;
use crate::derive::{self, Facts};
use crate::diagnose::{self, Judgement, Verdict};
use crate::failure::Failure;
use crate::observation::Observations;
use crate::plan::Plan;
use crate::plan::inference::{self, Allowed, Endpoint};
use crate::probe::{self, CallSettings};
use crate::rules::Rules;
use crate::rules::services::Services;

/// What is called, of all configurations; nothing without `--with-credentials`. A configuration's
/// credential goes to hosts that this configuration derives by itself.
///
/// # Errors
/// When `--feature` names no feature, or `--host` no host.
pub(super) fn endpoints(
    asked: &Options,
    derived: &Derived,
    rules: &Rules,
    plan: &Plan,
) -> Result<Vec<Endpoint>, Failure> {
    let Rules { pack, services, .. } = rules;
    let mut all: Vec<Endpoint> = Vec::new();
    if !asked.inference.with_credentials {
        return Ok(all);
    }
    let options = derive::Options { features: Vec::new(), needs: Vec::new(), ..asked.inputs.options(rules)? };
    let named = super::named(asked, rules)?;
    for configuration in &derived.configurations {
        let platform = options.platform_of(configuration);
        let version = &derived.requirements.app_version;
        let facts = Facts::new(pack, configuration, version, platform, &options);
        let mut own = derive::derive(pack, std::slice::from_ref(configuration), &options);
        derive::add_hosts(&mut own, named.clone());
        let allowed =
            Allowed { run_helpers: asked.inference.run_helpers, hosts: &asked.inference.credential_hosts };
        for endpoint in inference::build(&facts, &own, plan, services, allowed) {
            if !all.contains(&endpoint) {
                all.push(endpoint);
            }
        }
    }
    Ok(all)
}

/// Why nothing is called although it was asked for; nothing where something is.
pub(super) fn gap(asked: &Options, derived: &Derived, endpoints: &[Endpoint]) -> Option<String> {
    if !asked.inference.with_credentials || !endpoints.is_empty() {
        return None;
    }
    Some(if derived.configurations.is_empty() {
        "no call was made: --with-credentials needs a configuration that holds the credential".to_owned()
    } else {
        "no call was made: the configuration names no inference host that could be called".to_owned()
    })
}

/// How they are made, as far as the caller says so.
///
/// # Errors
/// When the authorities to expect cannot be read.
pub(super) fn settings(asked: &Options, plan: &Plan) -> Result<CallSettings, Failure> {
    let asked = &asked.inference;
    let is_inference = |id: u32| {
        plan.target(id).is_some_and(|t| t.requirement.reasons.iter().any(|r| r.feature == Feature::INFERENCE))
    };
    let quiet = asked.idle.map(|time| {
        let ids = plan.targets.iter().filter(|t| t.request.is_some() && !t.paths.is_empty()).map(|t| t.id);
        (time, ids.filter(|id| is_inference(*id)).collect())
    });
    Ok(CallSettings {
        trust_interception: asked.trust_interception,
        expect_ca: asked.expect_ca.as_deref().map(probe::read_pem).transpose()?,
        run_helpers: asked.run_helpers,
        quiet,
        ..CallSettings::default()
    })
}

/// What the first waves showed of the hosts: which inspect, and which are not reached.
pub(super) fn learn(
    settings: &mut CallSettings,
    plan: &Plan,
    observations: &Observations,
    judgement: &Judgement,
    services: &Services,
) {
    settings.inspectors = diagnose::inspectors(plan, observations, services);
    settings.compared = diagnose::compared(plan, observations, services);
    settings.unreached = unreached(judgement);
}

fn unreached(judgement: &Judgement) -> BTreeMap<u32, String> {
    let blocked =
        judgement.hosts.iter().filter(|h| matches!(h.verdict, Verdict::Blocked | Verdict::Untested));
    blocked
        .map(|h| (h.target, format!("the host is not reached as it must be ({})", h.finding.code)))
        .collect()
}
