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
