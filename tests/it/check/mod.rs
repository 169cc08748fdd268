//! Whole runs of `check` against servers on this machine's loopback.

mod download;
mod follow;
mod library;
mod names;
mod rounds;
