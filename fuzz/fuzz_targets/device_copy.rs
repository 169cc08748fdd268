//! Files of a copy of a device: `_meta.json`, the user database, the package database, the app's property
//! list, and a PEM file; and a saved report of a device. The first byte says which one it is.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clearway::config::ReadOptions;
use clearway::config::device::{self, Device, installed};
use clearway::contract::Platform;
use clearway::document::device::{self as document, Examined};
use clearway::report::{self, Style};
use clearway::rules::places::Places;
use clearway::rules::{Pack, Rules};
use clearway::text::visible::is_unseen;
use clearway_fuzz::assert_safe;
use libfuzzer_sys::fuzz_target;

static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::embedded().expect("the built-in rules are sound"));
static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);
static ROOT: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("clearway-fuzz-{}", std::process::id())));

fn write(path: &Path, bytes: &[u8]) {
    let folder = path.parent().expect("a file stands in a folder");
    fs::create_dir_all(folder).expect("folders can be made");
    fs::write(path, bytes).expect("files can be written");
}

/// A saved report shows nothing that is not seen, whatever it holds.
fn report(bytes: &[u8]) {
    let Ok(saved) = document::read(bytes) else { return };
    let mut report = clearway::device::judge(saved.seen, &RULES.device, &RULES.codes);
    report.device = saved.device;
    report.user = saved.user;
    let of = Examined {
        report,
        started_at: saved.started_at,
        list: saved.list,
        shared: saved.shared,
        rules_date: RULES.pack.meta.date.to_string(),
    };
    let text = |verbose, quiet| {
        report::device::text::render(&of, &Style { verbose, quiet, ..Style::default() })
    };
    for text in [
        text(false, false),
        text(true, false),
        text(false, true),
        report::device::json::render(&of),
        report::device::html::render(&of),
        report::device::markdown::render(&of),
    ] {
        let unseen = text.chars().find(|c| *c != '\n' && is_unseen(*c));
        assert!(unseen.is_none(), "a report holds {unseen:?}: {text:?}");
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    if first % 6 == 5 {
        return report(bytes);
    }
    let _ = fs::remove_dir_all(&*ROOT);
    let (file, platform) = match first % 6 {
        0 => ("home/ann/.config/Claude-3p/configLibrary/_meta.json", Platform::Linux),
        1 => ("etc/passwd", Platform::Linux),
        2 => ("var/lib/dpkg/status", Platform::Linux),
        3 => ("Applications/Claude.app/Contents/Info.plist", Platform::Macos),
        _ => ("roots.pem", Platform::Linux),
    };
    write(&ROOT.join(file), bytes);
    if first % 6 == 4 {
        if let Err(error) = clearway::probe::read_pem(&ROOT.join(file)) {
            assert_safe(&error.to_string(), false, "an error");
        }
        return;
    }
    let device = Device { platform, root: Some(ROOT.clone()), user: Some("ann".to_owned()) };
    installed::version(&device, &Places::built_in());
    if let Err(error) = device::read_with(&device, &PACK.keys, &ReadOptions::default()) {
        assert_safe(&error.to_string(), true, "an error");
    }
});
