#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# deploy/real-server: check finds each thing that is wrong and nothing else, its fix and setup
# mend it, and undo leaves the machine as it was. What a method's packets then do, other stories
# tell; the tunnels need Debian's kernel: tests/vm/real_server.sh.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
source "$(dirname "$0")/lib/real_server.sh"
needs root ip nsenter ethtool arping nft python3
lab_open
lab_host client br0 10.0.0.1/24 fd00::1/64
lab_host server br0 10.0.0.11/24 fd00::11/64
on server ip route add default via 10.0.0.1 dev eth0
on server ip -6 route add default via fd00::1 dev eth0

who_has() { on client arping -q -c 1 -w 1 -I eth0 "$1"; }

step "dr"
METHOD=(dr --vip "$VIP" --vip "$VIP6")
before=$(standing)
set_up
works "the server's own address answers ARP" who_has 10.0.0.11
refused "the VIP does not" who_has "$VIP"
noticed "arp_ignore is 0: .*" sysctl -qw net.ipv4.conf.all.arp_ignore=0
noticed "arp_announce is 1: .*" sysctl -qw net.ipv4.conf.all.arp_announce=1
noticed "$VIP is not on lo: .*" ip address del "$VIP/32" dev lo
noticed "$VIP6 is not on lo: .*" ip address del "$VIP6/128" dev lo
undone "$before"

step "dr, where the VIP is on the wire, and ARP is set otherwise"
on server sysctl -qw net.ipv4.conf.eth0.arp_ignore=8
on server ip address add "$VIP/24" brd + dev eth0 label eth0:1
on server ip address add "$VIP6/64" dev eth0
before=$(standing)
set_up
works "the server's own address answers ARP" who_has 10.0.0.11
refused "the VIP does not" who_has "$VIP"
undone "$before"
on server sysctl -qw net.ipv4.conf.eth0.arp_ignore=0
on server ip address del "$VIP/24" dev eth0
on server ip address del "$VIP6/64" dev eth0
METHOD=(dr --vip "$VIP")
works "setup ${METHOD[*]}" setup
noticed "$VIP/24 is on eth0: .*" ip address add "$VIP/24" dev eth0
noticed "$VIP/32 is on eth0: .*" ip address add "$VIP/32" dev eth0
works "undo" real_server server undo dr
on server ip address flush dev eth0 to "$VIP"

step "dr: a second VIP comes to the first"
before=$(standing)
works "setup --vip $VIP" setup
works "setup --vip $VIP6" real_server server setup dr --vip "$VIP6"
noticed "$VIP is not on lo: .*" ip address del "$VIP/32" dev lo
undone "$before"

step "dr: prefixes of VIPs"
readonly NET=10.0.0.96/28 NET6=fd00:77::/64
METHOD=(dr --vip "$NET" --vip "$NET6" --vip 10.0.0.100/32)
before=$(standing)
set_up
works "the server's own address answers ARP" who_has 10.0.0.11
refused "an address of the prefix does not" who_has 10.0.0.99
on client ip route add "$NET" via 10.0.0.11
on client ip -6 route add "$NET6" via fd00::11
works "it takes packets for 10.0.0.98" on client ping -q -c 1 -W 2 10.0.0.98
works "it takes packets for fd00:77::98" on client ping -q -c 1 -W 2 fd00:77::98
noticed "$NET is not local: .*" ip route del local "$NET" dev lo table local
noticed "$NET6 is not local: .*" ip -6 route del local "$NET6" dev lo table local
noticed "10.0.0.100 is not on lo: .*" ip address del 10.0.0.100/32 dev lo
undone "$before"
refused "it takes no packets for 10.0.0.98 any more" on client ping -q -c 1 -W 1 10.0.0.98

