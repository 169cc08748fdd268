//! Adds up what the newest reports of all devices say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::digest::{Blame, OnDevice};
use super::{
    By, Collector, Counted, Day, Entry, Fleet, FleetCause, FleetGroup, FleetHost, FleetOnDevice, MAX_HOSTS,
    MAX_SKIPPED, NO_GROUP, Outlier, OutlierHost, Sample, Share, Skipped, Verdicts,
};
use crate::contract::{Need, Owner, Verdict};

/// Devices that a group must have before one of them can differ from it.
const CROWD: usize = 5;

pub(super) fn sum(collector: Collector, by: Option<By>) -> Fleet {
    let Collector { reports, older, newest, days, mut skipped, skipped_count, passed_over, .. } = collector;
    let mut entries: Vec<Entry> = newest.into_values().collect();
    entries.sort_by(|a, b| a.digest.device.cmp(&b.digest.device));
    skipped.sort_by(|a, b| a.file.cmp(&b.file));
    let by = by.unwrap_or_else(|| usual(&entries));
    let memberships: Vec<Vec<String>> = entries.iter().map(|e| groups_of(e, &by)).collect();
    let mut verdicts = Verdicts::default();
    let mut named: BTreeMap<&str, Verdicts> = BTreeMap::new();
    for (entry, groups) in entries.iter().zip(&memberships) {
        verdicts.add(entry.digest.verdict);
        for group in groups {
            named.entry(group).or_default().add(entry.digest.verdict);
        }
    }
    let mut groups: Vec<FleetGroup> = named
        .iter()
        .map(|(name, v)| FleetGroup { name: (*name).to_owned(), devices: v.all(), verdicts: *v })
        .collect();
    groups.sort_by(|a, b| b.devices.cmp(&a.devices).then_with(|| a.name.cmp(&b.name)));
    let times = entries.iter().map(|e| e.digest.started_at.as_str());
    let several = days.len() > 1;
    let trend = days.into_iter().filter(|_| several).map(|(day, devices)| {
        let mut verdicts = Verdicts::default();
        devices.values().for_each(|(_, verdict)| verdicts.add(*verdict));
        Day { day, verdicts }
    });
    // A device counts for each of its owners and causes, so no device differs from such a group.
    let crowds = !matches!(by, By::Owner | By::Cause);
    let (hosts, hosts_left_out) = hosts(&entries, &memberships, &groups);
    Fleet {
        reports,
        older,
        devices: entries.len(),
        first: times.clone().min().unwrap_or_default().to_owned(),
        last: times.max().unwrap_or_default().to_owned(),
        by: by.to_string(),
        verdicts,
        causes: causes(&entries, &memberships),
        on_device: on_device(&entries),
        on_device_unread: unread(&entries).take(MAX_SKIPPED).collect(),
        on_device_unread_count: unread(&entries).count(),
        hosts,
        hosts_left_out,
        outliers: if crowds { outliers(&entries, &memberships) } else { Vec::new() },
        trend: trend.collect(),
        groups,
        skipped,
        skipped_count,
        passed_over: counted(passed_over.iter().map(|(end, n)| (end.as_str(), *n))),
    }
}

/// The reports whose part about the device could not be read, and why.
fn unread(entries: &[Entry]) -> impl Iterator<Item = Skipped> {
    entries.iter().filter_map(|entry| {
        let reason = entry.digest.on_device_unread.clone()?;
        Some(Skipped { file: entry.file.clone(), reason })
    })
}

/// By site where any device has one that tells it from others, else by platform.
fn usual(entries: &[Entry]) -> By {
    let sites: BTreeSet<Option<String>> = entries.iter().map(site).collect();
    if sites.len() > 1 { By::Site } else { By::Platform }
}

fn site(entry: &Entry) -> Option<String> {
    entry.digest.tags.get("site").cloned().or_else(|| entry.digest.label.clone())
}

