//! Whole runs of `check` against servers on this machine's loopback.

mod follow;
mod library;
