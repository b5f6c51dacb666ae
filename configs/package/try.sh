#!/bin/sh
# Installs a Debian package on a clean Debian and uses it: try.sh FILE.deb
# The Debian is a folder made by debootstrap; what runs in it has no network but
# the simulated Internet of adopt6's laboratory. Needs root, and debootstrap and
# iproute2. `make dist-try` calls it.
set -eu
package=$1
suite=${SUITE:-bookworm}
root=$(mktemp -d)
chmod 755 "$root"
space=adopt6-try-$$
trap 'umount "$root/proc" 2>/dev/null; ip netns del $space 2>/dev/null; rm -rf "$root"' EXIT
echo "Making a clean Debian ($suite)"
debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
rm -f "$root.log"
cp "$package" "$root/tmp/adopt6.deb"
ip netns add $space
ip -n $space link set lo up
mount -t proc proc "$root/proc"
cat >"$root/tmp/use.sh" <<'IN'
set -eu
cd /tmp
step() { echo "+ $*"; "$@"; }
step dpkg -i adopt6.deb
step adopt6 version
[ -n "$(find /usr/share/man/man1 -name 'adopt6-scan.1.gz')" ]
adopt6 lab up demo --file lab.json >/dev/null 2>&1 &
lab=$!
until [ -s lab.json ]; do sleep 0.1; done
chown adopt6 lab.json
said=0
su -s /bin/sh adopt6 -c 'adopt6 doctor --lab /tmp/lab.json' >doctor.txt || said=$?
kill $lab
cat doctor.txt
# Without a network the engine of the store cannot be there yet.
[ $said = 0 ] || [ "$(grep -c '^\(broken\|absent\) ' doctor.txt)" = 1 ]
step dpkg -r adopt6
[ ! -e /usr/bin/adopt6 ] && [ -d /var/lib/adopt6 ] && [ -e /etc/adopt6/adopt6.yaml ]
step dpkg -P adopt6
[ ! -e /etc/adopt6/adopt6.yaml ]
IN
ip netns exec $space chroot "$root" /bin/sh /tmp/use.sh
echo "The package installs, works and leaves on a clean Debian ($suite)"
