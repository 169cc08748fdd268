//! What messages of the app mean: the texts that users paste, each with the known message it is
//! answered with, whose matter it is, and whether the network may be in the way.

use clearway::contract::Owner;
use clearway::rules::symptoms::Symptoms;

/// The text, the message it is answered with first, its owner, and words of the cause or the remedy.
type Row = (&'static str, &'static str, Owner, &'static str);

const TABLE: &[Row] = &[
    // The summary of a long conversation: what follows the colon decides.
    ("Prompt is too long", "compaction", Owner::Configuration, "what follows the colon"),
    ("Your context window is full", "compaction", Owner::Configuration, "504 or 524"),
    (
        "This conversation is too long to continue. Start a new session, or remove some tools to free up space.",
        "compaction",
        Owner::Configuration,
        "explain",
    ),
    ("automatic compaction failed: 504 Gateway Timeout", "compaction-timeout", Owner::Proxy, "buffering"),
    (
        "Your context window is full. automatic compaction failed: 524",
        "compaction-timeout",
        Owner::Proxy,
        "ended",
    ),
    (
        "Prompt is too long; automatic compaction failed: request timed out",
        "compaction-timeout",
        Owner::Proxy,
        "stream",
    ),
    (
        "automatic compaction failed: 401 Unauthorized",
        "compaction-credential",
        Owner::CloudAccount,
        "expired",
    ),
    ("automatic compaction failed: API Error: 402", "compaction-credential", Owner::CloudAccount, "quota"),
    (
        "This conversation is too long to continue … 403",
        "compaction-credential",
        Owner::CloudAccount,
        "Renew",
    ),
    (
        "automatic compaction failed: API returned an empty or malformed response",
        "compaction-malformed",
        Owner::Proxy,
        "sign-in page",
    ),
    (
        "API returned an empty or malformed response",
        "compaction-malformed",
        Owner::Proxy,
        "instead of the provider",
    ),
    ("automatic compaction failed: 400 max tokens", "compaction-limit", Owner::Service, "limit"),
    ("no bytes for 5 minutes", "stream-silent", Owner::Proxy, "pings"),
    ("400 bad request: unknown anthropic-beta value", "tool-search-400", Owner::Configuration, "beta"),
    ("unsupported header value context-1m-2025-08-07", "context-1m", Owner::Configuration, "header"),
    // Credentials and Bedrock.
    (
        "no credential configured for provider \"gateway\": set inferenceCredentialKind or one of the credential fields",
        "no-credential",
        Owner::Configuration,
        "from 2.26454.0 on",
    ),
    (
        "Test connection cannot verify this profile: cannot verify the profile",
        "bedrock-test-unverified",
        Owner::Configuration,
        "older releases",
    ),
    ("missing: inferenceBedrockSsoRegion", "bedrock-sign-in-keys", Owner::Configuration, "four"),
    ("aws sso login --profile dev", "aws-cli", Owner::Device, "AWS CLI"),
    (
        "not authorized to perform bedrock:CallWithBearerToken",
        "bedrock-call-with-bearer",
        Owner::CloudAccount,
        "permission",
    ),
    ("helper exited with status 1", "helper-contract", Owner::Configuration, "token alone"),
    ("warning: several credentials are set", "several-credentials-log", Owner::Configuration, "order"),
    ("Sign in again", "sign-in-again", Owner::CloudAccount, "refresh"),
    ("Your session expires in 10 minutes", "session-expires", Owner::CloudAccount, "refresh token"),
    ("error=invalid_scope", "invalid-scope", Owner::Configuration, "appendOfflineAccess"),
    (
        "rejected referrer host login.example",
        "referrer-rejected",
        Owner::Configuration,
        "additionalRedirectReferrerHosts",
    ),
    (
        "UnauthorizedException: Session token not found or invalid (Service: Sso, Status Code: 401)",
        "bedrock-session-token",
        Owner::CloudAccount,
        "Sign in again. If it comes back",
    ),
    // Entra, by sign-in.
    ("AADSTS500011", "aadsts500011", Owner::CloudAccount, "Application ID URI"),
    ("AADSTS7000218", "aadsts7000218", Owner::CloudAccount, "Allow public client flows"),
    ("AADSTS900971", "aadsts900971", Owner::CloudAccount, "broker redirect address"),
    ("AADSTS53003", "aadsts53003", Owner::CloudAccount, "The broker carries it"),
    ("AADSTS53003", "aadsts53003", Owner::CloudAccount, "sign-in log"),
    (
        "Access has been blocked by Conditional Access policies.",
        "aadsts53003",
        Owner::CloudAccount,
        "exit address of the proxy or VPN",
    ),
    (
        "The security token included in the request is expired (Service: Sso, Status Code: 401)",
        "aws-credentials-stale",
        Owner::CloudAccount,
        "Sign in again, or renew the credentials, then",
    ),
    ("AADSTS50011", "aadsts50011", Owner::CloudAccount, "53280"),
    ("AADSTS65001", "aadsts65001", Owner::CloudAccount, "user_impersonation"),
    // Network.
    ("marketplace tools: archive failed to download", "marketplace-archive", Owner::Firewall, "digest"),
    ("plugin formatter: digest mismatch", "marketplace-archive", Owner::Firewall, "change of their content"),
    ("marketplace tools: no request was made", "marketplace-no-request", Owner::Configuration, "x-api-key"),
    ("browser pane: Claude cannot read the page", "browser-no-safety-check", Owner::Firewall, "safety check"),
    (
        "This site is blocked by your organization's policy",
        "browser-site-blocked",
        Owner::Configuration,
        "builtinBrowserAllowedDomains",
    ),
    (
        "This installer does not include remote components for linux-riscv64",
        "ssh-remote-components",
        Owner::Firewall,
        "download host",
    ),
    ("[egress-proxy] pinned to fixed proxy at proxy.example:3128", "proxy-pinned", Owner::None, "in effect"),
    (
        "[egress-proxy] pinned to PAC script at https://pac.example/p",
        "proxy-pinned",
        Owner::None,
        "proxy script",
    ),
    (
        "[VM:start] guest egress pinned to fixed proxy at proxy.example:3128",
        "proxy-pinned",
        Owner::None,
        "Nothing is wrong",
    ),
    (
        "[VM:start] PAC fetch from http://pac.example failed (timeout); guest connects directly",
        "pac-failed-guest",
        Owner::Configuration,
        "script",
    ),
    (
        "Resolved system proxy for Code sessions: PROXY proxy.example:3128",
        "system-proxy-resolved",
        Owner::None,
        "engine",
    ),
    (
        "HTTPS_PROXY from managed-settings.json settings file",
        "proxy-variables",
        Owner::Configuration,
        "Managed settings",
    ),
    // Sign-in of connectors.
    (
        "Couldn't connect to Tracker because it doesn't support automatic client registration",
        "mcp-registration",
        Owner::Configuration,
        "oauth.clientId",
    ),
    ("client_secret is missing", "mcp-client-secret-missing", Owner::Configuration, "authorizationServer"),
    ("{\"error\":\"invalid_client\"}", "mcp-invalid-client", Owner::Configuration, "deleted"),
    ("port 53280 is in use", "mcp-port-in-use", Owner::Device, "callbackPort"),
    ("MCP error: connection closed after 120 seconds", "mcp-120-seconds", Owner::CloudAccount, "browser"),
    (
        "Test this connection: redirects are not followed",
        "mcp-redirects",
        Owner::Configuration,
        "metadata and token requests",
    ),
    ("metadata issuer does not match https://id.example", "mcp-issuer-mismatch", Owner::Service, "2.7032.0"),
    ("local_auth_broker_fallback", "m365-broker-fallback", Owner::Device, "Restart"),
    ("the OS identity broker is unavailable", "broker-unavailable", Owner::Device, "joined"),
    // SSH.
    ("SSH isn't allowed by your organization", "ssh-not-allowed", Owner::Configuration, "HostName"),
    (
        "Your organization's settings do not allow this connection.",
        "ssh-not-allowed",
        Owner::Configuration,
        "sshHostAllowlist",
    ),
    (
        "Remote sessions aren't available with this inference setup",
        "ssh-inference-setup",
        Owner::Configuration,
        "loopback",
    ),
    (
        "SSH to this machine isn't available",
        "ssh-this-machine",
        Owner::Configuration,
        "allowedWorkspaceFolders",
    ),
    ("SSH host key verification failed", "ssh-host-key", Owner::Device, "known_hosts"),
    ("[SFTP_UNAVAILABLE]", "ssh-sftp", Owner::Service, "SFTP"),
    ("[ENOSPC]", "ssh-disk-full", Owner::Device, "room"),
    ("[EDQUOT]", "ssh-disk-full", Owner::Device, "quota"),
    ("Unsupported remote platform", "ssh-platform", Owner::Service, "glibc"),
    ("[NO_INSTALL_RESULT]", "ssh-platform", Owner::Service, "noexec"),
    ("Couldn't install the Claude CLI on the remote (cli archive)", "ssh-platform", Owner::Service, "2.17"),
    (
        "This session is running outside your organization's sandbox",
        "ssh-sandbox",
        Owner::Service,
        "overridden",
    ),
    ("Your organization's sandbox isn't running on build-7", "ssh-sandbox", Owner::Service, "packages"),
    ("desktop_ssh_sandbox_check_failed reason=unsupported", "ssh-sandbox", Owner::Service, "unsupported"),
    ("SSH master exited before the connection was established", "ssh-no-route", Owner::Network, "2.9939.2"),
    ("ProxyJump is not supported; use ProxyCommand", "ssh-proxyjump", Owner::Configuration, "system-openssh"),
    // Configuration.
    ("3 keys stripped pending consent", "bootstrap-dropped-keys", Owner::Configuration, "consent"),
    ("invalid_request: scope", "bootstrap-scope", Owner::Configuration, "bootstrapOidc"),
    ("token refused: unexpected \"iss\"", "unexpected-issuer", Owner::CloudAccount, "version"),
    (
        "Your organization's Claude settings have changed. Restart to apply them.",
        "settings-changed",
        Owner::None,
        "Restart",
    ),
    ("Relaunch Claude Desktop", "settings-changed", Owner::None, "relaunchEnforcementHours"),
    ("Restart required", "restart-required", Owner::Configuration, "removed"),
    ("Ignoring local configuration key", "key-not-usable", Owner::Configuration, "clearway config"),
    // The device.
    (
        "SeServiceLogonRight not granted to S-1-5-83-0",
        "windows-service-right",
        Owner::Device,
        "Log on as a service",
    ),
    ("SeDenyServiceLogonRight is set for S-1-5-83-0", "windows-service-right", Owner::Device, "Deny log on"),
    ("VM service not running", "vm-service-stopped", Owner::Device, "2.9939.2"),
    ("Enterprise policy requires sandboxing", "sandboxing-required", Owner::Device, "2.9939.2"),
    ("collector answered 401 missing_token", "otlp-missing-token", Owner::Device, "2.9939.2"),
];

#[test]
fn each_message_is_answered_with_its_cause_and_its_owner() {
    let symptoms = Symptoms::embedded().unwrap();
    let mut wrong = Vec::new();
    for (text, id, owner, words) in TABLE {
        let found = symptoms.find(text);
        let Some(first) = found.first() else {
            wrong.push(format!("{text}: not known"));
            continue;
        };
        if first.id() != *id || first.owner != *owner {
            wrong.push(format!("{text}: {} of {}", first.id(), first.owner));
        }
        if ![&first.symptom.title, &first.symptom.cause, &first.symptom.remedy]
            .iter()
            .any(|t| t.contains(words))
        {
            wrong.push(format!("{text}: says nothing of `{words}`"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn messages_of_older_releases_end_with_them() {
    let symptoms = Symptoms::embedded().unwrap();
    for id in ["vm-service-stopped", "sandboxing-required", "otlp-missing-token", "cant-reach-stays"] {
        assert!(symptoms.list.iter().any(|s| s.id == id && s.until.is_some()), "{id}");
    }
}

#[test]
fn nothing_on_the_network_is_blamed_for_an_account_or_the_device() {
    let symptoms = Symptoms::embedded().unwrap();
    for id in [
        "compaction-credential",
        "ssh-host-key",
        "windows-service-right",
        "aadsts-device",
        "restart-required",
    ] {
        assert!(symptoms.list.iter().any(|s| s.id == id && !s.network), "{id}");
    }
}
