//! How much the opt-in download fetches.

use std::fmt;
use std::time::Duration;

/// Below this rate, bytes per second, the workspace of over a gigabyte takes more than half an
/// hour. Our own line: the vendor names none. A transfer of a stated amount gets the time that it
/// takes at this rate.
pub const SLOW: u64 = 600_000;

/// The least and the most that may be stated, bytes.
const BYTES: std::ops::RangeInclusive<u64> = 64_000..=10_000_000_000;
/// The same in time, seconds.
const SECONDS: std::ops::RangeInclusive<u64> = 1..=3600;

/// The forms that are read, for messages.
const FORMS: &str = "write an amount such as 500KB, 8MB or 2GB, or a time such as 60s or 5m";

/// What `--download-test` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadTest {
    /// 8 MB in four ranges, of which the first is fetched twice.
    Sample,
    /// So many bytes of whole files, one connection after another.
    Bytes(u64),
    /// The same for so long.
    Time(Duration),
}

impl DownloadTest {
    /// How it is written where no amount is stated.
    pub const SAMPLE: &'static str = "sample";

    /// Reads `500KB`, `8MB`, `2GB`, `1MiB`, a number of bytes, `60s`, `5m`, `5min`. A small `m` is
    /// minutes, as for every other time of the command line; a large one is megabytes.
    ///
    /// # Errors
    /// Names the forms, or the bounds: 64 KB to 10 GB, 1 second to 60 minutes.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == Self::SAMPLE {
            return Ok(Self::Sample);
        }
        let help = || format!("`{text}` is neither an amount nor a time; {FORMS}");
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let number: f64 = number.parse().map_err(|_| help())?;
        let unit = unit.trim_start();
        let lower = unit.to_ascii_lowercase();
        let seconds = match lower.as_str() {
            "s" | "sec" | "second" | "seconds" => Some(1.0),
            "m" if unit == "m" => Some(60.0),
            "min" | "minute" | "minutes" => Some(60.0),
            _ => None,
        };
        if let Some(factor) = seconds {
            let length = number * factor;
            let within = (*SECONDS.start() as f64..=*SECONDS.end() as f64).contains(&length);
            return if within {
                Ok(Self::Time(Duration::from_secs_f64(length)))
            } else {
                Err(format!("`{text}` is not between 1s and 60m; {FORMS}"))
            };
        }
        let factor = match lower.as_str() {
            "" | "b" => 1.0,
            "k" | "kb" => 1e3,
            "m" | "mb" => 1e6,
            "g" | "gb" => 1e9,
            "kib" => 1024.0,
            "mib" => 1024.0 * 1024.0,
            "gib" => 1024.0 * 1024.0 * 1024.0,
            _ => return Err(help()),
        };
        let bytes = number * factor;
        let within = (*BYTES.start() as f64..=*BYTES.end() as f64).contains(&bytes);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between the bounds")]
        let bytes = if within { bytes as u64 } else { 0 };
        match bytes {
            0 => Err(format!("`{text}` is not between 64KB and 10GB; {FORMS}")),
            bytes => Ok(Self::Bytes(bytes)),
        }
    }

    /// Bytes that are fetched at the most; none for a sample, which has its own.
    pub const fn most(self) -> Option<u64> {
        match self {
            Self::Sample => None,
            Self::Bytes(bytes) => Some(bytes),
            Self::Time(_) => Some(*BYTES.end()),
        }
    }

    /// How long one transfer may take, beyond the deadline of the run; none for a sample, which the
    /// deadline bounds.
    pub fn longest(self) -> Option<Duration> {
        match self {
            Self::Sample => None,
            // Slower than that, and the verdict is that it is slow.
            Self::Bytes(bytes) => Some(Duration::from_secs(bytes.div_ceil(SLOW).max(10))),
            Self::Time(time) => Some(time),
        }
    }
}

impl fmt::Display for DownloadTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sample => f.write_str(Self::SAMPLE),
            Self::Bytes(bytes) if *bytes >= 1_000_000_000 => write!(f, "{} GB", *bytes as f64 / 1e9),
            Self::Bytes(bytes) if *bytes >= 1_000_000 => write!(f, "{} MB", *bytes as f64 / 1e6),
            Self::Bytes(bytes) => write!(f, "{} kB", *bytes as f64 / 1e3),
            Self::Time(time) => write!(f, "{} s", time.as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn amounts_and_times_are_read_in_the_usual_spellings() {
        for (text, bytes) in [
            ("2GB", 2_000_000_000),
            ("8MB", 8_000_000),
            ("8 mb", 8_000_000),
            ("8M", 8_000_000),
            ("500kB", 500_000),
            ("500KB", 500_000),
            ("1MiB", 1_048_576),
            ("1.5GB", 1_500_000_000),
            ("65536", 65_536),
        ] {
            assert_eq!(DownloadTest::parse(text), Ok(DownloadTest::Bytes(bytes)), "{text}");
        }
        for (text, seconds) in [("60s", 60), ("2m", 120), ("2min", 120), ("90 seconds", 90), ("60m", 3600)] {
            let time = Duration::from_secs(seconds);
            assert_eq!(DownloadTest::parse(text), Ok(DownloadTest::Time(time)), "{text}");
        }
        for bad in ["", "8TB", "-8MB", "abc", "s", "GB", "1e9", "1.2.3MB", "NaN", "1h", "8MBs"] {
            let said = DownloadTest::parse(bad).unwrap_err();
            assert!(said.contains("2GB") && said.contains("60s") && said.contains("neither"), "{said}");
        }
        for bad in ["1", "60", "20GB", "99999999999999999999MB", "0s", "61m", "0.5s"] {
            let said = DownloadTest::parse(bad).unwrap_err();
            assert!(said.contains("not between") && said.contains("60s"), "{said}");
        }
    }

    #[test]
    fn an_amount_has_the_time_that_it_takes_when_it_is_slow() {
        assert_eq!(DownloadTest::Bytes(600_000_000).longest(), Some(Duration::from_secs(1000)));
        assert_eq!(DownloadTest::Time(Duration::from_secs(60)).longest(), Some(Duration::from_secs(60)));
        assert_eq!(DownloadTest::Sample.longest(), None);
    }
}
