#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The director's own interface goes down, gets another name, disappears and comes back: the daemon
# lives through it and serves again as soon as it can.
set -euo pipefail
source "$(dirname "$0")/lib/lab.sh"
needs jq tcpdump
lab_up
config_example lab.yaml
# Gratuitous ARP of both forms, and unsolicited neighbour advertisements.
background client announcements.log tcpdump -l -n -i eth0 \
  'arp[14:4] == arp[24:4] or (ip6 dst ff02::1 and ip6[40] == 136)'
within 10 "the client listens" grep -q "listening on" "$LAB/announcements.log"
director_start

serves() { ask "http://$VIP/" && ask "http://[$VIP6]/"; }
on_link() { ip -n "$(namespace director)" link set "$@"; }
interface() { ctl_json status | jq -e ".interfaces[] | select(.name == \"eth0\") | $1"; }

# announced ARP ND: so many frames have told of the virtual IPs, or more.
announced() {
  (($(grep -c "ARP.*$VIP" "$LAB/announcements.log") >= $1 &&
    $(grep -c "advertisement.*$VIP6" "$LAB/announcements.log") >= $2))
}

step "Down and up"
within 10 "the virtual IPs have been announced three times" announced 6 3
within 5 "it serves" serves
hold_connections "$VIP" 80 10
on_link eth0 down
within 5 "status says down" interface '.up | not'
on_link eth0 up
within 5 "it serves again" serves
hold_use "the open connections go on"
within 10 "the virtual IPs have been announced three times more" announced 12 6
on_link eth0 down && on_link eth0 up
within 10 "and again, after it was down for a moment" announced 14 7
within 5 "it serves again" serves

step "Another name, and the old one again"
on_link eth0 down
on_link eth0 name lan0
on_link lan0 up
within 5 "status says that there is no eth0" interface '.present | not'
on_link lan0 down
on_link lan0 name eth0
on_link eth0 up
within 5 "it serves again" serves
hold_use "the open connections go on"

step "The log has a line for each"
said() { grep -qF "$1" "$LAB/piniond.log" || fail "not in the log: $1"; }
for line in "interface is down interface=eth0" "interface is up interface=eth0" \
  "interface is renamed interface=eth0 to=lan0" "interface is there interface=eth0"; do
  said "$line"
  note "$line"
done

step "Deleted, and another one made with the same name"
mac=$(on director cat /sys/class/net/eth0/address)
on_link eth0 down
ip -n "$(namespace director)" link del eth0
within 5 "status says that there is no eth0" interface '.present | not'
works "the daemon answers" ctl status
said "interface is gone interface=eth0"
lab_wire director eth0 br0 "$mac" 10.0.0.2/24 fd00::2/64
within 10 "it serves again" serves
expect_equal "the program is attached" "$(interface .attached)" true
hold_use "the open connections go on"
