#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One service with several listeners, ranges of ports, any port, and prefixes of virtual IPs. A
# director without any of them learns them in a reload, under traffic.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs jq taskset
lab_up 80 443 8000 8050 8051 8100 9999

# On the clients' segment, and routed to the director. The real servers take packets for both.
readonly NET=10.0.0.96/28 NET6=fd00:77::/64
for i in 1 2 3; do
  works "setup of server$i" real_server "server$i" setup dr --vip "$NET" --vip "$NET6"
done
on client ip -6 route add "$NET6" via fd00::2

one_server() { echo "{address: 10.0.0.1$1}"; }

# configure [LISTENERS-OF-WEB]: `web` with these listeners, and the others where there are any.
configure() {
  write_config <<YAML
vips:
  - {address: $VIP/32, interface: eth0}
  - {address: "$VIP6/128", interface: eth0}
${1:+  - {address: $NET, interface: eth0\}
  - {address: "$NET6", interface: eth0\}}
services:
  - name: web
${1:-    vip: $VIP
    port: 80}
    scheduler: wrr
    servers: [{address: 10.0.0.11}, {address: 10.0.0.12}]
  - {name: echo, vip: $VIP, port: 53, protocol: udp, scheduler: rr, servers: [$POOL]}
YAML
  [[ -n ${1:-} ]] || return 0
  cat >>"$LAB/pinion.yaml" <<YAML
  - {name: inner, vip: $VIP, port: 8050-8051, servers: [$(one_server 3)]}
  - {name: exact, vip: $VIP, port: 8051, servers: [$(one_server 1)]}
  - {name: net, vip: $NET, port: any, servers: [$(one_server 2)]}
  - {name: net-web, vip: $NET, port: 80, servers: [$(one_server 3)]}
  - {name: net6, vip: "$NET6", port: 8000-8100, servers: [{address: "fd00::11"}]}
  - {name: web6, vip: "$VIP6", port: any, servers: [{address: "fd00::12"}]}
YAML
}
readonly LISTENERS="    listeners:
      - {vip: $VIP, port: 80}
      - {vip: $VIP, port: 443}
      - {vip: $VIP, port: 8000-8100}"
# answers URL SERVER...: one of these servers answers.
answers() { expect_match "$1" "$(ask "$1")" "^($(IFS='|'; echo "${*:2}"))$"; }

step "A director whose services have an address and a port each"
configure
director_start
hold_connections "$VIP" 80 20
refused "another port is nobody's" ask "http://$VIP:8000/"

step "A reload adds a listener, ranges and prefixes while datagrams flow"
background client probe.log python3 "$LAB_LIB/udp_probe.py" "$VIP" 53 10 1000 4
probe=$!
sleep 0.5
configure "$LISTENERS"
works "reload" ctl reload
hold_use "the open connections go on"
within 5 "it reaches every real server" director_reaches_all

step "One service, at all of its listeners"
answers "http://$VIP:443/" server1 server2
for port in 8000 8100; do answers "http://$VIP:$port/" server1 server2; done
expect_spread "$VIP:8000" 20 "10 server1, 10 server2"

step "What is narrower goes first"
answers "http://$VIP:8050/" server3
answers "http://$VIP:8051/" server1
answers "http://$VIP:9999/" server2
answers "http://[$VIP6]:9999/" server2

step "Every address of a prefix"
for last in 97 98 111; do
  answers "http://10.0.0.$last:80/" server3
  answers "http://10.0.0.$last:8000/" server2
done
for address in fd00:77::1 fd00:77::ffff:1; do answers "http://[$address]:8050/" server1; done
refused "a port that the prefix has not" ask "http://[fd00:77::1]:80/"

step "The kernel's side of it"
local_routes() { ip -n "$(namespace director)" "$1" route show table local proto 80; }
expect_match "IPv4" "$(local_routes -4)" "^local $NET dev lo.*"
expect_match "IPv6" "$(local_routes -6)" "^local $NET6 dev lo.*"
ip -n "$(namespace director)" route del table local local "$NET" dev lo
is_local() { local_routes -4 | grep -q "$NET"; }
within 2 "deleted by somebody, it is there again" is_local

step "What the director says"
expect_match "service list" "$(ctl service list)" "web +$VIP:80 \\+2 +tcp"
expect_match "service show" "$(ctl service show web)" "address: +$VIP:8000-8100 tcp"
expect_match "connection list" "$(ctl connection list --service net)" \
  "tcp .* 10.0.0.97:8000 +10.0.0.12:8000 +net "
works "one more at run time" ctl service add more --listener "$VIP:5000-5001" \
  --listener "$VIP:5001/udp" --server 10.0.0.11
expect_match "config diff" "$(ctl config diff)" "more"
works "and gone" ctl service remove more

step "Nobody noticed"
within 15 "the datagrams have ended" process_gone "$probe"
expect_match "the datagrams" "$(tail -n 1 "$LAB/probe.log")" "sent 4000, answered 4000, moved 0.*"

step "The daemon dies, and the next one adopts it all"
director_crash
answers "http://$VIP:8100/" server1 server2
answers "http://10.0.0.98:80/" server3
director_start
expect_equal "adopted" "$(ctl_json status | jq .adopted)" true
hold_use "the open connections go on"
answers "http://$VIP:8100/" server1 server2
answers "http://[fd00:77::1]:8000/" server1

step "A listener goes, and the others stay"
configure "${LISTENERS%$'\n'*}"
works "reload" ctl reload
# The prefix has what the range had.
answers "http://$VIP:8000/" server2
answers "http://$VIP:443/" server1 server2
hold_use "the open connections go on"
hold_end

step "The end"
director_stop
expect_equal "local routes" "$(local_routes -4)$(local_routes -6)" ""
