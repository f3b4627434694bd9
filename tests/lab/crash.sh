#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The daemon is killed while traffic flows. No packet is lost, new connections are made while it is
# dead, and the next start adopts what is there.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs iperf3 jq taskset
lab_up
write_config <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
  - {name: web, vip: $VIP, port: 80, scheduler: wrr, servers: [$POOL]}
  - {name: web6, vip: "$VIP6", port: 80, scheduler: wrr, servers: [$POOL6]}
  - {name: echo, vip: $VIP, port: 53, protocol: udp, scheduler: rr, servers: [$POOL]}
  - {name: bulk, vip: $VIP, port: 5201, servers: [{address: 10.0.0.11}]}
YAML
director_start

step "Connections are open, a transfer runs, datagrams flow"
hold_connections "$VIP" 80 60
background server1 iperf3-server.log iperf3 -s -1
sleep 0.5
background client iperf3.log iperf3 -c "$VIP" -t 8 -i 1 -b 100M --connect-timeout 3000
transfer=$!
background client probe.log python3 "$LAB_LIB/udp_probe.py" "$VIP" 53 10 1000 8
probe=$!
sleep 2

step "kill -9"
director_crash
refused "pinionctl finds nobody" ctl status
hold_use "60 open connections go on without the daemon"
expect_equal "new connections without it" "$(ask_times 20 "http://$VIP/" | wc -l)" 20
expect_equal "over IPv6" "$(ask_times 20 "http://[$VIP6]/" | wc -l)" 20

step "The next start adopts"
director_start
expect_equal "status says adopted" "$(ctl_json status | jq .adopted)" true
expect_at_least "connections it lists" "$(connection_count)" 60
hold_use "60 open connections go on"
expect_spread "$VIP" 40 "10 server1, 10 server2, 20 server3"

step "What the transfer and the datagrams saw of it"
within 15 "the transfer has ended" process_gone "$transfer"
expect_match "the transfer" "$(grep receiver "$LAB/iperf3.log" || true)" "[0-9.]+ .?Bytes.*receiver"
stalled=$(awk '/sec/ && !/sender|receiver/ && / 0.00 Bytes/' "$LAB/iperf3.log" | wc -l)
expect_equal "seconds in which the transfer stood still" "$stalled" 0
within 15 "the datagrams have ended" process_gone "$probe"
expect_match "the datagrams" "$(tail -n 1 "$LAB/probe.log")" "sent 8000, answered 8000, moved 0.*"
