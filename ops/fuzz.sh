#!/usr/bin/env bash
# Runs every fuzzer of tests/fuzz for an equal share of the time, from the corpus kept in the project.
#
#   ops/fuzz.sh [SECONDS] [NAME]      60 s and all fuzzers by default
#
# A finding leaves its input in build/fuzz-findings and ends with exit 1; what the fuzzers learn is kept in build/fuzz-corpus for the next run.
set -euo pipefail
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-60}
only=${2:-}
build=${HEADROOM_BUILD:-$PWD/build}
jobs=$(nproc); if [[ $jobs -gt 8 ]]; then jobs=8; fi
if [[ ! "$seconds" =~ ^[0-9]+$ || "$seconds" -lt 1 ]]; then echo "usage: ops/fuzz.sh [SECONDS] [NAME]" >&2; exit 2; fi

mapfile -t sources < <(find tests/fuzz -name "${only:-*}_fuzz.cc" | LC_ALL=C sort)
if [[ ${#sources[@]} -eq 0 ]]; then echo "fuzz: no tests/fuzz/${only:-*}_fuzz.cc" >&2; exit 2; fi
targets=()
for source in "${sources[@]}"; do targets+=("$(basename "$source" .cc)"); done

cmake --preset fuzz -B "$build/fuzz" >"$build/fuzz-cmake.log" 2>&1 || { cat "$build/fuzz-cmake.log"; exit 1; }
nice ninja -C "$build/fuzz" -j"$jobs" --quiet "${targets[@]}"

# One process a core; with fewer cores than fuzzers they take turns, so that the whole takes SECONDS.
rounds=$(((${#targets[@]} + jobs - 1) / jobs))
share=$((seconds / rounds)); if [[ $share -lt 1 ]]; then share=1; fi
findings=$build/fuzz-findings
mkdir -p "$findings"

fuzz_one() {
  local target=$1 name=${1%_fuzz} binary seeds=() dictionary=() log="$build/fuzz-$1.log"
  binary=$(find "$build/fuzz" -type f -name "$target" -perm -u+x | head -1)
  [[ -n "$binary" ]] || { echo "fuzz: $target was not built"; return 1; }
  local learned=$build/fuzz-corpus/$name
  mkdir -p "$learned"
  [[ -d "tests/fuzz/corpus/$name" ]] && seeds=("tests/fuzz/corpus/$name")
  [[ -f "tests/fuzz/$name.dict" ]] && dictionary=(-dict="tests/fuzz/$name.dict")
  if ! "$binary" -max_total_time="$share" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$findings/$name-" \
    "${dictionary[@]}" "$learned" "${seeds[@]}" >"$log" 2>&1; then
    tail -60 "$log"
    echo "fuzz: $target has a finding; its input is in $findings"
    return 1
  fi
  printf '%-28s %s runs in %s s, no finding\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$share"
}

bad=0 running=0
for target in "${targets[@]}"; do
  if [[ $running -ge $jobs ]]; then wait -n || bad=1; running=$((running - 1)); fi
  fuzz_one "$target" &
  running=$((running + 1))
done
while [[ $running -gt 0 ]]; do wait -n || bad=1; running=$((running - 1)); done
exit $bad
