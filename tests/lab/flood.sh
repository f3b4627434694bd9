#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A SYN flood at a small connection table displaces only what is half open; and when established
# connections alone fill the table, more of them are still served, and counted.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs hping3 jq
lab_up
write_config 'connections: {ipv4: 2K, ipv6: 1K}' <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
services:
  - {name: web, vip: $VIP, port: 80, scheduler: mh, servers: [$POOL]}
YAML
director_start

step "800 established connections, and a SYN flood from everywhere"
hold_connections "$VIP" 80 800
before=$(counted forward_new)
# Two bounds: packets and seconds.
on client timeout 6 hping3 -q -S -p 80 --rand-source -i u20 -c 100000 "$VIP" \
  >"$LAB/hping3.log" 2>&1 || true
expect_at_least "new connections the flood made" $(($(counted forward_new) - before)) 10000
hold_use "every established connection goes on"
expect_match "a new connection during the aftermath" "$(ask "http://$VIP/")" "server[123]"

step "The flood goes on, and so does everybody else"
background client hping3.log timeout 5 hping3 -q -S -p 80 --rand-source -i u50 -c 100000 "$VIP"
flood=$!
for _ in 1 2 3 4 5; do hold_use "every established connection goes on"; done
expect_equal "new connections meanwhile" "$(ask_times 20 "http://$VIP/" | grep -c server)" 20
within 10 "the flood has ended" process_gone "$flood"

step "Established connections fill the table"
hold_end
before=$(counted forward_table_full)
hold_connections "$VIP" 80 6000
hold_use "each is served, with and without a place in the table"
expect_at_least "packets forwarded without state" $(($(counted forward_table_full) - before)) 1000
expect_at_least "connections in the table" "$(connection_count)" 2048
