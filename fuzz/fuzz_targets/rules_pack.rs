//! Rule packs that somebody sent: one file of the built-in pack is replaced by the input. A pack
//! that is accepted derives and renders lists.
#![no_main]

use std::sync::OnceLock;

use clearway::config::{self, Configuration, Input};
use clearway::derive::{Options, derive};
use clearway::plan::{self, ProxySettings};
use clearway::rules::codes::Codes;
use clearway::rules::services::Services;
use clearway::rules::{Pack, Texts};
use clearway_fuzz::{features, rendering, rules};
use libfuzzer_sys::{Corpus, fuzz_target};

const SERVICES: &str = include_str!("../../rules/services.toml");
const ADDRESSES: &str = include_str!("../../rules/addresses.toml");
const NETWORKS: &str = include_str!("../../rules/networks.toml");

fn examples() -> &'static [Configuration] {
    static EXAMPLES: OnceLock<Vec<Configuration>> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let texts = [
            include_str!("../../examples/bedrock.json"),
            include_str!("../../examples/gateway.json"),
            include_str!("../../examples/lockdown.json"),
        ];
        let read = |text: &&str| match config::read_bytes(text.as_bytes(), "example", &rules().pack.keys) {
            Ok(Input::Configuration(config)) => config,
            other => panic!("an example cannot be read: {other:?}"),
        };
        texts.iter().map(read).collect()
    })
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((first, rest)) = data.split_first() else { return Corpus::Reject };
    let Ok(text) = std::str::from_utf8(rest) else { return Corpus::Reject };
    let mut texts = Texts::embedded();
    match first % 8 {
        0 => texts.pack = text.into(),
        1 => texts.credentials = text.into(),
        2 => texts.networks = text.into(),
        3 => texts.keys = text.into(),
        4 => {
            return services(Services::parse(
                (text, "f"),
                (ADDRESSES, "addresses.toml"),
                (NETWORKS, "networks.toml"),
            ));
        }
        5 => {
            return services(Services::parse(
                (SERVICES, "services.toml"),
                (text, "f"),
                (NETWORKS, "networks.toml"),
            ));
        }
        6 => {
            let _ = Codes::parse(text, "f").map_err(|e| e.to_string());
            return Corpus::Keep;
        }
        // Features are the largest part, so they get two numbers of eight.
        _ => {
            let at = rest.len() % texts.features.len();
            texts.features[at].1 = text.into();
        }
    }
    match Pack::parse(&texts) {
        Ok(pack) => {
            let list = derive(&pack, examples(), &Options::default());
            rendering::list(&list, &features(&pack));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    Corpus::Keep
});

fn services(read: Result<Services, impl std::fmt::Display>) -> Corpus {
    match read {
        Ok(services) => {
            let list = derive(&rules().pack, examples(), &Options::default());
            rendering::plan(&plan::build(&list, &services, &rules().pack.networks, &ProxySettings::default()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    Corpus::Keep
}
