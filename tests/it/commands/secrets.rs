//! Distinct secrets in every format and at every place of a configuration: nothing that the program
//! prints or writes holds one, whichever command, format or error it is.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use clap::CommandFactory;
use clearway::cli::Cli;
use clearway::config::{self, Input};
use clearway::rules::Pack;
use serde_json::{Value, json};

/// Every planted secret begins so, and goes on with a number of its own.
const MARK: &str = "pLaNt3d";

/// Counts the secrets it gives out.
#[derive(Default)]
struct Planter(u32);

impl Planter {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("{MARK}{:03}x", self.0)
    }
}

/// A flat configuration with a secret at every place that can hold one. `addresses` also plants
/// user information in addresses, which no file that is written may hold either.
fn configuration(p: &mut Planter, port: u16) -> Value {
    let pack = Pack::embedded().unwrap();
    let oidc = |p: &mut Planter| json!({"issuer": "https://idp.mill.example", "clientId": "desktop", "clientSecret": p.next(), "scopes": "openid offline_access"});
    let mut map = serde_json::Map::new();
    // Whatever the catalogue calls a secret, also what is added to it later.
    for key in &pack.keys.keys {
        if key.secret {
            map.insert(key.name.to_string(), json!(p.next()));
        } else if key.hidden.iter().any(|s| s == "*") {
            map.insert(
                key.name.to_string(),
                json!({"authorization": format!("Bearer {}", p.next()), "x-plain": p.next()}),
            );
        } else if key.hidden.iter().any(|s| s == "clientSecret") {
            map.insert(key.name.to_string(), oidc(p));
        }
    }
    map.insert("inferenceProvider".into(), json!("gateway"));
    map.insert(
        "inferenceGatewayBaseUrl".into(),
        json!(format!("http://127.0.0.1:{port}/gw/{}/v2?key={}#{}", p.next(), p.next(), p.next())),
    );
    map.insert(
        "inferenceFoundryBaseUrl".into(),
        json!(format!("https://user:{}@f.mill.example/a", p.next())),
    );
    map.insert(
        "otlpEndpoint".into(),
        json!(format!("https://{}@o.mill.example:4318/v1?x={}", p.next(), p.next())),
    );
    map.insert("egressProxyUrl".into(), json!(format!("http://u:{}@127.0.0.1:{port}", p.next())));
    map.insert("modelCatalogUrl".into(), json!(format!("https:\\\\u:{}@c.mill.example", p.next())));
    map.insert(
        "bootstrapUrl".into(),
        json!(format!("https://b.mill.example/c?{}={}#{}", p.next(), p.next(), p.next())),
    );
    map.insert(
        "inferenceCredentialHelperArgs".into(),
        json!([
            "--api-key",
            p.next(),
            p.next(),
            format!("--token={}", p.next()),
            format!("--key={}", p.next()),
            format!("-k{}", p.next())
        ]),
    );
    map.insert("otlpResourceAttributes".into(), json!({"deployment.token": p.next(), "team": "blue"}));
    map.insert(
        "managedMcpServers".into(),
        json!([
            {"name": "web", "transport": "http", "url": format!("https://me:{}@m.mill.example/mcp?x=1&sig={}", p.next(), p.next()),
             "headers": {"authorization": format!("Basic {}", p.next())}, "oauth": {"clientSecret": p.next(), "authorizationServer": ["https://a.mill.example"]}},
            {"name": "text", "transport": "http", "url": "https://t.mill.example", "headers": format!("x-key={}", p.next())},
            {"name": "odd", "transport": "http", "url": "https://o.mill.example", "environment": {"A": p.next()}, "httpHeaders": {"x": p.next()},
             "header": p.next(), "passphrase": p.next(), "env_vars": [p.next()], "cookies": {"sid": p.next()}, "pwd": p.next(), "pat": p.next(),
             "connectionString": format!("Server=h;Pwd={}", p.next()), "auth": {"type": "bearer", "value": p.next()}, "x": [[{"y": p.next()}]],
             "oauth": {"clientId": "c", "jwt": p.next(), "private": {"pem": p.next()}}},
            {"name": "local", "transport": "stdio", "command": "/opt/m", "env": {"API": p.next(), "NUMBER": 7}, "apiKey": p.next(),
             "args": ["--header", format!("Authorization: Bearer {}", p.next()), "--password", p.next(), p.next(), format!("--key={}", p.next()), format!("-k{}", p.next()), format!("sk-ant-api03-{}", p.next()), format!("https://z:{}@far.example", p.next())]},
        ]),
    );
    map.insert(
        "allowedPluginMarketplaces".into(),
        json!([{"source": "url", "url": format!("https://u:{}@p.mill.example/m.json", p.next()), "headers": {"x": p.next()}}]),
    );
    // Names that are not known, misspelled, retired, or of the wrong type hold secrets too.
    for name in [
        "inferenceGatewayApikey",
        "custom3pApiKey",
        "InferenceGatewayApiKey",
        "_oldKey",
        "somethingElse",
        "disableAutoUpdates",
        "inferenceSessionLifetimeSec",
        "bootstrapOidc.clientSecret",
    ] {
        map.insert(name.into(), json!(p.next()));
    }
    map.insert("inferenceGatewayHeaders".into(), json!({"x": p.next()}));
    map.insert(
        "inferenceModels".into(),
        json!([{"name": "m", "apiKey": p.next(), "env": {"a": p.next()}, "headers": [p.next()]}]),
    );
    map.insert("microsoftAuthBroker".into(), json!(p.next()));
    map.insert(
        "coworkEgressAllowedHosts".into(),
        json!([
            "pypi.mill.example",
            format!("ann:{}@proxy.mill.example:8080", p.next()),
            format!("ann:{}:p.mill.example:8080", p.next()),
            format!("https://p.mill.example {}", p.next()),
        ]),
    );
    Value::Object(map)
}

