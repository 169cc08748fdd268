//! Which authorities stand for the engine's.

words! {
    /// The authorities that the engine takes beside its bundled roots, as far as they are asked here.
    EngineStore {
        /// The roots of the operating system.
        SystemRoots = "system-roots",
        /// Those in the System keychain of macOS.
        SystemKeychain = "system-keychain",
    }
}

impl EngineStore {
    /// The one of an operating system, named as `std::env::consts::OS` does.
    pub fn of(system: &str) -> Self {
        if system == "macos" { Self::SystemKeychain } else { Self::SystemRoots }
    }
}
