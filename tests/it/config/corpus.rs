//! Reads a folder of configurations collected from the field: each one is read, or refused with one
//! helpful message; none panics or takes a second.
//!
//! The folder is `CLEARWAY_CORPUS`, else `../shared/corpus`; without it the test says so and passes,
//! unless `CLEARWAY_REQUIRE_CORPUS=1`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clearway::config::{self, Input};
use clearway::rules::keys::KeyCatalogue;

fn catalogue() -> KeyCatalogue {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = ["rules/keys.toml", "tests/config/keys.toml"]
        .iter()
        .map(|f| root.join(f))
        .find(|f| f.exists())
        .unwrap();
    toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn every_collected_file_is_read_or_refused_with_one_message() {
    let dir = std::env::var_os("CLEARWAY_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    if !dir.is_dir() {
        assert!(
            std::env::var("CLEARWAY_REQUIRE_CORPUS").as_deref() != Ok("1"),
            "{} is missing",
            dir.display()
        );
        println!("skipped: no folder {}", dir.display());
        return;
    }
    let keys = catalogue();
    let mut paths = Vec::new();
    files(&dir, &mut paths);
    paths.sort();
    let mut read = 0;
    for path in &paths {
        let started = Instant::now();
        let result = config::read(path.to_str().unwrap(), &keys);
        let took = started.elapsed();
        println!("\n== {} ({took:?})", path.strip_prefix(&dir).unwrap().display());
        assert!(took < Duration::from_secs(1), "{} took {took:?}", path.display());
        match result {
            Ok(inputs) => {
                read += 1;
                for input in inputs {
                    let Input::Configuration(config) = input else { continue };
                    println!("{} {:?}", config.sources[0].format, config.platform);
                    for (name, setting) in &config.settings {
                        println!(
                            "  {name} = {:.100?}  [{} {:?}]",
                            setting.value, setting.origin.path, setting.origin.line
                        );
                    }
                    for lint in &config.lint {
                        println!(
                            "  {} {}: {} {:?}",
                            lint.severity,
                            lint.id,
                            lint.message,
                            lint.origin.as_ref().and_then(|o| o.line)
                        );
                    }
                }
            }
            Err(error) => {
                let message = error.to_string();
                println!("{message}");
                assert!(
                    message.contains(path.file_name().unwrap().to_str().unwrap()),
                    "names no file: {message}"
                );
                assert!(message.len() > 60 && !message.contains('\n'), "no help in: {message}");
            }
        }
    }
    println!("\n{read} of {} files were read", paths.len());
    assert!(read > 0, "no file of {} could be read", dir.display());
}
