//! The answers that services, gateways, content networks and filters really give: each of
//! `tests/recordings/answers/answers.json` with the situation that it stands for, and what must be made of it.

use clearway::diagnose::HostJudgement;
use clearway::observation::*;
use clearway::plan::Target;
use clearway::probe::readers;
use clearway::rules::headers::Headers;
use clearway::rules::services::Services;
use serde::Deserialize;
use std::collections::BTreeMap;

use super::calls::call;
use super::scene::*;

/// One answer.
#[derive(Deserialize)]
struct Row {
    name: String,
    service: String,
    host: String,
    /// The provider whose call with a credential was answered so; none of the anonymous request.
    #[serde(default)]
    provider: Option<String>,
    /// It came through an inspector that the device trusts.
    #[serde(default)]
    inspected: bool,
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
    code: String,
    owner: String,
    /// The filter that must be named.
    #[serde(default)]
    product: Option<String>,
}

impl Row {
    /// A public host by its name, or a customer's own by its service.
    fn target(&self, services: &Services) -> Target {
        let known = services.for_host(&self.host).map(|m| m.service.id.clone());
        let mut target = if known.is_some() { world(1, &self.host) } else { customer(1, &self.host) };
        let service = known.unwrap_or_else(|| self.service.clone().into());
        assert_eq!(service, self.service, "{}", self.name);
        target.service = Some(service.into());
        target
    }

    /// As the probe records it: through the list of headers whose values are kept.
    fn http(&self) -> Http {
        let bytes = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_bytes()));
        let (headers, header_names) = readers::headers(&Headers::embedded().unwrap(), bytes);
        let body = readers::block(self.body.as_bytes(), 8 * 1024);
        Http { headers, header_names, body, ..answer(self.status, &[], "") }
    }

    fn judge(&self, services: &Services) -> HostJudgement {
        let target = self.target(services);
        let mut attempt = healthy(&target);
        if self.inspected {
            let leaf = leaf_by(&target.probed, INSPECTOR);
            attempt = chain(&target, leaf, false, Trust::Accepted, Trust::UnknownIssuer);
        }
        attempt.http = vec![self.http()];
        let mut calls = Vec::new();
        if let Some(provider) = &self.provider {
            let list = answer(200, &[("content-type", "application/json")], "{\"data\":[]}");
            attempt.http = vec![list];
            let phrases: Vec<String> = services.calls().phrases().map(str::to_owned).collect();
            let Http { headers, body, .. } = self.http();
            let error = readers::call_error(&headers, &body, &phrases);
            calls.push(Call { error, headers, ..call(provider, CallKind::Stream, self.status, &[]) });
        }
        let observations = Observations { calls, ..observed(vec![attempt]) };
        judged(std::slice::from_ref(&target), &observations).hosts.remove(0)
    }
}

/// The finding of a call stands beside what the anonymous request of another form gave.
fn told(row: &Row, host: &HostJudgement) -> (String, String, String) {
    let wanted = host.also.iter().find(|f| row.provider.is_some() && f.code.as_str() == row.code);
    let finding = wanted.unwrap_or(&host.finding);
    let filter = finding.evidence.facts.get("filter").and_then(|f| f.as_str()).unwrap_or_default();
    (finding.code.as_str().to_owned(), finding.owner.as_str().to_owned(), filter.to_owned())
}

#[test]
fn every_answer_is_judged_for_what_it_is() {
    let services = services();
    let rows: Vec<Row> = serde_json::from_str(include_str!("../../recordings/answers/answers.json")).unwrap();
    let mut wrong = Vec::new();
    for row in &rows {
        let host = row.judge(&services);
        let (code, owner, filter) = told(row, &host);
        let known = row.product.as_deref().is_none_or(|p| filter.contains(p));
        if (code.as_str(), owner.as_str()) != (row.code.as_str(), row.owner.as_str()) || !known {
            wrong.push(format!("{}\t{code}\t{owner}\t{filter}\twanted {} {}", row.name, row.code, row.owner));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// A resource that offers a private endpoint under its own name may have a private address, whatever
/// the configuration calls it.
#[test]
fn a_private_address_is_normal_for_a_resource_with_a_private_endpoint() {
    let t = gateway(1, "contoso.openai.azure.com");
    let host = one(&t, resolves_to(&t, "10.20.0.4"));
    assert_ne!(host.finding.code.as_str(), "dns/sinkhole");
}

/// A header's value, or all of them where it came more than once.
fn text(value: &serde_json::Value) -> String {
    let one = |v: &serde_json::Value| v.as_str().map(str::to_owned).unwrap_or_else(|| v.to_string());
    match value {
        serde_json::Value::Array(values) => values.iter().map(one).collect::<Vec<_>>().join(", "),
        other => one(other),
    }
}

/// For a developer who has recorded answers of his own, in the same form without `owner`:
/// `CLEARWAY_ANSWERS=FILE`. Entries without a `code` have no one right answer.
#[test]
fn recorded_answers_of_a_developer_are_judged_for_what_they_are() {
    #[derive(Deserialize)]
    struct Recorded {
        id: String,
        host: String,
        service: String,
        request: String,
        tls: String,
        status: u16,
        headers: BTreeMap<String, serde_json::Value>,
        body: String,
        code: Option<String>,
    }
    let Some(file) = std::env::var_os("CLEARWAY_ANSWERS") else { return };
    let read: Vec<Recorded> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let services = services();
    let mut wrong = Vec::new();
    for one in read {
        let Some(wanted) = one.code else { continue };
        let service = one.service.as_str();
        let provider = services.calls().providers().iter().find(|p| p.service == service);
        let row = Row {
            provider: provider.filter(|_| one.request != "anonymous").map(|p| p.id.clone()).map(String::from),
            name: one.id,
            service: one.service,
            host: one.host,
            inspected: one.tls != "public",
            status: one.status,
            headers: one.headers.into_iter().map(|(name, value)| (name, text(&value))).collect(),
            body: one.body,
            code: wanted,
            owner: String::new(),
            product: None,
        };
        let (code, _, _) = told(&row, &row.judge(&services));
        if code != row.code {
            wrong.push(format!("{}\t{code}\twanted {}", row.name, row.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
