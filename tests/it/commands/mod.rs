//! The subcommands as a user meets them: the binary is run and its output read.

mod answers;
mod config;
#[cfg(unix)]
mod endless;
mod errors;
mod expect;
mod fleet;
mod incomplete;
mod justification;
mod line;
mod logs;
#[cfg(unix)]
mod long;
mod messages;
mod otlp;
mod reports;
mod said;
mod secrets;
mod shown;
mod sources;
mod standing;
mod texts;
mod trace;
mod unseen;
#[cfg(unix)]
mod vm;
#[cfg(unix)]
mod watch;
mod written;
