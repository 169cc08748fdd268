//! `clearway hosts --boundary sandbox`: the list of the app's own sandbox.

use super::Failure;
use super::input::Derived;
use crate::cli::{HostsArgs, HostsFormat};
use crate::derive::{sandbox, union};
use crate::report::{self, FeatureInfo, Style};
use crate::rules::Rules;

/// Computes and renders the list. Compared with the lists that were given beside the configuration,
/// or, without any, with the derived perimeter list.
///
/// # Errors
/// When no configuration was given, or the format cannot carry this list.
pub fn render(
    args: &HostsArgs,
    rules: &Rules,
    derived: &Derived,
    features: &[FeatureInfo],
    style: &Style,
) -> Result<String, Failure> {
    if derived.configurations.is_empty() {
        return Err(Failure::Usage(
            "--boundary sandbox needs the configuration itself; a list says nothing about the sandbox".into(),
        ));
    }
    let options = super::input::options(&args.derive, rules)?;
    let given = union(derived.documents.clone());
    let perimeter = given.as_ref().unwrap_or(&derived.requirements);
    let mut found =
        sandbox::sandbox(&rules.pack, &rules.sandbox, &derived.configurations, &options, perimeter);
    found.list.missing.clone_from(&derived.requirements.missing);
    match args.format {
        HostsFormat::Text => Ok(report::sandbox::text::render(&found, features, style)),
        HostsFormat::Plain => Ok(report::hosts::plain::sandbox(&found)),
        HostsFormat::Json => Ok(report::sandbox::json::render(&found, features)),
        _ => Err(Failure::Usage(
            "--boundary sandbox is written as text, plain or json: the sandbox's list is the app's own, no firewall's".into(),
        )),
    }
}
