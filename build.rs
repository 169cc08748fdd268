//! Turns the rule pack (`rules/*.toml`) into JSON for the program: it is read in a small part of the time that TOML
//! takes, by the same types, which the type-less formats that are smaller still could not fill. What is not even
//! TOML stops the build here, with file and line; whether it holds together, a test says for every build.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    // With this line alone, cargo looks at every file of the folder and of those below it.
    println!("cargo::rerun-if-changed=rules");
    if let Err(error) = convert().and_then(|()| describe()) {
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

fn convert() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set; build with cargo")?);
    for folder in ["rules", "rules/features"] {
        fs::create_dir_all(out.join(folder))?;
        for entry in fs::read_dir(folder).map_err(|e| format!("{folder}: {e}"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                let json = json(&path).map_err(|e| format!("{}: {e}", path.display()))?;
                fs::write(out.join(path.with_extension("json")), json)?;
            }
        }
    }
    Ok(())
}

fn json(path: &Path) -> Result<String, Box<dyn Error>> {
    let table: toml::Table = toml::from_str(&fs::read_to_string(path)?)?;
    if let Some(key) = table.iter().find_map(|(key, value)| not_in_json(key, value)) {
        return Err(format!("key `{key}`: JSON has no dates and no such numbers; write it as a text").into());
    }
    Ok(serde_json::to_string(&table)?)
}

/// The key of a value that JSON cannot hold.
fn not_in_json(key: &str, value: &toml::Value) -> Option<String> {
    let inside = |(inner, value): (&str, &toml::Value)| not_in_json(&format!("{key}.{inner}"), value);
    match value {
        toml::Value::Datetime(_) => Some(key.to_owned()),
        toml::Value::Float(number) => (!number.is_finite()).then(|| key.to_owned()),
        toml::Value::Array(list) => list.iter().find_map(|value| not_in_json(key, value)),
        toml::Value::Table(table) => table.iter().map(|(k, v)| (k.as_str(), v)).find_map(inside),
        toml::Value::String(_) | toml::Value::Integer(_) | toml::Value::Boolean(_) => None,
    }
}
