//! Flags of the calls that carry a credential.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::contract::HostPattern;

/// One host: a name or an address.
fn credential_host(text: &str) -> Result<HostPattern, String> {
    let host: HostPattern = text.parse().map_err(|e: crate::contract::BadHost| {
        format!("{}; write a name or an address, without scheme and port", e.reason)
    })?;
    if host.is_wildcard() {
        return Err("a wildcard covers hosts that nobody looked at; name each host".to_owned());
    }
    Ok(host)
}

/// What `check` does with the configured credential. Without the first flag none is ever sent.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// Send the configured credential to the inference host: list its models, then ask one model
    /// for at most 64 streamed output tokens, which the account pays for. It goes only where the
    /// public roots accept the certificate, to your own host by a private authority that inspects
    /// nothing here, or to a loopback address.
    #[arg(long, help_heading = "Credential")]
    pub with_credentials: bool,

    /// Run the configured credential helper (or credential_process) to get the credential.
    #[arg(long, requires = "with_credentials", help_heading = "Credential")]
    pub run_helpers: bool,

    /// A credential of this device's account (AWS profile, Google credentials, what a helper prints)
    /// may go to this host too. Without it, such a credential goes to the provider's own hosts alone,
    /// whatever host the configuration names. May be repeated.
    #[arg(long, value_name = "NAME", value_parser = credential_host, requires = "with_credentials", help_heading = "Credential")]
    pub credential_host: Vec<HostPattern>,

    /// Your own inference host is signed by this authority: the credential may go there.
    #[arg(long, value_name = "PEM", requires = "with_credentials", help_heading = "Credential")]
    pub expect_ca: Option<PathBuf>,

    /// The credential may go through TLS inspection that this device trusts.
    #[arg(long, requires = "with_credentials", help_heading = "Credential")]
    pub trust_interception: bool,

    /// Leave a connection to the inference host quiet for so long, then use it; the deadline grows
    /// by as much. Sends no credential.
    #[arg(long, value_name = "SECONDS", value_parser = super::duration, help_heading = "Probe")]
    pub idle: Option<Duration>,
}
