//! What the engine makes of a chain, by the store of its own that was asked beside the device's.

use crate::diagnose::context::View;
use crate::observation::{Tls, Trust};

/// The engine's word.
pub(super) enum Engine<'a> {
    Accepts {
        /// Which authorities were asked.
        named: &'a str,
        /// What stays open all the same.
        open: &'a str,
    },
    Refuses {
        /// Which authorities were asked.
        named: &'a str,
    },
    /// Its store was not asked, or cannot be known here.
    Unknown,
}

/// The engine's word on the chain of a handshake.
pub(super) fn of<'a>(view: &View<'a>, tls: &Tls) -> Engine<'a> {
    let store = view.context.observations.device.engine_store;
    let Some(store) = store.and_then(|id| view.context.services.trust().store(id)) else {
        return Engine::Unknown;
    };
    // It carries the public roots.
    if tls.public_trust == Some(Trust::Accepted) {
        return Engine::Accepts { named: &store.named, open: "" };
    }
    match &tls.engine_trust {
        // What is refused for its form only this build's verifier may refuse: it says nothing of the store.
        None | Some(Trust::Unavailable { .. } | Trust::Rejected { .. }) => Engine::Unknown,
        Some(Trust::Accepted) => Engine::Accepts { named: &store.named, open: &store.open },
        Some(_) => Engine::Refuses { named: &store.named },
    }
}
