#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A director between two networks: packets come in on one interface and leave by another. The real
# servers are only on the inner one; their answers are routed back through the director's kernel.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root jq taskset nginx
lab_open
lab_bridge br1
lab_host client br0 10.0.0.1/24
lab_host director br0 10.0.0.2/24
lab_wire director eth1 br1 "$(lab_mac)" 10.1.0.2/24
for i in 1 2; do
  lab_host "server$i" br1 "10.1.0.1$i/24"
  server_vip "server$i" "$VIP"
  server_web "server$i"
  on "server$i" ip route add default via 10.1.0.2
done
lab_mounts
# The answers come from the virtual IP, which is the director's own address too.
on director sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.eth1.accept_local=1

cat >"$LAB/pinion.yaml" <<YAML
director:
  interfaces: [eth0, eth1]
  xdp: $XDP
vips:
  - {address: $VIP/32, interface: eth0}
services:
  - name: web
    vip: $VIP
    port: 80
    scheduler: rr
    servers: [{address: 10.1.0.11}, {address: 10.1.0.12}]
YAML
director_start

step "Both interfaces run the program"
expect_equal "attached" "$(ctl_json status |
  jq -r '[.interfaces[] | "\(.name) \(.xdp)"] | join(", ")')" "eth0 $XDP, eth1 $XDP"
expect_equal "egress of the real servers" \
  "$(ctl_json server list web | jq -r '[.servers[].interface] | join(" ")')" "eth1 eth1"

step "Requests come in on eth0 and leave by eth1"
expect_spread "$VIP" 20 "10 server1, 10 server2"
hold_connections "$VIP" 80 20
hold_use "connections stay open"

step "The inner wire is pulled and put back"
on director ip link set eth1 down
on director ip link set eth1 up
within 10 "12 requests are spread again" spreads "$VIP" "6 server1, 6 server2"
hold_use "connections stay open"
