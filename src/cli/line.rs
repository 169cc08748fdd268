//! The command line as people write it: variables of the environment in place of options, spellings of
//! other tools, one voice for mistakes, and a short help that fits a screen.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};

use super::{Cli, Command as Asked};

/// Options that `-h` shows; `--help` shows all.
const SHORT: [&str; 19] = [
    "against",
    "by",
    "dir",
    "dry-run",
    "feature",
    "format",
    "host",
    "label",
    "minimal",
    "output",
    "platform",
    "proxy",
    "replay",
    "share",
    "since",
    "strict",
    "verbose",
    "watch",
    "with-credentials",
];

/// Options without a variable: they send a credential or show one, decide where one or the result may go, put something else in
/// the place of a run, or do not end by themselves. They are asked for each time, on the line.
const ASKED_EACH_TIME: [&str; 14] = [
    "credential-host",
    "expect-ca",
    "include-secrets",
    "open",
    "otlp",
    "public-roots",
    "replay",
    "run-helpers",
    "trust-interception",
    "vm-result",
    "vm-script",
    "watch",
    "watch-rounds",
    "with-credentials",
];

/// Options that hold something back. A variable that does so is never left unused without a word.
const RESTRICTING: [&str; 3] = ["dry-run", "no-controls", "share"];

/// Words of other tools for what a subcommand of another name does here.
const OTHER_WORDS: [(&str, &str); 17] = [
    ("allowlist", "clearway hosts"),
    ("doctor", "clearway check"),
    ("domains", "clearway hosts"),
    ("export", "clearway hosts --format txt -o hosts.txt"),
    ("lint", "clearway config --strict"),
    ("list", "clearway hosts"),
    ("log", "clearway logs"),
    ("probe", "clearway check"),
    ("replay", "clearway check --replay REPORT"),
    ("report", "clearway check --replay REPORT"),
    ("show", "clearway config"),
    ("test", "clearway check"),
    ("update", "clearway rules (this program fetches nothing for itself; install a newer version)"),
    ("upgrade", "clearway rules (this program fetches nothing for itself; install a newer version)"),
    ("validate", "clearway config --strict"),
    ("verify", "clearway check"),
    ("why", "clearway explain"),
];

/// The definition, with what holds for every subcommand.
pub fn command() -> Command {
    Cli::command().help_template(TEMPLATE).mut_subcommands(|sub| {
        sub.help_template(TEMPLATE).mut_args(|arg| {
            let arg = if arg.get_long() == Some("format") { arg.short('f') } else { arg };
            let shown = arg.get_long().is_none_or(|long| SHORT.contains(&long));
            arg.hide_short_help(!shown)
        })
    })
}

/// Examples first: they are what is looked for.
const TEMPLATE: &str = "{about-with-newline}\n{usage-heading} {usage}{after-help}\n\n{all-args}";

/// How a command line ends before anything was done.
#[derive(Debug)]
pub enum Ended {
    /// Help or version: for standard output, exit code 0.
    Shown(clap::Error),
    /// A mistake, said in one voice with all others: for standard error, exit code 2.
    Mistake(String),
}

/// What `arguments` (with the program's own name in front) and the variables of the environment ask for.
///
/// `version` gives the text of `--version`, and with `true` that of `--version --verbose`.
///
/// # Errors
/// [`Ended`], where nothing is to be carried out.
pub fn read(
    arguments: Vec<OsString>,
    variable: &dyn Fn(&str) -> Option<OsString>,
    version: &dyn Fn(bool) -> String,
) -> Result<Read, Ended> {
    let command = command();
    let mut line = respelt(arguments, &command);
    let long =
        asks_for_version(&line, &command) && line.iter().any(|word| word == "-v" || word == "--verbose");
    if long {
        line = vec![line.first().cloned().unwrap_or_default(), "--version".into()];
    }
    understood(command.version(version(long)), line, variable)
}

