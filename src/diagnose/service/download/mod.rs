//! The opt-in download: parts of a large object, the first of them twice; or whole files, held for a
//! stated amount or time.

mod ask;
mod held;

pub use ask::{Source, sample, sources};

use crate::contract::{DownloadTest, SLOW, endpoint};
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::finding::{Code, Owner};
use crate::diagnose::service::fingerprint;
use crate::diagnose::service::follow_up::served;
use crate::diagnose::service::follow_ups;
use crate::diagnose::stage::trust;
use crate::observation::{FollowUp, Http, HttpOutcome, Transfer};
use crate::plan::{Announcement, Keep, Plan, Sent};
use crate::rules::services::Services;

/// A pause this long, ms, is said even where the transfer went on.
const PAUSE: f64 = 1000.0;

/// What is sent with `--download-test`.
pub(crate) fn announce(plan: &Plan, services: &Services, test: Option<DownloadTest>) -> Announcement {
    let here = served(plan, services).filter_map(|(target, service)| {
        let (download, test) = (service.download.as_ref()?, test?);
        let (endpoint, object) = (endpoint::authority(&target.probed, target.port()), &download.path);
        let Some(longest) = test.longest() else {
            return Some(format!("{endpoint}: {} bytes of {object} in four parts.", ask::SAMPLE));
        };
        let before = download
            .checksum
            .as_ref()
            .map_or_else(String::new, |c| format!("GET {} for the published checksum, then ", c.path));
        let until = match test {
            DownloadTest::Time(_) => format!("for {test}"),
            _ => format!("until {test} came, for {} at the most", seconds(longest.as_secs_f64())),
        };
        let more = if target.paths.len() > 1 {
            format!(", on each of {} paths", target.paths.len())
        } else {
            String::new()
        };
        Some(format!(
            "{endpoint}: {before}GET {object}, whole and again, one connection after another, {until}{more}. The \
             deadline grows by that time; {}.",
            held::bounds()
        ))
    });
    Announcement::new(
        Sent::Downloads,
        "With `--download-test` 8 MB of one release file on the download host, in four ranges of which the first is \
         fetched twice: rate, pauses, and whether something rewrites or cuts it. With `--download-test=2GB` (an amount) \
         or `=60s` (a time) the whole file, one connection after another, until that is reached, and the checksum that \
         the host publishes beside it.",
    )
    .with(here)
}

/// Whose a fault of a download is.
struct Found<'v, 'a> {
    view: &'v View<'a>,
    total: u64,
    path: &'v str,
}

impl Found<'_, '_> {
    /// What stops, cuts or slows a transfer: anything on the path can.
    fn on_the_way(&self, code: Code, line: String) -> Draft {
        let view = self.view;
        self.of(code, line, |found| found.owner(view.path_owner()).key(view.path_key()))
    }

    /// Other bytes than the host's: within TLS that nobody opened, only its own side can change them.
    fn in_the_answer(&self, code: Code, line: String) -> Draft {
        let draft = self.of(code, line, |found| found.owner(Owner::Service).key(&*self.view.target.probed));
        if trust::inspector(self.view).is_some() { draft.proven() } else { draft }
    }

    fn of(&self, code: Code, line: String, otherwise: impl FnOnce(Draft) -> Draft) -> Draft {
        let found = Draft::new(code, line).fact("download_bytes", self.total).fact("object", self.path);
        match trust::inspector(self.view) {
            Some(issuer) => found.owner(Owner::TlsInspection).fact("issuer", issuer).key(issuer),
            None => otherwise(found),
        }
    }
}

