#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIGTERM withdraws: the virtual IP and the program are gone, and nothing else is. With
# `on_stop: keep` everything stays and goes on forwarding, and the next start adopts it.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs jq taskset
lab_up

configure() {
  write_config "on_stop: $1" <<YAML
vips:
  - {address: $VIP/32, interface: eth0, label: web}
host_routes:
  - {to: 10.9.9.9, via: 10.0.0.13, interface: eth0}
services:
  - {name: web, vip: $VIP, port: 80, scheduler: wrr, servers: [$POOL]}
YAML
}

# What the daemon may change, as text.
addresses() { on director ip -o address show dev eth0 | awk '{ print $4 }' | sort | paste -sd ' '; }
routes() { on director ip route show 10.9.9.9 | wc -l; }
program() { on director ip -o link show dev eth0 | grep -c xdp || true; }
pinned() { on director find /sys/fs/bpf/pinion -type f 2>/dev/null | wc -l; }

step "withdraw"
configure withdraw
before=$(addresses)
director_start
expect_match "addresses" "$(addresses)" "$VIP/32"
expect_equal "programs on eth0" "$(program)" 1
expect_equal "host routes" "$(routes)" 1
sed -i 's/label: web/label: www/' "$LAB/pinion.yaml"
works "reload, with another label" ctl reload
expect_match "addresses of eth0:www" "$(on director ip -o address show label eth0:www)" "$VIP/32"
expect_equal "addresses of eth0:web" "$(on director ip -o address show label eth0:web)" ""
hold_connections "$VIP" 80 10
director_stop
expect_equal "addresses" "$(addresses)" "$before"
expect_equal "programs on eth0" "$(program)" 0
expect_equal "host routes" "$(routes)" 0
expect_equal "pinned under bpffs" "$(pinned)" 0
expect_equal "sockets in /run/pinion" "$(on director find /run/pinion -type s | wc -l)" 0
hold_end

step "keep"
configure keep
director_start
hold_connections "$VIP" 80 30
director_stop
expect_match "addresses" "$(addresses)" "$VIP/32"
expect_equal "programs on eth0" "$(program)" 1
hold_use "open connections go on without a daemon"
expect_spread "$VIP" 40 "10 server1, 10 server2, 20 server3"

step "The next start adopts, and can withdraw what the last one left"
configure withdraw
director_start
expect_equal "status says adopted" "$(ctl_json status | jq .adopted)" true
hold_use "open connections go on"
director_stop
expect_equal "addresses" "$(addresses)" "$before"
expect_equal "programs on eth0" "$(program)" 0
