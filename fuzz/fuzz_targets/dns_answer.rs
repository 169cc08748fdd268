//! Datagrams of a DNS server.
#![no_main]

use clearway::observation::DnsAnswer;
use clearway::probe::readers;
use clearway_fuzz::memory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match memory::bounded(data.len(), || readers::dns_answer(data)) {
        Some(DnsAnswer::Addresses { addresses }) => assert!((1..=16).contains(&addresses.len())),
        Some(DnsAnswer::Code { code }) => assert!(!matches!(code, 0 | 2 | 3 | 5), "{code} has a word"),
        Some(DnsAnswer::Timeout | DnsAnswer::Unreachable { .. }) => panic!("an answer came"),
        _ => {}
    }
});
