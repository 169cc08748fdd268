//! The course of a run: waves of attempts, what answers call for, the hosts they name, and the
//! documents that are fetched on request. All of it within one deadline.

use std::cell::Cell;

use tokio::time::Instant;
use url::Url;

use super::Failure;
use super::input::{self, Derived};
use super::routes::Planner;
use crate::cli::CheckArgs;
use crate::config::{self, Configuration, ReadOptions};
use crate::contract::endpoint;
use crate::contract::ids::NoteId;
use crate::derive::{Note, Requirements};
use crate::diagnose;
use crate::observation::{
    Attempt, Document, DocumentKind, FollowUp, Observations, Purpose, Trust, Variation,
};
use crate::plan::{Control, Experiment, Keep, Plan, Target};
use crate::probe::{Prober, Progress};
use crate::rules::Rules;
use crate::rules::services::Protocol;

/// Waves after the first of each round, at the most: repeated attempts, further requests, and what
/// their answers call for.
const WAVES: usize = 5;
/// How often hosts that answers named are added: those that the list's hosts name, and those that
/// these name again.
const DISCOVERIES: usize = 2;

/// What a run needs at hand.
pub(super) struct Course<'a> {
    pub(super) args: &'a CheckArgs,
    pub(super) rules: &'a Rules,
    pub(super) prober: &'a Prober,
    pub(super) deadline: Instant,
    pub(super) progress: &'a dyn Progress,
    /// Makes the plan for a list, by the routes that follow from what it was derived from.
    pub(super) planner: &'a Planner<'a>,
    /// The controls that may be asked.
    pub(super) controls: &'a [Control],
    /// Whether they were asked, or are not to be.
    pub(super) asked: Cell<bool>,
}

impl Course<'_> {
    /// Runs the whole course; gives the list, the plan and what was seen, the discovered hosts among
    /// them.
    pub(super) async fn run(
        &self,
        mut derived: Derived,
        mut plan: Plan,
        mut observations: Observations,
    ) -> Result<(Requirements, Plan, Observations), Failure> {
        if self.args.bootstrap {
            (derived, plan) = self.bootstrap(derived, plan, &mut observations).await?;
        }
        let mut discoveries = 0;
        loop {
            self.waves(&plan, &mut observations).await;
            if discoveries == DISCOVERIES || observations.stopped.is_some() {
                break;
            }
            let found =
                diagnose::discovered(&plan, &observations, &self.rules.services, &self.rules.pack.networks);
            if found.is_empty() {
                break;
            }
            discoveries += 1;
            let list = Requirements { hosts: found, ..derived.requirements.clone() };
            let more = self.planner.plan(self.prober, self.deadline, &list, &derived).await?;
            plan.extend(more);
            derived.requirements.hosts.extend(list.hosts);
        }
        if let Some(size) = self.args.download_test {
            let parts = diagnose::download(&plan, &observations, &self.rules.services, size);
            self.wave(&plan, &parts, &mut observations).await;
        }
        Ok((derived.requirements, plan, observations))
    }

    /// Wave after wave, until nothing more is called for.
    async fn waves(&self, plan: &Plan, observations: &mut Observations) {
        for _ in 0..=WAVES {
            let mut experiments = diagnose::next(plan, observations);
            experiments.extend(diagnose::follow_ups(plan, observations, &self.rules.services));
            if experiments.is_empty() || observations.stopped.is_some() {
                break;
            }
            self.wave(plan, &experiments, observations).await;
        }
        if observations.stopped.is_none() && !self.asked.get() && diagnose::wants_controls(plan, observations)
        {
            self.asked.set(true);
            observations.controls.extend(self.prober.controls(self.controls, self.deadline).await);
        }
    }

    async fn wave(&self, plan: &Plan, experiments: &[Experiment], observations: &mut Observations) {
        if experiments.is_empty() || observations.stopped.is_some() {
            return;
        }
        // Beside the first experiments, so that it costs no time of its own.
        let ask = !self.asked.get() && diagnose::wants_controls(plan, observations);
        self.asked.set(self.asked.get() || ask);
        let beside = self.prober.controls(if ask { self.controls } else { &[] }, self.deadline);
        tokio::pin!(beside);
        let mut seen = None;
        {
            let wave = self.prober.run(plan, experiments, observations, self.deadline, self.progress);
            tokio::pin!(wave);
            loop {
                tokio::select! {
                    () = &mut wave => break,
                    answers = &mut beside, if seen.is_none() => seen = Some(answers),
                }
            }
        }
        if seen.is_none() && observations.stopped.is_none() {
            seen = Some(beside.await);
        }
        observations.controls.extend(seen.unwrap_or_default());
        // Again: whether the trust store can be read is known only after a while.
        observations.device = self.prober.device();
    }

    /// Asks the bootstrap servers, lays what they serve over the configuration, and derives anew.
    async fn bootstrap(
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
        for configuration in &mut configurations {
            match self.served(configuration, &plan, observations) {
                Some((url, document)) => {
                    let options = ReadOptions {
                        app_version: input::app_version(&self.args.derive, self.rules),
                        places: std::sync::Arc::clone(&self.rules.places),
                        ..ReadOptions::default()
                    };
                    config::overlay_response(
                        configuration,
                        &document,
                        &url,
                        &self.rules.pack.keys,
                        &options,
                    )?;
                    served.push(url);
                }
                None => continue,
            }
        }
        if served.is_empty() {
            let mut derived = derived;
            derived.requirements.notes.push(Note {
                id: "bootstrap-not-served".into(),
                text: "The bootstrap server gave no document without a sign-in over a connection that this device trusts, so the list is that of the configuration alone; save a response and pass it with --bootstrap-response.".into(),
                keys: vec!["bootstrapUrl".into()],
            });
            return Ok((derived, plan));
        }
        let mut effective =
            input::derive_from(&self.args.derive, self.rules, configurations, derived.documents.clone())?;
        for host in &mut effective.requirements.hosts {
            let known = |r: &&crate::derive::Requirement| r.endpoint() == host.endpoint();
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

    /// What the bootstrap server of a configuration serves, and its address without the query.
    fn served(
        &self,
        configuration: &Configuration,
        plan: &Plan,
        observations: &Observations,
    ) -> Option<(String, Vec<u8>)> {
        let mut url = Url::parse(configuration.text(BOOTSTRAP)?).ok()?;
        let (host, port) = (endpoint::host_of(&url)?, url.port_or_known_default()?);
        let target = plan.targets.iter().find(|t| {
            t.probed == host && t.port() == port && t.request.as_ref().is_some_and(|r| r.keep == Keep::Names)
        })?;
        let trusted = |attempt: &Attempt| {
            // The prober goes on over any chain; what came over one that the device refuses is nobody's
            // configuration.
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
        // One way that the device trusts, each time it was taken: what came over another is nobody's.
        let way = served
            .iter()
            .map(|a| a.path)
            .find(|path| served.iter().filter(|a| a.path == *path).all(|a| trusted(a)))?;
        url.set_query(None);
        url.set_fragment(None);
        Some((url.to_string(), self.prober.secret_document(target.id, way)?))
    }
}

/// The key that names the bootstrap server.
const BOOTSTRAP: &str = "bootstrapUrl";