fn escaped_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The flat document as a property list: text as it is, everything else as JSON text or native.
fn plist_pairs(flat: &Value, native: bool) -> String {
    fn native_value(value: &Value) -> String {
        match value {
            Value::Object(map) => {
                let inner: String = map
                    .iter()
                    .map(|(k, v)| format!("<key>{}</key>{}", escaped_xml(k), native_value(v)))
                    .collect();
                format!("<dict>{inner}</dict>")
            }
            Value::Array(items) => {
                format!("<array>{}</array>", items.iter().map(native_value).collect::<String>())
            }
            Value::String(t) => format!("<string>{}</string>", escaped_xml(t)),
            other => format!("<integer>{other}</integer>"),
        }
    }
    let pairs = flat.as_object().unwrap().iter().map(|(name, value)| {
        let text = match value {
            Value::String(t) => format!("<string>{}</string>", escaped_xml(t)),
            other if native => native_value(other),
            other => format!("<string>{}</string>", escaped_xml(&other.to_string())),
        };
        format!("<key>{}</key>{text}\n", escaped_xml(name))
    });
    pairs.collect()
}

fn registry(flat: &Value, hive: &str) -> String {
    let quote = |t: &str| t.replace('\\', "\\\\").replace('"', "\\\"");
    let lines = flat.as_object().unwrap().iter().map(|(name, value)| {
        let text = match value {
            Value::String(t) => t.clone(),
            other => other.to_string(),
        };
        format!("\"{}\"=\"{}\"\r\n", quote(name), quote(&text))
    });
    format!(
        "Windows Registry Editor Version 5.00\r\n\r\n[{hive}\\SOFTWARE\\Policies\\Claude]\r\n{}\r\n",
        lines.collect::<String>()
    )
}

