//! Runs of the Windows program that need no network: what a device has in its registry and on its drive, a command line,
//! and what must be said, on a pipe or in a terminal.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::Outcome;
use crate::net;
use crate::outcome::Context;
use crate::wine::Wine;

/// Wine starts a whole system before the program.
const LIMIT: Duration = Duration::from_secs(120);

/// One such run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Its name, unique.
    pub name: String,
    /// One sentence.
    pub about: String,
    /// Lines of a `.reg` file.
    #[serde(default)]
    registry: String,
    /// Files by their path below drive C:, with `/`.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// Variables of the environment.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// The arguments of `clearway`.
    run: Vec<String>,
    /// A terminal of so many columns in place of a pipe.
    #[serde(default)]
    terminal: Option<u16>,
    /// What is typed there, with escapes of `printf %b`, and the text that is waited for before.
    #[serde(default)]
    typed: Option<[String; 2]>,
    /// The exit code.
    exit: i32,
    /// What standard output must hold.
    #[serde(default)]
    says: Vec<String>,
    /// What it must not.
    #[serde(default)]
    never: Vec<String>,
    /// What standard error must hold; in a terminal both are one.
    #[serde(default)]
    errors: Vec<String>,
    /// The most columns that a line of the output may take.
    #[serde(default)]
    widest: Option<usize>,
    /// Files below drive C: that must be there afterwards, and what they hold.
    #[serde(default)]
    written: BTreeMap<String, Vec<String>>,
}

/// What came of one.
pub struct Heard {
    /// What was played.
    pub about: String,
    /// What was not as expected; empty when it passed.
    pub wrong: Vec<String>,
    /// Wall time.
    pub took: Duration,
    /// What was printed.
    pub output: String,
}

/// A line as it is seen: without the sequences that colour it or move the cursor.
fn without_escapes(line: &str) -> String {
    let mut seen = String::new();
    let mut chars = line.trim_end_matches('\r').chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            // `ESC [`, parameters, and a letter that ends them.
            let _ = chars.by_ref().skip(1).find(|c| c.is_ascii_alphabetic());
        } else {
            seen.push(c);
        }
    }
    seen
}

impl Told {
    /// Runs it in a network of its own.
    pub fn play(&self, wine: &Wine, program: &Path, folder: &Path) -> Outcome<Heard> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let device = wine.device(folder, &self.registry, "")?;
        let drive = device.join("drive_c");
        for (path, content) in &self.files {
            let path = drive.join(path);
            fs::create_dir_all(path.parent().unwrap()).with_context(|| path.display().to_string())?;
            fs::write(&path, content).with_context(|| path.display().to_string())?;
        }
        let mut command = Command::new("unshare");
        // What is sent to 198.51.100.0/24 is lost; there is no way to anywhere else.
        command.args(["--net", "--mount", "sh", "-ec"]);
        command.arg("ip link set lo up; ip route add 198.51.100.0/24 dev lo; exec \"$@\"");
        command.args(["sh", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]);
        command.arg(format!("HOME={}", folder.display()));
        command.arg(format!("WINEPREFIX={}", device.display())).arg("WINEDEBUG=-all");
        if let Some(columns) = self.terminal {
            command.arg(format!("TERMINAL={columns}"));
        }
        if let Some([after, keys]) = &self.typed {
            command.arg(format!("TYPED_AFTER={after}")).arg(format!("TYPED={keys}"));
        }
        command.args(self.env.iter().map(|(name, value)| format!("{name}={value}")));
        command.args(wine.command(program)?).args(&self.run);
        let started = Instant::now();
        let ended = net::output(&mut command, None, LIMIT)?;
        let took = started.elapsed();
        fs::write(folder.join("out.txt"), &ended.stdout).context("out.txt")?;
        fs::write(folder.join("stderr.txt"), &ended.stderr).context("stderr.txt")?;
        let errors = String::from_utf8_lossy(&ended.stderr);
        let mut wrong = Vec::new();
        let output = match String::from_utf8(ended.stdout) {
            Ok(text) => text,
            Err(error) => {
                wrong.push(format!("its output is not UTF-8: {error}"));
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            }
        };
        if ended.status.code() != Some(self.exit) {
            wrong.push(format!("exit {:?}, not {}; it said: {errors}", ended.status.code(), self.exit));
        }
        for (what, text, wanted) in
            [("output", output.as_str(), &self.says), ("errors", &errors, &self.errors)]
        {
            let missing = wanted.iter().filter(|part| !text.contains(part.as_str()));
            wrong.extend(missing.map(|part| format!("{what}: does not hold {part:?}")));
        }
        let said = self.never.iter().filter(|part| output.contains(part.as_str()));
        wrong.extend(said.map(|part| format!("output: holds {part:?}")));
        if let Some(widest) = self.widest {
            let lines = output.lines().map(without_escapes);
            let long = lines.filter(|line| line.chars().count() > widest);
            wrong.extend(long.map(|line| format!("wider than {widest} columns: {line}")));
        }
        for (path, parts) in &self.written {
            let text = fs::read(drive.join(path)).with_context(|| path.clone())?;
            let text = String::from_utf8(text).with_context(|| format!("{path} as UTF-8"))?;
            let missing = parts.iter().filter(|part| !text.contains(part.as_str()));
            wrong.extend(missing.map(|part| format!("{path}: does not hold {part:?}")));
        }
        Ok(Heard { about: self.about.clone(), wrong, took, output })
    }
}
