#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Datagrams that are too large for a packet: all fragments reach the server that the first one does,
# by every method and in any order, and so do those of the answers.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root jq python3
lab_open
lab_bridge br1
lab_host client br0 10.0.0.1/24 fd00::1/64
lab_host director br0 10.0.0.2/24 fd00::2/64
lab_wire director eth1 br1 "$(lab_mac)" 192.168.5.1/24 fd00:5::1/64
lab_host server1 br0 10.0.0.11/24 fd00::11/64
lab_host server2 br1 192.168.5.12/24 fd00:5::12/64
# Room for a tunnel's headers.
on client ip route add "$VIP/32" dev eth0 mtu lock 1400
on client ip route add "$VIP6/128" dev eth0 mtu lock 1400
server_vip server1 "$VIP" "$VIP6"
ip -n "$(namespace server1)" link set dev eth0 xdpgeneric \
  obj "$BUILD/deploy/decapsulate/decap.bpf.o" sec xdp
for port in 5301 5302 5303; do server_udp server1 "$port" "$VIP" "$VIP6"; done
server_udp server2 5353 192.168.5.12 fd00:5::12
on server2 ip route add default via 192.168.5.1
on server2 ip route add default via fd00:5::1
lab_mounts

LOCAL='{address: 192.168.5.200, interface: eth1}' LOCAL6='{address: "fd00:5::200", interface: eth1}'
INTERFACES="eth0, eth1" write_config "local_addresses: [$LOCAL, $LOCAL6]" <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
YAML
add() { # PORT METHOD SERVER SERVER6
  cat >>"$LAB/pinion.yaml" <<YAML
  - {vip: $VIP, port: $1, protocol: udp, forward: $2, servers: [{$3}]}
  - {vip: "$VIP6", port: $1, protocol: udp, forward: $2, servers: [{$4}]}
YAML
}
NEAR='address: 10.0.0.11' NEAR6='address: "fd00::11"'
FAR='address: 192.168.5.12, port: 5353' FAR6='address: "fd00:5::12", port: 5353'
add 5301 dr "$NEAR" "$NEAR6"
add 5302 tun "$NEAR" "$NEAR6"
add 5303 tun "$NEAR, tunnel: {type: gue}" "$NEAR6, tunnel: {type: gue}"
add 5304 nat "$FAR" "$FAR6"
add 5305 fullnat "$FAR" "$FAR6"
add 5306 local "address: 10.0.0.2" 'address: "fd00::2"'
director_start
background director director.udp.log \
  python3 "$LAB_LIB/udp_echo.py" director 5306 "$VIP" "$VIP6"

METHODS=(5301:dr 5302:IPIP 5303:GUE 5304:NAT "5305:full NAT" 5306:local)
probe() { on client python3 "$LAB_LIB/fragments.py" "$@"; }

for order in kernel reversed; do
  step "The order of fragments: $order"
  for method in "${METHODS[@]}"; do
    for vip in "$VIP" "$VIP6"; do
      answered=$(probe "$vip" "${method%%:*}" "$order" 20)
      [[ $answered == "sent 20, answered 20" ]] || ctl verdicts
      expect_equal "${method#*:}, $vip" "$answered" "sent 20, answered 20"
    done
  done
done
expect_at_least "fragments that were held for their first" "$(counted hold_fragment)" 720
expect_equal "fragments that were lost" "$(counted drop_fragment)" 0

step "Without the first there is nothing to go after"
expect_equal "$VIP" "$(probe "$VIP" 5301 headless 5)" "sent 5, answered 0"
given_up() { [[ $(counted drop_fragment) == 15 ]]; }
within 2 "all 15 are given up" given_up

step "Large pings are the director's own"
for vip in "$VIP" "$VIP6"; do
  works "ping -s 4000 $vip" on client ping -q -c 2 -i 0.1 -W 1 -s 4000 "$vip"
done
