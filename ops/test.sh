#!/usr/bin/env bash
# Builds and runs every test; the last line is `N passed, N failed, N skipped`.
#
#   ops/test.sh               everything: g++, clang with sanitizers, lints, a minute of fuzzing
#   ops/test.sh --quick       g++ and its tests without the long ones, and the format
#   ops/test.sh -R REGEX      g++ and the tests whose names match (as of ctest -R)
#
# HEADROOM_REQUIRE_KAFKA=1 turns a missing real broker from a skip into a failure. HEADROOM_BUILD names the folder to build in (build/),
# HEADROOM_FUZZ_SECONDS and HEADROOM_TIDY_SECONDS the time given to fuzzing (60) and to clang-tidy (180, 0 = all files),
# HEADROOM_SIMULATE_SEEDS how many schedules are simulated (100,000, about two minutes). Logs and JUnit files are left in build/test-results.
set -uo pipefail
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}"
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
source_dir=$PWD

quick= regex=
while [[ $# -gt 0 ]]; do
  case "$1" in
    --quick) quick=1 ;;
    -R) regex=${2:?-R needs a regular expression}; shift ;;
    -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test: unknown argument $1 (--quick, -R REGEX)" >&2; exit 2 ;;
  esac
  shift
done

build=${HEADROOM_BUILD:-$source_dir/build}
results=$build/test-results
rm -rf "$results" && mkdir -p "$results" || exit 2
# Caches (compiler, Kafka's jars) live at home, where there is one.
export HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
if [[ ! -w "$HOME" ]]; then HOME=$build/home; mkdir -p "$HOME"; fi
export CCACHE_BASEDIR=$source_dir CCACHE_NOHASHDIR=1
export GTEST_COLOR=no CLICOLOR_FORCE=0 NINJA_STATUS='[%f/%t] '
jobs=$(nproc); if [[ $jobs -gt 8 ]]; then jobs=8; fi

# run NAME KIND SECONDS COMMAND...: one stage, with its log, its seconds and a limit. KIND is tests (counted by cases) or check (counted as one).
run() {
  local name=$1 kind=$2 limit=$3 began=$SECONDS code
  shift 3
  printf '\n== %s\n' "$name"
  timeout --kill-after=30 "$limit" "$@" 2>&1 | tee "$results/$name.log"
  code=${PIPESTATUS[0]}
  if [[ $code -eq 124 ]]; then echo "$name: stopped at its limit of $limit s"; fi
  printf '%s\t%s\t%s\t%s\n' "$name" "$kind" $((SECONDS - began)) "$code" >>"$results/stages.tsv"
  printf '== %s: %s s, exit code %s\n' "$name" $((SECONDS - began)) "$code"
  return "$code"
}

# Ninja's progress is for people at a terminal; a log wants the warnings and the end.
configure_and_build() {
  local preset=$1 target targets=() known
  shift
  cmake --preset "$preset" -B "$build/$preset" >"$results/cmake-$preset.log" 2>&1 || { cat "$results/cmake-$preset.log"; return 1; }
  known=$(ninja -C "$build/$preset" --quiet -t targets all)
  for target in "$@"; do if grep -q "^$target: " <<<"$known"; then targets+=("$target"); fi; done
  nice ninja -C "$build/$preset" -j"$jobs" -k 20 --quiet "${targets[@]}"
}

run_tests() {
  local stage=$1 preset=$2
  shift 2
  ctest --test-dir "$build/$preset" --parallel "$jobs" --output-on-failure --no-tests=error --timeout 900 --test-output-size-passed 65536 \
    --test-output-size-failed 262144 --output-junit "$results/$stage.xml" "$@"
}
export -f configure_and_build run_tests
export build results source_dir jobs

stage_build() { run "build-$1" check 2400 bash -c 'configure_and_build "$@"' - "$@"; }
stage_tests() { run "$1" tests "$3" bash -c 'run_tests "$@"' - "$1" "$2" "${@:4}"; }

lint() {
  run format check 120 ops/lint.sh format
  [[ -n "$quick" ]] && return
  run scripts check 60 ops/lint.sh scripts
  run prometheus-rules check 120 ops/lint.sh rules
}

sanitizers() {
  # What touches untrusted bytes, raw memory or threads; the wall-clock suites against real servers run once, in release, as do
  # whole trainings and evaluations: minutes of plain arithmetic under sanitizers.
  if stage_build fuzz; then
    stage_tests asan fuzz 1500 -R '^(base|model|codec|config|policy|engine|operators|kafka|redis|http|topologies|worker|cli): ?' -LE 'long|broker' -E 'LagKillRealKafka|LagLostBrokerRealKafka|cli:(ForecastEval|ForecastPlot|Train|Tune)'
    run fuzzing check 600 env HEADROOM_BUILD="$build" ops/fuzz.sh "${HEADROOM_FUZZ_SECONDS:-60}"
    run clang-tidy check 900 ops/lint.sh tidy "$build/fuzz" "${HEADROOM_TIDY_SECONDS:-180}"
  fi
  if stage_build tsan base_test redis_test http_test worker_test; then stage_tests tsan tsan 900 -R '^(base|redis|http|worker): ?' -LE 'long|broker'; fi
}

run install check 900 ops/install.sh
if stage_build release; then
  if [[ -n "$regex" ]]; then stage_tests tests release 2400 -R "$regex"
  elif [[ -n "$quick" ]]; then stage_tests tests release 900 -LE long
  else
    stage_tests tests release 2400
    run simulation check 900 "$build/release/tests/simulate" --seeds "${HEADROOM_SIMULATE_SEEDS:-100000}" --from 1000000
  fi
fi
if [[ -z "$regex" ]]; then lint; fi
if [[ -z "$regex" && -z "$quick" ]]; then sanitizers; fi

python3 ops/tally.py "$results"