fn understood(
    mut command: Command,
    line: Vec<OsString>,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Read, Ended> {
    // On the definition itself: a copy of it, every subcommand with it, costs more than to read the line.
    let own = command.try_get_matches_from_mut(&line).map_err(ended)?;
    let (all, unused) = with_variables(&command, line.clone(), own.clone(), variable)?;
    let cli = Cli::from_arg_matches(&all).map_err(ended)?;
    Ok(Read { command, line, own, all, unused, cli })
}

/// A command line that was understood.
#[derive(Debug)]
pub struct Read {
    /// The definition it was read by.
    pub command: Command,
    /// The arguments in the usual spelling, without what the environment says.
    line: Vec<OsString>,
    /// What they say.
    pub own: ArgMatches,
    /// The same with what the environment says.
    pub all: ArgMatches,
    /// Variables that are set and not used, each with the reason.
    pub unused: Vec<String>,
    /// What is asked for, with what the environment says.
    pub cli: Cli,
}

impl Read {
    /// The same command line with `--format` set to `format`, which no argument sets.
    ///
    /// # Errors
    /// As [`read`].
    pub fn with_format(
        self,
        format: &str,
        variable: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Ended> {
        let Some(name) = self.own.subcommand_name() else { return Ok(self) };
        let line = inserted(&self.line, name, [OsString::from(format!("--format={format}"))]);
        understood(self.command, line, variable)
    }
}

/// The line with `words` right after the name of the subcommand.
fn inserted<const N: usize>(line: &[OsString], subcommand: &str, words: [OsString; N]) -> Vec<OsString> {
    let at = line.iter().skip(1).position(|a| a == subcommand).map_or(line.len(), |n| n + 2);
    let (front, back) = line.split_at(at);
    front.iter().cloned().chain(words).chain(back.iter().cloned()).collect()
}

/// Spellings of other tools: `version`, and `--json` for `--format json` (any format that the subcommand has).
fn respelt(mut line: Vec<OsString>, command: &Command) -> Vec<OsString> {
    if line.get(1).is_some_and(|word| word == "version") {
        line[1] = "--version".into();
    }
    let sub = line.iter().skip(1).find_map(|word| command.find_subcommand(word));
    let Some(format) = sub.and_then(|s| s.get_arguments().find(|a| a.get_long() == Some("format"))) else {
        return line;
    };
    let names: Vec<String> =
        format.get_possible_values().iter().map(|v| format!("--{}", v.get_name())).collect();
    let own: Vec<&str> = sub.into_iter().flat_map(Command::get_arguments).filter_map(Arg::get_long).collect();
    let end = line.iter().position(|word| word == "--").unwrap_or(line.len());
    for word in &mut line[..end] {
        let Some(text) = word.to_str() else { continue };
        if names.iter().any(|name| name == text) && !own.contains(&&text[2..]) {
            *word = format!("--format={}", &text[2..]).into();
        }
    }
    line
}

/// The name of the variable that stands for `--long`.
fn variable_of(long: &str) -> String {
    format!("CLEARWAY_{}", long.replace('-', "_").to_ascii_uppercase())
}

/// The options that have a variable, of any subcommand.
pub fn options_with_variables(sub: &Command) -> impl Iterator<Item = (&Arg, String)> {
    sub.get_arguments().filter_map(|arg| {
        let long = arg.get_long().filter(|long| !ASKED_EACH_TIME.contains(long) && *long != "help")?;
        Some((arg, variable_of(long)))
    })
}

/// The word that sets `arg` to `value` of a variable; nothing where the variable says no, or nothing.
///
/// # Errors
/// A value that is neither yes nor no, for an option that is one of both.
fn word(arg: &Arg, value: &OsStr) -> Result<Option<OsString>, String> {
    let Some(long) = arg.get_long() else { return Ok(None) };
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        let said = value.to_str().map(str::to_ascii_lowercase);
        return match said.as_deref() {
            Some("" | "0" | "false" | "no" | "off") => Ok(None),
            Some("1" | "true" | "yes" | "on") => Ok(Some(format!("--{long}").into())),
            _ => Err("write 1 or 0 (also true, yes, on, false, no, off)".to_owned()),
        };
    }
    let mut word = OsString::from(format!("--{long}="));
    word.push(value);
    Ok((!value.is_empty()).then_some(word))
}

/// The line with what the environment says. The line itself goes first: an option that stands there, or one that
/// does not go with what stands there, leaves its variable unused.
fn with_variables(
    command: &Command,
    mut line: Vec<OsString>,
    mut matches: ArgMatches,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<(ArgMatches, Vec<String>), Ended> {
    let Some((name, own)) = matches.subcommand() else { return Ok((matches, Vec::new())) };
    let name = name.to_owned();
    let Some(sub) = command.find_subcommand(&name) else { return Ok((matches, Vec::new())) };
    let said = |arg: &Arg| own.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let mut words: Vec<(&Arg, String, OsString)> = Vec::new();
    for (arg, name) in options_with_variables(sub).filter(|(arg, _)| !said(arg)) {
        let Some(value) = variable(&name) else { continue };
        if let Some(word) = word(arg, &value).map_err(|why| Ended::Mistake(format!("{name}: {why}")))? {
            words.push((arg, name, word));
        }
    }
    let mut unused = Vec::new();
    // What the line itself has wrong is said of the line.
    let is_refused = refused(&matches).is_some();
    // An option may need another one that the environment gives, too, so what failed is tried again at the end.
    let mut waiting = words;
    loop {
        let before = waiting.len();
        let mut left = Vec::new();
        for (arg, from, word) in waiting {
            let longer = inserted(&line, &name, [word.clone()]);
            // Formats differ from subcommand to subcommand.
            let other_format = || arg.get_long() == Some("format") && is_format(command, &word);
            match command.clone().try_get_matches_from(&longer) {
                Ok(found) => match refused(&found).filter(|_| !is_refused) {
                    None => (line, matches) = (longer, found),
                    Some(why) if is_restricting(arg) => {
                        return Err(Ended::Mistake(format!("{from}: {why}")));
                    }
                    Some(_) => unused.push(not_with(&from)),
                },
                Err(e) if e.kind() == ErrorKind::MissingRequiredArgument => left.push((arg, from, word)),
                Err(e) if e.kind() == ErrorKind::ArgumentConflict => {
                    if is_restricting(arg) {
                        return Err(Ended::Mistake(format!("{from}: {}", plain(&e))));
                    }
                    unused.push(not_with(&from));
                }
                Err(_) if other_format() => {
                    unused.push(format!("{from} is not used: `clearway {name}` has no such format"));
                }
                Err(e) => return Err(Ended::Mistake(format!("{from}: {}", plain(&e)))),
            }
        }
        if left.is_empty() || left.len() == before {
            let names = left.iter().map(|(_, from, _)| from);
            unused.extend(names.map(|from| format!("{from} is not used: it needs another option")));
            break;
        }
        waiting = left;
    }
    Ok((matches, unused))
}

fn is_restricting(arg: &Arg) -> bool {
    arg.get_long().is_some_and(|long| RESTRICTING.contains(&long))
}

fn not_with(variable: &str) -> String {
    format!("{variable} is not used: it does not go with this command line")
}

/// What the subcommand itself refuses, which the definition does not tell.
fn refused(matches: &ArgMatches) -> Option<String> {
    match Cli::from_arg_matches(matches).ok()?.command {
        Asked::Check(args) => args.refused_by_watch(),
        _ => None,
    }
}

/// Whether any subcommand has the format that `--format=NAME` or `--format=NAME=FILE` names.
fn is_format(command: &Command, word: &OsStr) -> bool {
    let name = word.to_str().and_then(|w| w.split('=').nth(1));
    let formats =
        command.get_subcommands().flat_map(Command::get_arguments).filter(|a| a.get_long() == Some("format"));
    let mut values = formats.flat_map(|a| a.get_possible_values());
    name.is_some_and(|name| values.any(|v| v.get_name() == name))
}

/// What clap says, without its own word in front.
fn plain(error: &clap::Error) -> String {
    let text = error.render().to_string();
    text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()
}

fn ended(error: clap::Error) -> Ended {
    let help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if help || !error.use_stderr() {
        return Ended::Shown(error);
    }
    let mut text = plain(&error);
    if error.kind() == ErrorKind::InvalidSubcommand
        && let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
        && let Some((_, here)) = OTHER_WORDS.iter().find(|(other, _)| other.eq_ignore_ascii_case(word))
    {
        text = format!("unrecognized subcommand '{word}'; here it is: {here}");
    }
    Ended::Mistake(text)
}

/// Whether the version of the program is asked for, and no subcommand.
fn asks_for_version(line: &[OsString], command: &Command) -> bool {
    let front = line.iter().skip(1).take_while(|word| command.find_subcommand(word).is_none());
    front.into_iter().any(|word| word == "--version" || word == "-V")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn read_with(line: &str, variables: &[(&str, &str)]) -> Result<Read, Ended> {
        let line = line.split(' ').map(OsString::from).collect();
        let find = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| OsString::from(v));
        read(line, &find, &|long| if long { "long".to_owned() } else { "short".to_owned() })
    }

    fn mistake(line: &str, variables: &[(&str, &str)]) -> String {
        match read_with(line, variables) {
            Err(Ended::Mistake(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn seconds(read: &Read) -> u64 {
        match &read.cli.command {
            Asked::Check(args) => args.timeout.as_secs(),
            _ => panic!("no check"),
        }
    }

    #[test]
    fn the_environment_stands_in_for_options_and_the_line_goes_first() {
        let unused = |line: &str, variable: (&str, &str)| {
            read_with(line, &[variable]).map(|read| read.unused.len()).ok()
        };
        assert_eq!(unused("clearway check c.json", ("CLEARWAY_USER", "ann")), Some(1));
        assert_eq!(unused("clearway hosts c.json", ("CLEARWAY_FORMAT", "junit")), Some(1));
        assert_eq!(unused("clearway check c.json", ("CLEARWAY_FORMAT", "junit")), Some(0));
        let variables =
            [("CLEARWAY_TIMEOUT", "7s"), ("CLEARWAY_MINIMAL", "1"), ("CLEARWAY_NO_CONTROLS", "false")];
        let found = read_with("clearway check c.json", &variables).unwrap();
        assert_eq!(seconds(&found), 7);
        let Asked::Check(args) = &found.cli.command else { panic!("no check") };
        assert!(args.derive.list.minimal && !args.no_controls);
        assert_eq!(seconds(&read_with("clearway check --timeout 2s c.json", &variables).unwrap()), 2);
        // What does not go with the line stays unused; what needs another variable finds it.
        assert!(read_with("clearway check c.json", &[("CLEARWAY_USER", "ann")]).is_ok());
        let copy = [("CLEARWAY_DEVICE_ROOT", "/copy"), ("CLEARWAY_PLATFORM", "linux")];
        let Asked::Check(args) = read_with("clearway check", &copy).unwrap().cli.command else {
            panic!("no check")
        };
        assert!(args.derive.source.device_root.is_some());
        // Empty is as good as unset.
        assert_eq!(seconds(&read_with("clearway check c.json", &[("CLEARWAY_TIMEOUT", "")]).unwrap()), 4);
    }

    #[test]
    fn a_wrong_variable_is_named() {
        let text = mistake("clearway check c.json", &[("CLEARWAY_TIMEOUT", "soon")]);
        assert!(text.starts_with("CLEARWAY_TIMEOUT: ") && text.contains("--timeout"), "{text}");
        assert!(mistake("clearway hosts c.json", &[("CLEARWAY_MINIMAL", "banana")]).contains("write 1 or 0"));
        // What holds something back is never passed over.
        for line in ["clearway check --share c.json", "clearway check --log x.log c.json"] {
            assert!(mistake(line, &[("CLEARWAY_DRY_RUN", "1")]).starts_with("CLEARWAY_DRY_RUN: "), "{line}");
        }
    }

    #[test]
    fn what_does_not_go_with_a_watch_is_unused_as_a_variable_but_never_unmasked() {
        for (name, value) in [
            ("CLEARWAY_LOG", "main.log"),
            ("CLEARWAY_OUTPUT", "r.json"),
            ("CLEARWAY_DOWNLOAD_TEST", "8MB"),
            ("CLEARWAY_FORMAT", "json"),
        ] {
            let read = read_with("clearway check --watch c.json", &[(name, value)]).unwrap();
            assert!(read.unused.len() == 1 && read.unused[0].starts_with(name), "{:?}", read.unused);
            let Asked::Check(args) = &read.cli.command else { panic!("no check") };
            assert_eq!(args.refused_by_watch(), None, "{name}");
            assert!(
                read_with("clearway check c.json", &[(name, value)]).unwrap().unused.is_empty(),
                "{name}"
            );
        }
        let text = mistake("clearway check --watch c.json", &[("CLEARWAY_SHARE", "1")]);
        assert!(text.starts_with("CLEARWAY_SHARE: --watch does not go with --share"), "{text}");
        // A mistake of the line is the line's.
        let read = read_with("clearway check --watch --log x c.json", &[("CLEARWAY_TIMEOUT", "7s")]).unwrap();
        assert!(read.unused.is_empty());
    }

    #[test]
    fn no_variable_sends_or_shows_a_credential_or_replaces_a_run() {
        let command = command();
        for long in ASKED_EACH_TIME {
            let known = |sub: &Command| sub.get_arguments().any(|a| a.get_long() == Some(long));
            let variable =
                |sub: &Command| options_with_variables(sub).any(|(a, _)| a.get_long() == Some(long));
            assert!(command.get_subcommands().all(|sub| !variable(sub)), "{long}");
            assert!(command.get_subcommands().any(known), "{long} is no option");
        }
    }

    #[test]
    fn spellings_of_other_tools_are_understood() {
        for line in
            ["clearway hosts --json c.json", "clearway hosts -f json c.json", "clearway hosts c.json -fjson"]
        {
            let found = read_with(line, &[]).unwrap();
            let format = found.own.subcommand().and_then(|(_, m)| m.get_raw("format")?.next());
            assert_eq!(format.and_then(OsStr::to_str), Some("json"), "{line}");
        }
        for (line, says) in [
            ("clearway version", "short"),
            ("clearway --version", "short"),
            ("clearway --version --verbose", "long"),
            ("clearway -v -V", "long"),
        ] {
            let Err(Ended::Shown(text)) = read_with(line, &[]) else { panic!("{line}") };
            assert_eq!(text.render().to_string().trim(), format!("clearway {says}"), "{line}");
        }
        for (other, here) in OTHER_WORDS {
            let text = mistake(&format!("clearway {other} c.json"), &[]);
            assert!(text.contains(here), "{text}");
            let word = here.split(' ').nth(1).unwrap();
            assert!(command().find_subcommand(word).is_some(), "{here}");
        }
        assert!(
            mistake("clearway hosts -- --json", &[("CLEARWAY_FORMAT", "jsno")]).contains("CLEARWAY_FORMAT")
        );
    }

    #[test]
    fn the_short_help_fits_a_screen_and_names_options_that_exist() {
        let command = command();
        let every: Vec<&str> =
            command.get_subcommands().flat_map(Command::get_arguments).filter_map(Arg::get_long).collect();
        for sub in command.get_subcommands() {
            let lines = sub.clone().render_help().to_string().lines().count();
            assert!(lines <= 55, "{}: {lines} lines", sub.get_name());
        }
        for long in SHORT {
            assert!(every.contains(&long), "--{long} is no option");
        }
    }
}
