//! Registry files. Input without their first line gets it, and the app's key below it.
#![no_main]

use clearway_fuzz::configuration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let known: [&[u8]; 5] = [b"Windows", b"REGEDIT", b"[HK", b"\xff\xfe", b"\xfe\xff"];
    if known.iter().any(|k| data.starts_with(k)) {
        configuration::read(data, "f");
        return;
    }
    let mut text =
        b"Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n"
            .to_vec();
    text.extend_from_slice(data);
    configuration::read(&text, "f");
});
