#!/usr/bin/env bash
# Installs the Debian packages that Headroom is built and tested with, and only those that are missing.
#
#   ops/install.sh                everything: both compilers, lints, sanitizers, test servers, a JDK for the real broker
#   ops/install.sh --build-only   what ops/demo.sh needs: one compiler, the libraries, redis-server, kcat
#   ops/install.sh --list         prints the packages, one a line, and changes nothing
#
# Never removes a package, never starts a service, and runs apt only when something is missing.
set -euo pipefail
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin${PATH:+:$PATH}"

libraries=(librdkafka-dev libhiredis-dev libssl-dev libsimdjson-dev libboost1.81-dev libboost-context1.81-dev prometheus-cpp-dev nlohmann-json3-dev libcli11-dev
  libxxhash-dev libeigen3-dev)
build=(build-essential cmake ninja-build ccache g++ "${libraries[@]}" redis-server kcat jq python3 procps ca-certificates)
checks=(clang clang-format clang-tidy libclang-rt-14-dev libgtest-dev libgmock-dev libbenchmark-dev prometheus python3-jsonschema python3-yaml
  openssl maven iproute2 git)

say() { printf 'install: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

installed() { [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]; }

# Any Java from 17 on runs the broker; Debian's own is installed only where there is none.
java_is_recent() {
  local version
  version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -1) || return 1
  [[ -n "$version" && "$version" -ge 17 ]]
}

# Packages start the servers they bring; here they are wanted as programs only. A temporary policy keeps them off.
policy=/usr/sbin/policy-rc.d
own_policy=
drop_policy() { if [[ -n "$own_policy" ]]; then $as_root rm -f "$policy"; own_policy=; fi; }
keep_services_off() {
  [[ -e "$policy" ]] && return
  own_policy=1
  trap drop_policy EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
}

# Not at the next boot either, when it was us who brought them.
disable_new_services() {
  local service
  [[ -d /run/systemd/system ]] || return 0
  for service in redis-server prometheus; do
    if [[ " $* " == *" $service "* ]]; then $as_root systemctl disable --now "$service" >/dev/null 2>&1 || true; fi
  done
}

packages=("${build[@]}")
case "${1:-}" in
  --build-only) ;;
  "") packages+=("${checks[@]}"); java_is_recent || packages+=(default-jdk-headless) ;;
  --list) printf '%s\n' "${build[@]}" "${checks[@]}" default-jdk-headless; exit 0 ;;
  *) die "usage: ops/install.sh [--build-only | --list]" ;;
esac

command -v dpkg-query >/dev/null || die "this is not a Debian system; the packages to find elsewhere: ${packages[*]}"
missing=()
for package in "${packages[@]}"; do installed "$package" || missing+=("$package"); done
if [[ ${#missing[@]} -eq 0 ]]; then exit 0; fi

as_root=
if [[ $EUID -ne 0 ]]; then
  command -v sudo >/dev/null || die "missing: ${missing[*]}; run as root or install sudo: apt-get install ${missing[*]}"
  as_root="sudo"
fi

say "missing: ${missing[*]}"
keep_services_off
apt=($as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
"${apt[@]}" update || die "apt-get update failed (see above); is the network there?"
# --no-remove: a machine with another Boost keeps it, and hears about the conflict instead.
"${apt[@]}" install -y --no-install-recommends --no-remove "${missing[@]}" >&2 || die "apt-get install failed (see above)"
drop_policy
disable_new_services "${missing[@]}"
say "installed ${#missing[@]} packages"
