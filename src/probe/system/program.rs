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
pub fn of_windows(name: &str) -> String {
    let root = std::env::var_os("SystemRoot")
        .filter(|root| !root.is_empty())
        .unwrap_or_else(|| r"C:\Windows".into());
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
    let ended = run(program, arguments, patience).map_err(|e| e.to_string())?;
    if ended.succeeded { Ok(ended.output) } else { Err(format!("{program} ended with a failure")) }
}

/// What a program printed, and whether it ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What it printed, at most 256 kB.
    pub output: String,
    /// What it printed as errors, as much.
    pub errors: String,
    /// Whether it said that it succeeded.
    pub succeeded: bool,
}

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// There is no such program.
    #[error("{0} is not on this device")]
    Absent(String),
    /// Anything else, in plain words.
    #[error("{0}")]
    Other(String),
}

/// Runs a program without input and waits for it, at most `patience`.
///
/// # Errors
/// That it is not there, cannot be run, or does not end in time.
pub fn run(program: &str, arguments: &[&str], patience: Duration) -> Result<Ended, RunError> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => RunError::Absent(program.to_owned()),
            _ => RunError::Other(format!("{program} cannot be run: {e}")),
        })?;
    let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(RunError::Other(format!("{program} has no output")));
    };
    let deadline = Instant::now() + patience;
    let (output, errors) = (reader(output), reader(errors));
    let rest = || deadline.saturating_duration_since(Instant::now());
    let output = output.recv_timeout(rest());
    let errors = errors.recv_timeout(rest());
    let in_time = output.is_ok() && errors.is_ok();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if Instant::now() < deadline && in_time => {
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
    let long = |read: &Result<std::io::Result<Vec<u8>>, mpsc::RecvTimeoutError>| matches!(read, Ok(Ok(bytes)) if bytes.len() as u64 > OUTPUT);
    // A part of an output is not the output: what was looked for may stand in the rest.
    if long(&output) || long(&errors) {
        return Err(RunError::Other(format!("{program} prints more than {} kB", OUTPUT / 1024)));
    }
    match (output, errors, status) {
        (Ok(Ok(output)), Ok(Ok(errors)), Some(status)) => Ok(Ended {
            output: String::from_utf8_lossy(&output).into_owned(),
            errors: String::from_utf8_lossy(&errors).into_owned(),
            succeeded: status.success(),
        }),
        (Ok(Err(error)), _, _) | (_, Ok(Err(error)), _) => {
            Err(RunError::Other(format!("the output of {program} cannot be read: {error}")))
        }
        _ => Err(RunError::Other(format!("{program} did not end within {} s", patience.as_secs()))),
    }
}

/// Reads a pipe to its end on a thread of its own, and of more than [`OUTPUT`] bytes one more.
fn reader(pipe: impl Read + Send + 'static) -> mpsc::Receiver<std::io::Result<Vec<u8>>> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.take(OUTPUT + 1).read_to_end(&mut bytes);
        // Nobody listens any more once the patience is over.
        let _ = tell.send(read.map(|_| bytes));
    });
    told
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_program_that_fails_or_hangs_is_told_from_one_that_answers() {
        let shell = |script: &str, ms| within("/bin/sh", &["-c", script], Duration::from_millis(ms));
        assert_eq!(shell("printf x", 5000), Ok("x".to_owned()));
        assert!(shell("exit 1", 5000).unwrap_err().contains("failure"));
        assert!(shell("exec sleep 9", 100).unwrap_err().contains("did not end"));
        assert!(output("/nowhere/to/be/found", &[]).unwrap_err().contains("is not on this device"));
        let long = shell("head -c 300000 /dev/zero", 5000).unwrap_err();
        assert!(long.contains("more than 256 kB"), "{long}");
        let both = run("/bin/sh", &["-c", "printf x; printf y >&2; exit 3"], PATIENCE).unwrap();
        assert_eq!((both.output.as_str(), both.errors.as_str(), both.succeeded), ("x", "y", false));
    }
}
