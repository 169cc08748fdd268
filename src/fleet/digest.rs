//! What a fleet takes of one saved report. Plan and observations, nine tenths of it, are passed over, so ten
//! thousand reports are read in seconds; the verdicts are those that were saved.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde::de::IgnoredAny;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::contract::ids::NoteId;
use crate::contract::{HostPattern, Need, Owner, Platform, RunVerdict, RunWord, Severity, Verdict};
use crate::document::check::{MAX_TAGS, ROWS, SCHEMA};
use crate::text::line;
use crate::text::token::HIDDEN;

/// Hosts of a report that are kept.
const MAX_HOSTS: usize = 5_000;
/// Findings of a device that are kept.
const MAX_ON_DEVICE: usize = 100;
/// Columns of a text of a report that are kept.
const MAX_TEXT: usize = 600;
/// Bytes of a time.
const MAX_MOMENT: usize = 35;
/// Columns of a name.
const MAX_NAME: usize = 200;

/// One saved report, as far as a fleet needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Digest {
    /// The device's name; without one the label, or nothing.
    pub device: String,
    /// Start of the run, RFC 3339 in UTC.
    pub started_at: String,
    /// Name the user gave the run.
    pub label: Option<String>,
    /// `--tag` of the run.
    pub tags: BTreeMap<String, String>,
    /// The run's verdict.
    pub verdict: RunWord,
    /// The platform that the list was derived for.
    pub platform: Platform,
    /// The app version that it was derived for.
    pub app_version: String,
    /// What is in the way there.
    pub causes: Vec<Blame>,
    /// What was found on the device itself and is in the way.
    pub on_device: Vec<OnDevice>,
    /// Why that could not be read, where the rest could.
    pub on_device_unread: Option<String>,
    /// Every host once: with its worst verdict and its greatest need.
    pub hosts: Vec<Host>,
}

/// What is in the way of hosts of one report.
#[derive(Debug, Clone, PartialEq)]
pub struct Blame {
    /// Finding code.
    pub code: String,
    /// Who must change something.
    pub owner: Owner,
    /// Which authority, proxy or resolver it is, where the evidence names one.
    pub who: Option<String>,
    /// Positions in [`Digest::hosts`].
    pub hosts: Vec<usize>,
    /// Whether a required host is blocked by it.
    pub required: bool,
    /// Whether any host is blocked by it; otherwise it is a warning.
    pub blocks: bool,
    /// Whether it is proven.
    pub proven: bool,
    /// What was found, in a sentence.
    pub summary: String,
    /// What to do.
    pub remedy: String,
    /// What it rests on.
    pub evidence: String,
}

/// Something in the way on the device itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnDevice {
    /// Its code.
    pub code: String,
    /// Who must act.
    pub owner: Owner,
    /// It stops the app, and is not only a warning.
    pub stops: bool,
    /// What was found, in a sentence.
    pub summary: String,
    /// What to do.
    pub remedy: String,
    /// What it rests on.
    pub evidence: String,
}

/// One host of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// Name and port, as lists write them.
    pub name: String,
    /// How badly it is needed.
    pub need: Need,
    /// What was found.
    pub verdict: Verdict,
    /// The code of the finding.
    pub code: String,
}

/// A report, with the part about the device as `D`.
#[derive(Deserialize)]
struct Saved<D> {
    schema: String,
    started_at: String,
    label: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    verdict: RunVerdict,
    platform: Platform,
    app_version: String,
    environment: Who,
    #[serde(default)]
    notes: Vec<Remark>,
    #[serde(default)]
    findings: Vec<Cause>,
    groups: Vec<Group>,
    #[serde(default = "Option::default")]
    device_report: Option<D>,
}

#[derive(Deserialize)]
struct SavedDevice {
    #[serde(default)]
    findings: Vec<SavedOnDevice>,
}

#[derive(Deserialize)]
struct SavedOnDevice {
    severity: Severity,
    #[serde(flatten)]
    finding: Finding,
}

#[derive(Deserialize)]
struct Remark {
    id: String,
}

#[derive(Deserialize)]
struct Who {
    #[serde(default)]
    host: String,
}

#[derive(Deserialize)]
struct Cause {
    id: String,
    /// An older report of another kind has none.
    #[serde(default)]
    severity: Option<Severity>,
    #[serde(default)]
    hosts: Vec<IgnoredAny>,
    #[serde(flatten)]
    finding: Finding,
}

#[derive(Deserialize)]
struct Finding {
    code: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    evidence: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    remedy: String,
    owner: Owner,
    #[serde(default)]
    confidence: Option<String>,
}

#[derive(Deserialize)]
struct Group {
    hosts: Vec<SavedHost>,
}

#[derive(Deserialize)]
struct SavedHost {
    id: u32,
    host: Option<HostPattern>,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    need: Option<Need>,
    verdict: Verdict,
    finding: Finding,
    #[serde(default)]
    cause: Option<String>,
}

