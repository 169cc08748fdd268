//! `clearway hosts`: the allowlist.

use std::process::ExitCode;

use super::{Destination, Failure, input};
use crate::cli::inquiry::Boundary;
use crate::cli::{HostsArgs, HostsFormat};
use crate::report;

/// Derives the list and renders it.
///
/// # Errors
/// When an input cannot be read or the output cannot be written.
pub fn run(args: &HostsArgs) -> Result<ExitCode, Failure> {
    let destination = Destination::open(&args.output)?;
    let pack = input::pack(args.derive.rules.as_deref())?;
    let derived = input::derive(&args.derive, &pack)?;
    let features = input::features(&pack);
    let style = destination.style(&args.output);
    if args.boundary == Boundary::Sandbox {
        let text = super::sandbox::render(args, &pack, &derived, &features, &style)?;
        destination.write(text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let requirements = derived.requirements;
    let text = match args.format {
        HostsFormat::Text => report::text::hosts(&requirements, &features, &style),
        HostsFormat::Txt => report::txt::hosts(&requirements, &features),
        HostsFormat::Plain => report::plain::hosts(&requirements),
        HostsFormat::Json => report::json::hosts(&requirements, &features),
        HostsFormat::Csv => report::csv::hosts(&requirements, &features),
        HostsFormat::Markdown => report::markdown::hosts(&requirements, &features),
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
