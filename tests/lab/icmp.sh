#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A path that narrows behind the director, where nobody sees it but a router: what it tells the
# virtual IP must reach the one real server that has the connection, or its download stands still.
# Then the director's own interfaces are narrow, and it tells the ends itself.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root jq nginx ping python3 sha256sum

readonly ROUTE=1400 NARROW=1350
readonly CLIENT=10.9.0.1 CLIENT6=fd00:9::1
readonly LOCAL=192.168.5.200 LOCAL6=fd00:5::200

# The client behind a router, by which the real servers answer: on the director's own wire (br0), or
# by the director, on a wire behind it (br2).
lab_open
lab_bridge br1
lab_bridge br2
lab_host client br1 $CLIENT/24 $CLIENT6/64
lab_host router br0 10.0.0.1/24 fd00::1/64
lab_wire router eth1 br1 "$(lab_mac)" 10.9.0.254/24 fd00:9::254/64
lab_host director br0 10.0.0.2/24 fd00::2/64
lab_wire director eth1 br2 "$(lab_mac)" 192.168.5.1/24 fd00:5::1/64
on client ip route add default via 10.9.0.254
on client ip route add default via fd00:9::254
on router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
# Packets as long as this come in; they do not go on.
on router ip route replace $CLIENT/32 dev eth1 mtu lock $ROUTE
on router ip route replace $CLIENT6/128 dev eth1 mtu lock $ROUTE
for i in 1 2 3; do
  lab_host "server$i" br0 "10.0.0.1$i/24" "fd00::1$i/64"
  lab_wire "server$i" eth1 br2 "$(lab_mac)" "192.168.5.1$i/24" "fd00:5::1$i/64"
  server_vip "server$i" "$VIP" "$VIP6"
  server_web "server$i"
  ip -n "$(namespace "server$i")" link set dev eth0 xdpgeneric \
    obj "$BUILD/deploy/decapsulate/decap.bpf.o" sec xdp
  head -c 3M /dev/urandom >"$LAB/server$i/files/file"
done
head -c 3M /dev/urandom >"$LAB/upload"
lab_mounts

configure() { # METHOD IPV4-NETWORK IPV6-NETWORK
  cat >"$LAB/pinion.yaml" <<YAML
director:
  interfaces: [eth0, eth1]
  xdp: $XDP
  local_addresses:
    - {address: $LOCAL, interface: eth1}
    - {address: "$LOCAL6", interface: eth1}
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
  - name: web
    vip: $VIP
    port: 80
    scheduler: rr
    forward: $1
    servers: [{address: $2.11}, {address: $2.12}, {address: $2.13}]
  - name: web6
    vip: "$VIP6"
    port: 80
    scheduler: rr
    forward: $1
    servers: [{address: "$3::11"}, {address: "$3::12"}, {address: "$3::13"}]
  - name: silent
    vip: $VIP
    port: 99
    protocol: udp
    forward: $1
    servers: [{address: $2.11}]
  - name: silent6
    vip: "$VIP6"
    port: 99
    protocol: udp
    forward: $1
    servers: [{address: "$3::11"}]
YAML
}

# default_routes IPV4 IPV6: the way that the servers' answers take.
default_routes() {
  local i
  for i in 1 2 3; do
    on "server$i" ip route replace default via "$1"
    on "server$i" ip -6 route replace default via "$2"
  done
}

forget() {
  local host
  for host in client server1 server2 server3; do
    on "$host" ip route flush cache
    on "$host" ip -6 route flush cache
  done
}

# owner: of the file whose checksum stands on the input.
owner() {
  local got i
  got=$(sha256sum)
  for i in 1 2 3; do
    [[ $got != "$(sha256sum <"$LAB/server$i/files/file")" ]] || echo "server$i"
  done
}

