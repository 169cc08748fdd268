//! XML property lists and profiles. Input that is no XML is put inside a dictionary.
#![no_main]

use clearway_fuzz::configuration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let begins = data.trim_ascii_start();
    if begins.starts_with(b"<") || begins.starts_with(b"\xff\xfe") || begins.starts_with(b"\xef\xbb") {
        configuration::read(data, "f");
        return;
    }
    let mut text = b"<plist><dict><key>inferenceProvider</key><string>".to_vec();
    text.extend_from_slice(data);
    text.extend_from_slice(b"</string></dict></plist>");
    configuration::read(&text, "f");
});
