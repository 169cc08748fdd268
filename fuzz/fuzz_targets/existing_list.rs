//! Lists of a firewall that somebody sent (`hosts --against`): plain ones, proxies' and firewalls' own.
#![no_main]

use clearway::firewall::existing;
use clearway_fuzz::memory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let listing = memory::bounded(data.len(), || existing::read(&text));
    assert_eq!(listing, existing::read(&text), "the same list is read differently");
});
