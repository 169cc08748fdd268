//! Any number of saved reports: what is broken how often, where, and who owns it. The newest report of each device
//! counts. `source` opens, `digest` reads one, `Collector` adds up; the rest is pure.

pub mod digest;
pub mod source;
mod sum;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::contract::{Need, Owner, RunVerdict, RunWord};
use crate::text::line;
pub use digest::Digest;

/// What the devices are grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The label of the run.
    Label,
    /// The tag `site`, else the label.
    Site,
    /// The platform.
    Platform,
    /// The app version.
    Version,
    /// Who owns what blocks; a device counts for each of them.
    Owner,
    /// What blocks; a device counts for each code.
    Cause,
    /// The value of a tag.
    Tag(String),
}

impl std::fmt::Display for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Label => "label",
            Self::Site => "site",
            Self::Platform => "platform",
            Self::Version => "version",
            Self::Owner => "owner",
            Self::Cause => "cause",
            Self::Tag(key) => key,
        })
    }
}

/// What is said of a group that has no name.
pub const NO_GROUP: &str = "(none)";

/// How many devices ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// A required host is blocked.
    pub blocked: usize,
    /// A required host was not tested.
    pub unknown: usize,
    /// Something else is blocked, or a warning stands.
    pub degraded: usize,
    /// All works.
    pub ready: usize,
    /// Of the degraded: those that lack optional hosts alone, so that no user notices it.
    pub only_optional: usize,
}

/// Two members of what they stand in: `verdicts`, which add up to the devices, and `only_optional`, a part of them.
impl Serialize for Verdicts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(2))?;
        members.serialize_entry("verdicts", &BTreeMap::from(self.each().map(|(v, n)| (v.as_str(), n))))?;
        members.serialize_entry("only_optional", &self.only_optional)?;
        members.end()
    }
}

impl Verdicts {
    fn add(&mut self, word: RunWord) {
        self.only_optional += usize::from(word == RunWord::OptionalLosses);
        *match word.verdict() {
            RunVerdict::Blocked => &mut self.blocked,
            RunVerdict::Unknown => &mut self.unknown,
            RunVerdict::Degraded => &mut self.degraded,
            RunVerdict::Ready => &mut self.ready,
        } += 1;
    }

    /// Each verdict, the worst first, with its number of devices.
    pub const fn each(&self) -> [(RunVerdict, usize); 4] {
        [
            (RunVerdict::Blocked, self.blocked),
            (RunVerdict::Unknown, self.unknown),
            (RunVerdict::Degraded, self.degraded),
            (RunVerdict::Ready, self.ready),
        ]
    }

    /// All devices.
    pub const fn all(&self) -> usize {
        self.blocked + self.unknown + self.degraded + self.ready
    }
}

/// A number of devices that share a name: a host, a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// What they share.
    pub name: String,
    /// How many they are.
    pub devices: usize,
}

/// What is in the way on a number of devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FleetCause {
    /// Finding code.
    pub code: String,
    /// Who must change something.
    pub owner: Owner,
    /// Which authority, proxy or resolver it is, where the evidence names one.
    pub who: Option<String>,
    /// Devices on which it was found.
    pub devices: usize,
    /// Those of them on which a required host is blocked by it.
    pub required: usize,
    /// Those of them on which any host is blocked by it.
    pub blocking: usize,
    /// Those of them on which it is proven.
    pub proven: usize,
    /// The hosts, those of most devices first.
    pub hosts: Vec<Counted>,
    /// The groups, those of most devices first.
    pub groups: Vec<Counted>,
    /// What one of the devices says of it.
    pub sample: Sample,
    /// Every device, by name.
    pub names: Vec<String>,
}

/// What one device says of a cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// The device.
    pub device: String,
    /// The file its report stands in.
    pub file: String,
    /// What was found.
    pub summary: String,
    /// What to do.
    pub remedy: String,
    /// What it rests on.
    pub evidence: String,
}

