//! Who wins on a device: each case on each platform, on collected copies of devices.

use std::path::Path;

use clearway::config::device::{Device, read_with, usable};
use clearway::config::{ConfigError, Configuration, PlaceStatus, Profiles, ReadOptions, ShadowedBy, Value};
use clearway::contract::Platform;

use super::{at, catalogue, ids, lost, utf16le};

const MAC: &str = "Library/Managed Preferences";
const DOMAIN: &str = "com.anthropic.claudefordesktop";
const LINUX: &str = "etc/claude-desktop/managed-settings.json";

/// A collected copy of a device.
struct Copy {
    dir: tempfile::TempDir,
    platform: Platform,
    user: Option<String>,
    options: ReadOptions,
}

impl Copy {
    fn of(platform: Platform) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), platform, user: None, options: ReadOptions::default() }
    }

    fn put(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    /// The managed preferences of a user, or of the machine.
    fn plist(self, user: &str, pairs: &str) -> Self {
        self.put(&format!("{MAC}/{user}/{DOMAIN}.plist"), format!("<plist><dict>{pairs}</dict></plist>"))
    }

    fn linux(self, json: &str) -> Self {
        self.put(LINUX, json)
    }

    /// A hive as `reg export` writes it.
    fn hive(self, file: &str, lines: &str) -> Self {
        let hive = if file.contains("HKLM") { "HKEY_LOCAL_MACHINE" } else { "HKEY_CURRENT_USER" };
        let text = format!(
            "Windows Registry Editor Version 5.00\r\n\r\n[{hive}\\SOFTWARE\\Policies\\Claude]\r\n{lines}\r\n"
        );
        self.put(file, utf16le(&text))
    }

    /// The applied entry of the user's library.
    fn library(self, user: &str, json: &str) -> Self {
        let id = "00000000-0000-4000-8000-00000000000f";
        let dir = match self.platform {
            Platform::Macos => format!("Users/{user}/Library/Application Support/Claude-3p/configLibrary"),
            Platform::Linux => format!("home/{user}/.config/Claude-3p/configLibrary"),
            Platform::Windows => format!("Users/{user}/AppData/Local/Claude-3p/configLibrary"),
        };
        let index = format!(r#"{{"appliedId": "{id}", "entries": [{{"id": "{id}", "name": "One"}}]}}"#);
        self.put(&format!("{dir}/_meta.json"), index).put(&format!("{dir}/{id}.json"), json)
    }

    fn user(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    fn version(mut self, version: &str) -> Self {
        self.options = at(version);
        self
    }

    fn all(&self) -> Result<Vec<Configuration>, ConfigError> {
        let device = Device {
            platform: self.platform,
            root: Some(self.dir.path().to_owned()),
            user: self.user.clone(),
        };
        read_with(&device, catalogue(), &self.options)
    }

    fn read(&self) -> Configuration {
        let mut configs = self.all().unwrap();
        assert_eq!(configs.len(), 1);
        configs.remove(0)
    }
}

/// One word for each place, in order.
fn statuses(config: &Configuration) -> Vec<&'static str> {
    config.places.iter().map(|p| p.status.word()).collect()
}

fn rule<'a>(config: &'a Configuration, key: &str) -> &'a str {
    match lost(config, key).as_slice() {
        [ShadowedBy::Rule(why)] => why,
        other => panic!("{key}: {other:?}"),
    }
}

fn source<'a>(config: &'a Configuration, key: &str) -> &'a str {
    &config.settings[key].origin.source
}

const GATEWAY: &str = "{\"inferenceProvider\": \"gateway\", \"disableAutoUpdates\": false}";

#[test]
fn macos_merges_the_two_managed_files_key_by_key_and_the_users_wins() {
    let copy = Copy::of(Platform::Macos)
        .plist("ann", "<key>inferenceProvider</key><string>vertex</string>")
        .plist(".", "<key>inferenceProvider</key><string>gateway</string><key>inferenceVertexRegion</key><string>eu</string>")
        .library("ann", "{\"bootstrapUrl\": \"https://b.example\"}");
    let config = copy.read();
    assert_eq!(config.text("inferenceProvider"), Some("vertex"));
    assert_eq!(config.text("inferenceVertexRegion"), Some("eu"));
    assert!(source(&config, "inferenceProvider").contains("/ann/"));
    assert!(
        matches!(lost(&config, "inferenceProvider").as_slice(), [ShadowedBy::Key(o)] if o.source.contains("/ann/"))
    );
    assert!(rule(&config, "bootstrapUrl").contains("takes the device over"));
    assert_eq!(statuses(&config), ["read", "read", "ignored"]);
    assert_eq!(config.user.as_deref(), Some("ann"));
    assert!(config.name.contains("user ann"), "{}", config.name);
    assert_eq!(config.platform, Some(Platform::Macos));
}

