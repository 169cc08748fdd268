//! The sandbox's own machine, which no socket of this device passes through: a script that is pasted into a session
//! of it, and the reader of what the script printed. Pure; a file of results is foreign bytes.

mod observe;
mod read;
mod script;

pub use observe::observe;
pub use read::{BadResults, HostResult, Results, read};
pub use script::{hosts, script};

/// The form of what the script prints.
pub const VERSION: &str = "clearway-vm/1";
/// Largest file of results: some thousand hosts.
pub const MAX_BYTES: usize = 1024 * 1024;
/// Hosts that one script asks.
const HOSTS: usize = 40;