# download VIP CLIENT MTU: a file arrives, and the server that it is from, no other, has been told.
download() {
  local from i wanted
  forget
  from=$(on client curl -gsS --max-time 10 "http://$1/file" | owner)
  [[ -n $from ]] || fail "3 MB from $1: it is none of the files"
  for i in 1 2 3; do
    wanted=none
    [[ server$i != "$from" ]] || wanted=$3
    [[ $(path_mtu "server$i" "$2") == "$wanted" ]] ||
      fail "3 MB from $1, of $from: server$i knows $(path_mtu "server$i" "$2"), not $wanted"
  done
  note "3 MB from $1: $from, and no other, knows that $3 bytes fit"
}

# downloads MTU [PEER PEER6]: by turns; to the servers, the client is at these addresses.
downloads() {
  local i
  for i in 1 2 3; do
    download "$VIP" "${2-$CLIENT}" "$1"
    download "[$VIP6]" "${3-$CLIENT6}" "$1"
  done
}

# The director has a way back to the router, and needs none to the client.
pings() {
  local vip
  for vip in "$VIP" "$VIP6"; do
    works "the stack answers to ping $vip" on router ping -q -c 1 -W 1 "$vip"
  done
}

step "Direct routing"
configure dr 10.0.0 fd00
default_routes 10.0.0.1 fd00::1
director_start
downloads $ROUTE
expect_at_least "errors that were forwarded" "$(counted forward_icmp)" 6
pings

step "Tunnels"
configure tun 10.0.0 fd00
works "reload" ctl reload
within 5 "it reaches every real server" director_reaches_all
downloads $ROUTE
pings

step "NAT, behind the director"
configure nat 192.168.5 fd00:5
default_routes 192.168.5.1 fd00:5::1
works "reload" ctl reload
within 5 "it reaches every real server" director_reaches_all
downloads $ROUTE
pings

step "Full NAT: the servers know the director's address only, and no way to the router"
configure fullnat 192.168.5 fd00:5
default_routes 192.168.5.99 fd00:5::99
works "reload" ctl reload
within 5 "it reaches every real server" director_reaches_all
downloads $ROUTE $LOCAL $LOCAL6
pings

# refuses VIP: the client hears, from the virtual IP, that nobody listens.
refuses() {
  on client python3 - "$1" <<'PYTHON'
import socket, sys
vip = sys.argv[1]
client = socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(3)
client.connect((vip, 99))
client.send(b"?")
try:
    client.recv(1)
    sys.exit("an answer")
except ConnectionRefusedError:
    pass
PYTHON
}

step "A real server's own errors reach the client"
for vip in "$VIP" "$VIP6"; do
  works "$vip port 99 is refused, by full NAT" refuses "$vip"
done
configure nat 192.168.5 fd00:5
default_routes 192.168.5.1 fd00:5::1
works "reload" ctl reload
within 5 "it reaches every real server" director_reaches_all
for vip in "$VIP" "$VIP6"; do
  works "$vip port 99 is refused, by NAT" refuses "$vip"
done

on_link() { ip -n "$(namespace director)" link set "$@"; }

step "The director's interface to the clients is narrow: it tells the real server itself"
before=$(counted forward_icmp)
on_link eth0 mtu $NARROW
downloads $NARROW
expect_at_least "answers" "$(counted reply_too_big)" 6
expect_equal "errors that were forwarded" "$(($(counted forward_icmp) - before))" 0
on_link eth0 mtu 1500

# upload VIP: and the client has learned what fits.
upload() {
  local code
  forget
  code=$(on client curl -gsS --max-time 10 -o "$LAB/answer" -w '%{http_code} %{size_upload}' \
    --data-binary "@$LAB/upload" -H 'Expect:' "http://$1/")
  expect_equal "upload to $1" "$code" "200 3145728"
}

step "Its interface to the real servers is narrow: it tells the client"
answers=$(counted reply_too_big)
on_link eth1 mtu $NARROW
upload "$VIP"
expect_equal "the client knows" "$(path_mtu client "$VIP")" $NARROW
upload "[$VIP6]"
expect_equal "the client knows" "$(path_mtu client "$VIP6")" $NARROW
expect_at_least "answers" "$(($(counted reply_too_big) - answers))" 2