/// The same configuration in every format that is read.
fn files(dir: &Path, port: u16) -> Vec<PathBuf> {
    let mut p = Planter::default();
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>| all.push((name.to_owned(), bytes));
    add("flat.json", configuration(&mut p, port).to_string().into_bytes());
    let pretty = serde_json::to_string_pretty(&configuration(&mut p, port)).unwrap();
    add("managed-settings.json", pretty.clone().into_bytes());
    let wide = |t: &str| {
        [0xff, 0xfe].into_iter().chain(t.encode_utf16().flat_map(u16::to_le_bytes)).collect::<Vec<u8>>()
    };
    add("wide.json", wide(&pretty));
    let inner = pretty.trim().trim_start_matches('{').trim_end_matches('}').to_owned();
    add("fragment.json", inner.into_bytes());
    add(
        "desktop.json",
        json!({"enterpriseConfig": configuration(&mut p, port), "inferenceGatewayApiKey": p.next()})
            .to_string()
            .into_bytes(),
    );
    add(
        "nested.json",
        json!({
            "$schemaVersion": 2,
            "inference": {"provider": "gateway", "baseUrl": format!("http://u:{}@127.0.0.1:{port}", p.next()), "customHeaders": {"x": p.next()},
                "credential": {"kind": "static", "apiKey": p.next(), "unknown": p.next(), "oidc": {"clientSecret": p.next()}}},
            "mcp": {"managedServers": configuration(&mut p, port)["managedMcpServers"]},
            "otlp": {"headers": {"authorization": p.next()}}, "made": {"up": p.next()}, "inferenceGatewayApiKey": p.next(),
        })
        .to_string()
        .into_bytes(),
    );
    add("served.json", {
        let mut flat = configuration(&mut p, port);
        flat["expiresAt"] = json!(4_000_000_000_i64);
        flat["user"] = json!({"token": p.next()});
        flat.to_string().into_bytes()
    });
    let plist = |pairs: String| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>\n{pairs}</dict></plist>\n"
        )
    };
    add("text.plist", plist(plist_pairs(&configuration(&mut p, port), false)).into_bytes());
    let native = plist(plist_pairs(&configuration(&mut p, port), true));
    add("native.plist", native.clone().into_bytes());
    add("fragment.plist", plist_pairs(&configuration(&mut p, port), false).into_bytes());
    let value: plist::Value = plist::from_bytes(native.as_bytes()).unwrap();
    let mut binary = Vec::new();
    value.to_writer_binary(&mut binary).unwrap();
    add("binary.plist", binary);
    let payload = format!(
        "<key>PayloadContent</key><array><dict><key>PayloadType</key><string>com.anthropic.claudefordesktop</string>{}</dict></array><key>PayloadType</key><string>Configuration</string>",
        plist_pairs(&configuration(&mut p, port), false)
    );
    add("profile.mobileconfig", plist(payload).into_bytes());
    let mcx = format!(
        "<key>PayloadContent</key><array><dict><key>PayloadType</key><string>com.apple.ManagedClient.preferences</string><key>PayloadContent</key><dict>\
         <key>com.anthropic.claudefordesktop</key><dict><key>Forced</key><array><dict><key>mcx_preference_settings</key><dict>{}</dict></dict></array></dict></dict></dict></array>\
         <key>PayloadType</key><string>Configuration</string>",
        plist_pairs(&configuration(&mut p, port), true)
    );
    add("mcx.mobileconfig", plist(mcx).into_bytes());
    add("user.reg", wide(&registry(&configuration(&mut p, port), "HKEY_CURRENT_USER")));
    let both = registry(&configuration(&mut p, port), "HKEY_LOCAL_MACHINE")
        + &registry(&configuration(&mut p, port), "HKEY_CURRENT_USER")
            .replace("Windows Registry Editor Version 5.00", "");
    add("both.reg", both.into_bytes());
    let subkey = format!(
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n\"inferenceProvider\"=\"gateway\"\r\n\"bootstrapOidc\"=\"{{\"clientSecret\":\"{}\"}}\"\r\n\"inferenceGatewayApiKey\"={}\r\n\"otlpHeaders\"=hex(2):70,00\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude\\bootstrapOidc]\r\n\"clientSecret\"=\"{}\"\r\n",
        p.next(),
        p.next(),
        p.next()
    );
    add("broken.reg", subkey.into_bytes());
    let mut paths: Vec<PathBuf> = Vec::new();
    for (name, bytes) in all {
        let path = dir.join(name);
        std::fs::write(&path, bytes).unwrap();
        paths.push(path);
    }
    let library = dir.join("configLibrary");
    std::fs::create_dir(&library).unwrap();
    let id = "0123abcd-0000-4000-8000-00000000000f";
    std::fs::write(
        library.join("_meta.json"),
        json!({"appliedId": id, "entries": [{"id": id, "name": "One"}]}).to_string(),
    )
    .unwrap();
    std::fs::write(library.join(format!("{id}.json")), configuration(&mut p, port).to_string()).unwrap();
    paths.push(library);
    paths
}

/// The bytes as they are and as UTF-16, without what would tell the two apart.
fn holds(bytes: &[u8], wanted: &str) -> bool {
    let plain: Vec<u8> = bytes.iter().copied().filter(|b| *b != 0).collect();
    let hexadecimal: String = wanted.bytes().map(|b| format!("{b:02x},00,")).collect();
    [String::from_utf8_lossy(bytes), String::from_utf8_lossy(&plain)]
        .iter()
        .any(|t| t.contains(wanted) || t.replace("\\\r\n  ", "").contains(&hexadecimal))
}

struct Runner {
    dir: PathBuf,
}