#[test]
fn macos_files_may_be_binary_and_one_without_keys_is_passed_over() {
    let binary = std::fs::read(super::fixture("managed-binary.plist")).unwrap();
    let copy = Copy::of(Platform::Macos).put(&format!("{MAC}/{DOMAIN}.plist"), binary);
    let config = copy.read();
    assert_eq!(config.text("inferenceProvider"), Some("gateway"));
    assert_eq!(config.text("inferenceGatewayOidc.clientId"), Some("grün"));
    assert_eq!(config.get("inferenceSessionLifetimeSec"), Some(&Value::Integer(3600)));
    assert_eq!(statuses(&config), ["not-looked-at", "read", "not-looked-at"]);
    let copy =
        Copy::of(Platform::Macos).plist(".", "<key>Other</key><string>x</string>").library("ann", GATEWAY);
    let config = copy.read();
    assert_eq!(config.text("inferenceProvider"), Some("gateway"));
    assert_eq!(statuses(&config), ["absent", "ignored", "read"]);
    assert!(ids(&config).contains(&"place-without-keys"));
}

#[test]
fn windows_hives_are_merged_before_and_silenced_from_the_documented_version() {
    let both = || {
        Copy::of(Platform::Windows)
            .hive("HKLM.reg", "\"inferenceProvider\"=\"gateway\"")
            .hive("HKCU.reg", "\"inferenceProvider\"=\"vertex\"\r\n\"inferenceVertexRegion\"=\"eu\"")
    };
    let before = both().version("1.19366.0").read();
    assert_eq!(before.text("inferenceProvider"), Some("gateway"));
    assert_eq!(before.text("inferenceVertexRegion"), Some("eu"));
    assert!(
        matches!(lost(&before, "inferenceProvider").as_slice(), [ShadowedBy::Key(o)] if o.path.starts_with("HKEY_LOCAL_MACHINE"))
    );
    assert_eq!(statuses(&before), ["read", "read", "not-looked-at", "not-looked-at", "not-looked-at"]);
    for copy in [both().version("1.19367.0"), both()] {
        let config = copy.read();
        assert!(!config.is_set("inferenceVertexRegion"));
        assert!(
            rule(&config, "inferenceVertexRegion")
                .contains("`inferenceProvider` stands under HKEY_LOCAL_MACHINE")
        );
        assert!(ids(&config).contains(&"hkcu-ignored"));
        assert_eq!(statuses(&config)[..2], ["read", "ignored"]);
    }
}

#[test]
fn an_update_policy_of_the_machine_leaves_the_library_alive_and_kills_the_users_profile() {
    let copy = Copy::of(Platform::Windows)
        .hive("HKLM.reg", "\"disableAutoUpdates\"=\"true\"")
        .hive("HKCU.reg", "\"inferenceProvider\"=\"vertex\"")
        .library("ann", GATEWAY);
    let config = copy.read();
    assert_eq!(config.text("inferenceProvider"), Some("gateway"));
    assert_eq!(config.get("disableAutoUpdates"), Some(&Value::Bool(true)));
    assert!(rule(&config, "inferenceProvider").contains("silences"));
    assert_eq!(statuses(&config), ["read", "ignored", "absent", "absent", "read"]);
}

#[test]
fn any_other_value_of_the_machine_hive_takes_windows_over() {
    for (lines, over) in [
        ("\"inferenceProvidr\"=\"x\"", true),
        ("@=\"\"", true),
        ("\"inferenceGatewayBaseUrl\"=hex(2):00,00", true),
        ("\"inferenceGatewayBaseUrl\"=hex(7):00,00", false),
        ("\"disableAutoUpdates\"=\"\"", false),
        ("\"disableAutoUpdates\"=dword:00000001", false),
    ] {
        let config = Copy::of(Platform::Windows)
            .hive("HKLM.reg", lines)
            .hive("HKCU.reg", "")
            .library("ann", GATEWAY)
            .read();
        assert_eq!(config.is_set("inferenceProvider"), !over, "{lines}");
        assert_eq!(statuses(&config)[4], if over { "ignored" } else { "read" }, "{lines}");
    }
}

