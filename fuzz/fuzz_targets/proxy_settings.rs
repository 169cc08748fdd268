//! What the operating system's own programs print of the proxy settings: `scutil --proxy`, `reg query` and
//! `netsh winhttp show proxy`.
#![no_main]

use clearway::probe::readers;
use clearway_fuzz::memory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    memory::bounded(data.len(), || {
        readers::scutil(&text);
        readers::windows_settings(&text);
    });
});
