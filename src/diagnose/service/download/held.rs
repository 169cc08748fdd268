//! A download that is held: whole files, one after another, against the checksum that the host publishes.

use std::collections::BTreeSet;

use super::{Found, PAUSE, SLOW, ask, rewritten, seconds, size, speed};
use crate::diagnose::context::View;
use crate::diagnose::evidence::{Draft, Walk};
use crate::diagnose::finding::Code;
use crate::diagnose::service::fingerprint;
use crate::observation::document::{SHA256, SIZE};
use crate::observation::{Attempt, DocumentKind, FollowUp, Http, HttpOutcome, Transfer, TransferEnd};
use crate::plan::Keep;
use crate::text::english;

/// Whether a request is one transfer of a download that is held.
pub(super) fn is_held(follow_up: &FollowUp) -> bool {
    matches!(follow_up.request.keep, Keep::Digest { ms: Some(_), .. })
}

/// Whether a transfer broke off, or never began.
pub(super) fn is_broken(attempt: &Attempt) -> bool {
    attempt.cut.is_none() && attempt.answer().is_none_or(|http| http.outcome != HttpOutcome::Answered)
}

/// What the host publishes of the file.
enum Published {
    /// Its SHA-256, lower-case hexadecimal, and its length where that is published too.
    Checksum { path: String, sha256: String, size: Option<u64> },
    /// None that can be used, and why.
    Not(String),
}

impl Published {
    fn observe(view: &View<'_>) -> Self {
        let (target, path) = (view.target.id, view.attempt.path);
        let mut all = view.context.observations.follow_ups();
        let asked = all.find_map(|(a, f)| match &f.request.keep {
            Keep::Checksum { member, .. } if a.target == target && a.path == path => {
                Some((a, f.request.path.as_str(), member))
            }
            _ => None,
        });
        let Some((attempt, path, member)) = asked else {
            return Self::Not("no checksum is known to be published for it".to_owned());
        };
        let not = |why: String| Self::Not(format!("{path} {why}"));
        let Some(http) = attempt.answer().filter(|h| h.outcome == HttpOutcome::Answered) else {
            return not("did not answer".to_owned());
        };
        if http.status != Some(200) {
            return not(format!("answers {}", http.status.unwrap_or_default()));
        }
        let Some(document) = http.document.as_ref().filter(|d| d.kind == DocumentKind::Object) else {
            return not("is not a JSON object".to_owned());
        };
        let Some(sha256) =
            document.text(SHA256).filter(|t| t.len() == 64 && t.bytes().all(|b| b.is_ascii_hexdigit()))
        else {
            return not(format!("has no SHA-256 at {member}"));
        };
        let size = document.members.get(SIZE).and_then(serde_json::Value::as_u64);
        let sha256 = sha256.to_owned();
        Self::Checksum { path: path.to_owned(), sha256, size }
    }
}

/// One transfer: its answer, where there is one, and what came.
struct Pass<'a> {
    http: Option<&'a Http>,
    transfer: Option<&'a Transfer>,
    broken: bool,
}

impl Pass<'_> {
    fn bytes(&self) -> u64 {
        self.transfer.map_or(0, |t| t.bytes)
    }

    /// The digest of a file that came to its end.
    fn whole(&self) -> Option<(&str, u64)> {
        let transfer = self.transfer.filter(|t| !self.broken && t.ended == Some(TransferEnd::File))?;
        Some((transfer.sha256.as_deref()?, transfer.bytes))
    }
}

/// All transfers of a test, and what they come to.
struct Held<'a> {
    path: &'a str,
    passes: Vec<Pass<'a>>,
    total: u64,
    /// Seconds in which a transfer was under way.
    seconds: f64,
    pause: f64,
}

