#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Full NAT hides the client, and the director tells servers of it: nginx by PROXY protocol, which it
# takes for the client's address everywhere; and by a TCP option, which is seen on the server's wire.
# The first packets that tell are lost once.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root jq nginx nft sha256sum python3 curl
lab_open
lab_bridge br1
lab_host client br0 10.0.0.1/24 fd00::1/64
lab_host director br0 10.0.0.2/24 fd00::2/64
lab_wire director eth1 br1 "$(lab_mac)" 192.168.5.1/24 fd00:5::1/64
for i in 1 2; do lab_host "server$i" br1 "192.168.5.1$i/24" "fd00:5::1$i/64"; done
lab_mounts

# server_proxied HOST PORT: nginx that wants the header, and trusts the director alone; files of 100
# MB, and a place to put them.
server_proxied() {
  local home=$LAB/$1
  mkdir -p "$home/temp" "$home/files"
  head -c 100000000 /dev/urandom >"$home/files/random"
  chown -R www-data "$home"
  cat >"$home/nginx.conf" <<CONF
user www-data;
worker_processes 1;
pid $home/nginx.pid;
error_log $home.nginx.log;
events { }
http {
  log_format client '\$remote_addr \$request';
  access_log $home.access.log client;
  default_type text/plain;
  client_max_body_size 0;
  client_body_temp_path $home/temp;
  proxy_temp_path $home/temp;
  fastcgi_temp_path $home/temp;
  uwsgi_temp_path $home/temp;
  scgi_temp_path $home/temp;
  set_real_ip_from 192.168.5.200;
  set_real_ip_from fd00:5::200;
  real_ip_header proxy_protocol;
  server {
    listen $2 proxy_protocol;
    listen [::]:$2 proxy_protocol;
    root $home/files;
    dav_methods PUT;
    location = / { return 200 "\$remote_addr \$proxy_protocol_server_addr \$proxy_protocol_server_port\n"; }
  }
}
CONF
  on "$1" nginx -e "$home.nginx.log" -c "$home/nginx.conf"
}

server_proxied server1 8080
server_web server2 8080
background server1 speaker.log python3 "$LAB_LIB/speaks_first.py" 8081
INTERFACES="eth0, eth1" write_config 'local_addresses:' \
  '  - {address: 192.168.5.200, interface: eth1}' \
  '  - {address: "fd00:5::200", interface: eth1}' <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
$(service() {
  printf '  - {name: %s, vip: "%s", port: %s, forward: fullnat, client_address: %s,\n' "${@:1:4}"
  printf '     servers: [{address: "%s", port: %s}]}\n' "$5" "$6"
}
service web "$VIP" 80 proxy 192.168.5.11 8080
service web6 "$VIP6" 80 proxy fd00:5::11 8080
service first "$VIP" 25 proxy 192.168.5.11 8081
service first6 "$VIP6" 25 proxy fd00:5::11 8081
service toa "$VIP" 81 toa 192.168.5.12 8080
service toa6 "$VIP6" 81 toa fd00:5::12 8080)
YAML
director_start

step "nginx learns the client and the VIP"
expect_equal "by IPv4" "$(ask "http://$VIP/")" "10.0.0.1 $VIP 80"
expect_equal "by IPv6" "$(ask "http://[$VIP6]/")" "fd00::1 $VIP6 80"
expect_match "its log" "$(cat "$LAB/server1.access.log")" "^10.0.0.1 GET / "
expect_match "its log" "$(cat "$LAB/server1.access.log")" "^fd00::1 GET / "
refused "without the director it wants the header" \
  on server2 curl -gsS --max-time 5 http://192.168.5.11:8080/

step "100 MB, down and up, with their checksum"
down() { on client curl -gsS --max-time 100 "http://$1/random" | sha256sum; }
up() { on client curl -gsS --max-time 100 -T "$LAB/server1/files/random" "http://$1/up"; }
sum=$(sha256sum <"$LAB/server1/files/random")
for vip in "$VIP" "[$VIP6]"; do
  expect_equal "down from $vip" "$(down "$vip")" "$sum"
  up "$vip"
  expect_equal "up to $vip" "$(sha256sum <"$LAB/server1/files/up")" "$sum"
  rm "$LAB/server1/files/up"
