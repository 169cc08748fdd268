//! What administrators really have: scripts, Group Policy's files and exports of a management service.

use base64::Engine;
use clearway::config::{self, Configuration, Input};

use super::{catalogue, ids, utf16le};

fn read(name: &str, bytes: &[u8]) -> Result<Configuration, String> {
    match config::read_bytes(bytes, name, catalogue()) {
        Ok(Input::Configuration(config)) => Ok(config),
        Ok(Input::HostsDocument { .. }) => Err("a list of hosts".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The provider, the gateway, and the format.
fn told(name: &str, bytes: &[u8]) -> (String, String, String) {
    let config = read(name, bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
    let text = |key| config.text(key).unwrap_or_default().to_owned();
    (text("inferenceProvider"), text("inferenceGatewayBaseUrl"), config.sources[0].format.clone())
}

const GATEWAY: &str = "https://gw.example";

fn wanted(format: &str) -> (String, String, String) {
    ("gateway".to_owned(), GATEWAY.to_owned(), format.to_owned())
}

#[test]
fn scripts_of_reg_add_are_read_by_their_content() {
    let script = "@echo off\r\nREM deploys the policy\r\nset K=HKLM\\SOFTWARE\\Policies\\Claude\r\n\
        reg add \"%K%\" /v inferenceProvider /t REG_SZ /d gateway /f >nul\r\n\
        %SystemRoot%\\System32\\reg.exe add HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude ^\r\n  /f /d https://gw.example ^\r\n  /v inferenceGatewayBaseUrl\r\n\
        reg add \"%K%\" /v inferenceGatewayApiKey /d %TOKEN% /f\r\n";
    for name in ["deploy.cmd", "deploy.txt", "x"] {
        assert_eq!(told(name, script.as_bytes()), wanted("reg-script"));
    }
    assert_eq!(told("u.bat", &utf16le(script)), wanted("reg-script"));
    let config = read("deploy.bat", script.as_bytes()).unwrap();
    assert!(!config.is_set("inferenceGatewayApiKey"));
    let open = config.lint.iter().find(|l| l.key.as_deref() == Some("inferenceGatewayApiKey")).unwrap();
    assert!(open.message.contains("not evaluated"), "{}", open.message);
    assert_eq!(open.origin.as_ref().unwrap().line, Some(8));
    let error = read("a.cmd", b"reg add %1 /v inferenceProvider /d gateway /f\r\n").unwrap_err();
    assert!(error.starts_with("a.cmd:1: ") && error.contains("reg export"), "{error}");
    let other = read("b.cmd", b"reg add HKLM\\SOFTWARE\\Policies\\Other /v x /d 1 /f\r\n").unwrap_err();
    assert!(other.contains("no value below"), "{other}");
}

#[test]
fn powershell_scripts_are_read() {
    for script in [
        "# deploys the policy\n$p = 'HKLM:\\SOFTWARE\\Policies\\Claude'\nif (-not (Test-Path $p)) { New-Item -Path $p -Force | Out-Null }\nSet-ItemProperty -Path $p -Name inferenceProvider -Value \"gateway\"\nNew-ItemProperty -Path $p -Name inferenceGatewayBaseUrl -Value 'https://gw.example' -PropertyType String -Force | Out-Null\n",
        "$settings = @{\n  inferenceProvider = 'gateway'\n  inferenceGatewayBaseUrl = 'https://gw.example'\n}\nforeach ($name in $settings.Keys) {\n  Set-ItemProperty -Path 'HKCU:\\SOFTWARE\\Policies\\Claude' -Name $name -Value $settings[$name]\n}\n",
        "reg add \"HKLM\\SOFTWARE\\Policies\\Claude\" /v inferenceProvider /t REG_SZ /d gateway /f\nSet-ItemProperty 'HKLM:\\SOFTWARE\\Policies\\Claude' inferenceGatewayBaseUrl 'https://gw.example'\n",
    ] {
        assert_eq!(told("set.ps1", script.as_bytes()), wanted("powershell"), "{script}");
    }
    let models = "$m = @'\n[\"claude-opus-4-1\",\n \"claude-haiku-4-5\"]\n'@\nSet-ItemProperty HKLM:\\SOFTWARE\\Policies\\Claude inferenceModels $m\nSet-ItemProperty HKLM:\\SOFTWARE\\Policies\\Claude inferenceGatewayApiKey $env:KEY\n";
    let config = read("m.ps1", models.as_bytes()).unwrap();
    assert_eq!(config.get("inferenceModels").unwrap().as_list().unwrap().len(), 2);
    assert!(!config.is_set("inferenceGatewayApiKey"));
}

#[test]
fn files_of_group_policy_are_read() {
    let item = |name: &str, value: &str, more: &str| {
        format!(
            "<Registry clsid=\"{{0}}\" name=\"{name}\"{more}><Properties action=\"U\" displayDecimal=\"0\" default=\"0\" hive=\"HKEY_LOCAL_MACHINE\" key=\"SOFTWARE\\Policies\\Claude\" name=\"{name}\" type=\"REG_SZ\" value=\"{value}\"/></Registry>"
        )
    };
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<RegistrySettings clsid=\"{{1}}\">\n<Collection name=\"app\">{}\n{}\n{}</Collection></RegistrySettings>",
        item("inferenceProvider", "gateway", ""),
        item("inferenceGatewayBaseUrl", GATEWAY, ""),
        item("inferenceGatewayApiKey", "k", " disabled=\"1\""),
    );
    assert_eq!(told("Registry.xml", xml.as_bytes()), wanted("group-policy-preferences"));
    let config = read("Registry.xml", xml.as_bytes()).unwrap();
    assert!(!config.is_set("inferenceGatewayApiKey") && ids(&config).contains(&"preference-off"));
    let cut = read("Registry.xml", &xml.as_bytes()[..xml.len() - 20]).unwrap_err();
    assert!(cut.contains("Registry.xml"), "{cut}");

    let mut pol = b"PReg\x01\0\0\0".to_vec();
    let units = |t: &str| t.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let mut record = |name: &str, kind: u32, data: Vec<u8>| {
        pol.extend(units(&format!("[SOFTWARE\\Policies\\Claude\0;{name}\0;")));
        pol.extend(kind.to_le_bytes());
        pol.extend(units(";"));
        pol.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        pol.extend(units(";"));
        pol.extend(data);
        pol.extend(units("]"));
    };
    record("**delvals.", 1, units(" \0"));
    record("inferenceProvider", 1, units("gateway\0"));
    record("inferenceGatewayBaseUrl", 1, units("https://gw.example\0"));
    record("inferenceGatewayApiKey", 1, units("k\0"));
    record("**del.inferenceGatewayApiKey", 1, units(" \0"));
    assert_eq!(told("Machine/Registry.pol", &pol), wanted("registry-pol"));
    let config = read("User/Registry.pol", &pol).unwrap();
    assert!(config.settings["inferenceProvider"].origin.path.starts_with("HKEY_CURRENT_USER"));
    assert!(!config.is_set("inferenceGatewayApiKey"));
    assert!(ids(&read("r.pol", &pol).unwrap()).contains(&"policy-hive"));
    let error = read("r.pol", &pol[..pol.len() - 3]).unwrap_err();
    assert!(error.contains("cut off"), "{error}");
}

#[test]
fn exports_of_intune_are_read() {
    let custom = r#"{"@odata.type": "\#x.windows10CustomConfiguration", "displayName": "Desktop", "omaSettings": [
        {"omaUri": "./Device/Vendor/MSFT/Policy/Config/App~Policy~App/inferenceProvider", "value": "<enabled/><data id=\"inferenceProvider\" value=\"gateway\"/>"},
        {"omaUri": "./Device/Vendor/MSFT/Policy/Config/App~Policy~App/inferenceGatewayBaseUrl", "value": "<enabled/><data id=\"text1\" value=\"https://gw.example\"/>"},
        {"omaUri": "./Device/Vendor/MSFT/Policy/Config/App~Policy~App/inferenceGatewayApiKey", "value": "****", "isEncrypted": true}]}"#
        .replace("\\#", "#");
    assert_eq!(told("policy.json", custom.as_bytes()), wanted("intune"));
    let config = read("policy.json", custom.as_bytes()).unwrap();
    assert!(!config.is_set("inferenceGatewayApiKey") && ids(&config).contains(&"script-not-evaluated"));
    let catalogue = r#"{"name": "Desktop", "settings": [
        {"settingInstance": {"settingDefinitionId": "device_vendor_msft_policy_config_app_inferenceprovider", "simpleSettingValue": {"value": "gateway"}}},
        {"settingInstance": {"settingDefinitionId": "device_vendor_msft_policy_config_app_inferencegatewaybaseurl", "choiceSettingValue": {"value": "x_1", "children": [
            {"settingDefinitionId": "x_inferencegatewaybaseurl", "simpleSettingValue": {"value": "https://gw.example"}}]}}}]}"#;
    let (provider, _, format) = told("catalogue.json", catalogue.as_bytes());
    assert_eq!((provider.as_str(), format.as_str()), ("gateway", "intune"));
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let script = encode(
        "Set-ItemProperty HKLM:\\SOFTWARE\\Policies\\Claude inferenceProvider gateway\nSet-ItemProperty HKLM:\\SOFTWARE\\Policies\\Claude inferenceGatewayBaseUrl 'https://gw.example'\n",
    );
    let policy = format!(r#"{{"displayName": "Script", "scriptContent": "{script}"}}"#);
    assert_eq!(told("script.json", policy.as_bytes()), wanted("powershell"));
}

