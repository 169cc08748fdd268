//! VPN and zero-trust clients, and several ways to the internet: who else decides where packets and names go.

use super::{Check, nothing_more, said, tool};
use crate::contract::{DeviceCode, Platform};
use crate::device::net;
use crate::device::seen::Ways;
use crate::device::{Answers, Context, Found, Seen, Want};
use crate::rules::device::ProductKind;
use crate::text::{english, line};

const ID: &str = "tunnels";
const ROUTES: &str = "/proc/net/route";

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "VPN and zero-trust clients, default routes",
    wanted,
    then: nothing_more,
    read,
    judge,
    was_run: |seen| seen.ways.is_some(),
    decides: true,
};

fn wanted(context: &Context<'_>) -> Vec<Want> {
    let routes = match context.platform {
        Platform::Linux => Want::Text(ROUTES.to_owned()),
        Platform::Macos | Platform::Windows => tool("routes"),
    };
    vec![tool("processes"), routes]
}

fn read(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    let mut ways = Ways::default();
    let mut any = false;
    if let Some(text) = said(answers, context, ID, "processes", seen) {
        any = true;
        ways.clients = super::security::running(text, context, |kind| kind == ProductKind::Tunnel);
    }
    let text = match context.platform {
        Platform::Linux => answers.texts(ROUTES).iter().find_map(|f| f.text.as_deref().ok()),
        Platform::Macos | Platform::Windows => said(answers, context, ID, "routes", seen),
    };
    match text {
        Some(text) => {
            any = true;
            let mut all = net::routes(text, context.platform);
            all.retain(|r| r.prefix == 0);
            // Only those that are taken first compete.
            let best = all.iter().filter_map(|r| r.metric).min();
            for route in all.iter().filter(|r| r.metric == best) {
                let name = line::line(&route.interface, line::SHORT);
                if !ways.default_routes.contains(&name) {
                    ways.default_routes.push(name);
                }
            }
        }
        None if context.platform == Platform::Linux => {
            seen.missed(ID, "the routes", format!("{ROUTES} is not there or cannot be read"));
        }
        None => {}
    }
    if any {
        seen.ways = Some(ways);
    }
}

fn judge(seen: &Seen, _: &Context<'_>) -> Vec<Found> {
    let Some(ways) = &seen.ways else { return Vec::new() };
    let mut found: Vec<Found> = ways
        .clients
        .iter()
        .map(|r| {
            Found::new(DeviceCode::Tunnel, format!("{} runs", r.process)).likely().with("product", &r.product)
        })
        .collect();
    if ways.default_routes.len() > 1 {
        let names = english::and(&ways.default_routes.iter().map(String::as_str).collect::<Vec<_>>());
        let evidence = format!("default routes of equal weight: {names}");
        found.push(Found::new(DeviceCode::DefaultRoutes, evidence).likely().with("names", names));
    }
    found
}
