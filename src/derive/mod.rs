//! Rule pack × configuration × app version → the endpoints that are needed, each with its reasons.
//! Pure: no network, no files, no clock.

pub mod adhoc;
pub mod document;
pub mod host;
pub mod requirement;

pub use document::{DocumentError, FeatureInfo, HostsDocument};
pub use host::HostPattern;
pub use requirement::{Input, Note, ProbeHints, Reason, Requirement, Requirements};
