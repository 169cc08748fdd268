//! The app's diagnostic report, packed and unpacked, and the registry's answers.
#![no_main]

use clearway_fuzz::configuration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"PK") || data.starts_with(b"HKEY_") {
        configuration::read(data, "f");
    } else {
        configuration::read(data, "managed-config.txt");
    }
});
