//! The JSON documents that are written, read back and described by a schema.
//!
//! A document that is read comes from somebody else: every count and length is bounded, every cross-reference is
//! checked, and what follows from something else in the document is worked out anew.

pub mod check;
pub mod device;
pub mod hosts;
