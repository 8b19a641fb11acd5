#!/bin/sh
# systemd_test.sh UNIT SYSTEMD_ANALYZE: fails when systemd finds fault with the unit, or accepts it with a setting that no systemd knows.
set -eu
case "${2:-}" in
  "" | *NOTFOUND) echo "SKIPPED: systemd-analyze is not installed"; exit 77 ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sed "s|/usr/bin/headroom|$(command -v true)|" "$1" >"$folder/headroom.service"
verify() { "$2" verify --man=no "$1" 2>&1 | grep -F "headroom.service" || true; }
said=$(verify "$folder/headroom.service" "$2")
if [ -n "$said" ]; then echo "$said"; exit 1; fi
# The check can fail:
sed 's/^Restart=.*/Restart=sometimes/' "$folder/headroom.service" >"$folder/broken-headroom.service"
if [ -z "$(verify "$folder/broken-headroom.service" "$2")" ]; then echo "systemd-analyze accepted Restart=sometimes"; exit 1; fi
