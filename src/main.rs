//! The `clearway` command: parse, run, exit code.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clearway::cli::line::{self, Ended};
use clearway::cli::version;
use clearway::commands;
use clearway::failure::Failure;
use clearway::output::file_format::{self, Said};
use clearway::output::window;
use clearway::text::visible;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let alone = arguments.len() == 1 && std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let variable = |name: &str| std::env::var_os(name);
    let read = line::read(arguments, &variable, &version::text);
    let read = read.and_then(|read| match file_format::said(&read.command, &read.own, &read.all) {
        Said::Format(format) => {
            if format == "txt" {
                // Other extensions say what they hold; many kinds of text are called .txt.
                let _ = writeln!(
                    std::io::stderr(),
                    "clearway: written as txt, one host a line with remarks, since the file is called so; --format names another \
                     (text is for reading, plain has the bare lines)"
                );
            }
            read.with_format(&format, &variable)
        }
        Said::Other(text) => {
            // The file is written all the same.
            let _ = writeln!(std::io::stderr(), "clearway: {}", visible::message(&text));
            Ok(read)
        }
        Said::Nothing => Ok(read),
    });
    let cli = match read {
        Ok(read) => {
            for text in &read.unused {
                let _ = writeln!(std::io::stderr(), "clearway: {}", visible::message(text));
            }
            read.cli
        }
        Err(Ended::Shown(text)) if window::vanishes(std::env::consts::OS, alone, &variable) => {
            let _ = text.print();
            let _ = write!(std::io::stderr(), "\n{}", window::REMARK);
            let _ = std::io::stdin().read_line(&mut String::new());
            return ExitCode::from(2);
        }
        Err(Ended::Shown(text)) => text.exit(),
        Err(Ended::Mistake(text)) => {
            let _ = writeln!(std::io::stderr(), "clearway: {}", visible::message(&text));
            return ExitCode::from(2);
        }
    };
    match commands::run(&cli.command) {
        Ok(code) => code,
        Err(failure) => {
            // A message may quote a file that somebody else wrote. Nothing sensible is left to do when standard error is gone too.
            let _ = match &failure {
                // It stands as it is in every output.
                Failure::NotKnown(text) => writeln!(std::io::stderr(), "{text}"),
                failure => {
                    writeln!(std::io::stderr(), "clearway: {}", visible::message(&failure.to_string()))
                }
            };
            failure.exit_code()
        }
    }
}