step "What is this machine's own is not taken from it, and a setup is done whole or not at all"
fails 1 "10.0.0.11/24 is on eth0: .*" real_server server setup dr --vip "$VIP" --vip 10.0.0.11
fails 1 "fd00::11/64 is on eth0: .*" real_server server setup dr --vip "$VIP" --vip fd00::11
fails 1 "10.0.0.11/24 on eth0 is in 10.0.0.0/28.*" real_server server setup dr --vip 10.0.0.0/28
fails 1 "fd00::11/64 on eth0 is in fd00::/64.*" real_server server setup dr --vip fd00::/64
fails 1 "the gateway 10.0.0.1 is in 10.0.0.0/29.*" \
  real_server server setup dr --vip "$VIP" --vip 10.0.0.0/29
fails 1 "the gateway fd00::1 is in fd00::/124.*" real_server server setup dr --vip fd00::/124

step "nat"
METHOD=(nat --gateway 10.0.0.2 --gateway fd00::2)
on server ip route add default via 10.0.0.3 dev eth0 metric 100
before=$(standing)
set_up
expect_equal "towards others" "$(on server ip -o route get 192.0.2.1 | grep -o 'via [^ ]*')" \
  "via 10.0.0.2"
expect_equal "in IPv6" "$(on server ip -o route get 2001:db8::1 | grep -o 'via [^ ]*')" \
  "via fd00::2"
noticed ".*: default via 10.0.0.1 dev eth0.*" ip route replace default via 10.0.0.1 dev eth0
noticed ".*: default via 10.0.0.3 dev eth0.*" ip route del default via 10.0.0.2
noticed ".*: default via fd00::1 dev eth0.*" ip -6 route del default via fd00::2
noticed "eth0.accept_redirects is 1: .*" sysctl -qw net.ipv4.conf.eth0.accept_redirects=1
fails 1 "--gateway 10.0.0.2.*undo nat.*" real_server server setup nat --gateway 10.0.0.9
undone "$before"
fails 1 "not a neighbour" real_server server setup nat --gateway 192.0.2.1
fails 1 "not a neighbour" real_server server setup nat --gateway 10.0.0.11
on server ip route flush default
METHOD=(nat --gateway 10.0.0.2 --interface eth0)
before=$(standing)
set_up
noticed "there is no default route" ip route del default
undone "$before"

step "tun, where the kernel lacks the tunnels"
if on server ip link add type ipip external 2>/dev/null; then
  note "this kernel has them"
else
  fails 1 "modprobe ipip.*" real_server server setup tun --vip "$VIP"
  fails 1 "modprobe ip_gre.*" real_server server setup tun --vip "$VIP" --type gre
  fails 1 "modprobe fou.*" real_server server setup tun --vip "$VIP" --type gue
fi

step "tun by a program, for which the kernel need have no tunnels"
OBJECT=$BUILD/deploy/decapsulate/decap.bpf.o
for how in xdp xdpgeneric; do
  METHOD=(tun --vip "$VIP" --vip "$VIP6" --decapsulate "$how" --interface eth0 --object "$OBJECT")
  before=$(standing)
  set_up
  noticed "no program decapsulates packets on eth0" ip link set dev eth0 "$how" off
  noticed "$VIP6 is not on lo: .*" ip address del "$VIP6/128" dev lo
  undone "$before"
done
on server ip link set dev eth0 xdpgeneric obj "$BUILD/tests/lab/pass.bpf.o" sec xdp
fails 1 "another XDP program is on eth0: .*" setup
on server ip link set dev eth0 xdpgeneric off
fails 1 "there is no interface 'eth7'" real_server server setup tun --vip "$VIP" \
  --decapsulate xdp --interface eth7 --object "$OBJECT"
fails 1 "there is no $LAB/none: copy it .*" real_server server setup tun --vip "$VIP" \
  --decapsulate xdp --interface eth0 --object "$LAB/none"