#[test]
fn windows_text_may_be_query_output_and_what_is_not_there_is_said() {
    let query =
        "\r\nHKEY_CURRENT_USER\\SOFTWARE\\Policies\\Claude\r\n    inferenceProvider    REG_SZ    gateway\r\n";
    let copy = Copy::of(Platform::Windows).put("HKCU.txt", query);
    let config = copy.read();
    assert_eq!(config.text("inferenceProvider"), Some("gateway"));
    assert_eq!(statuses(&config)[..2], ["not-looked-at", "read"]);
    assert!(ids(&config).contains(&"registry-not-read"));
    // An export of a key that is not there leaves an error message, or nothing.
    let copy = Copy::of(Platform::Windows)
        .put("HKLM.txt", "ERROR: The system was unable to find the specified registry key or value.\r\n")
        .put("Users/ann/HKCU.txt", query)
        .put("HKCU.txt", query.replace("gateway", "vertex"))
        .user("ann");
    let config = copy.read();
    assert_eq!(statuses(&config)[..2], ["absent", "read"]);
    assert_eq!(config.text("inferenceProvider"), Some("gateway"));
    let error = Copy::of(Platform::Windows).put("x", "").all().unwrap_err().to_string();
    assert!(error.contains("HKLM.reg or HKLM.txt") && error.contains("reg export HKLM"), "{error}");
}

#[test]
fn linux_has_one_managed_file_and_it_takes_the_device_over() {
    let copy = Copy::of(Platform::Linux).linux("{\"inferenceProvider\": \"vertex\"}").library("ann", GATEWAY);
    let config = copy.read();
    assert_eq!(config.text("inferenceProvider"), Some("vertex"));
    assert!(rule(&config, "inferenceProvider").contains("takes the device over"));
    assert_eq!(config.sources[0].format, "managed-settings");
    assert!(ids(&config).contains(&"ownership-not-checked"));
    // Before the file was read at all, the library counts.
    let config = Copy::of(Platform::Linux)
        .linux("{\"inferenceProvider\": \"vertex\"}")
        .library("ann", GATEWAY)
        .version("1.17377.0")
        .read();
    assert_eq!(config.text("inferenceProvider"), Some("gateway"));
    assert_eq!(statuses(&config), ["not-looked-at", "read"]);
}

#[test]
fn a_rejected_linux_file_takes_the_device_over_all_the_same() {
    let cases = vec![
        Copy::of(Platform::Linux).linux("{\"inferenceProvider\": "),
        Copy::of(Platform::Linux).linux(""),
        Copy::of(Platform::Linux).put(&format!("{LINUX}/x"), ""),
        #[cfg(unix)]
        {
            let copy = Copy::of(Platform::Linux).put("etc/real.json", "{\"inferenceProvider\": \"vertex\"}");
            let folder = copy.dir.path().join("etc/claude-desktop");
            std::fs::create_dir(&folder).unwrap();
            std::os::unix::fs::symlink("../real.json", folder.join("managed-settings.json")).unwrap();
            copy
        },
    ];
    for copy in cases {
        let config = copy.library("ann", GATEWAY).read();
        assert!(config.settings.is_empty(), "{:?}", config.settings);
        assert!(rule(&config, "inferenceProvider").contains("managed source"));
        assert_eq!(statuses(&config), ["rejected", "ignored"]);
        assert!(ids(&config).contains(&"managed-rejected"));
        let error = usable(&config).unwrap_err().to_string();
        assert!(error.contains("managed-settings.json") && error.contains("chown root:root"), "{error}");
    }
    // An empty object manages nothing.
    let config = Copy::of(Platform::Linux).linux("{}").library("ann", GATEWAY).read();
    assert_eq!(statuses(&config), ["ignored", "read"]);
    assert!(usable(&config).is_ok());
}

