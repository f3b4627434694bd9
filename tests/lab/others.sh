#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The director shares its interface with everything else on the machine: what is not for a virtual
# service passes untouched, and is counted as what it is.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs ping arping socat jq
lab_up
config_example lab.yaml
director_start

on director sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0
background director ssh.log socat TCP6-LISTEN:22,fork,reuseaddr,ipv6only=0 EXEC:cat
within 5 "something listens on port 22" on client socat -u OPEN:/dev/null TCP:10.0.0.2:22

# passed VERDICT WHAT COMMAND...: the command works, its packets get this verdict, and none is
# forwarded.
passed() {
  local verdict=$1 what=$2 before after
  shift 2
  before=$(verdict_counts "$verdict")
  works "$what" "$@"
  after=$(verdict_counts "$verdict")
  ((${after% *} > ${before% *})) || fail "$what: no packet was counted as $verdict"
  [[ ${after#* } == "${before#* }" ]] || fail "$what: a packet was forwarded or dropped"
}

# verdict_counts VERDICT: "its count, all that are not passed".
verdict_counts() {
  verdicts | awk -v wanted="$1" '
    $1 == wanted { count = $2 }
    $1 !~ /^pass_/ { others += $2 }
    END { print count + 0, others + 0 }'
}

# The other end says what it is told, 200,000 bytes of it.
talk() {
  local said
  said=$(head -c 200000 /dev/zero | on client timeout 20 socat -t 5 - "TCP:$1:22" | wc -c)
  ((said == 200000)) || { echo "only $said of 200000 bytes came back"; return 1; }
}

# Two NOPs and an end: legal IP options on every packet of the connection.
get_with_options() {
  on client timeout 10 python3 -c '
import socket, sys
six = ":" in sys.argv[1]
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
if six:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_DSTOPTS, b"\0\0\x01\x04\0\0\0\0")
else:
    s.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, b"\x01\x01\x01\0")
s.connect((sys.argv[1], int(sys.argv[2])))
s.sendall(b"GET / HTTP/1.0\r\n\r\n")
s.shutdown(socket.SHUT_WR)
assert s.recv(4096), "no answer"' "$@"
}

step "TCP to the director's own addresses, and to a virtual IP's port without a service"
passed pass_not_ours "10.0.0.2 port 22" talk 10.0.0.2
passed pass_not_ours "[fd00::2] port 22" talk "[fd00::2]"
passed pass_not_ours "$VIP port 22" talk "$VIP"
passed pass_not_ours "[$VIP6] port 22" talk "[$VIP6]"
expect_match "port 81 of the virtual IP" "$(ask "http://$VIP:81/" 2>&1 || true)" \
  "refused|Couldn't connect"

step "ping"
for address in 10.0.0.2 fd00::2 "$VIP" "$VIP6"; do
  passed pass_other_protocol "ping $address" on client ping -q -c 2 -i 0.1 -W 1 "$address"
done

step "Fragments"
for address in 10.0.0.2 fd00::2; do
  passed pass_not_ours "ping -s 4000 $address" on client ping -q -c 2 -i 0.1 -W 1 -s 4000 "$address"
done
for address in "$VIP" "$VIP6"; do
  passed pass_fragment "ping -s 4000 $address" on client ping -q -c 2 -i 0.1 -W 1 -s 4000 "$address"
done

step "IP options, and IPv6 extension headers"
passed pass_other_protocol "ping -R 10.0.0.2" on client ping -q -c 1 -W 1 -R 10.0.0.2
passed pass_other_protocol "ping -R $VIP" on client ping -q -c 1 -W 1 -R "$VIP"
passed pass_not_ours "TCP with options to 10.0.0.2" get_with_options 10.0.0.2 22
passed pass_not_ours "TCP with destination options to fd00::2" get_with_options fd00::2 22
works "TCP with options to a service is forwarded" get_with_options "$VIP" 80
works "TCP with destination options to a service is forwarded" get_with_options "$VIP6" 80

step "ARP and neighbour discovery"
# The first request is a broadcast, the second goes to the one who answered.
for address in 10.0.0.2 "$VIP"; do
  passed pass_multicast "arping $address" on client arping -q -c 1 -w 2 -I eth0 "$address"
  passed pass_not_ip "arping $address, unicast" on client arping -q -c 2 -w 3 -I eth0 "$address"
done
on client ip -6 neighbour flush dev eth0
passed pass_multicast "a neighbour solicitation for fd00::2" on client ping -q -c 1 -W 1 fd00::2
on client ip -6 neighbour flush dev eth0
passed pass_multicast "a neighbour solicitation for $VIP6" on client ping -q -c 1 -W 1 "$VIP6"

step "Multicast and broadcast"
answered_by() {
  local said
  said=$(on client ping -c 2 -i 0.2 -w 2 "$@" || true)
  grep "from ${answer}[%:]" <<<"$said"
}
answer=10.0.0.2
passed pass_multicast "224.0.0.1" answered_by -I eth0 224.0.0.1
passed pass_multicast "10.0.0.255" answered_by -b 10.0.0.255
answer=$(on director ip -6 -j address show dev eth0 scope link |
  jq -r '.[].addr_info[].local | values')
passed pass_multicast "ff02::1" answered_by "ff02::1%eth0"
