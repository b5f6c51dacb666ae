#!/bin/sh
# Draws what `adopt6 check` prints on a terminal of a simulated domain whose web
# server does not listen on IPv6: check.sh OUT.png
# Needs chromium, and script of util-linux. `make screenshot` uses it.
set -eu
dir=$(mktemp -d)
bin/adopt6 lab up testdata/scenarios/check.yaml --file "$dir/lab.json" >/dev/null &
lab=$!
trap 'kill $lab; rm -rf "$dir"' EXIT
while [ ! -s "$dir/lab.json" ]; do sleep 0.1; done
{
	echo '$ adopt6 check example.go.ke'
	TERM=xterm LC_ALL=C.UTF-8 script -qec "bin/adopt6 check --lab $dir/lab.json --skip-preflight --vantage nairobi example.go.ke 2>/dev/null" /dev/null |
		tr -d '\r' | grep -v '^.*The domain is simulated'
} | docs/img/terminal.sh "$1"
