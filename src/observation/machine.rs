//! What ran in the sandbox's own machine, as its user brought it here.

use serde::{Deserialize, Serialize};

use super::Attempt;

/// The sandbox's own machine, by the results of a script that ran in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// What connected there: `curl`, `node` or `none`.
    pub tool: String,
    /// Its clock, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<i64>,
    /// The name servers of its resolv.conf.
    #[serde(default)]
    pub resolvers: Vec<String>,
    /// Its proxy variables: name, and value without user name and password.
    #[serde(default)]
    pub proxies: Vec<(String, String)>,
    /// One attempt for each host that was asked; the path of each is 0. Its `device_trust` is what the machine's own
    /// store says.
    pub attempts: Vec<Attempt>,
    /// What the results lack, in plain words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}