/// Reads one report of `clearway check`, compact or whole.
///
/// # Errors
/// Why it is none, in one line.
pub fn read(json: &[u8]) -> Result<Digest, String> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    match serde_json::from_slice::<Saved<SavedDevice>>(json) {
        Ok(mut saved) => {
            let device = saved.device_report.take();
            finish(saved, on_device(device), None)
        }
        // A damaged part about the device is no reason to lose the hosts, and it is not an empty one.
        Err(error) => match serde_json::from_slice::<Saved<IgnoredAny>>(json) {
            Ok(saved) => finish(saved, Vec::new(), Some(line::seen(&unquoted(&error), 160))),
            Err(error) => Err(no_report(json, &error)),
        },
    }
}

/// What is wrong with a document that cannot be read as a report.
fn no_report(json: &[u8], error: &serde_json::Error) -> String {
    // Rows are made for databases; one of them alone says little of its run.
    if let Ok(Schema { schema }) = serde_json::from_slice(json)
        && schema == ROWS
    {
        return "rows of `check --format ndjson`, which are for a database; save --format json --compact"
            .to_owned();
    }
    let kind = if error.is_syntax() || error.is_eof() { "not JSON" } else { "no report of `clearway check`" };
    format!("{kind}: {}", line::seen(&unquoted(error), 160))
}

/// What a reader says, without the text of the file that it quotes.
fn unquoted(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let quoted = text
        .find('"')
        .zip(text.rfind('"'))
        .and_then(|(from, to)| Some((text.get(..from)?, text.get(to + 1..)?)));
    quoted.map_or_else(|| text.clone(), |(before, behind)| format!("{before}{HIDDEN}{behind}"))
}

fn finish<D>(saved: Saved<D>, on_device: Vec<OnDevice>, unread: Option<String>) -> Result<Digest, String> {
    if saved.schema != SCHEMA {
        return Err(format!("its schema is {}, not {SCHEMA}", line::seen(&saved.schema, 60)));
    }
    let started_at = moment(&saved.started_at).ok_or("`started_at` is no time in UTC")?;
    Ok(Digest { on_device, on_device_unread: unread, ..digest(saved, started_at) })
}

/// What a document says it is.
#[derive(Deserialize)]
struct Schema {
    schema: String,
}

/// The time in UTC to the second, `2026-11-23T00:20:36Z`: such times stand in order as texts.
fn moment(text: &str) -> Option<String> {
    let short = text.len() <= MAX_MOMENT && text.ends_with('Z');
    let time = OffsetDateTime::parse(text, &Rfc3339).ok().filter(|_| short)?;
    let (date, hour, minute, second) = (time.date(), time.hour(), time.minute(), time.second());
    Some(format!("{date}T{hour:02}:{minute:02}:{second:02}Z"))
}

fn digest<D>(saved: Saved<D>, started_at: String) -> Digest {
    // White space is one space, so that names which look the same are the same.
    let name = |text: &str| line::line(text, MAX_NAME);
    let word = word(&saved);
    let mut hosts: Vec<Host> = Vec::new();
    let mut blames: Vec<Blame> = Vec::new();
    let mut blame_of: HashMap<String, usize> = HashMap::new();
    let mut known: HashMap<u32, usize> = HashMap::new();
    let mut named: HashMap<String, usize> = HashMap::new();
    let mut causes: BTreeMap<String, Finding> =
        saved.findings.into_iter().map(|cause| (cause.id, cause.finding)).collect();
    for host in saved.groups.into_iter().flat_map(|g| g.hosts) {
        let need = host.need.unwrap_or(Need::Optional);
        if let Some(at) = known.get(&host.id) {
            // The same host in another feature: probed once, needed as badly as the worst of them says.
            if let Some(first) = hosts.get_mut(*at) {
                first.need = first.need.max(need);
            }
            continue;
        }
        let Some(pattern) = host.host.filter(|_| hosts.len() < MAX_HOSTS) else { continue };
        let endpoint = crate::contract::endpoint::listed(&pattern, host.port);
        let at = *named.entry(endpoint.clone()).or_insert(hosts.len());
        known.insert(host.id, at);
        let code = name(&host.finding.code);
        match hosts.get_mut(at) {
            // The same name and port with another protocol: one host for a firewall, as bad as the worse of both.
            Some(first) => {
                first.need = first.need.max(need);
                if host.verdict > first.verdict {
                    (first.verdict, first.code) = (host.verdict, code);
                }
            }
            None => hosts.push(Host { name: endpoint, need, verdict: host.verdict, code }),
        }
        if !matches!(host.verdict, Verdict::Blocked | Verdict::Warning) {
            continue;
        }
        if let Some(blame) =
            host.cause.as_ref().and_then(|id| blame_of.get(id)).and_then(|n| blames.get_mut(*n))
        {
            blame.hosts.push(at);
            continue;
        }
        let shared = host.cause.filter(|id| causes.contains_key(id));
        let finding = shared.as_ref().and_then(|id| causes.remove(id)).unwrap_or(host.finding);
        if let Some(id) = shared {
            blame_of.insert(id, blames.len());
        }
        blames.push(blame(finding, at));
    }
    for blame in &mut blames {
        let of = |at: &usize| hosts.get(*at);
        blame.blocks = blame.hosts.iter().filter_map(of).any(|h| h.verdict == Verdict::Blocked);
        blame.required = blame
            .hosts
            .iter()
            .filter_map(of)
            .any(|h| h.verdict == Verdict::Blocked && h.need == Need::Required);
    }
    let label = saved.label.as_deref().map(name).filter(|l| !l.is_empty());
    // Every masked report calls its device by the same word.
    let masked = saved.notes.iter().any(|note| note.id.as_str() == NoteId::SHARED);
    let host = if masked { String::new() } else { name(&saved.environment.host) };
    Digest {
        device: if host.is_empty() { label.clone().unwrap_or_default() } else { host },
        started_at,
        label,
        // `site` is what devices are grouped by.
        tags: saved
            .tags
            .iter()
            .filter(|(key, _)| *key == "site")
            .chain(saved.tags.iter().take(MAX_TAGS))
            .map(|(k, v)| (name(k), name(v)))
            .collect(),
        verdict: word,
        platform: saved.platform,
        app_version: name(&saved.app_version),
        causes: blames,
        on_device: Vec::new(),
        on_device_unread: None,
        hosts,
    }
}