#[test]
fn what_a_script_works_out_is_not_taken_from_an_earlier_line() {
    let key = "'HKLM:\\SOFTWARE\\Policies\\Claude'";
    let added = format!(
        "$u = 'https://gw.example'\n$u += ':8443'\nSet-ItemProperty {key} inferenceProvider gateway\nSet-ItemProperty {key} inferenceGatewayBaseUrl $u\n"
    );
    let config = read("a.ps1", added.as_bytes()).unwrap();
    assert!(!config.is_set("inferenceGatewayBaseUrl") && ids(&config).contains(&"registry-line"));
    let members = format!(
        "$s = @{{ inferenceProvider = 'gateway' }}\n$s.inferenceGatewayBaseUrl = 'https://gw.example'\nforeach ($n in $s.Keys) {{ Set-ItemProperty {key} $n $s[$n] }}\n"
    );
    assert_eq!(told("m.ps1", members.as_bytes()), wanted("powershell"));
    // What doubles with every line ends.
    let doubled = format!(
        "$l = @('a', 'b')\n{}Set-ItemProperty {key} inferenceProvider gateway\nSet-ItemProperty {key} inferenceModels $l\n",
        "$l = @($l, $l)\n".repeat(40)
    );
    assert_eq!(read("d.ps1", doubled.as_bytes()).unwrap().text("inferenceProvider"), Some("gateway"));
    let counted = "set N=1\r\nset /a N=N+71\r\nreg add HKLM\\SOFTWARE\\Policies\\Claude /v inferenceProvider /d gateway /f\r\n\
        reg add HKLM\\SOFTWARE\\Policies\\Claude /v autoUpdaterEnforcementHours /d %N% /f\r\n";
    assert!(!read("c.cmd", counted.as_bytes()).unwrap().is_set("autoUpdaterEnforcementHours"));
}