impl Runner {
    /// Runs the program and fails when anything that comes out holds a secret.
    fn quiet(&self, args: &[&str]) -> Option<i32> {
        let mut command = crate::common::clearway();
        for name in [
            "HTTPS_PROXY",
            "https_proxy",
            "HTTP_PROXY",
            "http_proxy",
            "NO_PROXY",
            "no_proxy",
            "ALL_PROXY",
            "CLICOLOR_FORCE",
        ] {
            command.env_remove(name);
        }
        command.env("RUST_BACKTRACE", "1").env("RUST_LOG", "trace").stdin(Stdio::null());
        let output = command.current_dir(&self.dir).args(args).output().unwrap();
        for (what, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            assert!(
                !holds(bytes, MARK),
                "{what} of {args:?} holds a secret:\n{}",
                String::from_utf8_lossy(bytes)
            );
        }
        output.status.code()
    }
}

/// Every subcommand with the values that its `--format` takes.
fn commands() -> Vec<(String, Vec<String>)> {
    let cli = Cli::command();
    let known = cli.get_subcommands().filter(|c| c.get_name() != "help");
    known
        .map(|c| {
            let format = c.get_arguments().find(|a| a.get_long() == Some("format"));
            let words =
                format.map(|f| f.get_possible_values().iter().map(|v| v.get_name().to_owned()).collect());
            (c.get_name().to_owned(), words.unwrap_or_default())
        })
        .collect()
}

#[test]
fn no_command_in_any_format_shows_a_secret_of_any_file() {
    let dir = tempfile::tempdir().unwrap();
    let paths = files(dir.path(), 9);
    let run = Runner { dir: dir.path().to_owned() };
    let mut runs = 0;
    for (at, path) in paths.iter().enumerate() {
        let path = path.to_str().unwrap();
        for (command, formats) in commands() {
            // The first file sees every format, the others a few each, so that every pair of a reader and
            // a kind of rendering is there in a time that a test may take.
            let mut variants: Vec<Vec<&str>> = vec![vec!["-v"]];
            if at == 0 {
                variants.extend([vec![], vec!["-q"]]);
                variants.extend(formats.iter().map(|f| vec!["--format", f.as_str()]));
            } else {
                let some = formats.iter().cycle().skip(2 * at).take(2.min(formats.len()));
                variants.extend(some.map(|f| vec!["--format", f.as_str()]));
            }
            for variant in &variants {
                let mut args = vec![command.as_str()];
                match command.as_str() {
                    // Names and paths of probes, without sending any.
                    "check" => args.extend(["--dry-run", path]),
                    "hosts" | "config" => args.push(path),
                    // Commands with operands of their own: as they are, and with what a user would try.
                    _ => args.extend(["inferenceGatewayApiKey", path]),
                }
                args.extend(variant);
                let code = run.quiet(&args);
                runs += 1;
                if ["hosts", "config"].contains(&command.as_str()) && !path.ends_with("broken.reg") {
                    // A firewall product that cannot say what is asked refuses with 2.
                    assert!(matches!(code, Some(0 | 2)), "{args:?}: {code:?}");
                }
                if !["check", "hosts", "config"].contains(&command.as_str()) {
                    run.quiet(&[&[command.as_str(), path, path], variant.as_slice()].concat());
                }
            }
        }
    }
    assert!(runs > 100, "{runs}");
}

#[test]
fn a_real_run_and_its_replay_show_none() {
    let dir = tempfile::tempdir().unwrap();
    // A gateway that accepts connections and never answers, and a resolver that never does.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let resolver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let resolver = resolver.local_addr().map(|a| (resolver, a.to_string())).unwrap();
    let paths = files(dir.path(), listener.local_addr().unwrap().port());
    let run = Runner { dir: dir.path().to_owned() };
    let flat = paths[0].to_str().unwrap();
    let limits = [
        "--deadline",
        "2s",
        "--timeout",
        "300ms",
        "--resolver",
        &resolver.1,
        "--feature",
        "inference",
        "--feature",
        "proxy",
    ];
    for more in [&["--format", "json", "-o", "run.json"][..], &["-v"], &["--label", "x"]] {
        run.quiet(&[&["check", flat], more, &limits].concat());
    }
    let report = std::fs::read(dir.path().join("run.json")).unwrap();
    assert!(report.len() > 100 && !holds(&report, MARK), "{}", String::from_utf8_lossy(&report));
    for more in [&["-v"][..], &["--format", "json"]] {
        run.quiet(&[&["check", "--replay", "run.json"], more].concat());
    }
    run.quiet(&["check", flat, "--with-credentials", "--dry-run", "-v"]);
    run.quiet(
        &[&["check", flat, "--with-credentials", "--run-helpers", "--format", "json"], &limits[..]].concat(),
    );
    run.quiet(&["check", flat, "--dry-run", "--proxy", &format!("http://u:{MARK}999x@p.example:3128")]);
}

