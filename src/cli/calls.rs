//! Flags of the calls that carry a credential.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

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
