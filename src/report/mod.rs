//! Renders lists and judgements; never looks at the network or decides anything.
//!
//! By subject first, then one file for each format, whose `render` returns the text. Text from servers, certificates, file names and configurations passes
//! [`sanitise`] in every rendering, even where it was sanitised when it was recorded.

pub mod check;
pub mod compare;
pub mod config;
pub mod device;
pub mod diff;
pub mod existing;
pub mod explain;
mod exposition;
pub mod fleet;
pub mod hosts;
pub mod incomplete;
pub mod json;
mod junit;
mod layout;
pub mod logs;
mod page;
mod parts;
pub mod rules;
pub mod sandbox;
pub mod sanitise;
mod ticket_lines;
pub mod watch;
mod words;

pub use crate::contract::FeatureInfo;
pub use layout::Style;
