//! The list of `clearway hosts`, one file for each format.

mod comments;
pub mod csv;
pub mod exemption;
pub mod html;
pub mod json;
pub(in crate::report) mod list;
pub mod markdown;
pub mod networks;
pub mod plain;
mod sources;
pub mod text;
pub mod ticket;
pub mod txt;
