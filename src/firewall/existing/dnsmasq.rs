//! dnsmasq configuration: `nftset=/name/4#inet#table#set`, where the set says the port.

use std::collections::BTreeMap;

use super::super::intent::Names;
use super::access::{Access, Gate, Test};
use super::read::{Dialect, Ignored, Listed, Listing, Pattern, plain};

pub(super) fn read(text: &str) -> Listing {
    let mut listing = Listing::new(Dialect::Dnsmasq);
    let mut gate = Gate::default();
    // dnsmasq takes the longest name that matches and no other: the deeper names come first.
    let mut lines: BTreeMap<(std::cmp::Reverse<usize>, usize), Vec<Access>> = BTreeMap::new();
    for (line, raw) in (1..).zip(text.lines()) {
        let Some(rest) = raw.trim().strip_prefix("nftset=/") else { continue };
        let Some((names, sets)) = rest.rsplit_once('/') else {
            listing.strange.push(Ignored::new(line, raw, "a line nftset=/NAME/SET is expected"));
            continue;
        };
        let mut ports: Vec<(u16, u16)> = Vec::new();
        let mut unknown = false;
        for set in sets.split(',') {
            let name = set.rsplit('#').next().unwrap_or(set);
            let number = name.rsplit_once("tcp_").map_or(name, |(_, rest)| rest);
            match number.split('_').find_map(|part| part.parse::<u16>().ok()) {
                Some(port) if !ports.contains(&(port, port)) => ports.push((port, port)),
                Some(_) => {}
                None => unknown = true,
            }
        }
        for name in names.split('/') {
            match plain(name) {
                Ok(name) => {
                    listing.understood += 1;
                    let pattern = Pattern::Names(Names::ApexAndSubdomains(name.clone()));
                    let index =
                        listing.add(Listed { ports: ports.clone(), ..Listed::line(line, &name, pattern) });
                    let text = raw.trim().to_owned();
                    let depth = std::cmp::Reverse(name.split('.').count());
                    let access = |allows: bool, last: Test| Access {
                        line,
                        text: text.clone(),
                        allows,
                        tests: vec![Test::Entries(vec![index]), last],
                    };
                    let mut own = vec![access(true, Test::Ports(ports.clone()))];
                    if unknown {
                        let why = "the name of this set does not say its port";
                        own.push(access(true, Test::Unknown(Ignored::new(line, raw, why))));
                    }
                    own.push(access(false, Test::Ports(ports.clone()).negated()));
                    lines.entry((depth, line)).or_default().extend(own);
                }
                Err(reason) => listing.strange.push(Ignored::new(line, raw, &reason)),
            }
        }
    }
    gate.lines = lines.into_values().flatten().collect();
    listing.gates.push(gate);
    listing
}