impl<'a> Held<'a> {
    fn observe(view: &View<'a>) -> Option<Self> {
        let (target, path) = (view.target.id, view.attempt.path);
        let all = view.context.observations.follow_ups();
        let all: Vec<(&Attempt, &FollowUp)> =
            all.filter(|(a, f)| a.target == target && a.path == path && is_held(f)).collect();
        let (_, first) = all.first()?;
        let pass = |(a, _): &(&'a Attempt, &FollowUp)| {
            let http = a.answer();
            Pass { http, transfer: http.and_then(|h| h.transfer.as_ref()), broken: is_broken(a) }
        };
        let passes: Vec<Pass<'_>> = all.iter().map(pass).collect();
        Some(Self {
            path: first.request.path.as_str(),
            total: passes.iter().map(Pass::bytes).sum(),
            seconds: passes.iter().filter_map(|p| p.http).map(|h| h.ms / 1000.0).sum(),
            pause: passes.iter().filter_map(|p| p.transfer).map(|t| t.longest_pause_ms).fold(0.0, f64::max),
            passes,
        })
    }

    fn rate(&self) -> f64 {
        if self.seconds > 0.0 { self.total as f64 / self.seconds } else { f64::INFINITY }
    }

    fn broken(&self) -> Vec<&Pass<'a>> {
        self.passes.iter().filter(|p| p.broken).collect()
    }

    fn words(&self) -> String {
        let transfers = english::count(self.passes.len(), "transfer", "transfers");
        let (path, total) = (self.path, size(self.total));
        format!("{total} of {path} in {} ({transfers}) at {}", seconds(self.seconds), speed(self.rate()))
    }

    fn facts(&self, walk: &mut Walk) {
        walk.download_bytes = Some(self.total);
        walk.fact("download_object", self.path);
        walk.fact("download", self.words());
        walk.fact("download_seconds", (self.seconds * 10.0).round() / 10.0);
        walk.fact("download_transfers", self.passes.len());
        walk.fact("download_interruptions", self.broken().len());
        walk.fact("download_longest_pause_ms", self.pause.round());
        if self.rate().is_finite() {
            walk.fact("download_rate_bytes_per_s", self.rate().round());
        }
    }
}

/// Judges a download that was held on the path, if one was.
pub(super) fn judge(view: &View<'_>, walk: &mut Walk) -> Option<Option<Draft>> {
    let held = Held::observe(view)?;
    let answered = |p: &&Pass<'_>| !p.broken && p.http.is_some();
    // The object may have gone: that is the rules' fault, not the network's.
    if let Some(first) = held.passes.first().filter(|p| answered(p) && p.transfer.is_none()) {
        let status = first.http.and_then(|h| h.status).unwrap_or_default();
        walk.fact("download", format!("not judged: status {status} for {}", held.path));
        return Some(None);
    }
    held.facts(walk);
    let published = Published::observe(view);
    let compared = compared(&held, &published);
    walk.fact("download_checksum", compared.as_str());
    let found = Found { view, total: held.total, path: held.path };
    let draft = obstacle(&held, &published, &found).map(|draft| {
        draft
            .fact("download", held.words())
            .fact("download_interruptions", held.broken().len())
            .fact("download_checksum", compared.as_str())
    });
    if draft.is_none() {
        let pause = held.pause;
        let longest = if pause >= PAUSE { format!(", longest pause {pause:.0} ms") } else { String::new() };
        walk.proof
            .push(format!("downloaded {}{longest}, no interruption; checksum {compared}", held.words()));
    }
    Some(draft)
}

/// Whether files were held against the published checksum, in words; a difference is in these words
/// too.
fn compared(held: &Held<'_>, published: &Published) -> String {
    let (path, sha256) = match published {
        Published::Not(why) => return format!("not compared: {why}"),
        Published::Checksum { path, sha256, .. } => (path, sha256),
    };
    let whole: Vec<&str> = held.passes.iter().filter_map(|p| Some(p.whole()?.0)).collect();
    let files = english::count(whole.len(), "whole file", "whole files");
    let same = whole.iter().filter(|digest| **digest == sha256).count();
    match whole.len() {
        0 => match published {
            Published::Checksum { size: Some(bytes), .. } => {
                format!("not compared: no whole file came (it has {})", size(*bytes))
            }
            _ => "not compared: no whole file came".to_owned(),
        },
        all if all == same => format!("compared: {files} as {path} says"),
        all => format!("compared: {} of {files} not as {path} says", all - same),
    }
}