/// The groups of a device: one, but for those of its causes.
fn groups_of(entry: &Entry, by: &By) -> Vec<String> {
    let digest = &entry.digest;
    let of_causes = |name: &dyn Fn(&Blame) -> String| {
        let names: BTreeSet<String> = digest.causes.iter().map(name).collect();
        if names.is_empty() { vec![NO_GROUP.to_owned()] } else { names.into_iter().collect() }
    };
    let one = match by {
        By::Label => digest.label.clone(),
        By::Site => site(entry),
        By::Platform => Some(digest.platform.to_string()),
        By::Version => Some(digest.app_version.clone()),
        By::Tag(key) => digest.tags.get(key).cloned(),
        By::Owner => return of_causes(&|blame| blame.owner.to_string()),
        By::Cause => return of_causes(&|blame| blame.code.clone()),
    };
    vec![one.unwrap_or_else(|| NO_GROUP.to_owned())]
}

/// What makes causes of two devices the same kind.
type Kind<'a> = (&'a str, Owner, Option<&'a str>);

/// The same cause over all devices. Of one kind (code, owner, and who it is), those are one that share a host:
/// a device that has only some of the hosts has the same filter in its way.
fn causes(entries: &[Entry], memberships: &[Vec<String>]) -> Vec<FleetCause> {
    let mut kinds: BTreeMap<Kind<'_>, Vec<(usize, &Blame)>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        for blame in &entry.digest.causes {
            let kind = (blame.code.as_str(), blame.owner, blame.who.as_deref());
            kinds.entry(kind).or_default().push((at, blame));
        }
    }
    let mut found = Vec::new();
    for (kind, blames) in kinds {
        for part in connected(entries, &blames) {
            found.push(cause(kind, &part, entries, memberships));
        }
    }
    found.sort_by(|a, b| {
        (b.required, b.blocking, b.devices).cmp(&(a.required, a.blocking, a.devices)).then_with(|| {
            (&a.code, &a.who, a.hosts.first().map(|h| &h.name)).cmp(&(
                &b.code,
                &b.who,
                b.hosts.first().map(|h| &h.name),
            ))
        })
    });
    found
}

fn host_names<'e>(entries: &'e [Entry], at: usize, blame: &'e Blame) -> impl Iterator<Item = &'e str> {
    let hosts = entries.get(at).map(|e| e.digest.hosts.as_slice()).unwrap_or_default();
    blame.hosts.iter().filter_map(|h| hosts.get(*h)).map(|h| h.name.as_str())
}

/// The part that a part has become. On the way each step is made shorter.
fn root(into: &mut [usize], mut part: usize) -> usize {
    while let Some(next) = into.get(part).copied().filter(|next| *next != part) {
        let over = into.get(next).copied().unwrap_or(next);
        if let Some(step) = into.get_mut(part) {
            *step = over;
        }
        part = over;
    }
    part
}

