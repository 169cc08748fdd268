#!/usr/bin/env bash
# Runs fuzz targets for a while: bash fuzz/run.sh SECONDS [TARGET...], or only builds them: bash fuzz/run.sh build
#
# Without a target, all of them. Exits with 1 when one finds something or did not really run.
# FUZZ_JOBS        targets at a time (default: 2)
# FUZZ_SANITIZER   none (default) or address; address needs RUSTC_BOOTSTRAP=1
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?usage: bash fuzz/run.sh SECONDS|build [TARGET...]}
[[ $seconds == build || $seconds =~ ^[1-9][0-9]*$ ]] || { echo "fuzz: '$seconds' is not a number of seconds" >&2; exit 2; }
shift
jobs=${FUZZ_JOBS:-2}
sanitizer=${FUZZ_SANITIZER:-none}

if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "fuzz: installing cargo-fuzz"
    cargo install cargo-fuzz --locked --version 0.13.2
fi

mapfile -t all < <(cargo fuzz list)
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=("${all[@]}")
[[ ${#targets[@]} -gt 0 ]] || { echo "fuzz: there is no target" >&2; exit 1; }
for target in "${targets[@]}"; do
    printf '%s\n' "${all[@]}" | grep -qx -- "$target" || {
        echo "fuzz: no target is called '$target'; there are: ${all[*]}" >&2
        exit 2
    }
done

# One build for all of them: they differ only in their last, small part.
build=(cargo fuzz build -s "$sanitizer")
if [[ ${#targets[@]} -eq 1 ]]; then build+=("${targets[0]}"); fi
"${build[@]}"
[[ $seconds != build ]] || exit 0

binaries=fuzz/target/$(rustc -vV | sed -n 's/^host: //p')/release
work=fuzz/work
mkdir -p "$work/logs" fuzz/artifacts
sed -n 's/^name = "\(.*\)"/"\1"/p' rules/keys.toml | sort -u > "$work/keys.dict"

# Largest input, in bytes: documents that only make sense whole get more.
max_len() {
    case $1 in
        check_report) echo 32768 ;;
        arguments) echo 300 ;;
        dns_answer | certificate | http_text | pac) echo 4096 ;;
        *) echo 16384 ;;
    esac
}

run_one() {
    local target=$1
    local log=$work/logs/$target.log
    mkdir -p "$work/$target" "fuzz/artifacts/$target" "fuzz/corpus/$target"
    # What the fuzzer adds goes to the first folder; the second holds the seeds.
    nice "$binaries/$target" "$work/$target" "fuzz/corpus/$target" \
        -artifact_prefix="fuzz/artifacts/$target/" -dict="$work/keys.dict" \
        -max_total_time="$seconds" -max_len="$(max_len "$target")" \
        -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 > "$log" 2>&1
}

started=$SECONDS
failed=()
declare -A pids=()
wait_for() {
    local target=$1
    local log=$work/logs/$target.log
    local status=0
    wait "${pids[$target]}" || status=$?
    unset "pids[$target]"
    local done_line coverage
    done_line=$(grep -E '^Done [0-9]+ runs' "$log" || true)
    coverage=$(grep -oE 'cov: [0-9]+ ft: [0-9]+ corp: [0-9]+' "$log" | tail -n 1 || true)
    if [[ $status -eq 0 && -n $done_line && -n $coverage ]]; then
        printf '%-16s %s, %s\n' "$target" "$done_line" "$coverage"
    else
        failed+=("$target")
        printf '%-16s FAILED (exit %s); the end of %s:\n' "$target" "$status" "$log"
        # What was asserted, or else the fuzzer's own complaint (time, memory); then the input.
        { grep -a -m 1 -A 4 'panicked at' "$log" || grep -aE 'ERROR|SUMMARY' "$log" || tail -n 5 "$log"; } |
            cut -c 1-600 | sed 's/^/    /'
        grep -aoE '(Test unit written to|Base64:) .*' "$log" | cut -c 1-2000 | sed 's/^/    /' || true
        echo "    again: cargo fuzz run -s $sanitizer $target fuzz/artifacts/$target/<file>"
    fi
}

queue=()
for target in "${targets[@]}"; do
    if [[ ${#queue[@]} -ge $jobs ]]; then
        wait_for "${queue[0]}"
        queue=("${queue[@]:1}")
    fi
    run_one "$target" &
    pids[$target]=$!
    queue+=("$target")
done
for target in "${queue[@]}"; do wait_for "$target"; done

echo "fuzz: ${#targets[@]} targets, $seconds s each, $((SECONDS - started)) s in all, ${#failed[@]} with findings"
[[ ${#failed[@]} -eq 0 ]] || { echo "fuzz: found something in: ${failed[*]}" >&2; exit 1; }
