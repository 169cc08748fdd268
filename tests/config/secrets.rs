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
