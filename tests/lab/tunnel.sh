#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tunnels, on a path that has no room for their headers: whole files arrive, in both directions,
# because the director tells the clients at once what fits.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs jq cmp sha256sum tcpdump
lab_up

# The lab's kernel may have no tunnel devices; deploy/decapsulate needs none.
DECAPSULATE=$BUILD/deploy/decapsulate/decap.bpf.o
for i in 1 2 3; do
  works "setup of server$i" real_server "server$i" setup tun --vip "$VIP" --vip "$VIP6" \
    --decapsulate xdpgeneric --interface eth0 --object "$DECAPSULATE"
  head -c 20M /dev/urandom >"$LAB/server$i/files/file"
done
head -c 8M /dev/urandom >"$LAB/upload"

configure() { # TUNNEL
  write_config <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
  - name: web
    vip: $VIP
    port: 80
    scheduler: wrr
    forward: tun
    tunnel: $1
    servers: [{address: 10.0.0.11}, {address: 10.0.0.12}]
  - name: web6
    vip: "$VIP6"
    port: 80
    scheduler: wrr
    forward: tun
    tunnel: $1
    servers: [{address: "fd00::11"}, {address: "fd00::12"}]
  - name: crossing
    vip: $VIP
    port: 81
    scheduler: wrr
    forward: tun
    tunnel: $1
    servers: [{address: "fd00::13"}]
  - name: crossing6
    vip: "$VIP6"
    port: 81
    scheduler: wrr
    forward: tun
    tunnel: $1
    servers: [{address: 10.0.0.13}]
YAML
}

# The third server answers at port 81.
nginx_at_81() {
  sed "s/listen 80 /listen 81 /; s/listen \[::\]:80 /listen [::]:81 /; s/nginx.pid/nginx81.pid/" \
    "$LAB/server3/nginx.conf" >"$LAB/server3/nginx81.conf"
  on server3 nginx -e "$LAB/server3.nginx81.log" -c "$LAB/server3/nginx81.conf"
}

# download URL SERVER...: the file is one of these servers'.
download() {
  local url=$1 got server
  shift
  got=$(on client curl -gsS --max-time 60 "$url/file" | sha256sum)
  for server in "$@"; do
    [[ $got != "$(sha256sum <"$LAB/$server/files/file")" ]] || {
      note "20 MB from $url, the checksum is that of $server's file"
      return
    }
  done
  fail "20 MB from $url: they are none of the files"
}

# upload URL: nginx takes it all before it answers that it has no use for it.
upload() {
  local code
  code=$(on client curl -gsS --max-time 60 -o "$LAB/answer" -w '%{http_code} %{size_upload}' \
    --data-binary "@$LAB/upload" -H 'Expect:' "$1/")
  expect_equal "upload to $1" "$code" "200 8388608"
}

# tunnel IPV4-ROOM IPV6-ROOM: all of it, by a tunnel that leaves so much of 1,500 bytes.
tunnel() {
  on client ip route flush cache
  on client ip -6 route flush cache
  upload "http://$VIP"
  expect_equal "the client has learned the path's MTU" "$(path_mtu client "$VIP")" "$1"
  upload "http://[$VIP6]"
  expect_equal "the client has learned the path's MTU" "$(path_mtu client "$VIP6")" "$2"
  download "http://$VIP" server1 server2
  download "http://[$VIP6]" server1 server2
  expect_spread "$VIP" 20 "10 server1, 10 server2"
  expect_spread "[$VIP6]" 20 "10 server1, 10 server2"
  on client ip route flush cache
  on client ip -6 route flush cache
  upload "http://$VIP:81"
  expect_equal "the client has learned what IPv6 leaves to IPv4" "$(path_mtu client "$VIP")" "$2"
  upload "http://[$VIP6]:81"
  expect_equal "the client has learned what IPv4 leaves to IPv6" "$(path_mtu client "$VIP6")" "$1"
  download "http://$VIP:81" server3
  download "http://[$VIP6]:81" server3
}

status_says() { grep -q "^warning: .*$1" <<<"$(ctl status)"; }

nginx_at_81

step "IP in IP"
configure "{type: ipip}"
director_start
expect_match "server list" "$(ctl server list web)" "10.0.0.11:80 +tun/ipip +1 +up"
hold_connections "$VIP" 80 20
tunnel 1480 1460
expect_at_least "packets that were answered" \
  "$(verdicts | awk '$1 == "reply_too_big" { print $2 }')" 4

step "Weights change, and the servers' tunnel: open connections stay where they are"
works "server set" ctl server set web 10.0.0.11 --weight 3
hold_use "open connections go on"
configure "{type: gre}"
works "reload" ctl reload
hold_use "open connections go on, by GRE"

step "GRE"
tunnel 1476 1456

step "GUE, its source varies by flow"
configure "{type: gue}"
works "reload" ctl reload
tunnel 1468 1448

step "Of a service by IP in IP, a server that is added at run time gets GUE"
configure "{type: ipip}"
works "reload" ctl reload
works "service set" ctl service set web --tunnel-type gre
works "server add" ctl server add web 10.0.0.13 --tunnel-type gue --tunnel-checksum true
within 5 "it is reached" director_reaches_all
expect_match "server list" "$(ctl server list web)" "10.0.0.13:80 +tun/gue:6080 +1 +up"
expect_match "server list" "$(ctl server list web)" "10.0.0.11:80 +tun/gre +1 +up"
expect_equal "as JSON" "$(server_json web 10.0.0.13 | jq -c .tunnel)" \
  '{"type":"gue","port":6080,"checksum":true,"source":null}'
background switch gue.log timeout 30 tcpdump -lnni server3 -c 3 udp port 6080
capture=$!
within 5 "somebody listens at its port" grep -q listening "$LAB/gue.log"
expect_spread "$VIP" 30 "10 server1, 10 server2, 10 server3"
within 30 "that has heard enough" process_gone "$capture"
expect_match "on its wire" "$(cat "$LAB/gue.log")" "10.0.0.2.[0-9]+ > 10.0.0.13.6080: UDP.*"
expect_match "config diff" "$(ctl config diff)" "tunnel"

step "What does not fit is said once in the log, and by status as long as it is so"
tight="service 'web', server 10.0.0.11 and 2 more: the MTU of eth0, 1500, leaves 1476 bytes within .*"
expect_match "status" "$(ctl status)" "warning: +$tight"
expect_equal "warnings of the service" "$(ctl_json status | jq -r '.warnings[]' | grep -c "'web'")" 1
for mtu in 1400 1500; do
  ip -n "$(namespace director)" link set eth0 mtu "$mtu"
  within 5 "it is noticed" status_says "the MTU of eth0, $mtu,"
done
expect_equal "lines in the log" "$(grep -c "problem=\"service 'web'" "$LAB/piniond.log")" 1
ip -n "$(namespace director)" link set eth0 mtu 1300
within 5 "it is noticed" status_says "service 'web6', server fd00::11 and 1 more: .* needs 1280"
ip -n "$(namespace director)" link set eth0 mtu 1500
within 5 "it is noticed" status_says "the MTU of eth0, 1500,"

step "GUE with a checksum"
configure "{type: gue, checksum: true}"
works "reload" ctl reload
tunnel 1468 1448
hold_use "open connections go on"
