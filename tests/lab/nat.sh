#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# NAT: real servers behind the director, on a network of their own, at ports of their own; they know
# nothing of the virtual IP. Their replies go back the way that the client came. One more is on the
# client's wire, in another subnet: the director has one arm there.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root jq taskset nginx iperf3 sha256sum
lab_open
lab_bridge br1
lab_host client br0 10.0.0.1/24 fd00::1/64
lab_host director br0 10.0.0.2/24 fd00::2/64 192.168.6.1/24
lab_wire director eth1 br1 "$(lab_mac)" 192.168.5.1/24 fd00:5::1/64
for i in 1 2; do
  lab_host "server$i" br1 "192.168.5.1$i/24" "fd00:5::1$i/64"
  on "server$i" ip route add default via 192.168.5.1
  on "server$i" ip route add default via fd00:5::1
  server_web "server$i" 8080
  server_udp "server$i" 5353 "192.168.5.1$i" "fd00:5::1$i"
done
lab_host server3 br0 192.168.6.13/24
on server3 ip route add default via 192.168.6.1
server_web server3 8080
lab_mounts
background server1 iperf3-server.log iperf3 -s

NEAR="{address: 192.168.5.11, port: 8080}, {address: 192.168.5.12, port: 8080}"
NEAR6='{address: "fd00:5::11", port: 8080}, {address: "fd00:5::12", port: 8080}'
configure() { # WEIGHT-OF-SERVER2
  cat >"$LAB/pinion.yaml" <<YAML
director:
  interfaces: [eth0, eth1]
  xdp: $XDP
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
  - name: web
    vip: $VIP
    port: 80
    scheduler: wrr
    forward: nat
    servers:
      - {address: 192.168.5.11, port: 8080}
      - {address: 192.168.5.12, port: 8080, weight: $1}
  - {name: web6, vip: "$VIP6", port: 80, scheduler: wrr, forward: nat, servers: [$NEAR6]}
  - {name: one, vip: $VIP, port: 81, forward: nat, servers: [{address: 192.168.6.13, port: 8080}]}
  - {name: bulk, vip: $VIP, port: 5201, forward: nat, servers: [{address: 192.168.5.11}]}
  - {name: bulk6, vip: "$VIP6", port: 5201, forward: nat, servers: [{address: "fd00:5::11"}]}
  - name: dns
    vip: $VIP
    port: 53
    protocol: udp
    scheduler: rr
    forward: nat
    servers: [${NEAR//8080/5353}]
  - name: dns6
    vip: "$VIP6"
    port: 53
    protocol: udp
    scheduler: rr
    forward: nat
    servers: [${NEAR6//8080/5353}]
YAML
}
configure 1
director_start

step "Web servers at port 8080 answer at port 80 of the virtual IP"
expect_spread "$VIP" 20 "10 server1, 10 server2"
expect_spread "[$VIP6]" 20 "10 server1, 10 server2"
expect_equal "on the client's own wire" "$(ask "http://$VIP:81/")" server3
expect_match "server list" "$(ctl server list web)" "192.168.5.12:8080 +nat +1 +up +eth1"

step "Both ends have closed: the connections are waiting out their time"
states() { ctl_json connection list --service web | jq -r '.connections[].state' | tally; }
expect_match "states" "$(states)" "time_wait"

step "100 MB, with their checksum"
head -c 100000000 /dev/urandom >"$LAB/server1/files/random"
cp "$LAB/server1/files/random" "$LAB/server2/files/random"
sum=$(sha256sum <"$LAB/server1/files/random")
for url in "http://$VIP/random" "http://[$VIP6]/random"; do
  expect_equal "$url" "$(on client curl -gsS --max-time 60 "$url" | sha256sum)" "$sum"
done

step "Bulk in both directions"
for vip in "$VIP" "$VIP6"; do
  for direction in "" -R; do
    # shellcheck disable=SC2086  # No word where there is no direction.
    expect_match "iperf3 $direction to $vip" \
      "$(on client iperf3 -c "$vip" -t 2 --connect-timeout 3000 $direction | grep receiver)" \
      "[0-9.]+ .?bits/sec.*receiver"
  done
done

step "Datagrams, answered from the address that they were sent to"
for vip in "$VIP" "$VIP6"; do
  probe=$(on client python3 "$LAB_LIB/udp_probe.py" "$vip" 53 8 400 1 | tail -n 1)
  expect_equal "8 flows to $vip" "${probe%: *}" "sent 400, answered 400, moved 0"
done

step "Open connections outlive weights, a reload, and the daemon"
hold_connections "$VIP" 80 30
background client probe.log python3 "$LAB_LIB/udp_probe.py" "$VIP" 53 10 500 8
probe=$!
configure 3
works "reload" ctl reload
hold_use "with another weight"
expect_spread "$VIP" 20 "5 server1, 15 server2"
director_crash
hold_use "without a daemon"
expect_equal "new connections without it" "$(ask_times 20 "http://$VIP/" | wc -l)" 20
director_start
hold_use "with the next one"
expect_equal "its connections, listed" \
  "$(ctl_json connection count --service web --state established | jq .count)" 30
works "server2 leaves" ctl server remove web 192.168.5.12
hold_use "with a server that leaves"
within 15 "the datagrams have ended" process_gone "$probe"
expect_match "the datagrams" "$(tail -n 1 "$LAB/probe.log")" "sent 4000, answered 4000, moved 0.*"
hold_end

step "Replies are counted"
expect_at_least "bytes of bulk replies" \
  "$(server_json bulk 192.168.5.11 | jq .reply_bytes)" 10000000
