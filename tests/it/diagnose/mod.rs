//! Judging constructed observations: every code beside its healthy twin, causes, run verdicts,
//! fingerprints, the next experiment, and recorded runs.

mod actors;
mod announced;
mod answers;
mod asked;
mod bursts;
mod calls;
mod causes;
mod codes;
mod detour;
mod differential;
mod documentation;
mod expected;
mod fingerprints;
mod follow;
mod in_place;
mod machine;
mod neighbours;
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
mod trace;
