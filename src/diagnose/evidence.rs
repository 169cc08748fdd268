//! What the judges hand on: a code with its evidence, before it is put into words, and the walk of
//! one attempt down the ladder.

use std::net::SocketAddr;
use std::ops::ControlFlow;

use serde_json::{Map, Value};

use super::finding::{Certainty, Code, Owner, Timings, Verdict};
use crate::contract::Actor;
use crate::rules::codes::Codes;

/// A code with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    pub code: Code,
    /// None: the code's usual owner.
    pub owner: Option<Owner>,
    /// None: the code's usual verdict.
    pub verdict: Option<Verdict>,
    pub certainty: Certainty,
    pub line: String,
    pub facts: Map<String, Value>,
    /// The actors it concerns; none: all on the path.
    pub actors: Option<Vec<Actor>>,
    /// A kind of the code that has wording of its own; none: the code's usual wording.
    pub case: Option<&'static str>,
    /// With code and owner, what makes findings of several hosts one cause.
    pub key: String,
    /// It comes before what was found earlier on the path, where that weighs no more.
    pub leads: bool,
}

impl Draft {
    /// A finding that is likely until evidence leaves no other explanation.
    pub fn new(code: Code, line: impl Into<String>) -> Self {
        Self {
            code,
            owner: None,
            verdict: None,
            certainty: Certainty::Likely,
            line: line.into(),
            facts: Map::new(),
            actors: None,
            case: None,
            key: String::new(),
            leads: false,
        }
    }

    /// Comes before what was found earlier on the path, where that weighs no more.
    pub fn leading(mut self) -> Self {
        self.leads = true;
        self
    }

    pub fn proven(mut self) -> Self {
        self.certainty = Certainty::Proven;
        self
    }

    pub fn owner(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }

    pub fn verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = Some(verdict);
        self
    }

    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Wording of its own, as `rules/codes.toml` has it for the code.
    pub fn case(mut self, case: &'static str) -> Self {
        self.case = Some(case);
        self
    }

    pub fn actors(mut self, actors: Vec<Actor>) -> Self {
        self.actors = Some(actors);
        self
    }

    /// Adds a fact; empty text is left out.
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let empty = value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty);
        if !empty && !value.is_null() {
            self.facts.insert(name.to_owned(), value);
        }
        self
    }

    pub fn verdict_by(&self, codes: &Codes) -> Verdict {
        self.verdict.or_else(|| codes.get(self.code).map(|e| e.verdict)).unwrap_or(if self.code == Code::Ok {
            Verdict::Reachable
        } else {
            Verdict::Blocked
        })
    }

    pub fn owner_by(&self, codes: &Codes) -> Owner {
        self.owner.or_else(|| codes.get(self.code).map(|e| e.owner)).unwrap_or(Owner::None)
    }

    pub fn concerns(&self, actor: Actor) -> bool {
        self.actors.as_ref().is_none_or(|actors| actors.contains(&actor))
    }
}

/// An answer by which a service is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    /// The one that the service gives to this request.
    Expected(String),
    /// A page that only a visitor with a browser gets past; its service put it there.
    Challenge(String),
}

/// The walk down the ladder of one attempt.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Walk {
    /// What is in the way, in the order of the stages.
    pub found: Vec<Draft>,
    /// The answer is one by which the service is known.
    pub answer: Option<Known>,
    /// The private authority that signed the certificate of a customer's host.
    pub private_ca: Option<String>,
    /// What those make of the certificate that have a store of their own, where it was asked and accepts.
    pub own_store: Option<String>,
    /// The service asks for a credential before it shows more.
    pub sign_in: bool,
    /// Bytes of a large object that were fetched and judged.
    pub download_bytes: Option<u64>,
    /// Further facts of a healthy host, for its evidence: nothing is decided by them.
    pub facts: Map<String, Value>,
    /// What a healthy host was recognised by, for its evidence line.
    pub proof: Vec<String>,
    /// What a reader should know of a host that works, one sentence each.
    pub notes: Vec<String>,
    /// Times of the stages.
    pub timings: Timings,
}

impl Walk {
    pub fn push(&mut self, found: Draft) {
        if found.leads { self.found.insert(0, found) } else { self.found.push(found) }
    }

    pub fn fact(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.insert(name.to_owned(), value.into());
    }

    /// All that speaks for a healthy host, by the names of the evidence.
    pub fn all_facts(&self) -> Map<String, Value> {
        let mut all = self.facts.clone();
        match &self.answer {
            Some(Known::Expected(name)) => all.insert("recognised".into(), name.as_str().into()),
            Some(Known::Challenge(name)) => all.insert("challenge".into(), name.as_str().into()),
            None => None,
        };
        if let Some(issuer) = &self.private_ca {
            all.insert("private_ca".into(), issuer.as_str().into());
        }
        if self.sign_in {
            all.insert("sign_in".into(), "asked for".into());
        }
        if let Some(bytes) = self.download_bytes {
            all.insert("download_bytes".into(), bytes.into());
        }
        all
    }

    /// The worst verdict of all findings.
    pub fn verdict(&self, codes: &Codes) -> Verdict {
        self.found.iter().map(|f| f.verdict_by(codes)).max().unwrap_or(Verdict::Reachable)
    }
}

/// Whether the next stage can be judged.
pub(crate) type Step = ControlFlow<()>;

/// Remote ends as evidence: each once, without ports when they are all the same.
pub(crate) fn addresses(ends: impl IntoIterator<Item = SocketAddr>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for end in ends {
        let text = end.ip().to_canonical().to_string();
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}
