//! Certificates as a server sends them: any DER becomes a bounded, sanitised record.
#![no_main]

use clearway::probe::readers;
use clearway_fuzz::{assert_safe, memory};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (leaf, rest) = data.split_at(data.len() / 2);
    for chain in [vec![data], vec![leaf, rest], vec![data; 30]] {
        let given = chain.len();
        let size: usize = chain.iter().map(|c| c.len()).sum();
        let records = memory::bounded(size, || readers::certificates(&chain));
        assert_eq!(records.len(), given.min(10));
        for record in records {
            assert_eq!(record.sha256.len(), 64);
            assert!(record.names.len() <= 20 && record.names.len() <= record.name_count);
            let texts =
                record.names.iter().chain([&record.subject, &record.issuer]).chain(&record.issuer_url);
            for text in texts {
                assert_safe(text, false, "a certificate's text");
                assert!(text.chars().count() <= 256, "{} characters", text.chars().count());
            }
        }
    }
});
