# Clearway: what the sandbox's own machine reaches. Paste it into a session of that machine, and copy all that it prints
# into a file for `clearway check --vm-result FILE`. It looks up each name below and sends one request without a
# credential to each host (a second one where a certificate is refused, to read it): at most two requests and some 40
# seconds for a host, and 5 minutes in all. Nothing in it is secret.
(
say() { printf 'cw%s %s ~;\n' 1 "$*"; }
clean() { LC_ALL=C tr -cd '\040-\176' | sed -e 's/cw[1] /cw1_/g' -e 's/~;/~,/g' | cut -c 1-"$1"; }
mask() { LC_ALL=C tr -cd '\040-\176' | sed -e 's#^\([A-Za-z][A-Za-z0-9+.-]*://\)*.*@#\1***@#' | clean 200; }
quiet() {
  sed -e 's#\(proxy syntax\).*#\1#' -e 's#\(proxy scheme\).*#\1#' -e 's#\(resolve proxy\).*#\1#' -e 's#connect to .* port [0-9]*#connect#' \
    -e 's#://.*@#://***@#' -e "s#'.*@#'***@#" -e 's#".*@#"***@#' -e 's#[^ ]*@#***@#g' | clean "$1"
}
has() { command -v "$1" >/dev/null 2>&1; }
within() { if has timeout; then timeout "$@"; else shift; "$@"; fi; }
T=$(mktemp -d 2>/dev/null) || { T=/tmp/clearway.$$; mkdir -m 700 "$T" || exit 1; }
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
end=$(($(date +%s) + 300))
tool=none
if has curl; then tool=curl; elif has node; then tool=node; fi
say "version @VERSION@ $tool"
say "clock $(date +%s)"
sed -n 's/^nameserver[[:space:]]*//p' /etc/resolv.conf 2>/dev/null | head -n 3 | while IFS= read -r r; do
  say "resolver $(printf '%s' "$r" | clean 60)"
done
for v in https_proxy HTTPS_PROXY http_proxy HTTP_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY; do
  eval "p=\${$v:-}"
  if [ -n "$p" ]; then say "proxy $v $(printf '%s\n' "$p" | mask)"; fi
done
lookup() {
  if has getent; then
    b=$(date +%s)
    a=$(within 8 getent ahosts "$2" </dev/null 2>/dev/null)
    r=$?
    if [ "$r" = 1 ]; then
      a=$(within 8 getent hosts "$2" </dev/null 2>/dev/null)
      r=$?
    fi
    a=$(printf '%s\n' "$a" | sed -e 's/[[:space:]].*//' | sort -u | head -n 16 | tr '\n' ' ' | clean 400)
    say "$1 lookup $r $(($(date +%s) - b)) $a"
  fi
}
ask() {
  n=$1
  u="$2://$3:$4$5"
  rm -f "$T/h" "$T/b" "$T/e"
  # No more of an answer is written than this; what is beyond ends the transfer.
  w=$(trap '' XFSZ
    ulimit -f 512 2>/dev/null
    curl -q -sS -v --connect-timeout 6 --max-time 12 -o "$T/b" -D "$T/h" -w 'code=%{http_code} connect=%{http_connect} ip=%{remote_ip} port=%{remote_port} dns=%{time_namelookup} tcp=%{time_connect} tls=%{time_appconnect} first=%{time_starttransfer} total=%{time_total}' "$u" 2>"$T/e" </dev/null)
  r=$?
  say "$n curl exit=$r $w"
  c="$T/e"
  if [ "$r" = 60 ] || [ "$r" = 51 ]; then
    curl -q -sS -v -k --connect-timeout 6 --max-time 12 -o /dev/null "$u" 2>"$T/k" </dev/null
    c="$T/k"
  fi
  for f in issuer subject 'start date' 'expire date'; do
    v=$(sed -n "s/^\\* *$f: *//p" "$c" | tail -n 1 | clean 300)
    if [ -n "$v" ]; then say "$n ${f%% *} $v"; fi
  done
  v=$(sed -n 's/^curl: ([0-9]*) //p' "$T/e" | tail -n 1 | quiet 200)
  if [ -n "$v" ]; then say "$n error $v"; fi
  v=$(sed -n -e 's/^\* *connect to .* failed: *//p' -e 's/^\* *Immediate connect fail for [^ ]*: *//p' "$T/e" | tail -n 1 | quiet 100)
  if [ -n "$v" ]; then say "$n why $v"; fi
  v=$(sed -n 's/^\* *Trying \([0-9A-Fa-f.:[]*[]0-9A-Fa-f.:]*\)\.\.\.$/\1/p' "$T/e" | tail -n 1 | clean 60)
  if [ -n "$v" ]; then say "$n tried $v"; fi
  if [ -s "$T/h" ]; then
    tr -d '\r' <"$T/h" | sed -n -e '/^HTTP\//h' -e '/^HTTP\//!H' -e '$x' -e '$p' | grep -iE '^(@HEADERS@): ' | head -n 12 |
      sed -e 's/^\([Ll]ocation: [^?#]*\).*/\1/' | while IFS= read -r l; do say "$n head $(printf '%s' "$l" | clean 160)"; done
  fi
  if [ -s "$T/b" ]; then
    say "$n bytes $(wc -c <"$T/b" | tr -d ' ')"
    say "$n body $(dd bs=1000 count=1 <"$T/b" 2>/dev/null | tr '\r\n\t' '   ' | clean 1000)"
  fi
}
host() {
  say "$1 host $2 $3:$4"
  if [ "$(date +%s)" -ge "$end" ]; then
    say "$1 late"
  elif [ "$tool" = curl ]; then
    lookup "$1" "$3"
    ask "$@"
  elif [ "$tool" = node ]; then
    within 30 node -e "$js" "$@" </dev/null 2>/dev/null || say "$1 late"
  else
    lookup "$1" "$3"
  fi
}
js='@NODE@'
@HOSTS@
say "end"
)
