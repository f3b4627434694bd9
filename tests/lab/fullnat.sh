#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Full NAT: real servers in somebody else's network, which know neither the virtual IP nor a way to
# the clients: their default route leads to a router that drops all it gets. One more is on the
# client's own wire, and would answer it directly if it saw its address.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root jq taskset nginx sha256sum
lab_open
lab_bridge br1
lab_host client br0 10.0.0.1/24 fd00::1/64
lab_host director br0 10.0.0.2/24 fd00::2/64
lab_wire director eth1 br1 "$(lab_mac)" 192.168.5.1/24 fd00:5::1/64
lab_host elsewhere br1 192.168.5.99/24 fd00:5::99/64
for i in 1 2; do
  lab_host "server$i" br1 "192.168.5.1$i/24" "fd00:5::1$i/64"
  on "server$i" ip route add default via 192.168.5.99
  on "server$i" ip route add default via fd00:5::99
  server_web "server$i" 8080
  server_udp "server$i" 5353 "192.168.5.1$i" "fd00:5::1$i"
done
lab_host server3 br0 10.0.0.13/24
on server3 ip route add 192.168.5.200 via 10.0.0.2
server_web server3 8080
lab_mounts

NEAR="{address: 192.168.5.11, port: 8080}, {address: 192.168.5.12, port: 8080}"
NEAR6='{address: "fd00:5::11", port: 8080}, {address: "fd00:5::12", port: 8080}'
configure() { # [MORE-LOCAL-ADDRESSES]
  cat >"$LAB/pinion.yaml" <<YAML
director:
  interfaces: [eth0, eth1]
  xdp: $XDP
  local_addresses:
    - {address: 192.168.5.200, interface: eth1}
    - {address: "fd00:5::200", interface: eth1}
    ${1-}
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
  - {name: web, vip: $VIP, port: 80, scheduler: wrr, forward: fullnat, servers: [$NEAR]}
  - {name: web6, vip: "$VIP6", port: 80, scheduler: wrr, forward: fullnat, servers: [$NEAR6]}
  - name: one
    vip: $VIP
    port: 81
    forward: fullnat
    servers: [{address: 10.0.0.13, port: 8080}]
  - name: dns
    vip: $VIP
    port: 53
    protocol: udp
    scheduler: rr
    forward: fullnat
    servers: [${NEAR//8080/5353}]
  - name: dns6
    vip: "$VIP6"
    port: 53
    protocol: udp
    scheduler: rr
    forward: fullnat
    servers: [${NEAR6//8080/5353}]
YAML
}
has_address() { [[ -n $(on director ip -o address show dev eth1 to "$1") ]]; }

configure
director_start
works "the local addresses are on their interface" has_address 192.168.5.200
works "of both families" has_address fd00:5::200

step "Web servers that have no way to the client answer it"
expect_spread "$VIP" 20 "10 server1, 10 server2"
expect_spread "[$VIP6]" 20 "10 server1, 10 server2"
expect_equal "on the client's own wire" "$(ask "http://$VIP:81/")" server3

step "They see the local address, never the client's"
seen() { on server1 ss -Htn state time-wait state established "( sport = :8080 )" | awk '{ print $NF }'; }
hold_connections "$VIP" 80 10
expect_equal "peers of server1" \
  "$(seen | sed 's/:[0-9]*$//; s/\[::ffff:\(.*\)\]/\1/' | sort -u | tr '\n' ' ')" "192.168.5.200 "
hold_end

step "100 MB, with their checksum"
head -c 100000000 /dev/urandom >"$LAB/server1/files/random"
cp "$LAB/server1/files/random" "$LAB/server2/files/random"
sum=$(sha256sum <"$LAB/server1/files/random")
for url in "http://$VIP/random" "http://[$VIP6]/random"; do
  expect_equal "$url" "$(on client curl -gsS --max-time 60 "$url" | sha256sum)" "$sum"
done

step "Datagrams, answered from the address that they were sent to"
for vip in "$VIP" "$VIP6"; do
  probe=$(on client python3 "$LAB_LIB/udp_probe.py" "$vip" 53 8 400 1 | tail -n 1)
  expect_equal "8 flows to $vip" "${probe%: *}" "sent 400, answered 400, moved 0"
done

step "Many short connections, ended in every way: none is refused a port"
works "3000 connections" \
  on client python3 "$LAB_LIB/connections.py" 3000 48 80 "$VIP" "$VIP6"
expect_at_least "bytes of their replies" "$(server_json web 192.168.5.11 | jq .reply_bytes)" 100000
expect_equal "dropped without a port" "$(verdicts | awk '$1 == "drop_no_port" { print $2 }')" 0

step "Open connections outlive a reload, the daemon, and another local address"
hold_connections "$VIP" 80 30
configure "- {address: 192.168.5.201, interface: eth1}"
works "reload" ctl reload
works "the other address is there" has_address 192.168.5.201
hold_use "with another address"
expect_match "connection list" "$(ctl connection list --service web --state established)" \
  "10.0.0.100:80 +192.168.5.200:[0-9]+ +192.168.5.1[12]:8080"
director_crash
hold_use "without a daemon"
expect_equal "new connections without it" "$(ask_times 20 "http://$VIP/" | wc -l)" 20
director_start
hold_use "with the next one"
expect_spread "$VIP" 20 "10 server1, 10 server2"
configure
works "reload without it" ctl reload
refused "the other address is gone" has_address 192.168.5.201
expect_spread "$VIP" 20 "10 server1, 10 server2"
hold_end

step "A service by full NAT wants an address"
sed -i '/fd00:5::200/d' "$LAB/pinion.yaml"
refused "a file without one for IPv6" ctl reload
expect_spread "[$VIP6]" 20 "10 server1, 10 server2"

step "What was added is taken away"
director_stop
refused "no local address stays" has_address 192.168.5.200
