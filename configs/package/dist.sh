#!/bin/sh
# Builds what is released, below dist/: for linux/amd64 and linux/arm64 a tarball
# and a Debian package, each with man pages, shell completions, units, sample
# settings and a bill of materials (CycloneDX), and SHA256SUMS over all of it.
#
# The same commit gives the same bytes: dates are the commit's, paths and build
# folders are left out, files are sorted and owned by root.
#
# Needs Go, git, npm and dpkg-deb (Debian). `make dist` calls it: dist.sh [OUT]
# Who packs may be named as Debian's tools do it, by DEBFULLNAME and DEBEMAIL.
set -eu
umask 022
export LC_ALL=C TZ=UTC CGO_ENABLED=0
cd "$(dirname "$0")/../.."
out=${1:-dist}
go=${GO:-go}
bill=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.9.0

commit=$(git rev-parse --short=12 HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
date=$(git log -1 --date=format:%Y%m%d --format=%cd)
dirty=
[ -z "$(git status --porcelain --untracked-files=no)" ] || dirty=+dirty
tag=$(git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null || true)
# Debian orders 0~git... below every released version.
version=${tag#v}
version=${version:-0~git$date.$commit}$dirty

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -f "$out"/adopt6_* "$out"/SHA256SUMS

echo "Building adopt6 $version"
host="$work/adopt6"
$go build -trimpath -buildvcs=false -o "$host" ./cmd/adopt6
"$host" docs --format man --out "$work/man"
gzip -9n "$work"/man/*.1
for shell in bash zsh fish; do "$host" completion $shell >"$work/adopt6.$shell"; done
(cd report/assets/build && npm sbom --loglevel=error --package-lock-only --sbom-format cyclonedx) >"$work/npm.json"

# plain FILE removes from a bill of materials what differs between two builds.
plain() {
	node -e '
		const fs = require("fs"), file = process.argv[1], bill = JSON.parse(fs.readFileSync(file))
		delete bill.serialNumber
		bill.metadata.timestamp = new Date(process.env.SOURCE_DATE_EPOCH * 1000).toISOString()
		fs.writeFileSync(file, JSON.stringify(bill, null, 1) + "\n")' "$1"
}

# archive FOLDER FILE packs a folder, the same bytes from the same files.
archive() {
	tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
		--format=ustar -C "$(dirname "$1")" -cf - "$(basename "$1")" | gzip -9n >"$2"
}

for arch in amd64 arm64; do
	echo "Packing linux/$arch"
	tree="$work/adopt6_${version}_linux_$arch"
	mkdir -p "$tree/man" "$tree/completions" "$tree/systemd" "$tree/grafana" "$tree/clickhouse" "$tree/docs"
	GOOS=linux GOARCH=$arch $go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$version" -o "$tree/adopt6" ./cmd/adopt6
	cp "$work"/man/*.gz "$tree/man/"
	cp "$work"/adopt6.bash "$work"/adopt6.zsh "$work"/adopt6.fish "$tree/completions/"
	cp README.md CHANGELOG.md LICENSE NOTICE SECURITY.md "$tree/"
	cp docs/*.md "$tree/docs/"
	cp configs/*.yaml "$tree/"
	cp configs/systemd/* "$tree/systemd/"
	cp -r configs/kubernetes "$tree/"
	cp -r configs/grafana/. "$tree/grafana/"
	cp -r configs/clickhouse/. "$tree/clickhouse/"
	$go run "$bill" bin -json -noserial -output "$tree/sbom-go.cdx.json" -version "v0.0.0" "$tree/adopt6"
	cp "$work/npm.json" "$tree/sbom-npm.cdx.json"
	plain "$tree/sbom-go.cdx.json"
	plain "$tree/sbom-npm.cdx.json"
	find "$tree" -type f ! -name adopt6 -exec chmod 644 {} +
	chmod 755 "$tree/adopt6"
	archive "$tree" "$out/adopt6_${version}_linux_$arch.tar.gz"

	echo "Packing adopt6_${version}_$arch.deb"
	deb="$work/deb-$arch"
	share="$deb/usr/share"
	mkdir -p "$deb/DEBIAN" "$deb/usr/bin" "$deb/usr/lib/systemd/system" "$deb/etc/adopt6" "$share/man/man1" "$share/doc/adopt6" \
		"$share/adopt6" "$share/bash-completion/completions" "$share/zsh/vendor-completions" "$share/fish/vendor_completions.d"
	cp "$tree/adopt6" "$deb/usr/bin/"
	cp "$tree"/systemd/*.service "$deb/usr/lib/systemd/system/"
	cp "$tree/adopt6.yaml" "$deb/etc/adopt6/"
	cp "$tree/schedule.yaml" "$share/adopt6/" # an example: jobs are for the operator to write
	cp "$tree"/man/* "$share/man/man1/"
	cp "$tree/completions/adopt6.bash" "$share/bash-completion/completions/adopt6"
	cp "$tree/completions/adopt6.zsh" "$share/zsh/vendor-completions/_adopt6"
	cp "$tree/completions/adopt6.fish" "$share/fish/vendor_completions.d/adopt6.fish"
	cp "$tree"/README.md "$tree"/CHANGELOG.md "$tree"/SECURITY.md "$tree"/sbom-*.json "$share/doc/adopt6/"
	cp -r "$tree/docs" "$share/doc/adopt6/"
	cat configs/package/copyright NOTICE >"$share/doc/adopt6/copyright"
	cp -r "$tree/grafana" "$tree/clickhouse" "$tree/kubernetes" "$share/adopt6/"
	cp configs/package/postinst configs/package/prerm configs/package/postrm "$deb/DEBIAN/"
	chmod 755 "$deb"/DEBIAN/post* "$deb"/DEBIAN/prerm
	find "$deb/etc" -type f | sed "s|^$deb||" | sort >"$deb/DEBIAN/conffiles"
	(cd "$deb" && find usr -type f | sort | xargs md5sum >DEBIAN/md5sums)
	sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@MAINTAINER@/${DEBFULLNAME:-adopt6} <${DEBEMAIL:-root@localhost}>/; s/@SIZE@/$(du -k --apparent-size -s "$deb" | cut -f1)/" configs/package/control >"$deb/DEBIAN/control"
	find "$deb" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	dpkg-deb --root-owner-group -Zxz --build "$deb" "$out/adopt6_${version}_$arch.deb" >/dev/null
done
cd "$out"
sha256sum adopt6_* >SHA256SUMS
cat SHA256SUMS
