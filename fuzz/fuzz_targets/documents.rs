//! Documents in answers: of MCP servers, identity providers and bootstrap servers, plain and as streams.
#![no_main]

use clearway::plan::Keep;
use clearway::probe::readers;
use clearway_fuzz::{assert_safe, memory};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let (stream, more) = (first & 1 == 1, first & 2 == 2);
    let members = ["issuer", "authorization_servers", "token_endpoint", "result.protocolVersion", "error.code"];
    let members = members.map(str::to_owned).to_vec();
    for keep in [Keep::Members { members }, Keep::Names] {
        let document = memory::bounded(body.len(), || readers::document(&keep, body, stream, more));
        let Some(document) = document else { continue };
        assert!(document.names.len() <= 200);
        let text = serde_json::to_string(&document).expect("a document can be written");
        assert_safe(&text, false, "what is kept of a document");
    }
});
