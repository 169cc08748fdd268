//! What the download test fetches: parts of a large object at once, or whole files one after another.

use std::time::Duration;

use crate::contract::DownloadTest;
use crate::diagnose::service::follow_up::{asked, experiment};
use crate::observation::{Attempt, FollowUp, HttpOutcome, Observations};
use crate::plan::{Experiment, Keep, Plan, Request};
use crate::rules::services::{PublishedChecksum, Services};

use super::held;

/// Bytes of a sample.
pub(super) const SAMPLE: u64 = 8_000_000;
/// Into so many parts a sample is cut; the first is fetched once more at the end.
pub(super) const PARTS: u64 = 3;
/// Transfers of one test, at the most: a file can be as short as its host likes.
pub(super) const TRANSFERS: usize = 64;
/// Transfers that break off one after another before a test is given up.
pub(super) const BROKEN: usize = 3;
/// Less time than this, ms, is not worth a transfer of its own.
const SHORTEST: u64 = 100;

/// A large object of one host on one path, whose answer is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    target: u32,
    path: usize,
    service: String,
    object: String,
    checksum: Option<PublishedChecksum>,
}

/// The large objects of the hosts that have one, in the version that each host's own answer names. None
/// where one was fetched already, or where the host's answer is not known.
pub fn sources(plan: &Plan, observations: &Observations, services: &Services) -> Vec<Source> {
    if observations.stopped.is_some() {
        return Vec::new();
    }
    let done = |target: u32, path: usize| {
        observations.follow_ups().any(|(a, i)| {
            a.target == target && a.path == path && matches!(i.request.keep, Keep::Digest { .. })
        })
    };
    let all = asked(plan, observations, services);
    let all = all.into_iter().filter(|a| a.plain && a.is_recognised(services));
    all.filter_map(|one| {
        let download = one.service.download.as_ref().filter(|_| !done(one.target.id, one.path))?;
        let version = |path: &str| path.replace("{version}", one.http.body.trim());
        let checksum = download.checksum.clone();
        Some(Source {
            target: one.target.id,
            path: one.path,
            service: one.service.id.to_string(),
            object: version(&download.path),
            checksum: checksum.map(|c| PublishedChecksum { path: version(&c.path).into(), ..c }),
        })
    })
    .collect()
}

/// The parts of a sample: 8 MB of each object in all.
pub fn sample(sources: &[Source]) -> Vec<Experiment> {
    let part = SAMPLE / (PARTS + 1);
    let of = |source: &Source| {
        let one = |number: u64| {
            let range = format!("bytes={}-{}", number * part, (number + 1) * part - 1);
            source.get(&source.object, Keep::Digest { bytes: part, ms: None }, Some(range))
        };
        (0..PARTS).chain([0]).map(one).collect::<Vec<_>>()
    };
    sources.iter().flat_map(of).collect()
}

impl Source {
    /// The request for the published checksum; none where the rules know of none.
    pub fn published(&self) -> Option<Experiment> {
        let checksum = self.checksum.as_ref()?;
        let keep = Keep::Checksum { member: checksum.member.to_string(), size: checksum.size.to_string() };
        Some(self.get(&checksum.path, keep, None))
    }

    /// The next transfer of the whole object; none once the test is over: the amount has come, the time is
    /// spent, the host gives no file, or nothing gets through. `spent`: since the first one began.
    pub fn transfer(
        &self,
        observations: &Observations,
        test: DownloadTest,
        spent: Duration,
    ) -> Option<Experiment> {
        let of = |a: &Attempt| a.target == self.target && a.path == self.path;
        let all: Vec<&Attempt> =
            observations.follow_ups().filter(|(a, f)| of(a) && held::is_held(f)).map(|(a, _)| a).collect();
        let broken = all.iter().rev().take_while(|a| held::is_broken(a)).count();
        let refused = all.last().and_then(|a| a.answer()).is_some_and(|http| {
            http.outcome == HttpOutcome::Answered
                && (http.transfer.as_ref().is_none_or(|t| t.bytes == 0)
                    || crate::diagnose::service::fingerprint::is_html(http))
        });
        if observations.stopped.is_some() || refused || broken >= BROKEN || all.len() >= TRANSFERS {
            return None;
        }
        let came = |a: &&Attempt| a.answer().and_then(|h| h.transfer.as_ref()).map(|t| t.bytes);
        let bytes = test.most()?.saturating_sub(all.iter().filter_map(came).sum());
        let left = u64::try_from(test.longest()?.saturating_sub(spent).as_millis()).unwrap_or(u64::MAX);
        let keep = Keep::Digest { bytes, ms: Some(left) };
        (bytes > 0 && left >= SHORTEST).then(|| self.get(&self.object, keep, None))
    }

    fn get(&self, path: &str, keep: Keep, range: Option<String>) -> Experiment {
        let mut headers = vec![("accept-encoding".to_owned(), "identity".to_owned())];
        if let Some(range) = range {
            headers.insert(0, ("range".to_owned(), range));
        }
        let request =
            Request { method: "GET".into(), path: path.to_owned(), headers, keep, ..Request::default() };
        let (service, base_path) = (self.service.clone(), String::new());
        experiment(self.target, self.path, FollowUp { service, base_path, request, over: None })
    }
}