/// Services put keys into the paths of addresses, too: a proxy script's, an MCP server's, a catalogue's.
#[test]
fn no_command_shows_a_token_in_the_path_of_an_address() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let _ = client.read(&mut [0; 4096]);
            let script = "function FindProxyForURL(url, host) { return 'DIRECT'; }";
            let _ = write!(client, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{script}", script.len());
        }
    });
    let token = format!("{MARK}501xQ1234567890");
    let configuration = json!({
        "inferenceProvider": "gateway",
        "inferenceGatewayBaseUrl": format!("http://127.0.0.1:9/{token}/v1"),
        "egressProxyPacUrl": format!("http://u:{MARK}502x@127.0.0.1:{port}/{token}/x.pac?{MARK}503x"),
        "bootstrapUrl": format!("https://b.mill.example/{token}/c"),
        "otlpEndpoint": format!("https://o.mill.example/{token}"),
        "modelCatalogUrl": format!("https://c.mill.example/{token}/models"),
        "managedMcpServers": [{"name": "web", "transport": "http", "url": format!("https://m.mill.example/{token}/mcp")}],
        "allowedPluginMarketplaces": [{"source": "url", "url": format!("https://p.mill.example/{token}/m.json")}],
    });
    std::fs::write(dir.path().join("f.json"), configuration.to_string()).unwrap();
    let run = Runner { dir: dir.path().to_owned() };
    let limits = ["--deadline", "5s", "--timeout", "300ms", "--no-controls", "--feature", "inference"];
    for more in [&["--format", "json", "-o", "run.json"][..], &["-v"], &["--share", "-v"]] {
        run.quiet(&[&["check", "f.json", "--resolver", "127.0.0.1:9"], more, &limits].concat());
    }
    let report = std::fs::read(dir.path().join("run.json")).unwrap();
    assert!(!holds(&report, MARK), "{}", String::from_utf8_lossy(&report));
    let shown =
        format!("egressProxyPacUrl http://127.0.0.1:{port}/[hidden] (a script, asked for every host)");
    assert!(holds(&report, &shown), "{}", String::from_utf8_lossy(&report));
    for (command, formats) in commands() {
        for format in &formats {
            match command.as_str() {
                "check" => {
                    run.quiet(&["check", "--replay", "run.json", "-v", "--format", format]);
                    run.quiet(&["check", "f.json", "--dry-run", "-v", "--format", format]);
                }
                "hosts" | "config" => {
                    run.quiet(&[&command, "f.json", "--format", format]);
                }
                "explain" => {
                    run.quiet(&["explain", "egressProxyPacUrl", "f.json", "--format", format]);
                    run.quiet(&["explain", "127.0.0.1", "f.json", "--format", format]);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn arguments_and_tokens_in_addresses_are_in_no_answer_and_in_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let run = Runner { dir: dir.path().to_owned() };
    let token = format!("{MARK}0123456789abcdefghij");
    let base = |more: Value| {
        let mut all =
            json!({ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gw.mill.example" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let server = |args: Value| json!({ "managedMcpServers": [{ "name": "m", "transport": "stdio", "command": "x", "args": args }] });
    let helper = |args: Value| json!({ "inferenceCredentialKind": "helper-script", "inferenceCredentialHelper": "/bin/false", "inferenceCredentialHelperArgs": args });
    let each = [
        helper(json!(["--password", MARK, MARK])),
        helper(json!([format!("--key={MARK}")])),
        helper(json!([format!("-k{MARK}")])),
        server(json!(["--password", MARK, MARK])),
        server(json!([format!("--key={MARK}")])),
        server(json!([format!("-k{MARK}")])),
        json!({ "inferenceGatewayBaseUrl": format!("https://gw.mill.example/{token}/v1") }),
        json!({ "inferenceGatewayBaseUrl": format!("https://gw.mill.example/v1#{token}") }),
        json!({ "otlpEndpoint": format!("https://o.mill.example/v1?x={MARK}") }),
    ];
    for configuration in each {
        std::fs::write(dir.path().join("c.json"), base(configuration.clone()).to_string()).unwrap();
        for args in [
            &["config"][..],
            &["config", "-v"],
            &["config", "--format", "json"],
            &["config", "--format", "reg"],
            &["config", "--format", "mobileconfig"],
            &["config", "--format", "plist"],
            &["config", "--format", "managed-json"],
            &["explain", "gw.mill.example"],
            &["explain", "o.mill.example"],
            &["explain", "inferenceCredentialHelperArgs"],
            &["explain", "managedMcpServers"],
            &["explain", "inferenceGatewayBaseUrl"],
        ] {
            run.quiet(&[args, &["c.json"]].concat());
        }
    }
}

/// Opening a share signs in to its server with the account of the device.
#[test]
fn a_credential_on_another_machine_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let bedrock = json!({"inferenceProvider": "bedrock", "inferenceBedrockRegion": "us-east-1",
        "inferenceBedrockAwsDir": r"\\files.mill.example\share", "inferenceBedrockProfile": "p", "inferenceModels": ["m"]});
    let vertex = json!({"inferenceProvider": "vertex", "inferenceVertexRegion": "us-east5", "inferenceVertexProjectId": "p",
        "inferenceVertexCredentialsFile": "//files.mill.example/share/x.json", "inferenceModels": ["m"]});
    for configuration in [bedrock, vertex] {
        std::fs::write(dir.path().join("f.json"), configuration.to_string()).unwrap();
        let mut command = crate::common::clearway();
        let output = command
            .current_dir(&dir)
            .args(["check", "f.json", "--with-credentials", "--dry-run"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("files.mill.example") && said.contains("on another machine"), "{said}");
    }
}

#[test]
fn files_to_deploy_hold_secrets_only_when_they_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let paths = files(dir.path(), 9);
    let run = Runner { dir: dir.path().to_owned() };
    for path in &paths {
        if path.ends_with("broken.reg") {
            continue;
        }
        let path = path.to_str().unwrap();
        for format in ["mobileconfig", "plist", "reg", "managed-json"] {
            let out = dir.path().join("out");
            let args = ["config", path, "--format", format, "-o", "out"];
            assert_eq!(run.quiet(&args), Some(0), "{args:?}");
            let bytes = std::fs::read(&out).unwrap();
            assert!(!holds(&bytes, MARK), "{args:?}: {}", String::from_utf8_lossy(&bytes));
            assert!(holds(&bytes, "[secret not included]"), "{args:?}");
            run.quiet(&["config", "out", "-v"]);

            let args = ["config", path, "--format", format, "--include-secrets", "-o", "out"];
            assert_eq!(run.quiet(&args), Some(0), "{args:?}");
            let bytes = std::fs::read(&out).unwrap();
            assert!(holds(&bytes, MARK), "{args:?}: the secrets were asked for");
            assert!(
                !String::from_utf8_lossy(&bytes).replace('\0', "").contains(&format!("u:{MARK}")),
                "{args:?}"
            );
        }
    }
}

fn remarks(input: &Input) -> Vec<String> {
    match input {
        Input::Configuration(config) => config.lint.iter().map(|l| format!("{l:?}")).collect(),
        Input::HostsDocument { .. } => Vec::new(),
    }
}

#[test]
fn no_error_of_a_damaged_file_shows_one() {
    let dir = tempfile::tempdir().unwrap();
    let pack = Pack::embedded().unwrap();
    let said = |path: &Path| match config::read(path.to_str().unwrap(), &pack.keys) {
        // What a panic message would show of a configuration is its `Debug`.
        Ok(inputs) => inputs
            .iter()
            .map(|i| match i {
                Input::Configuration(config) => {
                    // Arguments and addresses are values that are kept; what is shown has left them.
                    let mut shown = config.clone();
                    shown.conceal();
                    format!("{shown:?}")
                }
                Input::HostsDocument { json, .. } => json.to_string(),
            })
            .collect::<String>(),
        Err(error) => format!("{error} {error:?}"),
    };
    // The query of an address is part of the value that is kept; renderings hide it.
    let masked = |text: &str| {
        let shown = text.match_indices(MARK).filter(|(at, _)| {
            let word = text[..*at].rsplit(['"', ' ', '(']).next().unwrap_or_default();
            !(word.contains("://") && word.contains('?'))
        });
        shown.map(|(at, _)| text[at.saturating_sub(40)..at + 12].to_owned()).collect::<Vec<_>>().join(" | ")
    };
    let cut = dir.path().join("cut");
    for path in files(dir.path(), 9) {
        assert!(!masked(&said(&path)).contains(MARK), "{}: {}", path.display(), masked(&said(&path)));
        if path.is_dir() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let step = (bytes.len() / 150).max(1);
        for at in (8..bytes.len()).step_by(step) {
            std::fs::write(&cut, &bytes[..at]).unwrap();
            assert!(!masked(&said(&cut)).contains(MARK), "{} cut at {at}: {}", path.display(), said(&cut));
            let mut bad = bytes.clone();
            bad[at] = b"<\"{\0"[at % 4];
            std::fs::write(&cut, &bad).unwrap();
            // A changed name is another name, whose value is no secret any more; what is said of the file
            // must hold none all the same.
            let said = match config::read(cut.to_str().unwrap(), &pack.keys) {
                Ok(inputs) => {
                    // A changed reference of a binary list makes a value the name of an unknown key.
                    let binary = path.ends_with("binary.plist");
                    let is_name = |l: &String| binary && l.contains("unknown-key");
                    let all = inputs.iter().flat_map(remarks).filter(|l| !is_name(l));
                    format!("{:?}", all.collect::<Vec<_>>())
                }
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!said.contains(MARK), "{} changed at {at}: {said}", path.display());
        }
    }
    // A few of them through the program itself.
    let run = Runner { dir: dir.path().to_owned() };
    let flat = std::fs::read(dir.path().join("flat.json")).unwrap();
    for at in [20, flat.len() / 3, flat.len() / 2, flat.len() - 2] {
        std::fs::write(&cut, &flat[..at]).unwrap();
        for command in ["hosts", "config", "check"] {
            assert_eq!(run.quiet(&[command, "cut"]), Some(2));
        }
    }
}

/// A password before an `@` is hidden in an address that nothing can read as one, too.
#[test]
fn a_password_in_a_misspelt_address_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name);
    let run = |args: &[&str]| {
        let output = crate::common::clearway().current_dir(dir.path()).args(args).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    std::fs::write(place("other.json"), r#"{"inferenceProvider":"gateway"}"#).unwrap();
    for spelled in [
        "http//zoe9:S3cretPw@proxy.mill.example:8080",
        "PROXY zoe9:S3cretPw@proxy.mill.example:8080",
        "https://PROXY zoe9:S3cretPw@proxy.mill.example:8080",
        "http://zoe9:S3cretPw/x@proxy.mill.example:8080",
        "http//zoe9:S3cretPw\u{ff20}proxy.mill.example:8080",
        "http://zoe9:S3cretPw\u{ff20}proxy.mill.example:8080",
    ] {
        let settings = json!({
            "inferenceProvider": "gateway",
            "inferenceGatewayBaseUrl": spelled,
            "egressProxyUrl": spelled,
            "egressProxyPacUrl": spelled,
            "otlpEndpoint": spelled,
            "managedMcpServers": [{ "name": "web", "transport": "http", "url": spelled }],
        });
        std::fs::write(place("c.json"), settings.to_string()).unwrap();
        let mut calls: Vec<Vec<&str>> =
            ["text", "json", "sarif", "junit", "plist", "mobileconfig", "reg", "managed-json"]
                .iter()
                .map(|format| vec!["config", "c.json", "--format", format])
                .collect();
        calls.push(vec!["config", "c.json", "--show-values"]);
        calls.push(vec!["config", "c.json", "--format", "plist", "--include-secrets"]);
        for key in [
            "inferenceGatewayBaseUrl",
            "egressProxyUrl",
            "egressProxyPacUrl",
            "otlpEndpoint",
            "managedMcpServers",
        ] {
            calls.push(vec!["explain", "c.json", key]);
        }
        calls.push(vec!["diff", "other.json", "c.json"]);
        calls.push(vec!["diff", "c.json", "other.json", "--format", "json"]);
        calls.push(vec!["hosts", "c.json"]);
        calls.push(vec!["check", "c.json", "--dry-run"]);
        for args in calls {
            let said = run(&args);
            assert!(said.len() > 20, "{args:?}: {said}");
            assert!(!said.contains("S3cretPw") && !said.contains("zoe9"), "{spelled}, {args:?}: {said}");
        }
        assert!(run(&["config", "c.json"]).contains("url-credentials"));
    }
}

#[test]
fn what_may_be_a_secret_where_none_belongs_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("c.json");
    let with = |key: &str, value: Value| {
        let mut settings =
            json!({ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://g.mill.example" });
        for (word, provider) in [("Vertex", "vertex"), ("Bedrock", "bedrock")] {
            if key.contains(word) {
                settings = json!({ "inferenceProvider": provider, "inferenceVertexProjectId": "p", "inferenceVertexRegion": "us-east5", "inferenceBedrockRegion": "us-east-1" });
            }
        }
        settings[key] = value;
        settings
    };
    let nested =
        json!([[{ "name": "n", "env": { "TOKEN": "zoe9Pw" }, "oauth": { "clientSecret": "zoe9Pw" } }]]);
    let cases = [
        with("inferenceCredentialHelper", json!("npx helper --key zoe9Pw")),
        with("inferenceCredentialHelper", json!("/opt/h wJalr/zoe9Pw/bPx")),
        with("otlpHeadersHelper", json!("./get-key.sh zoe9Pw")),
        with("managedMcpServers", json!(nested.to_string())),
        with("coworkEgressAllowedHosts", json!(r#"["a.example",{"host":"b.example","password":"zoe9Pw"}]"#)),
        with("coworkEgressAllowedHosts", json!(["h.mill.example?key=zoe9Pw"])),
        with("sshHostAllowlist", json!(["ssh://h.mill.example/x?key=zoe9Pw"])),
        with("modelCatalogUrl", json!("h.mill.example/x?key=zoe9Pw")),
        with("inferenceCustomHeaders", json!({ "Authorization: Bearer zoe9Pw": "" })),
        with(
            "managedMcpServers",
            json!([{ "name": "n", "transport": "stdio", "command": "/opt/m", "env": { "KEY=zoe9Pw": "" } }]),
        ),
        with(
            "managedMcpServers",
            json!([{ "name": "https://m.mill.example/mcp?k=zoe9Pw", "url": "https://m.mill.example/mcp" }]),
        ),
        with("inferenceCustomHeaders", json!({ "X-Api-Key=zoe9Pw": "x" })),
        with("inferenceCustomHeaders", json!({ "X-Api-Key zoe9Pw": true })),
        with("inferenceCustomHeaders", json!({ "X-Api-Key;zoe9Pw": "x", "Bearer zoe9Pw": "1" })),
        with("inferenceGatewayApiKey=zoe9Pw", json!("x")),
        with("inferenceGatewayApyKey: zoe9Pw", json!("x")),
        with(
            "inferenceVertexCredentialsFile",
            json!(r#"{"type":"authorized_user","refresh_token":"zoe9Pw"}"#),
        ),
        with(
            "inferenceVertexCredentialsFile",
            json!("-----BEGIN PRIVATE KEY-----\nzoe9Pw\n-----END PRIVATE KEY-----"),
        ),
        with("inferenceVertexCredentialsFile", json!("https://h.mill.example/x?k=zoe9Pw")),
        with("inferenceBedrockProfile", json!("default aws_secret_access_key=zoe9Pw")),
        with("organizationInstructions", json!("Call the wiki with api_key=zoe9Pw")),
        with("organizationInstructions", json!("see https://ann:zoe9Pw horse@h.mill.example")),
        with("organizationInstructions", json!("see https://ann:zoe9Pw/horse@h.mill.example")),
        with("sshClientPath", json!("/usr/bin/ssh zoe9Pw")),
        with("inferenceCredentialHelper", json!("AbC8Q~kfj28fzoe9PwkQ")),
        with("otlpHeadersHelper", json!("f14e45fceea167a5a36dedzoe9Pw43")),
        with("inferenceFoundryResource", json!(r#"{"apiKey":"zoe9Pw"}"#)),
        with("inferenceGatewayBaseUrl", json!("https://g.mill.example/token/zoe9Pw/v1")),
    ];
    for settings in cases {
        std::fs::write(&file, settings.to_string()).unwrap();
        let formats = ["text", "json", "sarif", "junit", "plist", "mobileconfig", "reg", "managed-json"];
        let config = formats.map(|format| vec!["config", "c.json", "--format", format]);
        let others = [
            vec!["hosts", "c.json"],
            vec!["hosts", "c.json", "--format", "json", "--allow-incomplete"],
            vec!["check", "c.json", "--dry-run", "--with-credentials", "--run-helpers"],
            vec!["explain", "c.json", "g.mill.example"],
            vec!["diff", "c.json", "c.json"],
            vec![
                "explain",
                "401 from https://u:zoe9Pw@h.mill.example/?k=zoe9Pw Authorization: Bearer zoe9Pw",
                "--format",
                "json",
            ],
        ];
        for args in config.into_iter().chain(others) {
            let output = crate::common::clearway().current_dir(dir.path()).args(&args).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            assert!(!said.is_empty());
            assert!(!holds(&said, "zoe9Pw"), "{settings}, {args:?}: {}", String::from_utf8_lossy(&said));
        }
    }
}
