//! The bootstrap server of `--bootstrap`: asked first, so that the list is that of the configuration the app would be
//! left with.

use url::Url;

use super::Derived;
use super::course::Course;
use crate::config::{self, Configuration, ReadOptions};
use crate::contract::endpoint;
use crate::contract::ids::NoteId;
use crate::derive::{Note, Requirement};
use crate::failure::Failure;
use crate::observation::{
    Attempt, Document, DocumentKind, FollowUp, Observations, Purpose, Trust, Variation,
};
use crate::plan::{Experiment, Keep, Plan, Target};
use crate::rules::services::Protocol;
use crate::text::token::public_address;
use crate::text::visible;

/// Characters of the reason why a document cannot be used.
const WHY: usize = 400;

/// Notes at the answers of a bootstrap server why its document cannot be used.
fn mark(observations: &mut Observations, plan: &Plan, url: &str, why: &str) {
    let Some((host, port)) =
        Url::parse(url).ok().and_then(|u| Some((endpoint::host_of(&u)?, u.port_or_known_default()?)))
    else {
        return;
    };
    for attempt in &mut observations.attempts {
        let there = plan.target(attempt.target).is_some_and(|t| t.probed == host && t.port() == port);
        let documents = attempt.http.iter_mut().filter_map(|h| h.document.as_mut());
        for document in documents.filter(|d| there && d.kind == DocumentKind::Object) {
            document.unusable = Some(why.to_owned());
        }
    }
}

/// The key that names the bootstrap server.
const BOOTSTRAP: &str = "bootstrapUrl";

impl Course<'_> {
    /// Asks the bootstrap servers, lays what they serve over the configuration, and derives anew.
    pub(super) async fn bootstrap(
        &self,
        derived: Derived,
        plan: Plan,
        observations: &mut Observations,
    ) -> Result<(Derived, Plan), Failure> {
        let is_server = |t: &Target| {
            let service = t.service.as_deref().and_then(|id| self.rules.services.by_id(id));
            service.is_some_and(|s| s.protocol == Some(Protocol::Bootstrap))
        };
        let wave: Vec<Experiment> =
            plan.first_wave().into_iter().filter(|e| plan.target(e.target).is_some_and(&is_server)).collect();
        if wave.is_empty() {
            return Err(Failure::Usage(
                "--bootstrap: no bootstrap server is configured (bootstrapUrl); leave the option out, or pass the configuration that has it".into(),
            ));
        }
        self.wave(&plan, &wave, observations).await;
        let mut configurations = derived.configurations.clone();
        let mut served: Vec<String> = Vec::new();
        let mut unusable = false;
        for configuration in &mut configurations {
            match self.served(configuration, &plan, observations) {
                Some((url, document)) => {
                    let options = ReadOptions {
                        app_version: self.options.inputs.app_version(self.rules),
                        places: std::sync::Arc::clone(&self.rules.places),
                        ..ReadOptions::default()
                    };
                    let mut overlaid = configuration.clone();
                    let keys = &self.rules.pack.keys;
                    match config::overlay_response(&mut overlaid, &document, &url, keys, &options) {
                        Ok(()) => {
                            *configuration = overlaid;
                            served.push(url);
                        }
                        // A finding at the server, like any other answer that is not what the app needs.
                        Err(error) => {
                            unusable = true;
                            let why =
                                visible::message(&error.to_string()).chars().take(WHY).collect::<String>();
                            mark(observations, &plan, &url, &why);
                        }
                    }
                }
                None => continue,
            }
        }
        if served.is_empty() {
            let mut derived = derived;
            derived.requirements.notes.push(Note {
                id: "bootstrap-not-served".into(),
                text: if unusable { "The bootstrap server's document is no configuration of the app (see its finding), so the list is that of the configuration alone." } else { "The bootstrap server gave no document without a sign-in over a connection that this device trusts, so the list is that of the configuration alone; save a response and pass it with --bootstrap-response." }.into(),
                keys: vec!["bootstrapUrl".into()],
            });
            return Ok((derived, plan));
        }
        let mut effective =
            self.options.inputs.derive_from(self.rules, configurations, derived.documents.clone())?;
        super::bounded(&effective.requirements)?;
        for host in &mut effective.requirements.hosts {
            let known = |r: &&Requirement| r.endpoint() == host.endpoint();
            if derived.requirements.hosts.iter().find(known).is_none() {
                host.hints.discovered_from = Some(served.join(", "));
            }
        }
        effective.requirements.notes.retain(|n| n.id != NoteId::WITHOUT_BOOTSTRAP);
        // The gap of the device's own configuration is filled by what the server adds.
        let list = &effective.requirements;
        let mut new = self.planner.plan(self.prober, self.deadline, list, &effective).await?;
        new.gaps.extend(effective.gaps());
        observations.attempts.retain_mut(|attempt| {
            let old = plan.target(attempt.target);
            let same = |t: &&Target| {
                old.is_some_and(|o| {
                    o.probed == t.probed
                        && o.port() == t.port()
                        && o.transport() == t.transport()
                        && o.paths == t.paths
                })
            };
            let (Some(old), Some(there)) = (old, new.targets.iter().find(same)) else { return false };
            attempt.target = there.id;
            // A gateway on the server's own address is the host's service from now on.
            if let (true, Some(service), Some(request)) =
                (there.service != old.service, &old.service, &old.request)
            {
                let follow_up = FollowUp {
                    service: service.clone(),
                    base_path: old.requirement.hints.base_path.clone(),
                    request: request.clone(),
                    over: None,
                };
                attempt.purpose = Purpose::Experiment;
                attempt.variation = Some(Variation::FollowUp(follow_up));
            }
            true
        });
        Ok((effective, new))
    }

    /// What the bootstrap server of a configuration serves, and its address as others may read it.
    fn served(
        &self,
        configuration: &Configuration,
        plan: &Plan,
        observations: &Observations,
    ) -> Option<(String, Vec<u8>)> {
        let text = configuration.text(BOOTSTRAP)?;
        let url = Url::parse(text).ok()?;
        let (host, port) = (endpoint::host_of(&url)?, url.port_or_known_default()?);
        let target = plan.targets.iter().find(|t| {
            t.probed == host && t.port() == port && t.request.as_ref().is_some_and(|r| r.keep == Keep::Names)
        })?;
        let trusted = |attempt: &Attempt| {
            // The prober goes on over any chain; a document over one that the device refuses is ignored.
            attempt.tls.last().is_some_and(|tls| match &tls.device_trust {
                Some(Trust::Accepted) => true,
                None | Some(Trust::Unavailable { .. }) => tls.public_trust == Some(Trust::Accepted),
                Some(_) => false,
            })
        };
        let has_object = |attempt: &&Attempt| {
            attempt.http.iter().any(|http| {
                let is_object = |d: &Document| d.kind == DocumentKind::Object;
                http.status == Some(200) && http.document.as_ref().is_some_and(is_object)
            })
        };
        let served: Vec<&Attempt> =
            observations.plain().filter(|a| a.target == target.id).filter(has_object).collect();
        // One route that the device trusts, each time it was taken: a document that came over an untrusted one is
        // ignored.
        let route = served
            .iter()
            .map(|a| a.path)
            .find(|path| served.iter().filter(|a| a.path == *path).all(|a| trusted(a)))?;
        Some((public_address(text), self.prober.secret_document(target.id, route)?))
    }
}
