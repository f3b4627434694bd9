#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the guest, under systemd: the unit's few capabilities and what it hides are enough to start, to
# save and to reload; a restart and a crash are adopted; a stop withdraws.
#
#   systemd.sh BUILD    installs from this build directory
set -euo pipefail
source "$(dirname "$0")/../lab/lib/story.sh"
readonly BUILD=$1 FILE=/etc/pinion/pinion.yaml VIP=192.0.2.80
needs jq cmake pgrep
[[ -x /lib/systemd/systemd ]] || skip "needs systemd, which this machine does not run"

# Of systemd only what services need, in a PID namespace, where it can be the first process: here
# that is somebody else.
start_systemd() {
  ln -sf /dev/null /etc/systemd/system/tmp.mount
  ln -sf /dev/null /etc/systemd/system/systemd-udevd.service
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  container=other unshare --fork --pid --mount-proc --propagation shared \
    /lib/systemd/systemd --system --unit=basic.target &>/systemd.log &
  within 10 "there is a first process" pgrep --parent "$!"
  SYSTEMD=$(pgrep --parent "$!")
  within 300 "systemd serves" systemd_does is-active basic.target
}

# Its own namespace, since it answers to nobody whose process number it does not see.
systemd_does() { nsenter --target "$SYSTEMD" --pid --mount -- systemctl "$@"; }
property() { systemd_does show --property "$1" --value piniond; }
status() { pinionctl --output json status | jq -r ".$1"; }
vips() { ip -o address show to "$VIP" | wc -l; }
serves() { pinionctl status; }
restarted() { (($(property NRestarts) > 0)); }

step "It is installed, and started"
cmake --install "$BUILD" >/install.log
ip link add eth0 type veth peer name peer0
ip link set peer0 up
ip link set eth0 up
ip address add 192.0.2.10/24 dev eth0
cp "$(dirname "$0")/../../config/examples/minimal.yaml" "$FILE"
start_systemd
works "systemctl start piniond" systemd_does start piniond
within 30 "it answers" serves
expect_equal "VIPs" "$(vips)" 1
expect_equal "capabilities" "$(awk '/^CapEff/ { print $2 }' "/proc/$(pgrep -x piniond)/status")" \
  000000c000003000

step "What is changed at run time can be saved"
works "server add" pinionctl server add "$VIP:80/tcp" 192.0.2.13
works "config save" pinionctl config save
expect_match "the file" "$(cat "$FILE")" "192\.0\.2\.13"

step "A reload of a file with faults fails, a good one is done"
cp "$FILE" /good.yaml
echo "nonsense: 1" >>"$FILE"
refused "systemctl reload piniond" systemd_does reload piniond
cp /good.yaml "$FILE"
works "systemctl reload piniond" systemd_does reload piniond

step "A restart is adopted"
before=$(property MainPID)
works "systemctl restart piniond" systemd_does restart piniond
within 30 "it answers" serves
[[ $(property MainPID) != "$before" ]] || fail "it is still the same process"
expect_equal "status says adopted" "$(status adopted)" true

step "A crash is, too"
pkill -KILL -x piniond
within 30 "it has been started again" restarted
within 30 "it answers" serves
expect_equal "status says adopted" "$(status adopted)" true

step "A stop withdraws"
works "systemctl stop piniond" systemd_does stop piniond
expect_equal "state" "$(property ActiveState)" inactive
expect_equal "VIPs" "$(vips)" 0
expect_equal "pinned maps" "$(find /sys/fs/bpf/pinion -type f | wc -l)" 0

step "A real server is set up again at every boot"
real_server() { nsenter --target "$SYSTEMD" --pid --mount -- pinion-real-server "$@"; }
readonly NET=198.51.100.0/28 NET6=2001:db8:5::/64
works "setup --persist" real_server setup dr --vip "$NET" --vip "$NET6" --persist
expect_equal "check" "$(real_server check dr)" "dr: no problem found"
ip route del local "$NET" dev lo table local
ip -6 route del local "$NET6" dev lo table local
refused "check, when it is gone as at a boot" real_server check dr
works "systemctl restart pinion-real-server" systemd_does restart pinion-real-server
expect_equal "check" "$(real_server check dr)" "dr: no problem found"
works "undo" real_server undo dr
expect_equal "routes" "$(ip route show table local to exact "$NET" && ip -6 route show "$NET6")" ""
refused "its unit is gone" test -e /etc/systemd/system/pinion-real-server.service
