//! Identifiers that code decides on. A pack, a saved report or somebody's list may have any others:
//! the fields that hold them are text, and are compared with these constants only.

/// Declares a kind of identifier with the ones that code decides on.
macro_rules! ids {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $constant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(&'static str);

        impl $name {
            $($(#[$vmeta])* pub const $constant: Self = Self($word);)+

            /// Every one that code decides on.
            pub const ALL: &'static [Self] = &[$(Self::$constant),+];

            /// The text.
            pub const fn as_str(self) -> &'static str {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.to_owned()
            }
        }

        impl PartialEq<$name> for String {
            fn eq(&self, id: &$name) -> bool {
                self == id.0
            }
        }

        impl PartialEq<$name> for &str {
            fn eq(&self, id: &$name) -> bool {
                *self == id.0
            }
        }
    };
}

ids! {
    /// A feature of the pack: a group of the list.
    Feature {
        /// Its required host is the inference endpoint.
        INFERENCE = "inference",
        /// What Chat, Cowork and Code need to start; the sandbox's machine comes with it.
        WORKSPACE = "workspace",
        /// The pinned proxy and the proxy script.
        PROXY = "proxy",
        /// The collector.
        OTLP = "otlp",
        /// MCP servers and built-in connectors.
        CONNECTORS = "connectors",
        /// The list of the app's own sandbox.
        SANDBOX = "sandbox",
        /// What the sandbox fetches for the user.
        WEB_FETCH = "web-fetch",
        /// Hosts named on the command line.
        NAMED = "ad-hoc",
    }
}

ids! {
    /// A remark of the linter or of a reader, as `rules/lints.toml` has it.
    LintId {
        /// A key that the documentation does not have.
        UNKNOWN_KEY = "unknown-key",
        /// Nothing chooses a provider.
        NO_PROVIDER = "no-provider",
        /// A value was never filled in.
        PLACEHOLDER = "placeholder",
        /// A nested document was read.
        NESTED_DOCUMENT = "nested-document",
        /// A nested document stands in a configLibrary.
        NESTED_IN_LIBRARY = "nested-in-library",
        /// A text is only a part of a file.
        FRAGMENT = "fragment",
        /// A value is set and not in effect.
        SHADOWED_KEY = "shadowed-key",
        /// A file keeps the app in its ordinary mode.
        MODE_1P = "mode-1p",
        /// The app's own window is not read beside a managed source.
        LIBRARY_IGNORED = "library-ignored",
    }
}

ids! {
    /// A note beside a list or a report.
    NoteId {
        /// A host is this device.
        LOOPBACK = "loopback",
        /// The report was masked.
        SHARED = "shared",
        /// A saved report is judged by rules of another date.
        RULES_DATE = "rules-date",
        /// Why no inference host is listed although nothing is wrong.
        NO_PROVIDER = "no-provider",
        /// The rules do not cover the app's version.
        NOT_KNOWN = "not-known",
        /// The rules are old.
        RULES_OLD = "rules-old",
        /// The list was read from a document.
        HOSTS_DOCUMENT = "hosts-document",
        /// The rule's note that the list lacks what a bootstrap server serves.
        WITHOUT_BOOTSTRAP = "P1n",
    }
}

ids! {
    /// Something that a run does not speak for.
    NotTestedId {
        /// A call with the credential was asked for and not made.
        CALL = "call",
        /// The credential.
        CREDENTIAL = "credential",
        /// The inference endpoint.
        INFERENCE = "inference",
        /// The way from the sandbox's own machine.
        SANDBOX_MACHINE = "sandbox-machine",
        /// What the results of the script in the sandbox's own machine lack.
        SANDBOX_RESULTS = "sandbox-results",
    }
}

ids! {
    /// The format that a configuration was read from.
    FormatName {
        /// A Linux managed configuration.
        MANAGED_SETTINGS = "managed-settings",
        /// What a bootstrap server answers.
        BOOTSTRAP_RESPONSE = "bootstrap-response",
        /// A document of the vendor's Admin API.
        ADMIN_CONSOLE = "admin-console",
    }
}