/// What was found on a number of devices themselves (`clearway device`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FleetOnDevice {
    /// Its code, `device/…`.
    pub code: String,
    /// Who must act.
    pub owner: Owner,
    /// Devices on which it was found.
    pub devices: usize,
    /// Those of them on which it stops the app.
    pub stops: usize,
    /// What one of the devices says of it.
    pub sample: Sample,
    /// Every device, by name.
    pub names: Vec<String>,
}

/// Devices of one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FleetGroup {
    /// Its name.
    pub name: String,
    /// How many there are.
    pub devices: usize,
    /// How they ended.
    #[serde(flatten)]
    pub verdicts: Verdicts,
}

/// One host over all devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FleetHost {
    /// Name and port.
    pub host: String,
    /// The greatest need that any device has of it.
    pub need: Need,
    /// Devices that list it.
    pub devices: usize,
    /// Where it is blocked.
    pub blocked: usize,
    /// Where it works, but.
    pub warning: usize,
    /// Where it was not judged.
    pub untested: usize,
    /// Where it works.
    pub reachable: usize,
    /// The findings there, but `ok`.
    pub codes: Vec<Counted>,
    /// The groups in which a device judged it, in the order of [`Fleet::groups`].
    pub groups: Vec<Share>,
}

/// A host within one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The group.
    pub name: String,
    /// Devices of it on which the host is blocked.
    pub blocked: usize,
    /// Devices of it that judged the host.
    pub judged: usize,
}

/// A device that differs from its group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outlier {
    /// The device.
    pub device: String,
    /// The file its report stands in.
    pub file: String,
    /// Its group.
    pub group: String,
    /// Devices of the group.
    pub of: usize,
    /// What is blocked here and nowhere else in the group.
    pub hosts: Vec<OutlierHost>,
}

/// A host that is blocked on one device of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutlierHost {
    /// Name and port.
    pub host: String,
    /// The finding.
    pub code: String,
}

/// The devices of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Day {
    /// `YYYY-MM-DD`, UTC.
    pub day: String,
    /// How they ended, the newest report of each device on that day.
    #[serde(flatten)]
    pub verdicts: Verdicts,
}

/// A file that was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// What many reports say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fleet {
    /// Reports that were read and are new enough.
    pub reports: usize,
    /// Reports that are older than was asked for.
    pub older: usize,
    /// Devices, of each of which the newest report counts.
    pub devices: usize,
    /// Start of the oldest report that counts.
    pub first: String,
    /// Start of the newest.
    pub last: String,
    /// What the groups are.
    pub by: String,
    /// How the devices ended.
    #[serde(flatten)]
    pub verdicts: Verdicts,
    /// What is in the way: what blocks required hosts on most devices first.
    pub causes: Vec<FleetCause>,
    /// What was found on the devices themselves, what stops the app on most devices first.
    pub on_device: Vec<FleetOnDevice>,
    /// Reports that count although what they say of the device itself cannot be read; at most [`MAX_SKIPPED`] are named.
    pub on_device_unread: Vec<Skipped>,
    /// How many of them there are.
    pub on_device_unread_count: usize,
    /// The groups, the largest first.
    pub groups: Vec<FleetGroup>,
    /// The hosts, those blocked on most devices first.
    pub hosts: Vec<FleetHost>,
    /// Devices that differ from their group.
    pub outliers: Vec<Outlier>,
    /// One entry a day, where there are several.
    pub trend: Vec<Day>,
    /// Hosts that are left out, because there are more than [`MAX_HOSTS`].
    pub hosts_left_out: usize,
    /// Files that were not taken in; at most [`MAX_SKIPPED`] are named.
    pub skipped: Vec<Skipped>,
    /// How many files were not taken in.
    pub skipped_count: usize,
    /// Files below the folders whose names are not those of reports, by the end of their names.
    pub passed_over: Vec<Counted>,
}

