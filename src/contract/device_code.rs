//! The closed list of what `clearway device` finds on a device itself.

words! {
    /// What is found on a device, `device/…`, the worst first: of two findings of the same weight the earlier
    /// one is named first.
    DeviceCode {
        /// Something on the device keeps the agent helper from starting.
        HelperBlocked = "device/helper-blocked",
        /// The agent helper is not signed by the vendor, or is not as it was signed.
        HelperSignature = "device/helper-signature",
        /// The agent helper's file is empty or missing in its version's folder.
        HelperIncomplete = "device/helper-incomplete",
        /// The agent helper may not be executed.
        HelperNotExecutable = "device/helper-not-executable",
        /// The agent helper carries the mark of a downloaded file.
        HelperQuarantined = "device/helper-quarantined",
        /// No version of the agent helper is there.
        HelperMissing = "device/helper-missing",
        /// The hosts file has an entry for a name of the list.
        HostsFile = "device/hosts-file",
        /// Proxies of the environment that the app does not read.
        ProxyEnvironment = "device/proxy-environment",
        /// Proxy settings of the device contradict each other.
        ProxyDiffers = "device/proxy-differs",
        /// A SOCKS proxy, which the engine passes over.
        ProxySocks = "device/proxy-socks",
        /// A proxy script at an address of plain HTTP, which macOS refuses.
        ProxyScriptHttp = "device/proxy-script-http",
        /// Checks of certificates are switched off by a variable.
        TlsCheckOff = "device/tls-check-off",
        /// A variable names a file of authorities that is not there.
        CaFile = "device/ca-file",
        /// A variable names authorities, and the app does not read it.
        CaVariable = "device/ca-variable",
        /// Endpoint security runs that may keep programs from starting.
        EndpointSecurity = "device/endpoint-security",
    }
}
