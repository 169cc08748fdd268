//! The times that programs write before what they say, and the level beside them.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

/// A time as a log has it. One without a zone is in the device's own; one without a date has only the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Moment {
    /// Seconds since 1970, of the device's clock where no zone is said; of the day where no date is.
    seconds: i64,
    millis: u16,
    /// It is in UTC.
    utc: bool,
    dated: bool,
}

/// An end of the time that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// What times that say their zone are held against, and what the report shows.
    pub zoned: Moment,
    /// What times without a zone are held against.
    pub written: Moment,
}

impl Bound {
    /// A time as a person wrote it: all times of logs are compared with it as they are written.
    pub const fn at(moment: Moment) -> Self {
        Self { zoned: moment, written: moment }
    }

    /// So many seconds before `now`, which is in seconds since 1970; `offset` is how far the device's clocks are
    /// ahead of UTC.
    pub const fn ago(seconds: i64, now: i64, offset: i64) -> Self {
        let zoned = Moment::utc(now.saturating_sub(seconds));
        let written = Moment { seconds: zoned.seconds.saturating_add(offset), utc: false, ..zoned };
        Self { zoned, written }
    }

    /// The end for times like this one.
    pub const fn of(&self, moment: &Moment) -> Moment {
        if moment.utc { self.zoned } else { self.written }
    }
}

impl Moment {
    /// Whether it has a date; without one it can be compared with nothing.
    pub const fn is_dated(&self) -> bool {
        self.dated
    }

    /// Whether it says its zone.
    pub const fn is_utc(&self) -> bool {
        self.utc
    }

    /// Hours and minutes, with the day where it has one.
    pub fn short(&self) -> String {
        let full = self.to_string();
        let zone = if self.utc { " UTC" } else { "" };
        match full.split_once('T') {
            Some((day, time)) => format!("{day} {}{zone}", time.get(..5).unwrap_or_default()),
            None => full.get(..5).unwrap_or_default().to_owned(),
        }
    }

    /// Seconds between two times of a log.
    pub const fn apart(&self, other: &Self) -> u64 {
        self.seconds.abs_diff(other.seconds)
    }

    fn local(date: (i64, u8, u8), clock: Clock) -> Option<Self> {
        let days = days(date)?;
        Some(Self { seconds: days * 86_400 + clock.seconds, millis: clock.millis, utc: false, dated: true })
    }

    /// Seconds since 1970 in UTC.
    pub const fn utc(seconds: i64) -> Self {
        Self { seconds, millis: 0, utc: true, dated: true }
    }

    /// From milliseconds since 1970.
    fn epoch(millis: i64) -> Self {
        Self {
            seconds: millis.div_euclid(1000),
            millis: u16::try_from(millis.rem_euclid(1000)).unwrap_or(0),
            utc: true,
            dated: true,
        }
    }

    /// A day, or a day with a time, as a person writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.trim().as_bytes();
        if let Some((moment, used)) = dated(bytes) {
            return (used == bytes.len()).then_some(moment);
        }
        let (day, used) = date(bytes)?;
        let zero = Clock { seconds: 0, millis: 0 };
        let rest = bytes.get(used..)?;
        if rest.is_empty() {
            return Self::local(day, zero);
        }
        // Hours and minutes.
        let rest = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"T"))?;
        let utc = rest.ends_with(b"Z");
        let rest = rest.strip_suffix(b"Z").unwrap_or(rest);
        let [h1, h2, b':', m1, m2] = rest else { return None };
        let (hours, minutes) = (two(&[*h1, *h2])?, two(&[*m1, *m2])?);
        let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
        let moment = (hours < 24 && minutes < 60).then_some(Clock { seconds, millis: 0 })?;
        Self::local(day, moment).map(|m| Self { utc, ..m })
    }
}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |m: &Self| (m.dated, m.seconds, m.millis, m.utc);
        key(self).cmp(&key(other))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = self.seconds.rem_euclid(86_400);
        if self.dated {
            let (year, month, day) = civil(self.seconds.div_euclid(86_400));
            write!(f, "{year:04}-{month:02}-{day:02}T")?;
        }
        write!(f, "{:02}:{:02}:{:02}", clock / 3600, clock / 60 % 60, clock % 60)?;
        if self.millis > 0 {
            write!(f, ".{:03}", self.millis)?;
        }
        f.write_str(if self.utc { "Z" } else { "" })
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How bad a program calls a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not worth a look.
    Quiet,
    /// A warning.
    Warning,
    /// An error.
    Error,
}

