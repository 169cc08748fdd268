//! Observations → findings. Pure functions: no network, no files, no clock, so that any saved run
//! can be judged again.

pub mod finding;

pub use finding::{
    ActorJudgement, Cause, Certainty, Code, Evidence, Finding, HostJudgement, Judgement, NotTested, Owner,
    RunVerdict, Timings, Verdict,
};
