# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Hosts on one switch, each in a network namespace pinion-<id>-<host>, with its eth0 on the switch's
# bridge br0. The id is drawn anew, so that several labs can run at a time. $LAB is the lab's
# directory.
#
# The director also has a mount namespace, with its own /run and /sys: so /run/pinion and the
# bpffs that the daemon mounts are the lab's, outlive the daemon, and are gone with the lab.

LAB=
LAB_ID=
LAB_KEEPER=  # The process that holds the director's mount namespace.

namespace() { printf 'pinion-%s-%s' "$LAB_ID" "$1"; }

# on HOST COMMAND...: runs it there. Paths must be absolute on the director.
on() {
  local enter=(nsenter "--net=/run/netns/$(namespace "$1")")
  [[ $1 != director || -z $LAB_KEEPER ]] || enter+=("--mount=/proc/$LAB_KEEPER/ns/mnt")
  "${enter[@]}" -- "${@:2}"
}

# background HOST LOG COMMAND...: starts it there and leaves it running; $! is its process.
background() {
  local enter=(nsenter "--net=/run/netns/$(namespace "$1")")
  [[ $1 != director || -z $LAB_KEEPER ]] || enter+=("--mount=/proc/$LAB_KEEPER/ns/mnt")
  setsid "${enter[@]}" -- "${@:3}" >>"$LAB/$2" 2>&1 </dev/null &
  disown
}

# Ends the lab's processes, and leaves nothing of it. Called at every exit of a story.
lab_down() {
  local name pids
  for name in $(ip netns list | grep -o "^pinion-$LAB_ID-[a-z0-9]*"); do
    pids=$(ip netns pids "$name")
    # shellcheck disable=SC2086  # One word for each process.
    [[ -z $pids ]] || kill -KILL $pids 2>/dev/null || true
    ip netns del "$name"
  done
  rm -rf "$LAB"
}

lab_exit() {
  local status=$?
  trap - EXIT
  trap '' INT TERM  # Nobody is helped by half a cleaning up.
  # Whoever interrupts it has seen enough.
  if ((status != 0 && status != 77 && status != 130)); then
    lab_show_logs >&2
  fi
  if [[ -n $LAB_ID ]]; then
    lab_down
  fi
  exit "$status"
}

lab_show_logs() {
  local log
  for log in "$LAB"/*.log; do
    [[ -s $log ]] || continue
    printf -- '--- the end of %s\n' "${log##*/}"
    tail -n 25 "$log"
  done
}

# A lab without hosts, and the certainty that it will be cleaned up.
lab_open() {
  ((EUID == 0)) || skip "needs root, to make network namespaces"
  trap lab_exit EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  LAB=$(mktemp -d /tmp/pinion-lab.XXXXXX)
  LAB_ID=${LAB##*.}
  chmod 755 "$LAB"  # The web servers' workers are not root.
  lab_namespace switch
  lab_bridge br0
}

# Without snooping and its querier, the only packets are the story's own.
lab_bridge() {
  ip -n "$(namespace switch)" link add "$1" type bridge \
    forward_delay 0 mcast_snooping 0 2>"$LAB/why" ||
    skip "this kernel makes no bridge: $(cat "$LAB/why")"
  ip -n "$(namespace switch)" link set "$1" up
}

lab_namespace() {
  local name
  name=$(namespace "$1")
  ip netns add "$name" 2>"$LAB/why" || skip "no network namespaces here: $(cat "$LAB/why")"
  # The switch itself says nothing. Hosts need not ask first whether an address is theirs.
  on "$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
    net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0 \
    net.ipv6.conf.default.disable_ipv6="$([[ $1 == switch ]] && echo 1 || echo 0)"
  ip -n "$name" link set lo up
}

# lab_host NAME BRIDGE ADDRESS/LENGTH...
lab_host() {
  lab_namespace "$1"
  lab_wire "$1" eth0 "$2" "$(lab_mac)" "${@:3}"
}

# A MAC address that nobody in the lab has yet: client's is 02:00:00:00:00:01, and so on.
lab_mac() {
  echo >>"$LAB/macs"
  printf '02:00:00:00:00:%02x' "$(wc -l <"$LAB/macs")"
}

# The port of the switch that a host's interface is wired to: "director", "director.eth1".
port() { [[ $2 == eth0 ]] && echo "$1" || echo "$1.$2"; }

# lab_wire HOST INTERFACE BRIDGE MAC ADDRESS/LENGTH...
lab_wire() {
  local host=$1 interface=$2 bridge=$3 mac=$4 name port address
  name=$(namespace "$host") port=$(port "$host" "$interface")
  ip -n "$(namespace switch)" link add "$port" type veth \
    peer name "$interface" address "$mac" netns "$name" 2>"$LAB/why" ||
    skip "this kernel makes no veth: $(cat "$LAB/why")"
  ip -n "$(namespace switch)" link set "$port" master "$bridge" up
  # A veth leaves checksums and segmentation to hardware that is not there; XDP would see both
  # unfinished.
  on "$host" ethtool -K "$interface" tx off gso off tso off gro off >/dev/null
  ip -n "$name" link set "$interface" up
  for address in "${@:5}"; do
    ip -n "$name" address add "$address" dev "$interface"
  done
  if [[ $host == director && $XDP != generic ]]; then
    native_wire "$port"
  fi
}

# The director's wires carry native XDP: see pass.bpf.c.
native_wire() {
  local object=$BUILD/tests/lab/pass.bpf.o
  [[ -r $object ]] || fail "there is no $object; 'deploy/build release pinion_lab' makes it"
  ip -n "$(namespace switch)" link set "$1" xdpdrv obj "$object" sec xdp ||
    skip "this kernel's veth has no native XDP"
  on switch ethtool -K "$1" gro off >/dev/null
}

# path_mtu HOST ADDRESS: what the host has learned of the way there.
path_mtu() { on "$1" ip route get "$2" | grep -oP 'mtu (lock )?\K[0-9]+' || echo none; }

# A mount namespace that lives as long as the lab.
lab_mounts() {
  # shellcheck disable=SC2016  # $1 is that shell's.
  background director keeper.log unshare --mount --propagation private sh -c '
    mount -t sysfs sysfs /sys && mount -t tmpfs tmpfs /run && : >"$1/keeper.ready" &&
      exec sleep infinity' keeper "$LAB"
  local keeper=$!
  within 5 "the director has its own /run and /sys" test -e "$LAB/keeper.ready"
  LAB_KEEPER=$keeper
}
