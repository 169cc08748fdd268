//! `check --otlp`: what became of it, in words.

use crate::telemetry::{Delivery, Signal, Taken, Telemetry};
use crate::text::english;

/// What every message of a failure ends with.
const UNCHANGED: &str = "the verdict of the run and the exit code do not change";

/// One line for each thing to say: what the collector at this address took of `what`, or what it did not.
pub fn lines(at: &str, what: &Telemetry, delivery: &Delivery, without_headers: bool) -> Vec<String> {
    if !is_whole(delivery) {
        return failures(at, delivery, without_headers);
    }
    let samples = english::count(what.sample_count(), "sample", "samples");
    let records = english::count(what.records.len(), "log record", "log records");
    vec![format!("the collector {at} took {samples} and {records}")]
}

/// Whether everything arrived.
pub fn is_whole(delivery: &Delivery) -> bool {
    delivery.metrics == Taken::Yes && delivery.logs == Taken::Yes
}

/// What to say where nothing could be sent at all.
pub fn not_sent(at: &str, why: &str) -> String {
    format!("nothing was sent to the collector {at}: {why}; {UNCHANGED}")
}

/// What did not arrive, a line for each kind of data; both failing in the same way is said once.
fn failures(at: &str, delivery: &Delivery, without_headers: bool) -> Vec<String> {
    if let Taken::Unreached(why) = &delivery.metrics {
        return vec![format!(
            "the collector {at} was not reached, so nothing was sent: {why}. It is asked directly, without a proxy; \
             {UNCHANGED}"
        )];
    }
    let line = |noun: &str, taken: &Taken| {
        let said = |words: &str| match words {
            "" => String::new(),
            words => format!(", and says: {words}"),
        };
        Some(match taken {
            Taken::Yes => return None,
            Taken::Partly { rejected: 0, words } => {
                format!("the collector {at} took all {noun} and remarks: {words}")
            }
            Taken::Partly { rejected, words } => {
                format!("the collector {at} left out {rejected} of the {noun}{}; {UNCHANGED}", said(words))
            }
            Taken::Refused { status, words } => format!(
                "the collector {at} refused the {noun} with HTTP {status}{}. {}; {UNCHANGED}",
                said(words),
                advice(*status, without_headers)
            ),
            Taken::Unclear(what) => {
                format!("whether the collector {at} took the {noun} is not known: {what}; {UNCHANGED}")
            }
            Taken::Unreached(why) | Taken::NotSent(why) => {
                format!("the {noun} were not sent to the collector {at}: {why}; {UNCHANGED}")
            }
        })
    };
    if delivery.metrics == delivery.logs {
        return line("metrics and logs", &delivery.metrics).into_iter().collect();
    }
    let each = [(Signal::Metrics, &delivery.metrics), (Signal::Logs, &delivery.logs)];
    each.into_iter().filter_map(|(signal, taken)| line(signal.noun(), taken)).collect()
}

/// What to look at.
const fn advice(status: u16, without_headers: bool) -> &'static str {
    match status {
        401 | 403 if without_headers => {
            "Give its credential in OTEL_EXPORTER_OTLP_HEADERS, such as authorization=Bearer%20TOKEN"
        }
        401 | 403 => "Look at the credential in OTEL_EXPORTER_OTLP_HEADERS",
        404 | 405 => "Look at the URL: /v1/metrics and /v1/logs are added to it",
        415 => "It must take OTLP as protobuf over HTTP; for gRPC, name its HTTP port (4318 as a rule)",
        300..=399 => "Redirects are not followed: name the address that it leads to",
        413 => "Choose hosts with --feature or --need",
        429 | 502 | 503 | 504 => "It is busy or not ready; two requests were made",
        _ => "Its own log says why",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, words: &str) -> Taken {
        Taken::Refused { status, words: words.to_owned() }
    }

    #[test]
    fn the_same_refusal_is_said_once() {
        let both = Delivery { metrics: refused(401, "no"), logs: refused(401, "no") };
        let said = failures("https://c.example", &both, true);
        assert_eq!(said.len(), 1);
        assert!(
            said[0].contains("metrics and logs with HTTP 401, and says: no. Give its credential"),
            "{said:?}"
        );
        let logs = Delivery { metrics: Taken::Yes, logs: refused(404, "") };
        let said = failures("https://c.example", &logs, true);
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("refused the logs with HTTP 404. Look at the URL"), "{said:?}");
    }

    #[test]
    fn every_failure_says_that_the_verdict_stays() {
        for taken in [
            refused(500, ""),
            Taken::Partly { rejected: 3, words: String::new() },
            Taken::Unclear("x".to_owned()),
            Taken::Unreached("x".to_owned()),
            Taken::NotSent("x".to_owned()),
        ] {
            let said = failures("c", &Delivery { metrics: taken.clone(), logs: taken.clone() }, false);
            assert!(!said.is_empty() && said.iter().all(|s| s.contains(UNCHANGED)), "{taken:?}: {said:?}");
        }
    }
}
