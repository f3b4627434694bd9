#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The notes that the project grew from: a virtual IP on a sub-interface, out of the network of
# everybody around it. IP addresses the end points, the MAC the next hop.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root ping
lab_open
readonly DIRECTOR=192.168.146.130 HOST=192.168.146.131 VIRTUAL=192.168.88.88
lab_host director br0 "$DIRECTOR/24"
lab_host client br0 "$HOST/24"
for i in 1 2; do
  lab_host "server$i" br0 "192.168.146.14$i/24"
  server_vip "server$i" "$VIRTUAL"
  server_web "server$i"
done
lab_mounts

ping_once() { on client ping -c 1 -W 1 "$1"; }

step "The director carries $VIRTUAL on the sub-interface eth0:3"
cat >"$LAB/pinion.yaml" <<YAML
director:
  interfaces: [eth0]
  xdp: $XDP
vips:
  - {address: $VIRTUAL/32, interface: eth0, label: "3"}
services:
  - name: web
    vip: $VIRTUAL
    port: 80
    scheduler: rr
    servers:
      - {address: 192.168.146.141}
      - {address: 192.168.146.142}
YAML
director_start
expect_match "ip address show" "$(on director ip -4 address show dev eth0)" \
  "inet $VIRTUAL/32 scope global eth0:3"

step "$HOST pings the director, but not the virtual IP: no route matches"
works "ping $DIRECTOR" ping_once "$DIRECTOR"
refused "no ping $VIRTUAL" ping_once "$VIRTUAL"
expect_match "what the host says" "$(ping_once "$VIRTUAL" 2>&1 || true)" "Network is unreachable"

step "ip route add $VIRTUAL/32 via $DIRECTOR"
on client ip route add "$VIRTUAL/32" via "$DIRECTOR"
works "ping $VIRTUAL" ping_once "$VIRTUAL"

step "The next hop's MAC address is the director's, the IP address is the virtual one"
mac=$(on director cat /sys/class/net/eth0/address)
expect_match "the host's neighbour" "$(on client ip neighbour show "$DIRECTOR")" "$mac"
expect_equal "the host's neighbour $VIRTUAL" "$(on client ip neighbour show "$VIRTUAL")" ""

step "curl http://$VIRTUAL/"
expect_spread "$VIRTUAL" 10 "5 server1, 5 server2"

step "The daemon leaves, and the sub-interface with it"
director_stop
expect_equal "addresses on eth0:3" "$(on director ip -4 address show label eth0:3)" ""
refused "no ping $VIRTUAL" ping_once "$VIRTUAL"
works "ping $DIRECTOR" ping_once "$DIRECTOR"
