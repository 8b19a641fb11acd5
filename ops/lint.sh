#!/usr/bin/env bash
# The lints that need a tool of their own; the rules of the house are tests (tests/tidy).
#
#   ops/lint.sh format                     clang-format over every C++ file
#   ops/lint.sh scripts                    bash -n over every shell script, python syntax over every Python file
#   ops/lint.sh rules                      promtool over the Prometheus rules and their tests
#   ops/lint.sh tidy BUILD_FOLDER SECONDS  clang-tidy with the compile commands of a build folder
#
# clang-tidy remembers, in BUILD_FOLDER/tidy, which files it found clean (by the content of everything they include), takes the most recently
# changed files first, and starts none after SECONDS (0 = no limit); it says how many are left for the next run.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2

# Files of the project, whether or not there is a git checkout around them.
files() {
  find bench config include ops src tests topologies .ci -type f \( "$@" \) -not -path '*/__pycache__/*' 2>/dev/null | LC_ALL=C sort
}

format() {
  local list
  mapfile -t list < <(files -name '*.h' -o -name '*.cc')
  [[ ${#list[@]} -gt 0 ]] || { echo "no C++ files found"; return 1; }
  local said
  said=$(clang-format --dry-run --Werror "${list[@]}" 2>&1) && { echo "${#list[@]} files formatted"; return 0; }
  echo "not as clang-format writes them (clang-format -i FILE):"
  sed -n 's/^\([^:]*\):[0-9]*:[0-9]*: error:.*/  \1/p' <<<"$said" | sort -u
  return 1
}

scripts() {
  local file bad=0
  while read -r file; do bash -n "$file" || bad=1; done < <(files -name '*.sh' -o -path '.ci/run')
  while read -r file; do
    python3 -c 'import ast, sys; ast.parse(open(sys.argv[1], encoding="utf-8").read(), sys.argv[1])' "$file" || bad=1
  done < <(files -name '*.py')
  return $bad
}

rules() {
  local list
  mapfile -t list < <(find ops/prometheus -name '*.y*ml' -not -name '*test*' 2>/dev/null | xargs -r grep -lE '^groups:')
  [[ ${#list[@]} -gt 0 ]] || { echo "no Prometheus rules found under ops/prometheus"; return 1; }
  promtool check rules "${list[@]}" || return 1
  mapfile -t list < <(find ops/prometheus -name '*test*.y*ml')
  [[ ${#list[@]} -gt 0 ]] || { echo "no tests of the Prometheus rules found under ops/prometheus"; return 1; }
  promtool test rules "${list[@]}"
}

# Most recently committed or edited first: what a change broke is found first.
by_age() { while read -r file; do printf '%s %s\n' "$(git log -1 --format=%ct -- "$file" 2>/dev/null || stat -c %Y "$file")" "$file"; done | sort -rn | cut -d' ' -f2-; }

# tidy_one BUILD FILE: silent success when the file, with all it includes, is known to be clean.
tidy_one() {
  local build=$1 file=$2 key
  key=$(python3 - "$build" "$file" <<'PY'
import hashlib, json, os, shlex, subprocess, sys
build, file = sys.argv[1:]
with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
    entry = next((e for e in json.load(f) if os.path.realpath(os.path.join(e["directory"], e["file"])) == os.path.realpath(file)), None)
if entry is None:
    sys.exit(0)
words = [w for w in shlex.split(entry["command"]) if not w.endswith("ccache")]
out = words.index("-o")
command = words[:out] + words[out + 2:] + ["-MM"]
made = subprocess.run([w for w in command if w != "-c"], cwd=entry["directory"], capture_output=True, text=True)
digest = hashlib.sha256(open(".clang-tidy", "rb").read() + entry["command"].encode())
for name in sorted(set(made.stdout.replace("\\\n", " ").split()[1:])):
    digest.update(open(os.path.join(entry["directory"], name), "rb").read())
print(digest.hexdigest() if made.returncode == 0 else "")
PY
  )
  if [[ -n "$key" && -e "$build/tidy/$key" ]]; then return 0; fi
  nice clang-tidy --quiet -p "$build" "$file" 2>/dev/null || return 1
  if [[ -n "$key" ]]; then : >"$build/tidy/$key"; fi
}

tidy() {
  local build=$1 limit=$2
  local list=() done=0 bad=0 file began=$SECONDS running=0
  mkdir -p "$build/tidy"
  [[ -f "$build/compile_commands.json" ]] || { echo "no compile_commands.json in $build"; return 1; }
  mapfile -t list < <(files -path 'src/*.cc' -o -path 'topologies/*.cc' | by_age)
  [[ ${#list[@]} -gt 0 ]] || { echo "no sources found"; return 1; }
  for file in "${list[@]}"; do
    if [[ $limit -gt 0 && $((SECONDS - began)) -ge $limit ]]; then break; fi
    if [[ $running -ge 2 ]]; then wait -n || bad=1; running=$((running - 1)); fi
    tidy_one "$build" "$file" &
    running=$((running + 1)) done=$((done + 1))
  done
  while [[ $running -gt 0 ]]; do wait -n || bad=1; running=$((running - 1)); done
  echo "clang-tidy: $done of ${#list[@]} files in $((SECONDS - began)) s"
  return $bad
}

case "${1:-}" in
  format | scripts | rules) "$1" ;;
  tidy) tidy "${2:?build folder}" "${3:-0}" ;;
  *) sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
