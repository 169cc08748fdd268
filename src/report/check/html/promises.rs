//! What the network team promises, and what became of it: the broken promises first.

use maud::{Markup, html};

use super::line;
use crate::expect::{Expected, Judged, Outcome};
use crate::report::check::expected;

pub(super) fn render(all: &Expected) -> Markup {
    html! {
        section aria-labelledby="expectations" {
            h2 #expectations { "Expectations" }
            p { (expected::sentence(all)) }
            @if all.unmet + all.untested > 0 {
                (table(all, &[Outcome::Unmet, Outcome::Untested]))
            }
            @if all.met > 0 {
                details {
                    summary { (all.met) " met" }
                    (table(all, &[Outcome::Met]))
                }
            }
        }
    }
}

fn table(all: &Expected, outcomes: &[Outcome]) -> Markup {
    html! {
        div.wide role="region" aria-label="Promises" tabindex="0" {
            table {
                thead {
                    tr { th scope="col" { "Result" } th scope="col" { "Promise" } th scope="col" { "What was seen" } th scope="col" { "Place" } }
                }
                tbody {
                    @for outcome in outcomes { @for one in all.with(*outcome) { (row(one)) } }
                }
            }
        }
    }
}

fn row(one: &Judged) -> Markup {
    let class = match one.result {
        Outcome::Met => "ok",
        Outcome::Unmet => "blocked",
        Outcome::Untested => "untested",
    };
    html! {
        tr.said {
            td { span class=(format!("v {class}")) { (expected::sign(one.result)) " " (one.result.as_str()) } }
            td { (line(&expected::title(one))) }
            td { (line(&expected::seen(one))) }
            td { (line(&expected::place(one))) }
        }
    }
}
