//! Products whose list is bare lines: a custom URL category of Zscaler, a destination list of
//! Umbrella. Neither has comments; remarks go to standard error.

use std::collections::BTreeSet;

use super::Sheet;
use super::intent::Names;
use crate::rules::firewalls::{Product, Reach};

/// One entry a line, sorted, each once.
pub(super) fn lines(sheet: &Sheet<'_>, product: &Product) -> String {
    let implied = product.exact == Reach::Tree;
    let mut lines: BTreeSet<String> = BTreeSet::new();
    for placed in &sheet.placed {
        let names = &placed.rule.names;
        if implied && is_implied(sheet, names) {
            continue;
        }
        match names {
            Names::Address(a) => {
                lines.insert(a.to_string());
            }
            other if implied => {
                lines.insert(other.base().to_owned());
            }
            Names::Exact(n) => {
                lines.insert(n.clone());
            }
            Names::Subdomains(n) => {
                lines.insert(format!(".{n}"));
            }
            Names::ApexAndSubdomains(n) => {
                lines.extend([n.clone(), format!(".{n}")]);
            }
        }
    }
    lines.into_iter().map(|l| l + "\n").collect()
}

/// Whether another entry, which stands for everything below it, says this one already.
fn is_implied(sheet: &Sheet<'_>, names: &Names) -> bool {
    sheet.placed.iter().any(|p| {
        let base = p.rule.names.base();
        base != names.base() && !base.is_empty() && Names::ApexAndSubdomains(base.to_owned()).covers(names)
    })
}
