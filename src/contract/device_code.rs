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
        /// The app runs in its ordinary mode.
        AppMode = "device/app-mode",
        /// The app rejects its managed configuration.
        ConfigurationRejected = "device/configuration-rejected",
        /// What the sandbox's machine runs on is switched off.
        VirtualizationOff = "device/virtualization-off",
        /// Virtual machines may not log on as a service.
        LogonRight = "device/logon-right",
        /// A service that the sandbox needs is disabled.
        ServiceDisabled = "device/service-disabled",
        /// The disk has no room for the workspace.
        DiskSpace = "device/disk-space",
        /// No server for names is set.
        ResolverMissing = "device/resolver-missing",
        /// The hosts file has an entry for a name of the list.
        HostsFile = "device/hosts-file",
        /// A configuration lies where the app does not look.
        ConfigurationPlace = "device/configuration-place",
        /// The system forbids the namespaces that the sandbox is made of.
        UserNamespaces = "device/user-namespaces",
        /// A program that the sandbox needs is missing.
        SandboxTool = "device/sandbox-tool",
        /// A VPN claims the addresses of the sandbox's machine.
        MachineSubnet = "device/machine-subnet",
        /// An authority that the device trusts and the engine does not.
        RootNotForEngine = "device/root-not-for-engine",
        /// An authority that was put in place and is not in the system's bundle.
        RootNotInstalled = "device/root-not-installed",
        /// An authority of the company that ended.
        RootExpired = "device/root-expired",
        /// A rule sends names of the list to other servers.
        NameRule = "device/name-rule",
        /// Nothing keeps the clock right.
        ClockSync = "device/clock-sync",
        /// Two default routes of the same weight.
        DefaultRoutes = "device/default-routes",
        /// The app runs from a place where it cannot be updated.
        AppPlace = "device/app-place",
        /// The app is installed twice, in two ways.
        AppTwice = "device/app-twice",
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
        /// A VPN or zero-trust client runs.
        Tunnel = "device/tunnel",
        /// Authorities that a company added.
        CompanyRoots = "device/company-roots",
        /// An authority of the company was renewed under its old name.
        RootRenewed = "device/root-renewed",
        /// Names of the list go through the search list first.
        SearchList = "device/search-list",
        /// The app is older than the newest that the rules know.
        AppVersion = "device/app-version",
    }
}
