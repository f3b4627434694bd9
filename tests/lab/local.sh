#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real server on the director itself, beside one that is reached by direct routing; then a service
# learns a method while its connections go on.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs jq taskset
lab_up
server_web director

configure() { # METHOD-OF-THE-DIRECTOR'S-OWN
  write_config <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
  - name: web
    vip: $VIP
    port: 80
    scheduler: wrr
    servers: [{address: 10.0.0.11}, $1]
  - name: web6
    vip: "$VIP6"
    port: 80
    scheduler: wrr
    servers: [{address: "fd00::11"}]
YAML
}
program() { on director ip -j -d link show eth0 | jq -r '.[0].xdp.prog.id'; }

step "Without it"
configure "{address: 10.0.0.12}"
director_start
before=$(program)
hold_connections "$VIP" 80 20
expect_spread "$VIP" 20 "10 server1, 10 server2"

step "The director takes server2's place: its program learns the method, nothing is lost"
configure "{address: 10.0.0.2, forward: local}"
works "reload" ctl reload
[[ $(program) != "$before" ]] || fail "eth0 still has the program $before"
note "eth0 has another program"
hold_use "the open connections go on, those to server2 too"
expect_spread "$VIP" 20 "10 director, 10 server1"
expect_match "server list" "$(ctl server list web)" "10.0.0.2:80 +local +1 +up"

step "Mixed methods on IPv6, added at run time"
works "server add" ctl server add web6 fd00::2 --forward local
expect_spread "[$VIP6]" 20 "10 director, 10 server1"

step "A daemon that starts anew goes on with both"
director_crash
director_start
expect_spread "$VIP" 20 "10 director, 10 server1"
hold_use "the open connections go on, those to server2 too"
