//! Shows a file in the browser.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

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

/// So often, with [`PAUSE`] between, the program is looked at: one that finds no browser ends soon, and with an error.
const LOOKS: usize = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Opens the file; the browser goes on by itself.
///
/// # Errors
/// In words, where the program that opens files cannot be started, or says at once that it opens none.
pub fn show(file: &Path) -> Result<(), String> {
    show_with(opener(Platform::here()), file)
}

fn show_with((program, first): (&str, &[&str]), file: &Path) -> Result<(), String> {
    let not =
        |why: String| format!("written to {}; no browser could be opened ({program}: {why})", file.display());
    // A name that begins with a dash would be taken for an option.
    let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut started = Command::new(program)
        .args(first)
        .arg(&whole)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| not(e.to_string()))?;
    for _ in 0..LOOKS {
        match started.try_wait() {
            Ok(Some(ended)) if ended.success() => return Ok(()),
            Ok(Some(ended)) => return Err(not(ended.to_string())),
            Ok(None) => std::thread::sleep(PAUSE),
            Err(_) => break,
        }
    }
    Ok(())
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

    #[cfg(unix)]
    #[test]
    fn a_page_that_no_browser_shows_is_said_with_the_name_that_was_written() {
        let page = Path::new("p.html");
        let none = show_with(("clearway-no-such-opener", &[]), page);
        let fails = show_with(("false", &[]), page);
        for said in [none, fails] {
            let said = said.err().unwrap_or_default();
            assert!(said.starts_with("written to p.html; no browser could be opened ("), "{said}");
        }
        assert_eq!(show_with(("true", &[]), page), Ok(()));
    }
}