/// What stands before a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its time.
    pub moment: Option<Moment>,
    /// Its level.
    pub level: Option<Level>,
    /// Where the message begins: behind the time; the level belongs to it.
    pub message: usize,
}

/// Reads the time and the level that a line begins with; nothing where it begins with neither.
/// `today` gives the year that some programs leave out.
pub fn head(line: &[u8], today: (i64, u8, u8)) -> Option<Head> {
    let first = *line.first()?;
    if first == b'{' {
        let whole =
            line.trim_ascii_end().ends_with(b"}") && line.get(1).is_some_and(|b| *b == b'"' || *b == b' ');
        return whole.then_some(Head { moment: None, level: None, message: 0 });
    }
    let mut at = 0;
    // `<34>1 ` of syslog.
    if first == b'<' {
        let close = line.iter().take(6).position(|b| *b == b'>')?;
        at = close + 1;
        if line.get(at..at + 2) == Some(b"1 ") {
            at += 2;
        }
    }
    let open = |at: usize| at + usize::from(matches!(line.get(at), Some(b'[' | b'(')));
    if let Some((moment, used)) = moment(line.get(open(at)..)?, today) {
        let message = open(at) + used;
        // `E1003 09:12:44`
        let letter = match line.get(open(at)) {
            Some(b'E' | b'F') => Some(Level::Error),
            Some(b'W') => Some(Level::Warning),
            Some(b'I') => Some(Level::Quiet),
            _ => None,
        };
        let letter = letter.filter(|_| line.get(open(at) + 1).is_some_and(u8::is_ascii_digit));
        return Some(Head {
            moment: Some(moment),
            level: letter.or_else(|| level_in(line.get(message..)?)),
            message,
        });
    }
    // `[error] 2026-…`, `ERROR 2026-…`, `time="…" level=…`
    let rest = line.get(at..)?;
    let token = rest.iter().take(24).position(|b| matches!(b, b' ' | b'\t'));
    if let Some(token) = token {
        let level = word_level(rest.get(..token)?);
        let after = at + token + 1;
        let after = after + line.get(after..)?.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        if level.is_some() {
            if let Some((moment, used)) = moment(line.get(open(after)..)?, today) {
                return Some(Head { moment: Some(moment), level, message: open(after) + used });
            }
            // A level alone begins a line too, but `Error: …` is a name of an exception.
            let bracketed = rest.starts_with(b"[");
            return bracketed.then_some(Head { moment: None, level, message: at });
        }
    }
    for name in ["time=", "ts=", "timestamp=", "@timestamp="] {
        if let Some(value) = rest.strip_prefix(name.as_bytes()) {
            let quote = usize::from(value.first() == Some(&b'"'));
            let (moment, used) = moment(value.get(quote..)?, today)?;
            let message = at + name.len() + quote + used;
            return Some(Head { moment: Some(moment), level: level_in(line.get(message..)?), message });
        }
    }
    None
}

/// The time and the level of a line that is a JSON object.
pub fn of_json(line: &[u8]) -> (Option<Moment>, Option<Level>) {
    let level = member(line, &["level", "severity", "lvl", "loglevel", "levelname"]).and_then(|v| {
        let number = || std::str::from_utf8(v).ok()?.parse::<i64>().ok();
        word_level(v).or_else(|| {
            number().map(|n| match n {
                50.. => Level::Error,
                40.. => Level::Warning,
                _ => Level::Quiet,
            })
        })
    });
    let moment =
        member(line, &["timestamp", "time", "ts", "@timestamp", "date", "datetime", "t"]).and_then(|v| {
            if let Some((moment, _)) = dated(v) {
                return Some(moment);
            }
            let number: f64 = std::str::from_utf8(v).ok()?.parse().ok()?;
            epoch(number)
        });
    (moment, level)
}

