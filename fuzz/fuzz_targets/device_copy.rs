//! Files of a copy of a device: `_meta.json`, the user database, the package database, the app's property
//! list, and a PEM file. The first byte says which one it is.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clearway::config::ReadOptions;
use clearway::config::device::{self, Device, installed};
use clearway::contract::Platform;
use clearway::rules::Pack;
use clearway::rules::places::Places;
use clearway_fuzz::assert_safe;
use libfuzzer_sys::fuzz_target;

static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::embedded().expect("the built-in rules are sound"));
static ROOT: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("clearway-fuzz-{}", std::process::id())));

fn write(path: &Path, bytes: &[u8]) {
    let folder = path.parent().expect("a file stands in a folder");
    fs::create_dir_all(folder).expect("folders can be made");
    fs::write(path, bytes).expect("files can be written");
}

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let _ = fs::remove_dir_all(&*ROOT);
    let (file, platform) = match first % 5 {
        0 => ("home/ann/.config/Claude-3p/configLibrary/_meta.json", Platform::Linux),
        1 => ("etc/passwd", Platform::Linux),
        2 => ("var/lib/dpkg/status", Platform::Linux),
        3 => ("Applications/Claude.app/Contents/Info.plist", Platform::Macos),
        _ => ("roots.pem", Platform::Linux),
    };
    write(&ROOT.join(file), bytes);
    if first % 5 == 4 {
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
