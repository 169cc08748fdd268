#!/bin/sh
# Holds what `check` writes for other programs against their own readers. A missing tool is a failure.
#
#   tests/report/verify.sh [path of the clearway binary]
#
# Debian packages: prometheus (promtool) python3
set -eu

here=$(cd "$(dirname "$0")" && pwd)
clearway=${1:-$here/../../target/debug/clearway}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PROMTOOL=${PROMTOOL:-promtool}
for tool in "$PROMTOOL" python3; do
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
echo "verified: $reports runs with promtool and the XML and JSON readers of $(python3 --version)"
