#!/bin/sh
# run.sh ROOT CLONE PROGRAM ARGUMENT…: runs a Windows program under the Wine of the Debian in the folder ROOT, which
# sees the clone, and of this mount namespace's /etc the resolver and the hosts file. `ip netns exec` has made that
# namespace, so what is mounted here nobody else sees. WINEPREFIX is the device: its registry and its drives.
set -eu
root=$1
clone=$2
shift 2
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mkdir -p "$root$clone"
mount --rbind "$clone" "$root$clone"
for file in resolv.conf hosts; do
  [ -e "$root/etc/$file" ] || : >"$root/etc/$file"
  mount --bind "/etc/$file" "$root/etc/$file"
done
status=0
# Paths of ours are those of drive Z:, where / is; so it is the current one. Wine's own services keep open what they
# are given, so the output goes to files.
chroot "$root" sh -c 'cd / && exec wine "$@"' wine "$@" >"$WINEPREFIX/out" 2>"$WINEPREFIX/err" </dev/null || status=$?
chroot "$root" wineserver -k || true
cat "$WINEPREFIX/out"
cat "$WINEPREFIX/err" >&2
exit "$status"
