//! The stages of an attempt, and how long each took. Everything that shows or compares times goes
//! through [`Stage::ALL`], so that the time of a new stage is shown everywhere.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

super::words! {
    /// A stage of an attempt, in the order in which they run.
    Stage {
        /// Name lookup.
        Dns = "dns",
        /// TCP handshake.
        Tcp = "tcp",
        /// CONNECT.
        Proxy = "proxy",
        /// TLS handshake.
        Tls = "tls",
        /// Request to response head.
        Http = "http",
    }
}

/// What the time of the whole attempt is called beside those of the stages.
pub const TOTAL: &str = "total";

/// Milliseconds of each stage of the attempt that counts; stages that did not run have none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timings {
    stages: BTreeMap<Stage, f64>,
    /// All of it.
    pub total: Option<f64>,
}

impl Timings {
    /// How long a stage took.
    pub fn of(&self, stage: Stage) -> Option<f64> {
        self.stages.get(&stage).copied()
    }

    /// Notes how long a stage took; nothing where it did not run.
    pub fn set(&mut self, stage: Stage, ms: impl Into<Option<f64>>) {
        match ms.into() {
            Some(ms) => self.stages.insert(stage, ms),
            None => self.stages.remove(&stage),
        };
    }

    /// Every stage by its name, in order, and the whole.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, Option<f64>)> + '_ {
        Stage::ALL.iter().map(|s| (s.as_str(), self.of(*s))).chain([(TOTAL, self.total)])
    }

    /// The same to 0.1 ms; finer digits are noise.
    #[must_use]
    pub fn rounded(&self) -> Self {
        let tenths = |ms: f64| (ms * 10.0).round() / 10.0;
        Self {
            stages: self.stages.iter().map(|(stage, ms)| (*stage, tenths(*ms))).collect(),
            total: self.total.map(tenths),
        }
    }
}

impl FromIterator<(Stage, f64)> for Timings {
    fn from_iter<I: IntoIterator<Item = (Stage, f64)>>(stages: I) -> Self {
        Self { stages: stages.into_iter().collect(), total: None }
    }
}

impl Serialize for Timings {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(None)?;
        for (name, ms) in self.all() {
            map.serialize_entry(name, &ms)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Timings {
    /// Stages that this version does not know are left out.
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let read = BTreeMap::<String, Option<f64>>::deserialize(d)?;
        let mut timings = Self { total: read.get(TOTAL).copied().flatten(), ..Self::default() };
        for stage in Stage::ALL {
            timings.set(*stage, read.get(stage.as_str()).copied().flatten());
        }
        Ok(timings)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_an_unknown_stage_is_left_out() {
        let mut timings = Timings { total: Some(9.5), ..Timings::default() };
        timings.set(Stage::Tcp, 4.0);
        timings.set(Stage::Tls, 1.0);
        timings.set(Stage::Tls, None);
        let json = serde_json::to_string(&timings).unwrap();
        assert_eq!(json, r#"{"dns":null,"tcp":4.0,"proxy":null,"tls":null,"http":null,"total":9.5}"#);
        let more = json.replace("{", r#"{"not-a-stage":3.0,"#);
        assert_eq!(serde_json::from_str::<Timings>(&more).unwrap(), timings);
    }
}
