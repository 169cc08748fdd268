//! A window of its own: what Explorer opens for a program of the command line, and takes away when the program ends.

use std::ffi::OsString;

/// What is written below the help there.
pub const REMARK: &str = "This is a program for the command line. Open a terminal (press the Windows key,\n\
                          write Terminal), and write there: clearway check\n\
                          Enter closes this window.";

/// Whether the help would vanish before anybody has read it. `system`: that of `std::env::consts::OS`; `alone`: there is
/// no argument, and what is read and written is a window. Of the processes in a window the system tells only through
/// unsafe code; but a shell leaves a mark in the environment, and Explorer none.
pub fn vanishes(system: &str, alone: bool, variable: &dyn Fn(&str) -> Option<OsString>) -> bool {
    let text =
        |name: &str| variable(name).map(|value| value.to_string_lossy().to_lowercase()).unwrap_or_default();
    // `cmd` sets the first, the shells of Unix, as Git brings them, the others.
    let marked = ["PROMPT", "SHELL", "MSYSTEM", "TERM"].iter().any(|name| !text(name).is_empty());
    // PowerShell puts the user's own modules into its list; without it the list is the machine's.
    let home = text("USERPROFILE");
    let of_user = !home.is_empty() && text("PSModulePath").contains(&home);
    system == "windows" && alone && !marked && !of_user
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_window_of_its_own_is_held_open() {
        let machine = r"C:\Program Files\WindowsPowerShell\Modules;C:\Windows\System32";
        let explorer = [("USERPROFILE", r"C:\Users\Ann"), ("PSModulePath", machine)];
        let of = |more: &[(&str, &str)], system: &str, alone: bool| {
            let all: Vec<(String, String)> =
                more.iter().chain(&explorer).map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let variable =
                move |name: &str| all.iter().find(|(n, _)| n == name).map(|(_, value)| OsString::from(value));
            vanishes(system, alone, &variable)
        };
        assert!(of(&[], "windows", true));
        assert!(of(&[("PROMPT", "")], "windows", true));
        assert!(!of(&[], "windows", false));
        assert!(!of(&[], "linux", true) && !of(&[], "macos", true));
        assert!(!of(&[("PROMPT", "$P$G")], "windows", true));
        assert!(!of(&[("MSYSTEM", "MINGW64")], "windows", true));
        let powershell = r"c:\users\ann\Documents\WindowsPowerShell\Modules;C:\Program Files";
        assert!(!of(&[("PSModulePath", powershell)], "windows", true));
    }
}