/// The remark of an id at a key: its message and line.
fn remark(config: &Configuration, id: &str, key: &str) -> (String, Option<u32>) {
    let found = config.lint.iter().find(|l| l.id == id && l.key.as_deref() == Some(key));
    let found = found.unwrap_or_else(|| panic!("{id} at {key}: {:?}", config.lint));
    (found.message.clone(), found.origin.as_ref().and_then(|o| o.line))
}

#[test]
fn scripts_of_defaults_write_are_read_and_said_to_set_what_the_app_does_not_read() {
    let script = "#!/bin/sh\nD=com.anthropic.claudefordesktop\nsudo defaults write \"/Library/Preferences/$D\" inferenceProvider -string gateway\n\
        defaults write $D inferenceGatewayBaseUrl 'https://gw.example'\n\
        defaults write $D inferenceModels -array claude-opus-4-1 claude-haiku-4-5\n\
        defaults write $D inferenceGatewayApiKey \"$(security find-generic-password -w)\"\n";
    for name in ["deploy.sh", "deploy.txt", "x"] {
        assert_eq!(told(name, script.as_bytes()), wanted("defaults-script"));
    }
    let config = read("d.sh", script.as_bytes()).unwrap();
    assert_eq!(config.get("inferenceModels").unwrap().as_list().unwrap().len(), 2);
    assert!(!config.is_set("inferenceGatewayApiKey"));
    assert_eq!(remark(&config, "script-not-evaluated", "inferenceGatewayApiKey").1, Some(6));
    let unread = config.lint.iter().find(|l| l.id == "user-defaults").unwrap();
    assert!(unread.message.contains("no source of configuration"), "{}", unread.message);
    // Below that folder it is what the app reads.
    let managed = "defaults write '/Library/Managed Preferences/com.anthropic.claudefordesktop' inferenceProvider gateway\n";
    assert!(!ids(&read("m.sh", managed.as_bytes()).unwrap()).contains(&"user-defaults"));
    for (script, said) in [
        ("defaults write com.apple.dock autohide -bool true\n", "it sets those of com.apple.dock"),
        ("defaults write \"$1\" inferenceProvider gateway\n", "comes from a variable"),
        ("defaults write com.anthropic.claudecode permissions x\n", "Claude Code"),
    ] {
        let error = read("a.sh", script.as_bytes()).unwrap_err();
        assert!(error.starts_with("a.sh:1: ") && error.contains(said), "{error}");
    }
}

