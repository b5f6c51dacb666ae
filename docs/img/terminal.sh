#!/bin/sh
# Draws text as a picture of a terminal: terminal.sh OUT.png < TEXT
# Needs chromium. `make screenshot` uses it.
set -eu
out=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
{
	cat <<'HTML'
<!doctype html><meta charset="utf-8"><title>adopt6</title><style>
body { margin: 0; background: #10161d; }
pre { margin: 0; padding: 22px 26px; color: #d7e0ea; font: 15px/1.38 "DejaVu Sans Mono", monospace; }
</style><pre>
HTML
	sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
	echo '</pre>'
} >"$dir/page.html"
lines=$(wc -l <"$dir/page.html")
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
	--disable-component-update --disable-sync --user-data-dir="$dir/profile" --hide-scrollbars --force-device-scale-factor=1.5 \
	--window-size=790,$((lines * 20)) --screenshot="$out" "file://$dir/page.html" >/dev/null 2>&1
