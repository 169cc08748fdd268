//! Distinct secrets in every format and place: nothing that can be shown holds one.

use super::{profile, read_as, reg};

const MARK: &str = "sEcReT7";

fn shown(bytes: &str) -> String {
    match read_as("f", bytes) {
        Ok(config) => format!("{config:?}"),
        Err(error) => format!("{error} {error:?}"),
    }
}

#[test]
fn no_secret_is_shown_however_the_file_is_written_or_broken() {
    let s = MARK;
    let servers = format!(
        "[{{\"name\":\"m\",\"url\":\"https://u:{s}@m.example\",\"headers\":{{\"authorization\":\"Bearer {s}\"}},\"env\":{{\"T\":\"{s}\"}},\"oauth\":{{\"clientSecret\":\"{s}\"}}}},\
          {{\"headers\":\"a={s}\",\"env\":[\"T={s}\"]}}]"
    );
    let json = format!(
        "{{\"inferenceProvider\":\"gateway\",\n\"inferenceGatewayApiKey\":\"{s}\",\n\"inferenceGatewayBaseUrl\":\"https://u:{s}@gw.example\",\n\
         \"inferenceCustomHeaders\":{{\"x\":\"{s}\"}},\n\"inferenceGatewayOidc\":{{\"issuer\":\"https://i.example\",\"clientSecret\":\"{s}\"}},\n\"managedMcpServers\":{servers},\n\
         \"unknownThing\":\"{s}\",\"inferenceGatewayHeaders\":{{\"x\":\"{s}\"}},\"InferenceGatewayApiKey\":\"{s}\",\"disableAutoUpdates\":\"{s}\",\
         \"inferenceSessionLifetimeSec\":\"{s}\",\"inferenceCredentialKind\":\"{s}{s}{s}{s}\"}}"
    );
    let config = read_as("f", &json).unwrap();
    // The values are there, only not shown.
    assert!(config.is_set("inferenceGatewayApiKey") && config.is_set("inferenceCustomHeaders"));
    assert_eq!(config.text("inferenceGatewayBaseUrl"), Some("https://gw.example"));
    assert!(config.lint.iter().any(|l| l.id == "url-credentials"));
    let escaped = |t: &str| t.replace('\\', "\\\\").replace('"', "\\\"");
    let plist = |pairs: &str| profile("com.anthropic.claudefordesktop", pairs);
    let mut files = vec![
        json.clone(),
        format!("{{\"enterpriseConfig\":{json}}}"),
        format!(
            "{{\"inferenceProvider\":\"gateway\",\"inferenceGatewayApiKey\":[\"{s}\"],\"inferenceCustomHeaders\":\"x={s}\",\"bootstrapOidc\":\"{{\\\"clientSecret\\\":\\\"{s}\\\"\"}}"
        ),
        format!(
            "{{\"inference\":{{\"provider\":\"gateway\",\"credential\":{{\"apiKey\":\"{s}\",\"other\":\"{s}\"}},\"customHeaders\":{{\"x\":\"{s}\"}}}}}}"
        ),
        reg(&format!(
            "\"inferenceGatewayApiKey\"=\"{s}\"\r\n\"managedMcpServers\"=\"{}\"\r\n\"bootstrapOidc\"=\"{{\"clientSecret\":\"{s}\"}}\"\r\n\"inferenceCustomHeaders\"={s}",
            escaped(&servers)
        )),
        plist(&format!(
            "<key>inferenceGatewayApiKey</key><string>{s}</string><key>managedMcpServers</key><string>{}</string>",
            servers.replace('&', "&amp;")
        )),
        plist(&format!("<key>inferenceGatewayApiKey</key><integer>{s}</integer>")),
        plist(&format!("<key>inferenceGatewayApiKey</key>{s}<string/>")),
        plist(&format!("<key>inferenceGatewayApiKey</key><string>{s}&{s};</string>")),
        plist(&format!("<key>inferenceGatewayApiKey</key><string>{s}<{s}></string>")),
        plist(&format!("<key>inferenceGatewayApiKey</key><string>{s}<{s}/></string>")),
        plist(&format!("<key>inferenceGatewayApiKey</key><string>{s}</{s}></string>")),
        plist(&format!("<key>inferenceGatewayApiKey</key><string>{s}</string></{s}>")),
        format!("inferenceGatewayApiKey: {s}\n"),
        format!("{{\"permissions\":\"{s}\"}}"),
    ];
    // Cut anywhere, the message still says nothing.
    for at in (10..json.len()).step_by(7) {
        files.push(json[..at].to_owned());
    }
    for file in files {
        let text = shown(&file);
        assert!(!text.contains(s), "{file}\n  gave: {text}");
    }
}

#[test]
fn no_secret_is_shown_of_query_output_reports_and_responses() {
    let s = MARK;
    let query = format!(
        "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude\r\n    inferenceProvider    REG_SZ    gateway\r\n    inferenceGatewayApiKey    REG_SZ    {s}\r\n    \
         inferenceCustomHeaders    REG_SZ    {{\"x\":\"{s}\"}}\r\n    inferenceGatewayBaseUrl    REG_SZ    https://u:{s}@g.example\r\n    \
         disableAutoUpdates    REG_DWORD    {s}\r\n    bootstrapOidc    REG_SZ    {{\"clientSecret\":\"{s}\"\r\n    inferenceModels    REG_EXPAND_SZ    {s}\r\n"
    );
    let report = format!(
        "inferenceProvider: gateway\ninferenceGatewayApiKey: {s}\ninferenceCustomHeaders: {{\"x\": \"{s}\"}}\nmanagedMcpServers: [{{\"url\": \"https://m.example\",\n\
         \"headers\": {{\"a\": \"{s}\"}}}}]\ndisableAutoUpdates: {s}\nParse errors:\n  inferenceModels: {s}\n"
    );
    let response = format!(
        "{{\"expiresAt\": \"{s}\", \"inferenceProvider\": \"gateway\", \"inferenceGatewayApiKey\": \"{s}\", \"bootstrapOidc\": {{\"clientSecret\": \"{s}\"}},\
         \"managedMcpServers\": [{{\"name\": \"a\", \"url\": \"http://127.0.0.1\", \"headers\": {{\"a\": \"{s}\"}}}}], \"inferenceGatewayBaseUrl\": \"http://u:{s}@localhost\"}}"
    );
    for (name, text) in [("f.txt", query), ("managed-config.txt", report), ("f.json", response)] {
        let config = read_as(name, &text).unwrap();
        assert!(config.is_set("inferenceGatewayApiKey"), "{name}");
        assert!(!format!("{config:?}").contains(s), "{name}: {config:?}");
        for at in (10..text.len()).step_by(5) {
            let shown = match read_as(name, &text[..at]) {
                Ok(config) => format!("{config:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains(s), "{name} cut at {at}: {shown}");
        }
    }
}
