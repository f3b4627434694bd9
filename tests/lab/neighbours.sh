#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real servers change under the director: a network card is replaced, a wire is pulled and put back.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs taskset jq
lab_up
write_config <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
  - {name: web, vip: $VIP, port: 80, scheduler: rr, servers: [$POOL]}
  - {name: web6, vip: "$VIP6", port: 80, scheduler: rr, servers: [$POOL6]}
YAML
director_start

each_third="4 server1, 4 server2, 4 server3"

step "Everybody is there"
within 5 "12 requests to each third" spreads "$VIP" "$each_third"
within 5 "over IPv6" spreads "[$VIP6]" "$each_third"
hold_connections "$VIP" 80 12

step "server2 gets another MAC address, and does not tell"
on server2 ip link set eth0 address 02:00:00:00:02:99
on server2 ip -6 address add fd00::12/64 dev eth0 nodad 2>/dev/null || true
sleep 1
expect_spread "$VIP" 12 "$each_third"
expect_spread "[$VIP6]" 12 "$each_third"
hold_use "the open connections go on, those to server2 too"
expect_match "server list" "$(ctl server list web)" "02:00:00:00:02:99"

step "The wire of server3 is pulled: nobody is sent there any more"
ip -n "$(namespace switch)" link set server3 down
within 10 "12 requests are spread over the others" spreads "$VIP" "6 server1, 6 server2"
within 10 "over IPv6" spreads "[$VIP6]" "6 server1, 6 server2"
expect_equal "server3 is reachable" "$(server_json web 10.0.0.13 | jq .reachable)" false

step "It is put back"
ip -n "$(namespace switch)" link set server3 up
within 10 "12 requests to each third" spreads "$VIP" "$each_third"
within 10 "over IPv6" spreads "[$VIP6]" "$each_third"
hold_use "the open connections go on, those to server3 too"