/// Splits causes of one kind into parts that share no host.
fn connected<'e>(entries: &'e [Entry], blames: &[(usize, &'e Blame)]) -> Vec<Vec<(usize, &'e Blame)>> {
    // The part of each host; parts that meet become one.
    let mut part_of: HashMap<&str, usize> = HashMap::new();
    let mut into: Vec<usize> = Vec::new();
    let mut first_part = Vec::with_capacity(blames.len());
    for (at, blame) in blames {
        let mut mine: Option<usize> = None;
        for name in host_names(entries, *at, blame) {
            let there = part_of.get(name).map(|part| root(&mut into, *part));
            let part = match (mine, there) {
                (Some(mine), Some(there)) => {
                    // The older one stays, which keeps the ways short.
                    let (old, new) = (mine.min(there), mine.max(there));
                    if let Some(next) = into.get_mut(new) {
                        *next = old;
                    }
                    old
                }
                (Some(part), None) | (None, Some(part)) => part,
                (None, None) => {
                    into.push(into.len());
                    into.len() - 1
                }
            };
            part_of.insert(name, part);
            mine = Some(part);
        }
        first_part.push(mine);
    }
    let mut parts: BTreeMap<usize, Vec<(usize, &Blame)>> = BTreeMap::new();
    for (blame, part) in blames.iter().zip(first_part) {
        if let Some(part) = part {
            parts.entry(root(&mut into, part)).or_default().push(*blame);
        }
    }
    parts.into_values().collect()
}

fn cause(
    (code, owner, who): Kind<'_>,
    blames: &[(usize, &Blame)],
    entries: &[Entry],
    memberships: &[Vec<String>],
) -> FleetCause {
    let devices = |with: &dyn Fn(&Blame) -> bool| {
        blames.iter().filter(|(_, b)| with(b)).map(|(at, _)| *at).collect::<BTreeSet<usize>>()
    };
    let all = devices(&|_| true);
    let mut hosts: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (at, blame) in blames {
        for name in host_names(entries, *at, blame) {
            hosts.entry(name).or_default().insert(*at);
        }
    }
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for group in all.iter().filter_map(|at| memberships.get(*at)).flatten() {
        *groups.entry(group).or_default() += 1;
    }
    // The plainest case stands for all: proven, of a required host, of the first device by name.
    let best = blames.iter().min_by_key(|(at, b)| (!b.required, !b.blocks, !b.proven, *at));
    let sample = best.and_then(|(at, b)| Some((entries.get(*at)?, b))).map(|(entry, blame)| Sample {
        device: entry.digest.device.clone(),
        file: entry.file.clone(),
        summary: blame.summary.clone(),
        remedy: blame.remedy.clone(),
        evidence: blame.evidence.clone(),
    });
    FleetCause {
        code: code.to_owned(),
        owner,
        who: who.map(str::to_owned),
        devices: all.len(),
        required: devices(&|b| b.required).len(),
        blocking: devices(&|b| b.blocks).len(),
        proven: devices(&|b| b.proven).len(),
        hosts: counted(hosts.into_iter().map(|(name, devices)| (name, devices.len()))),
        groups: counted(groups.into_iter()),
        sample: sample.unwrap_or_default(),
        names: all.iter().filter_map(|at| entries.get(*at)).map(|e| e.digest.device.clone()).collect(),
    }
}

/// What was found on the devices themselves, by code and owner.
fn on_device(entries: &[Entry]) -> Vec<FleetOnDevice> {
    let mut kinds: BTreeMap<(&str, Owner), Vec<(&Entry, &OnDevice)>> = BTreeMap::new();
    for entry in entries {
        for found in &entry.digest.on_device {
            kinds.entry((&found.code, found.owner)).or_default().push((entry, found));
        }
    }
    let of = |((code, owner), all): ((&str, Owner), Vec<(&Entry, &OnDevice)>)| {
        let names = |stops: bool| -> BTreeSet<&str> {
            let of = all.iter().filter(|(_, f)| f.stops || !stops);
            of.map(|(e, _)| e.digest.device.as_str()).collect()
        };
        let sample = all.iter().find(|(_, f)| f.stops).or_else(|| all.first());
        FleetOnDevice {
            code: code.to_owned(),
            owner,
            devices: names(false).len(),
            stops: names(true).len(),
            sample: sample.map_or_else(Sample::default, |(entry, found)| Sample {
                device: entry.digest.device.clone(),
                file: entry.file.clone(),
                summary: found.summary.clone(),
                remedy: found.remedy.clone(),
                evidence: found.evidence.clone(),
            }),
            names: names(false).into_iter().map(str::to_owned).collect(),
        }
    };
    let mut all: Vec<FleetOnDevice> = kinds.into_iter().map(of).collect();
    all.sort_by(|a, b| (b.stops, b.devices).cmp(&(a.stops, a.devices)).then_with(|| a.code.cmp(&b.code)));
    all
}

/// The most first.
fn counted<'n>(parts: impl Iterator<Item = (&'n str, usize)>) -> Vec<Counted> {
    let mut all: Vec<Counted> =
        parts.map(|(name, devices)| Counted { name: name.to_owned(), devices }).collect();
    all.sort_by(|a, b| b.devices.cmp(&a.devices).then_with(|| a.name.cmp(&b.name)));
    all
}