fn obstacle(held: &Held<'_>, published: &Published, found: &Found<'_, '_>) -> Option<Draft> {
    let page = held.passes.iter().filter_map(|p| p.http.filter(|_| p.transfer.is_some()));
    if page.into_iter().any(fingerprint::is_html) {
        let line = format!("download: an HTML page in the place of {}", held.path);
        return Some(found.on_the_way(Code::HttpWrongContent, line).fact("what", "an HTML page"));
    }
    let whole: Vec<(&str, u64)> = held.passes.iter().filter_map(Pass::whole).collect();
    if let Published::Checksum { path, sha256, size } = published {
        if let Some((_, bytes)) = whole.iter().find(|(_, bytes)| size.is_some_and(|size| *bytes < size)) {
            let line = format!(
                "download: {bytes} of {} bytes of {} came, then the end",
                size.unwrap_or_default(),
                held.path
            );
            return Some(found.on_the_way(Code::HttpInterrupted, line));
        }
        if let Some((digest, _)) = whole.iter().find(|(digest, _)| digest != sha256) {
            let distinct: BTreeSet<&str> = whole.iter().map(|(d, _)| *d).collect();
            let how = match (whole.len(), distinct.len()) {
                (1, _) => String::new(),
                (n, 1) => format!(", the same way in all {n} transfers"),
                (n, _) => format!(", not the same way in all {n} transfers"),
            };
            let line = format!(
                "download: {} has the SHA-256 {digest} and {path} says {sha256}{how}: something changes the file",
                held.path
            );
            return Some(
                found
                    .in_the_answer(Code::HttpWrongContent, line)
                    .fact("what", "a file that is not the published one")
                    .fact("wanted", "the file whose checksum the host publishes")
                    .fact("sha256", *digest)
                    .fact("sha256_published", sha256.as_str()),
            );
        }
    }
    if whole.windows(2).any(|pair| matches!(pair, [one, other] if one != other)) {
        return Some(rewritten(found, held.path));
    }
    interrupted(held, found).or_else(|| {
        let rate = held.rate();
        (rate < SLOW as f64).then(|| {
            let line = format!("download: {}", held.words());
            found
                .on_the_way(Code::HttpSlow, line)
                .fact("rate_bytes_per_s", rate.round())
                .fact("slow", format!("a download came at {}", speed(rate)))
        })
    })
}

/// What broke transfers off.
fn interrupted(held: &Held<'_>, found: &Found<'_, '_>) -> Option<Draft> {
    let broken = held.broken();
    let first = broken.first()?;
    let stood = |p: &&Pass<'_>| {
        p.http.is_some_and(|h| matches!(h.outcome, HttpOutcome::BodyTimeout | HttpOutcome::Timeout))
    };
    let (all, path) = (held.passes.len(), held.path);
    let how = if broken.iter().all(stood) { "stood still" } else { "cut off" };
    let at: BTreeSet<u64> = broken.iter().map(|p| p.bytes()).collect();
    let places = match (broken.len(), at.len()) {
        (1, _) => format!("after {} bytes", first.bytes()),
        (_, 1) => format!("each after {} bytes", first.bytes()),
        _ => format!("after {} to {} bytes", at.first().unwrap_or(&0), at.last().unwrap_or(&0)),
    };
    let line = format!("download: {} of {all} transfers of {path} {how} {places}", broken.len());
    let code = if how == "cut off" { Code::HttpInterrupted } else { Code::HttpTimeout };
    let draft = found.on_the_way(code, line);
    Some(match (broken.len(), at.len(), first.bytes()) {
        (2.., 1, 1..) => draft.proven().fact("cut_at_bytes", first.bytes()),
        _ => draft,
    })
}

/// Transfers of a test, and what ends one, for the announcement.
pub(super) fn bounds() -> String {
    format!("{} transfers at the most, {} that break off in a row end it", ask::TRANSFERS, ask::BROKEN)
}