#[test]
fn what_not_every_device_gets_is_said_at_its_key() {
    let cmd = "if exist C:\\x (\r\nreg add HKLM\\SOFTWARE\\Policies\\Claude /v inferenceProvider /d gateway /f) else (\r\n\
        reg add HKLM\\SOFTWARE\\Policies\\Claude /v inferenceProvider /d vertex /f\r\n)\r\n\
        reg add HKLM\\SOFTWARE\\Policies\\Claude /v inferenceGatewayBaseUrl /d https://gw.example /f\r\n";
    let powershell = "$p = 'HKLM:\\SOFTWARE\\Policies\\Claude'\nif ($env:SITE -eq 'a') {\n  Set-ItemProperty $p inferenceProvider gateway\n} else {\n\
          Set-ItemProperty $p inferenceProvider vertex\n}\nSet-ItemProperty $p inferenceGatewayBaseUrl 'https://gw.example'\n";
    let shell = "case $(hostname) in\na*) defaults write com.anthropic.claudefordesktop inferenceProvider gateway ;;\n\
        *) defaults write com.anthropic.claudefordesktop inferenceProvider vertex ;;\nesac\n\
        defaults write com.anthropic.claudefordesktop inferenceGatewayBaseUrl https://gw.example\n";
    for (name, script, lines) in
        [("a.cmd", cmd, "lines 2, 3"), ("a.ps1", powershell, "lines 3, 5"), ("a.sh", shell, "lines 2, 3")]
    {
        let config = read(name, script.as_bytes()).unwrap();
        let (message, _) = remark(&config, "conditional-value", "inferenceProvider");
        assert!(message.contains(lines) && message.contains("the last one is read"), "{message}");
        assert_eq!(config.text("inferenceProvider"), Some("vertex"), "{name}");
        let others = config.lint.iter().filter(|l| l.id == "conditional-value").count();
        assert_eq!(others, 1, "{name}");
    }
    let item = |name: &str, value: &str, filters: &str| {
        format!(
            "<Registry clsid=\"x\" name=\"{name}\"><Properties action=\"U\" hive=\"HKEY_LOCAL_MACHINE\" key=\"SOFTWARE\\Policies\\Claude\" name=\"{name}\" type=\"REG_SZ\" value=\"{value}\"/>{filters}</Registry>"
        )
    };
    let group = "<Filters><FilterGroup bool=\"AND\" not=\"0\" name=\"CORP\\Pilot\"/><FilterOs bool=\"AND\"/></Filters>";
    let xml = format!(
        "<RegistrySettings clsid=\"x\">{}{}<Collection clsid=\"x\" name=\"c\">{}<Filters><FilterCollection bool=\"OR\"><FilterComputer name=\"PC1\"/></FilterCollection></Filters></Collection></RegistrySettings>",
        item("inferenceProvider", "gateway", group),
        item("inferenceGatewayBaseUrl", "https://gw.example", "<Filters/>"),
        item("disableAutoUpdates", "true", ""),
    );
    let config = read("Registry.xml", xml.as_bytes()).unwrap();
    assert_eq!(config.text("inferenceProvider"), Some("gateway"));
    let (message, _) = remark(&config, "targeted-value", "inferenceProvider");
    assert!(message.contains("Group and Os"), "{message}");
    assert!(remark(&config, "targeted-value", "disableAutoUpdates").0.contains("Computer"));
    assert_eq!(config.lint.iter().filter(|l| l.id == "targeted-value").count(), 2);
}

