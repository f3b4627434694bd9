#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The proof of the product. In load balancing, the three-way handshake and the four-way teardown
# must never be split between servers: thousands of connections of all kinds, over links that lose
# packets, while weights change and servers come and go; captures on all three servers show it.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs tcpdump nft
lab_up
config_example lab.yaml
director_start

readonly CONNECTIONS=2800

# Packets are lost after the capture has seen them, both ways: each is sent again, and what the
# client sends again passes the director again.
lose_packets() {
  local host
  for host in client server1 server2 server3; do
    on "$host" nft 'add table inet loss;
      add chain inet loss in { type filter hook input priority 0; };
      add rule inet loss in tcp sport 80 numgen random mod 1000 < 15 drop;
      add rule inet loss in tcp dport 80 numgen random mod 1000 < 15 drop'
  done
}

start_captures() {
  local i
  for i in 1 2 3; do
    background "server$i" "server$i.tcpdump" \
      tcpdump -i eth0 -s 128 -B 32768 -U -w "$LAB/server$i.pcap" tcp port 80
    captures+=($!)
    within 10 "server$i captures" grep -q "listening on" "$LAB/server$i.tcpdump"
  done
}

stop_captures() {
  local i
  kill -INT "${captures[@]}"
  for i in 1 2 3; do
    within 10 "server$i has captured all" grep -q "dropped by kernel" "$LAB/server$i.tcpdump"
    grep -q "^0 packets dropped by kernel" "$LAB/server$i.tcpdump" ||
      fail "the capture of server$i has holes: $(tail -n 1 "$LAB/server$i.tcpdump")"
  done
}

# Changes weights, drains, removes and adds servers until it is killed; a line for each round.
disturb() {
  local service net
  while :; do
    for service in web:10.0.0. web6:fd00::; do
      net=${service#*:} service=${service%%:*}
      ctl server set "$service" "${net}11" --weight $((RANDOM % 9 + 1))
      ctl server set "$service" "${net}12" --weight 0
      ctl server remove "$service" "${net}13"
      ctl server set "$service" "${net}12" --weight $((RANDOM % 9 + 1))
      ctl server add "$service" "${net}13" --weight $((RANDOM % 9 + 1))
    done
    echo round
  done
}

step "Three servers capture, and every link loses 1.5 % of its packets"
captures=()
start_captures
lose_packets

step "$CONNECTIONS connections, while weights change and servers come and go"
disturb >"$LAB/disturb.log" 2>&1 &
disturbing=$!
on client python3 "$LAB_LIB/connections.py" "$CONNECTIONS" 48 80 "$VIP" "$VIP6" ||
  fail "not every connection was served"
kill "$disturbing"
wait "$disturbing" 2>/dev/null || true
rounds=$(grep -c '^round$' "$LAB/disturb.log" || true)
expect_at_least "rounds of ten changes meanwhile" "$rounds" 5
sleep 1  # The last of what is sent again.
stop_captures

step "What the three captures say"
python3 "$LAB_LIB/one_server.py" "$CONNECTIONS" 80 "$VIP" "$VIP6" \
  server1="$LAB/server1.pcap" server2="$LAB/server2.pcap" server3="$LAB/server3.pcap" ||
  fail "the captures do not prove that each connection had one server"
