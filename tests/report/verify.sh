#!/bin/sh
# Holds what `check` writes for other programs against their own readers. A missing tool is a failure.
#
#   tests/report/verify.sh [path of the clearway binary]
#
# Debian packages: prometheus (promtool) prometheus-node-exporter curl python3 python3-venv nodejs npm chromium. DuckDB, ClickHouse (chdb), axe-core,
# playwright-core and a validator of SARIF are fetched into target/report-readers.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
clearway=${1:-$here/../../target/debug/clearway}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PROMTOOL=${PROMTOOL:-promtool}
CHROMIUM=${CHROMIUM:-chromium}
NODE_EXPORTER=${NODE_EXPORTER:-prometheus-node-exporter}
for tool in "$PROMTOOL" "$NODE_EXPORTER" curl python3 node npm "$CHROMIUM"; do
  command -v "$tool" >/dev/null 2>&1 || { echo "FAIL $tool is not installed" >&2; exit 1; }
done

cat >"$work/net.toml" <<'TOML'
[[expect]]
hosts = "*"
note = "a <&> ]]> \"b\""
reach = "reachable"
inspected = false
[[expect]]
hosts = "absent.example"
reach = "blocked"
TOML

reports=0
for report in "$here"/../../examples/reports/*.json; do
  name=$(basename "$report" .json)
  for share in "" --share; do
    # Exit code 1 is the verdict, not a fault.
    "$clearway" check --replay "$report" $share --label "a\"b\\c <&> ]]> $name" --fail-on none \
      --expect "$work/net.toml" --format prometheus="$work/r.prom" --format junit="$work/r.xml" --format ndjson="$work/r.ndjson"
    "$PROMTOOL" check metrics <"$work/r.prom" || { echo "FAIL $name: promtool check metrics" >&2; exit 1; }
    python3 - "$report" "$work/r.xml" "$work/r.ndjson" <<'PY'
import json, sys, xml.etree.ElementTree as tree
report = json.load(open(sys.argv[1]))
root = tree.parse(sys.argv[2]).getroot()
cases = root.findall("testsuite/testcase")
groups = [host for group in report["groups"] for host in group["hosts"]]
promises = root.findall("testsuite[@name='Expectations']/testcase")
ids = {host["id"] for host in groups}
assert len(promises) == 2 * len(ids) + 1, len(promises)
broken = sum(case.find("failure") is not None for case in promises)
assert root.tag == "testsuites" and len(cases) == len(groups) + len(promises) + 1, len(cases)
for name, kind in [("failures", "failure"), ("skipped", "skipped")]:
    for element in [root] + root.findall("testsuite"):
        assert int(element.get(name)) == len(element.findall(".//" + kind)), (name, element.get("name"))
        assert int(element.get("tests")) == len(element.findall(".//testcase"))
blocked = sum(host["verdict"] == "blocked" for host in groups)
assert len(root.findall("testsuite/testcase/failure")) == blocked + broken + (report["verdict"] == "blocked")
rows = [json.loads(line) for line in open(sys.argv[3])]
assert rows and len({tuple(row) for row in rows}) == 1, "rows differ in their members"
PY
    reports=$((reports + 1))
  done
done
[ "$reports" -gt 0 ] || { echo "FAIL no report was read" >&2; exit 1; }

# The metrics as a monitoring system gets them: out of the folder that node_exporter reads, over HTTP of this machine.
mkdir "$work/textfile"
"$clearway" check --replay "$here/../../examples/reports/office.json" --fail-on none --format prometheus \
  -o "$work/textfile/clearway.prom"
# Only this machine is listened to, on a port that the system has free.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$NODE_EXPORTER" --collector.disable-defaults --collector.textfile --collector.textfile.directory="$work/textfile" \
  --web.listen-address="127.0.0.1:$port" >"$work/exporter.log" 2>&1 &
exporter=$!
trap 'kill "$exporter" 2>/dev/null || true; rm -rf "$work"' EXIT
curl -sS --retry 20 --retry-connrefused --retry-delay 1 --noproxy '*' "http://127.0.0.1:$port/metrics" >"$work/scraped"
kill "$exporter"
python3 - "$work/textfile/clearway.prom" "$work/scraped" <<'PY'
import re, sys
def metrics(name):
    """Name, labels and value of each sample of ours: the exporter sorts labels and writes numbers its own way."""
    for line in open(name):
        if line.startswith("clearway_"):
            sample, _, value = line.rpartition(" ")
            labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', sample)
            yield sample.partition("{")[0], tuple(sorted(labels)), float(value)
written, scraped = (sorted(metrics(name)) for name in sys.argv[1:])
assert written and written == scraped, (len(written), len(scraped))
all_scraped = open(sys.argv[2]).read()
assert "node_textfile_scrape_error 0" in all_scraped, "node_exporter could not read the file"
PY

# What is asked for is pinned; a set that stands is left alone.
readers=${CLEARWAY_REPORT_READERS:-$here/../../target/report-readers}
stamp=$(cat "$here/requirements.txt" "$here/npm.txt" | sha256sum)
if [ "$(cat "$readers/.stamp" 2>/dev/null)" != "$stamp" ]; then
  if [ -e "$readers" ] && [ ! -e "$readers/.stamp" ] && [ ! -d "$readers/npm" ]; then
    echo "FAIL $readers is not a folder of these readers; name another in CLEARWAY_REPORT_READERS" >&2
    exit 1
  fi
  rm -rf "$readers"
  mkdir -p "$readers/npm"
  python3 -m venv "$readers/python"
  "$readers/python/bin/pip" install -q --disable-pip-version-check --only-binary :all: -r "$here/requirements.txt"
  # shellcheck disable=SC2046 # One word for each package.
  (cd "$readers/npm" && echo '{"private":true}' >package.json &&
    npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel error $(grep -v '^#' "$here/npm.txt"))
  chmod u+x "$readers/npm/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
  echo "$stamp" >"$readers/.stamp"
fi

# Rows in DuckDB and ClickHouse: three reports as twelve devices of three sites, one of them with an older run.
mkdir "$work/db" "$work/db/rows" "$work/devices"
n=0
for site in berlin paris rome rome; do
  for report in "$here"/../../examples/reports/*.json; do
    n=$((n + 1))
    python3 - "$report" "$work/devices/$n.json" "desk-$n" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
report["environment"]["host"] = sys.argv[3]
json.dump(report, open(sys.argv[2], "w"))
PY
    "$clearway" check --replay "$work/devices/$n.json" --tag "site=$site" --tag "ring=a;\"b" --fail-on none \
      --format ndjson="$work/db/rows/$n.ndjson" --format json="$work/devices/$n.out.json"
    mv "$work/devices/$n.out.json" "$work/devices/$n.json"
  done
done
python3 - "$work/db/rows/1.ndjson" "$work/db/rows/older.ndjson" <<'PY'
import json, sys
with open(sys.argv[2], "w") as out:
    for line in open(sys.argv[1]):
        row = json.loads(line)
        out.write(json.dumps(row | {"started_at": "2026-01-01T00:00:00Z", "run_verdict": "unknown", "verdict": "blocked", "code": "dns/silent"}) + "\n")
PY
"$readers/python/bin/python" "$here/engines.py" "$here/../../docs/fleet.md" "$work/db"

# Findings of configurations by the validator of SARIF. What it could not read it passes over in silence, so that it must
# say the one thing that it says of every document of ours.
printf '{\n  "inferenceProvider": "Gateway",\n  "inferenceGatewayBaseUrl": "llm.example",\n  "{odd}[x](y)": 1\n}\n' >"$work/bad.json"
sarifs=0
for config in "$here"/../../examples/*.json "$work/bad.json"; do
  "$clearway" config "$config" --format sarif -o "$work/c.sarif"
  "$clearway" config "$config" --format junit -o "$work/c.xml"
  DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "$readers/npm/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool" \
    validate "$work/c.sarif" --output "$work/said.sarif" --log ForceOverwrite >"$work/said.txt" || { cat "$work/said.txt"; exit 1; }
  python3 - "$work/said.sarif" "$work/c.xml" "$work/c.sarif" <<'PY'
import json, sys, xml.etree.ElementTree as tree
said = {result["ruleId"] for result in json.load(open(sys.argv[1], encoding="utf-8-sig"))["runs"][0]["results"]}
# No address of the tool, and findings about a whole file.
assert "SARIF2005" in said and said <= {"SARIF2005", "SARIF2017"}, said
results = json.load(open(sys.argv[3]))["runs"][0]["results"]
cases = tree.parse(sys.argv[2]).getroot().findall("testsuite/testcase")
assert len(cases) == 1 + len(results), (len(cases), len(results))
PY
  sarifs=$((sarifs + 1))
done

# Pages in a browser: every kind of page, and one whose words a server chose.
mkdir "$work/pages"
for report in "$here"/../../examples/reports/*.json; do
  "$clearway" check --replay "$report" --expect "$work/net.toml" --fail-on none --format html="$work/pages/check-$(basename "$report" .json).html"
done
"$clearway" hosts "$here/../../examples/gateway.json" --format html -o "$work/pages/hosts.html"
"$clearway" compare "$here"/../../examples/reports/*.json --format html -o "$work/pages/compare.html"
"$clearway" fleet "$work/devices" --by site --format html -o "$work/pages/fleet.html"
"$clearway" device --format html -o "$work/pages/device.html"
python3 - "$here/../../examples/reports/office.json" "$work/evil.json" <<'PY'
import json, sys
evil = "</script></style><script>alert(1)</script><img src=https://e.example/x onerror=alert(2)>\"'><!--"
def worse(value, key=""):
    if isinstance(value, dict):
        return {k: worse(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [worse(v, key) for v in value]
    return evil if key in ("label", "body", "detail", "purpose", "breaks", "subject", "issuer") and isinstance(value, str) and " " in value else value
report = worse(json.load(open(sys.argv[1])))
report["label"] = evil
json.dump(report, open(sys.argv[2], "w"))
PY
"$clearway" check --replay "$work/evil.json" --fail-on none --format html="$work/pages/hostile.html"
"$clearway" compare "$work/evil.json" "$here"/../../examples/reports/healthy.json --format html -o "$work/pages/hostile-compare.html"
"$clearway" fleet "$work/evil.json" --format html -o "$work/pages/hostile-fleet.html"
NODE_PATH="$readers/npm/node_modules" CHROMIUM=$(command -v "$CHROMIUM") node "$here/browser.mjs" "$work"/pages/*.html \
  ${CLEARWAY_PICTURES:+--pictures "$CLEARWAY_PICTURES"}

echo "verified: $reports runs with promtool, node_exporter and the XML and JSON readers of $(python3 --version), $sarifs configurations with the SARIF validator, $(find "$work/pages" -name "*.html" | wc -l) pages in $("$CHROMIUM" --version)"
