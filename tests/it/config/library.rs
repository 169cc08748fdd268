//! Entries of a configLibrary: the applied one, one by name, all of them.

use std::path::Path;

use clearway::config::{self, ConfigError, Configuration, Input, Profiles, ReadOptions};

use super::{catalogue, ids};

fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

fn library(dir: &Path) {
    let put = |name: String, content: &str| std::fs::write(dir.join(name), content).unwrap();
    put(
        "_meta.json".into(),
        &format!(
            r#"{{"appliedId": "{}", "entries": [{{"id": "{}", "name": "Finance"}}, {{"id": "{}", "name": "Engineering"}}, {{"id": "{}", "name": "Broken"}}, {{"id": "../x", "name": "Outside"}}]}}"#,
            id(1),
            id(1),
            id(2),
            id(3)
        ),
    );
    put(
        format!("{}.json", id(1)),
        r#"{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://f.example"}"#,
    );
    put(
        format!("{}.json", id(2)),
        r#"{"$schemaVersion": 2, "inference": {"provider": "gateway", "baseUrl": "https://e.example"}}"#,
    );
    put(format!("{}.json", id(3)), "{");
}

fn read(dir: &Path, profiles: Profiles) -> Result<Vec<Configuration>, ConfigError> {
    let options = ReadOptions { profiles, ..ReadOptions::default() };
    let inputs = config::read_with(dir.to_str().unwrap(), catalogue(), &options)?;
    Ok(inputs
        .into_iter()
        .map(|i| match i {
            Input::Configuration(config) => config,
            Input::HostsDocument { .. } => panic!("a hosts document"),
        })
        .collect())
}

fn names(configs: &[Configuration]) -> Vec<&str> {
    configs.iter().map(|c| c.name.as_str()).collect()
}

#[test]
fn entries_are_chosen_by_name_by_id_and_all_together() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    library(dir);
    let named = |list: &[&str]| Profiles::Named(list.iter().map(|n| (*n).to_owned()).collect());
    assert_eq!(names(&read(dir, Profiles::Applied).unwrap()), ["Finance"]);
    assert_eq!(names(&read(dir, named(&["Engineering"])).unwrap()), ["Engineering"]);
    assert_eq!(names(&read(dir, named(&["engineering", "Finance"])).unwrap()), ["Engineering", "Finance"]);
    assert_eq!(names(&read(dir, named(&[&id(2)])).unwrap()), ["Engineering"]);
    assert_eq!(names(&read(dir, named(&["Finance", "Finance"])).unwrap()), ["Finance", "Finance (2)"]);
    let error = read(dir, named(&["Sales"])).unwrap_err().to_string();
    assert!(error.contains("`Sales`") && error.contains("`Finance`, `Engineering`"), "{error}");
    let error = read(dir, named(&["Outside"])).unwrap_err().to_string();
    assert!(error.contains("36 characters"), "{error}");
    // What cannot be read is said, and the rest is read.
    let all = read(dir, Profiles::All).unwrap();
    assert_eq!(names(&all), ["Finance", "Engineering"]);
    assert_eq!(ids(&all[0]).iter().filter(|i| **i == "profile-unreadable").count(), 2);
    assert_eq!(all[1].text("inferenceGatewayBaseUrl"), Some("https://e.example"));
    assert_eq!(ids(&all[1]), ["nested-in-library"]);
}

#[test]
fn what_has_no_entries_has_no_profiles() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f.json");
    std::fs::write(&path, r#"{"inferenceProvider": "gateway"}"#).unwrap();
    let error = read(&path, Profiles::All).unwrap_err();
    assert!(matches!(error, ConfigError::NoProfiles { .. }), "{error}");
    std::fs::write(dir.path().join("_meta.json"), "{\"entries\": []}").unwrap();
    assert!(read(dir.path(), Profiles::All).unwrap_err().to_string().contains("no entry"));
}