step "tun: clients are told to send no more than fits"
# offered VIP: the maximum segment size of the client's connection; timestamps would take 12 bytes.
offered() {
  on client python3 -c '
import socket, sys
print(socket.create_connection((sys.argv[1], 80), 5).getsockopt(socket.SOL_TCP, socket.TCP_MAXSEG))
' "$1"
}
on client sysctl -qw net.ipv4.tcp_timestamps=0
on client ip -6 route add "$VIP6" via fd00::11
on client ip route add "$VIP" via 10.0.0.11
server_web server
METHOD=(tun --vip "$VIP" --vip "$VIP6" --decapsulate xdp --interface eth0 --object "$OBJECT")
before=$(standing)
works "setup ${METHOD[*]}" setup
expect_equal "to clients of $VIP" "$(offered "$VIP")" 1460
works "undo" real_server server undo tun
METHOD+=(--mss auto)
set_up
expect_equal "to clients of $VIP, with GUE in IPv6" "$(offered "$VIP")" 1408
expect_equal "to clients of $VIP6" "$(offered "$VIP6")" 1388
expect_equal "to clients of another address" "$(offered 10.0.0.11)" 1460
# shellcheck disable=SC2016  # $0 is that shell's.
noticed "clients of $VIP6 are told to send more than 1388 bytes a segment" \
  bash -c 'nft delete rule inet pinion-real-server output \
    "$(nft -a list chain inet pinion-real-server output | grep "$0" | grep -o "handle .*")"' "$VIP6"
undone "$before"
METHOD[-1]=1300
set_up
expect_equal "to clients of $VIP" "$(offered "$VIP")" 1300
on server nft delete table inet pinion-real-server
expect_equal "without the table, what is wrong" "$(check | wc -l)" 3
works "setup" setup
expect_right "check"
undone "$before"

step "What is not understood"
fails 2 "there is no 'begin'.*" real_server server begin dr
fails 2 "which method\? .*" real_server server setup
fails 2 "which method\? .*" real_server server setup fullnat --vip "$VIP"
fails 2 "dr needs --vip" real_server server setup dr
fails 2 "dr needs --vip" real_server server check dr
fails 2 "nat needs --gateway" real_server server setup nat
fails 2 "dr has no option --gateway" real_server server setup dr --vip "$VIP" --gateway 10.0.0.2
fails 2 "no option '--vips'" real_server server setup dr --vips "$VIP"
fails 2 "'10.0.0.300' is not an IP address.*" real_server server setup dr --vip 10.0.0.300
fails 2 "'10.0.0.100/24' has bits beyond its length" real_server server setup dr --vip "$VIP/24"
fails 2 "'fd00:77::1/64' has bits .*" real_server server setup dr --vip fd00:77::1/64
fails 2 "'10.0.0.0/33' is not a prefix.*" real_server server setup dr --vip 10.0.0.0/33
fails 2 "'0.0.0.0/0' is not a prefix.*" real_server server setup dr --vip 0.0.0.0/0
fails 2 "--decapsulate is kernel, xdp or .*" real_server server setup tun --vip "$VIP" \
  --decapsulate tc
fails 2 "--decapsulate xdp needs --interface" real_server server setup tun --vip "$VIP" \
  --decapsulate xdp
fails 2 "--port is for --decapsulate kernel; .*" real_server server setup tun --vip "$VIP" \
  --decapsulate xdp --interface eth0 --port 6081
fails 2 "--object is for --decapsulate xdp" real_server server setup tun --vip "$VIP" \
  --object "$OBJECT"
fails 2 "--mss is auto, or .*" real_server server setup tun --vip "$VIP" --mss 70000
fails 2 "dr has no option --mss" real_server server setup dr --vip "$VIP" --mss auto
fails 2 "--type is ipip, gre or gue" real_server server setup tun --vip "$VIP" --type vxlan
fails 2 "--port is for --type gue" real_server server setup tun --vip "$VIP" --port 6080
fails 2 "'65536' is not a port" real_server server setup tun --vip "$VIP" --type gue --port 65536
fails 2 "--persist is for .*" real_server server setup dr --vip "$VIP" --persist
fails 1 "needs root" on server setpriv --reuid 65534 "$SOURCE/deploy/real-server" undo dr
