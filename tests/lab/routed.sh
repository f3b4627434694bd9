#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two routers to the clients: one brings their packets, and the director's route leads back by the
# other. Replies by NAT and full NAT go the way they came, or, where the service says so, that way.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root jq nginx sha256sum

readonly CLIENT=10.9.0.1 CLIENT6=fd00:9::1
lab_open
lab_bridge br1
lab_bridge br2
lab_host client br1 $CLIENT/24 $CLIENT6/64
for i in 1 2; do
  lab_host "router$i" br0 "10.0.0.25$i/24" "fd00::25$i/64"
  lab_wire "router$i" eth1 br1 "$(lab_mac)" "10.9.0.25$i/24" "fd00:9::25$i/64"
  on "router$i" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
done
on client ip route add default via 10.9.0.251
on client ip route add default via fd00:9::251
lab_host director br0 10.0.0.2/24 fd00::2/64
lab_wire director eth1 br2 "$(lab_mac)" 192.168.5.1/24 fd00:5::1/64
on director ip route add default via 10.0.0.252
on director ip route add default via fd00::252
lab_host server br2 192.168.5.11/24 fd00:5::11/64
on server ip route add default via 192.168.5.1
on server ip route add default via fd00:5::1
server_web server 8080
head -c 20M /dev/urandom >"$LAB/server/files/file"
sum=$(sha256sum <"$LAB/server/files/file")
lab_mounts

LOCAL='{address: 192.168.5.200, interface: eth1}' LOCAL6='{address: "fd00:5::200", interface: eth1}'
configure() { # METHOD RETURN IPV6-CLIENTS-SERVER
  INTERFACES="eth0, eth1" write_config "local_addresses: [$LOCAL, $LOCAL6]" <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
  - name: web
    vip: $VIP
    port: 80
    forward: $1
    return: $2
    servers: [{address: 192.168.5.11, port: 8080}]
  - name: web6
    vip: "$VIP6"
    port: 80
    forward: $1
    return: $2
    servers: [{address: "$3", port: 8080}]
YAML
}

# brought ROUTER: packets that it has sent to the client.
# shellcheck disable=SC2016  # $1 is awk's.
brought() { on "$1" awk '$1 == "eth1:" { print $11 }' /proc/net/dev; }

# expect_way ROUTER: a file comes, and by this router.
expect_way() {
  local vip other=router$((3 - ${1#router})) before after
  for vip in "$VIP" "[$VIP6]"; do
    before=$(brought "$1") after=$(brought "$other")
    expect_equal "20 MB from $vip" \
      "$(on client curl -gsS --max-time 30 "http://$vip/file" | sha256sum)" "$sum"
    expect_at_least "packets by $1" "$(($(brought "$1") - before))" 10000
    (($(brought "$other") - after < 10)) || fail "$vip: $other brought some, too"
  done
}

configure nat last_hop fd00:5::11
director_start
for way in "nat fd00:5::11" "fullnat fd00:5::11" "fullnat 192.168.5.11"; do
  read -r method server6 <<<"$way"
  step "By $way, to the last hop"
  configure "$method" last_hop "$server6"
  works "reload" ctl reload
  within 5 "it reaches every real server" director_reaches_all
  expect_way router1

  step "By $way and the director's routes"
  on director sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
    net.ipv4.conf.eth1.accept_local=1
  on director ip neigh flush dev eth0 || true  # Whoever is asked right now may stay.
  configure "$method" routed "$server6"
  works "reload" ctl reload
  within 5 "it reaches every real server" director_reaches_all
  expect_way router2
  # shellcheck disable=SC2016  # $7 is awk's.
  expect_equal "packets that the stack has forwarded, of thousands" \
    "$(($(on director awk '/^Ip: [0-9]/ { print $7 }' /proc/net/snmp) / 1000))" 0

  step "By $way and a route that is narrower: the director tells the server"
  answers=$(counted reply_too_big)
  on director ip route replace default via 10.0.0.252 mtu lock 1400
  on director ip -6 route replace default via fd00::252 mtu lock 1400
  expect_way router2
  expect_at_least "answers" "$(($(counted reply_too_big) - answers))" 2
  on director ip route replace default via 10.0.0.252
  on director ip -6 route replace default via fd00::252
done

step "What does not pass the director has no way back from it"
configure dr routed fd00:5::11
expect_match "reload" "$(ctl reload 2>&1 || true)" "the replies of these servers do not pass the director"
expect_way router2
