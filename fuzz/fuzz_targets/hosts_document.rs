//! Lists that somebody sent in place of a configuration: read, rendered, planned, read back.
#![no_main]

use clearway::derive::union;
use clearway::document::hosts as document;
use clearway::plan::{self, ProxySettings};
use clearway_fuzz::{assert_safe, memory, rendering, rules};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(json) = serde_json::from_slice(data) else { return };
    let list = match memory::bounded(data.len(), || document::from_json(json, "f", "")) {
        Ok(list) => list,
        Err(error) => return assert_safe(&error.to_string(), false, "an error"),
    };
    rendering::list(&list, &rules().features);
    rendering::plan(&plan::build(&list, &rules().services, &rules().pack.networks, &ProxySettings::default()));
    rendering::assert_reads_back(&list, &rules().features);
    let twice = union(vec![list.clone(), list.clone()]).expect("two lists");
    rendering::list(&twice, &rules().features);
    assert_eq!(twice.hosts.len(), list.hosts.len());
});
