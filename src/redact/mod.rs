//! `--share`: a run without what tells whose it is. Pure: a run goes in, a masked run comes out.
//!
//! Everything that was recorded passes the mask; only what the rules themselves say (the vendor's
//! and the providers' hosts, the words of the fingerprints) stays. The masked observations are
//! judged again, so that every sentence of the report is made from masked text, and a replay of it
//! comes to the same verdicts.
//!
//! | what                                | becomes                                                  |
//! |-------------------------------------|----------------------------------------------------------|
//! | user, device, label, file names     | `user`, `device`, nothing, `configuration 1`             |
//! | the customer's names                | `name1.site1.example`; an internal suffix stays          |
//! | a tenant's part of a provider's name| `name2.services.…`: the provider's part stays            |
//! | addresses                           | another of the same block; a global one in 11.0.0.0/8 or 4000::/16 |
//! | loopback, unspecified, block pages  | stay: they name nobody                                   |
//! | words of servers and certificates   | `name3`, unless the rules know the word                  |
//! | hashes                              | a number                                                 |

mod address;
mod mask;
mod name;
mod repair;
mod text;

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::contract::endpoint::listed;
use crate::contract::ids::NoteId;
use crate::derive::Note;
use crate::diagnose::{self, Code, Judgement, NotTested, Owner, Verdict};
use crate::rules::codes::Codes;
use crate::rules::services::Services;
pub use crate::rules::vocabulary::Vocabulary;
use crate::run::Run;
use mask::{Kept, Mask};

/// A run that cannot be masked.
#[derive(Debug, thiserror::Error)]
#[error(
    "the {part} cannot be masked ({reason}), so nothing was written; report this message, which names nobody"
)]
pub struct ShareError {
    /// Which part.
    part: &'static str,
    /// What the reader of the masked part says.
    reason: String,
}

/// Whether a run was masked before it was saved.
pub fn is_shared(run: &Run) -> bool {
    run.requirements.notes.iter().any(|n| n.id == NoteId::SHARED)
}

/// The run without user, device, label, addresses, and names that are not the vendor's or a
/// provider's; judged again from what is left.
///
/// # Errors
/// When a part of the run cannot be masked even without what the mask failed on, which would be a
/// fault of the mask.
pub fn share(
    run: &Run,
    services: &Services,
    codes: &Codes,
    vocabulary: &Vocabulary,
) -> Result<Run, ShareError> {
    let mut mask = Mask::new(run, services, vocabulary);
    // The plan goes first: one configuration gets one numbering, whatever was seen.
    let mut lost = 0;
    let plan = masked("plan", &run.plan, Kept::Plan, &mut mask, &mut lost)?;
    let observations = masked("observations", &run.observations, Kept::Observations, &mut mask, &mut lost)?;
    let mut requirements = masked("list", &run.requirements, Kept::Plan, &mut mask, &mut lost)?;
    for (input, number) in requirements.inputs.iter_mut().zip(1_usize..) {
        input.name = mask::configuration(number);
        input.sha256.clear();
    }
    // A stranger's list may name any page; no rendering of a run shows them.
    requirements.sources.clear();
    requirements.notes.retain(|n| n.id != NoteId::SHARED);
    requirements.notes.insert(0, note());
    let mut environment = masked("environment", &run.environment, Kept::Plan, &mut mask, &mut lost)?;
    "user".clone_into(&mut environment.user);
    "device".clone_into(&mut environment.host);
    environment.vpn_hint = run.environment.vpn_hint.as_ref().map(|_| "masked".to_owned());
    let mut judgement = diagnose::judge(&plan, &observations, services, codes);
    let before = diagnose::judge(&run.plan, &run.observations, services, codes);
    let different = differing(&before, &judgement);
    if lost > 0 {
        let parts = if lost == 1 { "One part of this run" } else { "Some parts of this run" };
        judgement.not_tested.push(NotTested {
            id: "masked".into(),
            text: format!("{parts} could not be masked and was left out ({lost} in all)."),
        });
    }
    if different > 0 {
        judgement.not_tested.push(NotTested {
            id: "masked".into(),
            text: format!(
                "The mask took away what the verdict of {different} of {} hosts rests on; the unmasked report says more.",
                judgement.hosts.len()
            ),
        });
    }
    let name = |id| plan.target(id).map(|t| listed(&t.requirement.host, t.port()));
    let expected = run.expected.as_ref().map(|e| e.masked(name));
    Ok(Run {
        requirements,
        expected,
        plan,
        observations,
        judgement,
        environment,
        // A report that somebody wrote by hand has anything in this place.
        started_at: run
            .started_at
            .chars()
            .filter(|c| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | ':' | '-' | '.' | '+'))
            .collect(),
        label: None,
        tags: BTreeMap::new(),
        duration_ms: run.duration_ms,
        is_replayed: run.is_replayed,
    })
}

fn note() -> Note {
    Note {
        id: NoteId::SHARED.into(),
        text: "Masked for sharing: user, device, label, configuration names and hashes, addresses, and every \
               name that is not the vendor's or a provider's. One name or address has one mask in this report, \
               and may have another in the next. Every address but loopback is a mask: of a private block another of that block, of a public one 11.0.x.y or 4000::x."
            .into(),
        keys: Vec::new(),
    }
}

/// Masks every text of a part. What cannot be read back after that is left out, and counted in
/// `lost`: nothing unmasked takes its place.
fn masked<T: Serialize + DeserializeOwned>(
    part: &'static str,
    value: &T,
    kept: Kept,
    mask: &mut Mask<'_>,
    lost: &mut usize,
) -> Result<T, ShareError> {
    let wrong = |e: serde_json::Error| ShareError {
        part,
        // The reader quotes what it could not read; only its kind may be told.
        reason: e.to_string().split(['`', '"']).next().unwrap_or_default().trim().to_owned(),
    };
    let mut json: Value = serde_json::to_value(value).map_err(wrong)?;
    mask.value(&mut json, "", kept);
    let error = match T::deserialize(&json) {
        Ok(read) => return Ok(read),
        Err(error) => error,
    };
    let original = serde_json::to_value(value).map_err(wrong)?;
    let readable = |candidate: &Value| T::deserialize(candidate).is_ok();
    match repair::without_unreadable(&original, json, &readable) {
        Some((json, left_out)) => {
            *lost += left_out;
            serde_json::from_value(json).map_err(wrong)
        }
        None => Err(wrong(error)),
    }
}

/// How many hosts are judged differently.
fn differing(before: &Judgement, after: &Judgement) -> usize {
    type Said = (Verdict, Code, Owner);
    let said = |j: &Judgement| -> Vec<Said> {
        j.hosts.iter().map(|h| (h.verdict, h.finding.code, h.finding.owner)).collect()
    };
    said(before).iter().zip(said(after)).filter(|(a, b)| **a != *b).count()
}
