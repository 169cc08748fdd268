//! From a configuration to every rendering of its list: no secret comes out, and every line is a
//! host. Input that begins with `{` is the configuration itself; any other invents one.
#![no_main]

use clearway::config::{Input, Value};
use clearway::derive::{Options, derive};
use clearway::plan::{self, ProxyAddress, ProxySettings};
use clearway::contract::{Confidence, Platform};
use clearway_fuzz::{MARK, configuration, invented, memory, rendering, rules};
use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else { return };
    if rest.trim_ascii_start().starts_with(b"{") {
        list(rest, *choice, false);
    } else if let Ok(text) = invented::document(&mut Unstructured::new(rest)) {
        list(text.as_bytes(), *choice, true);
    }
});

/// `invented` says that the mark stands only where secrets belong.
fn list(bytes: &[u8], choice: u8, invented: bool) {
    let Some(Input::Configuration(config)) = configuration::read(bytes, "f") else { return };
    let secrets = configuration::secrets(&config, bytes);
    let options = Options {
        platform: Platform::ALL.get(usize::from(choice % 4)).copied(),
        minimal: choice & 4 != 0,
        offline_installer: choice & 8 != 0,
        include_observed: choice & 16 != 0,
        confidence: Confidence::Inferred,
        ..Options::default()
    };
    let mut proxies = ProxySettings::default();
    if let Some(url) = config.get("egressProxyUrl").and_then(Value::as_str) {
        proxies.configured = proxies.usable(ProxyAddress::parse(url, "egressProxyUrl"));
    }
    let configurations = if choice & 32 != 0 { vec![config.clone(), config] } else { vec![config] };
    let list = memory::bounded(bytes.len(), || derive(&rules().pack, &configurations, &options));
    // Lists are long: one kind of output at a time keeps the fuzzer quick.
    let out = match choice >> 6 {
        3 => {
            rendering::assert_reads_back(&list, &rules().features);
            rendering::plan(&plan::build(&list, &rules().services, &rules().pack.networks, &proxies))
        }
        part => rendering::part_of_list(part, &list, &rules().features),
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
