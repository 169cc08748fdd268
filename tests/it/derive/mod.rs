//! Lists derived from configurations: exact hosts, versions, explanations, differences.

mod diff;
mod explain;
mod facts;
mod lists;
mod properties;
mod sandbox;
mod versions;