done

step "A server that speaks first"
for vip in "$VIP" "$VIP6"; do
  expect_equal "$vip" "$(on client python3 "$LAB_LIB/speaks_first.py" "$vip" 25)" "hello, you said hello"
done

# lose HOST: the first two packets of a client that are no SYN, whatever they are.
lose() {
  on "$1" nft 'add table inet loss;
    add chain inet loss in { type filter hook prerouting priority -300; };
    add rule inet loss in tcp dport 8080 tcp flags & (syn|ack) == ack quota until 200 bytes counter drop'
}
lost() { on "$1" nft -j list chain inet loss in | jq '[.. | .counter? // empty | .packets] | add'; }
lose_no_more() { on "$1" nft delete table inet loss; }

step "The packets that tell are lost once"
for vip in "$VIP" "[$VIP6]"; do
  lose server1
  expect_match "nginx, later" "$(ask "http://$vip/")" "^(10.0.0.1|fd00::1) "
  expect_at_least "lost" "$(lost server1)" 1
  lose_no_more server1
done

step "Who has the TCP option sees it in the SYN, and in what ends the handshake"
watch() { # FROM-ADDRESS VIP FROM-PORT: one request; what server2 gets of it is in toa.seen.
  : >"$LAB/toa.seen"
  background server2 toa.seen python3 "$LAB_LIB/tcp_seen.py" eth0 8080
  local watcher=$!
  within 5 "the wire is watched" grep -q listening "$LAB/toa.seen"
  expect_equal "the answer to $1" "$(on client curl -gsS --max-time 10 \
    --interface "$1" --local-port "$3" "http://$2:81/")" server2
  kill "$watcher"
}
# seen FLAGS REGEX: so many packets of these flags look so.
seen() { grep -cE "^$1 from .*$2" "$LAB/toa.seen" || true; }
expect_told() { # CLIENT
  expect_equal "SYNs of $1" "$(seen S "client $1 mss [0-9]+ data 0$")" 1
  expect_match "what ends the handshake" "$(sed -n 3p "$LAB/toa.seen")" "^A from .* client $1 "
  expect_match "the request" "$(sed -n 4p "$LAB/toa.seen")" "^PA from .* client $1 "
  expect_match "what comes later" "$(tail -n 1 "$LAB/toa.seen")" "client - "
}
watch 10.0.0.1 "$VIP" 41000
expect_told 10.0.0.1:41000
watch fd00::1 "[$VIP6]" 41001
expect_told '\[fd00::1\]:41001'

step "Where they are lost, the next ones have it"
lose server2
watch 10.0.0.1 "$VIP" 41002
expect_at_least "requests with it" "$(seen PA "client 10.0.0.1:41002 ")" 2
expect_equal "requests without it" "$(seen PA "client - ")" 0
expect_at_least "lost" "$(lost server2)" 1
lose_no_more server2

step "An MSS is lowered where that is asked for"
works "to 1200" ctl service set toa --mss 1200
watch 10.0.0.1 "$VIP" 41003
expect_equal "SYNs with it" "$(seen S "mss 1200 ")" 1

step "100 MB with the option at their beginning"
cp "$LAB/server1/files/random" "$LAB/server2/files/random"
for vip in "$VIP:81" "[$VIP6]:81"; do expect_equal "$vip" "$(down "$vip")" "$sum"; done

step "A connection goes on as it began, whatever the configuration says"
coproc SLOW { on client curl -gsS --max-time 60 --limit-rate 20M "http://$VIP/random" | sha256sum; }
slow=$SLOW_PID
exec {answer}<&"${SLOW[0]}"
begun() { [[ -n $(ctl connection list --service web --state established | grep 10.0.0.1:) ]]; }
within 5 "it has begun" begun
works "no longer by PROXY" ctl service set web --client-address none
works "in the file as well" ctl config save
expect_equal "services by PROXY" "$(ctl config show | grep -c "client_address: proxy")" 3
director_crash
director_start
wait "$slow"
expect_equal "the transfer that had begun" "$(cat <&"$answer")" "$sum"
refused "nginx gets no header now" on client curl -gsS --max-time 5 "http://$VIP/"
