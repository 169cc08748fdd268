#!/bin/sh
# run.sh ROOT CLONE PROGRAM ARGUMENT…: runs a Windows program under the Wine of the Debian in the folder ROOT, which
# sees the clone, the program, and of this mount namespace's /etc the resolver and the hosts file. `ip netns exec` has
# made that namespace, so what is mounted here nobody else sees. WINEPREFIX is the device: its registry and its drives.
#
# TERMINAL, if set, is the number of columns of a terminal that the program is given; TYPED is then typed there, as
# printf writes it, as soon as TYPED_AFTER is read there.
set -eu
root=$1
clone=$2
shift 2
mount -t proc proc "$root/proc"
# With what is mounted in it: terminals.
mount --rbind /dev "$root/dev"
# Where the program lies elsewhere than below the clone.
program_folder=$(dirname "$1")
for folder in "$clone" "$program_folder"; do
  mkdir -p "$root$folder"
  mount --rbind "$folder" "$root$folder"
done
for file in resolv.conf hosts; do
  [ -e "$root/etc/$file" ] || : >"$root/etc/$file"
  mount --bind "/etc/$file" "$root/etc/$file"
done
# Hives of other users, which Wine keeps no file of.
if [ -e "$WINEPREFIX/drive_c/others.reg" ]; then
  chroot "$root" sh -c 'cd / && exec wine reg import "C:\\others.reg"' >/dev/null 2>&1 </dev/null
fi
status=0
out=$WINEPREFIX/out
: >"$out"
if [ -z "${TERMINAL:-}" ]; then
  # Paths of ours are those of drive Z:, where / is; so it is the current one. Wine's own services keep open what they
  # are given, so the output goes to files.
  chroot "$root" sh -c 'cd / && exec wine "$@"' wine "$@" >"$out" 2>"$WINEPREFIX/err" </dev/null || status=$?
else
  quoted=
  for word; do
    quoted="$quoted '$(printf %s "$word" | sed "s/'/'\\\\''/g")'"
  done
  # In a minute nothing is typed any more.
  turns=300
  {
    while [ -n "${TYPED:-}" ] && [ "$turns" -gt 0 ]; do
      if grep -aqF -- "$TYPED_AFTER" "$out"; then
        # What is typed before the program reads may be lost with the console's change of mode.
        sleep 1
        printf '%b' "$TYPED"
        break
      fi
      turns=$((turns - 1))
      sleep 0.2
    done
    # The terminal stays until the program has ended.
    while [ ! -e "$WINEPREFIX/ended" ] && [ "$turns" -gt 0 ]; do
      turns=$((turns - 1))
      sleep 0.2
    done
  } | {
    chroot "$root" script --quiet --flush --return \
      --command "stty cols $TERMINAL rows 50; cd /; exec wine $quoted" /dev/null >"$out" 2>"$WINEPREFIX/err" || echo $? >"$WINEPREFIX/status"
    : >"$WINEPREFIX/ended"
  }
  [ ! -e "$WINEPREFIX/status" ] || status=$(cat "$WINEPREFIX/status")
fi
chroot "$root" wineserver -k || true
cat "$out"
[ ! -e "$WINEPREFIX/err" ] || cat "$WINEPREFIX/err" >&2
exit "$status"
