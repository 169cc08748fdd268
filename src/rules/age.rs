//! How old the rules are. Pure: the caller says which day it is.

use std::fmt;

use time::Date;
use time::macros::format_description;

/// Days beyond which the rules are called old.
const OLD: u32 = 60;

/// The age of a rule pack, in whole days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    /// Days since the date of the rules.
    pub days: u32,
}

impl Age {
    /// The age on the day `today` of rules of `date` (`YYYY-MM-DD`); none for a date that is none, or
    /// that lies ahead.
    pub fn of(date: &str, today: Date) -> Option<Self> {
        let days = (today - day(date)?).whole_days();
        u32::try_from(days).ok().map(|days| Self { days })
    }

    /// What to say of rules that are old.
    pub fn warning(self) -> Option<String> {
        let months = self.days / 30;
        (self.days > OLD)
            .then(|| format!("! the rules are {months} months old; hosts that came since are missing"))
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} old", self.days, if self.days == 1 { "day" } else { "days" })
    }
}

/// The day that `YYYY-MM-DD` names.
pub fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn on(today: &str) -> Option<Age> {
        Age::of("2026-11-22", day(today).unwrap())
    }

    #[test]
    fn rules_are_old_beyond_sixty_days() {
        assert_eq!(on("2026-11-27").unwrap().to_string(), "5 days old");
        assert_eq!(on("2026-11-23").unwrap().to_string(), "1 day old");
        assert_eq!(on("2027-01-21").unwrap().warning(), None);
        assert_eq!(
            on("2027-03-22").unwrap().warning().unwrap(),
            "! the rules are 4 months old; hosts that came since are missing"
        );
        assert_eq!(on("2026-11-01"), None, "a clock that runs behind");
        assert_eq!(Age::of("soon", day("2026-11-27").unwrap()), None);
    }
}
