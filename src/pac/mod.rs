//! Proxy scripts (PAC): JavaScript that somebody else wrote and that says, host by host, which proxy
//! to use. Pure: a script, questions, the addresses it may ask for, and a clock give answers. A
//! script has bounded memory, stack and time, and no other door than the helpers that browsers offer.

mod answer;
mod engine;

use crate::contract::endpoint::origin;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::mpsc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use answer::{Hop, read};

/// Largest script that is read, bytes. Chromium stops there too.
pub const LARGEST: usize = 1024 * 1024;
/// Time for one script and all its questions.
const PATIENCE: Duration = Duration::from_secs(2);
/// How much longer the engine's thread is waited for: some built-in loops cannot be interrupted.
const GRACE: Duration = Duration::from_secs(1);
/// Stack of the engine's thread, bytes: several times what the engine may use of it.
const THREAD_STACK: usize = 8 * 1024 * 1024;

/// What a script is asked: which way to this URL?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// The URL as browsers tell it to scripts: without path and query.
    pub url: String,
    /// Its host, without brackets.
    pub host: String,
}

impl Question {
    /// The question about a host; `plain` for `http`.
    pub fn new(host: &str, port: u16, plain: bool) -> Self {
        Self { url: format!("{}/", origin(host, port, !plain)), host: host.to_owned() }
    }
}

/// What a script can learn about the world.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    /// Names that were looked up, with their addresses (none where the lookup failed).
    pub names: BTreeMap<String, Vec<IpAddr>>,
    /// What `myIpAddress()` says; none: the loopback address.
    pub own: Option<IpAddr>,
    /// The clock, Unix seconds.
    pub now: i64,
}

/// What came of asking a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// One for each question, in their order.
    pub answers: Vec<Result<Answer, Fault>>,
    /// Names that the script wanted looked up and [`World::names`] does not have.
    pub asked: BTreeSet<String>,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The ways, in order; never empty.
    pub hops: Vec<Hop>,
    /// The script asked for this device's own address on the way to it.
    pub by_own_address: bool,
}

/// Why there is no answer. What a script says of itself is bounded and of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "fault", content = "error")]
pub enum Fault {
    /// It is no proxy script.
    #[error("it is no proxy script: {0}")]
    NoScript(String),
    /// It failed.
    #[error("it fails with an error: {0}")]
    Threw(String),
    /// Its answer is no text.
    #[error("it answers with something other than text")]
    NoText,
    /// It does not come to an end.
    #[error("it does not come to an end and was stopped")]
    TooLong,
    /// It takes too much memory.
    #[error("it takes too much memory and was stopped")]
    TooLarge,
    /// It calls itself too deep.
    #[error("its functions call each other without end")]
    TooDeep,
    /// The engine could not be started.
    #[error("the script engine could not be started: {0}")]
    Engine(String),
}

impl Fault {
    /// Nothing more can be asked of the script after this.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::NoScript(_) | Self::TooLong | Self::TooLarge | Self::Engine(_))
    }
}

/// Asks a script. It runs on a thread of its own, which is left to itself when it does not end: the
/// engine can be interrupted, save in a few loops of its built-in functions.
pub fn ask(script: &str, questions: &[Question], world: &World) -> Outcome {
    ask_for(script, questions, world, PATIENCE)
}

fn ask_for(script: &str, questions: &[Question], world: &World, patience: Duration) -> Outcome {
    let every = |fault: Fault| Outcome {
        answers: questions.iter().map(|_| Err(fault.clone())).collect(),
        asked: BTreeSet::new(),
    };
    if script.len() > LARGEST {
        return every(Fault::TooLarge);
    }
    let (tell, told) = mpsc::channel();
    let (script, asked, known) = (script.to_owned(), questions.to_vec(), world.clone());
    let thread = std::thread::Builder::new().name("proxy-script".to_owned()).stack_size(THREAD_STACK).spawn(
        move || {
            // Nobody listens any more once the patience is over.
            let _ = tell.send(engine::run(&script, &asked, known, patience));
        },
    );
    if let Err(error) = thread {
        return every(Fault::Engine(error.to_string()));
    }
    match told.recv_timeout(patience + GRACE) {
        Ok(outcome) => outcome,
        Err(_) => every(Fault::TooLong),
    }
}

#[cfg(test)]
mod tests;
