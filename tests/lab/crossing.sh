#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Clients of an IPv6 VIP, and real servers that have IPv4 alone: full NAT translates between them,
# what TCP and UDP carry, fragments, and what routers and servers say of packets that do not arrive.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs root jq taskset nginx iperf3 sha256sum python3 curl
readonly CLIENT6=fd00:9::1 LOCAL=192.168.5.200

# The client is behind a router. Of the real servers, server1 and server2 are behind the director,
# "near" is on the wire that its clients' packets come by, and "far" is behind a router to IPv4.
lab_open
for bridge in br1 br2 br3; do lab_bridge $bridge; done
lab_host client br1 10.9.0.1/24 $CLIENT6/64
lab_host router br0 10.0.0.1/24 fd00::1/64
lab_wire router eth1 br1 "$(lab_mac)" 10.9.0.254/24 fd00:9::254/64
lab_host director br0 10.0.0.2/24 fd00::2/64
lab_wire director eth1 br2 "$(lab_mac)" 192.168.5.1/24
lab_host server1 br2 192.168.5.11/24
lab_host server2 br2 192.168.5.12/24
lab_host near br0 10.0.0.13/24
lab_host gate br2 192.168.5.254/24
lab_wire gate eth1 br3 "$(lab_mac)" 192.168.6.254/24
lab_host far br3 192.168.6.14/24
on client ip route add default via 10.9.0.254
on client ip route add default via fd00:9::254
on near ip route add $LOCAL via 10.0.0.2
on far ip route add default via 192.168.6.254
on director ip route add 192.168.6.0/24 via 192.168.5.254
on router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
on gate sysctl -qw net.ipv4.ip_forward=1
for host in server1 server2 near gate far; do
  on $host sysctl -qw net.ipv6.conf.all.disable_ipv6=1
done
lab_mounts

head -c 100000000 /dev/urandom >"$LAB/random"
SUM=$(sha256sum <"$LAB/random")

# serve HOST: the lab's web server, which logs whom it serves, and takes files as well; once more on
# port 8081, where the director is to tell it of the client.
serve() {
  local conf=$LAB/$1/nginx.conf
  server_web "$1" 8080
  ln "$LAB/random" "$LAB/$1/files/random"
  chown www-data "$LAB/$1/files"
  sed -i "/^}$/d; s|access_log off|access_log $LAB/$1.access|; s|root .*|&\n dav_methods PUT;|" \
    "$conf"
  cat >>"$conf" <<CONF
  server {
    listen 8081 proxy_protocol;
    root $LAB/$1/files;
    dav_methods PUT;
    set_real_ip_from $LOCAL;
    real_ip_header proxy_protocol;
    location = / {
      return 200 "\$remote_addr \$proxy_protocol_server_addr \$proxy_protocol_server_port\n";
    }
  }
}
CONF
  on "$1" nginx -e "$LAB/$1.nginx.log" -c "$conf" -s reload
}
for host in server1 server2 near far; do serve $host; done
for i in 1 2; do
  server_udp "server$i" 5353 "192.168.5.1$i"
  background "server$i" "server$i.dns.log" \
    python3 "$LAB_LIB/dns.py" serve "server$i" 53 "192.168.5.1$i"
done
background server1 server1.iperf3.log iperf3 -s
# IPv4 may do without UDP's checksum: option 11 is SO_NO_CHECK.
background server1 server1.unsummed.log python3 -c '
import socket
server = socket.socket(type=socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, 11, 1)
server.bind(("", 5354))
while True:
    server.sendto(*server.recvfrom(2048))'

