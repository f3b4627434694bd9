#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the guest, whose kernel has VLAN devices: clients in VLAN 100 are served from VLAN 200 and from
# servers without a tag, all on the director's eth0.
set -euo pipefail
# shellcheck source=tests/vm/lib/vlans.sh
source "$(dirname "$0")/lib/vlans.sh"

programs() { on director ip -o link | grep -c xdp || true; }
absent() { ctl_json status | jq -e '.interfaces[0].present | not'; }
serves() { ask http://10.100.0.100/ && ask "http://[fd64::100]:8080/"; }
passed() { verdicts | awk '$1 == "pass_other_vlan" { print $2 }'; }

step "VLAN devices"
vlan director eth0 100 10.100.0.2/24 fd64::2/64
vlan director eth0 200 10.200.0.2/24 fdc8::2/64
on_device eth0
on director ethtool -K eth0 rxvlan on >/dev/null
refusal "tags that XDP does not see" "eth0 takes the VLAN tags off.*ethtool -K eth0 rxvlan off"
wired director eth0
start
expect_equal "attached" "$(attached)" "eth0.100 eth0 $XDP, eth0.200 eth0 $XDP, eth0 eth0 $XDP"
expect_match "status" "$(ctl status)" "eth0.100.*by its parent eth0"
expect_equal "interfaces with a program" "$(programs)" 1
serves_all

step "The daemon is killed, and the next one adopts"
hold_connections 10.100.0.100 8080 10
director_crash
hold_use "connections go on without it"
start
hold_use "and with the next one"

step "A VLAN device goes, and comes back"
ip -n "$(namespace director)" link del eth0.100
within 10 "status says so" absent
expect_equal "interfaces with a program" "$(programs)" 1
vlan director eth0 100 10.100.0.2/24 fd64::2/64
within 30 "it serves again" serves
hold_use "connections go on"
hold_end

step "Only what is named is taken"
before=$(passed)
sed -i 's/interfaces: .*/interfaces: [eth0.100]/' "$LAB/pinion.yaml"
works "reload" ctl reload
expect_equal "interfaces with a program" "$(programs)" 1
expect_spread 10.100.0.100 8 "4 server1, 4 server2"
refused "without a tag the VIP is the stack's" \
  on server4 curl -sS --max-time 10 http://10.100.0.100:8080/
expect_at_least "frames that were left to it" "$(($(passed) - before))" 1
sed -i 's/interfaces: .*/interfaces: [eth0.200]/' "$LAB/pinion.yaml"
works "reload" ctl reload
expect_equal "status" "$(attached)" "eth0.200 eth0 $XDP"
refused "the VIP is the stack's" ask http://10.100.0.100/
director_stop
expect_equal "interfaces with a program" "$(programs)" 0
