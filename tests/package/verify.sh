#!/usr/bin/env bash
# Makes every package and opens it; installs, runs, upgrades and removes those of Linux in a Debian of their own. A
# missing tool is a failure.
#
#   tests/package/verify.sh CLEARWAY [CLEARWAY.EXE WINE [MACHO]]
#
# CLEARWAY is what `scripts/package build` made (of any profile), CLEARWAY.EXE what `scripts/cross build windows` made, and
# WINE the folder of `scripts/cross tools wine`: the .msi is then installed, run and removed under Wine. MACHO is what
# `scripts/cross build macos` made: its headers and its signature are read; nothing here can run it. In the place of what
# is not given a stand-in with the right first bytes is packed: what the packages hold is then tested, not the program.
# Debian packages: debootstrap rpm wixl msitools zip unzip binutils man-db ruby; root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
package=$here/../../scripts/package
clearway=$(realpath "$1")
work=$(mktemp -d)
# debootstrap mounts /proc inside while it works.
finish() {
  ! mountpoint -q "$work/root/proc" || umount "$work/root/proc"
  [[ -z ${wine:-} ]] || rm -rf --one-file-system "$wine/opt/package" "$wine/opt/package.msi"
  rm -rf --one-file-system "$work"
}
trap finish EXIT
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C SOURCE_DATE_EPOCH=1700000000

fail() {
  printf 'FAIL %s\n' "$*" >&2
  exit 1
}
for tool in debootstrap rpm wixl msiinfo msiextract zip unzip objdump dpkg-deb man ruby python3; do
  type -P "$tool" >/dev/null || fail "$tool is not installed"
done
# quiet COMMAND...: its output is shown where it fails.
quiet() {
  "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$*"; }
}
# refused TEXT COMMAND...: it must fail and say TEXT.
refused() {
  local text=$1
  shift
  if "$@" >"$work/log" 2>&1; then fail "passes: $*"; fi
  grep -qF -- "$text" "$work/log" || { cat "$work/log" >&2; fail "does not say \"$text\": $*"; }
}

# Programs with the first bytes of theirs.
printf 'MZ%058d\x40\0\0\0PE\0\0\x64\x86' 0 | tr 0 '\0' >"$work/stand-in.exe"
printf '\xcf\xfa\xed\xfe\x0c\0\0\x01' >"$work/stand-in.macho"
exe=$(realpath "${2:-$work/stand-in.exe}")
wine=${3:+$(realpath "$3")}
macho=$(realpath "${4:-$work/stand-in.macho}")

echo "-- made"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../../Cargo.toml" | head -n 1)
first=$work/first second=$work/second
"$package" linux "$clearway" --out "$first"
"$package" windows "$exe" --tool "$clearway" --out "$first"
"$package" macos "$macho" --tool "$clearway" --out "$first"
"$package" macos <(:) --tool "$clearway" --out "$first" 2>/dev/null && fail "a pipe is packed as a program"

