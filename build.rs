//! Compiles the rules (`rules/*.toml`) into the form in which the program reads them, with the program's own code: the
//! modules that know the rules are a part of this script, too. What does not hold together stops the build here, with
//! file, place and reason, so that the program neither parses nor checks what it was built with.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

// Here the rules come from their folder: nothing is built in yet.
macro_rules! rules_text {
    ($name:literal) => {
        ""
    };
}
macro_rules! rules_compiled {
    ($part:literal) => {
        &[]
    };
}
macro_rules! rules_words {
    () => {
        ""
    };
}

#[allow(
    dead_code,
    unused_imports,
    reason = "the script needs a small part of what the program does with them"
)]
#[path = "src/contract/mod.rs"]
mod contract;
#[allow(dead_code, unused_imports, reason = "as above")]
#[path = "src/rules/mod.rs"]
mod rules;
#[allow(dead_code, unused_imports, reason = "as above")]
#[path = "src/text/mod.rs"]
mod text;

fn main() {
    // With this line alone, cargo looks at every file of the folder and of those below it.
    println!("cargo::rerun-if-changed=rules");
    if let Err(error) = compile().and_then(|()| describe()) {
        println!("cargo::error={}", error.to_string().trim_end().replace('\n', "\ncargo::error="));
        std::process::exit(1);
    }
}

/// What `--version --verbose` says of the build.
fn describe() -> Result<(), Box<dyn Error>> {
    let variable = |name: &str| env::var(name).map_err(|e| format!("{name}: {e}; build with cargo"));
    let output = Command::new(variable("RUSTC")?).arg("--version").output()?;
    println!("cargo::rustc-env=CLEARWAY_BUILD_TARGET={}", variable("TARGET")?);
    println!("cargo::rustc-env=CLEARWAY_BUILD_PROFILE={}", profile(&PathBuf::from(variable("OUT_DIR")?)));
    println!("cargo::rustc-env=CLEARWAY_BUILD_COMPILER={}", String::from_utf8_lossy(&output.stdout).trim());
    Ok(())
}

/// The profile's own name, which cargo says in a path alone (`PROFILE` is `release` for all that inherit from it):
/// `…/target/dist/build/clearway-…/out`.
fn profile(out: &Path) -> String {
    let name = out.ancestors().nth(3).and_then(Path::file_name);
    name.map_or_else(|| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Checks the rules whole, and writes each part in the form that the program reads.
fn compile() -> Result<(), Box<dyn Error>> {
    let out =
        PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set; build with cargo")?).join("rules");
    fs::create_dir_all(&out)?;
    for (part, bytes) in rules::Rules::from_dir(Path::new("rules"))?.compile()? {
        fs::write(out.join(part), bytes)?;
    }
    Ok(())
}
