//! The app: how it is installed, from where it runs, and whether it uses the configuration that was made for it.

use super::{Check, nothing_more, said, tool};
use crate::contract::{DeviceCode, Platform, Severity};
use crate::device::seen::{App, Remark};
use crate::device::{Answers, Context, Found, Seen, Want};
use crate::rules::device::AppKind;
use crate::text::{english, line};

const ID: &str = "app";
/// The part of a path by which macOS shows that it runs an app from a random place, read-only.
const TRANSLOCATED: &str = "/AppTranslocation/";
/// Where macOS mounts disk images.
const VOLUMES: &str = "/Volumes/";

pub(super) const CHECK: Check = Check {
    id: ID,
    title: "the app, its packages, its mode and the places of its configuration",
    wanted,
    then: nothing_more,
    read,
    judge,
    was_run: |seen| seen.app.is_some(),
    decides: true,
};

fn wanted(context: &Context<'_>) -> Vec<Want> {
    let places = context.facts.app.iter().filter(|a| a.platform == context.platform);
    let mut wants: Vec<Want> = places.map(|a| Want::Files(a.path.to_string())).collect();
    if context.platform == Platform::Macos {
        wants.push(tool("processes"));
    }
    wants
}

fn read(answers: &Answers, context: &Context<'_>, seen: &mut Seen) {
    let about = context.about;
    let mut app = App {
        version: about.version.clone(),
        newest: about.newest.clone(),
        newer: about.newer,
        updates_off: about.updates_off,
        remarks: about.remarks.clone(),
        ..App::default()
    };
    for place in context.facts.app.iter().filter(|a| a.platform == context.platform) {
        for file in answers.files(&place.path).iter().take(8) {
            let kind = match place.kind {
                AppKind::Package => "package",
                AppKind::Installer => "installer",
                AppKind::Bundle => "bundle",
            };
            app.packages.push(format!("{kind}: {}", file.path));
        }
    }
    if context.platform == Platform::Macos
        && let Some(text) = said(answers, context, ID, "processes", seen)
    {
        let program = &context.facts.identity.app_program;
        let runs = text.lines().map(str::trim).find(|l| l.ends_with(program.as_str()));
        app.runs_from = runs.map(|l| line::line(l, line::SHORT));
    }
    let any = app.version.is_some() || app.runs_from.is_some() || !app.packages.is_empty();
    if any || !app.remarks.is_empty() {
        seen.app = Some(app);
    } else {
        seen.missed(ID, "the app", answers.denied().unwrap_or("it is at none of its usual places here"));
    }
}

fn judge(seen: &Seen, _: &Context<'_>) -> Vec<Found> {
    let Some(app) = &seen.app else { return Vec::new() };
    let mut found: Vec<Found> = app.remarks.iter().filter_map(remark).collect();
    if let Some(path) = &app.runs_from {
        let one =
            |why: &str| Found::new(DeviceCode::AppPlace, path.clone()).with("path", path).with("why", why);
        if path.contains(TRANSLOCATED) {
            found.push(one("macOS runs it from a random place (App Translocation)"));
        } else if path.starts_with(VOLUMES) {
            found.push(one("it runs from a mounted volume").likely());
        }
    }
    let kinds = |kind: &str| app.packages.iter().any(|p| p.starts_with(kind));
    if kinds("package:") && kinds("installer:") {
        let evidence = english::first(&app.packages, 4);
        found.push(Found::new(DeviceCode::AppTwice, evidence).likely());
    } else if app.packages.len() > 1 {
        let evidence = english::first(&app.packages, 4);
        let case = if kinds("bundle:") { "bundles" } else { "packages" };
        found.push(Found::new(DeviceCode::AppTwice, evidence).case(case).likely());
    }
    if let Some(version) = &app.version {
        let evidence = format!("installed {version}; the newest that the rules know is {}", app.newest);
        let one = |evidence: String| {
            Found::new(DeviceCode::AppVersion, evidence)
                .with("version", version)
                .with("value", &app.newest)
                .with("count", app.newer.to_string())
        };
        match (app.newer, app.updates_off) {
            (0, _) => {}
            (_, true) => found.push(one(evidence).case("updates-off")),
            (_, false) => found.push(one(evidence)),
        }
    }
    found
}

/// What the reading of the configuration remarks about the device.
fn remark(remark: &Remark) -> Option<Found> {
    let found = |code| Found::new(code, remark.message.clone()).with("why", &remark.message);
    Some(match (remark.id.as_str(), remark.severity) {
        ("mode-1p", Severity::Error) => found(DeviceCode::AppMode),
        ("mode-1p", _) => found(DeviceCode::AppMode).case("doubtful").likely(),
        ("wrong-place", _) => found(DeviceCode::ConfigurationPlace),
        ("managed-rejected", _) => found(DeviceCode::ConfigurationRejected),
        ("unreadable", _) => found(DeviceCode::ConfigurationRejected).case("unreadable"),
        _ => return None,
    })
}
