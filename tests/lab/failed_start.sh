#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon was killed, and the next start fails, whatever the reason: the data plane that is in
# place goes on forwarding as if nobody had tried, and is adopted once the reason is gone.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs jq taskset
lab_up

configure() { # INTERFACES VIP [LINE]
  write_config "${@:3}" <<YAML
vips:
  - {address: $2/32, interface: eth0}
host_routes:
  - {to: 10.77.0.7, via: 10.0.0.12, interface: eth0}
services:
  - {name: web, vip: $2, port: 80, scheduler: wrr, servers: [$POOL]}
YAML
  sed -i "s/interfaces: .*/interfaces: [$1]/" "$LAB/pinion.yaml"
}

addresses() { on director ip -o address show dev eth0 | awk '{ print $4 }' | sort | paste -sd ' '; }
routes() { on director ip route show | sort | paste -sd ' '; }
pinned() { on director find /sys/fs/bpf/pinion | sort | paste -sd ' '; }

# fails WHAT REGEX: a start that fails, says why, and disturbs nothing.
fails() {
  local output status=0 addresses routes pinned
  addresses=$(addresses) routes=$(routes) pinned=$(pinned)
  output=$(on director timeout 10 "$BUILD/piniond" --config "$LAB/pinion.yaml" 2>&1) || status=$?
  expect_equal "$1: exit status" "$status" 1
  expect_match "$1" "$output" "$2"
  expect_equal "addresses" "$(addresses)" "$addresses"
  expect_equal "routes" "$(routes)" "$routes"
  expect_equal "below bpffs" "$(pinned)" "$pinned"
  hold_use "open connections go on"
  expect_spread "$VIP" 40 "10 server1, 10 server2, 20 server3"
}

configure eth0 "$VIP"
director_start
hold_connections "$VIP" 80 30
director_crash

step "An interface that is not there, beside the one that is"
configure "eth0, eth7" "$VIP"
fails "eth7" ".*eth7.*"

step "A virtual IP that is another host's"
on client ip address add 10.0.0.99/32 dev eth0
configure eth0 10.0.0.99
fails "10.0.0.99 answers" ".*10.0.0.99.*answers.*"
on client ip address del 10.0.0.99/32 dev eth0

step "Metrics on a port that is taken"
background director taken.log python3 -m http.server --bind 127.0.0.1 9199
within 5 "the port is taken" on director python3 -c \
  'import socket; socket.create_connection(("127.0.0.1", 9199))'
configure eth0 10.0.0.98 'metrics: {listen: "127.0.0.1:9199"}'
fails "the port" ".*9199: Address already in use; set director.metrics.listen to .*"

step "Tables of another size"
configure eth0 "$VIP" 'connections: {ipv4: 2K}'
fails "the size" ".*director.connections.ipv4.*"

step "Another instance, while the program of this one is on the interface"
own_doors=('instance: two' 'control: {socket: /run/pinion/two.sock}' 'metrics: {listen: ""}')
configure eth0 10.0.0.97 "${own_doors[@]}"
fails "the program" ".*another XDP program is there.*ip link show eth0.*"

step "Without a mistake it is adopted"
configure eth0 "$VIP"
director_start
expect_equal "status says adopted" "$(ctl_json status | jq .adopted)" true
hold_use "open connections go on"

step "Another instance again, while the daemon of this one runs"
configure eth0 "$VIP" "${own_doors[@]}"
fails "the program" ".*another XDP program is there.*ip link show eth0.*"
works "the daemon answers" ctl status
configure eth0 "$VIP"
director_stop

step "Somebody else's program is on the interface: a first start fails, and leaves nothing"
ip -n "$(namespace director)" link set eth0 xdpgeneric obj "$BUILD/tests/lab/pass.bpf.o" sec xdp
before="$(addresses) $(routes) $(on director find /sys/fs/bpf)"
output=$(on director timeout 10 "$BUILD/piniond" --config "$LAB/pinion.yaml" 2>&1) &&
  fail "it started"
expect_match "what it says" "$output" ".*another XDP program is there.*ip link show eth0.*"
expect_equal "addresses, routes, bpffs" "$(addresses) $(routes) $(on director find /sys/fs/bpf)" \
  "$before"
expect_match "the program" "$(on director ip link show eth0)" "xdpgeneric"
