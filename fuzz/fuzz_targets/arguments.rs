//! Hosts, proxies and versions as people type them or files name them.
#![no_main]

use clearway::derive::{HostPattern, adhoc};
use clearway::plan::ProxyAddress;
use clearway::contract::AppVersion;
use clearway_fuzz::rules;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(host) = text.parse::<HostPattern>() {
        let again: HostPattern = host.to_string().parse().expect("a host parses again");
        assert_eq!(again, host);
        assert_eq!(host.name().is_some_and(|n| host.covers(n)), host.name().is_some());
        rules().services.for_host(text);
    }
    let known = |name: &str| rules().services.for_host(name).is_some();
    if let Ok(requirement) = adhoc::requirement(text, known, |_| false) {
        assert!(requirement.port > 0);
        assert!(!requirement.host.is_wildcard() && !requirement.host.is_link_local());
    }
    match ProxyAddress::parse(text, "--proxy") {
        Ok(proxy) => {
            assert!(!proxy.host.is_empty(), "a proxy without a name: {text:?}");
            assert!(!proxy.host.contains(['@', '/', ' ', '\n']), "{:?}", proxy.host);
        }
        Err(error) => assert!(error.to_string().starts_with("--proxy")),
    }
    if let Ok(version) = text.parse::<AppVersion>() {
        assert_eq!(version.to_string().parse::<AppVersion>().ok(), Some(version));
    }
});
