//! The opt-in download: parts of a large object, the first of them twice.

use crate::contract::endpoint;
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::finding::Code;
use crate::diagnose::service::fingerprint;
use crate::diagnose::service::follow_up::served;
use crate::diagnose::service::follow_ups;
use crate::diagnose::stage::trust;
use crate::observation::{FollowUp, Http, HttpOutcome, Transfer};
use crate::plan::{Announcement, Keep, Plan, Sent};
use crate::rules::services::Services;

/// Below this rate, bytes per second, the workspace of over a gigabyte takes more than half an
/// hour. Our own line: the vendor names none.
const SLOW: f64 = 600_000.0;
/// A pause this long, ms, is said even where the transfer went on.
const PAUSE: f64 = 1000.0;

/// What is sent with `--download-test`.
pub(crate) fn announce(plan: &Plan, services: &Services, size: Option<u64>) -> Announcement {
    let here = served(plan, services).filter_map(|(target, service)| {
        let (download, size) = (service.download.as_ref()?, size?);
        let endpoint = endpoint::authority(&target.probed, target.port());
        Some(format!("{endpoint}: {size} bytes of {} in four parts.", download.path))
    });
    Announcement::new(
        Sent::Downloads,
        "With `--download-test[=SIZE]` (8 MB unless said otherwise) a part of one release file on the download host, in \
         four ranges of which the first is fetched twice: rate, pauses, and whether something rewrites or cuts it.",
    )
    .with(here)
}

/// Judges what was fetched on the path, if anything; the whole of it goes into the evidence.
pub(crate) fn judge(view: &View<'_>, walk: &mut Walk) -> Option<Draft> {
    let parts: Vec<(&FollowUp, &Http, u64)> = follow_ups(view)
        .filter_map(|(follow_up, http)| match follow_up.request.keep {
            Keep::Digest { bytes } => Some((follow_up, http, bytes)),
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
    let found = |code: Code, line: String| {
        let found = Draft::new(code, line).fact("download_bytes", total).fact("object", path);
        match trust::inspector(view) {
            Some(issuer) => {
                found.owner(crate::diagnose::finding::Owner::TlsInspection).fact("issuer", issuer).key(issuer)
            }
            None => found.owner(view.path_owner()).key(view.path_key()),
        }
    };
    for (follow_up, http, wanted) in &parts {
        let range = range(follow_up);
        match (&http.outcome, &http.transfer) {
            (HttpOutcome::Answered, Some(_)) if fingerprint::is_html(http) => {
                let line = format!("download: an HTML page in the place of {range}");
                return Some(found(Code::HttpWrongContent, line).fact("what", "an HTML page"));
            }
            (HttpOutcome::Answered, Some(transfer)) if transfer.bytes < *wanted => {
                let line =
                    format!("download: {} of {} of {range} came, then the end", transfer.bytes, wanted);
                return Some(found(Code::HttpInterrupted, line));
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
                return Some(found(Code::HttpTimeout, line));
            }
            (_, transfer) => {
                let came = transfer.as_ref().map_or(0, |t| t.bytes);
                let line = format!("download: cut off after {came} of {wanted} bytes of {range}");
                return Some(found(Code::HttpInterrupted, line));
            }
        }
    }
    if let Some(range) = differs(&parts) {
        let line = format!("download: {range} came twice and differs: something rewrites the file");
        return Some(
            found(Code::HttpWrongContent, line).proven().fact("what", "a file that changes on the way"),
        );
    }
    walk.fact("download", words.as_str());
    walk.fact("download_longest_pause_ms", pause.round());
    let longest = if pause >= PAUSE { format!(", longest pause {pause:.0} ms") } else { String::new() };
    walk.proof.push(format!("downloaded {words}{longest}, a repeated part is the same"));
    if rate < SLOW {
        let line = format!("download: {words}{longest}");
        return Some(
            found(Code::HttpSlow, line)
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
