#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two directors on one machine, each with an interface, a VIP and a host route of its own: whatever
# one of them does, it never touches what is the other's.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs jq
lab_up
readonly VIP2=10.0.0.101
lab_wire director eth1 br0 "$(lab_mac)" 10.0.0.3/24
for i in 1 2 3; do server_vip "server$i" "$VIP2"; done
# Two interfaces on one wire: each answers for its own addresses only.
on director sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2

# configure FILE INTERFACE VIP ROUTE [LINE]...
configure() {
  write_config "${@:5}" <<YAML
vips:
  - {address: $3/32, interface: $2}
host_routes:
  - {to: $4, via: 10.0.0.12, interface: $2}
services:
  - {name: web, vip: $3, port: 80, scheduler: wrr, servers: [$POOL]}
YAML
  sed "s/interfaces: .*/interfaces: [$2]/" "$LAB/pinion.yaml" >"$LAB/$1.yaml"
}
configure one eth0 "$VIP" 10.77.0.1
two=('instance: two' 'control: {socket: /run/pinion/two.sock}' 'metrics: {listen: ""}')
configure two eth1 "$VIP2" 10.77.0.2 "${two[@]}"

ctl2() { ctl --socket /run/pinion/two.sock "$@"; }
launch() { # FILE
  background director "$1.log" "$BUILD/piniond" --config "$LAB/$1.yaml"
}
stop() { # PROCESS
  kill "-$2" "$1"
  within 10 "piniond has ended" process_gone "$1"
}
# What the first one has: its address and its route, by its mark.
has() { # VIP ROUTE MARK
  [[ $(on director ip -o address show to "$1/32") == *"inet $1/32 "* &&
    $(on director ip route show proto "$3") == "$2 via "* ]]
}
has_one() { has "$VIP" 10.77.0.1 80; }
has_two() { has "$VIP2" 10.77.0.2 113; }
serves() { ask "http://$1/"; }

step "Two instances beside each other"
launch one
one=$!
within 10 "the first one answers" ctl status
launch two
second=$!
within 10 "the second one answers" ctl2 status
within 5 "the first one serves" serves "$VIP"
within 5 "the second one serves" serves "$VIP2"
works "the first one has its address and route" has_one
works "the second one has its own" has_two

step "One reloads, is killed, adopts, and is stopped: the other one loses nothing"
works "reload" ctl2 reload
works "the first one has its address and route" has_one
stop "$second" KILL
launch two
second=$!
within 10 "the second one answers" ctl2 status
expect_equal "status says adopted" "$(ctl2 --output json status | jq .adopted)" true
works "the first one has its address and route" has_one
stop "$second" TERM
refused "the second one's address and route are gone" has_two
works "the first one has its address and route" has_one
within 5 "the first one serves" serves "$VIP"

step "A name with the mark of another one"
configure clash eth1 "$VIP2" 10.77.0.2 'instance: edge-164' "${two[@]:1}"
launch two
second=$!
within 10 "the second one answers" ctl2 status
output=$(on director timeout 10 "$BUILD/piniond" --config "$LAB/clash.yaml" 2>&1) &&
  fail "it started"
expect_match "what it says" "$output" "director.instance: .*'two'.*113; choose another name"
works "the second one has its address and route" has_two
stop "$one" TERM
refused "the first one's address and route are gone" has_one
works "the second one has its address and route" has_two