/// Judges what was fetched on the path, if anything; the whole of it goes into the evidence.
pub(crate) fn judge(view: &View<'_>, walk: &mut Walk) -> Option<Draft> {
    if let Some(held) = held::judge(view, walk) {
        return held;
    }
    let parts: Vec<(&FollowUp, &Http, u64)> = follow_ups(view)
        .filter_map(|(follow_up, http)| match follow_up.request.keep {
            Keep::Digest { bytes, .. } => Some((follow_up, http, bytes)),
            _ => None,
        })
        .collect();
    let (first, _, _) = parts.first()?;
    let path = first.request.path.as_str();
    let total: u64 = parts.iter().filter_map(|(_, http, _)| Some(http.transfer.as_ref()?.bytes)).sum();
    let rate = rate(&parts, total);
    let pause = parts
        .iter()
        .filter_map(|(_, http, _)| Some(http.transfer.as_ref()?.longest_pause_ms))
        .fold(0.0, f64::max);
    walk.download_bytes = Some(total);
    walk.fact("download_object", path);
    let words = format!("{} of {path} at {}", size(total), speed(rate));
    let found = Found { view, total, path };
    for (follow_up, http, wanted) in &parts {
        let range = range(follow_up);
        match (&http.outcome, &http.transfer) {
            (HttpOutcome::Answered, Some(_)) if fingerprint::is_html(http) => {
                let line = format!("download: an HTML page in the place of {range}");
                return Some(found.on_the_way(Code::HttpWrongContent, line).fact("what", "an HTML page"));
            }
            (HttpOutcome::Answered, Some(transfer)) if transfer.bytes < *wanted => {
                let line =
                    format!("download: {} of {} of {range} came, then the end", transfer.bytes, wanted);
                return Some(found.on_the_way(Code::HttpInterrupted, line));
            }
            (HttpOutcome::Answered, Some(_)) => {}
            // The object may have gone: that is the rules' fault, not the network's.
            (HttpOutcome::Answered, None) => {
                let status = http.status.unwrap_or_default();
                walk.fact("download", format!("not judged: status {status} for the object"));
                // Without it the report goes on saying that no large download was tested.
                walk.download_bytes = None;
                return None;
            }
            (HttpOutcome::BodyTimeout | HttpOutcome::Timeout, transfer) => {
                let came = transfer.as_ref().map_or(0, |t| t.bytes);
                let line = format!("download: stood still after {came} bytes of {range}");
                return Some(found.on_the_way(Code::HttpTimeout, line));
            }
            (_, transfer) => {
                let came = transfer.as_ref().map_or(0, |t| t.bytes);
                let line = format!("download: cut off after {came} of {wanted} bytes of {range}");
                return Some(found.on_the_way(Code::HttpInterrupted, line));
            }
        }
    }
    if let Some(range) = differs(&parts) {
        return Some(rewritten(&found, range));
    }
    walk.fact("download", words.as_str());
    walk.fact("download_longest_pause_ms", pause.round());
    let longest = if pause >= PAUSE { format!(", longest pause {pause:.0} ms") } else { String::new() };
    walk.proof.push(format!("downloaded {words}{longest}, a repeated part is the same"));
    if rate < SLOW as f64 {
        let line = format!("download: {words}{longest}");
        return Some(
            found
                .on_the_way(Code::HttpSlow, line)
                .fact("rate_bytes_per_s", rate.round())
                .fact("slow", format!("a download came at {}", speed(rate))),
        );
    }
    None
}

/// Bytes per second over the time in which any part was under way.
fn rate(parts: &[(&FollowUp, &Http, u64)], total: u64) -> f64 {
    let begin = parts.iter().map(|(_, h, _)| h.at_ms as f64).fold(f64::INFINITY, f64::min);
    let end = parts.iter().map(|(_, h, _)| h.at_ms as f64 + h.ms).fold(0.0, f64::max);
    if end > begin { total as f64 * 1000.0 / (end - begin) } else { f64::INFINITY }
}

/// What came twice was not the same.
fn rewritten(found: &Found<'_, '_>, what: &str) -> Draft {
    let line = format!("download: {what} came twice and differs: something rewrites the file");
    found
        .in_the_answer(Code::HttpWrongContent, line)
        .proven()
        .fact("what", "a file that changes on the way")
        .fact("wanted", "the same file each time")
}

/// The range that was fetched twice with two results.
fn differs<'a>(parts: &[(&'a FollowUp, &Http, u64)]) -> Option<&'a str> {
    let digest = |t: &Transfer| t.sha256.clone();
    parts.iter().enumerate().find_map(|(n, (follow_up, http, _))| {
        let one = digest(http.transfer.as_ref()?)?;
        let same = |other: &&(&FollowUp, &Http, u64)| range(other.0) == range(follow_up);
        let other = parts.iter().skip(n + 1).find(same)?;
        (digest(other.1.transfer.as_ref()?)? != one).then(|| range(follow_up))
    })
}

fn range(follow_up: &FollowUp) -> &str {
    let header = follow_up.request.headers.iter().find(|(name, _)| name == "range");
    header.map_or("the object", |(_, value)| value.as_str())
}

fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

fn speed(rate: f64) -> String {
    if rate.is_finite() { format!("{:.1} MB/s", rate / 1e6) } else { "an unknown rate".to_owned() }
}

/// Seconds, in minutes where they are many.
fn seconds(seconds: f64) -> String {
    if seconds < 120.0 { format!("{seconds:.1} s") } else { format!("{:.0} min", seconds / 60.0) }
}
