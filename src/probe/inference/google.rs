//! Google credentials files: what is asked of the token endpoint that the file names.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::config::Secret;
use crate::contract::endpoint::host_of;

use super::credential::{home, read, shown_place};

/// The request for a token.
pub(super) struct TokenRequest {
    /// Host of the token endpoint, as it is dialled.
    pub(super) host: String,
    /// Its port.
    pub(super) port: u16,
    /// Its path.
    pub(super) path: String,
    /// The form.
    pub(super) body: Secret,
    /// What of the file must never be shown.
    pub(super) secrets: Vec<Secret>,
}

/// Reads the file and makes the request up. `token_url` and `scope` are the product's own, for
/// what the file leaves open.
pub(super) fn request(path: Option<&Path>, (token_url, scope): (&str, &str)) -> Result<TokenRequest, String> {
    let path = match path {
        Some(path) => path.to_owned(),
        None => default_file().ok_or(
            "no credentials file is configured (inferenceVertexCredentialsFile), and the application default credentials are not where they usually are",
        )?,
    };
    let text = read(&path)?;
    let shown = shown_place(&path);
    let json: Value = serde_json::from_str(text.expose()).map_err(|_| format!("{shown} is no JSON"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    form(&json, (token_url, scope), now).map_err(|e| format!("{shown}: {e}"))
}

fn default_file() -> Option<PathBuf> {
    if let Some(file) = std::env::var_os("GOOGLE_APPLICATION_CREDENTIALS").filter(|f| !f.is_empty()) {
        return Some(file.into());
    }
    let folder = match std::env::var_os("APPDATA").filter(|_| cfg!(windows)) {
        Some(roaming) => PathBuf::from(roaming).join("gcloud"),
        None => home()?.join(".config").join("gcloud"),
    };
    Some(folder.join("application_default_credentials.json")).filter(|f| f.exists())
}

fn form(json: &Value, (token_url, scope): (&str, &str), now: u64) -> Result<TokenRequest, String> {
    let text = |name: &str| json.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    let need = |name: &str| text(name).ok_or_else(|| format!("it has no `{name}`"));
    let (url, body, secrets) = match text("type") {
        Some("service_account") => {
            let url = text("token_uri").unwrap_or(token_url);
            let key = need("private_key")?;
            let assertion = assertion(need("client_email")?, text("private_key_id"), key, url, scope, now)?;
            let body = Serializer::new(String::new())
                .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
                .append_pair("assertion", &assertion)
                .finish();
            (url, body, vec![Secret::new(assertion), Secret::new(key)])
        }
        Some("authorized_user") => {
            let (secret, refresh) = (need("client_secret")?, need("refresh_token")?);
            let body = Serializer::new(String::new())
                .append_pair("grant_type", "refresh_token")
                .append_pair("client_id", need("client_id")?)
                .append_pair("client_secret", secret)
                .append_pair("refresh_token", refresh)
                .finish();
            (token_url, body, vec![Secret::new(secret), Secret::new(refresh)])
        }
        Some(_) => {
            return Err("its type is neither service_account nor authorized_user; a federated or impersonating credential is not exchanged here".to_owned());
        }
        None => return Err("it has no `type`".to_owned()),
    };
    let endpoint = Url::parse(url).ok().filter(|u| u.scheme() == "https" && u.username().is_empty());
    let endpoint = endpoint.ok_or("its token_uri is no https address")?;
    Ok(TokenRequest {
        host: host_of(&endpoint).unwrap_or_default(),
        port: endpoint.port_or_known_default().unwrap_or(443),
        path: endpoint.path().to_owned(),
        body: Secret::new(body),
        secrets,
    })
}

/// A signed claim (RFC 7523): valid for ten minutes.
fn assertion(
    email: &str,
    key_id: Option<&str>,
    key: &str,
    audience: &str,
    scope: &str,
    now: u64,
) -> Result<String, String> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes())
        .map_err(|_| "its private_key is no PKCS #8 key in PEM".to_owned())?;
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
        .map_err(|_| "its private_key is no RSA key".to_owned())?;
    let mut header = json!({ "alg": "RS256", "typ": "JWT" });
    if let Some(id) = key_id {
        header["kid"] = json!(id);
    }
    let claims = json!({ "iss": email, "scope": scope, "aud": audience, "iat": now, "exp": now + 600 });
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| "its private_key does not sign".to_owned())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&signature)))
}

/// The request that a file of this text leads to, whatever the product's own endpoint is.
pub(super) fn understand(text: &str) -> Result<TokenRequest, String> {
    let json: Value = serde_json::from_str(text).map_err(|_| "it is no JSON".to_owned())?;
    form(&json, ("https://token.invalid/", "scope"), 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const DEFAULTS: (&str, &str) = ("https://token.cloud.example/token", "scope-a");

    fn key() -> (RsaKeyPair, String) {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        (pair, pem)
    }

    #[test]
    fn a_service_account_signs_its_claim() {
        let (pair, pem) = key();
        let file = json!({ "type": "service_account", "client_email": "a@b.example", "private_key": pem,
            "private_key_id": "k1", "token_uri": "https://127.0.0.1:8443/token" });
        let request = form(&file, DEFAULTS, 1_795_348_800).unwrap();
        assert_eq!(
            (request.host.as_str(), request.port, request.path.as_str()),
            ("127.0.0.1", 8443, "/token")
        );
        let assertion = request.body.expose().rsplit_once("assertion=").unwrap().1.to_owned();
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
            .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
            .unwrap();
        let claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap())
                .unwrap();
        assert_eq!(claims["aud"], "https://127.0.0.1:8443/token");
        assert_eq!(claims["exp"], 1_795_348_800 + 600);
    }

    #[test]
    fn a_refresh_token_goes_to_the_products_own_endpoint() {
        let file = json!({ "type": "authorized_user", "client_id": "c", "client_secret": "s&1",
            "refresh_token": "r", "token_uri": "https://evil.example/token" });
        let request = form(&file, DEFAULTS, 0).unwrap();
        assert_eq!(request.host, "token.cloud.example");
        assert!(request.body.expose().contains("client_secret=s%261&refresh_token=r"));
    }

    #[test]
    fn what_cannot_be_used_is_said_without_its_secrets() {
        let (_, pem) = key();
        for (file, says) in [
            (json!({}), "no `type`"),
            (json!({ "type": "external_account" }), "neither"),
            (json!({ "type": "service_account", "client_email": "a" }), "no `private_key`"),
            (json!({ "type": "service_account", "client_email": "a", "private_key": "pLaNt3d" }), "PKCS #8"),
            (
                json!({ "type": "service_account", "client_email": "a", "private_key": pem, "token_uri": "http://a.example/t" }),
                "no https address",
            ),
        ] {
            let error = form(&file, DEFAULTS, 0).err().unwrap();
            assert!(error.contains(says) && !error.contains("pLaNt3d"), "{error}");
        }
    }
}
