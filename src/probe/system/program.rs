//! Runs a program of the operating system for its output, within limits.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of output that are read.
const OUTPUT: u64 = 256 * 1024;

/// The full path of a program of Windows, so that no program of that name elsewhere is run.
pub(super) fn of_windows(name: &str) -> String {
    let root = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    PathBuf::from(root).join("System32").join(name).display().to_string()
}

/// What a program prints.
///
/// # Errors
/// That it cannot be run, does not end in time, or ends with a failure, in plain words.
pub(super) fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    within(program, arguments, PATIENCE)
}

fn within(program: &str, arguments: &[&str], patience: Duration) -> Result<String, String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| format!("{program} cannot be run: {e}"))?;
    let Some(pipe) = child.stdout.take() else { return Err(format!("{program} has no output")) };
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.take(OUTPUT).read_to_end(&mut bytes);
        // Nobody listens any more once the patience is over.
        let _ = tell.send(read.map(|_| bytes));
    });
    let deadline = Instant::now() + patience;
    let read = told.recv_timeout(patience);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if Instant::now() < deadline && read.is_ok() => {
                std::thread::sleep(Duration::from_millis(5));
            }
            _ => {
                // It may have ended by itself meanwhile.
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
        }
    };
    match (read, status) {
        (Ok(Ok(bytes)), Some(status)) if status.success() => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        (Ok(Err(error)), _) => Err(format!("the output of {program} cannot be read: {error}")),
        (_, Some(_)) => Err(format!("{program} ended with a failure")),
        _ => Err(format!("{program} did not end within {} s", patience.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_program_that_fails_or_hangs_is_told_from_one_that_answers() {
        let shell = |script: &str, ms| within("/bin/sh", &["-c", script], Duration::from_millis(ms));
        assert_eq!(shell("printf x", 5000), Ok("x".to_owned()));
        assert!(shell("exit 1", 5000).unwrap_err().contains("failure"));
        assert!(shell("exec sleep 9", 100).unwrap_err().contains("did not end"));
        assert!(output("/nowhere/to/be/found", &[]).unwrap_err().contains("cannot be run"));
    }
}
