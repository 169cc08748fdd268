//! What the fuzz targets share: the built-in rules, and the invariants that hold whatever the
//! input is.

pub mod configuration;
pub mod effective;
pub mod invented;
pub mod memory;
pub mod rendering;

use std::sync::OnceLock;

use clearway::report::FeatureInfo;
use clearway::rules::Pack;
use clearway::rules::codes::Codes;
use clearway::rules::services::Services;

/// A text that stands in the seeds wherever a secret belongs.
pub const MARK: &str = "sEcReT7";

/// Everything built in that a target needs, loaded once.
#[derive(Debug)]
pub struct Rules {
    /// The rule pack.
    pub pack: Pack,
    /// The fingerprints.
    pub services: Services,
    /// The wording of findings.
    pub codes: Codes,
    /// The features, for renderings.
    pub features: Vec<FeatureInfo>,
}

/// The built-in rules.
pub fn rules() -> &'static Rules {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        let pack = Pack::embedded().expect("the built-in pack is sound");
        Rules {
            features: features(&pack),
            pack,
            services: Services::embedded().expect("the built-in fingerprints are sound"),
            codes: Codes::embedded().expect("the built-in wording is sound"),
        }
    })
}

/// The features of a pack in report order, for renderings.
pub fn features(pack: &Pack) -> Vec<FeatureInfo> {
    let info = |f: &clearway::rules::Feature| FeatureInfo {
        id: f.id.to_string(),
        title: f.title.to_string(),
        stops: f.stops.to_string(),
    };
    pack.features.iter().map(info).collect()
}

/// No character that a terminal acts upon or that turns the direction of writing; line feeds only
/// where `lines` allows them.
pub fn assert_safe(text: &str, lines: bool, what: &str) {
    let bad = |c: char| {
        (c.is_control() && !(lines && c == '\n'))
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if let Some(c) = text.chars().find(|c| bad(*c)) {
        panic!("{what} holds {c:?}: {text:?}");
    }
}