/// Hosts that are counted one by one.
pub const MAX_HOSTS: usize = 20_000;

/// Files that are named of those that were not taken in.
pub const MAX_SKIPPED: usize = 200;

/// Ends of names that are counted apart.
const MAX_ENDS: usize = 50;

/// Takes reports in, in any order.
#[derive(Debug, Default)]
pub struct Collector {
    since: Option<String>,
    until: Option<String>,
    reports: usize,
    older: usize,
    newest: HashMap<String, Entry>,
    days: BTreeMap<String, HashMap<String, (String, RunWord)>>,
    skipped: Vec<Skipped>,
    skipped_count: usize,
    passed_over: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Entry {
    file: String,
    digest: Digest,
}

impl Collector {
    /// One that passes over reports which began before `since` (RFC 3339 in UTC), and refuses those which began after
    /// `until`: the newest report of a device counts, and one from the future would count for ever.
    pub fn between(since: Option<String>, until: Option<String>) -> Self {
        Self { since, until, ..Self::default() }
    }

    /// Takes one report in. `file` names a device that has no name of its own.
    pub fn add(&mut self, file: &str, mut digest: Digest) {
        if self.since.as_ref().is_some_and(|since| digest.started_at < *since) {
            self.older += 1;
            return;
        }
        if self.until.as_ref().is_some_and(|until| digest.started_at > *until) {
            let at = &digest.started_at;
            self.skip(
                file,
                format!("it began at {at}, which is yet to come; the clock of its device is wrong"),
            );
            return;
        }
        self.reports += 1;
        if digest.device.is_empty() {
            file.clone_into(&mut digest.device);
        }
        let day: String = digest.started_at.chars().take(10).collect();
        let newest = self.days.entry(day).or_default();
        let now = (digest.started_at.clone(), digest.verdict);
        newest
            .entry(digest.device.clone())
            .and_modify(|(at, verdict)| {
                if *at < now.0 {
                    (*at, *verdict) = now.clone();
                }
            })
            .or_insert_with(|| now.clone());
        let entry = Entry { file: file.to_owned(), digest };
        match self.newest.get_mut(&entry.digest.device) {
            Some(there) => {
                let rank = |e: &Entry| (e.digest.started_at.clone(), e.file.clone());
                if rank(there) < rank(&entry) {
                    *there = entry;
                }
            }
            None => {
                self.newest.insert(entry.digest.device.clone(), entry);
            }
        }
    }

    /// A file that is no report, and why.
    pub fn skip(&mut self, file: &str, reason: String) {
        self.skipped_count += 1;
        if self.skipped.len() < MAX_SKIPPED {
            self.skipped.push(Skipped { file: file.to_owned(), reason });
        }
    }

    /// So many more that are no reports, and are not named.
    pub const fn skip_more(&mut self, count: usize) {
        self.skipped_count += count;
    }

    /// A file, link or folder whose name is not that of a report.
    pub fn pass_over(&mut self, path: &Path) {
        let end = path.extension().map(|e| format!(".{}", line::seen(&e.to_string_lossy(), 16)));
        let end = end.filter(|_| self.passed_over.len() < MAX_ENDS).unwrap_or_else(|| "other".to_owned());
        *self.passed_over.entry(end).or_default() += 1;
    }

    /// The keys of the tags that reports have.
    pub fn tags(&self) -> BTreeSet<&str> {
        self.newest.values().flat_map(|e| e.digest.tags.keys()).map(String::as_str).collect()
    }

    /// Whether nothing was taken in.
    pub fn is_empty(&self) -> bool {
        self.reports == 0
    }

    /// Reports that were passed over for their age.
    pub const fn older(&self) -> usize {
        self.older
    }

    /// What was not taken in.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Adds up. Without `by`, devices are grouped by site where sites are known, else by platform.
    pub fn finish(self, by: Option<By>) -> Fleet {
        sum::sum(self, by)
    }
}
