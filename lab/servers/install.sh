#!/usr/bin/env bash
# Installs the real servers of the laboratory: bash lab/servers/install.sh [--check] [FOLDER]
#
# With --check nothing is installed; it fails when something would be.
# FOLDER is target/lab-servers unless another is named (then name it to the laboratory too, with
# CLEARWAY_LAB_SERVERS). Every package is pinned in the files beside this one. A set that stands is
# left alone; one whose pins changed is made anew. Needs python3 with venv, and npm with node.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
check=
if [[ ${1-} == --check ]]; then
  check=1
  shift
fi
folder=${1:-$here/../../target/lab-servers}
[[ $check ]] || mkdir -p "$folder"
[[ -d $folder ]] || { echo "install.sh: there is no folder $folder" >&2; exit 1; }
folder=$(cd "$folder" && pwd)

fail() { echo "install.sh: $*" >&2; exit 1; }
for tool in python3 node npm sha256sum; do
  type -P "$tool" >/dev/null || fail "$tool is not installed"
done
python3 -c 'import ensurepip, venv' 2>/dev/null || fail "python3 has no venv (Debian package python3-venv)"

# The stamp of a set names its pins and what they were installed for.
stamp_of() { { cat "$@"; python3 --version; node --version; } | sha256sum; }

# The stamp is written last: what was cut off is made anew.
installed() {
  local name=$1 stamp=$2
  if [[ -f $folder/$name/.stamp && $(<"$folder/$name/.stamp") == "$stamp" ]]; then
    echo "$name: installed"
    return 0
  fi
  [[ ! $check ]] || fail "$name is not installed, or with other versions"
  return 1
}

for name in litellm mcp rotel; do
  stamp=$(stamp_of "$here/$name.txt")
  ! installed "$name" "$stamp" || continue
  echo "$name: installing $(grep -c -v '^#' "$here/$name.txt") packages"
  rm -rf "${folder:?}/$name"
  python3 -m venv "$folder/$name"
  # The files pin whole sets, so nothing is resolved; that each set is consistent is checked after.
  "$folder/$name/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$here/$name.txt" ||
    fail "the packages of $name.txt cannot be installed"
  "$folder/$name/bin/pip" --disable-pip-version-check check >/dev/null ||
    fail "the pins of $name.txt do not fit one another: $("$folder/$name/bin/pip" check)"
  echo "$stamp" >"$folder/$name/.stamp"
done

name=oidc
stamp=$(stamp_of "$here/oidc/package.json" "$here/oidc/package-lock.json")
if ! installed "$name" "$stamp"; then
  echo "$name: installing"
  rm -rf "${folder:?}/$name"
  mkdir "$folder/$name"
  cp "$here/oidc/package.json" "$here/oidc/package-lock.json" "$folder/$name/"
  (cd "$folder/$name" && npm ci --ignore-scripts --no-audit --no-fund --loglevel error) ||
    fail "the packages of oidc/package-lock.json cannot be installed"
  echo "$stamp" >"$folder/$name/.stamp"
fi
echo "real servers: $folder"
