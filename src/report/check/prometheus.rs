//! `check --format prometheus`: metrics in the text exposition format, for the textfile collector of node_exporter.

use crate::contract::FeatureInfo;
use crate::report::check::metrics;
use crate::report::check::view::View;
use crate::report::exposition;
use crate::run::Run;

/// The run as metrics, ending in a line feed.
pub fn render(run: &Run, features: &[FeatureInfo]) -> String {
    exposition::text(&metrics::of(run, &View::new(run, features)))
}
