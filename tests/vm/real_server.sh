#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the guest: a real server whose stock kernel takes the director's packets out of their tunnels,
# with the devices that `pinion-real-server setup tun` makes: IP in IP, GRE and GUE, either family
# in either. Whole files arrive, in both directions, on a path without room for the outer headers.
set -euo pipefail
source "$(dirname "$0")/../lab/lib/lab.sh"
source "$(dirname "$0")/../lab/lib/real_server.sh"
needs root ip nsenter unshare ethtool curl nginx jq sha256sum
note "Linux $(uname -r)"
lab_open
lab_host client br0 10.0.0.1/24 fd00::1/64
lab_host director br0 10.0.0.2/24 fd00::2/64
lab_host server br0 10.0.0.11/24 fd00::11/64
lab_mounts
# As strict as there is: whoever wants less gets more.
on server sysctl -qw net.ipv4.conf.{all,default,eth0}.rp_filter=1
server_web server 80 81
head -c 500K /dev/urandom >"$LAB/server/files/file"
head -c 500K /dev/urandom >"$LAB/upload"

configure() { # TUNNEL
  write_config <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
  - {name: 4in4, vip: $VIP, port: 80, forward: tun, tunnel: $1, servers: [{address: 10.0.0.11}]}
  - {name: 6in6, vip: "$VIP6", port: 80, forward: tun, tunnel: $1, servers: [{address: "fd00::11"}]}
  - {name: 4in6, vip: $VIP, port: 81, forward: tun, tunnel: $1, servers: [{address: "fd00::11"}]}
  - {name: 6in4, vip: "$VIP6", port: 81, forward: tun, tunnel: $1, servers: [{address: 10.0.0.11}]}
YAML
}

# What the server's device has taken out of tunnels.
received() { ip -n "$(namespace server)" -s -j link show dev "$1" | jq '.[0].stats64.rx.packets'; }

# transfers SERVICE DEVICE ROOM: both ways, by that device of the server's, and the first packet of
# full size, which must not be cut up, is answered with what fits.
transfers() {
  local vip=$VIP port=80 host before
  [[ $1 != 6in? ]] || vip=$VIP6
  host=$vip
  [[ $vip != *:* ]] || host="[$vip]"
  [[ $1 == 4in4 || $1 == 6in6 ]] || port=81
  on client ip route flush cache
  on client ip -6 route flush cache
  before=$(received "$2")
  expect_equal "$1: upload" "$(on client curl -gsS --max-time 120 -o /dev/null -H 'Expect:' \
    -w '%{http_code} %{size_upload}' --data-binary "@$LAB/upload" "http://$host:$port/")" \
    "200 512000"
  expect_equal "$1: the client has learned the path's MTU" "$(path_mtu client "$vip")" "$3"
  expect_equal "$1: download" "$(on client curl -gsS --max-time 120 "http://$host:$port/file" |
    sha256sum)" "$(sha256sum <"$LAB/server/files/file")"
  expect_at_least "$1: packets by $2" "$(($(received "$2") - before))" 300
}

# METHOD's devices are as they should be, packets go by them, and nothing is left of them.
# tunnels TUNNEL ROOM-IN-4 ROOM-IN-6 DEVICE-4IN4 DEVICE-6IN4 DEVICE-IN-6
tunnels() {
  local before
  before=$(standing)
  set_up
  configure "$1"
  works "reload" ctl reload
  transfers 4in4 "$4" "$2"
  transfers 6in6 "$6" "$3"
  transfers 4in6 "$6" "$3"
  transfers 6in4 "$5" "$2"
  undone "$before"
}

step "Without anything set up nothing is taken out of tunnels"
configure "{type: ipip}"
director_launch
within 60 "piniond answers" director_settled  # The verifier takes its time here.
within 10 "it reaches the real server" director_reaches_all
refused "a request" on client curl -gsS --max-time 3 "http://$VIP/"

step "setup loads what modules it needs; they, and only their own devices, stay after undo"
for type in ipip gre gue; do
  works "setup of $type" real_server server setup tun --type "$type" --vip "$VIP" --vip "$VIP6"
  works "undo" real_server server undo tun
done
expect_equal "devices of ours" "$(on server ip -o link | grep -c '^[0-9]*: pinion-' || true)" 0

step "IP in IP"
METHOD=(tun --vip "$VIP" --vip "$VIP6")
tunnels "{type: ipip}" 1480 1460 pinion-ipip sit0 pinion-ip6tnl

step "GRE"
METHOD=(tun --type gre --vip "$VIP" --vip "$VIP6")
tunnels "{type: gre}" 1476 1456 pinion-gre pinion-gre pinion-ip6gre

step "GUE"
METHOD=(tun --type gue --vip "$VIP" --vip "$VIP6")
tunnels "{type: gue}" 1468 1448 pinion-ipip sit0 pinion-ip6tnl

step "GUE with a checksum, at another port; check finds each thing that is wrong with it"
METHOD=(tun --type gue --port 5555 --vip "$VIP" --vip "$VIP6")
works "setup ${METHOD[*]}" setup
configure "{type: gue, checksum: true, port: 5555}"
works "reload" ctl reload
transfers 4in4 pinion-ipip 1468
transfers 6in4 sit0 1468
noticed "pinion-ipip is down" ip link set dev pinion-ipip down
noticed "UDP port 5555 of IPv6 does not accept GUE" ip -6 fou del port 5555
noticed "net.ipv4.conf.pinion-ip6tnl.rp_filter is 1: .*" \
  sysctl -qw net.ipv4.conf.pinion-ip6tnl.rp_filter=1
noticed "pinion-ipip has no address: .*" ip address del 127.0.0.42/32 dev pinion-ipip
works "undo" real_server server undo tun

step "Where a namespace has no sit0, and clients are told at once what fits"
sysctl -qw net.core.fb_tunnels_only_for_init_net=1
lab_host bare br0 10.0.0.12/24 fd00::12/64
expect_equal "devices of tunnels" "$(on bare ip -o link | grep -c sit0 || true)" 0
server_web bare 80 81
works "setup" real_server bare setup tun --vip "$VIP" --vip "$VIP6" --mss auto
expect_equal "check" "$(real_server bare check tun)" "tun: no problem found"
configure "{type: ipip}"
sed -i 's/10.0.0.11/10.0.0.12/; s/fd00::11/fd00::12/' "$LAB/pinion.yaml"
works "reload" ctl reload
expect_equal "6in4" "$(ask "http://[$VIP6]:81/")" bare
on client ip route flush cache
expect_equal "4in4: upload" "$(on client curl -gsS --max-time 120 --data-binary "@$LAB/upload" \
  -H 'Expect:' "http://$VIP/")" bare
expect_equal "the client has not had to learn the path's MTU" "$(path_mtu client "$VIP")" none
