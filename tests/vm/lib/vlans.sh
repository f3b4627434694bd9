# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The lab of config/examples/vlan.yaml: a client in VLAN 100, real servers in VLAN 200 and without a
# tag. Where the director's VLAN devices are is the story's.

# shellcheck source=tests/lab/lib/lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../lab/lib/lab.sh"
needs root jq curl nginx python3 sha256sum ethtool modprobe
modprobe -a 8021q bonding 2>/dev/null || skip "this kernel has no VLAN or no bond devices"
note "Linux $(uname -r)"

# As a network card has it, and not as veth does, which hands tags over beside the frame.
wired() { # HOST INTERFACE
  on "$1" ethtool -K "$2" rxvlan off txvlan off >/dev/null
  on switch ethtool -K "$(port "$1" "$2")" rxvlan off txvlan off >/dev/null
}

vlan() { # HOST INTERFACE VLAN ADDRESS/LENGTH...
  local host=$1 device=$2.$3 address
  ip -n "$(namespace "$host")" link add link "$2" name "$device" type vlan id "$3"
  ip -n "$(namespace "$host")" link set "$device" up
  for address in "${@:4}"; do ip -n "$(namespace "$host")" address add "$address" dev "$device"; done
}

server() { # NUMBER UNTAGGED...
  local host=server$1
  lab_host "$host" br0 "${@:2}"
  wired "$host" eth0
  server_web "$host"
  cp "$LAB/blob" "$LAB/$host/files/blob"
}

lab_open
head -c 3M /dev/urandom >"$LAB/blob"
BLOB_SUM=$(sha256sum <"$LAB/blob")
lab_host client br0
wired client eth0
vlan client eth0 100 10.100.0.1/24 fd64::1/64
lab_host director br0 10.0.0.2/24 fd00::2/64
wired director eth0
server 1
vlan server1 eth0 200 10.200.0.11/24 fdc8::11/64
vlan server1 eth0 100 10.100.0.11/24 fd64::11/64
server 2 10.0.0.12/24 fd00::12/64
vlan server2 eth0 100 10.100.0.12/24 fd64::12/64
server 3
vlan server3 eth0 200 10.200.0.13/24 fdc8::13/64
server 4 10.0.0.14/24 fd00::14/64
for host in server1 server2; do server_vip "$host" 10.100.0.100 fd64::100; done
on server3 ip route add default via 10.200.0.2
on server3 ip -6 route add default via fdc8::2
on server4 ip route add default via 10.0.0.2
on server4 ip -6 route add default via fd00::2
lab_mounts

# on_device DEVICE: the example, with another device than eth0.
on_device() {
  config_example vlan.yaml
  sed -i "s/\beth0\b/$1/g" "$LAB/pinion.yaml"
}

blob() { [[ $(ask "http://$1/blob" | sha256sum) == "$BLOB_SUM" ]]; }

serves_all() {
  expect_spread 10.100.0.100 8 "4 server1, 4 server2"
  expect_spread "[fd64::100]" 8 "4 server1, 4 server2"
  expect_spread 10.100.0.100:8080 8 "4 server3, 4 server4"
  expect_spread "[fd64::100]:8080" 8 "4 server3, 4 server4"
  for vip in 10.100.0.100 10.100.0.100:8080 "[fd64::100]:8080"; do
    works "a file from $vip is whole" blob "$vip"
    works "and from its other server" blob "$vip"
  done
}

# Loading the program takes its time on a machine that computes every instruction.
start() {
  director_launch
  within 60 "piniond answers" director_settled
  within 30 "it reaches every real server" director_reaches_all
}

refusal() { # WHAT REGEX
  expect_match "$1" "$(on director timeout 60 "$BUILD/piniond" --config "$LAB/pinion.yaml" 2>&1)" "$2"
}

attached() { ctl_json status | jq -r "[.interfaces[] | \"\(.name) \(.device) \(.xdp)\"] | join(\", \")"; }