fn hosts(entries: &[Entry], memberships: &[Vec<String>], groups: &[FleetGroup]) -> (Vec<FleetHost>, usize) {
    let column: HashMap<&str, usize> = groups.iter().enumerate().map(|(n, g)| (g.name.as_str(), n)).collect();
    let mut found: BTreeMap<&str, FleetHost> = BTreeMap::new();
    // Most hosts are in few of many groups.
    let mut shares: HashMap<&str, BTreeMap<usize, Share>> = HashMap::new();
    let mut left_out: BTreeSet<&str> = BTreeSet::new();
    let mut codes: HashMap<&str, BTreeMap<&str, usize>> = HashMap::new();
    for (entry, mine) in entries.iter().zip(memberships) {
        for host in &entry.digest.hosts {
            if found.len() >= MAX_HOSTS && !found.contains_key(host.name.as_str()) {
                left_out.insert(&host.name);
                continue;
            }
            let row = found.entry(&host.name).or_insert_with(|| FleetHost {
                host: host.name.clone(),
                need: Need::Optional,
                devices: 0,
                blocked: 0,
                warning: 0,
                untested: 0,
                reachable: 0,
                codes: Vec::new(),
                groups: Vec::new(),
            });
            row.need = row.need.max(host.need);
            row.devices += 1;
            *match host.verdict {
                Verdict::Reachable => &mut row.reachable,
                Verdict::Warning => &mut row.warning,
                Verdict::Untested => &mut row.untested,
                Verdict::Blocked => &mut row.blocked,
            } += 1;
            if host.verdict != Verdict::Reachable {
                *codes.entry(&host.name).or_default().entry(&host.code).or_default() += 1;
            }
            if host.verdict == Verdict::Untested {
                continue;
            }
            let shares = shares.entry(&host.name).or_default();
            for (group, at) in mine.iter().filter_map(|group| Some((group, column.get(group.as_str())?))) {
                let empty = || Share { name: group.clone(), blocked: 0, judged: 0 };
                let share = shares.entry(*at).or_insert_with(empty);
                share.judged += 1;
                share.blocked += usize::from(host.verdict == Verdict::Blocked);
            }
        }
    }
    for (name, shares) in shares {
        if let Some(row) = found.get_mut(name) {
            row.groups = shares.into_values().collect();
        }
    }
    for (name, codes) in codes {
        if let Some(row) = found.get_mut(name) {
            row.codes = counted(codes.into_iter());
        }
    }
    let mut all: Vec<FleetHost> = found.into_values().collect();
    all.sort_by(|a, b| {
        (b.blocked, b.need, b.warning, b.untested)
            .cmp(&(a.blocked, a.need, a.warning, a.untested))
            .then_with(|| a.host.cmp(&b.host))
    });
    (all, left_out.len())
}

/// A host within a group.
#[derive(Default)]
struct Seen<'e> {
    /// Devices that judged it.
    of: usize,
    /// Those on which it is blocked.
    blocked: usize,
    /// The last of those, with its finding.
    last: Option<(&'e Entry, &'e str)>,
}

/// Devices on which a host is blocked that works on every other device of a large enough group.
fn outliers(entries: &[Entry], memberships: &[Vec<String>]) -> Vec<Outlier> {
    let mut seen: BTreeMap<(&str, &str), Seen<'_>> = BTreeMap::new();
    for (entry, group) in entries.iter().zip(memberships).filter_map(|(e, m)| Some((e, m.first()?))) {
        for host in entry.digest.hosts.iter().filter(|h| h.verdict != Verdict::Untested) {
            let seen = seen.entry((group, &host.name)).or_default();
            seen.of += 1;
            if host.verdict == Verdict::Blocked {
                seen.blocked += 1;
                seen.last = Some((entry, &host.code));
            }
        }
    }
    let mut found: BTreeMap<(&str, &str), Outlier> = BTreeMap::new();
    for ((group, host), Seen { of, blocked, last }) in seen {
        let Some((entry, code)) = last.filter(|_| blocked == 1 && of >= CROWD) else { continue };
        let outlier = found.entry((group, &entry.digest.device)).or_insert_with(|| Outlier {
            device: entry.digest.device.clone(),
            file: entry.file.clone(),
            group: group.to_owned(),
            of: 0,
            hosts: Vec::new(),
        });
        outlier.of = outlier.of.max(of);
        outlier.hosts.push(OutlierHost { host: host.to_owned(), code: code.to_owned() });
    }
    found.into_values().collect()
}
