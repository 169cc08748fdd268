//! Today's date, and how old rules are by it. No other code asks for the day.

use time::{Date, OffsetDateTime, UtcOffset};

use crate::rules::age::{self, Age};

/// The day to count the age of the rules to, `YYYY-MM-DD`, for comparing outputs of several
/// days.
const TODAY: &str = "CLEARWAY_TODAY";

/// Today's date.
pub fn today() -> Date {
    let said = std::env::var(TODAY).ok().and_then(|text| age::day(&text));
    said.unwrap_or_else(|| OffsetDateTime::now_utc().date())
}

/// Seconds since 1970, and the seconds by which the clocks on this device's walls are ahead of UTC. Where the
/// system does not tell its zone, they are taken to show UTC.
pub fn now() -> (i64, i64) {
    let offset = UtcOffset::current_local_offset().map_or(0, |o| i64::from(o.whole_seconds()));
    (OffsetDateTime::now_utc().unix_timestamp(), offset)
}

/// This moment by the clocks on this device's walls, in whole seconds. Where the system does not tell its zone, they are
/// taken to show UTC.
pub fn local() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    let now = now.replace_nanosecond(0).unwrap_or(now);
    UtcOffset::local_offset_at(now).map_or(now, |offset| now.to_offset(offset))
}

/// The time of so many seconds ago, RFC 3339 in UTC without parts of a second.
pub fn before_now(seconds: i64) -> String {
    let then = OffsetDateTime::now_utc().unix_timestamp().saturating_sub(seconds);
    let then = OffsetDateTime::from_unix_timestamp(then).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, hour, minute, second) = (then.date(), then.hour(), then.minute(), then.second());
    format!("{date}T{hour:02}:{minute:02}:{second:02}Z")
}

/// How old rules of `date` are today.
pub fn age_of(date: &str) -> Option<Age> {
    Age::of(date, today())
}

/// `2026-11-22 (5 days old)`, for a sentence.
pub fn dated(date: &str) -> String {
    age_of(date).map_or_else(|| date.to_owned(), |age| format!("{date} ({age})"))
}
