#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SCTP: associations between real sockets, by direct routing, through a tunnel and by NAT, keep their
# real server, their messages arrive whole, and their end is seen.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root jq taskset python3
python3 -c 'import socket; socket.socket(proto=socket.IPPROTO_SCTP)' 2>/dev/null ||
  skip "this kernel has no SCTP sockets (module sctp)"
lab_open
lab_bridge br1
lab_host client br0 10.0.0.1/24 fd00::1/64
lab_host director br0 10.0.0.2/24 fd00::2/64
lab_wire director eth1 br1 "$(lab_mac)" 192.168.5.1/24 fd00:5::1/64
for i in 1 2; do
  lab_host "server$i" br0 "10.0.0.1$i/24" "fd00::1$i/64"
  server_vip "server$i" "$VIP" "$VIP6"
  for port in 36412 36422; do
    background "server$i" "server$i.echo.log" \
      python3 "$LAB_LIB/sctp_echo.py" "server$i" "$port" "$VIP" "$VIP6"
  done
  ip -n "$(namespace "server$i")" link set dev eth0 \
    xdpgeneric obj "$BUILD/deploy/decapsulate/decap.bpf.o" sec xdp
done
for i in 3 4; do
  lab_host "server$i" br1 "192.168.5.1$i/24" "fd00:5::1$i/64"
  on "server$i" ip route add default via 192.168.5.1
  on "server$i" ip route add default via fd00:5::1
  background "server$i" "server$i.echo.log" \
    python3 "$LAB_LIB/sctp_echo.py" "server$i" 2905 "192.168.5.1$i" "fd00:5::1$i"
done
lab_mounts

NEAR='{address: 10.0.0.11}, {address: 10.0.0.12}'
NEAR6='{address: "fd00::11"}, {address: "fd00::12"}'
BEHIND='{address: 192.168.5.13}, {address: 192.168.5.14}'
BEHIND6='{address: "fd00:5::13"}, {address: "fd00:5::14"}'
service() { # NAME VIP PORT METHOD SERVERS
  cat <<YAML
  - name: $1
    vip: "$2"
    port: $3
    protocol: sctp
    scheduler: rr
    forward: $4
    tunnel: {type: gue}
    servers: [$5]
YAML
}
configure() {
  cat <<YAML
director:
  interfaces: [eth0, eth1]
  xdp: $XDP
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
YAML
  service dr "$VIP" 36412 dr "$NEAR"
  service dr6 "$VIP6" 36412 dr "$NEAR6"
  service tun "$VIP" 36422 tun "$NEAR"
  service tun6 "$VIP6" 36422 tun "$NEAR6"
  service nat "$VIP" 2905 nat "$BEHIND"
  service nat6 "$VIP6" 2905 nat "$BEHIND6"
}
configure >"$LAB/pinion.yaml"
director_start

# states SERVICE: "4 time_wait"
states() { ctl_json connection list --service "$1" | jq -r '.connections[].state' | tally; }
are_states() { [[ $(states "$1") == "$2" ]]; }

# associations SERVICE VIP PORT: are spread, stay where they are, and their end is seen.
associations() {
  step "$1: $2 port $3"
  hold_connections "$2" "$3" 8 sctp_hold.py
  expect_match "connection list" "$(ctl connection list --service "$1")" "sctp +established"
  expect_equal "states" "$(states "$1")" "8 established"
  expect_match "they are spread" "$(connections_of "$1")" "^[3-5] [^ ]+, [3-5] [^ ]+$"
  hold_use "once more"
  hold_end
  within 10 "all of them have ended" are_states "$1" "8 time_wait"
}
associations dr "$VIP" 36412
associations dr6 "$VIP6" 36412
associations nat "$VIP" 2905
associations nat6 "$VIP6" 2905

# What SCTP has cut up before it learns the path's MTU it sends in fragments: so it knows it before.
on client ip route add "$VIP/32" dev eth0 mtu 1400
on client ip route add "$VIP6/128" dev eth0 mtu 1400
associations tun "$VIP" 36422
associations tun6 "$VIP6" 36422

step "Replies are counted"
expect_at_least "replies by NAT" "$(verdicts | awk '$1 == "forward_reply" { print $2 }')" 100

step "Associations by NAT outlive the daemon"
hold_connections "$VIP" 2905 4 sctp_hold.py
director_crash
hold_use "without it"
hold_end
