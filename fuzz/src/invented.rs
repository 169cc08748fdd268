//! Configurations invented from the fuzzer's bytes: known keys with values of every shape, secrets
//! where the catalogue says that secrets stand.

use libfuzzer_sys::arbitrary::{self, Unstructured};
use serde_json::{Map, Value, json};

use clearway::rules::keys::{Key, KeyKind};

use crate::{MARK, rules};

/// Texts that mean something to some key.
const WORDS: &[&str] = &[
    "gw.example",
    "https://gw.example",
    "https://gw.example:8443/anthropic/",
    "http://127.0.0.1:4000",
    "https://[2001:db8::1]:8443/v1",
    "*.apps.example",
    "*",
    "proxy.corp.example:3128",
    "http://u:p@proxy.example:8080",
    "us-east-1",
    "eu-west-3",
    "global",
    "europe-west4",
    "my-resource",
    "tenant-1",
    "123456789012",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/x",
    "https://login.example/tenant/v2.0",
    "user@host.example",
    "ssh://git.example:2222/x",
    "localhost",
    "169.254.169.254",
    "grpc://otel.example:4317",
    "npx -y @scope/server",
    "example.com/a/b.git",
    "ftp://files.example",
    "",
    " ",
    "xn--bcher-kva.example",
    "bücher.example",
];

/// A configuration as JSON text, and how many secrets stand in it.
pub fn document(u: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    let keys = &rules().pack.keys.keys;
    let mut map = Map::new();
    for _ in 0..u.int_in_range(1..=12)? {
        let key = &keys[u.choose_index(keys.len())?];
        let value = value(u, key)?;
        map.insert(key.name.to_string(), value);
    }
    Ok(Value::Object(map).to_string())
}

fn value(u: &mut Unstructured<'_>, key: &Key) -> arbitrary::Result<Value> {
    if u.ratio(1, 16)? {
        return any(u, 3);
    }
    if key.secret {
        return Ok(json!(format!("{MARK}{:08x}", u.arbitrary::<u32>()?)));
    }
    let value = match key.kind {
        KeyKind::Boolean => json!(u.arbitrary::<bool>()?),
        KeyKind::Integer => json!(u.int_in_range(-5..=70_000)?),
        KeyKind::Number => json!(u.int_in_range(0..=100)?),
        KeyKind::String if !key.values.is_empty() => json!(u.choose(&key.values)?),
        KeyKind::String => json!(text(u)?),
        KeyKind::StringList => {
            let mut items = Vec::new();
            for _ in 0..u.int_in_range(0..=4)? {
                items.push(json!(text(u)?));
            }
            json!(items)
        }
        KeyKind::ObjectList => {
            let mut items = Vec::new();
            for _ in 0..u.int_in_range(0..=3)? {
                items.push(object(u)?);
            }
            json!(items)
        }
        KeyKind::Object => object(u)?,
    };
    // Half the structures as JSON text, as property lists and the registry have them.
    Ok(if !value.is_string() && u.ratio(1, 4)? { json!(value.to_string()) } else { value })
}

/// Members that objects of the catalogue are known to have; credentials bear the mark.
fn object(u: &mut Unstructured<'_>) -> arbitrary::Result<Value> {
    let mut map = Map::new();
    for _ in 0..u.int_in_range(0..=6)? {
        let name = *u.choose(&[
            "name",
            "url",
            "transport",
            "headers",
            "env",
            "oauth",
            "issuer",
            "clientId",
            "clientSecret",
            "command",
            "args",
            "host",
            "port",
            "user",
            "type",
            "source",
            "repo",
            "path",
            "enabled",
            "tokenUrl",
            "authorizationUrl",
        ])?;
        let value = match name {
            "headers" | "env" => {
                json!({ "authorization": format!("Bearer {MARK}{:08x}", u.arbitrary::<u32>()?) })
            }
            "oauth" => {
                json!({ "clientSecret": format!("{MARK}{:08x}", u.arbitrary::<u32>()?), "issuer": text(u)? })
            }
            "clientSecret" => json!(format!("{MARK}{:08x}", u.arbitrary::<u32>()?)),
            "transport" | "type" | "source" => {
                json!(u.choose(&["stdio", "http", "sse", "github", "git", "npm", "url"])?)
            }
            "port" => json!(u.int_in_range(0..=70_000)?),
            "args" => json!([text(u)?, text(u)?]),
            _ => json!(text(u)?),
        };
        map.insert(name.to_owned(), value);
    }
    Ok(Value::Object(map))
}

fn text(u: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    Ok(match u.int_in_range(0..=7)? {
        0 => u.arbitrary::<&str>()?.chars().take(80).collect(),
        1 => format!("https://{}/{}", u.choose(WORDS)?, u.choose(WORDS)?),
        2 => format!("{}{}", u.choose(WORDS)?, u.choose(WORDS)?),
        _ => (*u.choose(WORDS)?).to_owned(),
    })
}

fn any(u: &mut Unstructured<'_>, depth: u8) -> arbitrary::Result<Value> {
    Ok(match u.int_in_range(0..=if depth == 0 { 4 } else { 6 })? {
        0 => Value::Null,
        1 => json!(u.arbitrary::<bool>()?),
        2 => json!(u.arbitrary::<i64>()?),
        3 => json!(u.arbitrary::<f32>().map(|f| if f.is_finite() { f } else { 0.5 })?),
        4 => json!(text(u)?),
        5 => json!([any(u, depth - 1)?]),
        _ => json!({ text(u)?: any(u, depth - 1)? }),
    })
}