/// Which single managed keys leave the library alive, by app version.
#[test]
fn the_app_behaviour_set_grows_with_the_version() {
    let keys = [
        ("disableAutoUpdates", "true", "1.2581.0"),
        ("autoUpdaterEnforcementHours", "5", "1.2581.0"),
        ("updateViaUpdatesHost", "true", "1.26832.0"),
        ("egressProxyUrl", "\"http://p.example:1\"", "1.44121.1"),
        ("egressProxyPacUrl", "\"http://p.example/x.pac\"", "1.44121.1"),
        ("relaunchEnforcementHours", "5", "1.46388.1"),
        ("configRecheckIntervalMinutes", "5", "1.46388.1"),
    ];
    let versions = [
        ("1.17377.1", 2),
        ("1.26831.0", 2),
        ("1.26832.0", 3),
        ("1.44121.0", 3),
        ("1.44121.1", 5),
        ("1.46388.0", 5),
        ("1.46388.1", 7),
        ("2.19675.0", 7),
    ];
    for (version, size) in versions {
        let alive = keys
            .iter()
            .filter(|(key, value, since)| {
                let read: clearway::contract::AppVersion = version.parse().unwrap();
                let copy = Copy::of(Platform::Linux)
                    .linux(&format!("{{\"{key}\": {value}}}"))
                    .library("ann", "{\"inferenceProvider\": \"gateway\"}")
                    .version(version);
                let config = copy.read();
                let alive = config.is_set("inferenceProvider");
                // A key that the version does not know takes nothing over either.
                let known = catalogue().get(key).unwrap().since.as_ref().is_none_or(|s| read >= *s);
                assert_eq!(alive, !known || read >= since.parse().unwrap(), "{version} {key}");
                alive && known
            })
            .count();
        assert_eq!(alive, size, "{version}");
    }
    let both = Copy::of(Platform::Linux)
        .linux("{\"disableAutoUpdates\": true, \"disableEssentialTelemetry\": true}")
        .library("ann", GATEWAY);
    assert!(!both.read().is_set("inferenceProvider"));
}

#[test]
fn the_app_behaviour_keys_come_as_a_group_from_the_managed_source() {
    let library = "{\"inferenceProvider\": \"gateway\", \"disableAutoUpdates\": true, \"egressProxyUrl\": \"http://p.example:1\"}";
    let copy =
        Copy::of(Platform::Linux).linux("{\"configRecheckIntervalMinutes\": 5}").library("ann", library);
    let config = copy.read();
    assert!(!config.is_set("disableAutoUpdates") && !config.is_set("egressProxyUrl"));
    assert!(rule(&config, "egressProxyUrl").contains("group"));
    assert_eq!(ids(&config).iter().filter(|i| **i == "behaviour-group").count(), 2);
    assert!(config.is_set("inferenceProvider"));
}

#[test]
fn an_unreadable_managed_key_takes_over_and_an_empty_or_unknown_one_does_not() {
    for (json, over) in [
        ("{\"disableEssentialTelemetry\": \"perhaps\"}", true),
        ("{\"inferenceProvider\": \"  \"}", true),
        ("{\"inferenceProvider\": \"\"}", false),
        ("{\"inferenceProvidr\": \"gateway\"}", false),
        ("{\"trustBootstrapDelivery\": true}", true),
    ] {
        let config = Copy::of(Platform::Linux).linux(json).library("ann", GATEWAY).read();
        assert_eq!(config.text("inferenceProvider") == Some("gateway"), !over, "{json}");
    }
}

#[test]
fn a_served_document_lies_over_the_device() {
    let served = |base: Copy, response: &str| {
        let path = base.dir.path().join("served.json");
        std::fs::write(&path, response).unwrap();
        let mut base = base;
        base.options.bootstrap_response = Some(path.to_str().unwrap().to_owned());
        base.read()
    };
    let anchor = "{\"bootstrapUrl\": \"https://b.example\", \"bootstrapOidc\": {\"issuer\": \"https://i.example\", \"clientId\": \"c\"}}";
    let response = "{\"inferenceProvider\": \"bedrock\", \"disableAutoUpdates\": true}";
    // The profile manages the connection: the served document supplies the behaviour keys as well.
    let managed = anchor.replace("}}", "}, \"configRecheckIntervalMinutes\": 5}");
    let config = served(Copy::of(Platform::Linux).linux(&managed), response);
    assert_eq!(config.text("inferenceProvider"), Some("bedrock"));
    assert_eq!(config.get("disableAutoUpdates"), Some(&Value::Bool(true)));
    assert!(!config.is_set("configRecheckIntervalMinutes"));
    // Only a behaviour key is managed: that group is not the server's.
    let copy =
        Copy::of(Platform::Linux).linux("{\"configRecheckIntervalMinutes\": 5}").library("ann", anchor);
    let config = served(copy, response);
    assert_eq!(config.text("inferenceProvider"), Some("bedrock"));
    assert!(!config.is_set("disableAutoUpdates"));
    assert!(rule(&config, "disableAutoUpdates").contains("group"));
    assert_eq!(config.get("configRecheckIntervalMinutes"), Some(&Value::Integer(5)));
}

