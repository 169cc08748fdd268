//! A watch for reading: one line for each change, a table at the end.

use time::OffsetDateTime;

use super::{Ended, Subject, seconds, shown, worst_first};
use crate::compare::watch::{Change, Seen, State, Tally, Was, Watch};
use crate::contract::endpoint::listed;
use crate::contract::{Endpoint, RunWord};
use crate::diagnose::{Code, Owner, Verdict};
use crate::report::Style;
use crate::report::layout::{Page, Paint};
use crate::report::{sanitise, words};
use crate::text::english;
use crate::text::page::{columns, pad};

/// What stands before everything else.
pub fn begin(watch: &Watch, subject: &Subject, style: &Style) -> String {
    let mut page = Page::new(style);
    let end = match subject.rounds {
        Some(n) => format!(
            "It ends after {}",
            english::count(usize::try_from(n).unwrap_or(usize::MAX), "round", "rounds")
        ),
        None => "Ctrl-C ends it".to_owned(),
    };
    let text = format!(
        "{} every {}, since {}. {end} with what the rounds come to.",
        words::hosts(subject.hosts),
        length(i64::try_from(subject.every_s).unwrap_or(i64::MAX)),
        shown(watch.since)
    );
    page.hang_with("WATCHING ", Paint::Bold, "", &text);
    page.blank();
    page.into_text()
}

/// The lines of a round that began at `at`. Of the first one, hosts that work are named with `-v` alone, which adds what
/// is to be done, too.
pub fn round(watch: &Watch, changes: &[Change], at: OffsetDateTime, style: &Style) -> String {
    let mut page = Page::new(style);
    for change in changes {
        let (sign, paint, text) = match change {
            Change::Host(seen, None)
                if State::of(seen.verdict) == State::Works && watch.rounds < 2 && !style.verbose =>
            {
                continue;
            }
            Change::Host(seen, was) => host(seen, was.as_ref(), at),
            Change::Verdict(verdict, was) => run(watch, *verdict, was.as_ref(), at),
            Change::Unmet(unmet, was) => promises(*unmet, was.as_ref(), at),
        };
        page.line(&[
            (Paint::None, &format!("{}  ", shown(at))),
            (paint, sign),
            (Paint::None, &format!(" {text}")),
        ]);
        if let Change::Host(seen, _) = change
            && style.verbose
            && !seen.said.remedy.is_empty()
        {
            page.hang("    Do    ", Paint::Faint, &sanitise::line(&seen.said.remedy, sanitise::LONG));
        }
    }
    page.into_text()
}

/// What the rounds come to.
pub fn end(watch: &Watch, subject: &Subject, ended: Ended, style: &Style) -> String {
    let mut page = Page::new(style);
    page.line(&[]);
    let text = format!(
        "{}, every {}: {}.{}",
        english::count(usize::try_from(watch.rounds).unwrap_or(usize::MAX), "round", "rounds"),
        length(i64::try_from(subject.every_s).unwrap_or(i64::MAX)),
        english::count(usize::try_from(watch.changes).unwrap_or(usize::MAX), "change", "changes"),
        match ended {
            Ended::Interrupted => " It was ended by a signal.",
            Ended::Rounds | Ended::Unread => "",
        }
    );
    page.hang_with("WATCHED ", Paint::Bold, "", &text);
    let period = format!("        From {} to {}.", shown(watch.since), shown(watch.last));
    page.line(&[(Paint::None, &period)]);
    if watch.hosts.is_empty() {
        return page.into_text();
    }
    let rows = worst_first(watch);
    let name = |endpoint: &Endpoint| sanitise::line(&listed(&endpoint.host, endpoint.port), sanitise::SHORT);
    let wide = rows.iter().map(|(e, _)| columns(&name(e))).max().unwrap_or(0).max(4);
    page.blank();
    let head = format!("    {}  WORKED   ROUNDS  FLAPS  LONGEST OUTAGE", pad("HOST", wide));
    page.line(&[(Paint::Bold, &head)]);
    for (endpoint, tally) in rows {
        let (sign, paint) = sign(tally.last.0);
        let line = format!(
            " {}  {:>7}  {:>6}  {:>5}  {}",
            pad(&name(endpoint), wide),
            percent(tally),
            tally.rounds(),
            tally.flaps,
            outage(tally, watch.last)
        );
        page.line(&[(Paint::None, "  "), (paint, sign), (Paint::None, &line)]);
    }
    page.blank();
    let missed: u64 = watch.hosts.values().map(|t| t.untested).sum();
    if missed > 0 {
        page.hang("", Paint::None, "A round that did not judge a host counts neither for it nor against it.");
    }
    if watch.left_out > 0 {
        let text =
            format!("{} more than are counted were on the list of a round.", words::hosts(watch.left_out));
        page.hang("", Paint::None, &text);
    }
    page.into_text()
}