/// The scalar value of the first of some members of a JSON line, without its quotation marks.
fn member<'a>(line: &'a [u8], names: &[&str]) -> Option<&'a [u8]> {
    let mut at = 0;
    let mut quoted: Option<usize> = None;
    // Only names of the outer object and of one within it: what lies deeper is somebody else's.
    let mut best: Option<(usize, &'a [u8])> = None;
    let mut depth = 0_usize;
    while let Some(byte) = line.get(at) {
        match (byte, quoted) {
            (b'\\', Some(_)) => at += 1,
            (b'"', None) => quoted = Some(at + 1),
            (b'"', Some(start)) => {
                quoted = None;
                let rest = line.get(at + 1..)?.trim_ascii_start();
                if let Some(value) = rest.strip_prefix(b":") {
                    let name = line.get(start..at)?;
                    let place = names.iter().position(|n| name.eq_ignore_ascii_case(n.as_bytes()));
                    if let Some(place) = place.filter(|p| depth <= 1 && best.is_none_or(|(b, _)| *p < b)) {
                        best = scalar(value.trim_ascii_start()).map(|v| (place, v)).or(best);
                    }
                }
            }
            (b'{' | b'[', None) => depth += 1,
            (b'}' | b']', None) => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    best.map(|(_, value)| value)
}

fn scalar(value: &[u8]) -> Option<&[u8]> {
    if let Some(text) = value.strip_prefix(b"\"") {
        return text.get(..text.iter().take(64).position(|b| *b == b'"')?);
    }
    let end = value.iter().take(32).position(|b| matches!(b, b',' | b'}' | b' ' | b']'))?;
    value.get(..end).filter(|v| !v.is_empty())
}

/// The first word behind a time that is a level.
fn level_in(rest: &[u8]) -> Option<Level> {
    let rest = rest.get(..rest.len().min(80))?;
    let tokens =
        rest.split(|b| matches!(b, b' ' | b'\t' | b'|' | b']' | b')' | b':')).filter(|t| !t.is_empty());
    // A plain word of the message is no level: `no error found`.
    let is_marked = |n: usize, token: &[u8]| {
        n == 0 || token.starts_with(b"level=") || token.first().is_some_and(|b| !b.is_ascii_lowercase())
    };
    tokens.take(4).enumerate().filter(|(n, t)| is_marked(*n, t)).find_map(|(_, t)| word_level(t))
}

fn word_level(token: &[u8]) -> Option<Level> {
    let token = token.strip_prefix(b"level=").unwrap_or(token);
    let trimmed = token.iter().position(u8::is_ascii_alphabetic)?;
    let word = token.get(trimmed..)?;
    let end = word.iter().position(|b| !b.is_ascii_alphabetic()).unwrap_or(word.len());
    let (word, after) = (word.get(..end)?, word.get(end..)?);
    if !after.iter().all(|b| matches!(b, b':' | b']' | b')' | b'"' | b'>' | b',' | b'-')) || word.len() > 9 {
        return None;
    }
    const WORDS: [(&str, Level); 21] = [
        ("error", Level::Error),
        ("err", Level::Error),
        ("fatal", Level::Error),
        ("critical", Level::Error),
        ("crit", Level::Error),
        ("panic", Level::Error),
        ("severe", Level::Error),
        ("emerg", Level::Error),
        ("alert", Level::Error),
        ("warn", Level::Warning),
        ("warning", Level::Warning),
        ("info", Level::Quiet),
        ("debug", Level::Quiet),
        ("trace", Level::Quiet),
        ("verbose", Level::Quiet),
        ("silly", Level::Quiet),
        ("notice", Level::Quiet),
        ("log", Level::Quiet),
        ("dbg", Level::Quiet),
        ("inf", Level::Quiet),
        ("default", Level::Quiet),
    ];
    WORDS.iter().find(|(w, _)| word.eq_ignore_ascii_case(w.as_bytes())).map(|(_, level)| *level)
}

/// A time at the start of `bytes`, and how many of them it takes.
fn moment(bytes: &[u8], today: (i64, u8, u8)) -> Option<(Moment, usize)> {
    let first = *bytes.first()?;
    if first.is_ascii_digit() {
        return dated(bytes)
            .or_else(|| chromium(bytes, today))
            .or_else(|| clock_alone(bytes))
            .or_else(|| number(bytes));
    }
    if matches!(first, b'I' | b'W' | b'E' | b'F') && bytes.get(1).is_some_and(u8::is_ascii_digit) {
        return glog(bytes, today);
    }
    syslog(bytes, today)
}

/// `2026-10-03T09:12:44.123+02:00`, with a space, a slash between the parts of the date, or no zone.
fn dated(bytes: &[u8]) -> Option<(Moment, usize)> {
    let (day, mut at) = date(bytes)?;
    match bytes.get(at)? {
        b'T' | b't' | b' ' | b'_' => at += 1,
        b',' if bytes.get(at + 1) == Some(&b' ') => at += 2,
        _ => return None,
    }
    let (clock, used) = clock(bytes.get(at..)?)?;
    at += used;
    let mut moment = Moment::local(day, clock)?;
    let rest = bytes.get(at..).unwrap_or_default();
    if matches!(rest.first(), Some(b'Z' | b'z')) {
        moment.utc = true;
        at += 1;
    } else if let Some((offset, used)) = offset(rest) {
        moment.seconds -= offset;
        moment.utc = true;
        at += used;
    } else if rest.starts_with(b" UTC") {
        moment.utc = true;
        at += 4;
    }
    Some((moment, at))
}

fn date(bytes: &[u8]) -> Option<((i64, u8, u8), usize)> {
    let [y1, y2, y3, y4, s1, m1, m2, s2, d1, d2, ..] = bytes else { return None };
    if !matches!(s1, b'-' | b'/' | b'.') || s1 != s2 {
        return None;
    }
    let year = i64::from(two(&[*y1, *y2])?) * 100 + i64::from(two(&[*y3, *y4])?);
    Some(((year, two(&[*m1, *m2])?, two(&[*d1, *d2])?), 10))
}

#[derive(Debug, Clone, Copy)]
struct Clock {
    seconds: i64,
    millis: u16,
}

/// `09:12:44`, with a fraction behind a point or a comma.
fn clock(bytes: &[u8]) -> Option<(Clock, usize)> {
    let [h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = bytes else { return None };
    let (hours, minutes, seconds) = (two(&[*h1, *h2])?, two(&[*m1, *m2])?, two(&[*s1, *s2])?);
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let mut clock =
        Clock { seconds: i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds), millis: 0 };
    let mut used = 8;
    if matches!(rest.first(), Some(b'.' | b',')) {
        let digits = rest.get(1..)?.iter().take_while(|b| b.is_ascii_digit()).count().min(9);
        if digits > 0 {
            let mut millis = 0_u16;
            for place in 0..3 {
                let digit = if place < digits { rest.get(1 + place)? - b'0' } else { 0 };
                millis = millis * 10 + u16::from(digit);
            }
            clock.millis = millis;
            used += 1 + digits;
        }
    }
    Some((clock, used))
}

fn clock_alone(bytes: &[u8]) -> Option<(Moment, usize)> {
    let (clock, used) = clock(bytes)?;
    Some((Moment { seconds: clock.seconds, millis: clock.millis, utc: false, dated: false }, used))
}

/// `+02:00`, `+0200`, ` +0200`, `-07`.
fn offset(bytes: &[u8]) -> Option<(i64, usize)> {
    let space = usize::from(bytes.first() == Some(&b' '));
    let sign = match bytes.get(space)? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = bytes.get(space + 1..)?;
    let hours = two(digits)?;
    let (minutes, used) = match digits.get(2..) {
        Some([b':', rest @ ..]) => (two(rest)?, 5),
        Some(rest) if two(rest).is_some() => (two(rest)?, 4),
        // Two digits after a space are text.
        _ if space == 1 => return None,
        _ => (0, 2),
    };
    if digits.get(used).is_some_and(u8::is_ascii_digit) || hours > 14 || minutes > 59 {
        return None;
    }
    Some((sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60), space + 1 + used))
}

/// Milliseconds or seconds since 1970.
fn number(bytes: &[u8]) -> Option<(Moment, usize)> {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let fraction = match bytes.get(digits) {
        Some(b'.') => bytes.get(digits + 1..)?.iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    let used = if fraction > 0 { digits + 1 + fraction } else { digits };
    let ends =
        bytes.get(used).is_some_and(|b| matches!(b, b' ' | b'\t' | b',' | b']' | b'|' | b':' | b'"' | b';'));
    if !matches!(digits, 10 | 13) || !ends {
        return None;
    }
    let value: f64 = std::str::from_utf8(bytes.get(..used)?).ok()?.parse().ok()?;
    Some((epoch(value)?, used))
}

/// A number that is a time of this century's first decades, in seconds, milliseconds or finer.
fn epoch(number: f64) -> Option<Moment> {
    let millis = match number {
        n if (1e9..4e9).contains(&n) => n * 1e3,
        n if (1e12..4e12).contains(&n) => n,
        n if (1e15..4e15).contains(&n) => n / 1e3,
        n if (1e18..4e18).contains(&n) => n / 1e6,
        _ => return None,
    };
    #[allow(clippy::cast_possible_truncation)]
    Some(Moment::epoch(millis.round() as i64))
}

/// `Oct  3 09:12:44`, with a year behind it or not.
fn syslog(bytes: &[u8], today: (i64, u8, u8)) -> Option<(Moment, usize)> {
    const MONTHS: [&[u8]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    // `Sat Oct  3 …`
    let weekday = bytes.get(3) == Some(&b' ') && bytes.get(7) == Some(&b' ');
    let mut at = if weekday { 4 } else { 0 };
    let name = bytes.get(at..at + 3)?.to_ascii_lowercase();
    let month = u8::try_from(MONTHS.iter().position(|m| *m == name)? + 1).ok()?;
    at += 3;
    let spaces = bytes.get(at..)?.iter().take_while(|b| **b == b' ').count();
    at += spaces;
    let digits = bytes.get(at..)?.iter().take_while(|b| b.is_ascii_digit()).count();
    if spaces == 0 || !(1..=2).contains(&digits) {
        return None;
    }
    let day: u8 = std::str::from_utf8(bytes.get(at..at + digits)?).ok()?.parse().ok()?;
    at += digits;
    if bytes.get(at) != Some(&b' ') {
        return None;
    }
    at += 1;
    let four = |at: usize| {
        let year = bytes.get(at..at + 4)?;
        Some(i64::from(two(year)?) * 100 + i64::from(two(year.get(2..)?)?))
    };
    // `Oct 3 2026 09:12:44`, `Oct 3 09:12:44 2026`.
    let mut year = four(at).filter(|_| bytes.get(at + 4) == Some(&b' '));
    if year.is_some() {
        at += 5;
    }
    let (clock, used) = clock(bytes.get(at..)?)?;
    at += used;
    if year.is_none()
        && bytes.get(at) == Some(&b' ')
        && let Some(behind) = four(at + 1)
            .filter(|y| (2000..2100).contains(y) && !bytes.get(at + 5).is_some_and(u8::is_ascii_digit))
    {
        year = Some(behind);
        at += 5;
    }
    let year = year.unwrap_or_else(|| latest(month, day, today));
    Some((Moment::local((year, month, day), clock)?, at))
}

/// The year of a day without one: the last time that it was.
fn latest(month: u8, day: u8, today: (i64, u8, u8)) -> i64 {
    // A clock elsewhere may be a day ahead.
    let is_past = days((today.0, month, day)).zip(days(today)).is_none_or(|(then, now)| then <= now + 1);
    if is_past { today.0 } else { today.0 - 1 }
}

/// `E1003 09:12:44.123456`.
fn glog(bytes: &[u8], today: (i64, u8, u8)) -> Option<(Moment, usize)> {
    let (month, day) = (two(bytes.get(1..)?)?, two(bytes.get(3..)?)?);
    if bytes.get(5) != Some(&b' ') {
        return None;
    }
    let (clock, used) = clock(bytes.get(6..)?)?;
    Some((Moment::local((latest(month, day, today), month, day), clock)?, 6 + used))
}

/// `1234:0x70:1003/091244.123456:ERROR:file.cc(12)`: process, thread, month and day, time.
fn chromium(bytes: &[u8], today: (i64, u8, u8)) -> Option<(Moment, usize)> {
    let slash = bytes.iter().take(40).position(|b| *b == b'/')?;
    let start = slash.checked_sub(4)?;
    let before = bytes.get(..start)?;
    if !before.is_empty() && !before.ends_with(b":")
        || before.iter().any(|b| !b.is_ascii_hexdigit() && !matches!(b, b':' | b'x'))
    {
        return None;
    }
    let (month, day) = (two(bytes.get(start..)?)?, two(bytes.get(start + 2..)?)?);
    let time = bytes.get(slash + 1..)?;
    let (hours, minutes, seconds) = (two(time)?, two(time.get(2..)?)?, two(time.get(4..)?)?);
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let fraction = match time.get(6) {
        Some(b'.') => time.get(7..)?.iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    let millis = time.get(7..7 + fraction.min(3)).filter(|f| f.len() == 3);
    let millis = millis.and_then(|f| std::str::from_utf8(f).ok()?.parse().ok()).unwrap_or(0);
    let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60 + i64::from(seconds);
    let used = slash + 7 + if fraction > 0 { 1 + fraction } else { 0 };
    let used = used + usize::from(bytes.get(used) == Some(&b':'));
    Some((Moment::local((latest(month, day, today), month, day), Clock { seconds, millis })?, used))
}

fn two(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => Some((a - b'0') * 10 + (b - b'0')),
        _ => None,
    }
}

/// Days since 1970 of a day of the calendar; nothing where there is no such day.
fn days((year, month, day): (i64, u8, u8)) -> Option<i64> {
    let month = time::Month::try_from(month).ok()?;
    let date = time::Date::from_calendar_date(i32::try_from(year).ok()?, month, day).ok()?;
    Some(i64::from(date.to_julian_day()) - EPOCH)
}

const EPOCH: i64 = 2_440_588;

fn civil(days: i64) -> (i64, u8, u8) {
    let date = i32::try_from(days + EPOCH).ok().and_then(|d| time::Date::from_julian_day(d).ok());
    date.map_or((1970, 1, 1), |d| (i64::from(d.year()), u8::from(d.month()), d.day()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const TODAY: (i64, u8, u8) = (2026, 11, 27);

    #[test]
    fn every_form_of_a_time_is_read() {
        for (line, time, level, rest) in [
            ("2026-10-03 09:12:44 [info] x", "2026-10-03T09:12:44", Some(Level::Quiet), " [info] x"),
            (
                "[2026-10-03 09:12:44.123] [error] x",
                "2026-10-03T09:12:44.123",
                Some(Level::Error),
                "] [error] x",
            ),
            ("2026-10-03T09:12:44.5Z WARN x", "2026-10-03T09:12:44.500Z", Some(Level::Warning), " WARN x"),
            ("2026-10-03T09:12:44+02:00 x", "2026-10-03T07:12:44Z", None, " x"),
            (
                "2026-10-03 09:12:44.123456+0200 0x1 Error x",
                "2026-10-03T07:12:44.123Z",
                Some(Level::Error),
                " 0x1 Error x",
            ),
            ("2026-10-03 01:12:44 -0700 x", "2026-10-03T08:12:44Z", None, " x"),
            ("2026/10/03 09:12:44.390694 [Server] x", "2026-10-03T09:12:44.390", None, " [Server] x"),
            (
                "2026-10-03 09:12:44,123 - pool - ERROR - x",
                "2026-10-03T09:12:44.123",
                Some(Level::Error),
                " - pool - ERROR - x",
            ),
            ("09:12:44 [info] x", "09:12:44", Some(Level::Quiet), " [info] x"),
            ("1791018764000 error x", "2026-10-03T09:12:44Z", Some(Level::Error), " error x"),
            ("1791018764.25 x", "2026-10-03T09:12:44.250Z", None, " x"),
            ("Oct  3 09:12:44 desk app[12]: x", "2026-10-03T09:12:44", None, " desk app[12]: x"),
            ("Dec 31 23:59:59 desk app: x", "2025-12-31T23:59:59", None, " desk app: x"),
            ("Sat Oct  3 09:12:44 2026 x", "2026-10-03T09:12:44", None, " x"),
            ("<34>1 2026-10-03T09:12:44Z desk app - - x", "2026-10-03T09:12:44Z", None, " desk app - - x"),
            (
                "[71:1003/091244.123456:ERROR:a.cc(9)] x",
                "2026-10-03T09:12:44.123",
                Some(Level::Error),
                "ERROR:a.cc(9)] x",
            ),
            (
                "[71:0x1a:1003/091244.1:WARNING:a.cc(9)] x",
                "2026-10-03T09:12:44",
                Some(Level::Warning),
                "WARNING:a.cc(9)] x",
            ),
            (
                "E1003 09:12:44.123456  71 a.go:9] x",
                "2026-10-03T09:12:44.123",
                Some(Level::Error),
                "  71 a.go:9] x",
            ),
            (
                "time=\"2026-10-03T09:12:44Z\" level=error msg=x",
                "2026-10-03T09:12:44Z",
                Some(Level::Error),
                "\" level=error msg=x",
            ),
            ("[error] [2026-10-03 09:12:44] x", "2026-10-03T09:12:44", Some(Level::Error), "] x"),
            ("ERROR 2026-10-03 09:12:44 x", "2026-10-03T09:12:44", Some(Level::Error), " x"),
        ] {
            let head = head(line.as_bytes(), TODAY).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(head.moment.map(|m| m.to_string()).as_deref(), Some(time), "{line}");
            assert_eq!(head.level, level, "{line}");
            assert_eq!(line.get(head.message..), Some(rest), "{line}");
        }
        for line in [
            "",
            "    at x (y)",
            "Error: x",
            "3 errors",
            "12345678901 x",
            "2026-13-40 09:12:44 x",
            "Octopus 3",
            "}",
            "Maybe 3 09:12:44",
        ] {
            assert_eq!(head(line.as_bytes(), TODAY), None, "{line}");
        }
    }

    #[test]
    fn lines_of_json_have_their_time_and_level_as_members() {
        for (line, time, level) in [
            (
                r#"{"level":"error","timestamp":"2026-10-03T09:12:44.000Z","message":"x"}"#,
                "2026-10-03T09:12:44Z",
                Level::Error,
            ),
            (
                r#"{"level":50,"time":1791018764000,"msg":"\"level\":\"info\""}"#,
                "2026-10-03T09:12:44Z",
                Level::Error,
            ),
            (
                r#"{"a":{"b":{"time":1}},"@timestamp":"2026-10-03 09:12:44","severity":"WARN"}"#,
                "2026-10-03T09:12:44",
                Level::Warning,
            ),
            (r#"{"msg":"x","ts":1791018764.5,"lvl":"info"}"#, "2026-10-03T09:12:44.500Z", Level::Quiet),
        ] {
            let (moment, found) = of_json(line.as_bytes());
            assert_eq!(moment.map(|m| m.to_string()).as_deref(), Some(time), "{line}");
            assert_eq!(found, Some(level), "{line}");
            assert!(head(line.as_bytes(), TODAY).is_some(), "{line}");
        }
    }

    #[test]
    fn a_time_is_given_as_people_write_it() {
        for (text, time) in [
            ("2026-10-03", Some("2026-10-03T00:00:00")),
            ("2026-10-03 09:12", Some("2026-10-03T09:12:00")),
            ("2026-10-03T09:12Z", Some("2026-10-03T09:12:00Z")),
            ("2026-10-03 09:12:44", Some("2026-10-03T09:12:44")),
            ("2026-10-03T09:12:44+02:00", Some("2026-10-03T07:12:44Z")),
            ("2026-10-03 25:00", None),
            ("yesterday", None),
            ("2026-10-03 09:12:44 x", None),
        ] {
            assert_eq!(Moment::parse(text).map(|m| m.to_string()).as_deref(), time, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}0-9:./TZ+ -]{0,40}") {
            for line in [bytes.as_slice(), text.as_bytes()] {
                if let Some(head) = head(line, TODAY) {
                    prop_assert!(head.message <= line.len());
                    head.moment.map(|m| (m.to_string(), m.short()));
                }
                of_json(line);
                Moment::parse(&String::from_utf8_lossy(line));
            }
        }
    }
}
