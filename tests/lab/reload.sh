#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIGHUP under traffic: what did not change loses nothing; a file with mistakes changes nothing; and
# what was changed at run time is gone.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs jq taskset
lab_up

# pool WEIGHT-OF-SERVER1: the configuration with that weight in `web`; `echo` is always the same.
configure() {
  write_config <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
services:
  - name: web
    vip: $VIP
    port: 80
    scheduler: wrr
    servers: [{address: 10.0.0.11, weight: $1}, {address: 10.0.0.12, weight: 1}]
  - {name: echo, vip: $VIP, port: 53, protocol: udp, scheduler: rr, servers: [$POOL]}
YAML
}

reloads() { ctl_json status | jq "$1"; }
reloaded() { (($(reloads .reloads) == $1)); }
refused_reload() { (($(reloads .failed_reloads) == $1)); }

configure 1
director_start
hold_connections "$VIP" 80 40
expect_spread "$VIP" 20 "10 server1, 10 server2"

step "Ten reloads while datagrams flow through a service that does not change"
background client probe.log python3 "$LAB_LIB/udp_probe.py" "$VIP" 53 10 1000 6
probe=$!
for round in {1..10}; do
  configure $((round % 2 ? 4 : 1))
  kill -HUP "$DIRECTOR_PID"
  within 5 "reload $round" reloaded "$round"
done
hold_use "the open connections go on"

step "The new weights count for new connections"
configure 4
kill -HUP "$DIRECTOR_PID"
within 5 "reload" reloaded 11
expect_spread "$VIP" 20 "16 server1, 4 server2"

step "A file with mistakes is refused whole, and says where"
configure ten
kill -HUP "$DIRECTOR_PID"
within 5 "the reload is refused" refused_reload 1
expect_match "why" "$(ctl_json status | jq -r .last_reload_error)" \
  'pinion.yaml:[0-9]+:[0-9]+: services\[0\].servers\[0\].weight: expected .* got "ten"'
expect_spread "$VIP" 20 "16 server1, 4 server2"

step "Changes at run time live until the next reload"
configure 4
works "server set" ctl server set web 10.0.0.11 --weight 1
expect_spread "$VIP" 20 "10 server1, 10 server2"
expect_match "config diff" "$(ctl config diff)" "weight"
works "reload" ctl reload
expect_spread "$VIP" 20 "16 server1, 4 server2"

step "Nobody noticed"
within 15 "the datagrams have ended" process_gone "$probe"
expect_match "the datagrams" "$(tail -n 1 "$LAB/probe.log")" "sent 6000, answered 6000, moved 0.*"
hold_use "the open connections go on"
