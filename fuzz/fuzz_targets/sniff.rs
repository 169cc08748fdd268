//! Any bytes under any of the names that matter: the format is told by content alone.
#![no_main]

use clearway_fuzz::configuration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let names = [
        "f",
        "managed-settings.json",
        "/etc/claude-desktop/managed-settings.json",
        "_meta.json",
        "x.plist",
        "-",
    ];
    configuration::read(rest, names[usize::from(*first) % names.len()]);
    // A byte order mark must not matter.
    let mut marked = b"\xef\xbb\xbf".to_vec();
    marked.extend_from_slice(rest);
    configuration::read(&marked, "f");
});