#[test]
fn users_are_found_named_and_told_apart() {
    for platform in [Platform::Macos, Platform::Linux, Platform::Windows] {
        let two = || {
            Copy::of(platform)
                .library("ann", "{\"inferenceProvider\": \"gateway\"}")
                .library("bob", "{\"inferenceProvider\": \"vertex\"}")
        };
        let error = two().all().unwrap_err();
        assert!(
            matches!(&error, ConfigError::SeveralUsers { users, .. } if users == &["ann", "bob"]),
            "{error}"
        );
        let config = two().user("bob").read();
        assert_eq!(config.text("inferenceProvider"), Some("vertex"));
        assert_eq!(config.user.as_deref(), Some("bob"));
        let error = two().user("eve").all().unwrap_err().to_string();
        assert!(error.contains("--user eve") && error.contains("ann, bob"), "{error}");
        for bad in ["", ".", "..", "a/b", "a\\b", "../ann", "C:"] {
            let error = two().user(bad).all().unwrap_err();
            assert!(matches!(error, ConfigError::NoSuchUser { .. }), "{bad}: {error}");
        }
        // The only user with a configuration is the one who is meant.
        let one = Copy::of(platform).library("ann", GATEWAY);
        std::fs::create_dir_all(one.dir.path().join("Users/carl")).unwrap();
        std::fs::create_dir_all(one.dir.path().join("home/carl")).unwrap();
        assert_eq!(one.read().user.as_deref(), Some("ann"));
    }
    let moved = Copy::of(Platform::Linux)
        .put("etc/passwd", "ann:x:1:1:Ann:/srv/people/ann:/bin/sh\nevil:x:1:1::/../../evil:/bin/sh\n")
        .put("srv/people/ann/.config/Claude-3p/configLibrary/_meta.json", "{}")
        .user("ann");
    let error = moved.all().unwrap_err().to_string();
    assert!(error.contains("srv/people/ann") && error.contains("appliedId"), "{error}");
}

#[test]
fn profiles_of_a_devices_library_become_one_configuration_each() {
    let second = "00000000-0000-4000-8000-00000000000e";
    let dir = "home/ann/.config/Claude-3p/configLibrary";
    let mut copy = Copy::of(Platform::Linux)
        .linux("{\"disableAutoUpdates\": true}")
        .library("ann", "{\"inferenceProvider\": \"gateway\"}")
        .put(&format!("{dir}/{second}.json"), "{\"inferenceProvider\": \"vertex\"}");
    let index = std::fs::read_to_string(copy.dir.path().join(dir).join("_meta.json")).unwrap();
    let index = index.replace("[{", &format!("[{{\"id\": \"{second}\", \"name\": \"Two\"}}, {{"));
    copy = copy.put(&format!("{dir}/_meta.json"), index);
    copy.options.profiles = Profiles::All;
    let configs = copy.all().unwrap();
    let providers: Vec<_> = configs.iter().map(|c| c.text("inferenceProvider").unwrap()).collect();
    assert_eq!(providers, ["vertex", "gateway"]);
    assert!(configs[0].name.starts_with("Two (") && configs[1].name.starts_with("One ("));
    assert!(configs.iter().all(|c| c.get("disableAutoUpdates") == Some(&Value::Bool(true))));
    copy.options.profiles = Profiles::Named(vec!["one".into()]);
    assert_eq!(copy.all().unwrap().len(), 1);
    // A managed key outside the set: no profile is in effect, and that is said.
    let copy = copy.linux("{\"inferenceProvider\": \"bedrock\"}");
    let config = copy.read();
    assert_eq!(config.text("inferenceProvider"), Some("bedrock"));
    assert!(
        config
            .lint
            .iter()
            .any(|l| l.id == "library-ignored" && l.severity == clearway::contract::Severity::Warning)
    );
}

