//! `clearway man`: the manual pages.

use std::process::ExitCode;

use clap::Command;
use clap_mangen::Man;

use crate::cli::{ManArgs, line, version};
use crate::failure::Failure;
use crate::output::Destination;

/// Writes the page of the program to standard output, or all pages into a folder.
///
/// # Errors
/// When standard output or a file cannot be written; a page is written whole or not at all.
pub fn run(args: &ManArgs) -> Result<ExitCode, Failure> {
    let mut command = line::command().disable_help_subcommand(true);
    command.build();
    let Some(dir) = &args.dir else {
        Destination::standard().write(&page(command)?)?;
        return Ok(ExitCode::SUCCESS);
    };
    // All destinations are opened before the first page is written.
    let pages: Vec<Command> = command.get_subcommands().cloned().chain([command.clone()]).collect();
    let opened = pages.into_iter().map(|page| {
        let name = page.get_display_name().unwrap_or_else(|| page.get_name());
        Destination::file(&dir.join(format!("{name}.1"))).map(|to| (to, page))
    });
    for (to, command) in opened.collect::<Result<Vec<_>, _>>()? {
        to.write(&page(command)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn page(command: Command) -> Result<Vec<u8>, Failure> {
    let mut roff = Vec::new();
    Man::new(command)
        .source(format!("clearway {}", version::text(false)))
        .render(&mut roff)
        .map_err(Failure::Stdout)?;
    Ok(roff)
}
