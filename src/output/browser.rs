//! Shows a file in the browser.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::contract::Platform;

/// The program that opens a file with what the user has chosen for it, and its first arguments. None of them is a shell,
/// which would read the name.
const fn opener(platform: Platform) -> (&'static str, &'static [&'static str]) {
    match platform {
        Platform::Linux => ("xdg-open", &[]),
        Platform::Macos => ("open", &[]),
        Platform::Windows => ("rundll32", &["url.dll,FileProtocolHandler"]),
    }
}

/// Opens the file; the browser goes on by itself.
///
/// # Errors
/// In words, where the program that opens files cannot be started.
pub fn show(file: &Path) -> Result<(), String> {
    let (program, first) = opener(Platform::here());
    // A name that begins with a dash would be taken for an option.
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    Command::new(program)
        .args(first)
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
        .map_err(|e| format!("{} was written, and cannot be shown: {program}: {e}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_its_own_opener() {
        let programs: Vec<&str> = Platform::ALL.iter().map(|p| opener(*p).0).collect();
        let mut once = programs.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), programs.len());
    }
}
