//! Every attempt on one time axis. The axis ends where 95 of 100 hosts that work had their answer; what comes later, second
//! tries and experiments, has a part of its own behind a gap, and a longer bar a break mark.

use std::collections::HashMap;

use maud::{Markup, html};

use super::order;
use crate::contract::Stage;
use crate::diagnose::Verdict;
use crate::observation::{Attempt, HttpOutcome, ProxyOutcome, Purpose, TcpOutcome, TlsOutcome};
use crate::report::check::log_lines;
use crate::report::check::view::{Row, View};
use crate::report::words;
use crate::run::Run;

/// Where the first part of the axis ends and the second begins, in hundredths of the width, if there are two.
const FIRST: f64 = 70.0;
const SECOND: f64 = 76.0;
/// Segments that are drawn of one host.
const SHOWN: usize = 60;

/// Which lane a segment is drawn in: above for IPv4, below for IPv6, both where the family says nothing.
#[derive(Clone, Copy, PartialEq)]
enum Lane {
    V4,
    V6,
    Both,
}

/// One stage of one attempt; times in milliseconds after the start of the run.
struct Segment {
    stage: Stage,
    start: f64,
    ms: f64,
    lane: Lane,
    /// Of a second try or an experiment.
    again: bool,
    /// The same, or a second socket of the first try.
    hollow: bool,
    /// The attempt died here.
    died: bool,
    /// What was tried, where that is not what the app does first.
    tried: String,
}

/// The axis: a first part from 0, and a second part for what came after it.
struct Axis {
    end: f64,
    second: Option<(f64, f64)>,
}

impl Axis {
    /// Hundredths of the width, within the part that has the time; nothing in the gap and behind the end.
    fn place(&self, at: f64) -> Option<f64> {
        let width = if self.second.is_some() { FIRST } else { 100.0 };
        // Starts are whole milliseconds: what ends within one of the end ends with it.
        if at <= self.end + 1.0 {
            return Some((at.max(0.0) / self.end).min(1.0) * width);
        }
        let (from, to) = self.second?;
        (at >= from && at <= to).then(|| SECOND + (at - from) / (to - from) * (100.0 - SECOND))
    }

    /// The end of the part in which a segment begins.
    fn edge(&self, start: f64) -> f64 {
        if start <= self.end && self.second.is_some() { FIRST } else { 100.0 }
    }
}