BOTH="{address: 192.168.5.11, port: 8080}, {address: 192.168.5.12, port: 8080}"
service() { # NAME VIP PORT PROTOCOL SERVERS [KEY: VALUE]
  cat <<YAML
  - name: $1
    vip: "$2"
    port: $3
    protocol: $4
    scheduler: rr
    forward: fullnat
    servers: [$5]
    ${6-}
YAML
}
INTERFACES="eth0, eth1" write_config "local_addresses: [{address: $LOCAL, interface: eth1}]" <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
services:
$(service web "$VIP6" 80 tcp "$BOTH"
service web4 "$VIP" 80 tcp "$BOTH"
service iperf "$VIP6" 5201 tcp "{address: 192.168.5.11}"
service dns "$VIP6" 53 udp "${BOTH//8080/53}"
service echo "$VIP6" 5300 udp "${BOTH//8080/5353}"
service unsummed "$VIP6" 5301 udp "{address: 192.168.5.11, port: 5354}"
service silent "$VIP6" 99 udp "{address: 192.168.5.11}"
service told "$VIP6" 81 tcp "{address: 192.168.5.11, port: 8081}" "client_address: proxy"
service near "$VIP6" 82 tcp "{address: 10.0.0.13, port: 8080}"
service far "$VIP6" 83 tcp "{address: 192.168.6.14, port: 8080}"
service far-told "$VIP6" 84 tcp "{address: 192.168.6.14, port: 8081}" "client_address: proxy")
YAML
director_start

