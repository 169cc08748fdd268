//! Judging constructed observations: every code beside its healthy twin, causes, run verdicts,
//! fingerprints, the next experiment, and recorded runs.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod actors;
mod calls;
mod causes;
mod codes;
mod detour;
mod differential;
mod documentation;
mod fingerprints;
mod follow;
mod next;
mod pages;
mod recordings;
mod replayed;
mod runs;
mod saved;
mod scene;
mod shared;
mod table;
mod table_tls;
