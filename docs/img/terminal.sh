#!/bin/sh
# Draws text as a picture of a terminal: terminal.sh OUT.png < TEXT
# The colours that adopt6 uses are drawn.
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
.c1 { font-weight: bold; color: #fff; } .c2 { color: #8694a3; }
.c31 { color: #ff8b82; } .c32 { color: #7ee787; } .c33 { color: #e8c468; }
</style><pre>
HTML
	esc=$(printf '\033')
	sed "s/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/$esc\[0m/<\/span>/g; s/$esc\[\([0-9]*\)m/<span class=c\1>/g"
	echo '</pre>'
} >"$dir/page.html"
lines=$(wc -l <"$dir/page.html")
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
	--disable-component-update --disable-sync --user-data-dir="$dir/profile" --hide-scrollbars --force-device-scale-factor=1.5 \
	--window-size=790,$((lines * 20)) --screenshot="$out" "file://$dir/page.html" >/dev/null 2>&1
