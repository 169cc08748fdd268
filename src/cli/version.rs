//! What `--version` says.

use crate::rules;

/// The version with the date of the rules; with `long` (`--version --verbose`) also what a package was built
/// from and for.
pub fn text(long: bool) -> String {
    let short = format!("{} (rules of {})", env!("CARGO_PKG_VERSION"), rules::embedded_date());
    if !long {
        return short;
    }
    let lines = [
        ("target", env!("CLEARWAY_BUILD_TARGET")),
        ("profile", env!("CLEARWAY_BUILD_PROFILE")),
        ("compiler", env!("CLEARWAY_BUILD_COMPILER")),
        // Set by the script that makes the packages.
        ("commit", option_env!("CLEARWAY_BUILD_COMMIT").unwrap_or("not recorded")),
        ("licence", env!("CARGO_PKG_LICENSE")),
    ];
    lines.iter().fold(short, |text, (name, value)| format!("{text}\n{name:<10}{value}"))
}