echo "-- the same bytes again"
quiet "$package" linux "$clearway" --out "$second"
quiet "$package" windows "$exe" --tool "$clearway" --out "$second"
for path in "$second"/*; do
  case $path in
    *.msi) ;; # wixl writes the time and a number of its own into it
    *) cmp "$path" "$first/${path##*/}" || fail "${path##*/}: other bytes from the same inputs" ;;
  esac
done
SOURCE_DATE_EPOCH=1700000001 quiet "$package" linux "$clearway" --out "$second"
if cmp -s "$first/clearway-$version-linux-x86_64.tar.gz" "$second/clearway-$version-linux-x86_64.tar.gz"; then
  fail "the archive does not hold its time"
fi

echo "-- refused"
refused "is not a program for windows-x86_64" "$package" windows "$clearway" --tool "$clearway" --out "$second"
refused "is not a program for linux-x86_64" "$package" linux "$exe" --out "$second"
refused "is not a program for linux-aarch64" "$package" linux "$clearway" --arch aarch64 --out "$second"
refused "is not a program for macos-x86_64" "$package" macos "$macho" --arch x86_64 --tool "$clearway" --out "$second"
# The C library of this machine is newer than the floor, and asks for itself where nothing is done about it.
printf 'int arc4random(void); int main(void) { return arc4random(); }\n' >"$work/new.c"
cc "$work/new.c" -o "$work/new"
refused "the floor is 2.17" "$package" floor "$work/new"
quiet "$package" floor "$clearway"
cat "$work/log"

echo "-- archives"
pages=$("$clearway" man --dir "$work" && ls "$work"/*.1 | wc -l)
whole() { # whole FOLDER PROGRAM
  local path
  for path in "$2" LICENSE README.md THIRD-PARTY-LICENSES.txt completions/_clearway completions/clearway.{bash,fish,ps1,elv} man/clearway.1; do
    [[ -s $1/$path ]] || fail "$1: no $path"
  done
  [[ $(ls "$1/man" | wc -l) == "$pages" ]] || fail "$1: not every page of the manual"
  for path in rustls aws-lc-sys rquickjs "Apache License" "Permission is hereby granted"; do
    grep -qF "$path" "$1/THIRD-PARTY-LICENSES.txt" || fail "$1: THIRD-PARTY-LICENSES.txt lacks $path"
  done
}
mkdir "$work/open"
for archive in "$first"/*.tar.gz; do tar -xzf "$archive" -C "$work/open"; done
quiet unzip -d "$work/open" "$first/clearway-$version-windows-x86_64.zip"
linux=$work/open/clearway-$version-linux-x86_64
whole "$linux" clearway
whole "$work/open/clearway-$version-macos-aarch64" clearway
whole "$work/open/clearway-$version-windows-x86_64" clearway.exe
packed=$work/open/clearway-$version-macos-aarch64/clearway
cmp "$macho" "$packed" || fail "the .tar.gz for macOS holds another program"
if [[ -n ${4:-} ]]; then
  python3 "$here/macho.py" "$packed" || fail "the program for macOS"
  # One byte in its midst is another: then it must not pass.
  printf '\x5a\xa5' | dd of="$packed" bs=1 seek=1000000 conv=notrunc status=none
  refused "is not the one that was signed" python3 "$here/macho.py" "$packed"
fi
cmp "$exe" "$work/open/clearway-$version-windows-x86_64/clearway.exe" || fail "the .zip holds another program"
"$linux/clearway" --version | grep -F "$version" || fail "the archive's program does not run"
"$linux/clearway" --version --verbose | grep -E '^(target|commit|compiler) ' || fail "the program does not say what it was built from"
bash -n "$linux/completions/clearway.bash" || fail "the completions of bash"
for page in "$linux"/man/*; do
  quiet man --warnings -l "$page"
done

echo "-- components"
for list in "$first"/*.cdx.json; do
  python3 - "$list" "$version" <<'PY' || fail "$list"
import json, sys
bom = json.load(open(sys.argv[1]))
assert bom["bomFormat"] == "CycloneDX", bom["bomFormat"]
assert bom["metadata"]["component"]["version"] == sys.argv[2]
names = {c["name"]: c for c in bom["components"]}
assert "rustls" in names and names["rustls"]["purl"].startswith("pkg:cargo/rustls@"), sorted(names)
system = sys.argv[1].rsplit("/", 1)[1].split("-")[2]
assert any("windows-sys" in n for n in names) == (system == "windows"), "those of another system"
assert json.dumps(bom).count("path+file://") == json.dumps(bom).count("path+file:///clearway#") > 0, "a path of this machine"
assert not {"insta", "proptest"} & set(names), "what only tests use"
print(len(names), "components in", sys.argv[1].rsplit("/", 1)[1])
PY
done

echo "-- .deb and .rpm, in a Debian of their own"
root=$work/root
quiet debootstrap --variant=minbase "${CLEARWAY_SUITE:-bullseye}" "$root"
inside() { chroot "$root" "$@"; }
cp "$here/../../examples/gateway.json" "$root/"
installed() { # installed KIND
  inside clearway --version | grep -F "$version" || fail "$1: does not run"
  inside clearway hosts /gateway.json | grep >/dev/null ':443\|443' || fail "$1: derives no list"
  [[ -s $root/usr/share/man/man1/clearway.1.gz && -s $root/usr/share/bash-completion/completions/clearway ]] || fail "$1: no page or completions"
  [[ $(ls "$root"/usr/share/man/man1/clearway*.gz | wc -l) == "$pages" ]] || fail "$1: not every page"
  [[ $(stat -c '%a %u %g' "$root/usr/bin/clearway") == "755 0 0" ]] || fail "$1: mode or owner of the program"
}
removed() {
  [[ -z $(find "$root" -xdev -name '*clearway*' ! -path "$root/var/*" ! -name "*.deb" -print -quit) ]] ||
    fail "$1: leaves $(find "$root" -xdev -name '*clearway*' ! -path "$root/var/*" ! -name "*.deb")"
}
deb=clearway_$version-1_amd64.deb rpm=clearway-$version-1.x86_64.rpm
quiet "$package" linux "$clearway" --revision 2 --out "$second"
newer_deb=clearway_$version-2_amd64.deb newer_rpm=clearway-$version-2.x86_64.rpm
dpkg-deb --field "$first/$deb" Package Version Architecture Depends License Maintainer
cp "$first/$deb" "$second/$newer_deb" "$root/"
quiet inside dpkg -i "/$deb"
installed .deb
cmp "$clearway" "$root/usr/bin/clearway" || fail ".deb: another program"
quiet inside dpkg --verify clearway
quiet inside dpkg -i "/$newer_deb"
installed ".deb, upgraded"
[[ $(inside dpkg-query -W -f '${Version}' clearway) == "$version-2" ]] || fail ".deb: not upgraded"
quiet inside dpkg --purge clearway
removed .deb

# Of this machine's rpm, into the same root; its list of packages is empty, so nothing is there to depend on.
on_root() { rpm --root "$root" --nodeps "$@"; }
rpm -qp --requires "$first/$rpm" | grep -F 'glibc >= 2.17' || fail ".rpm: does not say its floor"
rpm -qp --queryformat '%{NAME} %{VERSION}-%{RELEASE} %{ARCH} %{LICENSE}\n' "$first/$rpm"
quiet on_root -i "$first/$rpm"
installed .rpm
quiet on_root -V clearway
quiet on_root -U "$second/$newer_rpm"
installed ".rpm, upgraded"
quiet on_root -e clearway
removed .rpm

echo "-- .msi"
msi=$first/clearway-$version-windows-x86_64.msi
msiinfo suminfo "$msi" | grep >/dev/null 'x64' || fail ".msi: not for 64 bits"
table() { msiinfo export "$msi" "$1" | tr -d '\r'; }
table Property | grep -P '^ALLUSERS\t1$' || fail ".msi: not per machine"
table Property | grep -P "^ProductVersion\t$version\$" || fail ".msi: another version"
table Property | grep -P '^UpgradeCode\t\{C26E0F4B-7F7A-4B0C-9E43-5D0B8A1C6F21\}$' || fail ".msi: another UpgradeCode"
code=$(table Property | sed -n 's/^ProductCode\t//p')
table Environment | grep -P '\t=-\*PATH\t\[~\];\[INSTALLDIR\]\t' || { table Environment; fail ".msi: its folder is not put on the PATH"; }
table Upgrade | grep -F '{C26E0F4B-7F7A-4B0C-9E43-5D0B8A1C6F21}' >/dev/null || fail ".msi: does not replace older versions"
table InstallExecuteSequence | grep >/dev/null '^RemoveExistingProducts' || fail ".msi: older versions stay"
table InstallExecuteSequence | grep >/dev/null '^WriteEnvironmentStrings' || fail ".msi: the PATH is never written"
mkdir "$work/msi"
quiet msiextract -C "$work/msi" "$msi"
program=$(find "$work/msi" -name clearway.exe)
[[ $program == */Clearway/clearway.exe ]] || fail ".msi: installs into $program"
cmp "$exe" "$program" || fail ".msi: another program"
for path in LICENSE README.md THIRD-PARTY-LICENSES.txt completions/clearway.ps1 man/clearway.1; do
  [[ -s ${program%/*}/$path ]] || fail ".msi: no $path"
done

if [[ -n $wine ]]; then
  echo "-- .msi, under Wine"
  # In a device of its own, so that those of the laboratory stay as they are.
  rm -rf "$wine/opt/package"
  cp -a "$wine/opt/device" "$wine/opt/package"
  cp "$msi" "$wine/opt/package.msi"
  windows() {
    HOME=/root WINEPREFIX=/opt/package WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=;mshtml=' unshare --mount --pid --fork sh -ec '
      root=$1
      shift
      mount -t proc proc "$root/proc"
      mount --bind /dev "$root/dev"
      chroot "$root" wine "$@" 2>/dev/null
      chroot "$root" wineserver --wait
    ' sh "$wine" "$@" | tr -d '\r'
  }
  path() { windows reg query 'HKLM\System\CurrentControlSet\Control\Session Manager\Environment' /v PATH; }
  folder=$wine/opt/package/drive_c/Program\ Files/Clearway
  before=$(path)
  windows msiexec /i 'Z:\opt\package.msi' /qn /norestart || fail ".msi: not installed"
  cmp "$exe" "$folder/clearway.exe" || fail ".msi: another program is installed"
  [[ $(path) == *';C:\Program Files\Clearway\'* ]] || fail ".msi: not on the PATH: $(path)"
  # By its name alone, as the PATH finds it.
  windows cmd /c 'clearway.exe --version' | grep -F "clearway $version" || fail ".msi: the program does not run"
  windows msiexec /x "$code" /qn /norestart || fail ".msi: not removed"
  [[ ! -e $folder ]] || fail ".msi: leaves $folder"
  [[ $(path) != *Clearway* ]] || fail ".msi: stays on the PATH: $(path)"
  [[ $before != *Clearway* ]] || fail "Wine's device had Clearway before"
fi

echo "-- .pkg, as pkgbuild is asked for it"
# pkgbuild is part of macOS alone. This one keeps what it is given, so that the folder and the options are tested; that
# macOS installs the result is not.
mkdir "$work/bin"
cat >"$work/bin/pkgbuild" <<'FAKE'
#!/bin/sh
printf '%s\n' "$@" >"$FAKE_RECORD"
[ "$1" = --root ] && (cd "$2" && find . -type f) >>"$FAKE_RECORD"
for out; do :; done
echo made >"$out"
FAKE
chmod +x "$work/bin/pkgbuild"
FAKE_RECORD=$work/pkgbuild PATH=$work/bin:$PATH quiet "$package" macos "$macho" --tool "$clearway" --out "$second"
for line in --identifier clearway "$version" ./usr/local/bin/clearway ./usr/local/share/man/man1/clearway.1 ./usr/local/share/zsh/site-functions/_clearway; do
  grep -qxF -- "$line" "$work/pkgbuild" || { cat "$work/pkgbuild"; fail ".pkg: $line is not asked for"; }
done

echo "-- templates and hashes"
quiet "$package" finish --out "$first" --url https://files.example/r
grep -F 'not written: homebrew' "$work/log" || fail "a formula is written though the program for Macs with Intel is missing"
cp "$first/clearway-$version-macos-aarch64.tar.gz" "$first/clearway-$version-macos-x86_64.tar.gz"
quiet "$package" finish --out "$first" --url https://files.example/r
(cd "$first" && sha256sum --quiet -c SHA256SUMS) || fail "SHA256SUMS"
(cd "$first" && find . -type f ! -name SHA256SUMS | sed 's,^\./,,' | sort) >"$work/there"
cut -c67- "$first/SHA256SUMS" | sort | cmp - "$work/there" || fail "SHA256SUMS does not name every file"
hash=$(sha256sum "$msi" | cut -d' ' -f1)
for path in winget/Clearway.Clearway.installer.yaml intune/install.ps1; do
  grep -qF "$hash" "$first/$path" || fail "$path: not the hash of the .msi"
done
for path in winget/Clearway.Clearway.installer.yaml intune/uninstall.ps1; do
  grep -qF "$code" "$first/$path" || fail "$path: not the product code of the .msi, $code"
done
grep -qF "https://files.example/r/${msi##*/}" "$first/winget/Clearway.Clearway.installer.yaml" || fail "winget: not the place of the .msi"
if grep -rnE '@[A-Z][A-Z0-9_]*@' "$first"/{winget,homebrew,intune}; then fail "a template is not filled in"; fi
quiet ruby -c "$first/homebrew/clearway.rb"
quiet ruby -ryaml -e 'ARGV.each { |f| YAML.parse_file(f).to_ruby["PackageVersion"] == "'"$version"'" or abort f }' "$first"/winget/*
python3 -m venv "$work/venv"
quiet "$work/venv/bin/pip" install --disable-pip-version-check --no-deps --only-binary :all: -r "$here/requirements.txt"
parses() { "$work/venv/bin/python" "$here/powershell.py" "$@"; }
parses "$first"/intune/*.ps1 || fail "intune: a script is not PowerShell"
printf 'if ($a { exit 1 }\n' >"$work/faulty.ps1"
refused "does not parse" parses "$work/faulty.ps1"
[[ $(grep -c sha256 "$first/homebrew/clearway.rb") == 3 ]] || fail "homebrew: not three hashes"
# The README names files as they are made.
named=$(grep -o 'clearway[-_][0-9][^` ]*\.\(msi\|zip\|pkg\|tar\.gz\|deb\|rpm\)' "$here/../../README.md" | sort -u)
[[ $(wc -l <<<"$named") -ge 7 ]] || fail "the README names too few files: $named"
for path in $named; do
  [[ -f $first/$path || -f $second/$path ]] || fail "the README names $path, which is not made"
done
echo x >>"$first/$deb"
if (cd "$first" && sha256sum --quiet -c SHA256SUMS >/dev/null 2>&1); then fail "SHA256SUMS passes a changed file"; fi

echo "verified: $(ls "$first"/clearway* | wc -l) files of version $version"