/// The verdict as people read it, from what was saved: as [`Run::word`] has it from the run.
///
/// [`Run::word`]: crate::run::Run::word
fn word<D>(saved: &Saved<D>) -> RunWord {
    let mut needs: HashMap<u32, Need> = HashMap::new();
    let all = || saved.groups.iter().flat_map(|g| &g.hosts);
    for host in all() {
        // A host may stand in several features: it is needed as badly as the worst of them says.
        let need = needs.entry(host.id).or_insert(Need::Optional);
        *need = (*need).max(host.need.unwrap_or(Need::Optional));
    }
    let hosts = all().map(|host| {
        let need = needs.get(&host.id).copied().unwrap_or(Need::Optional);
        (need, host.verdict, host.verdict.was_missed(&host.finding.code))
    });
    let causes = saved.findings.iter().map(|c| {
        // An older report of another kind has no severity.
        (c.severity.unwrap_or(Severity::Error), !c.finding.remedy.is_empty(), c.hosts.is_empty())
    });
    RunWord::of(saved.verdict, RunWord::is_only_optional(hosts, causes))
}

fn on_device(saved: Option<SavedDevice>) -> Vec<OnDevice> {
    let all = saved.into_iter().flat_map(|d| d.findings).filter(|f| f.severity != Severity::Info);
    let of = |found: SavedOnDevice| {
        let stops = found.severity == Severity::Error;
        let Blame { code, owner, summary, remedy, evidence, .. } = blame(found.finding, 0);
        OnDevice { code, owner, stops, summary, remedy, evidence }
    };
    all.take(MAX_ON_DEVICE).map(of).collect()
}

fn blame(finding: Finding, at: usize) -> Blame {
    // What a device's evidence calls the one who stands in the way, the surest first.
    let who = ["inspector", "issuer", "proxy", "resolver"]
        .iter()
        .find_map(|key| finding.evidence.get(*key)?.as_str())
        .filter(|text| !text.is_empty())
        .map(|text| line::line(text, MAX_NAME));
    let text = |text: &str| line::line(text, MAX_TEXT);
    let evidence = finding.evidence.get("line").and_then(|l| l.as_str()).map(text).unwrap_or_default();
    Blame {
        code: line::line(&finding.code, MAX_NAME),
        owner: finding.owner,
        who,
        hosts: vec![at],
        required: false,
        blocks: false,
        proven: finding.confidence.as_deref() == Some("proven"),
        summary: text(&finding.summary),
        remedy: text(&finding.remedy),
        evidence,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const OFFICE: &str = include_str!("../../examples/reports/office.json");

    #[test]
    fn a_report_is_taken_in() {
        let digest = read(OFFICE.as_bytes()).unwrap();
        assert_eq!((digest.device.as_str(), digest.verdict), ("desk-0417", RunWord::OptionalLosses));
        assert!(digest.hosts.iter().any(|h| h.name == "llm.corp.example" && h.need == Need::Required));
        let names: Vec<&str> = digest.hosts.iter().map(|h| h.name.as_str()).collect();
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(names.len(), once.len(), "every host once");
        let reset = digest.causes.iter().find(|c| c.code == "tls/sni-reset").unwrap();
        assert!(reset.blocks && !reset.required && reset.proven && reset.owner == Owner::Firewall);
        assert_eq!(reset.hosts.len(), 2, "one cause for both hosts");
    }

    #[test]
    fn what_is_no_report_is_refused_with_a_reason() {
        for (text, says) in [
            ("", "not JSON"),
            ("{", "not JSON"),
            ("[]", "no report"),
            ("{\"schema\":\"clearway.hosts/1\"}", "no report"),
            (&OFFICE.replacen("2026-11-23T00", "yesterdayT00", 1), "time in UTC"),
            (&OFFICE.replacen("clearway.check/1", "clearway.check/9", 1), "schema"),
        ] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
