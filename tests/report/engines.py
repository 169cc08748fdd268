"""Asks DuckDB and ClickHouse what docs/fleet.md says they can be asked.

    engines.py FLEET.md FOLDER

FOLDER holds rows/*.ndjson. Every statement of the page runs on the engine that it names (without a name on both), and
both must give the same answer; the answers are held against what is counted here without an engine.
"""

import collections
import glob
import json
import os
import re
import sys

import chdb.session
import duckdb

page = open(sys.argv[1], encoding="utf-8").read()
os.chdir(sys.argv[2])
blocks = re.findall(r"^```sql ?(\w*)\n(.*?)^```", page, re.S | re.M)
statements = {"duckdb": [], "clickhouse": []}
for engine, text in blocks:
    for name in [engine] if engine else statements:
        statements[name].append(text.strip().rstrip(";"))
assert len(statements["duckdb"]) == len(statements["clickhouse"]) >= 6, blocks

duck = duckdb.connect()
click = chdb.session.Session()
answers = {"duckdb": [], "clickhouse": []}
for text in statements["duckdb"]:
    answers["duckdb"].append([list(row) for row in duck.execute(text).fetchall()])
for text in statements["clickhouse"]:
    out = click.query(text, "JSONCompactEachRow") if text.startswith("SELECT") else click.query(text)
    said = str(out) if text.startswith("SELECT") else ""
    answers["clickhouse"].append([json.loads(line) for line in said.splitlines() if line])


def plain(rows):
    """Whole numbers come as texts, integers or floats, as the engine likes."""
    def one(value):
        try:
            return float(value)
        except (TypeError, ValueError):
            return value
    return [[one(value) for value in row] for row in rows]


both = list(zip(statements["duckdb"], answers["duckdb"], answers["clickhouse"]))[1:]
for text, left, right in both:
    assert left, f"no answer to: {text}"
    # The two estimate a percentile in different ways; the names and counts are the same.
    if "p95" in text:
        left, right = [sorted(row[:2] for row in plain(side)) for side in (left, right)]
    assert plain(left) == plain(right), f"{text}\n{left}\n{right}"

newest = {}
for file in glob.glob("rows/*.ndjson"):
    rows = [json.loads(line) for line in open(file, encoding="utf-8")]
    key = rows[0]["device"]
    if key not in newest or newest[key][0]["started_at"] < rows[0]["started_at"]:
        newest[key] = rows
verdicts = collections.Counter(rows[0]["run_verdict"] for rows in newest.values())
assert {row[0]: row[1] for row in answers["duckdb"][1]} == dict(verdicts), (answers["duckdb"][1], verdicts)
blocked = collections.defaultdict(set)
for device, rows in newest.items():
    for row in rows:
        if row["verdict"] == "blocked":
            blocked[(row["cause_code"], row["cause_owner"])].add(device)
assert {(r[0], r[1]): r[2] for r in answers["duckdb"][2]} == {k: len(v) for k, v in blocked.items()}
print(f"{len(both)} questions answered the same by DuckDB {duckdb.__version__} and ClickHouse (chdb {chdb.__version__}), {len(newest)} devices")