dropped() { verdicts | awk '/^drop_/ && $2 { print }'; }
# down PORT, up PORT: 100 MB of the service there, with their checksum.
down() {
  expect_equal "down from port $1" \
    "$(on client curl -gsS --max-time 60 "http://[$VIP6]:$1/random" | sha256sum)" "$SUM"
}
up() {
  on client curl -gsS --max-time 60 -T "$LAB/random" "http://[$VIP6]:$1/up"
  expect_equal "up to port $1" "$(cat "$LAB"/*/files/up | sha256sum)" "$SUM"
  rm "$LAB"/*/files/up
}

step "Servers of IPv4 answer clients of IPv6, and those of IPv4 besides"
expect_spread "[$VIP6]" 20 "10 server1, 10 server2"
expect_spread "$VIP" 20 "10 server1, 10 server2"
expect_equal "on the director's wire to the clients" "$(ask "http://[$VIP6]:82/")" near
expect_equal "behind a router" "$(ask "http://[$VIP6]:83/")" far
expect_equal "whom they have served" "$(cut -d ' ' -f 1 "$LAB"/*.access | sort -u)" $LOCAL

step "A connection has IPv6 on one side, and IPv4 on the other"
hold_connections "$VIP6" 80 10
expect_match "connection list" "$(ctl connection list --service web --state established)" \
  "\[$CLIENT6\]:[0-9]+ +\[$VIP6\]:80 +$LOCAL:[0-9]+ +192.168.5.1[12]:8080"

step "It stays with its server, whatever becomes of that, and of the daemon"
works "server1 is drained" ctl server drain web 192.168.5.11
hold_use "meanwhile"
expect_equal "new connections" "$(ask_times 10 "http://[$VIP6]/" | tally)" "10 server2"
works "it is removed" ctl server remove web 192.168.5.11
hold_use "without it"
expect_spread "$VIP" 10 "5 server1, 5 server2"
director_crash
hold_use "without a daemon"
director_start
hold_use "with the next one"
expect_spread "[$VIP6]" 20 "10 server1, 10 server2"
hold_end

step "100 MB, with their checksum"
for port in 80 82 83; do down $port && up $port; done
for direction in "" -R; do
  # shellcheck disable=SC2086  # No word where there is no direction.
  expect_match "iperf3 $direction" \
    "$(on client iperf3 -c "$VIP6" -t 2 --connect-timeout 5000 $direction | grep receiver)" \
    "[1-9][0-9.]* .?bits/sec.*receiver"
done

step "nginx learns the client and the VIP"
expect_equal "by PROXY protocol" "$(ask "http://[$VIP6]:81/")" "$CLIENT6 $VIP6 81"
for port in 81 84; do down $port && up $port; done
fill=$(printf 'X-Fill: %04000d' 0)
expect_equal "in front of a packet that is full" \
  "$(on client curl -gsS --max-time 10 -H "$fill" "http://[$VIP6]:81/")" "$CLIENT6 $VIP6 81"
expect_match "its log" "$(cat "$LAB/server1.access")" "^$CLIENT6 .*GET / "

step "Names are asked for"
expect_match "over UDP" "$(on client python3 "$LAB_LIB/dns.py" ask "$VIP6" 53 60)" \
  "^answered 60: .*server1, .*server2$"

step "A server's own errors reach the client"
expect_match "of a closed port" "$(on client bash -c "
  exec 3<>/dev/udp/$VIP6/99 && echo >&3 && read -r -t 3 <&3" 2>&1)" "Connection refused"

expect_equal "dropped until now" "$(dropped)" ""

# What has no checksum would not be heard.
step "Datagrams that a server sends without a checksum"
works "of any length" on client python3 - "$VIP6" 5301 <<'PYTHON'
import os, socket, sys
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
    client.settimeout(2)
    client.connect((sys.argv[1], int(sys.argv[2])))
    for size in (1, 2, 3, 503, 504, 505, 1016, 1400, 1452):
        sent = os.urandom(size)
        client.send(sent)
        assert client.recv(2048) == sent, size
PYTHON

# echoed ORDER: large datagrams are put into fragments, and so are their answers. IPv4 has none that
# is as long as the wire would bear: its server is told so, once.
echoed() {
  [[ $(on client python3 "$LAB_LIB/fragments.py" "$VIP6" 5300 "$1" 20) == "sent 20, answered 20" ]]
}
step "Datagrams in fragments, and answers in fragments"
within 20 "both servers learn how long theirs may be" echoed kernel
long=$(counted reply_too_big)
expect_at_least "answers that were too long" "$long" 2
for order in kernel reversed; do works "in the order: $order" echoed $order; done
expect_equal "dropped: the rest of those, two fragments each" "$(dropped)" \
  "drop_too_big $((2 * long))"

forget() {
  on client ip -6 route flush cache
  for host in server1 server2 far; do on $host ip route flush cache; done
}
learned() { echo "server1 $(path_mtu server1 $LOCAL), server2 $(path_mtu server2 $LOCAL)"; }

step "The path to the client narrows behind a router: the server that sends there hears of it"
on router ip route replace $CLIENT6/128 dev eth1 mtu lock 1400
forget
down 80
expect_match "one server knows" "$(learned)" "server1 (1380, server2 none|none, server2 1380)"
down 81
within 20 "datagrams in fragments" echoed kernel
on router ip route del $CLIENT6/128

step "The path to a server narrows behind a router to IPv4: the client hears of it"
on gate ip route replace 192.168.6.14/32 dev eth1 mtu lock 1400
up 83
expect_equal "the client knows" "$(path_mtu client "$VIP6")" 1420
forget
up 84
expect_equal "the client knows" "$(path_mtu client "$VIP6")" 1420

step "The director's interface to the servers is narrow: it tells the client itself"
answers=$(counted reply_too_big)
ip -n "$(namespace director)" link set eth1 mtu 1350
for port in 80 81; do
  forget
  up $port
  expect_match "the client knows" "$(path_mtu client "$VIP6")" "^13[0-9]{2}$"
done
ip -n "$(namespace director)" link set eth1 mtu 1500
expect_at_least "answers" "$(($(counted reply_too_big) - answers))" 2

step "Its interface to the clients is narrow: it tells the server"
ip -n "$(namespace director)" link set eth0 mtu 1350
forget
down 80
expect_match "one server knows" "$(learned)" "server1 (1330, server2 none|none, server2 1330)"
ip -n "$(namespace director)" link set eth0 mtu 1500
expect_equal "dropped, all in all" "$(dropped | cut -d " " -f 1)" drop_too_big

step "Many short connections of either family, by the same ports of the local address"
works "3000 connections" on client python3 "$LAB_LIB/connections.py" 3000 48 80 "$VIP" "$VIP6"
