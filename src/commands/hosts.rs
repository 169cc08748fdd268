//! `clearway hosts`: the allowlist.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use super::{complete, load_rules};
use crate::check::Derived;
use crate::cli::{Boundary, HostsArgs, HostsFormat, ListKind};
use crate::config;
use crate::derive::{self, Requirements};
use crate::document;
use crate::failure::Failure;
use crate::firewall::{self, HostRule, List, Names, Output, existing};
use crate::output::{self, Destination};
use crate::report::json::Standing;
use crate::report::{self, FeatureInfo, Style};
use crate::rules::Rules;
use crate::rules::firewalls::Product;
use crate::text::visible;

/// Derives the list and renders it.
///
/// # Errors
/// When an input cannot be read, a firewall product cannot say what is asked, or the output cannot
/// be written.
pub fn run(args: &HostsArgs) -> Result<ExitCode, Failure> {
    let rules = load_rules(args.derive.list.rules.as_deref())?;
    if args.format == HostsFormat::MacosContentFilter {
        return Err(not_written(args.format, &rules));
    }
    let folder = wants_folder(args);
    let destination = if folder { Destination::standard() } else { Destination::open(&args.output)? };
    let one_text = args.against.is_some() || args.delta.is_some() || args.boundary == Boundary::Sandbox;
    if folder && (one_text || args.list == ListKind::Inspection) {
        return Err(Failure::Usage("-o names a folder, and this is one text: give a file".into()));
    }
    if args.list == ListKind::Inspection {
        return exemption(args, &rules, destination);
    }
    let mut derived = args.derive.inputs().derive(&rules)?;
    derived.requirements.by_address = rules.pack.networks.by_address.clone();
    let features = rules.pack.feature_infos();
    let style = destination.style(&args.output);
    complete(
        &derived.requirements,
        &features,
        args.allow_incomplete,
        "Nothing was written. --allow-incomplete writes it anyway and says so in the file.",
    )?;
    if let Some(text) = report::incomplete::remark(&derived.requirements, &features) {
        note(&text);
    }
    if let Some(port) = args.port {
        derived.requirements.hosts.retain(|host| host.port == port);
    }
    if args.boundary == Boundary::Sandbox {
        let mut text = sandbox(args, &rules, &derived, &features, &style)?;
        match args.format {
            HostsFormat::Text => text = output::before(derived.requirements.statements(), "", text),
            HostsFormat::Json => {}
            _ => output::aside(derived.requirements.statements()),
        }
        destination.write(text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    // What a firewall opens: every form of the list has the same hosts.
    derived.requirements = derived.requirements.with_bare_ssh_names();
    let statements: Vec<String> = derived.requirements.statements().into_iter().map(str::to_owned).collect();
    let lines = || statements.iter().map(String::as_str);
    let requirements = match args.format {
        HostsFormat::Json | HostsFormat::Csv | HostsFormat::Plain => derived.requirements,
        _ => derived.requirements.without_statements(),
    };
    if let Some(file) = &args.against {
        let name = file.display().to_string();
        let held = Held { option: "--against", file };
        let list = List::allow(&requirements);
        let (text, listing) = held.read(args, None)?;
        let mut result = existing::compare(&list, listing).map_err(|unread| held.not_read(&unread))?;
        if args.against_as.is_none() {
            result.remarks.extend(existing::read_otherwise(&text, &list, args.port, &result));
        }
        let text = match args.format {
            HostsFormat::Text => report::existing::text(&result, &requirements, &name, &style),
            HostsFormat::Json => report::existing::json(&result, &requirements, &name),
            other => {
                return Err(Failure::Usage(format!(
                    "--against is shown as text or json, not as {}; take one of them",
                    other.as_str()
                )));
            }
        };
        let text = if args.format == HostsFormat::Text { output::before(lines(), "", text) } else { text };
        destination.write(text.as_bytes())?;
        return Ok(ExitCode::from(if result.is_short() {
            1
        } else if result.is_doubtful() {
            3
        } else {
            0
        }));
    }
    if args.against_as.is_some() && args.delta.is_none() {
        return Err(Failure::Usage(
            "--against-as names the format of an existing list: give that list with --against FILE or --delta FILE".into(),
        ));
    }
    if let Some(file) = &args.delta {
        let text = delta(file, &requirements, &features, &rules, &statements, args)?;
        destination.write(text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let (true, Some(path)) = (folder, &args.output.output) {
        output::aside(lines());
        let list = named(List::allow(&requirements), args);
        hosted(path, &list, &rules, args)?;
        return Ok(ExitCode::SUCCESS);
    }
    let silent = match args.format {
        HostsFormat::Plain | HostsFormat::Csv => true,
        HostsFormat::Firewall(format) => !format.has_comments(),
        _ => false,
    };
    if silent {
        output::aside(lines());
    }
    let text = match args.format {
        HostsFormat::Text => {
            output::before(lines(), "", report::hosts::text::render(&requirements, &features, &style))
        }
        HostsFormat::Txt => {
            output::before(lines(), "# ", report::hosts::txt::render(&requirements, &features))
        }
        HostsFormat::Plain => report::hosts::plain::render(&requirements),
        HostsFormat::Json => report::hosts::json::render(&requirements, &features),
        HostsFormat::Csv => report::hosts::csv::render(&requirements, &features),
        HostsFormat::Markdown => {
            output::before(lines(), "", report::hosts::markdown::render(&requirements, &features))
        }
        HostsFormat::Html => report::hosts::html::render(&requirements, &features, &statements),
        HostsFormat::Ticket => {
            output::before(lines(), "", report::hosts::ticket::render(&requirements, &features))
        }
        HostsFormat::Networks => output::before(
            lines(),
            "# ",
            report::hosts::networks::render(&requirements, args.port.unwrap_or(443)),
        ),
        other @ HostsFormat::MacosContentFilter => return Err(not_written(other, &rules)),
        HostsFormat::Firewall(format) => {
            let list = List { first: statements.clone(), ..named(List::allow(&requirements), args) };
            product_text(format, &list, &rules, args)?
        }
    };
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a folder of hosted lists is asked for: `-o` names a folder that exists, or ends in a slash.
fn wants_folder(args: &HostsArgs) -> bool {
    args.output.output.as_deref().is_some_and(|path| {
        path.is_dir() || path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
    })
}

/// Writes one list for each port and the manifest into `folder`.
fn hosted(folder: &Path, list: &List, rules: &Rules, args: &HostsArgs) -> Result<(), Failure> {
    let found = match args.format {
        HostsFormat::Plain => firewall::hosted::lists(list, None),
        HostsFormat::Firewall(format @ firewall::Format::PaloaltoUrls) => {
            firewall::hosted::lists(list, Some((format, product(format, rules)?)))
        }
        other => {
            return Err(Failure::Usage(format!(
                "-o FOLDER writes one list for each port, as plain or paloalto-urls, not as {}: give a file",
                other.as_str()
            )));
        }
    };
    let firewall::hosted::Hosted { files, said } = found.map_err(Failure::Refused)?;
    if let HostsFormat::Firewall(format) = args.format {
        accepted(format, said, args)?;
    }
    let failed = |error| Failure::Output { path: folder.to_owned(), error };
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, text) in files {
        Destination::file(&folder.join(name))?.write(text.as_bytes())?;
    }
    Ok(())
}

/// Why a product that people ask for has no format.
fn not_written(format: HostsFormat, rules: &Rules) -> Failure {
    let found = rules.firewalls.not_written(format.as_str());
    Failure::Refused(found.map_or_else(
        || format!("{} is not written", format.as_str()),
        |p| format!("there is no list for {}: {}", p.title, p.reason),
    ))
}

/// Computes and renders the list of the app's own sandbox. Compared with the lists that were given beside the configuration,
/// or, without any, with the derived perimeter list.
///
/// # Errors
/// When no configuration was given, or the format cannot carry this list.
fn sandbox(
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
    let options = args.derive.inputs().options(rules)?;
    let given = derive::union(derived.documents.clone());
    let perimeter = given.as_ref().unwrap_or(&derived.requirements);
    let mut found =
        derive::sandbox::sandbox(&rules.pack, &rules.sandbox, &derived.configurations, &options, perimeter);
    found.list.missing.clone_from(&derived.requirements.missing);
    match args.format {
        HostsFormat::Text => Ok(report::sandbox::text::render(&found, features, style)),
        HostsFormat::Plain => Ok(report::hosts::plain::sandbox(&found)),
        HostsFormat::Json => Ok(report::sandbox::json::render(&found, features, Standing::of(&derived.requirements))),
        _ => Err(Failure::Usage(
            "--boundary sandbox is written as text, plain or json: the sandbox's list is the app's own, no firewall's".into(),
        )),
    }
}

/// The exemption from TLS inspection, from reports.
fn exemption(args: &HostsArgs, rules: &Rules, destination: Destination) -> Result<ExitCode, Failure> {
    if args.derive.config.is_empty() {
        return Err(Failure::Usage(
            "--list inspection needs a report as CONFIG: run `clearway check --format json -o report.json CONFIG` on \
             a device behind the inspection, then `clearway hosts report.json --list inspection`"
                .into(),
        ));
    }
    let mut list: Option<List> = None;
    for name in &args.derive.config {
        let run = saved_report(Path::new(name))?;
        // Judged again: an older report may not have known what its own observations prove.
        let judgement = crate::diagnose::judge(&run.plan, &run.observations, &rules.services, &rules.codes);
        let found = List::inspection(&run.requirements, &run.plan, &judgement);
        list = Some(match list {
            Some(known) => known.with(found),
            None => found,
        });
    }
    let list = named(list.ok_or_else(|| Failure::Usage("no report was given".into()))?, args);
    let text = match args.format {
        HostsFormat::Text | HostsFormat::Txt => report::hosts::exemption::text(&list),
        HostsFormat::Plain => report::hosts::exemption::plain(&list),
        HostsFormat::Firewall(format) => product_text(format, &list, rules, args)?,
        other => {
            return Err(Failure::Usage(format!(
                "--list inspection is written as text, txt, plain or a firewall format, not as {}",
                other.as_str()
            )));
        }
    };
    if list.rules.is_empty() {
        note("the report proves no host broken by TLS inspection: there is nothing to exempt");
    }
    destination.write(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The list with the names that the command line asks for.
fn named(list: List, args: &HostsArgs) -> List {
    let port = args.port.unwrap_or(list.port);
    List { name: args.name.clone(), table: args.table.clone(), port, ..list }
}

/// A saved report; anything else is told what is needed, since an exemption is never a guess.
fn saved_report(path: &Path) -> Result<crate::run::Run, Failure> {
    let wrong = |reason: String| Failure::Report {
        path: path.to_owned(),
        reason: format!(
            "{reason}. --list inspection has only what a test proved: give a report that \
             `clearway check --format json -o report.json` saved on a device behind the inspection"
        ),
    };
    let bytes = config::file(path, &path.display().to_string())?;
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|_| wrong("not a report of `clearway check`".into()))?;
    document::check::read_check(json).map_err(|e| wrong(e.to_string()))
}

/// An existing list, and the option that named it.
struct Held<'a> {
    option: &'static str,
    file: &'a Path,
}

impl Held<'_> {
    fn name(&self) -> String {
        self.file.display().to_string()
    }

    /// Its text and what was read of it. `product` is how a list of bare lines is read where its content does not say
    /// more.
    fn read(
        &self,
        args: &HostsArgs,
        product: Option<existing::Dialect>,
    ) -> Result<(String, existing::Listing), Failure> {
        let dialect = args
            .against_as
            .as_deref()
            .map(existing::Dialect::named)
            .transpose()
            .map_err(|reason| Failure::Usage(format!("--against-as: {reason}")))?;
        if self.file.is_dir() {
            return self.hosted(args);
        }
        let text = self.text(self.file)?;
        if let Some(folder) = self.file.parent()
            && self.file.file_name().is_some_and(|n| n == firewall::hosted::MANIFEST)
            && text.contains(firewall::hosted::SCHEMA)
        {
            return Err(Failure::Usage(format!(
                "{} {}: this is the manifest of hosted lists, which names no host: give its folder, {}",
                self.option,
                self.name(),
                if folder.as_os_str().is_empty() { ".".into() } else { folder.display().to_string() }
            )));
        }
        let read = |dialect| {
            existing::read_as(&text, existing::As { dialect, port: args.port })
                .map_err(|unread| self.not_read(&unread))
        };
        let mut listing = read(dialect)?;
        let bare = matches!(listing.dialect, existing::Dialect::Plain | existing::Dialect::UrlList);
        if let (None, true, Some(product)) = (dialect, bare, product) {
            listing = read(Some(product))?;
        }
        Ok((text, listing))
    }

    fn text(&self, file: &Path) -> Result<String, Failure> {
        let bytes = config::file(file, &file.display().to_string())?;
        decoded(&bytes).ok_or_else(|| {
            self.not_read(&existing::Unread::whole("this is a binary file, no list; give it as text"))
        })
    }

    /// The hosted lists of a folder with a manifest, all together.
    fn hosted(&self, args: &HostsArgs) -> Result<(String, existing::Listing), Failure> {
        let wrong = |reason: &str| {
            Failure::Usage(format!("{} {}: this is a folder, {reason}", self.option, self.name()))
        };
        if self.option == "--delta" {
            return Err(wrong(
                "and a delta adds to one list: give one of its files, with the port that it is for (--port N)",
            ));
        }
        if args.against_as.is_some() {
            return Err(wrong("whose manifest says how its lists are written: leave --against-as out"));
        }
        let none = "and it has no manifest.json of hosted lists (`hosts -o FOLDER/`): give a file";
        let manifest = self.file.join(firewall::hosted::MANIFEST);
        if !manifest.is_file() {
            return Err(wrong(none));
        }
        let read = |name: &str| self.text(&self.file.join(name));
        let joined =
            firewall::hosted::joined(&self.text(&manifest)?, args.port, read).map_err(|failure| {
                failure
                    .unwrap_or_else(|| wrong("and its manifest.json is not one of hosted lists, each port and file once and all together no longer than one file may be: give a file"))
            })?;
        let how = existing::As { dialect: Some(joined.dialect), port: None };
        let mut listing = existing::read_as(&joined.text, how).map_err(|unread| self.not_read(&unread))?;
        listing.remarks.push(joined.about);
        Ok((joined.text, listing))
    }

    /// A list that was not understood: what is wrong, the first lines, and how to name the format.
    fn not_read(&self, unread: &existing::Unread) -> Failure {
        let mut text = format!("{} {}: {}", self.option, self.name(), unread.reason);
        for line in &unread.lines {
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\n  line {}, `{}`: {}",
                line.line,
                line.text.chars().take(120).collect::<String>(),
                line.reason
            );
        }
        if unread.more > 0 {
            let _ = write!(text, "\n  and {} more", unread.more);
        }
        let _ = write!(
            text,
            "\nNothing was compared. --against-as FORMAT names the format: {}",
            existing::Dialect::words().join(", ")
        );
        Failure::Usage(text)
    }
}

/// The text of a list. PowerShell writes UTF-16; a byte that is not UTF-8 stands in a remark or in a line that
/// is reported, since host names are ASCII. Nothing for a binary file.
fn decoded(bytes: &[u8]) -> Option<String> {
    let units = |bytes: &[u8], order: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|c| order([c[0], c[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => Some(units(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Some(units(rest, u16::from_be_bytes)),
        [_, 0, ..] => Some(units(bytes, u16::from_le_bytes)),
        _ if bytes.contains(&0) || bytes.starts_with(b"bplist") => None,
        _ => Some(String::from_utf8_lossy(bytes).into_owned()),
    }
}

/// What an existing list lacks, in the form that is asked, or in that of the list itself.
fn delta(
    file: &Path,
    requirements: &Requirements,
    features: &[FeatureInfo],
    rules: &Rules,
    statements: &[String],
    args: &HostsArgs,
) -> Result<String, Failure> {
    let held = Held { option: "--delta", file };
    let asked = match args.format {
        HostsFormat::Firewall(format) => Some(format),
        _ => None,
    };
    let (text, listing) = held.read(args, asked.and_then(firewall::delta::dialect_of))?;
    let format = match args.format {
        HostsFormat::Text => {
            firewall::delta::format_of(listing.dialect).map_or(HostsFormat::Txt, HostsFormat::Firewall)
        }
        given => given,
    };
    let list = List::allow(requirements);
    let result = existing::compare(&list, listing).map_err(|unread| held.not_read(&unread))?;
    let whole = !args.derive.list.selects() && args.port.is_none();
    if !whole {
        note("a part of the list is asked for, so nothing is said about what can go");
    }
    if !result.conditional.is_empty() {
        let hosts: Vec<String> = result.conditional.iter().map(|c| c.rule.to_string()).collect();
        note(&format!(
            "not written, since the existing list lets them through where more holds than names and ports (--against \
             shows what): {}",
            hosts.join(", ")
        ));
    }
    let nothing = || {
        if result.missing.is_empty() {
            note("nothing is missing in the existing list");
        }
    };
    if let HostsFormat::Firewall(format) = format {
        let product = product(format, rules)?;
        let list = List { first: statements.to_vec(), ..named(list, args) };
        let existing = firewall::delta::Existing { comparison: &result, text: &text, whole };
        let output = firewall::delta::write(format, &list, &existing, product).map_err(Failure::Refused)?;
        return accepted(format, output, args).inspect(|_| nothing());
    }
    let mut part = requirements.clone();
    part.hosts.retain(|host| {
        HostRule::of(host).is_some_and(|own| {
            let is_own = |rule: &HostRule| {
                // The bare name that goes with a wildcard is written with it.
                let same = rule.names == own.names
                    || (own.bare_with_wildcard
                        && rule.bare_with_wildcard
                        && rule.names == Names::Subdomains(own.names.base().to_owned()));
                same && (rule.port, rule.transport) == (own.port, own.transport)
            };
            result.missing.iter().any(|m| is_own(&m.rule))
        })
    });
    let mut text = match format {
        HostsFormat::Txt => report::hosts::txt::render(&part, features),
        HostsFormat::Plain => report::hosts::plain::render(&part),
        HostsFormat::Csv => report::hosts::csv::render(&part, features),
        HostsFormat::Markdown => report::hosts::markdown::render(&part, features),
        HostsFormat::Ticket => report::hosts::ticket::render(&part, features),
        _ => {
            return Err(Failure::Usage(
                "--delta is written as a product's format, txt, plain, csv, markdown or ticket; as a document take \
                 --against FILE --format json"
                    .into(),
            ));
        }
    };
    nothing();
    let gone: Vec<String> =
        result.unneeded.iter().map(|e| format!("line {}, `{}`", e.line, e.text)).collect();
    if whole && !gone.is_empty() {
        let title = "can go, for nothing here needs it (others may)";
        if format == HostsFormat::Txt {
            let lines = gone.iter().map(|l| format!("# {}\n", visible::message(l)));
            text.push_str(&format!("\n# Of the existing list {title}:\n{}", lines.collect::<String>()));
        } else {
            note(&format!("of the existing list {title}: {}", gone.join("; ")));
        }
    }
    Ok(text)
}

/// The text for a product, unless it would say something else than what is asked.
fn product_text(
    format: firewall::Format,
    list: &List,
    rules: &Rules,
    args: &HostsArgs,
) -> Result<String, Failure> {
    let output = firewall::write(format, list, product(format, rules)?).map_err(Failure::Refused)?;
    accepted(format, output, args)
}

fn product(format: firewall::Format, rules: &Rules) -> Result<&Product, Failure> {
    rules.firewalls.by_id(format.product()).ok_or_else(|| {
        Failure::Usage(format!(
            "firewalls.toml has no product `{}`; add it, or leave --rules out",
            format.product()
        ))
    })
}

/// The text, unless it allows more or less than what is asked and the command line does not agree.
fn accepted(format: firewall::Format, output: Output, args: &HostsArgs) -> Result<String, Failure> {
    let refused_widening = !output.widened.is_empty() && !args.allow_widening;
    let refused_gaps = !output.unsupported.is_empty() && !args.omit_unsupported;
    if refused_widening || refused_gaps {
        return Err(Failure::Refused(refusal(format, &output, refused_widening, refused_gaps)));
    }
    tell(format, &output, args.output.quiet);
    Ok(output.text)
}

fn refusal(format: firewall::Format, output: &Output, widening: bool, gaps: bool) -> String {
    let mut text = format!("{format} cannot say exactly what is asked, so nothing was written.");
    if gaps {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n\nCannot be written; --omit-unsupported leaves these out and says so:");
        entries(&mut text, &output.unsupported);
    }
    if widening {
        let _ = write!(text, "\n\nWould allow more; --allow-widening writes these and says so:");
        entries(&mut text, &output.widened);
    }
    text
}

fn entries(text: &mut String, list: &[firewall::Entry]) {
    for entry in list {
        let _ = write!(text, "\n  {}: {}", entry.entry, entry.reason);
    }
}

/// What the text cannot say itself, on standard error.
fn tell(format: firewall::Format, output: &Output, quiet: bool) {
    let mut text = String::new();
    for (title, list) in [
        ("Left out, cannot be written", &output.unsupported),
        ("Widened, allows more than asked", &output.widened),
    ] {
        if !list.is_empty() {
            text.push_str(title);
            text.push(':');
            entries(&mut text, list);
            text.push('\n');
        }
    }
    if (!format.has_comments() || output.text.is_empty()) && !output.gone.is_empty() {
        text.push_str("Of the existing list can go, for nothing here needs it (others may):\n");
        for entry in &output.gone {
            let _ = writeln!(text, "  {entry}");
        }
    }
    if !format.has_comments() && !quiet {
        text.push_str("Besides this list:\n");
        for step in &output.steps {
            let _ = writeln!(text, "  - {step}");
        }
    }
    if !text.is_empty() {
        note(text.trim_end());
    }
}

fn note(text: &str) {
    // A message that cannot be shown must not stop the list.
    let _ = writeln!(io::stderr(), "clearway: {}", visible::message(text));
}
