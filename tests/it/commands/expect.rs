//! `check --expect`: a saved office against a file, in every format that shows promises; exit codes; masking.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::common::{clearway, schemas};

const FILE: &str = r#"
[[expect]]
hosts = ["api.anthropic.com", "claude.ai"]
note = "change <4711> | no inspection"
reach = "reachable"
inspected = false

[[expect]]
hosts = "llm.corp.example"
reach = "reachable"
address = "private"
within = "5s"

[[expect]]
hosts = "new.vendor.example"
reach = "reachable"
"#;

struct Case(tempfile::TempDir);

impl Case {
    fn new(file: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("net.toml"), file).unwrap();
        Self(dir)
    }

    fn run(&self, args: &[&str]) -> Output {
        let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/reports/office.json");
        let file: PathBuf = self.0.path().join("net.toml");
        clearway()
            .args(["check", "--replay"])
            .arg(report)
            .arg("--expect")
            .arg(file)
            .args(args)
            .output()
            .unwrap()
    }

    fn text(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_broken_promise_ends_with_1_and_is_told_in_every_format() {
    let case = Case::new(FILE);
    let text = case.text(&[]);
    let (_, section) = text.split_once("EXPECTATIONS").unwrap();
    insta::assert_snapshot!("expect_text", section.split_once("\nTESTED").unwrap().0);
    let all = case.text(&["-v"]);
    assert!(all.contains("+ met       llm.corp.example: reach = reachable (line 8)"), "{all}");
    let quiet = case.text(&["-q"]);
    assert!(quiet.contains("x unmet") && !quiet.contains("? untested"), "{quiet}");

    let json: Value = serde_json::from_str(&case.text(&["--format", "json"])).unwrap();
    schemas::hold("check", &json, "--expect");
    let expected = &json["expectations"];
    assert_eq!(
        (&expected["source"], &expected["met"], &expected["unmet"], &expected["untested"]),
        (&"net.toml".into(), &4.into(), &3.into(), &1.into())
    );
    let broken =
        expected["results"].as_array().unwrap().iter().find(|r| r["promise"] == "inspected").unwrap();
    assert_eq!(
        (&broken["result"], &broken["code"], &broken["owner"]),
        (&"unmet".into(), &"tls/intercepted".into(), &"tls-inspection".into())
    );
    let compact: Value = serde_json::from_str(&case.text(&["--format", "json", "--compact"])).unwrap();
    assert_eq!(compact["expectations"], serde_json::json!({ "met": 4, "unmet": 3, "untested": 1 }));

    let junit = case.text(&["--format", "junit"]);
    let suite = junit.split("<testsuite name=\"Expectations\"").nth(1).unwrap();
    assert!(suite.starts_with(" tests=\"8\" failures=\"3\" errors=\"0\" skipped=\"1\""), "{suite}");
    assert_eq!((suite.matches("<failure").count(), suite.matches("<skipped").count()), (3, 1), "{suite}");
    assert!(suite.contains("name=\"api.anthropic.com: inspected = false (line 2)\""), "{suite}");

    let ticket = case.text(&["--format", "ticket"]);
    assert!(ticket.contains("What the network team promised"), "{ticket}");
    let flat = ticket.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("net.toml: 8 promises, 3 unmet, 1 untested, 4 met."), "{flat}");
    assert!(flat.contains("unmet: api.anthropic.com: inspected = false (line 2: change"), "{flat}");

    let rows: Vec<Value> = case
        .text(&["--format", "ndjson"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .inspect(|row| schemas::hold("rows", row, "--expect"))
        .collect();
    let of = |host: &str| rows.iter().find(|row| row["host"] == host).unwrap();
    let counts = |row: &Value, names: [&str; 3]| names.map(|name| row[name].as_u64().unwrap());
    let (own, whole) = (
        ["promises_met", "promises_unmet", "promises_untested"],
        ["run_promises_met", "run_promises_unmet", "run_promises_untested"],
    );
    assert_eq!(counts(of("llm.corp.example"), own).iter().sum::<u64>(), 3);
    assert!(of("api.anthropic.com")["unmet"].as_str().unwrap().contains("inspected = false"));
    assert_eq!(counts(of("downloads.claude.ai"), own), [0, 0, 0]);
    assert!(rows.iter().all(|row| counts(row, whole) == [4, 3, 1]));

    let metrics = case.text(&["--format", "prometheus"]);
    for line in [
        "clearway_promises{result=\"met\"} 4",
        "clearway_promises{result=\"unmet\"} 3",
        "clearway_promises{result=\"untested\"} 1",
        "clearway_promise_not_met{host=\"api.anthropic.com\",promise=\"inspected\",line=\"2\",result=\"unmet\",owner=\"tls-inspection\"} 1",
        "clearway_promise_not_met{host=\"new.vendor.example\",promise=\"reach\",line=\"14\",result=\"untested\",owner=\"none\"} 1",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line}: {metrics}");
    }

    let markdown = case.text(&["--format", "markdown"]);
    let (_, section) = markdown.split_once("## Expectations").unwrap();
    insta::assert_snapshot!("expect_markdown", section.split_once("\n## ").unwrap().0);
    let html = case.text(&["--format", "html"]);
    assert!(html.contains(
        "<h2 id=\"expectations\">Expectations</h2><p>net.toml: 8 promises, 3 unmet, 1 untested, 4 met.</p>"
    ));
    assert!(html.contains("line 2: change &lt;4711&gt; | no inspection"));
}

#[test]
fn what_was_saved_is_shown_again_and_a_mask_hides_what_the_file_says() {
    let case = Case::new(FILE);
    let saved = case.0.path().join("saved.json");
    let mask = case.text(&["--share", "--format", "json"]);
    for secret in ["llm.corp.example", "net.toml", "4711", "new.vendor.example"] {
        assert!(!mask.contains(secret), "{secret}");
    }
    for text in [case.text(&["--format", "json"]), mask] {
        std::fs::write(&saved, text).unwrap();
        let again = clearway().args(["check", "-v", "--replay"]).arg(&saved).output().unwrap();
        assert_eq!(again.status.code(), Some(1));
        let again = String::from_utf8(again.stdout).unwrap();
        assert!(again.contains("8 promises, 3 unmet, 1 untested, 4 met."), "{again}");
        assert!(again.contains("api.anthropic.com: inspected"), "{again}");
    }
}

#[test]
fn exit_codes_follow_the_promises_and_a_wrong_file_costs_no_run() {
    let kept = Case::new("[[expect]]\nhosts = \"claude.ai\"\nreach = \"reachable\"\n");
    assert_eq!(kept.run(&[]).status.code(), Some(0));
    let untested = Case::new("[[expect]]\nhosts = \"new.vendor.example\"\nreach = \"reachable\"\n");
    assert_eq!(untested.run(&[]).status.code(), Some(0));
    let broken = Case::new(FILE);
    assert_eq!(broken.run(&["--fail-on", "none"]).status.code(), Some(0));
    let wrong = Case::new("[[expect]]\nhosts = \"claude.ai\"\nreech = \"reachable\"\n");
    let output = wrong.run(&[]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("net.toml: line 3, reech: no such key; did you mean `reach`?"), "{said}");
    let dry = clearway()
        .args(["check", "--host", "a.example", "--dry-run", "--expect", "x.toml"])
        .output()
        .unwrap();
    assert_eq!(dry.status.code(), Some(2));
}

#[test]
fn a_missing_file_of_promises_is_no_host() {
    let dir = tempfile::tempdir().unwrap();
    let output = clearway()
        .current_dir(&dir)
        .args(["check", "--host", "127.0.0.1:9", "--expect", "net.toml"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("--expect net.toml: there is no such file")
            && said.contains("--format expect -o net.toml")
    );
    assert!(!said.contains("--host net.toml"), "{said}");
}

#[test]
fn the_documentation_names_every_key_promise_and_outcome() {
    let page = include_str!("../../../docs/expectations.md");
    for word in
        clearway::expect::Promise::ALL.iter().map(|p| p.as_str()).chain(["hosts", "except", "actors", "note"])
    {
        assert!(page.contains(&format!("| `{word}`")), "{word}");
    }
    for word in clearway::expect::Outcome::ALL {
        assert!(page.contains(&format!("| `{word}`")), "{word}");
    }
    // Its example is a file that is read.
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(clearway::expect::read(example.as_bytes(), "docs").unwrap().entries.len(), 4);
}
