//! The stages of the ladder, each judged by what was recorded of it.

pub(crate) mod block_page;
pub(crate) mod dns;
pub(crate) mod http;
pub(crate) mod in_place;
pub(crate) mod proxy;
pub(crate) mod tcp;
pub(crate) mod tls;
pub(crate) mod trust;
mod trust_engine;
mod trust_renewed;
mod trust_words;
