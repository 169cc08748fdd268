//! Who must act: a card for each owner, what is required first.

use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{line, sentence, verdict};
use crate::contract::Need;
use crate::diagnose::{Certainty, Owner};
use crate::report::check::ticket;
use crate::report::check::view::{Row, Thing, Ticket, View};
use crate::report::words;
use crate::run::Run;

/// Longest text of a mail that every mail program takes from a link, in characters before it is encoded.
const MAIL: usize = 900;

/// What is encoded in such a link: all but what RFC 3986, 2.3 leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn render(run: &Run, view: &View<'_>) -> Markup {
    let mut tickets = view.tickets();
    let required =
        |one: &Ticket<'_>| one.things.iter().flat_map(|(_, t)| &t.rows).any(|r| r.need == Need::Required);
    tickets.sort_by_key(|one| !required(one));
    let told = (1_usize..).zip(&view.things).filter(|(_, t)| t.finding.owner == Owner::None);
    let told = Ticket { owner: Owner::None, host: None, things: told.map(|(n, t)| (n, t.clone())).collect() };
    html! {
        section aria-labelledby="act" {
            h2 #act { "Who must act" }
            @if tickets.is_empty() && told.things.is_empty() { p { "Nobody: nothing that was tested has to be changed." } }
            div.cards {
                @for (n, one) in tickets.iter().enumerate() { (card(run, view, n, one)) }
                @if !told.things.is_empty() { (card(run, view, tickets.len(), &told)) }
            }
        }
    }
}

fn card(run: &Run, view: &View<'_>, n: usize, ticket: &Ticket<'_>) -> Markup {
    let (owner, things) = (ticket.owner, &ticket.things);
    let mut hosts: Vec<String> = Vec::new();
    for row in things.iter().flat_map(|(_, t)| &t.rows) {
        let name = row.endpoint();
        if !hosts.contains(&name) {
            hosts.push(name);
        }
    }
    let (hosts_id, ticket_id) = (format!("card-{n}-hosts"), format!("card-{n}-ticket"));
    let own: Vec<&Thing<'_>> = things.iter().map(|(_, t)| t).collect();
    html! {
        article.card {
            h3 {
                @if owner == Owner::None { "For information" } @else { (sentence(&ticket::whom(ticket))) }
                " " small { (words::hosts(hosts.len())) }
            }
            @for (number, thing) in things { (one(*number, thing)) }
            pre.copied #(hosts_id) aria-label="Hosts" { (hosts.join("\n")) }
            p.buttons {
                button type="button" data-copy=(hosts_id) { "Copy hosts" }
                @if owner != Owner::None {
                    " " button type="button" data-copy=(ticket_id) { "Copy ticket" }
                    " " a href=(mail(&own, &hosts)) { "Mail" }
                }
            }
            @if owner != Owner::None {
                details {
                    summary { "Ticket" }
                    pre #(ticket_id) { (ticket::of_owner(run, view, owner, &own)) }
                }
            }
        }
    }
}

fn one(number: usize, thing: &Thing<'_>) -> Markup {
    let finding = thing.finding;
    let why = match finding.confidence {
        Certainty::Proven => "the evidence leaves no other explanation",
        Certainty::Likely => "the likeliest explanation of what was seen, not a proof",
    };
    let worst = thing.rows.iter().map(|r: &Row<'_>| r.judged.verdict).max();
    html! {
        div.thing {
            p {
                b { (words::number(number)) " " }
                @if let Some(worst) = worst { (verdict(worst)) " " }
                (line(&finding.summary))
            }
            dl {
                @if !finding.remedy.is_empty() { dt { "Do" } dd { (line(&finding.remedy)) } }
                @if !finding.evidence.line.is_empty() { dt { "Seen" } dd { (line(&finding.evidence.line)) } }
                dt { "Certainty" } dd { (finding.confidence.as_str()) ": " (why) }
                dt { "Code" } dd { code { (finding.code.as_str()) } }
            }
        }
    }
}

/// A link that opens a mail with subject and text.
fn mail(things: &[&Thing<'_>], hosts: &[String]) -> String {
    let mut body = String::new();
    for thing in things {
        body.push_str(&line(&thing.finding.summary));
        body.push('\n');
        body.push_str(&line(&thing.finding.remedy));
        body.push_str("\n\n");
    }
    body.push_str(&hosts.join("\n"));
    let cut: String = body.chars().take(MAIL).collect();
    let rest = if cut.len() < body.len() { "\n[...] The report has the rest." } else { "" };
    let encoded = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    format!("mailto:?subject={}&body={}", encoded(&ticket::title(things)), encoded(&(cut + rest)))
}