/// The line that stands on a terminal while it runs, what matters most first: a narrow one shows its beginning. `wait` is
/// the time until the next round; none during one.
pub fn live(watch: &Watch, now: OffsetDateTime, wait: Option<std::time::Duration>) -> String {
    let next = match wait {
        Some(wait) => format!("next in {}", length(i64::try_from(wait.as_secs()).unwrap_or(i64::MAX))),
        None => "probing".to_owned(),
    };
    let round = watch.rounds + u64::from(wait.is_none());
    let Some(verdict) = &watch.verdict else { return format!("{next}; round {round}") };
    let (works, all) = watch.working;
    format!(
        "{next}; {} for {}; {}; round {round}",
        verdict.value.heading(),
        length(seconds(now - verdict.since)),
        working(works, all)
    )
}

fn host(
    seen: &Seen,
    was: Option<&Was<(Verdict, Code)>>,
    at: OffsetDateTime,
) -> (&'static str, Paint, String) {
    let (sign, paint) = sign(seen.verdict);
    let said = &seen.said;
    let mut text = format!(
        "{:9} {}  {}",
        State::of(seen.verdict),
        sanitise::line(&listed(&seen.endpoint.host, seen.endpoint.port), sanitise::SHORT),
        seen.code
    );
    if said.code != seen.code {
        text.push_str(&format!(", because of {}", said.code));
    }
    if said.owner != Owner::None {
        text.push_str(&format!(", for {}", words::owner(said.owner)));
    }
    if let Some(was) = was {
        text.push_str(&format!("; was {} for {}", was.value.1, length(seconds(at - was.since))));
    }
    if State::of(seen.verdict) != State::Works || seen.verdict == Verdict::Warning {
        text.push_str(&format!(". {}", sanitise::line(&said.summary, sanitise::LONG)));
    }
    (sign, paint, text)
}

fn run(
    watch: &Watch,
    verdict: RunWord,
    was: Option<&Was<RunWord>>,
    at: OffsetDateTime,
) -> (&'static str, Paint, String) {
    let (works, all) = watch.working;
    let mut text = format!("{}: {}", verdict.heading(), working(works, all));
    if let Some(was) = was {
        text.push_str(&format!("; was {} for {}", was.value.heading(), length(seconds(at - was.since))));
    }
    let (sign, paint) = match verdict {
        RunWord::Ready => ("=", Paint::Good),
        RunWord::OptionalLosses | RunWord::Degraded | RunWord::Unknown => ("=", Paint::Attention),
        RunWord::Blocked => ("=", Paint::Bad),
    };
    (sign, paint, text)
}

fn promises(unmet: usize, was: Option<&Was<usize>>, at: OffsetDateTime) -> (&'static str, Paint, String) {
    let mut text = format!("{} unmet", english::count(unmet, "promise", "promises"));
    if let Some(was) = was {
        text.push_str(&format!("; was {} for {}", was.value, length(seconds(at - was.since))));
    }
    ("=", if unmet > 0 { Paint::Bad } else { Paint::Good }, text)
}

/// `2 of 3 hosts work`.
fn working(works: usize, all: usize) -> String {
    format!("{works} of {} {}", words::hosts(all), if works == 1 { "works" } else { "work" })
}

const fn sign(verdict: Verdict) -> (&'static str, Paint) {
    let paint = match verdict {
        Verdict::Reachable => Paint::Good,
        Verdict::Warning => Paint::Attention,
        Verdict::Blocked => Paint::Bad,
        Verdict::Untested => Paint::Faint,
    };
    (words::verdict(verdict).0, paint)
}

fn percent(tally: &Tally) -> String {
    tally.per_mille().map_or_else(|| "-".to_owned(), |n| format!("{}.{} %", n / 10, n % 10))
}

fn outage(tally: &Tally, now: OffsetDateTime) -> String {
    let Some(outage) = tally.longest(now) else { return "-".to_owned() };
    let long = length(seconds(outage.length(now)));
    match outage.end {
        Some(end) => format!("{long}, {} to {}", shown(outage.begin), shown(end)),
        None => format!("{long} so far, since {}", shown(outage.begin)),
    }
}

/// `40 s`, `5 min 3 s`, `2 h 5 min`, `3 d 4 h`.
fn length(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let two = |big: i64, unit: &str, small: i64, part: &str| match small {
        0 => format!("{big} {unit}"),
        small => format!("{big} {unit} {small} {part}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn a_length_has_two_units_at_the_most() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (303, "5 min 3 s"),
            (3600, "1 h"),
            (7500, "2 h 5 min"),
            (273_600, "3 d 4 h"),
            (-5, "0 s"),
        ] {
            assert_eq!(length(seconds), text);
        }
    }
}
