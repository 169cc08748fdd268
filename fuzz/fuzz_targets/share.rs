//! Runs of any content in their masked form: none fails to be masked, and a masked one reads back.
#![no_main]

use std::sync::LazyLock;

use clearway::redact::{self, Vocabulary};
use clearway::rules::Rules;
use clearway_fuzz::rendering;
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);
static VOCABULARY: LazyLock<Vocabulary> = 
    LazyLock::new(|| Vocabulary::embedded().expect("the built-in words are sound"));

fuzz_target!(|data: &[u8]| {
    let Ok(json) = serde_json::from_slice(data) else { return };
    let Ok(run) = clearway::document::check::read_check(json) else { return };
    let shared = redact::share(&run, &RULES.services, &RULES.codes, &VOCABULARY).expect("a report that reads back is masked");
    assert!(redact::is_shared(&shared));
    rendering::run(&shared);
});