pub(super) fn render(run: &Run, view: &View<'_>) -> Markup {
    let mut by_target: HashMap<u32, Vec<Segment>> = HashMap::new();
    // What an earlier round of a watch showed is on no axis of this run.
    for attempt in view.attempts.iter().filter(|a| a.before_ms == 0) {
        by_target.entry(attempt.target).or_default().extend(segments(attempt));
    }
    let rows: Vec<(&Row<'_>, &Vec<Segment>)> = view
        .rows
        .iter()
        .filter_map(|r| Some((r, by_target.get(&r.target.id).filter(|s| !s.is_empty())?)))
        .collect();
    let Some(axis) = axis(&rows) else { return html! {} };
    html! {
        section aria-labelledby="times" {
            h2 #times { "Times" }
            p {
                "One axis for all, from the start of the run. IPv4 is the upper lane, IPv6 the lower. Hollow: second tries and "
                "experiments. White between two stages: waiting. A cross is where an attempt died, a double stroke where a bar is longer than the axis."
            }
            p.legend { @for stage in Stage::ALL { span { i class=(format!("key {}", stage.as_str())) {} " " (stage.as_str().to_uppercase()) } " " } }
            p.buttons {
                "Sort by " button type="button" data-sort="time" { "time" } " " button type="button" data-sort="verdict" { "verdict" } " "
                button type="button" data-sort="list" { "list" }
            }
            div.axis aria-hidden="true" {
                span { "0" }
                span class=(if axis.second.is_some() { "end two" } else { "end" }) { (words::ms(axis.end)) }
                @if let Some((from, _)) = axis.second { span.second { "from " (words::ms(from)) } }
            }
            ol class=(if axis.second.is_some() { "falls two" } else { "falls" }) {
                @for (row, segments) in &rows {
                    @let total = row.judged.timings.rounded().total.unwrap_or_default();
                    @let (sign, word) = words::verdict(row.judged.verdict);
                    li data-time=(format!("{total:.1}")) data-verdict=(order(row.judged.verdict)) {
                        span.name { (row.endpoint()) }
                        (bar(row, segments, &axis))
                        span.total { (words::ms(total)) " " (sign) " " (word) }
                    }
                }
            }
            @if run.observations.stopped.is_some() { p { "The run ended before every host was judged." } }
        }
    }
}

fn axis(rows: &[(&Row<'_>, &Vec<Segment>)]) -> Option<Axis> {
    let works = |row: &Row<'_>| row.is(Verdict::Reachable) || row.is(Verdict::Warning);
    let times = |all: bool| -> Vec<f64> {
        let rows = rows.iter().filter(|(r, _)| all || works(r));
        let mut times: Vec<f64> = rows
            .filter_map(|(r, _)| r.judged.timings.rounded().total)
            .filter(|ms| ms.is_finite() && *ms > 0.0)
            .collect();
        times.sort_by(f64::total_cmp);
        times
    };
    let mut known = times(false);
    if known.is_empty() {
        known = times(true);
    }
    let at = (known.len() * 95).div_ceil(100).saturating_sub(1);
    let end = *known.get(at)?;
    let later = rows.iter().flat_map(|(_, s)| s.iter()).filter(|s| s.again && s.start > end);
    let mut span: Option<(f64, f64)> = None;
    for segment in later {
        let (from, to) = span.unwrap_or((segment.start, segment.start));
        span = Some((from.min(segment.start), to.max(segment.start + segment.ms)));
    }
    let second = span.filter(|(from, to)| to > from);
    Some(Axis { end, second })
}

fn segments(attempt: &Attempt) -> Vec<Segment> {
    let again = attempt.variation.is_some() || attempt.purpose != Purpose::First;
    let tried = match &attempt.variation {
        Some(variation) => super::line(&log_lines::variation(variation)),
        None if again => "second try".to_owned(),
        None => String::new(),
    };
    let mut all: Vec<Segment> = Vec::new();
    let mut add = |stage, start: f64, ms: f64, lane, second: bool, died| {
        if start.is_finite() && ms.is_finite() && ms >= 0.0 {
            let tried = tried.clone();
            all.push(Segment { stage, start, ms, lane, again, hollow: again || second, died, tried });
        }
    };
    let lane =
        |remote: std::net::SocketAddr| if remote.ip().to_canonical().is_ipv4() { Lane::V4 } else { Lane::V6 };
    let last = attempt.tcp.is_empty()
        && attempt.proxy.is_none()
        && attempt.tls.is_empty()
        && attempt.http.is_empty();
    if let Some(dns) = &attempt.dns {
        add(Stage::Dns, float(attempt.at_ms), dns.ms, Lane::Both, false, last && attempt.banner.is_none());
    }
    for tcp in &attempt.tcp {
        let died = !matches!(
            tcp.outcome,
            TcpOutcome::Connected | TcpOutcome::Abandoned | TcpOutcome::NotDialled { .. }
        );
        add(Stage::Tcp, float(tcp.at_ms), tcp.ms, lane(tcp.remote), tcp.confirm, died);
    }
    if let Some(proxy) = &attempt.proxy {
        let from = attempt.connection().map_or(float(attempt.at_ms), |t| float(t.at_ms) + t.ms);
        add(Stage::Proxy, from, proxy.ms, Lane::Both, false, proxy.outcome != ProxyOutcome::Tunnel);
    }
    for tls in &attempt.tls {
        let died = !matches!(tls.outcome, TlsOutcome::Completed | TlsOutcome::Abandoned);
        add(Stage::Tls, float(tls.at_ms), tls.ms, lane(tls.remote), tls.confirm, died);
    }
    for http in &attempt.http {
        let died = !matches!(http.outcome, HttpOutcome::Answered | HttpOutcome::Abandoned);
        add(Stage::Http, float(http.at_ms), http.ms, Lane::Both, http.confirm, died);
    }
    all
}

/// Milliseconds for drawing; beyond 2^32 it is no time of a run.
fn float(ms: u64) -> f64 {
    f64::from(u32::try_from(ms).unwrap_or(u32::MAX))
}

fn bar(row: &Row<'_>, segments: &[Segment], axis: &Axis) -> Markup {
    let timings = row.judged.timings.rounded();
    let stages: Vec<String> =
        Stage::ALL.iter().filter_map(|s| Some(format!("{s} {}", words::ms(timings.of(*s)?)))).collect();
    let label = if stages.is_empty() { "no stage ended".to_owned() } else { stages.join(", ") };
    html! {
        svg role="img" {
            title { (label) }
            @for segment in segments.iter().take(SHOWN) { (drawn(segment, axis)) }
        }
    }
}

fn drawn(segment: &Segment, axis: &Axis) -> Markup {
    let Some(from) = axis.place(segment.start) else { return html! {} };
    let edge = axis.edge(segment.start);
    let to = axis.place(segment.start + segment.ms).filter(|to| *to <= edge);
    let (lane, middle) = match segment.lane {
        Lane::V4 => ("u", "7"),
        Lane::V6 => ("l", "17"),
        Lane::Both => ("w", "12"),
    };
    let width = (to.unwrap_or(edge) - from).max(0.3);
    let kind = if segment.hollow { "hollow " } else { "" };
    let family = match segment.lane {
        Lane::V4 => ", IPv4",
        Lane::V6 => ", IPv6",
        Lane::Both => "",
    };
    let end = if segment.died { ", died" } else { "" };
    html! {
        rect class=(format!("{lane} {kind}{}", segment.stage)) x=(pc(from)) width=(pc(width)) {
            @if segment.hollow || segment.died {
                title {
                    @if !segment.tried.is_empty() { (segment.tried) ", " }
                    (segment.stage.as_str()) (family) ": " (words::ms(segment.ms)) (end)
                }
            }
        }
        @if to.is_none() { svg x=(pc(edge)) y=(middle) { path class="break" d="M-9-5l-4 10m7-10l-4 10" {} } }
        @if segment.died { svg x=(pc(to.unwrap_or(edge))) y=(middle) { path class="died" d="M-4-4l8 8m0-8l-8 8" {} } }
    }
}

/// A length along the axis.
fn pc(hundredths: f64) -> String {
    let text = format!("{hundredths:.1}");
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}
