//! `clearway diff`: two configurations, one at two app versions, or two reports of `check`.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use super::load_rules;
use crate::check::{self, Derived, replay};
use crate::cli::{AnswerFormat, DiffArgs};
use crate::clock;
use crate::derive::diff::{Side, diff};
use crate::failure::Failure;
use crate::output::{self, Destination, Readers};
use crate::report;
use crate::rules::Rules;

/// Compares and renders.
///
/// # Errors
/// When there are not two sides, an input cannot be read, or the output cannot be written.
pub fn run(args: &DiffArgs) -> Result<ExitCode, Failure> {
    let destination = Destination::open(&args.output)?.for_readers(Readers::OwnerOfNew);
    let rules = load_rules(args.list.rules.as_deref())?;
    let (from, to) = match &args.app_version {
        None => (None, None),
        Some(v) => (Some(v.old.clone()), Some(v.new.clone().unwrap_or_else(|| v.old.clone()))),
    };
    if let Some(text) = from.iter().chain(&to).find_map(|v| crate::derive::not_known(&rules.pack, v)) {
        return not_known(args, text, destination);
    }
    let two_versions = args.app_version.as_ref().is_some_and(|v| v.new.is_some());
    let (old, new) = match args.config.as_slice() {
        [old, new] if old == "-" && new == "-" => {
            return Err(Failure::Usage("`-` may be given once: standard input can be read only once".into()));
        }
        [old, new] => (Some(old.as_str()), Some(new.as_str())),
        [one] if two_versions => (Some(one.as_str()), Some(one.as_str())),
        [] if two_versions => (None, None),
        _ => {
            return Err(Failure::Usage(
                "diff needs two sides: `clearway diff OLD NEW`, or `clearway diff CONFIG --app-version A..B`"
                    .into(),
            ));
        }
    };
    if let (Some(one), Some(_), true) = (old, new, old == new)
        && two_versions
        && is_report(one)
    {
        return Err(Failure::Usage(format!(
            "{one} is a report of `clearway check`, which is of one app version; give the configuration it was made from"
        )));
    }
    if let (Some(a), Some(b)) = (old, new) {
        match (is_report(a), is_report(b)) {
            (true, true) if a != b => return reports(args, &rules, Path::new(a), Path::new(b), destination),
            (true, true) => {
                return Err(Failure::Usage(format!(
                    "{a} is named twice; `clearway diff` of reports needs OLD and NEW"
                )));
            }
            (false, false) => {}
            (first, _) => {
                let (report, other) = if first { (a, b) } else { (b, a) };
                return Err(Failure::Usage(format!(
                    "{report} is a report of `clearway check` and {other} is not; give two reports, or two configurations. \
                     A configuration becomes a report with `clearway check {other} --format json -o FILE`"
                )));
            }
        }
    }
    let old_side = args.side(old, from.clone()).inputs().derive(&rules)?;
    if two_versions && old == new && old_side.configurations.is_empty() {
        return Err(Failure::Usage(
            "a list made earlier cannot be derived for another app version; give the configuration".into(),
        ));
    }
    let new_side = if two_versions && old == Some("-") && new == Some("-") {
        // Standard input can be read only once; anything else is read again as the other version does.
        let options = args.side(None, to).inputs().options(&rules)?;
        let mut list = check::list(&rules.pack, &old_side.configurations, &options);
        list.set_age(clock::age_of(&list.rules_date));
        Derived { configurations: old_side.configurations.clone(), ..Derived::of(list) }
    } else {
        args.side(new, to).inputs().derive(&rules)?
    };
    let features = rules.pack.feature_infos();
    let side = |d: &'_ Derived| (d.requirements.clone(), d.configurations.clone());
    let ((old_list, old_configurations), (new_list, new_configurations)) = (side(&old_side), side(&new_side));
    let found = diff(
        &rules.pack,
        &features,
        Side { list: &old_list, configurations: &old_configurations },
        Side { list: &new_list, configurations: &new_configurations },
    );
    let style = destination.style(&args.output);
    let text = match args.format {
        AnswerFormat::Text => {
            let (old_list, new_list) = (old_list.without_statements(), new_list.without_statements());
            let text = report::diff::text::render(&found, &old_list, &new_list, &features, &style);
            let age = clock::age_of(&rules.pack.meta.date).and_then(crate::rules::age::Age::warning);
            output::before(age.as_deref(), "", text)
        }
        AnswerFormat::Json => report::diff::json::lists(&found, &old_list, &new_list),
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Nothing is claimed of an app that is newer than the rules: its list is not known, so neither is what
/// differs.
fn not_known(args: &DiffArgs, text: String, destination: Destination) -> Result<ExitCode, Failure> {
    match args.format {
        AnswerFormat::Text => {
            destination.write(format!("{text}\n").as_bytes())?;
            Ok(ExitCode::from(2))
        }
        AnswerFormat::Json => Err(Failure::NotKnown(text)),
    }
}

/// Two reports, each judged by the present rules, so that what differs is the network.
fn reports(
    args: &DiffArgs,
    rules: &Rules,
    old: &Path,
    new: &Path,
    destination: Destination,
) -> Result<ExitCode, Failure> {
    let narrowed = args.list.narrows()
        || args.app_version.is_some()
        || args.list.platform.is_some()
        || args.list.offline_installer
        || args.list.admin_console;
    if narrowed {
        return Err(Failure::Usage(
            "two reports are compared as they are; the options that narrow or derive a list belong to `clearway check`"
                .into(),
        ));
    }
    let (before, after) = (replay::load(rules, old)?, replay::load(rules, new)?);
    let found = crate::compare::between(&before, &after);
    let date = &rules.pack.meta.date;
    let age = clock::age_of(date);
    let old_rules = age.and_then(crate::rules::age::Age::warning);
    let text = match args.format {
        AnswerFormat::Text => {
            let style = destination.style(&args.output);
            let text = report::diff::runs::render(&found, &before, &after, &clock::dated(date), &style);
            output::before(old_rules.as_deref(), "", text)
        }
        AnswerFormat::Json => report::diff::json::runs(&found, &before, &after, date, age),
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Whether the file is a report of `check`, by its beginning.
fn is_report(name: &str) -> bool {
    let mut start = Vec::new();
    if name == "-" {
        // What cannot be read is said by the reader of configurations.
        start = crate::config::standard_input().unwrap_or_default();
        start.truncate(4_096);
    } else if std::fs::metadata(name).is_ok_and(|m| m.is_file())
        && let Ok(file) = std::fs::File::open(name)
    {
        // A pipe, whose opening may never end, or a folder is left to the reader of configurations.
        let _ = file.take(4_096).read_to_end(&mut start);
    }
    String::from_utf8_lossy(&start).contains("\"clearway.check/")
}