#[test]
fn an_empty_device_names_every_place() {
    for (platform, parts) in [
        (Platform::Macos, [DOMAIN, "not looked at"]),
        (Platform::Linux, ["managed-settings.json", "not looked at"]),
        (Platform::Windows, ["HKEY_CURRENT_USER", "not looked at"]),
    ] {
        let error = Copy::of(platform).all().unwrap_err();
        assert!(matches!(error, ConfigError::NoneOnDevice { .. }));
        for part in parts {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
    let none = Device { platform: Platform::Linux, root: Some(Path::new("/nonexistent").into()), user: None };
    assert!(read_with(&none, catalogue(), &ReadOptions::default()).is_err());
}

#[test]
fn what_lost_keeps_its_secrets_hidden() {
    let copy = Copy::of(Platform::Linux)
        .linux("{\"inferenceProvider\": \"vertex\"}")
        .library("ann", "{\"inferenceGatewayApiKey\": \"sEcReT7\", \"otlpHeaders\": {\"a\": \"sEcReT7\"}, \"inferenceGatewayBaseUrl\": \"https://u:sEcReT7@g.example\"}");
    let config = copy.read();
    assert_eq!(config.shadowed.len(), 3);
    assert!(!format!("{config:?}").contains("sEcReT7"));
    let both = Copy::of(Platform::Windows)
        .hive("HKLM.reg", "\"inferenceProvider\"=\"vertex\"")
        .hive("HKCU.reg", "\"inferenceGatewayApiKey\"=\"sEcReT7\"\r\n\"inferenceCustomHeaders\"=\"{\\\"a\\\":\\\"sEcReT7\\\"}\"");
    let config = both.read();
    assert_eq!(config.shadowed.len(), 2);
    assert!(!format!("{config:?}").contains("sEcReT7"));
    assert!(config.places.iter().all(|p| p.status != PlaceStatus::Absent || p.path.contains("Claude-3p")));
}

const ONE: &str = "00000000-0000-4000-8000-00000000000a";

impl Copy {
    /// A library whose applied entry names a gateway.
    fn library_at(self, dir: &str, gateway: &str) -> Self {
        let index = format!(r#"{{"appliedId": "{ONE}", "entries": [{{"id": "{ONE}", "name": "One"}}]}}"#);
        let entry = format!(
            r#"{{"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://{gateway}.example"}}"#
        );
        self.put(&format!("{dir}/_meta.json"), index).put(&format!("{dir}/{ONE}.json"), entry)
    }

    fn gateway(&self) -> String {
        self.read().text("inferenceGatewayBaseUrl").unwrap_or_default().to_owned()
    }
}

/// What a lint of that id says; empty without one.
fn said<'a>(config: &'a Configuration, id: &str) -> &'a str {
    config.lint.iter().find(|l| l.id == id).map_or("", |l| l.message.as_str())
}

const LOCAL: &str = "Users/ann/AppData/Local";

#[test]
fn a_windows_package_reads_its_own_copy_of_the_library() {
    let package = |family: &str, below: &str| {
        format!("{LOCAL}/Packages/{family}/LocalCache/{below}/Claude-3p/configLibrary")
    };
    for family in ["Claude_1a2b3c", "AnthropicPBC.Claude_9z"] {
        for below in ["Local", "Roaming"] {
            let dir = package(family, below);
            let copy = Copy::of(Platform::Windows).user("ann").library_at(&dir, "live");
            assert_eq!(copy.gateway(), "https://live.example", "{dir}");
            let copy = copy.library_at(&format!("{LOCAL}/Claude-3p/configLibrary"), "stale");
            let config = copy.read();
            assert_eq!(config.text("inferenceGatewayBaseUrl"), Some("https://live.example"), "{dir}");
            assert!(
                said(&config, "library-shadowed")
                    .contains("AppData/Local/Claude-3p/configLibrary is not read")
            );
            assert!(config.sources[0].name.contains("LocalCache"));
            assert_eq!(lost(&config, "inferenceGatewayBaseUrl").len(), 1);
        }
    }
    // Several of them: one counts, and the others are named with the order.
    let config = Copy::of(Platform::Windows)
        .user("ann")
        .library_at(&package("AnthropicPBC.Claude_9z", "Local"), "second")
        .library_at(&package("Claude_1a", "Roaming"), "roaming")
        .library_at(&package("Claude_1a", "Local"), "first")
        .read();
    assert_eq!(config.text("inferenceGatewayBaseUrl"), Some("https://first.example"));
    assert_eq!(ids(&config).iter().filter(|i| **i == "library-shadowed").count(), 2);
    assert!(said(&config, "library-shadowed").contains("several packages"));
    // Neighbours: another program's package, and the classic folder alone.
    let copy = Copy::of(Platform::Windows)
        .user("ann")
        .library_at(&package("Other.Claude_1a", "Local"), "other")
        .library_at(&format!("{LOCAL}/Claude-3p/configLibrary"), "classic");
    assert_eq!(copy.gateway(), "https://classic.example");
    assert!(!ids(&copy.read()).contains(&"library-shadowed"));
}

#[test]
fn a_copy_that_states_the_variables_moves_the_linux_library() {
    for (file, line) in [
        ("etc/environment", "XDG_CONFIG_HOME=/srv/conf"),
        ("home/ann/.profile", "export XDG_CONFIG_HOME=\"$HOME/conf\""),
        ("home/ann/.config/environment.d/50.conf", "XDG_CONFIG_HOME=${HOME}/conf"),
        ("home/ann/.pam_environment", "XDG_CONFIG_HOME DEFAULT=@{HOME}/conf"),
    ] {
        let dir = if file.starts_with("etc") { "srv/conf" } else { "home/ann/conf" };
        let copy = Copy::of(Platform::Linux)
            .user("ann")
            .put(file, format!("# settings\n{line}\n"))
            .library_at(&format!("{dir}/Claude-3p/configLibrary"), "moved")
            .library_at("home/ann/.config/Claude-3p/configLibrary", "usual");
        assert_eq!(copy.gateway(), "https://moved.example", "{file}");
        assert!(said(&copy.read(), "wrong-place").contains(".config/Claude-3p/configLibrary"), "{file}");
    }
    let copy = Copy::of(Platform::Linux)
        .user("ann")
        .put("home/ann/.profile", "export CLAUDE_USER_DATA_DIR=~/app\n")
        .library_at("home/ann/app/configLibrary", "moved")
        .library_at("home/ann/.config/Claude-3p/configLibrary", "usual");
    assert_eq!(copy.gateway(), "https://moved.example");
    assert!(said(&copy.read(), "library-shadowed").contains("CLAUDE_USER_DATA_DIR"));
    // What only a shell could evaluate moves nothing.
    let copy = Copy::of(Platform::Linux)
        .user("ann")
        .put("home/ann/.profile", "export XDG_CONFIG_HOME=$(cat /x)\n#XDG_CONFIG_HOME=/y\n")
        .library_at("home/ann/.config/Claude-3p/configLibrary", "usual");
    assert_eq!(copy.gateway(), "https://usual.example");
}

#[test]
fn places_that_the_app_does_not_read_are_named() {
    let plist = "<plist><dict><key>inferenceProvider</key><string>gateway</string></dict></plist>";
    let foreign = "<plist><dict><key>NSWindowFrame</key><string>1</string></dict></plist>";
    let json = "{\"inferenceProvider\": \"gateway\"}";
    for (platform, path, text) in [
        (Platform::Linux, "etc/claude-desktop/enterprise.json", json),
        (Platform::Linux, "etc/claude/managed-settings.json", json),
        (Platform::Linux, "home/ann/.config/Claude/configLibrary/x.json", json),
        (Platform::Linux, "home/ann/.config/Claude-3p/managed-settings.json", json),
        (Platform::Macos, "Users/ann/Library/Application Support/Claude/configLibrary/x.json", json),
        (Platform::Macos, "Users/ann/Library/Preferences/com.anthropic.claudefordesktop.plist", plist),
        (Platform::Macos, "Library/Preferences/com.anthropic.claudefordesktop.plist", plist),
        (Platform::Macos, "Library/Managed Preferences/com.anthropic.Claude.plist", plist),
        (Platform::Windows, "Users/ann/AppData/Roaming/Claude-3p/configLibrary/x.json", json),
        (Platform::Windows, "ProgramData/Claude/managed-settings.json", json),
        (
            Platform::Windows,
            "HKLM.reg",
            "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Anthropic\\Claude Desktop]\n\"inferenceProvider\"=\"gateway\"\n",
        ),
    ] {
        let home = match platform {
            Platform::Linux => "home/ann/x",
            _ => "Users/ann/x",
        };
        let copy = Copy::of(platform).user("ann").put(home, "").put(path, text);
        let error = copy.all().unwrap_err().to_string();
        let name = if path == "HKLM.reg" {
            r"Policies\Anthropic\Claude Deskto"
        } else {
            path.trim_end_matches("/x.json")
        };
        assert_eq!(error.matches(name).count(), 1, "{path}: {error}");
        assert!(error.contains("the app does not read this"), "{error}");
        // Beside a configuration it is a remark.
        let config = copy.library("ann", GATEWAY).read();
        assert!(said(&config, "wrong-place").contains(name), "{path}");
    }
    // Neighbours: an ordinary file of the system, and an empty folder.
    let copy = Copy::of(Platform::Macos)
        .user("ann")
        .put("Users/ann/Library/Preferences/com.anthropic.claudefordesktop.plist", foreign)
        .library("ann", GATEWAY);
    std::fs::create_dir_all(
        copy.dir.path().join("Users/ann/Library/Application Support/Claude/configLibrary"),
    )
    .unwrap();
    assert_eq!(said(&copy.read(), "wrong-place"), "");
    // Without a known user no template is shown.
    let error = Copy::of(Platform::Macos).put("x", "").all().unwrap_err().to_string();
    assert!(!error.contains('{') && error.contains("~/Library"), "{error}");
}

#[test]
fn the_ordinary_mode_keeps_a_configuration_from_being_in_effect() {
    let mode = |word: &str| format!("{{\"deploymentMode\": \"{word}\"}}");
    for (platform, dir) in [
        (Platform::Macos, "Users/ann/Library/Application Support"),
        (Platform::Linux, "home/ann/.config"),
        (Platform::Windows, "Users/ann/AppData/Local"),
    ] {
        let copy = |word: &str| {
            Copy::of(platform)
                .user("ann")
                .library("ann", GATEWAY)
                .put(&format!("{dir}/Claude-3p/claude_desktop_config.json"), mode(word))
        };
        let config = copy("1p").read();
        let lint = config.lint.iter().find(|l| l.id == "mode-1p").unwrap();
        assert_eq!(lint.severity, clearway::contract::Severity::Error);
        assert!(lint.message.contains("not in effect"), "{}", lint.message);
        assert_eq!(said(&copy("3p").read(), "mode-1p"), "");
        assert_eq!(said(&copy("other").read(), "mode-1p"), "");
    }
    let both = Copy::of(Platform::Macos)
        .user("ann")
        .library("ann", GATEWAY)
        .put("Users/ann/Library/Application Support/Claude-3p/claude_desktop_config.json", mode("3p"))
        .put("Users/ann/Library/Application Support/Claude/claude_desktop_config.json", mode("1p"));
    assert!(said(&both.read(), "mode-1p").contains("not known which one counts"));
    let managed = both.plist(
        ".",
        "<key>disableDeploymentModeChooser</key><true/><key>inferenceProvider</key><string>vertex</string>",
    );
    assert_eq!(said(&managed.read(), "mode-1p"), "");
}

#[test]
fn keys_that_one_source_counts_among_the_behaviour_keys_leave_the_library_listed() {
    for key in [
        "dangerousMaxVersion",
        "disableWslSessions",
        "claudeCodeProcessWrapperEnabled",
        "relocateUncUserData",
    ] {
        let copy = |more: &str| {
            Copy::of(Platform::Windows)
                .user("ann")
                .hive("HKLM.reg", &format!("\"{key}\"=\"true\"\r\n{more}"))
                .library("ann", GATEWAY)
        };
        let config = copy("").read();
        assert_eq!(config.text("inferenceProvider"), Some("gateway"), "{key}");
        assert!(said(&config, "takeover-doubtful").contains(key));
        let taken = copy("\"inferenceProvider\"=\"vertex\"").read();
        assert_eq!(taken.text("inferenceProvider"), Some("vertex"));
        assert_eq!(said(&taken, "takeover-doubtful"), "");
    }
}

#[cfg(unix)]
#[test]
fn links_of_a_copy_lead_nowhere_else_and_pipes_are_refused() {
    use std::os::unix::fs::symlink;
    let outside = tempfile::tempdir().unwrap();
    let plist = outside.path().join("p.plist");
    std::fs::write(
        &plist,
        "<plist><dict><key>inferenceProvider</key><string>gateway</string></dict></plist>",
    )
    .unwrap();
    let copy = Copy::of(Platform::Macos).put(&format!("{MAC}/x"), "");
    symlink(&plist, copy.dir.path().join(format!("{MAC}/{DOMAIN}.plist"))).unwrap();
    let error = copy.all().unwrap_err().to_string();
    assert!(error.contains("leads out of the copy"), "{error}");

    let library = Copy::of(Platform::Macos).library_at("lib", "outside");
    let copy =
        Copy::of(Platform::Macos).user("ann").put("Users/ann/Library/Application Support/Claude-3p/x", "");
    symlink(
        library.dir.path().join("lib"),
        copy.dir.path().join("Users/ann/Library/Application Support/Claude-3p/configLibrary"),
    )
    .unwrap();
    let error = copy.all().unwrap_err().to_string();
    assert!(error.contains("leads out of the copy"), "{error}");

    let copy = Copy::of(Platform::Windows).put("x", "");
    symlink("/dev/zero", copy.dir.path().join("HKLM.reg")).unwrap();
    assert!(copy.all().is_err());

    let copy = Copy::of(Platform::Linux).user("ann").put("etc/x", "").library("ann", GATEWAY);
    let passwd = copy.dir.path().join("etc/passwd");
    if std::process::Command::new("mkfifo").arg(&passwd).status().is_ok_and(|s| s.success()) {
        assert_eq!(copy.read().text("inferenceProvider"), Some("gateway"));
    }
}
