//! What holds for every configuration that is shown or written back.

use clearway::config::write::{self, Format, Hive, WriteError};
use clearway::config::{Configuration, Input, Value, read_bytes};
use clearway::contract::Platform;
use clearway::derive::{Facts, Options};
use clearway::lint;
use clearway::report::{self, Style, config::Effective};
use clearway::rules::places::Places;

use crate::{assert_safe, rules};

/// Shows a configuration as `clearway config` does. Gives all the text.
pub fn shown(configuration: &Configuration) -> Vec<String> {
    let pack = &rules().pack;
    let options = Options { platform: Some(Platform::Linux), ..Options::default() };
    let lint = lint::all(pack, configuration, &options);
    let facts = Facts::new(pack, configuration, &pack.meta.newest, Platform::Linux, &options);
    let one = Effective {
        connection: lint::connection(&facts),
        lint,
        missing: Vec::new(),
        platform: Platform::Linux,
        platform_assumed: false,
        app_version: pack.meta.newest.clone(),
        configuration: configuration.clone(),
    };
    let all = [one];
    let out = vec![
        report::config::json::render(&all, pack, report::json::Standing::default()),
        report::config::text::render(&all, pack, None, &Style::default()),
        report::config::text::render(&all, pack, None, &Style { verbose: true, ..Style::default() }),
    ];
    out.iter().for_each(|text| assert_safe(text, true, "a configuration"));
    out
}

/// Writes a configuration in `format` and reads it back: the same settings. Gives what is written
/// when secrets are not asked for.
pub fn written(configuration: &Configuration, format: Format) -> Option<Vec<u8>> {
    let options = |include_secrets| write::Options { format, hive: Hive::Machine, include_secrets };
    let keys = &rules().pack.keys;
    let whole = match write::write(configuration, keys, &Places::built_in(), options(true)) {
        Ok(whole) => whole,
        Err(WriteError::Empty) => return None,
        Err(error @ WriteError::NotRepresentable { .. }) => {
            assert!(format != Format::ManagedJson, "{error}");
            return None;
        }
    };
    assert_eq!(settings(&read(&whole)), settings(configuration), "{}", String::from_utf8_lossy(&whole));
    let without = write::write(configuration, keys, &Places::built_in(), options(false))
        .expect("it was written before");
    let names = |c: &Configuration| c.settings.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&read(&without)), names(configuration), "{}", String::from_utf8_lossy(&without));
    Some(without)
}

fn read(bytes: &[u8]) -> Configuration {
    match read_bytes(bytes, "f", &rules().pack.keys) {
        Ok(Input::Configuration(config)) => config,
        other => panic!("what was written cannot be read: {other:?}: {}", String::from_utf8_lossy(bytes)),
    }
}

/// Keys and values; a key that counts as not set is none.
fn settings(configuration: &Configuration) -> Vec<(&str, &Value)> {
    let all = configuration.settings.iter().map(|(name, s)| (name.as_str(), &s.value));
    all.filter(|(_, value)| value.is_set()).collect()
}
