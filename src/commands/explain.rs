//! `clearway explain`: why a host is there, what a key does, what a message means.

use std::process::ExitCode;

use super::load_rules;
use crate::check;
use crate::cli::{AnswerFormat, ExplainArgs};
use crate::clock;
use crate::config::ConfigError;
use crate::explain::{Answer, Given, explain};
use crate::failure::Failure;
use crate::output::{self, Destination};
use crate::report;

/// Answers the question.
///
/// # Errors
/// When an input cannot be read or the output cannot be written.
pub fn run(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let destination = Destination::open(&args.output)?;
    let rules = load_rules(args.derive.list.rules.as_deref())?;
    if args.question.trim().is_empty() {
        return Err(Failure::Usage(
            "nothing was asked: give a host, a configuration key, a finding code or a message of the app"
                .into(),
        ));
    }
    let inputs = args.derive.inputs();
    let options = inputs.options(&rules)?;
    let (configurations, documents) = match inputs.configurations(&rules) {
        // A question may be asked anywhere; then the rules alone answer it.
        Err(Failure::Config(ConfigError::NoneOnDevice { .. })) => (Vec::new(), Vec::new()),
        read => read?,
    };
    let features = rules.pack.feature_infos();
    let given = Given {
        pack: &rules.pack,
        configurations: &configurations,
        documents: &documents,
        options: &options,
    };
    let mut explanation = explain(&given, &rules.symptoms, &rules.codes, &features, &args.question);
    check::lacking(&mut explanation.list, &rules.pack, &configurations, &options);
    explanation.list.set_age(clock::age_of(&explanation.list.rules_date));
    let style = destination.style(&args.output);
    let text = match args.format {
        AnswerFormat::Text => {
            let text = report::explain::text::render(&explanation, &features, &style);
            output::before(explanation.list.statements(), "", text)
        }
        AnswerFormat::Json => report::explain::json::render(&explanation),
    };
    destination.write(text.as_bytes())?;
    let known = !matches!(explanation.answer, Answer::Unknown { .. });
    Ok(if known { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
