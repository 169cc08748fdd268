//! Configurations shown and written back: no secret comes out unasked, and what is written reads
//! as it was. Input that begins with `{` is the configuration itself; any other invents one.
#![no_main]

use clearway::config::Input;
use clearway::config::write::Format;
use clearway_fuzz::{MARK, configuration, effective, invented};
use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    if rest.trim_ascii_start().starts_with(b"{") {
        check(rest, *choice, false);
    } else if let Ok(text) = invented::document(&mut Unstructured::new(rest)) {
        check(text.as_bytes(), *choice, true);
    }
});

/// `invented` says that the mark stands only where secrets belong.
fn check(bytes: &[u8], choice: u8, invented: bool) {
    let Some(Input::Configuration(config)) = configuration::read(bytes, "f") else { return };
    let secrets = configuration::secrets(&config, bytes);
    let formats = [Format::Mobileconfig, Format::Plist, Format::Reg, Format::ManagedJson];
    let out = match formats.get(usize::from(choice % 5)) {
        // A registry file is UTF-16; the mark is looked for in its text.
        Some(format) => {
            let text = effective::written(&config, *format).unwrap_or_default();
            vec![String::from_utf8_lossy(&text).replace('\0', "")]
        }
        None => effective::shown(&config),
    };
    for text in &out {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} comes out: {text}");
        }
        assert!(
            !invented || !text.contains(MARK),
            "a secret comes out of {}: {text}",
            String::from_utf8_lossy(bytes)
        );
    }
}
