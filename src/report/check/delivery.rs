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

/// What is the same as long as a collector fails in the same way, whatever words of its own it adds.
pub fn outline(delivery: &Delivery) -> String {
    let of = |taken: &Taken| match taken {
        Taken::Refused { status, .. } => format!("refused {status}"),
        Taken::Partly { rejected: 0, .. } => "remark".to_owned(),
        Taken::Partly { .. } => "part".to_owned(),
        Taken::Unclear(what) => format!("unclear {what}"),
        Taken::Yes => "yes".to_owned(),
        Taken::Unreached(_) => "not reached".to_owned(),
        Taken::Insecure(_) => "no TLS".to_owned(),
        Taken::NotSent(_) => "not sent".to_owned(),
    };
    format!("{}, {}", of(&delivery.metrics), of(&delivery.logs))
}

/// What to say where a watch's collector takes the data again.
pub fn again(at: &str) -> String {
    format!("the collector {at} takes metrics and logs again")
}

/// What to say where nothing could be sent at all.
pub fn not_sent(at: &str, why: &str) -> String {
    format!("nothing was sent to the collector {at}: {why}; {UNCHANGED}")
}

/// What did not arrive, a line for each kind of data; both failing in the same way is said once.
fn failures(at: &str, delivery: &Delivery, without_headers: bool) -> Vec<String> {
    let nothing = match &delivery.metrics {
        Taken::Unreached(why) => Some((format!("the collector {at} was not reached"), why)),
        Taken::Insecure(why) => Some((format!("the connection to the collector {at} failed"), why)),
        _ => None,
    };
    if let Some((what, why)) = nothing {
        return vec![format!(
            "{what}, so nothing was sent: {why}. It is asked directly, without a proxy; {UNCHANGED}"
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
            Taken::Unreached(why) | Taken::Insecure(why) | Taken::NotSent(why) => {
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
        429 | 502 | 503 | 504 => "It is busy or not ready; try later",
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
    fn nothing_is_called_unreached_or_asked_twice_that_was_not() {
        let said = |metrics: Taken| {
            let logs = Taken::NotSent(String::new());
            failures("c", &Delivery { metrics, logs }, false).join("\n")
        };
        assert!(!said(Taken::Insecure("x".to_owned())).contains("not reached"));
        assert!(!said(Taken::Unclear("x".to_owned())).contains("nothing was sent"));
        // A long Retry-After ends it after one request.
        assert!(said(refused(503, "")).contains("not ready; try later"));
    }

    #[test]
    fn a_failure_stays_the_same_whatever_words_come_with_it() {
        let of = |metrics: Taken| outline(&Delivery { metrics, logs: Taken::Yes });
        assert_eq!(of(refused(503, "12:00")), of(refused(503, "12:01")));
        assert_ne!(of(refused(503, "")), of(refused(500, "")));
        assert_ne!(of(refused(503, "")), of(Taken::Yes));
    }

    #[test]
    fn every_failure_says_that_the_verdict_stays() {
        for taken in [
            refused(500, ""),
            Taken::Partly { rejected: 3, words: String::new() },
            Taken::Unclear("x".to_owned()),
            Taken::Unreached("x".to_owned()),
            Taken::Insecure("x".to_owned()),
            Taken::NotSent("x".to_owned()),
        ] {
            let said = failures("c", &Delivery { metrics: taken.clone(), logs: taken.clone() }, false);
            assert!(!said.is_empty() && said.iter().all(|s| s.contains(UNCHANGED)), "{taken:?}: {said:?}");
        }
    }
}