#[test]
fn masked_values_of_an_export_are_never_taken() {
    let policy = r##"{"@odata.type": "#microsoft.graph.windows10CustomConfiguration", "displayName": "Claude", "omaSettings": [
        {"omaUri": "./Device/Vendor/MSFT/Policy/Config/Claude/inferenceProvider", "value": "gateway"},
        {"omaUri": "./Device/Vendor/MSFT/Policy/Config/Claude/inferenceGatewayBaseUrl", "value": "****"},
        {"omaUri": "./Device/Vendor/MSFT/Policy/Config/Claude/inferenceGatewayApiKey", "value": "<enabled/><data id=\"inferenceGatewayApiKey\" value=\"********\"/>"}
    ]}"##;
    let config = read("policy.json", policy.as_bytes()).unwrap();
    assert_eq!(config.text("inferenceProvider"), Some("gateway"));
    for key in ["inferenceGatewayBaseUrl", "inferenceGatewayApiKey"] {
        assert!(!config.is_set(key), "{key}");
        assert!(remark(&config, "masked-value", key).0.contains("mask"));
    }
    assert_eq!(remark(&config, "masked-value", "inferenceGatewayBaseUrl").1, Some(3));
    let catalogue = r#"{"@odata.type": "x", "name": "Claude", "settings": [{"settingInstance": {"settingDefinitionId": "vendor_claude_inferencegatewayapikey",
        "simpleSettingValue": {"value": "7b1c0d2e-0000-4000-8000-000000000000", "valueState": "encryptedValueToken"}}},
        {"settingInstance": {"settingDefinitionId": "vendor_claude_inferenceprovider", "simpleSettingValue": {"value": "gateway"}}}]}"#;
    let config = read("catalogue.json", catalogue.as_bytes()).unwrap();
    assert!(!config.is_set("inferenceGatewayApiKey") && config.text("inferenceProvider") == Some("gateway"));
    remark(&config, "masked-value", "inferenceGatewayApiKey");
}

#[test]
fn tasks_of_ansible_are_named_with_what_to_pass() {
    for tasks in [
        "---\n- name: policy\n  ansible.windows.win_regedit:\n    path: HKLM:\\SOFTWARE\\Policies\\Claude\n    name: inferenceProvider\n    data: gateway\n",
        "- hosts: macs\n  tasks:\n    - community.general.osx_defaults:\n        domain: com.anthropic.claudefordesktop\n        key: inferenceProvider\n        value: gateway\n",
        "# policy\n- name: file\n  copy:\n    dest: /etc/claude-desktop/managed-settings.json\n    content: |\n      {\"inferenceProvider\": \"gateway\"}\n",
    ] {
        let error = read("site.yml", tasks.as_bytes()).unwrap_err();
        assert!(
            error.contains("Ansible") && error.contains("reg export") && error.contains("defaults export"),
            "{error}"
        );
    }
    let other = read("values.yml", b"---\nimage: nginx\n").unwrap_err();
    assert!(!other.contains("Ansible"), "{other}");
}
