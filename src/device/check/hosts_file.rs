//! Entries of the hosts file for names of the list: they come before every resolver.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Check, nothing_more};
use crate::contract::DeviceCode;
use crate::contract::host::{is_private, meanings};
use crate::device::seen::HostsEntry;
use crate::device::{Answers, Context, Found, Missing, Seen, Want};
use crate::text::english;

const ID: &str = "hosts-file";
/// Entries that are kept.
const MOST: usize = 200;

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "the hosts file",
    wanted,
    then: nothing_more,
    read,
    judge,
    was_run: |seen| seen.hosts_file.is_some(),
    decides: true,
};

fn paths<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a str> {
    let platform = context.platform;
    context.facts.hosts_file.iter().filter(move |p| p.platform == platform).map(|p| p.path.as_str())
}

fn wanted(context: &Context<'_>) -> Vec<Want> {
    paths(context).map(|p| Want::Text(p.to_owned())).collect()
}

fn read(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    for path in paths(context) {
        match answers.texts(path) {
            [] => seen.missed(ID, "the hosts file", format!("{path} is not there")),
            files => {
                for file in files {
                    match &file.text {
                        Ok(text) => {
                            let found = seen.hosts_file.get_or_insert_default();
                            found.extend(entries(text, &file.path, context).take(MOST));
                        }
                        Err(Missing::Unknown(why)) => seen.missed(ID, "the hosts file", why.clone()),
                        Err(Missing::Absent) => {}
                    }
                }
            }
        }
    }
}

/// The entries for names of the list. Lines of other names are nobody's concern here.
fn entries(text: &str, path: &str, context: &Context<'_>) -> impl Iterator<Item = HostsEntry> {
    text.trim_start_matches('\u{feff}').lines().zip(1_usize..).flat_map(move |(line, number)| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        // A zone behind an address is part of it.
        let address = words.next().and_then(|w| w.split('%').next()?.parse::<IpAddr>().ok());
        let found = address.into_iter().flat_map(|address| {
            words.clone().filter_map(move |name| {
                let name = name.trim_end_matches('.').to_ascii_lowercase();
                let listed: Vec<_> = context.listed.iter().filter(|l| l.host.covers(&name)).collect();
                let first = listed.first()?;
                Some(HostsEntry {
                    path: path.to_owned(),
                    line: number,
                    required: listed.iter().any(|l| l.required),
                    customer: first.customer,
                    private: listed.iter().any(|l| l.private),
                    name,
                    address: address.to_string(),
                })
            })
        });
        found.collect::<Vec<_>>()
    })
}

/// What an entry comes to: the name of a case, or nothing where it is not worth a word.
fn kind(entry: &HostsEntry) -> Option<Option<&'static str>> {
    let address: IpAddr = entry.address.parse().ok()?;
    let any = |test: fn(&IpAddr) -> bool| meanings(address).any(|a| test(&a));
    if any(IpAddr::is_unspecified) {
        return Some(None);
    }
    if any(IpAddr::is_loopback) {
        // A company's own name may be answered by a program of the device.
        return Some(entry.customer.then_some("own"));
    }
    match (entry.customer, is_private(address)) {
        (true, _) => None,
        (false, true) if entry.private => None,
        (false, true) => Some(Some("private")),
        (false, false) => Some(Some("fixed")),
    }
}

fn judge(seen: &Seen, _: &Context<'_>) -> Vec<Found> {
    // Of several entries for a name the first counts; entries of one kind and address are one finding.
    let mut groups: BTreeMap<(Option<&str>, &str, &str), Vec<&HostsEntry>> = BTreeMap::new();
    let mut before: Vec<(&str, bool)> = Vec::new();
    for entry in seen.hosts_file.iter().flatten() {
        let key = (entry.name.as_str(), entry.address.contains(':'));
        if before.contains(&key) {
            continue;
        }
        before.push(key);
        if let Some(case) = kind(entry) {
            groups.entry((case, &entry.address, &entry.path)).or_default().push(entry);
        }
    }
    groups
        .into_iter()
        .map(|((case, address, path), entries)| {
            let names: Vec<String> = entries.iter().map(|e| e.name.clone()).collect();
            let lines: Vec<String> =
                entries.iter().map(|e| format!("{path}:{}: {} {}", e.line, e.address, e.name)).collect();
            let found = Found::new(DeviceCode::HostsFile, english::first(&lines, 4))
                .with("names", english::first(&names, 4))
                .with("value", address)
                .with("path", path)
                .hosts(names);
            match case {
                Some(case) => found.case(case).likely(),
                None if entries.iter().all(|e| !e.required) => found.case("optional"),
                None => found,
            }
        })
        .collect()
}
