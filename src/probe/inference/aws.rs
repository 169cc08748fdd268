//! AWS Signature Version 4, by the AWS SDK's own signer.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;

use crate::config::Secret;

use super::credential::Material;
use super::exchange::Outgoing;

/// The headers that sign a request to `authority` for `service` in `region`; nothing where the
/// material is no pair of keys.
pub(super) fn headers(
    material: &Material,
    (service, region): (&str, &str),
    authority: &str,
    request: &Outgoing,
) -> Result<Vec<(String, Secret)>, String> {
    let Material::Aws { id, secret, session } = material else { return Ok(Vec::new()) };
    let session = session.as_ref().map(|s| s.expose().to_owned());
    let identity = Credentials::new(id.expose(), secret.expose(), session, None, "clearway").into();
    let wrong = |e: &dyn std::fmt::Display| format!("the request cannot be signed: {e}");
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|e| wrong(&e))?
        .into();
    let url = format!("https://{authority}{}", request.path);
    let fields = request.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    let signable = SignableRequest::new(
        &request.method,
        url.as_str(),
        fields,
        SignableBody::Bytes(request.body.expose().as_bytes()),
    )
    .map_err(|e| wrong(&e))?;
    let (instructions, _) = sign(signable, &parameters).map_err(|e| wrong(&e))?.into_parts();
    Ok(instructions.headers().map(|(n, v)| (n.to_owned(), Secret::new(v))).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_request_is_signed_for_its_service_and_region() {
        let material = Material::Aws {
            id: Secret::new("AKEXAMPLE"),
            secret: Secret::new("s3cr3t"),
            session: Some(Secret::new("token")),
        };
        let request = Outgoing {
            method: "POST".into(),
            path: "/model/a.b-v1%3A0/invoke".into(),
            headers: vec![("content-type".into(), "application/json".into())],
            secrets: Vec::new(),
            body: Secret::new("{}"),
        };
        let signed =
            headers(&material, ("bedrock", "eu-central-1"), "runtime.cloud.example", &request).unwrap();
        let of =
            |name: &str| signed.iter().find(|(n, _)| n == name).map(|(_, v)| v.expose().to_owned()).unwrap();
        let authorization = of("authorization");
        assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKEXAMPLE/"), "{authorization}");
        assert!(authorization.contains("/eu-central-1/bedrock/aws4_request"), "{authorization}");
        assert!(authorization.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"));
        assert_eq!(of("x-amz-security-token"), "token");
        let token = Material::Token(Secret::new("t"));
        assert!(headers(&token, ("bedrock", "x"), "a.example", &request).unwrap().is_empty());
    }
}
