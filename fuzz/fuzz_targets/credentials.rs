//! What gives a credential: files of Google accounts, AWS profiles, and the output of helpers. Errors name no
//! part of it.
#![no_main]

use clearway::probe::readers;
use clearway_fuzz::{assert_safe, memory};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    memory::bounded(data.len(), || {
        for error in [readers::google_file(&text), readers::helper_output(&text)].into_iter().filter_map(Result::err) {
            assert_safe(&error, false, "an error");
        }
        assert!(readers::command_words(&text).iter().all(|word| word.len() <= text.len()));
    });
});
