//! What a repeated check tells of hosts that go and come: each change once and in its order, with the time of the round
//! that showed it and of the one before, and at the end what the rounds come to.

use serde_json::Value;

use crate::scenario::Scenario;

/// What is wrong with the lines of `check --watch --format ndjson`.
pub fn judge(scenario: &Scenario, lines: &str) -> Vec<String> {
    let told: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap_or(Value::Null)).collect();
    let mut wrong = Vec::new();
    if told.iter().any(Value::is_null) {
        wrong.push("a line of the watch is not JSON".to_owned());
    }
    let of = |event: &str| told.iter().filter(|line| line["event"] == event).collect::<Vec<_>>();
    let (summaries, end) = (of("summary"), of("end"));
    let [end] = end.as_slice() else {
        wrong.push("the watch has no end".to_owned());
        return wrong;
    };
    if told.first().is_none_or(|line| line["event"] != "start") || told.last() != Some(*end) {
        wrong.push("the watch does not begin with `start` and close with `end`".to_owned());
    }
    for host in scenario.watched.keys().filter(|host| !summaries.iter().any(|s| s["host"] == **host)) {
        wrong.push(format!("{host} has no summary"));
    }
    for summary in summaries {
        let host = summary["host"].as_str().unwrap_or_default();
        let changes: Vec<&Value> = of("host").into_iter().filter(|line| line["host"] == host).collect();
        let codes: Vec<&str> = changes.iter().filter_map(|line| line["code"].as_str()).collect();
        let well = vec!["ok".to_owned()];
        let expected = scenario.watched.get(host).unwrap_or(&well);
        if codes != *expected {
            wrong.push(format!("{host} was told as {codes:?}, not {expected:?}"));
            continue;
        }
        for pair in changes.windows(2) {
            let follows = pair[1]["was_since"] == pair[0]["at"] && pair[1]["was_code"] == pair[0]["code"];
            if !follows || pair[1]["was_s"].as_i64().is_none_or(|seconds| seconds < 1) {
                wrong.push(format!(
                    "{host}: what was before, and since when, is not what was told: {}",
                    pair[1]
                ));
            }
        }
        wrong.extend(tally(host, expected, summary, &end["rounds"]));
    }
    wrong
}

/// What is wrong with the counts of a host whose codes are as expected.
fn tally(host: &str, codes: &[String], summary: &Value, rounds: &Value) -> Vec<String> {
    let works = |code: &String| code == "ok";
    let flaps = codes.windows(2).filter(|pair| works(&pair[0]) && !works(&pair[1])).count();
    let number = |name: &str| summary[name].as_u64().unwrap_or(u64::MAX);
    let (worked, blocked) = (number("worked"), number("blocked"));
    let per_mille = (worked.saturating_mul(1000)).checked_div(worked.saturating_add(blocked));
    let said = summary["availability_percent"].as_f64();
    let failed = codes.iter().any(|code| !works(code));
    let ends = &summary["outage_end"];
    let right = [
        ("flaps", number("flaps") == flaps as u64),
        ("rounds", summary["rounds"] == *rounds && summary["untested"] == 0),
        ("blocked", (blocked > 0) == failed),
        ("availability_percent", said == per_mille.map(|n| n as f64 / 10.0)),
        // One that only the last round saw has no length yet.
        ("outage_s", summary["outage_s"].as_i64().is_some_and(|s| s > 0 || ends.is_null()) == failed),
        ("outage_end", ends.is_string() == (failed && codes.last().is_some_and(works))),
    ];
    let wrong = right.into_iter().filter(|(_, right)| !right);
    wrong.map(|(name, _)| format!("{host}: `{name}` is wrong: {summary}")).collect()
}
